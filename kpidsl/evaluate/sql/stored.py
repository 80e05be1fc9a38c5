"""The table of a database as the relation that every source is: declared columns, in types that all share.

No view can be made there, so it is a derived table, which engines see through: a day that is stored as a day
is compared as it is, and an index on it serves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import frozen
from sqlglot import exp

from kpidsl.evaluate.engine import Dialect, Kind, Parts
from kpidsl.evaluate.sql.trees import (
    SQL,
    Tree,
    aliased,
    call,
    cast,
    column,
    integer,
    literal,
    name,
    select,
    text_of,
    when,
)

_LARGEST = 1.7976931348623157e308


@frozen
class StoredColumn:
    """A column of a table: what its values are, and what they are to be."""

    name: str
    kind: str
    """`number`, `text`, `day`, `moment` or `flag`."""
    found: Kind | None
    scale: int = 1
    """What a number is divided by: 4.2 in a column of percents is 0.042."""
    as_found: bool = False
    """Whether it keeps the type that it is stored with, for nothing is declared of it."""


def stored_tree(parts: Parts, columns: Sequence[StoredColumn], dialect: Dialect, zone: str) -> Tree:
    """A SELECT of some columns under their own names: moments local to the zone, numbers finite."""
    values = [aliased(_value(each, dialect, zone), each.name) for each in columns]
    names = [name(part) for part in parts]
    place = exp.Table(
        this=names[-1],
        db=names[-2] if len(names) > 1 else None,
        catalog=names[-3] if len(names) > 2 else None,
    )
    return select(values or [aliased(integer(1), "f")], place)


def stored_sql(tree: Tree | str, dialect: Dialect) -> str:
    """The text of such a query, to read all its rows."""
    assert isinstance(tree, exp.Select)
    return text_of(tree.copy(), dialect)


def _value(each: StoredColumn, dialect: Dialect, zone: str) -> SQL:
    raw = column(each.name)
    if each.as_found:
        return raw
    match each.kind, each.found:
        case "number", "flag":
            return when(raw, literal(1.0), when(exp.Not(this=raw.copy()), literal(0.0)))
        case "number", _:
            value = cast(raw, "DOUBLE")
            # not a number is above all numbers in some engines, and below none in others
            ends = {"low": literal(-_LARGEST), "high": literal(_LARGEST)}
            finite = when(exp.Between(this=value, **ends), value.copy())
            return finite if each.scale == 1 else exp.Div(this=finite, expression=literal(float(each.scale)))
        case "text", "text":
            return cast(raw, "VARCHAR")
        case "day", "day":
            return raw
        case "moment", "day":
            return cast(raw, "TIMESTAMP")
        case ("day" | "moment") as kind, ("moment" | "moment with zone") as found:
            local = _LOCAL[dialect](raw, zone) if found == "moment with zone" else raw
            return cast(local, "DATE") if kind == "day" else local
        case "flag", _:
            return raw
        case _:
            return cast(raw, "VARCHAR")


def _postgres_local(value: SQL, zone: str) -> SQL:
    return exp.AtTimeZone(this=value, zone=literal(zone))


def _spark_local(value: SQL, zone: str) -> SQL:
    """Of a session in UTC."""
    shifted = call("FROM_UTC_TIMESTAMP", value, literal(zone))
    return exp.Cast(this=shifted, to=exp.DataType.build("TIMESTAMP_NTZ", dialect="spark"))


def _clickhouse_local(value: SQL, zone: str) -> SQL:
    """There every moment is an instant, and local time is one whose clock in UTC shows it."""
    there = call("timeZoneOffset", call("toTimeZone", value, literal(zone)))
    return call("addSeconds", call("toTimeZone", value.copy(), literal("UTC")), there)


_LOCAL: Mapping[Dialect, Callable[[SQL, str], SQL]] = {
    "postgres": _postgres_local,
    "spark": _spark_local,
    "clickhouse": _clickhouse_local,
}
"""How an instant becomes local time in a zone."""
