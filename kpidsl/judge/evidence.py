"""What the evaluator answered to a schedule, ready to be looked up by slice and window."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from kpidsl.graph import Kpi, Node, aggregates
from kpidsl.judge.questions import around
from kpidsl.judge.schedule import Schedule
from kpidsl.model.periods import Window
from kpidsl.results import Answers, Ask, Grid, SliceKey, Slices


@frozen(eq=False)
class Table:
    """A grid with its places at hand; a slice that it does not have has no value."""

    ask: Ask
    grid: Grid
    rows: Mapping[SliceKey, int]
    columns: Mapping[Window, int]

    def at(self, key: SliceKey, window: Window) -> float | None:
        """The value, None for no value."""
        row = self.rows.get(key)
        if row is None:
            return None
        value = float(self.grid.values[row, self.columns[window]])
        return value if value - value == 0 else None


@frozen(eq=False)
class Evidence:
    """A KPI, its schedule and every number it is judged by."""

    kpi: Kpi
    schedule: Schedule
    answers: Answers
    value: Table
    counts: Table
    baseline: Table | None
    pace: Table | None
    nodes: Mapping[Node, Table]

    @property
    def additive(self) -> bool:
        """Whether parts of a window add up to it."""
        return self.kpi.formula.additivity == "additive"

    @property
    def slices(self) -> Slices:
        """The slices of the value, the total first."""
        return self.value.grid.slices

    def number(self, node: Node, key: SliceKey, window: Window) -> float | None:
        """A number of the promise; one that is read from no data is the same everywhere."""
        table = self.nodes[node]
        if not aggregates(node):
            return table.at((), table.ask.windows[0])
        return table.at(key, window)

    def told_ahead(self, node: Node, window: Window) -> bool:
        """Whether a plan kept as data tells a whole period on its first day, as one with a row a month does.

        Rows later than as-of do not exist, so the period in progress alone cannot tell it from a plan with a
        row a day: the period before has to be so too.
        """
        table = self.nodes[node]
        first, before, first_before = around(window)
        if first_before not in table.columns:
            return False
        whole = table.at((), before)
        return (
            whole is not None
            and whole == table.at((), first_before)
            and table.at((), window) == table.at((), first)
        )

    def cause(self, node: Node, key: SliceKey, window: Window) -> str:
        """Why such a number has no value, as a clause."""
        ask = self.nodes[node].ask
        if not aggregates(node):
            return self.answers.why(ask, (), ask.windows[0])
        if key and not ask.dimensions:
            return "it is told for all slices together only"
        return self.answers.why(ask, key, window)


def gather(kpi: Kpi, schedule: Schedule, answers: Answers) -> Evidence:
    """Look up the answers to everything a schedule asks; it has windows."""
    assert schedule.value is not None
    return Evidence(
        kpi=kpi,
        schedule=schedule,
        answers=answers,
        value=_table(schedule.value, answers.grid(schedule.value)),
        counts=_table(schedule.value, answers.rows(schedule.value)),
        baseline=_table(schedule.baseline, answers.grid(schedule.baseline)) if schedule.baseline else None,
        pace=_table(schedule.pace, answers.grid(schedule.pace)) if schedule.pace else None,
        nodes={node: _table(ask, answers.grid(ask)) for node, ask in schedule.nodes},
    )


def _table(ask: Ask, grid: Grid) -> Table:
    rows = {key: number for number, key in enumerate(grid.slices)}
    columns = {window: number for number, window in enumerate(grid.windows)}
    return Table(ask, grid, rows, columns)
