"""New, returning, retained and churned identities, conversions, funnels and touches."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpidsl.evaluate.answer import evaluate
from tests.evaluate import identity_cases as cases
from tests.evaluate.test_against_reference import same
from tests.evaluate.world import TableSession, profiles
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
