"""Periods as they are written, read by hand of a calendar."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from kpidsl.model.periods import Calendar, Window, numbered_week, part_of_year, weeks_in

# Years outside are slips of the finger (0206-Q1), and far from where dates overflow.
_FIRST_YEAR, _LAST_YEAR = 1900, 2999

TRUE_WORDS = ("1", "true", "t", "yes", "y", "vrai", "oui", "o", "wahr", "ja", "j", "sí", "si", "sim", "sì")
FALSE_WORDS = ("0", "false", "f", "no", "n", "faux", "non", "falsch", "nein", "não", "nao")
"""How flags are written, in the languages that sheets are kept in."""

_LITERAL = re.compile(r"(FY)?(\d{4})(?:-(?:([HQW])(\d{1,2})|(\d{1,2})(?:-(\d{1,2}))?))?", re.ASCII)
_REVERSED = re.compile(r"([HQW]?\d{1,2})[ -/](\d{4})", re.ASCII)


def parse_period(text: str, calendar: Calendar) -> Window:
    """Read `2026`, `2026-H1`, `2026-Q4`, `2026-03`, `2026-W14`, `2026-03-31`, `FY2026-Q1`, a retail period
    (`RY2026-P01`), a named one (`black_friday`, `black_friday 2026`) or `… to …`.

    Without FY, years, halves and quarters count from January even where the project has a fiscal year.
    ValueError says what is wrong and, where it can, what would be right.
    """
    if text.count(" to ") == 1:
        first, last = (parse_period(part.strip(), calendar) for part in text.split(" to "))
        start, end = first.start, last.end
        if end < start:
            raise ValueError(f"`{text}` ends on {end}, before it starts on {start}")
        return Window(start, end)
    if (one := _of_a_series(text, calendar)) is not None:
        return one
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
        return part_of_year(year, number - 1, "month", 1)
    match letter:
        case "H":
            return part_of_year(year, _within(text, part, 2, "halves", "H1"), "half", first_month)
        case "Q":
            return part_of_year(year, _within(text, part, 4, "quarters", "Q1"), "quarter", first_month)
        case "W":
            return _week(text, year, _two_digits(text, part), calendar)
        case _:
            return part_of_year(year, 0, "year", first_month)


def _of_a_series(text: str, calendar: Calendar) -> Window | None:
    """A retail or a named period; None for a text that is neither."""
    name, _, when = text.strip().rpartition(" ")
    period = calendar.named_period(text) or (calendar.named_period(name) if name else None)
    if period is None and re.match(r"RY\d", text):
        if calendar.retail is None:
            raise ValueError(
                f"`{text}`: the calendar has no retail years; `retail years 4-5-4` says that it has"
            )
        return calendar.retail.parse(text)
    if period is None:
        return None
    found = period.windows
    if calendar.named_period(text) is None:
        found = period.within(parse_period(when, calendar))
    if len(found) == 1:
        return found[0]
    listed = ", ".join(one.label for one in (found or period.windows)[:5])
    if not found:
        raise ValueError(f"`{text}`: no {period.name} begins in {when}; there is {listed}")
    raise ValueError(f"`{text}` is {len(found)} periods: {listed}; one of them has to be said")


def parse_day(text: str, calendar: Calendar) -> date:
    """Read `2026-03-31`, or any period, which means its last day. ValueError as that of `parse_period`."""
    if " to " not in text and _of_a_series(text, calendar) is None and not _LITERAL.fullmatch(text):
        raise ValueError(_unlike(text, "a day such as 2026-03-31"))
    return parse_period(text, calendar).end


def _week(text: str, year: int, week: int, calendar: Calendar) -> Window:
    if not 1 <= week <= weeks_in(year):
        raise ValueError(f"`{text}`: {year} has the weeks W01 to W{weeks_in(year)}")
    return numbered_week(year, week, calendar.week_start)


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
