"""Before the grammar: the comments of a text are gathered, and it is cut at its margin."""

from __future__ import annotations

import re
from itertools import pairwise

from kpidsl.diagnostics import Source, Span
from kpidsl.syntax.nodes import Comment

_MARGIN = re.compile(r"^[^\s#)]", re.MULTILINE)
_FIRST = re.compile(r"^[^\S\n]*[^\s#].*", re.MULTILINE)
_NAMED = re.compile(r"[^\W\d]\w* +(?:`(?P<quoted>[^`\n]+)`|(?P<plain>[^\W\d]\w*))")
_OPAQUE = re.compile(
    r"""
      "[^"\\\n]*(?:\\.[^"\\\n]*)*(?:"|\\?$)                  # a quoted text, or one that is left open
    | `[^`\n]*`                                                # a quoted name
    | ^[ \t]*\|(?:[^|\n]*\|)*?(?=[ \t]*(?:\#|$))               # a row of a table
    | (?P<comment>\#[^\n]*)
    | (?P<sign>[()\t])
    """,
    re.VERBOSE | re.MULTILINE,
)
"""What has to be stepped over or gathered without reading a definition."""


def comments(source: Source) -> tuple[Comment, ...]:
    """Every comment, in order; a `#` inside quotes, backticks or a table row opens none."""
    text = source.text
    if "#" not in text:
        return ()
    found = []
    for match in _OPAQUE.finditer(text):
        if match["comment"] is not None:
            start = match.start()
            line = text.rfind("\n", 0, start) + 1
            written = match[0].rstrip()
            alone = not text[line:start].strip()
            found.append(Comment(Span(source, start, start + len(written)), written, alone))
    return tuple(found)


def tabs(text: str, start: int, end: int) -> list[int]:
    """Where tabs stand between two offsets, those in quotes, comments and table rows left out."""
    return [match.start() for match in _OPAQUE.finditer(text, start, end) if match["sign"] == "\t"]


def open_parentheses(text: str, start: int, end: int) -> list[int]:
    """Where the parentheses stand that are open at the end of a stretch."""
    opened: list[int] = []
    for match in _OPAQUE.finditer(text, start, end):
        if match["sign"] == "(":
            opened.append(match.start())
        elif match["sign"] == ")" and opened:
            opened.pop()
    return opened


def pieces(text: str) -> list[tuple[int, int]]:
    """Where each definition stands: from a line at the margin to the next, blank lines and comments cut off.

    What stands before the first line at the margin is a piece of its own, if it says something.
    """
    starts = [match.start() for match in _MARGIN.finditer(text)]
    first = _FIRST.search(text)
    if first and first.start() not in starts[:1]:
        starts.insert(0, first.start())
    return [(start, _end(text, start, end)) for start, end in pairwise([*starts, len(text)])]


def name_of(piece: Span) -> str | None:
    """The name that a definition seems to introduce, even if it cannot be read."""
    found = _NAMED.match(piece.source.text, piece.start, piece.end)
    return (found["quoted"] or found["plain"]) if found else None


def _end(text: str, start: int, end: int) -> int:
    """The end of the last line between two offsets that says something."""
    while True:
        line = max(text.rfind("\n", start, end) + 1, start)
        said = text[line:end].rstrip()
        if line == start or (said and not said.lstrip().startswith("#")):
            return line + len(said)
        end = line - 1
