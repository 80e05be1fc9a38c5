"""`approvals.toml`: who agreed to which change, why, and until when.

    [[approval]]
    change = "3f2a9c1d4b7e"    # the fingerprint that `kpi breaking` tells
    who    = "Ada Lovelace"
    why    = "agreed in the review of the third quarter"
    until  = 2026-12-31        # may be left out
    what   = "cost_per_lead: target loosened ..."   # for readers; may be left out

It lies in the project's folder. A fingerprint is made of what is changed from what to what, so that an
approval fits one change only, wherever it stands.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Report, Source, Span, near
from kpidsl.diff.changes import Change

FILE = "approvals.toml"
_KEYS = ("change", "who", "why", "until", "what")
_FINGERPRINT = re.compile(r"[0-9a-f]{12}")


@frozen
class Approval:
    """One agreement."""

    change: str
    who: str
    why: str
    until: date | None
    span: Span

    def holds(self, as_of: date) -> bool:
        """Whether it is not over yet."""
        return self.until is None or as_of <= self.until


def read(source: Source | None, report: Report) -> tuple[Approval, ...]:
    """The approvals of a file; what is wrong with it goes into the report, and does not approve anything."""
    if source is None:
        return ()
    try:
        data: dict[str, Any] = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        at = source.line_starts[int(found[1]) - 1] + int(found[2]) - 1 if found else len(source.text)
        said = str(error).partition(" (at ")[0]
        report.add(_wrong(f"not a TOML document: {said[:1].lower()}{said[1:]}", Span(source, at, at)))
        return ()
    for key in data:
        if key != "approval":
            report.add(
                _wrong(f"unknown key `{key}`", _find(source, key), "approvals are written as [[approval]]")
            )
    tables = data.get("approval", [])
    if not isinstance(tables, list):
        report.add(
            _wrong(
                "`approval` is one table", _find(source, "approval"), "it is a list of tables: [[approval]]"
            )
        )
        return ()
    spans = [
        Span(source, *m.span(1)) for m in re.finditer(r"^\s*(\[\[\s*approval\s*\]\])", source.text, re.M)
    ]
    spans += [Span(source, 0, 0)] * (len(tables) - len(spans))
    every = (_approval(table, span, report) for table, span in zip(tables, spans, strict=False))
    return tuple(approval for approval in every if approval is not None)


def entry(change: Change, who: str, why: str, until: date | None) -> str:
    """An approval as it is written."""
    lines = ["[[approval]]", f'change = "{change.fingerprint}"', f"what   = {_text(change.sentence)}"]
    lines += [f"who    = {_text(who)}", f"why    = {_text(why)}"]
    lines += [f"until  = {until}"] if until is not None else []
    return "\n".join(lines) + "\n"


def settled(changes: Iterable[Change], approvals: Iterable[Approval], as_of: date) -> dict[str, Approval]:
    """By fingerprint, the approval of each change that has one which holds."""
    given = {approval.change: approval for approval in approvals if approval.holds(as_of)}
    return {c.fingerprint: given[c.fingerprint] for c in changes if c.fingerprint in given}


def _approval(table: object, span: Span, report: Report) -> Approval | None:
    if not isinstance(table, dict):
        report.add(_wrong("an approval is a table", span))
        return None
    before = len(report)
    for key in table:
        if key not in _KEYS:
            alike = near(str(key), _KEYS)
            hint = f"a key with a similar name: `{alike[0]}`" if alike else f"known keys: {', '.join(_KEYS)}"
            report.add(_wrong(f"unknown key `{key}` of an approval", span, hint))
    for key in ("change", "who", "why"):
        value = table.get(key)
        if not isinstance(value, str) or not value.strip():
            report.add(_wrong(f"an approval says in `{key}` {_WANTED[key]}", span))
    until = table.get("until")
    day = _day(until)
    if until is not None and day is None:
        report.add(_wrong(f"`until` is no day: {until!r}", span, "a day is written as 2026-12-31"))
    change = table.get("change")
    if isinstance(change, str) and not _FINGERPRINT.fullmatch(change):
        report.add(_wrong(f"`{change}` is no fingerprint", span, "`kpi breaking` tells that of each change"))
    return Approval(table["change"], table["who"], table["why"], day, span) if len(report) == before else None


_WANTED = {"change": "which change it is about", "who": "who agreed", "why": "why, in a few words"}


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _find(source: Source, key: str) -> Span:
    found = re.search(rf"^[ \t\[]*({re.escape(key)})", source.text, re.MULTILINE)
    return Span(source, *found.span(1)) if found else Span(source, 0, 0)


def _text(value: str) -> str:
    """A TOML string; its escapes are those of JSON, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _wrong(message: str, span: Span, help_: str | None = None) -> Diagnostic:
    return Diagnostic("K755", message, span, help=help_)
