"""From what a reader found to a relation with declared names and fixed types."""

from __future__ import annotations

from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate import cells
from kpidsl.evaluate.columns import Expression, expression, wrong_type
from kpidsl.evaluate.quote import name
from kpidsl.evaluate.tables import Attached, Cells, Read, Reading, Typed, Unreadable
from kpidsl.evaluate.verify import bad_cell, fractions, said_missing, verify


def attach(reading: Reading, read: Read) -> Attached:
    """A view over a typed relation, or a temporary table of the cells once they are read and verified."""
    match read:
        case Unreadable(problem):
            return Attached(reading.spec.name, reading.label, {}, (problem,))
        case Cells():
            return _table(reading, read)
        case Typed():
            return _view(reading, read)


def _table(reading: Reading, read: Cells) -> Attached:
    con, label = reading.connection, reading.label
    columns = {c.name: c for c in reading.columns if c.name not in read.broken}
    kinds = {column: _kind(reading, read, column) for column in columns}
    values = [
        f"{cells.typed(kinds[c], read.columns[c], columns[c].type.unit, reading.writing)} AS {name(c)}"
        for c in columns
    ]
    con.execute(f"CREATE TABLE {name(label)} AS SELECT {', '.join(values or ['f'])} FROM {name(read.table)}")
    errors, warnings = verify(con, read, label, columns, kinds, reading.writing)
    both = f"{name(read.table)} POSITIONAL JOIN {name(label)}"
    shown = ", ".join(file.shown for file in reading.files[:3])
    for column in columns.values():
        unsigned = f"coalesce(NOT contains({read.columns[column.name]}, '%'), true)"
        found = fractions(con, both, column, name(column.name), unsigned, f'{shown}, column "{column.name}"')
        warnings += [found] if found and column.name not in errors else []
    con.execute(f"DROP TABLE {name(read.table)}")
    kinds = {column: kind for column, kind in kinds.items() if column not in errors}
    if errors:
        kept = ", ".join(map(name, kinds)) or "1 AS f"
        con.execute(f"CREATE OR REPLACE TABLE {name(label)} AS SELECT {kept} FROM {name(label)}")
    broken = {**read.broken, **errors}
    return Attached(reading.spec.name, label, kinds, (*broken.values(), *read.problems, *warnings), broken)


def _kind(reading: Reading, read: Cells, column: str) -> str:
    """The declared kind; a time is a moment as soon as one cell has a time of day."""
    spec = reading.spec.column(column)
    kind = spec.type.kind if spec else "unknown"
    if kind == "time":
        test = cells.has_time_of_day(read.columns[column], reading.writing)
        return "moment" if _one(reading, f"SELECT bool_or({test}) FROM {name(read.table)}") else "day"
    return "text" if kind in ("identity", "unknown") else kind


def _view(reading: Reading, read: Typed) -> Attached:
    broken, label = dict(read.broken), reading.label
    found: dict[str, Expression] = {}
    warnings: list[Diagnostic] = []
    for column in reading.columns:
        if column.name in broken:
            continue
        how = expression(column, read.types[column.name], reading.writing)
        if how is None:
            broken[column.name] = wrong_type(column, read.types[column.name], read.place)
            continue
        if how.text is not None:
            error, warning = _verify_text(reading, read, column.name, how)
            warnings += [warning] if warning else []
            if error:
                broken[column.name] = error
                continue
        found[column.name] = how
        unsigned = f"coalesce(NOT contains({how.text}, '%'), true)" if how.text else "true"
        place = f'{read.place}, column "{column.name}"'
        doubt = fractions(reading.connection, read.relation, column, how.sql, unsigned, place)
        warnings += [doubt] if doubt else []
    values = [f"{how.sql} AS {name(column)}" for column, how in found.items()]
    selected = ", ".join(values or ["1 AS f"])
    reading.connection.execute(f"CREATE VIEW {name(label)} AS SELECT {selected} FROM {read.relation}")
    kinds = {column: how.kind for column, how in found.items()}
    return Attached(reading.spec.name, label, kinds, (*broken.values(), *read.problems, *warnings), broken)


def _verify_text(
    reading: Reading, read: Typed, column: str, how: Expression
) -> tuple[Diagnostic | None, Diagnostic | None]:
    """Text in a typed table that has to be read as something else: one scan of that column."""
    spec = next(c for c in reading.columns if c.name == column)
    unread, word = f"({how.text}) IS NOT NULL AND {how.sql} IS NULL", cells.missing_word(f"({how.text})")
    first = f"any_value({how.text}) FILTER"
    (row,) = reading.connection.execute(
        f"SELECT count(*) FILTER ({unread} AND NOT {word}), {first} ({unread} AND NOT {word}),"
        f" count(*) FILTER ({unread} AND {word}), {first} ({unread} AND {word}) FROM {read.relation}"
    ).fetchall()
    place = f'{read.place}, column "{column}"'
    error = bad_cell(spec, how.kind, row[1], row[0], place, reading.writing) if row[0] else None
    return error, said_missing(spec, row[3], row[2], place) if row[2] else None


def _one(reading: Reading, statement: str) -> object:
    ((value,),) = reading.connection.execute(statement).fetchall()
    return value
