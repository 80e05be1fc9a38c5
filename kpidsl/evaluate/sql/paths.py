"""Paths of identities from rows of one source to rows of others, as SQL trees.

The rows of all steps are put below each other (`s` says which step), and window functions find for each the
next one of the step after it. Of several sources, one with days only, days are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import reduce

from attrs import evolve, frozen
from sqlglot import exp

from kpidsl.evaluate.plan import TOUCHES, Scan
from kpidsl.evaluate.sql.cubes import layers_of
from kpidsl.evaluate.sql.inner import argument, as_text, bucket, within
from kpidsl.evaluate.sql.people import (
    Mark,
    marked,
    picked,
    placed,
    results,
    share_of,
    smallest,
    with_common,
)
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.trees import (
    SQL,
    aliased,
    call,
    column,
    integer,
    literal,
    nested,
    select,
    table,
    when,
)
from kpidsl.evaluate.sql.ways import there
from kpidsl.graph import Aggregate, Step
from kpidsl.model.periods import Window
from kpidsl.model.rows import Row

_EPOCH = date(1970, 1, 1)


def paths_sql(scan: Scan, tables: Tables) -> str:
    """The aggregates of a scan (`v0` ...) by window (`b`), set of dimensions (`g`) and slice (`d0` ...)."""
    paths = _Paths(scan, tables)
    return tables.written(paths.touches() if scan.aggregates[0].function in TOUCHES else paths.conversions())


@frozen
class _Paths:
    scan: Scan
    tables: Tables

    @property
    def head(self) -> Aggregate:
        return self.scan.aggregates[0]

    @property
    def dims(self) -> list[str]:
        return [f"d{n}" for n in range(len(self.scan.dimensions()))]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, the first one too."""
        assert self.head.argument is not None
        return (Step(self.scan.source, self.head.argument, self.head.filter), *self.head.then)

    def days(self, number: int) -> tuple[Window, ...]:
        """The days to read of a step."""
        return self.scan.days if number == 0 else self.scan.later[number - 1]

    def tables_of(self, source: str) -> Tables:
        return self.tables if source == self.scan.source else evolve(self.tables, source=source, joined={})

    def moment(self, tables: Tables) -> SQL:
        """What rows are ordered by: days, where one of the sources knows no more."""
        for step in self.steps:
            time = tables.specs[step.source].time or ""
            if tables.kinds[step.source].get(time) == "day":
                return tables.day()
        return tables.moment()

    def rows(self, number: int, columns: Callable[[Tables], Sequence[SQL]]) -> exp.Select:
        """The rows of a step: whose (`x`), when (`t`), and some columns."""
        step = self.steps[number]
        tables = self.tables_of(step.source)
        tables = evolve(tables, joined={})
        identity = tables.row(step.identity)
        shown = [aliased(identity, "x"), aliased(self.moment(tables), "t"), *columns(tables)]
        known = there(identity.copy())
        if step.filter is not None:
            known = exp.And(this=known, expression=exp.paren(tables.row(step.filter), copy=False))
        read = reduce(
            lambda a, b: exp.Or(this=a, expression=b), [within(d, tables) for d in self.days(number)]
        )
        query = tables.relation().select(*shown, copy=False)
        return query.where(known, exp.paren(read, copy=False), copy=False)

    def day(self, moment: SQL) -> SQL:
        return self.tables.cast(moment, "DATE")

    def soon(self, low: SQL, high: SQL, days: float | None) -> SQL:
        """Whether the second day is at most so many after the first."""
        apart = self.tables.say("days from to", self.day(low), self.day(high))
        return exp.LTE(this=exp.paren(apart, copy=False), expression=integer(int(days or 0)))

    # -- conversions ---------------------------------------------------------------------------------------

    def conversions(self) -> exp.Query:
        scan, aggregates = self.scan, self.scan.aggregates
        limits = list(dict.fromkeys(aggregate.parameter for aggregate in aggregates))
        marks = [Mark("c", 0, f"t{n}") for n in range(len(limits))]
        parts = []
        for layer in layers_of(scan):
            for number, columns in enumerate(scan.sets):
                own = self.dims if columns else []
                rows = marked(scan, layer, own, marks, self.tables)
                reached = [column(f"u{limits.index(each.parameter)}", "p") for each in aggregates]
                values = [self._share(each, mark) for each, mark in zip(aggregates, reached, strict=True)]
                if rows is not None:
                    parts.append(results(rows, number, own, self.dims, values, self.tables))
        query: exp.Query = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False, copy=False)
        return with_common(query, "c", self._started(limits), self.tables)

    def _share(self, aggregate: Aggregate, mark: SQL) -> SQL:
        reached = self.tables.say("count if", exp.EQ(this=mark, expression=integer(1)))
        if aggregate.function == "converted":
            return reached
        return share_of(reached, exp.Count(this=exp.Star()), self.tables)

    def _started(self, limits: Sequence[float | None]) -> exp.Select:
        """Each identity that begins once for each bucket and slice; `t0` ... are there where it arrived in
        time."""
        kept = ["b", *self.dims, "x", "t", "s"]
        last = len(self.steps) - 1
        rows = exp.union(*(self._events(n) for n in range(last + 1)), distinct=False, copy=False)
        query = _with(kept, [aliased(self._at(last, column("t", "e")), "c")], nested(rows, "e"))
        onward = exp.WindowSpec(kind="RANGE", start="CURRENT ROW", end="UNBOUNDED", end_side="FOLLOWING")
        for step in reversed(range(last)):
            arrival = self.tables.say(
                "ranged", exp.Min(this=column("c", "e")), [column("x", "e")], column("t", "e"), onward.copy()
            )
            query = _with(kept, [aliased(arrival, "n")], nested(query, "e"))
            query = _with(kept, [aliased(self._at(step, column("n", "e")), "c")], nested(query, "e"))
        groups = [column(key, "e") for key in ("b", *self.dims, "x")]
        shown: list[SQL] = [aliased(key.copy(), key.name) for key in groups]
        for n, days in enumerate(limits):
            arrived = when(self.soon(column("t", "e"), column("c", "e"), days), integer(1))
            shown.append(aliased(exp.Max(this=arrived), f"t{n}"))
        begins = exp.EQ(this=column("s", "e"), expression=integer(0))
        return select(shown, nested(query, "e")).where(begins, copy=False).group_by(*groups, copy=False)

    def _at(self, step: int, value: SQL) -> SQL:
        """A value in the rows of a step."""
        return when(exp.EQ(this=column("s", "e"), expression=integer(step)), value)

    def _events(self, number: int) -> exp.Select:
        """The rows of a step, with those columns that all steps have."""

        def columns(tables: Tables) -> list[SQL]:
            found: list[SQL] = [aliased(integer(number), "s")]
            found.append(aliased(integer(-1) if number else bucket(self.scan, tables), "b"))
            for alias, ref in zip(self.dims, self.scan.dimensions(), strict=True):
                none = tables.cast(exp.null(), "VARCHAR")
                found.append(aliased(none if number else as_text(ref, tables), alias))
            return found

        return self.rows(number, columns)

    # -- touches -------------------------------------------------------------------------------------------

    def touches(self) -> exp.Query:
        scan, dims = self.scan, self.dims
        sums = [aggregate.then[0].value for aggregate in scan.aggregates]
        values = list(dict.fromkeys(value for value in sums if value is not None))
        names = [f"y{n}" for n in range(len(values))]
        parts = []
        for layer in layers_of(scan):
            assert scan.buckets is not None
            ranges = [(*scan.buckets.range_of(w), scan.windows.index(w)) for w in layer]
            ranges = sorted(each for each in ranges if each[0] < each[1])
            for number, columns in enumerate(scan.sets if ranges else ()):
                own = dims if columns else []
                rows = select(
                    [aliased(column(each, "i"), each) for each in ("w", *own, *names)],
                    placed(ranges, [*own, *names], "c", self.tables),
                ).where(there(column("w", "i")), copy=False)
                found = [_added(value, values) for value in sums]
                parts.append(results(rows, number, own, dims, found, self.tables))
        query: exp.Query = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False, copy=False)
        query = with_common(query, "t", self._touched(), self.tables)
        return with_common(query, "c", self._attributed(values), self.tables)

    def _touched(self) -> exp.Select:
        def columns(tables: Tables) -> list[SQL]:
            refs = zip(self.dims, self.scan.dimensions(), strict=True)
            return [aliased(as_text(ref, tables), alias) for alias, ref in refs]

        return self.rows(0, columns)

    def _attributed(self, values: Sequence[Row]) -> exp.Select:
        """The rows that follow a touch: bucket, slice of the touch, and what is added up (`y0` ...)."""
        names = ["b", *(f"y{n}" for n in range(len(values)))]
        query = self._found(values, names)
        if not self.dims:
            return query
        keys = [column("x", "t"), column("t", "t")]
        shown: list[SQL] = [aliased(column(each, "t"), each) for each in ("x", "t", *self.dims)]
        place = smallest(keys, [column(each, "t") for each in self.dims], self.tables)
        ordered = select([*shown, aliased(place, "o")], table("t", "t"))
        single = picked(ordered, ["x", "t", *self.dims])
        same = exp.and_(
            exp.EQ(this=column("x", "a"), expression=column("x", "u")),
            exp.EQ(this=column("n", "a"), expression=column("t", "u")),
            copy=False,
        )
        shown = [aliased(column(each, "a"), each) for each in names]
        shown += [aliased(column(each, "u"), each) for each in self.dims]
        return select(shown, nested(query, "a")).join(nested(single, "u"), on=same, copy=False)

    def _found(self, values: Sequence[Row], names: Sequence[str]) -> exp.Select:
        """The rows to attribute that have a touch in time, and its moment (`n`)."""

        def columns(tables: Tables) -> list[SQL]:
            found: list[SQL] = [aliased(bucket(self.scan, tables), "b"), aliased(integer(1), "s")]
            return found + [aliased(argument(value, tables), f"y{n}") for n, value in enumerate(values)]

        touch: list[SQL] = [aliased(column(each, "t"), each) for each in ("x", "t")]
        touch += [aliased(integer(-1), "b"), aliased(integer(0), "s")]
        touch += [aliased(self.tables.cast(exp.null(), "DOUBLE"), f"y{n}") for n in range(len(values))]
        both = exp.union(
            select(touch, table("t", "t")), self._in_order(self.rows(1, columns), names), distinct=False
        )
        query = _with([*names, "x", "t", "s"], [aliased(self._touch(), "n")], nested(both, "e"))
        came = exp.EQ(this=column("s", "e"), expression=integer(1))
        before = exp.LTE(this=column("n", "e"), expression=column("t", "e"))
        soon = self.soon(column("n", "e"), column("t", "e"), self.head.parameter)
        return _with([*names, "x", "n"], [], nested(query, "e")).where(came, before, soon, copy=False)

    def _touch(self) -> SQL:
        """The moment of the last touch up to a row, or of the first one within so many days."""
        moment = when(exp.EQ(this=column("s", "e"), expression=integer(0)), column("t", "e"))
        by, at = [column("x", "e")], column("t", "e")
        if self.head.function == "last touch":
            spec = exp.WindowSpec(kind="RANGE", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
            return self.tables.say("ranged", exp.Max(this=moment), by, at, spec)
        days = integer(int(self.head.parameter or 0))
        spec = exp.WindowSpec(kind="RANGE", start=days, start_side="PRECEDING", end="CURRENT ROW")
        number = self.tables.say("days from to", literal(_EPOCH, self.tables.dialect), self.day(at))
        return self.tables.say("ranged", exp.Min(this=moment), by, exp.paren(number, copy=False), spec)

    def _in_order(self, rows: exp.Select, names: Sequence[str]) -> exp.Select:
        """Columns in the order in which the touches have them."""
        ordered = ["x", "t", "b", "s", *names[1:]]
        return select([aliased(column(each, "v"), each) for each in ordered], nested(rows, "v"))


def _with(kept: Sequence[str], more: Sequence[SQL], rows: SQL) -> exp.Select:
    return select([*(aliased(column(each, "e"), each) for each in kept), *more], rows)


def _added(value: Row | None, values: Sequence[Row]) -> SQL:
    if value is None:
        return exp.Count(this=exp.Star())
    return call("COALESCE", exp.Sum(this=column(f"y{values.index(value)}", "p")), literal(0.0))
