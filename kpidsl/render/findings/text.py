"""Findings for a person at a terminal."""

from __future__ import annotations

from kpidsl.diagnostics import Severity
from kpidsl.findings import Check, Findings
from kpidsl.render.cells import Screen
from kpidsl.render.diagnostics import render as shown
from kpidsl.render.diagnostics import summary


def render(found: Findings, screen: Screen) -> str:
    """Every diagnostic, and a line for each check; quiet, only what has something to say."""
    return "".join(_check(found, check, screen) for check in found.checks)


def _check(found: Findings, check: Check, screen: Screen) -> str:
    diagnostics = found.shown(check)
    counted = summary(diagnostics)
    said = ", ".join(part for part in (check.said, counted) if part)
    if not said and found.shown_from < Severity.ERROR:
        said = "nothing found"
        if len(found.checks) == 1:
            said = f"{found.files} file{'s' if found.files != 1 else ''}: {said}"
    if said and len(found.checks) > 1:
        said = f"{screen.paint(check.name, 'bold')}: {said}"
    return shown(diagnostics, screen) + (f"{said}\n" if said else "")
