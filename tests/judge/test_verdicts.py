"""Verdicts, from promise and ledger to word, light, numbers and sentence."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl import judge
from kpidsl.graph import (
    About,
    Aggregate,
    Combine,
    Cumulative,
    Default,
    Every,
    Rolling,
    Running,
    Shift,
    Trailing,
    aggregates,
)
from kpidsl.model.periods import Window
from kpidsl.model.rows import ColumnRef
from kpidsl.model.types import NUMBER
from kpidsl.model.units import PERCENT, POINTS, Unit

from .world import (
    EUR,
    LEAD,
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
    ratio,
    total,
)

YEAR = {"measured": Cumulative(), "start": "2026-01-01", "deadline": "2026-12-31"}
"""365 days."""


# -- words --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "word", "light"),
    [
        (100, "met", "green"),
        (99.99, "nearly met", "amber"),
        (95, "nearly met", "amber"),
        (94.99, "missed", "red"),
    ],
)
def test_a_closed_period_is_judged_for_good_even_before_the_deadline(value, word, light):
    one = kpi(SALES, bound("at least", 100), tolerance=percent(5), deadline="2026-12-31")
    found = headline(one, monthly(SALES, {"2026-09": value}), "2026-10-01")
    assert (found.word, found.light, found.window, found.running) == (word, light, period("2026-09"), False)


@pytest.mark.parametrize(
    ("value", "word", "light"),
    [(10, "on track", "green"), (9.99, "at risk", "amber"), (4.99, "off track", "red")],
)
def test_a_running_period_is_judged_by_the_share_that_is_gone(value, word, light):
    one = kpi(SALES, bound("at least", 30), tolerance=amount(5), start="2026-09-01")
    found = headline(one, monthly(SALES, {"2026-09-10": value}), "2026-09-10")
    assert (found.word, found.light, found.reference_low, found.running) == (word, light, 10, True)


@pytest.mark.parametrize(
    ("as_of", "word"), [("2026-09-29", "off track"), ("2026-09-30", "off track"), ("2026-10-01", "missed")]
)
def test_the_last_day_is_still_open(as_of, word):
    one = kpi(MARGIN, bound("at least", 2), unit=PERCENT, start="2026-09-01")
    ledger = monthly(SALES, {"2026-09-29": 100}) | monthly(SPEND, {"2026-09-29": 100})
    assert headline(one, ledger, as_of).word == word


@pytest.mark.parametrize(
    ("as_of", "word", "left", "final"),
    [
        ("2025-12-31", "not started", 365, False),
        ("2026-01-01", "off track", 364, False),
        ("2026-12-30", "off track", 1, False),
        ("2026-12-31", "off track", 0, False),
        ("2027-01-01", "missed", 0, True),
        ("2031-01-01", "missed", 0, True),
    ],
)
def test_the_deadline_far_off_today_and_past(as_of, word, left, final):
    ledger = monthly(SALES, {"2025-12-01": 1, "2026-01-01": 0.5})
    found = headline(kpi(SALES, bound("at least", 1000), **YEAR), ledger, as_of)
    assert (found.word, found.days_left, found.final) == (word, left, final)


def test_a_ratio_in_progress_is_held_against_the_target_itself():
    one = kpi(MARGIN, bound("at most", 0.5), unit=PERCENT, start="2026-09-01")
    ledger = monthly(SALES, {"2026-09-02": 100}) | monthly(SPEND, {"2026-09-02": 50})
    found = headline(one, ledger, "2026-09-03")
    assert (found.word, found.reference_high, found.projection) == ("on track", 0.5, None)


def test_a_stock_level_in_progress_is_held_against_the_target_itself():
    level = Combine("+", (SALES,), EUR, "semi")
    found = headline(
        kpi(level, bound("at least", 30), start="2026-09-01"),
        monthly(level.args[0], {"2026-09-02": 30}),
        "2026-09-03",
    )
    assert (found.word, found.reference_low) == ("on track", 30)


def test_the_pace_goes_by_the_watermark_and_not_by_the_clock():
    one = kpi(SALES, bound("at least", 365), **YEAR)
    found = headline(one, monthly(SALES, {"2026-04-10": 100}), "2026-06-30")
    assert (found.reference_low, found.word, found.projection) == (100, "on track", 365)
    assert found.why == (
        "100 EUR by 2026-04-10, 27% of the time gone, at least 100 EUR expected by now "
        "(at least 365 EUR asked by 2026-12-31): just reached."
    )


def test_with_pace_none_all_of_it_is_due_at_once():
    one = kpi(SALES, bound("at least", 365), pace="none", **YEAR)
    found = headline(one, monthly(SALES, {"2026-04-10": 100}), "2026-06-30")
    assert (found.reference_low, found.word, found.projection) == (365, "off track", 365)


def test_a_percent_tolerance_is_the_same_amount_on_every_day():
    ledger = monthly(SALES, {"2026-01-10": 0})
    relative = headline(
        kpi(SALES, bound("at least", 365), tolerance=percent(10), **YEAR), ledger, "2026-01-10"
    )
    absolute = headline(
        kpi(SALES, bound("at least", 365), tolerance=amount(36.5), **YEAR), ledger, "2026-01-10"
    )
    assert (relative.word, relative.reference_low, relative.tolerance) == ("at risk", 10, 36.5)
    assert (absolute.word, absolute.tolerance) == ("at risk", 36.5)


def test_without_a_deadline_a_cumulative_total_owes_its_target():
    one = kpi(SALES, bound("at least", 100), measured=Cumulative(), start="2026-01-01")
    found = headline(one, monthly(SALES, {"2026-01-10": 99}), "2026-06-30")
    assert (found.word, found.reference_low, found.days_left, found.projection) == (
        "off track",
        100,
        None,
        None,
    )


# -- said at once -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "value", "word", "final"),
    [
        (bound("at most", 365), 365.01, "off track", False),
        (bound("at most", 365), 375.01, "missed", True),
        (bound("at most", 365), 375, "off track", False),
        (bound("at least", 365), 365, "met", True),
        (bound("at least", 365), 364.99, "on track", False),
        (bound("between", 300, 365), 375.01, "missed", True),
        (bound("between", 300, 365), 364, "off track", False),
    ],
)
def test_what_cannot_change_any_more_is_said_at_once(target, value, word, final):
    one = kpi(SALES, target, tolerance=amount(10), **YEAR)
    found = headline(one, monthly(SALES, {"2026-04-10": value}), "2026-04-10")
    assert (found.word, found.final) == (word, final)


def test_a_running_period_is_said_at_once_too():
    one = kpi(SALES, bound("at least", 30), start="2026-09-01", deadline="2026-12-31")
    found = hear(one, monthly(SALES, {"2026-09-02": 30}), "2026-09-03").headline
    assert (found.word, found.running, found.final) == ("met", True, False)


@pytest.mark.parametrize(
    "formula", [Combine("-", (SALES, SPEND), EUR, "additive"), Default(SALES, 5, EUR, "additive")]
)
def test_what_may_fall_again_is_not(formula):
    ledger = monthly(SALES, {"2026-04-10": 500}) | monthly(SPEND, {"2026-04-10": 1})
    assert headline(kpi(formula, bound("at most", 365), **YEAR), ledger, "2026-04-10").word == "off track"
    assert headline(kpi(formula, bound("at least", 365), **YEAR), ledger, "2026-04-10").word == "on track"


def test_the_sentence_of_an_overrun():
    found = headline(
        kpi(SALES, bound("at most", 365), **YEAR), monthly(SALES, {"2026-04-10": 400}), "2026-04-11"
    )
    assert found.why == (
        "400 EUR by 2026-04-10, at most 365 EUR asked by 2026-12-31: "
        "exceeded by 35 EUR, and a total does not fall again."
    )


def test_a_sliding_total_can_fall_again():
    one = kpi(SALES, bound("at most", 100), measured=Trailing(28, "day"), deadline="2026-12-31")
    found = headline(one, monthly(SALES, {"2026-04-10": 400}), "2026-04-11")
    assert (found.word, found.reference_high, found.projection) == ("off track", 100, 400)


# -- grey ---------------------------------------------------------------------------------------------------


def test_no_value_is_grey_with_its_cause():
    one = kpi(SALES, bound("at most", 100), start="2026-07-01")
    found = headline(one, monthly(SALES, {"2026-08": 1}), "2026-10-15")
    assert (found.word, found.light, found.value) == ("no data", "grey", None)
    assert found.why == "No value: orders has no rows in 2026-09."
    assert found.target == "at most 100 EUR"


def test_an_empty_first_period_does_not_spoil_the_others():
    one = kpi(SALES, bound("at least", 1), start="2026-07-01")
    found = hear(one, monthly(SALES, {"2026-08": 1, "2026-09": 1}), "2026-10-15")
    assert [verdict.word for verdict in found.history] == ["no data", "met", "met", "no data"]
    assert found.headline == found.history[2]


@pytest.mark.parametrize("value", [0, 50, 1000])
def test_stale_is_grey_whatever_the_number_and_shows_it(value):
    one = kpi(SALES, bound("at least", 50))
    found = headline(one, monthly(SALES, {"2026-09": value}), "2026-10-15", stale="orders is 15 days old")
    assert (found.word, found.light, found.value) == ("stale", "grey", value)
    assert found.why == f"{value:,} EUR in 2026-09: orders is 15 days old."


def test_without_a_value_too_a_stale_source_is_the_cause():
    one = kpi(SALES, bound("at least", 50), start="2026-09-01")
    found = headline(one, monthly(SALES, {"2026-08": 1}), "2026-10-15", stale="orders is 45 days old")
    assert (found.word, found.why) == ("stale", "No value in 2026-09: orders is 45 days old.")


def test_a_stale_source_of_the_target_counts():
    plan = total("orders", "plan")
    one = kpi(SPEND, bound("at least", plan), start="2026-09-01")
    ledger = monthly(SPEND, {"2026-09": 5}) | monthly(plan, {"2026-09": 5})
    assert headline(one, ledger, "2026-10-15", stale="orders is old").word == "stale"


@pytest.mark.parametrize("node", [SALES, SPEND])
def test_a_formula_or_target_that_fails_says_why(node):
    one = kpi(SALES, bound("at least", SPEND))
    found = hear(one, monthly(SALES, {"2026-09": 1}), "2026-10-15", failures={node: "no column `x` in a.csv"})
    assert (found.headline.word, found.headline.light) == ("failed", "grey")
    assert found.headline.why == "no column `x` in a.csv."


def test_failing_comes_before_not_having_started():
    one = kpi(SALES, bound("at least", 1), start="2027-01-01")
    assert headline(one, {}, "2026-10-15", failures={SALES: "it is broken"}).word == "failed"
    assert headline(one, {}, "2026-10-15", stale="old").word == "not started"


def test_a_kpi_that_did_not_compile():
    found = judge.failed("sales", "Sales", "`leeds` is not a measure", "abc").headline
    assert (found.word, found.light, found.why, found.title, found.hash, found.counts) == (
        "failed", "grey", "`leeds` is not a measure.", "Sales", "abc", True,
    )  # fmt: skip


def test_without_a_target_it_is_shown_and_does_not_count():
    found = headline(kpi(SALES), monthly(SALES, {"2026-09": 7}), "2026-10-15", stale="orders is old.")
    assert (found.word, found.light, found.value, found.counts) == ("no target", "none", 7, False)
    assert found.why == "7 EUR in 2026-09; no target; orders is old."


@pytest.mark.parametrize(("target", "counts"), [(None, False), (bound("at least", 1), True)])
def test_what_promises_nothing_never_counts(target, counts):
    ledger = monthly(SALES, {"2026-08": 7})
    assert headline(kpi(SALES, target, start="2027-01-01"), ledger, "2026-10-15").counts is counts
    assert headline(kpi(SALES, target), ledger, "2026-10-15").counts is counts


def test_data_that_ends_before_the_period_does_is_said():
    one = kpi(SALES, bound("at least", 5))
    found = headline(one, monthly(SALES, {"2026-09-28": 7}), "2026-10-15")
    assert found.why == "7 EUR in 2026-09, at least 5 EUR asked: 40% above; data reaches only 2026-09-28."


@pytest.mark.parametrize(
    ("about", "words"),
    [
        (About(deprecated=True, deprecated_until=day("2026-12-31"), deprecated_use="net_sales"),
         "; deprecated until 2026-12-31, net_sales replaces it."),
        (About(deprecated=True), "; deprecated."),
    ],
)  # fmt: skip
def test_a_kpi_on_its_way_out_says_so(about, words):
    found = headline(
        kpi(SALES, bound("at least", 5), about=about), monthly(SALES, {"2026-09": 7}), "2026-10-15"
    )
    assert found.why.endswith(words)


def test_a_draft_is_judged_and_does_not_count():
    one = kpi(SALES, bound("at least", 5), about=About(draft=True))
    found = headline(one, monthly(SALES, {"2026-09": 7}), "2026-10-15")
    assert (found.word, found.counts) == ("met", False)


def test_a_source_whose_rows_are_older_than_the_running_window_gives_no_pace():
    one = kpi(Default(SALES, 0, EUR, "additive"), bound("at most", 10), start="2026-09-01")
    found = headline(one, monthly(SALES, {"2026-08-20": 7}), "2026-09-05")
    assert (found.word, found.why) == ("no data", "No value in 2026-09: the data reaches only 2026-08-20.")


# -- periods in progress ------------------------------------------------------------------------------------

BUYERS = Aggregate("count distinct", "orders", ColumnRef("orders", "buyer", NUMBER), LEAD, "none")
LARGEST = Aggregate("max", "orders", ColumnRef("orders", "amount", NUMBER), EUR, "none")
LEAST = Aggregate("min", "orders", ColumnRef("orders", "amount", NUMBER), EUR, "none")
DISTINCT_SHARE = ratio(BUYERS, SALES)
GROWTH = Combine("/", (SALES, Shift(SALES, "period", EUR, "additive")), PERCENT, "none")
MEAN = Rolling(SALES, 2, EUR)


@pytest.mark.parametrize("formula", [GROWTH, Combine("-", (MEAN, SALES), EUR, "none")])
def test_what_compares_periods_waits_for_the_end_of_the_first(formula):
    one = kpi(formula, bound("at least", 1.1), unit=PERCENT, start="2026-09-01")
    ledger = monthly(SALES, {"2026-08": 100, "2026-09-30": 120})
    open_, over = (hear(one, ledger, day) for day in ("2026-09-30", "2026-10-01"))
    assert (open_.headline.word, open_.headline.light, open_.history) == ("no data", "grey", ())
    assert open_.headline.why == "It compares whole periods, and is judged after 2026-09-30."
    assert hear(one, ledger, "2026-09-30", asked="2026-09").headline.why == open_.headline.why
    assert over.headline.window == period("2026-09")
    assert over.headline.light in ("green", "red")


def test_what_compares_periods_leaves_out_the_one_in_progress():
    one = kpi(GROWTH, bound("at least", 1.1), unit=PERCENT, start="2026-08-01")
    found = hear(
        one, monthly(SALES, {"2026-07": 50, "2026-08": 100, "2026-09": 120, "2026-10-10": 5}), "2026-10-15"
    )
    assert [(v.window, v.word, v.running) for v in found.history] == [
        (period("2026-08"), "met", False),
        (period("2026-09"), "met", False),
    ]
    assert found.headline == found.history[-1]


@pytest.mark.parametrize(
    ("formula", "target", "value", "word"),
    [
        (BUYERS, bound("at least", 10), 10, "met"),
        (BUYERS, bound("at least", 10), 9, "no data"),
        (BUYERS, bound("at most", 10), 12.01, "missed"),
        (BUYERS, bound("at most", 10), 12, "no data"),
        (BUYERS, bound("at most", 10), 1, "no data"),
        (LARGEST, bound("at least", 10), 10, "met"),
        (LARGEST, bound("at most", 10), 5, "no data"),
        (LEAST, bound("at least", 10), 7.99, "missed"),
        (LEAST, bound("at least", 10), 50, "no data"),
        (LEAST, bound("at most", 10), 10, "met"),
        (LEAST, bound("at most", 10), 11, "no data"),
        (Running(SALES, EUR), bound("at least", 10), 10, "met"),
        (Running(SALES, EUR), bound("at least", 10), 9, "no data"),
        (Combine("*", (LEAST, number(2)), EUR, "none"), bound("at most", 20), 10, "met"),
        (Combine("-", (LARGEST, LEAST), EUR, "none"), bound("at least", 0), 5, "no data"),
        (DISTINCT_SHARE, bound("at least", 1), 5, "on track"),
    ],
)
@pytest.mark.parametrize("measured", [Every("month"), Cumulative()])
def test_what_a_part_of_a_period_does_not_tell_is_not_judged(formula, target, value, word, measured):
    one = kpi(
        formula, target, tolerance=amount(2), measured=measured, start="2026-09-01", deadline="2026-09-30"
    )
    ledger = {}
    for node in (SALES, *aggregates(formula)):
        ledger |= monthly(node, {"2026-09-10": value})
    found = headline(one, ledger, "2026-09-15")
    assert (found.word, found.running) == (word, True)
    assert found.value is not None
    assert found.attainment is None or word != "no data"
    assert headline(one, ledger, "2026-10-01").light in ("green", "amber", "red")


def test_the_sentence_of_what_may_still_change():
    one = kpi(BUYERS, bound("at least", number(10, LEAD)), unit=LEAD, start="2026-09-01")
    found = headline(one, monthly(BUYERS, {"2026-09-10": 9}), "2026-09-15")
    assert found.why == (
        "9 leads in 2026-09 up to 2026-09-10, at least 10 leads asked: "
        "it may change until 2026-09-30, and is judged after that."
    )


def test_the_sentence_of_a_least_that_is_too_low_already():
    found = headline(
        kpi(LEAST, bound("at least", 10), start="2026-09-01"), monthly(LEAST, {"2026-09-10": 7}), "2026-09-15"
    )
    assert found.why == (
        "7 EUR in 2026-09 up to 2026-09-10, at least 10 EUR asked: "
        "short by 3 EUR, and such a value does not rise again."
    )


def test_a_sliding_window_is_whole_and_judged():
    one = kpi(BUYERS, bound("at least", 10), measured=Trailing(28, "day"))
    assert headline(one, monthly(BUYERS, {"2026-09-10": 9}), "2026-09-15").word == "off track"


# -- slices that never have a value -------------------------------------------------------------------------


def test_a_slice_without_a_value_that_nobody_asked_for_does_not_count():
    ledger = monthly(SPEND, {"2026-09": 5}, "google") | monthly(SALES, {"2026-09": 10}, "google")
    ledger |= monthly(SALES, {"2026-09": 0}, "meta") | monthly(SPEND, {"2026-09": 1}, "meta")
    found = hear(kpi(MARGIN, bound("at most", 1), unit=PERCENT, by=True), ledger, "2026-10-15")
    assert found.empty == {("meta",)}
    assert [(v.slice[0][1], v.word, v.counts) for v in found.slices] == [
        ("google", "met", True),
        ("meta", "no data", False),
    ]
    own = [("meta", bound("at most", 1), None)]
    asked = hear(kpi(MARGIN, bound("at most", 1), unit=PERCENT, by=True, slices=own), ledger, "2026-10-15")
    assert (asked.empty, asked.slices[1].counts) == (frozenset(), True)


# -- facts --------------------------------------------------------------------------------------------------


def test_the_facts_of_a_verdict():
    one = kpi(SALES, bound("at most", 25), tolerance=percent(5), deadline="2026-12-31")
    found = headline(one, monthly(SALES, {"2026-09-10": 20, "2026-09-30": 6.25}), "2026-10-15")
    assert (found.kpi, found.title, found.unit, found.hash, found.rows) == (
        "sales",
        "Sales",
        "EUR",
        "0123456789ab",
        2,
    )
    assert (found.value, found.target, found.target_low, found.target_high) == (
        26.25,
        "at most 25 EUR",
        None,
        25,
    )
    assert (found.reference_low, found.reference_high, found.tolerance) == (None, 25, 1.25)
    assert (found.gap, found.attainment, found.projection) == (1.25, 0.952380952381, 26.25)
    assert (found.deadline, found.days_left, found.watermark) == (day("2026-12-31"), 77, day("2026-09-30"))
    assert found.why == (
        "26.25 EUR in 2026-09, at most 25 EUR asked: 5% above, within the tolerance of 5% (up to 26.25 EUR)."
    )


@pytest.mark.parametrize(
    ("unit", "value", "apart"),
    [(POINTS, 22, "2 points above"), (EUR, 22, "10% above"), (PERCENT, 18, "2 points below")],
)
def test_a_distance_is_a_part_of_the_bound_or_in_points(unit, value, apart):
    scale = 1 if unit == EUR else 100
    one = kpi(SALES, bound("at least", 20 / scale), unit=unit)
    assert headline(one, monthly(SALES, {"2026-09": value / scale}), "2026-10-01").why.endswith(f": {apart}.")


@pytest.mark.parametrize(("target", "apart"), [(0, "5 EUR above"), (-10, "15 EUR above")])
def test_of_a_bound_that_is_not_positive_the_distance_is_an_amount(target, apart):
    found = headline(kpi(SALES, bound("at least", target)), monthly(SALES, {"2026-09": 5}), "2026-10-01")
    assert found.why.endswith(f": {apart}.")


def test_of_percentages_distances_are_points():
    one = kpi(MARGIN, bound("at least", 0.05), unit=PERCENT, tolerance=amount(0.005))
    ledger = monthly(SALES, {"2026-09": 100}) | monthly(SPEND, {"2026-09": 4})
    found = headline(one, ledger, "2026-10-15")
    assert found.why.startswith("4% in 2026-09, at least 5% asked: 1 point below, beyond the tolerance")


def test_the_tolerance_between_two_bounds_is_that_of_the_bound_at_stake():
    one = kpi(SALES, bound("between", 100, 200), tolerance=percent(10))
    low, high = (headline(one, monthly(SALES, {"2026-09": v}), "2026-10-01") for v in (91, 219))
    assert (low.tolerance, low.gap, low.word) == (10, -9, "nearly met")
    assert (high.tolerance, high.gap, high.word) == (20, 19, "nearly met")


def test_the_same_question_gives_the_same_answer():
    one = kpi(SALES, bound("at least", 365), tolerance=percent(3), **YEAR)
    ledger = monthly(SALES, {"2026-04-10": 100 / 3})
    assert hear(one, ledger, "2026-06-30") == hear(one, dict(reversed(ledger.items())), "2026-06-30")


def test_the_caller_s_decimal_context_changes_nothing():
    one = kpi(SALES, bound("at least", 365), tolerance=percent(3), baseline=period("2025-Q4"), **YEAR)
    ledger = monthly(SALES, {"2025-12": 10, "2026-04-10": 100 / 3})
    usual = hear(one, ledger, "2026-06-30")
    with localcontext(prec=3):
        assert hear(one, ledger, "2026-06-30") == usual


# -- an independent reading of the rules --------------------------------------------------------------------


def told(direction: str, value: int, target: int, tolerance: int, gone: int, days: int, over: bool) -> str:
    """The word for a cumulative total, from language.md alone; hundredths, whole days."""
    sign = 1 if direction == "at least" else -1
    v, r, t = Decimal(value), Decimal(target), Decimal(tolerance)
    if not over and sign == 1 and v >= r:
        return "met"
    if not over and sign == -1 and v > r + t:
        return "missed"
    if not over:
        v, r, t = v * days, r * gone, t * days
    if sign * (v - r) >= 0:
        return "met" if over else "on track"
    if sign * (v - r) + t >= 0:
        return "nearly met" if over else "at risk"
    return "missed" if over else "off track"


@given(
    st.sampled_from(["at least", "at most"]),
    st.integers(0, 3000),
    st.integers(0, 2000),
    st.integers(0, 500),
    st.integers(0, 29),
    st.booleans(),
)
def test_words_are_those_of_an_independent_reading(direction, value, target, tolerance, passed, over):
    last = day("2026-06-01") + timedelta(days=29 if over else passed)
    as_of = last + timedelta(days=1) if over else last
    one = kpi(
        SALES, bound(direction, target / 100), tolerance=amount(tolerance / 100), measured=Cumulative(),
        start="2026-06-01", deadline="2026-06-30",
    )  # fmt: skip
    found = headline(one, monthly(SALES, {str(last): value / 100}), str(as_of))
    assert found.word == told(direction, value, target, tolerance, passed + 1, 30, over)


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(1, 29), st.booleans())
def test_more_is_never_worse_for_at_least_and_never_better_for_at_most(one, other, passed, monthly_):
    less, more = sorted((one, other))
    order = ["missed", "off track", "at risk", "nearly met", "on track", "met"]
    last = str(day("2026-06-01") + timedelta(days=passed))
    terms = {
        "measured": Every("month") if monthly_ else Cumulative(),
        "start": "2026-06-01",
        "deadline": "2026-06-30",
    }
    for direction in ("at least", "at most"):
        promised = kpi(SALES, bound(direction, 15), tolerance=amount(2), **terms)
        ranks = [
            order.index(headline(promised, monthly(SALES, {last: v / 100}), last).word) for v in (less, more)
        ]
        assert ranks == sorted(ranks, reverse=direction == "at most")


def test_a_unit_of_several_words_reads_aloud():
    cost = Unit.parse("EUR per lead")
    one = kpi(ratio(SPEND, SALES, cost), bound("at most", number(25, cost)), unit=cost, tolerance=percent(5))
    ledger = monthly(SPEND, {"2026-09": 274}) | monthly(SALES, {"2026-09": 10})
    assert headline(one, ledger, "2026-10-01").why == (
        "27.4 EUR per lead in 2026-09, at most 25 EUR per lead asked: "
        "9.6% above, beyond the tolerance of 5% (up to 26.25 EUR per lead)."
    )


# -- plans kept as data -------------------------------------------------------------------------------------


PLAN = total("plan", "amount")
DAILY = {**monthly(PLAN, {f"2026-09-{d:02}": 10 for d in range(1, 31)})}


def test_a_plan_kept_as_rows_is_compared_over_the_same_days():
    one = kpi(
        SALES, bound("at least", Combine("*", (number(0.9), PLAN), EUR, "additive")), start="2026-09-01"
    )
    found = headline(one, monthly(SALES, {"2026-09-10": 90}) | DAILY, "2026-09-10")
    assert (found.word, found.target_low, found.reference_low, found.projection) == ("on track", 90, 90, None)
    found = headline(one, monthly(SALES, {"2026-09-10": 90}) | DAILY, "2026-10-01")
    assert (found.word, found.reference_low) == ("missed", 270)


def test_a_plan_with_a_row_a_month_is_for_the_whole_month():
    one = kpi(SALES, bound("at least", PLAN), start="2026-08-01")
    ledger = monthly(SALES, {"2026-08": 90, "2026-09-10": 90})
    ahead = ledger | monthly(PLAN, {"2026-08-01": 300, "2026-09-01": 270})
    running = hear(one, ahead, "2026-09-10").history[-1]
    assert (running.word, running.target_low, running.reference_low) == ("on track", 270, 90)
    # The first row alone does not tell that the month has only this one: the month before has to be so too.
    for plan in ({"2026-09-01": 270}, {"2026-08-01": 150, "2026-08-15": 150, "2026-09-01": 270}):
        running = hear(one, ledger | monthly(PLAN, plan), "2026-09-10").history[-1]
        assert (running.word, running.reference_low) == ("off track", 270)


def test_a_plan_without_rows_is_no_target():
    one = kpi(SALES, bound("at least", PLAN), start="2026-08-01")
    found = headline(one, monthly(SALES, {"2026-08": 90}) | DAILY, "2026-09-01")
    assert (found.word, found.value) == ("no data", 90)
    assert found.why == (
        "90 EUR in 2026-08. The target has no value in 2026-08: plan has no rows in 2026-08."
    )


def test_a_target_of_an_earlier_period_is_whole_and_paced():
    one = kpi(SALES, bound("at least", Shift(SALES, "period", EUR, "additive")), start="2026-09-01")
    found = headline(one, monthly(SALES, {"2026-08": 300, "2026-09-10": 100}), "2026-09-10")
    assert (found.word, found.target_low, found.reference_low) == ("on track", 300, 100)


def test_windows_are_those_of_the_schedule():
    found = headline(
        kpi(SALES, bound("at least", 1), **YEAR), monthly(SALES, {"2026-04-10": 1}), "2026-06-30"
    )
    assert found.window == Window(day("2026-01-01"), day("2026-06-30"))
