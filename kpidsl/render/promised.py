"""What sources promise, kept or broken: a table that stands before the verdicts.

It has the sources that break a promise, with all that these promise; every source if that is wished for.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from kpidsl.render import figures
from kpidsl.render.cells import Screen, clean, pad, width, wrap

if TYPE_CHECKING:
    from kpidsl.project import Outcome
    from kpidsl.results import Light, SourcePromise

Row = tuple[str, "SourcePromise"]

CODES = frozenset(("K520", "K521", "K523", "K529", "K604", "K605"))
"""Findings about promises: they are said here."""
LIGHT: dict[str, Light] = {"kept": "green", "warned": "amber", "stale": "red", "not asked": "grey"}
_GAP = "  "
_NARROW = 60


def promises(outcome: Outcome, *, every: bool = False) -> list[Row]:
    """Sources and their promises, in the order of the specs."""
    return [
        (profile.source, promise)
        for profile in outcome.profiles.values()
        if every or any(promise.word != "kept" for promise in profile.promises)
        for promise in profile.promises
    ]


def as_text(rows: list[Row], screen: Screen) -> list[str]:
    """Lines; how a promise is broken stands beneath it."""
    if not rows:
        return []
    words = [f"{figures.sign(LIGHT[promise.word], screen)} {promise.word}" for _, promise in rows]
    first = max(map(width, words)) + len(_GAP)
    second = first + max(max(width(clean(name)) for name, _ in rows), width("source")) + len(_GAP)
    if screen.width < _NARROW:
        second = first
    lines = (
        []
        if second == first
        else [screen.paint(f"{pad('', first)}{pad('source', second - first)}promise", "dim")]
    )
    for (name, promise), word in zip(rows, words, strict=True):
        head = screen.paint(pad(word, first), figures.STYLES[LIGHT[promise.word]])
        source = f"{clean(name)}: " if second == first else pad(clean(name), second - first)
        text = clean(promise.text) if second > first else source + clean(promise.text)
        told, *rest = wrap(text, max(screen.width - second, 16))
        lines.append(f"{head}{source if second > first else ''}{told}")
        lines += [f"{' ' * second}{line}" for line in rest]
        found = wrap(clean(promise.told or ""), max(screen.width - second, 16)) if promise.told else []
        lines += [" " * second + screen.paint(line, "dim") for line in found]
    return lines


def as_html(rows: list[Row], colors: dict[Light, str]) -> str:
    """A table like that of the verdicts; nothing where nothing is broken."""
    if not rows:
        return ""
    titles = "".join(
        f'<th style="text-align:left">{title}</th>' for title in ("", "source", "promise", "found")
    )
    lines = []
    for name, promise in rows:
        light = LIGHT[promise.word]
        sign = f'<span style="color:{colors[light]}">{figures.SIGNS[light]} {promise.word}</span>'
        texts = (escape(clean(text)) for text in (name, promise.text, promise.told or ""))
        cells = "".join(f'<td style="text-align:left">{cell}</td>' for cell in (sign, *texts))
        lines.append(f"<tr>{cells}</tr>")
    head = f"<caption>Promises of the sources</caption><thead><tr>{titles}</tr></thead>"
    return f"<table>{head}<tbody>{''.join(lines)}</tbody></table>\n"
