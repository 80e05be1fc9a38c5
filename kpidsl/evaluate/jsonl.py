"""JSON lines: one object a line; a `.json` file may also be one array of objects."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from kpidsl.diagnostics import Diagnostic, Span
from kpidsl.evaluate import delimited
from kpidsl.evaluate.cells import Writing, present
from kpidsl.evaluate.columns import missing_column
from kpidsl.evaluate.files import DataFile
from kpidsl.evaluate.quote import exactly, literal
from kpidsl.evaluate.quote import name as quoted
from kpidsl.evaluate.tables import Cells, Read, Reading, Spot, Unreadable
from kpidsl.model.sources import ColumnSpec


def read(reading: Reading) -> Read:
    """All files into one table of texts; a key that no object of a file has is a missing column."""
    table, columns = delimited.new_cells(reading)
    broken: dict[str, Diagnostic] = {}
    for number, file in enumerate(reading.files):
        keys = _keys(reading, file)
        if isinstance(keys, Diagnostic):
            return Unreadable(keys)
        for column in reading.columns:
            if keys and column.name not in keys:
                broken.setdefault(column.name, missing_column(column, keys, file.shown))
        texts = "".join(f", {_text(column, reading.writing)}" for column in reading.columns)
        reading.connection.execute(
            f"INSERT INTO {quoted(table)} SELECT {number}{texts} FROM {_objects(file)}"
        )

    def spot(number: int, row: int, name: str) -> Spot:
        file = reading.files[number]
        line = _line_of(file.path, row)
        return Spot(
            f'{file.shown}:{line}, column "{name}"'
            if line
            else f'{file.shown}, row {row + 1}, column "{name}"'
        )

    return Cells(table, columns, spot, broken=broken)


def _objects(file: DataFile) -> str:
    form = "array" if _is_array(file.path) else "newline_delimited"
    return f"read_json_objects({literal(exactly(file.path))}, format={literal(form)})"


def _is_array(path: Path) -> bool:
    if path.suffix.lower() != ".json":
        return False
    with path.open(encoding="utf-8-sig", errors="replace") as text:
        return text.read(4096).lstrip().startswith("[")


def _keys(reading: Reading, file: DataFile) -> tuple[str, ...] | Diagnostic:
    """Every key of every object, in the order of their first use."""
    span = reading.spec.span
    try:
        file.path.open("rb").close()
        relation = _objects(file)
        odd = reading.connection.execute(
            f"SELECT count(*) FROM {relation} WHERE json_type(json) <> 'OBJECT'"
        ).fetchall()
        if odd[0][0]:
            return _first_fault(file, span, "not an object")
        found = reading.connection.execute(
            f"SELECT k, min(i) AS i FROM (SELECT unnest(json_keys(json)) AS k, row_number() OVER () AS i"
            f" FROM {relation}) GROUP BY k ORDER BY i, k"
        ).fetchall()
    except OSError as error:
        return delimited.unreadable(file, error, span)
    except duckdb.Error as error:
        return _first_fault(file, span, delimited.first_line(str(error)).replace(str(file.path), file.shown))
    return tuple(key for key, _ in found)


def _text(column: ColumnSpec, writing: Writing) -> str:
    """A value as the text that a file with the spec's options would have; a JSON number is always one."""
    value = f"(json->{literal(_pointer(column.name))})"
    digits = f"CAST({value} AS VARCHAR)"
    if column.type.kind == "number":
        digits = f"replace({digits}, '.', {literal(writing.decimal)})"
    else:
        digits = f"regexp_replace({digits}, '\\.0$', '')"
    text = (
        f"CASE json_type({value}) WHEN 'NULL' THEN NULL"
        f" WHEN 'VARCHAR' THEN nullif(trim({value}->>'$'), '')"
        f" WHEN 'DOUBLE' THEN {digits} ELSE CAST({value} AS VARCHAR) END"
    )
    return f"CASE WHEN {present(f'({text})', writing)} THEN {text} END" if writing.missing else text


def _pointer(key: str) -> str:
    """RFC 6901: whatever the key holds, it is one step."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _line_of(path: Path, row: int) -> int | None:
    """The physical line of an object; an array has its objects anywhere."""
    if _is_array(path):
        return None
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        filled = (number for number, line in enumerate(lines, 1) if line.strip())
        return next((number for i, number in enumerate(filled) if i == row), None)


def _first_fault(file: DataFile, span: Span | None, said: str) -> Diagnostic:
    """The first line that is no object, and what is wrong there."""
    what = "an array of objects" if _is_array(file.path) else "one JSON object on each line"
    try:
        with file.path.open(encoding="utf-8-sig", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip() or _is_array(file.path):
                    continue
                place, shown = f"{file.shown}:{number}", line.strip()[:60]
                try:
                    if isinstance(json.loads(line.rstrip()), dict):
                        continue
                    why = f"`{shown}` is not an object"
                except json.JSONDecodeError as error:
                    place, why = f"{place}:{error.colno}", f"the line is not JSON: {error.msg}"
                return Diagnostic(
                    "K513", why, span, notes=(f"the line is `{shown}`",), help=f"{what}", place=place
                )
    except UnicodeError:
        return delimited.wrong_byte(file, "utf-8-sig", span)
    return Diagnostic("K513", f"`{file.shown}` is not {what}", span, notes=(said,), place=file.shown)
