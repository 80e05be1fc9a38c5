"""Sources made of another's grouped rows: random columns against the reference, and hard cases."""

from datetime import date, datetime

from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from kpidsl.evaluate.answer import evaluate
from kpidsl.evaluate.checks import profiles as profiles_of
from kpidsl.evaluate.sql import rows
from kpidsl.model.periods import Window
from kpidsl.model.rows import Gather
from kpidsl.model.sources import ColumnSpec, Grouped
from kpidsl.model.types import FLAG, MOMENT, NUMBER, TEXT
from kpidsl.results import Ask
from tests.evaluate.test_against_reference import (
    AT,
    CHANNEL_,
    EVENTS,
    MONTHS,
    OK,
    PAGE,
    PAGES,
    RATIO,
    SECTION,
    SIZE,
    W,
    X,
    arguments,
    conditions,
    filters,
    same,
    worlds,
)
from tests.evaluate.world import SPAN, TableSession, agg, col, dimension, graph, lit, op, profiles, spec
from tests.reference import Reference


def gather(function, argument=None, kind=NUMBER, source="events", **more):
    return Gather(function, source, argument, kind, **more)


def grouped(name, parent, keys, columns, *, time, links=()):
    """A grouped source; `keys` are column references of the parent."""
    held = [ColumnSpec(ref.name, ref.type, SPAN) for ref in keys]
    held += [ColumnSpec(word, row.type, SPAN, row) for word, row in columns.items()]
    origin = Grouped(parent, tuple((ref.name, ref) for ref in keys))
    return evolve(spec(name, {}, time=time, links=links), origin=origin, columns=tuple(held))


NUMBERS_ = ["sum", "average", "min", "max", "median", "standard deviation"]


@st.composite
def gathers(draw):
    """An aggregation that is a number."""
    kept = draw(filters)
    match draw(
        st.sampled_from([*NUMBERS_, "count", "share", "weighted", "percentile", "distinct", "first", "last"])
    ):
        case "count":
            return gather("count", filter=kept)
        case "share":
            return gather("share", draw(conditions), filter=kept)
        case "weighted":
            return gather("weighted average", draw(arguments), weight=W, filter=kept)
        case "percentile":
            return gather(
                "percentile", draw(arguments), filter=kept, parameter=draw(st.sampled_from([0.0, 25.0, 90.0]))
            )
        case "distinct":
            return gather("count distinct", draw(st.sampled_from([CHANNEL_, X, PAGE, SECTION])), filter=kept)
        case function:
            return gather(function, draw(arguments), filter=kept)


texts = st.builds(
    lambda end, value, kept: gather(end, value, value.type, filter=kept),
    st.sampled_from(["first", "last"]),
    st.sampled_from([CHANNEL_, PAGE, SIZE, SECTION, OK]),
    filters,
)
times = st.sampled_from([gather(function, AT, MOMENT) for function in ("first", "last", "min", "max")])
key_sets = st.sampled_from([(CHANNEL_,), (PAGE,), (CHANNEL_, PAGE), (OK,), (X,), (SECTION,), (SIZE, OK)])


@st.composite
def sources(draw):
    """A source grouped from the events, and one that is grouped from it."""
    keys = draw(key_sets)
    a, b = draw(gathers()), draw(gathers())
    mixed = op(draw(st.sampled_from("+-*/")), a, b, kind=NUMBER)
    own = {
        "when": draw(times),
        "a": a,
        "word": draw(texts),
        "mixed": mixed,
        "large": op(">", col("visits", "a"), lit(1)),
        "twice": op("*", col("visits", "mixed"), lit(2), kind=NUMBER),
    }
    links = [("pages", "page", "url")] if PAGE in keys else []
    visits = grouped("visits", "events", keys, own, time="when", links=links)
    word = col("visits", "word", own["word"].type)
    above = {
        "start": gather("first", col("visits", "when", MOMENT), MOMENT, "visits"),
        "n": gather("count", None, NUMBER, "visits"),
        "most": gather("max", col("visits", "twice"), NUMBER, "visits", filter=col("visits", "large", FLAG)),
    }
    return visits, grouped("groups", "visits", (word,), above, time="start")


@st.composite
def questions(draw, visits):
    word = visits.column("word").type
    dimensions = [
        (),
        (dimension("word", visits=col("visits", "word", word)),),
        (dimension("large", visits=col("visits", "large", FLAG)),),
    ]
    if any(link.target == "pages" for link in visits.links):
        dimensions.append((dimension("section", visits=col("visits", "section", TEXT, ("pages",))),))
    node = draw(
        st.sampled_from(
            [
                agg("count", "visits"),
                agg("count", "visits", filter=col("visits", "large", FLAG)),
                agg("sum", "visits", col("visits", "mixed")),
                agg("share", "visits", op("<", col("visits", "a"), col("visits", "twice"))),
                agg("last", "visits", col("visits", "a")),
                agg("sum", "groups", col("groups", "n")),
                agg("max", "groups", col("groups", "most")),
            ]
        )
    )
    return Ask(node, MONTHS, draw(st.sampled_from(dimensions)) if node.source == "visits" else (), None)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds, sources(), st.data(), st.sampled_from([date(2024, 2, 29), date(2024, 6, 1)]))
def test_agrees_with_the_reference(data, made, more, as_of):
    visits, groups = made
    world = graph(EVENTS, PAGES, visits, groups)
    given_rows = {"events": data["events"], "pages": data["pages"]}
    asks = [more.draw(questions(visits)) for _ in range(3)]
    reference = Reference(world, given_rows, as_of)
    found = evaluate(
        world, asks, TableSession(world, given_rows), as_of, profiles(world, reference.data, as_of)
    )
    for ask in asks:
        assert found.failure(ask.node) is None
        grid = found.grid(ask)
        assert list(grid.slices) == reference.keys(ask)
        for key in grid.slices:
            for window in ask.windows:
                ours, theirs = grid.at(key, window), reference.answer(ask, key, window)
                assert same(ours, theirs), (ask, key, window, ours, theirs)


# -- hard cases, by hand ------------------------------------------------------------------------------------

DAY = Window(date(2024, 1, 1), date(2024, 12, 31))


def event(at, channel, page="/", x=1.0):
    return {"at": datetime.fromisoformat(at), "channel": channel, "x": x, "w": 1.0, "ok": True, "page": page}


def values(events, columns, as_of=date(2024, 12, 31)):
    """The rows of a source grouped by channel, as dicts."""
    session = TableSession(graph(EVENTS, PAGES), {"events": events, "pages": []})
    visits = grouped(
        "visits", "events", (CHANNEL_,), {"when": gather("first", AT, MOMENT), **columns}, time="when"
    )
    world = graph(EVENTS, PAGES, visits)
    found = evaluate(
        world,
        [Ask(agg("count", "visits"), (DAY,))],
        session,
        as_of,
        profiles_of(world, ["visits"], session, as_of),
    )
    assert found.failure(agg("count", "visits")) is None
    kept = session.connection.execute('SELECT * FROM "visits" ORDER BY channel').fetchall()
    names = ["channel", "when", *columns]
    return [dict(zip(names, row, strict=True)) for row in kept], session


def test_of_several_rows_at_the_first_moment_the_smallest_value_counts():
    events = [event("2024-01-01 10:00", "a", page) for page in ("/c", "/b", "/d")]
    events += [event("2024-01-01 11:00", "a", page) for page in ("/y", "/x", "/z")]
    for order in (events, events[::-1], events[2:] + events[:2]):
        found, _ = values(order, {"first": gather("first", PAGE, TEXT), "last": gather("last", PAGE, TEXT)})
        assert [(row["first"], row["last"]) for row in found] == [("/b", "/x")]


def test_rows_later_than_as_of_do_not_exist():
    events = [
        event("2024-01-01 10:00", "a"),
        event("2024-01-02 00:00", "a", "/late"),
        event("2024-01-02 10:00", "b"),
    ]
    columns = {"n": gather("count"), "last": gather("last", PAGE, TEXT)}
    found, _ = values(events, columns, date(2024, 1, 1))
    assert [(row["channel"], row["n"], row["last"]) for row in found] == [("a", 1.0, "/")]


def test_rows_without_a_key_or_a_time_make_no_row_and_are_told():
    events = [
        event("2024-01-01 10:00", None),
        event("2024-01-01 10:00", "a"),
        {**event("2024-01-01", "b"), "at": None},
    ]
    found, session = values(events, {"n": gather("count")})
    assert [(row["channel"], row["n"]) for row in found] == [("a", 1.0)]
    attached, _ = session.held["visits"]
    assert [(p.code, p.message) for p in attached.problems] == [
        ("K528", "1 row of `events` lacks `channel`, and makes no row of `visits`")
    ]


def test_a_group_none_of_whose_rows_pass_the_filter_has_a_sum_of_zero_and_no_average():
    kept = op(">", X, lit(5))
    names = ["sum", "average", "min", "median"]
    columns = {name: gather(name, X, filter=kept) for name in names}
    columns["n"] = gather("count", filter=kept)
    columns["share"] = gather("share", op("=", X, lit(1)), filter=kept)
    (row,), _ = values([event("2024-01-01 10:00", "a")], columns)
    assert [row[name] for name in (*names, "n", "share")] == [0.0, None, None, None, 0.0, None]


def test_last_digits_do_not_depend_on_the_order_of_rows():
    events = [event("2024-01-01 10:00", "a", x=n / 10) for n in range(1, 60)]
    columns = {"sum": gather("sum", X), "average": gather("average", RATIO)}
    sums = {
        (row["sum"], row["average"]) for order in (events, events[::-1]) for row in values(order, columns)[0]
    }
    assert sums == {(177.0, 3.0)}
    two = [event("2024-01-01 10:00", "a", x=x) for x in (0.1, 0.2)]
    assert values(two, {"sum": gather("sum", X)})[0][0]["sum"] == 0.3


def test_what_overflows_has_no_value():
    events = [event("2024-01-01 10:00", "a", x=x) for x in (1.7e308, 1.7e308, -1e308)]
    (row,), _ = values(
        events,
        {
            "sum": gather("sum", X),
            "double": op("*", gather("max", X), lit(2), kind=NUMBER),
            "spread": gather("standard deviation", X),
        },
    )
    assert (row["sum"], row["double"], row["spread"]) == (None, None, None)


def test_a_column_that_the_engine_cannot_make_spoils_only_itself(monkeypatch):
    nonsense = rows._OPERATORS | {"nonsense": lambda args: exp.Anonymous(this="NO_SUCH", expressions=args)}
    monkeypatch.setattr(rows, "_OPERATORS", nonsense)
    session = TableSession(graph(EVENTS, PAGES), {"events": [event("2024-01-01 10:00", "a")], "pages": []})
    columns = {
        "when": gather("first", AT, MOMENT),
        "bad": gather("sum", op("nonsense", X, kind=NUMBER)),
        "n": gather("count"),
    }
    world = graph(EVENTS, PAGES, grouped("visits", "events", (CHANNEL_,), columns, time="when"))
    asks = [Ask(agg("sum", "visits", col("visits", name)), (DAY,)) for name in ("n", "bad")]
    as_of = date(2024, 12, 31)
    found = evaluate(world, asks, session, as_of, profiles_of(world, ["visits"], session, as_of))
    assert found.grid(asks[0]).at((), DAY) == 1
    assert found.failure(asks[1].node).code == "K601"
