"""Findings as JSON; `kpi schema lint` and `kpi schema ci` describe it."""

from __future__ import annotations

from typing import Any

from kpidsl.findings import Check, Findings
from kpidsl.render.cells import Screen
from kpidsl.render.data import SCHEMA_VERSION, as_json, diagnostic, findings


def render(found: Findings, _: Screen) -> str:
    """Of one check its diagnostics; of `kpi ci` every check with its own."""
    if found.command != "ci":
        return as_json(findings(found.diagnostics))
    checks = [_check(check) for check in found.checks]
    return as_json({"schema_version": SCHEMA_VERSION, "code": found.code, "checks": checks})


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "code": check.code,
        "said": check.said or None,
        "cases": [
            {"name": case.name, "file": case.file, "line": case.line, "outcome": case.outcome}
            for case in check.cases
        ],
        "diagnostics": [diagnostic(d) for d in check.diagnostics],
    }
