"""Tables that are in memory already: of pandas, polars, pyarrow, another DuckDB connection, or plain lists.

Anything that speaks Arrow's C stream is read through it, so that no library is imported for another's table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import numpy as np

from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate.columns import match_header
from kpidsl.evaluate.delimited import first_line
from kpidsl.evaluate.quote import literal, name
from kpidsl.evaluate.tables import Read, Reading, Typed, Unreadable


class _Stream:
    """Only the Arrow stream of a table, which keeps DuckDB from treating its library in a special way."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def read(reading: Reading, data: object) -> Read:
    """A copy of the declared columns: the object may change or be used up while the session lives."""
    place = f"data given for {reading.spec.name}"
    table = _readable(data)
    if table is None:
        return Unreadable(_unsupported(reading, data, place))
    con, given, copy = reading.connection, f"given {reading.label}", f"copy of {reading.label}"
    try:
        con.register(given, table)
        types = {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM {name(given)}").fetchall()}
        names = (
            [str(each) for each in getattr(data, "columns", types)]
            if _library(data) == "pandas"
            else list(types)
        )
        places, broken = match_header(names, reading.columns, place, reading.spec)
        wanted = ", ".join(name(column) for column in places) or f"1 AS {name('f')}"
        con.execute(f"CREATE OR REPLACE TABLE {name(copy)} AS SELECT {wanted} FROM {name(given)}")
        con.unregister(given)
    except (duckdb.Error, ImportError) as error:
        note = (first_line(str(error)),)
        return Unreadable(
            Diagnostic("K527", f"{place} cannot be read", reading.spec.span, notes=note, place=place)
        )
    return Typed(name(copy), types, place, broken=broken)


def _library(data: object) -> str:
    return type(data).__module__.partition(".")[0].removeprefix("_")


def _readable(data: Any) -> object | None:
    """What DuckDB can register; None if it is no table."""
    if _library(data) == "pandas":
        return data if hasattr(data, "columns") else None
    if _library(data) == "polars" and hasattr(data, "collect"):
        data = data.collect()
    if hasattr(data, "__arrow_c_stream__"):
        return _Stream(data)
    if isinstance(data, Mapping) and all(_is_list(values) for values in data.values()):
        return {str(key): _array(values) for key, values in data.items()} if data else None
    if _is_list(data) and data and all(isinstance(row, Mapping) for row in data):
        keys = dict.fromkeys(str(key) for row in data for key in row)
        return {key: _array([row.get(key) for row in data]) for key in keys}
    return None


def _is_list(values: object) -> bool:
    return isinstance(values, np.ndarray) or (
        isinstance(values, Sequence) and not isinstance(values, str | bytes)
    )


def _array(values: Any) -> Any:
    """Numbers stay numbers; all else goes as Python objects, of which DuckDB finds the type."""
    if isinstance(values, np.ndarray):
        return values
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _unsupported(reading: Reading, data: object, place: str) -> Diagnostic:
    kind = type(data)
    shown = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return Diagnostic(
        "K527",
        f"a {literal(shown)[1:-1]} is not a table",
        reading.spec.span,
        help="given can be a path, a table of pandas, polars, pyarrow or DuckDB, or a mapping of column names"
        " to lists",
        place=place,
    )
