"""What lint has to say: findings, what comments let pass, and what kept it from its job."""

from __future__ import annotations

from datetime import date

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Span
from kpidsl.records import Record


@frozen(repr=False)
class Passed(Record):
    """A finding that a comment let pass, and what the comment says."""

    finding: Diagnostic
    because: str | None
    until: date | None
    span: Span


@frozen(repr=False)
class Outcome(Record):
    """What lint has to say, by file and place."""

    findings: tuple[Diagnostic, ...]
    """What the compiler and the rules tell, all in all."""
    passed: tuple[Passed, ...] = ()
    """What comments let pass."""
    problems: tuple[Diagnostic, ...] = ()
    """Why lint could not do all that it was asked to."""
