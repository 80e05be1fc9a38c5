"""`kpi lint`: findings on standard output, a quick start, and no file passed over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import ROOT, SPECS, kpi, write

HEAVY = ("duckdb", "numpy", "sqlglot", "rich", "pandas", "polars", "pyarrow", "python_calamine")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path)


def broken(folder: Path) -> Path:
    return write(folder, SPECS.replace("ad_spend / leads", "ad_spend + leads"))


def test_nothing_found(folder: Path) -> None:
    run = kpi(folder, "lint")
    assert (run.code, run.out, run.err) == (0, "1 file: nothing found\n", "")
    assert kpi(folder, "lint", "--quiet").out == ""


def test_findings_end_in_1(tmp_path: Path) -> None:
    run = kpi(broken(tmp_path), "lint")
    assert run.code == 1
    assert "error[K301 unit-mismatch]" in run.out
    assert " --> kpis.kpi:18:" in run.out
    assert run.out.endswith("1 error\n")


def test_warnings_end_in_1_when_strict(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        SPECS.replace(
            "  deadline    2026-03-31\n", "  deadline    2026-03-31\n  pace        like last year\n"
        ),
    )
    found = json.loads(kpi(folder, "lint", "--format", "json").out)["diagnostics"]
    weights = {d["severity"] for d in found}
    assert "error" not in weights
    assert kpi(folder, "lint").code == 0
    assert kpi(folder, "lint", "--strict").code == int("warning" in weights)


def test_json(tmp_path: Path) -> None:
    run = kpi(broken(tmp_path), "lint", "--ignore", "all", "--format", "json")
    found = json.loads(run.out)
    assert run.code == 1
    assert found["schema_version"] == 1
    assert [d["name"] for d in found["diagnostics"]] == ["unit-mismatch"]
    assert found["diagnostics"][0]["place"]["line"] == 18


def test_standard_input(tmp_path: Path) -> None:
    run = kpi(tmp_path, "lint", "-", "--stdin-filename", "mine.kpi", stdin="kpi x\n  formula y\n")
    assert run.code == 1
    assert " --> mine.kpi:2:" in run.out


def test_git_ignored_and_hidden_files_are_left_out_unless_named(folder: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    (folder / ".gitignore").write_text("out/\n")
    for name in ("out", ".hidden", "deep"):
        (folder / name).mkdir()
        (folder / name / "bad.kpi").write_text("kpi x\n  formula y\n")
    assert {d["place"]["file"] for d in findings(folder)} == {"deep/bad.kpi"}
    assert {d["place"]["file"] for d in findings(folder, "out")} == {"out/bad.kpi"}
    assert {d["place"]["file"] for d in findings(folder, ".hidden/bad.kpi")} == {".hidden/bad.kpi"}


def test_a_hook_of_git_leaves_the_same_files_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    (folder / ".gitignore").write_text("out/\n")
    (folder / "deep" / "out").mkdir(parents=True)
    (folder / "deep" / "out" / "bad.kpi").write_text("kpi x\n  formula y\n")
    (folder / "deep" / "bad.kpi").write_text("kpi x\n  formula y\n")
    monkeypatch.setenv("GIT_DIR", ".git")
    assert {d["place"]["file"] for d in findings(folder, "deep")} == {"deep/bad.kpi"}


def findings(folder: Path, *paths: str) -> list[dict[str, dict[str, str]]]:
    run = kpi(folder, "lint", "--ignore", "all", "--format", "json", *paths)
    found: list[dict[str, dict[str, str]]] = json.loads(run.out)["diagnostics"]
    return found


def test_the_same_file_twice_is_read_once(folder: Path) -> None:
    assert kpi(folder, "lint", "kpis.kpi", ".", "./kpis.kpi").code == 0


def test_imports_are_read_and_missing_ones_told(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS.split("measure", 1)[0])
    (folder / "more").mkdir()
    (folder / "more" / "kpis.kpi").write_text('import "../kpis.kpi"\n\nmeasure spend = sum(ads.spend)\n')
    assert kpi(folder, "lint", "more").code == 0
    (folder / "more" / "kpis.kpi").write_text('import "../kpi.kpi"\n')
    run = kpi(folder, "lint", "more")
    assert run.code == 1
    assert "K209" in run.out


@pytest.mark.parametrize("path", ["../project/more", "{root}/project/more", "../project/more/kpis.kpi"])
def test_imports_are_found_from_anywhere(tmp_path: Path, path: str) -> None:
    for name in ("project", "project/more", "elsewhere"):
        (tmp_path / name).mkdir()
    folder = write(tmp_path / "project")
    (folder / "more" / "kpis.kpi").write_text('import "../kpis.kpi"\n\nmeasure spend = sum(ads.spend)\n')
    run = kpi(tmp_path / "elsewhere", "eval", path.format(root=tmp_path))
    assert (run.code, run.err) == (0, "")
    assert "Cost per lead" in run.out


def test_an_import_does_not_climb_over_the_fence(tmp_path: Path) -> None:
    (tmp_path / "outside.kpi").write_text("measure x = 1\n")
    (tmp_path / "project").mkdir()
    folder = write(tmp_path / "project")
    (folder / "kpis.kpi").write_text('import "../outside.kpi"\n' + SPECS)
    run = kpi(folder, "lint")
    assert run.code == 1
    assert "K208" in run.out


@pytest.mark.parametrize("content", [b"kpi \xff\xfe", b"\x80"])
def test_a_file_that_is_no_text(folder: Path, content: bytes) -> None:
    (folder / "bad.kpi").write_bytes(content)
    run = kpi(folder, "lint")
    assert run.code == 2
    assert "K711" in run.out
    assert "is not UTF-8" in run.out


def test_a_cold_start_imports_nothing_heavy(folder: Path) -> None:
    code = (
        "import sys, kpidsl.cli\n"
        "try: kpidsl.cli.main(['lint'])\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        f"print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stderr.splitlines()[-1] == "[]"


def test_help_and_version_import_next_to_nothing(folder: Path) -> None:
    code = (
        "import sys, kpidsl.cli\n"
        "try: kpidsl.cli.main(['-h'])\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        f"print(sorted(set(sys.modules) & {{'lark', *{HEAVY!r}}}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stderr.splitlines()[-1] == "[]"
    assert kpi(folder, "--version").out.startswith("kpi ")


def test_several_projects_are_not_one(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / "all" / name).mkdir(parents=True)
        write(folder / "all" / name)
    run = kpi(folder, "lint", "all")
    assert run.code == 2
    assert run.out.splitlines()[0] == (
        "error[K714 several-projects]: 2 projects, each with a kpi.toml, are given at once: `all/a`, `all/b`"
    )
    assert "K201" not in run.out
    assert kpi(folder, "lint", "all/a", "all/b").out == run.out
    assert kpi(folder, "lint", "all/a").code == 0
    assert kpi(folder, "eval", "all").code == 2


# -- only what changed ---------------------------------------------------------------------------------


def versioned(folder: Path, text: str) -> Path:
    write(folder, text)
    for arguments in (
        ("init", "-q", "-b", "main"),
        ("add", "."),
        ("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", "first"),
    ):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def test_only_what_changed_is_told(tmp_path: Path) -> None:
    folder = versioned(tmp_path, SPECS)
    every = kpi(folder, "lint", "--select", "all", "--verbose").out
    assert "unused-measure" in every or "info[" in every
    clean = kpi(folder, "lint", "--select", "all", "--verbose", "--changed")
    assert (clean.code, clean.out) == (0, "1 file: nothing found\n")
    assert clean.err.startswith("nothing changed since main (")
    (folder / "kpis.kpi").write_text(SPECS.replace("  formula     leads\n", "  formula     leads * 2\n"))
    run = kpi(folder, "lint", "--select", "all", "--verbose", "--changed")
    assert run.err.startswith("changed since main (")
    assert run.out.count(" --> ") < every.count(" --> ")


def test_a_change_of_the_layout_is_none(tmp_path: Path) -> None:
    folder = versioned(tmp_path, SPECS)
    (folder / "kpis.kpi").write_text("# more\n\n" + SPECS.replace("  formula     ", " formula   "))
    assert kpi(folder, "lint", "--changed").err.startswith("nothing changed since main (")


def test_against_goes_with_changed(folder: Path) -> None:
    run = kpi(folder, "lint", "--against", "main")
    assert run.code == 2
    assert "--against goes with --changed" in run.err


def test_without_history_nobody_knows_what_changed(folder: Path) -> None:
    run = kpi(folder, "lint", "--changed")
    assert run.code == 2
    assert "K751" in run.out
    assert "`--against FOLDER`" in run.out
    assert "kpi diff" not in run.out
    old = folder / "old"
    old.mkdir()
    (old / "kpis.kpi").write_text(SPECS)
    run = kpi(folder, "lint", "kpis.kpi", "--changed", "--against", "old/kpis.kpi")
    assert (run.code, run.err.split(" since ")[0]) == (0, "nothing changed")


def test_what_cannot_be_compared_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "more.kpi").write_text("let more = 1\n")
    folder = versioned(tmp_path, 'import "more.kpi"\n\n' + SPECS)
    (folder / "more.kpi").unlink()
    run = kpi(folder, "lint", "--changed", "--against", "HEAD")
    assert run.out.count("K209") == 1
