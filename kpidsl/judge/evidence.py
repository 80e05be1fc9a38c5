"""What the evaluator answered to a schedule, ready to be looked up by slice and window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
from attrs import evolve, field, frozen

from kpidsl.digits import Floats
from kpidsl.graph import Kpi, Node, aggregates
from kpidsl.judge.months import cuts, first_day, shares
from kpidsl.judge.questions import around
from kpidsl.judge.schedule import Schedule
from kpidsl.model.periods import Window
from kpidsl.results import Answers, Ask, Grid, Places, SliceKey, Slices

LARGE = 200_000
"""Numbers of a grid: of larger ones no more is asked, and no longer held, than is needed."""


@frozen(eq=False)
class Table:
    """A grid with its places at hand; a slice that it does not have has no value."""

    ask: Ask
    grid: Grid
    columns: Mapping[Window, int]
    _places: list[tuple[Slices, Places]] = field(factory=list, init=False)

    def at(self, key: SliceKey, window: Window) -> float | None:
        """The value, None for no value."""
        row = self.grid.slices.place(key)
        if row is None:
            return None
        value = float(self.grid.values[row, self.columns[window]])
        return value if value - value == 0 else None

    def column(self, slices: Slices, places: Places, window: Window) -> Floats:
        """The values of slices named by their places in `slices`, NaN for no value."""
        there = self._here(slices, places)
        values = self.grid.values[there, self.columns[window]]
        return np.where((there >= 0) & np.isfinite(values), values, np.nan)

    def row(self, key: SliceKey) -> Floats:
        """The values of a slice, window by window as they were asked for."""
        place = self.grid.slices.place(key)
        if place is None:
            return np.full(len(self.ask.windows), np.nan)
        found = self.grid.values[place, [self.columns[window] for window in self.ask.windows]]
        return np.where(np.isfinite(found), found, np.nan)

    def whole(self, slices: Slices) -> Floats:
        """The values of slices in every window."""
        there = self._here(slices, np.arange(len(slices)))
        values = self.grid.values[there]
        return np.where((there >= 0)[:, None] & np.isfinite(values), values, np.nan)

    def _here(self, slices: Slices, places: Places) -> Places:
        if self.grid.slices is slices:
            return places
        if not self._places or self._places[0][0] is not slices:
            self._places[:] = [(slices, self.grid.slices.places(slices))]
        return self._places[0][1][places]


@frozen(eq=False)
class Case:
    """A KPI and its schedule."""

    kpi: Kpi
    schedule: Schedule

    @property
    def additive(self) -> bool:
        """Whether parts of a window add up to it."""
        return self.kpi.formula.additivity == "additive"


@frozen(eq=False)
class Evidence(Case):
    """A KPI, its schedule and every number it is judged by."""

    answers: Answers
    value: Table
    baseline: Table | None
    pace: Table | None
    behind: Table | None
    """The past periods that a forecast is made of."""
    nodes: Mapping[Node, Table]
    sure: Mapping[Node, Table] = field(factory=dict)
    """What a sample and an interval are made of."""
    memo: dict[str, Any] = field(factory=dict, init=False)
    """What was worked out of all of it."""
    _counted: dict[Ask, Table] = field(factory=dict, init=False)

    @property
    def slices(self) -> Slices:
        """The slices of the value, the total first."""
        return self.value.grid.slices

    def number(self, node: Node, key: SliceKey, window: Window) -> float | None:
        """A number of the promise; one that is read from no data is the same everywhere."""
        table = self.nodes[node]
        if not aggregates(node):
            return table.at((), table.ask.windows[0])
        if parts := self._by_month(node, window):
            known = [(table.at(key, month), share) for month, share in parts]
            return None if any(x is None for x, _ in known) else sum(x * s for x, s in known if x is not None)
        return table.at(key, window)

    def rows(self, key: SliceKey, window: Window) -> float | None:
        """How many rows are behind a value; None for a slice that the value does not have."""
        if key not in self.slices:
            return None
        return self._counts(window).at(key, window) or 0.0

    def counted(self, places: Places, window: Window) -> Floats:
        """The same of many slices, named by their places among those of the value."""
        return np.nan_to_num(self._counts(window).column(self.slices, places, window))

    def _counts(self, window: Window) -> Table:
        """Of large grids only the windows that are looked at are counted."""
        ask = self.value.ask
        if self.value.grid.values.size > LARGE:
            ask = evolve(ask, windows=(window,))
        if ask not in self._counted:
            self._counted[ask] = _table(ask, self.answers.rows(ask))
        return self._counted[ask]

    def numbers(self, node: Node, places: Places, window: Window) -> Floats:
        """A number of the promise, for slices named by their places among those of the value."""
        table = self.nodes[node]
        if not aggregates(node):
            found = table.at((), table.ask.windows[0])
            return np.full(len(places), np.nan if found is None else found)
        if parts := self._by_month(node, window):
            months = [table.column(self.slices, places, month) * share for month, share in parts]
            return np.asarray(np.sum(months, axis=0))
        return table.column(self.slices, places, window)

    def _by_month(self, node: Node, window: Window) -> tuple[tuple[Window, float], ...]:
        """The months and their parts that a window is made of, where it cuts one and they are told as a whole
        on their first day; of a window in progress up to where the data reaches."""
        table, told = self.nodes[node], self.memo.setdefault("told by month", {})
        if not cuts(window):
            return ()
        if node not in told:
            told[node] = _told_by_month(table, self.schedule.now)
        if not told[node]:
            return ()
        reached = self.schedule.watermark or window.end
        if window.end >= self.schedule.now and window.start <= reached < window.end:
            window = Window(window.start, reached)
        return shares(window)

    def told_ahead(self, node: Node, window: Window) -> bool:
        """Whether a plan kept as data tells a whole period on its first day, as one with a row a month does.

        Rows later than as-of do not exist, so the period in progress alone cannot tell it from a plan with a
        row a day: the period before has to be so too.
        """
        table = self.nodes[node]
        looked_at = around(window)
        if looked_at is None or looked_at[-1] not in table.columns:
            return False
        first, before, first_before = looked_at
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


def _told_by_month(table: Table, now: date) -> bool:
    """Whether every month that was asked for has all that it has on its first day, and some have anything;
    what begins on the day judged at says nothing."""
    asked = [w for w in table.columns if w.grain == "month" and first_day(w) in table.columns]
    months = [month for month in asked if month.start < now]
    known = [(table.at((), month), table.at((), first_day(month))) for month in months]
    return any(whole is not None for whole, _ in known) and all(whole == first for whole, first in known)


def gather(kpi: Kpi, schedule: Schedule, answers: Answers) -> Evidence:
    """Look up the answers to everything a schedule asks; it has windows."""
    assert schedule.value is not None
    past = schedule.ahead.ask if schedule.ahead else None
    return Evidence(
        kpi=kpi,
        schedule=schedule,
        answers=answers,
        value=_table(schedule.value, answers.grid(schedule.value)),
        baseline=_table(schedule.baseline, answers.grid(schedule.baseline)) if schedule.baseline else None,
        pace=_table(schedule.pace, answers.grid(schedule.pace)) if schedule.pace else None,
        behind=_table(past, answers.grid(past)) if past else None,
        nodes={node: _table(ask, answers.grid(ask)) for node, ask in schedule.nodes},
        sure={node: _table(ask, answers.grid(ask)) for node, ask in schedule.sure},
    )


def _table(ask: Ask, grid: Grid) -> Table:
    return Table(ask, grid, {window: number for number, window in enumerate(grid.windows)})
