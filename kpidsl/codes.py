"""The catalogue of everything kpidsl may report: a code, a name, how much it weighs, and one sentence.

Codes and names are stable: both are accepted wherever a rule is named, and neither is ever given another meaning.
Families: K0xx files, K1xx syntax.
"""

from __future__ import annotations

from attrs import frozen

from kpidsl.diagnostics import Severity


@frozen
class Code:
    """One thing that can be reported."""

    code: str
    name: str
    severity: Severity
    summary: str


CATALOGUE: dict[str, Code] = {}
"""Every code, by its code."""


def _family(*rows: tuple[str, str, Severity, str]) -> None:
    for row in rows:
        CATALOGUE[row[0]] = Code(*row)
