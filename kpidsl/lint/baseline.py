"""A baseline: the findings that a project had when it began to use lint, which may stay for now.

A finding is known by what it is about, never by its line: the rule, the KPI, the text of the line without
its blanks, and which of several alike it is. A baseline shrinks by itself, and does not grow.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import asdict, frozen

from kpidsl import files
from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.findings import fingerprints
from kpidsl.records import Record

SCHEMA_VERSION = 1
_ANEW = "without the file, `--write-baseline` writes a new one"


@frozen(repr=False)
class Known(Record):
    """One finding of a baseline."""

    fingerprint: str
    rule: str
    file: str


@frozen(repr=False)
class Baseline(Record):
    """What may stay, by fingerprint."""

    path: Path
    known: tuple[Known, ...] = ()


@frozen(repr=False)
class Split(Record):
    """Findings that are new, those that a baseline knows, and the baseline without what is mended."""

    new: tuple[Diagnostic, ...]
    old: tuple[Diagnostic, ...]
    shrunk: Baseline


def may_stay(finding: Diagnostic) -> bool:
    """Whether a finding can be in a baseline: not one that keeps something from being evaluated."""
    return finding.rule is not None or finding.severity is not Severity.ERROR


def load(path: Path, *, required: bool = False) -> Baseline | Diagnostic:
    """The baseline in a file, or what is wrong with it; an empty one where there is no file, unless that is
    `required`."""
    shown = files.shown_as(path)
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["schema_version"] != SCHEMA_VERSION:
            return _bad(shown, f"it is of version {data['schema_version']!r}, and {SCHEMA_VERSION} is read")
        known = tuple(
            Known(_text(one["fingerprint"]), _text(one["rule"]), _text(one["file"]))
            for one in data["findings"]
        )
    except FileNotFoundError:
        missing = _bad(shown, "there is no such file", "`--write-baseline` writes it")
        return missing if required else Baseline(path)
    except OSError as error:
        return _bad(shown, f"{error.strerror}".lower())
    except (ValueError, KeyError, TypeError):
        return _bad(shown, "it is not what `--write-baseline` writes")
    return Baseline(path, known)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _bad(shown: str, why: str, help_: str = _ANEW) -> Diagnostic:
    return Diagnostic("K783", f"the baseline `{shown}` cannot be read: {why}", place=shown, help=help_)


def split(findings: Sequence[Diagnostic], baseline: Baseline, looked_at: Iterable[str]) -> Split:
    """Findings by whether the baseline knows them. What it knows and is not found any more is mended: the
    shrunk baseline lacks it. That can be said only where all its files that are still there were looked at,
    for what is found of one can rest on the others."""
    marks = fingerprints(findings)
    known = {one.fingerprint for one in baseline.known}
    new = tuple(one for one, mark in zip(findings, marks, strict=True) if mark not in known)
    old = tuple(one for one, mark in zip(findings, marks, strict=True) if mark in known)
    there, names = set(marks), {_shown(name, baseline.path) for name in looked_at}
    unseen = {one.file for one in baseline.known} - names
    if any((baseline.path.parent / file).exists() for file in unseen):
        return Split(new, old, baseline)
    left = tuple(one for one in baseline.known if one.fingerprint in there)
    return Split(new, old, Baseline(baseline.path, left))


def of(findings: Sequence[Diagnostic], path: Path) -> Baseline:
    """A baseline that knows these findings."""
    marks = zip(findings, fingerprints(findings), strict=True)
    known = tuple(Known(mark, one.rule or one.code, _where(one, path)) for one, mark in marks)
    return Baseline(path, known)


def _where(finding: Diagnostic, path: Path) -> str:
    return _shown(finding.span.source.name, path) if finding.span else ""


def _shown(name: str, path: Path) -> str:
    """A file, from the folder of the baseline."""
    try:
        return Path(os.path.relpath(name, path.absolute().parent)).as_posix()
    except ValueError:  # another drive
        return name


def write(baseline: Baseline) -> Diagnostic | None:
    """Write a baseline, sorted, one finding to a line, so that a diff shows what went; or what went wrong."""
    rows = sorted(baseline.known, key=lambda one: (one.file, one.rule, one.fingerprint))
    lines = ",".join(f"\n    {json.dumps(asdict(one), ensure_ascii=False, sort_keys=True)}" for one in rows)
    findings = f"[{lines}\n  ]" if lines else "[]"
    body = f'{{\n  "schema_version": {SCHEMA_VERSION},\n  "findings": {findings}\n}}\n'
    return files.write(baseline.path, body)
