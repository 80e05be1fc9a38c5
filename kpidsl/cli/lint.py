"""`kpi lint`: what is wrong with the specs, without looking at any data unless it is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kpidsl.cli.console import common, console, paths_argument
from kpidsl.cli.inputs import force_exclude_option, load, tell_left_out, unreadable
from kpidsl.cli.outputs import as_findings, findings_format, outputs, publish
from kpidsl.diagnostics import Diagnostic

if TYPE_CHECKING:
    from kpidsl.evaluate.watch import Watch
    from kpidsl.findings import Check
    from kpidsl.specs import Specs


_NOT_ASKED = frozenset({"K705", "K721"})
"""What keeps the data from being looked at."""


@click.command("lint", short_help="Check specs: syntax, names, units, promises.")
@paths_argument
@findings_format()
@click.option("--data", is_flag=True, help="Look at the data, too: what promises cannot be kept?")
@click.option(
    "--as-of", metavar="DATE", help="With --data, as of this day; default: as_of of the config, else today."
)
@click.option("--strict", is_flag=True, help="End in 1 for warnings, too.")
@click.option(
    "--stdin-filename", default="<stdin>", metavar="NAME", help="What a text read from - is called."
)
@force_exclude_option
@common
def command(
    paths: tuple[str, ...],
    formats: tuple[str, ...],
    data: bool,
    as_of: str | None,
    strict: bool,
    stdin_filename: str,
    force_exclude: bool,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Check spec files: syntax, names, units, promises. - reads standard input. With --data: also
    what the data has against the promises.

    Ends in 0 when nothing is found, in 1 for errors (with --strict for warnings, too), in 2 when files
    cannot be read.
    """
    from kpidsl.render.findings import FORMATS

    screens = console(color)
    targets = outputs(formats, FORMATS)
    specs = load(paths, stdin_filename, force_exclude=force_exclude)
    if not quiet:
        tell_left_out(specs, screens)
    if as_of is not None and not data:
        raise click.UsageError("--as-of goes with --data: without it no data is looked at")
    more: tuple[Diagnostic, ...] = ()
    if data and not unreadable(specs.diagnostics):
        with screens.watch(quiet=quiet) as watch:
            more = _in_data(specs, as_of, watch)
    told = as_findings("lint", [check(specs, more, strict=strict)], specs, quiet=quiet, verbose=verbose)
    return told.code if publish(told, targets, screens) else 2


def check(specs: Specs, more: tuple[Diagnostic, ...] = (), *, strict: bool) -> Check:
    """What is wrong with specs, and what more was found, as a check of `kpi lint` and of `kpi ci`."""
    from kpidsl.diagnostics import Severity
    from kpidsl.findings import Check

    found = (*specs.diagnostics, *more)
    whole = not unreadable(found) and not any(d.code in _NOT_ASKED for d in found)
    return Check("lint", found, fails_from=Severity.WARNING if strict else Severity.ERROR, whole=whole)


def _in_data(specs: Specs, as_of: str | None, watch: Watch) -> tuple[Diagnostic, ...]:
    """What the data has against the promises, and what is wrong with the data itself."""
    from attrs import evolve

    from kpidsl import project
    from kpidsl.attainable import Lookback, findings, without_slices

    whole = specs.with_graph(without_slices(specs.graph))
    wish = project.wish(whole, as_of=as_of)
    if not isinstance(wish, project.Wish):
        return wish
    look = Lookback(wish.as_of, specs.graph.calendar)
    outcome = project.evaluate(whole, evolve(wish, more=look), watch)
    known = frozenset(map(id, specs.diagnostics))
    wrong = (d for d in (*outcome.diagnostics, *outcome.warnings) if id(d) not in known)
    return (*wrong, *findings(outcome))
