"""Named periods: their literals, their neighbours, and the days they cover."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.model.literals import parse_day, parse_period
from kpidsl.model.named import NamedPeriod
from kpidsl.model.periods import Calendar, Window, aligned, first_from, periods, same_last_year

DAY = timedelta(days=1)


@st.composite
def named(draw: st.DrawFn) -> NamedPeriod:
    day, spans = draw(st.dates(date(2015, 1, 1), date(2025, 1, 1))), []
    for gap, length in draw(
        st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), min_size=1, max_size=8)
    ):
        start = day + (gap + 1) * DAY
        day = start + (length - 1) * DAY
        spans.append((start, day))
    return NamedPeriod(draw(st.sampled_from(["sale", "été", "summer sale", "2 to 1"])), tuple(spans))


@given(named())
def test_a_label_reads_back_as_its_window(one: NamedPeriod) -> None:
    calendar = Calendar(named=(one,))
    for window in one.windows:
        if " to " not in one.word:
            assert parse_period(window.label, calendar) == window
            assert parse_day(window.label, calendar) == window.end


@given(named(), st.dates(date(2015, 1, 1), date(2026, 1, 1)), st.integers(0, 2000))
def test_occurrences_between_two_days(one: NamedPeriod, start: date, days: int) -> None:
    calendar, end = Calendar(named=(one,)), start + days * DAY
    each = {start + n * DAY for n in range(days + 1)}
    met = [w for w in one.windows if any(w.start + n * DAY in each for n in range(w.days))]
    assert list(periods(start, end, one.word, calendar)) == met
    later = [w for w in one.windows if w.start >= start]
    assert first_from(start, one.word, calendar) == (later[0] if later else None)


@given(named())
def test_neighbours(one: NamedPeriod) -> None:
    windows = one.windows
    for n, window in enumerate(windows):
        assert window.shift(-1) == same_last_year(window) == (windows[n - 1] if n else None)
        for step in range(-3, 4):
            there = n + step
            assert window.shift(step) == (windows[there] if 0 <= there < len(windows) else None)


def test_two_in_one_year_are_told_apart_by_month_or_day() -> None:
    spans = (
        (date(2026, 1, 7), date(2026, 1, 8)),
        (date(2026, 6, 1), date(2026, 6, 2)),
        (date(2026, 6, 9),) * 2,
    )
    sale = NamedPeriod("sale", spans)
    assert [w.label for w in sale.windows] == ["sale 2026-01", "sale 2026-06-01", "sale 2026-06-09"]
    calendar = Calendar(named=(sale,))
    with pytest.raises(ValueError, match="`sale 2026-06` is 2 periods: sale 2026-06-01, sale 2026-06-09"):
        parse_period("sale 2026-06", calendar)
    with pytest.raises(ValueError, match="no sale begins in 2025; there is sale 2026-01"):
        parse_period("sale 2025", calendar)


def test_what_is_made_of_whole_occurrences() -> None:
    sale = NamedPeriod("sale", ((date(2026, 6, 1), date(2026, 6, 7)), (date(2026, 6, 8), date(2026, 6, 9))))
    calendar = Calendar(named=(sale,))
    assert aligned(Window(date(2026, 6, 1), date(2026, 6, 9)), "sale", calendar)
    assert not aligned(Window(date(2026, 6, 1), date(2026, 6, 8)), "sale", calendar)
    assert not aligned(Window(date(2026, 5, 1), date(2026, 5, 8)), "sale", calendar)
