"""`kpi why`: what moved a KPI between two periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kpidsl.cli import names
from kpidsl.cli.console import common, console, paths_argument, wanted
from kpidsl.cli.inputs import load, pairs, unreadable
from kpidsl.cli.limits import limits
from kpidsl.cli.outputs import Renderer, outputs, put

if TYPE_CHECKING:
    from kpidsl.config import Limits


@click.command("why", short_help="Show what moved a KPI between two periods.")
@click.argument("kpi", shell_complete=names.kpis)
@paths_argument
@click.option(
    "--between", nargs=2, required=True, metavar="PERIOD PERIOD", help="The periods: 2026-05 2026-06."
)
@click.option(
    "--by", multiple=True, metavar="DIM", help="Split by this dimension instead of the KPI's own; repeatable."
)
@click.option("--as-of", metavar="DATE", help="As of this day; default: as_of of the config, else today.")
@click.option("--data", multiple=True, metavar="NAME=FILE", help="Read a source from this file; repeatable.")
@click.option("--top", metavar="N", help="Only the N slices with the largest effects; `all` shows all.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help="text, json, csv, markdown or html; repeatable.",
)
@limits
@common
def command(
    kpi: str,
    paths: tuple[str, ...],
    between: tuple[str, str],
    by: tuple[str, ...],
    as_of: str | None,
    data: tuple[str, ...],
    top: str | None,
    formats: tuple[str, ...],
    held: Limits,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Show what moved a KPI or measure between two periods: the factors of its formula, and its slices.

    The effects add up to the change. Ends in 2 if there is no value in one of the periods.
    """
    screens = console(color)
    targets = outputs(formats, ("text", "json", "csv", "markdown", "html"))
    if top is not None and top != "all" and not top.isdecimal():
        raise click.BadParameter(f"`{top}` is neither a number nor `all`", param_hint="--top")
    specs = load(paths)
    if unreadable(specs.diagnostics):
        screens.report(wanted(specs.diagnostics, quiet=quiet, verbose=verbose))
        return 2

    from kpidsl.change import Change, explain_change
    from kpidsl.render import change as text
    from kpidsl.render import change_data
    from kpidsl.render.data import as_json

    with screens.watch(quiet=quiet) as watch:
        found = explain_change(
            specs, kpi, between,
            as_of=as_of, by=by, data=pairs(data, "--data", "NAME=FILE"), limits=held, watch=watch,
        )  # fmt: skip
    if not isinstance(found, Change):
        screens.report(found)
        return 2
    screens.report(wanted(found.diagnostics, quiet=quiet, verbose=verbose))
    few = text.SHOWN if top is None else None if top == "all" else int(top)
    many = None if top in (None, "all") else few
    renderers: dict[str, Renderer] = {
        "text": lambda screen: text.render(found, screen, top=few, quiet=quiet),
        "json": lambda _: as_json(change_data.as_data(found, many)),
        "csv": lambda _: change_data.as_csv(found, many),
        "markdown": lambda _: change_data.as_markdown(found, few),
        "html": lambda _: change_data.as_html(found, few),
    }
    return 2 if not put(targets, renderers, screens) else 0
