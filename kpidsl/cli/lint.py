"""`kpi lint`: what is wrong with the specs, without looking at any data unless it is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kpidsl.cli.console import common, console, paths_argument, wanted
from kpidsl.cli.inputs import load, unreadable
from kpidsl.cli.outputs import outputs, put
from kpidsl.diagnostics import Diagnostic

if TYPE_CHECKING:
    from kpidsl.evaluate.watch import Watch
    from kpidsl.specs import (
        Specs,
    )


_NOT_ASKED = frozenset({"K705", "K721"})
"""What keeps the data from being looked at."""


@click.command("lint", short_help="Check specs: syntax, names, units, promises.")
@paths_argument
@click.option("--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="text or json; repeatable.")
@click.option("--data", is_flag=True, help="Look at the data, too: what promises cannot be kept?")
@click.option(
    "--as-of", metavar="DATE", help="With --data, as of this day; default: as_of of the config, else today."
)
@click.option("--strict", is_flag=True, help="End in 1 for warnings, too.")
@click.option(
    "--stdin-filename", default="<stdin>", metavar="NAME", help="What a text read from - is called."
)
@common
def command(
    paths: tuple[str, ...],
    formats: tuple[str, ...],
    data: bool,
    as_of: str | None,
    strict: bool,
    stdin_filename: str,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Check spec files: syntax, names, units, promises. - reads standard input. With --data: also
    what the data has against the promises.

    Ends in 0 when nothing is found, in 1 for errors (with --strict for warnings, too), in 2 when files
    cannot be read.
    """
    from kpidsl.diagnostics import Severity
    from kpidsl.render import data as plain
    from kpidsl.render.cells import Screen
    from kpidsl.render.diagnostics import render, summary

    screens = console(color)
    targets = outputs(formats, ("text", "json"))
    specs = load(paths, stdin_filename)
    found: tuple[Diagnostic, ...] = specs.diagnostics
    if as_of is not None and not data:
        raise click.UsageError("--as-of goes with --data: without it no data is looked at")
    if data and not unreadable(found):
        with screens.watch(quiet=quiet) as watch:
            found = (*found, *_in_data(specs, as_of, watch))
    shown = wanted(found, quiet=quiet, verbose=verbose)

    def text(screen: Screen) -> str:
        counted = summary(shown)
        files = len(specs.sources)
        last = counted or ("" if quiet else f"{files} file{'s' if files != 1 else ''}: nothing found")
        return render(shown, screen) + (f"{last}\n" if last else "")

    written = put(targets, {"text": text, "json": lambda _: plain.as_json(plain.findings(found))}, screens)
    if not written or unreadable(found) or any(d.code in _NOT_ASKED for d in found):
        return 2
    least = Severity.WARNING if strict else Severity.ERROR
    return int(any(d.severity >= least for d in found))


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
