"""The members of an objective with weight, role and word, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

from kpidsl.render import figures
from kpidsl.render.cells import Screen, clean, pad, width, wrap

if TYPE_CHECKING:
    from kpidsl.results import Light, MemberVerdict, ObjectiveVerdict

_NARROW = 28
"""A name gets at least so many cells before the weights are left out."""


def scorecard(
    objective: ObjectiveVerdict, screen: Screen, indent: int, *, quiet: bool = False
) -> Iterable[str]:
    """A line for each member: light and word, name, its part of the weight, its role. Quiet: only of what is
    not green."""
    lines = [line for line in objective.lines if not quiet or line.light not in ("green", "none")]
    if not lines:
        return
    words = [f"{figures.sign(line.light, screen)} {line.word}" for line in lines]
    column, notes = max(map(width, words)), [_note(line) for line in lines]
    room = screen.width - indent - column - 2 - max(map(width, notes)) - 2
    wide = room >= _NARROW
    names = max(width(clean(line.title)) for line in lines)
    names = max(min(names, room if wide else screen.width - indent - column - 2), 12)
    for line, word, note in zip(lines, words, notes, strict=True):
        first, *rest = wrap(clean(line.title), names) or [""]
        said = f"{pad(first, names)}  {note}" if wide else first
        painted = screen.paint(pad(word, column), figures.STYLES[line.light])
        yield f"{' ' * indent}{painted}  {said}".rstrip()
        yield from (" " * (indent + column + 2) + more for more in rest)


def _note(line: MemberVerdict) -> str:
    part = figures.percent(line.share) if line.share is not None else "-"
    role = line.role or ("" if line.counts else "does not count")
    return f"{pad(part, 4, right=True)}  {role}".rstrip()


def markdown_card(
    objective: ObjectiveVerdict, light: Callable[[Light, str], str], marked: Callable[[str], str]
) -> list[str]:
    """A table of Markdown under the name of the objective."""
    if not objective.lines:
        return []
    cells = (
        (light(line.light, line.word), marked(line.title), _note(line).strip(), marked(line.why))
        for line in objective.lines
    )
    rows = [f"| {' | '.join(row)} |" for row in cells]
    return [
        "",
        f"**{marked(objective.title)}**",
        "",
        "| | member | weight | why |",
        "|---|---|---|---|",
        *rows,
    ]


def html_card(objective: ObjectiveVerdict, colors: Mapping[Light, str]) -> str:
    """A table with the verdict on the objective as its caption."""

    def lit(light: Light, word: str) -> str:
        return f'<span style="color:{colors[light]}">{figures.SIGNS[light]} {word}</span>'

    rows = "".join(
        "<tr>"
        + "".join(
            f'<td style="text-align:left">{cell}</td>'
            for cell in (
                lit(line.light, line.word),
                escape(clean(line.title)),
                _note(line).strip(),
                escape(clean(line.why)),
            )
        )
        + "</tr>"
        for line in objective.lines
    )
    head = "".join(f'<th style="text-align:left">{title}</th>' for title in ("", "member", "weight", "why"))
    said = f"{lit(objective.light, objective.word)} <b>{escape(clean(objective.title))}</b>: "
    caption = f"<caption>{said}{escape(clean(objective.why))}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>\n"
