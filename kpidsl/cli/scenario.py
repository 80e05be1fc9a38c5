"""`kpi scenario`: run the scenarios of specs."""

from __future__ import annotations

import click

from kpidsl.cli.assumptions import Given, evaluation_options, given, go
from kpidsl.cli.console import common, console, paths_argument
from kpidsl.cli.limits import limits


@click.command("scenario", short_help="Run the scenarios of the specs.")
@paths_argument
@click.option("--title", "titles", multiple=True, metavar="TEXT", help="Only this scenario; repeatable.")
@evaluation_options
@limits
@common
@given
def command(asked: Given, titles: tuple[str, ...]) -> int:
    """Run the `scenario` blocks of spec files: what they assume, look for and expect.

    Ends in 1 if something is not as expected or not found, in 2 if a scenario could not be run.
    """
    return go(asked, console(asked.color), titles=titles)
