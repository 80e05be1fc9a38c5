"""What a forecast is made of: the periods behind, and how many ahead it has to reach.

A total that is open is what it is so far and what is to come, in days or in months. A level, and a period
that has not begun, are the last of the periods to come, each as long as those that are measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from kpidsl.graph import Cumulative, Every, Kpi
from kpidsl.judge.months import months_between, part_in
from kpidsl.judge.schedule import Horizon, Schedule, Slot, counted_sources, first_data
from kpidsl.model.periods import Window
from kpidsl.results import Ask, Profile

LEAST = 6
"""Fewer periods than these say nothing of the next."""
LEAST_DAYS = 21
MOST_DAYS = 182
"""What was earlier says little of the next weeks."""
MOST = {"day": MOST_DAYS, "week": 156}
MANY = 60
LEAST_MONTHS = 12
FAR = 62
"""From so many days ahead on months are looked at, where there are enough behind."""

_SEASONS = {"day": 7, "week": 52, "month": 12, "quarter": 4}
_DAY = timedelta(days=1)


def look_ahead(
    found: Schedule, kpi: Kpi, profiles: Mapping[str, Profile], begin: date | None
) -> Horizon | None:
    """What a KPI that asks for a forecast needs for it; None where the deadline is past or there is none."""
    deadline, watermark, measured = found.deadline, found.watermark, kpi.promise.measured
    if kpi.promise.forecast is None or deadline is None or watermark is None or deadline < found.now:
        return None
    first = first_data(counted_sources(kpi.formula), profiles)
    assert first is not None
    slot = found.slots[-1]
    if isinstance(measured, Cumulative):
        return _of_total(found, kpi, slot, first, begin) if slot.open else None
    if not isinstance(measured, Every):
        return _of_level(found, kpi, slot.window, first, 1, begin)
    headline = found.slots[found.headline]
    if kpi.formula.additivity == "additive" and _is_last(slot, deadline):
        return _of_total(found, kpi, slot, first, begin)
    ended = headline.window if headline.settles_on < found.now else headline.window.shift(-1)
    season = _SEASONS.get(measured.grain.removeprefix("retail "), 1)
    return _of_level(found, kpi, ended, first, season, begin)


def _is_last(slot: Slot, deadline: date) -> bool:
    """Whether a period in progress is the last one that ends until the deadline."""
    after = slot.window.shift(1)
    return slot.open and slot.window.end <= deadline and (after is None or after.end > deadline)


def _of_total(found: Schedule, kpi: Kpi, slot: Slot, first: date, begin: date | None) -> Horizon:
    """The rest of a total, added up from days, or from months where it is far and they are many."""
    assert found.watermark is not None
    assert slot.due_on is not None
    last = min(found.watermark, found.now - _DAY)
    rest = Window(found.watermark + _DAY, slot.due_on) if found.watermark < slot.due_on else None
    months = [m for m in months_between(first, last) if m.start >= first and m.end <= last]
    yearly = kpi.promise.by_last_year and len(months) >= 12 + LEAST
    parts: list[Window] = []
    far = rest is not None and rest.days > FAR and len(months) >= LEAST_MONTHS
    if far or yearly:
        past, season = months[-MANY:], 12
        coming = [*months_between(months[-1].end + _DAY, slot.due_on)]
        parts = _up_to(found.watermark, coming[0], past) if coming[0].end <= slot.due_on else []
    else:
        past = [Window(day, day, "day") for day in _days(max(first, last - (MOST_DAYS - 1) * _DAY), last)]
        coming, season = [Window(day, day) for day in _days(last + _DAY, slot.due_on)], 7
        if len(past) < LEAST_DAYS:
            return Horizon(slot.due_on, why=f"{_so_many(len(past), 'day')} of data, {LEAST_DAYS} are needed")
    return Horizon(
        due_on=slot.due_on,
        ask=Ask(kpi.formula, (*past, *parts), kpi.dimensions, begin),
        parts=len(parts),
        weights=tuple(part_in(window, rest) if rest else 0.0 for window in coming),
        season=season,
        yearly=yearly and len(coming) <= season,
        so_far=slot.window,
        first=len(found.slots) - 1 if isinstance(kpi.promise.measured, Cumulative) else found.headline,
    )


def _of_level(
    found: Schedule, kpi: Kpi, ended: Window | None, first: date, season: int, begin: date | None
) -> Horizon | None:
    """The value of the last period up to the deadline, from those behind."""
    assert found.deadline is not None
    assert found.watermark is not None
    while ended is not None and ended.end > found.watermark:
        ended = ended.shift(-1)
    if ended is None:
        return None
    steps = _steps(ended, found.deadline, sliding=found.slots[-1].due_on is None)
    if steps == 0:
        return None
    most = MOST.get(ended.grain or "", MANY)
    past: list[Window] = []
    window: Window | None = ended
    while window is not None and window.start >= first and len(past) < most:
        past.insert(0, window)
        window = window.shift(-1)
    if len(past) < LEAST:
        return Horizon(
            found.deadline, why=f"{_so_many(len(past), 'whole period')} of data, {LEAST} are needed"
        )
    ask = Ask(kpi.formula, tuple(past), kpi.dimensions, begin)
    yearly = kpi.promise.by_last_year and 1 < season <= len(past) - LEAST and steps <= season
    weights = (0.0,) * (steps - 1) + (1.0,)
    return Horizon(found.deadline, ask, weights=weights, season=season, yearly=yearly, first=found.headline)


def _steps(ended: Window, deadline: date, sliding: bool) -> int:
    """How many periods lie between one that has ended and the deadline; of a sliding window, about."""
    if sliding:
        return max(round((deadline - ended.end).days / ended.days), 1) if deadline > ended.end else 0
    steps, window = 0, ended.shift(1)
    while window is not None and window.end <= deadline:
        steps, window = steps + 1, window.shift(1)
    return steps


def _up_to(day: date, month: Window, past: list[Window]) -> list[Window]:
    """The last months up to the day that has come of the one in progress, which say how much is there."""
    if not month.start <= day < month.end:
        return []
    ends = (min(one.start + (day - month.start), one.end) for one in past[-_A_YEAR:])
    return [Window(one.start, end) for one, end in zip(past[-_A_YEAR:], ends, strict=True)]


_A_YEAR = 12


def _days(first: date, last: date) -> Iterator[date]:
    return (first + n * _DAY for n in range((last - first).days + 1))


def _so_many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
