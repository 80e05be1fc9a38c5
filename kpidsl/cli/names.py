"""Names that shells complete. A completion never fails: where there is nothing to offer, nothing is."""

from __future__ import annotations

from contextlib import suppress

import click


def kpis(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The KPIs of the project that the command is about, as far as it can be read."""
    with suppress(Exception):
        from kpidsl import specs

        entries = specs.load(list(ctx.params.get("paths") or ["."])).entries
        return [e.name for e in entries if e.kind == "kpi" and e.name.startswith(incomplete)]
    return []


def rules(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """The names and codes of all diagnostics."""
    from kpidsl.codes import CATALOGUE

    words = [word for entry in CATALOGUE.values() for word in (entry.code, entry.name)]
    return [word for word in words if word.casefold().startswith(incomplete.casefold())]
