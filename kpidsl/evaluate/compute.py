"""Values from cells: aggregates finished, formulas on arrays of slices x windows. NaN is no value.

A slice that a source lacks follows *no value is not zero*: where the source has rows in the window its sums
and counts are 0, everything else has no value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from kpidsl.digits import cleared, twelve
from kpidsl.evaluate import stock
from kpidsl.evaluate.plan import (
    ACCOUNTS,
    EXACT,
    STOCK,
    TOUCHES,
    Columns,
    Partial,
    columns_for,
    partials,
    read_over,
    start_of,
    steps,
)
from kpidsl.evaluate.result import Result
from kpidsl.evaluate.rollup import Floats, Indexes
from kpidsl.evaluate.windows import looked_at, shifted, since
from kpidsl.graph import (
    Aggregate,
    Assumed,
    Combine,
    Constant,
    Default,
    Node,
    Rolling,
    Running,
    Share,
    Shift,
    Told,
    Unknown,
    sources_of,
)
from kpidsl.model.periods import Window
from kpidsl.results import Ask, Profile
from kpidsl.slices import Slices, merged

Windows = tuple[Window, ...]

_COUNTED = (
    frozenset(("sum", "count", "count distinct", "new", "returning", "retained", "churned", "converted"))
    | TOUCHES
    | ACCOUNTS
)
"""Aggregates of which a slice without rows is 0."""
_CANCELLED = 0.1
"""A sum below this part of its greater operand has lost digits at its front."""
_INEXACT = 1e-14
"""More than what a few operations on floats are wrong by, as a part of the greatest number among them."""
MANY_VALUES = 2_000_000
"""Larger arrays are not all kept, but worked out again when they are asked for again."""
_KEPT = 60_000_000
"""Values in large arrays that are kept."""


@frozen
class Frame:
    """Where values are wanted: by which dimensions, in which slices (the total first), running totals from
    when."""

    ask: Ask
    slices: Slices


@define
class Store:
    """Everything that the engine returned, by what answers it."""

    profiles: Mapping[str, Profile]
    merged: dict[tuple[str, Partial], list[Result]] = field(factory=dict)
    exact: dict[Aggregate, list[Result]] = field(factory=dict)
    _memo: dict[object, Floats] = field(factory=dict)
    _kept: dict[object, Floats] = field(factory=dict)
    _places: dict[tuple[int, int], tuple[Slices, Slices, Indexes]] = field(factory=dict)
    _has_rows: dict[tuple[str, Windows], NDArray[np.bool_]] = field(factory=dict)

    def add(self, result: Result) -> None:
        """Make the parts of a result findable."""
        for partial in result.scan.partials:
            self.merged.setdefault((result.scan.source, partial), []).append(result)
        for aggregate in result.scan.aggregates:
            self.exact.setdefault(aggregate, []).append(result)

    # -- rows --

    def result(self, source: str, partial: Partial, columns: Columns, windows: Windows) -> Result | None:
        """The scan that was asked for a partial by these columns over these windows, the one with the fewest
        cells."""
        able = [r for r in self.merged.get((source, partial), ()) if r.answers(columns, windows)]
        if len(able) == 1:
            return able[0]
        return min(able, key=lambda result: len(result.cells(columns).buckets), default=None)

    def rows(self, source: str, kept: Partial, columns: Columns, windows: Windows) -> tuple[Slices, Floats]:
        """How many rows pass a filter, by slice and window."""
        result = self.result(source, kept, columns, windows)
        if result is None:
            return Slices(), np.zeros((1, len(windows)))
        targets = result.targets(columns, windows)
        return targets.keys, targets.sum(result.cells(columns).data[kept])

    def has_rows(self, source: str, windows: Windows) -> NDArray[np.bool_]:
        """1 x windows: whether the source, unfiltered and unsliced, has rows at all."""
        at = (source, windows)
        if at not in self._has_rows:
            _, found = self.rows(source, Partial("rows", None, None), (), windows)
            self._has_rows[at] = np.asarray(found > 0)
        return self._has_rows[at]

    def readable(self, node: Aggregate, windows: Windows) -> NDArray[np.bool_]:
        """1 x windows: whether every source has rows where the aggregate looks for them."""
        found = np.ones((1, len(windows)), np.bool_)
        for source in sources_of(node):
            spans = [read_over(node, source, window) for window in windows]
            if not any(spans):
                continue
            every = tuple(dict.fromkeys(span for several in spans for span in several))
            there = dict(zip(every, self.has_rows(source, every)[0], strict=True))
            found &= [[all(there[span] for span in several) for several in spans]]
        return found

    # -- nodes --

    def values(self, node: Node, windows: Windows, frame: Frame) -> Floats:
        """Slices x windows of a node."""
        found = self._memo.get(self._place(node, windows, frame))
        if found is not None:
            return found
        needed = [
            (below, looked, self._place(below, looked, frame))
            for below, looked in steps(frame.ask, node, windows, self.profiles)
        ]
        for below, looked, at in needed:
            if at in self._kept:
                self._memo[at] = self._kept[at]
            if at not in self._memo:
                with np.errstate(all="ignore"):
                    values = self._values(below, looked, frame)
                self._memo[at] = np.where(np.isfinite(values), values, np.nan)
        found = self._memo[self._place(node, windows, frame)]
        if found.size > MANY_VALUES:
            for below, _, at in needed:
                values = self._memo.pop(at)
                if isinstance(below, Aggregate):
                    self._keep(at, values)
        return found

    def _keep(self, at: object, values: Floats) -> None:
        """Large arrays of aggregates, which formulas share; the oldest go."""
        self._kept.pop(at, None)
        self._kept[at] = values
        while sum(each.size for each in self._kept.values()) > _KEPT:
            del self._kept[next(iter(self._kept))]

    @staticmethod
    def _place(node: Node, windows: Windows, frame: Frame) -> object:
        return node, windows, frame.ask.dimensions, frame.ask.start, frame.slices

    def _values(self, node: Node, windows: Windows, frame: Frame) -> Floats:
        shape = (len(frame.slices), len(windows))
        match node:
            case Aggregate():
                return self._aggregate(node, windows, frame)
            case Constant(value=value):
                return np.full(shape, value)
            case Combine(op=op, args=args):
                return combine(op, [self.values(arg, windows, frame) for arg in args])
            case Default(node=inner, value=value):
                found = self.values(inner, windows, frame)
                return np.where(np.isnan(found), value, found)
            case Told(node=inner):
                found = self.values(inner, windows, frame)
                return np.where(self._kept_rows(inner, windows, frame) > 0, found, np.nan)
            case Share(node=inner):
                found = self.values(inner, windows, frame)
                return combine("/", [found, np.broadcast_to(found[:1], shape)])
            case Shift(node=inner):
                below = looked_at(node, windows, None)
                return self._elsewhere(inner, [shifted(node, w) for w in windows], below, frame)
            case Running(node=inner):
                return self._running(node, inner, windows, frame)
            case Unknown():
                return np.full(shape, np.nan)
            case Assumed():
                return self._assumed(node, windows, frame)
            case Rolling(node=inner, count=count):
                below = looked_at(node, windows, None)
                parts = [
                    self._elsewhere(inner, [w.shift(-n) for w in windows], below, frame) for n in range(count)
                ]
                return np.asarray(np.sum(parts, axis=0) / count)

    def _elsewhere(self, node: Node, wanted: Sequence[Window | None], below: Windows, frame: Frame) -> Floats:
        """A node over other windows than those asked, all of them among `below`; NaN where there is none."""
        out = np.full((len(frame.slices), len(wanted)), np.nan)
        if below:
            found = self.values(node, below, frame)
            place = {window: n for n, window in enumerate(below)}
            there = [n for n, window in enumerate(wanted) if window is not None]
            out[:, there] = found[:, [place[window] for window in wanted if window is not None]]
        return out

    def _assumed(self, node: Assumed, windows: Windows, frame: Frame) -> Floats:
        """The data before the first day, what is assumed from there on."""
        known, found = self.values(node.node, windows, frame), self.values(node.value, windows, frame)
        if node.spread and len(found) > 1:
            parts = combine("/", [known, np.broadcast_to(known[:1], known.shape)])
            found = np.concatenate([found[:1], found[:1] * parts[1:]])
        before = [node.since is not None and window.end < node.since for window in windows]
        return np.where(before, known, found)

    def _running(self, node: Running, inner: Node, windows: Windows, frame: Frame) -> Floats:
        start: date | None = start_of(frame.ask, node, self.profiles)
        below = looked_at(node, windows, start)
        return self._elsewhere(inner, [since(window, start) for window in windows], below, frame)

    def _aggregate(self, node: Aggregate, windows: Windows, frame: Frame) -> Floats:
        """An aggregate in the slices of the frame, whether its source has them or not."""
        if node.function in ACCOUNTS:
            has_rows = stock.known(node, windows, self.profiles[node.source])
        else:
            has_rows = self.readable(node, windows)
        columns = columns_for(frame.ask.dimensions, node.source)
        total = np.full(len(windows), np.nan)
        out = np.full((len(frame.slices), len(windows)), np.nan)
        for wanted in dict.fromkeys([(), columns]):
            if wanted is None:
                continue
            keys, found = (
                self.exactly(node, wanted, windows)
                if node.function in EXACT
                else self._merged(node, wanted, windows)
            )
            empty = 0.0 if node.function in _COUNTED else np.nan
            if not wanted:
                total = found[0] if len(found) else np.full(len(windows), empty)
            elif len(frame.slices) > 1:
                out = found if keys is frame.slices else spread(found, self.places(keys, frame.slices), empty)
        out[0] = total
        return twelve(out if has_rows.all() else np.where(has_rows, out, np.nan))

    def _kept_rows(self, node: Aggregate, windows: Windows, frame: Frame) -> Floats:
        """How many rows an aggregate has of each slice."""
        out = np.zeros((len(frame.slices), len(windows)))
        kept, columns = Partial("rows", None, node.filter), columns_for(frame.ask.dimensions, node.source)
        if columns:
            keys, found = self.rows(node.source, kept, columns, windows)
            out = spread(found, self.places(keys, frame.slices), 0.0)
        out[0] = self.rows(node.source, kept, (), windows)[1][0]
        return out

    def places(self, keys: Slices, wanted: Slices) -> Indexes:
        """Where the slices that are wanted are among those that are known, -1 where they are not."""
        at = (id(keys), id(wanted))
        if at not in self._places:
            self._places[at] = keys, wanted, keys.places(wanted)
        return self._places[at][2]

    def held(self, node: Aggregate, columns: Columns, windows: Windows) -> Slices:
        """The slices that have a level in a window, with or without rows in it."""
        result = self.result(node.source, partials(node)[0], columns, windows)
        if result is None or node.function not in ACCOUNTS:
            return Slices()
        keys, _, count = stock.levels(node, result, columns, windows)
        known = stock.known(node, windows, self.profiles[node.source])
        return keys.only(np.asarray(((count > 0) & known).any(axis=1)))

    def _stock(self, node: Aggregate, columns: Columns, windows: Windows) -> tuple[Slices, Floats]:
        if node.function in ACCOUNTS:
            result = self.result(node.source, partials(node)[0], columns, windows)
            if result is None:
                return Slices(), np.zeros((0, len(windows)))
            return stock.levels(node, result, columns, windows)[:2]
        able = [
            result
            for result in self.merged.get((node.source, partials(node)[0]), ())
            if result.answers(columns, windows)
        ]
        if not able:
            return Slices(), np.zeros((0, len(windows)))
        return stock.mean_of_last(node, able, columns, windows)

    def _merged(self, node: Aggregate, columns: Columns, windows: Windows) -> tuple[Slices, Floats]:
        if node.function in STOCK:
            return self._stock(node, columns, windows)
        parts = partials(node)
        found = self._results(node.source, parts, columns, windows)
        if len(found) < len(parts):
            return Slices(), np.zeros((0, len(windows)))
        targets = found[0].targets(columns, windows)
        x = [result.cells(columns).data[part] for result, part in zip(found, parts, strict=True)]
        match node.function:
            case "sum" | "count":
                return targets.keys, targets.sum(x[0])
            case "min" | "max" as op:
                return targets.keys, targets.extreme(x[0], op)
            case "first" | "last" as end:
                return targets.keys, targets.level(x[0], x[1], end)
            case "standard deviation":
                return targets.keys, targets.deviation(*x)
            case _:  # average, weighted average, share
                above, below = (
                    result.targets(columns, windows).sum(values)
                    for result, values in zip(found, x, strict=True)
                )
                # what is too large a number to be divided by is no divisor: it would make zeros
                return targets.keys, combine("/", [above, np.where(np.isinf(below), np.nan, below)])

    def _results(
        self, source: str, parts: Sequence[Partial], columns: Columns, windows: Windows
    ) -> list[Result]:
        """The scan that has all parts of an aggregate; else one for each, of those that were found."""
        last = self.result(source, parts[-1], columns, windows)
        if last is not None and last.parts.issuperset(parts):
            return [last] * len(parts)
        each = [self.result(source, part, columns, windows) for part in parts]
        return [result for result in each if result is not None]

    def exactly(self, node: Aggregate, columns: Columns, windows: Windows) -> tuple[Slices, Floats]:
        """What one query found for each window; several queries have different windows."""
        results = [result for result in self.exact.get(node, ()) if columns in result.scan.sets]
        known = [(result.exactly(columns), result) for result in results]
        keys = merged([cells.keys for cells, _ in known])
        out = np.full((len(keys), len(windows)), 0.0 if node.function in _COUNTED else np.nan)
        for cells, result in known:
            moved = self.places(keys, cells.keys)
            for bucket, at in _homes(result, windows).items():
                low, high = np.searchsorted(cells.buckets, [bucket, bucket + 1])
                for w in at:
                    out[moved[cells.slices[low:high]], w] = cells.data[node][low:high]
        return keys, out


def spread(found: Floats, places: Indexes, empty: float) -> Floats:
    """The rows at some places, `empty` where there is none."""
    if not len(found):
        return np.full((len(places), found.shape[1]), empty)
    out = np.asfortranarray(found[places])
    out[places < 0] = empty
    return out


def _homes(result: Result, windows: Windows) -> dict[int, list[int]]:
    """Bucket of an exact scan to the positions of the windows with its days."""
    home: dict[tuple[date, date], int] = {}
    for n, window in enumerate(result.scan.windows):
        low, high = result.scan.buckets_of(n)
        if high > low:
            home[window.start, window.end] = low
    found: dict[int, list[int]] = {}
    for n, window in enumerate(windows):
        if (window.start, window.end) in home:
            found.setdefault(home[window.start, window.end], []).append(n)
    return found


def combine(op: str, args: Sequence[Floats]) -> Floats:
    """Arithmetic on arrays; no value where an operand has none, where a divisor is 0 and where it
    overflows."""
    first, *others = args
    match op:
        case "neg":
            return -first
        case "abs":
            return np.abs(first)
        case "round":
            return _rounded(first, others[0] if others else np.zeros_like(first))
        case _:
            for other in others:
                first = _two(op, first, other)
            return first


def _two(op: str, a: Floats, b: Floats) -> Floats:
    match op:
        case "+":
            return _added(a, b)
        case "-":
            return _added(a, -b)
        case "*":
            return a * b
        case "/":
            with np.errstate(all="ignore"):
                return np.where(b == 0, np.nan, a / np.where(b == 0, 1.0, b))
    raise ValueError(f"`{op}` is no operation on results")


def _added(a: Floats, b: Floats) -> Floats:
    """The sum. Where numbers cancel out, what is left loses the digits that are only their floats'
    inexactness, so that 0.3 less 0.1 less 0.2 is nothing, and not below it."""
    found = np.asarray(a + b)
    greatest = np.maximum(np.abs(a), np.abs(b))
    cancelled = np.abs(found) < _CANCELLED * greatest
    if cancelled.any():
        left, of = found[cancelled], greatest[cancelled]
        found[cancelled] = np.where(np.abs(left) <= _INEXACT * of, 0.0, cleared(left, of))
    return found


def _rounded(x: Floats, digits: Floats) -> Floats:
    """Half away from zero, as people round; 12 digits first, so that 2.675 is what it looks like."""
    scale = 10.0**digits
    scaled = twelve(np.abs(x) * scale)
    return np.copysign(np.floor(scaled + 0.5) / scale, x)
