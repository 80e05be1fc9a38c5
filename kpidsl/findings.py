"""What checks of a project found, as every output takes it: its layout, lint, tests, changes.

A command makes a `Check` of what it found and puts it into `Findings`; `kpidsl.render.findings` writes these
in every format, and `Findings.code` is how the command ends.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Severity, Span
from kpidsl.records import Record

Outcome = Literal["passed", "failed", "error", "skipped"]
_HEAD = re.compile(r"[^\W\d]\w*(?:[ \t]+(?:`[^`\n]+`|\"[^\"\n]*\"|[^\W\d]\w*))?")
_NUMBERS = re.compile(r"(?::\d+)+$")


@frozen(repr=False)
class Case(Record):
    """Something that was tried by name, such as a test. `failed`: a value is not what was expected; `error`:
    there is no value to compare."""

    name: str
    file: str
    outcome: Outcome
    line: int | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


@frozen(repr=False)
class Check(Record):
    """What one check found. `diagnostics` has everything, also what belongs to a case."""

    name: str
    diagnostics: tuple[Diagnostic, ...] = ()
    cases: tuple[Case, ...] = ()
    suppressed: tuple[Diagnostic, ...] = ()
    """What was found and is left alone; it fails nothing, and only SARIF has it."""
    fails_from: Severity = Severity.ERROR
    """The least severity that makes the check fail."""
    whole: bool = True
    """False if the job could not be done, in whole or in part."""
    said: str = ""
    """A few words for the line that ends its text: `12 of 12 tests passed`."""

    @property
    def code(self) -> int:
        """0 fine, 1 found something, 2 could not do the job."""
        if not self.whole:
            return 2
        failed = any(case.outcome in ("failed", "error") for case in self.cases)
        return int(failed or any(d.severity >= self.fails_from for d in self.diagnostics))


@frozen(repr=False)
class About(Record):
    """What there is to say about a rule. `help` is Markdown: why it is there, a bad and a good example."""

    name: str
    severity: Severity
    summary: str
    help: str = ""


@frozen(repr=False)
class Findings(Record):
    """What a command found, and for whom."""

    command: str
    checks: tuple[Check, ...]
    shown_from: Severity = Severity.WARNING
    """The least severity that people are shown; programs get all."""
    files: int = 0
    top: Path | None = None
    """The top of the repository, from which services name files; None: names stay as they are."""
    home: str = "kpi.toml"
    """The file that whatever has no place of its own is attached to, where a format wants a file."""
    changed: Callable[[str, int], bool] | None = None
    """Whether a line of a file, as services name it, is among those that are under review."""
    about: Callable[[str], About | None] | None = None
    """More of a code than the catalogue has."""

    @property
    def code(self) -> int:
        """The worst of the checks' codes."""
        return max((check.code for check in self.checks), default=0)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Of all checks, in their order."""
        return tuple(d for check in self.checks for d in check.diagnostics)

    def shown(self, check: Check | None = None) -> list[Diagnostic]:
        """What people are shown, of one check or of all."""
        found = self.diagnostics if check is None else check.diagnostics
        return [d for d in found if d.severity >= self.shown_from]

    def named(self, file: str) -> str:
        """A file as services name it: from the top of the repository. What lies elsewhere keeps its name."""
        if self.top is None or file.startswith("<"):
            return file
        try:
            relative = os.path.relpath(file, self.top)
        except ValueError:  # another drive
            return file
        return file if relative.startswith(os.pardir) else Path(relative).as_posix()


def fingerprints(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """A stable name for each: of the rule, the definition, the text it is about without its blanks, and which
    one of several alike it is. No line numbers, so that it stays when text is moved, and no file, so that it
    stays when a file is renamed."""
    seen: Counter[str] = Counter()
    found = []
    for diagnostic in diagnostics:
        name = _content(diagnostic)
        seen[name] += 1
        found.append(f"{name}:{seen[name]}")
    return found


def _content(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    if span is not None:
        text = span.text.partition("\n")[0]
        parts = (diagnostic.code, diagnostic.kpi or _definition(span), " ".join(text.split()))
    else:
        parts = (diagnostic.code, diagnostic.kpi or "", _NUMBERS.sub("", diagnostic.place or ""))
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _definition(span: Span) -> str:
    """The first words of the definition that a place lies in: `kpi cost_per_lead`."""
    text, at = span.source.text, span.start
    while True:
        start = text.rfind("\n", 0, at) + 1
        if head := _HEAD.match(text, start):
            return " ".join(head[0].split())
        if start == 0:
            return ""
        at = start - 1
