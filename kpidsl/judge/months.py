"""Months, and the parts of them that other windows have.

A plan that is told by the month, a row for each on its first day, owes of a month that a window cuts its
share of the days; a forecast of months adds up such shares.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from kpidsl.model.periods import Calendar, Window, periods

_BY_MONTH = Calendar()
_DAY = timedelta(days=1)


def cuts(window: Window) -> bool:
    """Whether a window is not made of whole months."""
    return window.start.day != 1 or (window.end + _DAY).day != 1


@lru_cache(maxsize=4096)
def months_between(first: date, last: date) -> tuple[Window, ...]:
    """The months that have days from one to another; none if that is before it."""
    return periods(first, last, "month", _BY_MONTH)


def part_in(period: Window, window: Window) -> float:
    """Which part of the days of a period a window has."""
    days = (min(period.end, window.end) - max(period.start, window.start)).days + 1
    return max(days, 0) / period.days


def first_day(month: Window) -> Window:
    """A month's first day."""
    return Window(month.start, month.start)


def looked_at(windows: Iterable[Window]) -> tuple[Window, ...]:
    """What tells whether something is told by the month, and how much: the months of the windows that cut
    one, the month before the first, and the first day of each."""
    months = dict.fromkeys(month for window in windows if cuts(window) for month in _months_of(window))
    before = min(months, key=lambda month: month.start).shift(-1) if months else None
    months |= {before: None} if before is not None else {}
    return tuple(each for month in months for each in (month, first_day(month)))


def shares(window: Window) -> tuple[tuple[Window, float], ...]:
    """The months that a window has days of, and which part of each."""
    return tuple((month, part_in(month, window)) for month in _months_of(window))


def _months_of(window: Window) -> tuple[Window, ...]:
    return months_between(window.start, window.end)
