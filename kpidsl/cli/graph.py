"""`kpi graph`: what is computed from what."""

from __future__ import annotations

import click

from kpidsl.cli import names
from kpidsl.cli.console import common, console, paths_argument, wanted
from kpidsl.cli.inputs import load, unreadable
from kpidsl.cli.outputs import outputs, put
from kpidsl.diagnostics import Severity


@click.command("graph", short_help="Draw what is computed from what.")
@paths_argument
@click.option(
    "--kpi",
    "kpis",
    multiple=True,
    shell_complete=names.kpis,
    metavar="NAME",
    help="Only what this KPI is computed from; repeatable.",
)
@click.option(
    "--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="mermaid, dot or json; repeatable."
)
@common
def command(
    paths: tuple[str, ...],
    kpis: tuple[str, ...],
    formats: tuple[str, ...],
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Draw the graph of sources, aggregations, formulas and KPIs. Ends in 2 if one of them has an error."""
    from kpidsl.compile.show import draw, to_dot, to_json, to_mermaid
    from kpidsl.project import unknown_kpis

    screens = console(color)
    targets = outputs(formats, ("mermaid", "dot", "json"))
    specs = load(paths)
    errors = [
        d for d in wanted(specs.diagnostics, quiet=quiet, verbose=verbose) if d.severity is Severity.ERROR
    ]
    errors += unknown_kpis(specs, kpis)
    screens.report(errors)
    chosen = [name for name in kpis if name in specs.graph.kpis]
    drawing = draw(specs.graph, chosen if kpis else None)
    renderers = {
        "mermaid": lambda _: to_mermaid(drawing).rstrip("\n") + "\n",
        "dot": lambda _: to_dot(drawing).rstrip("\n") + "\n",
        "json": lambda _: to_json(drawing).rstrip("\n") + "\n",
    }
    written = put(targets, renderers, screens)
    return 2 if errors or not written or unreadable(specs.diagnostics) else 0
