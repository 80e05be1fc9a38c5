"""Everything that is shown to a person about a text: where it is, what was found, what to do.

Diagnostics are values. A pass collects them and goes on; only `kpidsl.render` turns them into text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple

from attrs import define, field, frozen

from kpidsl.records import Record


class Severity(IntEnum):
    """How much a diagnostic weighs; only errors stop what depends on the broken part."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """The severity as it is written in outputs: `error`, `warning`, `info`."""
        return self.name.lower()


@define(repr=False, eq=False)
class Source(Record):
    """A text and the name it is known by (a path relative to where the command was run, or `<stdin>`)."""

    name: str
    text: str
    _starts: list[int] | None = field(default=None, init=False, repr=False)

    @property
    def line_starts(self) -> list[int]:
        """The offset of the first character of every line."""
        if self._starts is None:
            self._starts = [0, *(i + 1 for i, c in enumerate(self.text) if c == "\n")]
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column (both from 1, columns in characters) of an offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its line end."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] - 1 if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


class Span(NamedTuple):
    """A stretch of a source, by character offsets; `end` is exclusive. A tuple, for there are very many."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters of the stretch."""
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        """The line it starts on, from 1."""
        return self.source.position(self.start)[0]

    def to(self, other: Span) -> Span:
        """From the start of this stretch to the end of the other."""
        return Span(self.source, self.start, other.end)


@frozen(repr=False)
class Label(Record):
    """A secondary place and what is to be said about it."""

    span: Span
    text: str


@frozen(repr=False)
class Edit(Record):
    """Replace a stretch by a text."""

    span: Span
    text: str


@frozen(repr=False)
class Fix(Record):
    """A repair: `safe` ones keep the meaning or are what was surely meant."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True


@frozen(repr=False)
class Suppressed(Record):
    """That a finding is known and left alone: by a comment beside it, or by a file of old ones."""

    reason: str | None = None
    beside: bool = True
    """Whether a comment in the spec says so."""


@frozen(repr=False)
class Diagnostic(Record):
    """What was found, where, what was expected, and one way out.

    `code` is a key of `kpidsl.codes.CATALOGUE` (`K101`). `place` names where the fault lies when it is not in
    a text that we hold: a data file with line and column, a connection, a config key.
    """

    code: str
    message: str
    span: Span | None = None
    severity: Severity = Severity.ERROR
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fix: Fix | None = None
    place: str | None = None
    kpi: str | None = None
    rule: str | None = None
    """The name of the lint rule that found it; names of codes are in `kpidsl.codes`."""
    suppressed: Suppressed | None = None

    @property
    def told(self) -> str:
        """The message on one line, led by the place in the data where there is one."""
        return f"{self.place}: {self.message}" if self.in_data else self.message

    @property
    def in_data(self) -> bool:
        """Whether `place` says more than that the fault lies in the folder itself."""
        return self.place not in (None, "", ".")


@define(repr=False)
class Report(Record):
    """Diagnostics as they are collected by the passes of one run."""

    items: list[Diagnostic] = field(factory=list)

    def add(self, diagnostic: Diagnostic) -> None:
        """Collect one more."""
        self.items.append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Collect several more."""
        self.items.extend(diagnostics)

    @property
    def errors(self) -> list[Diagnostic]:
        """The ones that stop what depends on the broken part."""
        return [d for d in self.items if d.severity is Severity.ERROR]

    def sorted(self) -> list[Diagnostic]:
        """By file and place, so that a report reads from top to bottom."""
        return sorted(self.items, key=_order)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def _order(diagnostic: Diagnostic) -> tuple[str, int, str]:
    span = diagnostic.span
    return (
        (span.source.name, span.start, diagnostic.code)
        if span
        else (diagnostic.place or "", -1, diagnostic.code)
    )


def near(word: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Known names that resemble a word, the most alike first: a fact to be told, never a guess acted upon."""
    from difflib import get_close_matches

    folded = {name.casefold(): name for name in known}
    return [folded[match] for match in get_close_matches(word.casefold(), folded, n=limit, cutoff=0.6)]
