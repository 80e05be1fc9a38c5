"""Arithmetic on intervals (Moore, 1966) that remembers whose promises an end rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import frozen

from kpidsl.records import Record


@frozen(repr=False)
class Reach(Record):
    """What a value lies between, and the KPIs whose promises say so."""

    low: float = -math.inf
    high: float = math.inf
    low_by: frozenset[str] = frozenset()
    high_by: frozenset[str] = frozenset()

    def within(self, other: Reach) -> Reach:
        """Both at once; an end that is no narrower keeps its own reason."""
        low, high = self, self
        if other.low > self.low:
            low = other
        if other.high < self.high:
            high = other
        return Reach(low.low, high.high, low.low_by, high.high_by)

    def times(self, factor: float) -> Reach:
        """Multiplied by a number above 0."""
        return Reach(self.low * factor, self.high * factor, self.low_by, self.high_by)

    @property
    def mirrored(self) -> Reach:
        """The negative of it."""
        return Reach(-self.high, -self.low, self.high_by, self.low_by)


ANY = Reach()
NOT_NEGATIVE = Reach(0.0)
FRACTION = Reach(0.0, 1.0)


def combined(op: str, args: Sequence[Reach]) -> Reach:
    """Arithmetic on intervals."""
    first, *others = args
    match op:
        case "neg":
            return first.mirrored
        case "abs":
            if first.low >= 0:
                return first
            both = first.low_by | first.high_by
            return Reach(0.0, max(-first.low, first.high), frozenset(), both)
        case "round":
            slack = 0.5 * 10.0 ** -(others[0].low if others else 0.0)
            return Reach(first.low - slack, first.high + slack, first.low_by, first.high_by)
        case _:
            for other in others:
                first = _two(op, first, other)
            return first


def _two(op: str, a: Reach, b: Reach) -> Reach:
    match op:
        case "+":
            return Reach(a.low + b.low, a.high + b.high, a.low_by | b.low_by, a.high_by | b.high_by)
        case "-":
            return _two("+", a, b.mirrored)
        case "*":
            return _product(a, b)
        case _:
            return _product(a, _inverse(b))


def _product(a: Reach, b: Reach) -> Reach:
    """The least and the greatest product of two ends; of equal ones the first says whose it is."""
    low, high = math.inf, -math.inf
    low_by = high_by = (a.low_by, b.low_by)
    for x, by_x in ((a.low, a.low_by), (a.high, a.high_by)):
        for y, by_y in ((b.low, b.low_by), (b.high, b.high_by)):
            value = x * y if x and y else 0.0
            if value < low:
                low, low_by = value, (by_x, by_y)
            if value > high:
                high, high_by = value, (by_x, by_y)
    return Reach(low, high, low_by[0] | low_by[1], high_by[0] | high_by[1])


def _inverse(b: Reach) -> Reach:
    """One over it; where it may be 0 there is no value, and beside 0 there is no limit."""
    if b.low < 0 < b.high or b.low == b.high == 0:
        return ANY
    if b.high <= 0:
        return _inverse(b.mirrored).mirrored
    low = 1 / b.high if b.high else math.inf
    return Reach(low, 1 / b.low if b.low > 0 else math.inf, b.high_by, b.low_by)
