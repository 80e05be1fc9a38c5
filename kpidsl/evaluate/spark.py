"""Apache Spark: in this process (`spark://local`), or a server of Spark Connect (`sc://host:port`).

`spark://local?warehouse=PATH` reads folders of Parquet files below a path as tables: `PATH/orders` is
`orders`, `PATH/shop/orders` is `shop.orders`. Within a running Spark application `spark://local` is a session
of it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from attrs import define, field, frozen

from kpidsl import temporary
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
from kpidsl.evaluate.sizes import bytes_of
from kpidsl.evaluate.waiting import waited

T = TypeVar("T")

PINNED = {
    "spark.sql.ansi.enabled": "true",  # what cannot be computed fails; nothing becomes NULL in silence
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
    "spark.sql.caseSensitive": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.variable.substitute": "false",  # or `${env:HOME}` in a text would be filled in
}
"""What the meaning of a query hangs on."""

_PATIENCE = 5.0
"""Seconds to wait for a server to pick up."""


def connect(url: str, setting: Setting) -> Spark:
    """Open a session. The first in a process starts Spark, which takes seconds."""
    parts = urlsplit(url)
    if parts.scheme == "sc":
        return _served(url, setting)
    options = parse_qs(parts.query, keep_blank_values=True)
    if parts.netloc != "local" or parts.path.strip("/") or set(options) - {"warehouse"}:
        raise EngineError(
            "connection",
            "Spark is `spark://local`, `spark://local?warehouse=PATH` or a server of Spark Connect, `sc://HOST:PORT`",
        )
    warehouse = (setting.root / options["warehouse"][-1]).resolve() if "warehouse" in options else None
    if warehouse is not None and not warehouse.is_dir():
        raise EngineError("connection", f"the warehouse `{warehouse.name}` is no folder")
    return _LOCAL.session(warehouse, setting)


# -- Spark in this process ----------------------------------------------------------------------------------


@define
class _Local:
    """The one Spark of a process, for as long as a session of it is open."""

    lock: threading.Lock = field(factory=threading.Lock)
    context: Any = None
    own: bool = False
    """Whether it was started here, and is stopped here."""
    sessions: int = 0
    warehouse: Path | None = None
    scratch: tempfile.TemporaryDirectory[str] | None = None

    def session(self, warehouse: Path | None, setting: Setting) -> Spark:
        from pyspark import SparkContext
        from pyspark.sql import SparkSession

        with self.lock:
            if not self.sessions:
                self.context = SparkContext._active_spark_context
                self.own = self.context is None
                if self.own:
                    self.scratch = temporary.folder("kpidsl-spark-")
                    self.context = _started(setting, self.scratch.name)
            if warehouse is not None and (not self.own or self.warehouse not in (None, warehouse)):
                raise EngineError(
                    "connection",
                    "a process can have one Spark with one warehouse at a time, and another is open",
                )
            self.warehouse = warehouse or self.warehouse
            self.sessions += 1
        with _chatter():
            session = SparkSession(self.context).newSession()
        tags = Tags(self.context.addJobTag, self.context.cancelJobsWithTag)
        return Spark(session, tags, setting.timeout, warehouse, self.left)

    def left(self) -> None:
        """A session was closed; Spark is stopped with the last."""
        with self.lock:
            self.sessions -= 1
            if self.sessions:
                return
            self.warehouse = None
            if self.own:
                self.context.stop()
            if self.scratch is not None:
                self.scratch.cleanup()
            self.context = self.scratch = None


_LOCAL = _Local()


def _started(setting: Setting, scratch: str) -> Any:
    """Everything that Spark says goes to a file: on a terminal it would drown the verdicts."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway

    if shutil.which("java", path=_java_path()) is None:
        home = os.environ.get("JAVA_HOME")
        where = f"below JAVA_HOME, `{home}`" if home else "by PATH, and JAVA_HOME is not set"
        raise EngineError("java", f"no `java` is found {where}")
    threads = setting.threads or os.cpu_count() or 1
    conf = SparkConf()
    conf.setMaster(f"local[{threads}]").setAppName("kpidsl")
    conf.set("spark.ui.enabled", "false").set("spark.ui.showConsoleProgress", "false")
    conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
    conf.set("spark.local.dir", scratch).set("spark.sql.warehouse.dir", f"{scratch}/warehouse")
    conf.set("spark.sql.catalogImplementation", "in-memory")
    conf.set("spark.sql.shuffle.partitions", str(threads)).set("spark.default.parallelism", str(threads))
    if setting.memory:
        conf.set("spark.driver.memory", f"{max(bytes_of(setting.memory) >> 20, 500)}m")
    said = Path(scratch) / "spark.log"
    before = signal.getsignal(signal.SIGINT)
    try:
        with _chatter(), said.open("wb") as log:
            gateway = SparkContext._gateway or launch_gateway(  # type: ignore[no-untyped-call]
                conf, {"stdout": log, "stderr": log}
            )
            context = SparkContext(conf=conf, gateway=gateway)
    except Exception as error:
        words = [line for line in said.read_text("utf-8", "replace").splitlines() if "rror" in line]
        if old := [line for line in words if "UnsupportedClassVersionError" in line]:
            raise EngineError("java", old[0].strip()) from error
        raise EngineError("connection", f"Spark does not start: {(words or [_first(error)])[0]}") from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)  # Spark sets one of its own
    context.setLogLevel("ERROR")
    return context


def _java_path() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin") if home else None


@contextmanager
def _chatter() -> Iterator[None]:
    """Warnings about versions of libraries, and faults with the whole trace of the JVM, are nothing for the
    reader of verdicts."""
    from pyspark.logger import PySparkLogger

    loggers = [PySparkLogger.getLogger(f"{each}QueryContextLogger") for each in ("SQL", "DataFrame")]
    before = [each.disabled for each in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in loggers:
            each.disabled = True
        try:
            yield
        finally:
            for each, disabled in zip(loggers, before, strict=True):
                each.disabled = disabled


# -- Spark Connect ------------------------------------------------------------------------------------------


def _served(url: str, setting: Setting) -> Spark:
    """A session on a server. Its client would try for ten minutes: whether anybody is there is seen first."""
    parts = urlsplit(url)
    try:
        place = (parts.hostname or "", parts.port or 15002)
        socket.create_connection(place, timeout=_PATIENCE).close()
    except (OSError, ValueError) as error:
        raise EngineError("connection", f"no server of Spark Connect: {_first(error)}") from error
    with _chatter():
        try:
            from pyspark.sql.connect.client.retries import DefaultPolicy
            from pyspark.sql.connect.session import SparkSession
        except ImportError as error:
            raise EngineError("driver", "pip install 'kpidsl[spark]'") from error
        with _faults():
            session = SparkSession(connection=url)
            session.client.set_retry_policies([DefaultPolicy(max_retries=2, max_backoff=1000)])
            session.sql("SELECT 1").collect()
    tags = Tags(session.addTag, session.interruptTag)
    return Spark(session, tags, setting.timeout, None, session.stop)


# -- either -------------------------------------------------------------------------------------------------


@frozen
class Tags:
    """How what runs is found again by a name.

    `interruptTag` of a session within the process misses what is fetched as Arrow; the tags of its context
    do not.
    """

    add: Callable[[str], Any]
    cancel: Callable[[str], Any]


@define(eq=False)
class Spark:
    """A session of Spark, with what its meaning hangs on pinned."""

    _session: Any
    _tags: Tags
    _timeout: float | None
    _warehouse: Path | None
    _leave: Callable[[], None]
    _tag: str = field(factory=lambda: f"kpidsl-{uuid4()}", init=False)
    _known: set[Parts] = field(factory=set, init=False)
    """Tables of the warehouse that Spark has been told of."""
    _stopped: threading.Event = field(factory=threading.Event, init=False)

    def __attrs_post_init__(self) -> None:
        with _chatter(), _faults():
            for name, value in PINNED.items():
                self._session.conf.set(name, value)

    @property
    def dialect(self) -> Dialect:
        """Spark's own."""
        return "spark"

    def fetch(self, sql: str) -> dict[str, Column]:
        """The columns of a SELECT."""
        self._stopped.clear()
        return columns_of(self._waited(lambda: self._session.sql(sql).toArrow()))

    def batches(self, sql: str, rows: int) -> Iterator[dict[str, Column]]:
        """The columns of a SELECT in pieces: partitions are fetched one after the other."""
        import pyarrow as pa
        from pyspark.sql.pandas.types import to_arrow_schema

        def ask() -> tuple[Any, Iterator[Any]]:
            frame = self._session.sql(sql)
            # as rows, instants would come in the zone of the machine
            columns = [(frame[_name(name)], name, kind) for name, kind in frame.dtypes]
            frame = frame.select(
                *(
                    c.cast("timestamp_ntz").alias(name) if kind == "timestamp" else c
                    for c, name, kind in columns
                )
            )
            return to_arrow_schema(frame.schema, timezone="UTC"), frame.toLocalIterator()

        self._stopped.clear()
        schema, found = self._waited(ask)
        while piece := self._waited(lambda: list(islice(found, rows))):
            arrays = [pa.array(v, t) for v, t in zip(zip(*piece, strict=True), schema.types, strict=True)]
            yield columns_of(pa.Table.from_arrays(arrays, schema=schema))

    def _waited(self, ask: Callable[[], T]) -> T:
        """What runs is found again by its tag, which is the asking thread's."""

        def tagged() -> T:
            self._tags.add(self._tag)
            with _chatter(), _faults():
                return ask()

        return waited(tagged, lambda: self._tags.cancel(self._tag), self._stopped, self._timeout)

    def interrupt(self) -> None:
        """Stop what runs under the tag of this session."""
        self._stopped.set()

    def close(self) -> None:
        """Let go of the session; Spark is stopped with the last of a process."""
        if self._session is not None:
            self._session = None
            self._leave()

    def tables(self) -> list[Parts]:
        """Tables and views of all databases, and the folders of the warehouse."""
        with _chatter(), _faults():
            catalog = self._session.catalog
            found = {
                (each.namespace[-1] if each.namespace else "default", each.name)
                for database in catalog.listDatabases()
                for each in catalog.listTables(database.name)
                if not each.isTemporary
            }
        return sorted(found | {p if len(p) == 2 else ("default", *p) for p in self._stored()})

    def types(self, parts: Parts) -> dict[str, str] | None:
        """As Spark resolves the name: a table of the current database, or of the one that is named."""
        from pyspark.errors import AnalysisException

        self._tell(parts)
        with _chatter(), _faults():
            try:
                found = self._session.table(".".join(map(_name, parts))).schema
            except AnalysisException as error:
                if "NOT_FOUND" in _condition(error):
                    return None
                raise
            return {each.name: each.dataType.simpleString() for each in found.fields}

    def kind_of(self, found: str) -> Kind | None:
        """A `timestamp` is an instant, a `timestamp_ntz` a wall clock."""
        return _KINDS.get(found.split("(")[0])

    def _stored(self) -> Iterator[Parts]:
        """What the warehouse holds: a folder with Parquet files, or with partitions, is a table."""
        for path in sorted(self._warehouse.iterdir()) if self._warehouse else ():
            if _is_table(path):
                yield (path.name,)
            elif path.is_dir():
                yield from ((path.name, each.name) for each in sorted(path.iterdir()) if _is_table(each))

    def _tell(self, parts: Parts) -> None:
        """Spark reads the footers of a table's files when it is told of it, so only of those in use."""
        place = parts[1:] if len(parts) == 2 and parts[0] == "default" else parts
        if self._warehouse is None or place in self._known or place not in set(self._stored()):
            return
        path = self._warehouse.joinpath(*place)
        with _chatter(), _faults():
            if len(place) == 2:
                self._session.sql(f"CREATE DATABASE IF NOT EXISTS {_name(place[0])}")
            title = ".".join(map(_name, place if len(place) == 2 else ("default", *place)))
            if not self._session.catalog.tableExists(title):
                self._session.catalog.createTable(title, str(path), "parquet")
        self._known.add(place)


_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint", "float", "double", "decimal"), "number"),
    **dict.fromkeys(("string", "char", "varchar"), "text"),
    "date": "day",
    "timestamp": "moment with zone",
    "timestamp_ntz": "moment",
    "boolean": "flag",
}


def _name(part: str) -> str:
    return "`" + part.replace("`", "``") + "`"


def _is_table(path: Path) -> bool:
    return path.is_dir() and any(
        each.suffix == ".parquet" or (each.is_dir() and "=" in each.name) for each in path.iterdir()
    )


@contextmanager
def _faults() -> Iterator[None]:
    """The exceptions of pyspark, py4j and gRPC as those of every engine."""
    from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JNetworkError, ConnectionError, EOFError) as error:
        raise EngineError("connection", f"Spark is gone: {_first(error)}") from error
    except (Py4JJavaError, PySparkException) as error:
        words = _cause(error)
        raise EngineError(_fault(words), words) from error
    except Py4JError as error:
        raise EngineError("query", _first(error)) from error


_FAULTS: tuple[tuple[Fault, re.Pattern[str]], ...] = (
    ("memory", re.compile(r"OutOfMemory|Java heap space|GC overhead|maxResultSize|Not enough memory")),
    ("disk", re.compile(r"No space left|FAILED_READ_FILE|FileNotFoundException|Could not read footer")),
    ("permission", re.compile(r"Permission denied|AccessControl|PERMISSION_DENIED|UNAUTHENTICATED|42501")),
    (
        "connection",
        re.compile(r"UNAVAILABLE|RETRIES_EXCEEDED|failed to connect|SESSION_CLOSED|Connection reset"),
    ),
    ("timeout", re.compile(r"DEADLINE_EXCEEDED")),
)


def _fault(words: str) -> Fault:
    return next((fault for fault, pattern in _FAULTS if pattern.search(words)), "query")


def _cause(error: Exception) -> str:
    """The words of the innermost fault that has any: what is outside only says that something failed."""
    from py4j.protocol import Py4JJavaError

    if not isinstance(error, Py4JJavaError):
        return _first(error)
    words, cause = "", error.java_exception
    for _ in range(20):
        if cause is None:
            break
        said = cause.getMessage()
        title = cause.getClass().getSimpleName()
        words = (
            f"{title}: {_first(said)}"
            if said and "Error" in title
            else _first(said)
            if said
            else words or title
        )
        cause = cause.getCause()
    return words


def _first(error: object) -> str:
    """The first line with words, without what is only for machines."""
    line = next((each.strip() for each in str(error).splitlines() if each.strip()), type(error).__name__)
    return re.sub(r"\s*SQLSTATE: \w+.*$", "", line)


def _condition(error: Any) -> str:
    """Spark's name of a fault."""
    return str(error.getCondition())
