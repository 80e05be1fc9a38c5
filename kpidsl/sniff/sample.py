"""A look at a data file: its header, some of its rows as text, and how the file is encoded and separated."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from attrs import field, frozen

from kpidsl.diagnostics import Diagnostic, Source, Span
from kpidsl.evaluate import delimited, excel
from kpidsl.evaluate.cells import Writing
from kpidsl.evaluate.files import FORMATS, DataFile
from kpidsl.evaluate.quote import literal, name
from kpidsl.evaluate.session import Session
from kpidsl.model.periods import Calendar
from kpidsl.model.sources import ColumnSpec, Files, SourceSpec
from kpidsl.model.types import UNKNOWN

ROWS = 2_000
"""Rows looked at; what is guessed from them is then tried on the whole file."""

NOWHERE = Span(Source("<sniffed>", ""), 0, 0)


@frozen
class Sample:
    """A table in a file. `types` has DuckDB types where the format has types of its own."""

    file: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    separator: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    types: dict[str, str] = field(factory=dict)

    def values(self, column: int) -> list[str]:
        """The cells of a column that hold anything."""
        return [row[column].strip() for row in self.rows if column < len(row) and row[column].strip()]


def samples(file: Path, root: Path) -> list[Sample] | Diagnostic:
    """The tables of a file: one, or one for each sheet of a workbook."""
    data = DataFile(file.resolve(), file.resolve().relative_to(root.resolve()).as_posix())
    match FORMATS.get(file.suffix.lower()):
        case "csv":
            return _delimited(data)
        case "jsonl":
            return _json(data)
        case "excel":
            return _workbook(data)
        case "parquet":
            return _parquet(data, root)
        case _:
            return Diagnostic(
                "K504", f"`{data.shown}` is of no format that can be looked into", place=data.shown
            )


def _delimited(file: DataFile) -> list[Sample] | Diagnostic:
    encoding = _encoding(file.path)
    found, problem = delimited.read_header(file, delimited.encoding_of(encoding) or "utf-8-sig", None, None)
    if problem:
        return problem
    header, separator = found
    records = delimited.records(file.path, delimited.encoding_of(encoding) or "utf-8-sig", separator)
    rows = tuple(tuple(record) for _, record in itertools.islice(records, 1, ROWS + 1))
    return [Sample(file.path, tuple(header), rows, separator, encoding)]


def _encoding(path: Path) -> str | None:
    """UTF-8 if every byte fits, else what its mark says, else the usual one of old exports."""
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "windows-1252"
    return None


def _json(file: DataFile) -> list[Sample] | Diagnostic:
    try:
        text = file.path.read_text(encoding="utf-8-sig")
        array = text.lstrip().startswith("[")
        objects = (
            json.loads(text) if array else [json.loads(line) for line in text.splitlines() if line.strip()]
        )
    except (ValueError, OSError) as error:
        return Diagnostic("K513", f"`{file.shown}` cannot be read: {error}", place=file.shown)
    objects = [each for each in objects if isinstance(each, dict)]
    header = tuple(dict.fromkeys(key for each in objects for key in each))
    rows = tuple(tuple(_shown(each.get(key)) for key in header) for each in objects[:ROWS])
    return [Sample(file.path, header, rows)]


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return json.dumps(value)
        case _:
            return str(value)


def _workbook(file: DataFile) -> list[Sample] | Diagnostic:
    titles = excel.titles(file, None)
    if isinstance(titles, Diagnostic):
        return titles
    found = []
    for title in titles:
        sheet = excel.open_sheet(file, title, None)
        if isinstance(sheet, Diagnostic) or not sheet.rows:
            continue  # a sheet without rows has nothing to declare
        columns = [ColumnSpec(each, UNKNOWN, NOWHERE) for each in sheet.header]
        rows = tuple(
            tuple(
                _percent(
                    excel.text_of(cell, column, Writing(), sheet.marks, (line, i + 1)), (line, i + 1), sheet
                )
                for i, (cell, column) in enumerate(zip(row, columns, strict=False))
            )
            for line, row in sheet.rows[:ROWS]
        )
        found.append(Sample(file.path, tuple(sheet.header), rows, sheet=title if len(titles) > 1 else None))
    return found


def _percent(text: str, where: tuple[int, int], sheet: excel.Sheet) -> str:
    return f"{text} %" if where in sheet.marks.percents and text else text


def _parquet(file: DataFile, root: Path) -> list[Sample] | Diagnostic:
    origin = Files(file.path.relative_to(root.resolve()).as_posix(), ".")
    spec = SourceSpec("sniffed", None, origin, (), None, None, (), "row", (), None, None, (), NOWHERE)
    with Session(root, Calendar(), (spec,)) as session:
        attached = session.attach(spec)
        if attached.failure:
            return attached.failure
        relation = f"(SELECT * FROM read_parquet({literal(str(file.path))}) LIMIT {ROWS})"
        header = tuple(session.fetch(f"SELECT * FROM {relation} LIMIT 0"))
        texts = ", ".join(f"CAST({name(each)} AS VARCHAR) AS {name(each)}" for each in header)
        found = session.fetch(f"SELECT {texts} FROM {relation}")
        types = session.fetch(
            f"SELECT {', '.join(f'typeof({name(each)}) AS {name(each)}' for each in header)} FROM {relation}"
        )
    columns = [[each or "" for each in found[title].tolist()] for title in header]
    return [
        Sample(
            file.path, header, tuple(zip(*columns, strict=True)),
            types={title: str(kinds[0]) for title, kinds in types.items() if len(kinds)},
        )
    ]  # fmt: skip
