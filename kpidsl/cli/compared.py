"""What the commands share that compare: their sides, their day, and what keeps them from comparing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import click
from attrs import evolve

from kpidsl.cli.console import Console
from kpidsl.cli.inputs import COULD_NOT_READ
from kpidsl.diagnostics import Diagnostic

if TYPE_CHECKING:
    from kpidsl.diff.comparison import Comparison
    from kpidsl.revision import Side

_STOP = COULD_NOT_READ | {"K208", "K209"}
"""Of what is not read, nobody can say that it is gone."""

as_of_option = click.option(
    "--as-of", metavar="DATE", help="As of this day; default: as_of of the config, else today."
)


def compared(
    sides: Callable[[], tuple[Side, Side]], as_of: str | None, screens: Console
) -> Comparison | None:
    """The comparison; None where it cannot be made, which is told."""
    found = comparison(sides, as_of)
    if isinstance(found, tuple):
        screens.report(found)
        return None
    return found


def comparison(
    sides: Callable[[], tuple[Side, Side]], as_of: str | None
) -> Comparison | tuple[Diagnostic, ...]:
    """The comparison, or what keeps it from being made."""
    from kpidsl.diff.comparison import put
    from kpidsl.git import Unread

    try:
        old, new = sides()
    except Unread as error:
        return (error.diagnostic,)
    unread = tuple(
        evolve(d, notes=(*d.notes, f"in {side.name}"))
        for side in (old, new)
        for d in side.specs.diagnostics
        if d.code in _STOP
    )
    if unread:
        return unread
    day = _day(new, as_of)
    return (day,) if isinstance(day, Diagnostic) else put(old, new, day)


def _day(side: Side, as_of: str | None) -> date | Diagnostic:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from kpidsl.model.literals import parse_day

    calendar = side.specs.graph.calendar
    if as_of is None:
        return side.specs.config.as_of or datetime.now(ZoneInfo(calendar.zone)).date()
    try:
        return parse_day(as_of, calendar)
    except ValueError as error:
        return Diagnostic("K721", f"the as-of date cannot be read: {error}")
