"""Tests that were run, for people and for programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any
from xml.etree import ElementTree

from attrs import frozen

from kpidsl.diagnostics import Diagnostic
from kpidsl.render import figures
from kpidsl.render.cells import Screen, clean
from kpidsl.render.data import SCHEMA_VERSION, diagnostic, figure, place
from kpidsl.render.diagnostics import render as render_diagnostics
from kpidsl.results import Light
from kpidsl.testing import Ran, Report
from kpidsl.testing.coverage import Coverage
from kpidsl.testing.mutate import Mutation

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold."""


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
        """What no test looks at, as warnings."""
        covered = self.coverage.findings if self.coverage is not None else ()
        changed = self.mutation.findings if self.mutation is not None else ()
        return (*covered, *changed)

    @property
    def too_little(self) -> bool:
        """Whether there is less coverage than is asked for."""
        return self.coverage is not None and self.least is not None and self.coverage.share < self.least


def word_of(ran: Ran) -> str:
    """`passed`, `failed`, or `not run`."""
    return "not run" if ran.failed else "passed" if ran.passed else "failed"


# -- for people ----------------------------------------------------------------------------------------------


def as_text(tested: Tested, screen: Screen, *, verbose: bool = False, quiet: bool = False) -> str:
    """What differs, test by test, and the counts."""
    parts: list[str] = []
    if verbose:
        parts.append("".join(f"{_line(ran, screen)}\n" for ran in tested.report.ran))
        parts.append("\n" if tested.report.ran and tested.findings else "")
    parts.append(render_diagnostics(tested.findings, screen))
    if not quiet or tested.findings:
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


def as_markdown(tested: Tested) -> str:
    """A table of what is not as expected, and the counts."""
    lines = [f"### {' · '.join(summary(tested))}", ""]
    if tested.findings:
        lines += ["| | where | what |", "|---|---|---|"]
        lines += [_row(problem) for problem in tested.findings]
        lines.append("")
    return "\n".join(lines)


def _row(problem: Diagnostic) -> str:
    span = problem.span
    where = f"{span.source.name}:{span.line}" if span is not None else problem.place or ""
    told = " ".join([problem.message + ".", *problem.notes[:1]])
    return f"| {problem.code} | {_cell(where)} | {_cell(told)} |"


def _cell(text: str) -> str:
    return clean(text).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


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


def as_junit(tested: Tested) -> str:
    """A suite for each file, a case for each test: a failure is something else than was expected, an error is
    a test that could not be run. Without any test there is one case that passes."""
    root = ElementTree.Element("testsuites", name="kpi test")
    ran = sorted(tested.report.ran, key=_file)
    for file, several in groupby(ran, key=_file):
        _suite(root, file, [(one.test.title, one) for one in several])
    if not ran:
        _suite(root, "kpidsl", [("there are no tests", None)])
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _file(ran: Ran) -> str:
    return ran.test.span.source.name


def _suite(root: ElementTree.Element, file: str, cases: Iterable[tuple[str, Ran | None]]) -> None:
    cases = list(cases)
    words = [word_of(ran) for _, ran in cases if ran is not None]
    counts = {"tests": len(cases), "failures": words.count("failed"), "errors": words.count("not run")}
    told = {name: str(count) for name, count in counts.items()}
    suite = ElementTree.SubElement(root, "testsuite", {"name": _xml(file), **told, "skipped": "0"})
    for title, ran in cases:
        case = ElementTree.SubElement(suite, "testcase", {"classname": _xml(file), "name": _xml(title)})
        for problem in ran.problems if ran is not None else ():
            kind = "failure" if problem.code == "K650" else "error"
            element = ElementTree.SubElement(
                case, kind, {"type": problem.code, "message": _xml(problem.message)}
            )
            where = f"{problem.span.source.name}:{problem.span.line}" if problem.span is not None else ""
            element.text = _xml("\n".join([where, *problem.notes]))
        if ran is not None and ran.warnings:
            lines = (f"{warning.code}: {warning.message}" for warning in ran.warnings)
            ElementTree.SubElement(case, "system-out").text = _xml("\n".join(lines))


def _xml(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
