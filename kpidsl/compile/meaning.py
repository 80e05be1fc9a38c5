"""What a KPI means, as one canonical text: the same for every way to write it, another for every other
promise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Protocol

from attrs import define, field, frozen

from kpidsl.compile.operands import orderless
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
    Graph,
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
from kpidsl.model.periods import GRAINS, Calendar, Grain, Window
from kpidsl.model.retail import RetailPeriods
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row
from kpidsl.model.sources import Grouped, SourceSpec
from kpidsl.model.units import Unit
from kpidsl.records import Record

_LONGEST = 2000
"""Characters of a part; a longer one is written as its digest, or what is used twice, and twice again, would
double the text each time."""


class Relation(Protocol):
    """A source, as far as it decides what is meant."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def parent(self) -> Relation | None:
        """The source whose rows are grouped here, if any are."""
        ...

    @property
    def keys(self) -> Mapping[str, ColumnRef | None]:
        """What they are grouped by."""
        ...

    @property
    def values(self) -> Mapping[str, Row]:
        """Its computed columns."""
        ...

    @property
    def time(self) -> str | None:
        """The column of its time."""
        ...


class Known(Protocol):
    """What else decides what is meant: while a project is compiled its scope, afterwards its graph."""

    @property
    def calendar(self) -> Calendar:
        """How time is counted."""
        ...

    @property
    def shapes(self) -> Mapping[str, Relation]:
        """The sources by name."""
        ...


@frozen(repr=False, eq=False)
class _Relation(Record):
    name: str
    parent: _Relation | None
    keys: Mapping[str, ColumnRef | None]
    values: Mapping[str, Row]
    time: str | None


class _Shapes(dict[str, _Relation]):
    """Measures may read sources that have an error and are not in the graph: these go by their names."""

    def __missing__(self, name: str) -> _Relation:
        return _Relation(name, None, {}, {}, None)


@frozen(repr=False, eq=False)
class _Compiled(Record):
    calendar: Calendar
    shapes: Mapping[str, _Relation]


def of_graph(graph: Graph, names: Mapping[str, str] | None = None) -> Meaning:
    """What writes the canonical texts of a compiled project: the same that its hashes are made of."""
    shapes = _Shapes()

    def relation(spec: SourceSpec) -> _Relation:
        if spec.name not in shapes:
            parent: _Relation | None = None
            keys: dict[str, ColumnRef] = {}
            if isinstance(spec.origin, Grouped):
                keys = dict(spec.origin.keys)
                below = graph.sources.get(spec.origin.source)
                parent = relation(below) if below is not None else None
            values = {c.name: c.value for c in spec.columns if c.value is not None and c.name not in keys}
            shapes[spec.name] = _Relation(spec.name, parent, keys, values, spec.time)
        return shapes[spec.name]

    for spec in graph.sources.values():
        relation(spec)
    return Meaning(_Compiled(graph.calendar, shapes), names or {})


@define(repr=False, eq=False)
class Meaning(Record):
    """Writes canonical texts, each shared node once."""

    scope: Known
    names: Mapping[str, str] = field(factory=dict)
    """What sources are called instead: what is renamed means the same."""
    _nodes: dict[Node, str] = field(factory=dict)
    _rows: dict[Row, str] = field(factory=dict)

    def hash(
        self, node: Node, promise: Promise, dimensions: Sequence[Dimension], slices: Sequence[SlicePromise]
    ) -> str:
        """12 hex digits of the meaning."""
        parts = [self.node(node), str(node.unit), self.promise(promise)]
        parts += [self.dimension(d) for d in dimensions]
        parts += sorted(
            f"{_quoted(s.value)}: {self.bound(s.bound)} {_tolerance(s.tolerance)}" for s in slices
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
            case Combine(op="+" | "-" | "*"):
                return orderless(node, self.node)
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
        shape, called = self.scope.shapes[name], self.names.get(name, name)
        if shape.parent is None:
            return called
        keys = " ".join(self.row(ref) for ref in shape.keys.values())
        computed = shape.values.get(shape.time) if shape.time is not None else None
        time = shape.time if computed is None else self.row(computed)
        return f"{called}{{{self.source(shape.parent.name)} by {keys} at {time}}}"

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
                way = "".join(f"{self.names.get(step, step)}." for step in via)
                computed = self.scope.shapes[home].values.get(name)
                return f"{way}{_quoted(name)}" if computed is None else f"{way}[{self.row(computed)}]"
            case Apply(op="in", args=(value, *choices)):
                return f"(in {self.row(value)} {' '.join(sorted({self.row(one) for one in choices}))})"
            case Apply(op="=" | "!=", args=args):
                return f"({row.op} {' '.join(sorted(self.row(arg) for arg in args))})"
            case Apply(op="+" | "-" | "*" | "and" | "or"):
                return orderless(row, self.row)
            case Apply(op=op, args=args):
                return f"({op} {' '.join(self.row(arg) for arg in args)})"
            case Gather(function=function, argument=argument, filter=kept, weight=weight, parameter=rank):
                said = (
                    f"{function} {self.row(argument)} where {self.row(kept)} by {self.row(weight)} {rank!r}"
                )
                return f"({said} of {self.source(row.source)})"

    def promise(self, promise: Promise) -> str:
        """A promise as text."""
        milestones = "; ".join(f"{self.bound(bound)} by {day}" for day, bound in promise.milestones)
        said = " | ".join(
            (
                self.measured(promise.measured),
                self.bound(promise.bound),
                milestones,
                _tolerance(promise.tolerance),
                self.baseline(promise.baseline),
                str(promise.start),
                str(promise.deadline),
                self.pace(promise),
                *(f"{self.bound(bound)} in {w.start} to {w.end}" for w, bound in promise.levels),
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

    def measured(self, measured: Measured) -> str:
        """How it is measured, and what of the calendar that depends on."""
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

    def pace(self, promise: Promise) -> str:
        """The pace; business days with what makes them."""
        if promise.pace != "business days":
            return promise.pace if promise.pace not in (None, "linear") else ""
        calendar = self.scope.calendar
        weekend = " ".join(map(str, sorted(calendar.weekend)))
        public = " ".join(f"{country}-{region}" for country, region in sorted(calendar.holidays, key=str))
        own = " ".join(sorted(f"{window.start} to {window.end}" for window in calendar.days_off))
        return f"business days but {weekend}; {public}; {own}"

    def _counted(self, grain: Grain) -> int:
        """What of the calendar the periods of a grain depend on."""
        calendar = self.scope.calendar
        return calendar.week_start if grain == "week" else calendar.year_starts_in(grain)

    def bound(self, bound: Bound | None) -> str:
        """What is promised; nothing for none."""
        if bound is None:
            return ""
        high = f" and {self.node(bound.high)}" if bound.high is not None else ""
        return f"{bound.direction} {'relatively ' if bound.relative else ''}{self.node(bound.value)}{high}"

    def baseline(self, baseline: Baseline | None) -> str:
        """What a change is held against; nothing for none."""
        match baseline:
            case None | str():
                return baseline or ""
            case Window(start=start, end=end):
                return f"{start} to {end}"
            case node:
                return self.node(node)

    def dimension(self, dimension: Dimension) -> str:
        """A dimension, with the columns that it is."""
        named = ((self.names.get(source, source), column) for source, column in dimension.columns)
        columns = " ".join(f"{source}={self.row(column)}" for source, column in sorted(named))
        return f"by {_quoted(dimension.name)} {columns}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"#{sha256(text.encode()).hexdigest()}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _in(unit: Unit) -> str:
    return f"[{unit}]"


def _tolerance(tolerance: Tolerance | None) -> str:
    return f"{tolerance.amount!r}{' relatively' if tolerance.relative else ''}" if tolerance else ""
