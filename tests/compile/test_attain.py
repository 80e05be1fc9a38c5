"""Targets that contradict those of their drivers: worked cases, what is no contradiction, and intervals that
hold every value."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kpidsl.compile.intervals import Reach, combined
from tests.compile.spec import build

SHOP = """
kpi visits
  formula     sum(web.visits)
  target      {visits}
  measured    {measured}
{dates}
kpi rate
  formula     count(web) / sum(web.visits)
  unit        %
  target      {rate}
  measured    every month

kpi buyers
  formula     sum(web.visits) * {named}
  target      {buyers}
  measured    every month
{more}
"""
WEB = """
source web
  from        "web.csv"
  row         visit
  time        day
  column      visits visit
  column      signed EUR
  column      diff = signed - 3 EUR
"""


def shop(
    visits="at most 100 visits",
    rate="at most 4%",
    buyers="at least 20 visits",
    measured="every month",
    dates="",
    named="rate",
    more="",
):
    text = SHOP.format(
        visits=visits, rate=rate, buyers=buyers, measured=measured, dates=dates, named=named, more=more
    )
    made = build(text, WEB)
    assert not made.report.errors, [d.message for d in made.report.errors]
    return [d for d in made.report if d.code == "K440"]


def test_a_product_of_caps() -> None:
    (found,) = shop()
    assert found.severity.word == "warning"
    assert found.kpi == "buyers"
    assert found.message == (
        "`buyers` asks for at least 20 visits, and can be at most 4 visits"
        " where `visits` is at most 100 visits and `rate` is at most 4%"
    )
    assert [label.text for label in found.labels] == [
        "`visits` is to be at most 100 visits",
        "`rate` is to be at most 4%",
    ]
    assert found.span.text == "target      at least 20 visits"
    assert found.help == "at least 4 visits could be kept; else one of the others has to give way"


@pytest.mark.parametrize("buyers", ["at least 4 visits", "at most 1 visit", "between 4 visits and 9 visits"])
def test_what_can_just_be_reached_is_fine(buyers: str) -> None:
    assert shop(buyers=buyers) == []


@pytest.mark.parametrize(
    ("buyers", "count"), [("at least 4.01 visits", 1), ("between 4.01 visits and 9 visits", 1)]
)
def test_what_is_just_beyond_is_not(buyers: str, count: int) -> None:
    assert len(shop(buyers=buyers)) == count


def test_floors_make_a_cap_unattainable() -> None:
    (found,) = shop("at least 200 visits", "at least 10%", "at most 19 visits")
    assert "can be at least 20 visits" in found.message


def test_a_driver_without_a_bound_leaves_all_open() -> None:
    assert shop(visits="at least 100 visits") == []
    assert shop(rate="at least 4%") == []


def test_a_constant_counts() -> None:
    (found,) = shop(named="5%", buyers="at least 6 visits")
    assert "can be at most 5 visits" in found.message
    assert "rate" not in found.message


def test_a_quotient() -> None:
    more = """
kpi leads
  formula     count(web)
  target      at least 30 visits
  measured    every month
"""
    found = shop(more=more, buyers="at least 1 visit")
    assert [d.kpi for d in found] == ["rate"]
    assert "can be at least 30%" in found[0].message


def test_a_difference() -> None:
    more = """
kpi spare
  formula     sum(web.visits) - count(web)
  target      at least 120 visits
  measured    every month
"""
    found = shop(more=more, buyers="at least 1 visit")
    assert [d.kpi for d in found] == ["spare"]
    assert "can be at most 100 visits" in found[0].message  # nothing is less than no visit


def test_two_targets_for_one_formula() -> None:
    more = """
kpi traffic
  formula     sum(web.visits)
  target      at least 120 visits
  measured    every month
"""
    found = shop(more=more, buyers="at least 1 visit")
    assert [(d.kpi, "`visits` is at most 100 visits" in d.message) for d in found] == [("traffic", True)]


def test_other_windows() -> None:
    # a cap for each week says nothing of a month, and neither does one of a year
    assert shop(measured="every week") == []
    assert shop(measured="every year") == []
    assert shop(measured="over the last 28 days") == []


@pytest.mark.parametrize(("asked", "count"), [("1_200", 0), ("1_201", 1)])
def test_months_make_a_year(asked: str, count: int) -> None:
    more = f"""
kpi yearly
  formula     sum(web.visits)
  target      at least {asked} visits
  measured    every year
"""
    assert len(shop(more=more, buyers="at least 1 visit")) == count


@pytest.mark.parametrize(("asked", "count"), [("300", 0), ("301", 1)])
def test_months_make_a_total(asked: str, count: int) -> None:
    more = f"""
kpi total
  formula     sum(web.visits)
  target      at least {asked} visits
  measured    cumulatively
  from        2026-01
  deadline    2026-Q1
"""
    assert len(shop(more=more, buyers="at least 1 visit")) == count


def test_a_ratio_of_a_year_lies_between_those_of_its_months() -> None:
    more = """
kpi yearly
  formula     count(web) / sum(web.visits)
  unit        %
  target      at least 5%
  measured    every year
"""
    assert [d.kpi for d in shop(more=more, buyers="at least 1 visit")] == ["yearly"]


def test_other_times() -> None:
    more = """
kpi later
  formula     sum(web.visits)
  target      at least 120 visits
  measured    every month
  from        2027-01
"""
    ended = "  deadline    2026-12\n"
    assert shop(more=more, buyers="at least 1 visit", dates=ended) == []
    assert len(shop(more=more, buyers="at least 1 visit", dates="  deadline    2027-01\n")) == 1


def test_drafts_promise_nothing() -> None:
    assert shop(dates="  draft\n") == []


def test_another_period_is_not_promised() -> None:
    assert shop(named="growth(visits) * 1 visit / sum(web.visits)") == []


def test_signed_columns_have_no_floor() -> None:
    more = """
kpi margin
  formula     sum(web.diff)
  target      at most 10 EUR
  measured    every month

kpi twice
  formula     sum(web.diff) * sum(web.diff) / 1 EUR
  target      at least 500 EUR
  measured    every month
"""
    assert shop(more=more, buyers="at least 1 visit") == []  # the square of -30 is 900


def test_a_change_of_a_number() -> None:
    more = """
kpi traffic
  formula     sum(web.visits)
  baseline    90 visits
  target      increase by 20%
  measured    every month
  deadline    2026-12
  pace        none
"""
    found = shop(more=more, buyers="at least 1 visit")
    assert [(d.kpi, "at least 108 visits" in d.message) for d in found] == [("traffic", True)]


def test_milestones_of_a_total() -> None:
    more = """
kpi total
  formula     sum(web.visits)
  target
    at least 90 visits by 2026-01
    at least 290 visits by 2026-02
  measured    cumulatively
  from        2026-01
  deadline    2026-03
"""
    (found,) = shop(more=more, buyers="at least 1 visit")
    assert "can be at most 200 visits" in found.message


# -- intervals

ENDS = st.one_of(st.just(-math.inf), st.just(math.inf), st.integers(-5, 5).map(float), st.floats(-100, 100))


@st.composite
def reaches(draw):
    """An interval and a number in it."""
    low, high = sorted((draw(ENDS) + 0.0, draw(ENDS) + 0.0))  # -0.0 is 0.0
    assume(low < math.inf)
    assume(high > -math.inf)
    value = draw(st.floats(max(low, -1e3), min(high, 1e3)))
    return Reach(low, high), value


@given(st.sampled_from("+-*/"), reaches(), reaches())
def test_intervals_hold_every_value(op, one, other):
    (a, x), (b, y) = one, other
    assume(op != "/" or y != 0)
    value = {"+": x + y, "-": x - y, "*": x * y}[op] if op != "/" else x / y
    assume(math.isfinite(value))
    found = combined(op, [a, b])
    assert not math.isnan(found.low)
    assert not math.isnan(found.high)
    slack = 1e-9 * max(1, abs(value))
    assert found.low - slack <= value <= found.high + slack


@given(st.sampled_from(["neg", "abs", "round"]), reaches())
def test_intervals_of_one_number(op, one):
    a, x = one
    value = {"neg": -x, "abs": abs(x), "round": float(round(x))}[op]
    found = combined(op, [a])
    assert found.low - 1e-9 <= value <= found.high + 1e-9


def test_nothing_follows_from_a_division_by_zero():
    assert combined("/", [Reach(1.0, 2.0), Reach(0.0, 0.0)]) == Reach()
