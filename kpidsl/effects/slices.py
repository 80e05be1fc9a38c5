"""A change over slices: of what adds up, and of ratios of what does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import evolve, fields, frozen
from numpy.typing import NDArray

from kpidsl.digits import Floats
from kpidsl.effects.parts import Part, factors
from kpidsl.graph import Aggregate, Combine, Constant, Default, Node
from kpidsl.model.rows import Apply, Row
from kpidsl.model.types import FLAG, Type


@frozen(eq=False)
class RateMix:
    """Of each slice of a ratio, as arrays: what its own ratio and what its share of the whole account for.

    Where a slice has a numerator and no denominator, it has no ratio: `rate` and `mix` are NaN, and `effect`
    is what it accounts for altogether. The effects add up to the change of the whole.
    """

    before: Floats
    after: Floats
    share_before: Floats
    share_after: Floats
    rate: Floats
    mix: Floats
    effect: Floats

    def only(self, kept: NDArray[np.bool_]) -> RateMix:
        """Some of the slices."""
        return RateMix(*(getattr(self, each.name)[kept] for each in fields(RateMix)))


def rate_and_mix(above: Floats, below: Floats, scale: float = 1.0) -> RateMix:
    """Split the change of scale * sum(above) / sum(below).

    `above` and `below` are slices x 2, before and after. Both sums of `below` must not be 0.
    """
    totals = below.sum(axis=0)
    shares = below / totals
    carried = scale * above / totals
    with np.errstate(all="ignore"):
        ratios = np.where(below == 0, np.nan, scale * above / np.where(below == 0, 1.0, below))
    middle = carried.sum(axis=0).mean()
    moved = shares[:, 1] - shares[:, 0]
    effect = carried[:, 1] - carried[:, 0] - moved * middle
    # A slice that is new or gone has one ratio: it stands for both, so that its rate does not move.
    first, last = (np.where(np.isnan(ratios[:, n]), ratios[:, 1 - n], ratios[:, n]) for n in (0, 1))
    with np.errstate(all="ignore"):
        rate = shares.mean(axis=1) * (last - first)
        mix = moved * ((first + last) / 2 - middle)
        there = ((below != 0) | (above != 0)).any(axis=1)
        rate, mix = np.where(there, rate, 0.0), np.where(there, mix, 0.0)
        odd = ((below == 0) & (above != 0)).any(axis=1) | ~np.isfinite(rate + mix)
    rate, mix = np.where(odd, np.nan, rate), np.where(odd, np.nan, mix)
    return RateMix(ratios[:, 0], ratios[:, 1], shares[:, 0], shares[:, 1], rate, mix, effect)


def by_parts(tree: Part, moved: Mapping[Node, Floats]) -> Floats:
    """What each slice accounts for when the parts that are not split further add up over slices: their
    changes by slice, `moved`, at the weight of each part."""
    each = [part.weight * moved[part.node] for part, _ in tree.walk() if not part.parts]
    return np.asarray(np.sum(each, axis=0), np.float64)


def adds_up(node: Node) -> bool:
    """Whether the values of slices make the value of the whole."""
    return node.additivity in ("additive", "semi") or isinstance(node, Constant)


def quotient(node: Node) -> tuple[float, Node, Node] | None:
    """A formula as scale * above / below, of which both add up over slices; None if it is no such ratio."""
    ups: list[Node] = []
    downs: list[Node] = []
    scale = 1.0
    for factor, up in factors(expanded(node)):
        if not isinstance(factor, Constant):
            (ups if up else downs).append(factor)
        elif factor.value == 0:
            return None
        else:
            scale = scale * factor.value if up else scale / factor.value
    if len(ups) == len(downs) == 1 and adds_up(ups[0]) and adds_up(downs[0]):
        return scale, ups[0], downs[0]
    return None


def expanded(node: Node) -> Node:
    """The node with every average and share as a quotient of what adds up over slices."""
    match node:
        case Aggregate(function="average" | "weighted average" | "share"):
            return _as_quotient(node)
        case Combine(args=args):
            return evolve(node, args=tuple(map(expanded, args)))
        case Default(node=inner):
            return evolve(node, node=expanded(inner))
        case _:
            return node


def _as_quotient(node: Aggregate) -> Node:
    """The sum of an average and what it is divided by. Only rows that have all of it count."""
    x, weight = node.argument, node.weight
    assert x is not None
    plain = evolve(node, function="sum", additivity="additive", argument=x, weight=None, parameter=None)
    match node.function:
        case "share":
            above = evolve(plain, function="count", argument=None, filter=_both(node.filter, x))
            below = evolve(plain, function="count", argument=None)
        case "average":
            above, below = plain, evolve(plain, function="count")
        case _:
            assert weight is not None
            above = evolve(plain, argument=Apply("*", (x, weight), Type("number")))
            there = Apply("not", (Apply("missing", (x,), FLAG),), FLAG)
            below = evolve(plain, argument=weight, filter=_both(node.filter, there))
    return Combine("/", (above, below), node.unit, "none")


def _both(a: Row | None, b: Row) -> Row:
    return b if a is None else Apply("and", (a, b), FLAG)
