"""The queries that are answered file by file: the profile of a source, and cubes.

A file is asked for all of its days, by day, or by month where all windows are whole months: so the answer
stays right when as-of moves and other files come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from attrs import evolve

from kpidsl.evaluate.classes import keys, subjects
from kpidsl.evaluate.keeper import part_of
from kpidsl.evaluate.large import numbers
from kpidsl.evaluate.plan import Cluster, Partial, Scan, cube_scan
from kpidsl.evaluate.sql import BITS, Tables, base_of, profile_sql, scan_sql
from kpidsl.evaluate.store import Columns
from kpidsl.evaluate.windows import Buckets
from kpidsl.model.rows import Row
from kpidsl.results import Profile

if TYPE_CHECKING:
    from kpidsl.evaluate.session import Session

_DAY = timedelta(days=1)
_START = date(1970, 1, 1)
Grain = Literal["month", "day"]
_GRAINS: tuple[Grain, ...] = ("month", "day")
"""Months where all windows are whole ones and no row of the file is behind as-of, unless days are known."""


def kept_scans(
    source: str, clusters: Sequence[Cluster], profile: Profile, links: Callable[[Cluster], bool]
) -> tuple[list[Scan], list[Cluster]]:
    """Cubes to be put together from files, and the clusters that need other sources, too.

    What is kept has to be what is asked for the next time, so nothing here depends on the rows: a cluster
    goes with one that has all its dimensions and subjects, and values are told apart by what filters say.
    """
    apart = [cluster for cluster in clusters if links(cluster)]
    own = [cluster for cluster in clusters if not links(cluster)]
    groups: list[tuple[Cluster, frozenset[Row]]] = []
    for cluster in sorted(own, key=lambda each: -len(_about(each)) - len(each.every_column())):
        about = _about(cluster)
        for n, (other, more) in enumerate(groups):
            if about <= more and set(cluster.every_column()) <= set(other.every_column()):
                groups[n] = other.union(cluster), more
                break
        else:
            groups.append((cluster, about))
    found = []
    for cluster, _ in groups:
        ordered = Cluster(cluster.windows, cluster.columns, dict.fromkeys(sorted(cluster.partials, key=repr)))
        asked = subjects(ordered.conditions())
        scan = cube_scan(source, ordered, keys(asked, {}), profile)
        found += [evolve(scan, by_file=True)] if scan else []
    return found, apart


def _about(cluster: Cluster) -> frozenset[Row]:
    return frozenset(subjects(cluster.conditions()))


def profile_columns(session: Session, tables: Tables, checks: Sequence[Row], timed: bool) -> Columns | None:
    """The columns of a profile query; None where it has to be asked of all rows."""
    keeper = session.keeper
    if keeper is None or tables.source not in keeper.sources:
        return None
    own = _of_part(tables)
    kept = keeper.sources[tables.source]
    definition = keeper.definition(tables.source, ("profile", tuple(checks), timed))
    asked = (definition, lambda: profile_sql(checks, own, timed))
    found = keeper.gather(session, tables.source, dict.fromkeys(kept.contents, asked))
    if found is None:
        return None
    parts = []
    for content, columns in found:
        numbers, _ = _numbers(columns["n"])
        if int(numbers.sum()) != kept.rows[content]:
            keeper.contradicted()
            return None
        if timed:
            columns = {**columns, "d": _as_days(columns["d"])}
            there = ~np.ma.getmaskarray(columns["d"])
            days = np.ma.getdata(columns["d"])[there]
            kept.last[content] = days.max() if len(days) else None
            kept.timed[content] = int(numbers[there].sum())
        parts.append(columns)
    names = [*(["d"] if timed else []), "n", *(f"v{n}" for n in range(len(checks)))]
    return _joined(parts, names)


def cube_columns(session: Session, scan: Scan, tables: Tables, as_of: date) -> Columns | None:
    """The cells of a cube, in the scan's buckets; None where it has to be asked of all rows."""
    keeper = session.keeper
    if not scan.by_file or keeper is None or scan.source not in keeper.sources:
        return None
    own = _of_part(tables)
    kept = keeper.sources[scan.source]
    ways = {
        grain: (keeper.definition(scan.source, _key(scan, grain)), partial(_text, scan, grain, own))
        for grain in _GRAINS
    }
    known = keeper.store.parts
    monthly = all(w.start.day == 1 and (w.end + _DAY).day == 1 for w in scan.windows)
    grains: dict[str, Grain] = {}
    for content in kept.contents:
        last = kept.last.get(content)
        able = monthly and (last is None or last <= np.datetime64(as_of))
        months, days = ((ways[grain][0], content) in known for grain in _GRAINS)
        grains[content] = "month" if able and (months or not days) else "day"
    asked = {content: ways[grain] for content, grain in grains.items()}
    found = keeper.gather(session, scan.source, asked)
    if found is None:
        return None
    counted = f"v{base_of(scan).index(Partial('rows', None, None))}"
    parts = []
    for content, columns in found:
        at, lacking = _numbers(columns["b"])
        there = {key: column[~lacking] for key, column in columns.items()}
        if int(_numbers(there[counted])[0].sum()) != kept.timed.get(content):
            keeper.contradicted()
            return None
        parts.append(_placed({**there, "b": at[~lacking]}, scan, grains[content]))
    names = [f"d{n}" for n in range(len(scan.dimensions()))]
    names += [f"m{n}" for n in range(-(-len(scan.conditions()) // BITS))]
    cells = _joined(parts, ["b", *names, *(f"v{n}" for n in range(len(base_of(scan))))])
    return {key: numbers(column) if key[0] == "v" else column for key, column in cells.items()}


def _key(scan: Scan, grain: str) -> object:
    """What defines the cells of a file."""
    return "cube", grain, scan.dimensions(), scan.keys, scan.conditions(), base_of(scan)


def _text(scan: Scan, grain: Grain, tables: Tables) -> str:
    """The query for the cells of a file, on all of its rows."""
    return scan_sql(evolve(scan, days=(), buckets=Buckets(grain, 1, (_START,), _START, _START)), tables)


def _of_part(tables: Tables) -> Tables:
    source = tables.source
    return evolve(tables, relations={source: part_of(source)}, joined={})


def _placed(columns: Columns, scan: Scan, grain: Grain) -> Columns:
    """The cells of the scan's days, in its buckets."""
    assert scan.buckets is not None
    at = columns["b"]
    unit = "M8[M]" if grain == "month" else "M8[D]"
    start, end = at.astype(unit).astype("M8[D]"), (at + 1).astype(unit).astype("M8[D]") - 1
    inside = np.zeros(len(at), np.bool_)
    for window in scan.days:
        inside |= (start <= np.datetime64(window.end)) & (np.datetime64(window.start) <= end)
    edges = np.array(scan.buckets.edges, "M8[D]")
    days = np.maximum(start[inside], edges[0])
    found = {key: column[inside] for key, column in columns.items()}
    return {**found, "b": np.searchsorted(edges, days, "right") - 1}


def _numbers(column: Any) -> tuple[Any, Any]:
    """Whole numbers, 0 where there is none, and where that is."""
    lacking = np.ma.getmaskarray(column)
    return np.where(lacking, 0, np.ma.getdata(column)).astype(np.int64), lacking


def _as_days(column: Any) -> Any:
    numbers, lacking = _numbers(column)
    return np.ma.masked_array(numbers.astype("M8[D]"), lacking)


def _joined(parts: Sequence[Columns], names: Sequence[str]) -> Columns:
    """The rows of all parts; where there are none, columns without any."""
    if not parts:
        return {key: np.zeros(0, object if key[0] == "d" and key != "d" else np.int64) for key in names}
    return {key: np.ma.concatenate([part[key] for part in parts]) for key in names}  # type: ignore[no-untyped-call]
