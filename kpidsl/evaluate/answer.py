"""The way in: questions and a session to answers."""

from __future__ import annotations

from collections.abc import (
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import date
from functools import partial

import numpy as np
from attrs import define, field

from kpidsl.diagnostics import Diagnostic
from kpidsl.digits import twelve
from kpidsl.evaluate.choose import scans
from kpidsl.evaluate.compute import MANY_VALUES, Frame, Store, spread
from kpidsl.evaluate.people import people_scans
from kpidsl.evaluate.plan import (
    ACCOUNTS,
    IDENTITIES,
    TOUCHES,
    Columns,
    Partial,
    columns_for,
    demands,
    looks,
    partials,
)
from kpidsl.evaluate.rollup import Floats
from kpidsl.evaluate.run import Runner
from kpidsl.evaluate.session import Session
from kpidsl.evaluate.tables import Query
from kpidsl.evaluate.why import reason
from kpidsl.graph import (
    Aggregate,
    Graph,
    Node,
    Rolling,
    Running,
    Shift,
    aggregates,
    rows_of,
    sources_of,
    walk,
)
from kpidsl.model.periods import Window
from kpidsl.model.rows import Row
from kpidsl.results import (
    Ask,
    Grid,
    Profile,
    windows_of,
)
from kpidsl.slices import SliceKey, Slices, merged


def evaluate(
    graph: Graph, asks: Sequence[Ask], session: Session, as_of: date, profiles: Mapping[str, Profile]
) -> Evaluated:
    """Answer everything at once, with a few queries per source.

    `profiles` are those of the sources (`kpidsl.evaluate.checks.profiles`), made for the same as-of.
    Nothing raises for faults of specs and data: `failure` tells them. An interrupt goes through.
    """
    runner = Runner(graph, session, as_of, profiles)
    store = Store(profiles)
    failures: dict[Aggregate, Diagnostic] = {}
    for ask in dict.fromkeys(asks):
        note_trouble(ask, runner, failures)
    planned = []
    for source, demand in demands(asks, profiles, failures).items():
        dialect = runner.dialect(source)
        guess = partial(runner.estimate, source)
        keep = runner.keeps(source)
        kind = runner.tables(source).kind
        chosen = scans(source, demand, profiles[source], dialect, guess, keep, kind)
        planned.append((demand, [*chosen, *people_scans(source, demand, profiles)]))
    progress = session.watch.progress
    progress.begin("aggregating", [profiles[scan.source].rows for _, several in planned for scan in several])
    for demand, several in planned:
        lost: dict[Partial | Aggregate, Diagnostic] = {}
        for scan in several:
            with progress.part(scan.source, profiles[scan.source].rows, once=True):
                results, failed = runner.run(scan)
            lost |= failed
            for result in results:
                store.add(result)
        for aggregate in demand.windows if lost else ():
            needed = (aggregate, Partial("rows", None, None), *partials(aggregate))
            broken = next((lost[part] for part in needed if part in lost), None)
            if broken is not None:
                failures[aggregate] = broken
    return Evaluated(graph, as_of, dict(profiles), tuple(runner.queries), store, failures, frozenset(asks))


def note_trouble(ask: Ask, runner: Runner, failures: dict[Aggregate, Diagnostic]) -> None:
    """Note which aggregates of an ask cannot be read."""
    for aggregate in aggregates(ask.node):
        if aggregate in failures:
            continue
        columns: Columns = columns_for(ask.dimensions, aggregate.source) or ()
        rows: dict[str, list[Row]] = {name: [] for name in sources_of(aggregate)}
        for name, row in (*rows_of(aggregate), *((aggregate.source, ref) for ref in columns)):
            rows[name].append(row)
        troubles = (runner.unusable(name) or runner.trouble(name, *read) for name, read in rows.items())
        trouble = next((found for found in troubles if found is not None), None)
        if trouble is not None:
            failures[aggregate] = trouble


@define
class Evaluated:
    """The answers, all computed from what was read once. Implements `kpidsl.results.Answers`."""

    graph: Graph
    as_of: date
    profiles: dict[str, Profile]
    queries: tuple[Query, ...]
    """The scans that were run."""
    _store: Store
    _failures: Mapping[Aggregate, Diagnostic]
    _asks: frozenset[Ask]
    _grids: dict[Ask, Grid] = field(factory=dict, init=False)
    _slices: dict[frozenset[object], Slices] = field(factory=dict, init=False)

    def also(self, asks: Iterable[Ask]) -> None:
        """Let further questions be answered, of which every aggregate was asked for over their windows and
        in their slices: nothing is read again."""
        self._asks |= frozenset(asks)

    def total(self, node: Node, like: Ask, window: Window) -> float | None:
        """The value in total of a node whose aggregates were asked for by `like`, in one of its windows; not
        rounded, and not kept."""
        if self.failure(node):
            return None
        ask = Ask(node, (window,), (), like.start)
        value = float(self._store.values(node, ask.windows, Frame(ask, Slices()))[0, 0])
        return None if np.isnan(value) else value

    def grid(self, ask: Ask) -> Grid:
        """The values; NaN everywhere when a source failed. KeyError for what was not asked."""
        if ask not in self._asks:
            raise KeyError(f"not asked: {ask}")
        if ask not in self._grids:
            slices = self.slices(ask)
            shape = (len(slices), len(ask.windows))
            if self.failure(ask.node):
                values = np.full(shape, np.nan)
            else:
                values = self._store.values(ask.node, ask.windows, Frame(ask, slices))
                values = values if isinstance(ask.node, Aggregate) else twelve(values)  # it is so already
            if values.size > MANY_VALUES:
                return Grid(slices, ask.windows, values)
            self._grids[ask] = Grid(slices, ask.windows, values)
        return self._grids[ask]

    def slices(self, ask: Ask) -> Slices:
        """The total, then every slice with rows of a source, up to as-of, in a window that the ask looks
        at."""
        if not ask.dimensions or self.failure(ask.node):
            return Slices()
        seen = {
            (a.source, columns_for(ask.dimensions, a.source), windows_of(windows))
            for a, windows in looks(ask, self.profiles).items()
        }
        at = frozenset([*seen, *(a for a in aggregates(ask.node) if a.function in ACCOUNTS)])
        if at not in self._slices:
            found = []
            for source, columns, windows in seen:
                if columns is not None:
                    keys, rows = self._store.rows(source, Partial("rows", None, None), columns, windows)
                    found.append(keys.only(rows.sum(axis=1) > 0))
            found += self._elsewhere(ask)
            self._slices[at] = merged(found)
        return self._slices[at]

    def _elsewhere(self, ask: Ask) -> Iterator[Slices]:
        """The slices of what rows of other windows put into a slice: touches before, identities that are
        gone, levels that are carried on."""
        for aggregate, windows in looks(ask, self.profiles).items():
            columns = columns_for(ask.dimensions, aggregate.source)
            if columns and aggregate.function in IDENTITIES | TOUCHES:
                keys, values = self._store.exactly(aggregate, columns, windows)
                there = self._store.readable(aggregate, windows) & (np.nan_to_num(values) != 0)
                yield keys.only(there.any(axis=1))
            elif columns and aggregate.function in ACCOUNTS:
                yield self._store.held(aggregate, columns, windows)

    def rows(self, ask: Ask) -> Grid:
        """How many rows, filters applied, went into each value; rows that serve several aggregates count
        once."""
        slices = self.slices(ask)
        out = np.zeros((len(slices), len(ask.windows)))
        if self.failure(ask.node):
            return Grid(slices, ask.windows, out)
        if _moves(ask.node) or len(set(ask.windows)) < len(ask.windows):
            for n, window in enumerate(ask.windows):
                single = Ask(ask.node, (window,), ask.dimensions, ask.start)
                for source, kept, windows in self._read(single):
                    found = self._rows(source, kept, windows, ask, slices)
                    out[:, n] += found.sum(axis=1)
        else:
            for source, kept, windows in self._read(ask):
                out += self._rows(source, kept, windows, ask, slices)
        return Grid(slices, ask.windows, out)

    def _rows(
        self, source: str, kept: Partial, windows: tuple[Window, ...], ask: Ask, slices: Slices
    ) -> Floats:
        """The rows of one filter in the slices x windows: in total, and of a source that can be split so by
        slice."""
        out = np.zeros((len(slices), len(windows)))
        columns = columns_for(ask.dimensions, source)
        if columns:
            keys, found = self._store.rows(source, kept, columns, windows)
            out = spread(found, self._store.places(keys, slices), 0.0)
        out[0] = self._store.rows(source, kept, (), windows)[1][0]
        return out

    def _read(self, ask: Ask) -> set[tuple[str, Partial, tuple[Window, ...]]]:
        """The filters whose rows are read for an ask, and the windows that they are read in."""
        return {
            (a.source, Partial("rows", None, a.filter), windows_of(windows))
            for a, windows in looks(ask, self.profiles).items()
        }

    def why(self, ask: Ask, key: SliceKey, window: Window) -> str:
        """Why there is no value there, as a clause: `ads has no rows in 2026-05`, `leads is 0`."""
        broken = self.failure(ask.node)
        if broken:
            return broken.message
        known = self._grids.get(ask)
        slices = known.slices if known is not None and key in known.slices else Slices.of([key])
        return reason(self.graph, self._store, Frame(ask, slices), key, window)

    @property
    def lost(self) -> tuple[Diagnostic, ...]:
        """Why aggregates have no value, each reason once."""
        return tuple({id(why): why for why in self._failures.values()}.values())

    def failure(self, node: Node) -> Diagnostic | None:
        """Why nothing can be said of a node at all."""
        if not self._failures:
            return None
        return next((self._failures[a] for a in aggregates(node) if a in self._failures), None)


def _moves(node: Node) -> bool:
    """Whether a formula looks at other windows than those that it is asked for."""
    return any(isinstance(one, Shift | Running | Rolling) for one in walk(node))
