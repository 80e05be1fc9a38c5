"""The small parts of SQL trees: names always quoted, values always escaped by sqlglot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlglot import exp

from kpidsl.evaluate.engine import Dialect

SQL = exp.Expr
Tree = exp.Select
"""A query that stands for a relation where no view can be made."""


def name(text: str) -> exp.Identifier:
    """An identifier, always quoted."""
    return exp.to_identifier(text, quoted=True)


_EXACT = frozenset(("postgres", "redshift", "snowflake"))
"""Here numbers with an exponent may be decimals."""

_TYPES: Mapping[tuple[Dialect, str], exp.DType] = {
    ("clickhouse", "DATE"): exp.DType.DATE32,  # DATE begins in 1970
    ("clickhouse", "TIMESTAMP"): exp.DType.DATETIME64,
    ("spark", "TIMESTAMP"): exp.DType.TIMESTAMPNTZ,
    ("databricks", "TIMESTAMP"): exp.DType.TIMESTAMPNTZ,
    ("snowflake", "TIMESTAMP"): exp.DType.TIMESTAMPNTZ,
    ("redshift", "VARCHAR"): exp.DType.TEXT,  # VARCHAR has 256 bytes
}
"""Where a type has another name than sqlglot takes for it."""


def literal(value: float | str | bool | date | None, dialect: Dialect = "duckdb") -> SQL:
    """A constant. Numbers are written with an exponent, which makes them DOUBLE rather than DECIMAL."""
    match value:
        case None:
            return exp.null()
        case bool():
            return exp.true() if value else exp.false()
        case str():
            return exp.Literal.string(value)
        case date():
            return cast(exp.Literal.string(value.isoformat()), "DATE", dialect)
        case _:
            text = repr(float(abs(value)))
            number: SQL = exp.Literal.number(text if "e" in text else f"{text}e0")
            number = exp.Neg(this=number) if value < 0 else number
            return cast(number, "DOUBLE") if dialect in _EXACT else number


def cast(value: SQL, to: str, dialect: Dialect = "duckdb") -> SQL:
    """`exp.cast` parses the name of the type each time, and copies the value.

    The dialect matters for DATE, TIMESTAMP and VARCHAR, which not all call alike.
    """
    kind = _TYPES.get((dialect, to)) or exp.DType[to]
    if isinstance(value, exp.Cast) and value.to.this == kind:
        return value
    digits = [exp.DataTypeParam(this=integer(6))] if kind is exp.DType.DATETIME64 else None
    return exp.Cast(this=value, to=exp.DataType(this=kind, expressions=digits))


def column(text: str, of: str | None = None) -> exp.Column:
    return exp.Column(this=name(text), table=None if of is None else name(of))


def aliased(value: SQL, alias: str) -> exp.Alias:
    return exp.Alias(this=value, alias=name(alias))


def select(columns: Iterable[SQL], relation: SQL) -> exp.Select:
    """Nothing is copied: no part of a tree is used in another."""
    return exp.select(*columns, copy=False).from_(relation, copy=False)


def integer(value: int) -> SQL:
    return exp.Literal.number(value) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))


def nested(query: exp.Query, alias: str) -> exp.Subquery:
    """A query after FROM, whose columns can be called by its alias: that is quoted, as all names are."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=name(alias)))


def table(relation: str | Tree, alias: str) -> SQL:
    """What stands after FROM: a view by its name, or a derived table."""
    if isinstance(relation, exp.Select):
        return nested(relation.copy(), alias)
    return exp.Table(this=name(relation), alias=exp.TableAlias(this=name(alias)))


def stored(parts: Sequence[str]) -> exp.Table:
    """A table of a database by its name, with what it is in: `("shop", "orders")`."""
    catalog, db, title = [None, None, *map(name, parts)][-3:]
    return exp.Table(this=title, db=db, catalog=catalog)


def call(function: str, *args: SQL) -> SQL:
    return exp.Anonymous(this=function, expressions=list(args))


def when(condition: SQL, value: SQL, otherwise: SQL | None = None) -> exp.Case:
    return exp.Case(ifs=[exp.If(this=condition, true=value)], default=otherwise)


def projected(text: str) -> exp.Column:
    return column(text)


def grouped(query: exp.Select, groups: list[list[str]]) -> exp.Select:
    if len(groups) == 1:
        return query.group_by(*map(projected, groups[0]), copy=False)
    sets = [exp.Tuple(expressions=[projected(key) for key in group]) for group in groups]
    return query.group_by(exp.GroupingSets(expressions=sets), copy=False)


def text_of(query: exp.Query, dialect: Dialect, *, pretty: bool = False) -> str:
    """The text of a query in a dialect; pretty for people, on many lines."""
    return query.sql(dialect, copy=False, pretty=pretty)
