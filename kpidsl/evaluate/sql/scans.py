"""Scans as SQL trees.

A scan is an inner select that projects what is shared (the bucket of the day, dimensions as text, each filter
and argument once) under an outer one that groups and aggregates it by `CASE WHEN filter THEN argument END`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from attrs import evolve
from sqlglot import exp

from kpidsl.evaluate.plan import Columns, Partial, Scan
from kpidsl.evaluate.sql.inner import Inner, as_text, bucket, rows_of, within
from kpidsl.evaluate.sql.parts import aggregation, numbered
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.trees import (
    SQL,
    aliased,
    cast,
    grouped,
    integer,
    projected,
    select,
    when,
)
from kpidsl.model.rows import Row


def scan_sql(scan: Scan, tables: Tables) -> str:
    """The text of a scan for DuckDB.

    Its columns are `b` (the bucket, or the window's index), `g` (which dimensions a row is grouped by, when
    there are several sets), `d0` ... (the dimensions of `dimensions_of(scan)`, as text) and `v0` ... (the
    parts of the scan).
    """
    inner = Inner(tables)
    dims = dimensions_of(scan)
    inner.columns.append(aliased(bucket(scan, tables), "b"))
    for n, ref in enumerate(dims):
        inner.columns.append(aliased(as_text(ref, tables), f"d{n}"))
    keys = ["b", *(f"d{n}" for n in range(len(dims)))]
    groups = [["b", *(f"d{dims.index(ref)}" for ref in columns)] for columns in scan.sets]
    bits = tables.say("grouping", *map(projected, keys[1:])) if len(groups) > 1 else None
    grouping = [aliased(bits, "g")] if bits is not None else []
    if scan.kind == "ends":
        return _ends(scan, inner, keys, groups, grouping)
    if scan.classes:
        return _by_class(scan, inner, keys, groups, grouping)
    values = [aggregation(part, inner) for part in scan.parts()]
    outer = select([*map(projected, keys), *grouping, *numbered(values)], rows_of(scan, inner))
    return inner.tables.written(grouped(outer, groups))


def dimensions_of(scan: Scan) -> Columns:
    """Every column that a scan groups by, in the order of its result."""
    return tuple(dict.fromkeys(ref for columns in scan.sets for ref in columns))


def masks_of(scan: Scan) -> tuple[int, ...]:
    """The value of `g` in the rows of each dimension set: a bit for each dimension that is not grouped by."""
    dims = dimensions_of(scan)
    return tuple(
        sum(1 << (len(dims) - 1 - n) for n, ref in enumerate(dims) if ref not in columns)
        for columns in scan.sets
    )


_BITS = 60


def class_count_sql(scan: Scan, tables: Tables, rows: int) -> str:
    """How many classes the first so many rows fall into (`n`)."""
    inner = Inner(tables)
    masks = _masks(scan.conditions(), inner)
    where = reduce(lambda a, b: exp.Or(this=a, expression=b), [within(days, tables) for days in scan.days])
    sample = tables.relation().select(*inner.columns, copy=False).where(where, copy=False).limit(rows)
    distinct = select(masks, sample.subquery("r", copy=False)).distinct(copy=False)
    return tables.written(
        select([aliased(exp.Count(this=exp.Star()), "n")], distinct.subquery("c", copy=False))
    )


def _masks(conditions: Sequence[Row], inner: Inner) -> list[SQL]:
    """Integers with a bit for each condition that holds."""
    found: list[SQL] = []
    for start in range(0, len(conditions), _BITS):
        bits: list[SQL] = [
            when(inner.condition(row), integer(1 << n), integer(0))
            for n, row in enumerate(conditions[start : start + _BITS])
        ]
        mask = reduce(lambda a, b: exp.Add(this=a, expression=b), bits)
        found.append(aliased(mask, f"m{start // _BITS}"))
    return found


def _by_class(
    scan: Scan, inner: Inner, keys: list[str], groups: list[list[str]], grouping: Sequence[SQL]
) -> str:
    """Rows that pass the same filters are added up together first, whatever they are; then each part picks
    its classes.

    Every argument is aggregated once, not once per filter, and the many aggregations see few rows.
    """
    conditions = scan.conditions()
    masks = _masks(conditions, inner)
    parts: dict[Partial, str] = {}
    sums: list[SQL] = []
    values = []
    for part in scan.partials:
        plain = Partial("rows", None, None) if part.op in ("rows", "holds") else evolve(part, filter=None)
        if plain not in parts:
            parts[plain] = f"p{len(parts)}"
            sums.append(aliased(aggregation(plain, inner), parts[plain]))
        needed = [
            row for row in (part.filter, part.argument if part.op == "holds" else None) if row is not None
        ]
        value: SQL = projected(parts[plain])
        if needed:
            value = when(
                reduce(
                    lambda a, b: exp.And(this=a, expression=b), [_bit(conditions.index(c)) for c in needed]
                ),
                value,
            )
        values.append(
            exp.Min(this=value)
            if part.op == "min"
            else exp.Max(this=value)
            if part.op == "max"
            else exp.Sum(this=value)
        )
    classes = [f"m{n}" for n in range(len(masks))]
    others = [column.alias for column in inner.columns if column.alias not in keys and column.alias[0] == "a"]
    rows = select([*map(projected, [*keys, *others]), *masks], rows_of(scan, inner))
    cells = select([*map(projected, [*keys, *classes]), *sums], rows.subquery("c", copy=False))
    cells = cells.group_by(*map(projected, [*keys, *classes]), copy=False)
    outer = select([*map(projected, keys), *grouping, *numbered(values)], cells.subquery("s", copy=False))
    return inner.tables.written(grouped(outer, groups))


def _bit(n: int) -> SQL:
    """Whether condition n holds in a class."""
    both = exp.BitwiseAnd(this=projected(f"m{n // _BITS}"), expression=integer(1 << n % _BITS))
    return exp.NEQ(this=exp.paren(both, copy=False), expression=integer(0))


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
    outer = select([*map(projected, outer_keys), *values], middle.subquery("s", copy=False))
    return inner.tables.written(outer.group_by(*map(projected, outer_keys), copy=False))
