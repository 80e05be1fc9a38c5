"""Levels of accounts: their last rows in every bucket, each with the bucket of the next ones."""

from __future__ import annotations

from functools import reduce

from attrs import evolve
from sqlglot import exp

from kpidsl.evaluate.plan import Scan
from kpidsl.evaluate.sql.inner import Inner, argument, as_text, bucket, within
from kpidsl.evaluate.sql.parts import aggregation, numbered
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.trees import (
    SQL,
    Tree,
    aliased,
    column,
    grouped,
    integer,
    literal,
    nested,
    projected,
    select,
    when,
)
from kpidsl.model.rows import Row, keys_of

_CELL, _MOMENT, _SINCE = "stock_cell", "stock_moment", "stock_since"
"""Names that no column of a source is likely to have."""


def stock_sql(scan: Scan, tables: Tables) -> str:
    """Columns as of any scan; `b` is the number of the cell.

    The last rows are found by their moments first (`groups` of few columns), and then read once more with all
    that filters and dimensions need.
    """
    lasts = evolve(tables, relations={**tables.relations, tables.source: _last_rows(scan, tables)}, joined={})
    inner, dims = Inner(lasts), scan.dimensions()
    inner.columns.append(aliased(column(_CELL, "t"), "b"))
    for n, ref in enumerate(dims):
        inner.columns.append(aliased(as_text(ref, lasts), f"d{n}"))
    keys = ["b", *(f"d{n}" for n in range(len(dims)))]
    groups = [["b", *(f"d{dims.index(ref)}" for ref in columns)] for columns in scan.sets]
    marks = [aliased(tables.say("grouping", *map(projected, keys[1:])), "g")] if len(groups) > 1 else []
    values = numbered([aggregation(part, inner) for part in scan.parts()])
    rows = nested(lasts.relation().select(*inner.columns, copy=False), "r")
    outer = select([*map(projected, keys), *marks, *values], rows)
    return tables.written(grouped(outer, groups))


def _last_rows(scan: Scan, tables: Tables) -> Tree:
    """The rows of the source at the last moment of an account in a bucket, and the cell that they are in."""
    (part, *_) = scan.partials
    assert part.argument is not None
    assert part.weight is not None
    again = evolve(tables, joined={})
    keys = [again.row(key) for key in keys_of(part.weight)]
    alike: list[SQL] = [exp.EQ(this=key, expression=column(f"k{n}", "s")) for n, key in enumerate(keys)]
    alike.append(exp.EQ(this=again.moment(), expression=column(_MOMENT, "s")))
    value = argument(part.argument, again)
    every = exp.Column(this=exp.Star(), table=exp.to_identifier("t", quoted=True))
    rows = again.relation().select(every, aliased(column(_CELL, "s"), _CELL), copy=False)
    cells = nested(_cells(scan, tables, part.argument, part.weight), "s")
    rows = rows.join(cells, on=reduce(lambda a, b: exp.And(this=a, expression=b), alike), copy=False)
    return rows.where(_there(value), copy=False)


def _cells(scan: Scan, tables: Tables, level: Row, accounts: Row) -> Tree:
    """Each account in each bucket: its last moment there, and the cell that begins with it."""
    assert scan.buckets is not None
    own = evolve(tables, joined={})
    keys = [own.row(key) for key in keys_of(accounts)]
    names = [f"k{n}" for n in range(len(keys))]
    columns = [aliased(key, name) for key, name in zip(keys, names, strict=True)]
    columns += [aliased(_since(scan, own), _SINCE), aliased(own.moment(), _MOMENT)]
    there = [_there(value) for value in (argument(level, own), *(key.copy() for key in keys))]
    read = own.relation().select(*columns, copy=False).where(*there, copy=False)
    read = read.where(*(within(days, own) for days in scan.days), copy=False)
    last = aliased(exp.Max(this=projected(_MOMENT)), _MOMENT)
    by = [*names, _SINCE]
    groups = select([*map(projected, by), last], nested(read, "r")).group_by(*map(projected, by), copy=False)
    until = tables.say("next", projected(_SINCE), [projected(name) for name in names])
    until = exp.Coalesce(this=until, expressions=[integer(len(scan.buckets.edges) - 1)])
    cell = exp.Add(
        this=exp.Mul(this=projected(_SINCE), expression=integer(len(scan.buckets.edges))), expression=until
    )
    return select([*map(projected, names), projected(_MOMENT), aliased(cell, _CELL)], nested(groups, "l"))


def _since(scan: Scan, tables: Tables) -> SQL:
    """The bucket of a row; rows before the first bucket are in it."""
    assert scan.buckets is not None
    first, found = scan.buckets.edges[0], bucket(scan, tables)
    if scan.days[0].start >= first:
        return found
    before = exp.LT(this=tables.day(), expression=literal(first, tables.dialect))
    return when(before, integer(0), found)


def _there(x: SQL) -> SQL:
    return exp.Not(this=exp.Is(this=x, expression=exp.null()))
