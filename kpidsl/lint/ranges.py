"""What a formula can be at all, whatever the data: a share lies between 0 and 1, a count is not negative.

Columns may hold anything, refunds for instance, so sums and averages of them have no bounds. Intervals follow
Moore (1966), as in `kpidsl.compile.intervals`, and are never narrower than what can be reached.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from kpidsl.compile.delta import within
from kpidsl.compile.intervals import ANY, FRACTION, NOT_NEGATIVE, Reach, combined
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
    Told,
    Unknown,
)
from kpidsl.lint.view import Subject
from kpidsl.model.units import format_value

_COUNTS = frozenset(
    {
        *("count", "count distinct", "new", "returning", "retained", "churned", "converted"),
        "standard deviation",
    }
)
_SHARES = frozenset({"share", "csat", "retention", "conversion"})


def range_of(node: Node) -> Reach:
    """What a node lies between; percents and points are fractions."""
    match node:
        case Constant(value=value):
            return Reach(value, value)
        case Aggregate(function=function, argument=argument):
            if function in _SHARES:
                return FRACTION
            if function == "nps":
                return Reach(-1.0, 1.0)
            counts_rows = function in ("first touch", "last touch") and argument is None
            return NOT_NEGATIVE if function in _COUNTS or counts_rows else ANY
        case Combine(op="-", args=(Aggregate() as above, Aggregate() as below)) if _halves(above, below):
            return Reach(-1.0, 1.0)
        case Combine(op="/", args=(Aggregate() as some, Aggregate() as every)) if _among(some, every):
            return FRACTION
        case Combine(op=op, args=args):
            return combined(op, [range_of(arg) for arg in args])
        case Default(node=inner, value=value):
            one = range_of(inner)
            return Reach(min(one.low, value), max(one.high, value))
        case Share(node=inner):
            return FRACTION if range_of(inner).low >= 0 else ANY
        case Rolling(node=inner) | Shift(node=inner) | Told(node=inner):
            return range_of(inner)
        case Running(node=inner):
            return NOT_NEGATIVE if range_of(inner).low >= 0 else ANY
        case Assumed(value=inner):
            return range_of(inner)
        case Unknown():
            return ANY


def _halves(above: Aggregate, below: Aggregate) -> bool:
    """Whether the difference is one of two shares of the same rows, as a net promoter score is."""
    return above.function == below.function == "share" and above.filter == below.filter


def _among(some: Aggregate, every: Aggregate) -> bool:
    """Whether what one counts is counted by the other, too."""
    same = (some.function, some.argument) == (every.function, every.argument)
    return same and some.function in ("count", "count distinct") and within(some, every)


def number(node: Node | None) -> float | None:
    """The value of a constant; None of anything that depends on data."""
    return node.value if isinstance(node, Constant) else None


def levels(one: Subject) -> Iterator[tuple[Bound, float, float | None]]:
    """The bounds of a KPI that are numbers, with the upper one of `between`."""
    for bound in one.kpi.promise.bounds:
        value = number(bound.value)
        if value is not None and bound.direction in ("at least", "at most", "between"):
            yield bound, value, number(bound.high)


def between(one: Subject, low: float, high: float) -> str:
    """What a formula lies between, in words."""
    shown = [
        f"{word} {format_value(value, one.kpi.unit)}"
        for word, value in (("at least", low), ("at most", high))
        if math.isfinite(value)
    ]
    return f"the formula is {' and '.join(shown)}"
