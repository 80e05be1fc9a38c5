"""The rows of the tests of meaning: one table that holds what engines take differently, and some of other
types."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from kpidsl.evaluate.answer import evaluate
from kpidsl.model.periods import Calendar
from kpidsl.model.rows import Gather
from kpidsl.model.types import DAY, FLAG, MOMENT, NUMBER, TEXT
from tests.evaluate.test_grouped import grouped
from tests.evaluate.world import ARROW, col, graph, lit, op, profiles, spec
from tests.reference import Reference

AS_OF = date(2025, 6, 30)


def when(text):
    return datetime.fromisoformat(text)


EVENTS = spec(
    "events",
    {"at": MOMENT, "day": DAY, "word": TEXT, "x": NUMBER, "w": NUMBER, "ok": FLAG, "page": TEXT},
    time="at",
    computed={
        "ratio": op("/", col("events", "x"), col("events", "w"), kind=NUMBER),
        "size": op(
            "when",
            op(">", col("events", "x"), lit(1)), lit("gros"),
            op("missing", col("events", "x")), lit(None),
            lit("petit"),
            kind=TEXT,
        ),
    },
    links=[("pages", "page", "url")],
)  # fmt: skip
PAGES = spec("pages", {"url": TEXT, "section": TEXT, "since": DAY, "price": NUMBER}, time="since")
ZONED = spec("zoned", {"at": MOMENT, "x": NUMBER}, time="at")
MONEY = spec(
    "money",
    {"day": DAY, "cents": NUMBER, "rate": NUMBER, "single": NUMBER, "whole": NUMBER, "long": NUMBER},
    time="day",
)
SUMS = spec("sums", {"day": DAY, "which": TEXT, "x": NUMBER}, time="day")
EMPTY = spec("empty", {"at": MOMENT, "word": TEXT, "x": NUMBER}, time="at")
VISITS = grouped(
    "visits",
    "events",
    (col("events", "page", TEXT),),
    {
        "start": Gather("first", "events", col("events", "at", MOMENT), MOMENT),
        "n": Gather("count", "events", None, NUMBER),
        "total": Gather("sum", "events", col("events", "x"), NUMBER),
        "mean": Gather("average", "events", col("events", "x"), NUMBER),
        "never": Gather(
            "average",
            "events",
            col("events", "x"),
            NUMBER,
            filter=op("=", col("events", "word", TEXT), lit("Zoé")),
        ),
        "word": Gather("last", "events", col("events", "word", TEXT), TEXT),
        "good": Gather("count", "events", None, NUMBER, filter=col("events", "ok", FLAG)),
    },
    time="start",
    links=[("pages", "page", "url")],
)

_EVENTS = [
    # at, day, word, x, w, ok, page
    ("2020-12-27 23:59:59.999999", "2020-12-27", "É", 1.0, 2.0, True, "/"),
    ("2020-12-28 00:00:00", "2020-12-28", "é", 2.0, 0.0, False, "/a"),
    ("2020-12-31 12:00:00", "2020-12-31", "E", 7.0, 2.0, None, "/gone"),
    ("2021-01-01 00:00:00", "2021-01-01", "e", -7.0, 2.0, True, None),
    ("2021-01-03 23:59:59", "2021-01-03", "e\u0301", 0.5, 1.0, True, "/"),
    ("2021-01-04 00:00:00", "2021-01-04", "ß", None, 3.0, False, "/a"),
    ("2023-12-31 23:59:59.999999", "2023-12-31", "ss", -0.0, 1.0, True, "/é"),
    ("2024-01-01 00:00:00", "2024-01-01", "SS", 0.0, -1.0, True, "/É"),
    ("2024-02-28 10:00:00", "2024-02-28", "a", 1.0, None, None, "/"),
    ("2024-02-29 00:00:00", "2024-02-29", "a ", 2.5, 4.0, True, "/a"),
    ("2024-02-29 23:59:59", "2024-02-29", " a", 2.5, 4.0, False, "/a "),
    ("2024-03-01 00:00:00", "2024-03-01", "", 10.0, 0.1, True, ""),
    ("2024-03-31 02:30:00", "2024-03-31", " ", 0.1, 0.2, True, "/"),
    ("2024-06-15 08:00:00", "2024-06-15", "100%", 0.2, 0.1, True, "/"),
    ("2024-06-15 08:00:00", "2024-06-16", "100_", 0.3, 10.0, False, "/a"),
    ("2024-06-15 09:00:00", None, "100x", -4.5, 0.5, True, "/"),
    ("2024-10-27 02:30:00", "2024-10-27", "a'b\"c\\d", 12345678.5, 1.0, True, "/a"),
    ("2024-12-29 10:00:00", "2024-12-29", "Zoé", 3.0, 1.0, None, "/"),
    ("2024-12-30 10:00:00", "2024-12-30", "zoé", 3.0, 1.0, True, "/"),
    ("2024-12-31 23:00:00", "2024-12-31", None, 3.0, 1.0, True, None),
    ("2025-01-01 00:00:00", "2025-01-01", None, None, None, None, None),
    ("2025-06-30 23:59:59.999999", "2025-06-30", "${env:HOME} {x}", 1.0, 1.0, True, "/"),
    ("2025-07-01 00:00:00", "2025-07-01", "later", 1000.0, 1.0, True, "/later"),
    (None, "2024-01-01", "no time", 500.0, 1.0, True, "/"),
]
_ZONED = [  # instants; Paris springs forward on 2024-03-31 and falls back on 2024-10-27
    "2023-12-31 22:59:59", "2023-12-31 23:00:00", "2024-01-01 04:59:59", "2024-01-01 05:00:00",
    "2024-03-10 06:59:59", "2024-03-10 07:00:00", "2024-03-30 23:30:00", "2024-03-31 00:59:59",
    "2024-03-31 01:00:00", "2024-03-31 22:00:00", "2024-10-27 00:30:00", "2024-10-27 01:30:00",
    "2024-10-27 22:59:59", "2024-10-27 23:00:00", "2024-11-03 05:30:00", "2024-11-03 06:30:00",
    "1969-12-31 23:59:59",
]  # fmt: skip
_MONEY = [
    # cents (two places), rate in percent (three), single, whole, long
    (Decimal("0.10"), Decimal("4.200"), 0.1, 1, 9007199254740993),
    (Decimal("0.20"), Decimal("0.125"), 0.2, 2, 1),
    (Decimal("0.30"), None, 0.3, 2, None),
    (Decimal("1234567890.12"), Decimal("99.999"), 1e30, 2147483647, 9223372036854775807),
    (None, Decimal("-1.500"), None, None, -9223372036854775807),
    (Decimal("-7.00"), Decimal("0.000"), -0.5, -7, 0),
    (Decimal("0.01"), Decimal("33.333"), 16777217.0, 2147483647, 3),
]
SUMMED = {
    "cancelling": [1e16, 1.0, -1e16],
    "large": [1e300, 2e300, -5e299],
    "small": [1e-300, 2e-300, 1e-320],
    "mixed": [1e300, 1e-300, 1.0],
    "tenths": [0.1] * 1000,
    "endless": [math.inf, 1.0, 2.0],
    "both ends": [math.inf, -math.inf, 5.0],
    "no number": [math.nan, 3.0],
    "nothing": [None, None],
}
_PAGES = [
    ("/", "home", date(2020, 1, 1), 2.0),
    ("/a", None, date(2020, 1, 1), 3.5),
    ("/é", "accent", date(2020, 1, 1), None),
    ("/unseen", "unseen", date(2020, 1, 1), 1.0),
]


def _day(text):
    return None if text is None else date.fromisoformat(text)


def rows(zone):
    """The rows as the reference sees them: moments local, numbers as floats."""
    there = ZoneInfo(zone)
    instants = [when(text).replace(tzinfo=UTC) for text in _ZONED]
    return {
        "events": [
            {"at": at and when(at), "day": _day(day), "word": word, "x": x, "w": w, "ok": ok, "page": page}
            for at, day, word, x, w, ok, page in _EVENTS
        ],
        "pages": [dict(zip(("url", "section", "since", "price"), row, strict=True)) for row in _PAGES],
        "zoned": [
            {"at": at.astimezone(there).replace(tzinfo=None), "x": float(n)} for n, at in enumerate(instants)
        ],
        "money": [
            {
                "day": date(2024, 1, 1 + n),
                "cents": _float(cents),
                "rate": _float(rate),
                "single": None if single is None else float(np.float32(single)),
                "whole": _float(whole),
                "long": _float(long),
            }
            for n, (cents, rate, single, whole, long) in enumerate(_MONEY)
        ],
        "sums": [
            {"day": date(2024, 1, 1), "which": which, "x": x} for which, xs in SUMMED.items() for x in xs
        ],
        "empty": [],
    }


def _float(value):
    return None if value is None else float(value)


def tables():
    """The same rows as they are stored."""
    plain = rows("UTC")
    found = {
        one.name: pa.Table.from_pylist(
            plain[one.name],
            schema=pa.schema([(c.name, ARROW[c.type.kind]) for c in one.columns if c.value is None]),
        )
        for one in (EVENTS, PAGES, SUMS, EMPTY)
    }
    found["zoned"] = pa.table(
        {
            "at": pa.array([when(text).replace(tzinfo=UTC) for text in _ZONED], pa.timestamp("us", "UTC")),
            "x": pa.array([float(n) for n in range(len(_ZONED))]),
        }
    )
    columns = list(zip(*_MONEY, strict=True))
    types = [pa.decimal128(12, 2), pa.decimal128(8, 3), pa.float32(), pa.int32(), pa.int64()]
    found["money"] = pa.table(
        {
            "day": pa.array([date(2024, 1, 1 + n) for n in range(len(_MONEY))], pa.date32()),
            **{
                name: pa.array(values, kind)
                for name, values, kind in zip(
                    ("cents", "rate", "single", "whole", "long"), columns, types, strict=True
                )
            },
        }
    )
    return found


SPECS = (EVENTS, PAGES, ZONED, MONEY, SUMS, EMPTY, VISITS)


def answers(home, asks, zone="UTC", as_of=AS_OF, prefix="meaning_"):
    """What an engine gives for some asks, and what the reference does."""
    calendar = Calendar(zone=zone)
    data = rows(zone)
    specs = {one.name: one for one in SPECS}
    world = graph(*specs.values())
    reference = Reference(world, data, as_of)
    with home.session(specs, calendar, prefix=prefix) as session:
        placed = graph(*(home.placed(one, prefix) for one in SPECS))
        found = evaluate(placed, asks, session, as_of, profiles(placed, reference.data, as_of))
    return found, reference
