"""The operators of row expressions and the aggregations, run by the engines that run in this process."""

import json

import duckdb
import pyarrow as pa
import pytest

from tests.evaluate.operator_cases import (
    AGGREGATIONS,
    CASES,
    CELL,
    CELLS_KINDS,
    ROWS,
    ROWS_KINDS,
    aggregations_sql,
    cases_sql,
    same,
)
from tests.evaluate.world import ARROW

CELLS = pa.Table.from_pylist(
    [CELL], schema=pa.schema([(name, ARROW[kind]) for name, kind in CELLS_KINDS.items()])
)
MANY = pa.Table.from_pylist(
    ROWS, schema=pa.schema([(name, ARROW[kind]) for name, kind in ROWS_KINDS.items()])
)


def by_duckdb(sql):
    with duckdb.connect() as connection:
        connection.register("cells", CELLS)
        connection.register("rows", MANY)
        return connection.execute(sql).fetchone()


CLICKHOUSE = {
    "number": "Nullable(Float64)",
    "text": "Nullable(String)",
    "day": "Nullable(Date32)",
    "moment": "Nullable(DateTime64(6))",
    "flag": "Nullable(Bool)",
}


def clickhouse_value(value, kind):
    if value is None:
        return f"CAST(NULL AS {CLICKHOUSE[kind]})"
    if kind == "text":
        value = value.replace("\\", "\\\\").replace("'", "\\'")
    written = repr(value) if kind in ("number", "flag") else f"'{value}'"
    return f"CAST({written} AS {CLICKHOUSE[kind]})"


def clickhouse_table(name, rows, kinds):
    selects = (
        "SELECT " + ", ".join(f'{clickhouse_value(row[c], kind)} AS "{c}"' for c, kind in kinds.items())
        for row in rows
    )
    return f'"{name}" AS ({" UNION ALL ".join(selects)})'


def by_clickhouse(sql):
    chdb = pytest.importorskip("chdb")
    tables = clickhouse_table("cells", [CELL], CELLS_KINDS), clickhouse_table("rows", ROWS, ROWS_KINDS)
    settings = "SETTINGS output_format_json_quote_64bit_integers = 0, output_format_json_quote_denormals = 1"
    found = chdb.query(f"WITH {', '.join(tables)} {sql} {settings}", "JSONCompact")
    return tuple(json.loads(str(found))["data"][0])


ENGINES = {"duckdb": by_duckdb, "clickhouse": by_clickhouse}


@pytest.fixture(scope="module", params=["duckdb", pytest.param("clickhouse", marks=pytest.mark.engines)])
def found(request):
    run = ENGINES[request.param]
    return run(cases_sql(request.param)), run(aggregations_sql(request.param))


@pytest.mark.parametrize("number", range(len(CASES)), ids=[name for name, _, _ in CASES])
def test_operator(found, number):
    expected = CASES[number][2]
    assert same(found[0][number], expected), f"{found[0][number]!r} is not {expected!r}"


@pytest.mark.parametrize("number", range(len(AGGREGATIONS)), ids=[name for name, _, _ in AGGREGATIONS])
def test_aggregation(found, number):
    expected = AGGREGATIONS[number][2]
    assert same(found[1][number], expected), f"{found[1][number]!r} is not {expected!r}"
