"""How a plan is shown: kinds, keys, cells, and what fits the screen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from attrs import evolve

from kpidsl import project
from kpidsl.evaluate import choose
from kpidsl.evaluate.classes import Key
from kpidsl.evaluate.tables import Query
from kpidsl.model.rows import Apply, ColumnRef
from kpidsl.model.types import FLAG, NUMBER, TEXT
from kpidsl.project import Outcome
from kpidsl.render import plan
from kpidsl.render.cells import Screen, width
from kpidsl.specs import load as load_specs

SPEC = """\
source events
  from        "events.csv"
  time        day
  channel     platform
  column      campaign text
  column      page text
  column      revenue EUR
  column      user text

source people
  from        events by user
  row         person
  time        began
  column      began = first(day)

kpi all_revenue
  formula     sum(events.revenue)
  unit        EUR
  measured    every month
  by          channel

kpi large
  formula     sum(events.revenue) where revenue > 40 EUR and campaign = "c1"
  unit        EUR
  measured    every month

kpi visitors
  formula     count distinct(events.user)
  measured    every month
  by          channel

kpi newcomers
  formula     count(people)
  measured    every month
"""
PAGE, REVENUE = ColumnRef("events", "page", TEXT), ColumnRef("events", "revenue", NUMBER)
LONG = Apply(">", (REVENUE, PAGE), FLAG)


@pytest.fixture
def outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Read as cubes, as if there were many rows."""
    monkeypatch.setattr(choose, "PATIENCE", 0)
    costs = dict.fromkeys(choose.COSTS, choose.Costs(1, 1, 1e-6, 1e6, 1e-6))
    monkeypatch.setattr(choose, "COSTS", costs)
    monkeypatch.setattr(choose, "CELL", 0)
    monkeypatch.setattr(choose, "PART", 0)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.kpi").write_text(SPEC)
    rows = [f"2026-0{1 + n % 3}-10,p{n % 2},c{n % 3},/{n},{n % 50},u{n % 20}" for n in range(2_000)]
    (tmp_path / "events.csv").write_text("\n".join(["day,platform,campaign,page,revenue,user", *rows]))
    specs = load_specs(["."])
    wish = project.wish(specs, as_of="2026-03-31")
    assert isinstance(wish, project.Wish)
    found = project.evaluate(specs, wish)
    assert found.errors == ()
    return found


def only(outcome: Outcome, kind: str) -> plan.Step:
    (found,) = [step for step in plan.steps(outcome) if step.kind == kind]
    return found


def test_a_cube_says_its_keys_its_cells_and_whom_it_serves(outcome: Outcome) -> None:
    (cube,) = [s for s in plan.steps(outcome) if s.kind == "cube" and s.query.source == "events"]
    assert cube.by == "month, platform; campaign as it is, revenue in 2 bands"
    assert cube.cells == 12  # of row n they tell n modulo 2 and 3, and one threshold of n modulo 50
    assert cube.query.scan is not None
    assert cube.query.scan.estimate is not None
    assert cube.query.scan.estimate >= 12
    assert set(cube.kpis) == {"all_revenue", "large", "visitors"}
    assert only(outcome, "sample").query.rows == 2_000


def test_sets_of_dimensions_stand_side_by_side(outcome: Outcome) -> None:
    assert only(outcome, "exact").by == "month: total / platform"
    assert only(outcome, "exact").kpis == ("visitors",)


def test_totals_count_queries_and_cells(outcome: Outcome) -> None:
    last = plan.render(outcome, Screen()).splitlines()[-1].split()
    found = plan.steps(outcome)
    asked = sum(bool(step.query.sql) for step in found)
    cells = sum(step.cells or 0 for step in found)
    assert last[:4] == ["total", f"{asked}", "queries", f"{cells:,}"]


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 100, 200])
@pytest.mark.parametrize("verbose", [False, True])
def test_lines_fit_the_screen(outcome: Outcome, columns: int, verbose: bool) -> None:
    lines = plan.render(outcome, Screen(columns), verbose=verbose).splitlines()
    if columns >= 60:
        assert max(map(width, lines)) <= columns
    assert lines[-1].startswith("total")
    assert "seconds" in next(line for line in lines if line.startswith("source"))


def test_colour_changes_no_sign(outcome: Outcome) -> None:
    painted = plan.render(outcome, Screen(100, color=True))
    assert "\x1b[1mevents\x1b[0m" in painted
    assert [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in painted.splitlines()] == plan.render(
        outcome, Screen(100)
    ).splitlines()


def test_verbose_says_what_cells_were_expected_by(outcome: Outcome) -> None:
    assert "expected by 2,000 of 2,000 rows" in plan.render(outcome, Screen(200), verbose=True)


def with_queries(outcome: Outcome, queries: Iterable[Query]) -> Outcome:
    return evolve(outcome, queries=tuple(queries))


def test_a_remote_query_names_its_connection_and_dialect(outcome: Outcome) -> None:
    remote = (evolve(query, engine="shop", dialect="postgres", size=0) for query in outcome.queries)
    found = with_queries(outcome, remote)
    text = plan.render(found, Screen(120))
    assert "on shop (postgres)" in text
    assert "files" not in text.splitlines()[2]
    assert {step["connection"] for step in plan.as_data(found)} == {"shop"}
    assert {step["bytes"] for step in plan.as_data(found)} == {None}


def test_names_from_a_spec_cannot_reach_the_terminal_as_control_signs(outcome: Outcome) -> None:
    hostile = (evolve(query, source=f"\x1b[31m{query.source}") for query in outcome.queries)
    assert "\x1b" not in plan.render(with_queries(outcome, hostile), Screen())


def test_nothing_was_run(outcome: Outcome) -> None:
    assert plan.render(with_queries(outcome, ()), Screen()) == "nothing was queried\n"
    assert plan.as_data(with_queries(outcome, ())) == []


def test_the_making_of_a_grouped_source_is_told(outcome: Outcome) -> None:
    made = only(outcome, "group")
    assert (made.query.source, made.cells) == ("people", 20)
    assert made.query.sql


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ((), []),
        ((Key(PAGE),), ["page as it is"]),
        ((Key(REVENUE, "bands", cuts=((10.0, False), (20.0, True))),), ["revenue in 3 bands"]),
        (
            (Key(PAGE, "picked", picked=("/a", "/b", "/c")), Key(REVENUE)),
            ["revenue as it is", "3 texts of page"],
        ),
        ((Key(PAGE, "picked", picked=("/a",)),), ["1 text of page"]),
        (
            (Key(REVENUE, "sections", by=PAGE, sections=(("/a", ((1.0, False), (2.0, False))), ("/b", ()))),),
            ["revenue in up to 3 bands by page"],
        ),
        ((Key(LONG),), ["revenue > page"]),
        ((Key(LONG), Key(Apply("<", (REVENUE, PAGE), FLAG))), ["2 conditions"]),
        (
            tuple(Key(ColumnRef("events", f"c{n}", TEXT)) for n in range(9)),
            ["c0, c1, c2, c3, c4, c5, c6, 2 more as they are"],
        ),
    ],
)
def test_keys_in_words(keys: tuple[Key, ...], said: list[str]) -> None:
    assert list(plan._keys(keys)) == said
