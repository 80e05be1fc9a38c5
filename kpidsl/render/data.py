"""An evaluation and diagnostics as plain data, and as JSON.

The same evaluation gives the same bytes: keys are sorted, numbers have 12 significant digits, dates are
ISO, what is not there is null, and nothing of the machine or the moment is in it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

import attrs

from kpidsl.codes import CATALOGUE
from kpidsl.diagnostics import Diagnostic, Span

if TYPE_CHECKING:
    from kpidsl.graph import Graph
    from kpidsl.model.periods import Window
    from kpidsl.project import Outcome
    from kpidsl.results import Judged, ObjectiveVerdict, Profile, Verdict

SCHEMA_VERSION = 1


def as_json(data: Any) -> str:
    """Plain data as JSON, ended by a line end. The text is UTF-8, not escaped to ASCII."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n"


def evaluation(outcome: Outcome) -> dict[str, Any]:
    """Everything that was found."""
    return {
        "schema_version": SCHEMA_VERSION,
        "project": outcome.name,
        "as_of": outcome.as_of.isoformat(),
        "for": _window(outcome.asked_for),
        "kpis": [_judged(judged, outcome.graph) for judged in outcome.judged],
        "objectives": [_objective(objective, outcome.graph) for objective in outcome.objectives],
        "sources": [_profile(profile) for profile in outcome.profiles.values()],
        "diagnostics": [diagnostic(d) for d in outcome.diagnostics],
    }


def findings(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """Diagnostics alone, as `kpi lint` gives them."""
    return {"schema_version": SCHEMA_VERSION, "diagnostics": [diagnostic(d) for d in diagnostics]}


def figure(value: float | None) -> float | None:
    """A number as outputs carry it: 12 significant digits, never NaN or infinite, no negative zero."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.12g}") + 0.0


# -- verdicts --------------------------------------------------------------------------------------

_AS_IS = ("word", "light", "why", "unit", "target", "days_left", "rows", "running", "final", "counts")
NUMBERS = (
    "value", "target_low", "target_high", "reference_low", "reference_high", "tolerance", "baseline",
    "attainment", "gap", "projection",
)  # fmt: skip


def verdict(v: Verdict) -> dict[str, Any]:
    """One verdict. Percents are fractions: 4.2% is 0.042."""
    return {
        **{name: getattr(v, name) for name in _AS_IS},
        **{name: figure(getattr(v, name)) for name in NUMBERS},
        "slice": dict(v.slice),
        "window": _window(v.window),
        "deadline": _day(v.deadline),
        "watermark": _day(v.watermark),
    }


def _judged(judged: Judged, graph: Graph) -> dict[str, Any]:
    kpi = graph.kpis.get(judged.kpi)
    about = {
        "owner": kpi.about.owner,
        "stakeholders": list(kpi.about.stakeholders),
        "description": kpi.about.description,
        "stage": kpi.about.stage,
        "role": kpi.about.role,
        "draft": kpi.about.draft,
        "deprecated": kpi.about.deprecated,
        "labels": dict(kpi.about.labels),
        "because": kpi.about.because,
        "formula": kpi.text,
        "hash": kpi.hash,
        "place": place(kpi.span),
    } if kpi else {}  # fmt: skip
    return {
        "name": judged.kpi,
        "title": judged.headline.title,
        **about,
        "headline": verdict(judged.headline),
        "slices": [
            {**verdict(v), "history": [verdict(h) for h in _history_of(judged, v)]} for v in judged.slices
        ],
        "history": [verdict(v) for v in judged.history],
    }


def _history_of(judged: Judged, v: Verdict) -> tuple[Verdict, ...]:
    return dict(judged.slice_history).get(tuple(value for _, value in v.slice), ())


def _objective(objective: ObjectiveVerdict, graph: Graph) -> dict[str, Any]:
    known = graph.objectives.get(objective.name)
    return {
        "name": objective.name,
        "title": objective.title,
        "owner": known.owner if known else None,
        "word": objective.word,
        "light": objective.light,
        "why": objective.why,
        "share_met": figure(objective.share_met),
        "members": [
            {"kpi": kpi, "weight": figure(weight), "word": word} for kpi, weight, word in objective.members
        ],
    }


def _profile(profile: Profile) -> dict[str, Any]:
    return {
        "name": profile.source,
        "rows": profile.rows,
        "first": _day(profile.first),
        "watermark": _day(profile.watermark),
        "stale": profile.stale,
        "problems": [diagnostic(problem) for problem in (*profile.broken, *profile.problems)],
    }


def _window(window: Window | None) -> dict[str, Any] | None:
    if window is None:
        return None
    return {"label": window.label, "start": _day(window.start), "end": _day(window.end)}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


# -- diagnostics -----------------------------------------------------------------------------------


def diagnostic(d: Diagnostic) -> dict[str, Any]:
    """One diagnostic. Lines and columns count from 1, columns in characters; ends are exclusive."""
    known = CATALOGUE.get(d.code)
    return {
        "code": d.code,
        "name": known.name if known else None,
        "severity": d.severity.word,
        "message": d.message,
        "place": place(d.span) if d.span is not None else None,
        "data_place": d.place,
        "labels": [{"place": place(label.span), "text": label.text} for label in d.labels],
        "notes": list(d.notes),
        "help": d.help,
        "fix": _fix(d),
        "kpi": d.kpi,
    }


def _fix(d: Diagnostic) -> dict[str, Any] | None:
    if d.fix is None:
        return None
    edits = [{"place": place(edit.span), "text": edit.text} for edit in d.fix.edits]
    return {**attrs.asdict(d.fix, filter=attrs.filters.exclude("edits")), "edits": edits}


def place(span: Span) -> dict[str, Any]:
    """Where a stretch of a text is."""
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
