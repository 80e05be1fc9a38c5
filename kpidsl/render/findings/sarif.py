"""Findings as SARIF 2.1.0 (OASIS), with what GitHub's code scanning asks for beyond the standard.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; for GitHub "SARIF support for code
scanning": every rule with its texts, every result with a file relative to the repository, all four of a
region's numbers and a fingerprint, one run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from kpidsl.codes import CATALOGUE
from kpidsl.diagnostics import Diagnostic, Edit, Severity, Suppressed
from kpidsl.findings import About, Findings, fingerprints
from kpidsl.render.cells import Screen
from kpidsl.render.data import as_json
from kpidsl.render.findings.places import Spot, message, name, of_span, somewhere

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS = 25_000
"""GitHub refuses a run with more."""
_LONGEST = 1024
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_WEIGHTS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
_LINK = re.compile(r"\[(?=[^\]\[]*\]\()")
Json = dict[str, Any]


def render(found: Findings, _: Screen) -> str:
    """One run with all that was found; what is suppressed is there, and says so."""
    active = len(found.diagnostics)
    told = [*found.diagnostics, *(d for check in found.checks for d in check.suppressed)]
    marks = fingerprints(told)
    order = sorted(range(len(told)), key=lambda n: (n >= active, -told[n].severity))
    kept = sorted(order[:MOST_RESULTS])
    first = {told[n].code: told[n] for n in reversed(kept)}
    index = {code: n for n, code in enumerate(sorted(first))}
    invocation: Json = {"executionSuccessful": found.code < 2}
    if len(kept) < len(told):
        text = f"{len(told) - len(kept)} more findings are left out: a run holds {MOST_RESULTS}."
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    driver: Json = {"name": "kpidsl", "rules": [_rule(found, first[code]) for code in index]}
    if version := _version():
        driver["semanticVersion"] = version
    run: Json = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"kpidsl/{found.command}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [_result(found, told[n], marks[n], index) for n in kept],
    }
    if len(told) > active:  # said of each result, or of none
        for n, result in zip(kept, run["results"], strict=True):
            result["suppressions"] = [_suppression(told[n].suppressed)] if n >= active else []
    return as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _version() -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("kpidsl")
    except PackageNotFoundError:
        return None


def _rule(found: Findings, d: Diagnostic) -> Json:
    """What stands for all findings of one code, of which this is the first."""
    about = _about(found, d)
    more = about.help or f"`kpi rule {d.code}` says more."
    return {
        "id": d.code,
        "name": "".join(part.capitalize() for part in about.name.split("-")),
        "shortDescription": {"text": _short(about.name.replace("-", " "))},
        "fullDescription": {"text": _short(about.summary)},
        "help": {
            "text": f"{about.summary}\n\n{more}",
            "markdown": f"**{d.code} {about.name}**: {about.summary}\n\n{more}",
        },
        "defaultConfiguration": {"level": _LEVELS[about.severity]},
        "properties": {"tags": ["kpi"], "problem.severity": _WEIGHTS[about.severity]},
    }


def _about(found: Findings, d: Diagnostic) -> About:
    told = found.about(d.code) if found.about else None
    if told is not None:
        return told
    known = CATALOGUE.get(d.code)
    if known is not None:
        return About(known.name, known.severity, known.summary)
    return About(name(d), d.severity, name(d).replace("-", " "))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _result(found: Findings, d: Diagnostic, mark: str, index: dict[str, int]) -> Json:
    result: Json = {
        "ruleId": d.code,
        "ruleIndex": index[d.code],
        "level": _LEVELS[d.severity],
        "message": {"text": _plain(message(d))},
        "locations": [{"physicalLocation": _physical(somewhere(found, d))}],
        "partialFingerprints": {"primaryLocationLineHash": mark},
    }
    if d.labels:
        result["relatedLocations"] = [
            {
                "id": n,
                "physicalLocation": _physical(of_span(found, label.span)),
                "message": {"text": _plain(label.text) or "here"},
            }
            for n, label in enumerate(d.labels, start=1)
        ]
    if d.fix and d.fix.edits:
        changes = [_change(found, file, d.fix.edits) for file in _files(d.fix.edits)]
        result["fixes"] = [{"description": {"text": _plain(d.fix.title)}, "artifactChanges": changes}]
    return result


def _suppression(known: Suppressed | None) -> Json:
    known = known or Suppressed()
    said: Json = {"kind": "inSource" if known.beside else "external", "status": "accepted"}
    return said | ({"justification": known.reason} if known.reason else {})


def _plain(text: str) -> str:
    """A text in which nothing is a link: `[words](target)` would be one."""
    return _LINK.sub(r"\\[", text)


def _physical(spot: Spot) -> Json:
    return {"artifactLocation": _artifact(spot.path), "region": _region(spot)}


def _artifact(path: str) -> Json:
    """Relative to the top of the repository, which every reader knows; an absolute one as it is."""
    if path.startswith("/"):
        return {"uri": f"file://{quote(path)}"}
    return {"uri": quote(path), "uriBaseId": "%SRCROOT%"}


def _region(spot: Spot) -> Json:
    return {
        "startLine": spot.line,
        "startColumn": spot.column,
        "endLine": spot.end_line,
        "endColumn": spot.end_column,
    }


def _files(edits: Iterable[Edit]) -> list[str]:
    return list(dict.fromkeys(edit.span.source.name for edit in edits))


def _change(found: Findings, file: str, edits: Iterable[Edit]) -> Json:
    replacements = [
        {"deletedRegion": _region(of_span(found, edit.span)), "insertedContent": {"text": edit.text}}
        for edit in edits
        if edit.span.source.name == file
    ]
    return {"artifactLocation": _artifact(found.named(file)), "replacements": replacements}
