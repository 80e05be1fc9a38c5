"""`kpi solve`: the value of a name that gives a KPI a value."""

from __future__ import annotations

import click

from kpidsl.cli.assumptions import Given, evaluation_options, given, go
from kpidsl.cli.console import common, console, paths_argument
from kpidsl.cli.limits import limits


@click.command("solve", short_help="Find the value of a name that takes a KPI to a value.")
@click.argument("goal", metavar="KPI=VALUE")
@paths_argument
@click.option(
    "--for", "unknown", required=True, metavar="NAME", help="The measure, KPI or constant to look for."
)
@click.option("--between", nargs=2, metavar="A B", help="Look between two values; default: from 0 up.")
@click.option(
    "--set", "sets", multiple=True, metavar="NAME=VALUE", help="Assume something besides; repeatable."
)
@evaluation_options
@limits
@common
@given
def command(
    asked: Given, goal: str, unknown: str, between: tuple[str, str] | None, sets: tuple[str, ...]
) -> int:
    """Find the value of a measure, KPI or constant with which a KPI has a value, and show which verdicts
    change then.

    Ends in 1 if there is no such value, in 2 if something could not be evaluated.
    """
    from kpidsl.whatif import Sought, numbered

    place = None
    if between is not None:
        low, high = map(numbered, between)
        if low is None or high is None or not low < high:
            said = f"`{between[0]}` and `{between[1]}` are not two numbers, the smaller one first"
            raise click.BadParameter(said, param_hint="--between")
        place = (low, high)
    return go(asked, console(asked.color), sets=sets, sought=Sought(goal, unknown, place))
