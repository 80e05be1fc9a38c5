"""The pipeline on one screen: read, parse, compile; then open the sources, evaluate, judge."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from attrs import field, frozen

from kpidsl.config import Config
from kpidsl.diagnostics import Diagnostic
from kpidsl.graph import Graph
from kpidsl.model.periods import Window

if TYPE_CHECKING:
    from kpidsl.results import Judged, ObjectiveVerdict, Profile


@frozen(eq=False)
class Outcome:
    """What an evaluation found: everything that an output shows."""

    config: Config
    graph: Graph
    as_of: date
    judged: tuple[Judged, ...]
    objectives: tuple[ObjectiveVerdict, ...]
    profiles: dict[str, Profile]
    diagnostics: tuple[Diagnostic, ...] = field(default=())
    asked_for: Window | None = None

    @property
    def name(self) -> str | None:
        """The name of the project, where its config has one."""
        return self.config.name

    @property
    def drafts(self) -> frozenset[str]:
        """The KPIs that are shown and never counted."""
        return frozenset(name for name, kpi in self.graph.kpis.items() if kpi.about.draft)
