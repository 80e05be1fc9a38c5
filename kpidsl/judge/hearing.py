"""All verdicts of a KPI: its total and slices, in every window of its schedule."""

from __future__ import annotations

from datetime import date
from decimal import localcontext

from attrs import evolve

from kpidsl.diagnostics import near
from kpidsl.graph import Bound, Kpi, SlicePromise, Tolerance
from kpidsl.judge.bounds import EXACT
from kpidsl.judge.evidence import Evidence, gather
from kpidsl.judge.questions import promised_nodes
from kpidsl.judge.schedule import Schedule, Slot
from kpidsl.judge.verdict import days_left, slice_of, verdict
from kpidsl.model.periods import Calendar, Window
from kpidsl.results import Answers, Judged, SliceKey, Verb, Verdict

Terms = tuple[Bound | None, Tolerance | None]


def judge(kpi: Kpi, schedule: Schedule, answers: Answers, as_of: date, calendar: Calendar) -> Judged:
    """Judge a KPI by what was answered to its schedule.

    A KPI that cannot be evaluated is judged too: `failed`, with the reason.
    """
    reason = _failure(kpi, answers)
    if reason is not None:
        return _idle(kpi, schedule, "failed", reason)
    if schedule.idle is not None:
        return _idle(kpi, schedule, *schedule.idle)
    with localcontext(EXACT):
        return _judged(gather(kpi, schedule, answers))


def _judged(evidence: Evidence) -> Judged:
    kpi, schedule = evidence.kpi, evidence.schedule
    tolerance = kpi.promise.tolerance
    history = tuple(verdict(evidence, slot.bound, tolerance, (), slot) for slot in schedule.slots)
    slices = [(key, _slice(evidence, key)) for key in evidence.slices if key != ()]
    headlines = [verdicts[schedule.headline] for _, verdicts in slices]
    return Judged(
        kpi=kpi.name,
        headline=history[schedule.headline],
        slices=(*headlines, *_absent(evidence, schedule.windows[schedule.headline])),
        history=history,
        empty=frozenset(key for key, verdicts in slices if _is_empty(kpi, key, verdicts)),
        slice_history=tuple(slices),
    )


def failed(name: str, title: str | None, reason: str, hash: str = "") -> Judged:
    """The verdict on a KPI that could not be compiled or evaluated at all."""
    headline = Verdict(name, title or name, (), None, "failed", "grey", _sentence(reason), unit="", hash=hash)
    return Judged(name, headline)


def _failure(kpi: Kpi, answers: Answers) -> str | None:
    """Why nothing can be said: of the formula, else of a number that the promise is made of."""
    nodes = (kpi.formula, *promised_nodes(kpi))
    found = next((failure for node in nodes if (failure := answers.failure(node)) is not None), None)
    return found.told if found else None


def _idle(kpi: Kpi, schedule: Schedule, word: Verb, reason: str) -> Judged:
    """A verdict without numbers."""
    promised = kpi.promise.bound is not None or bool(kpi.promise.milestones)
    headline = Verdict(
        kpi=kpi.name,
        title=kpi.label,
        slice=(),
        window=None,
        word=word,
        light="grey",
        why=_sentence(reason),
        unit=str(kpi.unit),
        deadline=schedule.deadline,
        days_left=days_left(schedule.deadline, schedule.now),
        watermark=schedule.watermark,
        hash=kpi.hash,
        counts=promised and not kpi.about.draft,
    )
    return Judged(kpi.name, headline)


def _sentence(reason: str) -> str:
    reason = reason.strip()
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."


# -- slices --------------------------------------------------------------------------------------------------


def _slice(evidence: Evidence, key: SliceKey) -> tuple[Verdict, ...]:
    """A slice in every window."""
    kpi, slots = evidence.kpi, evidence.schedule.slots
    verdicts = tuple(verdict(evidence, *_terms(kpi, key, slot), key, slot) for slot in slots)
    if _is_empty(kpi, key, verdicts):
        return tuple(evolve(one, counts=False) for one in verdicts)
    return verdicts


def _is_empty(kpi: Kpi, key: SliceKey, verdicts: tuple[Verdict, ...]) -> bool:
    """Whether a slice never has a value, and nobody asked for it: orders by telephone have no landing
    page."""
    return _own(kpi, key) is None and all(one.value is None for one in verdicts)


def _terms(kpi: Kpi, key: SliceKey, slot: Slot) -> Terms:
    """What a slice owes: its own promise; else the KPI's, unless slices add up, for a part does not owe the
    whole."""
    own = _own(kpi, key)
    if own is not None:
        return own.bound, own.tolerance or kpi.promise.tolerance
    if kpi.formula.additivity in ("additive", "semi"):
        return None, None
    return slot.bound, kpi.promise.tolerance


def _own(kpi: Kpi, key: SliceKey) -> SlicePromise | None:
    return next((part for part in kpi.slices if (part.value,) == key), None)


def _absent(evidence: Evidence, window: Window) -> list[Verdict]:
    """A verdict for every slice that the spec names and the data does not have."""
    kpi, known = evidence.kpi, evidence.slices
    found = []
    for part in kpi.slices:
        if (part.value,) in known:
            continue
        name = kpi.dimensions[0].name if kpi.dimensions else "slice"
        alike = near(part.value, (key[0] for key in known if len(key) == 1 and key[0] is not None), limit=1)
        hint = f"; a similar one: {alike[0]}" if alike else ""
        found.append(_no_slice(evidence, part, window, f"No row has the {name} {part.value}{hint}."))
    return found


def _no_slice(evidence: Evidence, part: SlicePromise, window: Window, why: str) -> Verdict:
    kpi, schedule = evidence.kpi, evidence.schedule
    return Verdict(
        kpi=kpi.name,
        title=kpi.label,
        slice=slice_of(kpi, (part.value,)),
        window=window,
        word="no data",
        light="grey",
        why=why,
        unit=str(kpi.unit),
        deadline=schedule.deadline,
        days_left=days_left(schedule.deadline, schedule.now),
        watermark=schedule.watermark,
        hash=kpi.hash,
        counts=not kpi.about.draft,
    )
