"""`kpi rule`: what a code or a name of the catalogue means."""

from __future__ import annotations

import click

from kpidsl.cli import names
from kpidsl.cli.console import common, console


@click.command("rule", short_help="Say what a diagnostic means.")
@click.argument("code", required=False, shell_complete=names.rules)
@common
def command(code: str | None, color: bool | None, verbose: bool, quiet: bool) -> int:
    """Say what a diagnostic means, by its code (K302) or its name (unit-mismatch); all of them when none is
    given."""
    from kpidsl.codes import CATALOGUE
    from kpidsl.diagnostics import near

    screens = console(color)
    entries = sorted(CATALOGUE.values(), key=lambda entry: entry.code)
    if code is not None:
        entries = [entry for entry in entries if code.casefold() in (entry.code.casefold(), entry.name)]
    if not entries:
        known = [word for entry in CATALOGUE.values() for word in (entry.name, entry.code)]
        alike = near(code or "", known)
        hint = f"; similar: {', '.join(alike)}" if alike else ""
        raise click.UsageError(f"no diagnostic has the code or name `{code}`{hint}")
    column = max(len(entry.name) for entry in entries)
    for entry in entries:
        name = screens.out.paint(f"{entry.name:<{column}}", "bold")
        screens.say(f"{entry.code} {name}  {entry.severity.word:<7}  {entry.summary}\n")
    return 0
