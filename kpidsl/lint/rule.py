"""A rule: everything about one thing that lint looks for, in one object.

It feeds `kpi rule`, the page of all rules, and the help that CI shows; its bad example fires and its good one
does not, which a test proves for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from attrs import field, frozen

from kpidsl.codes import CATALOGUE
from kpidsl.diagnostics import Diagnostic, Fix, Label, Severity, Span
from kpidsl.records import Record

if TYPE_CHECKING:
    from kpidsl.lint.view import View

FAMILIES = {
    "syntax": "Syntax",
    "names": "Names",
    "types": "Types",
    "units": "Units",
    "aggregation": "Aggregation",
    "time": "Time",
    "no-value": "No value and zero denominators",
    "sources": "Sources",
    "dependencies": "Dependencies",
    "documentation": "Documentation",
    "targets": "Targets",
    "smart": "SMART",
    "practice": "KPI practice",
    "style": "Style",
    "suppressions": "Suppressions",
    "custom": "Rules of the project",
}
"""The families by the word that selects them, in the order of the page."""


@frozen(repr=False)
class Found(Record):
    """A place that a rule objects to. The rule gives it a code, a name and a weight."""

    span: Span
    message: str
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fix: Fix | None = None
    kpi: str | None = None


Finder = Callable[["View"], Iterable[Found]]


def _example(text: str) -> str:
    from textwrap import dedent

    return dedent(text).strip("\n") + "\n"


def _prose(text: str) -> str:
    return " ".join(text.split())


@frozen(repr=False)
class Rule(Record):
    """One thing that lint looks for. `code` and `name` are both accepted wherever a rule is named.

    `why` is for people who have not met it yet. `bad` and `good` are specs; sources that they name and do not
    define are those of the page's head. `find` is None for what the compiler tells, or the data.
    """

    code: str
    name: str
    family: str
    severity: Severity
    summary: str = field(converter=_prose)
    why: str = field(converter=_prose)
    _bad: str
    _good: str
    find: Finder | None = field(default=None, eq=False, repr=False)
    letter: str | None = None
    """The letter of SMART that it is about."""
    rows: str = ""
    """What the examples are held against, where that is data: the rows of their source, as CSV."""

    @property
    def bad(self) -> str:
        """A spec in which it fires."""
        return _example(self._bad)

    @property
    def good(self) -> str:
        """The same, with nothing to object to."""
        return _example(self._good)

    @property
    def is_fixed(self) -> bool:
        """Whether it always is an error: what keeps the compiler from its work."""
        return self.find is None and self.severity is Severity.ERROR

    def answers(self, word: str) -> bool:
        """Whether a word, of a config or a comment, means this rule: its code, its name or its family."""
        return word == "all" or word.casefold() in (self.code.casefold(), self.name, self.family)

    def diagnostic(self, found: Found) -> Diagnostic:
        """What it says about a place."""
        return Diagnostic(
            self.code,
            found.message,
            found.span,
            self.severity,
            found.labels,
            found.notes,
            found.help,
            found.fix,
            kpi=found.kpi,
            rule=self.name,
        )


def paged(code: str, family: str, why: str, bad: str, good: str, rows: str = "") -> Rule:
    """A rule for what the compiler or the data tells: name, weight and summary are those of its code."""
    known = CATALOGUE[code]
    return Rule(code, known.name, family, known.severity, known.summary, why, bad, good, rows=rows)


def words(rules: Iterable[Rule]) -> list[str]:
    """All that rules answer to: families, those that packages bring included, names and codes."""
    own = (word for rule in rules for word in (rule.family, rule.name, rule.code))
    return list(dict.fromkeys(["all", *FAMILIES, *own]))


ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
