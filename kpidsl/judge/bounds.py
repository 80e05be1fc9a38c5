"""Bounds, bands and lights: the arithmetic of a promise, without dates or texts.

Everything is computed in decimals of 28 digits and rounded to 12 significant digits at the end, as values
are: so that 1,000 leads over three months ask for the same 333.333333333 that a third of 1,000 is, and a
bound that is reached is kept.
"""

from __future__ import annotations

from decimal import Context, Decimal
from math import isfinite
from typing import Literal

from attrs import frozen

from kpidsl.results import Verb

Judgement = Literal["green", "amber", "red"]

_RANK: dict[Judgement, int] = {"green": 0, "amber": 1, "red": 2}
_FINAL: dict[Judgement, Verb] = {"green": "met", "amber": "nearly met", "red": "missed"}
_OPEN: dict[Judgement, Verb] = {"green": "on track", "amber": "at risk", "red": "off track"}


EXACT = Context(prec=28)
"""What decimals are computed in, whatever the caller's own context is."""


def exact(value: float) -> Decimal:
    """The decimal number that is written for a float: 0.1 is a tenth."""
    return Decimal(float.__repr__(float(value)))


def rounded(value: Decimal | float) -> float:
    """The nearest float with 12 significant digits."""
    return float(f"{float(value):.12g}")


@frozen
class Band:
    """An interval with its ends; a side that is None is open."""

    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def ends(self) -> tuple[Decimal, ...]:
        """The ends that there are, low first."""
        return tuple(end for end in (self.low, self.high) if end is not None)

    def times(self, factor: Decimal) -> Band:
        """Both ends multiplied."""
        return Band(*(None if end is None else end * factor for end in (self.low, self.high)))

    def between(self, start: Decimal, progress: Decimal) -> Band:
        """Both ends on the straight line from `start` to where they are, `progress` of the way gone."""
        return Band(
            *(None if end is None else start + (end - start) * progress for end in (self.low, self.high))
        )

    def holds(self, value: float) -> bool:
        """Whether a value lies within; the ends are."""
        return (self.low is None or value >= rounded(self.low)) and (
            self.high is None or value <= rounded(self.high)
        )

    def widened(self, slack: Band) -> Band:
        """The band and its tolerance below and above."""
        low = None if self.low is None else self.low - (slack.low or 0)
        high = None if self.high is None else self.high + (slack.high or 0)
        return Band(low, high)

    def nearest(self, value: float) -> Decimal:
        """The end that a value is held against: the one it is beyond, else the nearer one."""
        if self.low is None or self.high is None:
            return self.ends[0]
        return self.low if abs(exact(value) - self.low) <= abs(exact(value) - self.high) else self.high


def slack_of(target: Band, amount: float, relative: bool) -> Band:
    """A tolerance in the unit of the target, for each end: relative to it, or an amount."""
    if not relative:
        return Band(exact(amount), exact(amount))
    return Band(*(None if end is None else abs(end) * exact(amount) for end in (target.low, target.high)))


def light(value: float, reference: Band, slack: Band) -> Judgement:
    """Green within the reference, amber within the tolerance around it, red beyond. Ends are inclusive."""
    if reference.holds(value):
        return "green"
    return "amber" if reference.widened(slack).holds(value) else "red"


def settled(value: float, due: Band, slack: Band, *, falls: bool = False) -> Judgement | None:
    """What a value that can only grow has already decided about a window that is still open, if anything.

    Beyond a cap and its tolerance it is missed; at or over what is due at least it is met. A cap that is
    exceeded within its tolerance decides nothing: it cannot be met any more, but still be missed. Of a value
    that only falls, the mirror of this.
    """
    if falls:
        low, high = (None if end is None else -end for end in (due.low, due.high))
        return settled(-value, Band(high, low), Band(slack.high, slack.low))
    if due.high is not None:
        return "red" if value > rounded(due.high + (slack.high or 0)) else None
    return "green" if due.holds(value) else None


def word(judgement: Judgement, final: bool) -> Verb:
    """How a light is called: before the end, and after it."""
    return (_FINAL if final else _OPEN)[judgement]


def attainment(value: float, reference: Band) -> float | None:
    """How much of the reference is reached; 1.0 is just kept.

    None where the value or what it is held against is not above 0, or the quotient is no number that can be
    written: it would say nothing.
    """
    if value <= 0:
        return None
    low, high = reference.low, reference.high
    if low is not None and high is not None:
        if reference.holds(value):
            return 1.0
        return attainment(value, Band(low=low) if value < low else Band(high=high))
    if low is not None:
        return _quotient(exact(value), low) if low > 0 else None
    return _quotient(high, exact(value)) if high is not None and high > 0 else None


def _quotient(above: Decimal, below: Decimal) -> float | None:
    found = rounded(above / below)
    return found if isfinite(found) else None


def gap(value: float, reference: Band) -> float:
    """Value less reference; between two bounds, how far outside of the nearer one, 0 within."""
    if reference.low is not None and reference.high is not None and reference.holds(value):
        return 0.0
    return rounded(exact(value) - reference.nearest(value))
