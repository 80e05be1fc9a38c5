"""Sheets of workbooks: the first row that holds anything is the header, each row below it is one row."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Span, near
from kpidsl.evaluate import delimited, xlsx
from kpidsl.evaluate.cells import Writing, names_a_time
from kpidsl.evaluate.columns import match_header
from kpidsl.evaluate.files import DataFile
from kpidsl.evaluate.tables import Cells, Read, Reading, Spot, Unreadable
from kpidsl.model.sources import ColumnSpec, Files

MOST_UNPACKED = 500_000_000
"""Bytes of a workbook's parts: a full sheet of a million rows and 16 columns has about 400 MB."""


@frozen
class Sheet:
    """The cells of a sheet below its header, with the number of each row as the program shows it."""

    title: str
    header: list[str]
    rows: list[tuple[int, list[Any]]]
    marks: xlsx.Marks


def read(reading: Reading, origin: Files) -> Read:
    """The sheet of every file into one table of texts, by way of a CSV file in the private folder."""
    table, columns = delimited.new_cells(reading)
    broken: dict[str, Diagnostic] = {}
    sheets: list[Sheet] = []
    for number, file in enumerate(reading.files):
        sheet = open_sheet(file, origin.sheet, reading.spec.span)
        if isinstance(sheet, Diagnostic):
            return Unreadable(sheet)
        sheets.append(sheet)
        places, faults = match_header(sheet.header, reading.columns, _place(file, sheet), reading.spec)
        broken = {**faults, **broken}
        found = [(column, places[column.name]) for column in reading.columns if column.name in places]
        path = Path(reading.scratch) / "sheet.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, quoting=csv.QUOTE_ALL)
            writer.writerow(["row", *(column.name for column, _ in found)])
            for line, row in sheet.rows:
                texts = (
                    text_of(row[i], column, reading.writing, sheet.marks, (line, i + 1))
                    for column, i in found
                )
                writer.writerow([line, *texts])
        order = {column.name: i + 1 for i, (column, _) in enumerate(found)}
        layout = delimited.Layout(",", len(found) + 1, tuple(order.get(name) for name in columns))
        delimited.insert(reading.connection, table, number, [path], layout, reading.writing)

    def spot(number: int, row: int, name: str) -> Spot:
        sheet = sheets[number]
        return Spot(f'{_place(reading.files[number], sheet)}, row {sheet.rows[row][0]}, column "{name}"')

    return Cells(table, columns, spot, broken=broken)


def open_sheet(file: DataFile, wanted: str | None, span: Span | None) -> Sheet | Diagnostic:
    """A sheet by its name, or the only one that the workbook has."""
    from python_calamine import CalamineError, CalamineWorkbook

    if (size := xlsx.unpacked(file.path)) > MOST_UNPACKED:
        said = f"`{file.shown}` would unpack to {size // 1_000_000:,} MB"
        limit = f"workbooks are read up to {MOST_UNPACKED // 1_000_000:,} MB; CSV and Parquet have no limit"
        return Diagnostic("K513", said, span, help=limit, place=file.shown)
    try:
        with CalamineWorkbook.from_path(file.path) as book:
            names = book.sheet_names
            if (wanted or names[0]) not in names or (wanted is None and len(names) > 1):
                return _no_sheet(file, wanted, names, span)
            title = names[0] if wanted is None else wanted
            grid = book.get_sheet_by_name(title).to_python(skip_empty_area=False)
    except OSError as error:
        return delimited.unreadable(file, error, span)
    except CalamineError as error:
        return _broken(file, error, span)
    marks = xlsx.marks(file.path, title)
    failed = {row for row, _ in marks.errors}
    filled = [(i, row) for i, row in enumerate(grid, 1) if i in failed or any(cell != "" for cell in row)]
    if not filled:
        return Diagnostic(
            "K510",
            f"sheet `{title}` is empty",
            span,
            help="its first row names the columns",
            place=file.shown,
        )
    (_, header), *rows = filled
    return Sheet(title, [_shown(cell) for cell in header], rows, marks)


def titles(file: DataFile, span: Span | None) -> list[str] | Diagnostic:
    """The names of a workbook's sheets."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(file.path) as book:
            return book.sheet_names
    except OSError as error:
        return delimited.unreadable(file, error, span)
    except CalamineError as error:
        return _broken(file, error, span)


def text_of(
    cell: Any, column: ColumnSpec, writing: Writing, marks: xlsx.Marks, where: tuple[int, int]
) -> str:
    """A cell as the text that a file with the spec's options would have: a typed cell is never misread."""
    if where in marks.errors:
        return marks.errors[where]
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() | int() if column.type.kind == "number":
            percent = where in marks.percents and column.type.unit.style == "percent"
            return (f"{cell * 100!r} %" if percent else repr(cell)).replace(".", writing.decimal)
        case datetime() | date():
            return _date_text(cell, column, writing)
        case _:
            return _shown(cell)


def _date_text(cell: date, column: ColumnSpec, writing: Writing) -> str:
    moment = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
    midnight = moment.time() == time()
    if column.type.kind not in ("day", "moment", "time"):
        return str(moment.date()) if midnight else str(moment)
    day = moment.strftime(writing.dates) if writing.dates else str(moment.date())
    if midnight or names_a_time(writing.dates):
        return day
    return f"{day} {moment.strftime('%H:%M:%S.%f') if moment.microsecond else moment.strftime('%H:%M:%S')}"


def _shown(cell: Any) -> str:
    match cell:
        case float() if cell.is_integer():
            return str(int(cell))
        case time() | timedelta() | date():
            return str(cell)
        case _:
            return str(cell)


def _broken(file: DataFile, error: Exception, span: Span | None) -> Diagnostic:
    message = f"`{file.shown}` is damaged or no workbook"
    return Diagnostic("K513", message, span, notes=(str(error),), place=file.shown)


def _place(file: DataFile, sheet: Sheet) -> str:
    return f'{file.shown}, sheet "{sheet.title}"'


def _no_sheet(file: DataFile, wanted: str | None, names: Sequence[str], span: Span | None) -> Diagnostic:
    notes = ["sheets of the workbook: " + ", ".join(f"`{name}`" for name in names)]
    if wanted is None:
        message, help_ = (
            f"`{file.shown}` has {len(names)} sheets",
            f'`sheet "{names[0]}"` after the file\'s name in `from`',
        )
    else:
        message, help_ = f"`{file.shown}` has no sheet `{wanted}`", None
        if alike := near(wanted, names):
            notes.insert(0, "a similar name: " + ", ".join(f"`{name}`" for name in alike))
    return Diagnostic("K514", message, span, notes=tuple(notes), help=help_, place=file.shown)
