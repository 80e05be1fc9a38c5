"""From what a reader found to a relation with declared names and fixed types."""

from __future__ import annotations

from collections.abc import Sequence

from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate import cells
from kpidsl.evaluate.columns import Expression, expression, wrong_type
from kpidsl.evaluate.quote import name
from kpidsl.evaluate.tables import Attached, Cells, Read, Reading, Typed, Unreadable
from kpidsl.evaluate.verify import bad_cell, fractions, said_missing, verify
from kpidsl.model.sources import ColumnSpec


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
    ways = _ways(reading, read, tuple(columns.values()))
    kinds = {column: kind for column, (kind, _) in ways.items()}
    values = [f"{value} AS {name(column)}" for column, (_, value) in ways.items()]
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


def _ways(reading: Reading, read: Cells, columns: Sequence[ColumnSpec]) -> dict[str, tuple[str, str]]:
    """The kind of each column and the SQL of its values: the quick way where all cells are written plainly.

    A time is a moment as soon as one cell has a time of day.
    """
    writing, tests = reading.writing, {}
    for c in columns:
        text, time = read.columns[c.name], c.type.kind == "time"
        if time:
            tests[c.name, "time"] = f"bool_or({cells.has_time_of_day(text, writing)})"
        for kind in ("day", "moment") if time else (c.type.kind,):
            if usual := cells.plain(kind, text, c.type.unit, writing):
                tests[c.name, kind] = f"bool_and({usual[0]})"
    asked = f"SELECT {', '.join(tests.values()) or '1'} FROM {name(read.table)}"
    found = dict(zip(tests, reading.connection.execute(asked).fetchone() or (), strict=False))
    ways = {}
    for c in columns:
        text, kind = read.columns[c.name], c.type.kind
        if kind == "time":
            kind = "moment" if found[c.name, "time"] else "day"
        usual = cells.plain(kind, text, c.type.unit, writing) if found.get((c.name, kind)) else None
        value = usual[1] if usual else cells.typed(kind, text, c.type.unit, writing)
        ways[c.name] = ("text" if kind in ("identity", "unknown") else kind, value)
    return ways


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
    problems = (*broken.values(), *read.problems, *warnings)
    types = {column: read.types[column] for column in kinds}
    return Attached(reading.spec.name, label, kinds, problems, broken, found=types)


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
