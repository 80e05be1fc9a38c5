"""TOML documents that build on each other: what they say together, and where each key stands.

A document may say `extend = "../kpi.toml"`. What it does not say itself is then what the other says, table by
table and key by key; a list is a value, and is replaced as a whole. Nothing else is ever merged.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from kpidsl import plumbing
from kpidsl.diagnostics import Diagnostic, Report, Source, Span, near

Key = tuple[str, ...]
NAME = "pyproject.toml"
TABLE: Key = ("tool", "kpidsl")
_HELP = 'a key and its value are written as: as_of = "2026-10-15"'


@frozen
class Document:
    """One file, or the table in it that is ours."""

    file: Path
    source: Source
    table: Key = ()
    data: Mapping[str, Any] = field(factory=dict)
    quoted: bool = True
    """Whether messages may show its lines. Of a file outside the repository they do not."""

    def place(self, key: Key) -> Span:
        """Where a key stands: its line after the header of its table, else the header; of what is in an
        inline table where that stands. TOML keeps no places."""
        full = (*self.table, *key)
        for depth in range(len(full), -1, -1):
            found = self._after_header(full[:depth], full[depth:])
            if found is not None:
                return found
        return self.place(key[:-1]) if key else Span(self.source, 0, 0)

    def _after_header(self, header: Key, rest: Key) -> Span | None:
        text, at = self.source.text, 0
        if header:
            name = r"\s*\.\s*".join(f"[\"']?{re.escape(key)}[\"']?" for key in header)
            head = re.search(rf"^\s*\[\s*({name})\s*\]", text, re.MULTILINE)
            if head is None:
                return None
            if not rest:
                return Span(self.source, *head.span(1))
            at = head.end()
        following = re.compile(r"^\s*\[", re.MULTILINE).search(text, at)
        key = r"\s*\.\s*".join(f"[\"']?{re.escape(part)}[\"']?" for part in rest)
        pattern = re.compile(rf"^[ \t]*({key})[ \t]*[=.]", re.MULTILINE)
        found = pattern.search(text, at, following.start() if following else len(text)) if rest else None
        return Span(self.source, *found.span(1)) if found else None


@frozen
class Settings:
    """What some documents say together, the nearest first."""

    documents: Sequence[Document]
    data: Mapping[str, Any]
    origins: Mapping[Key, Document]
    """The document of each value."""

    def home(self, key: Key) -> Document:
        """The document that says something of a key, or of what is in it; else the nearest one."""
        for depth in range(len(key), 0, -1):
            for path, document in self.origins.items():
                if path[:depth] == key[:depth]:
                    return document
        return self.documents[0]


def read(file: Path, report: Report, *, quoted: bool = True) -> Document | None:
    """The document in a file; None for a pyproject.toml without a table for kpidsl. One that cannot be read
    is empty, and told."""
    table = TABLE if file.name == NAME else ()
    source = Source(os.path.relpath(file), "")
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        report.add(Diagnostic("K701", f"`{source.name}` cannot be read: {why}", place=source.name))
        return Document(file, source, table)
    return parsed(file, text, report, quoted=quoted)


def parsed(file: Path, text: str, report: Report, *, quoted: bool = True) -> Document | None:
    """The document in the text of a file."""
    table = TABLE if file.name == NAME else ()
    if table and table[-1] not in text:
        return None
    source = Source(os.path.relpath(file), text)
    try:
        data: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        report.add(_syntax_error(source, str(error), quoted))
        return Document(file, source, table, quoted=quoted)
    for key in table:
        data = data.get(key) if isinstance(data, dict) else None
        if data is None:
            return None
    if not isinstance(data, dict):
        report.add(Diagnostic("K703", f"`{'.'.join(table)}` is no table", place=source.name))
        data = {}
    return Document(file, source, table, data, quoted)


def extended(first: Document, report: Report) -> Settings:
    """A document with all that it extends, and that these extend."""
    documents = [first]
    while (following := _following(documents, report)) is not None:
        documents.append(following)
    data: dict[str, Any] = {}
    origins: dict[Key, Document] = {}
    for document in reversed(documents):
        own = {key: value for key, value in document.data.items() if key != "extend" or document is first}
        data = _over(own, data, (), document, origins)
    return Settings(tuple(documents), data, origins)


def _following(documents: Sequence[Document], report: Report) -> Document | None:
    """The document that the last one extends, if it does and that can be read."""
    last = documents[-1]
    wanted = last.data.get("extend")
    if wanted is None:
        return None
    place = last.place(("extend",))
    file = Path(os.path.normpath(last.file.parent / wanted)) if isinstance(wanted, str) else None
    if file is None or file.suffix != ".toml":
        message = "`extend` is not the path of a TOML file"
        report.add(Diagnostic("K703", message, place, help='it is one as in extend = "../kpi.toml"'))
        return None
    why = None
    if not file.is_file():
        why = f"`{wanted}` does not exist"
    elif any(file.samefile(document.file) for document in documents):
        why = f"`{wanted}` extends this file in turn" if len(documents) > 1 else "it is this file itself"
    if why is not None:
        names = [path.name for path in file.parent.glob("*.toml")] if file.parent.is_dir() else []
        alike = near(file.name, names) if not file.is_file() else []
        hint = f"a file with a similar name: `{alike[0]}`" if alike else None
        report.add(Diagnostic("K707", f"the config cannot be extended: {why}", place, help=hint))
        return None
    found = read(file, report, quoted=_beside(documents[0].file, file))
    if found is None:
        message = f"`{wanted}` cannot be extended: it has no table [{'.'.join(TABLE)}]"
        report.add(Diagnostic("K707", message, place))
    return found


def _beside(file: Path, other: Path) -> bool:
    """Whether two files are in one repository, or without one, the other below the folder of the first."""
    folder = file.resolve().parent
    return other.resolve().is_relative_to(plumbing.top(folder) or folder)


def _over(
    own: Mapping[str, Any],
    other: Mapping[str, Any],
    path: Key,
    document: Document,
    origins: dict[Key, Document],
) -> dict[str, Any]:
    """The values of one table, and the other's where it says nothing; the keys of the other first."""
    found = dict(other)
    for name, value in own.items():
        key, before = (*path, name), found.pop(name, None)
        if not (isinstance(value, dict) and isinstance(before, dict)):
            for stale in [known for known in origins if known[: len(key)] == key]:
                del origins[stale]
        if isinstance(value, dict):
            inside = before if isinstance(before, dict) else {}
            found[name] = _over(value, inside, key, document, origins)
            if not value:
                origins.setdefault(key, document)
        else:
            found[name] = value
            origins[key] = document
    return found


def leaves(data: Mapping[str, Any], path: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Every value with its key, tables opened."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


def _syntax_error(source: Source, message: str, quoted: bool) -> Diagnostic:
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message)
    what = (found[1] if found else message.removesuffix(" (at end of document)")).strip()
    offset = source.line_starts[int(found[2]) - 1] + int(found[3]) - 1 if found else len(source.text)
    line = source.text.count("\n", 0, min(offset, len(source.text.rstrip()))) + 1
    secret = not quoted or "://" in (source.text.splitlines() or [""])[line - 1]
    return Diagnostic(
        "K701",
        f"not a TOML document: {what[:1].lower()}{what[1:]}",
        None if secret else Span(source, offset, offset),
        place=f"{source.name}:{line}" if secret else None,
        help=_HELP,
    )
