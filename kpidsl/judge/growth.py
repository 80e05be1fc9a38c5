"""Whether a value can only grow, or only fall: what a cap overrun or a total reached early is final because
of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from attrs import define, field

from kpidsl.graph import (
    Aggregate,
    Assumed,
    Combine,
    Constant,
    Default,
    Node,
    Running,
    Step,
    Told,
    aggregates,
    rows_of,
    sources_of,
)
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row, columns_of
from kpidsl.model.sources import Grouped, SourceSpec

_UNFINISHED = frozenset(
    ("count distinct", *"min max returning retained churned retention conversion converted".split())
)
_KEEPS_SIGN = frozenset({"+", "*", "/", "abs", "round", "in", "between", "missing", "and", "or", "not"})


def only_grows(node: Node, sources: Mapping[str, SourceSpec]) -> bool:
    """Whether more rows never make the node smaller: counts, and sums without a minus, added and scaled.

    A column as it comes from the data counts as never negative. Where refunds are kept as negative rows, a
    word said at once can therefore be taken back; a spec that subtracts them (`sales - refunds`) is not
    affected. More rows change the rows of a grouped source, so that none of its totals is sure to grow.
    """
    return _Growth(sources).only_grows(node)


@define(eq=False)
class _Growth:
    """Looks at every part once: formulas share them."""

    sources: Mapping[str, SourceSpec]
    nodes: dict[Node, bool] = field(factory=dict)
    rows: dict[Row, bool] = field(factory=dict)
    drifts: dict[Node, int] = field(factory=dict)

    def only_grows(self, node: Node) -> bool:
        if node not in self.nodes:
            self.nodes[node] = self._only_grows(node)
        return self.nodes[node]

    def never_negative(self, row: Row) -> bool:
        if row not in self.rows:
            self.rows[row] = self._never_negative(row)
        return self.rows[row]

    def drift(self, node: Node) -> int:
        if node not in self.drifts:
            self.drifts[node] = self._drift(node)
        return self.drifts[node]

    def _drift(self, node: Node) -> int:
        match node:
            case Aggregate() if any(_grouped(name, self.sources) for name in _read(node)):
                return 0
            case Aggregate(
                function="count distinct" | "max" | "returning" | "retained" | "retention" | "converted"
            ):
                return 1
            case Aggregate(function="min" | "churned"):
                return -1
            case Running(node=inner):
                return int(self.only_grows(inner))
            case Assumed(node=inner):
                return self.drift(inner)
            case Combine(op="+", args=args):
                ways = {self.drift(arg) for arg in args if not isinstance(arg, Constant)}
                return ways.pop() if len(ways) == 1 else 0
            case Combine(op="round", args=(inner, *_)):
                return self.drift(inner)
            case Combine(op="*" | "/", args=(inner, *scale)) if all(map(_positive, scale)):
                return self.drift(inner)
            case _:
                return int(self.only_grows(node))

    def _only_grows(self, node: Node) -> bool:
        match node:
            case Aggregate() if any(_grouped(name, self.sources) for name in _read(node)):
                return False
            case Aggregate(function="count" | "new"):
                return True
            case Aggregate(function="first touch" | "last touch", then=(Step(value=value), *_)):
                return value is None or self.never_negative(value)
            case Aggregate(function="sum", argument=argument):
                return argument is not None and self.never_negative(argument)
            case Constant(value=value):
                return value >= 0
            case Combine(op="+" | "*" | "/", args=args):
                return all(self.only_grows(arg) for arg in args)
            case Told(node=inner):
                return self.only_grows(inner)
            case Default(node=inner, value=value):
                return value == 0 and self.only_grows(inner)
            case Assumed(node=inner):
                return self.only_grows(inner)
            case _:
                return False

    def _never_negative(self, row: Row) -> bool:
        match row:
            case ColumnRef(home=home, name=name):
                spec = self.sources.get(home)
                if spec is None:
                    return False
                column = spec.column(name)
                value = column.value if column else None
                return value is None or self.never_negative(value)
            case Literal(value=value):
                return not isinstance(value, int | float) or value >= 0
            case Apply(op="on scale", args=(of, low, _)):
                return self.never_negative(low) or self.never_negative(of)
            case Apply(op="when", args=args):
                values = (*args[1:-1:2], args[-1])
                return all(self.never_negative(value) for value in values)
            case Apply(op=op, args=args):
                return op in _KEEPS_SIGN and all(self.never_negative(arg) for arg in args)
            case Gather():
                return False


@lru_cache(maxsize=1024)
def unfinished(node: Node) -> bool:
    """Whether a part of a period says little of the whole, and no share of the target is due for it either.

    So it is with different values counted, the least, the greatest, and a running total. A ratio of two of
    them is a ratio.
    """
    match node:
        case Aggregate(function=function):
            return function in _UNFINISHED
        case Running():
            return True
        case Default(node=inner) | Assumed(node=inner) | Told(node=inner):
            return unfinished(inner)
        case Combine(op="/", args=(above, *below)):
            return unfinished(above) and not aggregates(*below)
        case Combine(args=args):
            return any(map(unfinished, args))
        case _:
            return False


@lru_cache(maxsize=1024)
def days_after(node: Node) -> int:
    """How many days after a window later rows may still change its value: those of the longest path."""
    own = (a for a in aggregates(node) if a.function in ("conversion", "converted"))
    return max((int(a.parameter or 0) for a in own), default=0)


def drift(node: Node, sources: Mapping[str, SourceSpec]) -> int:
    """1 where more rows never make a value smaller, -1 where they never make it greater, 0 where neither is
    known."""
    return _Growth(sources).drift(node)


def _positive(node: Node) -> bool:
    return isinstance(node, Constant) and node.value > 0


def _read(node: Aggregate) -> set[str]:
    rows = [(source, row) for source, row in rows_of(node) if row is not node.weight]
    return {*sources_of(node), *(column.home for _, row in rows for column in columns_of(row))}


def _grouped(name: str, sources: Mapping[str, SourceSpec]) -> bool:
    return name in sources and isinstance(sources[name].origin, Grouped)
