"""Periods of the calendar and the windows that values are measured over.

A window is an inclusive interval of days. One that is a period of a grain has a name (`2026-Q4`); an
irregular one is named by its ends. Fiscal halves, quarters and years carry the month their year starts in, so
a window knows its name, its neighbours and the same period of last year without a calendar at hand.
"""

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Literal

from attrs import Attribute, field, frozen
from attrs.validators import ge, le

Grain = Literal["day", "week", "month", "quarter", "half", "year"]
GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter", "half", "year")  # from fine to coarse

# Years outside are slips of the finger (0206-Q1), and far from where dates overflow.
_FIRST_YEAR, _LAST_YEAR = 1900, 2999

_MONTHS: dict[Grain, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_DAYS: dict[Grain, int] = {"day": 1, "week": 7}
_ONE_DAY = timedelta(days=1)

_LITERAL = re.compile(r"(FY)?(\d{4})(?:-(?:([HQW])(\d{1,2})|(\d{1,2})(?:-(\d{1,2}))?))?", re.ASCII)
_REVERSED = re.compile(r"([HQW]?\d{1,2})[ -/](\d{4})", re.ASCII)


@frozen
class Calendar:
    """How a project counts time: the first month of its fiscal year, the first day of its weeks, its zone."""

    fiscal_month: int = field(default=1, validator=[ge(1), le(12)])
    week_start: int = field(default=0, validator=[ge(0), le(6)])  # Monday is 0
    zone: str = "UTC"

    def year_starts_in(self, grain: Grain, fiscal: bool | None = None) -> int:
        """The month that years of the grain start in: a fiscal one if the calendar has one, unless told."""
        wanted = fiscal is not False and grain in ("quarter", "half", "year")
        return self.fiscal_month if wanted else 1


def _ends_after_start(window: "Window", _: "Attribute[date]", end: date) -> None:
    if end < window.start:
        raise ValueError(f"a window cannot end on {end}, before it starts on {window.start}")


@frozen(cache_hash=True)
class Window:
    """The days from start to end, both included; `grain` says of what it is one period, None of nothing."""

    start: date
    end: date = field(validator=_ends_after_start)
    grain: Grain | None = None
    fiscal_month: int = field(default=1, validator=[ge(1), le(12)])  # 1 in all but fiscal periods

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

    def shift(self, n: int) -> "Window":
        """The window n of its periods later, or earlier if n is negative.

        An irregular window moves by its own length: in months if it is made of whole months, else in days.
        """
        if self.grain in _DAYS or (self.grain is None and not _whole_months(self)):
            step = n * self.days * _ONE_DAY
            return Window(self.start + step, self.end + step, self.grain, self.fiscal_month)
        return _shift_months(self, n * _length_in_months(self))


def parse_period(text: str, calendar: Calendar) -> Window:
    """Read `2026`, `2026-H1`, `2026-Q4`, `2026-03`, `2026-W14`, `2026-03-31`, `FY2026-Q1` or `… to …`.

    Without FY, years, halves and quarters count from January even where the project has a fiscal year.
    ValueError says what is wrong and, where it can, what would be right.
    """
    if text.count(" to ") == 1:
        first, last = (parse_period(part.strip(), calendar) for part in text.split(" to "))
        start, end = first.start, last.end
        if end < start:
            raise ValueError(f"`{text}` ends on {end}, before it starts on {start}")
        return Window(start, end)
    found = _LITERAL.fullmatch(text)
    if not found:
        raise ValueError(_not_a_period(text))
    fiscal, name, letter, part, month, day = found.groups()
    year, first_month = int(name), calendar.fiscal_month if fiscal else 1
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"`{text}`: the year {name} is not between {_FIRST_YEAR} and {_LAST_YEAR}")
    if fiscal and (month or letter == "W"):
        raise ValueError(f"`{text}`: a fiscal year has halves and quarters only, as FY{name}-Q1")
    if month:
        number = _month(text, month)
        if day:
            return _day(text, year, number, _two_digits(text, day))
        return _part_of_year(year, number - 1, "month", 1)
    match letter:
        case "H":
            return _part_of_year(year, _within(text, part, 2, "halves", "H1"), "half", first_month)
        case "Q":
            return _part_of_year(year, _within(text, part, 4, "quarters", "Q1"), "quarter", first_month)
        case "W":
            return _week(text, year, _two_digits(text, part), calendar)
        case _:
            return _part_of_year(year, 0, "year", first_month)


def parse_day(text: str, calendar: Calendar) -> date:
    """Read `2026-03-31`, or any period, which means its last day. ValueError as that of `parse_period`."""
    if " to " not in text and not _LITERAL.fullmatch(text):
        raise ValueError(_unlike(text, "a day such as 2026-03-31"))
    return parse_period(text, calendar).end


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


def periods(
    start: date, end: date, grain: Grain, calendar: Calendar, fiscal: bool | None = None
) -> tuple[Window, ...]:
    """The whole periods of a grain that cover start to end; none if end is before start."""
    window = containing(start, grain, calendar, fiscal)
    found = []
    while start <= end and window.start <= end:
        found.append(window)
        window = window.shift(1)
    return tuple(found)


def aligned(window: Window, grain: Grain, calendar: Calendar, fiscal: bool | None = None) -> bool:
    """Whether the window is made of whole periods of the grain."""
    return (
        containing(window.start, grain, calendar, fiscal).start == window.start
        and containing(window.end, grain, calendar, fiscal).end == window.end
    )


def same_last_year(window: Window) -> Window:
    """The same period a year before: a week by its number, 53 being the last; 29 February becomes 28.

    Both ends of an irregular window go back one year.
    """
    match window.grain:
        case "week":
            year, week, _ = (window.start + 3 * _ONE_DAY).isocalendar()
            return _numbered_week(year - 1, min(week, _weeks_in(year - 1)), window.start.weekday())
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


def _part_of_year(year: int, part: int, grain: Grain, first_month: int) -> Window:
    """Part 0, 1, 2 ... of the year that ends in the calendar year of that name."""
    start = year * 12 + first_month - 1 - (12 if first_month != 1 else 0)
    return _months(start + part * _MONTHS[grain], _MONTHS[grain], grain, first_month)


def _weeks_in(year: int) -> int:
    return date(year, 12, 28).isocalendar().week  # 28 December is always in the last ISO week


def _numbered_week(year: int, week: int, week_start: int) -> Window:
    """The week whose fourth day is in that ISO week; with weeks from Monday, that ISO week."""
    monday = date.fromisocalendar(year, week, 1)
    start = monday + ((week_start + 3) % 7 - 3) * _ONE_DAY
    return Window(start, start + 6 * _ONE_DAY, "week")


def _week(text: str, year: int, week: int, calendar: Calendar) -> Window:
    if not 1 <= week <= _weeks_in(year):
        raise ValueError(f"`{text}`: {year} has the weeks W01 to W{_weeks_in(year)}")
    return _numbered_week(year, week, calendar.week_start)


def _day(text: str, year: int, month: int, day: int) -> Window:
    last = monthrange(year, month)[1]
    if not 1 <= day <= last:
        raise ValueError(f"`{text}`: {year}-{month:02} has the days 01 to {last}")
    found = date(year, month, day)
    return Window(found, found, "day")


def _within(text: str, number: str, parts: int, name: str, example: str) -> int:
    if len(number) > 1 or not 1 <= int(number) <= parts:
        raise ValueError(f"`{text}`: a year has the {name} {example} to {example[0]}{parts}")
    return int(number) - 1


def _month(text: str, number: str) -> int:
    month = _two_digits(text, number)
    if not 1 <= month <= 12:
        raise ValueError(f"`{text}`: a year has the months 01 to 12")
    return month


def _two_digits(text: str, number: str) -> int:
    if len(number) != 2:
        raise ValueError(f"`{text}`: weeks, months and days have two digits: 0{number}, not {number}")
    return int(number)


def _not_a_period(text: str) -> str:
    return _unlike(
        text, "a period such as 2026, 2026-H1, 2026-Q4, 2026-03, 2026-W14, 2026-03-31 or FY2026-Q1"
    )


def _unlike(text: str, wanted: str) -> str:
    """A period written the other way round or in small letters is a slip with one likely meaning."""
    message = f"`{text}` is not {wanted}"
    for near in (text.strip().upper(), _REVERSED.sub(r"\2-\1", text.strip().upper())):
        if near != text and _LITERAL.fullmatch(near):
            return f"{message}; a near one: {near}"
    return message
