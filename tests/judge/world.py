"""A small world to judge in: KPIs made by hand, and answers from a ledger of daily amounts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
from attrs import field, frozen

from kpidsl import judge
from kpidsl.diagnostics import Diagnostic, Source, Span
from kpidsl.graph import (
    About,
    Aggregate,
    Bound,
    Combine,
    Constant,
    Default,
    Dimension,
    Direction,
    Every,
    Kpi,
    Measured,
    Node,
    Promise,
    Rolling,
    Running,
    Shift,
    SlicePromise,
    Tolerance,
    aggregates,
)
from kpidsl.model.literals import parse_period
from kpidsl.model.periods import Calendar, Window, same_last_year
from kpidsl.model.rows import ColumnRef
from kpidsl.model.sources import ColumnSpec, Files, SourceSpec
from kpidsl.model.types import NUMBER, TEXT
from kpidsl.model.units import ONE, Unit
from kpidsl.results import Ask, Grid, Judged, Profile, SliceKey, Slices, Verdict

CALENDAR = Calendar()
EUR, LEAD = Unit.of("EUR"), Unit.of("lead")
SPAN = Span(Source("test.kpi", ""), 0, 0)
CHANNEL = Dimension(
    "channel", (("orders", ColumnRef("orders", "ch", TEXT)), ("ads", ColumnRef("ads", "ch", TEXT)))
)


def source(name: str, *columns: ColumnSpec) -> SourceSpec:
    return SourceSpec(
        name, None, Files("x.csv", "."), columns, "day", "ch", (), "row", (), None, None, (), SPAN
    )


SOURCES = {name: source(name) for name in ("orders", "ads", "plan")}


def day(text: str) -> date:
    return date.fromisoformat(text)


def period(text: str) -> Window:
    return parse_period(text, CALENDAR)


def total(source: str = "orders", column: str = "amount", unit: Unit = EUR) -> Aggregate:
    return Aggregate("sum", source, ColumnRef(source, column, NUMBER), unit, "additive")


def count(source: str = "orders", unit: Unit = LEAD) -> Aggregate:
    return Aggregate("count", source, None, unit, "additive")


def number(value: float, unit: Unit = EUR) -> Constant:
    return Constant(value, unit)


def ratio(above: Node, below: Node, unit: Unit = ONE) -> Combine:
    return Combine("/", (above, below), unit, "none")


SALES = total()
SPEND = total("ads", "spend")
MARGIN = ratio(SPEND, SALES)


def bound(
    direction: Direction, value: float | Node, high: float | None = None, relative: bool = False
) -> Bound:
    node = number(value) if isinstance(value, int | float) else value
    return Bound(direction, node, None if high is None else number(high), relative)


def percent(amount: float) -> Tolerance:
    return Tolerance(amount / 100, True, f"{amount:g}%")


def amount(value: float) -> Tolerance:
    return Tolerance(value, False, f"{value:g} EUR")


def kpi(
    formula: Node = SALES,
    target: Bound | None = None,
    *,
    measured: Measured | None = None,
    unit: Unit = EUR,
    by: bool = False,
    slices: Iterable[tuple[str, Bound, Tolerance | None]] = (),
    about: About | None = None,
    start: str | None = None,
    deadline: str | None = None,
    **promise: Any,
) -> Kpi:
    return Kpi(
        name="sales",
        title="Sales",
        formula=formula,
        unit=unit,
        promise=Promise(
            measured=measured or Every("month"),
            bound=target,
            start=day(start) if start else None,
            deadline=day(deadline) if deadline else None,
            **promise,
        ),
        dimensions=(CHANNEL,) if by else (),
        slices=tuple(SlicePromise(*part) for part in slices),
        about=about or About(),
        span=SPAN,
        text="sum(orders.amount)",
        hash="0123456789ab",
    )


Ledger = Mapping[tuple[Node, str, str], float]
"""Aggregate, slice and day to what was added there on that day."""


@frozen(eq=False)
class World:
    """Answers from a ledger. A source has rows on the days that the ledger names, and no other."""

    ledger: Ledger
    as_of: date
    stale: str | None = None
    failures: Mapping[Node, str] = field(factory=dict)
    watermarks: Mapping[str, date] = field(factory=dict)

    @property
    def profiles(self) -> dict[str, Profile]:
        found = {}
        for source in ("orders", "ads", "plan"):
            days = [day(d) for node, _, d in self.ledger if node.source == source and day(d) <= self.as_of]  # type: ignore[union-attr]
            watermark = self.watermarks.get(source, max(days, default=None))
            stale = self.stale if source == "orders" else None
            found[source] = Profile(source, len(days), min(days, default=None), watermark, stale)
        return found

    def _keys(self, ask: Ask) -> tuple[SliceKey, ...]:
        if not ask.dimensions or not aggregates(ask.node):
            return ((),)
        names = {key for node, key, _ in self.ledger if node in aggregates(ask.node)}
        return ((), *((name,) for name in sorted(names)))

    def _days(self, node: Aggregate, key: SliceKey, window: Window) -> list[float]:
        return [
            amount
            for (one, name, when), amount in self.ledger.items()
            if one == node and (not key or key == (name,)) and day(when) in window and day(when) <= self.as_of
        ]

    def value(self, node: Node, key: SliceKey, window: Window) -> float:
        match node:
            case Aggregate():
                return sum(self._days(node, key, window)) if self._days(node, (), window) else math.nan
            case Constant(value=value):
                return value
            case Combine(op=op, args=args):
                numbers = [self.value(arg, key, window) for arg in args]
                result = numbers[0]
                for other in numbers[1:]:
                    match op:
                        case "+":
                            result += other
                        case "-":
                            result -= other
                        case "*":
                            result *= other
                        case "/":
                            result = result / other if other else math.nan
                return result
            case Shift(node=inner, by=by, count=count):
                earlier = window.shift(-count) if by == "period" else same_last_year(window)
                return self.value(inner, key, earlier)
            case Rolling(node=inner, count=count):
                return sum(self.value(inner, key, window.shift(-n)) for n in range(count)) / count
            case Running(node=inner):
                return self.value(inner, key, Window(date(2026, 9, 1), window.end))
            case Default(node=inner, value=value):
                found = self.value(inner, key, window)
                return value if math.isnan(found) else found
        raise AssertionError(node)

    def grid(self, ask: Ask) -> Grid:
        slices = Slices.of(self._keys(ask))
        values = [[self.value(ask.node, key, window) for window in ask.windows] for key in slices]
        return Grid(slices, ask.windows, np.array([[float(f"{v:.12g}") for v in row] for row in values]))

    def rows(self, ask: Ask) -> Grid:
        slices = Slices.of(self._keys(ask))
        counts = [
            [sum(len(self._days(a, key, w)) for a in aggregates(ask.node)) for w in ask.windows]
            for key in slices
        ]
        return Grid(slices, ask.windows, np.array(counts, dtype=float))

    def why(self, ask: Ask, key: SliceKey, window: Window) -> str:
        assert window in ask.windows
        empty = [a.source for a in aggregates(ask.node) if not self._days(a, (), window)]
        return f"{empty[0]} has no rows in {window}" if empty else "the denominator is 0"

    def failure(self, node: Node) -> Diagnostic | None:
        return Diagnostic("K601", self.failures[node]) if node in self.failures else None


def monthly(
    node: Node, amounts: Mapping[str, float], key: str = "google"
) -> dict[tuple[Node, str, str], float]:
    """One amount on the last day of each month (`2026-03`), or on a day (`2026-03-15`)."""
    return {(node, key, name if len(name) == 10 else str(period(name).end)): v for name, v in amounts.items()}


def hear(one: Kpi, ledger: Ledger, as_of: str, asked: str | None = None, **world: Any) -> Judged:
    """Schedule and judge a KPI."""
    answers = World(ledger, day(as_of), **world)
    schedule = judge.asks(
        one, day(as_of), answers.profiles, CALENDAR, period(asked) if asked else None, sources=SOURCES
    )
    return judge.judge(one, schedule, answers, day(as_of), CALENDAR)


def headline(one: Kpi, ledger: Ledger, as_of: str, **options: Any) -> Verdict:
    return hear(one, ledger, as_of, **options).headline
