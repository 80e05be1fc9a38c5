"""The session's own engine: DuckDB in memory, behind a fence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import duckdb

from kpidsl.evaluate.engine import Column, Dialect, duckdb_faults, duckdb_limits
from kpidsl.evaluate.large import fetch_large
from kpidsl.evaluate.quote import literal, literals, name
from kpidsl.evaluate.watch import Watch


class Local:
    """Reads `files` and what lies in `scratch`, a private folder, and nothing else.

    `memory` and `spill_size` are DuckDB sizes such as `2GB`; what does not fit into memory is written
    below `scratch`.
    """

    def __init__(
        self,
        files: Iterable[str],
        scratch: str,
        watch: Watch,
        *,
        threads: int | None = None,
        memory: str | None = None,
        spill_size: str | None = None,
    ) -> None:
        self._watch = watch
        self._connection = _opened(scratch, threads, memory, spill_size)
        # A locked configuration cannot be told any more to count what is done, not even for one cursor.
        self._idle = [_counting(self._connection.cursor())]
        self._busy: list[duckdb.DuckDBPyConnection] = []
        self.guarded = Guarded(_counting(self._connection), self)
        _fence(self._connection, [*files], scratch)

    @property
    def dialect(self) -> Dialect:
        """That of DuckDB."""
        return "duckdb"

    def fetch(self, sql: str) -> dict[str, Column]:
        """The columns of a SELECT, masked where values are missing. ValueError for any other statement."""
        with duckdb_faults(), self._cursor() as cursor:
            return cursor.execute(_select(cursor, sql)).fetchnumpy()

    def fetch_cells(self, several: Sequence[str], dims: Sequence[str]) -> dict[str, Any]:
        """As `fetch`, of several SELECTs of the same columns; of many rows texts come as `Coded`."""
        with duckdb_faults(), self._cursor() as cursor:
            return fetch_large(cursor, [_select(cursor, sql).query for sql in several], dims)

    def keep(self, relation: str, sql: str) -> int:
        """Hold the rows of a SELECT as a table of that name until the session ends; how many there are."""
        with duckdb_faults(), self._cursor() as cursor:
            statement = _select(cursor, sql)
            cursor.execute(f"CREATE TABLE {name(relation)} AS {statement.query}")
            ((rows,),) = cursor.execute(f"SELECT count(*) FROM {name(relation)}").fetchall()
        return int(rows)

    def interrupt(self) -> None:
        """Stop what runs, from another thread."""
        for connection in tuple(self._busy):
            with suppress(duckdb.Error):
                connection.interrupt()

    def close(self) -> None:
        """Forget everything that was loaded."""
        for cursor in self._idle:
            cursor.close()
        self._connection.close()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One for each query: results that are not read to their end block a connection."""
        cursor = self._idle.pop() if self._idle else self._connection.cursor()
        try:
            with self.at_work(cursor):
                yield cursor
        finally:
            self._idle.append(cursor)

    @contextmanager
    def at_work(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """What the connection does can be stopped, and tells how far it is."""
        self._busy.append(connection)
        try:
            running = self._watch.progress.query(lambda: _share(connection))
            with self._watch.guard(), duckdb_limits(), running:
                yield
        finally:
            self._busy.remove(connection)


class Guarded:
    """The connection as readers of files use it.

    Their faults are theirs to tell, and stay `duckdb.Error`; but that the time, the memory or the disk is
    at its end is no fault of a file, and passes through them as an `EngineError`.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, local: Local) -> None:
        self._connection, self._local = connection, local

    def execute(self, statement: str, parameters: object = None) -> Self:
        """Run a statement; the rows are fetched from this object."""
        with self._at_work():
            self._connection.execute(statement, parameters)
        return self

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        with self._at_work():
            return self._connection.fetchall()

    def fetchone(self) -> Any:
        """The next row, None behind the last."""
        with self._at_work():
            return self._connection.fetchone()

    def register(self, name: str, table: object) -> None:
        """Let a table of Python stand under a name."""
        self._connection.register(name, table)

    def unregister(self, name: str) -> None:
        """Forget it."""
        self._connection.unregister(name)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._local.at_work(self._connection):
            yield


def _opened(
    scratch: str, threads: int | None, memory: str | None, spill_size: str | None
) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
        "temp_directory": str(Path(scratch) / "spill"),
    }
    given = {"threads": threads, "memory_limit": memory}
    config |= {key: value for key, value in given.items() if value is not None}
    connection = duckdb.connect(":memory:", config=config)
    if spill_size is not None:  # as a part of the config it is not heeded
        connection.execute(f"SET max_temp_directory_size = {literal(spill_size)}")
    return connection


def _counting(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    return connection


def _fence(connection: duckdb.DuckDBPyConnection, files: list[str], scratch: str) -> None:
    connection.execute(f"SET allowed_paths = {literals(files)}")
    connection.execute(f"SET allowed_directories = {literals([scratch])}")
    connection.execute(f"SET GLOBAL TimeZone = {literal('UTC')}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _select(cursor: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    statements = cursor.extract_statements(sql)
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise ValueError("only a single SELECT is run")
    return statements[0]


def _share(connection: duckdb.DuckDBPyConnection) -> float | None:
    with suppress(duckdb.Error):
        return max(connection.query_progress(), 0) / 100
    return None
