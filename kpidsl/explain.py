"""Where a verdict comes from: each part of the formula with its value, its days and its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from kpidsl.diagnostics import Diagnostic, near
from kpidsl.evaluate.tables import Query
from kpidsl.graph import Combine, Constant, Default, Graph, Kpi, Node, Running, Shift, aggregates, children
from kpidsl.model.periods import Window, same_last_year

if TYPE_CHECKING:
    from kpidsl.judge import Schedule
    from kpidsl.project import Outcome
    from kpidsl.results import Ask, Judged, SliceKey, Verdict

_ALIKE = 10_000
"""Among how many slices a similar name is looked for."""


@frozen
class Part:
    """A part of the formula, or of what is promised."""

    node: Node
    name: str | None
    """Of the measure that it is."""
    depth: int
    window: Window
    """The days it is taken over."""
    value: float | None
    rows: int | None
    sources: tuple[str, ...]
    why: str | None
    """Why it has no value."""


@frozen
class Explanation:
    """All that is to be said of one verdict."""

    kpi: Kpi
    verdict: Verdict
    key: SliceKey
    parts: tuple[Part, ...]
    values: Mapping[Node, float | None]
    """Of every part in the window of the verdict: what stands in the formula instead of its name."""
    queries: tuple[Query, ...]


def questions(graph: Graph) -> Callable[[Kpi, Schedule], Iterable[Ask]]:
    """What has to be asked besides, so that each part of a KPI can be shown."""
    named = _names(graph)

    def more(kpi: Kpi, schedule: Schedule) -> Iterable[Ask]:
        if schedule.value is not None:
            for node, _ in _walk(_roots(kpi), named):
                yield evolve(schedule.value, node=node)

    return more


def explain(outcome: Outcome, name: str, slice: Mapping[str, str]) -> Explanation | Diagnostic:
    """The explanation of a KPI's headline, or of one of its slices."""
    kpi = outcome.graph.kpis[name]
    judged = next(j for j in outcome.judged if j.kpi == name)
    verdict: Verdict | Diagnostic = judged.headline
    if slice:
        verdict = _slice(kpi, judged, slice)
    if isinstance(verdict, Diagnostic):
        return verdict
    key = tuple(value for _, value in verdict.slice)
    parts = tuple(_parts(outcome, kpi, verdict, key))
    answers = outcome.answers
    queries = answers.queries if answers is not None else ()
    return Explanation(
        kpi,
        verdict,
        key,
        parts,
        {part.node: part.value for part in parts},
        tuple(queries),
    )


def _slice(kpi: Kpi, judged: Judged, asked: Mapping[str, str]) -> Verdict | Diagnostic:
    crowd = judged.crowd
    dimensions = crowd.dimensions if crowd is not None else ()
    if crowd is not None and set(dimensions) == set(asked):
        for blank in ("", "no {}"):  # rows without a value are also asked for as they are shown: `no channel`
            means = [
                (asked[name], None) if asked[name] == blank.format(name) else (asked[name],)
                for name in dimensions
            ]
            found = next((n for key in product(*means) if (n := crowd.find(key)) is not None), None)
            if found is not None:
                return judged.slices[found]
    said = ", ".join(f"{name}={value}" for name, value in asked.items())
    known = crowd.names(np.arange(min(len(judged.slices), _ALIKE))) if crowd is not None else []
    names_of = zip(*(column.tolist() for column in known), strict=True)
    names = [", ".join(map(_said, dimensions, values)) for values in names_of]
    alike = near(said, names) or names[:10]
    hint = f"slices: {'; '.join(alike)}" if names else f"`{kpi.name}` has no slices; `--by DIM` splits it"
    return Diagnostic("K725", f"`{kpi.name}` has no slice {said}", help=hint, kpi=kpi.name)


def _said(name: str, value: str | None) -> str:
    """As it is written behind `--slice`."""
    return f'{name}="no {name}"' if value is None else f"{name}={value}"


# -- parts -----------------------------------------------------------------------------------------


def _parts(outcome: Outcome, kpi: Kpi, verdict: Verdict, key: SliceKey) -> Iterator[Part]:
    schedule, answers = outcome.schedules.get(kpi.name), outcome.answers
    if schedule is None or schedule.value is None or answers is None or verdict.window is None:
        return
    named = _names(outcome.graph)
    for node, depth in _walk(_roots(kpi), named):
        ask = evolve(schedule.value, node=node)
        value = answers.grid(ask).at(key, verdict.window)
        rows = answers.rows(ask).at(key, verdict.window)
        yield Part(
            node,
            named.get(node),
            depth,
            _taken_over(node, verdict.window, schedule.start),
            value,
            None if rows is None else int(rows),
            tuple(dict.fromkeys(part.source for part in aggregates(node))),
            answers.why(ask, key, verdict.window) if value is None else None,
        )


def _taken_over(node: Node, window: Window, start: date | None) -> Window:
    """The days that a part reads, where they are not those of the verdict."""
    match node:
        case Shift(by="year", count=count):
            for _ in range(count):
                window = same_last_year(window) or window
            return window
        case Shift(count=count):
            return window.shift(-count) or window
        case Running() if start is not None:
            return Window(min(start, window.start), window.end)
        case _:
            return window


def _roots(kpi: Kpi) -> list[Node]:
    bounds = [kpi.promise.bound] if kpi.promise.bound else []
    return [kpi.formula, *(n for b in bounds for n in (b.value, b.high) if n is not None)]


def _names(graph: Graph) -> dict[Node, str]:
    """Measures by what they are; equal nodes are one object, the first name wins."""
    found: dict[Node, str] = {}
    for name, measure in graph.measures.items():
        found.setdefault(measure.node, name)
    return found


def _walk(roots: Iterable[Node], named: Mapping[Node, str]) -> Iterator[tuple[Node, int]]:
    """The parts in the order they are read, each once: what has a name, and what is not plain arithmetic.

    Below a shift or a running total the days are others and a name would have another value there: they
    stay whole.
    """
    seen: set[Node] = set()
    stack = [(root, 0) for root in reversed(list(roots))]
    while stack:
        node, depth = stack.pop()
        if node in seen or isinstance(node, Constant):
            continue
        below = children(node) if isinstance(node, Combine | Default) else ()
        shown = node in named or not below
        seen.add(node)
        if shown:
            yield node, depth
        stack += [(child, depth + shown) for child in reversed(below)]
