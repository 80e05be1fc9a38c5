"""`kpi compile`: the queries of KPIs in the SQL of any engine."""

from __future__ import annotations

import click

from kpidsl.cli import names
from kpidsl.cli.console import common, console, paths_argument, wanted
from kpidsl.cli.inputs import load, unreadable
from kpidsl.cli.outputs import outputs, put
from kpidsl.diagnostics import Severity

DIALECTS = (
    "duckdb", "postgres", "spark", "clickhouse", "trino", "snowflake", "bigquery", "redshift", "databricks",
)  # fmt: skip
"""Those of `kpidsl.evaluate.engine.Dialect`, which is slow to import."""


@click.command("compile", short_help="Write the queries of KPIs in the SQL of an engine.")
@paths_argument
@click.option("--dialect", type=click.Choice(DIALECTS), required=True, help="What the SQL is written in.")
@click.option(
    "--kpi",
    "kpis",
    multiple=True,
    shell_complete=names.kpis,
    metavar="NAME",
    help="Only for this KPI; repeatable.",
)
@click.option("--as-of", metavar="DATE", help="As of this day; default: as_of of the config, else today.")
@click.option("--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="text or json; repeatable.")
@common
def command(
    paths: tuple[str, ...],
    dialect: str,
    kpis: tuple[str, ...],
    as_of: str | None,
    formats: tuple[str, ...],
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Write the queries that `kpi eval` would run, as an engine's SQL. Nothing is read or run.

    Ends in 2 if one of the KPIs has an error, or needs what the dialect cannot do.
    """
    screens = console(color)
    targets = outputs(formats, ("text", "json"))
    specs = load(paths)
    errors = [
        d for d in wanted(specs.diagnostics, quiet=quiet, verbose=verbose) if d.severity is Severity.ERROR
    ]
    screens.report(errors)
    if unreadable(specs.diagnostics):
        return 2

    from kpidsl import project
    from kpidsl.render import data
    from kpidsl.render import statements as writing
    from kpidsl.statements import statements

    wish = project.wish(specs, as_of=as_of, kpis=kpis)
    if not isinstance(wish, project.Wish):
        screens.report(wish)
        return 2
    found = statements(specs, wish.as_of, dialect, wish.kpis)  # type: ignore[arg-type]
    screens.report(found.problems)
    renderers = {
        "text": lambda screen: writing.render(found, screen),
        "json": lambda _: data.as_json(writing.as_data(found)),
    }
    written = put(targets, renderers, screens)
    return 2 if errors or found.problems or not written else 0
