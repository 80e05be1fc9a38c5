"""What is to be known before a change is read: periods that are not whole, promises that are not kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from kpidsl.change.results import Windows
from kpidsl.diagnostics import Severity
from kpidsl.graph import Kpi, aggregates
from kpidsl.judge.schedule import counted_sources
from kpidsl.results import Profile

if TYPE_CHECKING:
    pass

_ALIKE = 0.15
"""How much longer a period may be: February and March are compared without a word."""
_STALE = "K523"  # said by the profile itself


def reach(kpi: Kpi, windows: Windows, as_of: date, profiles: Mapping[str, Profile]) -> Iterator[str]:
    """Periods that are not whole, or not comparable."""
    names = counted_sources(kpi.formula)
    for window in windows:
        newest = [d for name in names if (d := profiles[name].watermark) is not None]
        oldest = [d for name in names if (d := profiles[name].first) is not None]
        reach = min(newest, default=window.end)
        if window.end >= as_of:
            yield f"{window.label} is not over on {as_of}: data reaches {min(reach, as_of)}"
        elif reach < window.end:
            yield f"data reaches only {reach} in {window.label}"
        if oldest and max(oldest) > window.start:
            yield f"data begins on {max(oldest)} in {window.label}"
    before, after = windows
    if before.start <= after.end and after.start <= before.end:
        yield f"{before.label} and {after.label} share days"
    elif kpi.formula.additivity == "additive" and abs(before.days - after.days) > _ALIKE * before.days:
        yield f"a total of {after.days} days is compared with one of {before.days}"


def promises(kpi: Kpi, profiles: Mapping[str, Profile]) -> Iterator[str]:
    """What the sources promise and do not keep."""
    for source in dict.fromkeys(part.source for part in aggregates(kpi.formula)):
        profile = profiles[source]
        if profile.stale:
            yield profile.stale.rstrip(".")
        for problem in profile.problems:
            if problem.severity is Severity.WARNING and problem.code != _STALE:
                yield problem.message
