"""What a formula counts its value by, and the clauses `confident` and `sample at least`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from attrs import evolve, frozen

from kpidsl.compile.bounds import Draft
from kpidsl.compile.certainty import HAVE_ONE, beginners, estimate_of, unsure_of
from kpidsl.compile.delta import MOST_TOTALS, rows_that
from kpidsl.compile.lower import conjunction
from kpidsl.compile.scope import Scope, listed
from kpidsl.graph import (
    Aggregate,
    Assumed,
    Combine,
    Node,
    Promise,
    Sample,
    Unknown,
    aggregates,
    children,
    walk,
)
from kpidsl.model.rows import Apply
from kpidsl.model.types import FLAG
from kpidsl.model.units import ONE, PERCENT, Unit, kind, plurals
from kpidsl.records import Record
from kpidsl.syntax import nodes

_LOWEST, _HIGHEST = 0.5, 1.0
_TOTALS = ("sum", "count distinct", "first", "last", "opening", "closing", "new", "returning", "churned")
"""Aggregates that are no part and no mean of the rows that they read."""


@frozen(repr=False)
class Counted(Record):
    """Something that is counted in a formula; `below` if the value is a part, or a mean, of so many."""

    unit: Unit
    node: Node
    below: bool


def with_certainty(promise: Promise, draft: Draft) -> Promise:
    """The promise with what its `confident` and `sample` clauses ask for. Errors are told.

    What a scenario assumes is taken as it is: a value that rests on it has neither interval nor sample.
    """
    confident = cast(nodes.Confident | None, draft.clause(nodes.Confident))
    asked = cast(nodes.SampleAtLeast | None, draft.clause(nodes.SampleAtLeast))
    clause = confident or asked
    if clause is None or any(isinstance(one, Assumed | Unknown) for one in walk(draft.node)):
        return promise
    by = cast(nodes.By | None, draft.clause(nodes.By))
    if draft.clause(nodes.Target) is None and not (by and by.slices):
        words = [f"`{one.span.text.split()[0]}`" for one in (confident, asked) if one]
        change = "changes" if len(words) == 1 else "change"
        draft.scope.warn(
            "K453",
            f"nothing is promised, so that {' and '.join(words)} {change} no verdict",
            clause.span,
            help="`target at least ...` makes a promise",
        )
    level = level_of(confident.level, draft.scope) if confident else None
    estimate = estimate_of(draft.node, draft.scope) if confident else None
    if confident and estimate is None:
        _no_interval(confident, draft)
    counted = list(counted_in(draft.node, draft.scope))
    sample = _least(asked.amount, counted, draft) if asked else _first(counted)
    return evolve(promise, confident=level, estimate=estimate, sample=sample)


def level_of(number: nodes.Number, scope: Scope, written: str = "confident 95%") -> float | None:
    """A level of confidence, a fraction; `written` is an example of the clause."""
    found = scope.number(number)
    if found is None:
        return None
    value, unit = found
    if unit == PERCENT and _LOWEST <= value < _HIGHEST:
        return value
    scope.error(
        "K452",
        f"`{number.span.text}` is no level of confidence",
        number.span,
        help=f"`{written}` is how it is written; it is at least 50% and less than 100%",
    )
    return None


def _no_interval(clause: nodes.Confident, draft: Draft) -> None:
    what = unsure_of(draft.node)
    message = f"{what} has no confidence interval"
    if not aggregates(draft.node):
        message = "the formula has no total that could be another one"
    elif what is None:
        message = f"the formula has more than {MOST_TOTALS} totals, too many for an interval"
    draft.scope.error(
        "K450",
        message,
        clause.span,
        (draft.formula.span, "this is what the interval would be of"),
        notes=[f"these have one: {HAVE_ONE}"],
        help="`sample at least 100 ...` can be asked of every formula",
    )


def _first(counted: list[Counted]) -> Sample | None:
    """What a value is most plainly counted by."""
    best = next((one for one in counted if one.below), counted[0] if counted else None)
    return _all_alike(best.unit, counted) if best else None


def _all_alike(unit: Unit, counted: list[Counted], least: float = 0.0) -> Sample:
    alike = [one for one in counted if one.unit == unit]
    chosen = [one for one in alike if one.below] or alike
    return Sample(tuple(dict.fromkeys(one.node for one in chosen)), unit, least)


def _least(number: nodes.Number, counted: list[Counted], draft: Draft) -> Sample | None:
    scope = draft.scope
    found = scope.number(number)
    if found is None:
        return None
    value, unit = found
    alike = next((one.unit for one in counted if str(unit) in (str(one.unit), *plurals(str(one.unit)))), None)
    if alike is not None and value > 0:
        return _all_alike(alike, counted, value)
    units = list(dict.fromkeys(str(one.unit) for one in counted))
    example = f"`sample at least {number.text} {units[0]}`" if units else "`sample at least 100 sessions`"
    message = (
        f"the formula does not count `{unit}`" if unit != ONE else "the sample does not say what is counted"
    )
    if value <= 0:
        message = "a sample has at least one thing in it"
    helps = f"{example} would fit"
    if "row" in units:
        helps += "; `row answer` under a source says what its rows are"
    scope.error(
        "K451",
        message,
        number.span,
        (draft.formula.span, f"this counts {listed(units)}" if units else "this counts nothing"),
        help=helps,
    )
    return None


def counted_in(node: Node, scope: Scope, below: bool = False) -> Iterator[Counted]:
    """What is counted in a formula, in the order of what says most: what is divided by comes first."""
    match node:
        case Aggregate():
            yield from _counted_by(node, scope, below)
        case Combine(op="/", args=(first, *others)):
            for other in others:
                yield from counted_in(other, scope, True)
            yield from counted_in(first, scope, below)
        case _:
            for child in children(node):
                yield from counted_in(child, scope, below)


def _counted_by(node: Aggregate, scope: Scope, below: bool) -> Iterator[Counted]:
    """What an aggregate adds up, if that is counted things; then the rows that have what it needs."""
    thing, kept = scope.thing(scope.shapes[node.source].thing), node.filter
    if node.function in ("count", "count distinct") or (node.function == "sum" and _is_count(node.unit)):
        yield Counted(node.unit, node, below)
    if node.function == "count":
        return
    if node.function == "conversion":
        begun = beginners(node, scope)
        yield Counted(begun.unit, begun, True)
    rows = [] if node.function == "share" else [node.argument, node.weight]
    for row in rows:
        there = None if row is None else Apply("not", (Apply("missing", (row,), FLAG),), FLAG)
        kept = conjunction(kept, there, scope)
    whole = node.function in _TOTALS
    yield Counted(thing, rows_that(node, kept, scope), below or not whole)


def _is_count(unit: Unit) -> bool:
    return (
        unit.style == "plain"
        and len(unit.powers) == 1
        and unit.powers[0][1] == 1
        and kind(unit.powers[0][0]) == "count"
    )
