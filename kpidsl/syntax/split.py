"""Before the grammar: a text is cleaned, its comments are gathered, and it is cut at the lines of the margin."""

from __future__ import annotations

import re
from unicodedata import is_normalized, normalize

from kpidsl.diagnostics import Source, Span
from kpidsl.syntax.nodes import Comment

_START = re.compile(r"^[^\s#)]", re.MULTILINE)
_OPAQUE = re.compile(
    r"""
      "[^"\\\n]*(?:\\.[^"\\\n]*)*"                             # a quoted text
    | `[^`\n]*`                                                # a quoted name
    | ^[ \t]*\|(?:[^|\n]*\|)*?(?=[ \t]*(?:\#|$))               # a row of a table
    | (?P<comment>\#[^\n]*)
    """,
    re.VERBOSE | re.MULTILINE,
)


def clean(source: Source) -> Source:
    """The same text without byte order mark, with plain line ends and composed accents; the same object if it was."""
    text = source.text
    if text.startswith("\ufeff"):
        text = text[1:]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not is_normalized("NFC", text):
        text = normalize("NFC", text)
    return source if text is source.text else Source(source.name, text)


def comments(source: Source) -> tuple[Comment, ...]:
    """Every comment, in order; a `#` inside quotes, backticks or a table row opens none."""
    text = source.text
    if "#" not in text:
        return ()
    found = []
    for match in _OPAQUE.finditer(text):
        if match["comment"] is not None:
            start, end = match.span()
            line = text.rfind("\n", 0, start) + 1
            found.append(Comment(Span(source, start, end), match[0].rstrip(), not text[line:start].strip()))
    return tuple(found)


def pieces(text: str) -> list[tuple[int, int]]:
    """Where each definition stands: from a line at the margin to the next, blank and comment lines at its end left out."""
    starts = [match.start() for match in _START.finditer(text)]
    return [(start, _end(text, start, end)) for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _end(text: str, start: int, end: int) -> int:
    """The end of the last line between two offsets that says something."""
    while True:
        end = start + len(text[start:end].rstrip())
        line = text.rfind("\n", start, end) + 1
        if line <= start or not text[line:end].lstrip().startswith("#"):
            return end
        end = line
