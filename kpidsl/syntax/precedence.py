"""From a flat row of operands and operators to an expression.

Loosest first: `default`, `when ... then ... otherwise`, `where`, `or`, `and`, `not`, comparisons (which do
not chain), `+ -`, `* / of`, unary minus. The grammar keeps expressions flat, so a wrong order is found here.
"""

from __future__ import annotations

from typing import Any, cast

from attrs import define, field

from kpidsl.diagnostics import Span
from kpidsl.records import Record
from kpidsl.syntax.nodes import (
    Between,
    Binary,
    Default,
    Expression,
    In,
    Missing,
    Number,
    Unary,
    When,
    Where,
)

_COMPARISONS = frozenset(["=", "!=", "<", "<=", ">", ">="])
_SUMS = frozenset("+-")
_PRODUCTS = frozenset(["*", "/", "of"])
_ARITHMETIC = _SUMS | _PRODUCTS


class Misplaced(Exception):
    """Something grammatical that means nothing: the kind of fault, and where it is."""

    def __init__(self, kind: str, span: Span) -> None:
        super().__init__(kind)
        self.kind = kind
        self.span = span


class Arguments(list[Expression]):
    """What stands between commas; a class of its own, for a flat expression is a list too."""


@define(repr=False)
class Sign(Record):
    """An operator where it stands; `items` and the larger `end` for `in (...)`."""

    text: str
    span: Span
    items: tuple[Expression, ...] = ()


Flat = list[Any]
"""Expressions and signs in the order written; the grammar guarantees that it begins and ends well."""


def settle(flat: Flat) -> Expression:
    """The expression that a flat row means."""
    if len(flat) == 1:
        return cast(Expression, flat[0])
    if len(flat) == 3 and not isinstance(flat[0], Sign) and flat[1].text in _ARITHMETIC:
        left, sign, right = flat
        return Binary(left.span.to(right.span), sign.text, left, right)
    row = _Row(flat)
    value = row.formula()
    row.finish()
    return value


def settle_range(flat: Flat) -> tuple[Expression, Expression]:
    """The two ends of `between low and high`, of which `between` is already read."""
    row = _Row(flat)
    low = row.sum()
    if not row.take("and"):
        raise Misplaced("between", row.place())
    high = row.sum()
    row.finish()
    return low, high


@define(repr=False)
class _Row(Record):
    """A flat row that is read from left to right, one method per strength of binding."""

    items: Flat
    at: int = 0
    signs: list[str] = field(init=False)
    """The text of each sign; nothing for an operand, and for the end."""

    def __attrs_post_init__(self) -> None:
        self.signs = [item.text if isinstance(item, Sign) else "" for item in self.items]
        self.signs.append("")

    def take(self, text: str) -> bool:
        """Step over a sign if it is the one that comes next."""
        if self.signs[self.at] != text:
            return False
        self.at += 1
        return True

    def place(self) -> Span:
        """Where the reading stands."""
        return cast(Span, self.items[min(self.at, len(self.items) - 1)].span)

    def finish(self) -> None:
        """Nothing may be left over."""
        if self.at < len(self.items):
            raise Misplaced(self.signs[self.at], self.place())

    def formula(self) -> Expression:
        value = self.restricted()
        if self.take("default"):
            number = self.items[self.at]
            if not isinstance(number, Number):
                raise Misplaced("default value", self.place())
            self.at += 1
            value = Default(value.span.to(number.span), value, number)
        return value

    def restricted(self) -> Expression:
        return self.chain() if self.signs[self.at] == "when" else self.part()

    def part(self) -> Expression:
        value = self.either()
        if self.take("where"):
            condition = self.either()
            value = Where(value.span.to(condition.span), value, condition)
        return value

    def chain(self) -> Expression:
        first = self.place()
        branches: list[tuple[Expression, Expression]] = []
        while self.take("when"):
            condition = self.either()
            if not self.take("then"):
                raise Misplaced("then", self.place())
            branches.append((condition, self.part()))
        otherwise = self.part() if self.take("otherwise") else None
        last = otherwise or branches[-1][1]
        return When(first.to(last.span), tuple(branches), otherwise)

    def either(self) -> Expression:
        value = self.both()
        while self.take("or"):
            right = self.both()
            value = Binary(value.span.to(right.span), "or", value, right)
        return value

    def both(self) -> Expression:
        value = self.negation()
        while self.take("and"):
            right = self.negation()
            value = Binary(value.span.to(right.span), "and", value, right)
        return value

    def negation(self) -> Expression:
        marks = self.prefixes("not")
        value = self.comparison()
        for mark in reversed(marks):
            value = Unary(mark.to(value.span), "not", value)
        return value

    def prefixes(self, text: str) -> list[Span]:
        marks = []
        while self.signs[self.at] == text:
            marks.append(self.place())
            self.at += 1
        return marks

    def comparison(self) -> Expression:
        left = self.sum()
        text = self.signs[self.at]
        if text in _COMPARISONS:
            self.at += 1
            right = self.sum()
            value: Expression = Binary(left.span.to(right.span), text, left, right)
        elif text in ("between", "not between"):
            self.at += 1
            low = self.sum()
            if not self.take("and"):
                raise Misplaced("between", self.place())
            high = self.sum()
            value = Between(left.span.to(high.span), left, low, high, negated=text != "between")
        elif text in ("in", "not in"):
            sign = self.items[self.at]
            self.at += 1
            value = In(left.span.to(sign.span), left, sign.items, negated=text != "in")
        elif text in ("is missing", "is not missing"):
            sign = self.items[self.at]
            self.at += 1
            value = Missing(left.span.to(sign.span), left, negated=text != "is missing")
        else:
            return left
        if self.signs[self.at] in _COMPARISONS:
            raise Misplaced("comparison", self.place())
        return value

    def sum(self) -> Expression:
        value = self.product()
        while (text := self.signs[self.at]) in _SUMS and text:
            self.at += 1
            right = self.product()
            value = Binary(value.span.to(right.span), text, value, right)
        return value

    def product(self) -> Expression:
        value = self.signed()
        while (text := self.signs[self.at]) in _PRODUCTS and text:
            self.at += 1
            right = self.signed()
            value = Binary(value.span.to(right.span), text, value, right)
        return value

    def signed(self) -> Expression:
        marks = self.prefixes("-")
        item = self.items[self.at]
        if isinstance(item, Sign):
            raise Misplaced(item.text, item.span)
        self.at += 1
        value = cast(Expression, item)
        for mark in reversed(marks):
            value = Unary(mark.to(value.span), "-", value)
        return value
