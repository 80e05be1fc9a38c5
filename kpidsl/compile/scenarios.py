"""Scenarios: what is assumed, what is looked for and what is expected, checked."""

from __future__ import annotations

from collections.abc import Mapping

from kpidsl.compile.assume import assumed, in_unit_of
from kpidsl.compile.objectives import has_slices, known_kpi
from kpidsl.compile.scope import Scope, similar
from kpidsl.diagnostics import Span
from kpidsl.graph import Constant, Expected, Goal, Kpi, Scenario, Setting
from kpidsl.syntax import nodes


def scenario_of(scenario: nodes.ScenarioDef, kpis: Mapping[str, Kpi], scope: Scope) -> Scenario:
    """A scenario of the graph; with `broken` where it has an error."""
    goal = next((c for c in scenario.clauses if isinstance(c, nodes.Solve)), None)
    with scope.apart() as inner:
        _once(scenario, scope)
        sets = [_setting(c, scope) for c in scenario.clauses if isinstance(c, nodes.Set)]
        sought = _goal(goal, kpis, scope) if goal else None
        expected = [_expected(c, goal, kpis, scope) for c in scenario.clauses if isinstance(c, nodes.Expect)]
        if goal is None and not sets:
            scope.error(
                "K213",
                "the scenario assumes nothing",
                scenario.title.span,
                help="`set NAME = VALUE` assumes something, `solve NAME for KPI = VALUE` looks for it",
            )
        days = [scope.period(c.period) for c in scenario.clauses if isinstance(c, nodes.AsOf)]
    return Scenario(
        title=scenario.title.text,
        sets=tuple(sets),
        goal=sought,
        expected=tuple(one for one in expected if one is not None),
        as_of=next((window.end for window in days if window), None),
        span=scenario.span,
        broken=inner.errors[0] if inner.errors else None,
    )


def _once(scenario: nodes.ScenarioDef, scope: Scope) -> None:
    """A name is assumed once, or once for a slice, or looked for."""
    seen: dict[tuple[str, str | None], Span] = {}
    for clause in scenario.clauses:
        match clause:
            case nodes.Set(name=name, slice=part):
                key = (name.text, part.text if part else None)
            case nodes.Solve(unknown=name):
                key = (name.text, None)
            case nodes.AsOf(period=period):
                window = scope.period(period)
                if window is not None and window.days > 1:
                    scope.error(
                        "K318", f"`{period.text}` is longer than a day, and `as of` is one day", period.span
                    )
                continue
            case _:
                continue
        if key in seen:
            scope.error("K212", f"`{key[0]}` is assumed twice", name.span, (seen[key], "first here"))
        seen.setdefault(key, name.span)


def _setting(clause: nodes.Set, scope: Scope) -> Setting:
    _assume(clause.name, clause, scope)
    text = " ".join(clause.span.text.split())
    return Setting(clause.name.text, clause.slice.text if clause.slice else None, text)


def _assume(name: nodes.Word, clause: nodes.Set | nodes.Solve, scope: Scope) -> bool:
    """What a scenario sets or looks for is a constant, a measure or a KPI; what it is set to, fits it."""
    word = name.text
    known = [*scope.names.of(nodes.KpiDef, nodes.MeasureDef, nodes.Let)]
    if word not in known:
        if word not in scope.names.lost:
            scope.error(
                "K202",
                f"there is no KPI, measure or constant `{word}`",
                name.span,
                notes=similar("a KPI, measure or constant", word, known),
            )
        return False
    node = scope.values.get(word)
    if node is not None:
        assumed(node, scope.names.known[word], (clause,), scope)
    return True


def _goal(clause: nodes.Solve, kpis: Mapping[str, Kpi], scope: Scope) -> Goal | None:
    found = _assume(clause.unknown, clause, scope)
    if not known_kpi(clause.kpi, scope) or not found:
        return None
    value = _number(clause.kpi, clause.value, scope)
    kpi = kpis.get(clause.kpi.text)
    text = " ".join(clause.value.span.text.split())
    return Goal(clause.unknown.text, kpi.name, value, text) if kpi and value is not None else None


def _expected(
    expect: nodes.Expect, goal: nodes.Solve | None, kpis: Mapping[str, Kpi], scope: Scope
) -> Expected | None:
    text = " ".join(expect.span.text.split())
    if expect.kpi is None:
        if goal is None or expect.value is None or expect.word is not None:
            scope.error(
                "K462",
                "nothing says of which KPI this is expected",
                expect.span,
                help="`expect KPI = VALUE, met`; a value alone is that of the name behind `solve`",
            )
            return None
        value = _number(goal.unknown, expect.value, scope)
        return None if value is None else Expected(text, None, None, value, None)
    if not known_kpi(expect.kpi, scope):
        return None
    kpi = kpis.get(expect.kpi.text)
    if expect.slice is not None and kpi is not None:
        has_slices(kpi, expect.slice, scope)
    value = _number(expect.kpi, expect.value, scope) if expect.value is not None else None
    part = expect.slice.text if expect.slice else None
    return Expected(text, expect.kpi.text, part, value, expect.word)


def _number(name: nodes.Word, expr: nodes.Expression, scope: Scope) -> float | None:
    """A number in the unit of a name; None after an error, and for a name that has one."""
    node, definition = scope.values.get(name.text), scope.names.known.get(name.text)
    if node is None or definition is None:
        return None
    value = in_unit_of(expr, node, definition, scope)
    if value is None:
        return None
    if isinstance(value, Constant):
        return value.value
    scope.error(
        "K462", "this is computed from data, and a number is needed", expr.span, help="`conversions = 20`"
    )
    return None
