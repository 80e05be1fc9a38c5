"""Results of many cells are fetched another way, and are the same."""

import random
from datetime import date, timedelta

import numpy as np
import pytest

from kpidsl.evaluate import large, run
from kpidsl.model.periods import Calendar, periods
from kpidsl.model.types import DAY, NUMBER, TEXT
from kpidsl.results import Ask
from tests.evaluate.test_session import ask_all, on_file, write
from tests.evaluate.world import WAYS, agg, col, dimension, graph, lit, op, over, plan_by, spec

VISITS = on_file(spec("visits", {"day": DAY, "page": TEXT, "kind": TEXT, "x": NUMBER}, time="day"))
MONTHS = periods(date(2026, 1, 1), date(2026, 3, 31), "month", Calendar())
X, KIND = col("visits", "x"), col("visits", "kind", TEXT)
BY = (dimension("page", visits=col("visits", "page", TEXT)), dimension("kind", visits=KIND))


@pytest.mark.parametrize("way", WAYS)
def test_many_cells_are_fetched_by_bucket(tmp_path, monkeypatch, way):
    random.seed(1)
    rows = [
        [
            date(2026, 1, 1) + timedelta(n % 90),
            random.choice(["", "/é", "/a", "/b%"]),
            random.choice("uv"),
            n if n % 7 else "",
        ]
        for n in range(60)
    ]
    write(tmp_path, "visits", ["day", "page", "kind", "x"], *rows)
    kept = op(">", X, lit(100.0))
    asks = [
        Ask(node, MONTHS, dims)
        for dims in (BY, BY[:1], ())
        for node in (
            over("/", agg("sum", "visits", X, filter=kept), agg("count", "visits")),
            agg("count distinct", "visits", KIND, filter=kept),
            agg("median", "visits", X),
            agg("last", "visits", X),
        )
    ]
    plan_by(monkeypatch, way)
    usual = ask_all(tmp_path, graph(VISITS), *asks)
    monkeypatch.setattr(large, "LARGE", 0)
    monkeypatch.setattr(run, "LARGE", 0)
    other = ask_all(tmp_path, graph(VISITS), *asks)
    for ask in asks:
        ours, theirs = usual.grid(ask), other.grid(ask)
        assert ours.slices == theirs.slices
        assert np.isfinite(ours.values[0]).all()
        np.testing.assert_allclose(ours.values, theirs.values)
