"""Rows of CSV files: DuckDB reads them, as text; Python reads again only to say where a fault is."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import duckdb
from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Span
from kpidsl.evaluate import cells
from kpidsl.evaluate.cells import Writing
from kpidsl.evaluate.columns import match_header
from kpidsl.evaluate.files import DataFile
from kpidsl.evaluate.local import Guarded
from kpidsl.evaluate.quote import exactly, literal, literals
from kpidsl.evaluate.quote import name as quoted
from kpidsl.evaluate.tables import Cells, Read, Reading, Spot, Unreadable
from kpidsl.model.sources import Files

SEPARATORS = ",;\t|"


@frozen
class Layout:
    """How the lines of a file are cut, and where in them each column of the table is found, if anywhere."""

    separator: str
    width: int
    places: tuple[int | None, ...]


def read(reading: Reading, origin: Files) -> Read:
    """All files into one table of texts, columns matched by name."""
    encoding = encoding_of(origin.encoding)
    separator = {"tab": "\t", "\\t": "\t"}.get(origin.separator or "", origin.separator)
    if encoding is None or (separator is not None and (len(separator) != 1 or separator in '"\r\n')):
        option = "encoding" if encoding is None else "separator"
        return Unreadable(_wrong_option(option, getattr(origin, option), reading.spec.span))
    table, columns = new_cells(reading)
    broken: dict[str, Diagnostic] = {}
    layouts: list[Layout] = []
    for file in reading.files:
        header, problem = read_header(file, encoding, separator, reading.spec.span)
        if problem:
            return Unreadable(problem)
        fields, used = header
        places, faults = match_header(fields, reading.columns, file.shown, reading.spec)
        broken = {**faults, **broken}
        layouts.append(Layout(used, len(fields), tuple(places.get(c) for c in columns)))
    for layout, alike in groupby(range(len(layouts)), layouts.__getitem__):
        if problem := _load(reading, table, list(alike), encoding, layout):
            return Unreadable(problem)

    def spot(number: int, row: int, name: str) -> Spot:
        file = reading.files[number]
        fields = next(records(file.path, encoding, layouts[number].separator))[1]
        return locate(file, encoding, layouts[number].separator, row, fields.index(name), name)

    return Cells(table, columns, spot, broken=broken)


def encoding_of(name: str | None) -> str | None:
    """The codec of a name; a byte order mark is taken off. None if there is no such encoding."""
    try:
        codec = codecs.lookup(name or "utf-8")
        io.TextIOWrapper(io.BytesIO(), encoding=codec.name)
    except (LookupError, ValueError):  # ValueError: a NUL in the name; codecs such as zip hold no text
        return None
    return "utf-8-sig" if codec.name == "utf-8" else codec.name


def read_header(
    file: DataFile, encoding: str, separator: str | None, span: Span | None
) -> tuple[tuple[list[str], str], Diagnostic | None]:
    """The names in the first line, and the separator: told from that line if the spec does not say."""
    try:
        with file.path.open(encoding=encoding, newline="") as text:
            used = separator or separator_of(text.readline())
        fields = next(records(file.path, encoding, used), (1, []))[1]
    except UnicodeError:
        return ([], ","), wrong_byte(file, encoding, span)
    except OSError as error:
        return ([], ","), unreadable(file, error, span)
    except csv.Error as error:
        return ([], ","), Diagnostic(
            "K513", f"`{file.shown}` is not CSV: {error}", span, place=f"{file.shown}:1"
        )
    if not any(field.strip() for field in fields):
        message = (
            f"`{file.shown}` is empty: not even a header"
            if not fields
            else f"`{file.shown}` has a blank header"
        )
        return ([], used), Diagnostic(
            "K510", message, span, help="the first line names the columns", place=f"{file.shown}:1"
        )
    return (fields, used), None


def separator_of(line: str) -> str:
    """The separator that stands most often in a header outside quotes; a comma if none does."""
    bare = "".join(line.split('"')[::2])
    return max(SEPARATORS, key=lambda candidate: (bare.count(candidate), -SEPARATORS.index(candidate)))


def records(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the physical line it starts on; blank lines are no records."""
    with path.open(encoding=encoding, newline="") as text:
        reader = csv.reader(text, delimiter=separator)
        line = 1
        for record in reader:
            if record:
                record[0] = record[0].removeprefix("\ufeff") if line == 1 else record[0]
                yield line, record
            line = reader.line_num + 1


def locate(file: DataFile, encoding: str, separator: str, row: int, position: int, name: str) -> Spot:
    """The line of a cell, the row counted after the header."""
    for number, (line, record) in enumerate(records(file.path, encoding, separator)):
        if number == row + 1:
            return Spot(f'{file.shown}:{line}, column "{name}"', record[position])
    return Spot(f'{file.shown}, column "{name}"')


def new_cells(reading: Reading) -> tuple[str, dict[str, str]]:
    """An empty table for the texts of the columns asked for, and its column for each of them."""
    table = f"cells of {reading.label}"
    columns = {column.name: f"c{i}" for i, column in enumerate(reading.columns)}
    texts = "".join(f", {column} VARCHAR" for column in columns.values())
    reading.connection.execute(f"CREATE OR REPLACE TABLE {quoted(table)} (f INTEGER{texts})")
    return table, columns


def insert(
    connection: Guarded,
    table: str,
    first: int,
    paths: Sequence[Path],
    layout: Layout,
    writing: Writing,
) -> None:
    """The rows of UTF-8 files after those of the table, the files numbered from `first`; blank cells and
    words for no value are missing. Raises duckdb.Error."""
    schema = ", ".join(f"'h{i}': 'VARCHAR'" for i in range(layout.width))
    present = [None if i is None else cells.present(f"h{i}", writing) for i in layout.places]
    values = [
        "NULL" if i is None else f"CASE WHEN {there} THEN h{i} END"
        for i, there in zip(layout.places, present, strict=True)
    ]
    connection.execute(
        f"INSERT INTO {quoted(table)} SELECT {', '.join([f'{first} + file_index', *values])}"
        f" FROM read_csv({literals(map(exactly, paths))}, delim={literal(layout.separator)},"
        f" columns={{{schema}}}, auto_detect=false, header=true, quote='\"', escape='\"')"
    )


def _load(
    reading: Reading, table: str, numbers: list[int], encoding: str, layout: Layout
) -> Diagnostic | None:
    """The rows of files that are laid out alike after those of the files before them."""
    first, *others = numbers
    if others:
        if encoding == "utf-8-sig" and _load_all(reading, table, numbers, layout):
            return None
        alone = (_load(reading, table, [number], encoding, layout) for number in numbers)
        return next(filter(None, alone), None)
    file, span = reading.files[first], reading.spec.span
    try:
        path = file.path if encoding == "utf-8-sig" else transcode(file, encoding, Path(reading.scratch))
        insert(reading.connection, table, first, [path], layout, reading.writing)
    except UnicodeError:
        return wrong_byte(file, encoding, span)
    except OSError as error:
        return unreadable(file, error, span)
    except duckdb.Error as error:
        return diagnose(file, encoding, layout.separator, span, str(error))
    if path != file.path:
        path.unlink()
    return None


def _load_all(reading: Reading, table: str, numbers: list[int], layout: Layout) -> bool:
    """Many files in one query, which costs hardly more than one file; whether that went well."""
    try:
        paths = [reading.files[number].path for number in numbers]
        insert(reading.connection, table, numbers[0], paths, layout, reading.writing)
    except duckdb.Error:
        return False
    return True


def diagnose(file: DataFile, encoding: str, separator: str, span: Span | None, said: str) -> Diagnostic:
    """Find with Python what DuckDB stumbled over."""
    header: list[str] = []
    try:
        for line, record in records(file.path, encoding, separator):
            header = header or record
            if len(record) != len(header):
                found, wanted = len(record), len(header)
                return Diagnostic(
                    "K511",
                    f"{found} {'cell' if found == 1 else 'cells'} in a row, {wanted} columns in the header",
                    span,
                    notes=(f"the row starts with `{'`, `'.join(record[:3])}`",),
                    help="a cell that holds the separator or a line break stands in quotes",
                    place=f"{file.shown}:{line}",
                )
    except UnicodeError:
        return wrong_byte(file, encoding, span)
    except (OSError, csv.Error) as error:
        return unreadable(file, error, span)
    return Diagnostic(
        "K513", f"`{file.shown}` cannot be read as CSV", span, notes=(first_line(said),), place=file.shown
    )


def wrong_byte(file: DataFile, encoding: str, span: Span | None) -> Diagnostic:
    """The first byte that is not of the encoding, and its line."""
    word = "UTF-8" if encoding == "utf-8-sig" else encoding
    data = file.path.read_bytes()
    try:
        data.decode(encoding)
        start = 0
    except UnicodeDecodeError as error:
        start = error.start
    line = data.count(b"\n", 0, start) + 1
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    other = "utf-16" if utf16 else "windows-1252" if encoding == "utf-8-sig" else None
    return Diagnostic(
        "K512",
        f"byte 0x{data[start]:02x} is not {word}" if data else f"`{file.shown}` is not {word}",
        span,
        help=f'if the file was exported by Excel: `encoding "{other}"`'
        if other
        else "an `encoding` that the file has",
        place=f"{file.shown}:{line}",
    )


def unreadable(file: DataFile, error: Exception, span: Span | None) -> Diagnostic:
    """The system's reason for which a file cannot be opened."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Diagnostic("K503", f"`{file.shown}` cannot be read: {why}", span, place=file.shown)


def first_line(said: str) -> str:
    """The first line of a database's message, for a note."""
    return said.strip().splitlines()[0]


def transcode(file: DataFile, encoding: str, scratch: Path) -> Path:
    """A copy in UTF-8. Raises UnicodeError at a byte that the encoding does not have."""
    copy = scratch / f"transcoded{file.path.suffix}"
    with (
        file.path.open(encoding=encoding, newline="") as text,
        copy.open("w", encoding="utf-8", newline="") as out,
    ):
        while chunk := text.read(1 << 20):
            out.write(chunk)
    return copy


def _wrong_option(option: str, value: str, span: Span | None) -> Diagnostic:
    wanted = 'one character, or "tab"' if option == "separator" else "such as utf-8, windows-1252 or utf-16"
    return Diagnostic("K526", f"`{value}` is no {option} of a file", span, help=f"the {option} is {wanted}")
