"""Arrow's columns as numpy's, for the engines that answer in Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kpidsl.evaluate.engine import Column, EngineError

if TYPE_CHECKING:
    import pyarrow as pa


def columns_of(table: pa.Table) -> dict[str, Column]:
    """The columns of a table by name: decimals DOUBLE, moments in UTC, texts as objects.

    `EngineError` for a text that is not UTF-8: two of them could look the same.
    """
    return {name: _column(name, table.column(n)) for n, name in enumerate(table.column_names)}


def _column(name: str, values: pa.ChunkedArray) -> Column:
    import pyarrow as pa

    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
        kind = values.type
    if pa.types.is_null(kind):
        values, kind = values.cast(pa.float64()), pa.float64()
    if pa.types.is_decimal(kind):
        values, kind = values.cast(pa.float64()), pa.float64()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_binary(kind):
        return _texts(name, values)
    if pa.types.is_timestamp(kind):
        values = values.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.timestamp("us"))
    elif pa.types.is_date(kind):
        values = values.cast(pa.date32())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        raise EngineError("query", f"column `{name}` holds {kind}, which is no number, text, day or flag")
    return _masked(values)


def _masked(values: pa.ChunkedArray) -> Column:
    """Arrow would turn whole numbers and flags with gaps into floats and objects."""
    if not values.null_count:
        return np.asarray(values.to_numpy())
    import pyarrow as pa

    gaps, kind = values.is_null().to_numpy(), values.type
    if pa.types.is_timestamp(kind):
        return np.ma.masked_array(values.cast(pa.int64()).fill_null(0).to_numpy().astype("M8[us]"), gaps)
    if pa.types.is_date(kind):
        return np.ma.masked_array(values.cast(pa.int32()).fill_null(0).to_numpy().astype("M8[D]"), gaps)
    return np.ma.masked_array(values.fill_null(False if pa.types.is_boolean(kind) else 0).to_numpy(), gaps)


def _texts(name: str, values: pa.ChunkedArray) -> Column:
    try:
        found = values.to_pylist()
        texts = [each.decode() if isinstance(each, bytes) else each for each in found]
    except UnicodeDecodeError as error:
        raise EngineError("query", f"column `{name}` holds a text that is not UTF-8") from error
    column = np.empty(len(texts), dtype=object)
    column[:] = texts
    if not values.null_count:
        return column
    return np.ma.masked_array(column, values.is_null().to_numpy())


def _is_binary(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    )
