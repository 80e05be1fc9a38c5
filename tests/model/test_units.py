from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.model.units import (
    CURRENCIES,
    CURRENCY_SYMBOLS,
    ONE,
    PERCENT,
    POINTS,
    TIME_WORDS,
    Unit,
    format_value,
    is_ratio_of_counts,
    kind,
    sum_unit,
)

WORDS = ["EUR", "USD", "lead", "commande_validée", "session", *sorted(TIME_WORDS)]
plain_units = st.dictionaries(st.sampled_from(WORDS), st.integers(-3, 3), max_size=4).map(
    lambda powers: Unit(tuple(powers.items()))
)
units = plain_units | st.sampled_from([PERCENT, POINTS])
parse = Unit.parse


@given(plain_units, plain_units, plain_units)
def test_multiplication_is_an_abelian_group(a: Unit, b: Unit, c: Unit) -> None:
    assert a * ONE == a
    assert a * a**-1 == ONE == a / a
    assert (a * b) * c == a * (b * c)
    assert a * b == b * a


@given(plain_units, st.integers(-3, 3), st.integers(-3, 3))
def test_powers_add(a: Unit, m: int, n: int) -> None:
    assert a**m * a**n == a ** (m + n)


@given(units)
def test_text_is_read_back(unit: Unit) -> None:
    assert parse(str(unit)) == unit


@given(plain_units, plain_units, plain_units)
def test_conversion_composes_and_inverts(a: Unit, b: Unit, c: Unit) -> None:
    assert a.factor_to(a) == 1
    ab, bc, ba = a.factor_to(b), b.factor_to(c), b.factor_to(a)
    assert (ab is None) == (ba is None)
    if ab is not None and ba is not None:
        assert ab * ba == 1
        assert a.factor_to(c) == (None if bc is None else ab * bc)


SECONDS = st.sampled_from([Unit.of(w) for w in ("second", "minute", "hour", "day", "week")])
MONTHS = st.sampled_from([Unit.of(w) for w in ("month", "quarter", "year")])


@given(st.tuples(SECONDS, SECONDS, SECONDS) | st.tuples(MONTHS, MONTHS, MONTHS), plain_units)
def test_conversion_within_a_family_of_time(family: tuple[Unit, Unit, Unit], other: Unit) -> None:
    a, b, c = (other / unit for unit in family)
    ab, bc, ac = a.factor_to(b), b.factor_to(c), a.factor_to(c)
    assert ab is not None
    assert bc is not None
    assert ab * bc == ac


@given(SECONDS, MONTHS)
def test_the_two_families_of_time_do_not_convert(a: Unit, b: Unit) -> None:
    assert a.factor_to(b) is None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("EUR per lead", "EUR per lead"),
        ("EUR per month per lead", "EUR per lead per month"),
        ("per lead", "per lead"),
        ("", ""),
        ("%", "%"),
        ("point", "points"),
        ("days", "day"),
        ("€ per years", "EUR per year"),
        ("lead EUR EUR", "EUR EUR lead"),
        ("EUR per EUR", ""),
    ],
)
def test_parse_normalises(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


@pytest.mark.parametrize(
    "text", ["EUR per", "per", "EUR per lead month", "EUR / lead", "% per month", "2", "EUR per per"]
)
def test_parse_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="unit"):
        parse(text)


def test_a_style_has_no_words() -> None:
    with pytest.raises(ValueError, match="percent"):
        Unit((("EUR", 1),), "percent")


def test_kinds() -> None:
    assert [kind(word) for word in ("EUR", "day", "year", "lead", "eur")] == [
        "currency",
        "time",
        "time",
        "count",
        "count",
    ]
    assert set(CURRENCY_SYMBOLS.values()) <= CURRENCIES
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)


@pytest.mark.parametrize(
    ("a", "b", "factor"),
    [
        ("EUR per day", "EUR per week", 7),
        ("year", "month", 12),
        ("second", "hour", Fraction(1, 3600)),
        ("EUR year per month", "EUR", 12),
        ("%", "", 1),
        ("points", "%", 1),
        ("order per session", "%", None),
        ("EUR", "USD", None),
        ("month", "day", None),
    ],
)
def test_factor_to(a: str, b: str, factor: int | Fraction | None) -> None:
    assert parse(a).factor_to(parse(b)) == factor


def test_multiplication_drops_the_style() -> None:
    assert parse("EUR") * PERCENT == parse("EUR")
    assert PERCENT * PERCENT == ONE


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("order per session", True),
        ("", True),
        ("EUR per lead", False),
        ("lead", False),
        ("lead per month", False),
    ],
)
def test_ratio_of_counts(text: str, ratio: bool) -> None:
    assert is_ratio_of_counts(parse(text)) is ratio


@pytest.mark.parametrize(
    ("a", "op", "b", "unit"),
    [
        ("%", "-", "%", "points"),
        ("%", "+", "%", "%"),
        ("%", "-", "points", "%"),
        ("%", "+", "points", "%"),
        ("points", "+", "%", "%"),
        ("points", "-", "%", None),
        ("points", "-", "points", "points"),
        ("", "-", "%", ""),
        ("EUR", "+", "EUR", "EUR"),
        ("day", "+", "hour", "day"),
        ("EUR", "+", "USD", None),
        ("EUR", "-", "%", None),
    ],
)
def test_sums(a: str, op: str, b: str, unit: str | None) -> None:
    assert op in ("+", "-")
    assert sum_unit(parse(a), parse(b), "+" if op == "+" else "-") == (None if unit is None else parse(unit))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (25, "EUR per lead", "25 EUR per lead"),
        (1234.5, "EUR", "1,234.5 EUR"),
        (25.375, "EUR", "25.38 EUR"),
        (1234567.8, "EUR", "1,234,568 EUR"),
        (0.042, "%", "4.2%"),
        (0.07, "%", "7%"),
        (1.0, "%", "100%"),
        (-0.05, "%", "-5%"),
        (0.02, "points", "2 points"),
        (0.01, "points", "1 point"),
        (-0.01, "points", "-1 point"),
        (100, "lead", "100 leads"),
        (1, "lead", "1 lead"),
        (-1, "lead", "-1 lead"),
        (0, "lead", "0 leads"),
        (2252, "session", "2,252 sessions"),
        (4, "company", "4 companies"),
        (4, "survey", "4 surveys"),
        (4, "branch", "4 branches"),
        (4, "box", "4 box"),
        (4, "Auftrag", "4 Auftrags"),
        (18.1, "EUR per lead", "18.1 EUR per lead"),
        (355, "click per lead", "355 clicks per lead"),
        (1000, "", "1,000"),
        (999.96, "", "1,000"),
        (0.00012345, "", "0.0001234"),
        (-0.0, "EUR", "0 EUR"),
        (-1e-17, "", "0"),
        (3, "year", "3 years"),
        (1, "hour", "1 hour"),
        (2, "hour per lead", "2 hours per lead"),
        (3, "per lead", "3 per lead"),
        (float("nan"), "EUR", "no value"),
        (1e18, "EUR", "1e+18 EUR"),
    ],
)
def test_format(value: float, unit: str, text: str) -> None:
    assert format_value(value, parse(unit)) == text


def test_format_with_fixed_decimals() -> None:
    assert format_value(25, parse("EUR"), digits=2) == "25.00 EUR"
    assert format_value(-0.001, ONE, digits=1) == "0.0"
    assert format_value(1234.5, ONE, digits=0) == "1,234"


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e14, max_value=1e14))
def test_format_stays_close(value: float) -> None:
    text = format_value(value, ONE)
    assert float(text.replace(",", "")) == pytest.approx(value, rel=5.01e-4, abs=1e-12)
    assert text not in ("-0", "")
