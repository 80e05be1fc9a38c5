"""New, returning, retained and churned identities as SQL trees.

Rows become one for each identity, bucket and slice, with the first moment that each filter is met (`c`); of
these the first of all for each identity and filter is picked (`f0` ...). A window is then given marks: seen
in it, new in it, seen in the one before. What an identity does anywhere is told beside what it does in a
slice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from attrs import frozen
from sqlglot import exp

from kpidsl.evaluate.people import earlier
from kpidsl.evaluate.plan import Scan, before
from kpidsl.evaluate.sql.cubes import MATERIALIZES, grouped_by, joined, layers_of, window_of
from kpidsl.evaluate.sql.inner import Inner, rows_of
from kpidsl.evaluate.sql.parts import numbered
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.trees import (
    SQL,
    aliased,
    column,
    integer,
    name,
    nested,
    projected,
    select,
    table,
    when,
)
from kpidsl.evaluate.sql.ways import there
from kpidsl.graph import Aggregate
from kpidsl.model.periods import Window
from kpidsl.model.rows import Row


@frozen
class Mark:
    """Something that an identity does in a window, or so many periods before it: the rows of `relation` say
    so, those with a value of `given` if there is such a column."""

    relation: str
    shift: int = 0
    given: str | None = None


def people_sql(scan: Scan, tables: Tables) -> str:
    """The aggregates of a scan (`v0` ...) by window (`b`), set of dimensions (`g`) and slice (`d0` ...)."""
    inner = Inner(tables, of="r")
    dims = [f"d{n}" for n in range(len(grouped_by(scan, inner)))]
    filters = tuple(dict.fromkeys(aggregate.filter for aggregate in scan.aggregates))
    ways = {aggregate: _marks(aggregate, filters.index(aggregate.filter)) for aggregate in scan.aggregates}
    common = {"c": _seen(scan, filters, dims, inner)}
    for relation in sorted({mark.relation for own in ways.values() for mark in own} - {"c"}):
        common[relation] = _first(relation, dims, tables)
    parts: list[exp.Query] = []
    for layer in layers_of(scan):
        parts += _People(scan, layer, ways, dims, common, tables).parts()
    query: exp.Query = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False, copy=False)
    for alias, rows in common.items():
        query = with_common(query, alias, rows, tables)
    return tables.written(query)


@frozen
class _People:
    """The results of one layer of windows; the common tables that they need are added to `common`."""

    scan: Scan
    layer: tuple[Window, ...]
    ways: Mapping[Aggregate, tuple[Mark, Mark]]
    dims: list[str]
    common: dict[str, exp.Select]
    tables: Tables

    def parts(self) -> list[exp.Select]:
        """In total, and by slice."""
        every = list(dict.fromkeys(mark for own in self.ways.values() for mark in own))
        total = marked(self.scan, self.layer, [], every, self.tables)
        if total is None:
            return []
        if not self.dims:
            return [self._results(total, 0, [], every)]
        alias = f"m{len(self.common)}"
        self.common[alias] = total
        shown = [aliased(column(each, alias), each) for each in ("w", "x", *numbered_as("u", every))]
        found = [self._results(select(shown, table(alias, alias)), 0, [], every)]
        sliced = {a: own for a, own in self.ways.items() if a not in self.scan.totals}
        marks = list(dict.fromkeys(own[0] for own in sliced.values()))
        rows = marked(self.scan, self.layer, self.dims, marks, self.tables)
        if rows is not None:
            if any(aggregate.function != "new" for aggregate in sliced):
                rows = self._beside(rows, marks, alias, every)
            found.append(self._results(rows, 1, self.dims, marks, every))
        return found

    def _beside(
        self, rows: exp.Select, marks: Sequence[Mark], alias: str, every: Sequence[Mark]
    ) -> exp.Select:
        """The marks of identities in a slice, with those that they have in any (`a0` ...)."""
        names = ["w", *self.dims, "x", *numbered_as("u", marks)]
        shown: list[SQL] = [aliased(column(each, "k"), each) for each in names]
        shown += [aliased(column(f"u{n}", alias), f"a{n}") for n in range(len(every))]
        same = [exp.EQ(this=column(each, "k"), expression=column(each, alias)) for each in ("w", "x")]
        query = select(shown, nested(rows, "k"))
        return query.join(table(alias, alias), on=exp.and_(*same, copy=False), copy=False)

    def _results(
        self,
        rows: exp.Select,
        number: int,
        names: Sequence[str],
        marks: Sequence[Mark],
        anywhere: Sequence[Mark] = (),
    ) -> exp.Select:
        values: list[SQL] = []
        for aggregate, (here, other) in self.ways.items():
            if names and aggregate in self.scan.totals:
                values.append(exp.null())
                continue
            beside = f"a{anywhere.index(other)}" if anywhere else f"u{marks.index(other)}"
            mark = column(f"u{marks.index(here)}", "p")
            values.append(_value(aggregate, mark, column(beside, "p"), self.tables))
        return results(rows, number, names, self.dims, values, self.tables)


def _marks(aggregate: Aggregate, lane: int) -> tuple[Mark, Mark]:
    """What decides whether an identity counts: what it does in the slice, and what it does anywhere."""
    seen, new, shift = Mark("c", 0, f"t{lane}"), Mark(f"f{lane}"), earlier(aggregate)
    match aggregate.function:
        case "new":
            return new, new
        case "returning":
            return seen, new
        case "retained":
            return seen, Mark("c", shift, f"t{lane}")
        case "churned":
            return Mark("c", shift, f"t{lane}"), seen
        case _:  # retention
            return Mark(f"f{lane}", shift), seen


def _value(aggregate: Aggregate, here: SQL, anywhere: SQL, tables: Tables) -> SQL:
    """What an aggregate is, by its two marks of an identity, each 1 or 0."""
    away = aggregate.function in ("returning", "churned")
    holds = _is(here, 1)
    if aggregate.function == "new":
        return tables.say("count if", holds)
    both = tables.say("count if", exp.And(this=holds, expression=_is(anywhere, 0 if away else 1)))
    if aggregate.function != "retention":
        return both
    return share_of(both, tables.say("count if", holds.copy()), tables)


def share_of(part: SQL, whole: SQL, tables: Tables) -> SQL:
    """A quotient of counts; none where there is nothing."""
    below = exp.Nullif(this=tables.cast(whole, "DOUBLE"), expression=exp.Literal.number("0e0"))
    return exp.Div(this=tables.cast(part, "DOUBLE"), expression=below, typed=True)


def _is(mark: SQL, number: int) -> SQL:
    return exp.paren(exp.EQ(this=mark, expression=integer(number)), copy=False)


def _seen(scan: Scan, filters: Sequence[Row | None], dims: Sequence[str], inner: Inner) -> exp.Select:
    """Each identity once for each bucket and slice, with the first moment that each filter is met there."""
    argument = scan.aggregates[0].argument
    assert argument is not None
    keys = [*(column(key, "r") for key in ("b", *dims)), inner.value(argument, None)]
    moment = inner.add("moment", "m", inner.tables.moment)
    firsts: list[SQL] = []
    for kept in filters:
        value = moment.copy() if kept is None else when(inner.condition(kept), moment.copy())
        firsts.append(exp.Min(this=value))
    known = there(keys[-1].copy())
    if None not in filters:
        met = [inner.condition(kept) for kept in filters if kept is not None]
        known = exp.And(this=known, expression=exp.paren(exp.or_(*met, copy=False), copy=False))
    shown = [aliased(key, alias) for key, alias in zip(keys, ("b", *dims, "x"), strict=True)]
    shown += [aliased(first, f"t{n}") for n, first in enumerate(firsts)]
    query = select(shown, rows_of(scan, inner)).where(known, copy=False)
    return query.group_by(*(key.copy() for key in keys), copy=False)


def _first(relation: str, dims: Sequence[str], tables: Tables) -> exp.Select:
    """The first row of each identity that meets a filter; of several at one moment that of the smallest
    slice."""
    moment = f"t{relation[1:]}"
    earliest = select(
        [aliased(column("x", "c"), "x"), aliased(exp.Min(this=column(moment, "c")), "t")], table("c", "c")
    ).group_by(column("x", "c"), copy=False)
    same = exp.and_(
        exp.EQ(this=column("x", "c"), expression=column("x", "f")),
        exp.EQ(this=column(moment, "c"), expression=column("t", "f")),
        copy=False,
    )
    names = ["b", *dims, "x"]
    shown: list[SQL] = [aliased(column(each, "c"), each) for each in names]
    if dims:
        shown.append(aliased(smallest([column("x", "c")], [column(d, "c") for d in dims], tables), "o"))
    found = select(shown, table("c", "c")).join(nested(earliest, "f"), on=same, copy=False)
    return picked(found, names) if dims else found


def smallest(by: Sequence[SQL], slices: Sequence[SQL], tables: Tables) -> SQL:
    """The place of a row among those that are alike, by its slice: texts in their order, then none."""
    order: list[SQL] = []
    for part in slices:
        lacking = when(exp.Is(this=part.copy(), expression=exp.null()), integer(1), integer(0))
        order += [lacking, tables.say("in binary order", part)]
    ordered = exp.Order(expressions=[exp.Ordered(this=each) for each in order])
    return exp.Window(this=exp.RowNumber(), partition_by=list(by), order=ordered)


def picked(rows: exp.Select, names: Sequence[str]) -> exp.Select:
    """The first of the rows that are alike, by their place `o`."""
    first = exp.EQ(this=column("o", "q"), expression=integer(1))
    shown = [aliased(column(each, "q"), each) for each in names]
    return select(shown, nested(rows, "q")).where(first, copy=False)


def with_common(query: exp.Query, alias: str, rows: exp.Query, tables: Tables) -> exp.Query:
    """A query with a common table, worked out once where that can be asked for."""
    once = True if tables.dialect in MATERIALIZES else None
    return query.with_(name(alias), as_=rows, materialized=once, copy=False)


# -- marks by window -----------------------------------------------------------------------------------------


def marked(
    scan: Scan, layer: tuple[Window, ...], names: Sequence[str], marks: Sequence[Mark], tables: Tables
) -> exp.Select | None:
    """The identities of a layer of windows (`w`), each once for each slice, with their marks (`u0` ...)."""
    assert scan.buckets is not None
    parts: list[exp.Query] = []
    for relation, shift in dict.fromkeys((mark.relation, mark.shift) for mark in marks):
        ranges = [(*scan.buckets.range_of(before(w, shift)), scan.windows.index(w)) for w in layer]
        ranges = sorted(each for each in ranges if each[0] < each[1])
        if ranges:
            own = {n: m for n, m in enumerate(marks) if (m.relation, m.shift) == (relation, shift)}
            parts.append(_role(ranges, relation, names, own, len(marks), tables))
    if not parts:
        return None
    every = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False, copy=False)
    groups = [column(key, "h") for key in ("w", *names, "x")]
    shown = [aliased(key.copy(), key.name) for key in groups]
    shown += [aliased(exp.Max(this=column(f"u{n}", "h")), f"u{n}") for n in range(len(marks))]
    return select(shown, nested(every, "h")).group_by(*groups, copy=False)


def _role(
    ranges: Sequence[tuple[int, int, int]],
    relation: str,
    names: Sequence[str],
    own: Mapping[int, Mark],
    count: int,
    tables: Tables,
) -> exp.Select:
    """The rows of a relation in the windows whose ranges of buckets are given, and which marks they make."""
    given = dict.fromkeys(mark.given for mark in own.values() if mark.given)
    rows = placed(ranges, [*names, "x", *given], relation, tables)
    shown: list[SQL] = [aliased(column(each, "i"), each) for each in ("w", *names, "x")]
    for n in range(count):
        mark = own.get(n)
        value: SQL = integer(1 if mark else 0)
        if mark and mark.given:
            value = when(there(column(mark.given, "i")), integer(1), integer(0))
        shown.append(aliased(value, f"u{n}"))
    return select(shown, rows).where(there(column("w", "i")), copy=False)


def placed(
    ranges: Sequence[tuple[int, int, int]], columns: Sequence[str], relation: str, tables: Tables
) -> exp.Subquery:
    """The rows of a relation with the index of the window that their bucket is in (`w`), once for each of
    several."""
    rows = table(relation, relation)
    if any(high > low for (_, high, _), (low, _, _) in pairwise(ranges)):
        return joined(ranges, columns, rows, tables)
    window = aliased(window_of(ranges, 0, len(ranges)), "w")
    return nested(select([window, *map(projected, columns)], rows), "i")


def numbered_as(prefix: str, several: Sequence[object]) -> list[str]:
    """`u0`, `u1` ..., one for each."""
    return [f"{prefix}{n}" for n in range(len(several))]


def results(
    rows: exp.Select,
    number: int,
    names: Sequence[str],
    dims: Sequence[str],
    values: Sequence[SQL],
    tables: Tables,
) -> exp.Select:
    """Aggregations of rows, which are called `p`, by window and slice."""
    shown: list[SQL] = [aliased(column("w", "p"), "b"), aliased(integer(number), "g")]
    for each in dims:
        value = column(each, "p") if each in names else tables.cast(exp.null(), "VARCHAR")
        shown.append(aliased(value, each))
    query = select([*shown, *numbered(values)], nested(rows, "p"))
    return query.group_by(*(column(each, "p") for each in ("w", *names)), copy=False)
