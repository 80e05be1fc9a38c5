"""Diagnostics as a person reads them, with the lines of the text they are about.

    error[K302 unit-mismatch]: `ad_spend + leads` adds EUR and lead
      --> ads.kpi:3:15
       |
     3 |   formula     ad_spend + leads
       |               ^^^^^^^^   ----- in lead
       |
       = help: ...

The primary place is underlined with carets, secondary ones with dashes and their label. Carets stand right
under tabs, wide characters and combining ones; a long line is cut around what is underlined.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, groupby

from attrs import frozen

from kpidsl.codes import CATALOGUE
from kpidsl.diagnostics import Diagnostic, Severity, Source, Span
from kpidsl.render.cells import Screen, clean, edges, width, wrap

_TONES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
_SECONDARY = "bold blue"


@frozen
class _Mark:
    """An underlined stretch of one line; columns are characters from 0, end exclusive."""

    start: int
    end: int
    primary: bool
    text: str


def render(diagnostics: Iterable[Diagnostic], screen: Screen) -> str:
    """All of them, an empty line after each; no text for none."""
    return "".join(render_one(d, screen) + "\n" for d in diagnostics)


def render_one(diagnostic: Diagnostic, screen: Screen) -> str:
    """One diagnostic, each line ended."""
    tone = _TONES[diagnostic.severity]
    known = CATALOGUE.get(diagnostic.code)
    name = known.name if known else diagnostic.rule
    code = f"{diagnostic.code} {name}" if name not in (None, diagnostic.code) else diagnostic.code
    title = screen.paint(f"{diagnostic.severity.word}[{code}]", tone)
    lines = [f"{title}{screen.paint(': ' + clean(diagnostic.message), 'bold')}"]
    spans = _spans(diagnostic)
    gutter = max((len(str(span.line)) for span, _, _ in spans), default=1)
    if diagnostic.in_data:
        lines.append(f"{' ' * gutter}{screen.paint('-->', _SECONDARY)} {clean(diagnostic.place or '')}")
    if diagnostic.span is not None:
        home = None if diagnostic.in_data else diagnostic.span.source
        lines += _snippets(home, spans, gutter, tone, screen)
    lines += _remarks(diagnostic, gutter, bool(spans), screen)
    return "".join(line.rstrip() + "\n" for line in lines)


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`; empty when there are none."""
    counts = [(word, sum(d.severity is severity for d in diagnostics)) for word, severity in _COUNTED]
    return ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for word, count in counts if count)


_COUNTED = (("error", Severity.ERROR), ("warning", Severity.WARNING), ("note", Severity.INFO))


def _spans(diagnostic: Diagnostic) -> list[tuple[Span, bool, str]]:
    primary = [(diagnostic.span, True, "")] if diagnostic.span is not None else []
    return primary + [(label.span, False, label.text) for label in diagnostic.labels]


def _remarks(diagnostic: Diagnostic, gutter: int, framed: bool, screen: Screen) -> list[str]:
    remarks = [("note", note) for note in diagnostic.notes]
    if diagnostic.help:
        remarks.append(("help", diagnostic.help))
    if diagnostic.fix and not diagnostic.help:
        remarks.append(("help", diagnostic.fix.title))
    lines = [_bar(gutter, screen)] if framed and remarks else []
    for kind, text in remarks:
        indent = gutter + 5 + len(kind)
        room = screen.width - indent
        first, *rest = [line for part in text.splitlines() or [""] for line in _wrapped(part, room)]
        lines.append(f"{' ' * gutter} {screen.paint('=', _SECONDARY)} {screen.paint(kind, 'bold')}: {first}")
        lines += [" " * indent + line for line in rest]
    return lines


def _wrapped(text: str, cells: int) -> list[str]:
    """Own line breaks and indents are kept (an example of a clause); only what is too wide is wrapped."""
    text = clean(text)
    return [text] if width(text) <= max(cells, 30) else wrap(text, max(cells, 30))


def _bar(gutter: int, screen: Screen) -> str:
    return f"{' ' * gutter} {screen.paint('|', _SECONDARY)}"


# -- lines of the text -----------------------------------------------------------------------------


def _snippets(
    home: Source | None, spans: list[tuple[Span, bool, str]], gutter: int, tone: str, screen: Screen
) -> list[str]:
    """The lines of the primary place's file first, then those of other files, each under an arrow.

    `home` is the file where the fault lies; None where it lies in data and the spec only says what was
    declared.
    """
    sources = list(dict.fromkeys(span.source for span, _, _ in spans))
    lines: list[str] = []
    for source in sources:
        mine = [entry for entry in spans if entry[0].source is source]
        line, column = source.position(mine[0][0].start)
        arrow = "-->" if source is home else ":::"
        place = f"{clean(source.name)}:{line}:{column}"
        lines.append(f"{' ' * gutter}{screen.paint(arrow, _SECONDARY)} {place}")
        lines.append(_bar(gutter, screen))
        lines += _excerpt(source, mine, gutter, tone, screen)
    return lines


def _excerpt(
    source: Source, spans: list[tuple[Span, bool, str]], gutter: int, tone: str, screen: Screen
) -> list[str]:
    marks = sorted(
        (m for span, primary, text in spans for m in _marks(span, primary, text)), key=lambda m: m[0]
    )
    lines: list[str] = []
    before: int | None = None
    for number, group in groupby(marks, key=lambda m: m[0]):
        if before is not None and number > before + 1:
            skipped = number == before + 2
            lines.append(
                _numbered(number - 1, source, gutter, screen) if skipped else screen.paint("...", _SECONDARY)
            )
        lines += _underlined(source.line(number), number, [mark for _, mark in group], gutter, tone, screen)
        before = number
    return lines


def _numbered(number: int, source: Source, gutter: int, screen: Screen) -> str:
    text, _ = _window(source.line(number), 0, 0, screen.width - gutter - 3)
    return f"{screen.paint(f'{number:>{gutter}} |', _SECONDARY)} {text}"


def _marks(span: Span, primary: bool, text: str) -> list[tuple[int, _Mark]]:
    """What is underlined of a stretch. One over several lines is a definition: its first line stands for
    it."""
    first, column = span.source.position(span.start)
    last, end = span.source.position(span.end)
    if first != last:
        end = len(span.source.line(first).rstrip()) + 1
    return [(first, _Mark(column - 1, max(end - 1, column), primary, text))]


def _underlined(
    line: str, number: int, marks: list[_Mark], gutter: int, tone: str, screen: Screen
) -> list[str]:
    """The line, its underlines, and under them the labels that did not fit beside."""
    focus = next((m for m in marks if m.primary), marks[0])
    room = max(screen.width - gutter - 3, 20)
    text, cell = _window(line, focus.start, focus.end, room)
    placed = [(cell(m.start), max(cell(m.end), cell(m.start) + 1), m) for m in marks]
    placed.sort(key=lambda p: (p[0], not p[2].primary))
    out = [f"{screen.paint(f'{number:>{gutter}} |', _SECONDARY)} {text}"]
    bar = _bar(gutter, screen)
    beside = placed[-1][2].text if all(end <= placed[-1][0] for _, end, _ in placed[:-1]) else ""
    tail = f" {screen.paint(clean(beside), _color(placed[-1][2], tone))}" if beside else ""
    out.append(f"{bar} {_underline(placed, tone, screen)}{tail}")
    hanging = [p for p in placed if p[2].text and not (beside and p is placed[-1])]
    while hanging:
        start, _, mark = hanging.pop()
        stems = _stems([(p[0], _color(p[2], tone)) for p in hanging if p[0] < start], screen)
        gap = " " * (start - (max((p[0] for p in hanging if p[0] < start), default=-1) + 1))
        out.append(f"{bar} {stems}{gap}{screen.paint(clean(mark.text), _color(mark, tone))}")
    return out


def _color(mark: _Mark, tone: str) -> str:
    return tone if mark.primary else _SECONDARY


def _underline(placed: list[tuple[int, int, _Mark]], tone: str, screen: Screen) -> str:
    """Where two overlap the shorter one shows, and carets where they are the same."""
    cells: dict[int, str] = {}
    for start, end, mark in sorted(placed, key=lambda p: (p[0] - p[1], p[2].primary)):
        cells.update(dict.fromkeys(range(start, end), "^" if mark.primary else "-"))
    text = "".join(cells.get(i, " ") for i in range(max(cells) + 1))
    styles = {"^": tone, "-": _SECONDARY, " ": ""}
    return "".join(screen.paint("".join(run), styles[sign]) for sign, run in groupby(text))


def _stems(places: list[tuple[int, str]], screen: Screen) -> str:
    text, at = "", 0
    for cell, style in sorted(dict(places).items()):
        text += " " * (cell - at) + screen.paint("|", style)
        at = cell + 1
    return text


@frozen
class _Cells:
    """From a character of the line to the cell it is shown in."""

    starts: tuple[int, ...]
    offset: int
    last: int

    def __call__(self, column: int) -> int:
        cell = self.starts[min(column, len(self.starts) - 1)] + max(0, column - len(self.starts) + 1)
        return min(max(cell - self.offset, 0), self.last)


def _window(line: str, start: int, end: int, room: int) -> tuple[str, _Cells]:
    """The line as it is shown, cut to the room around the stretch, and where its characters went."""
    shown = [clean(char) for char in line.rstrip()]
    cells = edges("".join(shown))
    starts = [cells[at] for at in accumulate(map(len, shown), initial=0)]
    if starts[-1] <= room:
        return "".join(shown), _Cells(tuple(starts), 0, room)
    first = _first_shown(starts, start, end, room)
    left = "…" if first else ""
    taken = [
        char
        for index, char in enumerate(shown)
        if index >= first and starts[index + 1] - starts[first] <= room - 2
    ]
    right = "…" if first + len(taken) < len(shown) else ""
    return left + "".join(taken) + right, _Cells(tuple(starts), starts[first] - len(left), room - 1)


def _first_shown(starts: list[int], start: int, end: int, room: int) -> int:
    """The first character to show, so that the stretch, or at least its start, has text on both sides."""
    start, end = min(start, len(starts) - 1), min(end, len(starts) - 1)
    if starts[end] <= room - 2:
        return 0
    before = max(room - 2 - (starts[end] - starts[start]), room // 4) // 2
    return next(index for index, cell in enumerate(starts) if cell >= starts[start] - before)
