"""Why a number moved between two periods: one evaluation, split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from kpidsl.change.asked import split_by, subject, windows_of
from kpidsl.change.notes import promises, reach
from kpidsl.change.results import Change, Windows
from kpidsl.change.slices import Asks, by_slice
from kpidsl.diagnostics import Diagnostic
from kpidsl.effects import (
    split_change,
)
from kpidsl.graph import Aggregate, Graph, Kpi, Node, Promise
from kpidsl.needed import needed
from kpidsl.project import (
    Wish,
    failures,
    reading,
    wish,
)
from kpidsl.specs import (
    Specs,
)

if TYPE_CHECKING:
    from kpidsl.config import Limits
    from kpidsl.evaluate.answer import Evaluated
    from kpidsl.evaluate.watch import Watch


def explain_change(
    specs: Specs,
    name: str,
    between: tuple[str, str],
    *,
    as_of: date | str | None = None,
    by: Sequence[str] = (),
    data: Mapping[str, object] | None = None,
    limits: Limits | None = None,
    watch: Watch | None = None,
) -> Change | tuple[Diagnostic, ...]:
    """The change of a KPI or measure between two periods; or everything that keeps it from being told.

    `by` are dimensions in place of the KPI's own. All numbers come from one evaluation: the formula and the
    parts it is made of, over both periods, in total and by slice.
    """
    from kpidsl.config import UNLIMITED
    from kpidsl.evaluate.watch import Watch

    kpi = subject(specs, name)
    if isinstance(kpi, Diagnostic):
        return (kpi,)
    only = specs.with_graph(evolve(specs.graph, kpis={name: kpi}))
    asked = wish(only, as_of=as_of, by=by, data=data, limits=limits or UNLIMITED, incremental=False)
    windows, wrong = windows_of(specs, between)
    if wrong or not isinstance(asked, Wish):
        return (*(asked if not isinstance(asked, Wish) else ()), *wrong)
    watch = watch or Watch()
    with watch.within(asked.limits.timeout):
        return _explained(specs, split_by(kpi, asked, specs.graph), windows, asked, watch)


def _explained(
    specs: Specs, kpi: Kpi, windows: Windows, asked: Wish, watch: Watch
) -> Change | tuple[Diagnostic, ...]:
    from kpidsl.evaluate.answer import evaluate
    from kpidsl.evaluate.checks import profiles as profiles_of

    bare = evolve(kpi, promise=Promise(kpi.promise.measured), slices=())
    graph = needed(specs.graph, [bare], asked.data)
    asks = Asks(kpi, windows)
    with reading(specs, graph, asked, watch) as session:
        profiles = profiles_of(graph, list(graph.sources), session, asked.as_of)
        answers = evaluate(graph, asks.all(), session, asked.as_of, profiles)
        queries = tuple(session.log)
    told = tuple(failures(profiles, answers, watch))
    if failed := answers.failure(kpi.formula):
        return (failed, *(d for d in told if d != failed))
    named = _named(specs.graph)
    inside = frozenset(named.values()) - {kpi.formula}
    tree = split_change(kpi.formula, asks.pairs(answers), inside.__contains__)
    if tree is None or not all(np.isfinite(part.effect) for part, _ in tree.walk()):
        return (*told, *_no_value(kpi, asks, answers))
    slices, said = by_slice(kpi, asks, answers)
    notes = (*reach(kpi, windows, asked.as_of, profiles), *promises(kpi, profiles), *said)
    return Change(kpi, named, asked.as_of, windows, tree, slices, notes, told, queries)


def _named(graph: Graph) -> dict[str, Node]:
    """Measures, and other KPIs than those that only give a promise to an aggregation."""
    found = {name: measure.node for name, measure in graph.measures.items()}
    kpis = {name: kpi.formula for name, kpi in graph.kpis.items() if not isinstance(kpi.formula, Aggregate)}
    return kpis | found


def _no_value(kpi: Kpi, asks: Asks, answers: Evaluated) -> Iterator[Diagnostic]:
    ask = asks.ask(kpi.formula)
    grid = answers.grid(ask)
    whys = [
        f"no value in {window.label}: {answers.why(ask, (), window)}"
        for window, value in zip(asks.windows, grid.values[0], strict=True)
        if np.isnan(value)
    ]
    yield Diagnostic(
        "K640",
        f"the change of `{kpi.name}` cannot be told: it has {'; it has '.join(whys)}"
        if whys
        else f"the change of `{kpi.name}` cannot be told: its numbers are too large",
        kpi.span,
        help="`--between` takes two periods in which it has a value",
        kpi=kpi.name,
    )
