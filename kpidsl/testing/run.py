"""Run tests: judge what they expect something of, and hold the one against the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from kpidsl.config import UNLIMITED, Limits
from kpidsl.diagnostics import Diagnostic, Severity, near
from kpidsl.graph import Expectation, Test
from kpidsl.model.periods import Window
from kpidsl.specs import Specs
from kpidsl.testing.check import odd, problems
from kpidsl.testing.hear import Heard, Job, Question, hear

if TYPE_CHECKING:
    from kpidsl.evaluate.tables import Query
    from kpidsl.evaluate.watch import Watch


@frozen(eq=False)
class Ran:
    """A test that was run, or why it was not."""

    test: Test
    problems: tuple[Diagnostic, ...] = ()
    """What differs from what is expected (K650), and what keeps the test from being run."""
    questions: Mapping[int, Question] = field(factory=dict)
    """By the place of an expectation, what was asked for it."""
    heard: Heard | None = None
    warnings: tuple[Diagnostic, ...] = ()
    """What is odd about it, passed or not."""

    @property
    def failed(self) -> bool:
        """Whether it could not be run."""
        return any(problem.code != "K650" for problem in self.problems)

    @property
    def passed(self) -> bool:
        """Whether it was run, and all is as expected."""
        return not self.problems


@frozen(eq=False)
class Report:
    """The tests that were run, in the order of the specs, and the queries that it took."""

    ran: tuple[Ran, ...]
    queries: tuple[Query, ...] = ()

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """Everything that is wrong, test by test."""
        return tuple(problem for ran in self.ran for problem in ran.problems)


def chosen(tests: Sequence[Test], patterns: Sequence[str]) -> list[Test] | Diagnostic:
    """The tests whose title has one of the patterns in it, or fits it as a whole where it has a `*`; or of
    which a KPI has that name."""
    if not patterns:
        return list(tests)
    for pattern in patterns:
        if not any(_fits(test, pattern) for test in tests):
            alike = near(pattern, [test.title for test in tests], limit=1)
            hint = f"one with a similar title: `{alike[0]}`" if alike else f"{len(tests)} are known"
            return Diagnostic("K728", f"there is no test `{pattern}`", help=hint)
    return [test for test in tests if any(_fits(test, pattern) for pattern in patterns)]


def _fits(test: Test, pattern: str) -> bool:
    title, wanted = test.title.casefold(), pattern.casefold()
    if any(one.kpi == pattern for one in test.expected):
        return True
    return fnmatchcase(title, wanted) if set(wanted) & set("*?[") else wanted in title


def run(
    specs: Specs,
    tests: Sequence[Test],
    watch: Watch,
    limits: Limits = UNLIMITED,
    *,
    explained: bool = False,
) -> Report:
    """Run tests together. One that is broken spoils only itself.

    The rows that conditions keep are counted for all of them if `explained`, else for those that fail, which
    are run once more.
    """
    ran, queries = _run(specs, tests, watch, limits, explained)
    failed = [n for n, one in enumerate(ran) if one.heard is not None and one.problems]
    if failed and not explained:
        again, more = _run(specs, [tests[n] for n in failed], watch, limits, True)
        queries += more
        for n, one in zip(failed, again, strict=True):
            ran[n] = one
    return Report(tuple(ran), tuple(queries))


def _run(
    specs: Specs, tests: Sequence[Test], watch: Watch, limits: Limits, explained: bool
) -> tuple[list[Ran], list[Query]]:
    wrong = [_within(specs.errors, test) for test in tests]
    able = [
        n for n, test in enumerate(tests) if not wrong[n] and test.broken is None and test.as_of is not None
    ]
    asked = {n: questions(specs, tests[n], explained) for n in able}
    jobs = [Job(tests[n], tuple(dict.fromkeys(asked[n].values()))) for n in able]
    heard, queries = hear(specs, jobs, watch, limits) if jobs else ([], [])
    by_test = dict(zip(able, heard, strict=True))
    warned = tuple(d for d in specs.diagnostics if d.severity is Severity.WARNING)
    ran = []
    for n, test in enumerate(tests):
        if n in by_test:
            one = _checked(specs, test, asked[n], by_test[n])
        else:
            one = Ran(test, wrong[n] or ((test.broken,) if test.broken is not None else ()))
        ran.append(evolve(one, warnings=(*_within(warned, test), *one.warnings)))
    return ran, queries


def _within(diagnostics: Sequence[Diagnostic], test: Test) -> tuple[Diagnostic, ...]:
    """Those about the text of a test."""
    own = test.span
    spans = ((d, d.span) for d in diagnostics)
    return tuple(
        d for d, span in spans if span and span.source is own.source and own.start <= span.start < own.end
    )


def questions(specs: Specs, test: Test, explained: bool) -> dict[int, Question]:
    """What has to be judged for each expectation; slices are looked at where one is expected of."""
    known: dict[tuple[str, Window | None], Question] = {}
    found: dict[int, Question] = {}
    sliced = {one.kpi for one in test.expected if one.slice is not None}
    for n, one in enumerate(test.expected):
        kpi = specs.graph.kpis.get(one.kpi or "")
        if kpi is None:
            continue
        at = (kpi.name, one.window)
        if at not in known:
            kpi = kpi if kpi.name in sliced else kpi.in_total
            known[at] = Question(kpi, one.window, explained)
        found[n] = known[at]
    return found


def _checked(specs: Specs, test: Test, asked: Mapping[int, Question], heard: Heard) -> Ran:
    found: list[Diagnostic] = []
    for n, expectation in enumerate(test.expected):
        if n in asked or expectation.finding is not None:
            found += problems(test, expectation, asked.get(n), heard)
        else:
            found.append(_lost(specs, test, expectation))
    return Ran(test, tuple(found), asked, heard, odd(test, heard))


def _lost(specs: Specs, test: Test, expectation: Expectation) -> Diagnostic:
    """That the KPI of an expectation has an error of its own."""
    why = specs.broken.get(expectation.kpi or "")
    return Diagnostic(
        "K651",
        f"`{expectation.kpi}` has an error and cannot be judged",
        expectation.span,
        notes=(f"test `{test.title}`", *((f"{why.code}: {why.message}",) if why else ())),
        help="the test is run once that error is gone",
        kpi=expectation.kpi,
    )
