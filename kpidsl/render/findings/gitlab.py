"""Findings as a Code Quality report of GitLab: an array, empty when clean."""

from __future__ import annotations

from typing import Any

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.findings import Findings, fingerprints
from kpidsl.render.cells import Screen
from kpidsl.render.data import as_json
from kpidsl.render.findings.places import message, name, somewhere, title

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(found: Findings, _: Screen) -> str:
    """All findings, each with a fingerprint that no other has: of two alike GitLab shows one."""
    told = found.diagnostics
    return as_json([_issue(found, d, mark) for d, mark in zip(told, fingerprints(told), strict=True)])


def _issue(found: Findings, d: Diagnostic, mark: str) -> dict[str, Any]:
    place = somewhere(found, d)
    return {
        "description": f"{title(d)}: {message(d)}",
        "check_name": name(d),
        "fingerprint": mark,
        "severity": _SEVERITIES[d.severity],
        "location": {"path": place.path, "lines": {"begin": place.line, "end": place.end_line}},
    }
