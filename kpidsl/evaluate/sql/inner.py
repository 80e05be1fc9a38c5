"""The inner select of a scan: the rows to read, and once every expression that aggregations share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import reduce

from attrs import define, field
from sqlglot import exp

from kpidsl.evaluate.plan import Scan
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.trees import SQL, aliased, call, cast, column, integer, literal, name, when
from kpidsl.evaluate.windows import Buckets
from kpidsl.model.periods import Window
from kpidsl.model.rows import ColumnRef, Row


@define
class Inner:
    """The inner select in the making: every expression once, under a short name."""

    tables: Tables
    names: dict[object, str] = field(factory=dict)
    columns: list[SQL] = field(factory=list)

    def add(self, key: object, prefix: str, make: Callable[[], SQL]) -> SQL:
        """The outer name of an expression, projected when it is asked for the first time."""
        if key not in self.names:
            alias = f"{prefix}{len(self.columns)}"
            self.names[key] = alias
            self.columns.append(aliased(make(), alias))
        return column(self.names[key])

    def value(self, row: Row, kept: Row | None) -> SQL:
        """A row expression where the filter holds, NULL elsewhere."""
        value = self.add(row, "a", lambda: self._argument(row))
        return value if kept is None else when(self.condition(kept), value)

    def condition(self, row: Row) -> SQL:
        return self.add(row, "f", lambda: self.tables.row(row))

    def _argument(self, row: Row) -> SQL:
        """Arithmetic may overflow to infinity, which is no value; columns hold finite numbers or NULL."""
        sql = self.tables.row(row)
        if row.type.kind != "number":
            return sql
        if (
            isinstance(row, ColumnRef)
            and self.tables.kind(row) == "number"
            and not isinstance(sql, exp.Paren | exp.Case)
        ):
            return sql
        return when(call("ISFINITE", sql), sql.copy())


def bucket(scan: Scan, tables: Tables) -> SQL:
    if scan.buckets is None:
        return column("i", "w")
    return _bucket_of(scan.buckets, tables.day())


def _bucket_of(grid: Buckets, day: SQL) -> SQL:
    """The index of a day's bucket. Plain arithmetic is twice as quick as date_trunc in DuckDB."""
    if grid.kind == "cuts":
        return _cut(grid.edges, 0, len(grid.edges) - 1, day)
    start = grid.edges[0]
    if grid.kind == "month":
        months = exp.Add(
            this=exp.Mul(this=call("YEAR", day), expression=integer(12)),
            expression=call("MONTH", day.copy()),
        )
        number: SQL = exp.Sub(this=months, expression=integer(start.year * 12 + start.month))
    else:
        number = exp.Sub(this=day, expression=literal(start))
    if grid.step == 1:
        return number
    return exp.IntDiv(this=exp.paren(number, copy=False), expression=integer(grid.step))


def _cut(edges: Sequence[date], low: int, high: int, day: SQL) -> SQL:
    """A balanced tree of comparisons: the bucket between two edges."""
    if high - low == 1:
        return integer(low)
    middle = (low + high) // 2
    before = exp.LT(this=day.copy(), expression=literal(edges[middle]))
    return when(before, _cut(edges, low, middle, day), _cut(edges, middle, high, day))


def as_text(ref: ColumnRef, tables: Tables) -> SQL:
    """A dimension's value as text: a whole number without its `.0`, a moment as its day."""
    column = tables.column(ref)
    kind = tables.kind(ref)
    if kind == "number":
        whole = exp.EQ(this=column, expression=call("TRUNC", column.copy()))
        small = exp.LT(this=call("ABS", column.copy()), expression=literal(1e15))
        return when(
            exp.And(this=whole, expression=small),
            cast(cast(column.copy(), "BIGINT"), "VARCHAR"),
            cast(column.copy(), "VARCHAR"),
        )
    return cast(cast(column, "DATE") if kind == "moment" else column, "VARCHAR")


def rows_of(scan: Scan, inner: Inner) -> exp.Subquery:
    """The finished inner select."""
    where = reduce(
        lambda a, b: exp.Or(this=a, expression=b), [within(days, inner.tables) for days in scan.days]
    )
    query = inner.tables.relation().select(*inner.columns, copy=False).where(where, copy=False)
    if scan.buckets is None:
        rows = [
            exp.Tuple(expressions=[integer(n), literal(w.start), literal(w.end)])
            for n, w in enumerate(scan.windows)
        ]
        alias = exp.TableAlias(this=name("w"), columns=[name("i"), name("low"), name("high")])
        low, high = (column(end, "w") for end in ("low", "high"))
        query = query.join(
            exp.Values(expressions=rows, alias=alias),
            on=exp.Between(this=inner.tables.day(), low=low, high=high),
        )
    return query.subquery("r", copy=False)


def within(days: Window, tables: Tables) -> SQL:
    """Compared as it is stored, so that files and row groups outside are skipped."""
    time = tables.specs[tables.source].time or ""
    if tables.kinds[tables.source].get(time) == "day":
        return exp.Between(this=tables.moment(), low=literal(days.start), high=literal(days.end))
    after = exp.GTE(this=tables.moment(), expression=literal(days.start))
    before = exp.LT(this=tables.moment(), expression=literal(days.end + timedelta(days=1)))
    return exp.paren(exp.And(this=after, expression=before), copy=False)
