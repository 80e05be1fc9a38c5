"""Periods of the calendar and the windows that values are measured over.

A window is an inclusive interval of days. One that is a period of a grain has a name (`2026-Q4`); an
irregular one is named by its ends. Fiscal halves, quarters and years carry the month their year starts in, so
a window knows its name, its neighbours and the same period of last year without a calendar at hand. Retail
periods and named ones know the series that they are of.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, Protocol

from attrs import Attribute, field, frozen
from attrs.validators import ge, le

from kpidsl.records import Record

if TYPE_CHECKING:
    from kpidsl.model.named import NamedPeriod
    from kpidsl.model.retail import RetailYears

Grain = Literal["day", "week", "month", "quarter", "half", "year"]
GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter", "half", "year")  # from fine to coarse

_MONTHS: dict[Grain, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_DAYS: dict[Grain, int] = {"day": 1, "week": 7}
_ONE_DAY = timedelta(days=1)


class Series(Protocol):
    """Periods in the order of time that are none of a grain: retail ones, the occurrences of a named one."""

    @property
    def name(self) -> str:
        """As it is written behind `measured every`."""
        ...

    def label(self, window: Window) -> str:
        """The literal that `parse_period` reads back as one of its windows."""
        ...

    def shift(self, window: Window, n: int) -> Window | None:
        """The window n later, or earlier; None where there is none."""
        ...

    def last_year(self, window: Window) -> Window | None:
        """What a window is compared with as the same one last year."""
        ...

    def between(self, start: date, end: date) -> tuple[Window, ...]:
        """Those that have days from start to end."""
        ...

    def after(self, day: date) -> Window | None:
        """The first one that begins on a day or later."""
        ...


@frozen(repr=False, cache_hash=True)
class Calendar(Record):
    """How a project counts time: the first month of its fiscal year, the first day of its weeks, its zone,
    its retail years, its business days and the periods that it names."""

    fiscal_month: int = field(default=1, validator=[ge(1), le(12)])
    week_start: int = field(default=0, validator=[ge(0), le(6)])  # Monday is 0
    zone: str = "UTC"
    retail: RetailYears | None = None
    named: tuple[NamedPeriod, ...] = ()
    weekend: frozenset[int] = frozenset((5, 6))
    holidays: tuple[tuple[str, str | None], ...] = ()
    """Countries whose public holidays count, and a region of each, by their codes."""
    days_off: tuple[Window, ...] = ()
    """Holidays of its own."""

    def named_period(self, word: str) -> NamedPeriod | None:
        """The period that it names so; backticks around the name do not count."""
        return next((one for one in self.named if word in (one.word, f"`{one.word}`")), None)

    def series(self, cycle: str) -> Series | None:
        """What `measured every` means by words that are no grain."""
        retail = self.retail.series(cycle) if self.retail is not None else None
        return retail or self.named_period(cycle)

    def year_starts_in(self, grain: Grain, fiscal: bool | None = None) -> int:
        """The month that years of the grain start in: a fiscal one if the calendar has one, unless told."""
        wanted = fiscal is not False and grain in ("quarter", "half", "year")
        return self.fiscal_month if wanted else 1


def _ends_after_start(window: Window, _: Attribute[date], end: date) -> None:
    if end < window.start:
        raise ValueError(f"a window cannot end on {end}, before it starts on {window.start}")


@frozen(repr=False, cache_hash=True)
class Window(Record):
    """The days from start to end, both included; `grain` says of what it is one period, None of nothing."""

    start: date
    end: date = field(validator=_ends_after_start)
    grain: Grain | None = None
    fiscal_month: int = field(default=1, validator=[ge(1), le(12)])  # 1 in all but fiscal periods
    of: Series | None = None  # the periods that it is one of, where these are none of a grain

    @property
    def fiscal(self) -> bool:
        """Whether it is a period of a fiscal year that is not the calendar year."""
        return self.fiscal_month != 1

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The literal that `parse_period` reads back as this window."""
        if self.of is not None:
            return self.of.label(self)
        match self.grain:
            case None:
                return f"{self.start} to {self.end}"
            case "day":
                return str(self.start)
            case "week":
                year, week, _ = (self.start + 3 * _ONE_DAY).isocalendar()
                return f"{year}-W{week:02}"
            case "month":
                return str(self.start)[:7]
            case "quarter":
                return f"{self._year}-Q{self._months_gone // 3 + 1}"
            case "half":
                return f"{self._year}-H{self._months_gone // 6 + 1}"
            case "year":
                return self._year

    @property
    def _months_gone(self) -> int:
        return (self.start.month - self.fiscal_month) % 12

    @property
    def _year(self) -> str:
        """A fiscal year is named after the calendar year in which it ends."""
        last_month = _month_index(self.start) - self._months_gone + 11
        return f"{'FY' if self.fiscal else ''}{last_month // 12}"

    @property
    def regular(self) -> bool:
        """Whether it is a period with a name, and not any days."""
        return self.grain is not None or self.of is not None

    def shift(self, n: int) -> Window | None:
        """The window n of its periods later, or earlier if n is negative; None where a named period does not
        occur so often.

        An irregular window moves by its own length: in months if it is made of whole months, else in days.
        """
        if self.of is not None:
            return self.of.shift(self, n)
        if self.grain in _DAYS or (self.grain is None and not _whole_months(self)):
            step = n * self.days * _ONE_DAY
            return Window(self.start + step, self.end + step, self.grain, self.fiscal_month)
        return _shift_months(self, n * _length_in_months(self))


def containing(day: date, grain: Grain, calendar: Calendar, fiscal: bool | None = None) -> Window:
    """The period of a grain that a day is in; a fiscal one if the calendar has a fiscal year, unless told."""
    if grain == "day":
        return Window(day, day, grain)
    if grain == "week":
        start = day - (day.weekday() - calendar.week_start) % 7 * _ONE_DAY
        return Window(start, start + 6 * _ONE_DAY, grain)
    first_month = calendar.year_starts_in(grain, fiscal)
    size = _MONTHS[grain]
    return _months(_month_index(day) - (day.month - first_month) % size, size, grain, first_month)


def first_from(day: date, cycle: str, calendar: Calendar) -> Window | None:
    """The first period that begins on a day or later; None where a named one does not occur again."""
    if (grain := _grain(cycle)) is None:
        return _series(cycle, calendar).after(day)
    window = containing(day, grain, calendar)
    return window if window.start >= day else window.shift(1)


def periods(
    start: date, end: date, cycle: str, calendar: Calendar, fiscal: bool | None = None
) -> tuple[Window, ...]:
    """The whole periods of a grain, a retail one or those of a name that have days from start to end; none if
    end is before start. Those of a grain and retail ones cover these days."""
    if (grain := _grain(cycle)) is None:
        return _series(cycle, calendar).between(start, end) if start <= end else ()
    window: Window | None = containing(start, grain, calendar, fiscal)
    found = []
    while window is not None and start <= end and window.start <= end:
        found.append(window)
        window = window.shift(1)
    return tuple(found)


def _grain(cycle: str) -> Grain | None:
    return next((grain for grain in GRAINS if grain == cycle), None)


def _series(cycle: str, calendar: Calendar) -> Series:
    series = calendar.series(cycle)
    assert series is not None, f"nothing is measured every {cycle}"
    return series


def aligned(window: Window, cycle: str, calendar: Calendar, fiscal: bool | None = None) -> bool:
    """Whether the window is made of whole periods."""
    return covered(window, periods(window.start, window.end, cycle, calendar, fiscal))


def covered(window: Window, parts: Sequence[Window]) -> bool:
    """Whether periods in order are just the days of a window."""
    if not parts or parts[0].start != window.start or parts[-1].end != window.end:
        return False
    return sum(part.days for part in parts) == window.days


def same_last_year(window: Window) -> Window | None:
    """The same period a year before: a week by its number, 53 being the last; 29 February becomes 28.

    Both ends of an irregular window go back one year. Of a named period it is the occurrence before, None
    where there is none.
    """
    if window.of is not None:
        return window.of.last_year(window)
    match window.grain:
        case "week":
            year, week, _ = (window.start + 3 * _ONE_DAY).isocalendar()
            return numbered_week(year - 1, min(week, weeks_in(year - 1)), window.start.weekday())
        case None | "day":
            start, end = add_grain(window.start, -1, "year"), add_grain(window.end, -1, "year")
            return Window(start, end, window.grain)
        case _:
            return _shift_months(window, -12)


def add_grain(day: date, n: int, grain: Grain) -> date:
    """The day n periods later; where the month is too short, its last day."""
    if grain in _DAYS:
        return day + n * _DAYS[grain] * _ONE_DAY
    year, month = divmod(_month_index(day) + n * _MONTHS[grain], 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


# Months are counted from year 0, so that adding them is adding integers.


def _month_index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_day(index: int) -> date:
    return date(index // 12, index % 12 + 1, 1)


def _last_day(index: int) -> date:
    year, month = divmod(index, 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])


def _months(index: int, size: int, grain: Grain | None, fiscal_month: int) -> Window:
    return Window(_first_day(index), _last_day(index + size - 1), grain, fiscal_month)


def _whole_months(window: Window) -> bool:
    return window.start.day == 1 and (window.end + _ONE_DAY).day == 1


def _length_in_months(window: Window) -> int:
    return _month_index(window.end) - _month_index(window.start) + 1


def _shift_months(window: Window, months: int) -> Window:
    index = _month_index(window.start) + months
    return _months(index, _length_in_months(window), window.grain, window.fiscal_month)


def part_of_year(year: int, part: int, grain: Grain, first_month: int) -> Window:
    """Part 0, 1, 2 ... of the year that ends in the calendar year of that name."""
    start = year * 12 + first_month - 1 - (12 if first_month != 1 else 0)
    return _months(start + part * _MONTHS[grain], _MONTHS[grain], grain, first_month)


def weeks_in(year: int) -> int:
    return date(year, 12, 28).isocalendar().week  # 28 December is always in the last ISO week


def numbered_week(year: int, week: int, week_start: int) -> Window:
    """The week whose fourth day is in that ISO week; with weeks from Monday, that ISO week."""
    monday = date.fromisocalendar(year, week, 1)
    start = monday + ((week_start + 3) % 7 - 3) * _ONE_DAY
    return Window(start, start + 6 * _ONE_DAY, "week")
