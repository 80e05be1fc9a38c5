"""Tests and scenarios: what a project tries out, in the order of its files."""

from __future__ import annotations

from collections.abc import Mapping

from kpidsl.compile.cases import test_of
from kpidsl.compile.scenarios import scenario_of
from kpidsl.compile.scope import Scope
from kpidsl.diagnostics import Span
from kpidsl.graph import Kpi, Scenario, Test
from kpidsl.syntax import nodes


def trials(kpis: Mapping[str, Kpi], scope: Scope) -> tuple[tuple[Scenario, ...], tuple[Test, ...]]:
    """Every scenario and every test, checked."""
    scenarios: list[Scenario] = []
    tests: list[Test] = []
    titles: dict[tuple[str, str], Span] = {}
    for trial in scope.names.tests:
        if isinstance(trial, nodes.ScenarioDef):
            scenarios.append(scenario_of(trial, kpis, scope))
        else:
            title = (trial.span.source.name, trial.title.text)
            tests.append(test_of(trial, kpis, scope, titles.get(title)))
            titles.setdefault(title, trial.title.span)
    return tuple(scenarios), tuple(tests)
