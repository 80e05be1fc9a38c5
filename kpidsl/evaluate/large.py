"""Large results of the session's own engine, fetched without making a Python text of every cell.

The result is kept as a table first. If it is large, the texts of each dimension are fetched once, in order,
and the cells with their places among them; and bucket by bucket, so that the whole is never held twice.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def fetch_large(cursor: duckdb.DuckDBPyConnection, select: str, dims: Sequence[str]) -> dict[str, Any]:
    """The columns of a SELECT that has a column `b` of whole numbers; of the `dims`, texts, as `Coded` when
    there are many rows, and the rows in the order of `b` and of the dimensions then."""
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE cells AS {select}")
    try:
        ((count,),) = cursor.execute("SELECT count(*) FROM cells").fetchall()
        if count < LARGE:
            return cursor.execute("SELECT * FROM cells").fetchnumpy()
        texts = {dim: _texts(cursor, dim) for dim in dims}
        return _by_bucket(cursor, texts, count)
    finally:
        cursor.execute("DROP TABLE IF EXISTS cells")
        for dim in dims:
            cursor.execute(f"DROP TABLE IF EXISTS {name(f'texts {dim}')}")


def _texts(cursor: duckdb.DuckDBPyConnection, dim: str) -> NDArray[np.object_]:
    """The distinct texts of a dimension, kept as a table with their places, too."""
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE {name(f'texts {dim}')} AS"
        f" SELECT {name(dim)} AS text, row_number() OVER (ORDER BY {name(dim)}) - 1 AS code"
        f" FROM (SELECT DISTINCT {name(dim)} FROM cells WHERE {name(dim)} IS NOT NULL)"
    )
    found = cursor.execute(f"SELECT text FROM {name(f'texts {dim}')} ORDER BY code").fetchnumpy()
    return np.asarray(found["text"], object)


def _by_bucket(
    cursor: duckdb.DuckDBPyConnection, texts: dict[str, NDArray[np.object_]], count: int
) -> dict[str, Any]:
    columns = [row[0] for row in cursor.execute("DESCRIBE cells").fetchall()]
    shown = [
        f"coalesce({name(f'texts {c}')}.code, {len(texts[c])}) AS {name(c)}"
        if c in texts
        else f"cells.{name(c)}"
        for c in columns
    ]
    joins = " ".join(
        f"LEFT JOIN {name(f'texts {dim}')} ON cells.{name(dim)} = {name(f'texts {dim}')}.text"
        for dim in texts
    )
    order = ", ".join(name(dim) for dim in texts)
    buckets = cursor.execute("SELECT DISTINCT b FROM cells ORDER BY b").fetchall()
    out: dict[str, NDArray[Any]] = {}
    low = 0
    for (bucket,) in buckets:
        part = cursor.execute(
            f"SELECT {', '.join(shown)} FROM cells {joins} WHERE cells.b = ? ORDER BY {order}", [bucket]
        ).fetchnumpy()
        high = low + len(part["b"])
        for column, values in part.items():
            _put(out, column, values, low, high, count)
        low = high
    return {c: Coded(texts[c], values) if c in texts else values for c, values in out.items()}


def _put(
    out: dict[str, NDArray[Any]], column: str, values: NDArray[Any], low: int, high: int, count: int
) -> None:
    """Numbers with NaN where there is none; whole numbers as they are."""
    if np.ma.isMaskedArray(values) or values.dtype.kind == "f":
        values = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
    if column not in out:
        out[column] = np.empty(count, values.dtype)
    if values.dtype.kind == "f" and out[column].dtype.kind != "f":
        out[column] = out[column].astype(np.float64)
    out[column][low:high] = values
