"""Many sets of rows, each evaluated as if it were alone, by the queries of one.

Such a set is a world. A column of every source, `WORLD`, says whose each row is, and aggregates are asked by
it as by a dimension. The cells that come back are dealt out: each world has a store of its own, with its own
first day and watermark, and all that is said of a period without rows is said of its own rows. What looks
beyond the rows of a slice, identities and accounts, is told apart by the name of the world in front of it. So
there are as many queries for five hundred worlds as for one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate.answer import Evaluated, note_trouble
from kpidsl.evaluate.checks import breach, with_checks
from kpidsl.evaluate.choose import scans
from kpidsl.evaluate.compute import Store
from kpidsl.evaluate.cube import Part
from kpidsl.evaluate.engine import EngineError
from kpidsl.evaluate.faults import failure
from kpidsl.evaluate.people import people_scans
from kpidsl.evaluate.plan import (
    ACCOUNTS,
    IDENTITIES,
    PATHS,
    WINDOWED,
    Columns,
    Demand,
    Partial,
    Scan,
    demands,
    partials,
)
from kpidsl.evaluate.promises import extent_of, key_promise, profile
from kpidsl.evaluate.result import Result, result_of
from kpidsl.evaluate.run import Runner
from kpidsl.evaluate.session import Session
from kpidsl.evaluate.sql import masks_of, profile_sql
from kpidsl.evaluate.stock import daily
from kpidsl.evaluate.tables import Attached
from kpidsl.graph import Aggregate, Graph
from kpidsl.model.rows import Apply, ColumnRef, Row, keys_of
from kpidsl.model.sources import SourceSpec
from kpidsl.model.types import TEXT, Type
from kpidsl.results import Ask, Profile

WORLD = "`world`"
"""A name that no column of a source can have."""

Repeated = Callable[[str, str], tuple[int, str] | None]
"""World and source to how many values of the source's key repeat, and some of them."""


@frozen(eq=False)
class World:
    """A set of rows by its name, the day it is looked at, and what is asked of it."""

    name: str
    as_of: date
    asks: tuple[Ask, ...]
    profiles: Mapping[str, Profile]


def mark(source: str) -> ColumnRef:
    """The column of a source that says whose a row is."""
    return ColumnRef(source, WORLD, TEXT)


def tagged(source: str, row: Row) -> Row:
    """A value that is another one in each world."""
    return Apply("tagged", (mark(source), row), Type("identity", thing=row.type.thing))


# -- what is known of the sources ----------------------------------------------------------------------------


def profiles(
    graph: Graph, session: Session, days: Mapping[str, date], strict: Collection[str], repeated: Repeated
) -> dict[str, dict[str, Profile]]:
    """Of each world the profile of each source, by one query for each source. `days` are those that the
    worlds are looked at; their sources have no rows after them. What sources promise of the days of their
    rows is asked of the `strict` worlds only."""
    runner = Runner(graph, session, max(days.values()))
    found: dict[str, dict[str, Profile]] = {world: {} for world in days}
    for name, spec in graph.sources.items():
        for world, known in _profiled(runner, spec, days, strict, repeated).items():
            found[world][name] = known
    return found


def _profiled(
    runner: Runner, spec: SourceSpec, days: Mapping[str, date], strict: Collection[str], repeated: Repeated
) -> dict[str, Profile]:
    attached = runner.attached(spec.name)
    if attached.failure is not None:
        lost = Profile(spec.name, 0, None, None, None, (attached.failure,))
        return dict.fromkeys(days, lost)
    checks = [check for check in spec.checks if runner.trouble(spec.name, check) is None]
    try:
        by_world = _by_world(runner, attached, spec, checks)
    except EngineError as error:
        lost = Profile(spec.name, 0, None, None, None, (failure(error, spec, attached.engine),))
        return dict.fromkeys(days, lost)
    nothing = by_world.pop("")
    bare = evolve(attached, problems=(), percents=())
    undated = evolve(spec, fresh_days=None, complete=None, volume=None)
    ways = {
        True: _Source(runner.session, bare, spec, checks),
        False: _Source(runner.session, bare, undated, checks),
    }
    empty = {
        (day, held): ways[held].profile(nothing, day, None) for day in set(days.values()) for held in ways
    }
    return {
        world: ways[world in strict].profile(by_world[world], day, repeated(world, spec.name))
        if world in by_world
        else empty[day, world in strict]
        for world, day in days.items()
    }


def _by_world(
    runner: Runner, attached: Attached, spec: SourceSpec, checks: Sequence[Row]
) -> dict[str, dict[str, Any]]:
    """The columns of a profile query for each world, and under no name those of a world without rows."""
    timed = spec.time is not None and spec.time in attached.kinds
    sql = profile_sql(checks, runner.tables(spec.name), timed, apart=WORLD)
    found = runner.session.asked(spec.name, "profile", sql, attached.engine)
    dealt = {
        world: {name: column[rows] for name, column in found.items() if name != "w"}
        for world, rows in _rows_of(found["w"], np.arange(len(found["w"])))
    }
    dealt[""] = {name: column[:0] for name, column in found.items() if name != "w"}
    return dealt


@frozen
class _Source:
    """A source of which profiles are made."""

    session: Session
    attached: Attached
    spec: SourceSpec
    checks: Sequence[Row]

    def profile(self, found: Mapping[str, Any], as_of: date, repeated: tuple[int, str] | None) -> Profile:
        """That of a world; its key is not asked for again."""
        spec = self.spec
        timed = spec.time is not None and spec.time in self.attached.kinds
        seen = extent_of(found, len(self.checks), timed, as_of)
        known = profile(self.session, self.attached, evolve(spec, key=()), as_of, seen)
        if spec.key:
            promise, problem = key_promise(spec, repeated)
            told = (problem,) if problem is not None else ()
            known = evolve(known, promises=(*known.promises, promise), problems=(*known.problems, *told))
        breaches = dict(zip(self.checks, seen.breaches, strict=True))
        broken = [breach(spec, check, count) for check, count in breaches.items() if count]
        return with_checks(known, spec, breaches, {}, broken)


# -- what is asked -------------------------------------------------------------------------------------------


def evaluate(graph: Graph, united: Graph, worlds: Sequence[World], session: Session) -> dict[str, Evaluated]:
    """Answer what is asked of all worlds, by the name of each.

    `graph` is that of the questions; `united` has its sources as they are with the rows of all worlds. An
    aggregate that fails does so for every world: who wants to know which one is at fault asks fewer.
    """
    whole = _whole(worlds)
    runner = Runner(united, session, max(world.as_of for world in worlds), whole)
    failures: dict[Aggregate, Diagnostic] = {}
    different = {(ask.node, ask.dimensions): ask for world in worlds for ask in world.asks}
    for ask in different.values():
        note_trouble(ask, runner, failures)
    wanted = {world.name: demands(world.asks, world.profiles, failures) for world in worlds}
    stores = {world.name: Store(world.profiles) for world in worlds}
    for source, demand in _united(wanted).items():
        dealer = _Dealer(source, whole[source], worlds, {w: own.get(source) for w, own in wanted.items()})
        lost: dict[Part, Diagnostic] = {}
        for scan in _scans(source, demand, whole, runner):
            found, failed = runner.read(scan)
            lost |= failed
            for one, columns in found:
                for world, result in dealer.deal(one, columns):
                    stores[world].add(result)
        if lost:
            failures |= _failed(lost, [own[source] for own in wanted.values() if source in own])
    return {
        world.name: Evaluated(
            graph,
            world.as_of,
            dict(world.profiles),
            tuple(runner.queries),
            stores[world.name],
            failures,
            frozenset(world.asks),
        )
        for world in worlds
    }


def _whole(worlds: Sequence[World]) -> dict[str, Profile]:
    """What is known of the sources with the rows of all worlds."""
    found: dict[str, Profile] = {}
    for world in worlds:
        for name, own in world.profiles.items():
            known = found.setdefault(name, own)
            if known is own:
                continue
            found[name] = evolve(
                known,
                rows=known.rows + own.rows,
                first=min((day for day in (known.first, own.first) if day), default=None),
                watermark=max((day for day in (known.watermark, own.watermark) if day), default=None),
            )
    return found


def _united(wanted: Mapping[str, Mapping[str, Demand]]) -> dict[str, Demand]:
    """What is asked of each source: everything by world, in total and by the dimensions."""
    found: dict[str, Demand] = {}
    for own in wanted.values():
        for source, demand in own.items():
            united = found.setdefault(source, Demand())
            for aggregate, windows in demand.windows.items():
                for columns in dict.fromkeys([(), *demand.sets[aggregate]]):
                    united.add(told_apart(aggregate), windows, (mark(source), *columns))
    return found


def _scans(source: str, demand: Demand, whole: Mapping[str, Profile], runner: Runner) -> list[Scan]:
    guess = partial(runner.estimate, source)
    chosen = scans(
        source, demand, whole[source], runner.dialect(source), guess, None, runner.tables(source).kind
    )
    return [*chosen, *people_scans(source, demand, whole)]


@lru_cache(10_000)
def told_apart(aggregate: Aggregate) -> Aggregate:
    """The aggregate with identities and accounts that are others in each world."""
    if aggregate.function in IDENTITIES | PATHS and aggregate.argument is not None:
        steps = tuple(evolve(step, identity=tagged(step.source, step.identity)) for step in aggregate.then)
        return evolve(aggregate, argument=tagged(aggregate.source, aggregate.argument), then=steps)
    if aggregate.function in ACCOUNTS and aggregate.weight is not None:
        accounts = Apply("keys", (mark(aggregate.source), *keys_of(aggregate.weight)), TEXT)
        return evolve(aggregate, weight=accounts)
    return aggregate


def _failed(lost: Mapping[Part, Diagnostic], demands_: Sequence[Demand]) -> dict[Aggregate, Diagnostic]:
    found: dict[Aggregate, Diagnostic] = {}
    for aggregate in dict.fromkeys(a for demand in demands_ for a in demand.windows):
        told = told_apart(aggregate)
        needed: tuple[Part, ...] = (told, Partial("rows", None, None), *partials(told))
        broken = next((lost[part] for part in needed if part in lost), None)
        if broken is not None:
            found[aggregate] = broken
    return found


# -- dealt out -----------------------------------------------------------------------------------------------


class _Dealer:
    """Deals the rows of an answer on one source out to the worlds."""

    def __init__(
        self, source: str, whole: Profile, worlds: Sequence[World], wanted: Mapping[str, Demand | None]
    ) -> None:
        self._mark = mark(source)
        self._whole = whole
        self._profiles = {world.name: world.profiles[source] for world in worlds if wanted[world.name]}
        self._parts = {world: _parts(demand) for world, demand in wanted.items() if demand is not None}

    def deal(self, scan: Scan, columns: Mapping[str, Any]) -> Iterator[tuple[str, Result]]:
        """What each world has of an answer, one result for each set of dimensions."""
        places = {ref: f"d{n}" for n, ref in enumerate(scan.dimensions())}
        several = scan.kind in WINDOWED or len(scan.sets) > 1
        marks: Sequence[int] = range(len(scan.sets)) if scan.kind in WINDOWED else masks_of(scan)
        for number, refs in zip(marks, scan.sets, strict=True):
            if self._mark not in refs:
                continue
            rows = np.arange(len(columns["b"]))
            if several:
                rows = np.flatnonzero(np.asarray(columns["g"]).astype(np.int64) == number)
            kept = {ref: places[ref] for ref in refs if ref != self._mark}
            every: tuple[Part, ...] = scan.parts()
            asked_for = {part: n for n, part in enumerate(every)}
            for world, own in _rows_of(columns[places[self._mark]], rows):
                result = self._result(world, scan, columns, own, kept, asked_for)
                if result is not None:
                    yield world, result

    def _result(
        self,
        world: str,
        scan: Scan,
        columns: Mapping[str, Any],
        rows: NDArray[np.int64],
        kept: Mapping[ColumnRef, str],
        asked_for: Mapping[Part, int],
    ) -> Result | None:
        """The cells of one world; of the parts of a scan those that it asked for, by their own names."""
        if world not in self._parts:
            return None
        dims: Columns = tuple(kept)
        found: dict[str, Any] = {"b": columns["b"][rows], "g": np.zeros(len(rows), np.int64)}
        found |= {f"d{n}": columns[kept[ref]][rows] for n, ref in enumerate(dims)}
        one = evolve(scan, sets=(dims,), totals=())
        if scan.kind in ("cube", "distinct"):  # parts are put together from what all of them share
            found |= {name: column[rows] for name, column in columns.items() if name[0] in "vm"}
            return result_of(one, found)
        own = {asked_for[told]: part for told, part in self._parts[world].items() if told in asked_for}
        if not own:
            return None
        order = sorted(own)
        found |= {f"v{k}": columns[f"v{n}"][rows] for k, n in enumerate(order)}
        one = one.only([own[n] for n in order])
        if scan.kind == "stock":
            one = self._by_own_days(world, one, found)
        return result_of(one, found)

    def _by_own_days(self, world: str, scan: Scan, found: dict[str, Any]) -> Scan:
        """A mean over days is one over the days that the world has data of: its buckets are these."""
        whole, own = self._whole, self._profiles[world]
        grid = scan.buckets
        if not (whole.first and whole.watermark and own.first and own.watermark and grid):
            return scan
        if grid != daily(whole.first, whole.watermark):
            return scan
        days = daily(own.first, own.watermark)
        since, until = np.divmod(np.asarray(found["b"]).astype(np.int64), len(grid.edges))
        skipped, last = (own.first - whole.first).days, len(days.edges) - 1
        found["b"] = (since - skipped) * len(days.edges) + np.minimum(until - skipped, last)
        return evolve(scan, buckets=days)


def _parts(demand: Demand) -> dict[Part, Part]:
    """The parts that answer a demand as all worlds were asked for them, and as this one asks."""
    found: dict[Part, Part] = {}
    for aggregate in demand.windows:
        told = told_apart(aggregate)
        found[told] = aggregate
        found |= dict(zip(partials(told), partials(aggregate), strict=True))
        for kept in (None, aggregate.filter):
            found[Partial("rows", None, kept)] = Partial("rows", None, kept)
    return found


def _rows_of(whose: Any, rows: NDArray[np.int64]) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """The worlds in a column, each with those of the rows that are its own."""
    rows = rows[~np.ma.getmaskarray(whose)[rows]]
    names, codes = np.unique(np.ma.getdata(whose)[rows].astype(str), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(names) + 1))
    for n, name in enumerate(names.tolist()):
        yield name, rows[order[ends[n] : ends[n + 1]]]
