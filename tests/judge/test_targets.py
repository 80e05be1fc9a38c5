"""Targets that come from a baseline, the line to them, milestones, the pace of last year, and slices."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve

from kpidsl.graph import Cumulative, Trailing
from kpidsl.model.units import PERCENT

from .world import (
    MARGIN,
    SALES,
    SPEND,
    amount,
    bound,
    day,
    headline,
    hear,
    kpi,
    monthly,
    number,
    percent,
    period,
    total,
)

GROW = bound("increase", 0.2, relative=True)
SHRINK = bound("decrease", 0.2, relative=True)
HALF = {"measured": Cumulative(), "start": "2026-07-01", "deadline": "2026-12-31"}
"""184 days."""


def ratios(values, key="google"):
    """Months (or days) to a ratio in percent."""
    return monthly(SALES, dict.fromkeys(values, 100), key) | monthly(SPEND, values, key)


# -- changed by an amount -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "value", "word", "asked"),
    [
        (GROW, 120, "met", "at least 120 EUR, an increase by 20% from 100 EUR in 2025-12"),
        (GROW, 119.99, "missed", "at least 120 EUR, an increase by 20% from 100 EUR in 2025-12"),
        (SHRINK, 80, "met", "at most 80 EUR, a decrease by 20% from 100 EUR in 2025-12"),
        (SHRINK, 80.01, "missed", "at most 80 EUR, a decrease by 20% from 100 EUR in 2025-12"),
        (bound("increase", 5), 105, "met", "at least 105 EUR, an increase by 5 EUR from 100 EUR in 2025-12"),
        (
            bound("decrease", 5),
            95.01,
            "missed",
            "at most 95 EUR, a decrease by 5 EUR from 100 EUR in 2025-12",
        ),
    ],
)
def test_a_baseline_changed_by_an_amount(target, value, word, asked):
    one = kpi(SALES, target, baseline=period("2025-12"), pace="none")
    found = headline(one, monthly(SALES, {"2025-12": 100, "2026-01": value}), "2026-02-01")
    assert (found.word, found.target, found.baseline) == (word, asked, 100)


def test_points_change_a_percentage():
    one = kpi(MARGIN, bound("increase", 0.02), unit=PERCENT, baseline=period("2025-12"), pace="none")
    found = headline(one, ratios({"2025-12": 3, "2026-01": 4}), "2026-02-01")
    assert found.target == "at least 5%, an increase by 2 points from 3% in 2025-12"
    assert (found.target_low, found.word) == (0.05, "missed")


@pytest.mark.parametrize(
    ("baseline", "relative", "absolute", "cause"),
    [
        ({"2025-12": 0}, "no data", "met", "is 0 EUR, not above 0"),
        ({"2025-12": -10}, "no data", "met", "is -10 EUR, not above 0"),
        ({}, "no data", "no data", "has none, for orders has no rows in 2025-12"),
    ],
)
def test_a_baseline_that_is_zero_negative_or_absent(baseline, relative, absolute, cause):
    ledger = monthly(SALES, baseline | {"2026-01": 100})
    one = kpi(SALES, GROW, baseline=period("2025-12"), pace="none")
    found = headline(one, ledger, "2026-02-01")
    assert (found.word, found.light, found.value, found.target) == (relative, "grey", 100, "increase by 20%")
    assert "the baseline in 2025-12 " + cause in found.why
    one = kpi(SALES, bound("increase", 5), baseline=period("2025-12"), pace="none")
    assert headline(one, ledger, "2026-02-01").word == absolute


def test_a_change_of_nothing_has_no_value():
    found = headline(kpi(SALES, GROW), monthly(SALES, {"2026-01": 100}), "2026-02-01")
    assert (found.word, found.why) == (
        "no data",
        "100 EUR in 2026-01. `increase by 20%` has no value: there is no baseline.",
    )


@pytest.mark.parametrize(
    ("baseline", "expected"), [("previous period", 120), ("same period last year", 60), (number(10), 12)]
)
def test_baselines_that_move_and_numbers(baseline, expected):
    one = kpi(SALES, GROW, baseline=baseline, start="2026-01-01", pace="none")
    ledger = monthly(SALES, {"2025-02": 50, "2026-01": 100, "2026-02": 1})
    assert headline(one, ledger, "2026-03-01").reference_low == expected


def test_the_baseline_of_a_monthly_total_is_the_mean_month():
    one = kpi(SALES, GROW, baseline=period("2025-Q4"), pace="none")
    ledger = monthly(SALES, {"2025-10": 50, "2025-11": 100, "2025-12": 150, "2026-01": 120})
    found = headline(one, ledger, "2026-02-01")
    assert (found.word, found.baseline) == ("met", 100)
    assert found.target == "at least 120 EUR, an increase by 20% from 100 EUR in the mean period of 2025-Q4"


def test_the_baseline_of_a_monthly_total_has_to_be_made_of_months():
    one = kpi(SALES, GROW, baseline=period("2025-12-05 to 2025-12-20"), start="2026-01-01")
    found = headline(one, monthly(SALES, {"2025-12-10": 5, "2026-01": 120}), "2026-02-01")
    assert found.word == "no data"
    assert "in 2025-12-05 to 2025-12-20 has none, for it is not made of whole months" in found.why


def test_the_baseline_of_a_sliding_total_is_brought_to_as_many_days():
    one = kpi(SALES, GROW, measured=Trailing(10, "day"), baseline=period("2026-06"))
    found = headline(one, monthly(SALES, {"2026-06-10": 300, "2026-07-20": 120}), "2026-07-20")
    assert (found.baseline, found.target_low, found.word) == (100, 120, "on track")


def test_a_cumulative_total_goes_by_its_share_from_nothing():
    one = kpi(SALES, GROW, baseline=period("2025-H2"), **HALF)
    ledger = monthly(SALES, {"2025-09": 100, "2026-09-30": 60})
    found = headline(one, ledger, "2026-09-30")
    assert (found.target_low, found.reference_low, found.word) == (120, 60, "on track")


# -- the line -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "reference", "word"),
    [
        ("2026-02-01", 0.03 + 0.01 * 31 / 365, "missed"),
        ("2026-07-01", 0.03 + 0.01 * 181 / 365, "missed"),
        ("2027-01-01", 0.04, "missed"),
    ],
)
def test_the_reference_glides_from_baseline_to_target(as_of, reference, word):
    one = kpi(MARGIN, bound("increase", 0.01), unit=PERCENT, baseline=period("2025"), deadline="2026-12-31")
    ledger = ratios({"2025-05": 3} | {f"2026-{month:02}": 3 for month in range(1, 13)})
    found = headline(one, ledger, as_of)
    assert found.reference_low == pytest.approx(reference, rel=1e-11)
    assert (found.word, found.target_low) == (word, 0.04)


def test_a_running_ratio_is_judged_by_the_line_at_the_end_of_its_period():
    one = kpi(MARGIN, bound("increase", 0.01), unit=PERCENT, baseline=period("2025"), deadline="2026-12-31")
    found = hear(one, ratios({"2025-05": 3, "2026-12-01": 4}), "2026-12-02").history[-1]
    assert (found.word, found.reference_low) == ("on track", 0.04)


def test_a_running_total_owes_its_share_of_the_line():
    one = kpi(SALES, bound("increase", 30), baseline=number(0), start="2026-06-01", deadline="2026-06-30")
    found = headline(one, monthly(SALES, {"2026-06-10": 10}), "2026-06-10")
    assert (found.reference_low, found.word) == (10, "on track")


@pytest.mark.parametrize(
    ("change", "reference"),
    [
        ({"pace": "none"}, 0.04),
        ({"deadline": None}, 0.04),
        ({"baseline": "previous period"}, 0.04),
        ({"measured": Cumulative()}, 0.04),
    ],
)
def test_without_a_line_the_reference_is_the_target(change, reference):
    promise = {"baseline": period("2025-12"), "start": "2026-01-01", "deadline": "2026-12-31"} | change
    one = kpi(MARGIN, bound("increase", 0.01), unit=PERCENT, **promise)
    assert headline(one, ratios({"2025-12": 3, "2026-01": 3}), "2026-02-01").reference_low == reference


def test_between_two_bounds_there_is_no_line():
    promise = {"baseline": period("2025-12"), "deadline": "2026-12-31"}
    one = kpi(MARGIN, bound("between", 0.05, 0.06), unit=PERCENT, **promise)
    found = headline(one, ratios({"2025-12": 3, "2026-01": 3}), "2026-02-01")
    assert (found.reference_low, found.reference_high) == (0.05, 0.06)


def test_a_tolerance_on_the_line_is_relative_to_the_target():
    promise = {"baseline": number(100), "start": "2026-01-01", "deadline": "2026-12-31"}
    one = kpi(MARGIN, bound("at most", number(50)), tolerance=percent(10), **promise)
    assert headline(one, ratios({"2026-01": 9500}), "2026-02-01").tolerance == 5


def test_the_sentence_names_the_way():
    one = kpi(MARGIN, bound("increase", 0.01), unit=PERCENT, baseline=period("2025"), deadline="2026-12-31")
    assert headline(one, ratios({"2025-05": 3, "2026-06": 3.2}), "2026-07-01").why == (
        "3.2% in 2026-06, at least 3.496% expected on the way to at least 4% by 2026-12-31 "
        "(an increase by 1 point from 3% in 2025): 0.296 points below."
    )


def test_an_absent_baseline_leaves_an_absolute_target_without_a_reference_until_the_deadline():
    one = kpi(
        MARGIN, bound("at least", 0.04), unit=PERCENT, baseline=period("2025-12"), deadline="2026-02-28"
    )
    ledger = ratios({"2026-01": 5, "2026-02": 5})
    found = hear(one, ledger, "2026-03-01")
    assert [verdict.word for verdict in found.history] == ["no data", "met"]
    assert "the baseline has no value" in found.history[0].why


@pytest.mark.parametrize(("value", "ahead"), [(3.5, 0.04), (3, 0.03), (4, 0.05)])
def test_the_projection_goes_on_along_the_line(value, ahead):
    promise = {"baseline": number(0.03), "start": "2026-01-01", "deadline": "2026-02-28", "pace": "linear"}
    one = kpi(MARGIN, bound("increase", 0.01), unit=PERCENT, **promise)
    found = headline(one, ratios({"2026-01": value}), "2026-02-01")
    start, end = Fraction("0.03"), Fraction(str(value)) / 100
    assert found.projection == pytest.approx(float(start + (end - start) / Fraction(31, 59)), rel=1e-9)
    assert (found.projection > 0.04) == (found.light == "green")
    assert (found.projection - 0.03 > 0) == (ahead > 0.03)


# -- milestones ---------------------------------------------------------------------------------------------

STEPS = ((day("2026-08-31"), bound("at least", 200)), (day("2026-12-31"), bound("at least", 600)))


@pytest.mark.parametrize(
    ("as_of", "words", "head"),
    [
        ("2026-07-31", ["on track"], 0),
        ("2026-08-31", ["met"], 0),
        ("2026-09-15", ["met", "on track"], 0),
        ("2026-12-31", ["met", "off track"], 0),
        ("2027-01-01", ["met", "missed"], 1),
    ],
)
def test_each_milestone_of_a_total_is_judged_at_its_day(as_of, words, head):
    one = kpi(SALES, measured=Cumulative(), start="2026-07-01", milestones=STEPS)
    ledger = monthly(SALES, {"2026-07-31": 100, "2026-08": 110, "2026-09-15": 70, "2026-12": 1})
    found = hear(one, ledger, as_of)
    assert [verdict.word for verdict in found.history] == words
    assert found.headline == found.history[head]


def test_between_milestones_the_reference_is_on_the_line_from_one_to_the_next():
    one = kpi(SALES, measured=Cumulative(), start="2026-07-01", milestones=STEPS)
    found = hear(one, monthly(SALES, {"2026-10-31": 399}), "2026-10-31").history[-1]
    assert (found.reference_low, found.word) == (400, "off track")
    assert (found.deadline, found.days_left, found.target_low) == (day("2026-12-31"), 61, 600)


def test_a_level_owes_the_last_milestone_passed_and_before_the_first_nothing_is_missed():
    one = kpi(SALES, start="2026-07-01", milestones=STEPS)
    found = hear(one, monthly(SALES, {"2026-07": 100, "2026-08": 200, "2026-11": 210}), "2027-01-01")
    assert [(verdict.word, verdict.target_low) for verdict in found.history] == [
        ("off track", 200), ("met", 200), ("no data", 200), ("no data", 200), ("met", 200), ("no data", 600),
    ]  # fmt: skip
    assert found.history[0].why == "100 EUR in 2026-07, at least 200 EUR asked by 2026-08-31: 50% below."


def test_a_level_reached_before_its_milestone_is_on_track_and_not_met():
    one = kpi(SALES, start="2026-07-01", milestones=STEPS)
    found = hear(one, monthly(SALES, {"2026-07-02": 200}), "2026-07-03")
    assert (found.headline.word, found.headline.running) == ("on track", True)


# -- the pace of last year ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("earlier", "word", "reference"),
    [
        ({"2025-08": 30, "2025-12": 70}, "on track", 300),
        ({"2025-12": 70}, "no data", None),
        ({"2025-08": 30, "2025-12": -30}, "no data", None),
        ({"2025-08": -30, "2025-12": 70}, "no data", None),
        ({}, "no data", None),
    ],
)
def test_the_share_expected_is_last_year_s(earlier, word, reference):
    one = kpi(SALES, bound("at least", 1000), pace="like last year", **HALF)
    found = headline(one, monthly(SALES, earlier | {"2026-09-15": 330}), "2026-09-20")
    assert (found.word, found.reference_low) == (word, reference)
    if reference:
        assert found.projection == 1100
        assert "at least 300 EUR expected by now, for 30% of last year's total had come by then" in found.why
    else:
        assert "No pace like last year" in found.why


# -- slices -------------------------------------------------------------------------------------------------


def slices(one, ledger, as_of="2026-10-01"):
    return {verdict.slice: verdict for verdict in hear(one, ledger, as_of).slices}


GOOGLE, META = (("channel", "google"),), (("channel", "meta"),)
BOTH = monthly(SALES, {"2026-09": 60}) | monthly(SALES, {"2026-09": 40}, "meta")


def test_a_part_does_not_owe_what_the_whole_promised():
    found = slices(kpi(SALES, bound("at least", 100), by=True), BOTH)
    assert {key: (v.word, v.value, v.counts) for key, v in found.items()} == {
        GOOGLE: ("no target", 60, False),
        META: ("no target", 40, False),
    }


def test_neither_does_a_part_of_a_stock_level():
    one = kpi(evolve(SALES, additivity="semi"), bound("at least", 100), by=True)
    ledger = {(evolve(SALES, additivity="semi"), key, when): v for (_, key, when), v in BOTH.items()}
    assert {verdict.word for verdict in slices(one, ledger).values()} == {"no target"}


def test_a_slice_has_its_own_target_and_the_kpi_s_tolerance_unless_it_has_one():
    terms = [("google", bound("at least", 61), None), ("meta", bound("at least", 41), amount(0.5))]
    found = slices(kpi(SALES, bound("at least", 100), by=True, slices=terms, tolerance=amount(1)), BOTH)
    assert (found[GOOGLE].word, found[GOOGLE].tolerance) == ("nearly met", 1)
    assert (found[META].word, found[META].tolerance) == ("missed", 0.5)


def test_a_slice_inherits_the_target_of_a_ratio():
    one = kpi(MARGIN, bound("at most", 0.1), unit=PERCENT, by=True, tolerance=percent(10))
    found = hear(one, ratios({"2026-09": 5}) | ratios({"2026-09": 11}, "meta"), "2026-10-01")
    assert [(v.slice, v.word, v.tolerance) for v in found.slices] == [
        (GOOGLE, "met", 0.01), (META, "nearly met", 0.01),
    ]  # fmt: skip
    assert found.headline.slice == ()
    assert [key for key, _ in found.slice_history] == [("google",), ("meta",)]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("tiktok", "No row has the channel tiktok."),
        ("Google", "No row has the channel Google; a similar one: google."),
    ],
)
def test_a_slice_that_the_data_lacks_is_said(name, why):
    one = kpi(SALES, bound("at least", 1), by=True, slices=[(name, bound("at least", 1), None)])
    found = slices(one, BOTH)[(("channel", name),)]
    assert (found.word, found.light, found.why, found.value) == ("no data", "grey", why, None)


def test_the_baseline_of_a_slice_is_its_own():
    one = kpi(MARGIN, bound("increase", 0.01), unit=PERCENT, by=True, baseline=period("2026-08"), pace="none")
    ledger = ratios({"2026-08": 3, "2026-09": 4}) | ratios({"2026-08": 5, "2026-09": 5}, "meta")
    found = slices(one, ledger)
    assert (found[GOOGLE].baseline, found[GOOGLE].word) == (0.03, "met")
    assert (found[META].baseline, found[META].word) == (0.05, "missed")


def test_a_slice_that_is_new_has_no_baseline():
    one = kpi(MARGIN, GROW, unit=PERCENT, by=True, baseline=period("2026-08"), pace="none")
    ledger = ratios({"2026-08": 3, "2026-09": 4}) | ratios({"2026-09": 5}, "meta")
    found = slices(one, ledger)
    assert (found[META].word, found[META].value) == ("no data", 0.05)


def test_a_plan_that_is_not_split_gives_slices_no_target():
    plan = total("plan", "share")
    one = kpi(MARGIN, bound("at most", plan), unit=PERCENT, by=True)
    ledger = ratios({"2026-09": 3}) | monthly(plan, {"2026-09": 0.05})
    found = hear(one, ledger, "2026-10-01")
    assert found.headline.word == "met"
    assert found.slices[0].word == "no data"
    assert "it is told for all slices together only" in found.slices[0].why
