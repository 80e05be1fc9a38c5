"""Whether a milestone more asks for more: it lies above or below the line that was there without it."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from kpidsl.diff.changes import Direction
from kpidsl.graph import Bound, Constant, Cumulative, Kpi


def added(day: date, bound: Bound | None, kpi: Kpi) -> Direction | None:
    """How a milestone moves the promise of a KPI that did not have it; None where that cannot be told.

    Of a total the expectation goes in straight lines from milestone to milestone, and one that lies below
    them is easier. After the last, and where periods are judged, one milestone more is one promise more.
    """
    points = _points(kpi)
    if bound is None or not isinstance(kpi.promise.measured, Cumulative) or not points or day > points[-1][0]:
        return "tightened"
    bounds = [bound, *(each for _, each in points)]
    if kpi.promise.pace not in (None, "linear") or len({each.direction for each in bounds}) > 1:
        return None
    asked, line = _amount(bound), _line(day, points, kpi.promise.start)
    if asked is None or line is None:
        return None
    more = asked - line if bound.direction == "at least" else line - asked
    return "loosened" if more < 0 else "tightened"


def _points(kpi: Kpi) -> list[tuple[date, Bound]]:
    """The milestones in order; without any, the target on the day of its deadline."""
    promise = kpi.promise
    if promise.milestones:
        return sorted(promise.milestones, key=lambda milestone: milestone[0])
    return [(promise.deadline, promise.bound)] if promise.deadline and promise.bound else []


def _line(day: date, points: list[tuple[date, Bound]], start: date | None) -> Fraction | None:
    """What is expected on a day, from nothing on the day before the start."""
    before = (start - timedelta(days=1), Fraction(0)) if start is not None else None
    for by, bound in points:
        amount = _amount(bound)
        if amount is None or before is None:
            return None
        if day <= by:
            since, floor = before
            return floor + (amount - floor) * Fraction((day - since).days, (by - since).days)
        before = by, amount
    return None


def _amount(bound: Bound) -> Fraction | None:
    match bound:
        case Bound(direction="at least" | "at most", value=Constant(value=value)):
            return Fraction(value)
    return None
