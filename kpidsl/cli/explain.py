"""`kpi explain`: where a verdict comes from, and how the numbers were read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import evolve

from kpidsl.cli import names
from kpidsl.cli.console import Console, common, console, paths_argument, wanted
from kpidsl.cli.inputs import load, pairs, unreadable
from kpidsl.cli.limits import limits
from kpidsl.cli.outputs import Renderer, outputs, put

if TYPE_CHECKING:
    from kpidsl.config import Limits
    from kpidsl.graph import Objective
    from kpidsl.project import Outcome


@click.command("explain", short_help="Show how a verdict comes about.")
@click.argument("kpi", required=False, shell_complete=names.kpis)
@paths_argument
@click.option("--as-of", metavar="DATE", help="As of this day; default: as_of of the config, else today.")
@click.option(
    "--for", "period", metavar="PERIOD", help="In this period (2026-09, 2026-Q3) instead of the last one."
)
@click.option(
    "--by", multiple=True, metavar="DIM", help="Split by this dimension instead of the KPI's own; repeatable."
)
@click.option("--slice", "slices", multiple=True, metavar="DIM=VALUE", help="Of this slice; repeatable.")
@click.option("--data", multiple=True, metavar="NAME=FILE", help="Read a source from this file; repeatable.")
@click.option("--sql", is_flag=True, help="Show the queries, too.")
@click.option(
    "--plan", is_flag=True, help="Show what was read, and how long it took; of all KPIs where none is named."
)
@click.option("--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="text or json; repeatable.")
@limits
@common
def command(
    kpi: str | None,
    paths: tuple[str, ...],
    as_of: str | None,
    period: str | None,
    by: tuple[str, ...],
    slices: tuple[str, ...],
    data: tuple[str, ...],
    sql: bool,
    plan: bool,
    formats: tuple[str, ...],
    held: Limits,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Show how the verdict on a KPI comes about: formula, numbers, rows, windows, target.

    Of an objective: its verdict, and those of its KPIs. With --plan: every query, what it groups by, the
    cells expected and found, and its time; without a KPI that of all of them.

    Ends in 2 if the KPI could not be evaluated.
    """
    if plan and kpi is not None and (kpi == "-" or kpi.endswith(".kpi") or Path(kpi).exists()):
        paths, kpi = (kpi, *paths), None
    if kpi is None and not plan:
        raise click.MissingParameter(param_hint="'KPI'", param_type="argument")
    if kpi is None and slices:
        raise click.UsageError("--slice is for a KPI, and none is named")
    screens = console(color)
    targets = outputs(formats, ("text", "json"))
    wanted_slice = pairs(slices, "--slice", "DIM=VALUE")
    specs = load(paths)
    if unreadable(specs.diagnostics):
        screens.report(wanted(specs.diagnostics, quiet=quiet, verbose=verbose))
        return 2

    objective = specs.graph.objectives.get(kpi) if kpi else None
    if objective is None and kpi in specs.objectives:
        screens.tell(f"{kpi}: an objective that cannot be judged: {specs.graph.broken[kpi].message}\n")
        return 2
    if objective and (by or slices or sql or plan):
        raise click.UsageError(f"`{kpi}` is an objective; --by, --slice, --sql and --plan are for KPIs")

    from kpidsl import project
    from kpidsl.diagnostics import Diagnostic
    from kpidsl.explain import explain, questions
    from kpidsl.render import data as plain
    from kpidsl.render import explanation
    from kpidsl.render import plan as plans

    dimensions: Sequence[str] = by or tuple(wanted_slice) * (not _splits(specs, kpi, wanted_slice))
    wish = project.wish(
        specs,
        as_of=as_of,
        period=period,
        kpis=tuple(name for name, _ in objective.members) if objective else (kpi,) if kpi else (),
        by=dimensions,
        data=pairs(data, "--data", "NAME=FILE"),
        more=questions(specs.graph) if kpi else lambda kpi, schedule: (),
        limits=held,
    )
    if not isinstance(wish, project.Wish):
        screens.report(wish)
        return 2
    with screens.watch(quiet=quiet) as watch:
        outcome = project.evaluate(specs, wish, watch)
    shown = wanted(outcome.diagnostics, quiet=quiet, verbose=verbose)
    screens.report(shown)
    if objective:
        return _rolled_up(objective, outcome, targets, screens)
    if kpi is None:
        return _planned(outcome, targets, screens, sql=sql, verbose=verbose)
    headline = outcome.judged[0].headline
    if kpi not in outcome.graph.kpis or (headline.word == "failed" and headline.kpi in specs.broken):
        screens.tell(f"{kpi}: {headline.why}\n")
        return 2
    found = explain(outcome, kpi, {name: str(value) for name, value in wanted_slice.items()})
    if isinstance(found, Diagnostic):
        screens.report([found])
        return 2
    renderers: dict[str, Renderer] = {
        "text": lambda screen: (
            explanation.render(found, outcome, screen, sql=sql)
            + (f"\n{plans.render(outcome, screen, verbose=verbose)}" if plan else "")
        ),
        "json": lambda _: plain.as_json(
            explanation.as_data(found, outcome) | ({"plan": plans.as_data(outcome)} if plan else {})
        ),
    }
    written = put(targets, renderers, screens)
    return 2 if not written or outcome.errors or found.verdict.word == "failed" else 0


def _planned(
    outcome: Outcome,
    targets: Sequence[tuple[str, str | None]],
    screens: Console,
    *,
    sql: bool,
    verbose: bool,
) -> int:
    """How the numbers of all KPIs were read, without them."""
    from kpidsl.render import data, explanation, plan

    renderers: dict[str, Renderer] = {
        "text": lambda screen: (
            plan.render(outcome, screen, verbose=verbose)
            + (explanation.queries(filter(lambda query: query.sql, outcome.queries), screen) if sql else "")
        ),
        "json": lambda _: data.as_json(
            {
                "schema_version": data.SCHEMA_VERSION,
                "as_of": outcome.as_of.isoformat(),
                "plan": plan.as_data(outcome, sql=sql),
            }
        ),
    }
    written = put(targets, renderers, screens)
    failed = any(judged.headline.word == "failed" for judged in outcome.judged)
    return 2 if not written or outcome.errors or failed else 0


def _rolled_up(
    objective: Objective, outcome: Outcome, targets: Sequence[tuple[str, str | None]], screens: Console
) -> int:
    """The report on the KPIs of an objective and on nothing else; as JSON that of `kpi eval`."""
    from kpidsl import judge
    from kpidsl.render import plain, verdicts

    verdict = judge.roll_up(objective, {judged.kpi: judged for judged in outcome.judged})
    found = evolve(outcome, objectives=(verdict,))
    renderers: dict[str, Renderer] = {
        "text": lambda screen: verdicts.render(found, screen),
        "json": lambda _: plain.as_json_parts(found),
    }
    written = put(targets, renderers, screens)
    return 2 if not written or outcome.errors or verdict.word == "failed" else 0


def _splits(specs: object, name: str | None, asked: dict[str, object]) -> bool:
    """Whether the KPI is split by just the dimensions of the slice asked for; else it has to be."""
    from kpidsl.specs import Specs

    assert isinstance(specs, Specs)
    kpi = specs.graph.kpis.get(name) if name else None
    return kpi is None or {d.name for d in kpi.dimensions} == set(asked)
