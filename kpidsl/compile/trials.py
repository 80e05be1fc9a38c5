"""Tests and scenarios: their names, columns and units are checked. A later version runs tests."""

from __future__ import annotations

from collections.abc import Mapping

from kpidsl.compile.assume import in_unit_of
from kpidsl.compile.formulas import check_formula
from kpidsl.compile.objectives import known_kpi
from kpidsl.compile.scenarios import scenario_of
from kpidsl.compile.scope import Scope, listed, similar
from kpidsl.diagnostics import Severity, Span
from kpidsl.graph import Kpi, Scenario
from kpidsl.model.rows import gathers_of
from kpidsl.syntax import nodes


def check_trials(kpis: Mapping[str, Kpi], scope: Scope) -> tuple[Scenario, ...]:
    """Check every test and scenario, and say once per file that tests are not run."""
    told: set[str] = set()
    found = []
    for trial in scope.names.tests:
        if isinstance(trial, nodes.ScenarioDef):
            found.append(scenario_of(trial, kpis, scope))
            continue
        for clause in trial.clauses:
            _clause(clause, kpis, scope)
        name = trial.span.source.name
        if name not in told:
            told.add(name)
            scope.error(
                "K417",
                "tests are checked here, and `kpi eval` does not run them",
                trial.title.span,
                severity=Severity.INFO,
            )
    return tuple(found)


def _clause(clause: nodes.Clause, kpis: Mapping[str, Kpi], scope: Scope) -> None:
    match clause:
        case nodes.Given():
            _given(clause, scope)
        case nodes.AsOf(period=period):
            window = scope.period(period)
            if window is not None and window.days > 1:
                scope.error(
                    "K318", f"`{period.text}` is longer than a day, and `as of` is one day", period.span
                )
        case nodes.Expect(kpi=nodes.Word()):
            _expect(clause, kpis, scope)


def _given(given: nodes.Given, scope: Scope) -> None:
    shape = scope.shapes.get(given.source.text)
    if shape is None:
        if given.source.text not in scope.names.lost:
            scope.error(
                "K205",
                f"there is no source named `{given.source.text}`",
                given.source.span,
                notes=similar("a source", given.source.text, scope.shapes),
            )
        return
    if not given.rows:
        return
    header, *rows = given.rows
    seen: dict[str, Span] = {}
    for cell in header:
        if cell.text in seen:
            scope.error(
                "K201", f"the column `{cell.text}` is given twice", cell.span, (seen[cell.text], "first here")
            )
        seen[cell.text] = cell.span
        if cell.text not in shape.spans:
            notes = similar("a column", cell.text, shape.columns) or [
                f"columns of {shape.name}: {listed(shape.columns)}"
            ]
            scope.error(
                "K203",
                f"{shape.name} has no column `{cell.text}`",
                cell.span,
                (shape.definition.name.span, f"`{shape.name}` is defined here"),
                notes=notes,
            )
        elif cell.text in shape.computed and not gathers_of(shape.values.get(cell.text)):
            scope.error(
                "K321",
                f"`{cell.text}` is computed and cannot be given",
                cell.span,
                (shape.spans[cell.text], "computed here"),
            )
    for row in rows:
        if len(row) != len(header):
            scope.error(
                "K321",
                f"the row has {len(row)} cells, and the table has {len(header)} columns",
                row[0].span.to(row[-1].span) if row else given.span,
            )
        else:
            _cells(header, row, shape.types, scope)


def _cells(
    header: tuple[nodes.Cell, ...], row: tuple[nodes.Cell, ...], types: Mapping[str, object], scope: Scope
) -> None:
    for name, cell in zip(header, row, strict=True):
        type_ = types.get(name.text)
        if getattr(type_, "kind", None) != "number" or not cell.text:
            continue
        try:
            float(cell.text.replace("_", "").removesuffix("%"))
        except ValueError:
            scope.error(
                "K321", f"`{cell.text}` is not a number, and `{name.text}` is declared as one", cell.span
            )


def _expect(expect: nodes.Expect, kpis: Mapping[str, Kpi], scope: Scope) -> None:
    assert expect.kpi is not None
    if not known_kpi(expect.kpi, scope):
        return
    if expect.period is not None:
        scope.period(expect.period)
    if expect.value is not None:
        _value(expect.kpi, expect.value, scope)
    kpi = kpis.get(expect.kpi.text)
    if expect.slice is not None and kpi is not None and len(kpi.dimensions) != 1:
        count = "no dimension" if not kpi.dimensions else f"{len(kpi.dimensions)} dimensions"
        scope.error(
            "K219",
            f"`{kpi.name}` has {count}, and `for {expect.slice.text}` names a slice of one",
            expect.slice.span,
            (scope.names.known[kpi.name].name.span, "defined here"),
        )


def _value(name: nodes.Word, value: nodes.Expression, scope: Scope) -> None:
    """A value in the unit of what it is compared with, as far as that is known."""
    node, definition = scope.values.get(name.text), scope.names.known.get(name.text)
    if node is None or definition is None:
        check_formula(value, scope)
    else:
        in_unit_of(value, node, definition, scope)
