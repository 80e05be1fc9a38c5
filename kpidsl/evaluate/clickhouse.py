"""ClickHouse inside the process, through chdb: `chdb:///path/to/folder`, never written to by a query.

A process holds one such folder at a time, with as many connections as it likes; a second process cannot open
the folder at all. Settings of a session are pinned where they change what a query means.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from attrs import define, field

from kpidsl.evaluate.arrow import columns_of
from kpidsl.evaluate.engine import (
    Column,
    Dialect,
    EngineError,
    Fault,
    Kind,
    Parts,
    Setting,
)
from kpidsl.evaluate.quote import literal
from kpidsl.evaluate.sizes import bytes_of
from kpidsl.evaluate.waiting import waited

T = TypeVar("T")

PINNED: dict[str, str | int | float] = {
    "aggregate_functions_null_for_empty": 1,  # a sum over no rows has no value
    "cast_keep_nullable": 1,
    "cast_string_to_date_time_mode": "basic",
    "count_distinct_implementation": "uniqExact",
    "date_time_overflow_behavior": "throw",
    "enable_analyzer": 1,
    "group_by_use_nulls": 1,
    "join_use_nulls": 1,  # a row without a match has no values there, not zeros
    "output_format_arrow_low_cardinality_as_dictionary": 0,
    "output_format_arrow_string_as_string": 0,  # any bytes may be in a String: they are decoded here
    "prefer_column_name_to_alias": 1,  # a name is a column first, as everywhere else
    "session_timezone": "UTC",
    "timeout_overflow_mode": "throw",
    "transform_null_in": 0,
    "use_variant_as_common_type": 0,
}
"""What the meaning of a query hangs on."""

_SYSTEM = ("system", "information_schema", "INFORMATION_SCHEMA")

_FAULTS: dict[str, Fault] = {
    "MEMORY_LIMIT_EXCEEDED": "memory",
    "CANNOT_ALLOCATE_MEMORY": "memory",
    "TIMEOUT_EXCEEDED": "timeout",
    "TOO_SLOW": "timeout",
    "NOT_ENOUGH_SPACE": "disk",
    "CANNOT_OPEN_FILE": "disk",
    "CANNOT_READ_ALL_DATA": "disk",
    "CANNOT_READ_FROM_FILE_DESCRIPTOR": "disk",
    "CANNOT_WRITE_TO_FILE_DESCRIPTOR": "disk",
    "CHECKSUM_DOESNT_MATCH": "disk",
    "FILE_DOESNT_EXIST": "disk",
    "ACCESS_DENIED": "permission",
    "READONLY": "permission",
}

_held: dict[Path, int] = {}
"""The folder that this process has open, and how often."""
_holding = threading.Lock()


def connect(url: str, setting: Setting) -> ClickHouse:
    """Open a folder that chdb, or `clickhouse-local --path`, has written."""
    parts = urlsplit(url)
    if parts.netloc or parts.query or not parts.path.strip("/"):
        raise EngineError("connection", "a folder is opened as `chdb:///path/relative/to/the/project`")
    path = (setting.root / unquote(parts.path).removeprefix("/")).resolve()
    if not any((path / each).is_dir() for each in ("metadata", "store")):
        # chdb would make an empty one
        raise EngineError("connection", f"`{path.name}` is no folder with the data of a ClickHouse")
    _hold(path)
    try:
        return ClickHouse(path, _opened(path), _settings(setting))
    except BaseException:
        _release(path)
        raise


def _opened(path: Path) -> Any:
    import chdb

    try:
        # the path goes into the text of a URL, where these signs would end it
        return chdb.connect(  # type: ignore[no-untyped-call]
            str(path).replace("%", "%25").replace("?", "%3F")
        )
    except RuntimeError as error:
        words = _words(str(error)).removesuffix(": .")
        raise EngineError("connection", f"`{path.name}` cannot be opened: {words}") from error


def _hold(path: Path) -> None:
    """Note that the folder is open here; two folders at once, or one in two processes, bring chdb down."""
    with _holding:
        if other := next((each for each in _held if each != path), None):
            raise EngineError(
                "connection",
                f"a process can open one folder of ClickHouse at a time, and `{other.name}` is open",
            )
        if path not in _held and _locked(path / "status"):
            raise EngineError("connection", f"`{path.name}` is open in another process")
        _held[path] = _held.get(path, 0) + 1


def _release(path: Path) -> None:
    with _holding:
        _held[path] -= 1
        if not _held[path]:
            del _held[path]


def _locked(status: Path) -> bool:
    """Whether another process has the folder open: it holds a lock for as long as it does."""
    try:
        handle = os.open(status, os.O_RDONLY)
    except OSError:
        return False
    if os.pread(handle, 100, 0).startswith(f"PID: {os.getpid()}\n".encode()):
        os.close(handle)  # by something else in this one
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _settings(setting: Setting) -> dict[str, str | int | float]:
    limits: dict[str, str | int | float] = {}
    if setting.threads:
        limits["max_threads"] = setting.threads
    if setting.memory:
        limits["max_memory_usage"] = bytes_of(setting.memory)
    if setting.timeout:
        limits["max_execution_time"] = setting.timeout
    # from here on nothing can be set, written, or read from files and addresses
    return {**PINNED, **limits, "readonly": 1}


@define(eq=False)
class ClickHouse:
    """A connection to the embedded engine."""

    _path: Path
    _connection: Any
    _settings: dict[str, str | int | float]
    _mark: str = field(factory=lambda: f"kpidsl-{uuid4()}", init=False)
    """Found again among what runs."""
    _stopped: threading.Event = field(factory=threading.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self._set()

    def _set(self) -> None:
        for name, value in {"log_comment": self._mark, **self._settings}.items():
            with _faults():
                self._connection.query(f"SET {name} = {literal(value) if isinstance(value, str) else value}")

    def _waited(self, ask: Callable[[], T]) -> T:
        """chdb puts what a failed query had already written before the answer to the next one of the
        connection: after a fault there is another."""
        try:
            with _faults():
                return waited(ask, self._kill, self._stopped)
        except BaseException:
            failed, self._connection = self._connection, _opened(self._path)
            failed.close()
            self._set()
            raise

    @property
    def dialect(self) -> Dialect:
        """ClickHouse's own."""
        return "clickhouse"

    def fetch(self, sql: str) -> dict[str, Column]:
        """The columns of a SELECT."""
        import pyarrow as pa

        self._stopped.clear()
        answer = self._waited(lambda: self._connection.query(sql, "Arrow").bytes())
        with pa.ipc.open_file(answer) as reader:
            return columns_of(reader.read_all())

    def batches(self, sql: str, rows: int) -> Iterator[dict[str, Column]]:
        """The columns of a SELECT in pieces."""
        import pyarrow as pa

        self._stopped.clear()
        stream = self._waited(lambda: self._connection.send_query(sql, "Arrow"))
        try:
            pieces = self._waited(lambda: stream.record_batch(rows_per_batch=rows))
            while (piece := self._waited(lambda: next(pieces, None))) is not None:
                yield columns_of(pa.Table.from_batches([piece]))
        finally:
            stream.close()

    def interrupt(self) -> None:
        """Kill what this connection runs."""
        self._stopped.set()

    def _kill(self) -> None:
        """From another connection: this one waits."""
        other = _opened(self._path)
        try:
            with _faults():
                other.query(f"KILL QUERY WHERE Settings['log_comment'] = {literal(self._mark)} ASYNC")
        finally:
            other.close()

    def close(self) -> None:
        """Let go of the folder."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            _release(self._path)

    def tables(self) -> list[Parts]:
        """All tables and views but the system's."""
        system = ", ".join(map(literal, _SYSTEM))
        found = self.fetch(
            "SELECT database, name FROM system.tables"
            f" WHERE database NOT IN ({system}) AND NOT is_temporary ORDER BY database, name"
        )
        return list(zip(found["database"], found["name"], strict=True))

    def types(self, parts: Parts) -> dict[str, str] | None:
        """Of a table of that database, or of the database `default`."""
        if len(parts) > 2:
            return None
        database, table = parts if len(parts) == 2 else ("default", parts[0])
        found = self.fetch(
            f"SELECT name, type FROM system.columns WHERE database = {literal(database)}"
            f" AND table = {literal(table)} ORDER BY position"
        )
        return dict(zip(found["name"], found["type"], strict=True)) or None

    def kind_of(self, found: str) -> Kind | None:
        """A DateTime is an instant in ClickHouse, whatever zone it is shown in."""
        while wrapped := _WRAPPED.fullmatch(found):
            found = wrapped[1]
        base = found.split("(")[0]
        if _NUMBER.fullmatch(base):
            return "number"
        return _KINDS.get(base)


_WRAPPED = re.compile(r"(?:Nullable|LowCardinality)\((.*)\)")
_NUMBER = re.compile(r"U?Int\d+|B?Float\d+|Decimal\d*")
_KINDS: dict[str, Kind] = {
    "String": "text",
    "FixedString": "text",
    "Enum8": "text",
    "Enum16": "text",
    "UUID": "text",
    "Date": "day",
    "Date32": "day",
    "DateTime": "moment with zone",
    "DateTime64": "moment with zone",
    "Bool": "flag",
}


@contextmanager
def _faults() -> Iterator[None]:
    """chdb's exceptions as those of every engine; it says all in one text, with the code's name at its
    end."""
    try:
        yield
    except RuntimeError as error:
        text = str(error)
        codes = re.findall(r"\(([A-Z][A-Z0-9_]+)\)", text)
        raise EngineError(_FAULTS.get(codes[-1], "query") if codes else "query", _words(text)) from error


def _words(text: str) -> str:
    """Without the codes before and the query behind."""
    text = re.sub(r"^(?:.*?DB::Exception: )+", "", text.strip(), flags=re.DOTALL)
    text = re.sub(r"(?:: )?(?:In scope|while executing|While executing) .*?(?=\s*\([A-Z_0-9]+\)$)", "", text)
    text = re.sub(r" Expected one of: .*?(?=\s*\([A-Z_0-9]+\)$)", "", text)
    return re.sub(r"\s*\(version [^)]*\)", "", text.split("\n")[0]).strip()
