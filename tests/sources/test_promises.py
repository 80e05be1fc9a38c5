"""Freshness, keys, completeness, links, and what is known of a source before anything is aggregated."""

from __future__ import annotations

from datetime import date

import pytest

from kpidsl.evaluate.checks import profiles
from kpidsl.evaluate.promises import link_problem, profile
from kpidsl.graph import Graph
from kpidsl.model.periods import Calendar
from kpidsl.model.rows import Apply, ColumnRef, Literal, Row
from kpidsl.model.sources import Link, SourceSpec
from kpidsl.model.types import FLAG, NUMBER, TEXT
from kpidsl.results import Profile
from tests.sources.conftest import Project, source, span

AS_OF = date(2026, 1, 10)
CSV = "day,k,v\n2026-01-02,a,1\n2026-01-03,a,2\n"
CSV += "2026-01-03,b,3\n2026-01-06,c,4\n2026-01-07,c,5\n2026-01-12,a,6\n"


def look(project: Project, spec: SourceSpec, as_of: date = AS_OF) -> Profile:
    with project.session(spec) as session:
        return profile(session, session.attach(spec), spec, as_of)


def spec(**more: object) -> SourceSpec:
    return source("a.csv", columns={"day": "time", "k": "unknown", "v": "number"}, time="day", **more)


def test_extent_is_capped_by_as_of(project: Project) -> None:
    project.write("a.csv", CSV)
    assert look(project, spec()) == Profile("data", 5, date(2026, 1, 2), date(2026, 1, 7))
    assert look(project, spec(), date(2026, 1, 1)) == Profile("data", 0, None, None)


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (3, None),
        (2, "data ends on 2026-01-07, 3 days before 2026-01-10; it promises to be fresh within 2 days"),
        (1, "data ends on 2026-01-07, 3 days before 2026-01-10; it promises to be fresh within 1 day"),
    ],
)
def test_fresh(project: Project, days: int, sentence: str | None) -> None:
    project.write("a.csv", CSV)
    found = look(project, spec(fresh_days=days))
    assert found.stale == sentence
    assert [p.code for p in found.problems] == (["K523"] if sentence else [])


def test_fresh_without_rows(project: Project) -> None:
    project.write("a.csv", "day,k,v\n")
    assert look(project, spec(fresh_days=2)).stale == (
        "data has no rows up to 2026-01-10; it promises to be fresh within 2 days"
    )


def test_keys_up_to_as_of(project: Project) -> None:
    project.write("a.csv", CSV)
    (problem,) = look(project, spec(key=("k",))).problems
    assert problem.code == "K520"
    assert problem.message == "`data` promises a unique key `k`: 2 values repeat"
    assert problem.notes == ("repeated: `a` (2 times), `c` (2 times)",)
    assert problem.severity.word == "warning"
    assert look(project, spec(key=("day", "k"))).problems == ()


def test_missing_parts_of_a_key_do_not_repeat(project: Project) -> None:
    project.write("a.csv", "day,k,v\n2026-01-02,,1\n2026-01-02,,1\n")
    assert look(project, spec(key=("k",))).problems == ()


def test_complete(project: Project) -> None:
    project.write("a.csv", CSV)
    (problem,) = look(project, spec(complete="day")).problems
    assert problem.message == "`data` promises to be complete every day: 4 days are missing"
    assert problem.notes == ("without a row: 2026-01-04 to 2026-01-05, 2026-01-08 to 2026-01-09",)
    (problem,) = look(project, spec(complete="day", fresh_days=2)).problems[1:]
    assert problem.notes == ("without a row: 2026-01-04 to 2026-01-05, 2026-01-08",)
    (problem,) = look(project, spec(complete="day", fresh_days=5)).problems
    assert problem.notes == ("without a row: 2026-01-04 to 2026-01-05",)
    assert look(project, spec(complete="week")).problems == ()


def test_rows_without_time(project: Project) -> None:
    project.write("a.csv", CSV + ",z,1\n")
    found = look(project, spec())
    assert (found.rows, [p.code for p in found.problems]) == (5, ["K524"])


def test_a_source_that_cannot_be_read(project: Project) -> None:
    found = look(project, spec())
    assert found.failure is not None
    assert found.failure.code == "K501"


def test_moments_are_local_days(project: Project) -> None:
    project.write("a.csv", "day,k,v\n2026-01-05T23:30:00Z,a,1\n")
    assert look(project, spec()).watermark == date(2026, 1, 6)


def test_link(project: Project) -> None:
    project.write("a.csv", CSV)
    link = Link("data", "k", "k", span("belongs to"))
    with project.session(spec()) as session:
        problem = link_problem(session, link, session.attach(spec()))
    assert problem is not None
    assert (problem.code, problem.severity.word) == ("K522", "error")
    assert problem.notes == ("repeated: `a` (3 times), `c` (2 times)",)
    project.write("a.csv", "day,k,v\n2026-01-02,a,1\n2026-01-02,,2\n2026-01-02,,2\n")
    with project.session(spec()) as session:
        assert link_problem(session, link, session.attach(spec())) is None


def _at_least(column: str, value: float) -> Row:
    return Apply(">=", (ColumnRef("data", column, NUMBER), Literal(value, NUMBER)), FLAG)


@pytest.mark.parametrize(
    ("promised", "queries"),
    [
        ({}, 1),
        ({"fresh_days": 1, "complete": "day"}, 1),
        ({"fresh_days": 1, "complete": "day", "checks": (_at_least("v", 0), _at_least("v", -1))}, 1),
        ({"complete": "day", "key": ("k",)}, 2),
        ({"checks": (_at_least("v", 4), _at_least("v", 0))}, 2),  # an example of what is broken
        ({"time": None}, 1),
    ],
)
def test_one_query_says_all_that_can_be_counted(
    project: Project, promised: dict[str, object], queries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("a.csv", CSV)
    columns = {"day": "time", "k": "unknown", "v": "number"}
    one = source("a.csv", columns=columns, **{"time": "day", **promised})
    asked: list[str] = []
    with project.session(one) as session:
        fetch = session.fetch
        monkeypatch.setattr(session, "fetch", lambda sql, engine="": asked.append(sql) or fetch(sql, engine))
        found = profiles(Graph(Calendar(), {"data": one}, {}, {}, {}, {}), ["data"], session, AS_OF)["data"]
    assert len(asked) == queries
    assert found.rows == (6 if promised.get("time", "day") is None else 5)


def test_a_check_that_cannot_be_asked_leaves_the_rest(project: Project) -> None:
    project.write("a.csv", CSV)
    text = Apply("lower", (ColumnRef("data", "v", NUMBER),), TEXT)
    wrong = Apply("and", (text, _at_least("v", 0)), FLAG)  # no spec can say this
    one = source("a.csv", columns={"day": "time", "v": "number"}, time="day", checks=(wrong,))
    with project.session(one) as session:
        found = profiles(Graph(Calendar(), {"data": one}, {}, {}, {}, {}), ["data"], session, AS_OF)["data"]
    assert (found.rows, found.watermark) == (5, date(2026, 1, 7))
    assert [p.code for p in found.problems] == ["K605"]
