"""An evaluation as plain data, and as JSON that is written as it is made.

The same evaluation gives the same bytes, as `kpidsl.render.data` says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from kpidsl.render.choice import ALL, Choice, Chosen, detailed, for_programs, history_of
from kpidsl.render.data import SCHEMA_VERSION, as_json, diagnostic, figure, place
from kpidsl.render.sheets import NUMBERS, sheets

if TYPE_CHECKING:
    from kpidsl.graph import Graph
    from kpidsl.model.periods import Window
    from kpidsl.project import Outcome
    from kpidsl.results import Judged, ObjectiveVerdict, Profile, Verdict


def as_json_parts(outcome: Outcome, choice: Choice = ALL) -> Iterator[str]:
    """`as_json(evaluation(...))` in parts, for which no more than a part of the slices is held at once."""
    yield from _parts(_evaluation(outcome, choice), "")
    yield "\n"


def evaluation(outcome: Outcome, choice: Choice = ALL) -> dict[str, Any]:
    """Everything that was found."""
    found: dict[str, Any] = _solid(_evaluation(outcome, choice))
    return found


def _evaluation(outcome: Outcome, choice: Choice) -> dict[str, Any]:
    """Lists that can be long are iterators."""
    return {
        "schema_version": SCHEMA_VERSION,
        "project": outcome.name,
        "as_of": outcome.as_of.isoformat(),
        "for": window(outcome.asked_for),
        "kpis": (_judged(judged, outcome.graph, choice) for judged in outcome.judged),
        "objectives": [_objective(objective, outcome.graph) for objective in outcome.objectives],
        "sources": [_profile(profile) for profile in outcome.profiles.values()],
        "diagnostics": [diagnostic(d) for d in outcome.diagnostics],
    }


def _solid(value: Any) -> Any:
    """Plain data, with lists in the place of iterators."""
    match value:
        case dict():
            return {name: _solid(each) for name, each in value.items()}
        case Iterator():
            return [_solid(each) for each in value]
        case _:
            return value


def _parts(value: Any, indent: str) -> Iterator[str]:
    """As `as_json` writes it."""
    inner = indent + "  "
    match value:
        case dict() if any(isinstance(each, Iterator) for each in value.values()):
            start = "{\n"
            for name in sorted(value):
                yield f"{start}{inner}{json.dumps(name)}: "
                yield from _parts(value[name], inner)
                start = ",\n"
            yield f"\n{indent}}}"
        case Iterator():
            start = "["
            for each in value:
                yield f"{start}\n{inner}"
                yield from _parts(each, inner)
                start = ","
            yield "[]" if start == "[" else f"\n{indent}]"
        case _:
            yield as_json(value).rstrip("\n").replace("\n", f"\n{indent}")


# -- verdicts --------------------------------------------------------------------------------------

_AS_IS = (
    "word", "light", "why", "unit", "target", "projected", "days_left", "rows", "running", "final", "counts",
)  # fmt: skip


def verdict(v: Verdict) -> dict[str, Any]:
    """One verdict. Percents are fractions: 4.2% is 0.042."""
    return {
        **{name: getattr(v, name) for name in _AS_IS},
        **{name: figure(getattr(v, name)) for name in NUMBERS},
        "slice": dict(v.slice),
        "window": window(v.window),
        "deadline": _day(v.deadline),
        "watermark": _day(v.watermark),
    }


def _judged(judged: Judged, graph: Graph, choice: Choice) -> dict[str, Any]:
    kpi = graph.kpis.get(judged.kpi)
    chosen = for_programs(judged, choice)
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
        "slices": _slices(judged, chosen) if detailed(chosen, choice) else _many(judged, chosen),
        "more": dict(chosen.rest),
        "history": [verdict(v) for v in judged.history],
    }


def _slices(judged: Judged, chosen: Chosen) -> Iterator[dict[str, Any]]:
    for n in chosen.which.tolist():
        yield {**verdict(judged.slices[n]), "history": [verdict(v) for v in history_of(judged, n)]}


def _many(judged: Judged, chosen: Chosen) -> Iterator[dict[str, Any]]:
    """Slices without sentence and history."""
    for sheet in sheets(judged, chosen.which):
        same = sheet.same | {name: _day(sheet.same[name]) for name in ("deadline", "watermark")}
        same |= {"window": window(sheet.same["window"]), "history": None}
        del same["kpi"], same["title"], same["hash"]
        names = tuple(sheet.each)
        for n, row in enumerate(zip(*sheet.each.values(), strict=True)):
            if n in sheet.special:
                yield {**verdict(sheet.special[n]), "history": None}
            else:
                found = same | dict(zip(names, row, strict=True))
                yield found | {"slice": dict(zip(sheet.dimensions, found["slice"], strict=True))}


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
            {
                "kpi": line.name,
                "title": line.title,
                "objective": line.objective,
                "weight": figure(line.weight),
                "share": figure(line.share),
                "role": line.role,
                "counts": line.counts,
                "word": line.word,
                "light": line.light,
                "why": line.why,
            }
            for line in objective.lines
        ],
    }


def _profile(profile: Profile) -> dict[str, Any]:
    return {
        "name": profile.source,
        "rows": profile.rows,
        "first": _day(profile.first),
        "watermark": _day(profile.watermark),
        "stale": profile.stale,
        "promises": [
            {"promise": one.text, "word": one.word, "otherwise": one.otherwise, "found": one.told}
            for one in profile.promises
        ],
        "problems": [diagnostic(problem) for problem in (*profile.broken, *profile.problems)],
    }


def window(window: Window | None) -> dict[str, Any] | None:
    if window is None:
        return None
    return {"label": window.label, "start": _day(window.start), "end": _day(window.end)}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
