"""Tests that were run, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.render import figures
from kpidsl.render.cells import Screen, clean
from kpidsl.render.data import SCHEMA_VERSION, diagnostic, figure, place
from kpidsl.render.diagnostics import render as render_diagnostics
from kpidsl.results import Light
from kpidsl.testing import Ran, Report
from kpidsl.testing.coverage import Coverage
from kpidsl.testing.mutate import Mutation


@frozen(eq=False)
class Tested:
    """Everything that a run of tests has to show."""

    report: Report
    coverage: Coverage | None = None
    mutation: Mutation | None = None
    least: float | None = None
    """The coverage that is asked for, a fraction."""

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """What is wrong, what is odd, and what no test looks at."""
        odd = (warning for ran in self.report.ran for warning in ran.warnings)
        return (*self.report.problems, *odd, *self.unseen)

    @property
    def unseen(self) -> tuple[Diagnostic, ...]:
        """What no test looks at, as warnings; that it is too much, as an error."""
        covered = self.coverage.findings if self.coverage is not None else ()
        changed = self.mutation.findings if self.mutation is not None else ()
        return (*covered, *changed, *self._too_little())

    def _too_little(self) -> Iterator[Diagnostic]:
        if self.coverage is None or self.least is None or self.coverage.share >= self.least:
            return
        share, least = _percent(self.coverage.share), _percent(self.least)
        message = f"tests cover {share} of the KPIs and their conditions, and at least {least} is asked for"
        yield Diagnostic("K655", message, help="a test for what is listed above, or a lower `--min`")


def word_of(ran: Ran) -> str:
    """`passed`, `failed`, or `not run`."""
    return "not run" if ran.failed else "passed" if ran.passed else "failed"


# -- for people ----------------------------------------------------------------------------------------------


def as_text(tested: Tested, screen: Screen, *, verbose: bool = False, quiet: bool = False) -> str:
    """What differs, test by test, and the counts."""
    found = [d for d in tested.findings if d.severity is Severity.ERROR or not quiet]
    parts: list[str] = []
    if verbose:
        parts.append("".join(f"{_line(ran, screen)}\n" for ran in tested.report.ran))
        parts.append("\n" if tested.report.ran and found else "")
    parts.append(render_diagnostics(found, screen))
    if not quiet or found:
        parts += [f"{line}\n" for line in summary(tested)]
    return "".join(parts)


_LIGHTS: dict[str, Light] = {"passed": "green", "failed": "red", "not run": "grey"}


def _line(ran: Ran, screen: Screen) -> str:
    word = word_of(ran)
    sign = screen.paint(f"{figures.sign(_LIGHTS[word], screen)} {word:<7}", figures.STYLES[_LIGHTS[word]])
    span = ran.test.span
    return f"{sign}  {clean(ran.test.title)}  {screen.paint(f'{clean(span.source.name)}:{span.line}', 'dim')}"


def summary(tested: Tested) -> Iterator[str]:
    """`12 tests: 11 passed, 1 failed`, and the like of coverage and changes."""
    ran = tested.report.ran
    counts = [(word, sum(word_of(one) == word for one in ran)) for word in ("failed", "not run", "passed")]
    told = ", ".join(f"{count} {word}" for word, count in counts if count)
    yield f"{len(ran)} test{'s' if len(ran) != 1 else ''}{f': {told}' if told else ''}"
    if tested.coverage is not None:
        yield _covered(tested.coverage) + (
            f"; at least {_percent(tested.least)} is asked for" if tested.least is not None else ""
        )
    if tested.mutation is not None:
        tried, left = tested.mutation.tried, len(tested.mutation.unnoticed)
        yield f"changes: {tried - left} of {tried} are noticed"


def _covered(coverage: Coverage) -> str:
    kpis = coverage.tested + len(coverage.untested)
    sides = 2 * len(coverage.conditions)
    met = sides - len(coverage.never_kept) - len(coverage.never_left)
    told = f"coverage {_percent(coverage.share)}: {coverage.tested} of {kpis} KPIs"
    return f"{told}, {met} of {sides} sides of conditions" if sides else told


def _percent(share: float) -> str:
    """Rounded down, so that 100% is all."""
    return f"{int(share * 1000 + 1e-9) / 10:g}%"


# -- for programs --------------------------------------------------------------------------------------------


def as_data(tested: Tested, name: str | None) -> dict[str, Any]:
    """Everything, as plain data. What is wrong with a test stands there, what no test looks at in
    `diagnostics`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "project": name,
        "diagnostics": [diagnostic(one) for one in tested.unseen],
        "tests": [_test(ran) for ran in tested.report.ran],
        "coverage": _coverage(tested) if tested.coverage is not None else None,
        "changes": _changes(tested.mutation) if tested.mutation is not None else None,
    }


def _test(ran: Ran) -> dict[str, Any]:
    return {
        "title": ran.test.title,
        "place": place(ran.test.span),
        "as_of": ran.test.as_of.isoformat() if ran.test.as_of is not None else None,
        "word": word_of(ran),
        "problems": [diagnostic(problem) for problem in (*ran.problems, *ran.warnings)],
    }


def _coverage(tested: Tested) -> dict[str, Any]:
    found = tested.coverage
    assert found is not None
    return {
        "share": figure(found.share),
        "least": figure(tested.least),
        "kpis": found.tested + len(found.untested),
        "tested": found.tested,
        "conditions": len(found.conditions),
    }


def _changes(found: Mutation) -> dict[str, Any]:
    return {"tried": found.tried, "noticed": found.tried - len(found.unnoticed)}
