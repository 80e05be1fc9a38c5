"""Cells of text against a plain reader in Python: what one reads, the other reads as the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kpidsl.evaluate import cells
from kpidsl.evaluate.cells import Writing
from kpidsl.model.literals import FALSE_WORDS, TRUE_WORDS
from kpidsl.model.units import ONE, Unit

EURO = Unit.parse("EUR per click")
WRITINGS = [
    Writing(),
    Writing(","),
    Writing(",", "."),
    Writing(".", ","),
    Writing(".", "'"),
    Writing(",", "\u202f"),
]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def read(connection: duckdb.DuckDBPyConnection, expression: str, text: str) -> object:
    ((value,),) = connection.execute(f"SELECT {expression} FROM (SELECT ? AS x)", [text]).fetchall()
    return value


def plainly(text: str, writing: Writing) -> float | None:
    """A number in euros, one sign at a time."""
    bare = text.strip(cells.SPACES)
    sign, marks = 1, {"sign": ("+", "-", "−"), "currency": ("EUR", "€")}
    while found := next(((k, w) for k, words in marks.items() for w in words if bare.startswith(w)), None):
        del marks[found[0]]  # each may stand there once, in either order
        sign = -1 if found[1] in ("-", "−") else sign
        bare = bare[len(found[1]) :].lstrip(cells.SPACES)
    for word in ("EUR", "€"):
        if bare.endswith(word):
            bare = bare[: -len(word)].rstrip(cells.SPACES)
            break
    head, point, tail = bare.partition(writing.decimal)
    group = next((c for c in head if c in cells.SPACES + (writing.thousands or "")), None)
    if group:
        first, *rest = re.split("[" + re.escape(cells.SPACES + (writing.thousands or "")) + "]", head)
        if not (1 <= len(first) <= 3 and all(len(each) == 3 for each in rest)):
            return None
        head = "".join([first, *rest])
    digits = set("0123456789")
    if not (set(head) | set(tail)) <= digits or not (head or (point and tail)):
        return None
    return sign * float(f"{head or 0}.{tail or 0}")


@st.composite
def written(draw: st.DrawFn) -> tuple[str, float, Writing]:
    """A number as a file may write it."""
    writing = draw(st.sampled_from(WRITINGS))
    cents = draw(st.integers(-(10**11), 10**11))
    group = draw(st.sampled_from(["", " ", "\u00a0", "\u202f", writing.thousands or ""]))
    text = f"{abs(cents) // 100:,}".replace(",", group) + writing.decimal + f"{abs(cents) % 100:02}"
    sign = draw(st.sampled_from(["-", "−"])) if cents < 0 else draw(st.sampled_from(["", "+"]))
    before, after = draw(
        st.sampled_from([("", ""), ("", " €"), ("", "\u00a0€"), ("€", ""), ("", "EUR"), ("EUR ", "")])
    )
    return f"{sign}{before}{text}{after}", cents / 100, writing


@given(written())
def test_numbers_are_read_back(
    connection: duckdb.DuckDBPyConnection, number: tuple[str, float, Writing]
) -> None:
    text, value, writing = number
    assert read(connection, cells.number("x", EURO, writing), text) == pytest.approx(value, rel=1e-14)
    assert plainly(text, writing) == pytest.approx(value, rel=1e-14)


@given(st.text(alphabet="0123456789.,'- +€EUR\u202f", max_size=9), st.sampled_from(WRITINGS))
@example("1.234", Writing(","))
@example("-€-5", Writing())
@example("€ - 5 €", Writing())
@example("€€5", Writing())
def test_any_text_is_a_number_to_both_or_to_none(
    connection: duckdb.DuckDBPyConnection, text: str, writing: Writing
) -> None:
    found = read(connection, cells.number("x", EURO, writing), text)
    if "E" in text.replace("EUR", ""):
        return  # powers of ten are tried below
    if "'" in text and writing.thousands != "'":
        assert found is None
    else:
        expected = plainly(text, writing)
        assert found == (None if expected is None else pytest.approx(expected, rel=1e-14))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_of_other_programs(connection: duckdb.DuckDBPyConnection, value: float) -> None:
    assert read(connection, cells.number("x", ONE, Writing()), repr(value)) == value


PATTERNS = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%y",
    "%Y%m%d",
    "%Y-%d-%m",
    "%d %b %Y",
    "%d/%m/%Y %H:%M:%S",
    "%b %d, %Y",
]


@given(st.datetimes(datetime(1970, 1, 1), datetime(2068, 1, 1)), st.sampled_from(PATTERNS))
def test_dates_by_a_pattern(connection: duckdb.DuckDBPyConnection, moment: datetime, pattern: str) -> None:
    moment = moment.replace(microsecond=0, year=max(moment.year, 1970))
    text = moment.strftime(pattern)
    expected = datetime.strptime(text, pattern)
    assert read(connection, cells.moment("x", Writing(dates=pattern)), text) == expected
    assert read(connection, cells.day("x", Writing(dates=pattern)), text) == expected.date()


@given(st.integers(0, 40), st.integers(0, 14), st.integers(1990, 2060))
def test_only_days_that_exist(connection: duckdb.DuckDBPyConnection, day: int, month: int, year: int) -> None:
    try:
        expected = date(year, month, day)
    except ValueError:
        expected = None
    assert (
        read(connection, cells.day("x", Writing(dates="%d/%m/%Y")), f"{day:02}/{month:02}/{year}") == expected
    )
    assert read(connection, cells.day("x", Writing()), f"{year}-{month:02}-{day:02}") == expected


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)), st.sampled_from(["T", " "]))
def test_iso_moments(connection: duckdb.DuckDBPyConnection, moment: datetime, sep: str) -> None:
    assert read(connection, cells.moment("x", Writing()), moment.isoformat(sep)) == moment


def test_a_rival_pattern_is_not_bypassed(connection: duckdb.DuckDBPyConnection) -> None:
    assert read(connection, cells.day("x", Writing(dates="%Y-%d-%m")), "2026-05-13") is None
    assert read(connection, cells.day("x", Writing(dates="%d/%m/%Y")), "2026-05-13") == date(2026, 5, 13)


def test_offsets(connection: duckdb.DuckDBPyConnection) -> None:
    zoned = Writing(dates="%d/%m/%Y %H:%M %z", zone="Europe/Paris")
    assert read(connection, cells.moment("x", zoned), "01/07/2026 22:30 +0000") == datetime(2026, 7, 2, 0, 30)
    for text in ("2026-07-01T22:30Z", "2026-07-01 22:30:00+00:00", "2026-07-01 17:30:00-05"):
        assert read(connection, cells.moment("x", Writing(zone="Europe/Paris")), text) == datetime(
            2026, 7, 2, 0, 30
        )


@pytest.mark.parametrize("word", [*TRUE_WORDS, "OUI", " Yes "])
def test_yes(connection: duckdb.DuckDBPyConnection, word: str) -> None:
    assert read(connection, cells.flag("x"), word) is True


@pytest.mark.parametrize("word", [*FALSE_WORDS, "Nein"])
def test_no(connection: duckdb.DuckDBPyConnection, word: str) -> None:
    assert read(connection, cells.flag("x"), word) is False


@pytest.mark.parametrize(("text", "value"), [("4,2 %", 0.042), ("4,2", 0.042), ("-5%", -0.05), ("100", 1.0)])
def test_percents(connection: duckdb.DuckDBPyConnection, text: str, value: float) -> None:
    assert read(connection, cells.number("x", Unit.parse("%"), Writing(",")), text) == pytest.approx(
        value, rel=1e-15
    )


NUMBERS = r"[+-]?[0-9]{1,12}([.,][0-9]{1,6})?| ?[0-9]{1,4} ?"
MOMENTS = "[12][0-9]{3}-[0-3][0-9]-[0-3][0-9]([ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?"
PLAIN = st.from_regex(f"{NUMBERS}|{MOMENTS}|true|false|yes|TRUE", fullmatch=True)


@given(
    PLAIN,
    st.sampled_from(["number", "day", "moment", "flag"]),
    st.sampled_from([ONE, EURO, Unit.parse("%")]),
    st.sampled_from([*WRITINGS, Writing(dates="%d/%m/%Y")]),
)
@example("2026-02-30", "day", ONE, Writing())
@example("1899-12-31", "moment", ONE, Writing())
@example("2026-03-29 02:30", "moment", ONE, Writing())
def test_a_plain_cell_is_read_the_same_both_ways(
    connection: duckdb.DuckDBPyConnection, text: str, kind: str, unit: Unit, writing: Writing
) -> None:
    usual = cells.plain(kind, "x", unit, writing)
    if usual is not None and read(connection, usual[0], text):
        assert read(connection, usual[1], text) == read(
            connection, cells.typed(kind, "x", unit, writing), text
        )
