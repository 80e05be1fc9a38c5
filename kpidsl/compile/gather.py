"""Aggregations in the columns of a grouped source: over those rows of another that make one row of it."""

from __future__ import annotations

from attrs import evolve

from kpidsl.compile.aggregates import aggregate_of, parts_of, well_called
from kpidsl.compile.columns import inlined
from kpidsl.compile.lower import conjunction
from kpidsl.compile.rows import check_condition, check_row
from kpidsl.compile.scope import RowPlace, Scope, Shape
from kpidsl.graph import Aggregate
from kpidsl.model.functions import AGGREGATES, Function
from kpidsl.model.rows import Apply, Gather, Row, gathers_of
from kpidsl.model.types import Type
from kpidsl.syntax import nodes

_SURVEYS = ("nps", "csat")
_TOUCHES = ("first touch", "last touch")
_HISTORIES = frozenset(
    ("new", "returning", "retained", "churned", "retention", "conversion", "converted", *_TOUCHES)
)
"""What follows identities over time, or from source to source."""
_LEVELS = ("closing", "opening")
_ORDERED = ("day", "moment", "time")


def gather(expr: nodes.Call | nodes.Where, at: RowPlace) -> Row | None:
    """An aggregation, or one that is restricted from outside; None after an error."""
    parent = at.parent
    assert parent is not None, "only the columns of a grouped source come here"
    if parent.cause is not None:
        at.scope.blame = at.scope.blame or parent.cause
        return None
    if isinstance(expr, nodes.Where):
        return _restricted(expr, parent, at)
    function = AGGREGATES[expr.name.text]
    if function.name in _SURVEYS:
        at.scope.error(
            "K310",
            f"`{function.name}` is a figure of many answers, and {at.shape.name} has a row for each group",
            expr.name.span,
            help=f"a formula can have it: `{function.example}`",
        )
        return None
    if function.name in _HISTORIES or function.name in _LEVELS:
        followed = "accounts" if function.name in _LEVELS else "identities"
        at.scope.error(
            "K310",
            f"`{function.name}` follows {followed} over time, and {at.shape.name} has a row for each group",
            expr.name.span,
            help=f"a formula can have it: `{function.example}`",
        )
        return None
    if not well_called(expr, function, at.scope):
        return None
    if function.name in ("first", "last", "min", "max"):
        return _one_value(expr, function, parent, at.scope)
    return _number(expr, function, parent, at.scope)


def _number(call: nodes.Call, function: Function, parent: Shape, scope: Scope) -> Row | None:
    """What the same call is in a formula, over the rows of the parent."""
    node = aggregate_of(call, function, parent, scope)
    if not isinstance(node, Aggregate):
        return None
    type_ = Type("number", node.unit)
    kept, weight = node.filter, node.weight
    return scope.intern(
        Gather(function.name, parent.name, node.argument, type_, kept, weight, node.parameter)
    )


def _one_value(call: nodes.Call, function: Function, parent: Shape, scope: Scope) -> Row | None:
    """The value of one row: of any type for the first and the last, of days too for min and max."""
    inner, condition = parts_of(call)
    by_time = function.name in ("first", "last")
    if by_time and parent.time is None:
        scope.error(
            "K213",
            f"{parent.name} does not say which column is its time, and `{function.name}` goes by it",
            call.span,
            (parent.definition.name.span, f"`{parent.name}` is defined here"),
            help=f"`time COLUMN` under `source {parent.name}` says it",
        )
        return None
    row = check_row(inner, RowPlace(scope, parent, f"`{function.name}`"))
    if row is None:
        return None
    if not by_time and row.type.kind not in _ORDERED:
        return _number(call, function, parent, scope)
    kept = check_condition(condition, RowPlace(scope, parent, "a filter")) if condition is not None else None
    if kept is None and condition is not None:
        return None
    return scope.intern(Gather(function.name, parent.name, row, row.type, kept))


def _restricted(expr: nodes.Where, parent: Shape, at: RowPlace) -> Row | None:
    """`where` behind an aggregation, or behind what is made of some: every one of them is restricted."""
    scope = at.scope
    subject = check_row(expr.subject, at)
    kept = check_condition(expr.condition, RowPlace(scope, parent, "a filter"))
    if subject is None or kept is None:
        return None
    subject = inlined(subject, at.shape)
    if gathers_of(subject):
        return _with(kept, subject, scope)
    scope.error(
        "K320",
        f"`where` restricts the rows of {parent.name} that are aggregated, and nothing is aggregated here",
        expr.span,
        help="`when condition then value` chooses for one row",
    )
    return None


def _with(kept: Row, row: Row, scope: Scope) -> Row:
    match row:
        case Gather():
            return scope.intern(evolve(row, filter=conjunction(row.filter, kept, scope)))
        case Apply(args=args):
            return scope.intern(evolve(row, args=tuple(_with(kept, arg, scope) for arg in args)))
        case _:
            return row
