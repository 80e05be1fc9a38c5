"""Small random worlds in which identities come, stay and go, and what can be asked of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from hypothesis import strategies as st

from kpidsl.graph import Aggregate, Default, Running, Shift, Step
from kpidsl.model.periods import Calendar, Window, containing, periods
from kpidsl.model.types import DAY, MOMENT, NUMBER, TEXT
from kpidsl.model.units import ONE
from kpidsl.results import Ask
from tests.evaluate.world import agg, col, dimension, graph, lit, op, over, spec

VISITS = spec(
    "visits",
    {"at": MOMENT, "visitor": TEXT, "channel": TEXT, "country": TEXT, "page": TEXT},
    time="at",
    links=[("countries", "country", "code")],
)
ORDERS = spec("orders", {"at": MOMENT, "customer": TEXT, "amount": NUMBER, "kind": TEXT}, time="at")
CALLS = spec("calls", {"day": DAY, "who": TEXT, "canal": TEXT, "minutes": NUMBER}, time="day")
COUNTRIES = spec("countries", {"code": TEXT, "area": TEXT, "since": DAY}, time="since")
SPECS = {one.name: one for one in (VISITS, ORDERS, CALLS, COUNTRIES)}
WORLD = graph(*SPECS.values())

EDGES = [date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 29)]
NEAR = [date(2024, 1, 3), date(2024, 1, 8), date(2024, 1, 10), date(2024, 2, 3), date(2024, 3, 4)]
DAYS = st.one_of(
    st.sampled_from(EDGES), st.sampled_from(NEAR), st.dates(date(2023, 12, 20), date(2024, 4, 5))
)
CLOCKS = st.sampled_from(["00:00:00", "12:00:00", "23:59:59.999999"])
MOMENTS = st.builds(lambda d, c: datetime.fromisoformat(f"{d} {c}"), DAYS, CLOCKS)
WHO = st.sampled_from(["a", "a", "b", "b", "É", None])
visit = st.fixed_dictionaries(
    {
        "at": st.one_of(MOMENTS, MOMENTS, MOMENTS, st.none()),
        "visitor": WHO,
        "channel": st.sampled_from(["google", "méta", "Google", None]),
        "country": st.sampled_from(["fr", "de", None]),
        "page": st.sampled_from(["/", "/a", "/b"]),
    }
)
order = st.fixed_dictionaries(
    {
        "at": MOMENTS,
        "customer": WHO,
        "amount": st.sampled_from([None, 0.1, 10.0, -2.5]),
        "kind": st.sampled_from(["sale", "refund"]),
    }
)
call = st.fixed_dictionaries(
    {
        "day": DAYS,
        "who": WHO,
        "canal": st.sampled_from(["google", "phone"]),
        "minutes": st.sampled_from([1.0, 5.0]),
    }
)
AREAS = [
    {"code": "fr", "area": "west", "since": date(2024, 1, 1)},
    {"code": "de", "area": None, "since": date(2024, 1, 1)},
]
sparse = st.fixed_dictionaries(
    {
        "visits": st.lists(visit, min_size=3, max_size=14),
        "orders": st.lists(order, max_size=8),
        "calls": st.lists(call, max_size=6),
        "countries": st.just(AREAS),
    }
)


def dense(seed):
    """So many rows of few identities that most of them come again, and find what follows."""
    chance = Random(seed)

    def moment():
        day = date(2023, 12, 25) + timedelta(chance.randrange(80))
        return datetime.fromisoformat(f"{day} {chance.choice(['00:00:00', '12:00:00', '23:59:59.999999'])}")

    who = ["a", "b", "c", "É", None]
    visits = [
        {
            "at": moment(),
            "visitor": chance.choice(who),
            "channel": chance.choice(["google", "méta", "Google", None]),
            "country": chance.choice(["fr", "de", None]),
            "page": chance.choice(["/", "/a", "/b"]),
        }
        for _ in range(chance.randint(10, 30))
    ]
    orders = [
        {
            "at": moment(),
            "customer": chance.choice(who),
            "amount": chance.choice([None, 0.1, 10.0, -2.5]),
            "kind": chance.choice(["sale", "refund"]),
        }
        for _ in range(chance.randint(8, 20))
    ]
    calls = [
        {
            "day": moment().date(),
            "who": chance.choice(who),
            "canal": chance.choice(["google", "phone"]),
            "minutes": chance.choice([1.0, 5.0]),
        }
        for _ in range(chance.randint(8, 16))
    ]
    return {"visits": visits, "orders": orders, "calls": calls, "countries": AREAS}


worlds = st.one_of(sparse, st.integers(0, 10**6).map(dense), st.integers(0, 10**6).map(dense))

VISITOR, CUSTOMER, CALLER = (
    col("visits", "visitor", TEXT),
    col("orders", "customer", TEXT),
    col("calls", "who", TEXT),
)
PAGE, AREA = col("visits", "page", TEXT), col("visits", "area", TEXT, ("countries",))
AMOUNT = col("orders", "amount")
visit_filters = st.sampled_from(
    [
        None,
        None,
        op("=", PAGE, lit("/a")),
        op("!=", PAGE, lit("/")),
        op("=", col("visits", "channel", TEXT), lit("google")),
        op("=", AREA, lit("west")),
    ]
)
order_filters = st.sampled_from(
    [None, op("=", col("orders", "kind", TEXT), lit("sale")), op(">", AMOUNT, lit(0))]
)
call_filters = st.sampled_from([None, op(">", col("calls", "minutes"), lit(2))])
further = st.one_of(
    st.builds(lambda f: Step("orders", CUSTOMER, f), order_filters),
    st.builds(lambda f: Step("orders", CUSTOMER, f), order_filters),
    st.builds(lambda f: Step("visits", VISITOR, f), visit_filters),
    st.builds(lambda f: Step("calls", CALLER, f), call_filters),
)
within = st.sampled_from([0.0, 2.0, 7.0, 30.0])


@st.composite
def aggregates(draw):
    kept = draw(visit_filters)
    match draw(st.sampled_from(["identity", "identity", "path", "touch", "touch"])):
        case "identity":
            name = draw(st.sampled_from(["new", "returning", "retained", "churned", "retention"]))
            more = {"parameter": float(draw(st.integers(1, 3)))} if name == "retention" else {}
            if draw(st.integers(0, 5)) == 0:
                return agg(name, "calls", CALLER, **more)
            return agg(name, "visits", VISITOR, filter=kept, **more)
        case "path":
            name = draw(st.sampled_from(["conversion", "converted"]))
            steps = tuple(draw(st.lists(further, min_size=1, max_size=3)))
        case _:
            name = draw(st.sampled_from(["first touch", "last touch"]))
            value = draw(st.sampled_from([None, AMOUNT]))
            steps = (Step("orders", CUSTOMER, draw(order_filters), value),)
            if draw(st.integers(0, 3)) == 0:
                steps = (Step("calls", CALLER, draw(call_filters)),)
    return Aggregate(name, "visits", VISITOR, ONE, "none", kept, parameter=draw(within), then=steps)


nodes = st.one_of(
    aggregates(),
    aggregates(),
    st.builds(lambda a, b: over("/", a, b), aggregates(), aggregates()),
    st.builds(lambda a: Shift(a, "period", ONE, "none"), aggregates()),
    st.builds(lambda a: Running(a, ONE), aggregates()),
    st.builds(lambda a: Default(a, 0.0, ONE, "none"), aggregates()),
)
window_sets = st.one_of(
    st.just(periods(date(2023, 12, 1), date(2024, 4, 30), "month", Calendar())),
    st.just(periods(date(2023, 12, 20), date(2024, 2, 20), "week", Calendar(week_start=6))),
    st.just(periods(date(2023, 10, 1), date(2024, 6, 30), "quarter", Calendar(fiscal_month=2))),
    st.lists(DAYS, min_size=1, max_size=4, unique=True).map(
        lambda ds: tuple(containing(d, "day", Calendar()) for d in ds)
    ),
    st.lists(
        st.builds(lambda a, n: Window(a, a + timedelta(n)), DAYS, st.integers(0, 50)),
        min_size=1,
        max_size=5,
        unique=True,
    ).map(tuple),
)
CHANNEL = dimension("channel", visits=col("visits", "channel", TEXT), calls=col("calls", "canal", TEXT))
COUNTRY = dimension("country", visits=col("visits", "country", TEXT))
dimension_sets = st.sampled_from(
    [(), (CHANNEL,), (CHANNEL,), (COUNTRY,), (COUNTRY, CHANNEL), (dimension("area", visits=AREA),)]
)
asks = st.builds(Ask, nodes, window_sets, dimension_sets, st.sampled_from([None, date(2024, 1, 15)]))
AS_OF = st.sampled_from([date(2024, 2, 29), date(2024, 6, 1)])
