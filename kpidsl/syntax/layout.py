"""Where lines, comments and blank lines go: comments stay with the line they stood by, blank lines at most
one."""

from __future__ import annotations

from attrs import frozen

from kpidsl.syntax import nodes as n

CLAUSE = "  "


@frozen
class Line:
    """One printed line and the stretch of source that it stands for."""

    text: str
    indent: str
    start: int
    end: int
    closes: bool = True
    """Whether a comment behind the source stretch belongs behind this line."""


def with_comments(file: n.File, lines: list[Line]) -> str:
    """Put every comment back: behind the line it stood behind, else above the line it stood above."""
    text = file.source.text
    out: list[tuple[str, int]] = []  # printed line, offset in the source that it comes from
    comments = list(file.comments)
    for line in lines:
        while comments and comments[0].span.start < line.start:
            comment = comments.pop(0)
            out.append((_indent_of(comment, line, text) + comment.text.rstrip(), comment.span.start))
        inside: list[n.Comment] = []
        while line.closes and comments and comments[0].span.start < line_end(text, line.end):
            inside.append(comments.pop(0))
        behind = inside.pop() if inside and inside[-1].span.start >= line.end else None
        out.extend((line.indent + c.text.rstrip(), line.start) for c in inside)
        out.append((f"{line.text}  {behind.text.rstrip()}" if behind else line.text, line.start))
    last = lines[-1].end if lines else 0
    out.extend((_tail_indent(c, last) + c.text.rstrip(), c.span.start) for c in comments)
    return _spaced(out, text)


def line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


def _column(comment: n.Comment) -> int:
    return comment.span.source.position(comment.span.start)[1] - 1


def _indent_of(comment: n.Comment, following: Line, text: str) -> str:
    """An indented comment before a new definition ends the one above; all others go with what follows."""
    if not following.indent and _column(comment) and text[: comment.span.start].strip():
        return CLAUSE
    return following.indent


def _tail_indent(comment: n.Comment, last: int) -> str:
    return CLAUSE if last and _column(comment) else ""


def _spaced(out: list[tuple[str, int]], text: str) -> str:
    """Blank lines: at most one, kept where it was; always one around a definition that has clauses."""
    printed: list[str] = []
    block = False  # whether the definition above has clauses
    for i, (line, offset) in enumerate(out):
        at_margin = not line.startswith(" ")
        gap = bool(printed) and _blank_before(text, offset)
        if printed and at_margin and not _glued(out, i):
            gap = gap or block or _has_clauses(out, i)
        if gap:
            printed.append("")
        if at_margin:
            block = False
        block = block or not at_margin
        printed.append(line)
    return "\n".join(printed) + "\n" if printed else ""


def _blank_before(text: str, offset: int) -> bool:
    start = text.rfind("\n", 0, offset)
    before = text[: start + 1].rstrip(" \r\t") if start >= 0 else ""
    return before.replace("\r", "").replace(" ", "").endswith("\n\n")


def _glued(out: list[tuple[str, int]], i: int) -> bool:
    """A line at the margin right below a comment at the margin stays with it."""
    return i > 0 and out[i - 1][0].startswith("#")


def _has_clauses(out: list[tuple[str, int]], i: int) -> bool:
    """Whether the definition that begins here (after its comments) has lines under it."""
    while i < len(out) and out[i][0].startswith("#"):
        i += 1
    return i + 1 < len(out) and out[i + 1][0].startswith(" ")
