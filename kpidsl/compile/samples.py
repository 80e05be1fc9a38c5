"""What a formula counts its value by, and the clauses `confident` and `sample at least`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from attrs import evolve, frozen

from kpidsl.compile.certainty import HAVE_ONE, estimate_of, unsure_of
from kpidsl.compile.lower import conjunction
from kpidsl.compile.promises import Draft
from kpidsl.compile.scope import Scope, listed
from kpidsl.graph import Aggregate, Combine, Node, Promise, Sample, children
from kpidsl.model.rows import Apply
from kpidsl.model.types import FLAG
from kpidsl.model.units import ONE, PERCENT, Unit, kind
from kpidsl.syntax import nodes

_LOWEST, _HIGHEST = 0.5, 1.0


@frozen
class Counted:
    """Something that is counted in a formula; `below` if the value is a part, or a mean, of so many."""

    unit: Unit
    node: Node
    below: bool


def with_certainty(promise: Promise, draft: Draft) -> Promise:
    """The promise with what its `confident` and `sample` clauses ask for. Errors are told."""
    confident = cast(nodes.Confident | None, draft.clause(nodes.Confident))
    asked = cast(nodes.SampleAtLeast | None, draft.clause(nodes.SampleAtLeast))
    clause = confident or asked
    if clause is None:
        return promise
    by = cast(nodes.By | None, draft.clause(nodes.By))
    if draft.clause(nodes.Target) is None and not (by and by.slices):
        draft.scope.warn(
            "K453",
            f"nothing is promised, so that `{clause.span.text.split()[0]}` changes no verdict",
            clause.span,
            help="`target at least ...` makes a promise",
        )
    level = _level(confident.level, draft.scope) if confident else None
    estimate = estimate_of(draft.node, draft.scope) if confident else None
    if confident and estimate is None:
        _no_interval(confident, draft)
    counted = list(counted_in(draft.node, draft.scope))
    sample = _least(asked.amount, counted, draft) if asked else _first(counted)
    return evolve(promise, confident=level, estimate=estimate, sample=sample)


def _level(number: nodes.Number, scope: Scope) -> float | None:
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
        help="`confident 95%` is how it is written; it is at least 50% and less than 100%",
    )
    return None


def _no_interval(clause: nodes.Confident, draft: Draft) -> None:
    what = unsure_of(draft.node)
    message = (
        f"{what} has no confidence interval" if what else "the formula has too many totals for an interval"
    )
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
    if any(one.unit == unit for one in counted) and value > 0:
        return _all_alike(unit, counted, value)
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
    thing = scope.thing(scope.shapes[node.source].thing)
    kept = node.filter
    match node.function:
        case "count":
            yield Counted(node.unit, node, below)
            return
        case "share":
            pass
        case "sum" if _is_count(node.unit):
            yield Counted(node.unit, node, below)
        case "count distinct":
            yield Counted(node.unit, node, below)
        case "conversion" if node.argument is not None:
            name = node.argument.type.thing or "identity"
            unit = scope.thing(name)
            yield Counted(
                unit,
                scope.intern(Aggregate("count distinct", node.source, node.argument, unit, "none", kept)),
                True,
            )
    if node.function not in ("share", "sum", "count distinct", "first", "last"):
        below = True
    if node.function == "share":
        below = True
    rows = [row for row in (node.argument, node.weight) if row is not None and node.function != "share"]
    for row in rows:
        kept = conjunction(kept, Apply("not", (Apply("missing", (row,), FLAG),), FLAG), scope)
    yield Counted(thing, scope.intern(Aggregate("count", node.source, None, thing, "additive", kept)), below)


def _is_count(unit: Unit) -> bool:
    return (
        unit.style == "plain"
        and len(unit.powers) == 1
        and unit.powers[0][1] == 1
        and kind(unit.powers[0][0]) == "count"
    )
