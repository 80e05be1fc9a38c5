"""The verdict on one slice in one window."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from kpidsl.graph import Bound, Cumulative, Kpi, Tolerance
from kpidsl.judge import bounds
from kpidsl.judge.bounds import Band, exact, rounded
from kpidsl.judge.due import Due, NoTarget, due, reference, time_gone
from kpidsl.judge.evidence import Evidence
from kpidsl.judge.schedule import Slot
from kpidsl.judge.words import amount_text, band_text, distance_text, over, share_text, tolerance_text
from kpidsl.results import SliceKey, Verb, Verdict

Facts = dict[str, Any]
"""Fields of a verdict by name; collected, so that each verdict is made once."""


def verdict(
    evidence: Evidence, bound: Bound | None, tolerance: Tolerance | None, key: SliceKey, slot: Slot
) -> Verdict:
    """Judge a slice in a slot by a bound; without one it is only shown."""
    value = evidence.value.at(key, slot.window)
    facts = _facts(evidence, key, slot, value, judged=bound is not None)
    owed = due(evidence, bound, tolerance, key, slot) if bound else None
    facts |= _target(owed)
    schedule, found = evidence.schedule, _found(evidence, slot, value)
    if owed is not None and schedule.stale is not None:
        ruling = _grey("stale", f"{found}: {schedule.stale}")
    elif value is None:
        assert schedule.value is not None
        cause = evidence.answers.why(schedule.value, key, slot.window)
        ruling = _grey("no data", f"No value {_when(evidence, slot)}: {cause}")
    elif owed is None:
        ruling = {"word": "no target", "light": "none", "why": f"{found}; no target"}
    elif isinstance(owed, NoTarget):
        ruling = _grey("no data", f"{found}. {owed.why}")
    else:
        ruling = _ruling(evidence, owed, tolerance, key, value, slot)
    why = ruling["why"].removesuffix(".") + _notes(evidence, slot, value, ruling["word"])
    return Verdict(**facts | ruling | {"why": f"{why}."})


def _ruling(
    evidence: Evidence, owed: Due, tolerance: Tolerance | None, key: SliceKey, value: float, slot: Slot
) -> Facts:
    """Word, light and sentence for a value that can be judged, and the numbers they follow from."""
    gone = time_gone(evidence, slot, slot.window.start)
    if gone == 0:
        reached = f"the data reaches only {evidence.schedule.watermark}"
        return _grey("no data", f"No value {_when(evidence, slot)}: {reached}")
    expected = reference(evidence, owed, slot, gone, key)
    if isinstance(expected, NoTarget):
        return _grey("no data", f"{_found(evidence, slot, value)}. {expected.why}")
    band, share = expected
    at_once = None
    if gone is not None and evidence.schedule.grows and not owed.so_far and slot.ahead is None:
        at_once = bounds.settled(value, owed.due, owed.slack)
    judgement = at_once or bounds.light(value, band, owed.slack)
    final = slot.closed or at_once is not None
    slack = (owed.slack.low if band.nearest(value) == band.low else owed.slack.high) or Decimal(0)
    if at_once is not None:
        why = _at_once(evidence, owed, value, slot)
    else:
        why = _sentence(evidence, judgement, owed, tolerance, band, gone, value, slot)
    return {
        "word": bounds.word(judgement, final),
        "light": judgement,
        "why": why,
        "reference_low": _float(band.low),
        "reference_high": _float(band.high),
        "tolerance": rounded(slack) if tolerance else None,
        "attainment": bounds.attainment(value, band),
        "gap": bounds.gap(value, band),
        "projection": _projection(evidence, owed, value, gone, share, slot),
        "final": final and _is_last(evidence, slot),
    }


# -- facts ---------------------------------------------------------------------------------------------------


def _facts(evidence: Evidence, key: SliceKey, slot: Slot, value: float | None, judged: bool) -> Facts:
    kpi, schedule, window = evidence.kpi, evidence.schedule, slot.window
    to_milestone = kpi.promise.milestones and isinstance(kpi.promise.measured, Cumulative)
    deadline = slot.due_on if to_milestone else schedule.deadline
    rows = evidence.counts.at(key, window)
    return {
        "kpi": kpi.name,
        "title": kpi.label,
        "slice": slice_of(kpi, key),
        "window": window,
        "unit": str(kpi.unit),
        "value": value,
        "deadline": deadline,
        "days_left": days_left(deadline, schedule.now),
        "watermark": schedule.watermark,
        "rows": None if rows is None else int(rows),
        "hash": kpi.hash,
        "running": slot.open,
        "counts": judged and not kpi.about.draft,
    }


def slice_of(kpi: Kpi, key: SliceKey) -> tuple[tuple[str, str | None], ...]:
    """A slice with the names of its dimensions."""
    return tuple(zip((dimension.name for dimension in kpi.dimensions), key, strict=False))


def days_left(deadline: date | None, now: date) -> int | None:
    """Days from the day judged at to the deadline, 0 on it and after."""
    return None if deadline is None else max((deadline - now).days, 0)


def _target(owed: Due | NoTarget | None) -> Facts:
    match owed:
        case None:
            return {}
        case NoTarget(text=text):
            return {"target": text}
        case Due(target=target, text=text, baseline=baseline):
            low, high = _float(target.low), _float(target.high)
            return {"target": text, "target_low": low, "target_high": high, "baseline": baseline}


def _grey(word: Verb, why: str) -> Facts:
    return {"word": word, "light": "grey", "why": why}


def _float(value: Decimal | None) -> float | None:
    return None if value is None else rounded(value)


def _projection(
    evidence: Evidence, owed: Due, value: float, gone: Decimal | None, share: Decimal, slot: Slot
) -> float | None:
    """The value at the deadline if it goes on like this: a total by its pace, a level along its line, else
    as it is."""
    schedule = evidence.schedule
    passed = slot.closed and isinstance(evidence.kpi.promise.measured, Cumulative)
    if passed or schedule.deadline is None or schedule.deadline < schedule.now:
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
            ahead = max(ahead, Decimal(0))  # the line may fall below, a total that only grows cannot
    return rounded(ahead)


def _is_last(evidence: Evidence, slot: Slot) -> bool:
    """Whether a final word is the promise's last one, and not that of one period or milestone of several."""
    deadline = evidence.schedule.deadline
    if deadline is None:
        return False
    return deadline < evidence.schedule.now or (slot.due_on is not None and slot.due_on >= deadline)


# -- sentences -----------------------------------------------------------------------------------------------


def _at_once(evidence: Evidence, owed: Due, value: float, slot: Slot) -> str:
    asked = f"{_found(evidence, slot, value)}, {owed.text} asked{_until(evidence, slot)}"
    if owed.due.high is None:
        return f"{asked}: already reached"
    beyond = amount_text(exact(value) - owed.due.high, evidence.kpi.unit)
    return f"{asked}: exceeded by {beyond}, and a total does not fall again"


def _found(evidence: Evidence, slot: Slot, value: float | None) -> str:
    """The value and when it is of; the day that the data of an open window reaches."""
    watermark, reached = evidence.schedule.watermark, None
    if slot.open and watermark is not None:
        reached = str(min(watermark, slot.window.end))
    when = over(slot.window, evidence.kpi.promise.measured, reached)
    return f"No value {when}" if value is None else f"{amount_text(value, evidence.kpi.unit)} {when}"


def _when(evidence: Evidence, slot: Slot) -> str:
    return over(slot.window, evidence.kpi.promise.measured, None)


def _sentence(
    evidence: Evidence,
    judgement: bounds.Judgement,
    owed: Due,
    tolerance: Tolerance | None,
    band: Band,
    gone: Decimal | None,
    value: float,
    slot: Slot,
) -> str:
    unit, until = evidence.kpi.unit, _until(evidence, slot)
    parts = [_found(evidence, slot, value)]
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
    sentence = ", ".join(parts) + f": {distance_text(value, band, unit)}"
    if tolerance is not None:
        sentence += tolerance_text(judgement, tolerance, value, band, owed.slack, unit)
    return sentence


def _until(evidence: Evidence, slot: Slot) -> str:
    if isinstance(evidence.kpi.promise.measured, Cumulative) and slot.due_on is not None:
        return f" by {slot.due_on}"
    return f" by {slot.ahead}" if slot.ahead is not None else ""


def _notes(evidence: Evidence, slot: Slot, value: float | None, word: str) -> str:
    """What a reader has to know besides: data that ends early, a KPI on its way out."""
    watermark, about, notes = evidence.schedule.watermark, evidence.kpi.about, ""
    if value is not None and not slot.open and watermark is not None and watermark < slot.window.end:
        notes += f"; data reaches only {watermark}"
    if word == "no target" and evidence.schedule.stale is not None:
        notes += f"; {evidence.schedule.stale.rstrip('.')}"
    if about.deprecated:
        until = f" until {about.deprecated_until}" if about.deprecated_until else ""
        instead = f", {about.deprecated_use} replaces it" if about.deprecated_use else ""
        notes += f"; deprecated{until}{instead}"
    return notes
