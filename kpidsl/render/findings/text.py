"""Findings for a person at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.findings import Check, Findings
from kpidsl.render.cells import Screen


def render(found: Findings, screen: Screen) -> str:
    """Every diagnostic, and a line for each check; quiet, only what has something to say."""
    return "".join(_check(found, check, screen) for check in found.checks)


def _check(found: Findings, check: Check, screen: Screen) -> str:
    diagnostics = found.shown(check)
    if found.shown_from is Severity.ERROR and not (diagnostics or check.code):
        return ""
    shown, counted = _told(diagnostics, screen) if diagnostics else ("", "")
    said = ", ".join(part for part in (check.said, counted) if part)
    if not said:
        listed = any(one.suppressed and not one.suppressed.beside for one in check.suppressed)
        said = "nothing new found" if listed else "nothing found"
        if len(found.checks) == 1:
            said = f"{found.files} file{'s' if found.files != 1 else ''}: {said}"
    if said and len(found.checks) > 1:
        said = f"{screen.paint(check.name, 'bold')}: {said}"
    return shown + (f"{said}{_let_pass(found, check)}\n" if said else "")


def _told(diagnostics: Sequence[Diagnostic], screen: Screen) -> tuple[str, str]:
    """The diagnostics, and how many they are."""
    from kpidsl.render.diagnostics import render, summary

    return render(diagnostics, screen), summary(diagnostics)


def _let_pass(found: Findings, check: Check) -> str:
    """What is left alone: what an old list has always, what comments say for those who want to know more."""
    known = [one.suppressed for one in check.suppressed if one.suppressed is not None]
    beside = sum(one.beside for one in known)
    listed = len(known) - beside
    said = [f"{listed} in the baseline"] if listed else []
    said += (
        [f"{beside} let pass by comments"] if beside and (listed or found.shown_from is Severity.INFO) else []
    )
    return f" ({', '.join(said)})" if said else ""
