"""From texts to a project: parsed, with what they import, compiled, and packed to be kept."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, cast

from attrs import evolve, frozen

from kpidsl import graph as graphs
from kpidsl.compile import compile_files, imports_of, missing_import, outside_import
from kpidsl.diagnostics import Diagnostic, Report, Source, Span
from kpidsl.files import DISK, Shelf
from kpidsl.graph import Graph
from kpidsl.model import named, periods, retail, rows, types, units
from kpidsl.model import sources as relations
from kpidsl.model.sources import Files
from kpidsl.packed import Codec
from kpidsl.records import Record
from kpidsl.syntax import nodes
from kpidsl.syntax.known import known
from kpidsl.syntax.parse import parse

_LOST_LINE = re.compile(r"\s*(kpi|objective)[ \t]+(?:`([^`\n]+)`|([^\W\d]\w*))")


@frozen(repr=False)
class Entry(Record):
    """A KPI, objective, test or scenario where it stands in the files, compiled or not."""

    kind: Literal["kpi", "objective", "test", "scenario"]
    name: str
    title: str | None
    span: Span
    read: bool = True
    """False for what the parser could not make sense of."""


@frozen(repr=False, eq=False)
class Compiled(Record):
    """A graph, and the table of contents of the files that it was made of."""

    graph: Graph
    entries: tuple[Entry, ...]


@frozen(repr=False, eq=False)
class Result(Record):
    """What compiling gave, and on what files it rests besides those that were given."""

    compiled: Compiled
    sources: tuple[Source, ...]
    """Those that were given and those that they import."""
    diagnostics: tuple[Diagnostic, ...]
    imports: tuple[tuple[str, str], ...]
    """Every file that is imported, by name and by where that leads."""
    whole: bool
    """Whether nothing was to be said about the imports themselves."""
    files: tuple[nodes.File, ...] = ()
    """The sources as they are parsed."""


def compile_sources(sources: Sequence[Source], root: Path, shelf: Shelf = DISK) -> Result:
    """Read texts and what they import, and compile them as one project. Imports are read from the shelf."""
    report, about_imports = Report(), Report()
    read = [_parsed(source, report) for source in sources]
    places = {shelf.place(Path(file.source.name)) for file in read}
    imports = []
    for file in read:  # grows while it is walked
        for name, span in imports_of(file, about_imports, _fence(root, file.source.name)):
            path = Path(name)
            place = shelf.place(path)
            imports.append((name, place))
            if place in places:
                continue
            places.add(place)
            if not shelf.within(path, root):
                about_imports.add(outside_import(name, span))
            elif not shelf.has(path):
                about_imports.add(missing_import(name, span, [f.source.name for f in read]))
            elif (source := shelf.read(path, about_imports, name)) is not None:
                read.append(_parsed(source, report))
    report.extend(about_imports)
    graph = located(compile_files(read, report))
    return Result(
        Compiled(graph, tuple(_entries(read))),
        tuple(file.source for file in read),
        tuple(report),
        tuple(imports),
        not about_imports.items,
        tuple(read),
    )


def pack(compiled: Compiled, sources: Sequence[Source]) -> bytes | None:
    """What was compiled as bytes, if it can be."""
    return _CODEC.pack(compiled, sources)


def unpack(data: bytes | None, sources: Sequence[Source]) -> Compiled | None:
    """What was compiled of these sources, or nothing if the bytes are not that."""
    found = _CODEC.unpack(data, sources)
    return found if isinstance(found, Compiled) else None


_CODEC = Codec([Entry, Compiled], [graphs, rows, relations, types, units, periods, named, retail])


def parsed(sources: Sequence[Source]) -> tuple[nodes.File, ...]:
    """Texts that were compiled before, as they are parsed."""
    report = Report()
    return tuple(_parsed(source, report) for source in sources)


def _parsed(source: Source, report: Report) -> nodes.File:
    memory = known(source.name)
    file = parse(source, report, memory)
    if memory:
        memory.save()
    return file


def _fence(root: Path, name: str) -> str:
    """The root, named from where the name of a file is named: imports are compared with it as texts."""
    return root.as_posix() if Path(name).is_absolute() else Path(os.path.relpath(root)).as_posix()


def located(graph: Graph) -> Graph:
    """Folders of spec files, which are named from where the command was run, made absolute."""
    sources = {}
    for name, spec in graph.sources.items():
        origin = spec.origin
        if isinstance(origin, Files):
            spec = evolve(spec, origin=evolve(origin, folder=str(Path(origin.folder).absolute())))
        sources[name] = spec
    return evolve(graph, sources=sources)


def _entries(parsed: Iterable[nodes.File]) -> Iterable[Entry]:
    """In the order of the files, and of their lines."""
    for file in parsed:
        found = [entry for d in file.definitions if (entry := _entry(d))]
        for span in file.broken:
            if line := _LOST_LINE.match(span.text):
                kind = cast(Literal["kpi", "objective"], line[1])
                found.append(Entry(kind, line[2] or line[3], None, span, read=False))
        yield from sorted(found, key=lambda entry: entry.span.start)


def _entry(definition: nodes.Definition) -> Entry | None:
    match definition:
        case nodes.KpiDef(span=span, name=name, title=title):
            return Entry("kpi", name.text, title.text if title else None, span)
        case nodes.ObjectiveDef(span=span, name=name, title=title):
            return Entry("objective", name.text, title.text if title else None, span)
        case nodes.TestDef(span=span, title=text):
            return Entry("test", text.text, text.text, span)
        case nodes.ScenarioDef(span=span, title=text):
            return Entry("scenario", text.text, text.text, span)
        case _:
            return None
