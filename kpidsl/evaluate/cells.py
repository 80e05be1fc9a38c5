"""How a cell of text becomes a number, a day, a moment or a flag; anything that is not surely one is none.

Each function returns an SQL expression over a text expression. It is NULL for a missing cell and for one that
cannot be read; `verify` tells the two apart.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Span
from kpidsl.evaluate.quote import literal, literals
from kpidsl.model.literals import FALSE_WORDS, TRUE_WORDS
from kpidsl.model.units import CURRENCY_SYMBOLS, Unit, kind

SPACES = " \t\u00a0\u2007\u2009\u202f"
_BLANKS = SPACES + "\r\n"

MISSING_WORDS = ("na", "n/a", "#n/a", "null", "none", "nan")
"""Read as missing, with a warning, where no text is expected. No dash among them: ledgers write 0 so."""

_MORE_SYMBOLS = {
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"),
    "¥": ("JPY", "CNY"),
    "kr": ("SEK", "NOK", "DKK"),
    "Fr.": ("CHF",),
}
_TIME_OF_DAY = re.compile(r"%-?[HIMSfpgnTXcsZz]")
_ZONE = re.compile(r"%[zZ]")
_DIRECTIVES = frozenset("aAbBdmyYHIMSfpzZjgn")
_PADLESS = frozenset(("-d", "-m", "-y", "-H", "-I", "-M", "-S", "-j"))
FIRST_YEAR = 1900


@frozen(cache_hash=True)
class Writing:
    """How a file writes numbers and dates; None where its spec does not say."""

    decimal: str = "."
    thousands: str | None = None
    dates: str | None = None
    zone: str = "UTC"
    """The zone of the calendar, for time stamps that carry their own."""
    missing: tuple[str, ...] = ()
    """Cells that are missing values although they hold something."""


def filled(text: str) -> str:
    """Whether a cell holds more than blanks. Most begin with a sign, so that nothing has to be trimmed."""
    return f"({text} BETWEEN '!' AND '~' OR ltrim({text}, {literal(_BLANKS)}) <> '')"


def present(text: str, writing: Writing) -> str:
    """Whether a cell holds a value: more than blanks, and none of the words that the spec calls missing."""
    if not writing.missing:
        return filled(text)
    return f"({filled(text)} AND trim({text}, {literal(SPACES)}) NOT IN ({_words(writing.missing)}))"


def signs_of(unit: Unit) -> tuple[str, ...]:
    """What may stand before or after a number in that unit: `EUR` and `€`, or `%`; longest first."""
    if unit.style == "percent":
        return ("%",)
    found: set[str] = set()
    for word, power in unit.powers:
        if power > 0 and kind(word) == "currency":
            found |= {word, *(sign for sign, code in CURRENCY_SYMBOLS.items() if code == word)}
            found |= {sign for sign, codes in _MORE_SYMBOLS.items() if word in codes}
    return tuple(sorted(found, key=lambda sign: (-len(sign), sign)))


def scale_of(unit: Unit) -> int:
    """What a number is divided by: 4.2 in a column of percents or points is 0.042."""
    return 1 if unit.style == "plain" else 100


@cache
def number_pattern(unit: Unit, writing: Writing) -> str:
    """A regular expression (for RE2 and for Python) whose first group are the digits of a number.

    Spaces of any kind group thousands; another sign does only if the spec says so. Groups have three digits.
    """
    grouping = SPACES + (writing.thousands or "") + ("’" if writing.thousands == "'" else "")
    group, space = f"[{_class(grouping)}]", f"[{_class(SPACES)}]*"
    point = re.escape(writing.decimal)
    digits = rf"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+(?:{point}[0-9]*)?"
    plain = rf"(?:[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    signs = "|".join(re.escape(sign) for sign in signs_of(unit))
    before = rf"[+−-]?{space}" + (rf"(?:{signs})?|(?:{signs}){space}[+−-]" if signs else "")
    after = f"(?:{signs})?" if signs else ""
    return rf"^{space}(?:{before}){space}({digits}|{plain}){space}{after}{space}$"


def _class(characters: str) -> str:
    return "".join(rf"\{c}" if c in r"\]^-[" else c for c in characters)


def number(text: str, unit: Unit, writing: Writing) -> str:
    """A DOUBLE, percents and points as fractions."""
    grouping = SPACES + (writing.thousands or "") + ("’" if writing.thousands == "'" else "")
    digits = f"regexp_extract({text}, {literal(number_pattern(unit, writing))}, 1)"
    bare = f"replace(translate({digits}, {literal(grouping)}, ''), {literal(writing.decimal)}, '.')"
    magnitude = f"TRY_CAST(nullif({bare}, '') AS DOUBLE)"
    slow = (
        f"(CASE WHEN regexp_matches({text}, '^[^0-9]*[−-]') THEN -1 ELSE 1 END"
        f" * (CASE WHEN isfinite({magnitude}) THEN {magnitude} END))"
    )
    fast = _matches(text, _digits(writing))
    return _scaled(f"(CASE WHEN {fast} THEN CAST({text} AS DOUBLE) ELSE {slow} END)", unit)


def _digits(writing: Writing) -> str:
    return r"[+-]?[0-9]+(\.[0-9]+)?" if writing.decimal == "." else "[+-]?[0-9]+"


def _scaled(value: str, unit: Unit) -> str:
    scale = scale_of(unit)
    return value if scale == 1 else f"({value} / {scale})"


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {literal(pattern)})"


def flag(text: str) -> str:
    """A BOOLEAN from the words for yes and no of several languages."""
    word = f"lower(trim({text}, {literal(SPACES)}))"
    yes, no = f"{word} IN ({_words(TRUE_WORDS)})", f"{word} IN ({_words(FALSE_WORDS)})"
    return f"(CASE WHEN {yes} THEN true WHEN {no} THEN false END)"


def moment(text: str, writing: Writing) -> str:
    """A TIMESTAMP in local time. ISO 8601 is read as well, for it means one thing, but not beside a rival.

    A pattern without a time of day also reads the day followed by one: the same file often has both.
    """
    trimmed = f"trim({text}, {literal(SPACES)})"
    value = _iso(trimmed, writing.zone)
    if writing.dates:
        told = _by_pattern(trimmed, writing.dates, writing.zone)
        value = told if writing.dates.startswith("%Y") else f"coalesce({told}, {value})"
    return f"(CASE WHEN year({value}) BETWEEN {FIRST_YEAR} AND 9999 THEN {value} END)"


def day(text: str, writing: Writing) -> str:
    """A DATE; of a moment, its day in local time."""
    return f"CAST({moment(text, writing)} AS DATE)"


def has_time_of_day(text: str, writing: Writing) -> str:
    """Whether a cell says more than a day."""
    return "true" if names_a_time(writing.dates) else f"contains({text}, ':')"


def names_a_time(dates: str | None) -> bool:
    """Whether a strptime pattern has a time of day."""
    return dates is not None and _TIME_OF_DAY.search(dates) is not None


def missing_word(text: str) -> str:
    """Whether a cell says in words that it has no value."""
    return f"lower(trim({text}, {literal(SPACES)})) IN ({_words(MISSING_WORDS)})"


def patterns_of(dates: str) -> tuple[str, ...]:
    """The strptime patterns that a `dates` option stands for."""
    if names_a_time(dates):
        return (dates,)
    return (dates, *(dates + time for time in (" %H:%M:%S", " %H:%M", " %H:%M:%S.%f", "T%H:%M:%S")))


def _by_pattern(text: str, dates: str, zone: str) -> str:
    value = f"try_strptime({text}, {literals(patterns_of(dates))})"
    return f"timezone({literal(zone)}, {value})" if _ZONE.search(dates) else value


_DAY = r"\d{4}-\d{1,2}-\d{1,2}"
_CLOCK = r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
_OFFSET = r" ?(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)"


def _iso(text: str, zone: str) -> str:
    local = f"regexp_full_match({text}, {literal(f'{_DAY}(?:{_CLOCK})?')})"
    zoned = f"regexp_full_match({text}, {literal(_DAY + _CLOCK + _OFFSET)})"
    return (
        f"(CASE WHEN {local} THEN TRY_CAST({text} AS TIMESTAMP)"
        f" WHEN {zoned} THEN timezone({literal(zone)}, TRY_CAST({text} AS TIMESTAMPTZ)) END)"
    )


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(literal(word) for word in words)


def typed(kind: str, text: str, unit: Unit, writing: Writing) -> str:
    """The expression for a kind; texts, identities and columns of unknown kind stay text."""
    match kind:
        case "number":
            return number(text, unit, writing)
        case "day":
            return day(text, writing)
        case "moment":
            return moment(text, writing)
        case "flag":
            return flag(text)
        case _:
            return text


_PLAIN_DAY = "(?:19|[2-9][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}"  # from FIRST_YEAR on
_PLAIN_CLOCK = "[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?"


def plain(kind: str, text: str, unit: Unit, writing: Writing) -> tuple[str, str] | None:
    """Whether a cell is written in the usual way, and its value then: the same as by `typed`, but quick."""
    match kind:
        case "number":
            return _matches(text, _digits(writing)), _scaled(f"CAST({text} AS DOUBLE)", unit)
        case "day" if writing.dates is None:
            return _matches(text, _PLAIN_DAY), f"TRY_CAST({text} AS DATE)"
        case "moment" if writing.dates is None:
            return _matches(text, _PLAIN_DAY + _PLAIN_CLOCK), f"TRY_CAST({text} AS TIMESTAMP)"
        case "flag":
            return f"{text} IN ('0', '1', 'false', 'true')", f"{text} IN ('1', 'true')"
        case _:
            return None


def hint(text: str, kind: str, unit: Unit, writing: Writing) -> str | None:
    """What would make a cell readable, if there is one likely answer."""
    if kind == "flag":
        return "yes and no are written 1/0, true/false, yes/no, oui/non, ja/nein, si/no or sim/não"
    if kind in ("day", "moment"):
        return _date_hint(text.strip(SPACES), writing)
    if kind != "number":
        return None
    if text.strip(SPACES) in ("-", "–", "—"):
        return "a dash may mean zero or no value; an empty cell is no value"
    for decimal, thousands in ((",", None), (",", "."), (".", ","), (".", "'")):
        other = Writing(decimal, thousands)
        if re.fullmatch(number_pattern(unit, other), text):
            words = [f'decimal "{decimal}"'] if decimal != writing.decimal else []
            words += [f'thousands "{thousands}"'] if thousands and thousands != writing.thousands else []
            if words:
                return f"`{' '.join(words)}` after the file's name in `from`, if the file is written so"
    return None


def _date_hint(text: str, writing: Writing) -> str:
    for pattern in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%d/%m/%y"):
        if pattern != writing.dates and any(_reads(text, p) for p in patterns_of(pattern)):
            return f'`dates "{pattern}"` after the file\'s name in `from`, if the file is written so'
    if writing.dates:
        return f"dates of this file are written `{writing.dates}`, and have to exist"
    return "dates are written 2026-03-31, moments 2026-03-31 14:05, and have to exist"


def _reads(text: str, pattern: str) -> bool:
    try:
        datetime.strptime(text, pattern)
    except ValueError:
        return False
    return True


def wrong_option(writing: Writing, span: Span | None) -> Diagnostic | None:
    """An option that says nothing, or two that contradict each other."""
    if writing.decimal not in (".", ","):
        return _option("decimal", writing.decimal, 'the decimal sign is "." or ","', span)
    if writing.thousands is not None and writing.thousands not in (".", ",", "'", "’", "_", *SPACES):
        return _option(
            "thousands", writing.thousands, """thousands are grouped by ".", ",", "'", "_" or a space""", span
        )
    if writing.thousands == writing.decimal:
        return _option(
            "thousands", writing.decimal, "the decimal sign is another than the one of thousands", span
        )
    if writing.dates is not None:
        known = all(part[:1] in _DIRECTIVES or part[:2] in _PADLESS for part in writing.dates.split("%")[1:])
        if not known or "%" not in writing.dates:
            return _option("dates", writing.dates, "a pattern such as %d/%m/%Y or %Y-%m-%d %H:%M:%S", span)
    return None


def _option(option: str, value: str, expected: str, span: Span | None) -> Diagnostic:
    return Diagnostic("K526", f'`{option} "{value}"` cannot be used', span, help=expected)
