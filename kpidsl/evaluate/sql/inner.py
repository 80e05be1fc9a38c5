"""The inner select of a scan: the rows to read, and once every expression that aggregations share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import reduce

from attrs import define, field
from sqlglot import exp

from kpidsl.evaluate.engine import Dialect
from kpidsl.evaluate.plan import Scan
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.trees import SQL, aliased, column, integer, literal, name, nested, when
from kpidsl.evaluate.windows import Buckets
from kpidsl.model.periods import Window
from kpidsl.model.rows import ColumnRef, Row


@define
class Inner:
    """The inner select in the making: every expression once, under a short name."""

    tables: Tables
    of: str | None = None
    """What the outer select calls the inner one, where its own names could be taken for names in here."""
    shares: Mapping[tuple[Row, Row | None], tuple[float, ...]] = field(factory=dict)
    """Of the same values and filter, all percentiles that are asked."""
    names: dict[object, str] = field(factory=dict)
    columns: list[SQL] = field(factory=list)
    lookups: list[tuple[exp.Values, SQL]] = field(factory=list)
    """Rows that are written out, and the condition by which at most one of them is beside a row."""

    def add(self, key: object, prefix: str, make: Callable[[], SQL]) -> SQL:
        """The outer name of an expression, projected when it is asked for the first time."""
        if key not in self.names:
            alias = f"{prefix}{len(self.columns)}"
            self.names[key] = alias
            self.columns.append(aliased(make(), alias))
        return column(self.names[key], self.of)

    def value(self, row: Row, kept: Row | None) -> SQL:
        """A row expression where the filter holds, NULL elsewhere."""
        value = self.add(row, "a", lambda: argument(row, self.tables))
        return value if kept is None else when(self.condition(kept), value)

    def condition(self, row: Row) -> SQL:
        return self.add(row, "f", lambda: self.tables.row(row))


def argument(row: Row, tables: Tables) -> SQL:
    """Arithmetic may overflow to infinity, which is no value; columns hold finite numbers or NULL."""
    sql = tables.row(row)
    if row.type.kind != "number":
        return sql
    plain = isinstance(row, ColumnRef) and tables.kind(row) == "number"
    if plain and not isinstance(sql, exp.Paren | exp.Case):
        return sql
    return when(tables.say("finite", sql), tables.say("one zero", sql.copy()))


def bucket(scan: Scan, tables: Tables) -> SQL:
    if scan.buckets is None:
        return column("i", "w")
    return _bucket_of(scan.buckets, tables.day(), tables)


def _bucket_of(grid: Buckets, day: SQL, tables: Tables) -> SQL:
    """The index of a day's bucket. Plain arithmetic is twice as quick as date_trunc in DuckDB."""
    if grid.kind == "cuts":
        return _cut(grid.edges, 0, len(grid.edges) - 1, day, tables.dialect)
    start = grid.edges[0]
    if grid.kind == "month":
        months = exp.Add(
            this=exp.Mul(this=tables.say("year", day), expression=integer(12)),
            expression=tables.say("month", day.copy()),
        )
        number: SQL = exp.Sub(this=months, expression=integer(start.year * 12 + start.month))
    else:
        number = tables.say("days from to", literal(start, tables.dialect), day)
    if grid.step == 1:
        return number
    return tables.say("whole quotient", exp.paren(number, copy=False), integer(grid.step))


def _cut(edges: Sequence[date], low: int, high: int, day: SQL, dialect: Dialect) -> SQL:
    """A balanced tree of comparisons: the bucket between two edges."""
    if high - low == 1:
        return integer(low)
    middle = (low + high) // 2
    before = exp.LT(this=day.copy(), expression=literal(edges[middle], dialect))
    return when(before, _cut(edges, low, middle, day, dialect), _cut(edges, middle, high, day, dialect))


def as_text(ref: ColumnRef, tables: Tables) -> SQL:
    """A dimension's value as text: a whole number without its `.0`, a moment as its day."""
    value, kind = tables.column(ref), tables.kind(ref)
    if kind == "number":
        return tables.number_text(value)
    if kind == "moment":
        value, kind = tables.cast(value, "DATE"), "day"
    return tables.text(value, kind)


def rows_of(scan: Scan, inner: Inner) -> exp.Subquery:
    """The finished inner select."""
    query = inner.tables.relation().select(*inner.columns, copy=False)
    for values, condition in inner.lookups:
        query = query.join(values, on=condition, join_type="left", copy=False)
    if scan.days:
        days = [within(each, inner.tables) for each in scan.days]
        query = query.where(reduce(lambda a, b: exp.Or(this=a, expression=b), days), copy=False)
    if scan.buckets is None:
        query = _joined_to_windows(query, scan.windows, inner.tables)
    return nested(query, "r")


def _joined_to_windows(query: exp.Select, windows: Sequence[Window], tables: Tables) -> exp.Select:
    """Each row once for each window that it is in: `w`, with the number of the window in `i`."""
    low, high = (column(end, "w") for end in ("low", "high"))
    rows = [
        [integer(n), literal(w.start, tables.dialect), literal(w.end, tables.dialect)]
        for n, w in enumerate(windows)
    ]
    inside = exp.Between(this=tables.day(), low=low, high=high)
    return with_values(query, "w", ("i", "low", "high"), rows, inside, tables)


def with_values(
    query: exp.Select,
    alias: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[SQL]],
    condition: SQL,
    tables: Tables,
) -> exp.Select:
    """A query joined to rows that are written out."""
    if tables.dialect == "duckdb":
        return query.join(values_of(alias, columns, rows), on=condition, copy=False)
    # Not every engine has VALUES there, nor joins by anything but equality.
    selects = [
        exp.Select(expressions=[aliased(value, each) for value, each in zip(row, columns, strict=True)])
        for row in rows
    ]
    return query.join(nested(_all_of(selects), alias), join_type="cross", copy=False).where(
        condition, copy=False
    )


def values_of(alias: str, columns: Sequence[str], rows: Sequence[Sequence[SQL]]) -> exp.Values:
    """Rows that are written out, as a relation."""
    called = exp.TableAlias(this=name(alias), columns=[name(each) for each in columns])
    return exp.Values(expressions=[exp.Tuple(expressions=list(row)) for row in rows], alias=called)


def _all_of(selects: Sequence[exp.Query]) -> exp.Query:
    """A balanced union: a tree as deep as it is long cannot be walked."""
    if len(selects) == 1:
        return selects[0]
    middle = len(selects) // 2
    return exp.Union(this=_all_of(selects[:middle]), expression=_all_of(selects[middle:]), distinct=False)


def within(days: Window, tables: Tables) -> SQL:
    """Compared as it is stored, so that files and row groups outside are skipped."""
    time = tables.specs[tables.source].time or ""
    if tables.kinds[tables.source].get(time) == "day":
        low, high = (literal(day, tables.dialect) for day in (days.start, days.end))
        return exp.Between(this=tables.moment(), low=low, high=high)
    after = exp.GTE(this=tables.moment(), expression=literal(days.start, tables.dialect))
    end = literal(days.end + timedelta(days=1), tables.dialect)
    before = exp.LT(this=tables.moment(), expression=end)
    return exp.paren(exp.And(this=after, expression=before), copy=False)
