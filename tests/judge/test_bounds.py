"""Lights at, just below and just above every bound; and what must hold for any numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.judge.bounds import Band, attainment, exact, gap, light, rounded, settled, slack_of, word

NO = Band()

cents = st.integers(-100_000_00, 100_000_00).map(lambda n: n / 100)
amounts = st.integers(0, 10_000_00).map(lambda n: n / 100)


def expected(direction: str, v: float, low: float, high: float, below: float, above: float) -> str:
    """The rule as language.md words it, in decimals and without anything of the judge's."""
    value, a, b, t, u = (Decimal(repr(x)) for x in (v, low, high, below, above))
    kept = {"at least": value >= a, "at most": value <= b, "between": a <= value <= b}
    nearly = {"at least": value >= a - t, "at most": value <= b + u, "between": a - t <= value <= b + u}
    return "green" if kept[direction] else "amber" if nearly[direction] else "red"


def band(direction: str, low: float, high: float) -> Band:
    return Band(
        exact(low) if direction != "at most" else None, exact(high) if direction != "at least" else None
    )


@pytest.mark.parametrize(
    ("direction", "value", "light_"),
    [
        ("at least", 100, "green"),
        ("at least", 99.99, "amber"),
        ("at least", 95, "amber"),
        ("at least", 94.99, "red"),
        ("at most", 200, "green"),
        ("at most", 200.01, "amber"),
        ("at most", 210, "amber"),
        ("at most", 210.01, "red"),
        ("between", 94.99, "red"),
        ("between", 95, "amber"),
        ("between", 99.99, "amber"),
        ("between", 100, "green"),
        ("between", 200, "green"),
        ("between", 200.01, "amber"),
        ("between", 210, "amber"),
        ("between", 210.01, "red"),
    ],
)
def test_bounds_are_inclusive_and_a_relative_tolerance_is_of_each_bound(direction, value, light_):
    target = band(direction, 100, 200)
    assert light(value, target, slack_of(target, 0.05, relative=True)) == light_
    assert expected(direction, value, 100, 200, 5, 10) == light_


@pytest.mark.parametrize(
    ("value", "light_"), [(-100, "green"), (-100.01, "amber"), (-105, "amber"), (-105.01, "red")]
)
def test_a_relative_tolerance_of_a_negative_target_widens_it(value, light_):
    target = Band(low=exact(-100))
    assert light(value, target, slack_of(target, 0.05, relative=True)) == light_


def test_an_amount_is_itself_whatever_the_target():
    assert slack_of(Band(exact(1000), exact(2000)), 7, relative=False) == Band(exact(7), exact(7))


def test_without_a_tolerance_nothing_is_amber():
    assert light(99.999999, Band(low=exact(100)), NO) == "red"


@pytest.mark.parametrize(
    ("value", "target"), [(0.1 + 0.2, 0.3), (0.3, 0.1 + 0.2), (333.333333333, 1000 / 3), (1e-12, 1e-12)]
)
def test_what_is_equal_in_twelve_digits_is_kept_both_ways(value, target):
    value = rounded(exact(value))
    assert light(value, Band(low=exact(target)), NO) == "green"
    assert light(value, Band(high=exact(target)), NO) == "green"


def test_tolerances_do_not_leave_dust():
    target = Band(low=exact(0.3))
    assert light(0.2, target, slack_of(target, 0.1, relative=False)) == "amber"
    assert light(0.0, Band(low=exact(0.3)), Band(exact(0.3), None)) == "amber"


@given(st.sampled_from(["at least", "at most", "between"]), cents, cents, cents, amounts)
def test_lights_follow_the_rule(direction, value, one, other, tolerance):
    low, high = sorted((one, other))
    slack = Band(exact(tolerance), exact(tolerance))
    assert light(value, band(direction, low, high), slack) == expected(
        direction, value, low, high, tolerance, tolerance
    )


ORDER = {"red": 0, "amber": 1, "green": 2}


@given(cents, cents, cents, amounts)
def test_more_is_never_worse_for_at_least(value, more, target, tolerance):
    value, more = sorted((value, more))
    slack = Band(exact(tolerance), exact(tolerance))
    assert (
        ORDER[light(value, Band(low=exact(target)), slack)]
        <= ORDER[light(more, Band(low=exact(target)), slack)]
    )


@given(cents, cents, st.sampled_from([0.0, 0.05, 0.33]), st.booleans())
def test_at_most_mirrors_at_least(value, target, tolerance, relative):
    least, most = Band(low=exact(target)), Band(high=exact(-target))
    assert light(value, least, slack_of(least, tolerance, relative)) == light(
        -value, most, slack_of(most, tolerance, relative)
    )
    assert gap(value, least) == -gap(-value, most)


@given(cents, cents, cents, amounts)
def test_between_is_the_worse_of_its_two_bounds(value, one, other, tolerance):
    low, high = sorted((one, other))
    slack = Band(exact(tolerance), exact(tolerance))
    both = [light(value, Band(low=exact(low)), slack), light(value, Band(high=exact(high)), slack)]
    assert light(value, Band(exact(low), exact(high)), slack) == min(both, key=ORDER.__getitem__)


@given(cents, cents, cents)
def test_attainment_is_one_exactly_when_kept(value, one, other):
    low, high = sorted((one, other))
    for target in (Band(low=exact(low)), Band(high=exact(high)), Band(exact(low), exact(high))):
        reached = attainment(value, target)
        if reached is not None:
            assert (reached >= 1) == (light(value, target, NO) == "green")


@pytest.mark.parametrize(
    ("value", "target", "reached"),
    [
        (50, Band(low=exact(100)), 0.5),
        (0, Band(low=exact(100)), None),
        (50, Band(low=exact(0)), None),
        (50, Band(high=exact(25)), 0.5),
        (0, Band(high=exact(25)), None),
        (5, Band(high=exact(0)), None),
        (-50, Band(low=exact(100)), None),
        (-50, Band(high=exact(100)), None),
        (-5, Band(exact(-10), exact(10)), None),
        (150, Band(exact(100), exact(200)), 1.0),
        (50, Band(exact(100), exact(200)), 0.5),
        (400, Band(exact(100), exact(200)), 0.5),
    ],
)
def test_attainment(value, target, reached):
    assert attainment(value, target) == reached


def test_an_attainment_that_no_float_can_hold_is_absent():
    assert attainment(5e-324, Band(high=Decimal(100))) is None
    assert attainment(1e308, Band(low=Decimal("1e-300"))) is None


@pytest.mark.parametrize(("value", "apart"), [(99, -1), (100, 0), (150, 0), (200, 0), (203, 3)])
def test_the_gap_between_two_bounds_is_the_distance_outside(value, apart):
    assert gap(value, Band(exact(100), exact(200))) == apart


@pytest.mark.parametrize(
    ("value", "due", "found"),
    [
        (105.01, Band(high=exact(100)), "red"),
        (105, Band(high=exact(100)), None),
        (99, Band(high=exact(100)), None),
        (100, Band(low=exact(100)), "green"),
        (99.99, Band(low=exact(100)), None),
        (205.01, Band(exact(100), exact(200)), "red"),
        (150, Band(exact(100), exact(200)), None),
    ],
)
def test_what_growing_can_no_longer_change(value, due, found):
    assert settled(value, due, Band(exact(5), exact(5))) == found


@pytest.mark.parametrize(
    ("value", "due", "found"),
    [
        (94.99, Band(low=exact(100)), "red"),
        (95, Band(low=exact(100)), None),
        (101, Band(low=exact(100)), None),
        (100, Band(high=exact(100)), "green"),
        (100.01, Band(high=exact(100)), None),
        (94.99, Band(exact(100), exact(200)), "red"),
        (150, Band(exact(100), exact(200)), None),
    ],
)
def test_what_falling_can_no_longer_change(value, due, found):
    assert settled(value, due, Band(exact(5), exact(5)), falls=True) == found


def test_words():
    assert [word(one, True) for one in ("green", "amber", "red")] == ["met", "nearly met", "missed"]
    assert [word(one, False) for one in ("green", "amber", "red")] == ["on track", "at risk", "off track"]
