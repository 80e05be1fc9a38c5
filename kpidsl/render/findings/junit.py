"""Findings as JUnit XML: a suite for each check.

A test is a case. So is a finding that belongs to no test: failed if it makes the check fail, else passed with
what there is to say; an error where the job could not be done. A check that found nothing is one case that
passed, for readers take a report without cases for a broken one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from attrs import frozen

from kpidsl.diagnostics import Diagnostic
from kpidsl.findings import Case, Check, Findings
from kpidsl.render.cells import Screen
from kpidsl.render.findings.places import message, spot, title

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_Part = Literal["failure", "error", "skipped", "system-out"]


@frozen
class _Row:
    """A `testcase`: what it is called, where it is, and what it says."""

    name: str
    classname: str
    line: int | None = None
    part: _Part | None = None
    message: str = ""
    text: str = ""


def render(found: Findings, _: Screen) -> str:
    """The whole document."""
    suites = [(check.name, list(_rows(found, check))) for check in found.checks]
    every = [row for _, rows in suites for row in rows]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="kpidsl" {_counts(every)}>']
    for name, rows in suites:
        lines.append(f"  <testsuite name={_attribute(name)} {_counts(rows)}>")
        lines += [f"    {_testcase(row)}" for row in rows]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _rows(found: Findings, check: Check) -> Iterable[_Row]:
    theirs = {id(d) for case in check.cases for d in case.diagnostics}
    alone = [d for d in found.shown(check) if id(d) not in theirs]
    for case in check.cases:
        yield _tried(found, case)
    for d in alone:
        yield _found(found, check, d)
    if not check.cases and not alone:
        yield _Row(check.name, "kpidsl")


_PARTS: dict[str, _Part | None] = {
    "passed": None,
    "failed": "failure",
    "error": "error",
    "skipped": "skipped",
}


def _tried(found: Findings, case: Case) -> _Row:
    said = [message(d) for d in case.diagnostics]
    first = said[0].partition("\n")[0] if said else ""
    part = _PARTS[case.outcome] or ("system-out" if said else None)
    return _Row(case.name, found.named(case.file), case.line, part, first, "\n\n".join(said))


def _found(found: Findings, check: Check, d: Diagnostic) -> _Row:
    place = spot(found, d)
    part: _Part = "failure"
    if not check.whole and d.code.startswith("K7"):
        part = "error"
    elif d.severity < check.fails_from:
        part = "system-out"
    where = f"{place.path}:{place.line}: " if place else ""
    classname = place.path if place else "kpidsl"
    name = f"{title(d)}: {d.told}"
    return _Row(name, classname, place.line if place else None, part, d.told, where + message(d))


def _counts(rows: list[_Row]) -> str:
    parts = [row.part for row in rows]
    counts = {"tests": len(rows), "failures": parts.count("failure"), "errors": parts.count("error")}
    return " ".join(f'{name}="{n}"' for name, n in (counts | {"skipped": parts.count("skipped")}).items())


def _testcase(row: _Row) -> str:
    place = f' file={_attribute(row.classname)} line="{row.line}"' if row.line else ""
    head = f"testcase classname={_attribute(row.classname)} name={_attribute(row.name)}{place}"
    match row.part:
        case None:
            return f"<{head}/>"
        case "system-out":
            inside = f"<system-out>{_text(row.text)}</system-out>"
        case part:
            inside = f"<{part} message={_attribute(row.message)}>{_text(row.text)}</{part}>"
    return f"<{head}>{inside}</testcase>"


def _attribute(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\ufffd", text))


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))
