"""The text of the queries for a handful of graphs, as DuckDB gets it; KPIDSL_UPDATE=1 writes them anew."""

import os
from datetime import date
from pathlib import Path

import pytest

from kpidsl.evaluate.choose import Estimate, scans
from kpidsl.evaluate.plan import demands
from kpidsl.evaluate.sql import Tables, profile_sql, repeated_sql, scan_sql
from kpidsl.model.periods import Calendar, Window, periods
from kpidsl.model.types import DAY, MOMENT, NUMBER, TEXT
from kpidsl.results import Ask, Profile
from tests.evaluate.world import agg, col, dimension, graph, lit, op, over, plan_by, spec

GOLDEN = Path(__file__).parent / "golden"
MONTHS = periods(date(2026, 1, 1), date(2026, 12, 31), "month", Calendar())
ORDERS = spec(
    "orders",
    {"at": MOMENT, "session_id": TEXT, "amount": NUMBER, "Canal d'acquisition": TEXT},
    time="at",
    computed={"margin": op("/", col("orders", "amount"), lit(3), kind=NUMBER)},
    links=[("sessions", "session_id", "id")],
)
SESSIONS = spec("sessions", {"id": TEXT, "day": DAY, "channel": TEXT}, time="day")
WORLD = graph(ORDERS, SESSIONS)
KINDS = {s.name: {c.name: c.type.kind for c in s.columns if c.value is None} for s in (ORDERS, SESSIONS)}
PROFILES = {name: Profile(name, 10, date(2026, 1, 5), date(2026, 8, 20)) for name in WORLD.sources}

AMOUNT, CHANNEL = col("orders", "amount"), col("orders", "Canal d'acquisition", TEXT)
LARGE = op("and", op(">=", AMOUNT, lit(100)), op("not", op("=", CHANNEL, lit('l\'été "24"'))))
BY_CHANNEL = dimension("channel", orders=CHANNEL)
BY_SESSION = dimension("session channel", orders=col("orders", "channel", TEXT, ("sessions",)))
CASES = {
    "sums by month and channel": [
        Ask(
            over("/", agg("sum", "orders", AMOUNT, filter=LARGE), agg("count", "orders")),
            MONTHS,
            (BY_CHANNEL,),
        )
    ],
    "two dimensions and a link": [
        Ask(agg("average", "orders", col("orders", "margin")), MONTHS, (d,)) for d in (BY_CHANNEL, BY_SESSION)
    ],
    "irregular windows": [
        Ask(
            agg("min", "orders", AMOUNT),
            (Window(date(2026, 3, 5), date(2026, 4, 2)), Window(date(2026, 1, 1), date(2026, 9, 30))),
        )
    ],
    "weeks": [
        Ask(
            agg("standard deviation", "orders", AMOUNT),
            periods(date(2026, 2, 2), date(2026, 3, 1), "week", Calendar()),
        )
    ],
    "distinct by quarter": [
        Ask(
            agg("count distinct", "orders", CHANNEL),
            periods(date(2026, 1, 1), date(2026, 12, 31), "quarter", Calendar()),
            (BY_CHANNEL,),
        )
    ],
    "median over overlapping windows": [
        Ask(agg("median", "orders", AMOUNT), tuple(Window(date(2026, 1, 1), m.end) for m in MONTHS[:5]))
    ],
    "percentiles of the same values": [
        Ask(agg("median", "orders", AMOUNT, filter=LARGE), MONTHS, (BY_CHANNEL,)),
        Ask(agg("percentile", "orders", AMOUNT, filter=LARGE, parameter=90.0), MONTHS, (BY_CHANNEL,)),
    ],
    "levels of accounts": [
        Ask(agg(f, "orders", AMOUNT, filter=kept, weight=col("orders", "channel", TEXT)), MONTHS, by)
        for f, kept, by in (("closing", None, (BY_CHANNEL,)), ("opening", LARGE, ()))
    ],
    "last level": [
        Ask(agg("last", "sessions", op("length", col("sessions", "channel", TEXT), kind=NUMBER)), MONTHS)
    ],
}


def queries(asks):
    found = []
    for source, demand in demands(asks, PROFILES).items():
        for scan in scans(source, demand, PROFILES[source], "duckdb", lambda clusters: Estimate(10)):
            found.append(scan_sql(scan, tables(source)))
    return "\n".join(found) + "\n"


def tables(source):
    return Tables(WORLD.sources, {name: name for name in KINDS}, KINDS, source)


def same(name, text):
    path = GOLDEN / f"{name}.sql"
    if os.environ.get("KPIDSL_UPDATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_text_of_a_scan(name):
    same(name, queries(CASES[name]))


def test_text_of_a_cube(monkeypatch):
    plan_by(monkeypatch, "bands")
    either = op("or", op("in", CHANNEL, lit("a"), lit("b")), op("missing", CHANNEL))
    same(
        "cube",
        queries(
            [
                Ask(agg("sum", "orders", AMOUNT, filter=LARGE), MONTHS, (BY_CHANNEL,)),
                Ask(agg("max", "orders", AMOUNT, filter=either), MONTHS),
                Ask(agg("standard deviation", "orders", AMOUNT), MONTHS),
            ]
        ),
    )


def test_text_of_distinct_counts(monkeypatch):
    plan_by(monkeypatch, "bands")
    amounts = [op(">=", AMOUNT, lit(n)) for n in range(2)]
    half = Window(date(2026, 1, 1), date(2026, 6, 30))
    asks = [
        Ask(agg("count distinct", "orders", CHANNEL, filter=kept), (*MONTHS, half), (BY_SESSION,))
        for kept in amounts
    ]
    same("distinct under filters", queries(asks))


def test_text_of_checks():
    checks = [LARGE, op(">=", AMOUNT, lit(-0.5))]
    same("checks", profile_sql(checks, tables("orders"), timed=True) + "\n")


def test_text_of_keys():
    key = ("session_id", "Canal d'acquisition")
    same("keys", repeated_sql(key, tables("orders"), date(2026, 8, 20), 5) + "\n")


def test_no_query_uses_filter():
    assert not any("FILTER" in path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.sql"))
