"""The marks that git leaves where two sides changed the same lines, and somebody has yet to choose."""

from __future__ import annotations

import re

from kpidsl.diagnostics import Diagnostic, Source, Span

_MARK = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7})(?: .*)?$", re.MULTILINE)


def conflicts(text: str) -> list[tuple[int, int]]:
    """Where both sides of each conflict stand, from its first mark to the end of its last."""
    if "<<<<<<<" not in text and ">>>>>>>" not in text:
        return []
    found: list[tuple[int, int]] = []
    opened = False
    for mark in _MARK.finditer(text):
        sign = mark[0][0]
        if opened and sign != "<":
            found[-1] = (found[-1][0], mark.end())
        elif sign in "<>":  # the others mean something only between these
            found.append(mark.span())
        opened = sign == "<" or (opened and sign != ">")
    return found


def unmarked(text: str, places: list[tuple[int, int]]) -> str:
    """The text with a comment in the place of each mark, so that marks open no definition; as long as it
    was."""
    for start, end in places:
        inside = _MARK.sub(lambda mark: "#" * len(mark[0]), text[start:end])
        text = f"{text[:start]}{inside}{text[end:]}"
    return text


def unresolved(source: Source, places: list[tuple[int, int]]) -> Diagnostic:
    """That a choice is open, told once for a file, at its first mark."""
    start = places[0][0]
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return Diagnostic(
        "K126",
        f"unresolved merge{more}: both sides stand here",
        Span(source, start, start + 7),
        help="one side, or what both mean together, without the lines of `<<<<<<<`, `=======` and `>>>>>>>`",
    )
