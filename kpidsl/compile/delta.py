"""The delta method: a formula of sums and counts, linearized, and the variance that follows.

With g the gradient of the value by its totals T, the variance is the sum of g_i g_j Cov(T_i, T_j) over pairs
of totals (Cochran, Sampling Techniques, 1977, chapter 6). Rows are drawn independently, so Cov(T_i, T_j) is
the sum over the rows of the products of what each adds to both, and 0 between sources. These sums are
aggregates like any other, and are read with the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement

from attrs import evolve

from kpidsl.compile.lower import conjunction
from kpidsl.compile.scope import Scope
from kpidsl.graph import Aggregate, Combine, Constant, Default, Estimate, Node
from kpidsl.model.rows import Apply, Row
from kpidsl.model.types import FLAG
from kpidsl.model.units import ONE

MOST_TOTALS = 8
"""Different totals in a formula that is linearized; each pair of them is a sum over the rows."""

Gradient = Mapping[Aggregate, Node]


def linearized(node: Node, scope: Scope) -> Estimate | None:
    plain = _expanded(node, scope)
    gradient = _gradient(plain, scope) if plain is not None else None
    if not gradient or len(gradient) > MOST_TOTALS:
        return None
    several = len({total.source for total in gradient}) > 1
    terms = []
    for a, b in combinations_with_replacement(gradient, 2):
        if a.source == b.source:
            both = times(gradient[a], gradient[b], scope)
            term = times(both, _moment(a, b, scope), scope)
            terms.append(term if a == b else times(number(2, scope), term, scope))
    variance = terms[0]
    for term in terms[1:]:
        variance = plus(variance, term, scope)
    if several or node.additivity == "additive":
        return Estimate("normal", None, variance)
    size = _any_rows(list(gradient), scope)
    bessel = over(size, minus(size, number(1, scope), scope), scope)
    return Estimate("student", size, times(bessel, variance, scope))


def _expanded(node: Node, scope: Scope) -> Node | None:
    """A formula of sums and counts only; None if it cannot be said so."""
    match node:
        case Constant():
            return node
        case Default(node=inner):
            return _expanded(inner, scope)
        case Aggregate(function="sum" | "count"):
            return node
        case Aggregate(function="share", argument=asked, filter=kept) if asked is not None:
            some = rows_that(node, conjunction(kept, asked, scope), scope)
            return over(some, rows_that(node, kept, scope), scope)
        case Aggregate(function="average" | "weighted average", argument=x, weight=w) if x is not None:
            row = x if w is None else Apply("*", (x, w), x.type)
            above = scope.intern(Aggregate("sum", node.source, row, ONE, "additive", node.filter))
            return over(
                above,
                rows_that(node, what_counts(node, scope), scope) if w is None else weights_of(node, scope)[0],
                scope,
            )
        case Combine(op="+" | "-" | "*" | "/" | "neg", args=args):
            parts = [_expanded(arg, scope) for arg in args]
            if any(part is None for part in parts):
                return None
            return scope.intern(evolve(node, args=tuple(part for part in parts if part is not None)))
        case _:
            return None


def _gradient(node: Node, scope: Scope) -> dict[Aggregate, Node]:
    """The derivatives of a formula by its totals."""
    match node:
        case Aggregate():
            return {node: number(1, scope)}
        case Combine(op="neg", args=(x,)):
            return {t: times(number(-1, scope), d, scope) for t, d in _gradient(x, scope).items()}
        case Combine(op=op, args=(first, *others)):
            so_far, found = first, _gradient(first, scope)
            for other in others:
                found = _of_two(op, so_far, found, other, _gradient(other, scope), scope)
                so_far = scope.intern(Combine(op, (so_far, other), ONE, "none"))
            return found
        case _:
            return {}


def _of_two(op: str, a: Node, of_a: Gradient, b: Node, of_b: Gradient, scope: Scope) -> dict[Aggregate, Node]:
    match op:
        case "+" | "-":
            sign = number(1 if op == "+" else -1, scope)
            left, right = dict(of_a), {t: times(sign, d, scope) for t, d in of_b.items()}
        case "*":
            left = {t: times(d, b, scope) for t, d in of_a.items()}
            right = {t: times(a, d, scope) for t, d in of_b.items()}
        case _:  # a / b: (da - (a / b) db) / b
            ratio = times(number(-1, scope), over(over(a, b, scope), b, scope), scope)
            left = {t: over(d, b, scope) for t, d in of_a.items()}
            right = {t: times(ratio, d, scope) for t, d in of_b.items()}
    for total, derivative in right.items():
        left[total] = plus(left[total], derivative, scope) if total in left else derivative
    return left


def _moment(a: Aggregate, b: Aggregate, scope: Scope) -> Node:
    """The sum over the rows of what each adds to both totals."""
    factors = [total.argument for total in (a, b) if total.function == "sum" and total.argument is not None]
    there = [
        Apply("not", (Apply("missing", (total.argument,), FLAG),), FLAG)
        for total in (a, b)
        if total.function == "count" and total.argument is not None
    ]
    kept = conjunction(a.filter, b.filter, scope)
    if within(a, b) or within(b, a):
        kept = a.filter if within(a, b) else b.filter
    for condition in there:
        kept = conjunction(kept, condition, scope)
    match factors:
        case []:
            return rows_that(a, kept, scope)
        case [x]:
            total = a if a.function == "sum" else b
            return scope.intern(evolve(total, argument=x, filter=kept))
        case _:
            product = Apply("*", (factors[0], factors[1]), factors[0].type)
            return scope.intern(Aggregate("sum", a.source, product, ONE, "additive", kept))


def _any_rows(totals: Sequence[Aggregate], scope: Scope) -> Node:
    """How many rows are in any of some totals of one source."""
    widest = [one for one in totals if all(within(other, one) for other in totals)]
    if widest:
        return rows_that(widest[0], widest[0].filter, scope)
    kept: Row | None = totals[0].filter
    for filter_ in dict.fromkeys(total.filter for total in totals[1:]):
        if kept is None or filter_ is None:
            kept = None
        elif filter_ != kept:
            kept = scope.intern(Apply("or", (kept, filter_), FLAG))
    return rows_that(totals[0], kept, scope)


# -- rows ----------------------------------------------------------------------------------------------------


def rows_that(of: Aggregate, kept: Row | None, scope: Scope) -> Aggregate:
    """How many rows pass a filter."""
    unit = scope.thing(scope.shapes[of.source].thing)
    return scope.intern(Aggregate("count", of.source, None, unit, "additive", kept))


def what_counts(of: Aggregate, scope: Scope) -> Row | None:
    """The filter of an aggregate, and that what it needs of a row is there."""
    kept = of.filter
    for row in (of.argument, of.weight):
        if row is not None:
            kept = conjunction(kept, Apply("not", (Apply("missing", (row,), FLAG),), FLAG), scope)
    return kept


def weights_of(average: Aggregate, scope: Scope) -> tuple[Node, Node]:
    """The sum of the weights, and of their squares."""
    weight, kept = average.weight, what_counts(average, scope)
    assert weight is not None
    square = Apply("*", (weight, weight), weight.type)
    sums = (Aggregate("sum", average.source, row, ONE, "additive", kept) for row in (weight, square))
    total, squares = (scope.intern(each) for each in sums)
    return total, squares


def _conditions(row: Row | None) -> frozenset[Row]:
    """What a filter asks for, each on its own."""
    match row:
        case None:
            return frozenset()
        case Apply(op="and", args=args):
            return frozenset().union(*map(_conditions, args))
        case _:
            return frozenset((row,))


def within(some: Aggregate, every: Aggregate) -> bool:
    """Whether the rows that one aggregate counts are among those of the other."""
    return some.source == every.source and _conditions(some.filter) >= _conditions(every.filter)


# -- arithmetic on nodes: units do not matter here -----------------------------------------------------------


def number(value: float, scope: Scope) -> Constant:
    return scope.intern(Constant(float(value), ONE))


def _is(node: Node, value: float) -> bool:
    return isinstance(node, Constant) and node.value == value


def times(a: Node, b: Node, scope: Scope) -> Node:
    if _is(a, 1):
        return b
    if _is(b, 1):
        return a
    if isinstance(a, Constant) and isinstance(b, Constant):
        return number(a.value * b.value, scope)
    return scope.intern(Combine("*", (a, b), ONE, "none"))


def over(a: Node, b: Node, scope: Scope) -> Node:
    return a if _is(b, 1) else scope.intern(Combine("/", (a, b), ONE, "none"))


def plus(a: Node, b: Node, scope: Scope) -> Node:
    return scope.intern(Combine("+", (a, b), ONE, "none"))


def minus(a: Node, b: Node, scope: Scope) -> Node:
    return scope.intern(Combine("-", (a, b), ONE, "none"))
