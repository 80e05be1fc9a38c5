"""Roots against functions whose roots are known, and against a search of every step by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.whatif.roots import find


def evenly(low: float, high: float, count: int = 400) -> list[float]:
    return [low + (high - low) * n / count for n in range(count + 1)]


@given(st.lists(st.integers(-90, 90), min_size=1, max_size=4, unique=True))
def test_every_root_of_a_polynomial(roots: list[int]) -> None:
    """A product of (x - r) is zero at each r and nowhere else; odd ends keep the points off the roots."""
    found = find(lambda x: math.prod(x - r for r in roots), 0, evenly(-100.37, 100.11))
    assert found.roots == pytest.approx(sorted(roots), rel=1e-6, abs=1e-6)
    assert (found.stretch, found.jumps) == (None, ())


@given(st.floats(0.01, 1e6), st.floats(0.01, 1e6))
def test_a_line(slope: float, goal: float) -> None:
    points = [0.0, *(10 ** (n / 20) for n in range(-200, 200))]
    assert find(lambda x: slope * x, goal, points).roots == pytest.approx([goal / slope], rel=1e-11)


def test_a_touch_without_crossing() -> None:
    found = find(lambda x: (x - 3.3) ** 2, 0, evenly(0, 10))
    assert found.roots == pytest.approx([3.3], abs=1e-4)
    assert find(lambda x: (x - 3.3) ** 2 + 1, 0, evenly(0, 10)).roots == ()


def test_two_crossings_between_neighbouring_points() -> None:
    found = find(lambda x: (x - 3.31) * (x - 3.32), 0, evenly(0, 10, 20))
    assert found.roots == pytest.approx([3.31, 3.32], rel=1e-9)


def test_a_pole_is_no_root() -> None:
    found = find(lambda x: 1 / (x - 2.013) if x != 2.013 else None, 0, evenly(0, 10))
    assert found.roots == ()
    assert found.jumps == pytest.approx([2.013])


def test_a_step_is_jumped_over_or_stood_on() -> None:
    def rounded(x: float) -> float:
        return float(round(x))

    assert find(rounded, 2.5, evenly(0, 10)).jumps == pytest.approx([2.5])
    found = find(rounded, 2, evenly(0.01, 10.01))
    assert found.stretch is not None
    assert found.stretch == pytest.approx((1.51, 2.485), abs=0.03)


def test_flat() -> None:
    nowhere, everywhere = find(lambda x: 4.0, 5, evenly(0, 1)), find(lambda x: 4.0, 4, evenly(0, 1))
    assert (nowhere.flat, nowhere.roots) == (True, ())
    assert (everywhere.flat, everywhere.stretch) == (True, (0.0, 1.0))


def test_no_value_anywhere_and_in_places() -> None:
    nothing = find(lambda x: None, 1, evenly(0, 1))
    assert (nothing.roots, nothing.least, nothing.flat) == ((), None, False)
    found = find(lambda x: math.sqrt(x) if x >= 0 else None, 2, evenly(-5, 7.1))
    assert found.roots == pytest.approx([4])


def test_a_root_on_a_point() -> None:
    assert find(lambda x: x - 5, 0, evenly(0, 10, 10)).roots == (5.0,)
    assert find(lambda x: x, 0, evenly(0, 10, 10)).roots == (0.0,)
