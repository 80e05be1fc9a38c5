"""Every example of the docs and the README does what the page says."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from kpidsl.codes import CATALOGUE
from kpidsl.lint.rule import FAMILIES as RULE_FAMILIES
from kpidsl.lint.rules import builtin
from kpidsl.model.functions import every
from tests.lint.look import SOURCES, TODAY
from tests.markdown import Block, Section, commands_of, definitions_of, is_file, sections_of
from tests.project import UNWANTED

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CASES = [(page, section) for page in PAGES for section in sections_of(page)]


def run(command: str) -> str:
    """What a command prints, standard output and errors together, without colour, in 100 columns."""
    alone = command.removesuffix("; echo $?")
    if not command.startswith("kpi ") or set(alone) & set("|;<>&$"):
        return in_shell(command)
    from kpidsl.cli import main

    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), pytest.raises(SystemExit) as end:
        main(shlex.split(alone)[1:])
    return said.getvalue() + (f"{end.value.code or 0}\n" if alone != command else "")


def in_shell(command: str) -> str:
    """The same, of anything that a shell can run; `kpi` is the one of this checkout."""
    kpi = f'kpi() {{ {shlex.quote(sys.executable)} -m kpidsl "$@"; }}\n'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    reader = {"user.name": "A reader", "user.email": "reader@example.org", "commit.gpgsign": "false"}
    environment["GIT_CONFIG_COUNT"] = str(len(reader))
    for n, (key, value) in enumerate(reader.items()):
        environment |= {f"GIT_CONFIG_KEY_{n}": key, f"GIT_CONFIG_VALUE_{n}": value}
    done = subprocess.run(
        ["bash", "-c", kpi + command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, check=False,
    )  # fmt: skip
    return done.stdout


def stage(folder: Path, block: Block, number: int) -> None:
    """Put a block's file or spec where the commands run."""
    match block.words:
        case ("kpi",) | ("kpi", "base"):
            (folder / f"block_{number:03}.kpi").write_text(block.body, encoding="utf-8")
        case ("kpi", "add", name):
            known = definitions_of((folder / name).read_text(encoding="utf-8"))
            parts = {**known, **definitions_of(block.body)}
            (folder / name).write_text("\n".join(parts.values()), encoding="utf-8")
        case (_, name, *encoding) if is_file(block):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(block.body.encode(*encoding))


def python(block: Block, names: dict[str, object]) -> str:
    """What a Python block prints, or its traceback."""
    said = io.StringIO()
    with redirect_stdout(said):
        try:
            exec(compile(block.body, f"line {block.line}", "exec"), names)
        except Exception:
            said.write(traceback.format_exc())
    return said.getvalue()


def outputs(section: Section, folder: Path) -> list[tuple[int, str, str, str]]:
    """Run a section. Line, command, expected and actual output of each command; faults of specs as well."""
    found: list[tuple[int, str, str, str]] = []
    names: dict[str, object] = {}
    blocks = (*section.base, *section.own)
    if not section.whole:
        (folder / "kpi.toml").write_text("", encoding="utf-8")
        for number, block in enumerate(blocks):
            stage(folder, block, number)
    for number, block in enumerate(section.own):
        if section.whole:
            stage(folder, block, number)
        match block.words:
            case ("console",):
                found += [(block.line, c, expected, run(c)) for c, expected in commands_of(block)]
            case ("kpi", "error", code):
                (folder / "wrong.kpi").write_text(block.body, encoding="utf-8")
                said = run("kpi lint .")
                (folder / "wrong.kpi").unlink()
                found.append((block.line, "kpi lint", code, code if f"[{code}" in said else said))
            case ("python",):
                said = python(block, names)
                after = section.own[number + 1] if number + 1 < len(section.own) else block
                shown = after.words == ("output",)
                found.append(
                    (after.line if shown else block.line, "python", after.body if shown else "", said)
                )
    if any(block.words in (("kpi",), ("kpi", "base")) for block in section.own):
        said = run("kpi lint .")
        found.append((0, "kpi lint .", "", said if "error[" in said else ""))
    return found


def with_examples(section: Section, folder: Path) -> None:
    """A section whose commands use the examples runs beside a copy of them."""
    if any("examples/" in b.body for b in section.own if b.words in (("console",), ("python",))):
        shutil.copytree(ROOT / "examples", folder / "examples")


@pytest.mark.parametrize(("page", "section"), CASES, ids=[f"{p.name}: {s.title}" for p, s in CASES])
def test_examples(page: Path, section: Section, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in UNWANTED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    with_examples(section, tmp_path)
    for line, command, expected, actual in outputs(section, tmp_path):
        assert actual == expected, f"{page.name}, line {line}: {command}"


def test_the_reference_names_every_function() -> None:
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    assert [f.name for f in every() if f"`{f.name}" not in page] == []


LINKED = [
    *PAGES,
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "examples").glob("*/README.md")),
]


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub writes them in addresses."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


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
        "Everything that kpidsl reports has a code and a name; `kpi rule K301` prints an entry. An error",
        "keeps what depends on the broken part from being evaluated; everything else goes on. Warnings and",
        "infos stop nothing.",
    ]
    for family, title in FAMILIES.items():
        rows = [c for c in CATALOGUE.values() if c.code.startswith(family)]
        said += ["", f"## {title}", "", "| code | name | severity | reported when |", "|---|---|---|---|"]
        said += [
            f"| {c.code} | `{c.name}` | {c.severity.word} | {c.summary} |"
            for c in sorted(rows, key=lambda c: c.code)
        ]
    return "\n".join(said) + "\n"


def test_the_page_of_errors_is_the_catalogue() -> None:
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == catalogue()


def rules() -> str:
    """The page of all rules, as it must stand in docs/rules.md."""
    every_ = builtin()
    said = [
        "# Rules",
        "",
        f"What [`kpi lint`](lint.md) looks for: {len(every_)} rules. `kpi rule NAME` prints one. What is bad",
        f"is told, and what is good is not, as of {TODAY}: the tests run both.",
        "",
        "<details>",
        "<summary>The sources of the examples</summary>",
        "",
        "```kpi shown",
        "\n".join(SOURCES.values()).strip(),
        "```",
        "",
        "</details>",
    ]
    for family, title in RULE_FAMILIES.items():
        own = [rule for rule in every_ if rule.family == family]
        if own:
            said += [
                "",
                f"## {title}",
                "",
                f"`{family}`",
                "",
                "| code | name | severity | |",
                "|---|---|---|---|",
            ]
            said += [
                f"| {r.code} | [`{r.name}`](#{r.code.lower()}-{r.name}) | {r.severity.word} | {r.summary} |"
                for r in own
            ]
        for rule in own:
            fixed = ["", "Found by the compiler."] if rule.find is None and not rule.rows else []
            if rule.rows:
                fixed = ["", "Found by `kpi lint --data`, here in these rows:", ""]
                fixed += ["```text", rule.rows.rstrip(), "```"]
            said += ["", f"### {rule.code} {rule.name}", "", rule.why, *fixed, "", "Bad:", ""]
            said += [
                "```kpi shown",
                rule.bad.rstrip(),
                "```",
                "",
                "Good:",
                "",
                "```kpi shown",
                rule.good.rstrip(),
                "```",
            ]
    return "\n".join(said) + "\n"


def test_the_page_of_rules_is_that_of_all_rules() -> None:
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == rules()


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
            with_examples(section, Path(folder))
            try:
                results = outputs(section, Path(folder))
            finally:
                os.chdir(before)
        for block in section.own:
            if block.words in (("console",), ("output",)):
                said = [
                    actual if c == "python" else f"$ {c}\n{actual}"
                    for at, c, _, actual in results
                    if at == block.line
                ]
                changes.append((block.line, "".join(said).splitlines(keepends=True)))
    for line, said in sorted(changes, reverse=True):
        end = next(i for i in range(line, len(lines)) if lines[i].startswith("```"))
        lines[line:end] = said
    page.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    os.environ["COLUMNS"] = "100"
    (ROOT / "docs" / "errors.md").write_text(catalogue(), encoding="utf-8")
    (ROOT / "docs" / "rules.md").write_text(rules(), encoding="utf-8")
    for name in sys.argv[1:]:
        update(Path(name).resolve())
