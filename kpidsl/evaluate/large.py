"""Large results of the session's own engine, fetched without making a Python text of every cell.

The result is kept as a table first. If it is large, the texts of each dimension are fetched once, in order,
and the cells with their places among them; and bucket by bucket, so that the whole is never held twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from kpidsl.evaluate.quote import name

LARGE = 300_000
"""Cells."""


@frozen(eq=False)
class Coded:
    """A column of texts: the distinct ones in order, and for each row the place of its own, their number
    where it has none."""

    texts: NDArray[np.object_]
    codes: NDArray[np.int64]


def fetch_large(
    cursor: duckdb.DuckDBPyConnection, selects: Sequence[str], dims: Sequence[str]
) -> dict[str, Any]:
    """The columns of SELECTs that have a column `b` of whole numbers, one after the other; of the `dims`,
    texts, as `Coded` when there are many rows, and the rows of each in the order of `b` and of the dimensions
    then."""
    found: dict[str, Any]
    try:
        if len(selects) == 1 and _kept(cursor, selects[0]) < LARGE:
            return _whole(cursor)
        for dim in dims:
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE {_of(dim)} (text VARCHAR, code BIGINT)")
        found = {}
        parts: dict[str, list[NDArray[Any]]] = {}
        for select in selects:
            if len(selects) > 1:
                _kept(cursor, select)
            for column, values in _coded_cells(cursor, dims):
                parts.setdefault(column, []).append(values)
        if not parts:
            return _whole(cursor)
        texts = {dim: _texts(cursor, dim) for dim in dims}
        for column in list(parts):
            several = parts.pop(column)
            whole = several[0] if len(several) == 1 else np.concatenate(several)
            found[column] = _in_order(texts[column], whole) if column in texts else whole
        return found
    finally:
        for table in ("cells", *map(_of, dims)):
            cursor.execute(f"DROP TABLE IF EXISTS {table}")


def _whole(cursor: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    found = cursor.execute("SELECT * FROM cells").fetchnumpy()
    return {column: numbers(values) if column[0] == "v" else values for column, values in found.items()}


def _of(dim: str) -> str:
    return name(f"texts {dim}")


def _kept(cursor: duckdb.DuckDBPyConnection, select: str) -> int:
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE cells AS {select}")
    ((count,),) = cursor.execute("SELECT count(*) FROM cells").fetchall()
    return int(count)


def _coded_cells(
    cursor: duckdb.DuckDBPyConnection, dims: Sequence[str]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """The kept cells, bucket by bucket; texts as numbers, in the order in which they were first seen."""
    for dim in dims:
        cursor.execute(
            f"INSERT INTO {_of(dim)}"
            f" SELECT text, (SELECT count(*) FROM {_of(dim)}) + row_number() OVER () - 1"
            f" FROM (SELECT DISTINCT {name(dim)} AS text FROM cells"
            f" ANTI JOIN {_of(dim)} ON {name(dim)} = text WHERE {name(dim)} IS NOT NULL)"
        )
    columns = [row[0] for row in cursor.execute("DESCRIBE cells").fetchall()]
    shown = [
        f"coalesce({_of(c)}.code, -1) AS {name(c)}" if c in dims else f"cells.{name(c)}" for c in columns
    ]
    joins = " ".join(f"LEFT JOIN {_of(dim)} ON cells.{name(dim)} = {_of(dim)}.text" for dim in dims)
    for (bucket,) in cursor.execute("SELECT DISTINCT b FROM cells ORDER BY b").fetchall():
        part = cursor.execute(
            f"SELECT {', '.join(shown)} FROM cells {joins} WHERE cells.b = ?", [bucket]
        ).fetchnumpy()
        for column, values in part.items():
            yield column, values if values.dtype.kind in "iu" else numbers(values)


def numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """Numbers as an engine gives them, and moments as numbers that keep their order: NaN for none, infinity
    for what overflowed."""
    missing = np.ma.getmaskarray(values)
    raw = np.ma.getdata(values)
    found = (raw.astype("M8[us]").astype(np.int64) if raw.dtype.kind == "M" else raw).astype(np.float64)
    found[np.isnan(found)] = np.inf
    found[missing] = np.nan
    return found


def _texts(cursor: duckdb.DuckDBPyConnection, dim: str) -> NDArray[np.object_]:
    found = cursor.execute(f"SELECT text FROM {_of(dim)} ORDER BY code").fetchnumpy()
    return np.asarray(found["text"], object)


def _in_order(texts: NDArray[np.object_], codes: NDArray[Any]) -> Coded:
    """The texts in order, and the codes among them; for none, the number of the texts."""
    order = np.argsort(texts)
    moved = np.empty(len(texts) + 1, np.int64)
    moved[order] = np.arange(len(texts))
    moved[-1] = len(texts)  # what -1 leads to
    return Coded(texts[order], moved[codes])
