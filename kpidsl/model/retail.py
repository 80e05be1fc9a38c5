"""Retail years: 52 or 53 whole weeks, in quarters of 4-4-5, 4-5-4 or 5-4-4 weeks.

The rules are those of the National Retail Federation's 4-5-4 calendar. A year ends on one day of the week,
the last of a month or the one nearest to its end. Where that leaves 53 weeks, the last month has one more.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Literal

from attrs import field, frozen

from kpidsl.model.periods import Window
from kpidsl.records import Record

Part = Literal["week", "month", "quarter", "half", "year"]
PARTS: tuple[Part, ...] = ("week", "month", "quarter", "half", "year")
GRAINS = tuple(f"retail {part}" for part in PARTS)
"""How they are written behind `measured every`."""

PATTERNS = ("4-4-5", "4-5-4", "5-4-4")

_LITERAL = re.compile(r"RY(\d{4})(?:-(?:([HQ])(\d)|([PW])(\d\d)))?", re.ASCII)
_LETTERS: dict[str, Part] = {"H": "half", "Q": "quarter", "P": "month", "W": "week"}
_SAID = {"half": "-H{}", "quarter": "-Q{}", "month": "-P{:02}", "week": "-W{:02}", "year": ""}
_QUARTER, _YEAR = 13, 52
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)


@frozen(repr=False, cache_hash=True)
class RetailYears(Record):
    """How retail years are cut: the weeks of the months of a quarter, and the day that a year ends on."""

    pattern: str = "4-5-4"
    month: int = 1
    """The month at the end of which a year ends."""
    weekday: int = 5
    """The last day of a year, and of every week; Monday is 0."""
    nearest: bool = True
    """Whether it is the one nearest to the end of that month, else the last one in it."""
    apart: bool = False
    """Whether a period is compared with the days 52 weeks before, else with that of its number last year."""

    def last_day(self, year: int) -> date:
        """The last day of a year.

        A year is named after the calendar year that holds most of it: one that ends in January to May after
        the year before.
        """
        ends_in = year if self.month > 5 else year + 1
        end = date(ends_in, self.month, monthrange(ends_in, self.month)[1])
        back = (end.weekday() - self.weekday) % 7
        return end + (7 - back if self.nearest and back > 3 else -back) * _DAY

    def first_day(self, year: int) -> date:
        """The day after the last one of the year before."""
        return self.last_day(year - 1) + _DAY

    def weeks(self, year: int) -> int:
        """52 or 53."""
        return (self.last_day(year) - self.last_day(year - 1)).days // 7

    def year_of(self, day: date) -> int:
        """The year that a day is in."""
        year = day.year + 1
        while self.first_day(year) > day:
            year -= 1
        return year

    def part(self, part: Part) -> RetailPeriods:
        """Its weeks, months, quarters, halves or the years themselves."""
        return RetailPeriods(self, part)

    def series(self, cycle: str) -> RetailPeriods | None:
        """The part that is called `retail month` and the like."""
        return next((RetailPeriods(self, part) for part in PARTS if f"retail {part}" == cycle), None)

    def parse(self, text: str) -> Window:
        """Read `RY2026`, `RY2026-H1`, `RY2026-Q1`, `RY2026-P01` or `RY2026-W53`; ValueError says what is
        wrong."""
        found = _LITERAL.fullmatch(text)
        if not found:
            raise ValueError(
                f"`{text}` is no period of a retail year such as RY2026, RY2026-H1, RY2026-Q1, RY2026-P01 or "
                "RY2026-W01"
            )
        year, number = int(found[1]), int(found[3] or found[5] or 1)
        periods = self.part(_LETTERS[found[2] or found[4]] if found[2] or found[4] else "year")
        if not 1900 <= year <= 2999:
            raise ValueError(f"`{text}`: the year {year} is not between 1900 and 2999")
        count = periods.count(year)
        if not 1 <= number <= count:
            raise ValueError(f"`{text}`: RY{year} has {count} retail {periods.part}s")
        return periods.window(year, number - 1)


@frozen(repr=False, cache_hash=True)
class RetailPeriods(Record):
    """The periods of one length, in a row without gaps. Numbers within a year count from 0."""

    years: RetailYears
    part: Part
    _weeks: tuple[int, ...] = field(init=False, eq=False, repr=False)
    """Of the months of a quarter."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_weeks", tuple(map(int, self.years.pattern.split("-"))))

    @property
    def name(self) -> str:
        """As behind `measured every`."""
        return f"retail {self.part}"

    def count(self, year: int) -> int:
        """How many a year has."""
        return {"week": self.years.weeks(year), "month": 12, "quarter": 4, "half": 2, "year": 1}[self.part]

    def window(self, year: int, number: int) -> Window:
        """A period by its number."""
        last = number == self.count(year) - 1
        end = self.years.last_day(year) if last else self._start(year, number + 1) - _DAY
        return Window(self._start(year, number), end, of=self)

    def _start(self, year: int, number: int) -> date:
        return self.years.first_day(year) + self._weeks_before(number) * _WEEK

    def _weeks_before(self, number: int) -> int:
        match self.part:
            case "week":
                return number
            case "month":
                return number // 3 * _QUARTER + sum(self._weeks[: number % 3])
            case "quarter":
                return number * _QUARTER
            case "half":
                return number * 2 * _QUARTER
            case "year":
                return 0

    def place(self, day: date) -> tuple[int, int]:
        """The year that a day is in, and the number of its period."""
        year = self.years.year_of(day)
        week = (day - self.years.first_day(year)).days // 7
        numbers = range(self.count(year) - 1, -1, -1)
        return year, next(number for number in numbers if self._weeks_before(number) <= week)

    def label(self, window: Window) -> str:
        """The literal that reads back as this window; of days 52 weeks before a period, their ends."""
        year, number = self.place(window.start)
        if window != self.window(year, number):
            return f"{window.start} to {window.end}"
        return f"RY{year}" + _SAID[self.part].format(number + 1)

    def shift(self, window: Window, n: int) -> Window:
        """The window n periods later, or earlier. Days that are so many years before a period stay that."""
        if self.part == "week":
            return self._moved(window, n)
        year, number = self.place(window.start)
        if window != self.window(year, number):
            return self._moved(self.shift(self._moved(window, _YEAR), n), -_YEAR)
        years, number = divmod(number + n, self.count(year))
        return self.window(year + years, number)

    def _moved(self, window: Window, weeks: int) -> Window:
        return Window(window.start + weeks * _WEEK, window.end + weeks * _WEEK, of=self)

    def last_year(self, window: Window) -> Window:
        """The period of the same number a year before, week 53 the last; or the days 52 weeks before."""
        if self.years.apart:
            return self._moved(window, -_YEAR)
        year, number = self.place(window.start)
        return self.window(year - 1, min(number, self.count(year - 1) - 1))

    def between(self, start: date, end: date) -> tuple[Window, ...]:
        """The periods that have days from start to end."""
        window, found = self.window(*self.place(start)), []
        while start <= end and window.start <= end:
            found.append(window)
            window = self.shift(window, 1)
        return tuple(found)

    def after(self, day: date) -> Window:
        """The first one that begins on a day or later."""
        window = self.window(*self.place(day))
        return window if window.start == day else self.shift(window, 1)
