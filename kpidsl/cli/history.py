"""`kpi history`: how a promise became what it is."""

from __future__ import annotations

from pathlib import Path

import click

from kpidsl.cli.console import common, console, paths_argument, wanted
from kpidsl.cli.outputs import Renderer, outputs, put


@click.command("history", short_help="Show how a KPI changed over the commits of the repository.")
@click.argument("kpi")
@paths_argument
@click.option("--from", "start", default="HEAD", metavar="REF", help="The newest commit; default: HEAD.")
@click.option(
    "--most", type=click.IntRange(1), default=200, show_default=True, metavar="N",
    help="How many commits that touch specs are looked at.",
)  # fmt: skip
@click.option(
    "--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="text, json or markdown; repeatable."
)
@common
def command(
    kpi: str,
    paths: tuple[str, ...],
    start: str,
    most: int,
    formats: tuple[str, ...],
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Show each change of a KPI with the day and author of its commit, the newest first; also through
    renames.

    What is not committed is not looked at. Ends in 2 if there is no such KPI or no repository.
    """
    screens = console(color)
    targets = outputs(formats, ("text", "json", "markdown"))

    from kpidsl.diff import plain, text
    from kpidsl.diff.history import history
    from kpidsl.git import Unread, repository
    from kpidsl.project import unknown
    from kpidsl.render.data import as_json

    places = [Path(path) for path in paths]
    try:
        home = repository(places[0].absolute() if places else Path.cwd())
        places = places or [home.top if home.bare else Path.cwd()]
        with screens.progress(quiet=quiet) as progress:
            found = history(home, kpi, places, start=start, most=most, progress=progress)
    except Unread as error:
        screens.report([error.diagnostic])
        return 2
    if not found.steps and not found.known:
        screens.report([unknown("K720", "KPI", kpi, found.others)])
        return 2
    screens.report(wanted(found.diagnostics, quiet=quiet, verbose=verbose))
    renderers: dict[str, Renderer] = {
        "text": lambda screen: text.render_history(found, screen),
        "json": lambda _: as_json(plain.history(found)),
        "markdown": lambda _: text.history_markdown(found),
    }
    return 0 if put(targets, renderers, screens) else 2
