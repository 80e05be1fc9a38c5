"""From files to names: what is defined where, once, and which files a file asks for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence

from kpidsl.compile.scope import KIND_OF, Named, Names, similar
from kpidsl.diagnostics import Diagnostic, Label, Report, Span
from kpidsl.syntax import nodes

LOST_NAME = re.compile(r"\s*(?:measure|kpi|source|let|objective|period)[ \t]+(?:`([^`\n]+)`|([^\W\d]\w*))")


def imports_of(file: nodes.File, report: Report, root: str = ".") -> tuple[tuple[str, Span], ...]:
    """The files that a file asks for, each with the place that asks; named like the file, relative to where
    the command was run. What lies outside of `root` is refused with an error. Importing twice is importing
    once, and files may import each other: only definitions must not go round in a circle.
    """
    found = []
    folder = posixpath.dirname(file.source.name.replace("\\", "/"))
    for definition in file.definitions:
        if not isinstance(definition, nodes.Import):
            continue
        path, span = definition.path.text, definition.path.span
        name = posixpath.normpath(posixpath.join(folder, path))
        if _outside(path, name, root):
            report.add(outside_import(path, span))
        else:
            found.append((name, span))
    return tuple(found)


def _outside(path: str, name: str, root: str) -> bool:
    if "\\" in path or "\0" in path or posixpath.isabs(path) or re.match(r"[A-Za-z]:", path):
        return True
    relative = posixpath.relpath(name, root) if posixpath.isabs(name) == posixpath.isabs(root) else name
    return relative == ".." or relative.startswith("../")


def outside_import(path: str, span: Span) -> Diagnostic:
    """That an import leads out of the project."""
    return Diagnostic(
        "K208",
        f"`{path}` lies outside of the project",
        span,
        help="an import names a file below the project's folder, relative to its own file",
    )


def missing_import(name: str, span: Span, files: Iterable[str]) -> Diagnostic:
    """That an imported file does not exist, with the names of files that resemble it."""
    folder = posixpath.dirname(span.source.name.replace("\\", "/"))
    known = [posixpath.relpath(file, folder or ".") for file in files]
    return Diagnostic(
        "K209",
        f"there is no file `{name}`",
        span,
        notes=tuple(similar("a file", span.text.strip('"'), known)),
        help="an import is relative to the file it stands in",
    )


def collect(files: Sequence[nodes.File], report: Report) -> Names:
    """Every definition of the files, which are one scope. A name that is defined twice is an error and
    means neither.
    """
    names = Names()
    for file in files:
        for span in file.broken:
            if found := LOST_NAME.match(span.text):
                names.lost.setdefault(found[1] or found[2], span)
        for definition in file.definitions:
            match definition:
                case nodes.CalendarDef():
                    _calendar(definition, names, report)
                case nodes.TestDef() | nodes.ScenarioDef():
                    names.tests.append(definition)
                case nodes.Import():
                    pass
                case _:
                    _named(definition, names, report)
    return names


def _calendar(calendar: nodes.CalendarDef, names: Names, report: Report) -> None:
    if names.calendar is None:
        names.calendar = calendar
        return
    report.add(
        Diagnostic(
            "K210",
            "this is a second calendar, and a project has one",
            _head(calendar.span),
            labels=(Label(_head(names.calendar.span), "the first one"),),
            help="all files of a project count time alike",
        )
    )


def _head(span: Span) -> Span:
    return Span(span.source, span.start, span.start + len("calendar"))


def _named(definition: Named, names: Names, report: Report) -> None:
    word = definition.name.text
    first = names.known.setdefault(word, definition)
    if first is definition:
        return
    what, other = KIND_OF[type(definition)], KIND_OF[type(first)]
    fault = Diagnostic(
        "K201",
        f"`{word}` is defined twice",
        definition.name.span,
        labels=(
            Label(first.name.span, f"first as a {other}"),
            Label(definition.name.span, f"again as a {what}"),
        ),
        help="a name is unique in the whole project, whatever it names",
    )
    report.add(fault)
    names.twice.setdefault(word, fault)
