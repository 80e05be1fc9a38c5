"""Nodes, row expressions and periods in words, for sentences."""

from __future__ import annotations

from functools import lru_cache

from kpidsl.evaluate.plan import Scan
from kpidsl.graph import (
    Aggregate,
    Assumed,
    Combine,
    Constant,
    Default,
    Graph,
    Node,
    Rolling,
    Running,
    Share,
    Shift,
    Told,
)
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row
from kpidsl.model.units import format_value

_MEANS = {
    "average closing": "daily mean of the closing level",
    "average last": "daily mean of the last level",
}
_BINARY = frozenset(("+", "-", "*", "/", "=", "!=", "<", "<=", ">", ">=", "and", "or"))


def words(node: Node, graph: Graph) -> str:
    """How a node is called: by the name of a measure or KPI that is just this node, else by what it does."""
    name = _names(graph).get(node)
    if name is not None:
        return name
    match node:
        case Aggregate(function=function, source=source, argument=argument):
            inside = source if argument is None else said(argument, source)
            inside = " to ".join([inside, *(said(step.identity, step.source) for step in node.then)])
            return (
                f"{_MEANS.get(function, function)} of {inside}"
                if function != "share"
                else f"share of {source} where {said(argument, source)}"
            )
        case Shift(node=inner, by="period"):
            return f"{words(inner, graph)} of the period before"
        case Shift(node=inner):
            return f"{words(inner, graph)} of last year"
        case Running(node=inner):
            return f"the running total of {words(inner, graph)}"
        case Rolling(node=inner):
            return f"the rolling average of {words(inner, graph)}"
        case Share(node=inner) | Default(node=inner) | Assumed(node=inner) | Told(node=inner):
            return words(inner, graph)
        case Combine(op="-" | "+" | "*" | "/" as op, args=args):
            return f" {op} ".join(words(arg, graph) for arg in args)
        case Combine(args=(first, *_)):
            return words(first, graph)
        case Constant(value=value):
            return f"{value:g}"
    return "the value"


@lru_cache(maxsize=2)
def _names(graph: Graph) -> dict[Node, str]:
    """The first measure that a node is, or else the first KPI."""
    known = [(kpi.formula, name) for name, kpi in reversed(graph.kpis.items())]
    known += [(measure.node, name) for name, measure in reversed(graph.measures.items())]
    return dict(known)


def bucketed(scan: Scan) -> str:
    """What the days of a scan are gathered in: `month`, `7 days`, `3 spans of days`, `no period`."""
    grid = scan.buckets
    if grid is None:
        return f"{len(scan.windows)} windows"
    if grid.kind == "cuts":
        return f"{len(grid.edges) - 1} spans of days" if len(grid.edges) > 2 else "no period"
    return grid.kind if grid.step == 1 else f"{grid.step} {grid.kind}s"


def said(row: Row | None, source: str = "") -> str:
    """A row expression; columns with their source in front when one is given."""
    match row:
        case None:
            return "rows"
        case ColumnRef(name=name):
            home = row.home if row.via else source
            return f"{home}.{name}" if home else name
        case Literal(value=value, type=kind):
            return _constant(value, kind.unit)
        case Apply(op="not", args=(Apply(op="missing", args=(inner,)),)):
            return f"{said(inner, source)} is not missing"
        case Apply(op="on scale", args=(of, *_)):
            return said(of, source)
        case Apply(op=op, args=args):
            return _applied(op, [said(arg, source) for arg in args])
        case Gather(function=function, argument=argument):
            return f"{function} of {row.source if argument is None else said(argument, row.source)}"


def _constant(value: object, unit: object) -> str:
    match value:
        case None:
            return "missing"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case float() if getattr(unit, "style", "plain") != "plain":
            return format_value(value, unit)  # type: ignore[arg-type]
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _applied(op: str, args: list[str]) -> str:
    if op in _BINARY:
        return f" {op} ".join(args)
    match op:
        case "not":
            return f"not {args[0]}"
        case "neg":
            return f"-{args[0]}"
        case "missing":
            return f"{args[0]} is missing"
        case "in":
            return f"{args[0]} in ({', '.join(args[1:])})"
        case "between":
            return f"{args[0]} between {args[1]} and {args[2]}"
        case "when":
            pairs = [f"when {c} then {v}" for c, v in zip(args[0:-1:2], args[1::2], strict=True)]
            return f"{' '.join(pairs)} otherwise {args[-1]}"
    return f"{op}({', '.join(args)})"
