"""Scans of every kind over a small shop: the same cells in every engine.

A suite makes the tables of `ROWS` with the columns of `KINDS` (types as in `operator_cases`), runs each text
of `texts(dialect)`, and compares the rows it gets (as dicts) with DuckDB's by `cells`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache

import pytest
from attrs import evolve

from kpidsl.evaluate.choose import Estimate, scans
from kpidsl.evaluate.people import people_scans
from kpidsl.evaluate.plan import demands
from kpidsl.evaluate.sql import (
    Tables,
    breach_sql,
    grouped_sql,
    keyless_sql,
    profile_sql,
    repeated_sql,
    scan_sql,
)
from kpidsl.evaluate.sql.spelling import SPELLINGS
from kpidsl.graph import Aggregate, Step
from kpidsl.model.periods import Calendar, Window, periods
from kpidsl.model.rows import Gather
from kpidsl.model.sources import ColumnSpec, Grouped
from kpidsl.model.types import DAY, FLAG, MOMENT, NUMBER, TEXT
from kpidsl.model.units import ONE
from kpidsl.results import Ask, Profile
from tests.evaluate.world import SPAN, agg, col, dimension, graph, lit, op, plan_by, spec

ORDERS = spec(
    "orders",
    {
        "at": MOMENT,
        "session": TEXT,
        "amount": NUMBER,
        "Canal d'acquisition": TEXT,
        "stars": NUMBER,
        "paid": FLAG,
        "shipped": DAY,
        "m0": TEXT,
        "b": NUMBER,
    },
    time="at",
    computed={"margin": op("/", col("orders", "amount"), col("orders", "stars"), kind=NUMBER)},
    links=[("sessions", "session", "id")],
)
SESSIONS = spec("sessions", {"id": TEXT, "day": DAY, "medium": TEXT, "level": NUMBER}, time="day")
WORLD = graph(ORDERS, SESSIONS)
KINDS = {s.name: {c.name: c.type.kind for c in s.columns if c.value is None} for s in (ORDERS, SESSIONS)}
AS_OF = date(2026, 8, 20)
FIRST = datetime(2026, 1, 5, 0, 30)

ROWS = {
    "orders": [
        {
            "at": FIRST + timedelta(days=n * 3, hours=n * 7 % 24),
            "session": f"s{n % 9}" if n % 10 else None,
            "amount": None if n % 11 == 5 else n * 37 % 250 - 20.5,
            "Canal d'acquisition": ['l\'été "24"', "Été", "é\\t", "%", None][n % 5],
            "stars": [1.0, 2.5, None, 0.0, 12345678.5, 4.0, 1e-3][n % 7],
            "paid": [True, False, None][n % 3],
            "shipped": None if n % 8 == 0 else date(2026, 1, 5) + timedelta(days=n * 5 % 90),
            "m0": "x" if n % 2 else "y",
            "b": float(n % 4),
        }
        for n in range(76)
    ],
    "sessions": [
        {
            "id": f"s{n}",
            "day": date(2026, 2 + n % 5, 28),
            "medium": ["web", "shop", None][n % 3],
            "level": None if n == 4 else n + 0.5,
        }
        for n in range(8)
    ],
}
PROFILES = {
    "orders": Profile("orders", 76, date(2026, 1, 5), AS_OF),
    "sessions": Profile("sessions", 8, date(2026, 2, 28), AS_OF),
}


def c(name, kind=NUMBER, *via):
    """A column of `orders`, or of what it links to."""
    return col("orders", name, kind, via)


AMOUNT, SHOP, PAID = c("amount"), c("Canal d'acquisition", TEXT), c("paid", FLAG)
LARGE = op("and", op(">=", AMOUNT, lit(100)), op("not", op("=", SHOP, lit('l\'été "24"'))))
SUMMERY = op("contains", SHOP, lit("té"))
EARLY = op("<", op("hour", c("at", MOMENT), kind=NUMBER), lit(12))
MONTHS = periods(date(2026, 1, 1), AS_OF, "month", Calendar())
WEEKS = periods(date(2026, 1, 5), AS_OF, "week", Calendar())
QUARTERS = periods(date(2026, 1, 1), AS_OF, "quarter", Calendar())
SLIDING = tuple(Window(m.start, m.start + timedelta(days=50)) for m in MONTHS)
BY_SHOP, BY_STARS = dimension("shop", orders=SHOP), dimension("stars", orders=c("stars"))
BY_PAID, BY_SHIPPED = dimension("paid", orders=PAID), dimension("shipped", orders=c("shipped", DAY))
BY_MEDIUM = dimension("medium", orders=c("medium", TEXT, "sessions"))
BY_DAY = dimension("day", orders=c("at", MOMENT))


def _path(function, *steps):
    return Aggregate(function, "orders", c("session", TEXT), ONE, "none", EARLY, parameter=60.0, then=steps)


_MERGING = ("sum", "count", "average", "min", "max", "standard deviation")
ASKS = {
    "totals": [Ask(agg(f, "orders", AMOUNT), MONTHS) for f in _MERGING],
    "with filters": [
        Ask(agg(f, "orders", AMOUNT, filter=kept), MONTHS, (BY_SHOP,))
        for f in _MERGING
        for kept in (LARGE, SUMMERY, EARLY, PAID)
    ],
    "several dimensions": [
        Ask(agg("sum", "orders", c("margin"), filter=LARGE), MONTHS, (d,))
        for d in (BY_SHOP, BY_STARS, BY_PAID, BY_SHIPPED, BY_MEDIUM, BY_DAY)
    ],
    "three at once": [Ask(agg("count", "orders"), QUARTERS, (BY_SHOP, BY_STARS, BY_PAID))],
    "weeks": [Ask(agg("share", "orders", PAID), WEEKS)],
    "two weeks": [
        Ask(agg("sum", "orders", AMOUNT), tuple(Window(w.start, w.end + timedelta(7)) for w in WEEKS[::2]))
    ],
    "cuts": [Ask(agg("sum", "orders", AMOUNT), (Window(date(2026, 3, 5), date(2026, 4, 2)),))],
    "weighted": [Ask(agg("weighted average", "orders", AMOUNT, weight=c("stars")), MONTHS)],
    "levels": [
        Ask(agg(f, "orders", AMOUNT, filter=kept), MONTHS, (BY_SHOP,))
        for f in ("first", "last")
        for kept in (None, LARGE)
    ],
    "levels of days": [Ask(agg("last", "sessions", col("sessions", "level")), QUARTERS)],
    "levels of accounts": [
        Ask(agg(f, "orders", AMOUNT, filter=kept, weight=c("session", TEXT)), (*MONTHS, *SLIDING), by)
        for f in ("closing", "opening")
        for kept in (None, LARGE)
        for by in ((), (BY_SHOP,), (BY_MEDIUM,))
    ],
    "daily levels of accounts": [
        Ask(
            agg(
                "average closing",
                "orders",
                c("margin"),
                weight=op("keys", c("stars"), c("medium", TEXT, "sessions")),
            ),
            MONTHS,
            (BY_SHOP,),
        ),
        Ask(agg("average last", "orders", AMOUNT, filter=LARGE), MONTHS, (BY_SHOP,)),
    ],
    "levels by moments": [
        Ask(agg("closing", "orders", AMOUNT, weight=c("shipped", DAY)), QUARTERS),
        Ask(agg("closing", "orders", AMOUNT, weight=c("paid", FLAG)), QUARTERS),
        Ask(
            agg("closing", "sessions", col("sessions", "level"), weight=col("sessions", "medium", TEXT)),
            MONTHS,
        ),
    ],
    "exact": [
        Ask(agg("median", "orders", AMOUNT), MONTHS, (BY_SHOP,)),
        Ask(agg("percentile", "orders", AMOUNT, filter=SUMMERY, parameter=90.0), MONTHS, (BY_PAID,)),
        Ask(agg("count distinct", "orders", SHOP, filter=EARLY), MONTHS, (BY_SHOP,)),
    ],
    "identities": [
        *(
            Ask(agg(f, "orders", c("m0", TEXT), filter=kept), (*MONTHS, *QUARTERS), (BY_SHOP,))
            for f in ("new", "returning")
            for kept in (None, EARLY)
        ),
        *(Ask(agg(f, "orders", c("m0", TEXT)), MONTHS) for f in ("retained", "churned")),
        Ask(agg("retention", "orders", c("m0", TEXT), parameter=2.0), SLIDING),
    ],
    "conversions": [
        Ask(
            _path(f, Step("orders", c("session", TEXT), LARGE), Step("orders", c("session", TEXT), PAID)),
            MONTHS,
            (BY_SHOP,),
        )
        for f in ("conversion", "converted")
    ],
    "touches": [
        Ask(_path(f, Step("sessions", col("sessions", "id", TEXT), None, value)), MONTHS, (BY_SHOP,))
        for f in ("first touch", "last touch")
        for value in (None, col("sessions", "level"))
    ],
    "exact over sliding windows": [Ask(agg("median", "orders", AMOUNT), SLIDING)],
    "distinct": [
        Ask(agg("count distinct", "orders", c("m0", TEXT), filter=kept), (*MONTHS, *QUARTERS), (BY_SHOP,))
        for kept in (LARGE, SUMMERY, EARLY, PAID)
    ],
    "distinct over sliding windows": [
        Ask(agg("count distinct", "orders", c("stars"), filter=kept), (*SLIDING, *WEEKS, *MONTHS, *QUARTERS))
        for kept in (LARGE, SUMMERY, EARLY, PAID)
    ],
}


def tables_for(source, dialect, relations=None):
    """What SQL is built from; relations are tables of the sources' names unless told."""
    return Tables(WORLD.sources, relations or {name: name for name in KINDS}, KINDS, source, dialect=dialect)


def _gathered(function, argument=None, kind=NUMBER, **more):
    return Gather(function, "orders", argument, kind, **more)


_SHIPPED, _TEXTS = c("shipped", DAY), c("m0", TEXT)
GATHERED = {
    "total": _gathered("sum", AMOUNT),
    "orders": _gathered("count"),
    "mean": _gathered("average", AMOUNT, filter=LARGE),
    "spread": _gathered("standard deviation", AMOUNT),
    "middle": _gathered("median", AMOUNT),
    "kinds": _gathered("count distinct", SHOP),
    "paying": _gathered("share", PAID),
    "weighted": _gathered("weighted average", AMOUNT, weight=c("stars")),
    "begun": _gathered("first", c("at", MOMENT), MOMENT),
    "last_paid": _gathered("last", PAID, FLAG),
    "first_text": _gathered("first", _TEXTS, TEXT, filter=LARGE),
    "last_amount": _gathered("last", AMOUNT),
    "soonest": _gathered("min", _SHIPPED, DAY),
    "ratio": op("/", _gathered("sum", AMOUNT), _gathered("count", filter=PAID), kind=NUMBER),
}


@cache
def texts(dialect):
    """Every query by its name, as text of a dialect."""
    return texts_on(dialect, None)


def texts_on(dialect, relations):
    """The same, on relations by other names or on derived tables."""
    found = {}
    for way in ("plain", "cubes", "bands"):
        with pytest.MonkeyPatch.context() as patch:
            plan_by(patch, way)
            # DuckDB's COUNT_IF has no value instead of 0, which is mended where results are read
            patch.setitem(SPELLINGS["count if"], "duckdb", SPELLINGS["count if"]["else"])
            for name, asks in ASKS.items():
                found |= _scans(f"{name}, {way}", asks, dialect, relations)
    orders = tables_for("orders", dialect, relations)
    keys = (("a1", c("session", TEXT)), ("medium", c("medium", TEXT, "sessions")))
    held = [ColumnSpec(word, ref.type, SPAN) for word, ref in keys]
    held += [ColumnSpec(word, row.type, SPAN, row) for word, row in GATHERED.items()]
    buyers = evolve(spec("buyers", {}, time=None), origin=Grouped("orders", keys), columns=tuple(held))
    found["grouped"] = grouped_sql(buyers, keys, held[len(keys) :], orders, AS_OF)[0]
    found["keyless"] = keyless_sql(keys, tables_for("orders", dialect, relations), AS_OF)
    checks = [op(">=", AMOUNT, lit(0)), op("missing", SHOP), op("not", LARGE)]
    found["profile"] = profile_sql(checks, tables_for("orders", dialect, relations), timed=True)
    keys = ("session", "Canal d'acquisition", "paid", "b")
    for n in range(1, len(keys)):
        found[f"keys, {n}"] = repeated_sql(keys[:n], tables_for("orders", dialect, relations), AS_OF, 3)
    shown = [SHOP, AMOUNT, PAID, _SHIPPED]
    found["breach"] = breach_sql(checks[0], shown, tables_for("orders", dialect, relations), AS_OF)
    return found


def _scans(name, asks, dialect, relations):
    found = {}
    for source, demand in demands(asks, PROFILES).items():
        # planned as for DuckDB everywhere, so that each engine is asked for each kind of scan
        several = scans(source, demand, PROFILES[source], "duckdb", lambda clusters: Estimate(76))
        for n, scan in enumerate([*several, *people_scans(source, demand, PROFILES)]):
            found[f"{name}, {n} {scan.kind}"] = scan_sql(scan, tables_for(source, dialect, relations))
    return found


def cells(rows):
    """Rows, in an order of their own, as values that compare: numbers to 9 digits, times as texts."""
    return sorted(
        (tuple(sorted((key, _value(value)) for key, value in row.items())) for row in rows), key=str
    )


def _value(value):
    match value:
        case None | str():
            return value if value is None else value.removesuffix(".000000").removesuffix(" 00:00:00")
        case bool():
            return float(value)
        case date():
            return _value(str(value))
        case _:
            return float(f"{float(value):.9g}") + 0.0
