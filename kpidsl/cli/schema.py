"""`kpi schema`: what the JSON of a command looks like."""

from __future__ import annotations

import click

from kpidsl.cli.console import common, console

_NAMES = ("breaking", "ci", "config", "diff", "eval", "history", "lint", "scenario", "test", "why")


@click.command("schema", short_help="Print the JSON Schema of an output.")
@click.argument("name", type=click.Choice(_NAMES))
@common
def command(name: str, color: bool | None, verbose: bool, quiet: bool) -> int:
    """Print the JSON Schema of what a command writes with --format json.

    `scenario` is that of `kpi whatif` and `kpi solve`, too.
    """
    from kpidsl.render import data, schema

    schemas = {
        "breaking": schema.breaking,
        "diff": schema.comparison,
        "eval": schema.evaluation,
        "history": schema.history,
        "lint": schema.findings,
        "ci": schema.checks,
        "config": schema.settings,
        "scenario": schema.scenarios,
        "test": schema.tests,
        "why": schema.change,
    }
    console(color).say(data.as_json(schemas[name]()))
    return 0
