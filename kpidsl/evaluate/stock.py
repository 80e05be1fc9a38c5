"""Stock levels: what is known last of each account, carried forward, and means over days.

A row tells the level of its account from its day on, until the account has a later row. `STOCK` scans read
for each account the last rows of every bucket, and the bucket of its next ones: a cell is the sum of levels
that hold from one bucket up to another. A level at the end of a day is the sum of the cells that hold then, a
mean over days weighs each cell with the days it holds: nothing is ever subtracted, so that what is nothing
is exactly 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from kpidsl.evaluate.plan import ACCOUNTS, Cluster, Columns, Demand, Scan, largest, partials
from kpidsl.evaluate.result import Result
from kpidsl.evaluate.rollup import Floats, Indexes
from kpidsl.evaluate.windows import Buckets, buckets
from kpidsl.graph import Aggregate
from kpidsl.model.periods import Window
from kpidsl.model.rows import Row
from kpidsl.results import Profile
from kpidsl.slices import Slices

_DAY = timedelta(days=1)
_DAYS_AT_ONCE = 62
"""Arrays of levels by day are made for so many days at a time."""


# -- what to read --------------------------------------------------------------------------------------------


def stock_scans(source: str, demand: Demand, profile: Profile) -> list[Scan]:
    """A scan for each column of levels and its accounts, one for the last levels of all days."""
    first, last = profile.first, profile.watermark
    if first is None or last is None:
        return []
    together: dict[tuple[Row | None, Row | None], list[Aggregate]] = {}
    by_day = Cluster({}, {}, {})
    for node, windows in demand.windows.items():
        if node.function in ACCOUNTS:
            together.setdefault((node.argument, node.weight), []).append(node)
        elif node.function == "average last":
            of_node = Cluster(windows, demand.sets[node], dict.fromkeys(partials(node)))
            by_day = by_day.union(of_node)
    found = [_accounts(source, nodes, demand, first, last) for nodes in together.values()]
    found.append(_of_days(source, by_day, first, last) if by_day.partials else None)
    return [scan for scan in found if scan is not None]


def _accounts(
    source: str, nodes: Sequence[Aggregate], demand: Demand, first: date, last: date
) -> Scan | None:
    windows = dict.fromkeys(window for node in nodes for window in demand.windows[node])
    columns = dict.fromkeys(columns for node in nodes for columns in demand.sets[node])
    if any(node.function == "average closing" for node in nodes):
        grid: Buckets | None = daily(first, last)
    else:
        ends = {_level_day(node, window) for node in nodes for window in demand.windows[node]}
        start = first.replace(day=1)  # so that the ends of months make months
        grid = buckets((Window(start, end) for end in sorted(ends) if end >= first), first, last)
    if grid is None:
        return None
    end = min(last, grid.edges[-1] - _DAY, max(window.end for window in windows))  # no row beyond the buckets
    if end < first:
        return None
    asked = tuple(dict.fromkeys(part for node in nodes for part in partials(node)))
    return Scan(
        source, "stock", (Window(first, end),), largest(columns), grid, tuple(windows), partials=asked
    )


def _of_days(source: str, cluster: Cluster, first: date, last: date) -> Scan | None:
    inside = [w for w in cluster.windows if w.start <= last and first <= w.end]
    if not inside:
        return None
    days = Window(max(first, min(w.start for w in inside)), min(last, max(w.end for w in inside)))
    whole = Scan(source, "ends", (days,), largest(cluster.columns), daily(first, last))
    return evolve(whole, windows=tuple(cluster.windows), partials=tuple(cluster.partials))


def daily(first: date, last: date) -> Buckets:
    """A bucket for each day from the first to the last."""
    edges = tuple(first + n * _DAY for n in range((last - first).days + 2))
    return Buckets("day", 1, edges, first, last)


def _level_day(node: Aggregate, window: Window) -> date:
    """The day at whose end a level is told: for `opening`, the one before the window."""
    return window.start - _DAY if node.function == "opening" else window.end


# -- what it says --------------------------------------------------------------------------------------------


def known(node: Aggregate, windows: Sequence[Window], profile: Profile) -> NDArray[np.bool_]:
    """1 x windows: whether there is a level. There is none before the first row of the source; a mean over
    days has none after the last one, either."""
    first, last = profile.first, profile.watermark
    if first is None or last is None:
        return np.zeros((1, len(windows)), np.bool_)
    over_days = node.function == "average closing"
    told = [
        first <= _level_day(node, window) and (not over_days or window.start <= last) for window in windows
    ]
    return np.array([told], np.bool_)


def levels(
    node: Aggregate, result: Result, columns: Columns, windows: Sequence[Window]
) -> tuple[Slices, Floats, Floats]:
    """The slices, the level in each slice and window, and how many cells it is of."""
    grid, (part,) = result.scan.buckets, partials(node)
    assert grid is not None
    cells = result.cells(columns)
    targets = cells.targets(columns, ((0, len(cells.buckets)),))
    since, until = np.divmod(cells.buckets, len(grid.edges))
    values = cells.data[part]
    there = ~np.isnan(values)
    out = np.zeros((2, len(windows), len(targets.keys)))
    for n, window in enumerate(windows):
        days, whole = _held(node, window, grid, since, until)
        held = np.flatnonzero((days > 0) & there)
        slices, weights = targets.slices[held], values[held] * days[held]
        out[0, n] = np.bincount(slices, weights=weights, minlength=len(targets.keys)) / whole
        out[1, n] = np.bincount(slices, minlength=len(targets.keys))
    return targets.keys, out[0].T, out[1].T


def _held(
    node: Aggregate, window: Window, grid: Buckets, since: Indexes, until: Indexes
) -> tuple[Indexes, int]:
    """How many of the days that are looked at each cell holds, and how many these are: a single one, but for
    a mean over days."""
    if node.function == "average closing":
        low, high = grid.range_of(window)
    else:
        high = grid.range_of(Window(grid.edges[0], max(grid.edges[0], _level_day(node, window))))[1]
        low = high - 1
    return np.minimum(until, high) - np.maximum(since, low), max(high - low, 1)


def mean_of_last(
    node: Aggregate, results: Sequence[Result], columns: Columns, windows: Sequence[Window]
) -> tuple[Slices, Floats]:
    """The mean of the last levels of the days that have one."""
    result = next(result for result in results if result.scan.buckets and _is_daily(result.scan.buckets))
    cells, grid = result.cells(columns), result.scan.buckets
    level, moment = (cells.data[part] for part in partials(node))
    assert grid is not None
    keys = cells.targets(columns, ()).keys
    out = np.full((len(windows), len(keys)), np.nan)
    for n, window in enumerate(windows):
        low, high = grid.range_of(window)
        total, count = np.zeros(len(keys)), np.zeros(len(keys))
        for day in range(low, high, _DAYS_AT_ONCE):
            days = tuple((d, d + 1) for d in range(day, min(day + _DAYS_AT_ONCE, high)))
            found = cells.targets(columns, days).level(level, moment, "last")
            total += np.nansum(found, axis=1)
            count += np.isfinite(found).sum(axis=1)
        out[n] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return keys, out.T


def _is_daily(grid: Buckets) -> bool:
    return (grid.kind, grid.step) == ("day", 1)
