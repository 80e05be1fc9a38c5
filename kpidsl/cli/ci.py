"""`kpi ci`: all that a change of specs has to pass, with one reading of them and one exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import click
from attrs import frozen

from kpidsl.cli.console import Console, common, console, paths_argument
from kpidsl.cli.inputs import load
from kpidsl.cli.outputs import as_findings, findings_format, outputs, publish
from kpidsl.diagnostics import Diagnostic

if TYPE_CHECKING:
    from kpidsl.findings import Check
    from kpidsl.specs import Specs


@frozen
class Run:
    """What the checks share: the project, which is read once, and what was asked for."""

    specs: Specs
    paths: Sequence[str]
    strict: bool
    against: str | None
    skip: Sequence[str]
    screens: Console
    quiet: bool


def _format(run: Run) -> Check:
    from kpidsl.findings import Check
    from kpidsl.layout import unformatted

    return Check("format", tuple(unformatted(run.specs)))


def _lint(run: Run) -> Check:
    from kpidsl.cli.baselines import without_known
    from kpidsl.cli.linting import look

    found = look(run.specs)
    return (without_known(run.specs, found) if found.whole else found).check(strict=run.strict)


def _test(run: Run) -> Check:
    """Nothing that runs tests is imported where there are none."""
    from kpidsl.findings import Check

    if not run.specs.graph.tests:
        return Check("test", said="no tests")

    from kpidsl.cli import test
    from kpidsl.config import UNLIMITED

    with run.screens.watch(quiet=run.quiet) as watch:
        tested = test.run_tests(run.specs, (), UNLIMITED, watch)
    if isinstance(tested, Diagnostic):
        return Check("test", (tested,), whole=False)
    return test.check(tested, run.specs, errors_told="lint" not in run.skip)


def _breaking(run: Run) -> Check:
    """Where nobody says what to hold it against, and there is no history, nothing can break."""
    from kpidsl import revision
    from kpidsl.cli import breaking
    from kpidsl.cli.compared import comparison
    from kpidsl.findings import Check
    from kpidsl.git import Unread

    try:
        ref = run.against or revision.usual(run.paths)
    except Unread as unread:
        if revision.begun(run.paths):
            return Check("breaking", (unread.diagnostic,), whole=False)
        return Check("breaking", said="not looked at, for there is no git repository with a commit here")
    found = comparison(lambda: revision.against(ref, run.paths, run.specs), None)
    if isinstance(found, tuple):
        return Check("breaking", found, whole=False)
    return breaking.check(found, errors_told="lint" not in run.skip)


def _unread(run: Run) -> Check | None:
    """What kept files from being read, where no lint tells it."""
    from kpidsl.findings import Check

    found = tuple(d for d in run.specs.errors if d.code.startswith(("K0", "K1", "K70", "K71")))
    return Check("read", found, whole=False) if found else None


CHECKS: Mapping[str, Callable[[Run], Check]] = {
    "format": _format,
    "lint": _lint,
    "test": _test,
    "breaking": _breaking,
}
"""By name, in the order in which they run and are shown. A further check is a function from the run to what
it found, and a line here; an option that it needs is one of the command, and a field of `Run`."""


@click.command("ci", short_help="Check all that a change of specs has to pass.")
@paths_argument
@findings_format()
@click.option(
    "--skip", multiple=True, type=click.Choice(list(CHECKS)), help="Leave this check out; repeatable."
)
@click.option(
    "--against",
    metavar="REF",
    help="What nothing may break against: main, v1.0, a folder; default: the branch to be merged into.",
)
@click.option("--strict", is_flag=True, help="End in 1 for warnings of lint, too.")
@common
def command(
    paths: tuple[str, ...],
    formats: tuple[str, ...],
    skip: tuple[str, ...],
    against: str | None,
    strict: bool,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Check all that a change of specs has to pass, in one go: that they are formatted as kpi fmt does,
    what kpi lint finds, that the tests pass, and that nothing breaks that nobody has approved, as kpi
    breaking has it.

    Ends in the worst code of its checks: 0 when nothing is found, 1 for errors (with --strict for warnings,
    too) and for files that would be formatted, 2 when something could not be looked at.
    """
    from kpidsl.render.findings import FORMATS

    screens = console(color)
    targets = outputs(formats, FORMATS)
    if len(set(skip)) == len(CHECKS):
        raise click.UsageError("every check is skipped")
    run = Run(load(paths), paths, strict, against, skip, screens, quiet)
    checks = [check(run) for name, check in CHECKS.items() if name not in skip]
    if "lint" in skip and (unread := _unread(run)):
        checks.insert(0, unread)
    found = as_findings("ci", checks, run.specs, quiet=quiet, verbose=verbose)
    return found.code if publish(found, targets, screens) else 2
