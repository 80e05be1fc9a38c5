"""In which direction a promise is moved: whether it is easier or harder to keep than it was.

Each rule is its own mirror image: what loosens one way tightens the other.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from math import inf

from kpidsl.diff.changes import Direction
from kpidsl.diff.facts import Fact
from kpidsl.diff.milestones import added as added_milestone
from kpidsl.diff.promises import judged
from kpidsl.graph import Bound, Constant, Cumulative, Kpi, SlicePromise, Tolerance
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
            return _moved(_DEADLINES, _ordinal(_day(last), inf) - _ordinal(_day(first), inf), before, after)
        case "start":
            return _moved(_STARTS, _ordinal(_day(last), -inf) - _ordinal(_day(first), -inf), before, after)
        case "confidence":
            return harder(_number(last) - _number(first))
        case "draft":
            return harder((new is None) - (old is None))
        case _:
            return None


def unmoved(aspect: str, old: Fact | None, new: Fact | None, before: Kpi, after: Kpi) -> bool:
    """Whether a target or a tolerance of another unit or kind asks for just what the old one did."""
    match old and old.value, new and new.value:
        case Bound() as first, Bound() as last if not _changes(first) and not _changes(last):
            one = _range(first, before.unit, after.unit)
            return one is not None and one == _range(last, after.unit, after.unit)
        case Tolerance() as first, Tolerance() as last if first.relative == last.relative:
            factor = _ONE if first.relative else _factor(before.unit, after.unit)
            return factor is not None and Fraction(first.amount) * factor == Fraction(last.amount)
        case Tolerance() as first, Tolerance() as last if before.unit == after.unit:
            width = _width(first, aspect, before)
            return width is not None and width == _width(last, aspect, after)
    return False


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
    if aspect.startswith("target by ") and (old is None or new is None):
        return _milestones(date.fromisoformat(aspect.removeprefix("target by ")), old, new, before, after)
    if old is None or new is None:
        return harder((new is not None) - (old is not None))
    if _changes(old) or _changes(new):
        return _demands(old, new, before.unit, after.unit)
    first, last = _range(old, before.unit, after.unit), _range(new, after.unit, after.unit)
    return _narrower(first, last) if first and last else None


def _milestones(day: date, old: Bound | None, new: Bound | None, before: Kpi, after: Kpi) -> Direction | None:
    """Of one that is new or gone: it is held against the line on the side that is without it."""
    if before.unit != after.unit:
        return None
    return added_milestone(day, new, before) if new else _other(added_milestone(day, old, after))


def _inherited(kpi: Kpi) -> Bound | None:
    """What a slice without a target of its own owes: that of the whole, where the parts do not add up."""
    owes = kpi.dimensions and kpi.formula.additivity in ("none", "constant")
    return kpi.promise.bound if owes else None


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
    if aspect != "tolerance":
        owed = [bool(_slice(aspect, kpi)) or _inherited(kpi) is not None for kpi in (before, after)]
        if not all(owed):
            return harder(owed[1] - owed[0])  # a part of the slice's first promise
        first, last = first or before.promise.tolerance, last or after.promise.tolerance
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
    part = _slice(aspect, kpi)
    match part.bound if part is not None else kpi.promise.bound:
        case Bound(direction="at least" | "at most", value=Constant(value=value)):
            return tolerance.amount * abs(value)
        case _:
            return None


def _slice(aspect: str, kpi: Kpi) -> SlicePromise | None:
    """The promise of the slice that a tolerance is of."""
    named = aspect.removeprefix("tolerance of ")
    return next((part for part in kpi.slices if part.value == named), None)


_DEADLINES = {"period": -1, "level": -1, "goal": -1, "cap": 1, "any": 0, "growing cap": 0}
"""More time is easier, but for a total that is to stay below something; without an end nothing is due."""
_STARTS = {"period": -1, "level": 0, "goal": 1, "cap": -1, "any": 0, "growing cap": 0}
"""Who begins later is judged less often; of a total that is to be reached, there is less time for it."""


def _moved(later: dict[str, int], by: float, before: Kpi, after: Kpi) -> Direction | None:
    """A day that is moved, where it means the same on both sides. `later`: whether that is harder."""
    found = {later[_asked(before)], later[_asked(after)]}
    sign = found.pop() if len(found) == 1 else 0
    return harder(sign * by) if sign else None


def _asked(kpi: Kpi) -> str:
    """What is asked for until the deadline: of each period, of a total to reach or to stay below."""
    promise = kpi.promise
    if not isinstance(promise.measured, Cumulative):
        return "period"
    bounds = (*promise.bounds, *(part.bound for part in kpi.slices))
    caps = {bound.direction in ("at most", "decrease") for bound in bounds}
    if len(caps) > 1 or any(bound.direction == "between" for bound in bounds):
        return "any"
    if kpi.formula.additivity == "additive":
        return "cap" if True in caps else "goal"
    # a ratio goes up and down, different customers only up
    return "growing cap" if True in caps and kpi.formula.additivity == "none" else "level"


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
