"""What is asked of a source before anything else: its rows by day, the rows that break its checks, and the
keys that repeat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlglot import exp

from kpidsl.evaluate.sql.checks import until
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.trees import SQL, aliased, call, column, literal, nested, projected, select, when
from kpidsl.model.rows import Row


def profile_sql(
    checks: Sequence[Row],
    tables: Tables,
    timed: bool,
    percents: Sequence[str] = (),
    apart: str | None = None,
) -> str:
    """A row for each day `d` that has rows, and one without a day: how many rows there are (`n`), how many
    break each condition (`v0` ...), and of each column of percents the largest (`h0` ...) and how many are no
    whole numbers (`o0` ...). Where there is no time, a single row without `d`.

    A condition on a missing value is not broken. With the name of a column in `apart`, the same for each of
    its values `w`.
    """
    days = [aliased(tables.day(), "d")] if timed else []
    days += [aliased(column(apart, "t"), "w")] if apart is not None else []
    counts: list[SQL] = [aliased(exp.Count(this=exp.Star()), "n")]
    for n, check in enumerate(checks):
        broken = exp.Not(this=exp.paren(tables.row(check), copy=False))
        counts.append(aliased(exp.Count(this=when(broken, exp.Literal.number(1))), f"v{n}"))
    for n, each in enumerate(percents):
        size = call("ABS", column(each, "t"))
        counts.append(aliased(exp.Max(this=size), f"h{n}"))
        counts.append(aliased(exp.Count(this=when(_broken(size, tables), exp.Literal.number(1))), f"o{n}"))
    query = tables.relation().select(*days, *counts, copy=False)
    if timed:
        query = query.group_by(tables.day(), copy=False)
    if apart is not None:
        query = query.group_by(column(apart, "t"), copy=False)
    return tables.written(query)


def _broken(fraction: SQL, tables: Tables) -> SQL:
    """Whether a percent is no whole number, but for what a float cannot hold."""
    percent = exp.Mul(this=exp.paren(fraction.copy()), expression=literal(100.0, tables.dialect))
    half = exp.Add(this=percent.copy(), expression=literal(0.5, tables.dialect))
    off = exp.Sub(this=percent, expression=call("FLOOR", half))
    return exp.GT(this=call("ABS", off), expression=literal(1e-7, tables.dialect))


def repeated_sql(key: Sequence[str], tables: Tables, as_of: date | None, shown: int) -> str:
    """Some keys that several rows have, the most frequent first: `example`, `times`, and in `total` how many
    there are of all. Rows that lack a part of the key are not compared."""
    parts = [column(each, "t") for each in key]
    filled = [exp.Not(this=exp.Is(this=part.copy(), expression=exp.null())) for part in parts]
    named = [aliased(part.copy(), f"k{n}") for n, part in enumerate(parts)]
    count = exp.Count(this=exp.Star())
    groups = tables.relation().select(*named, aliased(count, "n"), copy=False).where(*filled, copy=False)
    if as_of is not None:
        groups = groups.where(until(as_of, tables), copy=False)
    groups = groups.group_by(*parts, copy=False)
    groups = groups.having(exp.GT(this=count.copy(), expression=exp.Literal.number(1)), copy=False)
    kinds = tables.kinds[tables.source]
    texts = [tables.text(projected(f"k{n}"), kinds[each]) for n, each in enumerate(key)]
    example = texts[0]
    for text in texts[1:]:
        comma = exp.DPipe(this=example, expression=exp.Literal.string(", "))
        example = exp.DPipe(this=comma, expression=text)
    every = exp.Window(this=exp.Count(this=exp.Star()))
    values = [aliased(example, "example"), aliased(projected("n"), "times"), aliased(every, "total")]
    query = select(values, nested(groups, "g"))
    query = query.order_by(exp.Ordered(this=projected("times"), desc=True), projected("example"), copy=False)
    return tables.written(query.limit(shown, copy=False))
