"""Paths of identities from rows of one source to rows of others: conversions, funnels, touches."""

from __future__ import annotations

from itertools import pairwise

from attrs import frozen

from kpidsl.compile.aggregates import home, usable
from kpidsl.compile.rows import check_condition, check_number, check_row
from kpidsl.compile.scope import RowPlace, Scope, Shape
from kpidsl.compile.walk import ungrouped, written
from kpidsl.compile.words import describe
from kpidsl.graph import Aggregate, Node, Step
from kpidsl.model.functions import Function
from kpidsl.model.rows import ColumnRef, Row
from kpidsl.model.units import PERCENT, Unit
from kpidsl.records import Record
from kpidsl.syntax import nodes

_MOST_DAYS = 3660
_MOST_STEPS = 12
_TOUCHES = ("first touch", "last touch")


@frozen(repr=False)
class _Taken(Record):
    """A step as it was checked."""

    shape: Shape
    identity: Row
    filter: Row | None
    text: nodes.Expression


def check_path(call: nodes.Call, function: Function, scope: Scope) -> Node | None:
    """The node of a path; None after an error."""
    if not _well_formed(call, function, scope):
        return None
    days = _days(call, function, scope)
    steps = [_step(text, function, scope) for text in call.args]
    taken = [step for step in steps if step is not None]
    if days is None or len(taken) < len(steps) or not _fit(taken, scope):
        return None
    start, *further = taken
    value: Row | None = None
    unit = scope.thing(start.identity.type.thing or "")
    if function.name in _TOUCHES:
        unit = scope.thing(further[0].shape.thing)
        if call.of is not None:
            value = _value(call.of, function, further[0].shape, scope)
            if value is None:
                return None
            unit = value.type.unit
    elif function.name == "conversion":
        unit = PERCENT
    then = tuple(Step(step.shape.name, step.identity, step.filter, value) for step in further)
    return scope.intern(_node(function, start, unit, days, then))


def _node(function: Function, start: _Taken, unit: Unit, days: float, then: tuple[Step, ...]) -> Aggregate:
    return Aggregate(
        function.name,
        start.shape.name,
        start.identity,
        unit,
        "additive" if function.adds == "additive" else "none",
        start.filter,
        parameter=days,
        then=then,
    )


def _well_formed(call: nodes.Call, function: Function, scope: Scope) -> bool:
    most = 2 if function.name in _TOUCHES else _MOST_STEPS
    problem = None
    if call.within is None:
        problem = "needs steps with `to` between them, and `within` how many days they are taken"
    elif len(call.args) > most:
        problem = f"takes at most {most} steps, not {len(call.args)}"
    elif call.of is not None and function.name not in _TOUCHES:
        problem = "counts identities, and adds nothing up"
    if problem is None:
        return True
    scope.error(
        "K311",
        f"`{function.name}` {problem}",
        call.span,
        help=f"it is written {function.signature}, as in `{function.example}`",
    )
    return False


def _days(call: nodes.Call, function: Function, scope: Scope) -> float | None:
    """The days of `within`, whole ones."""
    assert call.within is not None
    found = scope.number(call.within)
    if found is None:
        return None
    factor = found[1].factor_to(Unit.of("day"))
    days = None if factor is None else found[0] * float(factor)
    if days is not None and days.is_integer() and 0 <= days <= _MOST_DAYS:
        return days
    scope.error(
        "K311",
        f"`{function.name}` needs whole days or weeks after `within`, at most {_MOST_DAYS:,} days",
        call.within.span,
        help=f"as in `{function.example}`",
    )
    return None


def _step(text: nodes.Expression, function: Function, scope: Scope) -> _Taken | None:
    bare = ungrouped(text)
    inner, condition = (bare.subject, bare.condition) if isinstance(bare, nodes.Where) else (bare, None)
    shape = home(nodes.Call(text.span, nodes.Word(text.span, function.name), (text,)), inner, scope)
    if shape is None or not usable(shape, inner, scope):
        return None
    row = check_row(inner, RowPlace(scope, shape, f"`{function.name}`"))
    kept = None
    if condition is not None:
        kept = check_condition(condition, RowPlace(scope, shape, "a filter"))
    if row is None or (kept is None and condition is not None):
        return None
    if row.type.kind != "identity":
        name = written(row.name) if isinstance(row, ColumnRef) else "NAME"
        scope.error(
            "K305",
            f"a step of `{function.name}` is a column that identifies something, "
            f"and this is {describe(row.type)}",
            inner.span,
            help=f"`column {name} id of THING` under `source {written(shape.name)}` says what it identifies",
        )
        return None
    return _Taken(shape, scope.intern(row), kept, text)


def _fit(steps: list[_Taken], scope: Scope) -> bool:
    """Whether all steps identify the same thing, and each has rows of its own."""
    first, sound = steps[0], True
    for before, step in pairwise(steps):
        if scope.thing(step.identity.type.thing or "") != scope.thing(first.identity.type.thing or ""):
            scope.error(
                "K325",
                f"the path begins with a {first.identity.type.thing}, and this identifies a "
                f"{step.identity.type.thing}",
                step.text.span,
                (first.text.span, f"this identifies a {first.identity.type.thing}"),
                help=f"`id of {first.identity.type.thing}` on both columns, if their values are the same",
            )
            sound = False
        elif (before.shape, before.identity, before.filter) == (step.shape, step.identity, step.filter):
            scope.error(
                "K326",
                "this step has the same rows as the one before, so every row would take both at once",
                step.text.span,
                (before.text.span, "the step before"),
                help="a `where` on the steps tells them apart; `retained` counts who comes again",
            )
            sound = False
    return sound


def _value(of: nodes.Expression, function: Function, shape: Shape, scope: Scope) -> Row | None:
    """What is added up of the attributed rows: a number of their source."""
    found = home(nodes.Call(of.span, nodes.Word(of.span, function.name), (of,)), of, scope)
    if found is None:
        return None
    if found is not shape:
        scope.error(
            "K317",
            f"what is added up is of {found.name}, and the attributed rows are those of {shape.name}",
            of.span,
            help=f"a column of {written(shape.name)} can be added up",
        )
        return None
    row = check_number(of, RowPlace(scope, shape, f"`{function.name}`"))
    if row is not None and row.type.unit.style != "plain":
        scope.error("K312", "percentages of different rows do not add up", of.span)
        return None
    return row if row is None else scope.intern(row)
