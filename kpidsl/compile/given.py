"""What KPIs promise in numbers, and for which windows and slices: by it targets are compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import cast

from attrs import evolve, frozen

from kpidsl.compile.intervals import Reach
from kpidsl.compile.scope import Scope
from kpidsl.diagnostics import Span
from kpidsl.graph import Bound, Constant, Cumulative, Every, Kpi, Measured, Trailing
from kpidsl.model.periods import Calendar, Window, periods
from kpidsl.model.units import format_value
from kpidsl.records import Record
from kpidsl.syntax import nodes

_DAY = timedelta(days=1)
_SOONEST, _LATEST = date(10, 1, 1), date(9990, 1, 1)
"""Farther away there may be no window beside one."""

Slice = tuple[str, str]
"""A dimension and a value of it."""


@frozen(repr=False, cache_hash=True)
class Time(Record):
    """The days of a window; of a sliding one the day that it ends on. An open end has none."""

    measured: Measured
    start: date | None = None
    end: date | None = None


@frozen(repr=False, eq=False)
class Given(Record):
    """One promise of a KPI: its target, that of a period or that of a slice."""

    key: str
    """Told apart by it, and named by it in the ends of intervals."""
    kpi: Kpi
    reach: Reach
    span: Span
    time: Time
    """From when until when."""
    slice: Slice | None = None
    suffix: str = ""
    """` for meta`, ` in 2026-02`."""
    point: bool = False
    """Whether it holds on its last day only, being a line from a baseline until then."""
    level: bool = False
    """Whether it holds for the windows that end in its time."""
    parts: tuple[Given, ...] = ()
    """The promises of slices from which it follows for the total."""

    @property
    def derived(self) -> bool:
        """Whether it is what follows for the total from the slices."""
        return bool(self.parts)

    @property
    def said(self) -> str:
        """`at most 20 EUR per lead for meta`."""
        if self.parts:
            return " and ".join(part.said for part in self.parts)
        ends = (("at least", self.reach.low), ("at most", self.reach.high))
        said = [
            f"{word} {format_value(value, self.kpi.unit)}" for word, value in ends if math.isfinite(value)
        ]
        return f"{' and '.join(said)}{self.suffix}"

    def holds(self, time: Time) -> bool:
        """Whether it is promised for a window, or for all windows of a time that is open."""
        start, end = self.time.start, self.time.end
        if isinstance(self.time.measured, Cumulative):
            return self.time == time
        if self.point:
            if start is None or time.start is None or time.end is None:
                return False
            return time.start <= start <= time.end
        first = time.end if self.level else time.start
        begun = start is None or (first is not None and start <= first)
        return begun and (end is None or (time.end is not None and time.end <= end))

    @property
    def marks(self) -> Iterator[date]:
        """The days on which it begins to hold, or no longer holds."""
        if self.time.start is not None:
            yield self.time.start
        if self.time.end is not None and self.time.end < date.max:
            yield self.time.end + _DAY


# -- of one KPI ------------------------------------------------------------------------------------


def bounds(bound: Bound, kpi: Kpi) -> Reach | None:
    """What a promise in numbers asks for; None of one that depends on data."""
    value, high = bound.value, bound.high
    if not isinstance(value, Constant):
        return None
    match bound.direction:
        case "at least":
            return Reach(value.value)
        case "at most":
            return Reach(high=value.value)
        case "between":
            return Reach(value.value, high.value) if isinstance(high, Constant) else None
        case _:
            baseline = kpi.promise.baseline
            if not isinstance(baseline, Constant) or (bound.relative and baseline.value <= 0):
                return None
            change = value.value * baseline.value if bound.relative else value.value
            if bound.direction == "increase":
                return Reach(baseline.value + change)
            return Reach(high=baseline.value - change)


def given(kpi: Kpi, scope: Scope) -> Iterator[Given]:
    """The promises of a KPI: of the total first, then those of periods and of slices."""
    promise, definition = kpi.promise, cast(nodes.KpiDef, scope.names.known[kpi.name])
    point = (
        promise.baseline is not None
        and promise.deadline is not None
        and not isinstance(promise.measured, Cumulative)
    )
    whole = Time(promise.measured, promise.deadline if point else promise.start, promise.deadline)
    target = next((c for c in definition.clauses if isinstance(c, nodes.Target)), None)
    by = next((c for c in definition.clauses if isinstance(c, nodes.By)), None)
    place = target.span if target is not None else definition.name.span
    if promise.bound is not None and (asked := bounds(promise.bound, kpi)) is not None:
        yield _given(kpi, "", asked, place, whole, point=point)
    steps = target.milestones if target is not None else ()
    spans = {scope.period(step.period): step.span for step in steps if isinstance(step, nodes.Level)}
    for window, bound in promise.levels:
        if (asked := bounds(bound, kpi)) is not None:
            time = Time(promise.measured, window.start, window.end)
            yield _given(kpi, f" in {window}", asked, spans.get(window, place), time, level=True)
    lines = {line.value.text: line.span for line in by.slices} if by is not None else {}
    for part in kpi.slices:
        if (asked := bounds(part.bound, kpi)) is not None:
            line, of = lines.get(part.value, place), (kpi.dimensions[0].name, part.value)
            yield _given(kpi, f" for {part.value}", asked, line, whole, slice=of, point=point)


def milestones(kpi: Kpi, total: Given | None, scope: Scope) -> Iterator[Given]:
    """What a total asks for at its milestones; they are asked, and bound no other KPI."""
    promise = kpi.promise
    if not isinstance(promise.measured, Cumulative):
        return
    definition = cast(nodes.KpiDef, scope.names.known[kpi.name])
    target = next((c for c in definition.clauses if isinstance(c, nodes.Target)), None)
    place = total.span if total is not None else target.span if target is not None else kpi.span
    for day, bound in promise.milestones:
        if (asked := bounds(bound, kpi)) is not None:
            found = _given(kpi, "", asked, place, Time(promise.measured, promise.start, day))
            yield evolve(found, key=f"{kpi.name} by {day}")


def _given(
    kpi: Kpi,
    suffix: str,
    asked: Reach,
    span: Span,
    time: Time,
    slice: Slice | None = None,
    *,
    point: bool = False,
    level: bool = False,
) -> Given:
    key = f"{kpi.name}{suffix}"
    by = frozenset((key,))
    reach = Reach(asked.low, asked.high, by, by)
    return Given(key, kpi, reach, span, time, slice, suffix, point, level)


def only_channels(kpi: Kpi, scope: Scope) -> frozenset[str] | None:
    """The channels that a KPI looks at; None for all of them."""
    definition = cast(nodes.KpiDef, scope.names.known[kpi.name])
    only = next((c for c in definition.clauses if isinstance(c, nodes.OnlyChannel)), None)
    return frozenset(word.text for word in only.values) if only is not None else None


# -- which windows ---------------------------------------------------------------------------------


Near = dict[tuple[date, Measured], tuple[Time, ...]]
"""The windows around a day, as far as they were asked for."""


def times(asked: Given, others: Iterable[Given], calendar: Calendar, near: Near) -> list[Time]:
    """Windows of a promise, one of each kind that the others tell apart: those near the days on which one of
    them begins or ends to hold."""
    measured, others = asked.time.measured, list(others)
    if isinstance(measured, Cumulative):
        return [asked.time]
    marks = sorted({day for one in (asked, *others) for day in one.marks})
    if not marks:
        return [Time(measured)]
    for day in marks:
        if (day, measured) not in near:
            near[day, measured] = tuple(_near(day, measured, calendar))
    found = dict.fromkeys(time for day in marks for time in near[day, measured])
    kinds: dict[tuple[bool, ...], Time] = {}
    for time in sorted(found, key=_start):
        if asked.holds(time):
            kinds.setdefault(tuple(one.holds(time) for one in others), time)
    return list(kinds.values())


def _start(time: Time) -> date:
    return time.start or date.min


def _near(day: date, measured: Measured, calendar: Calendar) -> Iterator[Time]:
    """The windows around a day."""
    if not _SOONEST <= day <= _LATEST:
        return
    before = day - _DAY
    match measured:
        case Trailing():
            yield from (Time(measured, end, end) for end in (before, day))
        case Every(grain=cycle):
            named = calendar.named_period(cycle)
            here = named.windows if named is not None else periods(before, day, cycle, calendar)
            beside = [window.shift(n) for window in here for n in (-1, 0, 1)] if named is None else list(here)
            yield from (Time(measured, one.start, one.end) for one in beside if one is not None)


def covering(own: Given, time: Time) -> Window | None:
    """The window that is to be made of shorter ones which a promise is for; None where there is no such."""
    longer = isinstance(time.measured, Every | Cumulative) and time.measured != own.time.measured
    if not longer or time.start is None or time.end is None or not isinstance(own.time.measured, Every):
        return None
    return Window(time.start, time.end)
