"""Random small tables and formulas: the engine agrees with the plain-Python reference evaluator."""

import math
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpidsl.evaluate.answer import evaluate
from kpidsl.graph import Default, Rolling, Running, Share, Shift
from kpidsl.model.periods import Calendar, Window, containing, periods
from kpidsl.model.types import DAY, FLAG, MOMENT, NUMBER, TEXT
from kpidsl.model.units import ONE
from kpidsl.results import Ask
from tests.evaluate.world import (
    WAYS,
    TableSession,
    agg,
    col,
    dimension,
    graph,
    lit,
    op,
    over,
    plan_by,
    profiles,
    spec,
)
from tests.reference import Reference

EDGES = [
    date(2023, 12, 31),
    date(2024, 1, 1),
    date(2024, 1, 31),
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2024, 3, 1),
]
DAYS = st.one_of(st.sampled_from(EDGES), st.dates(date(2023, 12, 25), date(2024, 4, 5)))
CLOCKS = st.sampled_from(["00:00:00", "00:00:01", "12:00:00", "23:59:59.999999"])
MOMENTS = st.builds(lambda d, c: datetime.fromisoformat(f"{d} {c}"), DAYS, CLOCKS)
NUMBERS = st.one_of(
    st.none(), st.sampled_from([0.0, 1.0, -1.0, 2.5, 0.1, 0.2, 10.0]), st.integers(-50, 50).map(float)
)
WORDS = st.sampled_from([None, "google", "Référencement", "méta", "", "a'b\"c", "Google"])

EVENTS = spec(
    "events",
    {"at": MOMENT, "channel": TEXT, "x": NUMBER, "w": NUMBER, "ok": FLAG, "page": TEXT},
    time="at",
    computed={
        "ratio": op("/", col("events", "x"), col("events", "w"), kind=NUMBER),
        "size": op(
            "when",
            op(">", col("events", "x"), lit(1)),
            lit("gros"),
            op("missing", col("events", "x")),
            lit(None),
            lit("petit"),
            kind=TEXT,
        ),
    },
    links=[("pages", "page", "url")],
)
PLAN = spec("plan", {"day": DAY, "canal": TEXT, "amount": NUMBER}, time="day")
PAGES = spec("pages", {"url": TEXT, "section": TEXT, "since": DAY, "price": NUMBER}, time="since")
WORLD = graph(EVENTS, PLAN, PAGES)

event = st.fixed_dictionaries(
    {
        "at": st.one_of(MOMENTS, st.none()),
        "channel": WORDS,
        "x": NUMBERS,
        "w": NUMBERS,
        "ok": st.sampled_from([True, False, None]),
        "page": st.sampled_from(["/", "/a", "/é", None]),
    }
)
plan_row = st.fixed_dictionaries({"day": DAYS, "canal": WORDS, "amount": NUMBERS})
PAGE_ROWS = [
    {"url": "/", "section": "home", "since": date(2024, 1, 1), "price": 2.0},
    {"url": "/a", "section": None, "since": date(2024, 2, 1), "price": None},
]
worlds = st.fixed_dictionaries(
    {
        "events": st.one_of(st.lists(event, max_size=3), st.lists(event, min_size=6, max_size=16)),
        "plan": st.lists(plan_row, max_size=6),
        "pages": st.just(PAGE_ROWS),
    }
)

X, W, OK, AT = col("events", "x"), col("events", "w"), col("events", "ok", FLAG), col("events", "at", MOMENT)
CHANNEL_, PAGE = col("events", "channel", TEXT), col("events", "page", TEXT)
RATIO, SIZE = col("events", "ratio"), col("events", "size", TEXT)
SECTION, PRICE = col("events", "section", TEXT, ("pages",)), col("events", "price", NUMBER, ("pages",))
arguments = st.sampled_from(
    [
        X,
        X,
        W,
        RATIO,
        PRICE,
        op("-", X, W, kind=NUMBER),
        op("neg", X, kind=NUMBER),
        op("*", X, lit(0.1), kind=NUMBER),
        op("abs", X, kind=NUMBER),
        op("length", CHANNEL_, kind=NUMBER),
        op("hour", AT, kind=NUMBER),
        op("weekday", AT, kind=NUMBER),
        op("days between", AT, lit(date(2024, 3, 1)), kind=NUMBER),
    ]
)
simple = st.sampled_from(
    [
        OK,
        op("=", CHANNEL_, lit("google")),
        op("!=", CHANNEL_, lit("Référencement")),
        op(">", X, lit(0)),
        op("<=", W, X),
        op("in", CHANNEL_, lit("méta"), lit(""), lit("a'b\"c")),
        op("between", X, lit(-1), lit(5)),
        op("missing", X),
        op("=", SIZE, lit("gros")),
        op("=", SECTION, lit("home")),
        op("contains", op("lower", CHANNEL_, kind=TEXT), lit("oo")),
        op("<=", AT, lit(date(2024, 1, 31))),
        op("starts with", PAGE, lit("/")),
        op("ends with", PAGE, lit("é")),
        op("=", op("month", AT, kind=NUMBER), lit(2)),
        op(">", RATIO, lit(0.5)),
        op("=", op("upper", CHANNEL_, kind=TEXT), lit("MÉTA")),
    ]
)
conditions = st.recursive(
    simple,
    lambda inner: st.one_of(
        inner.map(lambda c: op("not", c)),
        st.builds(lambda a, b: op("and", a, b), inner, inner),
        st.builds(lambda a, b: op("or", a, b), inner, inner),
    ),
    max_leaves=3,
)
filters = st.one_of(st.none(), st.none(), conditions)
FUNCTIONS = ["sum", "count", "average", "min", "max", "median", "standard deviation", "first", "last"]


LEVELS = st.sampled_from(["closing", "opening", "average closing", "average last"])


@st.composite
def aggregated(draw):
    kept = draw(filters)
    match draw(
        st.sampled_from(
            [*FUNCTIONS, "rows", "plan", "share", "weighted average", "percentile", "count distinct", "level"]
        )
    ):
        case "rows":
            return agg("count", "events", filter=kept)
        case "plan":
            return agg(
                draw(st.sampled_from(["sum", "count distinct", "last"])), "plan", col("plan", "amount")
            )
        case "share":
            return agg("share", "events", draw(conditions), filter=kept)
        case "weighted average":
            return agg("weighted average", "events", draw(arguments), weight=W, filter=kept)
        case "level":
            function = draw(st.sampled_from(["closing", "opening", "average closing", "average last"]))
            accounts = draw(
                st.sampled_from([PAGE, CHANNEL_, op("keys", PAGE, CHANNEL_, kind=TEXT), SIZE, SECTION])
            )
            weight = accounts if function != "average last" else None
            return agg(function, "events", draw(arguments), weight=weight, filter=kept)
        case "percentile":
            return agg(
                "percentile",
                "events",
                draw(arguments),
                parameter=draw(st.sampled_from([0.0, 10.0, 90.0, 99.5])),
                filter=kept,
            )
        case "count distinct":
            return agg(
                "count distinct",
                "events",
                draw(st.sampled_from([CHANNEL_, X, PAGE, SIZE, SECTION])),
                filter=kept,
            )
        case function:
            return agg(function, "events", draw(arguments), filter=kept)


def formulas(inner):
    return st.one_of(
        st.builds(lambda name, a, b: over(name, a, b), st.sampled_from("+-*/"), inner, inner),
        st.builds(lambda a: over("neg", a), inner),
        st.builds(lambda a: Default(a, 0.0, ONE, "none"), inner),
        st.builds(lambda a: Share(a, ONE), inner),
        st.builds(
            lambda a, by, n: Shift(a, by, ONE, "none", n),
            inner,
            st.sampled_from(["period", "year"]),
            st.integers(1, 2),
        ),
        st.builds(lambda a, n: Rolling(a, n, ONE), inner, st.integers(1, 3)),
        st.builds(lambda a: Running(a, ONE), inner),
    )


nodes = st.one_of(aggregated(), st.recursive(aggregated(), formulas, max_leaves=4))
MONTHS = periods(date(2023, 11, 1), date(2024, 4, 30), "month", Calendar())
window_sets = st.one_of(
    st.just(MONTHS),
    st.just(periods(date(2023, 10, 1), date(2024, 6, 30), "quarter", Calendar(fiscal_month=2))),
    st.just(periods(date(2023, 12, 20), date(2024, 3, 20), "week", Calendar(week_start=6))),
    st.lists(DAYS, min_size=1, max_size=4, unique=True).map(
        lambda ds: tuple(containing(d, "day", Calendar()) for d in ds)
    ),
    st.lists(
        st.builds(lambda a, n: Window(a, a + timedelta(n)), DAYS, st.integers(0, 80)),
        min_size=1,
        max_size=5,
        unique=True,
    ).map(tuple),
)
CHANNELS = dimension("channel", events=CHANNEL_, plan=col("plan", "canal", TEXT))
dimension_sets = st.sampled_from(
    [
        (),
        (CHANNELS,),
        (CHANNELS,),
        (dimension("size", events=SIZE),),
        (dimension("section", events=SECTION),),
        (dimension("section", events=SECTION), dimension("channel", events=CHANNEL_)),
        (dimension("ok", events=OK),),
        (dimension("x", events=X),),
        (dimension("at", events=AT),),
    ]
)
asks = st.builds(Ask, nodes, window_sets, dimension_sets, st.sampled_from([None, None, date(2024, 1, 15)]))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    worlds,
    st.lists(asks, min_size=1, max_size=4),
    st.sampled_from([date(2024, 2, 29), date(2024, 6, 1)]),
    st.sampled_from(WAYS),
)
def test_agrees_with_the_reference(data, questions, as_of, way):
    with pytest.MonkeyPatch.context() as patch:
        plan_by(patch, way)
        found = evaluate(WORLD, questions, TableSession(WORLD, data), as_of, profiles(WORLD, data, as_of))
    reference = Reference(WORLD, data, as_of)
    for ask in questions:
        assert found.failure(ask.node) is None
        grid = found.grid(ask)
        assert list(grid.slices) == reference.keys(ask)
        for key in grid.slices:
            for window in ask.windows:
                ours, theirs = grid.at(key, window), reference.answer(ask, key, window)
                assert same(ours, theirs), (ask.node, key, window, ours, theirs)
                if ours is None:
                    assert found.why(ask, key, window)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    worlds,
    st.sampled_from([X, RATIO, PRICE, op("-", X, W, kind=NUMBER)]),
    st.sampled_from([PAGE, CHANNEL_, op("keys", PAGE, CHANNEL_, kind=TEXT), SIZE, SECTION]),
    st.lists(st.tuples(LEVELS, filters, window_sets, dimension_sets), min_size=1, max_size=5),
    st.sampled_from([date(2024, 2, 29), date(2024, 6, 1)]),
)
def test_levels_of_the_same_accounts_are_read_together(data, level, accounts, wanted, as_of):
    questions = [
        Ask(
            agg(f, "events", level, filter=kept, weight=None if f == "average last" else accounts),
            windows,
            by,
        )
        for f, kept, windows, by in wanted
    ]
    found = evaluate(WORLD, questions, TableSession(WORLD, data), as_of, profiles(WORLD, data, as_of))
    assert sum(q.scan.kind == "stock" for q in found.queries if q.scan) <= 1
    reference = Reference(WORLD, data, as_of)
    for ask in questions:
        grid = found.grid(ask)
        assert list(grid.slices) == reference.keys(ask)
        for key in grid.slices:
            for window in ask.windows:
                ours, theirs = grid.at(key, window), reference.answer(ask, key, window)
                assert same(ours, theirs), (ask.node, key, window, ours, theirs)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds, aggregated(), window_sets, st.sampled_from([(), (CHANNELS,)]))
def test_counts_the_rows_that_went_in(data, node, windows, dimensions):
    ask, as_of = Ask(node, windows, dimensions), date(2024, 6, 1)
    found = evaluate(WORLD, [ask], TableSession(WORLD, data), as_of, profiles(WORLD, data, as_of))
    reference, grid = Reference(WORLD, data, as_of), found.rows(ask)
    for key in grid.slices:
        for window in windows:
            assert grid.at(key, window) == reference.count(ask, key, window)


def same(a, b):
    """Differences that two orders of adding up make, after cancelling, are not differences."""
    return a is b is None or (
        a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    )
