"""Whether a total can only grow: what a cap overrun and a total reached early are final because of."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from kpidsl.graph import Aggregate, Combine, Constant, Default, Node
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row, columns_of
from kpidsl.model.sources import Grouped, SourceSpec

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

    def only_grows(self, node: Node) -> bool:
        if node not in self.nodes:
            self.nodes[node] = self._only_grows(node)
        return self.nodes[node]

    def never_negative(self, row: Row) -> bool:
        if row not in self.rows:
            self.rows[row] = self._never_negative(row)
        return self.rows[row]

    def _only_grows(self, node: Node) -> bool:
        match node:
            case Aggregate() if any(_grouped(name, self.sources) for name in _read(node)):
                return False
            case Aggregate(function="count"):
                return True
            case Aggregate(function="sum", argument=argument):
                return argument is not None and self.never_negative(argument)
            case Constant(value=value):
                return value >= 0
            case Combine(op="+" | "*" | "/", args=args):
                return all(self.only_grows(arg) for arg in args)
            case Default(node=inner, value=value):
                return value == 0 and self.only_grows(inner)
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
            case Apply(op="when", args=args):
                values = (*args[1:-1:2], args[-1])
                return all(self.never_negative(value) for value in values)
            case Apply(op=op, args=args):
                return op in _KEEPS_SIGN and all(self.never_negative(arg) for arg in args)
            case Gather():
                return False


def _read(node: Aggregate) -> set[str]:
    rows = (node.argument, node.filter)
    return {node.source, *(column.home for row in rows for column in columns_of(row))}


def _grouped(name: str, sources: Mapping[str, SourceSpec]) -> bool:
    return name in sources and isinstance(sources[name].origin, Grouped)
