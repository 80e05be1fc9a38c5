"""What of the changes breaks something for others, as findings; and what is approved of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from kpidsl.diagnostics import Diagnostic, Severity, Span
from kpidsl.diff.approvals import FILE, Approval, settled
from kpidsl.diff.changes import Category, Change

LEVELS: Mapping[str, Category] = {"target": Category.TARGET, "value": Category.VALUE, "name": Category.NAME}
"""What is looked at, from strict to lenient: with `value`, promises may be moved without asking."""
_CODES = {Category.NAME: "K761", Category.VALUE: "K762", Category.TARGET: "K763"}


def breaking(changes: Iterable[Change], least: Category = Category.TARGET) -> tuple[Change, ...]:
    """Those of which others have to be asked."""
    return tuple(change for change in changes if change.breaking and change.category >= least)


def findings(
    changes: Sequence[Change], approvals: Sequence[Approval], as_of: date, *, was: str = "before"
) -> tuple[Diagnostic, ...]:
    """An error for each breaking change that nobody approved, a note for each that somebody did; warnings of
    approvals that are over. `was`: what the old side is called."""
    given = settled(changes, approvals, as_of)
    found = [_finding(change, given.get(change.fingerprint), was) for change in changes]
    return (*found, *_stale(changes, approvals, as_of))


def clause_of(change: Change) -> Span | None:
    """The line of the clause that is changed; the definition where it has none."""
    span = change.span
    if span is None:
        return None
    word = _begins(change)
    line = re.search(rf"^[ \t]+({word}(?!\w).*?)[ \t]*(?:#.*)?$", span.text, re.MULTILINE) if word else None
    if line is None or change.after is None:
        return span
    return Span(span.source, span.start + line.start(1), span.start + line.end(1))


def _begins(change: Change) -> str:
    """What the line of a clause begins with, as a pattern: of a slice, a member and a column its name, of a
    check the condition."""
    head, _, rest = change.aspect.partition(" ")
    named = f"`?{re.escape(rest.removeprefix('of '))}`?"
    match head:
        case "target" | "tolerance" if rest.startswith("of "):
            return named
        case "member":
            return rf"(?:kpi|objective)[ \t]+{named}"
        case "check":
            condition = (change.after or "").partition(" else ")[0]
            return "".join(["check", *(rf"[ \t]+{re.escape(word)}" for word in condition.split())])
        case "column":
            return rf"column[ \t]+{named}"
        case _:
            return _CLAUSES.get(head, "")


_CLAUSES = {
    word: word
    for word in (
        *(
            "formula",
            "unit",
            "target",
            "tolerance",
            "baseline",
            "deadline",
            "pace",
            "sample",
            "draft",
            "projection",
        ),
        *("measured", "fresh", "complete", "key", "time", "channel", "row"),
    )
} | {"start": "from", "split": "by", "confidence": "confident", "rows": "from", "rule": "met"}


def _finding(change: Change, approval: Approval | None, was: str) -> Diagnostic:
    about = change.name if change.kind == "kpi" else None
    notes = (
        [f"in {was}: {change.before}"]
        if change.before and change.aspect not in ("removed", "renamed")
        else []
    )
    message = f"`{change.name}`: {change.clause}"
    code, span = _CODES[change.category], clause_of(change)
    place: str | None = None
    if change.aspect == "removed" and span is not None:
        place, span = f"{was}:{span.source.name}:{span.line}", None
    if approval is not None:
        until = f", until {approval.until}" if approval.until else ""
        notes.append(f"approved by {approval.who}{until}: {approval.why}")
        return Diagnostic(code, message, span, Severity.INFO, notes=tuple(notes), place=place, kpi=about)
    return Diagnostic(code, message, span, notes=tuple(notes), help=_help(change), place=place, kpi=about)


def _help(change: Change) -> str:
    agree = f'`--approve {change.fingerprint} --who NAME --why "..."` writes into {FILE} that it is agreed'
    if change.kind == "kpi" and change.aspect == "renamed":
        keep = f"`kpi {change.before}` with `deprecated use {change.after}` keeps the old name for a while"
        return f"{keep}; {agree}"
    return agree


def _stale(changes: Sequence[Change], approvals: Sequence[Approval], as_of: date) -> Iterator[Diagnostic]:
    """Approvals that are over, and those of changes that are not made, or were merged long ago."""
    made = {change.fingerprint for change in changes}
    for approval in approvals:
        if approval.change not in made:
            said = f"nothing changes that the approval of {approval.who} is about"
            help_ = "it can be taken out: approvals are needed only until the change is merged"
            yield Diagnostic("K757", said, approval.span, Severity.INFO, help=help_)
        elif not approval.holds(as_of):
            said = f"the approval of {approval.who} was given until {approval.until}"
            yield Diagnostic("K756", said, approval.span, Severity.WARNING)
