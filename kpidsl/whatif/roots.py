"""Where a function takes a value: a scan for changes of sign, and a bracketing search between two points.

The search is Brent's method (Brent 1973, `scipy.optimize.brentq`); where the function comes near the value
without crossing it, the nearest place is looked for (`scipy.optimize.minimize_scalar`, bounded).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from attrs import frozen

_CLOSE = 1e-9
"""Of the value asked for: results have twelve digits, and sums and differences lose some of them."""
_ACROSS = 1e-6
"""What is left at a crossing of a function that goes through the value, and does not jump over it."""


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
        return self.greatest - self.least <= _CLOSE * max(abs(self.least), abs(self.greatest))


def find(function: Callable[[float], float | None], goal: float, points: Sequence[float]) -> Roots:
    """All places where the function is `goal`, as far as the points tell; None is for no value.

    Between two neighbouring points at most one crossing, or one stretch without values, is seen. ImportError
    without scipy.
    """
    seen: dict[float, float | None] = {}

    def off(x: float) -> float:
        if x not in seen:
            seen[x] = function(x)
        value = seen[x]
        return float("nan") if value is None else value - goal

    gaps = [off(x) for x in points]
    known = [value for x in points if (value := seen[x]) is not None]
    scale = abs(goal) or max(map(abs, known), default=1.0)
    exact = [abs(gap) <= _CLOSE * scale for gap in gaps]
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
        if len(run) > 1 and stretch is None and abs(off(middle)) <= _CLOSE * scale:
            stretch = (ends[0], ends[1])
    for a, b in _crossings(points, gaps, exact, off, _CLOSE * scale, roots):
        place = _crossing(off, a, b)
        (roots if abs(off(place)) <= _ACROSS * scale else jumps).append(place)
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
    close: float,
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
        place = _nearest(off, points[n - 1], points[n + 1])
        gap = off(place)
        if abs(gap) <= close:
            touched.append(place)
        elif gap * gaps[n] < 0:
            yield points[n - 1], place
            yield place, points[n + 1]


def _crossing(off: Callable[[float], float], a: float, b: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(off, a, b, xtol=1e-300, rtol=1e-14, maxiter=500, disp=False))


def _nearest(off: Callable[[float], float], a: float, b: float) -> float:
    from scipy.optimize import minimize_scalar

    options = {"xatol": 1e-12 * max(abs(a), abs(b)), "maxiter": 200}
    return float(minimize_scalar(lambda x: abs(off(x)), bounds=(a, b), method="bounded", options=options).x)


def _distinct(places: list[float]) -> Iterator[float]:
    """Rising, in twelve digits, each once."""
    last = None
    for place in sorted(float(f"{place:.12g}") for place in places):
        if last is None or abs(place - last) > _CLOSE * max(abs(place), abs(last)):
            yield place
            last = place
