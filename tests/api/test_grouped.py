"""Sources made of another's grouped rows, from spec and files to verdicts."""

from __future__ import annotations

from pathlib import Path

import pytest

import kpidsl
from kpidsl.needed import needed
from kpidsl.specs import load

SPEC = """
source views
  from        "views.csv" missing "NULL"
  row         view
  time        at
  fresh       within 5 days
  column      visit id of visit
  column      url text
  column      seconds second

source landings
  from        views by visit
  row         visit
  time        started
  column      started = first(at)
  column      page = first(url)
  column      pages = count(views)
  column      long = sum(seconds) > 60 second
  column      bounced = pages = 1
  key         page
  complete    every day
  check       pages < 3

kpi bounce_rate
  formula     share(landings where bounced)
  unit        %
  target      at most 60%
  measured    every week
  by          page

kpi long_rate
  formula     share(landings where long)
  measured    every week
"""
VIEWS = """at,visit,url,seconds
2026-01-05 10:00:00,v1,/home,50
2026-01-05 10:01:00,v1,/a,20
2026-01-06 10:00:00,v2,/home,5
2026-01-08 10:00:00,v3,/a,5
2026-01-08 10:01:00,v3,/a,5
2026-01-08 10:02:00,v3,/b,5
2026-01-09 10:02:00,NULL,/b,5
2026-01-11 23:00:00,v4,/a,5
2026-01-12 01:00:00,v4,/b,5
"""


@pytest.fixture
def project(tmp_path: Path) -> kpidsl.Project:
    (tmp_path / "kpi.toml").write_text("", "utf-8")
    (tmp_path / "a.kpi").write_text(SPEC, "utf-8")
    (tmp_path / "views.csv").write_text(VIEWS, "utf-8")
    return kpidsl.load(tmp_path)


def values(found: kpidsl.Evaluation, name: str = "bounce_rate") -> dict[str, float | None]:
    verdicts = [verdict for verdict in found if verdict.kpi == name]
    return {dict(v.slice).get("page") or "": v.value for v in verdicts}


def test_a_visit_belongs_to_the_week_in_which_it_began(project: kpidsl.Project) -> None:
    found = project.evaluate(as_of="2026-01-12", for_="2026-W02")
    assert values(found) == pytest.approx({"": 1 / 4, "/a": 0, "/home": 1 / 2})
    assert found.verdict("bounce_rate").word == "met"
    assert found.verdict("long_rate").value == pytest.approx(1 / 4)


def test_later_rows_do_not_exist_before_they_are_grouped(project: kpidsl.Project) -> None:
    found = project.evaluate(as_of="2026-01-11", for_="2026-W02")
    assert values(found) == pytest.approx({"": 2 / 4, "/a": 1 / 2, "/home": 1 / 2})


def test_what_a_grouped_source_promises_is_checked_on_its_rows(project: kpidsl.Project) -> None:
    problems = project.evaluate(as_of="2026-01-12").sources["landings"].problems
    assert [problem.code for problem in problems] == ["K528", "K521", "K520", "K604"]
    said = " ".join(f"{problem.message} {problem.notes}" for problem in problems)
    for part in (
        "1 row of `views` lacks `visit`",
        "`/a` (2 times)",
        "3 days are missing",
        "break",
        "pages 3",
    ):
        assert part in said


def test_verdicts_on_groups_of_stale_rows_are_stale(project: kpidsl.Project) -> None:
    verdict = project.evaluate(as_of="2026-01-19").verdict("bounce_rate")
    assert verdict.word == "stale"
    assert "views ends on 2026-01-12" in verdict.why


def test_other_rows_of_the_parent(project: kpidsl.Project) -> None:
    rows = {"at": ["2026-01-05", "2026-01-05"], "visit": ["a", "b"], "url": ["/x", "/y"]}
    rows["seconds"] = [1, 99]
    found = project.evaluate(as_of="2026-01-09", for_="2026-W02", data={"views": rows})
    assert found.verdict("long_rate").value == 1 / 2


def test_grouped_rows_given_in_place_of_their_making(project: kpidsl.Project, tmp_path: Path) -> None:
    (tmp_path / "views.csv").unlink()
    rows = {"visit": ["a", "b"], "started": ["2026-01-05", "2026-01-06"], "page": ["/x", "/y"]}
    rows["pages"] = [1, 2]
    found = project.evaluate(as_of="2026-01-09", for_="2026-W02", data={"landings": rows}, kpis="bounce_rate")
    assert values(found) == {"": 0.5, "/x": 1, "/y": 0}
    assert list(found.sources) == ["landings"]


def test_a_parent_that_cannot_be_read_fails_what_is_grouped_from_it(
    project: kpidsl.Project, tmp_path: Path
) -> None:
    (tmp_path / "views.csv").unlink()
    found = project.evaluate(as_of="2026-01-12")
    for verdict in (found.verdict("bounce_rate"), found.verdict("long_rate")):
        assert verdict.word == "failed"
        assert "no file matches `views.csv`" in verdict.why
    assert [problem.code for problem in found.diagnostics if problem.severity.word == "error"] == ["K501"]


def test_a_broken_column_of_the_parent_spoils_only_what_is_made_of_it(
    project: kpidsl.Project, tmp_path: Path
) -> None:
    (tmp_path / "views.csv").write_text(VIEWS.replace("/home,5\n", "/home,five\n"), "utf-8")
    found = project.evaluate(as_of="2026-01-12", for_="2026-W02")
    assert found.verdict("bounce_rate").value == pytest.approx(1 / 4)
    assert (found.verdict("long_rate").word, found.verdict("long_rate").value) == ("failed", None)
    assert "`five` is no number in second" in found.verdict("long_rate").why


def test_a_broken_key_of_the_parent_fails_the_grouped_source(project: kpidsl.Project, tmp_path: Path) -> None:
    (tmp_path / "views.csv").write_text(VIEWS.replace("visit", "session"), "utf-8")
    verdict = project.evaluate(as_of="2026-01-12").verdict("bounce_rate")
    assert verdict.word == "failed"
    assert "the data has no column `visit`" in verdict.why


def test_only_columns_that_a_kpi_needs_are_made(project: kpidsl.Project, tmp_path: Path) -> None:
    graph = load([str(tmp_path)]).graph
    names = {
        kpi: {column.name for column in needed(graph, [graph.kpis[kpi]]).sources["landings"].columns}
        for kpi in graph.kpis
    }
    assert names["bounce_rate"] == {"visit", "started", "page", "pages", "bounced"}
    assert names["long_rate"] == {"visit", "started", "page", "pages", "long"}
    assert needed(graph, []).sources == {}
