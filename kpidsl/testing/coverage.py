"""What no test looks at: KPIs of which nothing is expected, conditions that no row meets or that every row
meets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.evaluate.wording import said
from kpidsl.graph import Graph, Kpi
from kpidsl.testing.check import first_line
from kpidsl.testing.conditions import Condition, conditions
from kpidsl.testing.run import Report


@frozen(eq=False)
class Coverage:
    """How much of the KPIs tests look at. A KPI is a part, and so are the two ways of each condition: that a
    row meets it, that a row does not."""

    untested: tuple[Kpi, ...]
    tested: int
    never_kept: tuple[Condition, ...]
    """Conditions that no row of a test meets."""
    never_left: tuple[Condition, ...]
    """Conditions that each row meets, so that no test would notice if they were not there."""
    conditions: Mapping[Condition, Kpi]
    """Every condition, with the first KPI that has it."""

    @property
    def parts(self) -> int:
        """How many there are."""
        return self.tested + len(self.untested) + 2 * len(self.conditions)

    @property
    def missing(self) -> int:
        """How many of them no test looks at."""
        return len(self.untested) + len(self.never_kept) + len(self.never_left)

    @property
    def share(self) -> float:
        """The part that is looked at; 1.0 where there is nothing to look at."""
        return 1 - self.missing / self.parts if self.parts else 1.0

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """What is missing, as warnings."""
        return (*map(_untested, self.untested), *self._one_sided())

    def _one_sided(self) -> Iterator[Diagnostic]:
        for condition, kpi in self.conditions.items():
            if condition in self.never_kept:
                yield _one_sided(kpi, condition, "no test has a row that `{}` keeps")
            if condition in self.never_left:
                yield _one_sided(kpi, condition, "no test has a row that `{}` leaves out")


def coverage(graph: Graph, report: Report) -> Coverage:
    """What the tests that were run look at."""
    tested: set[str] = set()
    kept: set[Condition] = set()
    left: set[Condition] = set()
    for ran in report.ran:
        heard = ran.heard
        if heard is None:
            continue
        for question in dict.fromkeys(ran.questions.values()):
            tested.add(question.kpi.name)
            for one in heard.kept(question):
                kept |= {one.condition} if one.kept else set()
                left |= {one.condition} if one.kept < one.rows else set()
    every: dict[Condition, Kpi] = {}
    for kpi in graph.kpis.values():
        for condition in conditions(kpi):
            every.setdefault(condition, kpi)
    return Coverage(
        tuple(kpi for name, kpi in graph.kpis.items() if name not in tested),
        len(tested),
        tuple(one for one in every if one not in kept),
        tuple(one for one in every if one not in left),
        every,
    )


def _untested(kpi: Kpi) -> Diagnostic:
    return Diagnostic(
        "K652",
        f"no test expects anything of `{kpi.name}`",
        first_line(kpi.span),
        Severity.WARNING,
        help=f"`kpi test --record {kpi.name}` writes one from the data",
        kpi=kpi.name,
    )


def _one_sided(kpi: Kpi, condition: Condition, message: str) -> Diagnostic:
    return Diagnostic(
        "K653",
        message.format(said(condition.row)),
        first_line(kpi.span),
        Severity.WARNING,
        help=f"one more row of {condition.source} in a test of `{kpi.name}` would show what it does",
        kpi=kpi.name,
    )
