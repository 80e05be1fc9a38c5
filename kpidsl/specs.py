"""Spec files as one project: found, read, compiled; or, where nothing changed since, what that gave before.

Here is only what it takes to see that nothing changed, so that a second `kpi lint` waits for no compiler.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from kpidsl import cache, files
from kpidsl import config as configs
from kpidsl.collector import uncollected
from kpidsl.config import Config
from kpidsl.diagnostics import Diagnostic, Report, Severity, Source, Span
from kpidsl.files import DISK, Shelf
from kpidsl.packed import Codec
from kpidsl.records import Record

if TYPE_CHECKING:
    from kpidsl.compiled import Compiled, Entry, Result
    from kpidsl.graph import Graph
    from kpidsl.syntax import nodes


@frozen(repr=False)
class Head(Record):
    """What is kept of an answer to see whether it still holds, and what it said."""

    imports: tuple[tuple[str, str], ...]
    """The files that are imported, by name and by where that led."""
    more: tuple[tuple[str, str], ...]
    """Those of them that were not given, by name and by the digest of their text."""
    told: bytes
    """The diagnostics, packed."""


_CODEC = Codec([Head])


@frozen(repr=False, eq=False, slots=False)
class Specs(Record):
    """Spec files, read and compiled. Whatever is wrong with them is in `diagnostics`, by file and place."""

    config: Config
    sources: tuple[Source, ...]
    """The texts, those of imported files last."""
    diagnostics: tuple[Diagnostic, ...]
    _compile: Callable[[], Compiled] = field(repr=False)
    _parse: Callable[[], tuple[nodes.File, ...]] = field(repr=False)
    left_out: tuple[str, ...] = ()
    """Files that were named and are excluded, where that was asked for."""

    @cached_property
    def _compiled(self) -> Compiled:
        return self._compile()

    @property
    def graph(self) -> Graph:
        """What could be compiled."""
        return self._compiled.graph

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every KPI, objective, test and scenario, in the order of the files."""
        return self._compiled.entries

    @cached_property
    def files(self) -> tuple[nodes.File, ...]:
        """The files as they are parsed, for what compiles them anew."""
        return self._parse()

    def with_graph(self, graph: Graph, *more: Source) -> Specs:
        """The same project with another graph, and perhaps with more texts."""
        from kpidsl.compiled import Compiled, parsed

        entries, sources = self.entries, (*self.sources, *more)
        parse = (lambda: parsed(sources)) if more else self._parse
        return evolve(self, sources=sources, compile=lambda: Compiled(graph, entries), parse=parse)

    @cached_property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The ones that keep something from being evaluated."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    @cached_property
    def broken(self) -> dict[str, Diagnostic]:
        """Every KPI that cannot be evaluated, with the error that keeps it from that."""
        found = {name: why for name, why in self.graph.broken.items() if name not in self.objectives}
        for entry in self.entries:
            if entry.kind == "kpi" and not entry.read:
                found.setdefault(entry.name, self._error_in(entry.span))
        return found

    @cached_property
    def objectives(self) -> frozenset[str]:
        """The names of all objectives, also of those that cannot be judged."""
        return frozenset(entry.name for entry in self.entries if entry.kind == "objective")

    def _error_in(self, span: Span) -> Diagnostic:
        """The first in it; else the one before it, which is that of a merge."""
        own = [d for d in self.errors if d.span and d.span.source is span.source]
        return next((d for d in own if d.span and d.span.start >= span.start), own[-1])


def load(paths: Sequence[str], stdin: Source | None = None, *, force_exclude: bool = False) -> Specs:
    """Read the spec files under some paths and what they import, and compile them as one project.

    A text from standard input belongs where its name says, and stands for the file of that name. With
    `force_exclude` files that are named are left out like those of folders.
    """
    report = Report()
    config = configs.load(_places(paths, stdin), report)
    left_out: list[Path] | None = [] if force_exclude else None
    found = files.find(paths, report, config.root, config.excludes, left_out)
    if stdin and force_exclude and _excluded(stdin, config):
        left_out, stdin = [*(left_out or ()), Path(stdin.name)], None
    if stdin:
        place = Path(stdin.name).resolve()
        found = [path for path in found if path.resolve() != place]
    given = [stdin] if stdin else []
    if several := files.several_projects(found):
        report.add(several)
        found = []
    given += [source for path in found if (source := files.read(path, report))]
    given = [files.clean(source) for source in given]
    sources, told, compile, parse = answer(given, config.root)
    report.extend(told)
    names = tuple(files.shown_as(path) for path in left_out or ())
    return Specs(config, sources, tuple(report.sorted()), compile, parse, names)


def _places(paths: Sequence[str], stdin: Source | None) -> Sequence[str]:
    """The paths by which the config is found."""
    return paths or ([stdin.name] if stdin and not stdin.name.startswith("<") else [])


def _excluded(stdin: Source, config: Config) -> bool:
    path = Path(stdin.name)
    return config.excludes(path) or files.ignored(path)


_Answer = tuple[
    tuple[Source, ...],
    tuple[Diagnostic, ...],
    "Callable[[], Compiled]",
    "Callable[[], tuple[nodes.File, ...]]",
]
"""The sources with those that are imported, what is to be said of them, what they compile to, and as what
they are parsed."""


def answer(given: Sequence[Source], root: Path, shelf: Shelf = DISK) -> _Answer:
    """What texts compile to, with what they import from a shelf; or what was kept of that."""
    key = _key(given, root)
    with uncollected():
        kept = _kept(key, given, root, shelf) if key else None
        return kept or _fresh(key, given, root, shelf)


def _fresh(key: str | None, given: Sequence[Source], root: Path, shelf: Shelf) -> _Answer:
    """The answer, worked out, and kept for the next time."""
    from kpidsl.compiled import compile_sources

    result = compile_sources(given, root, shelf)
    if key and result.whole and (shelf is DISK or len(result.sources) == len(given)):
        _keep(key, len(given), result)
    return result.sources, result.diagnostics, lambda: result.compiled, lambda: result.files


# -- what is kept ----------------------------------------------------------------------------------


def _key(given: Iterable[Source], root: Path) -> str | None:
    """A name for all that decides what the given texts compile to, but for the files that they import.

    Messages and origins name files from the folder where the command runs. None: nothing is kept.
    """
    try:
        if not cache.specs_kept():
            return None
        texts = [text for source in given for text in (source.name, source.text)]
        zones = _zones() if any("zone" in text for text in texts) else ()
        return cache.digest((cache.code(), os.getcwd(), str(root.resolve()), *zones, "", *texts))
    except OSError:  # the current folder is gone
        return None


def _zones() -> list[str]:
    """What the time zones are that this system knows."""
    from importlib.util import find_spec
    from zoneinfo import TZPATH

    places = [Path(place) for place in TZPATH]
    found = [f"{place} {place.stat().st_mtime_ns}" for place in places if place.is_dir()]
    package = find_spec("tzdata")
    return [*found, str(package.origin) if package else ""]


def _keep(key: str, count: int, result: Result) -> None:
    from kpidsl.compiled import pack

    more = tuple((source.name, cache.digest([source.text])) for source in result.sources[count:])
    told = _CODEC.pack(result.diagnostics, result.sources)
    body = pack(result.compiled, result.sources)
    head = _CODEC.pack(Head(result.imports, more, told)) if told and body else None
    if head and body:
        cache.put(f"graph-{key}", body)
        cache.put(f"specs-{key}", head)


def _kept(key: str, given: Sequence[Source], root: Path, shelf: Shelf) -> _Answer | None:
    """The answer that was kept, if all that is imported is still what it was. Of a commit: if all that is
    imported was given."""
    head = _CODEC.unpack(cache.get(f"specs-{key}"))
    if not isinstance(head, Head):
        return None
    names = {source.name for source in given}
    if shelf is not DISK and (head.more or any(name not in names for name, _ in head.imports)):
        return None
    for name, place in head.imports if shelf is DISK else ():
        if str(Path(name).resolve()) != place or not files.leads_within(Path(name), root):
            return None
    sources = list(given)
    for name, content in head.more:
        source = files.read(Path(name), Report(), name)
        if source is None or cache.digest([(source := files.clean(source)).text]) != content:
            return None
        sources.append(source)
    diagnostics = _CODEC.unpack(head.told, sources)
    if not isinstance(diagnostics, tuple):
        return None

    def compile() -> Compiled:
        from kpidsl.compiled import compile_sources, unpack

        with uncollected():
            found = unpack(cache.get(f"graph-{key}"), sources)
        return found or compile_sources(sources, root, shelf).compiled

    def parse() -> tuple[nodes.File, ...]:
        from kpidsl.compiled import parsed

        with uncollected():
            return parsed(sources)

    return tuple(sources), diagnostics, compile, parse
