"""A few rows of a source, some for each way that conditions turn out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from sqlglot import exp

from kpidsl.evaluate.sql.inner import within
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.trees import SQL, aliased, column, integer, literal, nested, select, when
from kpidsl.model.periods import Window
from kpidsl.model.rows import ColumnRef, Row


def picked_sql(
    columns: Sequence[ColumnRef],
    conditions: Sequence[Row],
    days: Sequence[Window],
    only: tuple[ColumnRef, Sequence[str]] | None,
    tables: Tables,
    each: int,
    most: int,
) -> str:
    """Rows with some columns (`c0` ...), in the order of these: of each window, and of each way that the
    conditions turn out, so many, and not more than `most` in all.

    Without windows all rows may be picked. `only` asks for those whose column, as a text, is one of several.
    """
    names = [f"c{n}" for n in range(len(columns))]
    shown: list[SQL] = [aliased(tables.column(ref), name) for ref, name in zip(columns, names, strict=True)]
    spans = [within(window, tables) for window in days]
    ways = [*(span.copy() for span in spans), *(tables.row(row) for row in conditions)]
    marks = [f"k{n}" for n in range(len(ways))]
    shown += [aliased(when(way, integer(1), integer(0)), mark) for way, mark in zip(ways, marks, strict=True)]
    chosen = None
    if only is not None:
        ref, values = only
        number = tables.kind(ref) == "number"
        wanted = [literal(float(v) if number else v, tables.dialect) for v in values] or [exp.null()]
        far = tables.column(ref) if number else tables.text(tables.column(ref), tables.kind(ref))
        chosen = exp.In(this=far, expressions=wanted)
    read = tables.relation().select(*shown, copy=False)
    if spans:
        read = read.where(exp.paren(reduce(lambda a, b: exp.Or(this=a, expression=b), spans), copy=False))
    if chosen is not None:
        read = read.where(chosen)
    order = exp.Order(expressions=[exp.Ordered(this=column(name, "r")) for name in names])
    place = exp.Window(
        this=exp.RowNumber(), partition_by=[column(mark, "r") for mark in marks] or None, order=order
    )
    rows = select([*(aliased(column(n, "r"), n) for n in names), aliased(place, "o")], nested(read, "r"))
    few = select([aliased(column(n, "q"), n) for n in names], nested(rows, "q"))
    few = few.where(exp.LTE(this=column("o", "q"), expression=integer(each)))
    ordered = few.order_by(*(exp.Ordered(this=column(name, "q")) for name in names), copy=False)
    return tables.written(ordered.limit(most, copy=False))
