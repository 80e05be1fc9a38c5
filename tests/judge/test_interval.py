"""Words of values that have an interval, at every edge; and quantiles against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from kpidsl.graph import Estimate, Sample
from kpidsl.judge.interval import interval, students

from .world import LEAD, MARGIN, SALES, amount, bound, count, headline, hear, kpi, monthly, ratio, total

# The interval is the value and once its standard deviation to both sides: 68.27% is one of the normal
# distribution, to 12 digits.
LEVEL = math.erf(1 / math.sqrt(2))
VARIANCE, SIZE = total("orders", "variance"), count("orders")
SURE = {"confident": LEVEL, "estimate": Estimate("normal", None, VARIANCE)}
COUNTED = {"sample": Sample((SIZE,), LEAD, 30)}
LEVELS = ratio(SALES, total("orders", "one"))


def judged(value: float, half_width: float, target, tolerance=None, as_of="2026-09-01", **more):
    """A level of August with an interval of so much to both sides."""
    ledger = monthly(SALES, {"2026-08": value}) | monthly(total("orders", "one"), {"2026-08": 1})
    ledger |= monthly(VARIANCE, {"2026-08": half_width**2}) | monthly(SIZE, {"2026-08": 40})
    one = kpi(LEVELS, target, start="2026-08-01", tolerance=tolerance, **(SURE | more))
    return headline(one, ledger, as_of)


LEAST, MOST, WITHIN = bound("at least", 100), bound("at most", 100), bound("between", 100, 120)
CASES = [
    # value, half-width, target, tolerance, word
    (110, 10, LEAST, None, "met"),
    (110, 10.001, LEAST, None, "inconclusive"),
    (90, 10.001, LEAST, None, "inconclusive"),
    (90, 10, LEAST, None, "inconclusive"),
    (90, 9.999, LEAST, None, "missed"),
    (110, 10.001, LEAST, 20, "inconclusive"),
    (90, 9.999, LEAST, 20, "nearly met"),
    (90, 10, LEAST, 20, "inconclusive"),
    (90, 9.999, LEAST, 10, "inconclusive"),
    (80, 10, LEAST, 10, "inconclusive"),
    (80, 9.999, LEAST, 10, "missed"),
    (90, 10, MOST, None, "met"),
    (90, 10.001, MOST, None, "inconclusive"),
    (110, 9.999, MOST, None, "missed"),
    (110, 9.999, MOST, 10, "inconclusive"),
    (120, 9.999, MOST, 10, "missed"),
    (110, 10, WITHIN, None, "met"),
    (110, 10.001, WITHIN, None, "inconclusive"),
    (110, 50, WITHIN, None, "inconclusive"),  # beyond it on both sides
    (110, 12, WITHIN, 20, "inconclusive"),  # in the tolerance on both sides
    (95, 4.999, WITHIN, 20, "nearly met"),
    (125, 4.999, WITHIN, 20, "nearly met"),
    (130, 9.999, WITHIN, None, "missed"),
    (100, 0, LEAST, None, "met"),
    (99.999, 0, LEAST, None, "missed"),
]


@pytest.mark.parametrize(("value", "half_width", "target", "slack", "word"), CASES)
def test_the_word_is_that_of_the_whole_interval(value, half_width, target, slack, word):
    found = judged(value, half_width, target, amount(slack) if slack else None)
    assert found.word == word
    assert (found.light == "grey") is (word == "inconclusive")
    assert (found.low, found.high) == pytest.approx((value - half_width, value + half_width))
    assert "68.27% confidence" in found.why
    assert found.gap is not None  # what the value is held against is told, whatever the word


def test_no_interval_is_inconclusive():
    found = judged(110, math.nan, LEAST)
    assert (found.word, found.low, found.high) == ("inconclusive", None, None)
    assert "too little data" in found.why


@pytest.mark.parametrize(
    ("least", "word"), [(39, "met"), (40, "met"), (40.5, "too few"), (41, "too few")]
)  # of 40
def test_a_small_sample_comes_first(least, word):
    for sure in ({}, {"confident": None, "estimate": None}):
        found = judged(150, 1, LEAST, sample=Sample((SIZE,), LEAD, least), **sure)
        assert (found.word, found.sample) == (word, 40)
        assert (found.gap is None) is (word == "too few")
    if word == "too few":
        assert f"a sample of 40 leads, at least {least:g} leads asked" in found.why


def test_the_smallest_of_several_samples_counts():
    sample = Sample((SIZE, total("orders", "one")), LEAD, 5)
    found = judged(150, 1, LEAST, sample=sample)
    assert (found.word, found.sample) == ("too few", 1)


def test_a_sample_without_rows_is_none_of_them():
    found = judged(150, 1, LEAST, sample=Sample((count("ads"),), LEAD, 5))
    assert (found.word, found.sample) == ("too few", 0)


def test_nothing_is_said_at_once_of_an_interval():
    """A total that has reached its target has reached it; whether the rate behind would keep it is open."""
    one = {"start": "2026-09-01", "deadline": "2026-09-30"}
    ledger = monthly(SALES, {"2026-09-10": 110}) | monthly(VARIANCE, {"2026-09-10": 10_000})
    assert headline(kpi(SALES, LEAST, **one), ledger, "2026-09-20").word == "met"
    assert headline(kpi(SALES, LEAST, **one, **SURE), ledger, "2026-09-20").word == "inconclusive"


def test_without_a_target_the_numbers_are_shown():
    found = judged(110, 10, None, **COUNTED)
    assert (found.word, found.low, found.high, found.sample) == (
        "no target",
        pytest.approx(100),
        pytest.approx(120),
        40,
    )


def test_slices_have_samples_of_their_own():
    ledger = {}
    for name, size in (("google", 40), ("meta", 20)):
        for node, value in ((SALES, 150), (total("ads", "spend"), 200), (SIZE, size)):
            ledger |= monthly(node, {"2026-08": value}, name)
    one = kpi(MARGIN, bound("at least", 1), start="2026-08-01", by=True, **COUNTED)
    found = hear(one, ledger, "2026-09-01")
    assert [(v.slice[0][1], v.word, v.sample) for v in found.slices] == [
        ("google", "met", 40),
        ("meta", "too few", 20),
    ]
    assert found.headline.sample == 60


# -- the formulas --------------------------------------------------------------------------------------------


@given(st.floats(0.5, 0.9999), st.integers(1, 5_000))
def test_quantiles_are_students(level, freedom):
    found = students(level, np.array([float(freedom)]))[0]
    assert found == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-8)


def test_degrees_of_freedom_are_rounded_down_and_at_least_one():
    found = students(0.95, np.array([0.0, 0.999, 1.0, 4.9, 5.0, np.nan]))
    assert np.isnan(found[[0, 1, 5]]).all()
    assert found[3] == students(0.95, np.array([4.0]))[0] > found[4]


@given(st.integers(0, 200), st.integers(1, 200), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_proportions_are_wilsons(yes, more, level):
    n = yes + more - 1 or 1
    p = np.array([yes / n if yes <= n else 1.0])
    low, high = interval(Estimate("wilson", SIZE), level, p, np.array([float(n)]), None)
    expected = proportion_confint(p[0] * n, n, alpha=1 - level, method="wilson")
    assert (low[0], high[0]) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_a_mirrored_proportion_has_its_ends_the_other_way_round():
    p, n = np.array([0.3]), np.array([50.0])
    low, high = interval(Estimate("wilson", SIZE), 0.95, p, n, None)
    upside = interval(Estimate("wilson", SIZE, None, -2.0, 1.0), 0.95, 1 - 2 * p, n, None)
    assert (upside[0][0], upside[1][0]) == pytest.approx((1 - 2 * high[0], 1 - 2 * low[0]))


def test_no_trials_have_no_interval():
    low, high = interval(Estimate("wilson", SIZE), 0.95, np.array([0.0, 1.0]), np.array([0.0, np.nan]), None)
    assert np.isnan(low).all()
    assert np.isnan(high).all()
