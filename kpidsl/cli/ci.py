"""`kpi ci`: all that a change of specs has to pass, with one reading of them and one exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click
from attrs import frozen

from kpidsl.cli.console import common, console, paths_argument
from kpidsl.cli.inputs import load
from kpidsl.cli.outputs import as_findings, findings_format, outputs, publish

if TYPE_CHECKING:
    from kpidsl.findings import Check
    from kpidsl.specs import Specs


@frozen
class Run:
    """What the checks share: the project, which is read once, and what was asked for."""

    specs: Specs
    strict: bool


def _format(run: Run) -> Check:
    from kpidsl.findings import Check
    from kpidsl.layout import unformatted

    return Check("format", tuple(unformatted(run.specs)))


def _lint(run: Run) -> Check:
    from kpidsl.cli.baselines import without_known
    from kpidsl.cli.linting import look

    found = look(run.specs)
    return (without_known(run.specs, found) if found.whole else found).check(strict=run.strict)


def _unread(run: Run) -> Check | None:
    """What kept files from being read, where no lint tells it."""
    from kpidsl.findings import Check

    found = tuple(d for d in run.specs.errors if d.code.startswith(("K0", "K1", "K70", "K71")))
    return Check("read", found, whole=False) if found else None


CHECKS: Mapping[str, Callable[[Run], Check]] = {"format": _format, "lint": _lint}
"""By name, in the order in which they run and are shown. A further check is a function from the run to what
it found, and a line here; an option that it needs is one of the command, and a field of `Run`."""


@click.command("ci", short_help="Check all that a change of specs has to pass.")
@paths_argument
@findings_format()
@click.option(
    "--skip", multiple=True, type=click.Choice(list(CHECKS)), help="Leave this check out; repeatable."
)
@click.option("--strict", is_flag=True, help="End in 1 for warnings, too.")
@common
def command(
    paths: tuple[str, ...],
    formats: tuple[str, ...],
    skip: tuple[str, ...],
    strict: bool,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Check all that a change of specs has to pass, in one go: that they are formatted as kpi fmt does,
    and what kpi lint finds.

    Ends in the worst code of its checks: 0 when nothing is found, 1 for errors (with --strict for warnings,
    too) and for files that would be formatted, 2 when something could not be looked at.
    """
    from kpidsl.render.findings import FORMATS

    screens = console(color)
    targets = outputs(formats, FORMATS)
    if len(set(skip)) == len(CHECKS):
        raise click.UsageError("every check is skipped")
    run = Run(load(paths), strict)
    checks = [check(run) for name, check in CHECKS.items() if name not in skip]
    if "lint" in skip and (unread := _unread(run)):
        checks.insert(0, unread)
    found = as_findings("ci", checks, run.specs, quiet=quiet, verbose=verbose)
    return found.code if publish(found, targets, screens) else 2
