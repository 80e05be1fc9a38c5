"""Formulas and conditions of the graph written as a spec would say them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from kpidsl.graph import (
    Aggregate,
    Assumed,
    Bound,
    Combine,
    Constant,
    Default,
    Node,
    Rolling,
    Running,
    Share,
    Shift,
    Step,
    Told,
    Unknown,
    positive_part,
)
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row, keys_of
from kpidsl.model.units import PERCENT, POINTS, Unit
from kpidsl.syntax.written import BINDS

Leaf = Callable[[Node], str | None]
"""What to write in the place of a node; None to write it out."""

_PLAIN = re.compile(r"[^\W\d]\w*")
_ARITHMETIC = {"+": 1, "-": 1, "*": 2, "/": 2}


def names(graph_measures: Mapping[str, Node]) -> Leaf:
    """Write a node that is a measure by its name. Equal nodes are one object, the first name wins."""
    known: dict[Node, str] = {}
    for name, node in graph_measures.items():
        known.setdefault(node, name)
    return known.get


def formula(node: Node, leaf: Leaf = lambda node: None, *, top: bool = True) -> str:
    """A node as a formula; `top` writes out the node itself even where it has a name."""
    node = _unguarded(node)
    if not top and (said := leaf(node)) is not None:
        return said
    match node:
        case Aggregate():
            return aggregate(node)
        case Constant(value=value, unit=unit):
            return literal_number(value, unit)
        case Combine():
            return _combined(node, leaf)
        case Shift(node=inner, by="year"):
            return f"same period last year({formula(inner, leaf, top=False)})"
        case Shift(node=inner, count=count):
            said = f"previous period({formula(inner, leaf, top=False)})"
            return said if count == 1 else f"{said}, {count} back"
        case Running(node=inner):
            return f"running total({formula(inner, leaf, top=False)})"
        case Rolling(node=inner, count=count):
            return f"rolling average({formula(inner, leaf, top=False)}, {count})"
        case Share(node=inner):
            return f"share of total({formula(inner, leaf, top=False)})"
        case Told(node=inner):
            return formula(inner, leaf, top=top)
        case Default(node=inner, value=value, unit=unit):
            return f"{formula(inner, leaf, top=False)} default {literal_number(value, unit)}"
        case Unknown():
            return "?"
        case Assumed(value=value):
            return formula(value, leaf, top=False)


def _unguarded(node: Node) -> Node:
    """What growth divides by is guarded, so that it is not negative; a reader wants it without the guard."""
    return positive_part(node) or node


def _combined(node: Combine, leaf: Leaf) -> str:
    parts = [formula(arg, leaf, top=False) for arg in node.args]
    if node.op == "neg":
        return f"-{_bracketed(node.args[0], parts[0], leaf, 3)}"
    if node.op not in _ARITHMETIC:
        return f"{node.op}({', '.join(parts)})"
    level = _ARITHMETIC[node.op]
    first, *rest = zip(map(_unguarded, node.args), parts, strict=True)
    said = _bracketed(*first, leaf, level)
    for arg, part in rest:
        said += f" {node.op} {_bracketed(arg, part, leaf, level + 1)}"
    return said


def _bracketed(node: Node, said: str, leaf: Leaf, least: int) -> str:
    """Brackets where the node binds less than its place needs; a node with a name or a number needs none.

    A `where` or a `default` in the middle of a formula would be taken for that of all before it.
    """
    if leaf(node) is not None:
        return said
    match node:
        case Aggregate(filter=filter):
            return said if filter is None else f"({said})"
        case Default():
            return f"({said})"
        case Combine(op=op) if op in _ARITHMETIC:
            return f"({said})" if _ARITHMETIC[op] < least else said
        case _:
            return said


def aggregate(node: Aggregate) -> str:
    """`sum(ads.spend) where platform = "google"`."""
    condition = f" where {row(node.filter)}" if node.filter is not None else ""
    if node.function == "share" and node.argument is not None:
        return f"share({quoted(node.source)} where {row(node.argument)}){condition}"
    inside = quoted(node.source) if node.argument is None else _argument(node.argument, node.source)
    if node.weight is not None:
        inside += f" by {' and '.join(_argument(key, node.source) for key in keys_of(node.weight))}"
    if node.parameter is not None:
        inside += f", {node.parameter:g}"
    if node.then:
        start = inside.partition(", ")[0] + condition
        return f"{node.function}({' to '.join([start, *map(_step, node.then)])} {_within(node)})"
    called = node.function.partition("average ")[2]
    if called:
        return f"average over days({called}({inside}){condition})"
    return f"{node.function}({inside}){condition}"


def _step(step: Step) -> str:
    condition = f" where {row(step.filter)}" if step.filter is not None else ""
    return f"{_argument(step.identity, step.source)}{condition}"


def _within(node: Aggregate) -> str:
    value = node.then[0].value
    added = f", {_argument(value, node.then[0].source)}" if value is not None else ""
    days = f"{node.parameter:g}"
    return f"within {days} day{'' if days == '1' else 's'}{added}"


def _argument(argument: Row, source: str) -> str:
    """What is aggregated; its columns name their source, for that is how a reader finds it."""
    return row(argument, home=quoted(source))


# -- rows ------------------------------------------------------------------------------------------


def row(expression: Row, least: int = 0, home: str = "") -> str:
    """An expression over a row: `pages >= 10 and whitepapers >= 1`; its columns behind `home`, where that is
    given."""
    match expression:
        case ColumnRef(name=name, via=via):
            return ".".join(([home] if home else []) + [quoted(part) for part in (*via, name)])
        case Literal():
            return _literal(expression)
        case Apply(op="on scale", args=(of, *_)):
            return row(of, least, home)
        case Apply(op=op, args=args):
            return _applied(op, args, least, home)
        case Gather(function=function, argument=argument, source=source):
            return f"{function}({quoted(source) if argument is None else row(argument)})"


def _applied(op: str, args: tuple[Row, ...], least: int, home: str) -> str:
    def said_of(part: Row, least: int = 0) -> str:
        return row(part, least, home)

    if op in BINDS:
        level = BINDS[op]
        said = f" {op} ".join(said_of(arg, level + (i > 0 and op in "-/")) for i, arg in enumerate(args))
        return f"({said})" if level < least else said
    match op, args:
        case "not", (inner,):
            said = f"not {said_of(inner, 3)}"
            return f"({said})" if least > 3 else said
        case "neg", (inner,):
            return f"-{said_of(inner, 7)}"
        case "missing", (inner,):
            return f"{said_of(inner, 5)} is missing"
        case "in", (subject, *items):
            return f"{said_of(subject, 5)} in ({', '.join(map(said_of, items))})"
        case "between", (subject, low, high):
            return f"{said_of(subject, 5)} between {said_of(low, 5)} and {said_of(high, 5)}"
        case "when", (*branches, otherwise):
            pairs = zip(branches[::2], branches[1::2], strict=True)
            said = " ".join(f"when {said_of(condition)} then {said_of(value)}" for condition, value in pairs)
            last = (
                ""
                if isinstance(otherwise, Literal) and otherwise.value is None
                else f" otherwise {said_of(otherwise)}"
            )
            return f"({said}{last})"
        case _:
            return f"{op}({', '.join(map(said_of, args))})"


def _literal(literal: Literal) -> str:
    match literal.value:
        case None:
            return "missing"
        case bool() as flag:
            return "true" if flag else "false"
        case str() as text:
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case date() as day:
            return day.isoformat()
        case number:
            return literal_number(number, literal.type.unit)


def literal_number(value: float, unit: Unit) -> str:
    """A number with all its digits, as a spec writes it: `2_500 EUR`, `4.25%`."""
    scaled = value if unit.style == "plain" else value * 100
    text = f"{scaled:.12g}"
    if abs(scaled) >= 10_000 and text.lstrip("-").isdigit():
        text = f"{int(text):_}"
    if unit.style == "percent":
        return f"{text}%"
    return f"{text} {unit}".rstrip()


def quoted(name: str) -> str:
    """A name as a spec writes it: in backticks where it is not a plain word."""
    return name if _PLAIN.fullmatch(name) else f"`{name}`"


# -- promises --------------------------------------------------------------------------------------


def bound(promise: Bound, unit: Unit, leaf: Leaf = lambda node: None) -> str:
    """`at least 100 lead`, `between 38% and 50%`, `increase by 20%`."""
    value = _promised(promise.value, _change_unit(promise, unit), leaf)
    match promise.direction:
        case "between":
            high = _promised(promise.high, unit, leaf) if promise.high is not None else ""
            return f"between {value} and {high}"
        case "increase" | "decrease":
            return f"{promise.direction} by {value}"
        case direction:
            return f"{direction} {value}"


def _change_unit(promise: Bound, unit: Unit) -> Unit:
    if promise.direction not in ("increase", "decrease"):
        return unit
    if promise.relative:
        return PERCENT
    return POINTS if unit.style == "percent" else unit


def _promised(node: Node, unit: Unit, leaf: Leaf) -> str:
    return literal_number(node.value, unit) if isinstance(node, Constant) else formula(node, leaf, top=False)
