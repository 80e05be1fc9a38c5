"""In which direction a promise is moved: whether it is easier or harder to keep than it was.

Each rule is its own mirror image: what loosens one way tightens the other.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from math import inf

from kpidsl.diff.changes import Direction
from kpidsl.diff.facts import Fact
from kpidsl.diff.promises import judged
from kpidsl.graph import Bound, Constant, Cumulative, Kpi, Promise, Tolerance
from kpidsl.model.units import POINTS, Unit, format_value

Range = tuple[Fraction | float, Fraction | float]


def direction(aspect: str, old: Fact | None, new: Fact | None, before: Kpi, after: Kpi) -> Direction | None:
    """How a fact of a KPI moves its promise; None where that cannot be told."""
    first, last = old.value if old else None, new.value if new else None
    if aspect != "draft" and old is None and not judged(before):
        return "tightened"  # all that comes with a first promise is a part of it
    if aspect != "draft" and new is None and not judged(after):
        return "loosened"
    match aspect.split()[0]:
        case "target":
            return _targets(aspect, _bound(first), _bound(last), before, after)
        case "tolerance":
            return _tolerances(aspect, first, last, before, after)
        case "deadline":
            return _deadlines(_day(first), _day(last), before.promise, after.promise)
        case "start":
            return _starts(_day(first), _day(last), before.promise, after.promise)
        case "confidence":
            return harder(_number(last) - _number(first))
        case "draft":
            return harder((new is None) - (old is None))
        case _:
            return None


def harder(change: float | Fraction) -> Direction | None:
    """A change of something of which more is harder."""
    return "tightened" if change > 0 else "loosened" if change < 0 else None


def together(*signs: float) -> Direction | None:
    """Several changes of things of which more is harder: none of them the other way than another."""
    found = {sign > 0 for sign in signs if sign}
    return harder(1 if found.pop() else -1) if len(found) == 1 else None


def size(old: Fact | None, new: Fact | None, unit: Unit) -> str:
    """By how much a target is moved, where both are plain numbers: ` (+20%)`, ` (-2 points)`."""
    first, last = _bound(old.value if old else None), _bound(new.value if new else None)
    match first, last:
        case (
            Bound(direction=a, value=Constant(value=x), relative=r),
            Bound(direction=b, value=Constant(value=y), relative=s),
        ) if a == b != "between" and r == s and x != y:
            if unit.style == "percent" or r:
                return f" ({'+' if y > x else '-'}{format_value(abs(y - x), POINTS)})"
            return f" ({(y - x) / abs(x) * 100:+.3g}%)" if x else ""
    return ""


# -- bounds ------------------------------------------------------------------------------------------


def _targets(aspect: str, old: Bound | None, new: Bound | None, before: Kpi, after: Kpi) -> Direction | None:
    if aspect.startswith("target of "):
        old, new = old or _inherited(before), new or _inherited(after)
    if old is None or new is None:
        return harder((new is not None) - (old is not None))
    if _changes(old) or _changes(new):
        return _demands(old, new, before.unit, after.unit)
    first, last = _range(old, before.unit, after.unit), _range(new, after.unit, after.unit)
    return _narrower(first, last) if first and last else None


def _inherited(kpi: Kpi) -> Bound | None:
    """What a slice without a target of its own owes: that of the whole, where the parts do not add up."""
    return kpi.promise.bound if kpi.formula.additivity in ("none", "constant") else None


def _changes(bound: Bound) -> bool:
    return bound.direction in ("increase", "decrease")


def _demands(old: Bound, new: Bound, before: Unit, after: Unit) -> Direction | None:
    """Of changes by a number the larger one is harder, if both are meant alike."""
    alike = old.direction == new.direction and old.relative == new.relative
    first, last = old.value, new.value
    if not alike or not isinstance(first, Constant) or not isinstance(last, Constant):
        return None
    factor = _ONE if old.relative else _factor(before, after)
    if factor is None:
        return None
    return harder(Fraction(last.value) - Fraction(first.value) * factor)


def _range(bound: Bound, unit: Unit, wanted: Unit) -> Range | None:
    """What keeps a bound of plain numbers, in a unit."""
    factor = _factor(unit, wanted)
    if factor is None:
        return None
    match bound:
        case Bound(direction="at least", value=Constant(value=low)):
            return Fraction(low) * factor, inf
        case Bound(direction="at most", value=Constant(value=high)):
            return -inf, Fraction(high) * factor
        case Bound(direction="between", value=Constant(value=low), high=Constant(value=high)):
            return Fraction(low) * factor, Fraction(high) * factor
        case _:
            return None


def _factor(unit: Unit, wanted: Unit) -> Fraction | None:
    """Exact, so that the way back is the mirror image of the way there."""
    return _ONE if unit == wanted else unit.factor_to(wanted)


_ONE = Fraction(1)


def _narrower(old: Range, new: Range) -> Direction | None:
    if old == new:
        return None
    if new[0] <= old[0] and new[1] >= old[1]:
        return "loosened"
    return "tightened" if new[0] >= old[0] and new[1] <= old[1] else None


# -- tolerance and days ------------------------------------------------------------------------------


def _tolerances(aspect: str, old: object, new: object, before: Kpi, after: Kpi) -> Direction | None:
    first = old if isinstance(old, Tolerance) else None
    last = new if isinstance(new, Tolerance) else None
    if first is None or last is None or first.relative == last.relative:
        known = first is None or last is None or first.relative
        factor = _ONE if known else _factor(before.unit, after.unit)
        if factor is None:
            return None
        allowed = Fraction(first.amount) * factor if first else Fraction(0)
        return harder(allowed - Fraction(last.amount if last else 0))
    one, other = _width(first, aspect, before), _width(last, aspect, after)
    if one is None or other is None or before.unit != after.unit:
        return None
    return harder(one - other)


def _width(tolerance: Tolerance, aspect: str, kpi: Kpi) -> float | None:
    """In the unit of the KPI, where its target is a plain number."""
    if not tolerance.relative:
        return tolerance.amount
    named = aspect.removeprefix("tolerance of ")
    bound = next((part.bound for part in kpi.slices if part.value == named), kpi.promise.bound)
    match bound:
        case Bound(direction="at least" | "at most", value=Constant(value=value)):
            return tolerance.amount * abs(value)
        case _:
            return None


def _deadlines(old: date | None, new: date | None, before: Promise, after: Promise) -> Direction | None:
    """More time is easier, but for a total that is to stay below something; without an end nothing is due."""
    later = harder(_ordinal(new, inf) - _ordinal(old, inf))
    caps = {_caps(before), _caps(after)}
    if len(caps) > 1:
        return None
    return later if caps.pop() else _other(later)


def _starts(old: date | None, new: date | None, before: Promise, after: Promise) -> Direction | None:
    """Who begins later is judged less often; of a total that is to be reached, there is less time for it."""
    later = harder(_ordinal(new, -inf) - _ordinal(old, -inf))
    totals = {_reaches(before), _reaches(after)}
    if len(totals) > 1:
        return None
    return later if totals.pop() else _other(later)


def _caps(promise: Promise) -> bool:
    bound = promise.bound
    return isinstance(promise.measured, Cumulative) and bound is not None and bound.direction == "at most"


def _reaches(promise: Promise) -> bool:
    return isinstance(promise.measured, Cumulative) and not _caps(promise)


def _other(found: Direction | None) -> Direction | None:
    return None if found is None else "tightened" if found == "loosened" else "loosened"


# -- values of facts ---------------------------------------------------------------------------------


def _ordinal(day: date | None, without: float) -> float:
    return without if day is None else day.toordinal()


def _bound(value: object) -> Bound | None:
    return value if isinstance(value, Bound) else None


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None


def _number(value: object) -> float:
    return value if isinstance(value, float) else 0.0
