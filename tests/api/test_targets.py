"""Targets kept as data, targets of periods, and paces, from spec text to verdict."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kpidsl

SALES = """\
source sales
  from        "sales.csv"
  time        day
  channel     channel
  column      amount EUR
"""

PLAN = """\
source plan
  from        "plan.csv"
  time        month
  channel     channel
  column      goal EUR
"""


def project(folder: Path, kpi: str, sales: str, plan: str = "") -> kpidsl.Project:
    (folder / "sales.csv").write_text("day,channel,amount\n" + sales)
    (folder / "plan.csv").write_text("month,channel,goal\n" + plan)
    (folder / "kpis.kpi").write_text(SALES + PLAN * bool(plan) + kpi)
    return kpidsl.load(folder)


def words(found: kpidsl.Evaluation) -> dict[str, str]:
    return {dict(verdict.slice).get("channel") or "": verdict.word for verdict in found}


PLANNED = """
kpi revenue
  formula     sum(sales.amount)
  target      at least 90% of sum(plan.goal)
  measured    every month
  from        2026-01
  by          channel
"""


def test_each_slice_owes_its_part_of_a_plan_and_a_hole_in_it_is_no_zero(tmp_path: Path) -> None:
    sales = "2026-01-05,google,90\n2026-01-06,meta,40\n2026-01-07,mail,1\n"
    plan = "2026-01-01,google,100\n2026-01-01,meta,50\n"
    found = project(tmp_path, PLANNED, sales, plan).evaluate(as_of="2026-02-01")
    assert words(found) == {"": "missed", "google": "met", "meta": "missed", "mail": "no data"}
    hole = next(verdict for verdict in found if dict(verdict.slice) == {"channel": "mail"})
    assert "plan has no rows for mail in 2026-01" in hole.why
    assert hole.target_low is None


def test_a_month_without_a_plan_is_grey(tmp_path: Path) -> None:
    found = project(tmp_path, PLANNED, "2026-02-05,google,90\n", "2026-01-01,google,100\n")
    verdict = next(iter(found.evaluate(as_of="2026-03-01")))
    assert (verdict.word, verdict.light) == ("no data", "grey")
    assert "plan has no rows in 2026-02" in verdict.why


def test_a_total_is_not_judged_by_a_plan_with_a_hole(tmp_path: Path) -> None:
    """meta is planned in January and not in February: then 100 EUR are the target of google alone."""
    sales = "2026-01-05,google,90\n2026-01-06,meta,50\n2026-02-05,google,70\n2026-02-06,meta,50\n"
    plan = "2026-01-01,google,100\n2026-01-01,meta,50\n2026-02-01,google,100\n"
    checked = project(tmp_path, PLANNED, sales, plan)
    found = checked.evaluate(as_of="2026-03-01")
    assert words(found) == {"": "no data", "google": "missed", "meta": "no data"}
    total = next(verdict for verdict in found if not verdict.slice)
    assert (total.light, total.value, total.target_low) == ("grey", 120, None)
    assert total.why.startswith(
        "120 EUR in 2026-02. The target is not whole in 2026-02: plan has no rows for meta in 2026-02, though"
        " it is told for other periods"
    )
    judged = found.judged[0]
    assert [(v.word, v.target_low) for v in judged.history[:2]] == [("met", 135), ("no data", None)]
    assert judged.crowd is not None
    [trend] = judged.crowd.trends(np.array([-1]), 6)
    assert [point.light for point in trend] == ["green", "grey"]
    (tmp_path / "plan.csv").write_text(f"month,channel,goal\n{plan}2026-02-01,meta,0\n")
    whole = kpidsl.load(tmp_path).evaluate(as_of="2026-03-01")
    assert words(whole) == {"": "met", "google": "missed", "meta": "met"}


def test_a_slice_that_was_never_planned_is_named_beside_the_target_of_the_total(tmp_path: Path) -> None:
    sales = "2026-01-05,google,90\n2026-01-06,meta,50\n2026-01-07,mail,1\n2026-01-08,,2\n"
    plan = "2026-01-01,google,100\n"
    found = project(tmp_path, PLANNED, sales, plan).evaluate(as_of="2026-02-01")
    total = next(verdict for verdict in found if not verdict.slice)
    assert (total.word, total.target_low) == ("met", 90)
    assert total.target == "at least 90 EUR, told for all but mail and 2 others"
    assert "at least 90 EUR asked (told for all but mail and 2 others)" in total.why
    alone = project(tmp_path, PLANNED, "2026-01-05,google,90\n2026-01-08,,2\n", plan)
    total = next(verdict for verdict in alone.evaluate(as_of="2026-02-01") if not verdict.slice)
    assert total.target == "at least 90 EUR, told for all but rows without a channel"


def test_a_slice_that_has_nothing_leaves_no_hole(tmp_path: Path) -> None:
    sales = "2026-01-05,google,90\n2026-01-06,meta,50\n2026-02-05,google,95\n"
    plan = "2026-01-01,google,100\n2026-01-01,meta,50\n2026-02-01,google,100\n"
    found = project(tmp_path, PLANNED, sales, plan).evaluate(as_of="2026-03-01")
    total = next(verdict for verdict in found if not verdict.slice)
    assert (total.word, total.target) == ("met", "at least 90 EUR")


LEVELS = """
kpi revenue
  formula     sum(sales.amount)
  target
    at least 100 EUR in 2026-01
    at most 50 EUR in 2026-03
  measured    every month
"""


@pytest.mark.parametrize(
    ("as_of", "word", "why"),
    [
        ("2025-12-31", "not started", "The promise starts on 2026-01-01"),
        ("2026-02-01", "missed", "at least 100 EUR asked"),
        ("2026-03-01", "no data", "No target is said for 2026-02;"),
        ("2026-04-01", "met", "at most 50 EUR asked"),
    ],
)
def test_a_period_has_its_own_target(tmp_path: Path, as_of: str, word: str, why: str) -> None:
    sales = "2025-12-05,google,1\n2026-01-15,google,99\n2026-02-15,google,9\n2026-03-15,google,50\n"
    verdict = next(iter(project(tmp_path, LEVELS, sales).evaluate(as_of=as_of)))
    assert verdict.word == word
    assert why in verdict.why


def test_a_target_of_a_quarter_holds_for_the_ratios_of_its_months(tmp_path: Path) -> None:
    kpi = """
kpi order
  formula     average(sales.amount)
  target
    at least 10 EUR in 2026-Q1
    at least 20 EUR in 2026-Q2
  measured    every month
"""
    sales = "2026-03-15,google,15\n2026-04-15,google,15\n"
    checked = project(tmp_path, kpi, sales)
    assert next(iter(checked.evaluate(as_of="2026-04-01"))).word == "met"
    assert next(iter(checked.evaluate(as_of="2026-05-01"))).word == "missed"


MISTAKES = [
    ("target\n    at least 1 EUR in 2026-Q1\n  measured every month", "K445", "is not one month"),
    (
        "target\n    at least 1 EUR in 2026-01\n    at least 2 EUR in 2026-01-31\n  measured every month",
        "K445",
        "2",
    ),
    (
        "target\n    at least 1 EUR in 2026-01\n    at least 2 EUR by 2026-02",
        "K445",
        "milestones and targets",
    ),
    (
        "target\n    at least 1 EUR in 2026-01\n  measured cumulatively\n  from 2026-01-01",
        "K445",
        "one total",
    ),
    ("target\n    at least 1 EUR in 2026-01\n  from 2026-02", "K411", "before the start"),
    ("target at least 9 EUR\n  pace\n    20% by 2026-01", "K446", "one total"),
]


@pytest.mark.parametrize(("clauses", "code", "said"), MISTAKES)
def test_what_contradicts_itself_is_told(tmp_path: Path, clauses: str, code: str, said: str) -> None:
    kpi = f"\nkpi revenue\n  formula     sum(sales.amount)\n  {clauses}\n"
    found = project(tmp_path, kpi, "2026-01-01,google,1\n").check()
    assert code in [one.code for one in found]
    assert said in next(one.message for one in found if one.code == code)


SCHEDULE = """
kpi revenue
  formula     sum(sales.amount)
  target      at least 1_000 EUR
  measured    cumulatively
  from        2026-01-01
  deadline    2026-12-31
  pace
    10% by 2026-03
    60% by 2026-09
"""


def expected(day: date) -> float:
    """By hand: nothing on New Year's Eve, 10% at the end of March, 60% of September, all of December."""
    points = [
        (date(2025, 12, 31), 0.0),
        (date(2026, 3, 31), 0.1),
        (date(2026, 9, 30), 0.6),
        (date(2026, 12, 31), 1.0),
    ]
    for (start, low), (end, high) in pairwise(points):
        if start < day <= end:
            return low + (high - low) * ((day - start) / (end - start))
    raise AssertionError


@given(days=st.integers(0, 363), more=st.booleans())
def test_a_schedule_says_what_is_expected_by_now(
    tmp_path_factory: pytest.TempPathFactory, days: int, more: bool
) -> None:
    day = date(2026, 1, 1) + timedelta(days=days)
    owed = 1000 * expected(day)
    sales = f"{day},google,{round(owed + (0.01 if more else -0.01), 6)}\n"
    found = project(tmp_path_factory.mktemp("paced"), SCHEDULE, sales).evaluate(as_of=day.isoformat())
    verdict = next(iter(found))
    assert verdict.reference_low == pytest.approx(owed, rel=1e-9)
    assert verdict.word == ("on track" if more else "off track")
    assert "due by the schedule" in verdict.why


WEEKDAY = """
kpi revenue
  formula     sum(sales.amount)
  target      at least 200 EUR
  measured    every month
  from        2026-03
  pace        like last year by weekday
"""


def test_last_year_is_aligned_by_the_day_of_the_week(tmp_path: Path) -> None:
    # 2026-03-08 is a Sunday, and so is 2025-03-09, 52 weeks before; March 2026 is held against the 31 days
    # from 2025-03-02 on.
    sales = "2025-03-01,google,1000\n2025-03-09,google,60\n2025-03-20,google,40\n2025-04-01,google,0\n"
    sales += "2026-03-08,google,120\n"
    checked = project(tmp_path, WEEKDAY, sales)
    verdict = next(iter(checked.evaluate(as_of="2026-03-08")))
    assert verdict.reference_low == 120
    assert verdict.word == "on track"
    (tmp_path / "kpis.kpi").write_text((tmp_path / "kpis.kpi").read_text().replace(" by weekday", ""))
    by_date = next(iter(kpidsl.load(tmp_path).evaluate(as_of="2026-03-08")))
    assert by_date.reference_low == pytest.approx(200 * 1000 / 1100)


MONTHS = {"2025-11": 580, "2025-12": 520, "2026-01": 400, "2026-02": 510}
BY_MONTH = "".join(f"{month}-01,google,{goal}\n" for month, goal in MONTHS.items())
FEW_SALES = "2025-11-03,google,900\n2025-12-03,google,600\n2026-01-30,google,138\n2026-02-10,google,50\n"
CUT = """
kpi revenue
  formula     sum(sales.amount)
  target      at least sum(plan.goal)
  {}
"""


@pytest.mark.parametrize(
    ("measured", "owed"),
    [
        ("measured cumulatively\n  from 2025-11\n  deadline 2026-05", 1500 + 510 * 10 / 28),
        ("measured cumulatively\n  from 2025-11-16\n  deadline 2026-05", 580 / 2 + 920 + 510 * 10 / 28),
        ("measured every week\n  from 2026-01-26", 400 * 6 / 31 + 510 * 1 / 28),
        ("measured over the last 28 days\n  from 2025-11", 400 * 18 / 31 + 510 * 10 / 28),
    ],
)
def test_of_a_month_that_a_window_cuts_the_days_are_owed(tmp_path: Path, measured: str, owed: float) -> None:
    found = project(tmp_path, CUT.format(measured), FEW_SALES, BY_MONTH).evaluate(as_of="2026-02-10")
    judged = found._outcome.judged[0]
    verdicts = [judged.headline, *judged.history]
    if "week" in measured:  # 2026-01-26 to 2026-02-01
        verdicts = [v for v in verdicts if v.window is not None and v.window.label == "2026-W05"]
    assert verdicts[0].reference_low == pytest.approx(owed, rel=1e-9)
    assert "asked by 2026-05" not in verdicts[0].why


def test_slices_owe_their_days_of_a_month_too(tmp_path: Path) -> None:
    spec = CUT.format("measured cumulatively\n  from 2025-11\n  deadline 2026-05\n  by channel")
    plan = BY_MONTH + BY_MONTH.replace("google", "meta")
    sales = FEW_SALES + FEW_SALES.replace("google", "meta")
    found = project(tmp_path, spec, sales, plan).evaluate(as_of="2026-02-10")
    one = 1500 + 510 * 10 / 28
    assert [v.reference_low for v in found] == [pytest.approx(each) for each in (2 * one, one, one)]
    many = found._outcome.judged[0].crowd.number("reference_low")
    assert many.tolist() == [pytest.approx(one), pytest.approx(one)]


def test_a_plan_by_the_day_is_counted_as_it_is(tmp_path: Path) -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(60)]
    plan = "".join(f"{day},google,7\n" for day in days)
    spec = CUT.format("measured cumulatively\n  from 2026-01-01\n  deadline 2026-05")
    for as_of, owed in (("2026-02-10", 41 * 7), ("2026-01-01", 7), ("2026-02-01", 32 * 7)):
        found = project(tmp_path, spec, FEW_SALES + f"{as_of},google,1\n", plan).evaluate(as_of=as_of)
        assert next(iter(found)).reference_low == owed
