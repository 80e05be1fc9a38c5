"""What moved a number: its change split over the factors of its formula, and over slices, without a rest.

**Factors.** A sum hands its change on as it is. A product or quotient that keeps its sign hands it on by
logarithmic means (LMDI I; Ang, "The LMDI approach to decomposition analysis: a practical guide", Energy
Policy 33, 2005): with V = x1 x2 ..., x1 accounts for L(V1, V0) ln(x1' / x1), L(a, b) = (a - b) / ln(a / b).
These add up to V1 - V0, and do so at every depth of a nested formula. Where a factor is zero or changes its
sign there is no logarithm: each factor then accounts for its Shapley value (Shapley, 1953), the mean of what
it moves over all orders in which the factors may change, which adds up as well.

**Slices.** A total is moved by what each slice moves. A ratio N / D is the mean of the slices' ratios r,
weighted by w, their shares of D: with midpoints (Bennet, 1920) a slice accounts for the *rate* effect
(w0 + w1) / 2 (r1 - r0) and the *mix* effect (w1 - w0) ((r0 + r1) / 2 - R), R being the midpoint of the whole.
The mix effects are held against R so that a slice that costs more than the whole raises it by growing; for
shares add up to 1, R takes nothing away. Of a slice that is new or gone, one ratio stands for both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
from attrs import evolve, field, fields, frozen
from numpy.typing import NDArray

from kpidsl.graph import Aggregate, Combine, Constant, Default, Node, positive_part
from kpidsl.model.rows import Apply, Row
from kpidsl.model.types import FLAG, Type

Floats = NDArray[np.float64]
Method = Literal["sum", "log-mean", "shapley", "rounding"]

_LEAST, _GREATEST = 1e-140, 1e140
_NEAR = 1e-3
"""Below this logarithm a difference is taken from a series, not from two numbers that are nearly equal."""


@frozen
class Part:
    """A part of the formula: its values, and how much of the whole's change it accounts for.

    `weight` is what a change of the part by 1 moves the whole by; `effect` is that times its change. The
    effects of `parts` add up to `effect`.
    """

    node: Node
    before: float
    after: float
    weight: float
    effect: float
    method: Method | None = None
    """How the change was split further; None where it was not. `rounding` is no node's, but what rounding
    that node takes away."""
    parts: tuple[Part, ...] = field(default=())

    @property
    def change(self) -> float:
        """Of the part itself, in its own unit."""
        return self.after - self.before

    def walk(self, depth: int = 0) -> Iterator[tuple[Part, int]]:
        """The part and all below it, with their depths."""
        yield self, depth
        for part in self.parts:
            yield from part.walk(depth + 1)


Whole = Callable[[Node], bool]
"""Whether a node is to be a part of its own, though it could be taken together with what is around it."""


def leaves(node: Node) -> tuple[Node, ...]:
    """The numbers that a split needs of a formula: what is not plain arithmetic, and what is rounded or has a
    default."""
    found: dict[Node, None] = {}
    stack = [node]
    while stack:
        one = stack.pop()
        match one:
            case Constant():
                continue
            case Combine(op="round" | "abs", args=(inner, *_)):
                found[one] = None
                stack.append(inner)
            case Combine(args=args):
                stack.extend(reversed(args))
            case Default(node=inner):
                found[one] = None
                stack.append(inner)
            case _:
                found[one] = None
    return tuple(found)


Pair = tuple[float, float]
Values = Mapping[Node, Pair]


def split_change(node: Node, values: Values, whole: Whole = lambda node: False) -> Part | None:
    """The change of a formula as a tree of parts.

    `values` has each of `leaves(node)` before and after, NaN for no value. None where the formula itself has
    no value before or after. Constants are no parts, for they never change.
    """
    before, after = _value(node, values, {})
    if math.isnan(before) or math.isnan(after):
        return None
    return _Splitter(values, whole).part(node, 1.0)


def _value(node: Node, values: Values, known: dict[Node, Pair]) -> Pair:
    if node not in known:
        known[node] = _computed(node, values, known)
    return known[node]


def _computed(node: Node, values: Values, known: dict[Node, Pair]) -> Pair:
    match node:
        case Constant(value=value):
            return value, value
        case Combine(op="+" | "-" | "*" | "/" as op, args=args):
            pairs = [_value(arg, values, known) for arg in args]
            return tuple(_arithmetic(op, column) for column in zip(*pairs, strict=True))  # type: ignore[return-value]
        case Combine(op="neg", args=(inner,)):
            before, after = _value(inner, values, known)
            return -before, -after
        case _:
            return values[node]


def _arithmetic(op: str, numbers: tuple[float, ...]) -> float:
    first, *others = numbers
    for other in others:
        match op:
            case "+":
                first += other
            case "-":
                first -= other
            case "*":
                first *= other
            case _:
                first = first / other if other else math.nan
    return first if math.isfinite(first) else math.nan


@frozen(eq=False)
class _Splitter:
    values: Values
    whole: Whole
    known: dict[Node, Pair] = field(factory=dict)

    def value(self, node: Node) -> Pair:
        return _value(node, self.values, self.known)

    def part(self, node: Node, weight: float) -> Part:
        before, after = self.value(node)
        method, below = self.below(node)
        parts = [self.part(child, weight * by) for child, by in below if not isinstance(child, Constant)]
        if isinstance(node, Combine) and node.op == "round" and parts:
            parts += self.rounding(node, weight)
        if len(parts) == 1 and parts[0].parts:
            method, parts = parts[0].method, list(parts[0].parts)
        effect = math.fsum(part.effect for part in parts) if parts else weight * (after - before)
        return Part(node, before, after, weight, effect, method if parts else None, tuple(parts))

    def rounding(self, node: Combine, weight: float) -> Iterator[Part]:
        """What rounding adds and takes away, as a term of its own."""
        exact, rounded = self.value(node.args[0]), self.value(node)
        before, after = (b - a for a, b in zip(exact, rounded, strict=True))
        if before != after:
            yield Part(node, before, after, weight, weight * (after - before), "rounding")

    def below(self, node: Node) -> tuple[Method | None, list[tuple[Node, float]]]:
        """What a node is made of, and what a change by 1 of each moves it by."""
        if (inner := positive_part(node)) is not None:
            return ("sum", [(inner, 1.0)]) if min(self.value(inner)) >= 0 else (None, [])
        match node:
            case Combine(op="+" | "-"):
                return "sum", list(self.terms(node, 1.0, top=True))
            case Combine(op="neg", args=(inner,)):
                return "sum", list(self.terms(inner, -1.0))
            case Combine(op="*" | "/"):
                return self.product(list(factors(node, self.whole, top=True)))
            case Combine(op="abs", args=(inner, *_)):
                low, high = sorted(self.value(inner))
                return ("sum", [(inner, 1.0 if high > 0 else -1.0)]) if low * high >= 0 else (None, [])
            case Combine(op="round", args=(inner, *_)):
                return "sum", [(inner, 1.0)]
            case Default(node=inner) if not any(map(math.isnan, self.value(inner))):
                return "sum", [(inner, 1.0)]
            case _:
                return None, []

    def terms(self, node: Node, sign: float, *, top: bool = False) -> Iterator[tuple[Node, float]]:
        """The terms of nested sums and differences, with their signs."""
        match node:
            case Combine(op="+" | "-" as op, args=(first, *others)) if top or not self.whole(node):
                yield from self.terms(first, sign)
                for other in others:
                    yield from self.terms(other, sign if op == "+" else -sign)
            case Combine(op="neg", args=(inner,)) if not self.whole(node):
                yield from self.terms(inner, -sign)
            case _:
                yield node, sign

    def product(self, those: Sequence[tuple[Node, bool]]) -> tuple[Method, list[tuple[Node, float]]]:
        """Logarithmic means where they can be taken, else the means over all orders."""
        pairs = [self.value(node) for node, _ in those]
        raised = [
            pair if up else (1.0 / pair[0], 1.0 / pair[1]) for pair, (_, up) in zip(pairs, those, strict=True)
        ]
        before, after = (math.prod(pair[n] for pair in raised) for n in (0, 1))
        if all(_logarithmic(*pair) for pair in (*pairs, (before, after))):
            mean = log_mean(after, before)
            return "log-mean", [
                (node, (mean if up else -mean) / log_mean(*pair))
                for (node, up), pair in zip(those, pairs, strict=True)
            ]
        return "shapley", [
            (node, by if up else -by / (pair[0] * pair[1]))
            for (node, up), pair, by in zip(those, pairs, shapley(raised), strict=True)
        ]


def factors(
    node: Node, whole: Whole = lambda node: False, *, up: bool = True, top: bool = False
) -> Iterator[tuple[Node, bool]]:
    """The factors of nested products and quotients; False for one that is divided by."""
    match node:
        case Combine(op="*" | "/" as op, args=(first, *others)) if top or not (
            whole(node) or positive_part(node) is not None
        ):
            yield from factors(first, whole, up=up)
            for other in others:
                yield from factors(other, whole, up=up == (op == "*"))
        case _:
            yield node, up


def _logarithmic(before: float, after: float) -> bool:
    """Whether two numbers have one sign, and are within what logarithms and roots can be trusted with."""
    return before * after > 0 and all(_LEAST < abs(x) < _GREATEST for x in (before, after))


def log_mean(a: float, b: float) -> float:
    """(a - b) / ln(a / b), and a where the two are equal; of two negative numbers the mirror. Carlson (1972)
    has its form sqrt(ab) sinh(u) / u with u = ln(a / b) / 2, which is exact for numbers that are close."""
    if a < 0:
        return -log_mean(-a, -b)
    u = math.log(a / b) / 2 if abs(a - b) > _NEAR * b else math.log1p((a - b) / b) / 2
    if abs(u) > 300:
        return (a - b) / (2 * u)
    return math.sqrt(a) * math.sqrt(b) * (math.sinh(u) / u if u else 1.0)


def shapley(factors: list[Pair]) -> list[float]:
    """Of each factor of a product what a change of it by 1 moves the product by, in the mean over all orders.

    The mean over orders needs, for each number k of others that have changed, the sum over all choices of k:
    the coefficients of a product of polynomials x0 + x1 z.
    """
    found = []
    for n in range(len(factors)):
        coefficients = [1.0]
        for before, after in factors[:n] + factors[n + 1 :]:
            shifted = [0.0, *(after * c for c in coefficients)]
            coefficients = [before * c + s for c, s in zip([*coefficients, 0.0], shifted, strict=True)]
        count = len(factors)
        found.append(math.fsum(c / (count * math.comb(count - 1, k)) for k, c in enumerate(coefficients)))
    return found


# -- slices ----------------------------------------------------------------------------------------


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
