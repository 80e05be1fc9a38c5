"""Where a finding is shown, and in which words, for services that know files, lines and one message."""

from __future__ import annotations

import os
import re

from attrs import frozen

from kpidsl.codes import CATALOGUE
from kpidsl.diagnostics import Diagnostic, Span
from kpidsl.findings import Findings
from kpidsl.render.cells import clean

_PLACE = re.compile(r"(?P<file>(?:[A-Za-z]:[\\/])?[^:]+)(?::(?P<line>\d+))?(?::(?P<column>\d+))?(?:: .*)?")


@frozen
class Spot:
    """A stretch of a file, lines and columns from 1, columns in characters, the end exclusive."""

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


def spot(found: Findings, diagnostic: Diagnostic) -> Spot | None:
    """Where a finding is: in a spec, else at the file that its place names; None if that is no file."""
    if diagnostic.span is not None:
        return of_span(found, diagnostic.span)
    place = _PLACE.fullmatch(diagnostic.place or "")
    if place is None or not os.path.isfile(place["file"]):
        return None
    line, column = int(place["line"] or 1), int(place["column"] or 1)
    return Spot(found.named(place["file"]), line, column, line, column)


def somewhere(found: Findings, diagnostic: Diagnostic) -> Spot:
    """The same, or the file that all else is attached to."""
    return spot(found, diagnostic) or Spot(found.named(found.home))


def of_span(found: Findings, span: Span) -> Spot:
    """Where a stretch of a text is."""
    start, end = span.source.position(span.start), span.source.position(span.end)
    return Spot(found.named(span.source.name), *start, *end)


def name(diagnostic: Diagnostic) -> str:
    """`unit-mismatch`; the code itself for what has no name."""
    known = CATALOGUE.get(diagnostic.code)
    return (known.name if known else diagnostic.rule) or diagnostic.code


def title(diagnostic: Diagnostic) -> str:
    """`K301 unit-mismatch`."""
    called = name(diagnostic)
    return diagnostic.code if called == diagnostic.code else f"{diagnostic.code} {called}"


def remarks(diagnostic: Diagnostic) -> list[str]:
    """The notes and the help, a text each."""
    help_ = diagnostic.help or (diagnostic.fix.title if diagnostic.fix else None)
    return [*(f"note: {note}" for note in diagnostic.notes), *([f"help: {help_}"] if help_ else [])]


def message(diagnostic: Diagnostic) -> str:
    """All that is to be said, a line each, without control characters."""
    lines = [line for text in (diagnostic.told, *remarks(diagnostic)) for line in text.splitlines()]
    return "\n".join(clean(line) for line in lines)
