"""Plain data as JSON, and diagnostics as plain data.

The same findings give the same bytes: keys are sorted, numbers have 12 significant digits, dates are
ISO, what is not there is null, and nothing of the machine or the moment is in it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

import attrs

from kpidsl.codes import CATALOGUE
from kpidsl.diagnostics import Diagnostic, Span

SCHEMA_VERSION = 1


def as_json(data: Any) -> str:
    """Plain data as JSON, ended by a line end. The text is UTF-8, not escaped to ASCII."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n"


def findings(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """Diagnostics alone, as `kpi lint` gives them."""
    return {"schema_version": SCHEMA_VERSION, "diagnostics": [diagnostic(d) for d in diagnostics]}


def figure(value: float | None) -> float | None:
    """A number as outputs carry it: 12 significant digits, never NaN or infinite, no negative zero."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.12g}") + 0.0


# -- diagnostics -----------------------------------------------------------------------------------


def diagnostic(d: Diagnostic) -> dict[str, Any]:
    """One diagnostic. Lines and columns count from 1, columns in characters; ends are exclusive."""
    known = CATALOGUE.get(d.code)
    return {
        "code": d.code,
        "name": known.name if known else d.rule,
        "severity": d.severity.word,
        "message": d.message,
        "place": place(d.span) if d.span is not None else None,
        "data_place": d.place,
        "labels": [{"place": place(label.span), "text": label.text} for label in d.labels],
        "notes": list(d.notes),
        "help": d.help,
        "fix": _fix(d),
        "kpi": d.kpi,
    }


def _fix(d: Diagnostic) -> dict[str, Any] | None:
    if d.fix is None:
        return None
    edits = [{"place": place(edit.span), "text": edit.text} for edit in d.fix.edits]
    return {**attrs.asdict(d.fix, filter=attrs.filters.exclude("edits")), "edits": edits}


def place(span: Span) -> dict[str, Any]:
    """Where a stretch of a text is."""
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
