"""A table as its source declares it, where nothing has been looked at."""

from __future__ import annotations

from typing import cast

from kpidsl.evaluate.cells import scale_of
from kpidsl.evaluate.engine import Dialect, Kind
from kpidsl.evaluate.sql.stored import StoredColumn, stored_tree
from kpidsl.evaluate.sql.trees import Tree
from kpidsl.model.sources import ColumnSpec, SourceSpec, Table

_OPEN = frozenset(("time", "unknown"))
"""Kinds that the data decides."""


def declared_tree(spec: SourceSpec, dialect: Dialect) -> Tree:
    """A SELECT of the declared columns: numbers finite, percents as fractions, texts as texts.

    Columns are taken to hold what is declared, and moments to be local. The rows of files are taken to be in
    a table that is called as the source is.
    """
    parts = tuple(spec.origin.name.split(".")) if isinstance(spec.origin, Table) else (spec.name,)
    return stored_tree(parts, [_stored(c) for c in spec.columns if c.value is None], dialect, "UTC")


def kinds_of(spec: SourceSpec) -> dict[str, str]:
    """The kinds of the declared columns. A time of which no more is said counts as a moment."""
    return {c.name: _kind(c) for c in spec.columns if c.value is None}


def _kind(column: ColumnSpec) -> str:
    known = {"identity": "text", "time": "moment"}
    return known.get(column.type.kind, column.type.kind)


def _stored(column: ColumnSpec) -> StoredColumn:
    found = None if column.type.kind in _OPEN else cast(Kind, _kind(column))
    scale = scale_of(column.type.unit) if column.type.kind == "number" else 1
    return StoredColumn(column.name, _kind(column), found, scale, as_found=found is None)
