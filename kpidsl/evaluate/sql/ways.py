"""The ways in which dialects say an operation, as builders of trees; `spelling` says which one takes which.

Arguments may stand in the result several times, each time copied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from sqlglot import exp

from kpidsl.evaluate.sql.trees import SQL, call, cast, integer, literal, name, when

Build = Callable[..., SQL]

_LARGEST = 1.7976931348623157e308
_WHOLE_FROM = 2.0**52
"""From here on a DOUBLE has no decimals."""
_BLANKS = " \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"
"""Unicode's space separators: what DuckDB trims."""
_NUMBER = "^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)? *$"


def calls(function: str) -> Build:
    return lambda *args: call(function, *args)


def extract(part: str) -> Build:
    return lambda x: cast(exp.Extract(this=exp.var(part), expression=x), "INT")


def paren(x: SQL) -> SQL:
    return exp.paren(x, copy=False)


def minus(a: SQL, b: SQL) -> SQL:
    return paren(exp.Sub(this=a, expression=b))


def plus(a: SQL, b: SQL) -> SQL:
    return paren(exp.Add(this=a, expression=b))


def times(a: SQL, b: SQL) -> SQL:
    return paren(exp.Mul(this=a, expression=b))


def equal(a: SQL, b: SQL) -> SQL:
    return paren(exp.EQ(this=a, expression=b))


def over(a: SQL, b: SQL) -> SQL:
    """A quotient as it stands: whole numbers are not turned into others."""
    return exp.Div(this=a, expression=b, typed=True)


# -- texts ---------------------------------------------------------------------------------------------------


def in_unicode(function: str) -> Build:
    """PostgreSQL's own case folding knows no more letters than the locale of the database does."""
    return lambda x: call(function, exp.Collate(this=paren(x), expression=name("und-x-icu")))


def has(function: str) -> Build:
    return lambda text, part: paren(exp.GT(this=call(function, text, part), expression=integer(0)))


def end_is(function: str) -> Build:
    return lambda text, part: equal(call(function, text, call("LENGTH", part)), part.copy())


def starts_backwards(text: SQL, part: SQL) -> SQL:
    return call("STARTS_WITH", call("REVERSE", text), call("REVERSE", part))


def trim(function: str) -> Build:
    return lambda x: call(function, x, literal(_BLANKS))


def trim_by_pattern(function: str) -> Build:
    pattern = f"^[{_BLANKS}]+|[{_BLANKS}]+$"
    return lambda x: call(function, x, literal(pattern), literal(""))


def number_in(text: SQL) -> SQL:
    looks_so = exp.RegexpLike(this=text, expression=literal(_NUMBER))
    return when(looks_so, cast(call("TRIM", text.copy()), "DOUBLE"))


# -- days ----------------------------------------------------------------------------------------------------


def day_number(function: str, *first: str) -> Build:
    """A difference of days by a function that wants the earlier day first."""
    return lambda low, high: call(function, *map(exp.var, first), low, high)


def weekday_from_sunday(part: str, sunday: int) -> Build:
    """1 for Monday to 7, from a count that begins with Sunday."""

    def build(x: SQL) -> SQL:
        number = exp.Add(this=extract(part)(x), expression=integer(6 - sunday))
        return plus(exp.Mod(this=paren(number), expression=integer(7)), integer(1))

    return build


# -- numbers -------------------------------------------------------------------------------------------------


def half_away(x: SQL, digits: int) -> SQL:
    """As C rounds: away from zero from just a half on. What precedes and follows is as DuckDB does it."""
    if digits == 0:
        return to_whole(x)
    power = literal(10.0 ** abs(digits))
    if digits > 0:
        return exp.Div(this=to_whole(times(x, power)), expression=power.copy(), typed=True)
    return times(to_whole(paren(exp.Div(this=x, expression=power, typed=True))), power.copy())


def to_whole(x: SQL) -> SQL:
    size, whole = call("ABS", x), call("FLOOR", call("ABS", x.copy()))
    large = exp.GTE(this=size, expression=literal(_WHOLE_FROM))
    up = exp.GTE(this=exp.Sub(this=size.copy(), expression=whole), expression=literal(0.5))
    sign = call("SIGN", x.copy())
    return exp.Case(
        ifs=[
            exp.If(this=large, true=x.copy()),
            exp.If(this=up, true=times(sign, plus(whole.copy(), integer(1)))),
        ],
        default=times(sign.copy(), whole.copy()),
    )


def finite(x: SQL) -> SQL:
    """Not a number is above all numbers in some engines, and compares with none in others."""
    plain = isinstance(x, exp.Column | exp.Cast | exp.Paren | exp.Anonymous)
    return exp.Between(this=x if plain else paren(x), low=literal(-_LARGEST), high=literal(_LARGEST))


def formatted(function: str, pattern: str) -> Build:
    """Twelve significant digits by way of a text."""
    return lambda x: cast(call(function, literal(pattern), x), "DOUBLE")


def formatted_java(function: str) -> Build:
    """The same where a missing value is formatted as the word null."""

    def build(x: SQL) -> SQL:
        text = call(function, literal("%.11e"), x)
        return cast(exp.Nullif(this=text, expression=literal("null")), "DOUBLE")

    return build


def formatted_after(pattern: str) -> Build:
    return lambda x: cast(call("TO_CHAR", x, literal(pattern)), "DOUBLE")


def significant(x: SQL) -> SQL:
    places = exp.Sub(this=integer(11), expression=call("FLOOR", call("LOG", call("ABS", x))))
    zero = exp.EQ(this=x.copy(), expression=literal(0.0))
    return when(zero, literal(0.0), call("ROUND", x.copy(), cast(paren(places), "INT")))


# -- aggregations --------------------------------------------------------------------------------------------


def number(value: float) -> SQL:
    return exp.Literal.number(repr(value))


def ordered_set(x: SQL, share: float) -> SQL:
    by = exp.Order(expressions=[exp.Ordered(this=x, nulls_first=False)])
    return exp.WithinGroup(this=call("PERCENTILE_CONT", number(share)), expression=by)


def parametric(x: SQL, share: float) -> SQL:
    return exp.ParameterizedAgg(this="quantileExactInclusive", expressions=[number(share)], params=[x])


def from_array(pick: Callable[[SQL, SQL], SQL]) -> Callable[[SQL, float], SQL]:
    """A percentile out of all values in order: between two neighbours, as near to each as its place is.

    `pick` takes all values of an expression in order and gives the one at a place, counted from 0.
    """

    def build(x: SQL, share: float) -> SQL:
        count = exp.Count(this=x)
        place = times(literal(share), minus(count, integer(1)))
        below, above = call("FLOOR", place), call("CEIL", place.copy())
        low, high = pick(x.copy(), cast(below, "BIGINT")), pick(x.copy(), cast(above, "BIGINT"))
        rest = times(minus(high, low), minus(place.copy(), below.copy()))
        some = exp.GT(this=count.copy(), expression=integer(0))
        return when(some, exp.Add(this=low.copy(), expression=rest))

    return build


def pick_trino(x: SQL, place: SQL) -> SQL:
    ordered = call("ARRAY_SORT", call("ARRAY_AGG", x))  # missing values come last
    return call("ELEMENT_AT", ordered, plus(place, integer(1)))


def pick_bigquery(x: SQL, place: SQL) -> SQL:
    ordered = exp.Order(this=x, expressions=[exp.Ordered(this=x.copy(), nulls_first=True)])
    values = call("ARRAY_AGG", exp.IgnoreNulls(this=ordered))
    return exp.Bracket(this=values, expressions=[call("SAFE_OFFSET", place)])


def there(x: SQL) -> SQL:
    return exp.Not(this=exp.Is(this=x, expression=exp.null()))


def by_moment(first: str, last: str) -> Build:
    """The value at the earliest or latest moment that has one."""

    def build(value: SQL, moment: SQL, end: str) -> SQL:
        return call(last if end == "last" else first, value, when(there(value.copy()), moment))

    return build


def first_of_array(value: SQL, moment: SQL, end: str) -> SQL:
    by = exp.Ordered(this=when(there(value.copy()), moment), desc=end == "last", nulls_first=False)
    values = call("ARRAY_AGG", exp.Order(this=value, expressions=[by]))
    return exp.Bracket(this=paren(values), expressions=[integer(1)], offset=1)


def following(x: SQL, within: Sequence[SQL]) -> SQL:
    """The next higher value among the rows that are alike; NULL where there is none."""
    order = exp.Order(expressions=[exp.Ordered(this=x, nulls_first=False)])
    return exp.Window(this=call("LEAD", x.copy()), partition_by=list(within), order=order)


def following_in_frame(x: SQL, within: Sequence[SQL]) -> SQL:
    """Where the function looks at a frame, and gives the default of its type beyond."""
    order = exp.Order(expressions=[exp.Ordered(this=x, nulls_first=False)])
    value = call("leadInFrame", call("toNullable", x.copy()))
    whole = exp.WindowSpec(
        kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="UNBOUNDED", end_side="FOLLOWING"
    )
    return exp.Window(this=value, partition_by=list(within), order=order, spec=whole)


def squares(function: str) -> Build:
    return lambda x: exp.Mul(this=call(function, x), expression=exp.Count(this=x.copy()))


def of_several(function: str) -> Build:
    """A deviation of a sample: a single value has none."""
    return lambda x: when(exp.GT(this=exp.Count(this=x), expression=integer(1)), call(function, x.copy()))


def bits(*keys: SQL) -> SQL:
    """The first key has the highest bit; engines agree on single keys only."""
    ones: list[SQL] = [
        call("GROUPING", key)
        if n == len(keys) - 1
        else exp.Mul(this=call("GROUPING", key), expression=integer(1 << len(keys) - 1 - n))
        for n, key in enumerate(keys)
    ]
    return reduce(lambda a, b: exp.Add(this=a, expression=b), ones)


def plain(x: SQL) -> SQL:
    """Twelve decimals without the zeros at their end."""
    kind = exp.DataType.build("DECIMAL(38, 12)")
    text = cast(exp.Cast(this=x, to=kind), "VARCHAR")
    return call("REGEXP_REPLACE", text, literal("0+$"), literal(""))


def ranged(value: SQL, by: Sequence[SQL], order: SQL, spec: exp.WindowSpec) -> SQL:
    """An aggregation over the rows of the same keys whose order lies in a range."""
    ordered = exp.Order(expressions=[exp.Ordered(this=order)])
    return exp.Window(this=value, partition_by=list(by), order=ordered, spec=spec)


def alone(percentile: Callable[[SQL, float], SQL]) -> Callable[[SQL, float, Sequence[float]], SQL]:
    """A percentile where nothing is gained by knowing which others are asked of the same values."""
    return lambda x, share, shares: percentile(x, share)


def quantile(x: SQL, share: float, shares: Sequence[float]) -> SQL:
    """One of several percentiles of the same values: DuckDB makes equal aggregations once."""
    if len(shares) < 2:
        return call("QUANTILE_CONT", x, literal(share))
    every = exp.Array(expressions=[literal(each) for each in shares])
    place = integer(shares.index(share) + 1)
    return call("LIST_EXTRACT", call("QUANTILE_CONT", x, every), place)
