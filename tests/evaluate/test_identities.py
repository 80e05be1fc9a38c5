"""New, returning, retained and churned identities, conversions, funnels and touches."""

from datetime import date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpidsl.evaluate.answer import evaluate
from kpidsl.graph import Aggregate, Step
from kpidsl.model.periods import Window
from kpidsl.model.units import ONE
from kpidsl.results import Ask
from tests.evaluate import identity_cases as cases
from tests.evaluate.test_against_reference import same
from tests.evaluate.world import TableSession, agg, profiles
from tests.reference import Reference


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases.worlds, st.lists(cases.asks, min_size=1, max_size=4), cases.AS_OF)
def test_agrees_with_the_reference(data, questions, as_of):
    world = cases.WORLD
    found = evaluate(world, questions, TableSession(world, data), as_of, profiles(world, data, as_of))
    reference = Reference(world, data, as_of)
    for ask in questions:
        assert found.failure(ask.node) is None, found.failure(ask.node)
        grid = found.grid(ask)
        assert list(grid.slices) == reference.keys(ask)
        for key in grid.slices:
            for window in ask.windows:
                ours, theirs = grid.at(key, window), reference.answer(ask, key, window)
                assert same(ours, theirs), (ask.node, key, window, ours, theirs)
                if ours is None:
                    assert found.why(ask, key, window)


def visit(day, who, channel):
    return {
        "at": datetime.fromisoformat(day),
        "visitor": who,
        "channel": channel,
        "country": None,
        "page": "/",
    }


def test_a_slice_that_is_gone_shows_who_is_gone_with_it():
    data = {
        "visits": [visit("2024-01-05", "a", "google"), visit("2024-02-05", "b", "méta")],
        "orders": [{"at": datetime(2024, 2, 1), "customer": "a", "amount": 10.0, "kind": "sale"}],
        "calls": [],
        "countries": cases.AREAS,
    }
    february = (Window(date(2024, 2, 1), date(2024, 2, 29), "month"),)
    touch = Aggregate(
        "last touch",
        "visits",
        cases.VISITOR,
        ONE,
        "none",
        parameter=30.0,
        then=(Step("orders", cases.CUSTOMER),),
    )
    asks = [Ask(agg("churned", "visits", cases.VISITOR), february, (cases.CHANNEL,))]
    asks.append(Ask(touch, february, (cases.CHANNEL,)))
    as_of = date(2024, 2, 29)
    found = evaluate(
        cases.WORLD, asks, TableSession(cases.WORLD, data), as_of, profiles(cases.WORLD, data, as_of)
    )
    for ask in asks:
        grid = found.grid(ask)
        values = {key: grid.at(key, february[0]) for key in grid.slices}
        assert values == {(): 1.0, ("google",): 1.0, ("méta",): 0.0}
