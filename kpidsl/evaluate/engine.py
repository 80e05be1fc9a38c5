"""What runs queries: the contract of an engine, and how it fails.

The session's own DuckDB is one, every database connection of the config is another. An engine is handed the
text of a single SELECT in its dialect and gives columns back; everything it does with faults of drivers ends
here, so that nobody else knows one driver's exceptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

import duckdb
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from kpidsl.diagnostics import Diagnostic

Column = NDArray[Any] | np.ma.MaskedArray[Any, Any]
"""One value per row, masked where there is none. Numbers and flags in their own types, days and moments as
datetime64, texts as objects."""

Dialect = Literal[
    "duckdb", "postgres", "spark", "clickhouse", "trino", "snowflake", "bigquery", "redshift", "databricks"
]
"""A dialect that SQL is written in; the first four are also run."""

Fault = Literal["query", "memory", "disk", "timeout", "connection", "permission", "driver", "java"]
"""`driver`: the library that speaks to the engine is not installed, and the words are the command that
installs it. `java`: what the library runs on is missing or too old."""

Kind = Literal["number", "text", "day", "moment", "moment with zone", "flag"]
"""What the values of a type are, whatever an engine calls it. A moment without a zone is local time."""

Parts = tuple[str, ...]
"""The name of a table with what it is in: `("shop", "orders")`."""


class EngineError(Exception):
    """A query that failed, told by the engine's own first words.

    Only a `query` fault may lie with a part of the query, and is worth trying again on parts of it; all
    others are the engine's, whatever is asked.
    """

    def __init__(self, fault: Fault, words: str, told: Diagnostic | None = None) -> None:
        super().__init__(words)
        self.fault: Fault = fault
        self.words = words
        self.told = told
        """What is to be said of it, where that is no source's matter."""


class Interrupted(KeyboardInterrupt):
    """Somebody stopped the query: Ctrl-C."""


class Engine(Protocol):
    """A place where rows are and queries run."""

    @property
    def dialect(self) -> Dialect:
        """What its SQL is written in."""
        ...

    def fetch(self, sql: str) -> dict[str, Column]:
        """The columns of a single SELECT. `EngineError` if it fails, `Interrupted` if it is stopped."""
        ...

    def interrupt(self) -> None:
        """Stop what runs, from another thread; `fetch` then raises `Interrupted`."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Remote(Engine, Protocol):
    """A database that the session did not make: what it holds has to be found out."""

    def tables(self) -> list[Parts]:
        """The tables and views that may be named, with their schema, as `("shop", "orders")`, sorted."""
        ...

    def types(self, parts: Parts) -> dict[str, str] | None:
        """Column to the engine's name of its type, in the table's order; None if there is no such table.

        A name of one part is looked up as the engine does it: in the schemas where it looks by itself.
        """
        ...

    def kind_of(self, found: str) -> Kind | None:
        """What a type holds, by the name that `types` gave it; None for what is read as text only."""
        ...

    def batches(self, sql: str, rows: int) -> Iterator[dict[str, Column]]:
        """The columns of a SELECT in pieces of about so many rows, without ever holding all of them.

        There is at least one piece, empty if there are no rows. Fails as `fetch` does, at the first piece or
        later. Nothing else is asked before it is used up or closed.
        """
        ...


@frozen
class Setting:
    """What a connection is opened with besides its URL."""

    root: Path
    """The folder of the config, which relative paths in a URL start from."""
    zone: str
    """Of the calendar."""
    threads: int | None = None
    memory: str | None = None
    """A DuckDB size such as `2GB`."""
    timeout: float | None = None
    """Seconds that a single query may take."""


@contextmanager
def duckdb_faults() -> Iterator[None]:
    """DuckDB's exceptions as those of every engine."""
    try:
        with duckdb_limits():
            yield
    except duckdb.PermissionException as error:
        raise EngineError("permission", _words(error)) from error
    except duckdb.IOException as error:
        raise EngineError("disk", _words(error)) from error
    except duckdb.Error as error:
        raise EngineError("query", _words(error)) from error


@contextmanager
def duckdb_limits() -> Iterator[None]:
    """The exceptions that are no fault of what is asked: somebody stopped it, or memory or disk are full."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise Interrupted from error
    except RuntimeError as error:
        # What DuckDB makes of a signal that it finds itself, in the main thread.
        if str(error) != "Query interrupted":
            raise
        raise Interrupted from error
    except duckdb.OutOfMemoryException as error:
        raise EngineError("disk" if no_room(str(error)) else "memory", _words(error)) from error
    except duckdb.IOException as error:
        if not no_room(str(error)):
            raise
        raise EngineError("disk", _words(error)) from error


def no_room(words: str) -> bool:
    """Whether an engine says that a disk, or its share of one, is full."""
    return any(sign in words for sign in _FULL)


_FULL = (
    "No space left on device",
    "Disk quota exceeded",
    "not enough space on the disk",
    "max_temp_directory_size",
)


def _words(error: duckdb.Error) -> str:
    return " ".join(str(error).split("\n\n")[0].split())
