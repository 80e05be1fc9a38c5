"""`kpi schema`: what the JSON of a command looks like."""

from __future__ import annotations

import click

from kpidsl.cli.console import common, console


@click.command("schema", short_help="Print the JSON Schema of an output.")
@click.argument("name", type=click.Choice(["eval", "lint", "scenario", "test", "why"]))
@common
def command(name: str, color: bool | None, verbose: bool, quiet: bool) -> int:
    """Print the JSON Schema of what a command writes with --format json.

    `scenario` is that of `kpi whatif` and `kpi solve`, too.
    """
    from kpidsl.render import data, schema

    schemas = {
        "eval": schema.evaluation,
        "lint": schema.findings,
        "scenario": schema.scenarios,
        "test": schema.tests,
        "why": schema.change,
    }
    console(color).say(data.as_json(schemas[name]()))
    return 0
