"""Where a function takes a value: a scan for changes of sign, and a bracketing search between two points.

The search is Brent's method (Brent 1973, `scipy.optimize.brentq`); where the function comes near the value
without crossing it, the nearest place is looked for (`scipy.optimize.minimize_scalar`, bounded).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from attrs import frozen

_EQUAL = 1e-12
"""Of the value asked for: results have twelve digits."""
_ACROSS = 1e-6
"""What may be left at a crossing, of what is there at the points around it: more is a jump."""
_SAME = 1e-9
"""Places so near to each other, of their size, are one."""
_TOUCH = 1e-9
"""The same of a place that comes near and goes away again."""


@frozen
class Roots:
    """What was found between the first and the last point."""

    roots: tuple[float, ...]
    """Rising; where a whole stretch has the value, its ends."""
    stretch: tuple[float, float] | None
    """The first stretch of points that all have the value."""
    jumps: tuple[float, ...]
    """Where the function jumps over the value."""
    least: float | None
    greatest: float | None
    """The values at the points, None where there is none at all."""

    @property
    def flat(self) -> bool:
        """Whether all points have one value, as far as numbers tell."""
        if self.least is None or self.greatest is None:
            return False
        return self.greatest - self.least <= _SAME * max(abs(self.least), abs(self.greatest))


def find(function: Callable[[float], float | None], goal: float, points: Sequence[float]) -> Roots:
    """All places where the function is `goal`, as far as the points tell; None is for no value.

    Between two neighbouring points at most one crossing, or one stretch without values, is seen. ImportError
    without scipy.
    """
    import scipy.optimize  # noqa: F401  (asked for at once, so that no search works without it by luck)

    seen: dict[float, float | None] = {}

    def off(x: float) -> float:
        if x not in seen:
            seen[x] = function(x)
        value = seen[x]
        return float("nan") if value is None else value - goal

    gaps = [off(x) for x in points]
    known = [value for x in points if (value := seen[x]) is not None]
    exact = [abs(gap) <= _EQUAL * abs(goal) for gap in gaps]
    roots: list[float] = []
    jumps: list[float] = []
    stretch = None
    for met, group in groupby(range(len(points)), key=lambda n: exact[n]):
        if not met:
            continue
        run = list(group)
        ends = [points[run[0]], points[run[-1]]]
        roots += dict.fromkeys(ends)
        middle = (ends[0] + points[run[min(1, len(run) - 1)]]) / 2
        if len(run) > 1 and stretch is None and abs(off(middle)) <= _EQUAL * abs(goal):
            stretch = (ends[0], ends[1])
    for a, b in _crossings(points, gaps, exact, off, roots):
        place = _crossing(off, a, b)
        left = abs(off(place))
        (roots if left <= _ACROSS * max(abs(off(a)), abs(off(b))) else jumps).append(place)
    return Roots(
        tuple(_distinct(roots)),
        stretch,
        tuple(_distinct(jumps)),
        min(known, default=None),
        max(known, default=None),
    )


def _crossings(
    points: Sequence[float],
    gaps: Sequence[float],
    exact: Sequence[bool],
    off: Callable[[float], float],
    touched: list[float],
) -> Iterator[tuple[float, float]]:
    """Pairs of places with a change of sign between them; places that only touch go to `touched`."""
    last = len(points) - 1
    for n in range(last):
        if not (exact[n] or exact[n + 1]) and gaps[n] * gaps[n + 1] < 0:
            yield points[n], points[n + 1]
    for n in range(1, last):
        sides = (gaps[n - 1], gaps[n], gaps[n + 1])
        if any(exact[n - 1 : n + 2]) or not (all(g > 0 for g in sides) or all(g < 0 for g in sides)):
            continue
        if abs(gaps[n]) > min(abs(gaps[n - 1]), abs(gaps[n + 1])):
            continue
        place = _nearest(off, points[n - 1], points[n + 1], 1 if gaps[n] > 0 else -1)
        gap = off(place)
        if abs(gap) <= _TOUCH * max(map(abs, sides)):
            touched.append(place)
        elif gap * gaps[n] < 0:
            yield points[n - 1], place
            yield place, points[n + 1]


class _Hole(Exception):
    """A place without a value."""

    def __init__(self, place: float) -> None:
        self.place = place


def _crossing(off: Callable[[float], float], a: float, b: float) -> float:
    """Where the sign changes, or where there is no value on the way."""
    from scipy.optimize import brentq

    def known(x: float) -> float:
        gap = off(x)
        if gap != gap:
            raise _Hole(x)
        return gap

    try:
        return float(brentq(known, a, b, xtol=1e-300, rtol=1e-14, maxiter=500, disp=False))
    except _Hole as hole:
        return hole.place


def _nearest(off: Callable[[float], float], a: float, b: float, sign: int) -> float:
    """Where a function that is above zero (sign 1) is least, or one below it greatest."""
    from scipy.optimize import minimize_scalar

    def height(x: float) -> float:
        gap = off(x)
        return sign * gap if gap == gap else float("inf")

    options = {"xatol": 1e-12 * max(abs(a), abs(b)), "maxiter": 200}
    return float(minimize_scalar(height, bounds=(a, b), method="bounded", options=options).x)


def _distinct(places: list[float]) -> Iterator[float]:
    """Rising, in twelve digits, each once."""
    last = None
    for place in sorted(float(f"{place:.12g}") for place in places):
        if last is None or abs(place - last) > _SAME * max(abs(place), abs(last)):
            yield place
            last = place
