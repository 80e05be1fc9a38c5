"""Scans in other dialects find the cells that DuckDB finds."""

import json

import duckdb
import pyarrow as pa
import pytest

from tests.evaluate.scan_cases import KINDS, ROWS, cells, texts
from tests.evaluate.test_operators import CLICKHOUSE, clickhouse_value
from tests.evaluate.world import ARROW

_SETTINGS = "output_format_json_quote_64bit_integers = 0, output_format_json_quote_denormals = 1"


@pytest.fixture(scope="module")
def expected():
    with duckdb.connect() as connection:
        for name, kinds in KINDS.items():
            schema = pa.schema([(column, ARROW[kind]) for column, kind in kinds.items()])
            connection.register(name, pa.Table.from_pylist(ROWS[name], schema=schema))
        return {
            name: cells(connection.sql(sql).to_arrow_table().to_pylist())
            for name, sql in texts("duckdb").items()
        }


@pytest.fixture(scope="module")
def clickhouse():
    session = pytest.importorskip("chdb.session").Session()
    for name, kinds in KINDS.items():
        columns = ", ".join(f'"{column}" {CLICKHOUSE[kind]}' for column, kind in kinds.items())
        session.query(f"CREATE TABLE {name} ({columns}) ENGINE = Memory")
        rows = (
            "(" + ", ".join(clickhouse_value(row[column], kind) for column, kind in kinds.items()) + ")"
            for row in ROWS[name]
        )
        session.query(f"INSERT INTO {name} VALUES {', '.join(rows)}")
    yield session
    session.close()


@pytest.mark.engines
@pytest.mark.parametrize("name", texts("clickhouse"))
def test_clickhouse_finds_the_same_cells(name, expected, clickhouse):
    found = clickhouse.query(f"{texts('clickhouse')[name]} SETTINGS {_SETTINGS}", "JSON")
    assert expected[name]
    assert cells(json.loads(str(found))["data"]) == expected[name]
