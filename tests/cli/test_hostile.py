"""A pull request from a stranger, as a process: what it cannot read, and what it cannot make run for ever."""

from __future__ import annotations

import zipfile
from pathlib import Path

import duckdb
import pytest

from kpidsl import project
from kpidsl.evaluate import excel
from kpidsl.specs import load as load_specs
from tests.project import kpi

SPEC = """source s
  from        {origin}
  time        day
  column      v number
  column      page text

kpi k
  formula     sum(s.v)
  target      at least 1
  measured    every month
"""
ROWS = "day,v,page\n2026-01-01,{v},a\n2026-01-02,{v},b\n2026-01-03,{v},c\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "project"
    inside.mkdir()
    (inside / "kpi.toml").write_text("", "utf-8")
    (tmp_path / "secret.csv").write_text(ROWS.format(v=666), "utf-8")
    (tmp_path / "secret.kpi").write_text("pa55word of the machine\n", "utf-8")
    return inside


def spec(folder: Path, origin: str, more: str = "") -> None:
    (folder / "x.kpi").write_text(SPEC.format(origin=origin) + more, "utf-8")


@pytest.mark.parametrize("name", ["a*b[1]?.csv", "[x].csv"])
def test_the_name_of_a_file_is_no_pattern(folder: Path, name: str) -> None:
    (folder / name).write_text(ROWS.format(v=1), "utf-8")
    (folder / "axb1y.csv").write_text(ROWS.format(v=100), "utf-8")
    (folder / "x.csv").write_text(ROWS.format(v=100), "utf-8")
    spec(
        folder,
        f'"{name}"',
        SPEC.replace("source s", "source t").replace("kpi k", "kpi l").format(origin='"?*.csv"'),
    )
    run = kpi(folder, "eval", "--kpi", "k", "--as-of", "2026-02-01", "--format", "csv")
    assert run.code == 0, run.err
    assert ",3.0," in run.out


def test_a_view_in_a_database_reads_nothing_else(folder: Path) -> None:
    secret = folder.parent / "secret.csv"
    with duckdb.connect(str(folder / "a.duckdb")) as con:
        con.execute(f"CREATE VIEW v AS SELECT * FROM read_csv('{secret}')")
        con.execute(
            f"CREATE VIEW w AS SELECT DATE '2026-01-01' AS day, length(content) AS v, 'a' AS page"
            f" FROM read_text('{secret}')"
        )
    for view in "vw":
        spec(folder, f'"a.duckdb" table "{view}"')
        run = kpi(folder, "eval", "--as-of", "2026-02-01")
        assert run.code == 2
        assert "K513" in run.err
        assert "666" not in run.out + run.err
        assert "K799" not in run.err


@pytest.mark.parametrize(
    "url",
    ["${PASS}", "reader:${PASS}@db", "://${PASS}", "${PASS}://db", "http://[${PASS}", "duckdb:///${PASS}"],
)
def test_no_part_of_a_url_is_shown(folder: Path, url: str) -> None:
    (folder / "kpi.toml").write_text(f'[connections.shop]\nurl = "{url}"\n', "utf-8")
    spec(folder, 'table "t" in shop')
    run = kpi(folder, "eval", PASS="hunter2")
    assert run.code == 2
    assert "hunter2" not in (run.out + run.err).lower()
    assert "K799" not in run.err


@pytest.mark.parametrize(
    "origin", ['"data.csv" encoding "zip"', '"data.csv" encoding "rot13"', f'"{"a" * 5000}.csv"']
)
def test_what_cannot_be_opened_is_told(folder: Path, origin: str) -> None:
    (folder / "data.csv").write_text(ROWS.format(v=1), "utf-8")
    spec(folder, origin)
    run = kpi(folder, "eval")
    assert run.code == 2
    assert "K799" not in run.err


@pytest.mark.parametrize("command", ["lint", "eval", "fmt"])
def test_a_link_to_a_file_elsewhere_is_no_spec(folder: Path, command: str) -> None:
    (folder / "x.kpi").symlink_to(folder.parent / "secret.kpi")
    run = kpi(folder, command)
    assert run.code == 2
    assert "K711" in run.err + run.out
    assert "pa55word" not in run.out + run.err


def test_an_import_follows_no_link_out_of_the_project(folder: Path) -> None:
    (folder / "hidden").mkdir()
    (folder / "hidden" / "y.txt").symlink_to(folder.parent / "secret.kpi")
    (folder / "x.kpi").write_text('import "hidden/y.txt"\n', "utf-8")
    run = kpi(folder, "lint")
    assert "K208" in run.out
    assert "pa55word" not in run.out + run.err


def test_a_file_without_an_end_is_too_large(folder: Path) -> None:
    run = kpi(folder, "lint", "/dev/zero")
    assert run.code == 2
    assert "K711" in run.out + run.err


def test_a_workbook_that_unpacks_to_too_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(folder / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"x" * 2_000_000)
    spec(folder, '"a.xlsx"')
    monkeypatch.setattr(excel, "MOST_UNPACKED", 1_000_000)
    outcome = evaluated(folder)
    assert [d.code for d in outcome.errors] == ["K513"]
    assert "2 MB" in outcome.errors[0].message


def test_more_slices_than_are_judged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "data.csv").write_text(ROWS.format(v=2), "utf-8")
    spec(folder, '"data.csv"', "  by          page\n")
    assert len(evaluated(folder).judged[0].slices) == 3
    monkeypatch.setattr(project, "MOST_SLICES", 2)
    outcome = evaluated(folder)
    assert [d.code for d in outcome.errors] == ["K606"]
    assert outcome.judged[0].slices == ()
    assert outcome.judged[0].headline.value == 6


def evaluated(folder: Path) -> project.Outcome:
    specs = load_specs([str(folder)])
    wish = project.wish(specs, as_of="2026-02-01")
    assert isinstance(wish, project.Wish)
    return project.evaluate(specs, wish)
