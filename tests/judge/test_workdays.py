"""Business days, counted by numpy and by hand, and promises that go by them."""

from datetime import date, timedelta

import holidays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpidsl.judge.workdays import business_days, unknown_holidays
from kpidsl.model.periods import Calendar, Window

DAY = timedelta(days=1)
PLACES = [("FR", None), ("DE", "BY"), ("US", None), ("GB", "SCT"), ("SA", None)]


@settings(deadline=None)
@given(
    st.dates(date(2010, 1, 1), date(2035, 1, 1)),
    st.integers(-3, 900),
    st.frozensets(st.integers(0, 6), max_size=6),
    st.lists(st.sampled_from(PLACES), unique=True, max_size=2),
    st.lists(st.tuples(st.integers(-20, 900), st.integers(1, 9)), max_size=4),
)
def test_as_numpy_counts(start, days, weekend, places, own) -> None:
    end = start + days * DAY
    off = [Window(start + at * DAY, start + (at + length - 1) * DAY) for at, length in own]
    calendar = Calendar(weekend=weekend, holidays=tuple(places), days_off=tuple(off))
    years = range(start.year - 1, start.year + 5)
    every = {day for country, region in places for day in holidays.country_holidays(country, region, years)}
    every |= {window.start + n * DAY for window in off for n in range(window.days)}
    mask = [weekday not in weekend for weekday in range(7)]
    counted = np.busday_count(start, max(end + DAY, start), weekmask=mask, holidays=sorted(every))
    assert business_days(start, end, calendar) == counted


@pytest.mark.parametrize(
    ("calendar", "start", "end", "count"),
    [
        (Calendar(), "2026-05-01", "2026-05-31", 21),
        (Calendar(holidays=(("FR", None),)), "2026-05-01", "2026-05-31", 17),  # 1, 8, 14 and 25 May
        (Calendar(holidays=(("DE", None),)), "2026-06-01", "2026-06-30", 22),
        (Calendar(holidays=(("DE", "BY"),)), "2026-06-01", "2026-06-30", 21),  # Corpus Christi on the 4th
        (Calendar(holidays=(("US", None),)), "2027-12-01", "2027-12-31", 21),  # 24 and 31 are observed
        (Calendar(weekend=frozenset((4, 5))), "2026-05-01", "2026-05-31", 21),
        (Calendar(weekend=frozenset()), "2026-05-01", "2026-05-31", 31),
    ],
)
def test_months_counted_on_paper(calendar: Calendar, start: str, end: str, count: int) -> None:
    assert business_days(date.fromisoformat(start), date.fromisoformat(end), calendar) == count


def test_a_library_that_does_not_know_a_place() -> None:
    assert unknown_holidays(Calendar(holidays=(("FR", None), ("FR", "57")))) is None
    missing = "The library `holidays` that is installed does not know FR-XX."
    assert unknown_holidays(Calendar(holidays=(("FR", "XX"),))) == missing
