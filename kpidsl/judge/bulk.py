"""Many slices judged at once, by the rules of `kpidsl.judge.verdict`, as arrays.

The verdict on one slice is computed in decimals and has the last word: where a rounding could make a
difference to a word, it is asked.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from attrs import field, frozen

from kpidsl.digits import Floats, noiseless, twelve
from kpidsl.graph import Bound, Cumulative, Tolerance
from kpidsl.judge.bounds import Judgement, word
from kpidsl.judge.due import not_reached, time_gone, waits
from kpidsl.judge.evidence import Case, Evidence
from kpidsl.judge.interval import Certainty, certainty
from kpidsl.judge.owed import Ends, Owed, owed_by
from kpidsl.judge.schedule import Hole, Slot
from kpidsl.judge.verdict import is_last, settles, undecided, verdict
from kpidsl.results import Codes, Flags, Places, code_of

_JUDGEMENTS: tuple[Judgement, ...] = ("green", "amber", "red")
_GREEN, _AMBER, _RED, _UNSURE = range(4)


@frozen(eq=False)
class Ruling:
    """The verdicts on some slices in one slot: an entry for each in every array."""

    case: Case
    slot: Slot
    tolerance: Tolerance | None
    value: Floats
    words: Codes
    """Places in `kpidsl.results.WORDS`."""
    owed: Owed | None = None
    ruled: Flags | None = None
    """Where the value was held against a reference: only there are the numbers below."""
    at_once: Flags | None = None
    """Where the word is final before the window ends."""
    sure: Certainty = field(factory=Certainty)

    def among(self, numbers: Floats | None) -> Floats:
        """Numbers where there was something to rule, NaN elsewhere."""
        if numbers is None or self.ruled is None:
            return np.full(self.value.shape, np.nan)
        return np.where(self.ruled, numbers, np.nan)

    @property
    def _reference(self) -> Ends:
        return self.owed.reference if self.owed is not None else Ends()

    @property
    def _by_low(self) -> Flags:
        """Which end a value is held against."""
        low, high = self._reference.low, self._reference.high
        if low is None or high is None:
            return np.full(self.value.shape, low is not None)
        return np.asarray(np.abs(self.value - low) <= np.abs(self.value - high))

    @property
    def attainment(self) -> Floats:
        """As `bounds.attainment`."""
        low, high, value = self._reference.low, self._reference.high, self.value
        found = np.full(value.shape, np.nan)
        with np.errstate(all="ignore"):
            if high is not None:
                over = value > high if low is not None else True
                found = np.where((high > 0) & over, twelve(high / value), found)
            if low is not None:
                under = value < low if high is not None else True
                found = np.where((low > 0) & under, twelve(value / low), found)
        if low is not None and high is not None:
            found = np.where(self._reference.hold(value), 1.0, found)
        return self.among(np.where((value > 0) & np.isfinite(found), found, np.nan))

    @property
    def gap(self) -> Floats:
        """As `bounds.gap`."""
        low, high = self._reference.low, self._reference.high
        if low is None and high is None:
            return self.among(None)
        nearest = np.where(self._by_low, 0.0 if low is None else low, 0.0 if high is None else high)
        found = noiseless(self.value - nearest, np.maximum(np.abs(self.value), np.abs(nearest)))
        if low is not None and high is not None:
            found = np.where(self._reference.hold(self.value), 0.0, found)
        return self.among(found)

    @property
    def slack(self) -> Floats:
        """The width of the amber band at the end that a value is held against."""
        if self.owed is None or self.tolerance is None:
            return self.among(None)
        ends = self.owed.slack
        low, high = (np.array(0.0) if end is None else end for end in (ends.low, ends.high))
        return self.among(np.where(self._by_low, low, high))

    @property
    def final(self) -> Flags:
        """Whether a word is the promise's last one."""
        if self.ruled is None or self.at_once is None or not is_last(self.case, self.slot):
            return np.zeros(self.value.shape, np.bool_)
        return np.asarray(self.ruled & (self.slot.closed | self.at_once))

    @property
    def projection(self) -> Floats:
        """As the verdict's: the value at the deadline if it goes on like this."""
        case, slot, owed = self.case, self.slot, self.owed
        schedule, promise = case.schedule, case.kpi.promise
        passed = slot.closed and isinstance(promise.measured, Cumulative)
        if owed is None or passed or schedule.deadline is None or schedule.deadline < schedule.now:
            return self.among(None)
        ahead, gone = self.value, time_gone(case, slot, slot.window.start)
        with np.errstate(all="ignore"):
            if gone is not None:
                share = owed.share if promise.by_last_year else np.array(float(gone))
                ahead = np.where(share == 0, np.nan, ahead / share) if share is not None else ahead
            if owed.progress is not None:
                if owed.progress == 0 or owed.baseline is None:
                    return self.among(None)
                start = owed.baseline
                ahead = start + (ahead - start) / float(owed.progress)
                if schedule.grows:
                    ahead = np.maximum(ahead, 0.0)
        return self.among(twelve(ahead))


def rule(
    evidence: Evidence, bound: Bound | Hole | None, tolerance: Tolerance | None, places: Places, slot: Slot
) -> Ruling:
    """Judge slices, named by their places among those of the value, by a bound; without one they are only
    shown."""
    case = Case(evidence.kpi, evidence.schedule)
    value = evidence.value.column(evidence.slices, places, slot.window)
    known, sure = ~np.isnan(value), certainty(evidence, places, slot.window)
    words = np.full(len(places), code_of("no data"), np.int8)
    if bound is None:
        words[known] = code_of("no target")
        return Ruling(case, slot, tolerance, value, words, sure=sure)
    ends = [value, *(end for end in (sure.low, sure.high) if end is not None)]
    owed = owed_by(evidence, bound, tolerance, places, slot, ends)
    if evidence.schedule.stale is not None:
        words[:] = code_of("stale")
        return Ruling(case, slot, tolerance, value, words, owed, sure=sure)
    gone = time_gone(evidence, slot, slot.window.start)
    if not_reached(evidence, slot, gone):
        return Ruling(case, slot, tolerance, value, words, owed, sure=sure)
    ruled = known & ~owed.lost
    asked = evidence.kpi.promise.sample
    if asked is not None and sure.sample is not None:
        words[few := ruled & (sure.sample < asked.least)] = code_of("too few")
        ruled &= ~few
    if evidence.kpi.promise.confident is not None:
        judgement, at_once = _surely(owed, sure), np.zeros(value.shape, np.bool_)
    else:
        judgement, at_once = _judgements(evidence, owed, value, gone, slot)
    if undecided(evidence, slot) or waits(evidence, gone):
        ruled &= at_once
    for code, found in enumerate(_JUDGEMENTS):
        mine = ruled & (judgement == code)
        words[mine] = code_of(word(found, slot.closed))
        words[mine & at_once] = code_of(word(found, True))
    words[ruled & (judgement == _UNSURE)] = code_of("inconclusive")
    for n in np.flatnonzero(owed.unsure & known).tolist():
        words[n] = code_of(verdict(evidence, bound, tolerance, evidence.slices[places[n]], slot).word)
        ruled[n] = words[n] in _RULED
        at_once[n] = ruled[n] and not slot.closed and words[n] in _FINAL
    return Ruling(case, slot, tolerance, value, words, owed, ruled, at_once, sure)


_FINAL = frozenset(code_of(word(judgement, True)) for judgement in _JUDGEMENTS)
_RULED = _FINAL | frozenset(
    (code_of("inconclusive"), *(code_of(word(judgement, False)) for judgement in _JUDGEMENTS))
)


def _judgements(
    evidence: Evidence, owed: Owed, value: Floats, gone: Decimal | None, slot: Slot
) -> tuple[Codes, Flags]:
    """Green, amber or red for every value, and where that is decided before the window ends."""
    found = _lights(owed, value)
    at_once = np.zeros(value.shape, np.bool_)
    if settles(evidence, owed.so_far, gone, slot):
        falls = evidence.schedule.drift < 0
        cap = owed.due_wide.low if falls else owed.due_wide.high
        if cap is not None:
            at_once = np.asarray(value < cap if falls else value > cap)
            found[at_once] = _RED
        else:
            at_once = owed.due.hold(value)
            found[at_once] = _GREEN
    return found, at_once


def _lights(owed: Owed, value: Floats) -> Codes:
    found = np.full(value.shape, _RED, np.int8)
    found[owed.reference_wide.hold(value)] = _AMBER
    found[owed.reference.hold(value)] = _GREEN
    return found


def _surely(owed: Owed, sure: Certainty) -> Codes:
    """As `interval.sure_light`."""
    if sure.low is None or sure.high is None:
        return np.full(owed.lost.shape, _UNSURE, np.int8)
    low, high = _lights(owed, sure.low), _lights(owed, sure.high)
    same = (low == high) & ~np.isnan(sure.low) & ~np.isnan(sure.high)
    if owed.reference.low is not None and owed.reference.high is not None:
        same &= _sides(owed.reference, sure.low) == _sides(owed.reference, sure.high)
    return np.where(same, low, np.int8(_UNSURE))


def _sides(reference: Ends, value: Floats) -> Codes:
    found = np.zeros(value.shape, np.int8)
    if reference.low is not None:
        found[value < reference.low] = -1
    if reference.high is not None:
        found[value > reference.high] = 1
    return found
