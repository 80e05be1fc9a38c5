"""Whether a milestone more asks for more: it lies above or below the line that was there without it."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from kpidsl.diff.changes import Category, Direction
from kpidsl.diff.facts import Facts
from kpidsl.diff.facts import day as day_fact
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


def aligned(one: Facts, other: Facts, before: Kpi, after: Kpi) -> tuple[Facts, Facts]:
    """The facts of both sides. Where one has milestones and the other a target by a deadline, the milestone
    of that day is the target, put in another way."""
    return _last(one, before, after), _last(other, after, before)


def _last(facts: Facts, kpi: Kpi, beside: Kpi) -> Facts:
    """With the milestone of the deadline that the other side has as the target."""
    promise, plain = kpi.promise, beside.promise
    totals = isinstance(promise.measured, Cumulative) and isinstance(plain.measured, Cumulative)
    if not totals or not promise.milestones or plain.milestones or plain.bound is None:
        return facts
    last = max(day for day, _ in promise.milestones)
    aspect = f"target by {last}"
    if last != plain.deadline or aspect not in facts:
        return facts
    kept = {each: fact for each, fact in facts.items() if each != aspect}
    return day_fact(last, "deadline", Category.TARGET) | {"target": facts[aspect]} | kept


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
