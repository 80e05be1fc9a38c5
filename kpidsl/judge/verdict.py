"""The verdict on one slice in one window."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from attrs import evolve

from kpidsl.graph import Bound, Cumulative, Kpi, Tolerance
from kpidsl.judge import bounds
from kpidsl.judge.bounds import Band, exact, rounded
from kpidsl.judge.due import Due, NoTarget, due, reference, time_gone
from kpidsl.judge.evidence import Evidence
from kpidsl.judge.schedule import Slot
from kpidsl.judge.words import amount_text, band_text, distance_text, over, share_text, tolerance_text
from kpidsl.results import Light, SliceKey, Verb, Verdict


def verdict(
    evidence: Evidence, bound: Bound | None, tolerance: Tolerance | None, key: SliceKey, slot: Slot
) -> Verdict:
    """Judge a slice in a slot by a bound; without one it is only shown."""
    given = _given(evidence, bound, tolerance, key, slot)
    return evolve(given, why=given.why.removesuffix(".") + _notes(evidence, given) + ".")


def _given(
    evidence: Evidence, bound: Bound | None, tolerance: Tolerance | None, key: SliceKey, slot: Slot
) -> Verdict:
    blank = _facts(evidence, key, slot, judged=bound is not None)
    schedule, value = evidence.schedule, blank.value
    owed = due(evidence, bound, tolerance, key, slot) if bound else None
    match owed:
        case Due():
            blank = _with_target(blank, owed)
        case NoTarget(text=text):
            blank = evolve(blank, target=text)
    if bound is not None and schedule.stale is not None:
        return _grey(blank, "stale", f"{_found(evidence, blank)}: {schedule.stale.rstrip('.')}.")
    if value is None:
        assert schedule.value is not None
        cause = evidence.answers.why(schedule.value, key, slot.window)
        when = over(slot.window, evidence.kpi.promise.measured, None)
        return _grey(blank, "no data", f"No value {when}: {cause}.")
    if owed is None:
        return evolve(blank, word="no target", light="none", why=f"{_found(evidence, blank)}; no target.")
    if isinstance(owed, NoTarget):
        return _grey(blank, "no data", f"{_found(evidence, blank)}. {owed.why}")
    return _judged(evidence, blank, owed, tolerance, key, value, slot)


def _judged(
    evidence: Evidence,
    blank: Verdict,
    owed: Due,
    tolerance: Tolerance | None,
    key: SliceKey,
    value: float,
    slot: Slot,
) -> Verdict:
    gone = time_gone(evidence, slot, slot.window.start)
    if gone == 0:
        when = over(slot.window, evidence.kpi.promise.measured, None)
        reason = f"No value {when}: the data reaches only {evidence.schedule.watermark}."
        return _grey(blank, "no data", reason)
    expected = reference(evidence, owed, slot, gone, key)
    if isinstance(expected, NoTarget):
        return _grey(blank, "no data", f"{_found(evidence, blank)}. {expected.why}")
    band, share = expected
    at_once = None
    if gone is not None and evidence.schedule.grows and not owed.so_far:
        at_once = bounds.settled(value, owed.due, owed.slack)
    judgement = at_once or bounds.light(value, band, owed.slack)
    final = slot.closed or at_once is not None
    slack = (owed.slack.low if band.nearest(value) == band.low else owed.slack.high) or Fraction(0)
    shown = evolve(
        blank,
        word=bounds.word(judgement, final),
        light=judgement,
        reference_low=_float(band.low),
        reference_high=_float(band.high),
        tolerance=rounded(slack) if tolerance else None,
        attainment=bounds.attainment(value, band),
        gap=bounds.gap(value, band),
        projection=_projection(evidence, owed, value, gone, share, slot),
        final=final and _is_last(evidence, slot),
    )
    if at_once is not None:
        asked = f"{owed.text} asked{_until(evidence, slot)}"
        sentence = f"{_found(evidence, blank)}, {asked}: {_at_once(value, owed, evidence)}"
    else:
        sentence = _sentence(evidence, shown, owed, tolerance, band, gone, slot)
    return evolve(shown, why=f"{sentence}.")


# -- facts ---------------------------------------------------------------------------------------------------


def _facts(evidence: Evidence, key: SliceKey, slot: Slot, judged: bool) -> Verdict:
    kpi, schedule, window = evidence.kpi, evidence.schedule, slot.window
    to_milestone = kpi.promise.milestones and isinstance(kpi.promise.measured, Cumulative)
    deadline = slot.due_on if to_milestone else schedule.deadline
    rows = evidence.counts.at(key, window)
    return Verdict(
        kpi=kpi.name,
        title=kpi.label,
        slice=slice_of(kpi, key),
        window=window,
        word="failed",
        light="grey",
        why="",
        unit=str(kpi.unit),
        value=evidence.value.at(key, window),
        deadline=deadline,
        days_left=days_left(deadline, schedule.now),
        watermark=schedule.watermark,
        rows=None if rows is None else int(rows),
        hash=kpi.hash,
        running=not (slot.closed or slot.complete),
        counts=judged and not kpi.about.draft,
    )


def slice_of(kpi: Kpi, key: SliceKey) -> tuple[tuple[str, str | None], ...]:
    """A slice with the names of its dimensions."""
    return tuple(zip((dimension.name for dimension in kpi.dimensions), key, strict=False))


def days_left(deadline: date | None, now: date) -> int | None:
    """Days from the day judged at to the deadline, 0 on it and after."""
    return None if deadline is None else max((deadline - now).days, 0)


def _with_target(blank: Verdict, owed: Due) -> Verdict:
    return evolve(
        blank,
        target=owed.text,
        target_low=_float(owed.target.low),
        target_high=_float(owed.target.high),
        baseline=owed.baseline,
    )


def _grey(blank: Verdict, word: Verb, why: str) -> Verdict:
    light: Light = "grey"
    return evolve(blank, word=word, light=light, why=why)


def _float(value: Fraction | None) -> float | None:
    return None if value is None else rounded(value)


def _projection(
    evidence: Evidence, owed: Due, value: float, gone: Fraction | None, share: Fraction, slot: Slot
) -> float | None:
    """The value at the deadline if it goes on like this: a total by its pace, a level along its line, else
    as it is."""
    schedule = evidence.schedule
    last = schedule.deadline is not None and schedule.deadline < schedule.now
    if (
        schedule.deadline is None
        or last
        or (slot.closed and isinstance(evidence.kpi.promise.measured, Cumulative))
    ):
        return None
    ahead = exact(value)
    if gone is not None:
        by_pace = share if evidence.kpi.promise.pace == "like last year" else gone
        if by_pace == 0:
            return None
        ahead /= by_pace
    if owed.progress is not None:
        if owed.progress == 0 or owed.baseline is None:
            return None
        start = exact(owed.baseline)
        ahead = start + (ahead - start) / owed.progress
        if schedule.grows:
            ahead = max(ahead, Fraction(0))  # the line may fall below, a total that only grows cannot
    return rounded(ahead)


def _is_last(evidence: Evidence, slot: Slot) -> bool:
    """Whether a final word is the promise's last one, and not that of one period or milestone of several."""
    deadline = evidence.schedule.deadline
    if deadline is None:
        return False
    return deadline < evidence.schedule.now or (slot.due_on is not None and slot.due_on >= deadline)


# -- sentences -----------------------------------------------------------------------------------------------


def _at_once(value: float, owed: Due, evidence: Evidence) -> str:
    if owed.due.high is None:
        return "already reached"
    beyond = amount_text(exact(value) - owed.due.high, evidence.kpi.unit)
    return f"exceeded by {beyond}, and a total does not fall again"


def _found(evidence: Evidence, blank: Verdict) -> str:
    """The value and when it is of."""
    assert blank.window is not None
    measured = evidence.kpi.promise.measured
    when = over(blank.window, measured, _reached(evidence, blank))
    if blank.value is None:
        return f"No value {when}"
    return f"{amount_text(blank.value, evidence.kpi.unit)} {when}"


def _reached(evidence: Evidence, blank: Verdict) -> str | None:
    """The day that the data of an open window reaches."""
    watermark, window = evidence.schedule.watermark, blank.window
    if not blank.running or watermark is None or window is None:
        return None
    return str(min(watermark, window.end))


def _sentence(
    evidence: Evidence,
    shown: Verdict,
    owed: Due,
    tolerance: Tolerance | None,
    band: Band,
    gone: Fraction | None,
    slot: Slot,
) -> str:
    assert shown.value is not None
    unit, until = evidence.kpi.unit, _until(evidence, slot)
    parts = [_found(evidence, shown)]
    if gone is not None:
        parts.append(f"{share_text(gone)} of the time gone")
    if gone is not None and band != owed.due:
        pace = " as last year" if evidence.kpi.promise.pace == "like last year" else ""
        parts.append(f"{band_text(band, unit)} expected by now{pace} ({owed.text} asked{until})")
    elif owed.progress is not None and owed.progress != 1:
        asked = f"{owed.text} asked by {evidence.schedule.deadline}"
        parts.append(f"{band_text(band, unit)} expected on the way ({asked})")
    else:
        parts.append(f"{owed.text} asked{'' if slot.closed else until}")
    sentence = ", ".join(parts) + f": {distance_text(shown.value, band, unit)}"
    if tolerance and shown.light in ("amber", "red"):
        judgement: bounds.Judgement = "amber" if shown.light == "amber" else "red"
        sentence += tolerance_text(judgement, tolerance, shown.value, band, owed.slack, unit)
    return sentence


def _until(evidence: Evidence, slot: Slot) -> str:
    if isinstance(evidence.kpi.promise.measured, Cumulative) and slot.due_on is not None:
        return f" by {slot.due_on}"
    return f" by {slot.ahead}" if slot.ahead is not None else ""


def _notes(evidence: Evidence, given: Verdict) -> str:
    """What a reader has to know besides: data that ends early, a KPI on its way out."""
    watermark, about, notes = evidence.schedule.watermark, evidence.kpi.about, ""
    ended = given.window is not None and not given.running and given.value is not None
    if ended and given.window and watermark and watermark < given.window.end:
        notes += f"; data reaches only {watermark}"
    if given.word == "no target" and evidence.schedule.stale is not None:
        notes += f"; {evidence.schedule.stale.rstrip('.')}"
    if about.deprecated:
        until = f" until {about.deprecated_until}" if about.deprecated_until else ""
        instead = f", {about.deprecated_use} replaces it" if about.deprecated_use else ""
        notes += f"; deprecated{until}{instead}"
    return notes
