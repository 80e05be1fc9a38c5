"""A source: where its rows are, what its columns mean, and what it promises of itself."""

from __future__ import annotations

from attrs import field, frozen

from kpidsl.diagnostics import Span
from kpidsl.model.periods import Grain
from kpidsl.model.rows import Row
from kpidsl.model.types import Type


@frozen
class Files:
    """One file or many with the same columns, found by a pattern relative to the folder of the spec file.

    The format follows from the suffix: .csv .tsv .txt, .parquet, .jsonl .ndjson .json, .xlsx .xls .ods .xlsb,
    .duckdb .db (then `table` is needed).
    """

    pattern: str
    folder: str
    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    dates: str | None = None
    """A strptime pattern, `%d/%m/%Y`, for every day or moment column of the file."""
    encoding: str | None = None
    sheet: str | None = None
    table: str | None = None


@frozen
class Table:
    """A table (`schema.name`) behind a connection that the config names."""

    name: str
    connection: str | None


@frozen
class ColumnSpec:
    """A declared column; computed when it has a value."""

    name: str
    type: Type
    span: Span = field(eq=False, repr=False)
    value: Row | None = None


@frozen
class Link:
    """`belongs to target by column = far`: many rows here, at most one there."""

    target: str
    column: str
    far: str
    span: Span = field(eq=False, repr=False)


@frozen
class SourceSpec:
    """All that a `source` definition says, resolved. `columns` holds role columns (time, channel, key, link) too."""

    name: str
    title: str | None
    origin: Files | Table
    columns: tuple[ColumnSpec, ...]
    time: str | None
    channel: str | None
    key: tuple[str, ...]
    thing: str
    """What one row is; the unit of a count. `row` when the spec does not say."""
    links: tuple[Link, ...]
    fresh_days: int | None
    complete: Grain | None
    checks: tuple[Row, ...]
    span: Span = field(eq=False, repr=False)

    def column(self, name: str) -> ColumnSpec | None:
        """The column of that name, if declared."""
        return next((c for c in self.columns if c.name == name), None)
