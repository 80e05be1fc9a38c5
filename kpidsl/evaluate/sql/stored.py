"""The table of a database as the relation that every source is: declared columns, in types that all share.

No view can be made there, so it is a derived table, which engines see through: a day that is stored as a day
is compared as it is, and an index on it serves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import frozen
from sqlglot import exp

from kpidsl.evaluate.engine import Dialect, Kind, Parts
from kpidsl.evaluate.sql.spelling import say
from kpidsl.evaluate.sql.trees import (
    SQL,
    Tree,
    aliased,
    call,
    cast,
    column,
    integer,
    literal,
    select,
    stored,
    text_of,
    when,
)


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
    return select(values or [aliased(integer(1), "f")], stored(parts))


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
            one, zero = literal(1.0, dialect), literal(0.0, dialect)
            return when(raw, one, when(exp.Not(this=raw.copy()), zero))
        case "number", _:
            value = cast(raw, "DOUBLE")
            finite = when(say("finite", dialect, value), say("one zero", dialect, value.copy()))
            scale = literal(float(each.scale), dialect)
            return finite if each.scale == 1 else exp.Div(this=finite, expression=scale)
        case ("day", "day") | ("moment", "moment") | ("flag", _):
            return raw
        case "moment", "day":
            return cast(raw, "TIMESTAMP", dialect)
        case "moment", _:
            return _LOCAL[dialect](raw, zone)
        case "day", _:
            local = _LOCAL[dialect](raw, zone) if each.found == "moment with zone" else raw
            return cast(local, "DATE", dialect)
        case _:
            return cast(raw, "VARCHAR", dialect)


def _postgres_local(value: SQL, zone: str) -> SQL:
    return exp.AtTimeZone(this=value, zone=literal(zone))


def _spark_local(value: SQL, zone: str) -> SQL:
    """Of a session in UTC."""
    shifted = call("FROM_UTC_TIMESTAMP", value, literal(zone))
    return exp.Cast(this=shifted, to=exp.DataType.build("TIMESTAMP_NTZ", dialect="spark"))


def _clickhouse_local(value: SQL, zone: str) -> SQL:
    """There every moment is an instant, and local time is one whose clock in UTC shows it."""
    there = call("timeZoneOffset", call("toTimeZone", value, literal(zone)))
    # to microseconds, for a DateTime would leave the engine as a mere number
    return call("addSeconds", call("toDateTime64", value.copy(), integer(6), literal("UTC")), there)


_LOCAL: Mapping[Dialect, Callable[[SQL, str], SQL]] = {
    "postgres": _postgres_local,
    "spark": _spark_local,
    "clickhouse": _clickhouse_local,
}
"""How an instant becomes local time in a zone."""
