"""Slips that people make, by `grammar/mistakes.toml`: which it is, what to say, often how to mend it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Edit, Fix, Span
from kpidsl.syntax.tables import grammar_file

_AROUND = 200
"""How many characters before and behind the fault are looked at, however long the line is."""

_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"

_APART = re.compile(r"[ \u00a0\u202f\u2009.,'’]+")
"""What sets thousands apart elsewhere."""


@frozen
class Mistake:
    """One slip: how it looks, and what is said about it."""

    code: str
    pattern: re.Pattern[str]
    message: str
    help: str
    fix: str | None
    safe: bool
    where: str | None
    wrong: str
    right: str | None


@frozen
class Vocabulary:
    """What the data file holds besides the slips: words sought for, and a correct line for each clause."""

    mistakes: tuple[Mistake, ...]
    definitions: dict[str, str]
    clauses: dict[str, str]
    words: dict[str, str]
    examples: dict[str, str]


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The content of `mistakes.toml`; read when the first fault is found."""
    import tomllib

    data = tomllib.loads(grammar_file("mistakes.toml").read_text("utf-8"))
    return Vocabulary(
        tuple(_mistake(entry) for entry in data["mistake"]),
        data["definitions"],
        data["clauses"],
        data["words"],
        data["examples"],
    )


def _mistake(entry: dict[str, Any]) -> Mistake:
    return Mistake(
        entry["code"],
        re.compile(entry["pattern"]),
        entry["message"],
        entry["help"],
        entry.get("fix"),
        entry.get("safe", True),
        entry.get("where"),
        entry["wrong"],
        entry.get("right"),
    )


def recognise(fault: Span, bound: bool) -> Diagnostic | None:
    """The slip at a place, if it is a known one; `bound` tells whether a promise is expected there."""
    text = fault.source.text
    start = max(text.rfind("\n", 0, fault.start) + 1, fault.start - _AROUND)
    end = text.find("\n", fault.start)
    line = text[start : min(len(text) if end < 0 else end, fault.start + _AROUND)]
    for mistake in vocabulary().mistakes:
        if mistake.where == "bound" and not bound:
            continue
        for found in mistake.pattern.finditer(line):
            left, right = found.span("at") if "at" in mistake.pattern.groupindex else found.span()
            if start + left <= fault.start < start + right:
                return _told(mistake, found, Span(fault.source, start + left, start + right), start)
    return None


def _told(mistake: Mistake, found: re.Match[str], place: Span, start: int) -> Diagnostic:
    named = {name: text or "" for name, text in found.groupdict().items()}
    words = named | {f"{name}_": _APART.sub("_", text) for name, text in named.items()}
    if month := named.get("month_name"):
        words["month"] = f"{_MONTHS.index(month.lower()) // 3 + 1:02}"
    shown = place.text.strip()
    fix = None
    if mistake.fix is not None:
        edit = Edit(
            Span(place.source, start + found.start(), start + found.end()), mistake.fix.format(shown, **words)
        )
        fix = Fix(mistake.help.format(shown, **words), (edit,), mistake.safe)
    return Diagnostic(
        mistake.code,
        mistake.message.format(shown, **words),
        Span(place.source, place.end - len(place.text.lstrip()), place.start + len(place.text.rstrip()))
        if shown
        else place,
        help=mistake.help.format(shown, **words),
        fix=fix,
    )
