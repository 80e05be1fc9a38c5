"""Evaluation of what is new: of each file what was asked of it before, and only of other files anything.

A source takes part if what it says can be put together from what its files say. Its files are attached one by
one, and only those of which something is not known yet; all of them together only when a query needs all rows
at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import duckdb
import numpy as np
from attrs import define, field

from kpidsl.evaluate.cells import Writing
from kpidsl.evaluate.files import DataFile, Found
from kpidsl.evaluate.identity import Identity, identify, unchanged
from kpidsl.evaluate.plan import ENDS, EXACT, STOCK
from kpidsl.evaluate.store import FORMAT, Columns, Store
from kpidsl.evaluate.tables import Attached
from kpidsl.graph import Graph, Node, aggregates, sources_of
from kpidsl.model.rows import columns_of
from kpidsl.model.sources import Files, Grouped, SourceSpec

_FORMATS = frozenset(("csv", "jsonl", "parquet"))
MOST_CELLS = 2_000_000
"""Of a file under one definition; where there are more, its rows are read."""
_TOO_MANY = "too many"
Ask = Callable[[str], Columns]
"""From the name of a relation to the columns of a query on it."""


class Rows(Protocol):
    """What reads the rows of some files of a source, and answers queries on them: a session."""

    def attach_files(self, spec: SourceSpec, files: tuple[DataFile, ...]) -> Attached:
        """Make them queryable."""
        ...

    def fetch(self, sql: str) -> Columns:
        """The columns of a SELECT."""
        ...

    def show(self, label: str, relation: str) -> None:
        """Let a name mean a relation from now on."""
        ...


class Damaged(Exception):
    """What was kept contradicts itself, or cannot be read."""


@define(eq=False)
class Kept:
    """A source that takes part: its files with the content of each, and how its data looks."""

    spec: SourceSpec
    files: dict[str, DataFile]
    """Content to a file that has it."""
    contents: list[str]
    """Of every file; two may have the same."""
    definition: str
    attached: Attached
    rows: dict[str, int]
    """Content to how many there are."""
    read: dict[str, str] = field(factory=dict)
    """Content to the relation of the file, where it was attached."""
    last: dict[str, np.datetime64 | None] = field(factory=dict)
    """Content to its newest day."""
    timed: dict[str, int] = field(factory=dict)
    """Content to its rows that have a time."""


@define(eq=False)
class Keeper:
    """Puts results together from those of files. `whole` says of sources why all their rows are needed."""

    store: Store
    whole: Mapping[str, str] = field(factory=dict)
    sources: dict[str, Kept] = field(factory=dict)
    reasons: dict[str, str] = field(factory=dict)
    """Why sources are read in full."""
    _files: dict[str, tuple[DataFile, Identity]] = field(factory=dict)
    """Path to its identity before anything was read of it."""

    # -- sources --

    def attached(self, session: Rows, spec: SourceSpec, found: Found, writing: Writing) -> Attached | None:
        """A source as it would be attached, without reading what is known of its files. None if it has to be
        read in full."""
        reason = self._needs_all(spec, found)
        try:
            kept = self._kept(session, spec, found, writing) if reason is None else reason
        except (KeyError, TypeError, AttributeError):  # what is noted of a file is not what was noted
            self.store.unusable("it is damaged", rebuild=True)
            kept = self._kept(session, spec, found, writing)
        if isinstance(kept, str):
            self.reasons[spec.name] = kept
            return None
        self.sources[spec.name] = kept
        return kept.attached

    def _needs_all(self, spec: SourceSpec, found: Found) -> str | None:
        if found.problem is not None or found.format not in _FORMATS:
            return "only files of CSV, JSON lines and Parquet are kept"
        if spec.key:
            return "it promises a unique key"
        if any(ref.via for check in spec.checks for ref in columns_of(check)):
            return "a check of it follows a link"
        return self.whole.get(spec.name) if found.format != "parquet" else None

    def _kept(self, session: Rows, spec: SourceSpec, found: Found, writing: Writing) -> Kept | str:
        definition = self._signature(spec, found, writing)
        try:
            contents = [self._identified(file) for file in found.files]
        except OSError:
            return "a file of it cannot be read"
        files = dict(zip(contents, found.files, strict=True))
        read: dict[str, str] = {}
        for content, file in files.items():
            if (definition, content) in self.store.parts:
                continue
            one = session.attach_files(spec, (file,))
            if one.problems:
                return "something is to be said of its rows"
            read[content] = one.view
            count = int(session.fetch(f"SELECT count(*) AS n FROM {_quoted(one.view)}")["n"][0])
            facts = {"kinds": dict(one.kinds), "found": dict(one.found), "rows": count}
            self.store.add(definition, content, {}, facts)
        about = [self.store.parts[definition, content].about for content in files]
        kinds = {tuple(sorted(each["kinds"].items())) for each in about if each["rows"]}
        types = {tuple(sorted(each["found"].items())) for each in about}
        if len(kinds) > 1 or len(types) > 1:
            return "its files have columns of different types"
        rows = {content: int(each["rows"]) for content, each in zip(files, about, strict=True)}
        chosen = dict(next(iter(kinds))) if kinds else about[0]["kinds"]
        order = {c.name: chosen[c.name] for c in spec.columns if c.name in chosen}
        return Kept(spec, files, contents, definition, Attached(spec.name, spec.name, order), rows, read)

    def _identified(self, file: DataFile) -> str:
        path = str(file.path)
        if path not in self._files:
            identity = identify(file.path, self.store.files.get(file.shown))
            self._files[path] = file, identity
            self.store.note(file.shown, identity)
        return self._files[path][1].content

    def _signature(self, spec: SourceSpec, found: Found, writing: Writing) -> str:
        """Of everything that decides what a row of the source is."""
        origin = spec.origin
        options = (origin.separator, origin.encoding) if isinstance(origin, Files) else ()
        return _digest(FORMAT, duckdb.__version__, found.format, options, writing, spec.columns, spec.time)

    def read_in_full(self, source: str) -> None:
        """Note that a query needed all rows of a source."""
        self.reasons.setdefault(source, self.whole.get(source, "a query needs all its rows at once"))

    # -- queries --

    def gather(
        self, session: Rows, source: str, asked: Mapping[str, tuple[str, Callable[[], str]]]
    ) -> list[tuple[str, Columns]] | None:
        """The columns of a query on each file, with the content of the file.

        `asked` has, for each content, the `definition` of the query and what makes its text, which reads the
        relation `part_of(source)`. None if it has to be asked of all rows. `EngineError` if a query fails.
        """
        kept = self.sources[source]
        places = {content: definition for content, (definition, _) in asked.items()}
        try:
            for content, definition in places.items():
                if (definition, content) not in self.store.parts:
                    self._ask(session, kept, content, definition, asked[content][1])
                if self.store.parts[definition, content].about.get(_TOO_MANY):
                    self.reasons[source] = "it has about as many cells as rows"
                    return None
            found: list[tuple[str, Columns]] = []
            for definition in dict.fromkeys(places.values()):
                found += self.store.load(definition, [c for c in places if places[c] == definition])
        except (duckdb.Error, Damaged) as error:
            self._forget(str(error).split("\n")[0])
            return None
        parts = dict(found)
        return [(content, parts[content]) for content in kept.contents if content in parts]

    def _ask(self, session: Rows, kept: Kept, content: str, definition: str, text: Callable[[], str]) -> None:
        if content not in kept.read:
            one = session.attach_files(kept.spec, (kept.files[content],))
            if one.problems:
                raise Damaged(f"`{kept.files[content].shown}` changed while it was read")
            kept.read[content] = one.view
        session.show(part_of(kept.spec.name), kept.read[content])
        cells = session.fetch(text())
        count = len(next(iter(cells.values())))
        if count > MOST_CELLS:
            self.store.add(definition, content, {}, {_TOO_MANY: True})
        else:
            self.store.add(definition, content, _encoded(cells), {})

    def definition(self, source: str, key: object) -> str:
        """Of a query that `key` says everything of but the source."""
        return _digest(self.sources[source].definition, key)

    def contradicted(self) -> None:
        """The rows behind cells are not those of the file: believe nothing."""
        self._forget("its numbers of rows contradict each other")

    def _forget(self, why: str) -> None:
        """Read everything in full this time, and begin with an empty store the next time."""
        self.store.unusable(why, rebuild=True)
        self.reasons.update(dict.fromkeys(self.sources, "what was kept is damaged"))
        self.sources.clear()

    # -- the end --

    def save(self) -> None:
        """Keep what was read, of files that did not change while they were read."""
        read = {content for kept in self.sources.values() for content in kept.read}
        moved = [i.content for f, i in self._files.values() if i.content in read and not unchanged(f.path, i)]
        self.store.forget(moved)
        self.store.save()

    def told(self) -> list[str]:
        """Of each source, how much of it was read."""
        said = []
        for name, kept in self.sources.items():
            if name not in self.reasons:
                count, read = len(kept.contents), sum(c in kept.read for c in kept.contents)
                files = "1 file" if count == 1 else f"{count} files"
                rest = ", the rest from the store" if read < count else ""
                said.append(f"read {read} of {files} of {name}{rest}")
        return said + [f"read all of {name}: {why}" for name, why in self.reasons.items()]


def reasons(graph: Graph, nodes: Iterable[Node]) -> dict[str, str]:
    """Why all rows of some sources are needed: they are joined, grouped, or counted in ways that do not add
    up."""
    found: dict[str, str] = {}
    for part in aggregates(*nodes):
        if part.function in EXACT | ENDS | STOCK:
            called = "average over days" if part.function.startswith("average ") else part.function
            for source in sources_of(part):
                found.setdefault(source, f"`{called}` needs all its rows at once")
    for spec in graph.sources.values():
        if isinstance(spec.origin, Grouped):
            found.setdefault(spec.origin.source, f"`{spec.name}` is made of its groups")
        for link in spec.links:
            found.setdefault(link.target, f"`{spec.name}` belongs to it")
            found.setdefault(spec.name, f"it belongs to `{link.target}`")
    return found


def part_of(source: str) -> str:
    """The relation that a query on one file of a source reads."""
    return f"{source} part"


def _encoded(cells: Columns) -> Columns:
    """As they can be kept: days as numbers of days since 1970, what is no number as infinite."""
    return {key: _encoded_column(column) for key, column in cells.items()}


def _encoded_column(column: Any) -> Any:
    if column.dtype.kind == "f":  # what overflowed; only a missing value is missing
        values = np.ma.getdata(column)
        return np.ma.masked_array(np.where(np.isnan(values), np.inf, values), np.ma.getmaskarray(column))
    if column.dtype.kind != "M":
        return column
    days = np.ma.getdata(column).astype("M8[D]")
    missing = np.ma.getmaskarray(column) | np.isnat(days)
    return np.ma.masked_array(np.where(missing, 0, days.astype(np.int64)), missing)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _quoted(text: str) -> str:
    from kpidsl.evaluate.quote import name

    return name(text)
