"""What a project means, part by part: equal parts compute and promise the same, however they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve, frozen

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.graph import About, Graph
from kpidsl.records import Record


@frozen(repr=False)
class Meaning(Record):
    """All of a project that decides numbers and verdicts, by kind and name."""

    parts: Mapping[tuple[str, str], Any]
    errors: int

    def kept_by(self, other: Meaning) -> bool:
        """Whether the other says all that this one does, and has no more errors."""
        return other.errors <= self.errors and all(
            key in other.parts and other.parts[key] == value for key, value in self.parts.items()
        )


def meaning_of(graph: Graph, diagnostics: Iterable[Diagnostic]) -> Meaning:
    """KPIs by the hash of what they mean, and all else as it is, without its texts for people."""
    parts: dict[tuple[str, str], Any] = {}
    for name, kpi in graph.kpis.items():
        parts["kpi", name] = (kpi.hash, _standing(kpi.about))
    for name, objective in graph.objectives.items():
        parts["objective", name] = evolve(objective, title=None, owner=None)
    for name, spec in graph.sources.items():
        parts["source", name] = evolve(spec, title=None)
    for name, measure in graph.measures.items():
        parts["measure", name] = measure.node
    for name, constant in graph.constants.items():
        parts["constant", name] = constant
    for one in graph.scenarios:
        parts["scenario", one.title] = (one.sets, one.goal, one.expected, one.as_of)
    parts["calendar", ""] = graph.calendar
    return Meaning(parts, sum(one.severity is Severity.ERROR for one in diagnostics))


def _standing(about: About) -> tuple[object, ...]:
    """What makes a KPI count or not."""
    return about.draft, about.deprecated, about.deprecated_until
