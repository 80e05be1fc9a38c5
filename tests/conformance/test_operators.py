"""Each row operator and each aggregation by itself, on the engine as the session opens it."""

import numpy as np
import pyarrow as pa
import pytest

from tests.evaluate import operator_cases as cases
from tests.evaluate.world import ARROW, spec

SOURCES = {
    "cells": ([cases.CELL], cases.CELLS_KINDS, "late"),
    "rows": (cases.ROWS, cases.ROWS_KINDS, "at"),
}


@pytest.fixture(scope="module")
def opened(home):
    """A session in which both tables are attached: its fetch, its dialect, and what stands for each."""
    specs = {}
    for name, (rows, kinds, time) in SOURCES.items():
        schema = pa.schema([(column, ARROW[kind]) for column, kind in kinds.items()])
        home.put(name, pa.Table.from_pylist(rows, schema=schema))
        specs[name] = spec(name, {c: cases._TYPES[kind] for c, kind in kinds.items()}, time=time)
    with home.session(specs) as session:
        attached = {name: session.attach(home.placed(one)) for name, one in specs.items()}
        for one in attached.values():
            assert not one.problems
        engine = attached["cells"].engine
        yield lambda sql: session.fetch(sql, engine), session.dialect(engine), attached


def value(column):
    """The only value of a column as Python's own."""
    (found,) = column
    if found is np.ma.masked or (isinstance(found, float) and found != found):
        return None
    return found.item() if isinstance(found, np.generic) else found


def checked(opened, source, make, wanted):
    fetch, dialect, attached = opened
    found = fetch(make(dialect, attached[source].relation))
    wrong = [
        (title, value(found[f"v{n}"]), expected)
        for n, (title, _, expected) in enumerate(wanted)
        if not cases.same(value(found[f"v{n}"]), expected)
    ]
    assert not wrong


def test_rows(opened):
    checked(opened, "cells", cases.cases_sql, cases.CASES)


def test_aggregations(opened):
    checked(opened, "rows", cases.aggregations_sql, cases.AGGREGATIONS)
