"""Scans as SQL trees.

A scan is an inner select that projects what is shared (the bucket of the day, dimensions as text, each filter
and argument once) under an outer one that groups and aggregates it by `CASE WHEN filter THEN argument END`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from kpidsl.evaluate.plan import Scan
from kpidsl.evaluate.sql.cubes import cube_sql, distinct_sql, grouped_by
from kpidsl.evaluate.sql.inner import Inner, rows_of
from kpidsl.evaluate.sql.parts import aggregation, numbered, shares_of
from kpidsl.evaluate.sql.paths import paths_sql
from kpidsl.evaluate.sql.people import people_sql
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.stock import stock_sql
from kpidsl.evaluate.sql.trees import (
    SQL,
    aliased,
    cast,
    grouped,
    nested,
    projected,
    select,
    when,
)
from kpidsl.model.rows import Row


def scan_sql(scan: Scan, tables: Tables) -> str:
    """The text of a scan in the dialect of its tables.

    Its columns are `b` (the bucket, or the window's index), `g` (which dimensions a row is grouped by, when
    there are several sets), `d0` ... (the dimensions, as text) and `v0` ... (the parts of the scan; those of
    a cube or of distinct counts are told in `kpidsl.evaluate.sql.cubes`).
    """
    match scan.kind:
        case "cube":
            return cube_sql(scan, tables)
        case "distinct":
            return distinct_sql(scan, tables)
        case "people":
            return people_sql(scan, tables)
        case "paths":
            return paths_sql(scan, tables)
        case "stock":
            return stock_sql(scan, tables)
    inner = Inner(tables, shares=shares_of(scan.parts()))
    dims = grouped_by(scan, inner)
    keys = ["b", *(f"d{n}" for n in range(len(dims)))]
    groups = [["b", *(f"d{dims.index(ref)}" for ref in columns)] for columns in scan.sets]
    bits = tables.say("grouping", *map(projected, keys[1:])) if len(groups) > 1 else None
    grouping = [aliased(bits, "g")] if bits is not None else []
    if scan.kind == "ends":
        return _ends(scan, inner, keys, groups, grouping)
    values = [aggregation(part, inner) for part in scan.parts()]
    outer = select([*map(projected, keys), *grouping, *numbered(values)], rows_of(scan, inner))
    return inner.tables.written(grouped(outer, groups))


def masks_of(scan: Scan) -> tuple[int, ...]:
    """The value of `g` in the rows of each dimension set: a bit for each dimension that is not grouped by."""
    dims = scan.dimensions()
    return tuple(
        sum(1 << (len(dims) - 1 - n) for n, ref in enumerate(dims) if ref not in columns)
        for columns in scan.sets
    )


def _ends(scan: Scan, inner: Inner, keys: list[str], groups: list[list[str]], grouping: Sequence[SQL]) -> str:
    """Levels: sums per moment first, then the one of the earliest or latest moment that has any."""
    inner.columns.append(aliased(inner.tables.moment(), "m"))
    sums: dict[tuple[Row | None, Row | None], str] = {}
    columns: list[SQL] = []
    values: list[SQL] = []
    for n, part in enumerate(scan.partials):
        assert part.argument is not None
        key = (part.argument, part.filter)
        if key not in sums:
            sums[key] = f"s{len(sums)}"
            columns.append(aliased(exp.Sum(this=inner.value(part.argument, part.filter)), sums[key]))
        level, moment = projected(sums[key]), projected("m")
        if part.op == "level":
            value: SQL = cast(inner.tables.say("level at", level, moment, part.end), "DOUBLE")
        else:
            there = when(exp.Not(this=exp.Is(this=level, expression=exp.null())), moment)
            value = exp.Max(this=there) if part.end == "last" else exp.Min(this=there)
        values.append(aliased(value, f"v{n}"))
    read = rows_of(scan, inner)
    middle = select([*map(projected, keys), *grouping, projected("m"), *columns], read)
    middle = grouped(middle, [[*group, "m"] for group in groups])
    outer_keys = [*keys, "g"] if grouping else keys
    outer = select([*map(projected, outer_keys), *values], nested(middle, "s"))
    return inner.tables.written(outer.group_by(*map(projected, outer_keys), copy=False))
