"""PostgreSQL through psycopg: reads only, in transactions that could not write."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import psycopg
from attrs import define, field
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from kpidsl.evaluate.engine import (
    Column,
    Dialect,
    EngineError,
    Fault,
    Interrupted,
    Kind,
    Parts,
    Setting,
)

_PAUSES = (0.2, 1.0)
"""Seconds before a connection that failed is tried again."""
_CONNECT = 10
"""Seconds that a server has to answer at all."""
_PIECE = 20_000
"""Rows that a query's result is taken over in."""
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("smallint", "integer", "bigint", "real", "double precision", "numeric"), "number"),
    **dict.fromkeys(("text", "character varying", "character", "citext", "name", "uuid"), "text"),
    "date": "day",
    "timestamp without time zone": "moment",
    "timestamp with time zone": "moment with zone",
    "boolean": "flag",
}  # fmt: skip
_FAULTS: tuple[tuple[type[psycopg.Error], Fault], ...] = (
    (errors.InsufficientPrivilege, "permission"),
    (errors.QueryCanceled, "timeout"),
    (errors.OutOfMemory, "memory"),
    (errors.DiskFull, "disk"),
)
_LOST = ("08", "57P")  # of SQLSTATEs: connection exceptions, shutdowns


def connect(url: str, setting: Setting) -> Postgres:
    """The database behind a `postgresql://` URL; what libpq understands in it holds. It is connected to when
    it is first asked."""
    return Postgres(url, setting)


@define
class Postgres:
    """A connection that is opened again when it is lost, twice; after that nothing is tried any more."""

    _url: str = field(repr=False)
    _setting: Setting
    _connection: psycopg.Connection[tuple[Any, ...]] | None = field(default=None, init=False, repr=False)
    _stopped: bool = field(default=False, init=False)
    _lost: EngineError | None = field(default=None, init=False)
    _lock: threading.RLock = field(factory=threading.RLock, init=False, repr=False)

    @property
    def dialect(self) -> Dialect:
        """What its SQL is written in."""
        return "postgres"

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            try:
                self._connection = self._connected()
            except psycopg.Error as error:
                lost = EngineError("connection", _words(error))
                if "FATAL" in str(error) and not _passes(error):
                    self._lost = lost  # it answered, and said no
                raise lost from None
        return self._connection

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        timeout = self._setting.timeout
        try:
            given = conninfo_to_dict(self._url)
        except psycopg.ProgrammingError:  # whose words quote parts of it
            self._lost = EngineError("connection", "the url is none that PostgreSQL's library can read")
            raise self._lost from None
        seconds = _CONNECT if timeout is None else min(_CONNECT, math.ceil(timeout))
        usual: dict[str, Any] = {"application_name": "kpidsl", "connect_timeout": seconds}
        more = {key: value for key, value in usual.items() if key not in given}
        connection = psycopg.connect(self._url, autocommit=True, prepare_threshold=None, **more)
        settings = {
            "standard_conforming_strings": "on",  # a backslash is a backslash
            "TimeZone": "UTC",
            **({"statement_timeout": str(max(1, round(timeout * 1000)))} if timeout else {}),
        }
        for key, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", (key, value))
        connection.autocommit = False
        connection.read_only = True
        return connection

    def fetch(self, sql: str) -> dict[str, Column]:
        """The columns of a SELECT; asked again, twice at most, where the connection was lost."""
        with self._lock:
            for pause in self._tries():
                try:
                    return _joined(list(self._pieces(sql, _PIECE)))
                except EngineError as error:
                    self._wait(error, pause)
        raise AssertionError

    def batches(self, sql: str, rows: int) -> Iterator[dict[str, Column]]:
        """The columns of a SELECT in pieces; not asked again once there was one."""
        with self._lock:
            for pause in self._tries():
                begun = False
                try:
                    with closing(self._pieces(sql, rows)) as pieces:
                        for piece in pieces:
                            begun = True
                            yield piece
                    return
                except EngineError as error:
                    if begun:
                        raise
                    self._wait(error, pause)

    def _tries(self) -> tuple[float | None, ...]:
        """How long to wait after each try that fails; None after the last."""
        self._stopped = False
        if self._lost is not None:
            raise self._lost
        return (*_PAUSES, None)

    def _wait(self, error: EngineError, pause: float | None) -> None:
        if error.fault != "connection" or self._lost is not None:
            raise error
        if pause is None:
            self._lost = error
            raise error
        time.sleep(pause)
        if self._stopped:
            raise Interrupted

    def _pieces(self, sql: str, rows: int) -> Generator[dict[str, Column], None, None]:
        """At least one, be it empty. No cursor is declared on the server: such queries run on one core."""
        connection = self._open()
        with self._told(), connection.transaction(), connection.cursor() as cursor:
            size = min(rows, _PIECE) if psycopg.capabilities.has_stream_chunked() else 1
            held: list[tuple[Any, ...]] = []
            several = False
            for row in cursor.stream(sql, binary=True, size=size):
                held.append(row)
                if len(held) >= rows:
                    yield _columns(cursor.description or (), held)
                    held, several = [], True
            if not held and not several:  # a stream without rows does not say what its columns are
                cursor.execute(f"SELECT * FROM ({sql}) none LIMIT 0", binary=True)
            if held or not several:
                yield _columns(cursor.description or (), held)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            if self._stopped:
                raise Interrupted from None
            raise EngineError(self._fault(error), _words(error)) from None

    def _fault(self, error: psycopg.Error) -> Fault:
        if (error.sqlstate or "").startswith(_LOST):
            return "connection"
        if error.sqlstate is None and self._connection is not None and self._connection.closed:
            return "connection"
        return next((fault for kind, fault in _FAULTS if isinstance(error, kind)), "query")

    def interrupt(self) -> None:
        """Ask the server to stop what it runs for us."""
        self._stopped = True
        if self._connection is not None and not self._connection.closed:
            self._connection.cancel_safe(timeout=5)

    def close(self) -> None:
        """Let go of it."""
        if self._connection is not None:
            self._connection.close()

    def tables(self) -> list[Parts]:
        """The tables and views, but for those of the server itself, also those that may not be read."""
        found = self.fetch(
            "SELECT n.nspname::text AS s, c.relname::text AS t"
            " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema'"
            " AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1, 2"
        )
        return list(zip(found["s"].tolist(), found["t"].tolist(), strict=True))

    def types(self, parts: Parts) -> dict[str, str] | None:
        """Column to type, `numeric(10,2)` as the server writes it; a domain is what it is made of."""
        if len(parts) > 2:
            return None
        schema, title = parts if len(parts) == 2 else ("", parts[0])
        place = (
            f"AND n.nspname = {_literal(schema)}" if schema else "AND pg_catalog.pg_table_is_visible(c.oid)"
        )
        found = self.fetch(
            "SELECT a.attname::text AS c, pg_catalog.format_type("
            "CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END, a.atttypmod) AS f"
            " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
            " AND NOT a.attisdropped LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
            f" WHERE c.relname = {_literal(title)} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') {place}"
            " ORDER BY a.attnum"
        )
        pairs = zip(found["c"].tolist(), found["f"].tolist(), strict=True)
        return {name: kind for name, kind in pairs if name is not None} if len(found["c"]) else None

    def kind_of(self, found: str) -> Kind | None:
        """By the type without its length and precision, which may stand within: `timestamp(3) with ...`."""
        head, bracket, rest = found.partition("(")
        return _KINDS.get(head + rest.partition(")")[2] if bracket else found)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _passes(error: psycopg.Error) -> bool:
    """Whether the server says that it can be reached later: it starts, stops or is full."""
    return any(word in str(error) for word in ("starting up", "shutting down", "too many", "recovery"))


def _words(error: psycopg.Error) -> str:
    """What the server says first; of several addresses that were tried, what the last one said."""
    lines = [line.strip(" \t-") for line in (error.diag.message_primary or str(error)).splitlines()]
    several = lines[0].startswith("Multiple connection attempts")
    found = [line for line in lines if line and not line.startswith("Is the server running")]
    return found[-1 if several else 0] if found else type(error).__name__


# -- rows to columns ---------------------------------------------------------------------------------------

_NUMBERS = {20: np.int64, 21: np.int64, 23: np.int64, 26: np.int64, 700: np.float64, 701: np.float64,
            1700: np.float64, 16: np.bool_}  # fmt: skip
_MOMENTS = {1082: "M8[D]", 1114: "M8[us]"}
_TEXTS = frozenset((18, 19, 25, 1042, 1043, 705))
_ZONED = 1184


def _columns(description: Sequence[psycopg.Column], rows: list[tuple[Any, ...]]) -> dict[str, Column]:
    values = zip(*rows, strict=True) if rows else ((),) * len(description)
    return {
        about.name: _column(about.type_code, each) for about, each in zip(description, values, strict=True)
    }


def _column(oid: int, values: Sequence[Any]) -> Column:
    """Values as an array of the type's kind, masked where there are none."""
    missing = np.fromiter((value is None for value in values), dtype=bool, count=len(values))
    some = bool(missing.any())
    if oid in _NUMBERS:
        dtype: Any = _NUMBERS[oid]
        kept = [0 if value is None else value for value in values] if some else values
    elif oid in _MOMENTS:
        dtype, kept = _MOMENTS[oid], values
    elif oid == _ZONED:
        dtype = "M8[us]"
        kept = [None if value is None else value.replace(tzinfo=None) for value in values]
    else:
        dtype = object
        kept = values if oid in _TEXTS else [None if v is None else str(v) for v in values]
    array = np.empty(len(values), dtype=dtype)
    array[:] = kept
    return np.ma.array(array, mask=missing) if some else array


def _joined(pieces: list[dict[str, Column]]) -> dict[str, Column]:
    if len(pieces) == 1:
        return pieces[0]
    return {name: _concatenated([piece[name] for piece in pieces]) for name in pieces[0]}


def _concatenated(arrays: list[Column]) -> Column:
    if any(isinstance(array, np.ma.MaskedArray) for array in arrays):
        masked: Column = np.ma.concatenate(arrays)  # type: ignore[no-untyped-call]
        return masked
    return np.concatenate(arrays)
