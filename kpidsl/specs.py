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
from kpidsl.config import Config
from kpidsl.diagnostics import Diagnostic, Report, Severity, Source, Span
from kpidsl.packed import Codec, uncollected

if TYPE_CHECKING:
    from kpidsl.compiled import Compiled, Entry, Result
    from kpidsl.graph import Graph
    from kpidsl.syntax import nodes


@frozen
class Head:
    """What is kept of an answer to see whether it still holds, and what it said."""

    imports: tuple[tuple[str, str], ...]
    """The files that are imported, by name and by where that led."""
    more: tuple[tuple[str, str], ...]
    """Those of them that were not given, by name and by the digest of their text."""
    told: bytes
    """The diagnostics, packed."""


_CODEC = Codec([Head])


@frozen(eq=False, slots=False)
class Specs:
    """Spec files, read and compiled. Whatever is wrong with them is in `diagnostics`, by file and place."""

    config: Config
    sources: tuple[Source, ...]
    """The texts, those of imported files last."""
    diagnostics: tuple[Diagnostic, ...]
    _compile: Callable[[], Compiled] = field(repr=False)

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
        from kpidsl.compiled import parsed

        return parsed(self.sources)

    def with_graph(self, graph: Graph, *more: Source) -> Specs:
        """The same project with another graph, and perhaps with more texts."""
        from kpidsl.compiled import Compiled

        entries = self.entries
        return evolve(self, sources=(*self.sources, *more), compile=lambda: Compiled(graph, entries))

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
        inside = (
            d for d in self.errors if d.span and d.span.source is span.source and d.span.start >= span.start
        )
        return next(inside)


def load(paths: Sequence[str], stdin: Source | None = None) -> Specs:
    """Read the spec files under some paths and what they import, and compile them as one project."""
    report = Report()
    config = configs.load(paths, report)
    given = [stdin] if stdin else []
    found = files.find(paths, report, config.root)
    if several := files.several_projects(found):
        report.add(several)
        found = []
    given += [source for path in found if (source := files.read(path, report))]
    given = [files.clean(source) for source in given]
    key = _key(given, config.root)
    with uncollected():
        kept = _kept(key, given, config.root) if key else None
        sources, told, compile = kept or _fresh(key, given, config.root)
    report.extend(told)
    return Specs(config, sources, tuple(report.sorted()), compile)


_Answer = tuple[tuple[Source, ...], tuple[Diagnostic, ...], "Callable[[], Compiled]"]
"""The sources with those that are imported, what is to be said of them, and what they compile to."""


def _fresh(key: str | None, given: Sequence[Source], root: Path) -> _Answer:
    """The answer, worked out, and kept for the next time."""
    from kpidsl.compiled import compile_sources

    result = compile_sources(given, root)
    if key and result.whole:
        _keep(key, len(given), result)
    compiled = result.compiled
    return result.sources, result.diagnostics, lambda: compiled


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


def _kept(key: str, given: Sequence[Source], root: Path) -> _Answer | None:
    """The answer that was kept, if all that is imported is still what it was."""
    head = _CODEC.unpack(cache.get(f"specs-{key}"))
    if not isinstance(head, Head):
        return None
    for name, place in head.imports:
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
        return found or compile_sources(sources, root).compiled

    return tuple(sources), diagnostics, compile
