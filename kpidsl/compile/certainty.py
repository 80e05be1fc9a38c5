"""How sure a value is: from a formula to what its interval is computed from.

A proportion, a count and an average have intervals of their own. All other arithmetic on sums and counts, and
on shares and averages, which are quotients of them, is linearized (`kpidsl.compile.delta`).
"""

from __future__ import annotations

from attrs import evolve

from kpidsl.compile.delta import (
    linearized,
    minus,
    number,
    over,
    plus,
    rows_that,
    times,
    weights_of,
    within,
)
from kpidsl.compile.scope import Scope
from kpidsl.graph import Aggregate, Combine, Constant, Default, Estimate, Node, aggregates, children
from kpidsl.model.rows import Apply, Literal
from kpidsl.model.units import ONE, PERCENT

_AVERAGES = ("average", "weighted average")
HAVE_ONE = "sums, counts, shares, averages, weighted averages, nps, csat, conversion, and arithmetic on these"


def estimate_of(node: Node, scope: Scope) -> Estimate | None:
    """What the interval of a formula is computed from; None where it has none."""
    if not aggregates(node):
        return None
    scale, offset, core = _straight(node)
    match core:
        case Aggregate(function="share", filter=kept):
            return Estimate("wilson", rows_that(core, kept, scope), None, scale, offset)
        case Aggregate(function="conversion"):
            return Estimate("wilson", beginners(core, scope), None, scale, offset)
        case Aggregate(function="weighted average", argument=x) if x is not None and _is_indicator(core):
            return Estimate("wilson", _effective(core, scope), None, scale, offset)
        case Aggregate(function="count"):
            return Estimate("poisson", None, None, scale, offset)
        case Aggregate(function="average" | "weighted average"):
            size, variance = _spread(core, scope)
            return Estimate("student", size, times(number(scale**2, scope), variance, scope))
        case Combine(
            op="/", args=(Aggregate(function="count") as some, Aggregate(function="count") as all_)
        ) if within(some, all_):
            return Estimate("wilson", all_, None, scale, offset)
        case Combine(op="-", args=(Aggregate() as more, Aggregate() as less)) if _exclude(more, less):
            size = rows_that(more, more.filter, scope)
            variance = _of_scores(more, less, size, scope)
            return Estimate("student", size, times(number(scale**2, scope), variance, scope))
        case _:
            return linearized(node, scope)


# -- one aggregate -------------------------------------------------------------------------------------------


def _straight(node: Node) -> tuple[float, float, Node]:
    """A formula as `scale * core + offset`."""
    match node:
        case Default(node=inner):
            return _straight(inner)
        case Combine(op="neg", args=(x,)):
            scale, offset, core = _straight(x)
            return -scale, -offset, core
        case Combine(op="*", args=(x, Constant(value=v))) | Combine(op="*", args=(Constant(value=v), x)):
            scale, offset, core = _straight(x)
            return scale * v, offset * v, core
        case Combine(op="/", args=(x, Constant(value=v))) if v:
            scale, offset, core = _straight(x)
            return scale / v, offset / v, core
        case Combine(op="+", args=(x, Constant(value=v))) | Combine(op="+", args=(Constant(value=v), x)):
            scale, offset, core = _straight(x)
            return scale, offset + v, core
        case Combine(op="-", args=(x, Constant(value=v))):
            scale, offset, core = _straight(x)
            return scale, offset - v, core
        case Combine(op="-", args=(Constant(value=v), x)):
            scale, offset, core = _straight(x)
            return -scale, v - offset, core
        case _:
            return 1.0, 0.0, node


def _is_indicator(average: Aggregate) -> bool:
    """Whether what is averaged is 1 where a condition holds and else 0."""
    match average.argument:
        case Apply(op="when", args=(_, Literal(value=1.0), Literal(value=0.0))):
            return average.unit == PERCENT
        case _:
            return False


def _effective(average: Aggregate, scope: Scope) -> Node:
    """The effective sample size of Kish (Survey Sampling, 1965): (sum of w)^2 / sum of w^2."""
    total, squares = weights_of(average, scope)
    return over(times(total, total, scope), squares, scope)


def _spread(average: Aggregate, scope: Scope) -> tuple[Node, Node]:
    """The sample size of an average, and its variance: s^2 / n; weighted, with n by Kish and
    s^2 = n / (n - 1) (sum of w x^2 / sum of w - m^2)."""
    x = average.argument
    assert x is not None
    if average.weight is None:
        unit = scope.thing(scope.shapes[average.source].thing)
        size = scope.intern(Aggregate("count", average.source, x, unit, "additive", average.filter))
        spread = scope.intern(
            Aggregate("standard deviation", average.source, x, average.unit, "none", average.filter)
        )
        return size, over(times(spread, spread, scope), size, scope)
    size_ = _effective(average, scope)
    square = scope.intern(evolve(average, argument=Apply("*", (x, x), x.type), unit=ONE))
    squared = times(average, average, scope)
    apart = minus(square, squared, scope)
    return size_, over(apart, minus(size_, number(1, scope), scope), scope)


def beginners(conversion: Aggregate, scope: Scope) -> Aggregate:
    """How many identities begin the path of a conversion."""
    assert conversion.argument is not None
    unit = scope.thing(conversion.argument.type.thing or "identity")
    source, identity = conversion.source, conversion.argument
    return scope.intern(Aggregate("count distinct", source, identity, unit, "none", conversion.filter))


# -- two aggregates ------------------------------------------------------------------------------------------


def _exclude(more: Aggregate, less: Aggregate) -> bool:
    """Whether two shares of the same rows are of rows that cannot be in both, as promoters and detractors."""
    if not (more.function == less.function == "share") or (more.source, more.filter) != (
        less.source,
        less.filter,
    ):
        return False
    match more.argument, less.argument:
        case (
            Apply(op=">=", args=(x, Literal(value=float(low)))),
            Apply(op="<=", args=(y, Literal(value=float(high)))),
        ):
            return x == y and high < low
        case _:
            return False


def _of_scores(more: Node, less: Node, size: Node, scope: Scope) -> Node:
    """The variance of the mean of scores of 1, 0 and -1: (p + d - (p - d)^2) / (n - 1)."""
    mean = minus(more, less, scope)
    apart = minus(plus(more, less, scope), times(mean, mean, scope), scope)
    return over(apart, minus(size, number(1, scope), scope), scope)


def unsure_of(node: Node) -> str | None:
    """The first part of a formula that has no interval, as it is called."""
    stack = [node]
    while stack:
        one = stack.pop(0)
        match one:
            case Aggregate(function=function):
                if function not in ("sum", "count", "share", "conversion", *_AVERAGES):
                    return f"`{function}`"
            case Combine(op="abs" | "round" as op):
                return f"`{op}`"
            case Combine() | Constant() | Default():
                pass
            case _:
                return _CALLED.get(type(one).__name__, "this")
        stack.extend(children(one))
    return None


_CALLED = {
    "Shift": "the value of another period",
    "Running": "`running total`",
    "Rolling": "`rolling average`",
    "Share": "`share of total`",
}
