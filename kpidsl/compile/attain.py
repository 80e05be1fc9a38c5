"""Targets that contradict each other: one that cannot be kept if those of its drivers are.

The formula of a KPI is computed with intervals (Moore, 1966): where other KPIs promise bounds for a part of
it, over the same time, the part lies within them; counts, and columns as they come from the data, are not
negative. Intervals are never narrower than what can be reached, so that what is reported is so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import cast

from attrs import evolve, field, frozen

from kpidsl.compile.intervals import ANY, FRACTION, NOT_NEGATIVE, Reach, combined
from kpidsl.compile.scope import Scope
from kpidsl.diagnostics import Diagnostic, Label, Severity, Span
from kpidsl.graph import (
    Aggregate,
    Assumed,
    Bound,
    Combine,
    Constant,
    Cumulative,
    Default,
    Every,
    Kpi,
    Measured,
    Node,
    Rolling,
    Running,
    Share,
    Shift,
    Told,
    Unknown,
)
from kpidsl.model.periods import Grain
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row
from kpidsl.model.sources import SourceSpec
from kpidsl.model.units import ONE, format_value
from kpidsl.syntax import nodes

_NEAR = 1e-9
_MONTHS: dict[Grain, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_KEEPS_SIGN = frozenset({"+", "*", "/", "abs", "round"})
_OF_VALUES = frozenset(
    {"average", "weighted average", "min", "max", "median", "percentile", "first", "last", "sum"}
)


@frozen
class _Frame:
    """Over which windows a promise holds."""

    measured: Measured
    start: date | None
    deadline: date | None
    glides: bool = False
    """Whether it holds on the deadline only, being a line from the baseline until then."""

    @staticmethod
    def of(kpi: Kpi) -> _Frame:
        promise = kpi.promise
        return _Frame(promise.measured, promise.start, promise.deadline, promise.baseline is not None)

    def overlaps(self, other: _Frame) -> bool:
        """Whether there is a day that both promise something for."""
        starts = [one.deadline if one.glides else one.start for one in (self, other)]
        first = max((day for day in starts if day is not None), default=None)
        ends = [one.deadline for one in (self, other) if one.deadline is not None]
        return first is None or not ends or first <= min(ends)

    def covers(self, other: _Frame) -> bool:
        """Whether it holds for all of the other's time."""
        begins = self.start is None or (other.start is not None and self.start <= other.start)
        ends = self.deadline is None or (other.deadline is not None and other.deadline <= self.deadline)
        return begins and ends and not self.glides


def contradictions(kpis: Mapping[str, Kpi], sources: Mapping[str, SourceSpec], scope: Scope) -> None:
    """Report every target that its drivers' targets cannot reach, as warnings."""
    promised: dict[Node, list[Kpi]] = {}
    for kpi in kpis.values():
        if (
            not kpi.about.draft
            and kpi.promise.bound is not None
            and bounds(kpi.promise.bound, kpi) is not None
        ):
            promised.setdefault(_core(kpi.formula), []).append(kpi)
    frames: dict[_Frame, _Reaching] = {}
    order = {name: place for place, name in enumerate(kpis)}
    for kpi in kpis.values():
        if kpi.about.draft:
            continue
        for frame, asked in _targets(kpi):
            reaching = frames.setdefault(frame, _Reaching(frame, promised, sources))
            alike = [k for k in promised.get(_core(kpi.formula), ()) if order[k.name] < order[kpi.name]]
            found = reaching.of_formula(kpi, alike)
            if problem := _problem(kpi, asked, found, kpis, scope):
                scope.report.add(problem)
                break


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


def _targets(kpi: Kpi) -> Iterator[tuple[_Frame, Reach]]:
    """What is asked of a KPI, and over which windows; each milestone of a total is one."""
    frame, promise = _Frame.of(kpi), kpi.promise
    if promise.bound is not None and (found := bounds(promise.bound, kpi)) is not None:
        yield frame, found
    for day, bound in promise.milestones:
        if isinstance(promise.measured, Cumulative) and (found := bounds(bound, kpi)) is not None:
            yield evolve(frame, deadline=day), found


def _core(node: Node) -> Node:
    """The number itself, whatever unit it is written in."""
    match node:
        case Combine(op="*", args=(inner, Constant(value=1.0))):
            return _core(inner)
        case Combine(unit=unit) if unit != ONE:
            return evolve(node, unit=ONE)
        case _:
            return node


# -- intervals -------------------------------------------------------------------------------------


@frozen(eq=False)
class _Reaching:
    """What nodes lie between over the windows of a frame; each is looked at once."""

    frame: _Frame
    promised: Mapping[Node, Sequence[Kpi]]
    sources: Mapping[str, SourceSpec]
    known: dict[Node, Reach] = field(factory=dict)

    def of_formula(self, kpi: Kpi, alike: Sequence[Kpi]) -> Reach:
        """Of a whole formula, as its parts and other KPIs with the same formula say."""
        return self.promises(self.structure(kpi.formula, promises=True), alike)

    def of(self, node: Node) -> Reach:
        """Of a part: its structure, and what is promised for it."""
        if node not in self.known:
            kpis = self.promised.get(_core(node), ())
            self.known[node] = self.promises(self.structure(node, promises=True), kpis)
        return self.known[node]

    def promises(self, found: Reach, kpis: Sequence[Kpi]) -> Reach:
        for kpi in kpis:
            factor = self.windows_of(kpi)
            bound = kpi.promise.bound
            if factor is not None and bound is not None and (asked := bounds(bound, kpi)) is not None:
                by = frozenset((kpi.name,))
                found = found.within(evolve(asked.times(factor), low_by=by, high_by=by))
        return found

    def windows_of(self, kpi: Kpi) -> float | None:
        """How many windows of a promise make one of the frame, for totals; 1 for ratios; None where it says
        nothing of the frame."""
        own, frame = _Frame.of(kpi), self.frame
        if own.measured == frame.measured:
            if isinstance(own.measured, Cumulative):
                return 1.0 if (own.start, own.deadline) == (frame.start, frame.deadline) else None
            return 1.0 if own.overlaps(frame) else None
        if not isinstance(own.measured, Every) or not own.covers(frame):
            return None
        count = _count(own.measured.grain, frame)
        if count is None or kpi.formula.additivity == "additive":
            return count
        return 1.0 if self.is_mean(kpi.formula) else None

    def is_mean(self, node: Node) -> bool:
        """Whether a value of a long time lies between those of its parts: averages, and ratios of totals."""
        match _core(node):
            case Aggregate(function="average" | "share" | "min" | "max"):
                return True
            case Combine(op="/", args=(above, below)):
                adds = above.additivity == below.additivity == "additive"
                return adds and self.structure(below, promises=False).low >= 0
            case _:
                return False

    def structure(self, node: Node, *, promises: bool) -> Reach:
        """What follows from how a number is made. Over other windows nothing is promised."""

        def below(inner: Node) -> Reach:
            return self.of(inner) if promises else self.structure(inner, promises=False)

        match node:
            case Constant(value=value):
                return Reach(value, value)
            case Aggregate():
                return self.aggregate(node)
            case Combine(op=op, args=args):
                return combined(op, [below(arg) for arg in args])
            case Default(node=inner, value=value):
                one = below(inner)
                return Reach(min(one.low, value), max(one.high, value), one.low_by, one.high_by)
            case Share(node=inner):
                return FRACTION if self.structure(inner, promises=False).low >= 0 else ANY
            case Shift(node=inner) | Running(node=inner) | Rolling(node=inner):
                return NOT_NEGATIVE if self.structure(inner, promises=False).low >= 0 else ANY
            case Assumed(value=inner) | Told(node=inner):
                return below(inner)
            case Unknown():
                return ANY

    def aggregate(self, node: Aggregate) -> Reach:
        match node.function:
            case "count" | "count distinct" | "standard deviation":
                return NOT_NEGATIVE
            case "share":
                return FRACTION
            case function if function in _OF_VALUES and node.argument is not None:
                return NOT_NEGATIVE if self.never_negative(node.argument) else ANY
            case _:
                return ANY

    def never_negative(self, row: Row) -> bool:
        """Whether a column is not, as far as the spec tells: one that is read counts as never negative."""
        match row:
            case ColumnRef(home=home, name=name):
                spec = self.sources.get(home)
                column = spec.column(name) if spec else None
                return column is not None and (column.value is None or self.never_negative(column.value))
            case Literal(value=value):
                return isinstance(value, int | float) and value >= 0
            case Apply(op="on scale", args=(of, low, _)):
                return self.never_negative(low) or self.never_negative(of)
            case Apply(op="when", args=args):
                return all(self.never_negative(value) for value in (*args[1:-1:2], args[-1]))
            case Apply(op=op, args=args):
                return op in _KEEPS_SIGN and all(map(self.never_negative, args))
            case Gather():
                return False


# -- time ------------------------------------------------------------------------------------------


def _count(grain: str, frame: _Frame) -> float | None:
    """How many whole months, quarters ... a window of a frame has."""
    months = next((n for known, n in _MONTHS.items() if known == grain), None)
    if months is None:
        return None
    match frame.measured:
        case Every(grain=longer):
            whole = next((n for grain, n in _MONTHS.items() if grain == longer), 0)
        case Cumulative() if frame.start is not None and frame.deadline is not None:
            after = date.fromordinal(frame.deadline.toordinal() + 1)
            if months > 1 or frame.start.day > 1 or after.day > 1:
                return None
            whole = (after.year - frame.start.year) * 12 + after.month - frame.start.month
        case _:
            return None
    return whole / months if whole >= months and not whole % months else None


# -- what is said ----------------------------------------------------------------------------------


def _problem(
    kpi: Kpi, asked: Reach, found: Reach, kpis: Mapping[str, Kpi], scope: Scope
) -> Diagnostic | None:
    """The contradiction, with the numbers and the promises that make it."""
    if found.high_by and _below(found.high, asked.low):
        ends, said, limit, by = "at most", "at least", (found.high, asked.low), found.high_by
    elif found.low_by and _below(asked.high, found.low):
        ends, said, limit, by = "at least", "at most", (found.low, asked.high), found.low_by
    else:
        return None
    reach, wanted = (format_value(value, kpi.unit) for value in limit)
    drivers = [kpis[name] for name in kpis if name in by and name != kpi.name]
    labels = tuple(Label(_target_span(d, scope), f"`{d.name}` is to be {_asked_of(d)}") for d in drivers)
    return Diagnostic(
        "K440",
        f"`{kpi.name}` asks for {said} {wanted}, and can be {ends} {reach} where "
        f"{' and '.join(f'`{d.name}` is {_asked_of(d)}' for d in drivers)}",
        _target_span(kpi, scope),
        Severity.WARNING,
        labels,
        help=f"{said} {reach} could be kept; else one of the others has to give way",
        kpi=kpi.name,
    )


def _below(a: float, b: float) -> bool:
    return math.isfinite(a) and math.isfinite(b) and a < b - _NEAR * max(abs(a), abs(b))


def _asked_of(kpi: Kpi) -> str:
    assert kpi.promise.bound is not None
    asked = bounds(kpi.promise.bound, kpi)
    assert asked is not None
    ends = [
        f"{word} {format_value(value, kpi.unit)}"
        for word, value in (("at least", asked.low), ("at most", asked.high))
        if math.isfinite(value)
    ]
    return " and ".join(ends)


def _target_span(kpi: Kpi, scope: Scope) -> Span:
    definition = cast(nodes.KpiDef, scope.names.known[kpi.name])
    return next((c.span for c in definition.clauses if isinstance(c, nodes.Target)), definition.name.span)
