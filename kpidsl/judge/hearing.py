"""All verdicts of a KPI: its total and slices, in every window of its schedule."""

from __future__ import annotations

from datetime import date
from decimal import localcontext
from itertools import islice

from kpidsl.diagnostics import near
from kpidsl.graph import Kpi, SlicePromise
from kpidsl.judge.bounds import EXACT
from kpidsl.judge.crowd import Keys, Slicewise
from kpidsl.judge.evidence import Evidence, gather
from kpidsl.judge.questions import promised_nodes
from kpidsl.judge.schedule import Schedule
from kpidsl.judge.verdict import days_left, slice_of
from kpidsl.model.periods import Calendar, Window
from kpidsl.results import Answers, Judged, Lazy, Verb, Verdict

_ALIKE = 10_000
"""Among how many slices a similar name is looked for."""


def judge(kpi: Kpi, schedule: Schedule, answers: Answers, as_of: date, calendar: Calendar) -> Judged:
    """Judge a KPI by what was answered to its schedule.

    A KPI that cannot be evaluated is judged too: `failed`, with the reason.
    """
    reason = _failure(kpi, answers)
    if reason is not None:
        return _idle(kpi, schedule, "failed", reason)
    if schedule.idle is not None:
        return _idle(kpi, schedule, *schedule.idle)
    headline = schedule.slots[schedule.headline]
    with localcontext(EXACT):
        crowd = Slicewise(
            lambda: gather(kpi, schedule, answers), lambda evidence: _absent(evidence, headline.window)
        )
    return Judged(
        kpi=kpi.name,
        headline=crowd.total(headline),
        slices=Lazy(len(crowd), crowd.verdict),
        history=Lazy(len(schedule.slots), lambda n: crowd.total(schedule.slots[n])),
        empty=Keys(crowd.slices, crowd.empty),
        slice_history=Lazy(len(crowd.slices) - 1, lambda n: (crowd.slices[n + 1], crowd.history(n))),
        crowd=crowd,
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
    promised = bool(kpi.promise.bounds)
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


def _absent(evidence: Evidence, window: Window) -> list[Verdict]:
    """A verdict for every slice that the spec names and the data does not have."""
    kpi, known = evidence.kpi, evidence.slices
    found = []
    for part in kpi.slices:
        if (part.value,) in known:
            continue
        name = kpi.dimensions[0].name if kpi.dimensions else "slice"
        names = (key[0] for key in islice(known, _ALIKE) if len(key) == 1 and key[0] is not None)
        alike = near(part.value, names, limit=1)
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
