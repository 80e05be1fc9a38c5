"""The rows of a grouped source: one for each combination of keys among the rows of another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial, reduce

from attrs import define, evolve, field
from sqlglot import exp

from kpidsl.evaluate.plan import Partial
from kpidsl.evaluate.sql.checks import until
from kpidsl.evaluate.sql.inner import Inner
from kpidsl.evaluate.sql.parts import aggregation
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.trees import SQL, Tree, aliased, call, cast, column, literal, nested, select, when
from kpidsl.graph import Aggregate
from kpidsl.model.rows import ColumnRef, Gather, Row
from kpidsl.model.sources import ColumnSpec, SourceSpec, Table

Keys = Sequence[tuple[str, ColumnRef]]

_COMPUTED = frozenset(
    ("sum", "average", "weighted average", "median", "percentile", "standard deviation", "share")
)
"""Aggregates whose last digits depend on the order of rows, and are cut off as those of all results are."""
_ENDS = frozenset(("first", "last"))
_PICKED = frozenset(("first", "last", "min", "max"))


def grouped_sql(
    spec: SourceSpec, keys: Keys, columns: Sequence[ColumnSpec], parent: Tables, as_of: date
) -> tuple[str, dict[str, str]]:
    """The text of a query with keys and columns by their names, and the kind of each."""
    tree, kinds = grouped_tree(spec, keys, columns, parent, as_of)
    return parent.written(tree), kinds


def grouped_tree(
    spec: SourceSpec, keys: Keys, columns: Sequence[ColumnSpec], parent: Tables, as_of: date
) -> tuple[Tree, dict[str, str]]:
    """A query with keys and columns by their names, and the kind of each.

    The rows of the parent up to as-of are grouped first (those that lack a key make no row); then each column
    is put together from its aggregations.
    """
    inner = Inner(parent, of="r")
    places = [inner.add(ref, "k", partial(parent.column, ref)) for _, ref in keys]
    values: list[SQL] = [aliased(place, word) for (word, _), place in zip(keys, places, strict=True)]
    kinds = {word: _held(parent.kind(ref)) for word, ref in keys}
    gathered: dict[Row, tuple[str, str]] = {}
    ends = _Ends(tuple(places))
    longer = "_" * max(len(word) for word, _ in keys)  # so that no key is called like an aggregation
    for gather in dict.fromkeys(g for c in columns for g in sorted(spec.gathers(c.value), key=repr)):
        gathered[gather] = (f"{longer}{len(gathered)}", _kind(gather, parent))
        values.append(aliased(_gather(gather, inner, ends), gathered[gather][0]))
    unmade = evolve(spec, origin=Table("", None))  # its columns are put together here rather than read
    here = Tables(
        {spec.name: unmade}, {}, {spec.name: kinds}, spec.name, dialect=parent.dialect, made=gathered
    )
    computed = {each.name: each.value for each in columns if each.value is not None}
    for word, row in computed.items():
        kinds[word] = _held(here.kind(row))
    made: list[SQL] = [column(word, "t") for word, _ in keys]
    made += [aliased(_finite(row, here), word) for word, row in computed.items()]
    rows = parent.relation().select(*inner.columns, copy=False).where(until(as_of, parent), copy=False)
    groups = select(values, ends.beside(nested(rows, "r")))
    groups = groups.where(*(exp.Not(this=_missing(place.copy())) for place in places), copy=False)
    groups = groups.group_by(*(place.copy() for place in places), copy=False)
    return select(made, nested(groups, "t")), kinds


def keyless_sql(keys: Keys, parent: Tables, as_of: date) -> str:
    """How many rows of the parent up to as-of lack a key (`v0`)."""
    lacking: list[SQL] = [_missing(parent.column(ref)) for _, ref in keys]
    condition = reduce(lambda a, b: exp.Or(this=a, expression=b), lacking)
    count = aliased(exp.Count(this=exp.Star()), "v0")
    query = parent.relation().select(count, copy=False)
    return parent.written(query.where(exp.paren(condition, copy=False), until(as_of, parent), copy=False))


def _missing(value: SQL) -> SQL:
    return exp.Is(this=value, expression=exp.null())


def _kind(gather: Gather, parent: Tables) -> str:
    same = gather.argument if gather.function in _PICKED else None
    return gather.type.kind if same is None else _held(parent.kind(same))


def _held(kind: str) -> str:
    """The kind of a column that holds such values."""
    return "text" if kind == "identity" else kind


def _finite(row: Row, tables: Tables) -> SQL:
    sql = tables.row(row)
    if row.type.kind != "number" or isinstance(row, Gather | ColumnRef):
        return sql
    return when(tables.say("finite", sql), tables.say("one zero", sql.copy()))


def _gather(gather: Gather, inner: Inner, ends: _Ends) -> SQL:
    """One aggregation."""
    if gather.function in _ENDS:
        return _end_value(gather, inner, ends)
    if gather.function in _PICKED:
        return _merged("min" if gather.function == "min" else "max", gather, inner)
    value = cast(_number(gather, inner), "DOUBLE")
    if gather.function not in _COMPUTED:
        return value
    finite = when(inner.tables.say("finite", value), value.copy())
    rounded = inner.tables.say("twelve digits", finite)
    return exp.paren(exp.Add(this=rounded, expression=literal(0.0)), copy=False)


def _number(gather: Gather, inner: Inner) -> SQL:
    """Over rows of which none passes the filter a sum and a count are 0, all else has no value."""
    x, kept = gather.argument, gather.filter
    match gather.function:
        case "count":
            return _counted(aggregation(Partial("rows", None, kept), inner))
        case "sum":
            return call("COALESCE", _merged("sum", gather, inner), literal(0.0))
        case "average":
            return _merged("mean", gather, inner)
        case "share":
            rows = aggregation(Partial("rows", None, kept), inner)
            return _over(_counted(_merged("holds", gather, inner)), rows)
        case "weighted average":
            return _over(_merged("products", gather, inner), _merged("weights", gather, inner))
        case "standard deviation":
            assert x is not None
            return inner.tables.say("deviation", inner.value(x, kept))
        case function:
            unit, rank = gather.type.unit, gather.parameter
            return aggregation(Aggregate(function, gather.source, x, unit, "none", kept, None, rank), inner)


def _counted(value: SQL) -> SQL:
    """`COUNT_IF` has no value where the condition has none in any row."""
    return call("COALESCE", value, exp.Literal.number(0))


def _merged(op: str, gather: Gather, inner: Inner) -> SQL:
    part = Partial(op, gather.argument, gather.filter, gather.weight)  # type: ignore[arg-type]
    return aggregation(part, inner)


def _over(above: SQL, below: SQL) -> SQL:
    below = exp.Nullif(this=cast(below, "DOUBLE"), expression=literal(0.0))
    return exp.Div(this=cast(above, "DOUBLE"), expression=below)


def _end_value(gather: Gather, inner: Inner, ends: _Ends) -> SQL:
    """The value at the earliest or latest moment that has one, the smallest of several."""
    assert gather.argument is not None
    value = inner.value(gather.argument, gather.filter)
    moment = inner.add("moment", "m", inner.tables.moment)
    last = gather.function == "last"
    if inner.tables.dialect == "duckdb":
        by = [exp.Ordered(this=moment, desc=last), exp.Ordered(this=value.copy())]
        there = exp.Where(this=exp.Not(this=_missing(value.copy())))
        return exp.Filter(this=call("FIRST", exp.Order(this=value, expressions=by)), expression=there)
    at_end = exp.EQ(this=moment.copy(), expression=ends.moment(value, moment, last))
    found = when(at_end, value.copy())
    match _held(inner.tables.kind(gather.argument)):
        case "flag":
            return inner.tables.say("smallest flag", found)
        case "text":
            return exp.Min(this=inner.tables.say("in binary order", found))
        case _:
            return exp.Min(this=found)


@define
class _Ends:
    """The first and last moments of groups, beside each row: all engines have windows, and few have more."""

    keys: tuple[SQL, ...]
    columns: list[SQL] = field(factory=list)

    def moment(self, value: SQL, moment: SQL, last: bool) -> SQL:
        """The moment of the group's first or last row that has the value."""
        there = when(exp.Not(this=_missing(value.copy())), moment)
        end = exp.Max(this=there) if last else exp.Min(this=there)
        self.columns.append(
            aliased(
                exp.Window(this=end, partition_by=[key.copy() for key in self.keys]), f"e{len(self.columns)}"
            )
        )
        return column(self.columns[-1].alias, "r")

    def beside(self, rows: exp.Subquery) -> exp.Subquery:
        """The rows, with these moments."""
        return nested(select([exp.Star(), *self.columns], rows), "r") if self.columns else rows
