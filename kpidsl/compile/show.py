"""The graph drawn: sources, aggregates, formulas and KPIs, each shared part once, as Mermaid, DOT or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal

from attrs import define, field, frozen

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
    Unknown,
    children,
    sources_of,
)
from kpidsl.model.rows import Apply, ColumnRef, Gather, Row, keys_of
from kpidsl.model.rows import Literal as RowLiteral
from kpidsl.model.sources import Grouped
from kpidsl.model.units import format_value
from kpidsl.records import Record

SCHEMA_VERSION = 1

Kind = Literal["source", "aggregate", "constant", "operation", "kpi"]


@frozen(repr=False)
class Box(Record):
    """One thing in the drawing."""

    id: str
    kind: Kind
    label: str
    unit: str | None = None
    additivity: str | None = None
    names: tuple[str, ...] = ()
    """Measures that are exactly this node."""


@define(repr=False, eq=False)
class Drawing(Record):
    """Boxes and the arrows between them, in the order in which values flow."""

    boxes: list[Box] = field(factory=list)
    arrows: list[tuple[str, str]] = field(factory=list)


def draw(graph: Graph, kpis: Iterable[str] | None = None) -> Drawing:
    """The part of a graph that some KPIs (all of them by default) are computed from. A KeyError for an
    unknown KPI.
    """
    drawing = Drawing()
    ids: dict[object, str] = {}
    names: dict[Node, list[str]] = {}
    for measure in graph.measures.values():
        names.setdefault(measure.node, []).append(measure.name)
    for name in graph.kpis if kpis is None else kpis:
        kpi = graph.kpis[name]
        below = _add(kpi.formula, graph, drawing, ids, names)
        box = Box(
            f"k{len(drawing.boxes)}", "kpi", kpi.label, str(kpi.unit), kpi.formula.additivity, (kpi.name,)
        )
        drawing.boxes.append(box)
        drawing.arrows.append((below, box.id))
    return drawing


def _add(
    root: Node, graph: Graph, drawing: Drawing, ids: dict[object, str], names: dict[Node, list[str]]
) -> str:
    """Add a node and all below it that is not drawn yet; without recursion, for formulas may be deep."""
    stack = [root]
    while stack:
        node = stack[-1]
        waiting = [child for child in children(node) if child not in ids]
        if node in ids:
            stack.pop()
        elif waiting:
            stack += reversed(waiting)
        else:
            stack.pop()
            _box(node, graph, drawing, ids, names)
    return ids[root]


def _source(name: str, graph: Graph, drawing: Drawing, ids: dict[object, str]) -> None:
    """The box of a source, after that of the source whose rows it groups."""
    if name in ids:
        return
    origin = graph.sources[name].origin
    if not isinstance(origin, Grouped):
        ids[name] = f"s{len(drawing.boxes)}"
        drawing.boxes.append(Box(ids[name], "source", name))
        return
    _source(origin.source, graph, drawing, ids)
    ids[name] = f"s{len(drawing.boxes)}"
    said = f"{origin.source} by {', '.join(key for key, _ in origin.keys)}"
    drawing.boxes.append(Box(ids[name], "source", said, names=(name,)))
    drawing.arrows.append((ids[origin.source], ids[name]))


def _box(
    node: Node, graph: Graph, drawing: Drawing, ids: dict[object, str], names: dict[Node, list[str]]
) -> None:
    if isinstance(node, Aggregate):
        for name in sources_of(node):
            _source(name, graph, drawing, ids)
    ids[node] = f"n{len(drawing.boxes)}"
    kind: Kind = "operation"
    if isinstance(node, Aggregate | Constant):
        kind = "aggregate" if isinstance(node, Aggregate) else "constant"
    known = tuple(names.get(node, ()))
    drawing.boxes.append(Box(ids[node], kind, label(node), str(node.unit), node.additivity, known))
    below = sources_of(node) if isinstance(node, Aggregate) else children(node)
    drawing.arrows += dict.fromkeys((ids[part], ids[node]) for part in below)


# -- labels --------------------------------------------------------------------------------------------------


def label(node: Node) -> str:
    """What a node does, on one line."""
    match node:
        case Constant(value=value, unit=unit):
            return format_value(value, unit)
        case Aggregate():
            return _aggregate(node)
        case Combine(op=op):
            return op
        case Shift(by="year"):
            return "same period last year"
        case Shift(count=count):
            return "previous period" if count == 1 else f"{count} periods earlier"
        case Running():
            return "running total"
        case Rolling(count=count):
            return f"rolling average of {count}"
        case Share():
            return "share of total"
        case Default(value=value, unit=unit):
            return f"default {format_value(value, unit)}"
        case Told():
            return "as far as it is told"
        case Unknown():
            return "looked for"
        case Assumed():
            return "assumed"


def _aggregate(node: Aggregate) -> str:
    inside = node.source if node.argument is None else f"{_row(node.argument, node.source)}"
    if node.function == "share" and node.argument is not None:
        inside = f"{node.source} where {_row(node.argument)}"
    if node.weight is not None:
        inside += f" by {' and '.join(_row(key, node.source) for key in keys_of(node.weight))}"
    if node.then:
        inside = " to ".join([inside, *(_row(step.identity, step.source) for step in node.then)])
        return f"{node.function}({inside} within {node.parameter:g} days)"
    if node.parameter is not None:
        inside += f", {node.parameter:g}"
    where = f" where {_row(node.filter)}" if node.filter is not None else ""
    called = node.function.partition("average ")[2]
    if called:
        return f"average over days({called}({inside}){where})"
    return f"{node.function}({inside}){where}"


def _row(row: Row, source: str = "") -> str:
    match row:
        case ColumnRef(name=name, via=via):
            return ".".join([*([source] if source and not via else []), *via, name])
        case RowLiteral(value=str(text)):
            return f'"{text}"'
        case RowLiteral(value=bool(flag)):
            return "true" if flag else "false"
        case RowLiteral(value=float(value), type=type_):
            return format_value(value, type_.unit)
        case RowLiteral(value=value):
            return "missing" if value is None else str(value)
        case Apply(op="on scale", args=(of, *_)):
            return _row(of, source)
        case Apply(op=op, args=args):
            return _applied(op, [_row(arg, source) for arg in args])
        case Gather(function=function, argument=argument):
            return f"{function}({row.source if argument is None else _row(argument, row.source)})"


def _applied(op: str, args: list[str]) -> str:
    match op:
        case "not" | "neg":
            return f"{'not ' if op == 'not' else '-'}({args[0]})"
        case "missing":
            return f"{args[0]} is missing"
        case "in":
            return f"{args[0]} in ({', '.join(args[1:])})"
        case "between":
            return f"{args[0]} between {args[1]} and {args[2]}"
        case "when":
            pairs = zip(args[:-1:2], args[1:-1:2], strict=True)
            return " ".join([*(f"when {c} then {v}" for c, v in pairs), f"otherwise {args[-1]}"])
        case "or":
            return f"({args[0]} or {args[1]})"
        case _ if (len(args) == 2 and not op[0].isalpha()) or op == "and":
            return (
                f" {op} ".join(args)
                if op in ("and", "=", "!=", "<", "<=", ">", ">=")
                else f"({args[0]} {op} {args[1]})"
            )
        case _:
            return f"{op}({', '.join(args)})"


# -- outputs -------------------------------------------------------------------------------------------------

_MERMAID_SHAPES: dict[Kind, tuple[str, str]] = {
    "source": ("[(", ")]"),
    "aggregate": ("[", "]"),
    "constant": ("([", "])"),
    "operation": ("(", ")"),
    "kpi": ("{{", "}}"),
}
_DOT_SHAPES: dict[Kind, str] = {
    "source": "cylinder",
    "aggregate": "box",
    "constant": "plaintext",
    "operation": "ellipse",
    "kpi": "hexagon",
}


def to_mermaid(drawing: Drawing) -> str:
    """A Mermaid flowchart; labels are quoted, and what Mermaid or HTML would read in them is written as
    entities.
    """
    lines = ["flowchart LR"]
    for box in drawing.boxes:
        left, right = _MERMAID_SHAPES[box.kind]
        text = "<br>".join(_mermaid(line) for line in _lines(box))
        lines.append(f'  {box.id}{left}"{text}"{right}')
    lines += [f"  {start} --> {end}" for start, end in drawing.arrows]
    return "\n".join(lines) + "\n"


def to_dot(drawing: Drawing) -> str:
    """A graph for Graphviz."""
    lines = ["digraph kpis {", "  rankdir=LR;", '  node [fontname="Helvetica"];']
    for box in drawing.boxes:
        text = "\\n".join(_dot(line) for line in _lines(box))
        lines.append(f'  {box.id} [shape={_DOT_SHAPES[box.kind]}, label="{text}"];')
    lines += [f"  {start} -> {end};" for start, end in drawing.arrows]
    return "\n".join([*lines, "}"]) + "\n"


def to_json(drawing: Drawing) -> str:
    """The boxes and arrows as JSON, with the version of its shape."""
    nodes = [
        {
            "id": box.id,
            "kind": box.kind,
            "label": box.label,
            "unit": box.unit,
            "additivity": box.additivity,
            "names": list(box.names),
        }
        for box in drawing.boxes
    ]
    edges = [{"from": start, "to": end} for start, end in drawing.arrows]
    document = {"schema_version": SCHEMA_VERSION, "nodes": nodes, "edges": edges}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _lines(box: Box) -> list[str]:
    first = [", ".join(box.names)] if box.names and box.names != (box.label,) else []
    last = [box.unit] if box.kind == "kpi" and box.unit else []
    return [*first, box.label, *last]


def _mermaid(text: str) -> str:
    """Entities by number (`#35;`), which Mermaid decodes itself; letters, digits and harmless signs stay."""
    return "".join(c if c.isalnum() or c in " .,_-" else f"#{ord(c)};" for c in " ".join(text.split()))


def _dot(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
