"""Tests and scenarios: what a project tries out, in the order of its files."""

from __future__ import annotations

from collections.abc import Mapping

from kpidsl.compile.cases import test_of
from kpidsl.compile.scenarios import scenario_of
from kpidsl.compile.scope import Scope
from kpidsl.graph import Kpi, Scenario, Test
from kpidsl.syntax import nodes


def trials(kpis: Mapping[str, Kpi], scope: Scope) -> tuple[tuple[Scenario, ...], tuple[Test, ...]]:
    """Every scenario and every test, checked."""
    scenarios: list[Scenario] = []
    tests: list[Test] = []
    for trial in scope.names.tests:
        if isinstance(trial, nodes.ScenarioDef):
            scenarios.append(scenario_of(trial, kpis, scope))
        else:
            tests.append(test_of(trial, kpis, scope))
    return tuple(scenarios), tuple(tests)
