"""A baseline: what was there may stay, what is new is told, and it never grows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.cli.baselines import Keep, without_known
from kpidsl.cli.console import console
from kpidsl.cli.linting import Look
from kpidsl.diagnostics import Diagnostic
from kpidsl.lint.baseline import fingerprints
from kpidsl.specs import load
from tests.lint.look import looked
from tests.project import kpi

SPEC = """\
source crm
  from        "leads.csv"
  row         lead
  time        day
  column      status text

kpi lead_count "New leads"
  formula     count(crm) where status = "a" and status = "b"
  target      at least 100 leads
"""
MORE = """
kpi other_count "Other leads"
  formula     count(crm) where status = "c" and status = "d"
  target      at least 100 leads
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kpi.toml").write_text('as_of = "2026-06-15"\n[lint]\nbaseline = "known.json"\n')
    (tmp_path / "spec.kpi").write_text(SPEC)
    return tmp_path


def known(folder: Path, name: str = "known.json") -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((folder / name).read_text())["findings"]
    return found


def test_what_was_there_may_stay(folder: Path) -> None:
    assert kpi(folder, "lint", "--strict").code == 1
    run = kpi(folder, "lint", "--write-baseline", "--strict")
    assert run.code == 0
    assert "written to" in run.err
    assert [one["rule"] for one in known(folder)].count("contradictory-filter") == 1
    run = kpi(folder, "lint", "--strict")
    assert run.code == 0
    assert run.out.startswith("1 file: nothing new found (")


def test_lines_may_move(folder: Path) -> None:
    kpi(folder, "lint", "--write-baseline")
    (folder / "spec.kpi").write_text(
        "# one line\n# and another\n\n" + SPEC.replace("  formula     ", "  formula ")
    )
    assert kpi(folder, "lint", "--strict").code == 0


def test_an_error_somewhere_takes_nothing_out_of_it(folder: Path) -> None:
    (folder / "spec.kpi").write_text(SPEC + MORE)
    kpi(folder, "lint", "--write-baseline")
    before = (folder / "known.json").read_text()
    (folder / "spec.kpi").write_text(SPEC.replace("at least 100", "100") + MORE)
    assert kpi(folder, "lint").code == 1
    assert (folder / "known.json").read_text() == before
    (folder / "spec.kpi").write_text(SPEC + MORE)
    assert kpi(folder, "lint", "--strict").code == 0


def test_a_part_of_the_project_takes_nothing_out_of_it(folder: Path) -> None:
    (folder / "more.kpi").write_text(MORE)
    kpi(folder, "lint", "--write-baseline")
    before = (folder / "known.json").read_text()
    (folder / "spec.kpi").write_text(SPEC.replace('and status = "b"', ""))
    assert kpi(folder, "lint", "spec.kpi").code == 0
    assert (folder / "known.json").read_text() == before
    assert "mended" in kpi(folder, "lint").err


def test_what_a_deleted_file_had_is_gone(folder: Path) -> None:
    (folder / "more.kpi").write_text(MORE)
    kpi(folder, "lint", "--write-baseline")
    (folder / "more.kpi").unlink()
    assert "mended" in kpi(folder, "lint").err
    assert {one["file"] for one in known(folder)} == {"spec.kpi"}
    (folder / "spec.kpi").write_text("")
    kpi(folder, "lint")
    assert (folder / "known.json").read_text() == '{\n  "schema_version": 1,\n  "findings": []\n}\n'


def test_one_that_cannot_be_written_stays_and_fails_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kpi(folder, "lint", "--write-baseline")
    refused = Diagnostic("K713", "`known.json` cannot be written: read-only file system")
    monkeypatch.setattr("kpidsl.files.write", lambda path, text: refused)
    specs = load([str(folder)])
    left = without_known(specs, Look(()), Keep(shrink=True), console(color=False))
    assert left.findings == ()
    assert "left; `known.json` cannot be written" in capsys.readouterr().err
    assert known(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "<<<<<<< HEAD",
        '{"schema_version": 1}',
        '{"schema_version": 2, "findings": []}',
        '{"schema_version": 1, "findings": [3]}',
        '{"schema_version": 1, "findings": [{"file": 3, "rule": "a", "fingerprint": null}]}',
    ],
)
def test_one_that_cannot_be_read_is_told(folder: Path, text: str) -> None:
    (folder / "known.json").write_text(text)
    run = kpi(folder, "lint")
    assert run.code == 2
    assert "error[K783 bad-baseline]" in run.out
    assert "`--write-baseline` writes a new one" in run.out
    assert (folder / "known.json").read_text() == text


def test_one_that_is_named_and_not_there_is_told(folder: Path) -> None:
    run = kpi(folder, "lint", "--baseline", "unknown.json")
    assert run.code == 2
    assert "`unknown.json` cannot be read: there is no such file" in run.out


def test_what_is_new_is_told(folder: Path) -> None:
    kpi(folder, "lint", "--write-baseline")
    (folder / "spec.kpi").write_text(SPEC + MORE)
    run = kpi(folder, "lint", "--strict")
    assert run.code == 1
    assert run.out.count("K811") == 1
    assert '"c"' in run.out


def test_it_shrinks_by_itself(folder: Path) -> None:
    (folder / "spec.kpi").write_text(SPEC + MORE)
    kpi(folder, "lint", "--write-baseline")
    before = len(known(folder))
    (folder / "spec.kpi").write_text(SPEC)
    assert "1 of the baseline mended" in kpi(folder, "lint").err
    assert len(known(folder)) == before - 1
    (folder / "spec.kpi").write_text(SPEC + MORE)
    assert kpi(folder, "lint", "--strict").code == 1  # what was mended is new when it comes back


def test_part_of_the_rules_or_of_the_files_shrinks_nothing(folder: Path) -> None:
    (folder / "other.kpi").write_text(MORE)
    kpi(folder, "lint", "--write-baseline")
    before = known(folder)
    kpi(folder, "lint", "--select", "style")
    assert known(folder) == before
    kpi(folder, "lint", "spec.kpi")
    assert [one for one in known(folder) if one["file"] == "other.kpi"] == [
        one for one in before if one["file"] == "other.kpi"
    ]


def test_it_refuses_to_grow(folder: Path) -> None:
    kpi(folder, "lint", "--write-baseline")
    before = known(folder)
    (folder / "spec.kpi").write_text(SPEC + MORE)
    run = kpi(folder, "lint", "--write-baseline")
    assert run.code == 2
    assert "error[K783 bad-baseline]" in run.out
    assert known(folder) == before


def test_errors_do_not_go_in(folder: Path) -> None:
    (folder / "spec.kpi").write_text(SPEC + '\nkpi odd "Odd"\n  formula count(crm) + 1 EUR\n')
    assert kpi(folder, "lint", "--write-baseline").code == 1
    assert "unit-mismatch" not in {one["rule"] for one in known(folder)}
    assert kpi(folder, "lint").code == 1


def test_a_broken_baseline_is_told(folder: Path) -> None:
    (folder / "known.json").write_text("[]")
    run = kpi(folder, "lint")
    assert run.code == 2
    assert "error[K783 bad-baseline]" in run.out


def test_the_option_names_another_file(folder: Path) -> None:
    kpi(folder, "lint", "--write-baseline", "--baseline", "mine.json")
    assert known(folder, "mine.json")
    assert not (folder / "known.json").exists()


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=6), st.integers(0, 3))
def test_fingerprints_are_unique_and_know_no_lines(names: list[str], blank: int) -> None:
    """Several findings of one text on one line have an ordinal each, and lines above change nothing."""
    items = ", ".join(f'"{name}"' for name in names)
    measure = f"measure m = count(crm) where status in ({items})\n"
    text = f'source crm\n  from "x.csv"\n  row lead\n  time day\n  column status text\n\n{measure}'
    first, second = (looked("\n" * n + text).findings for n in (0, blank))
    assert fingerprints(first) == fingerprints(second)
    assert len(set(fingerprints(first))) == len(first)
