"""Names that shells complete. A completion never fails: where there is nothing to offer, nothing is."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import click


def kpis(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The KPIs of the project that the command is about, as far as it can be read."""
    with suppress(Exception):
        from kpidsl import specs

        entries = specs.load(list(ctx.params.get("paths") or ["."])).entries
        return [e.name for e in entries if e.kind == "kpi" and e.name.startswith(incomplete)]
    return []


def rules(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The codes and names of all diagnostics and rules, and the families of rules."""
    from kpidsl.codes import CATALOGUE

    entries = [word for entry in CATALOGUE.values() for word in (entry.code, entry.name)]
    return _beginning(incomplete, [*entries, *_of_lint(ctx)])


def chosen(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The codes, names and families of rules, of which an option may have several with commas between."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{word}" for word in _beginning(last, _of_lint(ctx))]


def _beginning(start: str, words: Iterable[str]) -> list[str]:
    return [word for word in dict.fromkeys(words) if word.casefold().startswith(start.casefold())]


def _of_lint(ctx: click.Context) -> list[str]:
    """What rules of lint are called, those included that the project or a package brings."""
    with suppress(Exception):
        from kpidsl import config
        from kpidsl.diagnostics import Report
        from kpidsl.lint.ask import all_rules
        from kpidsl.lint.rule import words

        found, _ = all_rules(config.load(list(ctx.params.get("paths") or []), Report()).lint)
        return words(found)
    return []
