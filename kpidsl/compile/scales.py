"""Scales: what the values of a column lie between. What is off its scale is read as missing."""

from __future__ import annotations

from kpidsl.compile.scope import Scope, Shape, similar
from kpidsl.compile.walk import ungrouped
from kpidsl.model.rows import Apply, ColumnRef, Literal, Row
from kpidsl.model.types import FLAG, NUMBER
from kpidsl.syntax import nodes


def ends(clause: nodes.Scale) -> tuple[float, float]:
    """The ends of a scale as numbers."""
    return _number(clause.low), _number(clause.high)


def _number(end: nodes.Expression) -> float:
    match ungrouped(end):
        case nodes.Unary(operand=nodes.Number() as number):
            return -number.value
        case nodes.Number() as number:
            return number.value
    raise AssertionError("the grammar has nothing else here")


def on_scale(ref: ColumnRef, scope: Scope) -> Row:
    """A column as expressions read it. One with a scale is marked by an operation of its own: in the words of
    a formula it is its name alone, and read back it is marked once."""
    clause = scope.shapes[ref.home].scales.get(ref.name)
    if clause is None or ref.type.kind != "number":
        return ref
    return scope.intern(Apply("on scale", within_scale(ref, clause).args, ref.type))


def within_scale(ref: ColumnRef, clause: nodes.Scale) -> Apply:
    """What the values of a column promise."""
    low, high = ends(clause)
    return Apply("between", (ref, Literal(low, NUMBER), Literal(high, NUMBER)), FLAG)


def scale_of(row: Row) -> tuple[float, float] | None:
    """The scale of a column that `on_scale` has read."""
    match row:
        case Apply(op="on scale", args=(_, Literal(value=float(low)), Literal(value=float(high)))):
            return low, high
        case _:
            return None


def check_scale(clause: nodes.Scale, shape: Shape, scope: Scope) -> Row | None:
    """What the scale asks of each row; None after an error."""
    word = clause.column.text
    if word not in shape.spans:
        scope.error(
            "K203",
            f"{shape.name} has no column `{word}`",
            clause.column.span,
            notes=similar("a column", word, shape.columns),
            help=f"`column {word} number` declares it",
        )
        return None
    type_ = shape.types.get(word)
    if type_ is None:
        return None
    low, high = ends(clause)
    said = None
    if type_.kind != "number" or type_.unit.style != "plain":
        said = f"a scale is of a column of plain numbers, and `{word}` is none"
    elif low >= high:
        said = f"nothing is from {clause.low.span.text} to {clause.high.span.text}"
    if said is not None:
        scope.error(
            "K454",
            said,
            clause.span,
            (shape.spans[word], "declared here"),
            help="`scale score from 0 to 10` under a `column score number` is how it is written",
        )
        return None
    return scope.intern(within_scale(ColumnRef(shape.name, word, type_), clause))
