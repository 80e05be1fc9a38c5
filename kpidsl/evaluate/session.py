"""One fenced in-memory DuckDB connection to which the sources of a project are attached.

The fence: what may be read are the files that the sources resolve to and nothing else; no extension is
loaded or fetched, no setting can be changed, no Python variable can be scanned, and only a single SELECT is
ever run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import duckdb
from attrs import evolve

from kpidsl import temporary
from kpidsl.config import UNLIMITED, Limits
from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate import cells, database, delimited, excel, frames, jsonl, parquet
from kpidsl.evaluate.attach import attach
from kpidsl.evaluate.cells import Writing
from kpidsl.evaluate.connections import COPIED_ROWS, Connections, meeting
from kpidsl.evaluate.engine import Column, Dialect, EngineError, Setting
from kpidsl.evaluate.faults import FULL, failure
from kpidsl.evaluate.files import DataFile, Found, find, given
from kpidsl.evaluate.keeper import Keeper
from kpidsl.evaluate.local import Local
from kpidsl.evaluate.quote import exactly, name
from kpidsl.evaluate.tables import Attached, Purpose, Query, Read, Reading, Unreadable
from kpidsl.evaluate.watch import Watch
from kpidsl.model.periods import Calendar
from kpidsl.model.sources import Files, Grouped, SourceSpec, Table

if TYPE_CHECKING:
    from kpidsl.evaluate.plan import Scan
    from kpidsl.evaluate.sql import Tree


class Session:
    """Reads the sources it was made for; a context manager.

    `data` maps names of sources to what is read instead of their own place: a path (or pattern), or a table
    of pandas, polars, pyarrow or DuckDB. Its options (decimal sign, dates ...) are those of the spec.
    Of a connection there may be, instead of its url, what it lacks. `watch` ends what takes too long,
    `secrets` are the texts that no message may show. A `keeper` knows what was read of files before. OSError
    if there is no place for temporary files.
    """

    def __init__(
        self,
        root: Path,
        calendar: Calendar,
        sources: Iterable[SourceSpec],
        connections: Mapping[str, str | Diagnostic] | None = None,
        data: Mapping[str, object] | None = None,
        *,
        limits: Limits = UNLIMITED,
        watch: Watch | None = None,
        secrets: Collection[str] = (),
        keeper: Keeper | None = None,
    ) -> None:
        self._root = root
        self._calendar = calendar
        self._connections = connections or {}
        setting = Setting(root, calendar.zone, limits.threads, limits.memory, limits.timeout)
        urls = {name: url for name, url in self._connections.items() if isinstance(url, str)}
        self._remotes = Connections(urls, setting, secrets)
        self._data = data or {}
        sources = tuple(sources)
        self._found: dict[str, Found] = {spec.name: self._find(spec) for spec in sources}
        homes = {name: found.connection for name, found in self._found.items() if found.problem is None}
        self._copied = meeting(sources, homes)
        self._most = COPIED_ROWS if limits.copied_rows is None else limits.copied_rows
        self._attached: dict[tuple[str, frozenset[str] | None], Attached] = {}
        self.held: dict[str, tuple[Attached, Query | None]] = {}
        """Grouped sources that were made, and how."""
        self.keeper = keeper
        self._parts = 0
        self._unread: dict[str, SourceSpec] = {}
        """Sources that are known without their rows."""
        self.log: list[Query] = []
        """Everything that was run on a source, in that order."""
        self.watch = watch or Watch()
        self._scratch = temporary.folder(within=limits.spill)
        self._local = Local(
            self._readable(),
            self._scratch.name,
            self.watch,
            threads=limits.threads,
            memory=limits.memory,
            spill_size=limits.spill_size,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything that was loaded."""
        if self.keeper is not None:
            self.keeper.store.close()
        self._remotes.close()
        self._local.close()
        self._scratch.cleanup()

    def interrupt(self) -> None:
        """Stop what runs, from another thread."""
        self._remotes.interrupt()
        self._local.interrupt()

    @property
    def calendar(self) -> Calendar:
        """How the project counts time."""
        return self._calendar

    def size(self, source: str) -> int:
        """The bytes of a source's files; 0 where they tell nothing of how long it takes to read them."""
        found = self._found[source]
        return 0 if found.format == "database" else sum(map(_bytes, found.files))

    def attach(self, spec: SourceSpec, columns: frozenset[str] | None = None) -> Attached:
        """Make the rows of a source queryable, with these columns or all; again, it costs nothing."""
        key = (spec.name, columns)
        if key not in self._attached:
            known = self._known(spec) if columns is None else None
            label = spec.name if columns is None else f"{spec.name} {len(self._attached)}"
            start = perf_counter()
            attached = known or self._attach(self._reading(spec, columns, label))
            self._attached[key] = attached
            if attached.failure is None and known is None:
                self._note(attached, start)
        return self._attached[key]

    def attach_files(self, spec: SourceSpec, files: tuple[DataFile, ...]) -> Attached:
        """Make the rows of some files of a source queryable."""
        self._parts += 1
        return self._attach(evolve(self._reading(spec, None, f"{spec.name} of {self._parts}"), files=files))

    def relation(self, attached: Attached) -> str | Tree:
        """The relation of a source, whose rows are there from now on."""
        if (spec := self._unread.pop(attached.source, None)) is not None:
            self._attach(self._reading(spec, None, spec.name))
            if self.keeper is not None:
                self.keeper.read_in_full(spec.name)
        return attached.relation

    def show(self, label: str, relation: str) -> None:
        """Let a name mean a relation from now on."""
        self._local.guarded.execute(f"CREATE OR REPLACE VIEW {name(label)} AS FROM {name(relation)}")

    def _known(self, spec: SourceSpec) -> Attached | None:
        if self.keeper is None or isinstance(spec.origin, Grouped):
            return None
        found = self.keeper.attached(self, spec, self._found[spec.name], self._writing(spec))
        if found is not None:
            self._unread[spec.name] = spec
        return found

    def _reading(self, spec: SourceSpec, columns: frozenset[str] | None, label: str) -> Reading:
        wanted = tuple(c for c in spec.columns if c.value is None and (columns is None or c.name in columns))
        files = self._found[spec.name].files
        connection, scratch = self._local.guarded, self._scratch.name
        return Reading(connection, spec, wanted, files, self._writing(spec), scratch, label)

    def _note(self, attached: Attached, start: float) -> None:
        source = attached.source
        connection = self._found[source].connection
        purpose: Purpose = (
            "copy" if source in self._copied and connection else "connect" if connection else "read"
        )
        self.noted(source, purpose, "", start, 0, connection or "")

    def _attach(self, reading: Reading) -> Attached:
        """What is found only while rows are read, such as a view in a database that reads other files, spoils
        its source."""
        connection = self._found[reading.spec.name].connection
        try:
            return (
                self._from_database(reading, connection)
                if connection
                else attach(reading, self._read(reading))
            )
        except EngineError as error:
            problem = failure(error, reading.spec, connection)
            return Attached(reading.spec.name, reading.label, {}, (problem,))
        except OSError as error:
            if error.errno not in FULL:
                raise
            problem = failure(EngineError("disk", f"{error.strerror}"), reading.spec)
            return Attached(reading.spec.name, reading.label, {}, (problem,))
        except duckdb.Error as error:
            shown = self._found[reading.spec.name].files
            said = delimited.first_line(str(error))
            return Attached(
                reading.spec.name,
                reading.label,
                {},
                (
                    Diagnostic(
                        "K513",
                        f"the rows of `{reading.spec.name}` cannot be read",
                        reading.spec.span,
                        notes=(said,),
                        help="only the source's own files are opened, whatever a view in them asks for",
                        place=shown[0].shown if shown else None,
                    ),
                ),
            )

    def _from_database(self, reading: Reading, connection: str) -> Attached:
        from kpidsl.evaluate.remote import attach_remote, copy_remote

        with self.watch.guard():
            if reading.spec.name in self._copied:
                return copy_remote(reading, connection, self._remotes, self._most)
            return attach_remote(reading, connection, self._remotes)

    def dialect(self, engine: str = "") -> Dialect:
        """What SQL for a connection, or for the session's own engine, is written in."""
        return self._remotes.dialect(engine) if engine else self._local.dialect

    def fetch(self, sql: str, engine: str = "") -> dict[str, Column]:
        """The columns of a SELECT, masked where values are missing. ValueError for any other statement.

        `engine` is the connection that runs it; empty for the session's own.
        """
        if not engine:
            return self._local.fetch(sql)
        with self.watch.guard():
            return self._remotes.fetch(engine, sql)

    def asked(self, source: str, purpose: Purpose, sql: str, engine: str = "") -> dict[str, Column]:
        """As `fetch`, and noted. `EngineError` if it fails, and then nothing is."""
        start = perf_counter()
        columns = self.fetch(sql, engine)
        self.noted(source, purpose, sql, start, len(next(iter(columns.values()), ())), engine)
        return columns

    def noted(
        self,
        source: str,
        purpose: Purpose,
        sql: str,
        start: float,
        rows: int,
        engine: str = "",
        scan: Scan | None = None,
    ) -> Query:
        """Note a query on a source that began at `start`, by `perf_counter`, and has just ended."""
        seconds = perf_counter() - start
        dialect, size = self.dialect(engine), self.size(source)
        self.log.append(Query(source, sql, seconds, rows, scan, purpose, engine, dialect, size))
        return self.log[-1]

    def fetch_cells(self, several: Sequence[str], dims: Sequence[str]) -> dict[str, Any]:
        """As `fetch` on the session's own engine, of several SELECTs of the same columns; of many rows the
        texts in `dims` come as `Coded`."""
        return self._local.fetch_cells(several, dims)

    def keep(self, relation: str, sql: str) -> int:
        """Hold the rows of a SELECT as a table of that name until the session ends; how many there are."""
        return self._local.keep(relation, sql)

    def _find(self, spec: SourceSpec) -> Found:
        replaced = self._data.get(spec.name)
        if isinstance(replaced, str | Path):
            return given(replaced, spec.span)
        if replaced is not None:
            return Found(format="frame")
        if isinstance(spec.origin, Grouped):
            return Found(format="grouped")
        if isinstance(spec.origin, Table):
            return database.find(spec.origin, self._connections, self._root, spec.span)
        return find(spec.origin, self._root, spec.span)

    def _readable(self) -> list[str]:
        """The files that are given to the engine, as it may name them."""
        return [
            path + end
            for found in self._found.values()
            for file in found.files
            for path in dict.fromkeys((str(file.path), exactly(file.path)))
            for end in (("", ".wal") if found.format == "database" else ("",))
        ]

    def _writing(self, spec: SourceSpec) -> Writing:
        origin = spec.origin
        if not isinstance(origin, Files):
            return Writing(zone=self._calendar.zone)
        return Writing(
            origin.decimal or ".", origin.thousands, origin.dates, self._calendar.zone, origin.missing
        )

    def _read(self, reading: Reading) -> Read:
        found, origin = self._found[reading.spec.name], reading.spec.origin
        if found.problem:
            return Unreadable(found.problem)
        options = origin if isinstance(origin, Files) else Files("", "")
        if problem := cells.wrong_option(reading.writing, reading.spec.span):
            return Unreadable(problem)
        match found.format:
            case "csv":
                return delimited.read(reading, options)
            case "jsonl":
                return jsonl.read(reading)
            case "excel":
                return excel.read(reading, options)
            case "parquet":
                return parquet.read(reading)
            case "database":
                return database.read(reading, origin.name if isinstance(origin, Table) else options.table)
            case _:
                return frames.read(reading, self._data[reading.spec.name])


def _bytes(file: DataFile) -> int:
    try:
        return file.path.stat().st_size
    except OSError:
        return 0
