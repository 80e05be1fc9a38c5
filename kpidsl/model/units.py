"""Units of numbers: currencies, counted things, time and percentages, which multiply and divide.

A unit is a product of words with exponents, `EUR per lead` being EUR^1 lead^-1. Under multiplication units
form an abelian group. Dimensionless numbers are held as plain fractions (4.2% is 0.042) and carry a style,
which says how they are written and what their sums are; multiplication drops it, for `X * 5%` is in the unit
of X.
"""

import math
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import Literal

from attrs import Attribute, field, frozen

Kind = Literal["currency", "time", "count"]
Style = Literal["plain", "percent", "points"]

# ISO 4217, with BGN kept for tables older than 2026.
CURRENCIES = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF
    GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK
    LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
    OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
    SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG
    XOF XPF YER ZAR ZMW ZWG
    """.split()
)

CURRENCY_SYMBOLS = {
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "₺": "TRY",
    "₴": "UAH",
    "₫": "VND",
    "₪": "ILS",
    "₱": "PHP",
    "₦": "NGN",
    "zł": "PLN",
    "Kč": "CZK",
}

# Two families: the length of a month in days is not one number, so nothing converts from one to the other.
_TIME: dict[str, tuple[str, int]] = {
    "second": ("second", 1),
    "minute": ("second", 60),
    "hour": ("second", 3_600),
    "day": ("second", 86_400),
    "week": ("second", 604_800),
    "month": ("month", 1),
    "quarter": ("month", 3),
    "year": ("month", 12),
}
TIME_WORDS = frozenset(_TIME)
_PLURALS = {f"{word}s": word for word in _TIME}
_STYLE_WORDS: dict[str, Style] = {"%": "percent", "points": "points", "point": "points"}


def is_word(word: str) -> bool:
    """Whether a unit can be made of it: a name that has no other meaning in units."""
    return word.isidentifier() and word != "per" and word not in _STYLE_WORDS


def kind(word: str) -> Kind:
    """What a word of a unit stands for; a word that is no currency and no time is a counted thing."""
    if word in CURRENCIES:
        return "currency"
    return "time" if word in TIME_WORDS else "count"


def _canonical(powers: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    total: Counter[str] = Counter()
    for word, exponent in powers:
        total[word] += exponent
    return tuple(sorted((word, exponent) for word, exponent in total.items() if exponent))


def _only_without_dimension(unit: "Unit", _: "Attribute[Style]", style: Style) -> None:
    if style != "plain" and unit.powers:
        raise ValueError(f"a unit with words cannot be written as {style}")


@frozen(repr=False, cache_hash=True)
class Unit:
    """A product of words with exponents, sorted, without zeros; equal units are equal objects."""

    powers: tuple[tuple[str, int], ...] = field(default=(), converter=_canonical)
    style: Style = field(default="plain", validator=_only_without_dimension)

    @staticmethod
    def of(word: str) -> "Unit":
        """The unit of one word, `EUR` or `lead`; a plural of time and a currency symbol are normalised."""
        word = CURRENCY_SYMBOLS.get(word, _PLURALS.get(word, word))
        if not is_word(word):
            raise ValueError(f"`{word}` is not a word for a unit")
        return Unit(((word, 1),))

    @staticmethod
    def parse(text: str) -> "Unit":
        """Read `EUR per lead per month`; the inverse of `str`. ValueError says what is wrong."""
        words = text.split()
        if len(words) == 1 and words[0] in _STYLE_WORDS:
            return Unit((), _STYLE_WORDS[words[0]])
        first = words.index("per") if "per" in words else len(words)
        above, below = words[:first], words[first:]
        if len(below) % 2 or any(word != "per" for word in below[::2]):
            raise ValueError(
                f"`{text}` is not a unit: each `per` is followed by one word, as in `EUR per lead per month`"
            )
        unit = ONE
        for word in above:
            unit *= Unit.of(word)
        for word in below[1::2]:
            unit /= Unit.of(word)
        return unit

    def __mul__(self, other: "Unit") -> "Unit":
        return Unit(self.powers + other.powers)

    def __truediv__(self, other: "Unit") -> "Unit":
        return self * other**-1

    def __pow__(self, exponent: int) -> "Unit":
        return Unit(tuple((word, power * exponent) for word, power in self.powers))

    def __str__(self) -> str:
        match self.style:
            case "percent":
                return "%"
            case "points":
                return "points"
            case "plain":
                return " ".join(_above(self) + _below(self))

    def __repr__(self) -> str:
        return f"<Unit {self}>"

    @property
    def dimensionless(self) -> bool:
        """True of a plain number, a percentage and points; not of `order per session`."""
        return not self.powers

    def factor_to(self, other: "Unit") -> Fraction | None:
        """What a value in this unit is multiplied by to be in the other; None when the dimensions differ."""
        mine, scale = _base(self)
        theirs, other_scale = _base(other)
        return scale / other_scale if mine == theirs else None


ONE = Unit()
PERCENT = Unit((), "percent")
POINTS = Unit((), "points")


def _above(unit: Unit) -> list[str]:
    return [word for word, power in unit.powers for _ in range(power)]


def _below(unit: Unit) -> list[str]:
    return [part for word, power in unit.powers for _ in range(-power) for part in ("per", word)]


def _base(unit: Unit) -> tuple[Unit, Fraction]:
    """The unit with each time word replaced by the first of its family, and the scale this took."""
    scale = Fraction(1)
    powers = []
    for word, power in unit.powers:
        base, size = _TIME.get(word, (word, 1))
        scale *= Fraction(size) ** power
        powers.append((base, power))
    return Unit(powers), scale


def is_ratio_of_counts(unit: Unit) -> bool:
    """Whether the unit may be declared `%`: counted things over as many counted things, or no unit at all."""
    return (
        all(kind(word) == "count" for word, _ in unit.powers) and sum(power for _, power in unit.powers) == 0
    )


def sum_unit(a: Unit, b: Unit, op: Literal["+", "-"]) -> Unit | None:
    """The unit of `a + b` or `a - b`, None if they do not add; b has to be brought there by `factor_to`."""
    match a.style, b.style, op:
        case "percent", "percent", "-":
            return POINTS
        case "points", "percent", "+":
            return PERCENT
        case "points", "percent", "-":
            return None  # a distance less a place is neither
        case _:
            return None if a.factor_to(b) is None else a


def format_value(value: float, unit: Unit, *, digits: int | None = None) -> str:
    """Write a value for a reader: `1,234.5 EUR`, `25 EUR per lead`, `119 leads`, `4.2%`, `2 points`, `3
    years`.

    About four significant digits, all digits of the integer part, no trailing zeros; `digits` asks for
    exactly that many decimals instead. Not a number and infinity are `no value`.
    """
    if not math.isfinite(value):
        return "no value"
    number = _number(value if unit.style == "plain" else value * 100, digits)
    match unit.style:
        case "percent":
            return f"{number}%"
        case "points":
            return f"{number} {'point' if _is_single(number) else 'points'}"
        case "plain":
            return " ".join([number, *_plural(_above(unit), number), *_below(unit)])


def plurals(word: str) -> tuple[str, ...]:
    """The plurals of a word of a unit that are read back; the first is the one that is written.

    `leads`, `companies`, `branches`. A word in s, x or z is written as it is: it may be a plural already.
    A currency has none.
    """
    if kind(word) == "currency":
        return (word,)
    if word.endswith(("s", "x", "z")):
        return word, f"{word}es"
    if word.endswith(("ch", "sh")):
        return f"{word}es", f"{word}s"
    if word.endswith("y") and word[-2:-1].casefold() not in tuple("aeiou"):
        return f"{word[:-1]}ies", f"{word}s"
    return f"{word}s", f"{word}es"


def _plural(words: list[str], number: str) -> list[str]:
    """What is counted, the last word above, in the plural where the number is not 1."""
    return words if not words or _is_single(number) else [*words[:-1], plurals(words[-1])[0]]


def _is_single(number: str) -> bool:
    return number.lstrip("-") == "1"


def _number(value: float, digits: int | None) -> str:
    if abs(value) >= 1e15:
        return f"{value:.4g}"
    text = f"{value:,.{_decimals(value) if digits is None else digits}f}"
    if digits is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if text.strip("-0.,") else text.removeprefix("-")


def _decimals(value: float) -> int:
    """Decimals that make four significant digits, one at least below 10,000, and no more than twelve."""
    if value == 0:
        return 0
    magnitude = math.floor(math.log10(abs(value)))
    return min(max(3 - magnitude, 1 if magnitude < 4 else 0), 12)
