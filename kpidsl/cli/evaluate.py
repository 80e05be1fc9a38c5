"""`kpi eval`: compute the KPIs and judge them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kpidsl.cli import names
from kpidsl.cli.console import common, console, paths_argument, wanted
from kpidsl.cli.inputs import load, pairs, unreadable
from kpidsl.cli.limits import limits
from kpidsl.cli.outputs import Renderer, outputs, put
from kpidsl.config import FAIL_ON

if TYPE_CHECKING:
    from kpidsl.config import Limits
    from kpidsl.project import Outcome
    from kpidsl.results import Judged, Light, Verb

_FORMATS = ("text", "json", "jsonl", "csv", "markdown", "html")
_LIGHTS = ("red", "amber", "green", "grey", "none")
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
@click.option(
    "--kpi",
    "kpis",
    multiple=True,
    shell_complete=names.kpis,
    metavar="NAME",
    help="Only this KPI; repeatable.",
)
@click.option("--data", multiple=True, metavar="NAME=FILE", help="Read a source from this file; repeatable.")
@click.option(
    "--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help=f"{', '.join(_FORMATS)}; repeatable."
)
@click.option("--top", metavar="N", help="Of each KPI, only the N slices that matter most; `all` shows all.")
@click.option(
    "--only", multiple=True, type=click.Choice(_LIGHTS), help="Only slices with this light; repeatable."
)
@click.option(
    "--min-rows", type=click.IntRange(0), default=0, metavar="N", help="Only slices with at least N rows."
)
@click.option("--full", is_flag=True, help="For programs: sentence and history of every slice of many.")
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
@limits
@common
def command(
    paths: tuple[str, ...],
    as_of: str | None,
    period: str | None,
    by: tuple[str, ...],
    kpis: tuple[str, ...],
    data: tuple[str, ...],
    formats: tuple[str, ...],
    top: str | None,
    only: tuple[Light, ...],
    min_rows: int,
    full: bool,
    fail_on: tuple[str, ...],
    incremental: bool | None,
    held: Limits,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Evaluate the KPIs of spec files and judge them.

    Ends in 0, in 1 if a verdict is one of --fail-on, in 2 if something could not be evaluated.
    """
    screens = console(color)
    targets = outputs(formats, _FORMATS)
    most = _most(top)
    specs = load(paths)
    if unreadable(specs.diagnostics):
        screens.report(wanted(specs.diagnostics, quiet=quiet, verbose=verbose))
        return 2

    from kpidsl import project
    from kpidsl.render import plain, tables, verdicts
    from kpidsl.render.choice import Choice

    wish = project.wish(
        specs,
        as_of=as_of,
        period=period,
        kpis=kpis,
        by=by,
        data=pairs(data, "--data", "NAME=FILE"),
        incremental=incremental,
        limits=held,
    )
    if not isinstance(wish, project.Wish):
        screens.report(wish)
        return 2
    with screens.watch(quiet=quiet) as watch:
        outcome = project.evaluate(specs, wish, watch)
    told = [*outcome.diagnostics, *outcome.warnings] if verbose else outcome.diagnostics
    screens.report(wanted(told, quiet=quiet, verbose=verbose))
    if verbose:
        screens.tell("".join(f"{line}\n" for line in outcome.reading))
    choice = Choice(most, top == "all", frozenset(only), min_rows, full)
    renderers: dict[str, Renderer] = {
        "text": lambda screen: verdicts.render(outcome, screen, choice, quiet=quiet, verbose=verbose),
        "json": lambda _: plain.as_json_parts(outcome, choice),
        "jsonl": lambda _: tables.as_jsonl(outcome, choice),
        "csv": lambda _: tables.as_csv(outcome, choice),
        "markdown": lambda _: tables.as_markdown(outcome, choice),
        "html": lambda _: tables.as_html(outcome, choice),
    }
    written = put(targets, renderers, screens)
    return _code(outcome, fail_on or specs.config.fail_on) if written else 2


def _code(outcome: Outcome, fail_on: Sequence[str]) -> int:
    """2 beats 1: what could not be evaluated might have failed, too."""
    if outcome.errors or any(judged.headline.word == "failed" for judged in outcome.judged):
        return 2
    from kpidsl.results import LIGHT_OF

    words: frozenset[str] = frozenset().union(*(_FAILING.get(name, frozenset()) for name in fail_on))
    found = frozenset().union(*map(_counted, outcome.judged))
    grey = "grey" in fail_on and any(LIGHT_OF[word] == "grey" for word in found)
    return int(grey or bool(words & found) or any(o.word in words for o in outcome.objectives))


def _counted(judged: Judged) -> frozenset[Verb]:
    """The words that a KPI and its slices have, of those that count."""
    from kpidsl.results import WORDS

    own = {judged.headline.word} if judged.headline.counts else set()
    crowd = judged.crowd
    if crowd is None:
        return frozenset(own)
    return frozenset(own | {WORDS[code] for code in set(crowd.words[crowd.counts].tolist())})


def _most(top: str | None) -> int | None:
    """`--top` as a number, None for all and for none given."""
    if top is None or top == "all":
        return None
    if not top.isdecimal():
        raise click.BadParameter(f"`{top}` is neither a number nor `all`", param_hint="--top")
    return int(top)
