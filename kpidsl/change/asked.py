"""What is asked: which number, over which periods, by what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from attrs import evolve

from kpidsl.change.results import Windows
from kpidsl.diagnostics import Diagnostic
from kpidsl.graph import About, Every, Graph, Kpi, Promise
from kpidsl.judge.schedule import counted_sources
from kpidsl.model.literals import parse_period
from kpidsl.model.periods import Window
from kpidsl.project import (
    Wish,
    unknown,
)
from kpidsl.specs import (
    Specs,
)
from kpidsl.syntax import nodes

if TYPE_CHECKING:
    pass

_NEVER = Window(date.min, date.min)


def subject(specs: Specs, name: str) -> Kpi | Diagnostic:
    """The KPI or measure of a name; else the error that it has, or that nothing has the name."""
    graph = specs.graph
    if name in graph.kpis:
        return graph.kpis[name]
    if name in graph.measures:
        measure = graph.measures[name]
        promise = Promise(Every("month"))
        return Kpi(
            name, measure.title, measure.node, measure.node.unit, promise, (), (), About(),
            measure.span, measure.text, "",
        )  # fmt: skip
    if name in specs.objectives:
        members = ", ".join(f"`{kpi}`" for kpi, _ in _members(specs, name))
        said = f"`{name}` is an objective, which is no number that could move"
        return Diagnostic("K720", said, help=f"its KPIs: {members}" if members else None)
    if name in specs.broken:
        return specs.broken[name]
    for file in specs.files:
        for definition in file.definitions:
            if isinstance(definition, nodes.MeasureDef) and definition.name.text == name:
                span = definition.span
                inside = (
                    e for e in specs.errors
                    if e.span and e.span.source is span.source and span.start <= e.span.start < span.end
                )  # fmt: skip
                return next(
                    inside, Diagnostic("K215", f"`{name}` rests on something that has an error", span)
                )
    return unknown("K720", "KPI or measure", name, [*graph.kpis, *graph.measures])


def _members(specs: Specs, name: str) -> Sequence[tuple[str, float]]:
    objective = specs.graph.objectives.get(name)
    return objective.members if objective else ()


def windows_of(specs: Specs, between: tuple[str, str]) -> tuple[Windows, list[Diagnostic]]:
    """The two periods, and what is wrong with them."""
    found: list[Window] = []
    wrong = []
    for text in between:
        try:
            found.append(parse_period(text, specs.graph.calendar))
        except ValueError as error:
            wrong.append(Diagnostic("K721", f"the period cannot be read: {error}"))
    if len(found) == 2 and found[0] == found[1]:
        label = found[0].label
        said = f"between {label} and {label} nothing can move: they are the same period"
        before = found[0].shift(-1)
        wrong.append(Diagnostic("K721", said, help=f"the one before it: {before.label}" if before else None))
    return (found[0], found[-1]) if found else (_NEVER, _NEVER), wrong


def split_by(kpi: Kpi, asked: Wish, graph: Graph) -> Kpi:
    """The KPI by the dimensions that are wished for, looked for in the sources of the formula alone."""
    from kpidsl.split import split

    found = split(kpi, asked.by, graph) if asked.by else kpi
    assert isinstance(found, Kpi)  # `wish` has told it otherwise
    own = counted_sources(kpi.formula)
    dimensions = (
        evolve(d, columns=tuple((source, ref) for source, ref in d.columns if source in own))
        for d in found.dimensions
    )
    return evolve(found, dimensions=tuple(dimensions))
