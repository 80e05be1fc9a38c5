"""The stage in one function: files in, graph out."""

from __future__ import annotations

from collections.abc import Sequence

from kpidsl.compile.assume import assumed
from kpidsl.compile.attain import contradictions
from kpidsl.compile.calendar import read_calendar
from kpidsl.compile.formulas import compiled
from kpidsl.compile.gather import gather
from kpidsl.compile.kpis import kpi_of, measure_of
from kpidsl.compile.meaning import Meaning
from kpidsl.compile.objectives import objective_of, settle_nested
from kpidsl.compile.resolve import collect
from kpidsl.compile.rows import check_row
from kpidsl.compile.scope import Scope, rests_on
from kpidsl.compile.sources import finish_sources, read_shapes
from kpidsl.compile.trials import trials
from kpidsl.diagnostics import Diagnostic, Report
from kpidsl.graph import (
    Constant,
    Graph,
    Kpi,
    Measure,
    Objective,
    aggregates,
    sources_of,
)
from kpidsl.syntax import nodes


def compile_files(
    files: Sequence[nodes.File], report: Report, scenario: nodes.ScenarioDef | None = None
) -> Graph:
    """The graph of a project. Errors go to the report, what has one to `Graph.broken`; the rest compiles.

    All files are one scope. Never raises for any files that the parser makes. With a scenario: the graph in
    which what it sets and looks for is assumed; tests and scenarios are not checked again.
    """
    scope = Scope(collect(files, report), report, check_row=check_row, gather=gather)
    if scenario is not None:
        clauses = scenario.clauses
        scope.assume = lambda node, definition: assumed(node, definition, clauses, scope)
    no_days = read_calendar(scope)
    read_shapes(scope)
    for name, definition in scope.names.known.items():
        if isinstance(definition, nodes.Let):
            compiled(name, scope)
    finish_sources(scope)
    broken = _lost(scope)
    measures = _measures(scope)
    kpis = _kpis(scope, no_days, broken)
    objectives = _objectives(scope, kpis, broken)
    scenarios, tests = trials(kpis, scope) if scenario is None else ((), ())
    contradictions(kpis, scope.sources, scope)
    constants = {
        name: node
        for name, node in scope.values.items()
        if isinstance(scope.names.known[name], nodes.Let) and isinstance(node, Constant)
    }
    return Graph(
        scope.calendar,
        dict(scope.sources),
        measures,
        kpis,
        objectives,
        broken,
        scenarios,
        constants,
        tests,
    )


def _lost(scope: Scope) -> dict[str, Diagnostic]:
    """KPIs and objectives that the parser could not read: they are not evaluated, and not forgotten."""
    return {
        name: Diagnostic(
            "K215", f"`{name}` could not be read", span, help="the parser says what is wrong with it"
        )
        for name, span in scope.names.lost.items()
        if span.text.lstrip().startswith(("kpi", "objective")) and name not in scope.names.known
    }


def _measures(scope: Scope) -> dict[str, Measure]:
    found = {}
    for name, definition in scope.names.known.items():
        if (
            isinstance(definition, nodes.MeasureDef)
            and (measure := measure_of(definition, scope)) is not None
        ):
            found[name] = measure
    return found


def _kpis(scope: Scope, no_days: Diagnostic | None, broken: dict[str, Diagnostic]) -> dict[str, Kpi]:
    meaning = Meaning(scope)
    found = {}
    for name, definition in scope.names.known.items():
        if not isinstance(definition, nodes.KpiDef):
            continue
        kpi = kpi_of(definition, scope, meaning)
        if isinstance(kpi, Kpi):
            kpi = _trusted(kpi, no_days, scope)
        if isinstance(kpi, Kpi):
            found[name] = kpi
        else:
            broken[name] = kpi
    return found


def _trusted(kpi: Kpi, no_days: Diagnostic | None, scope: Scope) -> Kpi | Diagnostic:
    """A KPI whose name is its own, whose days are known and whose sources are whole."""
    if kpi.name in scope.names.twice:
        return scope.names.twice[kpi.name]
    if no_days is not None:
        return rests_on(kpi.name, kpi.span, no_days)
    promise = kpi.promise
    bounds = [*promise.bounds, *(s.bound for s in kpi.slices)]
    roots = [kpi.formula, *(b.value for b in bounds), *(b.high for b in bounds if b.high is not None)]
    for part in aggregates(*roots):
        for name in sources_of(part):
            if name not in scope.sources or scope.shapes[name].cause is not None:
                return rests_on(kpi.name, kpi.span, scope.shapes[name].cause)
    return kpi


def _objectives(scope: Scope, kpis: dict[str, Kpi], broken: dict[str, Diagnostic]) -> dict[str, Objective]:
    found = {}
    for name, definition in scope.names.known.items():
        if not isinstance(definition, nodes.ObjectiveDef):
            continue
        objective = objective_of(definition, kpis, broken, scope)
        if name in scope.names.twice:
            broken[name] = scope.names.twice[name]
        elif isinstance(objective, Objective):
            found[name] = objective
        else:
            broken[name] = objective
    settle_nested(found, broken, scope)
    return found
