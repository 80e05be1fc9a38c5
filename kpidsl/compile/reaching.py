"""What the parts of formulas lie between, given what KPIs promise: intervals (Moore, 1966) over the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from attrs import field, frozen

from kpidsl.compile.given import Given, Slice, Time, covering
from kpidsl.compile.intervals import NOT_NEGATIVE, Reach, combined
from kpidsl.compile.structure import aggregated, made
from kpidsl.graph import Aggregate, Combine, Constant, Cumulative, Every, Node
from kpidsl.model.periods import Calendar, Grain, covered, periods
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row
from kpidsl.model.sources import SourceSpec
from kpidsl.model.units import ONE

_MONTHS: dict[Grain, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_KEEPS_SIGN = frozenset({"+", "*", "/", "abs", "round"})
_OF_VALUES = frozenset(
    {"average", "weighted average", "min", "max", "median", "percentile", "first", "last", "sum"}
)
ADDS = ("additive", "semi")
"""What adds up over slices."""


def core(node: Node) -> Node:
    """The number itself, whatever unit it is written in."""
    match node:
        case Combine(op="*", args=(inner, Constant(value=1.0))):
            return core(inner)
        case Combine(op=op, args=args, unit=unit, additivity=additivity) if unit != ONE:
            return Combine(op, args, ONE, additivity)
        case _:
            return node


@frozen(eq=False)
class Reaching:
    """What nodes lie between in a window, in total or in a slice; each is looked at once."""

    time: Time
    slice: Slice | None
    promised: Mapping[Node, Sequence[Given]]
    sources: Mapping[str, SourceSpec]
    calendar: Calendar
    known: dict[Node, Reach] = field(factory=dict)

    def of(self, node: Node) -> Reach:
        """Of a part: its structure, and what is promised for it."""
        if node not in self.known:
            promised = self.promised.get(core(node), ())
            self.known[node] = self.promises(self.structure(node, promises=True), promised)
        return self.known[node]

    def promises(self, found: Reach, given: Sequence[Given]) -> Reach:
        """An interval within what is promised for it."""
        levels: dict[str, list[Given]] = {}
        for one in given:
            factor = self.windows_of(one)
            reach = self.here(one, one.reach.times(factor)) if factor is not None else None
            if reach is not None:
                found = found.within(reach)
            if one.level and factor is None:
                levels.setdefault(one.kpi.name, []).append(one)
        for several in levels.values():
            reach = self.made_of(several)
            found = found.within(reach) if reach is not None else found
        return found

    def windows_of(self, one: Given) -> float | None:
        """How many windows of a promise make the one that is looked at, for totals; 1 for ratios; None where
        it says nothing of it."""
        own = one.time.measured
        if not one.holds(self.time):
            return None
        if own == self.time.measured:
            return 1.0
        if one.level or one.point or not isinstance(own, Every):
            return None
        count = _count(own.grain, self.time)
        if count is None or one.kpi.formula.additivity == "additive":
            return count
        return 1.0 if self.is_mean(one.kpi.formula) else None

    def made_of(self, levels: Sequence[Given]) -> Reach | None:
        """What targets of shorter periods say of the window: one for each period that it is made of."""
        kpi, measured = levels[0].kpi, levels[0].time.measured
        whole = covering(levels[0], self.time)
        if whole is None or not isinstance(measured, Every):
            return None
        parts = periods(whole.start, whole.end, measured.grain, self.calendar)
        if not covered(whole, parts):
            return None
        steps = []
        for part in parts:
            time = Time(measured, part.start, part.end)
            reaches = (self.here(one, one.reach) for one in levels if one.holds(time))
            step = next((reach for reach in reaches if reach is not None), None)
            if step is None:
                return None
            steps.append(step)
        if kpi.formula.additivity == "additive":
            return combined("+", steps)
        if not self.is_mean(kpi.formula):
            return None
        low_by = frozenset[str]().union(*(step.low_by for step in steps))
        high_by = frozenset[str]().union(*(step.high_by for step in steps))
        return Reach(min(s.low for s in steps), max(s.high for s in steps), low_by, high_by)

    def here(self, one: Given, reach: Reach) -> Reach | None:
        """What a promise says of the slice that is looked at: its own, or the one that it inherits; a part of
        what is not negative is no more than the whole."""
        if one.slice == self.slice:
            return reach
        if self.slice is None or one.slice is not None or one.derived:
            return None
        kpi, (dimension, value) = one.kpi, self.slice
        if kpi.formula.additivity in ADDS:
            return Reach(high=reach.high, high_by=reach.high_by) if self.floor(kpi.formula) else None
        inherits = [each.name for each in kpi.dimensions] == [dimension]
        return reach if inherits and all(part.value != value for part in kpi.slices) else None

    def is_mean(self, node: Node) -> bool:
        """Whether a value of a long time, or of all slices, lies between those of its parts: averages, and
        ratios of totals."""
        match core(node):
            case Aggregate(function="average" | "share" | "min" | "max"):
                return True
            case Combine(op="/", args=(above, below)):
                return above.additivity == below.additivity == "additive" and self.floor(below)
            case _:
                return False

    def floor(self, node: Node) -> bool:
        """Whether a number is never negative, whatever is promised."""
        return self.structure(node, promises=False).low >= 0

    def structure(self, node: Node, *, promises: bool) -> Reach:
        """What follows from how a number is made. Over other windows nothing is promised."""

        def free(inner: Node) -> Reach:
            return self.structure(inner, promises=False)

        return made(node, self.aggregate, self.of if promises else free, free)

    def aggregate(self, node: Aggregate) -> Reach:
        """Of an aggregate of columns, which are never negative as far as the spec tells."""
        of = node.argument if node.function in _OF_VALUES else None
        return NOT_NEGATIVE if of is not None and self.never_negative(of) else aggregated(node)

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


def _count(grain: str, time: Time) -> float | None:
    """How many whole months, quarters ... a window has."""
    months = next((n for known, n in _MONTHS.items() if known == grain), None)
    if months is None:
        return None
    match time.measured:
        case Every(grain=longer):
            whole = next((n for grain, n in _MONTHS.items() if grain == longer), 0)
        case Cumulative() if time.start is not None and time.end is not None:
            after = date.fromordinal(time.end.toordinal() + 1)
            if months > 1 or time.start.day > 1 or after.day > 1:
                return None
            whole = (after.year - time.start.year) * 12 + after.month - time.start.month
        case _:
            return None
    return whole / months if whole >= months and not whole % months else None
