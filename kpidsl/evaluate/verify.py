"""Which cells could not be read, how many, and where the first of each column is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.evaluate import cells
from kpidsl.evaluate.cells import Writing
from kpidsl.evaluate.quote import name
from kpidsl.evaluate.tables import Cells
from kpidsl.model.sources import ColumnSpec

if TYPE_CHECKING:
    from kpidsl.evaluate.local import Guarded

_CODES = {"number": "K507", "day": "K508", "moment": "K508", "flag": "K509"}
_NOUNS = {"number": "number", "day": "date", "moment": "date", "flag": "flag"}


def verify(
    connection: Guarded, table: Cells, typed: str, columns: Mapping[str, ColumnSpec],
    kinds: Mapping[str, str], writing: Writing,
) -> tuple[dict[str, Diagnostic], list[Diagnostic]]:  # fmt: skip
    """Errors by column, and warnings, for the cells of a text table that its typed copy lacks."""
    read = [column for column in columns.values() if kinds[column.name] in _CODES]
    checked = _lacking(connection, table, typed, read)
    if not checked:
        return {}, []
    asked = []
    for column in checked:
        text, value = f"r.{table.columns[column.name]}", f"t.{name(column.name)}"
        unread, word = f"{text} IS NOT NULL AND {value} IS NULL", cells.missing_word(text)
        for said in (f"NOT {word}", word):
            condition = f"CASE WHEN {unread} THEN {said} ELSE false END"
            asked += [f"count(*) FILTER ({condition})", f"min(r.rowid) FILTER ({condition})"]
    statement = f"SELECT {', '.join(asked)} FROM {name(table.table)} r POSITIONAL JOIN {name(typed)} t"
    (row,) = connection.execute(statement).fetchall()
    errors: dict[str, Diagnostic] = {}
    warnings: list[Diagnostic] = []
    for i, column in enumerate(checked):
        bad, first_bad, words, first_word = row[4 * i : 4 * i + 4]
        if bad:
            errors[column.name] = _bad(connection, table, column, kinds[column.name], bad, first_bad, writing)
        if words:
            warnings.append(_said_missing(connection, table, column, words, first_word))
    return errors, warnings


def _lacking(connection: Guarded, table: Cells, typed: str, columns: list[ColumnSpec]) -> list[ColumnSpec]:
    """The columns that have fewer values than the table has texts: mostly none, and counting is quick."""
    if not columns:
        return []
    lost = [f"count(r.{table.columns[column.name]}) - count(t.{name(column.name)})" for column in columns]
    statement = f"SELECT {', '.join(lost)} FROM {name(table.table)} r POSITIONAL JOIN {name(typed)} t"
    (row,) = connection.execute(statement).fetchall()
    return [column for column, cells_lost in zip(columns, row, strict=True) if cells_lost]


def _cell(connection: Guarded, table: Cells, column: ColumnSpec, rowid: int) -> tuple[str, str]:
    """The text of a cell and its place."""
    quoted = name(table.table)
    statement = (
        f"SELECT f, {table.columns[column.name]}, (SELECT min(rowid) FROM {quoted} o WHERE o.f = r.f)"
        f" FROM {quoted} r WHERE rowid = {rowid}"
    )
    ((file, text, first),) = connection.execute(statement).fetchall()
    return text, table.spot(file, rowid - first, column.name).place


def _bad(
    connection: Guarded,
    table: Cells,
    column: ColumnSpec,
    kind: str,
    count: int,
    rowid: int,
    writing: Writing,
) -> Diagnostic:
    text, place = _cell(connection, table, column, rowid)
    return bad_cell(column, kind, text, count, place, writing)


def bad_cell(
    column: ColumnSpec, kind: str, text: str, count: int, place: str, writing: Writing
) -> Diagnostic:
    """The first cell of a column that cannot be read, and how many more there are."""
    shown = text if len(text) <= 60 else text[:59] + "…"
    more = (
        (f"{count - 1} more {'cell' if count == 2 else 'cells'} of the column cannot be read either",)
        if count > 1
        else ()
    )
    return Diagnostic(
        _CODES[kind],
        f"`{shown}` is no {_noun(column, kind)}",
        column.span,
        notes=more,
        help=cells.hint(text, kind, column.type.unit, writing),
        place=place,
    )


def _noun(column: ColumnSpec, kind: str) -> str:
    unit = str(column.type.unit)
    return f"number in {unit}" if kind == "number" and unit else _NOUNS[kind]


def _said_missing(
    connection: Guarded, table: Cells, column: ColumnSpec, count: int, rowid: int
) -> Diagnostic:
    text, place = _cell(connection, table, column, rowid)
    return said_missing(column, text, count, place)


def said_missing(column: ColumnSpec, text: str, count: int, place: str) -> Diagnostic:
    """Cells that say in words that there is no value."""
    what = f"1 cell says `{text}`" if count == 1 else f"{count} cells say `{text}` or the like"
    return Diagnostic(
        "K519",
        f"{what} in `{column.name}`: taken as missing",
        column.span,
        Severity.WARNING,
        help="an empty cell says the same without a warning",
        place=place,
    )


def fractions(
    connection: Guarded, relation: str, column: ColumnSpec, value: str, unsigned: str, place: str
) -> Diagnostic | None:
    """A warning for a column of percents in which no number is above 1 and some are no whole numbers.

    `value` is the SQL of the fractions, `unsigned` of whether a cell has no percent sign of its own.
    """
    if column.type.unit.style != "percent":
        return None
    percents = f"round({value} * 100, 9)"
    ((high, whole, bare),) = connection.execute(
        f"SELECT max(abs({value})), bool_and(round({percents}) = {percents}), bool_and({unsigned})"
        f" FROM {relation}"
    ).fetchall()
    return None if whole or not bare else doubtful(column, high, place)


def doubtful(column: ColumnSpec, high: float | None, place: str) -> Diagnostic | None:
    """The warning for a column of percents, some of which are no whole numbers, by the largest of them."""
    if high is None or high > 0.01:
        return None
    return Diagnostic(
        "K525",
        f"`{column.name}` holds percents of at most {high * 100:.3g}%: 0.042 is read as 0.042%",
        column.span,
        Severity.WARNING,
        help=f"if 0.042 means 4.2%: `column {column.name} number`",
        place=place,
    )
