"""A source: where its rows are, what its columns mean, and what it promises of itself."""

from __future__ import annotations

from typing import Literal

from attrs import evolve, field, frozen

from kpidsl.diagnostics import Span
from kpidsl.model.periods import Grain
from kpidsl.model.rows import ColumnRef, Gather, Row, columns_of, gathers_of
from kpidsl.model.types import Type
from kpidsl.records import Record


@frozen(repr=False)
class Files(Record):
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
    missing: tuple[str, ...] = ()
    """Cells that say in words that they have no value, as written: `NULL`, `n/a`."""


@frozen(repr=False)
class Table(Record):
    """A table (`schema.name`) behind a connection that the config names."""

    name: str
    connection: str | None


@frozen(repr=False)
class Grouped(Record):
    """A row for each combination of values that the rows of another source have in some columns."""

    source: str
    keys: tuple[tuple[str, ColumnRef], ...]
    """How each is called here, and the column of the other source, or along its links."""


@frozen(repr=False)
class ColumnSpec(Record):
    """A declared column; computed when it has a value, which in a grouped source may aggregate."""

    name: str
    type: Type
    span: Span = field(eq=False, repr=False)
    value: Row | None = None


@frozen(repr=False)
class Link(Record):
    """`belongs to target by column = far`: many rows here, at most one there."""

    target: str
    column: str
    far: str
    span: Span = field(eq=False, repr=False)


Consequence = Literal["warn", "stale"]
"""What a broken promise of a source means for verdicts: a note, or that they are grey."""


@frozen(repr=False)
class Volume(Record):
    """`rows between low and high every grain`: how many rows each whole period has."""

    low: int | None
    high: int | None
    grain: Grain

    def __str__(self) -> str:
        if self.low is not None and self.high is not None:
            return f"rows between {self.low:,} and {self.high:,} every {self.grain}"
        least = f"at least {self.low:,}" if self.low is not None else f"at most {self.high:,}"
        return f"rows {least} every {self.grain}"


@frozen(repr=False)
class Otherwise(Record):
    """What follows where a source breaks its promises, one by one."""

    fresh: Consequence = "stale"
    complete: Consequence = "warn"
    key: Consequence = "warn"
    volume: Consequence = "warn"
    checks: tuple[Consequence, ...] = ()
    """In the order of the checks."""


@frozen(repr=False)
class SourceSpec(Record):
    """All that a `source` definition says, resolved. `columns` holds those of roles too (time, channel, key,
    link)."""

    name: str
    title: str | None
    origin: Files | Table | Grouped
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
    meets: tuple[str, ...] = ()
    """Sources whose rows are read together with its own: those of the paths that begin here."""
    volume: Volume | None = None
    otherwise: Otherwise = Otherwise()
    scales: tuple[Row, ...] = ()
    """The last of the checks: what the scales of columns ask. Values that break one are read as missing."""

    def column(self, name: str) -> ColumnSpec | None:
        """The column of that name, if declared."""
        return next((c for c in self.columns if c.name == name), None)

    def stored(self, column: ColumnSpec) -> bool:
        """Whether its rows hold the column; others are computed from these wherever they are used.

        The rows of a grouped source hold all that can be said without its links.
        """
        if column.value is None:
            return True
        if not isinstance(self.origin, Grouped):
            return False
        own = (self.column(ref.name) for ref in columns_of(column.value))
        linked = any(ref.via for ref in columns_of(column.value))
        return not linked and all(one is None or self.stored(one) for one in own)

    def gathers(self, row: Row | None) -> frozenset[Gather]:
        """Every aggregation that an expression rests on, in the columns of the source that it reads too."""
        found = gathers_of(row)
        for ref in columns_of(row):
            column = self.column(ref.name) if not ref.via else None
            found |= self.gathers(column.value) if column is not None else frozenset()
        return found


def given_rows(spec: SourceSpec) -> SourceSpec:
    """A grouped source whose rows are given instead: what would be aggregated is read like any column."""
    columns = tuple(evolve(c, value=None) if gathers_of(c.value) else c for c in spec.columns)
    return evolve(spec, origin=Files("", ""), columns=columns)
