"""What identities do over time and from source to source: every engine agrees with plain Python."""

from datetime import date, datetime
from itertools import count

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpidsl.evaluate.answer import evaluate
from kpidsl.graph import Aggregate, Step
from kpidsl.model.periods import Calendar, periods
from kpidsl.model.units import ONE
from kpidsl.results import Ask
from tests.evaluate import identity_cases as cases
from tests.evaluate.test_against_reference import same
from tests.evaluate.world import ARROW, agg, graph, profiles
from tests.reference import Reference

EXAMPLES = {"parquet": 20, "duckdb": 20, "postgres": 20, "clickhouse": 15, "spark": 5}
_numbers = count()


@pytest.fixture(scope="module")
def compare(home):
    """Asks an engine about a world that is new to it, and plain Python."""

    def compare(data, questions, as_of):
        prefix = f"people_{next(_numbers)}_"
        for name, one in cases.SPECS.items():
            schema = pa.schema([(c.name, ARROW[c.type.kind]) for c in one.columns if c.value is None])
            home.put(prefix + name, pa.Table.from_pylist(data[name], schema=schema))
        placed = graph(*(home.placed(one, prefix) for one in cases.SPECS.values()))
        with home.session(cases.SPECS, prefix=prefix) as session:
            found = evaluate(placed, questions, session, as_of, profiles(placed, data, as_of))
        reference = Reference(cases.WORLD, data, as_of)
        for ask in questions:
            assert found.failure(ask.node) is None, found.failure(ask.node)
            grid = found.grid(ask)
            assert list(grid.slices) == reference.keys(ask)
            for key in grid.slices:
                for window in ask.windows:
                    ours, theirs = grid.at(key, window), reference.answer(ask, key, window)
                    assert same(ours, theirs), (ask.node, key, window, ours, theirs)

    return compare


def visit(at, who, channel, page="/"):
    moment = datetime.fromisoformat(at)
    return {"at": moment, "visitor": who, "channel": channel, "country": "fr", "page": page}


def order(at, who, amount):
    return {"at": datetime.fromisoformat(at), "customer": who, "amount": amount, "kind": "sale"}


DATA = {
    "visits": [
        visit("2024-01-01 00:00:00", "a", "méta"),
        visit("2024-01-01 00:00:00", "a", "google", "/a"),
        visit("2024-01-31 23:59:59.999999", "b", None),
        visit("2024-02-01 00:00:00", "b", "google", "/b"),
        visit("2024-02-10 10:00:00", "É", "Google"),
        visit("2024-02-10 10:00:00", None, "google"),
        visit("2024-03-02 08:00:00", "a", "google", "/b"),
        visit("2024-04-01 00:00:00", "later", "google"),
    ],
    "orders": [
        order("2024-01-01 00:00:00", "a", 10.0),
        order("2024-02-07 00:00:00", "b", 20.0),
        order("2024-02-10 09:59:59", "É", 40.0),
        order("2024-03-09 23:59:59", "a", None),
        order("2024-03-10 00:00:00", "a", 80.0),
    ],
    "calls": [
        {"day": date(2024, 2, 1), "who": "b", "canal": "phone", "minutes": 5.0},
        {"day": date(2024, 2, 10), "who": "É", "canal": "google", "minutes": 1.0},
    ],
    "countries": cases.AREAS,
}
MONTHS = periods(date(2024, 1, 1), date(2024, 3, 31), "month", Calendar())


def path(function, *steps, within=7.0):
    return Aggregate(function, "visits", cases.VISITOR, ONE, "none", parameter=within, then=tuple(steps))


NODES = {
    "identities": [
        *(agg(f, "visits", cases.VISITOR) for f in ("new", "returning", "retained", "churned")),
        agg("retention", "visits", cases.VISITOR, parameter=1.0),
        agg("retention", "visits", cases.VISITOR, parameter=2.0),
        agg("new", "calls", cases.CALLER),
    ],
    "conversions": [
        path("conversion", Step("orders", cases.CUSTOMER)),
        path("converted", Step("orders", cases.CUSTOMER), within=0.0),
        path("converted", Step("calls", cases.CALLER), Step("orders", cases.CUSTOMER)),
    ],
    "touches": [
        *(path(f, Step("orders", cases.CUSTOMER), within=40.0) for f in ("first touch", "last touch")),
        path("last touch", Step("orders", cases.CUSTOMER, None, cases.AMOUNT)),
        path("first touch", Step("calls", cases.CALLER)),
    ],
}


@pytest.mark.parametrize("topic", NODES)
@pytest.mark.parametrize("dimensions", [(), (cases.CHANNEL,)], ids=["total", "by channel"])
def test_worked_example(compare, topic, dimensions):
    compare(DATA, [Ask(node, MONTHS, dimensions) for node in NODES[topic]], date(2024, 3, 31))


def test_agrees_with_the_reference(home, compare):
    quick = settings(
        max_examples=EXAMPLES[home.name],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )

    @quick
    @given(cases.worlds, st.lists(cases.asks, min_size=3, max_size=6), cases.AS_OF)
    def agrees(data, questions, as_of):
        compare(data, questions, as_of)

    agrees()
