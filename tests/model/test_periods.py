import calendar as months
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kpidsl.model.literals import parse_period
from kpidsl.model.periods import (
    GRAINS,
    Calendar,
    Grain,
    Window,
    add_grain,
    aligned,
    containing,
    periods,
    same_last_year,
)

PLAIN = Calendar()
APRIL = Calendar(fiscal_month=4)
SUNDAY = Calendar(week_start=6)

days = st.dates(date(1950, 1, 1), date(2150, 12, 31))
grains: st.SearchStrategy[Grain] = st.sampled_from(GRAINS)
calendars = st.builds(Calendar, fiscal_month=st.integers(1, 12), week_start=st.integers(0, 6))
fiscal = st.sampled_from([None, True, False])
regular = st.builds(containing, days, grains, st.just(PLAIN) | calendars, fiscal)
one_day = timedelta(days=1)


def window(text: str, calendar: Calendar = PLAIN) -> Window:
    return parse_period(text, calendar)


@given(days, grains, calendars, fiscal)
def test_the_label_of_a_period_is_read_back(
    day: date, grain: Grain, calendar: Calendar, fiscal: bool | None
) -> None:
    period = containing(day, grain, calendar, fiscal)
    assert parse_period(period.label, calendar) == period


@given(days, st.integers(0, 2000))
def test_the_label_of_an_irregular_window_is_read_back(start: date, length: int) -> None:
    irregular = Window(start, start + timedelta(days=length))
    assert parse_period(irregular.label, PLAIN) == irregular


@given(days, grains, calendars, fiscal)
def test_containing_contains(day: date, grain: Grain, calendar: Calendar, fiscal: bool | None) -> None:
    period = containing(day, grain, calendar, fiscal)
    assert day in period
    assert aligned(period, grain, calendar, fiscal)
    assert containing(period.start, grain, calendar, fiscal) == period
    assert containing(period.end, grain, calendar, fiscal) == period


@given(days, st.integers(0, 800), grains, calendars, fiscal)
def test_periods_tile(
    start: date, length: int, grain: Grain, calendar: Calendar, fiscal: bool | None
) -> None:
    end = start + timedelta(days=length)
    tiles = periods(start, end, grain, calendar, fiscal)
    assert start in tiles[0]
    assert end in tiles[-1]
    assert all(a.end + one_day == b.start for a, b in pairwise(tiles))
    assert all(tile == containing(tile.start, grain, calendar, fiscal) for tile in tiles)
    assert aligned(Window(tiles[0].start, tiles[-1].end), grain, calendar, fiscal)


@given(regular, st.integers(-30, 30), st.integers(-30, 30))
def test_shift_adds_up(period: Window, m: int, n: int) -> None:
    assert period.shift(0) == period
    assert period.shift(m).shift(n) == period.shift(m + n)
    assert period.shift(1).start == period.end + one_day


@given(days, st.integers(0, 400), st.integers(-10, 10))
def test_shift_of_an_irregular_window_is_undone(start: date, length: int, n: int) -> None:
    irregular = Window(start, start + timedelta(days=length))
    moved = irregular.shift(n)
    assume((irregular.start.day == 1) == (moved.start.day == 1))  # else days turn into whole months, or back
    assert moved.shift(-n) == irregular


@given(regular)
def test_last_year_is_a_period_of_the_same_grain(period: Window) -> None:
    last = same_last_year(period)
    calendar = Calendar(period.fiscal_month, period.start.weekday() if period.grain == "week" else 0)
    assert period.grain is not None
    assert containing(last.start, period.grain, calendar, period.fiscal) == last
    assert 357 <= (period.start - last.start).days <= 371


@given(st.text(st.sampled_from("0123456789FYHQW- to/")) | st.text())
def test_any_text_is_a_period_or_a_value_error(text: str) -> None:
    try:
        parse_period(text, APRIL)
    except ValueError as error:
        assert text in str(error) or " to " in text  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "start", "end", "grain"),
    [
        ("2026", "2026-01-01", "2026-12-31", "year"),
        ("2026-H1", "2026-01-01", "2026-06-30", "half"),
        ("2026-Q4", "2026-10-01", "2026-12-31", "quarter"),
        ("2026-03", "2026-03-01", "2026-03-31", "month"),
        ("2024-02", "2024-02-01", "2024-02-29", "month"),
        ("2026-W14", "2026-03-30", "2026-04-05", "week"),
        ("2026-W01", "2025-12-29", "2026-01-04", "week"),
        ("2026-W53", "2026-12-28", "2027-01-03", "week"),
        ("2024-02-29", "2024-02-29", "2024-02-29", "day"),
        ("FY2026", "2025-04-01", "2026-03-31", "year"),
        ("FY2026-H2", "2025-10-01", "2026-03-31", "half"),
        ("FY2026-Q1", "2025-04-01", "2025-06-30", "quarter"),
        ("FY2026-Q4", "2026-01-01", "2026-03-31", "quarter"),
        ("2026-07-01 to 2026-09-14", "2026-07-01", "2026-09-14", None),
        ("2026-01 to 2026-Q2", "2026-01-01", "2026-06-30", None),
    ],
)
def test_literals(text: str, start: str, end: str, grain: Grain | None) -> None:
    found = window(text, APRIL)
    assert (found.start, found.end, found.grain) == (
        date.fromisoformat(start),
        date.fromisoformat(end),
        grain,
    )
    assert found.fiscal is text.startswith("FY")


def test_a_fiscal_year_from_january_is_the_calendar_year() -> None:
    assert window("FY2026-Q2") == window("2026-Q2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-13", "months 01 to 12"),
        ("2026-00", "months 01 to 12"),
        ("2026-3", "two digits: 03"),
        ("2026-02-30", "2026-02 has the days 01 to 28"),
        ("2026-W54", "weeks W01 to W53"),
        ("2025-W53", "weeks W01 to W52"),
        ("2026-Q5", "quarters Q1 to Q4"),
        ("2026-Q04", "quarters Q1 to Q4"),
        ("2026-H3", "halves H1 to H2"),
        ("FY2026-03", "halves and quarters"),
        ("0206-Q1", "year 0206"),
        ("2026-q4", "a near one: 2026-Q4"),
        ("Q4 2026", "a near one: 2026-Q4"),
        ("Q4", "not a period such as"),
        ("next month", "not a period such as"),
        ("", "not a period such as"),
        ("٢٠٢٦", "not a period such as"),
        ("2026-03 to 2026-02", "before it starts"),
        ("2026-01 to 2026-02 to 2026-03", "not a period such as"),
        ("2026-01 to 2026-13", "months 01 to 12"),
        ("2026-Q4-01", "not a period such as 2026, [^;]*$"),
        ("FY2026-W03", "halves and quarters"),
    ],
)
def test_refused_literals(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        window(text)


def test_weeks_from_sunday_are_named_by_their_fourth_day() -> None:
    assert containing(date(2026, 1, 1), "week", SUNDAY) == Window(
        date(2025, 12, 28), date(2026, 1, 3), "week"
    )
    assert containing(date(2026, 1, 1), "week", SUNDAY).label == "2026-W01"
    assert window("2026-W14", SUNDAY).start == date(2026, 3, 29)


def test_fiscal_periods_are_the_default_where_there_is_a_fiscal_year() -> None:
    day = date(2026, 2, 10)
    assert containing(day, "quarter", APRIL).label == "FY2026-Q4"
    assert containing(day, "quarter", APRIL, fiscal=False).label == "2026-Q1"
    assert containing(day, "month", APRIL).label == "2026-02"
    assert containing(day, "quarter", PLAIN, fiscal=True).label == "2026-Q1"
    assert containing(date(2026, 4, 1), "year", APRIL).label == "FY2027"


@pytest.mark.parametrize(
    ("text", "n", "shifted"),
    [
        ("2026-Q1", -1, "2025-Q4"),
        ("2026", 2, "2028"),
        ("2024-02", 12, "2025-02"),
        ("FY2026-Q4", 1, "FY2027-Q1"),
        ("2026-W53", 1, "2027-W01"),
        ("2024-02-28", 1, "2024-02-29"),
        ("2026-01-01 to 2026-02-28", -1, "2025-11-01 to 2025-12-31"),
        ("2026-01-11 to 2026-01-20", -1, "2026-01-01 to 2026-01-10"),
    ],
)
def test_shift(text: str, n: int, shifted: str) -> None:
    assert window(text, APRIL).shift(n) == window(shifted, APRIL)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("2026-Q1", "2025-Q1"),
        ("FY2026-H1", "FY2025-H1"),
        ("2024-02", "2023-02"),
        ("2025-02", "2024-02"),
        ("2024-02-29", "2023-02-28"),
        ("2025-02-28", "2024-02-28"),
        ("2026-W14", "2025-W14"),
        ("2026-W53", "2025-W52"),
        ("2024-02-01 to 2024-02-29", "2023-02-01 to 2023-02-28"),
        ("2025-01-15 to 2025-02-28", "2024-01-15 to 2024-02-28"),
    ],
)
def test_same_last_year(text: str, last: str) -> None:
    assert same_last_year(window(text, APRIL)) == window(last, APRIL)


def test_add_grain() -> None:
    assert add_grain(date(2024, 1, 31), 1, "month") == date(2024, 2, 29)
    assert add_grain(date(2024, 2, 29), 1, "year") == date(2025, 2, 28)
    assert add_grain(date(2024, 1, 31), -1, "quarter") == date(2023, 10, 31)
    assert add_grain(date(2024, 1, 31), 2, "week") == date(2024, 2, 14)


def test_aligned() -> None:
    assert aligned(window("2026-Q1"), "month", PLAIN)
    assert aligned(window("2026-01-01 to 2026-06-30"), "quarter", PLAIN)
    assert not aligned(window("2026-02 to 2026-04"), "quarter", PLAIN)
    assert not aligned(window("2026"), "week", PLAIN)
    assert aligned(window("2026"), "quarter", APRIL)
    assert not aligned(window("2026"), "year", APRIL)


def test_lengths_of_leap_years() -> None:
    for year in (1900, 2000, 2023, 2024, 2100):
        assert window(str(year)).days == (366 if months.isleap(year) else 365)


def test_a_window_ends_after_its_start() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Window(date(2026, 1, 2), date(2026, 1, 1))
