"""Row expressions and aggregations with what they are worth: the same in every engine.

A suite makes the tables `cells` (one row, `CELL`) and `rows` (`ROWS`) with the columns of `CELLS_KINDS` and
`ROWS_KINDS` (`number` a DOUBLE, `text` a text, `day` a DATE, `moment` a time stamp without zone, `flag` a
boolean, all of them nullable), runs `cases_sql(dialect)` and `aggregations_sql(dialect)`, and compares `v<n>`
of their only row with the n-th expected value by `same`: None is no value, numbers agree within 1e-12.
"""

from __future__ import annotations

from datetime import date, datetime

from kpidsl.evaluate.plan import Partial
from kpidsl.evaluate.sql import Tables
from kpidsl.evaluate.sql.inner import Inner
from kpidsl.evaluate.sql.parts import aggregation
from kpidsl.evaluate.sql.trees import aliased, select, table, text_of
from kpidsl.model.types import DAY, FLAG, MOMENT, NUMBER, TEXT
from tests.evaluate.world import agg, col, lit, op, spec

CELL = {
    "zero": 0.0,
    "two": 2.0,
    "minus": -7.0,
    "half": 2.5,
    "minus_half": -2.5,
    "nearly_half": 0.49999999999999994,
    "cents": 1.005,
    "hundreds": 1250.0,
    "tenth": 0.1,
    "large": 4503599627370497.0,
    "huge": 1e300,
    "no_number": None,
    "accents": "Été à Zürich",
    "percent": "100% sure_ly",
    "quotes": 'l\'été "24" \\ back',
    "padded": "\u00a0 middle \u3000",
    "tabbed": "\ta ",
    "empty": "",
    "emoji": "né🙂",
    "digits": " 12.50 ",
    "exponent": "-1e3",
    "word": "abc",
    "no_text": None,
    "leap": date(2024, 2, 29),
    "monday": date(2026, 1, 5),
    "sunday": date(2026, 1, 4),
    "old": date(1965, 12, 31),
    "no_day": None,
    "late": datetime(2026, 3, 29, 23, 59, 59, 500000),
    "early": datetime(2026, 3, 29, 2, 30),
    "no_moment": None,
    "yes": True,
    "no": False,
    "no_flag": None,
}
_KINDS = {float: "number", str: "text", date: "day", datetime: "moment", bool: "flag"}
_UNSET = {"no_number": "number", "no_text": "text", "no_day": "day", "no_moment": "moment", "no_flag": "flag"}
CELLS_KINDS = {name: _UNSET.get(name) or _KINDS[type(value)] for name, value in CELL.items()}

_TYPES = {"number": NUMBER, "text": TEXT, "day": DAY, "moment": MOMENT, "flag": FLAG}


def c(name):
    """A column of `cells`."""
    return col("cells", name, _TYPES[CELLS_KINDS[name]])


def n(name, *args):
    """An operation that gives a number."""
    return op(name, *args, kind=NUMBER)


def t(name, *args):
    """An operation that gives a text."""
    return op(name, *args, kind=TEXT)


def _round(name, digits=None):
    return n("round", c(name), *([] if digits is None else [lit(digits)]))


NOTHING = op("=", c("no_number"), lit(1))
"""A condition that holds neither way."""

CASES = [
    # arithmetic
    ("sum", n("+", c("tenth"), c("two")), 2.1),
    ("sum with nothing", n("+", c("two"), c("no_number")), None),
    ("difference", n("-", c("two"), c("minus")), 9.0),
    ("difference of a negative", n("-", c("two"), lit(-3)), 5.0),
    ("product", n("*", c("minus"), c("half")), -17.5),
    ("quotient of whole numbers", n("/", c("minus"), c("two")), -3.5),
    ("quotient of constants", n("/", lit(1), lit(3)), 1 / 3),
    ("division by zero", n("/", c("two"), c("zero")), None),
    ("zero by zero", n("/", c("zero"), c("zero")), None),
    ("quotient of three", n("/", n("/", c("two"), c("half")), c("minus")), 0.8 / -7.0),
    ("negative", n("neg", c("minus")), 7.0),
    ("negative of a sum", n("neg", n("+", c("two"), c("half"))), -4.5),
    ("without sign", n("abs", c("minus")), 7.0),
    ("without sign, nothing", n("abs", c("no_number")), None),
    ("whole numbers beyond 2**52", n("+", c("large"), lit(2)), 4503599627370499.0),
    # rounding: half away from zero
    ("round half", _round("half"), 3.0),
    ("round minus half", _round("minus_half"), -3.0),
    ("round just below half", _round("nearly_half"), 0.0),
    ("round to cents", _round("cents", 2), 1.0),
    ("round half to one digit", n("round", n("*", c("half"), lit(0.1)), lit(1)), 0.3),
    ("round to no digits", _round("half", 0), 3.0),
    ("round large", _round("large"), 4503599627370497.0),
    ("round huge", _round("huge"), 1e300),
    ("round zero", _round("zero"), 0.0),
    ("round nothing", _round("no_number", 2), None),
    # comparisons
    ("equal", op("=", c("two"), lit(2)), True),
    ("equal to nothing", op("=", c("two"), c("no_number")), None),
    ("unlike nothing", op("!=", c("two"), c("no_number")), None),
    ("below", op("<", c("minus"), c("zero")), True),
    ("at most", op("<=", c("half"), lit(2.5)), True),
    ("above a tenth", op(">", c("tenth"), lit(0.1)), False),
    ("among", op("in", c("two"), lit(1), lit(2)), True),
    ("not among", op("not", op("in", c("word"), lit("a"), lit("b"))), True),
    ("nothing among", op("in", c("no_text"), lit("a"), lit("b")), None),
    ("nothing not among", op("not", op("in", c("no_text"), lit("a"), lit("b"))), None),
    ("between", op("between", c("half"), lit(2), lit(2.5)), True),
    ("nothing between", op("between", c("no_number"), lit(2), lit(2.5)), None),
    ("missing", op("missing", c("no_text")), True),
    ("an empty text is not missing", op("missing", c("empty")), False),
    ("texts differ in case", op("=", c("word"), lit("ABC")), False),
    ("texts differ in accents", op("=", c("accents"), lit("Ete a Zurich")), False),
    ("a text with quotes", op("=", c("quotes"), lit('l\'été "24" \\ back')), True),
    ("texts in binary order", op("<", lit("Z"), c("word")), True),
    ("days", op("<", c("sunday"), c("monday")), True),
    ("a day before 1970", op("=", c("old"), lit(date(1965, 12, 31))), True),
    ("a day and a moment of it", op("=", c("late"), lit(date(2026, 3, 29))), True),
    ("moments", op(">", c("late"), c("early")), True),
    ("a flag", op("=", c("yes"), lit(True)), True),
    # logic of three values
    ("false and nothing", op("and", c("no"), NOTHING), False),
    ("true and nothing", op("and", c("yes"), NOTHING), None),
    ("true or nothing", op("or", c("yes"), NOTHING), True),
    ("false or nothing", op("or", c("no"), NOTHING), None),
    ("not nothing", op("not", NOTHING), None),
    ("not a flag without a value", op("not", c("no_flag")), None),
    ("not true", op("not", c("yes")), False),
    # when
    ("when", t("when", op(">", c("two"), lit(1)), lit("many"), lit("few")), "many"),
    ("when nothing holds", t("when", NOTHING, lit("many"), lit("few")), "few"),
    ("when without otherwise", n("when", c("no"), c("two"), lit(None)), None),
    ("second of two", n("when", c("no"), lit(1), c("yes"), lit(2), lit(3)), 2.0),
    # scales
    ("on its scale", n("on scale", c("half"), lit(2), lit(2.5)), 2.5),
    ("off its scale", n("on scale", c("two"), lit(3), lit(4)), None),
    ("nothing on a scale", n("on scale", c("no_number"), lit(2), lit(3)), None),
    # texts
    ("lower", t("lower", c("accents")), "été à zürich"),
    ("upper", t("upper", c("accents")), "ÉTÉ À ZÜRICH"),
    ("lower of nothing", t("lower", c("no_text")), None),
    ("trim", t("trim", c("padded")), "middle"),
    ("trim leaves tabs", t("trim", c("tabbed")), "\ta"),
    ("trim of an empty text", t("trim", c("empty")), ""),
    ("length in characters", n("length", c("accents")), 12.0),
    ("length of an emoji", n("length", c("emoji")), 3.0),
    ("length counts blanks", n("length", c("tabbed")), 3.0),
    ("length of an empty text", n("length", c("empty")), 0.0),
    ("length of nothing", n("length", c("no_text")), None),
    ("contains", op("contains", c("accents"), lit("à Z")), True),
    ("contains no other case", op("contains", c("word"), lit("B")), False),
    ("contains a percent sign", op("contains", c("percent"), lit("% s")), True),
    ("a percent sign is no pattern", op("contains", c("word"), lit("%")), False),
    ("an underscore is no pattern", op("contains", c("word"), lit("_")), False),
    ("contains a backslash", op("contains", c("quotes"), lit("\\ b")), True),
    ("nothing contains", op("contains", c("no_text"), lit("a")), None),
    ("starts with", op("starts with", c("accents"), lit("Ét")), True),
    ("starts with no other case", op("starts with", c("accents"), lit("ét")), False),
    ("starts with no pattern", op("starts with", c("word"), lit("_b")), False),
    ("starts with more than it is", op("starts with", c("word"), lit("abcd")), False),
    ("nothing starts", op("starts with", c("no_text"), lit("a")), None),
    ("ends with", op("ends with", c("accents"), lit("ürich")), True),
    ("ends with an emoji", op("ends with", c("emoji"), lit("🙂")), True),
    ("ends with more than it is", op("ends with", c("word"), lit("xabc")), False),
    ("nothing ends", op("ends with", c("no_text"), lit("a")), None),
    # days and moments
    ("year", n("year", c("leap")), 2024.0),
    ("month", n("month", c("leap")), 2.0),
    ("day of month", n("day of month", c("leap")), 29.0),
    ("year of a moment", n("year", c("late")), 2026.0),
    ("year before 1970", n("year", c("old")), 1965.0),
    ("weekday of a Monday", n("weekday", c("monday")), 1.0),
    ("weekday of a Sunday", n("weekday", c("sunday")), 7.0),
    ("weekday of a moment", n("weekday", c("late")), 7.0),
    ("weekday of nothing", n("weekday", c("no_day")), None),
    ("hour", n("hour", c("late")), 23.0),
    ("hour that clocks skip", n("hour", c("early")), 2.0),
    ("hour of nothing", n("hour", c("no_moment")), None),
    ("days between", n("days between", c("leap"), c("monday")), 676.0),
    ("days back", n("days between", c("monday"), c("sunday")), -1.0),
    ("days between a day and a moment", n("days between", c("monday"), c("late")), 83.0),
    ("days between moments", n("days between", c("late"), c("early")), 0.0),
    ("days from nothing", n("days between", c("no_day"), c("monday")), None),
    ("hours are whole", n("/", n("hour", c("late")), lit(2)), 11.5),
]

ROWS_KINDS = {
    "x": "number",
    "w": "number",
    "kind": "text",
    "day": "day",
    "at": "moment",
    "ok": "flag",
}
ROWS = [
    dict(zip(ROWS_KINDS, values, strict=True))
    for values in [
        (1.0, 1.0, "a", date(2026, 1, 1), datetime(2026, 1, 1, 8), True),
        (2.0, None, "a", date(2026, 1, 2), datetime(2026, 1, 2, 8), False),
        (None, 5.0, "b", date(2026, 1, 3), datetime(2026, 1, 3, 8), None),
        (10.0, 2.0, "b", date(2026, 1, 4), datetime(2026, 1, 4, 8), True),
        (11.0, 0.5, "B", date(2026, 1, 5), datetime(2026, 1, 5, 8), True),
        (-4.5, 1.0, "é", date(2026, 1, 6), datetime(2026, 1, 6, 8), False),
        (2.0, 1.0, None, date(2026, 1, 7), datetime(2026, 1, 7, 8), True),
        (None, None, "z", date(2026, 1, 8), datetime(2026, 1, 8, 8), None),
    ]
]


def r(name):
    """A column of `rows`."""
    return col("rows", name, _TYPES[ROWS_KINDS[name]])


X, W = r("x"), r("w")
IS_B, IS_Z = op("=", r("kind"), lit("b")), op("=", r("kind"), lit("z"))

AGGREGATIONS = [
    ("rows", Partial("rows", None, None), 8.0),
    ("rows that pass", Partial("rows", None, IS_B), 2.0),
    ("count", Partial("count", X, None), 6.0),
    ("count that passes", Partial("count", X, IS_B), 1.0),
    ("sum", Partial("sum", X, None), 21.5),
    ("sum that passes", Partial("sum", X, IS_B), 10.0),
    ("sum of nothing", Partial("sum", X, IS_Z), None),
    ("smallest", Partial("min", X, None), -4.5),
    ("largest", Partial("max", X, op("not", IS_B)), 11.0),
    ("mean", Partial("mean", X, None), 21.5 / 6),
    ("mean of nothing", Partial("mean", X, IS_Z), None),
    ("squares", Partial("squares", X, None), 250.25 - 21.5**2 / 6),
    ("squares of one", Partial("squares", X, IS_B), 0.0),
    ("products", Partial("products", X, None, W), 1 + 20 + 5.5 - 4.5 + 2),
    ("weights", Partial("weights", X, None, W), 5.5),
    ("holds", Partial("holds", op(">", X, lit(1.5)), None), 4.0),
    ("holds that passes", Partial("holds", r("ok"), IS_B), 1.0),
    ("a quotient by zero is skipped", Partial("count", n("/", X, n("-", X, lit(2))), None), 4.0),
    ("count distinct", agg("count distinct", "rows", r("kind")), 5.0),
    ("count distinct that passes", agg("count distinct", "rows", X, filter=op("missing", r("kind"))), 1.0),
    ("count distinct of nothing", agg("count distinct", "rows", X, filter=IS_Z), 0.0),
    ("count distinct of days", agg("count distinct", "rows", r("day")), 8.0),
    ("median", agg("median", "rows", X), 2.0),
    ("median that passes", agg("median", "rows", X, filter=op("=", r("ok"), lit(True))), 6.0),
    ("median of nothing", agg("median", "rows", X, filter=IS_Z), None),
    ("percentile", agg("percentile", "rows", X, parameter=90.0), 10.5),
    ("percentile between", agg("percentile", "rows", X, parameter=12.5), -4.5 + 5.5 * 0.625),
    ("lowest percentile", agg("percentile", "rows", X, parameter=0.0), -4.5),
    ("highest percentile", agg("percentile", "rows", X, parameter=100.0), 11.0),
    ("percentile of one", agg("percentile", "rows", X, filter=IS_B, parameter=75.0), 10.0),
]


def tables_for(source, dialect, relation=None):
    """What SQL is built from, for `cells` or `rows`; the relation is a table of that name unless told."""
    kinds = {"cells": CELLS_KINDS, "rows": ROWS_KINDS}[source]
    types = {name: _TYPES[kind] for name, kind in kinds.items()}
    one = spec(source, types, time="late" if source == "cells" else "at")
    return Tables({source: one}, {source: relation or source}, {source: kinds}, source, dialect=dialect)


def cases_sql(dialect, relation=None, cases=CASES):
    """One row with the value of each case."""
    tables = tables_for("cells", dialect, relation)
    values = [aliased(tables.row(row), f"v{number}") for number, (_, row, _) in enumerate(cases)]
    return text_of(select(values, table(tables.relations["cells"], "t")), dialect)


def aggregations_sql(dialect, relation=None, cases=AGGREGATIONS):
    """One row with the value of each aggregation."""
    inner = Inner(tables_for("rows", dialect, relation))
    values = [aliased(aggregation(part, inner), f"v{number}") for number, (_, part, _) in enumerate(cases)]
    inner_query = inner.tables.relation().select(*inner.columns, copy=False)
    return text_of(select(values, inner_query.subquery("r", copy=False)), dialect)


def same(found, expected):
    """Whether a value out of an engine is the expected one."""
    if expected is None or found is None:
        return found is expected
    if isinstance(expected, bool):
        return bool(found) is expected and found in (0, 1)
    if isinstance(expected, float):
        return abs(float(found) - expected) <= 1e-12 * max(1.0, abs(expected))
    return found == expected
