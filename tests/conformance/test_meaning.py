"""What the same rows mean on every engine: topic by topic, against the evaluator in plain Python."""

import math
from datetime import date

import pytest

from kpidsl.evaluate.sql.support import DIFFERS
from kpidsl.model.periods import Calendar, Window, containing, periods
from kpidsl.model.types import DAY, FLAG, MOMENT, NUMBER, TEXT
from kpidsl.results import Ask
from tests.conformance import world
from tests.evaluate.world import agg, col, dimension, lit, op, over

PREFIX = "meaning_"
ALL = (Window(date(2019, 1, 1), date(2026, 12, 31)),)
X, W, OK = col("events", "x"), col("events", "w"), col("events", "ok", FLAG)
WORD, PAGE, AT = col("events", "word", TEXT), col("events", "page", TEXT), col("events", "at", MOMENT)
ON, RATIO, SIZE = col("events", "day", DAY), col("events", "ratio"), col("events", "size", TEXT)
SECTION, PRICE = col("events", "section", TEXT, ("pages",)), col("events", "price", NUMBER, ("pages",))


def n(name, *args):
    return op(name, *args, kind=NUMBER)


def t(name, *args):
    return op(name, *args, kind=TEXT)


def rows_where(condition, source="events"):
    return agg("count", source, filter=condition)


def each(function, *arguments, source="events", **more):
    return [agg(function, source, argument, **more) for argument in arguments]


DAYS_2024 = tuple(
    containing(date.fromisoformat(text), "day", Calendar())
    for text in ("2023-12-31", "2024-01-01", "2024-02-28", "2024-02-29", "2024-03-01", "2025-06-30")
)
WEEKS = periods(date(2020, 12, 20), date(2021, 1, 10), "week", Calendar()) + periods(
    date(2024, 12, 20), date(2025, 1, 10), "week", Calendar()
)
SUNDAY_WEEKS = periods(date(2020, 12, 20), date(2021, 1, 10), "week", Calendar(week_start=6))
MONTHS = periods(date(2023, 11, 1), date(2025, 7, 31), "month", Calendar())
QUARTERS = periods(date(2023, 10, 1), date(2025, 9, 30), "quarter", Calendar(fiscal_month=2))
WHICH = dimension("which", sums=col("sums", "which", TEXT))
CENTS, RATE, SINGLE, WHOLE, LONG = (
    col("money", name) for name in ("cents", "rate", "single", "whole", "long")
)
SPREAD = ["average", "median", "standard deviation", "min", "max"]
EVERY = ["sum", "count", "count distinct", *SPREAD, "first", "last"]

TOPICS = {
    "integer division": [
        agg("sum", "events", n("/", X, lit(2))),
        agg("sum", "events", n("/", n("length", WORD), lit(2))),
        agg("sum", "events", n("/", n("days between", AT, ON), lit(4))),
        over("/", agg("count", "events"), agg("count", "events", filter=OK)),
        agg("sum", "money", n("/", WHOLE, lit(2))),
        agg("average", "money", WHOLE),
    ],
    "nulls in arguments": [
        *each("sum", n("+", X, W), n("*", X, PRICE)),
        *each("count", X, W, OK, WORD, PAGE, n("+", X, W), op("and", OK, op(">", X, lit(1)))),
        *each("average", n("-", X, W), n("abs", X), n("neg", X)),
        *each("min", n("length", WORD)),
    ],
    "filters": [
        rows_where(OK),
        rows_where(op("not", OK)),
        rows_where(op("or", OK, op("missing", OK))),
        rows_where(op("not", op("and", OK, op(">", X, lit(1))))),
        rows_where(op("or", op(">", X, lit(2)), op("=", WORD, lit("é")))),
        rows_where(op("in", X, lit(1), lit(2.5), lit(-7))),
        rows_where(op("not", op("in", X, lit(1), lit(2.5)))),
        rows_where(op("between", X, lit(0), lit(1))),
        rows_where(op("!=", X, lit(1))),
        rows_where(op(">", RATIO, lit(0.5))),
        rows_where(op("<=", AT, lit(date(2024, 2, 29)))),
        rows_where(op("=", AT, lit(date(2024, 2, 29)))),
        rows_where(op("=", AT, ON)),
        agg("sum", "events", X, filter=op("missing", WORD)),
        agg("sum", "events", X, filter=op("=", X, n("neg", X))),
    ],
    "empty slices": [
        agg("sum", "events", X, filter=op("=", WORD, lit("nobody"))),
        agg("count", "events", filter=op("=", WORD, lit("nobody"))),
        *[agg(f, "events", X, filter=op("=", WORD, lit("nobody"))) for f in SPREAD],
        agg("share", "events", OK, filter=op("=", WORD, lit("nobody"))),
        agg("first", "events", X, filter=op("=", WORD, lit("nobody"))),
    ],
    "division by zero": [
        *each("sum", RATIO, n("/", X, n("-", W, W)), n("/", lit(1), X)),
        *each("count", RATIO, n("/", X, n("-", W, W))),
        agg("average", "events", n("/", n("/", X, W), X)),
        over("/", agg("sum", "events", X), agg("sum", "events", n("-", W, W))),
        over("/", agg("count", "events"), agg("count", "events", filter=op("=", WORD, lit("nobody")))),
    ],
    "distinct counts": [
        *each("count distinct", X, W, OK, WORD, PAGE, ON, AT, SIZE, SECTION, n("abs", X), t("lower", WORD)),
        agg("count distinct", "events", WORD, filter=OK),
        agg("count distinct", "events", PAGE, filter=op(">", X, lit(1))),
        *each("count distinct", CENTS, RATE, SINGLE, WHOLE, LONG, source="money"),
    ],
    "percentiles and medians": [
        *[agg("percentile", "events", X, parameter=float(p)) for p in (0, 5, 10, 25, 50, 90, 99.5, 100)],
        *each("median", X, W, RATIO, n("round", X)),
        agg("median", "events", X, filter=OK),
        agg("percentile", "events", X, parameter=90.0, filter=op("=", X, lit(2.5))),
        *[agg("percentile", "money", CENTS, parameter=float(p)) for p in (10, 50, 75)],
        agg("median", "money", WHOLE),
    ],
    "spread": [
        *each("standard deviation", X, W, n("*", X, lit(1000))),
        agg("standard deviation", "events", X, filter=op("=", WORD, lit("é"))),
        agg("standard deviation", "events", X, filter=op("=", X, lit(3))),
        agg("weighted average", "events", X, weight=W),
        agg("weighted average", "events", X, weight=W, filter=OK),
        agg("weighted average", "events", X, weight=n("-", W, W)),
        agg("weighted average", "money", RATE, weight=CENTS),
        agg("share", "events", OK),
        agg("share", "events", op(">", X, lit(1)), filter=OK),
    ],
    "first and last": [
        *each("first", X, W, RATIO),
        *each("last", X, W, PRICE),
        *(
            agg(f, "events", X, weight=keys, filter=kept)
            for f in ("closing", "opening", "average closing")
            for keys in (WORD, op("keys", col("events", "page", TEXT), WORD))
            for kept in (None, op("missing", WORD))
        ),
        agg("average last", "events", X),
        agg("first", "events", X, filter=op("=", AT, lit(date(2024, 6, 15)))),
        agg("last", "events", X, filter=op("missing", WORD)),
    ],
    "days and moments": [
        *[
            agg(f, "events", n("days between", lit(date(2020, 1, 1)), x))
            for x in (AT, ON)
            for f in ("min", "max")
        ],
        *each("sum", *(n(part, AT) for part in ("year", "month", "day of month", "weekday", "hour"))),
        *each("sum", *(n(part, ON) for part in ("year", "month", "day of month", "weekday"))),
        rows_where(op("<", ON, AT)),
    ],
    "texts": [
        *(
            rows_where(op("=", WORD, lit(each_)))
            for each_ in ("é", "É", "e", "ß", "ss", "a", "", " ", "a'b\"c\\d")
        ),
        rows_where(op("=", WORD, lit("${env:HOME} {x}"))),
        *(
            rows_where(op("contains", WORD, lit(each_)))
            for each_ in ("%", "_", "0", "é", "E", "\\", " ", "$")
        ),
        *(rows_where(op("starts with", WORD, lit(each_))) for each_ in ("z", "Z", "1", " ", "%", "")),
        *(rows_where(op("ends with", WORD, lit(each_))) for each_ in ("é", "%", "_", " ", "")),
        *(rows_where(op("<", WORD, lit(each_))) for each_ in ("a", "Z", "f", "é")),
        rows_where(op("=", t("lower", WORD), lit("é"))),
        rows_where(op("=", t("upper", WORD), lit("É"))),
        rows_where(op("=", t("trim", WORD), lit("a"))),
        rows_where(op("in", t("lower", WORD), lit("zoé"), lit("ss"))),
        *each("sum", n("length", WORD), n("length", t("trim", WORD))),
    ],
    "decimals and floats": [
        *[a for x in (CENTS, RATE, SINGLE, WHOLE, LONG) for f in EVERY for a in each(f, x, source="money")],
        *each("sum", n("/", CENTS, lit(3)), n("*", CENTS, RATE), n("/", RATE, CENTS), source="money"),
        rows_where(op("=", CENTS, lit(0.3)), "money"),
        rows_where(op("=", n("+", CENTS, lit(0.2)), lit(0.3)), "money"),
        rows_where(op(">", SINGLE, lit(0.1)), "money"),
        *each("sum", n("round", n("*", CENTS, lit(12.5))), n("round", RATE, lit(1)), source="money"),
    ],
    "computed columns": [
        *[agg(f, "events", RATIO) for f in EVERY],
        agg("count distinct", "events", SIZE),
        rows_where(op("=", SIZE, lit("petit"))),
        rows_where(op("missing", SIZE)),
    ],
    "links": [
        *[agg(f, "events", PRICE) for f in EVERY],
        rows_where(op("missing", SECTION)),
        rows_where(op("=", SECTION, lit("home"))),
        rows_where(op("!=", SECTION, lit("home"))),
        agg("sum", "events", n("*", X, PRICE), filter=op("=", SECTION, lit("home"))),
    ],
    "grouped sources": [
        agg("count", "visits"),
        *[agg(f, "visits", col("visits", c)) for c in ("n", "total", "mean", "never", "good") for f in EVERY],
        agg("count distinct", "visits", col("visits", "word", TEXT)),
        agg("share", "visits", op(">", col("visits", "n"), lit(1))),
        agg("sum", "visits", col("visits", "price", NUMBER, ("pages",))),
    ],
    "empty tables": [
        agg("count", "empty"),
        *[agg(f, "empty", col("empty", "x")) for f in EVERY],
        agg("percentile", "empty", col("empty", "x"), parameter=90.0),
        over("+", agg("count", "empty"), agg("count", "events")),
    ],
}
SLICED = {
    "texts": (dimension("word", events=WORD),),
    "numbers": (dimension("x", events=X),),
    "flags": (dimension("ok", events=OK),),
    "days": (dimension("day", events=ON),),
    "moments": (dimension("at", events=AT),),
    "linked": (dimension("section", events=SECTION),),
    "computed": (dimension("size", events=SIZE),),
    "two": (dimension("section", events=SECTION), dimension("ok", events=OK)),
}
TIMES = {
    "days": DAYS_2024,
    "ISO weeks over the new year": WEEKS,
    "weeks from Sunday": SUNDAY_WEEKS,
    "months": MONTHS,
    "fiscal quarters": QUARTERS,
    "odd windows": (
        Window(date(2024, 2, 29), date(2024, 2, 29)),
        Window(date(2020, 12, 31), date(2021, 1, 1)),
        Window(date(2024, 2, 28), date(2024, 6, 15)),
    ),
}
ZONES = ("Europe/Paris", "America/New_York", "Asia/Kolkata")


@pytest.fixture(scope="module", autouse=True)
def tables(home):
    for name, table in world.tables().items():
        home.put(PREFIX + name, table)


def compare(home, asks, close=math.isclose, **more):
    found, reference = world.answers(home, asks, prefix=PREFIX, **more)
    for ask in asks:
        assert found.failure(ask.node) is None, (ask.node, found.failure(ask.node))
        grid = found.grid(ask)
        assert list(grid.slices) == reference.keys(ask)
        for key in grid.slices:
            for window in ask.windows:
                ours, theirs = grid.at(key, window), reference.answer(ask, key, window)
                assert _same(ours, theirs), (ask.node, key, window, ours, theirs)
    return found


def _same(a, b):
    """Counts and days are whole numbers, and identical; of sums the last digits may differ."""
    if a is None or b is None or b == int(b):
        return a == b or (
            b is not None and a is not None and abs(b) > 1e9 and math.isclose(a, b, rel_tol=1e-9)
        )
    return math.isclose(a, b, rel_tol=1e-9)


@pytest.mark.parametrize("topic", TOPICS)
def test_topic(home, topic):
    compare(home, [Ask(node, ALL, (), None) for node in TOPICS[topic]])


@pytest.mark.parametrize("kind", SLICED)
def test_slices(home, kind):
    nodes = [agg("count", "events"), agg("sum", "events", X, filter=OK), agg("median", "events", X)]
    compare(home, [Ask(node, (*ALL, *MONTHS[:6]), SLICED[kind], None) for node in nodes])


@pytest.mark.parametrize("time", TIMES)
def test_times(home, time):
    nodes = [agg("count", "events"), agg("sum", "events", X), agg("last", "events", X),
             agg("count distinct", "events", WORD),
             agg("percentile", "events", W, parameter=90.0)]  # fmt: skip
    compare(home, [Ask(node, TIMES[time], (), None) for node in nodes])


@pytest.mark.parametrize("zone", ZONES)
def test_zones(home, zone):
    at, x = col("zoned", "at", MOMENT), col("zoned", "x")
    days = sorted({row["at"].date() for row in world.rows(zone)["zoned"]})
    nodes = [agg("count", "zoned"), agg("sum", "zoned", x), agg("first", "zoned", x), agg("last", "zoned", x),
             agg("sum", "zoned", n("hour", at)), agg("count distinct", "zoned", at)]  # fmt: skip
    windows = tuple(containing(day, "day", Calendar()) for day in days)
    asks = [Ask(node, windows, (), None) for node in nodes]
    asks += [Ask(agg("count", "zoned"), ALL, (dimension("at", zoned=at),), None)]
    compare(home, asks, zone=zone, as_of=date(2024, 12, 31))


def test_rows_after_as_of_do_not_count(home):
    nodes = [agg("count", "events"), agg("max", "events", X), agg("last", "events", X)]
    for as_of in (date(2024, 2, 29), date(2025, 6, 30), date(2025, 7, 1)):
        compare(home, [Ask(node, ALL, (), None) for node in nodes], as_of=as_of)


def test_sums_of_any_size(home):
    x = col("sums", "x")
    asks = [Ask(node, ALL, (WHICH,), None) for node in each("sum", x, source="sums")]
    found, _ = world.answers(home, asks, prefix=PREFIX)
    grid = found.grid(asks[0])
    for which, xs in world.SUMMED.items():
        finite = [x for x in xs if x is not None and math.isfinite(x)]
        ours = grid.at((which,), ALL[0])
        # how exact a sum can be is set by its largest parts, not by what remains of them
        assert ours == pytest.approx(math.fsum(finite), rel=0, abs=1e-9 * math.fsum(map(abs, finite))), which


def test_numbers_beyond_all_bounds_have_no_value(home):
    """What `DIFFERS` says of an engine is so there, and nowhere else."""
    large = op("=", col("sums", "which", TEXT), lit("large"))
    node = agg("max", "sums", n("*", col("sums", "x"), lit(1e10)), filter=large)
    found, _ = world.answers(home, [Ask(node, ALL, (), None)], prefix=PREFIX)
    if any("beyond 1e308" in each for each in DIFFERS.get(home.name, ())):
        assert found.failure(node) is not None
    else:
        assert found.failure(node) is None
        assert found.grid(Ask(node, ALL, (), None)).at((), ALL[0]) is None


def test_ends_and_no_numbers_in_the_data_are_no_values(home):
    x = col("sums", "x")
    nodes = [agg(f, "sums", x, filter=op("in", col("sums", "which", TEXT), lit("endless"), lit("both ends"),
                                          lit("no number"), lit("nothing"))) for f in EVERY]  # fmt: skip
    nodes += [rows_where(op("missing", x), "sums"), rows_where(op(">", x, lit(0)), "sums")]
    found, _reference = world.answers(home, [Ask(node, ALL, (WHICH,), None) for node in nodes], prefix=PREFIX)
    values = {node: found.grid(Ask(node, ALL, (WHICH,), None)) for node in nodes}
    for node in nodes[:2]:
        assert values[node].at(("both ends",), ALL[0]) == {"sum": 5.0, "count": 1.0}[node.function]
        assert values[node].at(("no number",), ALL[0]) == {"sum": 3.0, "count": 1.0}[node.function]
    assert values[nodes[-2]].at(("endless",), ALL[0]) == 1.0
    assert values[nodes[-1]].at(("endless",), ALL[0]) == 2.0
