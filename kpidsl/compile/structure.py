"""What a number lies between by the way it is made: a share is a fraction, a count is not negative.

Intervals are never narrower than what can be reached (Moore, 1966).
"""

from __future__ import annotations

from collections.abc import Callable

from kpidsl.compile.delta import within
from kpidsl.compile.intervals import ANY, FRACTION, NOT_NEGATIVE, Reach, combined
from kpidsl.graph import (
    Aggregate,
    Assumed,
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

_COUNTS = frozenset(
    {
        *("count", "count distinct", "new", "returning", "retained", "churned", "converted"),
        "standard deviation",
    }
)
_SHARES = frozenset({"share", "retention", "conversion"})

Of = Callable[[Node], Reach]


def made(node: Node, leaf: Callable[[Aggregate], Reach], below: Of, elsewhere: Of) -> Reach:
    """Of a node, percents and points being fractions. `leaf`: of an aggregate; `below`: of a part in the
    same window and slice; `elsewhere`: of one in another."""
    match node:
        case Constant(value=value):
            return Reach(value, value)
        case Aggregate():
            return leaf(node)
        case Combine(op="-", args=(Aggregate() as above, Aggregate() as other)) if _halves(above, other):
            return combined("-", [below(above), below(other)]).within(Reach(-1.0, 1.0))
        case Combine(op="/", args=(Aggregate() as some, Aggregate() as every)) if _among(some, every):
            return combined("/", [below(some), below(every)]).within(FRACTION)
        case Combine(op=op, args=args):
            return combined(op, [below(arg) for arg in args])
        case Default(node=inner, value=value):
            one = below(inner)
            return Reach(min(one.low, value), max(one.high, value), one.low_by, one.high_by)
        case Share(node=inner):
            return FRACTION if elsewhere(inner).low >= 0 else ANY
        case Rolling(node=inner) | Shift(node=inner):
            return elsewhere(inner)
        case Running(node=inner):
            return NOT_NEGATIVE if elsewhere(inner).low >= 0 else ANY
        case Assumed(value=inner) | Told(node=inner):
            return below(inner)
        case Unknown():
            return ANY


def aggregated(node: Aggregate) -> Reach:
    """Of an aggregate of columns that may hold anything, refunds for instance."""
    if node.function in _SHARES:
        return FRACTION
    counts_rows = node.function in ("first touch", "last touch") and node.argument is None
    return NOT_NEGATIVE if node.function in _COUNTS or counts_rows else ANY


def _halves(above: Aggregate, other: Aggregate) -> bool:
    """Whether the difference is one of two shares of the same rows, as a net promoter score is."""
    return above.function == other.function == "share" and above.filter == other.filter


def _among(some: Aggregate, every: Aggregate) -> bool:
    """Whether what one counts is counted by the other, too, as the paid orders among all."""
    same = (some.function, some.argument) == (every.function, every.argument)
    return same and some.function in ("count", "count distinct") and within(some, every)
