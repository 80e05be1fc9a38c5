"""A few rows of the sources that a KPI reads, as texts: what a test could be made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from attrs import frozen

from kpidsl.evaluate.cells import scale_of
from kpidsl.evaluate.engine import EngineError
from kpidsl.evaluate.run import Runner
from kpidsl.evaluate.session import Session
from kpidsl.evaluate.sql import picked_sql
from kpidsl.graph import Graph
from kpidsl.model.periods import Window
from kpidsl.model.rows import ColumnRef, Row
from kpidsl.model.sources import ColumnSpec, Grouped, SourceSpec

EACH = 2
"""Rows for each way that the conditions turn out."""
MOST = 12


@frozen
class Picked:
    """Some rows of a source: columns, and cells as a spec writes them, empty for a missing one."""

    source: str
    columns: tuple[ColumnSpec, ...]
    rows: tuple[tuple[str, ...], ...]


def pick(
    graph: Graph,
    session: Session,
    as_of: date,
    windows: Mapping[str, Sequence[Window]],
    conditions: Mapping[str, Sequence[Row]],
    wanted: Collection[tuple[str, str]],
) -> list[Picked]:
    """Rows, with the `wanted` columns, of every source that is read from data: those with windows from their
    days, those that they belong to by their keys, those that are grouped instead of the groups. `EngineError`
    if a query fails."""
    runner = Runner(graph, session, as_of)
    found: dict[str, Picked] = {}
    for name in _in_order(graph, windows):
        spec = graph.sources[name]
        if isinstance(spec.origin, Grouped):
            continue
        attached = runner.attached(name)
        if attached.failure is not None:
            raise EngineError("query", attached.failure.message, attached.failure)
        stored = (c for c in _roles_first(spec) if c.value is None and c.name in attached.kinds)
        columns = tuple(c for c in stored if (name, c.name) in wanted)
        refs = [ColumnRef(name, c.name, c.type) for c in columns]
        days = _days(graph, name, windows) if spec.time in attached.kinds else []
        only = None if days else _keys(spec, graph, found)
        sql = picked_sql(refs, conditions.get(name, ()), days, only, runner.tables(name), EACH, MOST)
        cells = runner.fetch(name, "sample", sql)
        texts = [_texts(cells[f"c{n}"], column) for n, column in enumerate(columns)]
        found[name] = Picked(name, columns, tuple(zip(*texts, strict=True)) if texts else ())
    return list(found.values())


def _in_order(graph: Graph, windows: Iterable[str]) -> list[str]:
    """Those that are counted first, then those that they belong to."""
    first = [name for name in windows if name in graph.sources]
    return [*first, *(name for name in graph.sources if name not in first)]


def _roles_first(spec: SourceSpec) -> list[ColumnSpec]:
    """The columns as a reader looks for them: the time, the channel, all others."""
    return sorted(spec.columns, key=lambda column: (column.name != spec.time, column.name != spec.channel))


def _days(graph: Graph, name: str, windows: Mapping[str, Sequence[Window]]) -> list[Window]:
    """The windows of a source, or of what is grouped from it."""
    found = dict.fromkeys(windows.get(name, ()))
    for other, spec in graph.sources.items():
        if isinstance(spec.origin, Grouped) and spec.origin.source == name:
            found |= dict.fromkeys(windows.get(other, ()))
    return list(found)


def _keys(spec: SourceSpec, graph: Graph, found: Mapping[str, Picked]) -> tuple[ColumnRef, list[str]] | None:
    """The far key of a link that leads to a source, and its values in the rows that were picked."""
    for near in found.values():
        for link in graph.sources[near.source].links:
            names = [column.name for column in near.columns]
            far = spec.column(link.far)
            if link.target == spec.name and link.column in names and far is not None:
                at = names.index(link.column)
                values = sorted({row[at] for row in near.rows if row[at]})
                return ColumnRef(spec.name, far.name, far.type), values
    return None


def _texts(column: Any, spec: ColumnSpec) -> list[str]:
    values, gone = np.ma.getdata(column), np.ma.getmaskarray(column)
    if values.dtype.kind == "M":
        values = values.astype("M8[D]" if spec.type.kind == "day" else "M8[us]")
    return ["" if lost else _text(value, spec) for value, lost in zip(values.tolist(), gone, strict=True)]


def _text(value: object, spec: ColumnSpec) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"{value * scale_of(spec.type.unit):.12g}" if value == value else ""
        case datetime():
            return value.isoformat(" ").removesuffix(" 00:00:00")
        case date():
            return value.isoformat()
        case _:
            return " ".join(str(value).split())
