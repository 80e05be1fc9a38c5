"""Parts of results, kept in a DuckDB file: per definition (what was asked) and content (of which file).

The file is only ever read; a new one is written beside it and takes its place in one step. So a crash leaves
the old one, and of two evaluations at once the last one wins. What is found in a store is data like any
other: the connection may open nothing else, and a store that is not one of kpidsl's is never written to.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from attrs import asdict, define, field, frozen

from kpidsl import temporary
from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.evaluate.engine import Column
from kpidsl.evaluate.identity import Identity
from kpidsl.evaluate.quote import literal, literals, name

FORMAT = 1
"""Of the file; counted up when an older one cannot be read, or has other cells than would be made now."""
_MARK = "kpidsl cells"
_DAYS_KEPT = 60
_CELLS_KEPT = 20_000_000
_LEFT_OVER = 3600
"""Seconds after which a folder that a crash left behind is nobody's."""
Columns = dict[str, Column]
Place = tuple[str, str]
"""Definition and content."""


@frozen
class Part:
    """What is known of one content under one definition: how many cells are kept, and notes."""

    cells: int
    about: Mapping[str, Any] = field(factory=dict)


@define(eq=False)
class Store:
    """What was kept, and what is to be kept from now on. `problems` says why it cannot be used."""

    path: Path
    shown: str
    files: dict[str, Identity] = field(factory=dict)
    parts: dict[Place, Part] = field(factory=dict)
    problems: list[Diagnostic] = field(factory=list)
    _used: dict[str, int] = field(factory=dict)
    """Definition to the day (since 1970) when it was used last."""
    _kept: dict[str, str] = field(factory=dict)
    """Definition to its table in the file."""
    _fresh: dict[Place, Columns] = field(factory=dict)
    _changed: bool = False
    _usable: bool = True
    _connection: duckdb.DuckDBPyConnection | None = None

    # -- what is kept --

    def load(self, definition: str, contents: Iterable[str]) -> list[tuple[str, Columns]]:
        """The cells of some contents, each with the content that they are of. All have to be there.

        `duckdb.Error` if the file turns out to be damaged.
        """
        self._used[definition] = _today()
        fresh = [(c, self._fresh[definition, c]) for c in contents if (definition, c) in self._fresh]
        old = [c for c in contents if (definition, c) not in self._fresh]
        wanted = [c for c in dict.fromkeys(old) if self.parts[definition, c].cells]
        if not wanted:
            return fresh
        assert self._connection is not None
        table = f"old.{name(self._kept[definition])}"
        query = f"SELECT * FROM {table} WHERE content IN ({literals(wanted)[1:-1]}) ORDER BY content"
        with self._connection.cursor() as cursor:
            columns = cursor.execute(query).fetchnumpy()
        of = columns.pop("content").astype(str)
        found = []
        for content in wanted:
            low, high = (int(np.searchsorted(of, content, side)) for side in ("left", "right"))
            found.append((content, {key: column[low:high] for key, column in columns.items()}))
        return [*fresh, *found]

    def add(self, definition: str, content: str, cells: Columns, about: Mapping[str, Any]) -> None:
        """Cells of a content, to be kept when the store is saved."""
        rows = len(next(iter(cells.values()))) if cells else 0
        self.parts[definition, content] = Part(rows, about)
        self._fresh[definition, content] = cells
        self._used[definition] = _today()
        self._changed = True

    def note(self, file: str, identity: Identity) -> None:
        """The identity under which a file was read."""
        if self.files.get(file) != identity:
            self.files[file] = identity
            self._changed = True

    def forget(self, contents: Iterable[str]) -> None:
        """Nothing of these contents is to be kept that is not kept already."""
        gone = set(contents)
        for place in [place for place in self._fresh if place[1] in gone]:
            del self._fresh[place], self.parts[place]
        for file in [file for file, identity in self.files.items() if identity.content in gone]:
            del self.files[file]

    def unusable(self, why: str, *, rebuild: bool) -> None:
        """Say why the file cannot be used; from now on there is nothing in it."""
        help_ = "it is made anew" if rebuild else "nothing is read from it, and nothing written to it"
        said = f"the store `{self.shown}` cannot be used: {why}"
        if not self.problems:
            self.problems.append(
                Diagnostic("K620", said, severity=Severity.WARNING, help=help_, place=self.shown)
            )
        self.files, self.parts, self._kept = {}, {}, {}
        self._fresh, self._changed, self._usable = {}, rebuild, rebuild

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # -- reading the file --

    def open(self) -> None:
        """Read what there is; a store that cannot be used has a warning in `problems`."""
        if not self.path.exists():
            return
        if (start := _start(self.path)) and start[8:] != b"DUCK":
            self.unusable("it is no DuckDB database", rebuild=_looks_like_one(self.path))
            return
        try:
            self._connection = _fenced([self.path, Path(f"{self.path}.wal")], None)
            self._connection.execute(f"ATTACH {literal(str(self.path))} AS old (READ_ONLY)")
            found = {row[0] for row in self._connection.execute(_TABLES.format("old")).fetchall()}
            if "kpidsl" not in found:
                self.unusable("it is a database of something else", rebuild=False)
                return
            ((mark, version),) = self._connection.execute("SELECT mark, format FROM old.kpidsl").fetchall()
            if mark == _MARK and version == FORMAT:
                self._read(self._connection)
        except (duckdb.Error, ValueError, TypeError, KeyError) as error:
            said = str(error).split("\n")[0]
            locked = "lock" in said.lower()
            self.unusable(_plain(said, self.path), rebuild=not locked and _looks_like_one(self.path))

    def _read(self, connection: duckdb.DuckDBPyConnection) -> None:
        for file, *values in connection.execute("SELECT * FROM old.files").fetchall():
            self.files[file] = Identity(*values)
        for definition, table, used in connection.execute("SELECT * FROM old.definitions").fetchall():
            self._kept[definition], self._used[definition] = table, used
        for definition, content, cells, about in connection.execute("SELECT * FROM old.parts").fetchall():
            self.parts[definition, content] = Part(cells, json.loads(about))

    # -- writing it --

    def save(self) -> None:
        """Put a new file in the place of the old one, if there is anything new. A disk that does not allow it
        is told in `problems`."""
        if not self._changed or not self._usable:
            return
        try:
            self._make_folder()
            scratch = temporary.folder(f"{self.path.name}.new-", self.path.parent)
        except OSError as error:
            self._not_written(error)
            return
        try:
            made = Path(scratch.name) / "cells.duckdb"
            self._write(made)
            self.close()
            _flush(made)
            made.replace(self.path)
            _flush(self.path.parent)
        except (OSError, duckdb.Error) as error:
            self._not_written(error)
        finally:
            scratch.cleanup()

    def _make_folder(self) -> None:
        folder = self.path.parent
        if not folder.exists():
            folder.mkdir(parents=True)
            if folder.name == ".kpidsl":
                (folder / ".gitignore").write_text("*\n")
        for left in folder.glob(f"{self.path.name}.new-*"):
            if time.time() - left.stat().st_mtime > _LEFT_OVER:
                shutil.rmtree(left, ignore_errors=True)

    def _write(self, made: Path) -> None:
        """Everything that is worth keeping, into a new file."""
        with _fenced([self.path, Path(f"{self.path}.wal")], made.parent) as connection:
            if self._kept:
                connection.execute(f"ATTACH {literal(str(self.path))} AS old (READ_ONLY)")
            connection.execute(f"ATTACH {literal(str(made))} AS new (BLOCK_SIZE 16384)")
            connection.execute("CREATE TABLE new.kpidsl (mark VARCHAR, format INTEGER)")
            connection.execute("INSERT INTO new.kpidsl VALUES (?, ?)", [_MARK, FORMAT])
            connection.execute(_FILES)
            connection.execute(
                "CREATE TABLE new.definitions (definition VARCHAR, kept VARCHAR, used INTEGER)"
            )
            connection.execute(
                "CREATE TABLE new.parts (definition VARCHAR, content VARCHAR, cells BIGINT, about VARCHAR)"
            )
            contents = {identity.content for identity in self.files.values()}
            for definition, places in self._worth(contents).items():
                self._copy(connection, definition, places)
            rows = [list(asdict(each).values()) for each in self.files.values()]
            _insert(connection, "files", [[file, *row] for file, row in zip(self.files, rows, strict=True)])
            connection.execute("CHECKPOINT new")
            connection.execute("DETACH new")

    def _worth(self, contents: set[str]) -> dict[str, list[str]]:
        """Definitions used lately, with the contents that files still have; the newest, up to a number of
        cells."""
        found: dict[str, list[str]] = {}
        for definition, content in self.parts:
            if content in contents and _today() - self._used.get(definition, 0) <= _DAYS_KEPT:
                found.setdefault(definition, []).append(content)
        kept, cells = {}, 0
        for definition in sorted(found, key=lambda each: -self._used[each]):
            cells += sum(self.parts[definition, content].cells for content in found[definition])
            if cells <= _CELLS_KEPT:
                kept[definition] = found[definition]
        return kept

    def _copy(self, connection: duckdb.DuckDBPyConnection, definition: str, contents: Iterable[str]) -> None:
        table, there = f"c{definition}", False
        parts = {content: self.parts[definition, content] for content in contents}
        old = [c for c, part in parts.items() if part.cells and (definition, c) not in self._fresh]
        if old:
            source, chosen = name(self._kept[definition]), literals(old)[1:-1]
            query = f"SELECT * FROM old.{source} WHERE content IN ({chosen}) ORDER BY content"
            connection.execute(f"CREATE TABLE new.{name(table)} AS {query}")
            there = True
        for content, part in parts.items():
            if part.cells and (definition, content) in self._fresh:
                cells = self._fresh[definition, content]
                connection.register("fresh", {key: _plainly(column) for key, column in cells.items()})
                if not there:
                    types = "".join(f", {name(key)} {_type(key)}" for key in cells)
                    connection.execute(f"CREATE TABLE new.{name(table)} (content VARCHAR{types})")
                query = f"SELECT {literal(content)} AS content, * FROM fresh"
                connection.execute(f"INSERT INTO new.{name(table)} BY NAME {query}")
                connection.unregister("fresh")
                there = True
        _insert(connection, "definitions", [[definition, table, self._used[definition]]])
        rows = [[definition, content, part.cells, json.dumps(part.about)] for content, part in parts.items()]
        _insert(connection, "parts", rows)

    def _not_written(self, error: Exception) -> None:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error).split("\n")[0]
        self.problems.append(
            Diagnostic(
                "K621",
                f"the store `{self.shown}` cannot be written: {_plain(said, self.path)}",
                severity=Severity.WARNING,
                help="the results are right; the next evaluation reads the same files again",
                place=self.shown,
            )
        )


_TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = '{}'"
_FILES = (
    "CREATE TABLE new.files (file VARCHAR, size BIGINT, modified BIGINT, changed BIGINT, inode HUGEINT,"
    " seen BIGINT, content VARCHAR)"
)


def _fenced(paths: Iterable[Path], folder: Path | None) -> duckdb.DuckDBPyConnection:
    """A connection that may open these files, and those in a folder, and nothing else."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    connection.execute(f"SET allowed_paths = {literals(map(str, paths))}")
    if folder is not None:
        connection.execute(f"SET allowed_directories = {literals([str(folder)])}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[list[Any]]) -> None:
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(f"INSERT INTO new.{table} VALUES ({marks})", rows)


def _type(key: str) -> str:
    """Of a column by its name: values, dimensions as text; buckets, days, counts and masks."""
    return "DOUBLE" if key[0] == "v" else "VARCHAR" if key[0] == "d" and key != "d" else "BIGINT"


def _plainly(column: Column) -> Column:
    """As DuckDB takes an array: texts with None, numbers with NaN where there is none."""
    missing = np.ma.getmaskarray(column)
    if not missing.any():
        return np.ma.getdata(column)
    found = np.ma.getdata(column).astype(object if column.dtype.kind == "O" else np.float64)
    found[missing] = None if found.dtype.kind == "O" else np.nan
    return found


def _looks_like_one(path: Path) -> bool:
    """Whether a file that cannot be opened was a store once: nothing else is ever overwritten."""
    start = _start(path)
    return start is not None and (not start or start[8:] == b"DUCK" or path.parent.name == ".kpidsl")


def _start(path: Path) -> bytes | None:
    """The first bytes, among them the mark of DuckDB; None for what cannot be read, as folders."""
    try:
        with path.open("rb") as file:
            return file.read(12)
    except OSError:
        return None


def _flush(path: Path) -> None:
    """Onto the disk, before anything that rests on it; a folder on systems that can."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _plain(said: str, path: Path) -> str:
    """What a database says, without the kind of error that it opens with."""
    words = re.sub(r"^[A-Z][\w ]* Error: ", "", said).replace(str(path), path.name).rstrip(".")
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def _today() -> int:
    return int(time.time() // 86_400)
