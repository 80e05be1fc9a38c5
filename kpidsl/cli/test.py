"""`kpi test`: run the tests of specs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kpidsl.cli.console import Console, common, console, paths_argument, wanted
from kpidsl.cli.inputs import load, unreadable
from kpidsl.cli.limits import limits, read_limits
from kpidsl.cli.outputs import Renderer, as_findings, findings_format, outputs, publish
from kpidsl.diagnostics import Diagnostic, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpidsl.config import Limits
    from kpidsl.evaluate.watch import Watch
    from kpidsl.findings import Check
    from kpidsl.render.testing import Tested
    from kpidsl.specs import Specs


@click.command("test", short_help="Run the tests of the specs.")
@paths_argument
@click.option(
    "--run",
    "patterns",
    multiple=True,
    metavar="PATTERN",
    help="Only tests with this in their title; repeatable.",
)
@findings_format()
@click.option("--coverage", is_flag=True, help="Say what no test looks at: KPIs, and sides of conditions.")
@click.option(
    "--min",
    "least",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="With --coverage: end in 1 below it.",
)
@click.option("--mutate", is_flag=True, help="Change the KPIs, and say which changes no test notices.")
@click.option("--update", is_flag=True, help="Write what was found in place of what was expected.")
@click.option(
    "--record", metavar="KPI", help="Print a test of this KPI made of rows of the data, anonymised."
)
@click.option(
    "--as-of", metavar="DATE", help="With --record: as of this day; default: as_of of the config, else today."
)
@click.option(
    "--data", multiple=True, metavar="NAME=FILE", help="With --record: read a source from this file."
)
@limits
@common
def command(
    paths: tuple[str, ...],
    patterns: tuple[str, ...],
    formats: tuple[str, ...],
    coverage: bool,
    least: float | None,
    mutate: bool,
    update: bool,
    record: str | None,
    as_of: str | None,
    data: tuple[str, ...],
    memory: str | None,
    threads: str | None,
    spill: str | None,
    spill_size: str | None,
    timeout: str | None,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Run the `test` blocks of spec files: the rows that are given, and what is to come out. All tests are
    run together, by the queries of one evaluation.

    Ends in 1 if something is not as expected, in 2 if a test could not be run.
    """
    from kpidsl.render.findings import FORMATS

    screens = console(color)
    targets = outputs(formats, FORMATS)
    held = read_limits(memory=memory, threads=threads, spill=spill, spill_size=spill_size, timeout=timeout)
    if least is not None and not coverage:
        raise click.UsageError("--min goes with --coverage")
    if record is None and (as_of is not None or data):
        raise click.UsageError("--as-of and --data go with --record: a test has its own day and rows")
    reports = {"--coverage": coverage, "--mutate": mutate, "--format": bool(formats)}
    _alone("--record", record is not None, {"--run": bool(patterns), "--update": update, **reports})
    _alone("--update", update, reports)
    specs = load(paths)
    if unreadable(specs.diagnostics):
        screens.report(wanted(specs.diagnostics, quiet=quiet, verbose=verbose))
        return 2
    with screens.watch(quiet=quiet) as watch:
        if record is not None:
            return _record(specs, record, as_of, data, held, watch, screens)
        tested = run_tests(specs, patterns, held, watch, coverage=coverage, least=least, mutate=mutate)
    if isinstance(tested, Diagnostic):
        screens.report([tested])
        return 2
    beside = _beside(specs)
    screens.report(beside)
    if update:
        return _update(tested, screens, quiet=quiet)

    from kpidsl.render import data as plain
    from kpidsl.render import testing as rendering

    own: dict[str, Renderer] = {
        "text": lambda screen: rendering.as_text(tested, screen, verbose=verbose, quiet=quiet),
        "json": lambda _: plain.as_json(rendering.as_data(tested, specs.config.name)),
    }
    told = as_findings("test", [check(tested, specs)], specs, quiet=quiet, verbose=verbose)
    return told.code if publish(told, targets, screens, own) else 2


def check(tested: Tested, specs: Specs, *, errors_told: bool = False) -> Check:
    """What tests found, as a check of `kpi test` and of `kpi ci`. `errors_told`: what is wrong with the specs
    is told by another check, which cannot succeed then."""
    from kpidsl.findings import Case, Check
    from kpidsl.render.testing import summary

    ran = tested.report.ran
    cases = tuple(
        Case(
            one.test.title,
            one.test.span.source.name,
            "error" if one.failed else "passed" if one.passed else "failed",
            one.test.span.line,
            (*one.problems, *one.warnings),
        )
        for one in ran
    )
    known = set(map(id, specs.diagnostics)) if errors_told else set()
    unread = any(one.failed for one in ran) or any(d.code < "K2" for d in _beside(specs))
    return Check(
        "test",
        tuple(d for d in tested.findings if id(d) not in known),
        cases,
        whole=not unread or bool(errors_told and specs.errors),
        said="; ".join(summary(tested)),
    )


def _alone(option: str, given: bool, others: Mapping[str, bool]) -> None:
    """Refuse options that another one would leave without effect."""
    idle = [name for name, used in others.items() if used]
    if given and idle:
        raise click.UsageError(f"{idle[0]} does not go with {option}")


def run_tests(
    specs: Specs,
    patterns: tuple[str, ...],
    held: Limits,
    watch: Watch,
    *,
    coverage: bool = False,
    least: float | None = None,
    mutate: bool = False,
) -> Tested | Diagnostic:
    """Run the tests that fit a pattern, or all of them."""
    from kpidsl import project, testing
    from kpidsl.render.testing import Tested
    from kpidsl.testing.coverage import coverage as covered
    from kpidsl.testing.mutate import mutate as changed

    tests = testing.chosen(specs.graph.tests, patterns)
    if isinstance(tests, Diagnostic):
        return tests
    if missing := project.no_scratch(held.over(specs.config.limits)):
        return missing
    report = testing.run(specs, tests, watch, held, explained=coverage)
    return Tested(
        report,
        covered(specs.graph, report) if coverage else None,
        changed(specs, report, watch, held) if mutate else None,
        least / 100 if least is not None else None,
    )


def _beside(specs: Specs) -> list[Diagnostic]:
    """The errors of the specs outside of their tests."""
    spans = [test.span for test in specs.graph.tests]
    return [d for d in specs.errors if not any(_inside(d, span) for span in spans)]


def _inside(problem: Diagnostic, span: Span) -> bool:
    own = problem.span
    return own is not None and own.source is span.source and span.start <= own.start < span.end


def _update(tested: Tested, screens: Console, *, quiet: bool) -> int:
    """Write what was found; what is left is told, and ends in 1 or 2."""
    from kpidsl.testing.update import updated, write

    several = updated(tested.report.problems)
    left = [problem for problem in tested.report.problems if problem.code != "K650" or problem.fix is None]
    screens.report(left)
    unwritten = write(several)
    screens.report(unwritten)
    for one in several if not quiet else ():
        screens.say(f"{one.name}: {one.edits} expectation{'s' if one.edits != 1 else ''} written\n")
    if not several and not left and not quiet:
        screens.say("everything is as expected\n")
    if unwritten or any(problem.code != "K650" for problem in left):
        return 2
    return int(bool(left))


def _record(
    specs: Specs,
    name: str,
    as_of: str | None,
    data: tuple[str, ...],
    held: Limits,
    watch: Watch,
    screens: Console,
) -> int:
    """Print a test made of rows of the data."""
    from kpidsl import project
    from kpidsl.cli.inputs import pairs
    from kpidsl.testing.record import record

    wish = project.wish(specs, as_of=as_of, kpis=[name], data=pairs(data, "--data", "NAME=FILE"), limits=held)
    if not isinstance(wish, project.Wish):
        screens.report(wish)
        return 2
    found = record(specs, name, wish, watch)
    if isinstance(found, str):
        screens.say(found)
        return 0
    screens.report(found)
    return 2 if any(d.severity is Severity.ERROR for d in found) else 0
