"""A change as a tree of the parts of its formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from kpidsl.graph import Combine, Constant, Default, Node, positive_part

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
