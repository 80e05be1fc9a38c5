"""Sources that stay in a database: its table against what the spec declares, as a derived table or a copy."""

from __future__ import annotations

from attrs import evolve

from kpidsl.diagnostics import Diagnostic, near
from kpidsl.evaluate import cells
from kpidsl.evaluate.columns import missing_column, wrong_type
from kpidsl.evaluate.connections import Connections
from kpidsl.evaluate.engine import Column, Kind, Parts
from kpidsl.evaluate.quote import name
from kpidsl.evaluate.sql import StoredColumn, stored_sql, stored_tree
from kpidsl.evaluate.tables import Attached, Reading
from kpidsl.model.sources import ColumnSpec, Table

_SHOWN = 20
"""Tables in a message."""
_PIECE = 50_000
"""Rows that are copied at a time."""
_TYPES = {"number": "DOUBLE", "text": "VARCHAR", "day": "DATE", "moment": "TIMESTAMP", "flag": "BOOLEAN"}


def attach_remote(reading: Reading, connection: str, remotes: Connections) -> Attached:
    """A source in a database, evaluated there. `EngineError` if that cannot be reached or read."""
    return _attached(reading, connection, remotes)[0]


def copy_remote(reading: Reading, connection: str, remotes: Connections, most: int) -> Attached:
    """A source in a database, copied into the session's own engine; no more rows than are allowed."""
    there, columns = _attached(reading, connection, remotes)
    if there.failure:
        return there
    sql = stored_sql(there.relation, remotes.dialect(connection))
    if not _copied(reading, columns, remotes, connection, sql, most):
        return _failed(reading, _too_many(reading, connection, most))
    return evolve(there, relation=reading.label, engine="")


def _attached(
    reading: Reading, connection: str, remotes: Connections
) -> tuple[Attached, tuple[StoredColumn, ...]]:
    spec, origin = reading.spec, reading.spec.origin
    assert isinstance(origin, Table)
    remote = remotes.remote(connection)
    found = remotes.types(connection, origin.name)
    if isinstance(found, list):
        return _failed(reading, _no_table(origin.name, connection, found, reading)), ()
    parts, types = found
    place = f"connection {connection}, table {'.'.join(parts)}"
    stored: list[StoredColumn] = []
    broken: dict[str, Diagnostic] = {}
    for column in reading.columns:
        if column.name not in types:
            broken[column.name] = missing_column(column, tuple(types), place)
            continue
        how = _stored(column, remote.kind_of(types[column.name]))
        if how is None:
            broken[column.name] = wrong_type(column, f"`{types[column.name]}`", place)
        else:
            stored.append(how)
    tree = stored_tree(parts, stored, remote.dialect, reading.writing.zone)
    kinds = {each.name: each.kind for each in stored}
    percents = tuple(c.name for c in reading.columns if c.name in kinds and c.type.unit.style == "percent")
    found_there = Attached(spec.name, tree, kinds, tuple(broken.values()), broken, connection, percents)
    return found_there, tuple(stored)


def _stored(column: ColumnSpec, found: Kind | None) -> StoredColumn | None:
    """How a column is read that is stored as some kind; None if it cannot be what is declared.

    Texts are not taken apart into numbers and dates: what a database stores as text is text.
    """
    title, scale = column.name, cells.scale_of(column.type.unit)
    match column.type.kind, found:
        case "number", ("number" | "flag"):
            return StoredColumn(title, "number", found, scale)
        case (("text" | "identity"), _):
            return StoredColumn(title, "text", found)
        case "day", ("day" | "moment" | "moment with zone"):
            return StoredColumn(title, "day", found)
        case "moment", ("day" | "moment" | "moment with zone"):
            return StoredColumn(title, "moment", found)
        case (("time" | "unknown"), "day"):
            return StoredColumn(title, "day", found)
        case (("time" | "unknown"), ("moment" | "moment with zone")):
            return StoredColumn(title, "moment", found)
        case "flag", "flag":
            return StoredColumn(title, "flag", found)
        case "unknown", ("number" | "flag"):
            return StoredColumn(title, found, found, as_found=True)
        case "unknown", _:
            return StoredColumn(title, "text", found)
        case _:
            return None


def _copied(
    reading: Reading,
    columns: tuple[StoredColumn, ...],
    remotes: Connections,
    name_of: str,
    sql: str,
    most: int,
) -> bool:
    """Whether all rows were copied; stops at the first that is too many."""
    con, label, incoming = reading.connection, name(reading.label), f"incoming {reading.label}"
    if not columns:
        columns = (StoredColumn("f", "number", "number", as_found=True),)
    values = ", ".join(
        f"{name(c.name)}" if c.as_found else f"CAST({name(c.name)} AS {_TYPES[c.kind]}) AS {name(c.name)}"
        for c in columns
    )
    rows, made = 0, False
    for piece in remotes.batches(name_of, sql, _PIECE):
        rows += len(piece[columns[0].name])
        if rows > most:
            con.execute(f"DROP TABLE IF EXISTS {label}")
            return False
        con.register(incoming, {c.name: _readable(piece[c.name]) for c in columns})
        start = f"INSERT INTO {label}" if made else f"CREATE TABLE {label} AS"
        con.execute(f"{start} SELECT {values} FROM {name(incoming)}")
        con.unregister(incoming)
        made = True
    return True


def _readable(values: Column) -> Column:
    """DuckDB takes moments, and no days."""
    return values.astype("M8[us]") if values.dtype.kind == "M" else values


def _failed(reading: Reading, problem: Diagnostic) -> Attached:
    return Attached(reading.spec.name, reading.label, {}, (problem,))


def _no_table(table: str, connection: str, known: list[Parts], reading: Reading) -> Diagnostic:
    shown = [".".join(parts) for parts in known]
    alike = near(table, shown) or [each for each in shown if each.endswith(f".{table}")]
    notes = ["a similar name: " + ", ".join(f"`{each}`" for each in alike)] if alike else []
    some = ", ".join(f"`{each}`" for each in shown[:_SHOWN])
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    notes.append(f"tables of the database: {some}{more}" if shown else "it has no tables")
    several = sum(parts[-1] == table for parts in known) > 1
    what = f"several tables `{table}`, in different schemas" if several else f"no table `{table}`"
    help_ = f'as in `table "{shown[0] if shown else "shop.orders"}"`'
    return Diagnostic(
        "K517",
        f"connection `{connection}` has {what}",
        reading.spec.span,
        notes=tuple(notes),
        help=help_,
        place=f"connection {connection}",
    )


def _too_many(reading: Reading, connection: str, most: int) -> Diagnostic:
    return Diagnostic(
        "K533",
        f"`{reading.spec.name}` has more than {most:,} rows, too many to be copied from `{connection}`",
        reading.spec.span,
        notes=("sources of different engines that belong together are evaluated on one machine",),
        help="`copied_rows` of `[limits]` allows more; without the link nothing is copied",
        place=f"connection {connection}",
    )
