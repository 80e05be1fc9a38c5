"""Findings in the Reviewdog Diagnostic Format. Its columns count the bytes of UTF-8."""

from __future__ import annotations

from typing import Any

from kpidsl.diagnostics import Diagnostic, Severity, Source, Span
from kpidsl.findings import Findings
from kpidsl.render.cells import Screen
from kpidsl.render.data import as_json
from kpidsl.render.findings.places import message, spot, title

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFO: "INFO"}
Json = dict[str, Any]


def render(found: Findings, _: Screen) -> str:
    """All findings, with the replacement where one edit repairs them."""
    return as_json({"source": {"name": "kpidsl"}, "diagnostics": [_one(found, d) for d in found.diagnostics]})


def _one(found: Findings, d: Diagnostic) -> Json:
    said: Json = {
        "message": message(d),
        "location": _location(found, d),
        "severity": _SEVERITIES[d.severity],
        "code": {"value": title(d)},
    }
    if d.fix and len(d.fix.edits) == 1 and d.span and d.fix.edits[0].span.source is d.span.source:
        edit = d.fix.edits[0]
        said["suggestions"] = [{"range": _range(edit.span), "text": edit.text}]
    return said


def _location(found: Findings, d: Diagnostic) -> Json:
    if d.span is not None:
        return {"path": found.named(d.span.source.name), "range": _range(d.span)}
    place = spot(found, d)
    if place is None:
        return {"path": found.named(found.home)}
    return {"path": place.path, "range": {"start": {"line": place.line}}}


def _range(span: Span) -> Json:
    return {"start": _position(span.source, span.start), "end": _position(span.source, span.end)}


def _position(source: Source, offset: int) -> Json:
    line, _ = source.position(offset)
    before = source.text[source.line_starts[line - 1] : offset]
    return {"line": line, "column": len(before.encode("utf-8", "surrogatepass")) + 1}
