"""Findings as Markdown: the body of a comment on a pull request, and the summary of a step.

The first line is a mark that readers do not see; whoever posts the body finds the earlier comment by it, and
replaces that one. Texts of a spec come from strangers: no word of theirs becomes markup, or calls a person.
"""

from __future__ import annotations

import re

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.findings import Check, Findings
from kpidsl.render.cells import Screen
from kpidsl.render.diagnostics import summary
from kpidsl.render.findings.places import message, spot, title

LONGEST = 65_000
"""Characters: GitHub takes 65 536 in a comment."""
_SIGNS = {Severity.ERROR: "🔴", Severity.WARNING: "🟡", Severity.INFO: "🔵"}
_RESULTS = ("✅", "❌", "⚠️")
_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_MARKUP = re.compile(r"[\\`*_\[\]~|]")


def mark(found: Findings) -> str:
    """The first line: of the command, and of the folder where it ran, for a repository may have several."""
    folder = found.named(".").replace("--", "")
    return f"<!-- kpidsl: {found.command}{'' if folder == '.' else ' in ' + folder} -->"


def render(found: Findings, _: Screen) -> str:
    """A table of the checks, then what each found; what is too long is counted."""
    shown = found.shown()
    head = [mark(found), f"### kpi {found.command}: {summary(shown) or 'nothing found'}", ""]
    if len(found.checks) > 1:
        head += ["| | check | result |", "|---|---|---|"]
        head += [
            f"| {_RESULTS[check.code]} | {check.name} | {_result(found, check)} |" for check in found.checks
        ]
        head.append("")
    elif found.checks and found.checks[0].said:
        head += [inline(found.checks[0].said), ""]
    rows = [_row(found, d) for d in sorted(shown, key=lambda d: -d.severity)]
    kept = _fitting(rows, LONGEST - sum(len(line) + 1 for line in head))
    if kept:
        head += ["| | where | what |", "|---|---|---|", *kept]
    if left := len(rows) - len(kept):
        head += ["", f"and {left} more: a comment has no room for them"]
    return "\n".join(head).rstrip() + "\n"


def _result(found: Findings, check: Check) -> str:
    parts = (inline(check.said), summary(found.shown(check)))
    return ", ".join(part for part in parts if part) or "nothing found"


def _row(found: Findings, d: Diagnostic) -> str:
    place = spot(found, d)
    where = _code(f"{place.path}:{place.line}") if place else ""
    first, *rest = message(d).split("\n")
    said = "<br>".join([f"**{title(d)}**: {inline(first)}", *map(inline, rest)])
    return f"| {_SIGNS[d.severity]} | {where} | {said} |"


def _fitting(rows: list[str], room: int) -> list[str]:
    """The first rows that there is room for, with some left to count the others."""
    total = 200
    for n, row in enumerate(rows):
        total += len(row) + 1
        if total > room:
            return rows[:n]
    return rows


def inline(text: str) -> str:
    """A line of text in a table: what stands in backticks stays code, nothing else is markup."""
    parts, at = [], 0
    for code in _CODE.finditer(text):
        parts += [_escaped(text[at : code.start()]), code[0].replace("|", r"\|")]
        at = code.end()
    return "".join([*parts, _escaped(text[at:])])


def _escaped(text: str) -> str:
    text = _MARKUP.sub(r"\\\g<0>", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return re.sub(r"@(?=\w)|#(?=\d)", r"\g<0><!-- -->", text)


def _code(text: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}{text}{fence}".replace("|", r"\|")
