"""Look for the value of a name that gives a KPI a value, and say what came of it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from attrs import frozen

from kpidsl.graph import Goal, with_value
from kpidsl.model.periods import Window
from kpidsl.model.units import Unit, format_value
from kpidsl.results import Ask
from kpidsl.whatif.prepare import Variant, assumed_node
from kpidsl.whatif.roots import Roots, find

if TYPE_CHECKING:
    from kpidsl.evaluate.answer import Evaluated

_EVENLY = 400


@frozen
class Search:
    """What came of looking for a name's value."""

    unknown: str
    unit: str
    kpi: str
    goal: float
    goal_unit: str
    window: Window | None
    present: float | None
    """The value that the name has."""
    roots: Roots
    between: tuple[float, float]
    chosen: float | None
    """The solution that the verdicts are given for: the one nearest to the present value."""
    why: str
    """One sentence."""


def search(
    goal: Goal,
    variant: Variant,
    answers: Evaluated,
    as_of: date,
    between: tuple[float, float] | None,
) -> Search:
    """Look for a value in the window of the KPI's headline. The aggregates are there: a trial is arithmetic
    only."""
    today = Window(as_of, as_of)
    window = variant.window or today
    ask = variant.schedule.value or Ask(variant.kpi.formula, (today,))
    sought = assumed_node(variant.kpi.formula)
    assert sought is not None
    present = answers.total(sought.node, ask, window)
    points = _points(present, between)

    def trial(x: float) -> float | None:
        return answers.total(with_value(variant.kpi.formula, x), ask, window)

    roots = find(trial, goal.value, points)
    near = present if present is not None else 0.0
    unit, goal_unit = str(sought.unit), str(variant.kpi.unit)
    cause = ""
    if roots.least is None:
        cause = variant.schedule.idle[1] if variant.schedule.idle else ""
        failed = answers.failure(variant.kpi.formula)
        cause = failed.message if failed else cause or "it has none in this period"
    return Search(
        unknown=goal.unknown,
        unit=unit,
        kpi=goal.kpi,
        goal=goal.value,
        goal_unit=goal_unit,
        window=variant.window,
        present=present,
        roots=roots,
        between=(points[0], points[-1]),
        chosen=min(roots.roots, key=lambda root: (abs(root - near), root), default=None),
        why=_said(goal, unit, goal_unit, roots, (points[0], points[-1]), cause),
    )


def _points(present: float | None, between: tuple[float, float] | None) -> tuple[float, ...]:
    """Where the function is looked at: evenly over an interval that was given; else from zero to a million
    times the present value, 20 to each power of ten."""
    if between is not None:
        low, high = between
        return (*(low + (high - low) * n / _EVENLY for n in range(_EVENLY)), high)
    size = abs(present) if present else 1.0
    sign = -1.0 if present is not None and present < 0 else 1.0
    rising = [0.0, *(size * 10 ** (n / 20) for n in range(-120, 121))]
    return tuple(rising) if sign > 0 else tuple(-x for x in reversed(rising))


def _said(goal: Goal, unit: str, goal_unit: str, roots: Roots, between: tuple[float, float], why: str) -> str:
    """What came of the search, as a sentence."""
    wanted = f"{goal.kpi} is {shown(goal.value, goal_unit)}"
    low, high = (shown(end, unit) for end in between)
    where = f"{goal.unknown} between {low} and {high}"
    if roots.stretch is not None:
        a, b = (shown(end, unit) for end in roots.stretch)
        return f"{wanted} wherever {goal.unknown} is between {a} and {b}."
    if len(roots.roots) == 1:
        return f"{wanted} where {goal.unknown} is {shown(roots.roots[0], unit)}."
    if roots.roots:
        places = " and ".join(shown(root, unit) for root in roots.roots)
        return f"{wanted} at {len(roots.roots)} values of {goal.unknown}: {places}."
    if roots.least is None or roots.greatest is None:
        return f"{goal.kpi} has no value for any {where}: {why}."
    least, greatest = shown(roots.least, goal_unit), shown(roots.greatest, goal_unit)
    if roots.flat:
        return f"{goal.kpi} is {least} for every {where}: it does not change with {goal.unknown}."
    if roots.jumps:
        at = " and ".join(shown(place, unit) for place in roots.jumps)
        jumps = f"it jumps over that where {goal.unknown} is {at}"
        return f"{goal.kpi} is never {shown(goal.value, goal_unit)}: {jumps}."
    return f"No {where} gives {shown(goal.value, goal_unit)}: {goal.kpi} goes from {least} to {greatest}."


def shown(value: float, unit: str) -> str:
    """A value with its unit."""
    return format_value(value, Unit.parse(unit))


def in_full(value: float, unit: str) -> str:
    """A value with its unit and all its digits, to be held against another one."""
    parsed = Unit.parse(unit)
    number = float(f"{value * 100 if parsed.dimensionless and unit else value:.12g}")
    return f"{number:,.12g}{unit if unit == '%' else f' {unit}' if unit else ''}"
