"""What the readers of formats hand to the session, and what the session hands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate.cells import Writing
from kpidsl.evaluate.engine import Dialect
from kpidsl.evaluate.files import DataFile
from kpidsl.model.sources import ColumnSpec, SourceSpec

if TYPE_CHECKING:
    from kpidsl.evaluate.local import Guarded
    from kpidsl.evaluate.plan import Scan
    from kpidsl.evaluate.sql import Tree


@frozen
class Attached:
    """A source that can be queried.

    `relation` is the unquoted name of a view or a table, or the query of a derived table where none can be
    made, with the declared columns that the data has, under their declared names: numbers DOUBLE (percents as
    fractions), texts and identities VARCHAR, days DATE, moments TIMESTAMP in the calendar's zone, flags
    BOOLEAN. `kinds` says which of these each column is. A column of which nothing but its role is declared
    keeps the type it is found with. `engine` is the connection where it is; empty for the session's own.

    `problems` has errors and warnings. An error in `broken` spoils only its column, which the relation lacks;
    any other error spoils the source, and there is no relation.
    """

    source: str
    relation: str | Tree
    kinds: Mapping[str, str]
    problems: tuple[Diagnostic, ...] = ()
    broken: Mapping[str, Diagnostic] = field(factory=dict)
    engine: str = ""
    percents: tuple[str, ...] = ()
    """Columns of percents, as fractions, of which nobody has looked whether they held fractions before."""
    found: Mapping[str, str] = field(factory=dict)
    """The types that the data itself has, where it has any."""

    @property
    def view(self) -> str:
        """The name of the relation, for a source in the session's own engine."""
        assert isinstance(self.relation, str)
        return self.relation

    @property
    def failure(self) -> Diagnostic | None:
        """The error for which nothing can be read from the source."""
        own = {id(problem) for problem in self.broken.values()}
        errors = (p for p in self.problems if p.severity.word == "error" and id(p) not in own)
        return next(errors, None)


Purpose = Literal["read", "connect", "copy", "profile", "key", "link", "check", "group", "sample", "scan"]


@frozen
class Query:
    """A query that was run: on which source, how long it took, how many rows came back or were kept.

    Its `purpose`: what makes a source ready is to `read` its files, to `connect` to its table or to `copy`
    its rows, for which there is no one text and no number of rows; a `profile` has its rows by day; `key`,
    `link` and `check` hold it to its promises; `group` makes the rows of a grouped source; a `sample` is what
    cells are estimated by; a `scan` answers.
    """

    source: str
    sql: str
    seconds: float
    rows: int
    scan: Scan | None = None
    """Of which scan it is the text."""
    purpose: Purpose = "scan"
    engine: str = ""
    """The connection that ran it; empty for the session's own engine."""
    dialect: Dialect = "duckdb"
    size: int = 0
    """The bytes of the source's files; 0 where there are none, or they tell nothing."""


@frozen
class Reading:
    """What a reader is asked for: these columns of these files of a source."""

    connection: Guarded
    spec: SourceSpec
    columns: tuple[ColumnSpec, ...]
    files: tuple[DataFile, ...]
    writing: Writing
    scratch: str
    """A private folder that the connection may read."""
    label: str
    """What the relation will be called; no two attachments of a session share it."""


@frozen
class Spot:
    """Where a cell is: a place for people, and its line if the format has lines."""

    place: str
    text: str | None = None


@frozen
class Cells:
    """A temporary table of texts: `f`, the number of the file, and one column per name in `columns`.

    `spot(file, row, name)` finds a cell again: the row counts within the file, from 0.
    """

    table: str
    columns: Mapping[str, str]
    """Declared name to the column of the table."""
    spot: Callable[[int, int, str], Spot]
    problems: tuple[Diagnostic, ...] = ()
    broken: Mapping[str, Diagnostic] = field(factory=dict)


@frozen
class Typed:
    """Something with types of its own that can stand after FROM."""

    relation: str
    """SQL."""
    types: Mapping[str, str]
    """Declared name to DuckDB type."""
    place: str
    problems: tuple[Diagnostic, ...] = ()
    broken: Mapping[str, Diagnostic] = field(factory=dict)


@frozen
class Unreadable:
    """Nothing can be read, and why."""

    problem: Diagnostic


Read = Cells | Typed | Unreadable
