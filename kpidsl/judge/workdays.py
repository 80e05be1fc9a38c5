"""Business days: those that are no weekend, no public holiday and no holiday of the calendar's own.

Public holidays are those of the `holidays` library, category `public`, with days that are observed instead.
It is imported when a promise is judged by them.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from kpidsl.model.periods import Calendar

_DAY = timedelta(days=1)


def business_days(start: date, end: date, calendar: Calendar) -> int:
    """How many there are from start to end, both included; 0 if end is before start."""
    if end < start:
        return 0
    working = [day for day in range(7) if day not in calendar.weekend]
    days = (end - start).days + 1
    found = sum((days + 6 - (weekday - start.weekday()) % 7) // 7 for weekday in working)
    off = days_off(start.year, end.year, calendar)
    return found - sum(start <= day <= end and day.weekday() in working for day in off)


@lru_cache(maxsize=1000)
def days_off(first: int, last: int, calendar: Calendar) -> frozenset[date]:
    """The holidays of some years, whatever day of the week they are."""
    own = {
        window.start + n * _DAY
        for window in calendar.days_off
        if window.start.year <= last and window.end.year >= first
        for n in range(window.days)
    }
    public = (
        _public(country, region, year)
        for country, region in calendar.holidays
        for year in range(first, last + 1)
    )
    return frozenset(own).union(*public)


@lru_cache(maxsize=1000)
def _public(country: str, region: str | None, year: int) -> frozenset[date]:
    import holidays

    # a holiday at the turn of the year may be observed in the other one
    around = range(year - 1, year + 2)
    return frozenset(
        day for day in holidays.country_holidays(country, subdiv=region, years=around) if day.year == year
    )


@lru_cache(maxsize=16)
def unknown_holidays(calendar: Calendar) -> str | None:
    """Why the holidays of a calendar cannot be known, as a sentence; None if they can."""
    for country, region in calendar.holidays:
        place = f"{country}-{region}" if region else country
        try:
            _public(country, region, 2026)
        except ImportError as error:
            return f"Holidays need the library `holidays`, which cannot be imported: {error}."
        except NotImplementedError:
            return f"The library `holidays` that is installed does not know {place}."
    return None
