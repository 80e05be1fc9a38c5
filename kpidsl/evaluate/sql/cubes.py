"""Cubes as SQL trees: rows put into classes and aggregated once per cell, cells asked which conditions hold.

Conditions are asked of the few cells, not of the many rows: their subjects are columns of the cells by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from sqlglot import exp

from kpidsl.evaluate.classes import Key, representatives, unlike
from kpidsl.evaluate.plan import Columns, Partial, Scan, plain
from kpidsl.evaluate.sql.inner import Inner, as_text, bucket, rows_of, with_values
from kpidsl.evaluate.sql.parts import aggregation, numbered
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.sections import band, sectioned
from kpidsl.evaluate.sql.trees import (
    SQL,
    aliased,
    cast,
    column,
    integer,
    literal,
    name,
    nested,
    projected,
    select,
    table,
    when,
)
from kpidsl.evaluate.sql.ways import there
from kpidsl.evaluate.windows import layers
from kpidsl.model.periods import Window
from kpidsl.model.rows import Row

BITS = 60
"""Conditions in one integer."""
_MANY_ASKED = 100_000
"""With so many cells times masks, the class of a cell is looked up rather than each condition asked again."""
_SEPARATE = 4
"""Layers of windows that are each counted alone; further ones are joined by range."""
MATERIALIZES = frozenset(("duckdb", "postgres"))
"""Where a common table can be asked to be worked out once."""
Known = dict[Row, tuple[str, str]]


def base_of(scan: Scan) -> tuple[Partial, ...]:
    """What a cube has in every cell, in the order of its columns `v0` ..."""
    found: dict[Partial, None] = {}
    for partial in scan.partials:
        base = plain(partial)
        if base.op in ("mean", "squares"):
            found[Partial("count", base.argument, None)] = None
        found[base] = None
    return tuple(found)


def cube_sql(scan: Scan, tables: Tables) -> str:
    """The cells of a cube: `b` (bucket), `d0` ... (dimensions as text), `m0` ... (which conditions hold, a
    bit for each) and `v0` ... (the parts of `base_of`)."""
    inner = Inner(tables)
    dims = grouped_by(scan, inner)
    known = _keys(scan.keys, dims, inner)
    classes = [alias for alias, _ in known.values() if alias[0] == "k"]
    groups = ["b", *(f"d{n}" for n in range(len(dims))), *classes]
    values = numbered([aggregation(part, inner) for part in base_of(scan)])
    rows = rows_of(scan, inner)
    cells = select([*map(projected, groups), *values], rows).group_by(*map(projected, groups), copy=False)
    if not scan.conditions():
        return tables.written(cells)
    kept = [group for group in groups if group[0] in "bd"]
    found = [*kept, *(value.alias for value in values)]
    masks = masks_sql(scan.conditions(), _over_cells(tables, known))
    if tables.dialect == "duckdb" and (scan.estimate or 0) * len(masks) > _MANY_ASKED:
        return tables.written(_by_class(cells, found, [alias for alias, _ in known.values()], masks))
    return tables.written(select([*map(projected, found), *masks], nested(cells, "t")))


def _by_class(
    cells: exp.Select, found: Sequence[str], classes: Sequence[str], masks: Sequence[SQL]
) -> exp.Select:
    """Conditions are asked of each class once, and told to the many cells of the class."""
    distinct = exp.Select(expressions=[*map(projected, classes)], distinct=exp.Distinct())
    distinct = distinct.from_(table("cells", "cells"), copy=False)
    asked = select([*map(projected, classes), *masks], nested(distinct, "t"))
    same = [exp.NullSafeEQ(this=column(each, "c"), expression=column(each, "s")) for each in classes]
    shown = [*(column(each, "c") for each in found), *(column(mask.alias, "s") for mask in masks)]
    query = select(shown, table("cells", "c"))
    query = query.join(table("classes", "s"), on=exp.and_(*same, copy=False), copy=False)
    query = query.with_(name("cells"), as_=cells, materialized=True, copy=False)
    return query.with_(name("classes"), as_=asked, materialized=True, copy=False)


def sample_sql(subjects: Sequence[Row], dims: Columns, rows: int, of: Tables) -> str:
    """The values of subjects (`s0` ...) and dimensions (`d0` ...) in the first so many rows."""
    values = [aliased(of.row(row), f"s{n}") for n, row in enumerate(subjects)]
    values += [aliased(of.column(ref), f"d{n}") for n, ref in enumerate(dims)]
    query = of.relation().select(*values, copy=False).limit(rows, copy=False)
    return of.written(query)


def masks_sql(conditions: Sequence[Row], tables: Tables) -> list[SQL]:
    """Integers `m0` ... with a bit for each condition that holds."""
    found: list[SQL] = []
    for start in range(0, len(conditions), BITS):
        bits: list[SQL] = [
            when(tables.row(row), integer(1 << n), integer(0))
            for n, row in enumerate(conditions[start : start + BITS])
        ]
        found.append(aliased(cast(_added(bits), "BIGINT"), f"m{start // BITS}"))
    return found


def _added(terms: Sequence[SQL]) -> SQL:
    """A balanced sum: a tree as deep as it is long cannot be walked."""
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return exp.paren(exp.Add(this=_added(terms[:middle]), expression=_added(terms[middle:])), copy=False)


def grouped_by(scan: Scan, inner: Inner) -> Columns:
    """Project the bucket (`b`) and the dimensions as text (`d0` ...); the columns of the dimensions."""
    dims = scan.dimensions()
    inner.columns.append(aliased(bucket(scan, inner.tables), "b"))
    for n, ref in enumerate(dims):
        inner.columns.append(aliased(as_text(ref, inner.tables), f"d{n}"))
    return dims


def _keys(keys: Sequence[Key], dims: Columns, inner: Inner) -> Known:
    """The subjects of the keys and the columns of the cells that stand for them."""
    known: Known = {}
    for n, key in enumerate(keys):
        kind = inner.tables.kind(key.row)
        if key.how == "raw" and key.row in dims and kind == "text":
            known[key.row] = (f"d{dims.index(key.row)}", kind)
            continue
        known[key.row] = (f"k{n}", kind)
        if key.how == "sections":
            continue
        inner.columns.append(aliased(_class(key, inner.tables), f"k{n}"))
    sectioned(keys, inner)
    return known


def _over_cells(tables: Tables, known: Mapping[Row, tuple[str, str]]) -> Tables:
    """Row expressions in which subjects are columns of the cells."""
    return Tables(tables.specs, {}, tables.kinds, tables.source, dialect=tables.dialect, made=known)


def _class(key: Key, tables: Tables) -> SQL:
    """A value that meets the same conditions as the row's own."""
    value = tables.row(key.row)
    match key.how:
        case "raw":
            return value
        case "bands":
            bands = band(key.cuts, representatives(key.cuts), value, tables.dialect)
        case "picked":
            there = exp.In(this=value, expressions=[literal(text) for text in key.picked])
            bands = when(there, value.copy(), literal(unlike(key.picked)))
        case "sections":
            raise ValueError("classes by text are made by `sections`")
    return when(exp.Is(this=value.copy(), expression=exp.null()), exp.null(), bands)


# -- distinct counts --


def distinct_sql(scan: Scan, tables: Tables) -> str:
    """How many identities (`v0`) meet which conditions (`m0` ...) by window (`b`), set of dimensions (`g`)
    and slice (`d0` ...).

    Every identity in a bucket and slice gathers a bit for each condition that one of its rows meets; larger
    windows and fewer dimensions gather again from these.
    """
    inner = Inner(tables)
    dims = grouped_by(scan, inner)
    argument = scan.aggregates[0].argument
    assert argument is not None
    inner.columns.append(aliased(tables.row(argument), "x"))
    masks = masks_sql(scan.conditions(), tables)
    inner.columns.extend(masks)
    names = [mask.alias for mask in masks]
    keys = ["b", *(f"d{n}" for n in range(len(dims))), "x"]
    known = there(column("x", "r"))
    if all(aggregate.filter is not None for aggregate in scan.aggregates):
        some = [exp.NEQ(this=column(mask, "r"), expression=integer(0)) for mask in names]
        known = exp.And(this=known, expression=exp.paren(exp.or_(*some, copy=False), copy=False))
    gathered = _gathered(keys, names, rows_of(scan, inner), "r", tables).where(known, copy=False)
    parts = [
        _counted(scan, layer, n, columns, dims, names, tables)
        for layer in layers_of(scan)
        for n, columns in enumerate(scan.sets)
    ]
    query: exp.Query = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False, copy=False)
    once = True if tables.dialect in MATERIALIZES else None
    return tables.written(query.with_(name("c"), as_=gathered, materialized=once, copy=False))


def _gathered(keys: Sequence[str], masks: Sequence[str], rows: SQL, alias: str, tables: Tables) -> exp.Select:
    """The masks of `rows`, which is called `alias`, or-ed by some keys. They keep their names, so the columns
    are told from the results by the alias."""
    joined = [aliased(tables.say("any bit", column(mask, alias)), mask) for mask in masks]
    groups = [column(key, alias) for key in keys]
    return select([*groups, *joined], rows).group_by(*(each.copy() for each in groups), copy=False)


def layers_of(scan: Scan) -> list[tuple[Window, ...]]:
    """Windows in groups that do not overlap, each counted in one go; all that is left is the last group."""
    separate = layers(scan.windows)
    if len(separate) <= _SEPARATE:
        return separate
    return [*separate[: _SEPARATE - 1], tuple(w for layer in separate[_SEPARATE - 1 :] for w in layer)]


def _counted(
    scan: Scan,
    layer: tuple[Window, ...],
    number: int,
    columns: Columns,
    dims: Columns,
    masks: Sequence[str],
    tables: Tables,
) -> exp.Select:
    """The identities of one layer of windows by one set of dimensions."""
    names = [f"d{dims.index(ref)}" for ref in columns]
    known = there(column("w", "i"))
    rows = _windowed(scan, layer, [*names, "x", *masks], tables)
    if set(columns) == set(dims) and _single_buckets(scan, layer):
        gathered = select([*map(projected, ["w", *names, *masks])], rows).where(known, copy=False)
    else:
        gathered = _gathered(["w", *names, "x"], masks, rows, "i", tables).where(known, copy=False)
    groups = ["w", *names, *masks]
    shown: list[SQL] = [aliased(projected("w"), "b"), aliased(integer(number), "g")]
    for n, ref in enumerate(dims):
        value = projected(f"d{n}") if ref in columns else tables.cast(exp.null(), "VARCHAR")
        shown.append(aliased(value, f"d{n}"))
    shown += [*map(projected, masks), *numbered([exp.Count(this=exp.Star())])]
    return select(shown, gathered.subquery("h", copy=False)).group_by(*map(projected, groups), copy=False)


def _single_buckets(scan: Scan, layer: tuple[Window, ...]) -> bool:
    """Whether each window is one bucket: then every identity is there once already."""
    assert scan.buckets is not None
    return all(high - low == 1 for low, high in map(scan.buckets.range_of, layer))


def _windowed(scan: Scan, layer: tuple[Window, ...], columns: Sequence[str], tables: Tables) -> exp.Subquery:
    """The gathered identities, with the index of the window that their bucket is in (`w`)."""
    assert scan.buckets is not None
    ranges = sorted((*scan.buckets.range_of(window), scan.windows.index(window)) for window in layer)
    rows = table("c", "c")
    if any(high > low for (_, high, _), (low, _, _) in pairwise(ranges)):
        return joined(ranges, columns, rows, tables)
    window = window_of(ranges, 0, len(ranges))
    return nested(select([aliased(window, "w"), *map(projected, columns)], rows), "i")


def window_of(ranges: Sequence[tuple[int, int, int]], start: int, end: int) -> SQL:
    """The index of the window of a bucket: by arithmetic where windows are neighbouring buckets, else by a
    balanced tree of comparisons; none between windows."""
    low, high, index = ranges[start]
    steps = {(each - first, last - first) for first, last, each in ranges[start:end]}
    if steps == {(index - low, 1)} and ranges[end - 1][0] - low == end - 1 - start:
        moved = exp.Add(this=projected("b"), expression=integer(index - low))
        return _between(low, ranges[end - 1][1], exp.paren(moved, copy=False))
    if end - start == 1:
        return _between(low, high, integer(index))
    middle = (start + end) // 2
    before = exp.LT(this=projected("b"), expression=integer(ranges[middle][0]))
    return when(before, window_of(ranges, start, middle), window_of(ranges, middle, end))


def _between(low: int, high: int, value: SQL) -> SQL:
    return when(_inside(integer(low), integer(high)), value)


def _inside(low: SQL, high: SQL) -> SQL:
    """Whether a bucket is in a half-open range."""
    at = projected("b")
    return exp.And(this=exp.GTE(this=at, expression=low), expression=exp.LT(this=at.copy(), expression=high))


def joined(
    ranges: Sequence[tuple[int, int, int]], columns: Sequence[str], rows: SQL, tables: Tables
) -> exp.Subquery:
    """For windows that overlap: an identity once for each window that its bucket is in."""
    inside = _inside(projected("low"), projected("high"))
    query = select([*map(projected, ["w", *columns])], rows)
    values = [list(map(integer, each)) for each in ranges]
    return nested(with_values(query, "j", ("low", "high", "w"), values, inside, tables), "i")
