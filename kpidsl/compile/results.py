"""Calls of functions that work on results: earlier periods, growth, running totals, shares of a total."""

from __future__ import annotations

from attrs import evolve

from kpidsl.compile.additivity import over_slices
from kpidsl.compile.calls import right_count, whole_number
from kpidsl.compile.lower import constant
from kpidsl.compile.scope import Scope
from kpidsl.compile.sizes import too_large
from kpidsl.diagnostics import Span
from kpidsl.graph import (
    Additivity,
    Aggregate,
    Combine,
    Constant,
    Node,
    Rolling,
    Running,
    Share,
    Shift,
    children,
)
from kpidsl.model.functions import Function
from kpidsl.model.units import ONE, PERCENT
from kpidsl.syntax import nodes

_MOST_PERIODS = 1_000
_WHY = {
    "none": "a ratio, an average or a count of distinct values does not add up",
    "semi": "a level adds up over slices, not over time",
    "constant": "a constant is there once",
}


def check_result_call(call: nodes.Call, function: Function, args: list[Node], scope: Scope) -> Node | None:
    """The node of a call whose arguments are checked; None after an error."""
    if not right_count(function, call, scope):
        return None
    node, span = args[0], call.args[0].span
    count = _count(call, function, args, scope)
    if count is None:
        return None
    match function.name:
        case "previous period":
            return scope.intern(Shift(node, "period", node.unit, over_slices(node.additivity), count))
        case "same period last year":
            return scope.intern(Shift(node, "year", node.unit, node.additivity))
        case "growth":
            return _growth(node, Shift(node, "period", node.unit, over_slices(node.additivity)), scope)
        case "yearly growth":
            return _growth(node, Shift(node, "year", node.unit, node.additivity), scope)
        case "running total":
            return _running(node, span, scope)
        case "rolling average":
            return (
                scope.intern(Rolling(node, count, node.unit))
                if _within_reach(node, count, span, scope)
                else None
            )
        case "average over days":
            return _over_days(node, span, scope)
        case "share of total":
            return _share(node, span, scope)
        case name:
            return _rounded(name, node, count if len(args) > 1 else 0, scope)


def _count(call: nodes.Call, function: Function, args: list[Node], scope: Scope) -> int | None:
    """The number written after the first argument; 1 where none is."""
    if len(args) < 2:
        return 1
    value = args[1].value if isinstance(args[1], Constant) and args[1].unit == ONE else None
    takes = function.parameters[1].takes
    low, high = (0, 12) if takes == "digits" else (1, _MOST_PERIODS)
    return whole_number(function, value, call.args[1], low, high, scope)


def _within_reach(node: Node, count: int, span: Span, scope: Scope) -> bool:
    """Whether an average of averages looks back no further than a single one may."""
    reaches: dict[Node, int] = {}

    def reach(node: Node) -> int:
        if node not in reaches:
            inner = max((reach(child) for child in children(node)), default=0)
            reaches[node] = inner + (node.count if isinstance(node, Rolling) else 0)
        return reaches[node]

    if reach(node) + count <= _MOST_PERIODS:
        return True
    too_large(
        scope,
        f"rolling averages within each other would look back more than {_MOST_PERIODS:,} periods",
        span,
        "one rolling average over more periods smooths as well",
    )
    return False


def _growth(node: Node, earlier: Shift, scope: Scope) -> Node:
    """x / earlier - 1, without a value where the earlier one is not positive.

    (earlier + |earlier|) / 2 is the earlier value where that is positive, and 0 elsewhere: dividing by
    it gives no value exactly where growth means nothing.
    """
    before = scope.intern(earlier)
    size = scope.intern(Combine("abs", (before,), node.unit, "none"))
    twice = scope.intern(Combine("+", (before, size), node.unit, "none"))
    positive = scope.intern(Combine("/", (twice, constant(2, ONE, scope)), node.unit, "none"))
    ratio = scope.intern(Combine("/", (node, positive), ONE, "none"))
    return scope.intern(Combine("-", (ratio, constant(1, ONE, scope)), PERCENT, "none"))


def _running(node: Node, span: object, scope: Scope) -> Node | None:
    if node.additivity != "additive":
        _does_not_add_up(
            "a running total", node, span, scope, "`rolling average` smooths what does not add up over time"
        )
        return None
    return scope.intern(Running(node, node.unit))


def _share(node: Node, span: object, scope: Scope) -> Node | None:
    if node.additivity not in ("additive", "semi"):
        _does_not_add_up(
            "a share of the total", node, span, scope, "the parts of a total have to add up to it"
        )
        return None
    return scope.intern(Share(node, PERCENT))


def _does_not_add_up(what: str, node: Node, span: object, scope: Scope, help: str) -> None:
    scope.error("K312", f"{what} needs values that add up: {_WHY[node.additivity]}", span, help=help)  # type: ignore[arg-type]


def _over_days(node: Node, span: Span, scope: Scope) -> Node | None:
    """The aggregate of which a mean over days can be read: the level of each account, or the last one."""
    if isinstance(node, Aggregate) and node.function in ("closing", "last"):
        return scope.intern(evolve(node, function=f"average {node.function}"))
    scope.error(
        "K312",
        "a mean over days needs a level, `closing(...)` or `last(...)`, or a measure that is just that",
        span,
        help="as in `average over days(closing(stock.level by product))`; `average` is that of rows",
    )
    return None


def _rounded(name: str, node: Node, digits: int, scope: Scope) -> Node:
    adds: Additivity = "constant" if node.additivity == "constant" else "none"
    if name == "abs":
        if isinstance(node, Constant):
            return constant(abs(node.value), node.unit, scope)
        return scope.intern(Combine("abs", (node,), node.unit, adds))
    return scope.intern(Combine("round", (node, constant(digits, ONE, scope)), node.unit, adds))
