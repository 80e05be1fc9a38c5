"""Random small tables and formulas: every engine agrees with the evaluator in plain Python."""

from itertools import count

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpidsl.evaluate.answer import evaluate
from tests.evaluate import test_against_reference as random
from tests.evaluate.world import ARROW, graph, profiles
from tests.reference import Reference

SPECS = {one.name: one for one in (random.EVENTS, random.PLAN, random.PAGES)}
EXAMPLES = {"parquet": 20, "duckdb": 20, "postgres": 20, "clickhouse": 20, "spark": 6}
"""How many worlds each engine is asked about: some are slow to tell of a new table."""
_numbers = count()


@pytest.fixture(scope="module")
def asked(home):
    """Evaluates questions on a world that is new to the engine."""

    def ask(data, questions, as_of):
        prefix = f"random_{next(_numbers)}_"
        for name, one in SPECS.items():
            schema = pa.schema([(c.name, ARROW[c.type.kind]) for c in one.columns if c.value is None])
            home.put(prefix + name, pa.Table.from_pylist(data[name], schema=schema))
        placed = graph(*(home.placed(one, prefix) for one in SPECS.values()))
        with home.session(SPECS, prefix=prefix) as session:
            return evaluate(placed, questions, session, as_of, profiles(placed, data, as_of))

    return ask


def test_agrees_with_the_reference(home, asked):
    worlds = given(
        random.worlds,
        st.lists(random.asks, min_size=4, max_size=8),
        st.sampled_from([random.date(2024, 2, 29), random.date(2024, 6, 1)]),
    )
    quick = settings(
        max_examples=EXAMPLES[home.name],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )

    @quick
    @worlds
    def agrees(data, questions, as_of):
        found = asked(data, questions, as_of)
        reference = Reference(random.WORLD, data, as_of)
        for ask in questions:
            assert found.failure(ask.node) is None, found.failure(ask.node)
            grid = found.grid(ask)
            assert list(grid.slices) == reference.keys(ask)
            for key in grid.slices:
                for window in ask.windows:
                    ours, theirs = grid.at(key, window), reference.answer(ask, key, window)
                    assert random.same(ours, theirs), (ask.node, key, window, ours, theirs)

    agrees()
