"""What many slices owe in one slot, as arrays: what `kpidsl.judge.due` settles for one.

Where every slice owes the same, it is settled once, in decimals. Else it is computed in floats. Rounded to
twelve digits these are the same numbers, unless the digits behind lie just between two: `unsure` says where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import numpy as np
from attrs import frozen

from kpidsl.digits import Floats, twelve
from kpidsl.graph import Bound, Tolerance, aggregates
from kpidsl.judge.bounds import Band, rounded
from kpidsl.judge.due import NoTarget, counted_so_far, due, progress_at, reference, time_gone, waits
from kpidsl.judge.evidence import Evidence
from kpidsl.judge.schedule import Hole, Slot
from kpidsl.judge.untold import not_whole
from kpidsl.model.periods import Window
from kpidsl.results import Flags, Places

_INEXACT = 4e-15
"""More than what a few operations on floats are wrong by, as a part of the greatest number among them."""
_NEAR = 1e-9


@frozen(eq=False)
class Ends:
    """The ends of a band, 12 digits each; None for an open side, NaN for what has no value."""

    low: Floats | None = None
    high: Floats | None = None

    def hold(self, value: Floats) -> Flags:
        """Whether values lie within; the ends do."""
        found = np.ones(value.shape, np.bool_)
        if self.low is not None:
            found &= value >= self.low
        if self.high is not None:
            found &= value <= self.high
        return found


@frozen(eq=False)
class Owed:
    """As `Due`, with what is expected by now. Arrays of one number hold for every slice."""

    target: Ends
    due: Ends
    due_wide: Ends
    """With the tolerance on both sides."""
    slack: Ends
    lost: Flags
    """Where there is no target, or no reference."""
    unsure: Flags
    """Where a value lies so near to a bound that the rounding of the bound matters."""
    so_far: bool
    progress: Decimal | None = None
    reference: Ends = Ends()
    reference_wide: Ends = Ends()
    share: Floats | None = None
    text: str | None = None
    """The target in words, where it is the same for all."""
    untold: Flags | None = None
    """Where there is no target at all."""
    baseline: Floats | None = None


def owed_by(
    evidence: Evidence,
    bound: Bound | Hole,
    tolerance: Tolerance | None,
    places: Places,
    slot: Slot,
    values: Sequence[Floats],
) -> Owed:
    """What slices owe, named by their places among those of the value; `values` are held against it."""
    gone = time_gone(evidence, slot, slot.window.start)
    if waits(evidence, gone):
        gone = None
    if isinstance(bound, Hole) or _is_uniform(evidence, bound, slot, gone):
        return _uniform(evidence, bound, tolerance, slot, gone, len(places))
    return _Varying(evidence, places, slot, values).owed(bound, tolerance, gone)


def _is_uniform(evidence: Evidence, bound: Bound, slot: Slot, gone: Decimal | None) -> bool:
    bounds = [bound] if slot.floor is None else [bound, slot.floor]
    nodes = [node for each in bounds for node in (each.value, each.high) if node is not None]
    promise = evidence.kpi.promise
    by_last_year = promise.by_last_year and gone is not None
    return promise.baseline is None and not aggregates(*nodes) and not by_last_year


def _uniform(
    evidence: Evidence,
    bound: Bound | Hole,
    tolerance: Tolerance | None,
    slot: Slot,
    gone: Decimal | None,
    count: int,
) -> Owed:
    found = due(evidence, bound, tolerance, (), slot)
    nowhere = np.zeros(count, np.bool_)
    if isinstance(found, NoTarget):
        return Owed(
            Ends(), Ends(), Ends(), Ends(), ~nowhere, nowhere, so_far=False, text=found.text, untold=~nowhere
        )
    expected = reference(evidence, found, slot, gone, ())
    assert not isinstance(expected, NoTarget)
    band, share = expected
    return Owed(
        target=_ends(found.target),
        due=_ends(found.due),
        due_wide=_ends(found.due.widened(found.slack)),
        slack=_ends(found.slack),
        lost=nowhere,
        unsure=nowhere,
        so_far=found.so_far,
        progress=found.progress,
        reference=_ends(band),
        reference_wide=_ends(band.widened(found.slack)),
        share=np.array(float(share)),
        text=found.text,
    )


def _ends(band: Band) -> Ends:
    return Ends(*(None if end is None else np.array(rounded(end)) for end in (band.low, band.high)))


# -- for each slice on its own -------------------------------------------------------------------------------


@frozen(eq=False)
class _Number:
    """Floats on their way to a bound, and the greatest number that they were computed from."""

    x: Floats
    size: Floats

    @classmethod
    def of(cls, x: Floats) -> _Number:
        return cls(x, np.abs(x))

    def plus(self, other: _Number) -> _Number:
        x = self.x + other.x
        return _Number(x, np.maximum(np.maximum(self.size, other.size), np.abs(x)))

    def times(self, factor: Floats | float) -> _Number:
        return _Number(self.x * factor, self.size * np.maximum(np.abs(factor), 1.0))

    def toward(self, end: _Number, progress: Floats | float) -> _Number:
        """On the straight line from here to an end."""
        return self.plus(end.plus(self.times(-1.0)).times(progress))


Pair = tuple[_Number | None, _Number | None]


def _rounded(pair: Pair) -> Ends:
    return Ends(*(None if end is None else twelve(end.x) for end in pair))


@frozen(eq=False)
class _Varying:
    evidence: Evidence
    places: Places
    slot: Slot
    values: Sequence[Floats]

    def owed(self, bound: Bound, tolerance: Tolerance | None, gone: Decimal | None) -> Owed:
        evidence, slot, promise = self.evidence, self.slot, self.evidence.kpi.promise
        base, doubtful = self._baseline()
        with np.errstate(all="ignore"):
            target, untold = self._target(bound, base)
            untold = untold | self._holed(bound)
            slack = _slack(target, tolerance)
            progress = progress_at(evidence, bound, slot.window)
            owed = target
            if progress is not None and progress != 1:
                owed = _each(target, lambda end: _Number.of(base).toward(end, float(progress)))
                untold = untold | np.isnan(base)
            lost = untold
            so_far = counted_so_far(evidence, bound, slot.window)
            share: Floats = np.ones(len(self.places))
            if gone is None or so_far or promise.pace == "none":
                expected = owed
            elif promise.milestones:
                expected, share = self._on_the_way(owed, base), np.full(len(self.places), float(gone))
            else:
                like_last_year = promise.by_last_year
                share = self._share_last_year() if like_last_year else np.full(len(self.places), float(gone))
                expected, lost = _each(owed, lambda end: end.times(share)), lost | np.isnan(share)
            wide, due_wide = _widened(expected, slack), _widened(owed, slack)
            unsure = self._unsure([*expected, *owed, *wide, *due_wide], doubtful)
        return Owed(
            target=_rounded(target),
            due=_rounded(owed),
            due_wide=_rounded(due_wide),
            slack=_rounded(slack),
            lost=lost,
            unsure=unsure,
            so_far=so_far,
            progress=progress,
            reference=_rounded(expected),
            reference_wide=_rounded(wide),
            share=share,
            untold=untold,
            baseline=base if promise.baseline is not None else None,
        )

    def _baseline(self) -> tuple[Floats, Flags]:
        """NaN where there is none, or it cannot be compared; and where its rounding is doubtful."""
        evidence, baseline = self.evidence, self.evidence.kpi.promise.baseline
        none, sure = np.full(len(self.places), np.nan), np.zeros(len(self.places), np.bool_)
        if baseline is None:
            return none, sure
        if self.slot.baseline is None and isinstance(baseline, str):
            return none, sure
        if evidence.baseline is None:
            assert not isinstance(baseline, Window | str)
            return evidence.numbers(baseline, self.places, self.slot.window), sure
        scale = evidence.schedule.baseline_scale
        if isinstance(scale, str):
            return none, sure
        assert self.slot.baseline is not None
        found = evidence.baseline.column(evidence.slices, self.places, self.slot.baseline)
        if scale == 1:
            return found, sure
        found = found * float(scale)
        return twelve(found), _between_two(found, found)

    def _target(self, bound: Bound, base: Floats) -> tuple[Pair, Flags]:
        """Both ends, and where there is no target."""
        window = self.slot.window
        amount = _Number.of(self.evidence.numbers(bound.value, self.places, window))
        untold = np.isnan(amount.x)
        match bound.direction:
            case "at least":
                return (amount, None), untold
            case "at most":
                return (None, amount), untold
            case "between":
                assert bound.high is not None
                high = _Number.of(self.evidence.numbers(bound.high, self.places, window))
                return (amount, high), untold | np.isnan(high.x)
        start = _Number.of(base)
        change = amount.times(base) if bound.relative else amount
        untold = untold | np.isnan(base) | ((base <= 0) & bound.relative)
        if bound.direction == "increase":
            return (start.plus(change), None), untold
        return (None, start.plus(change.times(-1.0))), untold

    def _holed(self, bound: Bound) -> Flags:
        """Where the total is, if the plan has a hole."""
        total = self.places == 0
        holed = bool(total.any()) and not_whole(self.evidence, bound, self.slot.window)
        return np.asarray(total & holed)

    def _on_the_way(self, owed: Pair, base: Floats) -> Pair:
        """The point on the line from the milestone before, or from nothing, to this one."""
        evidence, slot = self.evidence, self.slot
        whole = float(time_gone(evidence, slot, slot.window.start) or 0)
        plain = _each(owed, lambda end: end.times(whole))
        if slot.floor is None:
            return plain
        share = float(time_gone(evidence, slot, slot.since or slot.window.start) or 0)
        floor, untold = self._target(slot.floor, base)
        if (floor[0] is None) != (owed[0] is None):
            return plain
        start = floor[0] or floor[1]
        assert start is not None
        return _where(untold, plain, _each(owed, lambda end: start.toward(end, share)))

    def _share_last_year(self) -> Floats:
        """The part of last year's total that had come by this day; NaN where there is no such share."""
        last_year, table = self.evidence.schedule.last_year, self.evidence.pace
        if last_year is None or table is None:
            return np.full(len(self.places), np.nan)
        slices = self.evidence.slices
        total = table.column(slices, self.places, last_year.whole)
        reached = table.column(slices, self.places, last_year.part)
        return np.where((total > 0) & (reached >= 0), reached / total, np.nan)

    def _unsure(self, ends: Sequence[_Number | None], doubtful: Flags) -> Flags:
        found = np.zeros(len(self.places), np.bool_)
        for end in ends:
            if end is None:
                continue
            near = np.zeros(len(self.places), np.bool_)
            for value in self.values:
                near |= np.abs(value - end.x) <= _NEAR * np.maximum(end.size, np.abs(value))
            if not near.any():
                continue
            found[near] |= doubtful[near] | _between_two(end.x[near], end.size[near])
        return found


def _between_two(x: Floats, size: Floats) -> Flags:
    """Where the digits behind the twelfth lie so near to the middle that floats may round the other way."""
    wrong = _INEXACT * np.abs(size)
    low, high = twelve(x - wrong), twelve(x + wrong)
    return np.asarray((low != high) & np.isfinite(x))


def _slack(target: Pair, tolerance: Tolerance | None) -> Pair:
    if tolerance is None:
        return None, None
    amount = tolerance.amount
    if tolerance.relative:
        return _each(target, lambda end: _Number(np.abs(end.x) * amount, end.size))
    return _each(target, lambda end: _Number.of(np.full(end.x.shape, amount)))


def _widened(band: Pair, slack: Pair) -> Pair:
    low, high = band
    less, more = slack
    if low is not None and less is not None:
        low = low.plus(less.times(-1.0))
    if high is not None and more is not None:
        high = high.plus(more)
    return low, high


def _each(pair: Pair, change: Callable[[_Number], _Number]) -> Pair:
    low, high = (None if end is None else change(end) for end in pair)
    return low, high


def _where(condition: Flags, one: Pair, other: Pair) -> Pair:
    low, high = (
        None if a is None or b is None
        else _Number(np.where(condition, a.x, b.x), np.where(condition, a.size, b.size))
        for a, b in zip(one, other, strict=True)
    )  # fmt: skip
    return low, high
