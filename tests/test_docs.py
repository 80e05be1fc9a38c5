"""Every example of the docs and the README does what the page says."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from kpidsl.codes import CATALOGUE
from kpidsl.model.functions import every
from tests.markdown import Block, Section, commands_of, is_file, sections_of

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CASES = [(page, section) for page in PAGES for section in sections_of(page)]


def run(command: str) -> str:
    """What a command prints, standard output and errors together, without colour, in 100 columns."""
    words = shlex.split(command)
    if words[0] != "kpi":
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr
    from kpidsl.cli import main

    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), pytest.raises(SystemExit):
        main(words[1:])
    return said.getvalue()


def stage(folder: Path, block: Block, number: int) -> None:
    """Put a block's file or spec where the commands run."""
    if is_file(block):
        path = folder / block.words[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        coded = "windows-1252" if "leads" in path.name and ";" in block.body else "utf-8"
        path.write_bytes(block.body.encode(coded))
    elif block.words in (("kpi",), ("kpi", "base")):
        (folder / f"block_{number:03}.kpi").write_text(block.body, encoding="utf-8")


def outputs(section: Section, folder: Path) -> list[tuple[int, str, str, str]]:
    """Run a section. Line, command, expected and actual output of each command; faults of specs as well."""
    found: list[tuple[int, str, str, str]] = []
    (folder / "kpi.toml").write_text("", encoding="utf-8")
    for number, block in enumerate((*section.base, *section.own)):
        stage(folder, block, number)
    for block in section.own:
        match block.words:
            case ("console",):
                found += [(block.line, c, expected, run(c)) for c, expected in commands_of(block)]
            case ("kpi", "error", code):
                (folder / "wrong.kpi").write_text(block.body, encoding="utf-8")
                said = run("kpi lint .")
                (folder / "wrong.kpi").unlink()
                found.append((block.line, "kpi lint", code, code if f"[{code}" in said else said))
            case ("python",):
                done = subprocess.run([sys.executable, "-c", block.body], capture_output=True, text=True, check=False)
                found.append((block.line, "python", "", done.stderr))
    if any(block.words in (("kpi",), ("kpi", "base")) for block in section.own):
        said = run("kpi lint .")
        found.append((0, "kpi lint .", "", said if "error[" in said else ""))
    return found


@pytest.mark.parametrize(("page", "section"), CASES, ids=[f"{p.name}: {s.title}" for p, s in CASES])
def test_examples(page: Path, section: Section, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLUMNS", "100")
    if (ROOT / "examples").exists() and "examples/" in page.read_text(encoding="utf-8"):
        shutil.copytree(ROOT / "examples", tmp_path / "examples")
        monkeypatch.chdir(tmp_path)
    for line, command, expected, actual in outputs(section, tmp_path):
        assert actual == expected, f"{page.name}, line {line}: {command}"


def test_the_reference_names_every_function() -> None:
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    assert [f.name for f in every() if f"`{f.name}" not in page] == []


FAMILIES = {
    "K0": "Files",
    "K1": "Reading a spec",
    "K2": "Names",
    "K3": "Types and units",
    "K4": "Promises",
    "K5": "Sources and their data",
    "K6": "Evaluation",
    "K7": "Config, command line, Python",
}


def catalogue() -> str:
    """The page of all codes, as it must stand in docs/errors.md."""
    said = [
        "# Errors and warnings",
        "",
        "Everything that kpidsl reports has a code and a name; `kpi rule K301` prints an entry. An error keeps what depends on",
        "the broken part from being evaluated; everything else goes on. Warnings and infos stop nothing.",
    ]
    for family, title in FAMILIES.items():
        rows = [c for c in CATALOGUE.values() if c.code.startswith(family)]
        said += ["", f"## {title}", "", "| code | name | severity | reported when |", "|---|---|---|---|"]
        said += [f"| {c.code} | `{c.name}` | {c.severity.word} | {c.summary} |" for c in sorted(rows, key=lambda c: c.code)]
    return "\n".join(said) + "\n"


def test_the_page_of_errors_is_the_catalogue() -> None:
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == catalogue()


def test_the_reference_names_every_error_of_the_language() -> None:
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    assert [c for c in CATALOGUE if c[:2] in ("K2", "K3", "K4") and c not in page] == []


def update(page: Path) -> None:
    """Write what the commands print into the page, to be read before it is committed."""
    import tempfile

    text = page.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    changes: list[tuple[int, list[str]]] = []
    for section in sections_of(page):
        with tempfile.TemporaryDirectory() as folder:
            before = os.getcwd()
            os.chdir(folder)
            try:
                results = outputs(section, Path(folder))
            finally:
                os.chdir(before)
        for block in section.own:
            if block.words == ("console",):
                said = [f"$ {c}\n{actual}" for at, c, _, actual in results if at == block.line]
                changes.append((block.line, "".join(said).splitlines(keepends=True)))
    for line, said in sorted(changes, reverse=True):
        end = next(i for i in range(line, len(lines)) if lines[i].startswith("```"))
        lines[line:end] = said
    page.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    os.environ["COLUMNS"] = "100"
    (ROOT / "docs" / "errors.md").write_text(catalogue(), encoding="utf-8")
    for name in sys.argv[1:]:
        update(Path(name))
