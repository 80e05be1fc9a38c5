"""`kpi lint`: what is wrong with the specs, without looking at any data."""

from __future__ import annotations

import click

from kpidsl.cli.console import common, console, paths_argument, wanted
from kpidsl.cli.inputs import load, unreadable
from kpidsl.cli.outputs import outputs, put


@click.command("lint", short_help="Check specs: syntax, names, units, promises.")
@paths_argument
@click.option("--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="text or json; repeatable.")
@click.option("--strict", is_flag=True, help="End in 1 for warnings, too.")
@click.option(
    "--stdin-filename", default="<stdin>", metavar="NAME", help="What a text read from - is called."
)
@common
def command(
    paths: tuple[str, ...],
    formats: tuple[str, ...],
    strict: bool,
    stdin_filename: str,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Check spec files: syntax, names, units, promises. - reads standard input.

    Ends in 0 when nothing is found, in 1 for errors (with --strict for warnings, too), in 2 when files
    cannot be read.
    """
    from kpidsl.diagnostics import Severity
    from kpidsl.render import data
    from kpidsl.render.cells import Screen
    from kpidsl.render.diagnostics import render, summary

    screens = console(color)
    targets = outputs(formats, ("text", "json"))
    specs = load(paths, stdin_filename)
    shown = wanted(specs.diagnostics, quiet=quiet, verbose=verbose)

    def text(screen: Screen) -> str:
        counted = summary(shown)
        files = len(specs.sources)
        last = counted or ("" if quiet else f"{files} file{'s' if files != 1 else ''}: nothing found")
        return render(shown, screen) + (f"{last}\n" if last else "")

    written = put(
        targets, {"text": text, "json": lambda _: data.as_json(data.findings(specs.diagnostics))}, screens
    )
    if not written or unreadable(specs.diagnostics):
        return 2
    least = Severity.WARNING if strict else Severity.ERROR
    return int(any(d.severity >= least for d in specs.diagnostics))
