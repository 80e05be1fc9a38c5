"""What a KPI means, as one canonical text: the same for every way to write it, another for every other
promise.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from attrs import define, field

from kpidsl.compile.scope import Scope
from kpidsl.graph import (
    Aggregate,
    Assumed,
    Baseline,
    Bound,
    Combine,
    Constant,
    Cumulative,
    Default,
    Dimension,
    Every,
    Measured,
    Node,
    Promise,
    Rolling,
    Running,
    Share,
    Shift,
    SlicePromise,
    Step,
    Told,
    Tolerance,
    Trailing,
    Unknown,
)
from kpidsl.model.named import NamedPeriod
from kpidsl.model.periods import GRAINS, Grain, Window
from kpidsl.model.retail import RetailPeriods
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row
from kpidsl.model.units import Unit

_LONGEST = 2000
"""Characters of a part; a longer one is written as its digest, or what is used twice, and twice again, would
double the text each time."""


@define(eq=False)
class Meaning:
    """Writes canonical texts, each shared node once."""

    scope: Scope
    _nodes: dict[Node, str] = field(factory=dict)
    _rows: dict[Row, str] = field(factory=dict)

    def hash(
        self, node: Node, promise: Promise, dimensions: Sequence[Dimension], slices: Sequence[SlicePromise]
    ) -> str:
        """12 hex digits of the meaning."""
        parts = [self.node(node), str(node.unit), self.promise(promise)]
        parts += [self._dimension(d) for d in dimensions]
        parts += sorted(
            f"{_quoted(s.value)}: {self._bound(s.bound)} {_tolerance(s.tolerance)}" for s in slices
        )
        return sha256("\n".join(parts).encode()).hexdigest()[:12]

    def node(self, node: Node) -> str:
        """A node as text, without the names of measures."""
        if node not in self._nodes:
            self._nodes[node] = _short(self._node(node))
        return self._nodes[node]

    def _node(self, node: Node) -> str:
        match node:
            case Constant(value=value, unit=unit):
                return f"{value!r}{_in(unit)}"
            case Aggregate():
                parts = [self.source(node.source), self.row(node.argument)]
                parts += [f"where {self.row(node.filter)}"] if node.filter is not None else []
                parts += [f"by {self.row(node.weight)}"] if node.weight is not None else []
                parts += [f"rank {node.parameter!r}"] if node.parameter is not None else []
                parts += [self._step(step) for step in node.then]
                return f"{node.function}({' '.join(parts)}){_in(node.unit)}"
            case Combine(op=op, args=args):
                return f"({op} {' '.join(self.node(arg) for arg in args)})"
            case Shift(node=inner, by=by, count=count):
                return f"shift({self.node(inner)} {count} {by})"
            case Running(node=inner):
                return f"running({self.node(inner)})"
            case Rolling(node=inner, count=count):
                return f"rolling({self.node(inner)} {count})"
            case Share(node=inner):
                return f"share({self.node(inner)})"
            case Default(node=inner, value=value):
                return f"default({self.node(inner)} {value!r})"
            case Told(node=inner):
                return f"told({self.node(inner)})"
            case Unknown():
                return f"unknown{_in(node.unit)}"
            case Assumed(node=inner, value=value, spread=spread):
                return f"assumed({self.node(value)} for {self.node(inner)}{' spread' if spread else ''})"

    def _step(self, step: Step) -> str:
        kept, value = self.row(step.filter), self.row(step.value)
        return f"to {self.source(step.source)} {self.row(step.identity)} where {kept} of {value}"

    def source(self, name: str) -> str:
        """The name of a source; of a grouped one, how its rows are made and what their time is."""
        shape = self.scope.shapes[name]
        if shape.parent is None:
            return name
        keys = " ".join(self.row(ref) for ref in shape.keys.values())
        time = self.row(shape.values.get(shape.time)) if shape.time in shape.values else shape.time
        return f"{name}{{{self.source(shape.parent.name)} by {keys} at {time}}}"

    def row(self, row: Row | None) -> str:
        """A row expression as text; computed columns by what they compute."""
        if row is None:
            return "*"
        if row not in self._rows:
            self._rows[row] = _short(self._row(row))
        return self._rows[row]

    def _row(self, row: Row) -> str:
        match row:
            case Literal(value=value):
                return _quoted(value) if isinstance(value, str) else str(value)
            case ColumnRef(name=name, via=via, home=home):
                way = "".join(f"{step}." for step in via)
                computed = self.scope.shapes[home].values.get(name)
                return f"{way}{_quoted(name)}" if computed is None else f"{way}[{self.row(computed)}]"
            case Apply(op=op, args=args):
                return f"({op} {' '.join(self.row(arg) for arg in args)})"
            case Gather(function=function, argument=argument, filter=kept, weight=weight, parameter=rank):
                said = (
                    f"{function} {self.row(argument)} where {self.row(kept)} by {self.row(weight)} {rank!r}"
                )
                return f"({said} of {self.source(row.source)})"

    def promise(self, promise: Promise) -> str:
        """A promise as text."""
        milestones = "; ".join(f"{self._bound(bound)} by {day}" for day, bound in promise.milestones)
        said = " | ".join(
            (
                self._measured(promise.measured),
                self._bound(promise.bound),
                milestones,
                _tolerance(promise.tolerance),
                self._baseline(promise.baseline),
                str(promise.start),
                str(promise.deadline),
                self._pace(promise),
                *(f"{self._bound(bound)} in {w.start} to {w.end}" for w, bound in promise.levels),
                *(f"{share!r} by {day}" for day, share in promise.shares),
            )
        )
        if promise.forecast is not None:
            said += f" | forecast {promise.forecast!r}"
        sample = promise.sample
        if promise.confident is None and (sample is None or not sample.least):
            return said
        counted = " ".join(map(self.node, sample.nodes)) if sample is not None and sample.least else ""
        return f"{said} | {promise.confident!r} | {sample.least if sample else 0!r} of {counted}"

    def _measured(self, measured: Measured) -> str:
        match measured:
            case Every(grain=grain):
                return f"every {self._cycle(grain)}"
            case Cumulative():
                return "cumulatively"
            case Trailing(count=count, grain=grain):
                return f"last {count} {grain} {self._counted(grain)}"

    def _cycle(self, cycle: str) -> str:
        """What is measured every: of periods that no grain makes, how they are cut."""
        grain = next((grain for grain in GRAINS if grain == cycle), None)
        if grain is not None:
            return f"{grain} {self._counted(grain)}"
        match self.scope.calendar.series(cycle):
            case RetailPeriods(years=years, part=part):
                end = f"{years.month} {years.weekday} {years.nearest}"
                return f"retail {part} {years.pattern} {end} {years.apart}"
            case NamedPeriod(spans=spans):
                return " ".join(f"{start} to {end}" for start, end in spans)
            case _:
                return cycle

    def _pace(self, promise: Promise) -> str:
        """The pace; business days with what makes them."""
        if promise.pace != "business days":
            return promise.pace or ""
        calendar = self.scope.calendar
        weekend = " ".join(map(str, sorted(calendar.weekend)))
        public = " ".join(f"{country}-{region}" for country, region in sorted(calendar.holidays, key=str))
        own = " ".join(sorted(f"{window.start} to {window.end}" for window in calendar.days_off))
        return f"business days but {weekend}; {public}; {own}"

    def _counted(self, grain: Grain) -> int:
        """What of the calendar the periods of a grain depend on."""
        calendar = self.scope.calendar
        return calendar.week_start if grain == "week" else calendar.year_starts_in(grain)

    def _bound(self, bound: Bound | None) -> str:
        if bound is None:
            return ""
        high = f" and {self.node(bound.high)}" if bound.high is not None else ""
        return f"{bound.direction} {'relatively ' if bound.relative else ''}{self.node(bound.value)}{high}"

    def _baseline(self, baseline: Baseline | None) -> str:
        match baseline:
            case None | str():
                return baseline or ""
            case Window(start=start, end=end):
                return f"{start} to {end}"
            case node:
                return self.node(node)

    def _dimension(self, dimension: Dimension) -> str:
        columns = " ".join(f"{source}={self.row(column)}" for source, column in sorted(dimension.columns))
        return f"by {_quoted(dimension.name)} {columns}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"#{sha256(text.encode()).hexdigest()}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _in(unit: Unit) -> str:
    return f"[{unit}]"


def _tolerance(tolerance: Tolerance | None) -> str:
    return f"{tolerance.amount!r}{' relatively' if tolerance.relative else ''}" if tolerance else ""
