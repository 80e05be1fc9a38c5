"""`kpi diff`: what two versions of the specs mean that is different."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kpidsl.cli.compared import as_of_option, compared
from kpidsl.cli.console import Console, common, console, wanted
from kpidsl.cli.limits import limits
from kpidsl.cli.outputs import Renderer, outputs, put

if TYPE_CHECKING:
    from kpidsl.config import Limits
    from kpidsl.diff.comparison import Comparison
    from kpidsl.diff.numbers import Numbers


@click.command("diff", short_help="Show what two versions of the specs mean that is different.")
@click.argument("old")
@click.argument("new", required=False)
@click.option(
    "--data", is_flag=True, help="Evaluate both on the same rows, too: what changes in value and verdict?"
)
@as_of_option
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help="text, json, markdown or changelog; repeatable.",
)
@click.option("--exit-code", is_flag=True, help="End in 1 if anything means something else.")
@limits
@common
def command(
    old: str,
    new: str | None,
    data: bool,
    as_of: str | None,
    formats: tuple[str, ...],
    exit_code: bool,
    held: Limits,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Show what two versions of the specs mean that is different. OLD and NEW are git refs (main, HEAD~2,
    main:specs), folders or files; without NEW it is the working tree. main... is where this left main.

    Layout, comments and the order of lines mean nothing. Ends in 0, in 2 if something cannot be compared.
    """
    screens = console(color)
    targets = outputs(formats, ("text", "json", "markdown", "changelog"))

    from kpidsl.diff import plain, text
    from kpidsl.render.data import as_json
    from kpidsl.revision import sides

    found = compared(lambda: sides(old, new), as_of, screens)
    if found is None:
        return 2
    screens.report(wanted(found.diagnostics, quiet=quiet, verbose=verbose))
    values = _numbers(found, held, screens, quiet=quiet) if data else None
    renderers: dict[str, Renderer] = {
        "text": lambda screen: (
            text.render(found, screen, quiet=quiet)
            + (text.render_numbers(values, screen) if values is not None else "")
        ),
        "json": lambda _: as_json(plain.comparison(found, values)),
        "markdown": lambda _: text.as_markdown(found, values),
        "changelog": lambda _: text.as_changelog(found.changes),
    }
    written = put(targets, renderers, screens)
    failed = data and (values is None or values.failed)
    if not written or found.incomplete or failed:
        return 2
    return int(exit_code and bool(found.changes))


def _numbers(found: Comparison, held: Limits, screens: Console, *, quiet: bool) -> Numbers | None:
    """Both sides evaluated; None where that cannot be done, which is told."""
    from kpidsl.diff.numbers import Numbers, numbers

    with screens.watch(quiet=quiet) as watch:
        values = numbers(found, limits=held, watch=watch)
    if not isinstance(values, Numbers):
        screens.report(values)
        return None
    screens.report(wanted(values.diagnostics, quiet=quiet, verbose=False))
    return values
