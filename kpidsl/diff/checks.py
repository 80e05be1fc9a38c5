"""What a check lets pass, so that a check of the same thing is the same check, and is wider or narrower."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from math import inf

from attrs import evolve, field, frozen

from kpidsl.diff.facts import Fact, Facts
from kpidsl.model.rows import Apply, Literal, Row
from kpidsl.model.types import Type
from kpidsl.model.units import ONE
from kpidsl.render import words

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}
_End = tuple[Fraction | float, int]
"""Where what passes ends, and whether that itself does not pass: more is narrower."""
_OPEN: _End = (-inf, 0)


@frozen
class Passes:
    """What a check is about, and of that what passes: between two ends, or one of some values."""

    subject: str
    type: Type
    low: _End = _OPEN
    high: _End = _OPEN
    """Its number is negative, so that more is narrower here, too."""
    among: frozenset[object] | None = None

    @property
    def side(self) -> str:
        """From where it is held."""
        if self.among is not None or (self.low != _OPEN and self.high != _OPEN):
            return "both sides"
        return "below" if self.low != _OPEN else "above"


@frozen
class Check:
    """A check as it is compared: its condition, and what of it can be held against another."""

    said: str
    passes: Passes | None = field(default=None)


def check(row: Row) -> Check:
    """A check as it is compared."""
    return Check(words.row(row), _passes(row))


def narrower(old: Passes | None, new: Passes | None) -> tuple[int, int] | None:
    """Whether less passes than did, at each end: 1, 0 or -1. None where it cannot be told."""
    if old is None or new is None or (old.subject, old.type) != (new.subject, new.type):
        return None
    if old.among is not None and new.among is not None:
        sign = (new.among < old.among) - (new.among > old.among)
        return (sign, 0) if sign or old.among == new.among else None
    if old.among is not None or new.among is not None:
        return None
    return (new.low > old.low) - (new.low < old.low), (new.high > old.high) - (new.high < old.high)


def aligned(one: Facts, other: Facts) -> tuple[Facts, Facts]:
    """The facts of both sides, the checks of the same thing under the same name: a check that is gone and
    one that has come are one that is changed, if no further one could be meant."""
    gone = {aspect: each for aspect, each in _checks(one) if aspect not in other}
    come = {aspect: each for aspect, each in _checks(other) if aspect not in one}
    names: tuple[dict[str, str], dict[str, str]] = {}, {}
    for by_side in (True, False):
        left = _alone(gone, names[0], by_side)
        right = _alone(come, names[1], by_side)
        for key in sorted(left.keys() & right.keys()):
            name = f"check of {key[0]}"
            if name in names[0].values():
                name = f"{name} from {key[1] or 'any side'}"
            names[0][left[key]] = names[1][right[key]] = name
    first, last = _named(one, names[0]), _named(other, names[1])
    for name in names[0].values():
        first[name], last[name] = _shorter(first[name], last[name])
    return first, last


def _checks(facts: Facts) -> Iterator[tuple[str, Passes]]:
    for aspect, fact in facts.items():
        found: Check | None = getattr(fact.value, "check", None)
        if found is not None and found.passes is not None:
            yield aspect, found.passes


def _alone(checks: dict[str, Passes], but: dict[str, str], by_side: bool) -> dict[tuple[str, str], str]:
    """By what they are about, the checks that are the only ones of that."""
    found: dict[tuple[str, str], list[str]] = {}
    for aspect, passes in checks.items():
        if aspect not in but:
            found.setdefault((passes.subject, passes.side if by_side else ""), []).append(aspect)
    return {key: aspects[0] for key, aspects in found.items() if len(aspects) == 1}


def _named(facts: Facts, names: dict[str, str]) -> Facts:
    return {names.get(aspect, aspect): fact for aspect, fact in facts.items()}


def _shorter(one: Fact, other: Fact) -> tuple[Fact, Fact]:
    """Without what follows from a broken check, where that stays."""
    ends = [fact.said.removeprefix(getattr(fact.value, "check").said) for fact in (one, other)]  # noqa: B009
    if ends[0] != ends[1]:
        return one, other
    return evolve(one, said=one.said.removesuffix(ends[0])), evolve(
        other, said=other.said.removesuffix(ends[1])
    )


def _passes(row: Row) -> Passes | None:
    match row:
        case Apply(op="<" | "<=" | ">" | ">=" | "=" as op, args=(Literal() as value, subject)):
            return _compared(_MIRRORED[op], subject, value)
        case Apply(op="<" | "<=" | ">" | ">=" | "=" as op, args=(subject, Literal() as value)):
            return _compared(op, subject, value)
        case Apply(op="between", args=(subject, Literal() as low, Literal() as high)):
            ends = _amount(low, subject), _amount(high, subject)
            if ends[0] is None or ends[1] is None:
                return None
            return Passes(words.row(subject), subject.type, (ends[0], 0), (-ends[1], 0))
        case Apply(op="in", args=(subject, *choices)):
            values = frozenset(one.value for one in choices if isinstance(one, Literal))
            return Passes(words.row(subject), subject.type, among=values) if values else None
    return None


def _compared(op: str, subject: Row, literal: Literal) -> Passes | None:
    amount, said = _amount(literal, subject), words.row(subject)
    if amount is None:
        text = isinstance(literal.value, str) and op == "="
        return Passes(said, subject.type, among=frozenset((literal.value,))) if text else None
    low = (amount, int(op == ">")) if op in (">", ">=", "=") else _OPEN
    high = (-amount, int(op == "<")) if op in ("<", "<=", "=") else _OPEN
    return Passes(said, subject.type, low, high)


def _amount(literal: Literal, subject: Row) -> Fraction | None:
    """A number in the unit of the subject, or a day."""
    match literal.value:
        case bool():
            return None
        case int() | float() as value if literal.type.unit in (ONE, subject.type.unit):
            return Fraction(value)
        case date() as day if type(day) is date:
            return Fraction(day.toordinal())
    return None
