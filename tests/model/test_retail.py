"""Retail years against the calendar of the National Retail Federation, and against counting weeks."""

from calendar import monthrange
from datetime import date, timedelta
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.model.literals import parse_period
from kpidsl.model.periods import Calendar, Window, aligned, first_from, periods, same_last_year
from kpidsl.model.retail import PARTS, PATTERNS, RetailYears

NRF = Calendar(retail=RetailYears())
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@pytest.mark.parametrize(
    ("literal", "start", "end"),
    [
        ("RY2006", "2006-01-29", "2007-02-03"),
        ("RY2012", "2012-01-29", "2013-02-02"),
        ("RY2017", "2017-01-29", "2018-02-03"),
        ("RY2018", "2018-02-04", "2019-02-02"),
        ("RY2022", "2022-01-30", "2023-01-28"),
        ("RY2023", "2023-01-29", "2024-02-03"),
        ("RY2024", "2024-02-04", "2025-02-01"),
        ("RY2025", "2025-02-02", "2026-01-31"),
        ("RY2023-H1", "2023-01-29", "2023-07-29"),
        ("RY2023-H2", "2023-07-30", "2024-02-03"),
        ("RY2023-Q4", "2023-10-29", "2024-02-03"),
        ("RY2023-P12", "2023-12-31", "2024-02-03"),
        ("RY2023-W53", "2024-01-28", "2024-02-03"),
        ("RY2024-P01", "2024-02-04", "2024-03-02"),
        ("RY2024-P02", "2024-03-03", "2024-04-06"),
        ("RY2024-P03", "2024-04-07", "2024-05-04"),
        ("RY2024-W01", "2024-02-04", "2024-02-10"),
    ],
)
def test_the_calendar_of_the_nrf(literal: str, start: str, end: str) -> None:
    window = parse_period(literal, NRF)
    assert (str(window.start), str(window.end)) == (start, end)
    assert window.label == literal


def test_the_years_of_53_weeks_of_the_nrf() -> None:
    assert [year for year in range(2000, 2025) if NRF.retail.weeks(year) == 53] == [
        2000,
        2006,
        2012,
        2017,
        2023,
    ]


def test_years_are_named_after_the_one_that_holds_most_of_them() -> None:
    autumn = RetailYears("4-4-5", month=9, nearest=False)
    assert (autumn.first_day(2023), autumn.last_day(2023)) == (date(2022, 9, 25), date(2023, 9, 30))
    assert autumn.weeks(2023) == 53


years = st.builds(
    RetailYears, st.sampled_from(PATTERNS), st.integers(1, 12), st.integers(0, 6), st.booleans()
)


def last_day(rule: RetailYears, ends_in: int) -> date:
    """Looked for among all days around the end of the month."""
    end = date(ends_in, rule.month, monthrange(ends_in, rule.month)[1])
    around = [end + n * DAY for n in range(-6, 7) if (end + n * DAY).weekday() == rule.weekday]
    if rule.nearest:
        return min(around, key=lambda day: abs((day - end).days))
    return max(day for day in around if day <= end)


def by_hand(rule: RetailYears, year: int) -> dict[str, tuple[date, date]]:
    """Every period of a year by its literal, by counting weeks off."""
    ends_in = year if rule.month > 5 else year + 1
    day, weeks = last_day(rule, ends_in - 1) + DAY, []
    while day <= last_day(rule, ends_in):
        weeks.append((day, day + 6 * DAY))
        day += WEEK
    sizes = [int(size) for size in rule.pattern.split("-")] * 4
    sizes[-1] += len(weeks) - 52
    months, at = [], 0
    for size in sizes:
        months.append(weeks[at : at + size])
        at += size
    found = {f"RY{year}-W{n:02}": week for n, week in enumerate(weeks, 1)}
    found |= {f"RY{year}-P{n:02}": (m[0][0], m[-1][1]) for n, m in enumerate(months, 1)}
    found |= {f"RY{year}-Q{n + 1}": (months[3 * n][0][0], months[3 * n + 2][-1][1]) for n in range(4)}
    found |= {f"RY{year}-H{n + 1}": (months[6 * n][0][0], months[6 * n + 5][-1][1]) for n in range(2)}
    return found | {f"RY{year}": (weeks[0][0], weeks[-1][1])}


@given(years, st.integers(1950, 2200))
def test_every_period_of_a_year(rule: RetailYears, year: int) -> None:
    calendar = Calendar(retail=rule)
    for literal, ends in by_hand(rule, year).items():
        window = parse_period(literal, calendar)
        assert (window.start, window.end) == ends
        assert window.label == literal


@given(years, st.dates(date(1950, 1, 1), date(2200, 1, 1)), st.sampled_from(PARTS), st.integers(0, 900))
def test_periods_are_in_a_row(rule: RetailYears, start: date, part: str, days: int) -> None:
    calendar, end = Calendar(retail=rule), start + days * DAY
    found = periods(start, end, f"retail {part}", calendar)
    assert found[0].start <= start <= found[0].end
    assert found[-1].start <= end <= found[-1].end
    for one, other in pairwise(found):
        assert one.end + DAY == other.start
        assert one.shift(1) == other
        assert other.shift(-1) == one
    assert found[0].shift(len(found) - 1) == found[-1]
    assert aligned(Window(found[0].start, found[-1].end), f"retail {part}", calendar)
    assert first_from(start, f"retail {part}", calendar) in (found[0], found[0].shift(1))


@given(years, st.integers(1950, 2200))
def test_the_same_period_last_year_has_the_same_number(rule: RetailYears, year: int) -> None:
    calendar = Calendar(retail=rule)
    before = by_hand(rule, year - 1)
    for literal in by_hand(rule, year):
        earlier = same_last_year(parse_period(literal, calendar))
        wanted = literal.replace(str(year), str(year - 1), 1)
        if wanted not in before:
            wanted = wanted.replace("W53", "W52")
        assert earlier is not None
        assert earlier.label == wanted


@given(years, st.integers(1950, 2200), st.data())
def test_52_weeks_apart(rule: RetailYears, year: int, data: st.DataObject) -> None:
    calendar = Calendar(retail=evolve(rule, apart=True))
    window = parse_period(data.draw(st.sampled_from(sorted(by_hand(rule, year)))), calendar)
    earlier = same_last_year(window)
    assert earlier is not None
    assert (earlier.start, earlier.end) == (window.start - 52 * WEEK, window.end - 52 * WEEK)
    assert parse_period(earlier.label, calendar).start == earlier.start
    after, before = window.shift(1), earlier.shift(1)
    assert after is not None
    assert before is not None
    if " to " in earlier.label:  # else it is a period itself, and so is the next
        assert (before.start, before.end) == (after.start - 52 * WEEK, after.end - 52 * WEEK)
    else:
        assert before.start == earlier.end + DAY


def test_across_the_53rd_week() -> None:
    """Week 47 of 2024 has Christmas; the week of its number in 2023, which had 53, ended before it."""
    apart = Calendar(retail=RetailYears(apart=True))
    assert str(same_last_year(parse_period("RY2024-W47", NRF))) == "RY2023-W47"
    assert str(same_last_year(parse_period("RY2024-W47", apart))) == "RY2023-W48"
    assert str(same_last_year(parse_period("RY2024-P01", apart))) == "2023-02-05 to 2023-03-04"
    assert str(same_last_year(parse_period("RY2023-W53", NRF))) == "RY2022-W52"
    assert str(same_last_year(parse_period("RY2023-W53", apart))) == "RY2023-W01"


@pytest.mark.parametrize("text", ["RY2024-W53", "RY2024-P13", "RY2024-Q5", "RY2024-M01", "RY1600", "RY24"])
def test_what_is_no_retail_period(text: str) -> None:
    with pytest.raises(ValueError, match="RY"):
        parse_period(text, NRF)
    with pytest.raises(ValueError, match="RY"):
        parse_period("RY2024", Calendar())
