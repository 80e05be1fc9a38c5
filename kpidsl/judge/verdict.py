"""The verdict on one slice in one window."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from kpidsl.graph import Bound, Cumulative, Kpi, Tolerance
from kpidsl.judge import bounds
from kpidsl.judge.ahead import ahead
from kpidsl.judge.bounds import Band, exact, rounded
from kpidsl.judge.due import Due, NoTarget, due, not_reached, reference, time_gone, waits
from kpidsl.judge.evidence import Case, Evidence
from kpidsl.judge.interval import (
    certainty_of,
    sure_light,
    too_few,
)
from kpidsl.judge.schedule import (
    Hole,
    Slot,
)
from kpidsl.judge.words import (
    amount_text,
    band_text,
    distance_text,
    in_short,
    no_value,
    over,
    share_text,
    sure_text,
    tolerance_text,
    with_origin,
)
from kpidsl.results import SliceKey, Verb, Verdict

Facts = dict[str, Any]
"""Fields of a verdict by name; collected, so that each verdict is made once."""


def verdict(
    evidence: Evidence, bound: Bound | Hole | None, tolerance: Tolerance | None, key: SliceKey, slot: Slot
) -> Verdict:
    """Judge a slice in a slot by a bound; without one it is only shown."""
    value = evidence.value.at(key, slot.window)
    facts = _facts(evidence, key, slot, value, judged=bound is not None)
    owed = due(evidence, bound, tolerance, key, slot) if bound else None
    facts |= _target(owed)
    schedule, found = evidence.schedule, _found(evidence, slot, value)
    if owed is not None and schedule.stale is not None:
        ruling = _grey("stale", f"{found}: {in_short(schedule.stale)}")
    elif value is None:
        assert schedule.value is not None
        cause = evidence.answers.why(schedule.value, key, slot.window)
        ruling = _grey("no data", no_value(_when(evidence, slot), str(slot.window), cause))
    elif owed is None:
        ruling = {"word": "no target", "light": "none", "why": f"{found}; no target"}
    elif isinstance(owed, NoTarget):
        ruling = _grey("no data", f"{found}. {owed.why}")
    else:
        assert isinstance(bound, Bound)
        ruling = _ruling(evidence, owed, bound, tolerance, key, value, slot, facts)
    why = ruling["why"].removesuffix(".") + _notes(evidence, slot, value, ruling["word"])
    return Verdict(**facts | ruling | {"why": f"{why}."})


def _ruling(
    evidence: Evidence,
    owed: Due,
    bound: Bound,
    tolerance: Tolerance | None,
    key: SliceKey,
    value: float,
    slot: Slot,
    facts: Facts,
) -> Facts:
    """Word, light and sentence for a value that can be judged, and the numbers they follow from."""
    gone = time_gone(evidence, slot, slot.window.start)
    if not_reached(evidence, slot, gone):
        reached = f"the data reaches only {evidence.schedule.watermark}"
        return _grey("no data", f"No value {_when(evidence, slot)}: {reached}")
    expected = reference(evidence, owed, slot, gone or None, key)
    if isinstance(expected, NoTarget):
        return _grey("no data", f"{_found(evidence, slot, value)}. {expected.why}")
    band, share = expected
    if few := too_few(evidence, facts["sample"]):
        return _grey("too few", f"{_found(evidence, slot, value)}: {few}")
    at_once = _settled(evidence, owed, value, gone, slot)
    if at_once is None and undecided(evidence, slot):
        asked = f"{_found(evidence, slot, value)}, {_asked(evidence, owed, slot)}"
        return _grey("no data", f"{asked}: it may change until {slot.settles_on}, and is judged after that")
    if at_once is None and waits(evidence, gone):
        asked = f"{_found(evidence, slot, value)}, {_asked(evidence, owed, slot)}"
        return _grey(
            "no data", f"{asked}: no business day has gone by, and it is judged from the first one on"
        )
    confident, low, high = evidence.kpi.promise.confident, facts["low"], facts["high"]
    light = bounds.light(value, band, owed.slack)
    judgement = at_once or (light if confident is None else sure_light(low, high, band, owed.slack))
    final = slot.closed or at_once is not None
    slack = (owed.slack.low if band.nearest(value) == band.low else owed.slack.high) or Decimal(0)
    if at_once is not None:
        why = _at_once(evidence, owed, value, slot)
    else:
        held = _expected(evidence, owed, band, gone, share, slot)
        why = f"{_found(evidence, slot, value)}, {held}: {distance_text(value, band, evidence.kpi.unit)}"
        if tolerance is not None:
            why += tolerance_text(light, tolerance, value, band, owed.slack, evidence.kpi.unit)
    if confident is not None:
        why += sure_text(confident, low, high, judgement is not None, evidence.kpi)
    projected = ahead(evidence, owed, bound, tolerance, key, value, (gone, share), slot)
    return {
        "word": bounds.word(judgement, final) if judgement else "inconclusive",
        "light": judgement or "grey",
        "why": why + projected.note,
        "reference_low": _float(band.low),
        "reference_high": _float(band.high),
        "tolerance": rounded(slack) if tolerance else None,
        "attainment": bounds.attainment(value, band),
        "gap": bounds.gap(value, band),
        "projection": projected.value,
        "projection_low": projected.low,
        "projection_high": projected.high,
        "projected": projected.word,
        "final": final and is_last(evidence, slot),
    }


def undecided(evidence: Evidence, slot: Slot) -> bool:
    """Whether a part of the window says little of the whole: the most, the least, different ones counted."""
    return evidence.schedule.unfinished and slot.open and slot.due_on is not None


def _settled(
    evidence: Evidence, owed: Due, value: float, gone: Decimal | None, slot: Slot
) -> bounds.Judgement | None:
    """What is decided already in an open window."""
    if not settles(evidence, owed.so_far, gone, slot):
        return None
    return bounds.settled(value, owed.due, owed.slack, falls=evidence.schedule.drift < 0)


def settles(evidence: Evidence, so_far: bool, gone: Decimal | None, slot: Slot) -> bool:
    """Whether a value can decide an open window, as it can only go on the way it went. One that has to be
    sure decides nothing by itself."""
    schedule = evidence.schedule
    if so_far or slot.ahead is not None or evidence.kpi.promise.confident is not None:
        return False
    return (gone is not None and schedule.grows) or (undecided(evidence, slot) and schedule.drift != 0)


# -- facts ---------------------------------------------------------------------------------------------------


def _facts(evidence: Evidence, key: SliceKey, slot: Slot, value: float | None, judged: bool) -> Facts:
    kpi, schedule, window = evidence.kpi, evidence.schedule, slot.window
    to_milestone = kpi.promise.milestones and isinstance(kpi.promise.measured, Cumulative)
    deadline = slot.due_on if to_milestone else schedule.deadline
    rows = evidence.rows(key, window)
    low, high, sample = certainty_of(evidence, key, window)
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
        "low": low,
        "high": high,
        "sample": sample,
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
        case Due(target=target, baseline=baseline):
            text, low, high = with_origin(owed.text, owed.origin), _float(target.low), _float(target.high)
            return {"target": text, "target_low": low, "target_high": high, "baseline": baseline}


def _grey(word: Verb, why: str) -> Facts:
    return {"word": word, "light": "grey", "why": why}


def _float(value: Decimal | None) -> float | None:
    return None if value is None else rounded(value)


def is_last(case: Case, slot: Slot) -> bool:
    """Whether a final word is the promise's last one, and not that of one period or milestone of several."""
    deadline = case.schedule.deadline
    if deadline is None:
        return False
    return deadline < case.schedule.now or (slot.due_on is not None and slot.due_on >= deadline)


# -- sentences -----------------------------------------------------------------------------------------------


def _at_once(evidence: Evidence, owed: Due, value: float, slot: Slot) -> str:
    unit, falls = evidence.kpi.unit, evidence.schedule.drift < 0
    said = f"{_found(evidence, slot, value)}, {_asked(evidence, owed, slot)}"
    passed = owed.due.low if falls else owed.due.high
    if passed is None:
        return f"{said}: already reached"
    beyond = amount_text(abs(exact(value) - passed), unit)
    what = "a total" if evidence.additive else "such a value"
    if falls:
        return f"{said}: short by {beyond}, and {what} does not rise again"
    return f"{said}: exceeded by {beyond}, and {what} does not fall again"


def _found(evidence: Evidence, slot: Slot, value: float | None) -> str:
    """The value and when it is of; the day that the data of an open window reaches."""
    watermark, reached = evidence.schedule.watermark, None
    if slot.open and watermark is not None:
        reached = str(min(watermark, slot.window.end))
        if slot.after and watermark >= slot.window.end:
            reached = None
    when = over(slot.window, evidence.kpi.promise.measured, reached)
    return f"No value {when}" if value is None else f"{amount_text(value, evidence.kpi.unit)} {when}"


def _when(evidence: Evidence, slot: Slot) -> str:
    return over(slot.window, evidence.kpi.promise.measured, None)


def _asked(evidence: Evidence, owed: Due, slot: Slot) -> str:
    """`at least 183 EUR asked by 2026-12-31 (an increase by 5% from 174.2 EUR in 2025)`."""
    origin = f" ({owed.origin})" if owed.origin else ""
    until = "" if slot.closed else " so far" if owed.so_far else _until(evidence, slot)
    return f"{owed.text} asked{until}{origin}"


def _expected(
    evidence: Evidence, owed: Due, band: Band, gone: Decimal | None, share: Decimal, slot: Slot
) -> str:
    """What the value is held against, and what of the time or of last year's total that goes by."""
    expected = band_text(band, evidence.kpi.unit)
    if gone is None and owed.progress is not None and owed.progress != 1:
        origin = f" ({owed.origin})" if owed.origin else ""
        return f"{expected} expected on the way to {owed.text} by {evidence.schedule.deadline}{origin}"
    gone_by = _PACES.get(evidence.kpi.promise.pace or "", "of the time gone")
    past = f"{share_text(gone)} {gone_by}, " if gone is not None else ""
    if gone is None or band == owed.due:
        return f"{past}{_asked(evidence, owed, slot)}"
    asked = with_origin(f"{owed.text} asked{_until(evidence, slot)}", owed.origin)
    promise = evidence.kpi.promise
    if promise.by_last_year and not promise.milestones:
        came = f", for {share_text(share)} of last year's total had come by then"
        return f"{expected} expected by now{came} ({asked})"
    return f"{past}{expected} expected by now ({asked})"


_PACES = {"business days": "of the business days gone", "schedule": "due by the schedule"}


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
        notes += f"; {in_short(evidence.schedule.stale)}"
    if value is not None and word != "stale":
        notes += "".join(f"; {warning}" for warning in evidence.schedule.warnings)
    if about.deprecated:
        until = f" until {about.deprecated_until}" if about.deprecated_until else ""
        instead = f", {about.deprecated_use} replaces it" if about.deprecated_use else ""
        notes += f"; deprecated{until}{instead}"
    return notes
