"""`kpi eval`: compute the KPIs and judge them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kpidsl.cli.console import common, console, paths_argument, wanted
from kpidsl.cli.inputs import load, pairs, unreadable
from kpidsl.cli.outputs import outputs, put
from kpidsl.config import FAIL_ON

if TYPE_CHECKING:
    from kpidsl.project import Outcome
    from kpidsl.results import Verdict

_FORMATS = ("text", "json", "csv", "markdown", "html")
_FAILING: dict[str, frozenset[str]] = {
    "missed": frozenset({"missed"}),
    "off-track": frozenset({"missed", "off track"}),
    "nearly-met": frozenset({"missed", "nearly met"}),
    "at-risk": frozenset({"missed", "off track", "at risk"}),
    "never": frozenset(),
}
"""Each word fails what is worse, too; `grey` is a light of its own."""


@click.command("eval", short_help="Compute the KPIs and judge them.")
@paths_argument
@click.option(
    "--as-of", metavar="DATE", help="Judge as of this day; default: as_of of the config, else today."
)
@click.option(
    "--for", "period", metavar="PERIOD", help="Show this period (2026-09, 2026-Q3) instead of the last one."
)
@click.option(
    "--by", multiple=True, metavar="DIM", help="Split by this dimension instead of the KPI's own; repeatable."
)
@click.option("--kpi", "kpis", multiple=True, metavar="NAME", help="Only this KPI; repeatable.")
@click.option("--data", multiple=True, metavar="NAME=FILE", help="Read a source from this file; repeatable.")
@click.option(
    "--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help=f"{', '.join(_FORMATS)}; repeatable."
)
@click.option(
    "--fail-on",
    multiple=True,
    type=click.Choice(FAIL_ON),
    help="End in 1 if a verdict is this or worse; grey: if one cannot be given. Repeatable.",
)
@click.option(
    "--incremental/--no-incremental",
    default=None,
    help="Read only files that are new or changed; default: as [incremental] of the config says.",
)
@common
def command(
    paths: tuple[str, ...],
    as_of: str | None,
    period: str | None,
    by: tuple[str, ...],
    kpis: tuple[str, ...],
    data: tuple[str, ...],
    formats: tuple[str, ...],
    fail_on: tuple[str, ...],
    incremental: bool | None,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Evaluate the KPIs of spec files and judge them.

    Ends in 0, in 1 if a verdict is one of --fail-on, in 2 if something could not be evaluated.
    """
    screens = console(color)
    targets = outputs(formats, _FORMATS)
    specs = load(paths)
    if unreadable(specs.diagnostics):
        screens.report(wanted(specs.diagnostics, quiet=quiet, verbose=verbose))
        return 2

    from kpidsl import project
    from kpidsl.render import data as plain
    from kpidsl.render import tables, verdicts

    wish = project.wish(
        specs,
        as_of=as_of,
        period=period,
        kpis=kpis,
        by=by,
        data=pairs(data, "--data", "NAME=FILE"),
        incremental=incremental,
    )
    if not isinstance(wish, project.Wish):
        screens.report(wish)
        return 2
    with screens.progress() as step:
        outcome = project.evaluate(specs, wish, step)
    told = [*outcome.diagnostics, *outcome.warnings] if verbose else outcome.diagnostics
    screens.report(wanted(told, quiet=quiet, verbose=verbose))
    if verbose:
        screens.tell("".join(f"{line}\n" for line in outcome.reading))
    renderers = {
        "text": lambda screen: verdicts.render(outcome, screen, quiet=quiet, verbose=verbose),
        "json": lambda _: plain.as_json(plain.evaluation(outcome)),
        "csv": lambda _: tables.as_csv(outcome),
        "markdown": lambda _: tables.as_markdown(outcome),
        "html": lambda _: tables.as_html(outcome),
    }
    written = put(targets, renderers, screens)
    return _code(outcome, fail_on or specs.config.fail_on) if written else 2


def _code(outcome: Outcome, fail_on: Sequence[str]) -> int:
    """2 beats 1: what could not be evaluated might have failed, too."""
    shown: list[Verdict] = [v for judged in outcome.judged for v in (judged.headline, *judged.slices)]
    if outcome.errors or any(v.word == "failed" for v in shown):
        return 2
    words = frozenset().union(*(_FAILING.get(name, frozenset()) for name in fail_on))
    counted = [v for v in shown if v.counts]
    grey = "grey" in fail_on and any(v.light == "grey" for v in counted)
    return int(
        grey or any(v.word in words for v in counted) or any(o.word in words for o in outcome.objectives)
    )
