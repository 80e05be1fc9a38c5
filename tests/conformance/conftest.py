"""Every engine, started once, with a place for tables. What the machine lacks is skipped, and says so."""

from __future__ import annotations

import os
import shutil
import threading
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from kpidsl.evaluate.engine import Setting
from tests.conformance.homes import ClickHouse, DuckDB, ParquetFiles, Postgres, Spark
from tests.engines.server import running

ENGINES = ("parquet", "duckdb", "postgres", "spark", "clickhouse")


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.engines)


@pytest.fixture(scope="session")
def postgres():
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory):
    """A folder whose tables a Spark reads that stays open for all tests."""
    if find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed")
    if shutil.which("java") is None:
        pytest.skip("there is no Java to run Spark")
    from kpidsl.evaluate import spark

    folder = tmp_path_factory.mktemp("spark")
    (folder / "warehouse").mkdir()
    # a JVM that lives for a minute spends most of it on compiling code that soon is not needed any more
    os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    kept = spark.connect("spark://local?warehouse=warehouse", Setting(folder, "UTC", threads=2))
    yield folder
    kept.close()


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory):
    """A folder of chdb and the connection that writes to it."""
    if find_spec("chdb") is None:
        pytest.skip("chdb is not installed")
    import chdb

    folder = tmp_path_factory.mktemp("clickhouse")
    connection = chdb.connect(str(folder / "store"))
    connection.query("CREATE TABLE first (a Int8) ENGINE = MergeTree ORDER BY a")
    yield folder, connection
    connection.close()


@pytest.fixture(scope="session", params=ENGINES)
def home(request, tmp_path_factory):
    """Each engine in turn."""
    folder = tmp_path_factory.mktemp(request.param)
    match request.param:
        case "parquet":
            yield ParquetFiles("parquet", folder)
        case "duckdb":
            yield DuckDB("duckdb", folder, "duckdb:///home.duckdb")
        case "postgres":
            server = request.getfixturevalue("postgres")
            with psycopg.connect(server.url(), autocommit=True) as connection:
                yield Postgres("postgres", folder, server.url(), connection=connection)
        case "spark":
            yield Spark("spark", request.getfixturevalue("warehouse"), "spark://local?warehouse=warehouse")
        case "clickhouse":
            folder, connection = request.getfixturevalue("clickhouse")
            yield ClickHouse("clickhouse", folder, "chdb:///store", connection=connection)


@pytest.fixture
def after():
    """Calls something from another thread, after some seconds."""
    timers = []

    def start(seconds, function):
        timers.append(threading.Timer(seconds, function))
        timers[-1].start()

    yield start
    for timer in timers:
        timer.cancel()
        timer.join()
