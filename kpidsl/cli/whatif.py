"""`kpi whatif`: the verdicts under other values than those of the data."""

from __future__ import annotations

import click

from kpidsl.cli.assumptions import Given, evaluation_options, given, go
from kpidsl.cli.console import common, console, paths_argument
from kpidsl.cli.limits import limits


@click.command("whatif", short_help="Show which verdicts change under assumptions.")
@paths_argument
@click.option(
    "--set",
    "sets",
    multiple=True,
    required=True,
    metavar="NAME=VALUE",
    help="Assume a value of a measure, KPI or constant: 2_500, +10%, NAME[channel]=... Repeatable.",
)
@evaluation_options
@limits
@common
@given
def command(asked: Given, sets: tuple[str, ...]) -> int:
    """Judge the KPIs as if measures, KPIs or constants had other values, and show what changes.

    Nothing is written and the specs stay as they are. Ends in 2 if something could not be evaluated.
    """
    return go(asked, console(asked.color), sets=sets)
