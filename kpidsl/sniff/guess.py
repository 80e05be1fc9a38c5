"""What the cells of a column are: numbers and their unit, days, moments, flags, identities or text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from kpidsl.evaluate.cells import Writing, number_pattern, patterns_of
from kpidsl.model.literals import FALSE_WORDS, TRUE_WORDS
from kpidsl.model.units import CURRENCIES, CURRENCY_SYMBOLS, ONE, PERCENT, Unit

_WRITINGS = (
    Writing("."),
    Writing(","),
    Writing(",", "."),
    Writing(".", ","),
    Writing(".", "'"),
)
_DATES = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y",
    "%d %b %Y", "%b %d, %Y",
)  # fmt: skip
_RIVALS = {"%d/%m/%Y": "%m/%d/%Y", "%d-%m-%Y": "%m-%d-%Y", "%d/%m/%y": "%m/%d/%y"}
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?")
_IDENTITY = re.compile(r"(?:(.*?)[ _-]?)(?:id|uuid|guid)", re.IGNORECASE)
_FLAG_NAME = re.compile(r"(is|has|was|did|est)[ _].*|[a-z]+ed|.*flag", re.IGNORECASE)
_TIMES = re.compile(
    r"(created|date|day|jour|time|at|on|le|week|month|mois|semaine|ordered|paid)", re.IGNORECASE
)
_CHANNEL = re.compile(
    r"\b(channel|canal|kanal|platform|plateforme|utm source|source|medium|network|réseau)\b", re.IGNORECASE
)
_SIGNED = re.compile(r"[.,'’]")
_COUNTED = frozenset(
    "clicks impressions sessions leads orders visits visitors views pageviews pages conversions users"
    " customers downloads items likes shares comments followers subscribers signups installs emails opens"
    " calls units clics".split()
)
REPORTED = frozenset(
    "click clic impression view pageview session visit visitor lead order conversion signup install".split()
)
"""Things that exports count by day or campaign, rather than list."""


_NOTHING = frozenset(("null", "(null)", "\\n", "n/a", "#n/a", "-", "–", "—"))
"""Words that mean no value wherever they stand."""
_AMBIGUOUS = frozenset(("na", "none", "nan", "nil"))
"""Words that do among numbers, days and flags; among texts they may be a country, a name or an answer."""
_MOST = 0.5
"""The greatest part of a column of texts that may be such words."""


@frozen
class Guess:
    """The words of a `column` clause after its name (`EUR`, `text`, `id of user`), and a remark."""

    kind: str
    unit: Unit = ONE
    thing: str | None = None
    remark: str | None = None

    @property
    def words(self) -> str:
        """As the language writes it."""
        match self.kind:
            case "number":
                return str(self.unit) or "number"
            case "identity":
                return f"id of {self.thing}"
            case kind:
                return kind


def writing_of(columns: Sequence[Sequence[str]], separator: str | None) -> tuple[Writing, str | None]:
    """How the file writes numbers: the way that reads most columns; a remark where two ways read as many.

    With a semicolon between cells the comma is taken for the decimal sign, as in the countries that write so.
    """
    order = sorted(_WRITINGS, key=lambda w: w.decimal == "." if separator == ";" else w.decimal == ",")
    order.sort(key=lambda w: w.thousands is not None)
    scores = [sum(_unit_of(values, w) is not None for values in columns) for w in order]
    best = scores.index(max(scores))
    chosen, rivals = order[best], [w for w, score in zip(order, scores, strict=True) if score == scores[best]]
    written = [
        v for values in columns if _unit_of(values, chosen) is not None for v in values if _SIGNED.search(v)
    ]
    told = [w for w in rivals if any(_value(v, w) != _value(v, chosen) for v in written)]
    if not told:
        return chosen, None
    example = next(v for v in written if _value(v, told[0]) != _value(v, chosen))
    return (
        chosen,
        f"`{example}` is read as {_value(example, chosen):,};"
        f" with {_options(told[0])} it would be {_value(example, told[0]):,}",
    )


def _options(writing: Writing) -> str:
    thousands = f' thousands "{writing.thousands}"' if writing.thousands else ""
    return f'`decimal "{writing.decimal}"{thousands}`'


def _value(text: str, writing: Writing) -> float | None:
    for unit in (ONE, PERCENT, *map(Unit.of, _codes_in(text))):
        if found := re.match(number_pattern(unit, writing), text):
            digits = re.sub(rf"[^0-9eE+{re.escape(writing.decimal)}-]", "", found[1])
            return float(digits.replace(writing.decimal, "."))
    return None


def _codes_in(text: str) -> list[str]:
    """Currencies that a text names by a code or a sign."""
    codes = [word for word in re.findall(r"[A-Z]{3}", text) if word in CURRENCIES]
    return codes + [code for sign, code in CURRENCY_SYMBOLS.items() if sign in text]


def _unit_of(values: Sequence[str], writing: Writing) -> Unit | None:
    """The unit that the signs of the cells say, if all cells are numbers in one unit."""
    if not values:
        return None
    signed = next((v for v in values if not re.fullmatch(r"[-+−\d\s.,']*", v)), None)
    if signed is None:
        return ONE if all(re.match(number_pattern(ONE, writing), v) for v in values) else None
    candidates = [PERCENT] if "%" in signed else [Unit.of(code) for code in _codes_in(signed)]
    candidates += [ONE] if not candidates else []
    for unit in candidates:
        if all(re.match(number_pattern(unit, writing), v) for v in values):
            return unit
    return None


def missing_words(columns: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], str | None]:
    """Words of the file for no value, as it writes them; a remark where one could be a zero."""
    found: dict[str, None] = {}
    remark = None
    for values in columns:
        words = [value for value in values if value.casefold() in _NOTHING | _AMBIGUOUS]
        rest = [value for value in values if value.casefold() not in _NOTHING | _AMBIGUOUS]
        if not words or not rest:
            continue
        numbers = any(_unit_of(rest, writing) is not None for writing in _WRITINGS)
        if numbers or _days(rest) or {value.casefold() for value in rest} <= {*TRUE_WORDS, *FALSE_WORDS}:
            found |= dict.fromkeys(words)
            dash = next((word for word in words if word in "-–—"), None)
            remark = remark or (f"`{dash}` is read as no value, not as 0" if numbers and dash else None)
        elif len(words) <= _MOST * len(values):
            found |= dict.fromkeys(word for word in words if word.casefold() in _NOTHING)
    return tuple(sorted(found)), remark


def _days(values: Sequence[str]) -> bool:
    return _iso(values) is not None or any(all(_reads(v, p) for v in values) for p in _DATES)


def dates_of(columns: Sequence[Sequence[str]], day_first: bool) -> tuple[str | None, str | None]:
    """The pattern of most columns that hold dates but not by ISO 8601; a remark where two fit."""
    others = [values for values in columns if values and not _iso(values)]
    order = sorted(_DATES, key=lambda p: p in _RIVALS.values()) if day_first else list(_DATES)
    scores = {p: sum(all(_reads(v, p) for v in values) for values in others) for p in order}
    best = max(order, key=lambda p: scores[p], default=None)
    if best is None or not scores[best]:
        return None, None
    rival = _RIVALS.get(best)
    if rival is None or scores[rival] != scores[best]:
        return best, None
    example = next(v for values in others if all(_reads(v, best) for v in values) for v in values)
    return best, f"`{example}` is read day first; every date of the file would also fit {rival}"


def _reads(text: str, pattern: str) -> bool:
    if pattern == "%Y%m%d" and not re.fullmatch(r"(19|20)\d{6}", text):
        return False
    for each in patterns_of(pattern):
        try:
            if datetime.strptime(text, each).year >= 1900:
                return True
        except ValueError:
            continue
    return False


def _iso(values: Sequence[str]) -> str | None:
    if all(_ISO_DAY.fullmatch(value) for value in values):
        return "day"
    both = all(_ISO_DAY.fullmatch(value) or _ISO_MOMENT.fullmatch(value) for value in values)
    return "moment" if both else None


def guess(title: str, values: Sequence[str], writing: Writing, thing: str) -> Guess:
    """One column, from its name and the cells that hold anything."""
    if not values:
        return Guess("text", remark="no cell holds anything")
    words = {value.casefold() for value in values}
    if (found := _IDENTITY.fullmatch(title)) and _is_name(title):
        return Guess("identity", thing=word(found[1] or thing))
    if words <= {*TRUE_WORDS, *FALSE_WORDS} and _says_both(words, title):
        return Guess("flag")
    if kind := _iso(values):
        return Guess(kind)
    if writing.dates and all(_reads(value, writing.dates) or _iso([value]) for value in values):
        return Guess("moment" if any(":" in value for value in values) else "day")
    if (unit := _unit_of(values, writing)) is not None:
        return Guess("number", _named_unit(title, values, writing) if unit == ONE else unit)
    return Guess("text")


def _says_both(words: set[str], title: str) -> bool:
    """Both yes and no are said. A column of 0 and 1 may count something, unless its name asks a question."""
    both = bool(words & {*TRUE_WORDS}) and bool(words & {*FALSE_WORDS})
    return both and (not words & {"0", "1"} or bool(_FLAG_NAME.fullmatch(title)))


def _named_unit(title: str, values: Sequence[str], writing: Writing) -> Unit:
    """What the header says: `Price (EUR)`, `amount_usd`, `Taux (%)`, `clicks`."""
    parts = [part for part in re.split(r"[\W_]+", title) if part]
    if codes := [
        part.upper() for part in parts if part.upper() in CURRENCIES and (part.isupper() or part is parts[-1])
    ]:
        return Unit.of(codes[-1])
    for sign, code in CURRENCY_SYMBOLS.items():
        if sign in title and len(sign) == 1:
            return Unit.of(code)
    if "%" in title or {"pct", "percent"} & {part.casefold() for part in parts}:
        fractions = all(abs(_value(value, writing) or 0) <= 1 for value in values)
        return ONE if fractions else PERCENT
    if title.casefold() in _COUNTED:
        return Unit.of(singular(title.casefold()))
    return ONE


def time_column(guesses: dict[str, Guess]) -> str | None:
    """The column that says when: one with a telling name before others, in the order of the file."""
    found = [title for title, each in guesses.items() if each.kind in ("day", "moment")]
    telling = [title for title in found if _TIMES.search(title)]
    return next(iter(telling + found), None)


def channel_column(guesses: dict[str, Guess]) -> str | None:
    """The text column whose name says that it holds channels."""
    texts = [title for title, each in guesses.items() if each.kind == "text" and each.remark is None]
    return next((t for t in texts if _CHANNEL.search(t.replace("_", " "))), None)


def singular(word: str) -> str:
    """Of an English or French plural; irregular ones are left as they are."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if re.search(r"(ss|x|ch|sh)es$", word):
        return word[:-2]
    return word[:-1] if re.search(r"[^su]s$", word) and len(word) > 3 else word


def word(text: str) -> str:
    """A text as one word of the language."""
    word = re.sub(r"\W+", "_", text.strip()).strip("_").lower()
    return word if word and not word[0].isdigit() else f"n{word}" if word else "row"


def _is_name(title: str) -> bool:
    """`user_id`, `ID`, `userId`, `User ID`; not `paid` or `android`."""
    return bool(
        re.search(r"(^|[ _-])(id|uuid|guid)$", title, re.IGNORECASE) or re.search(r"[a-z]Id$|[a-z]ID$", title)
    )
