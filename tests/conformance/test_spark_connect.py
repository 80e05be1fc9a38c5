"""A real server of Spark Connect on loopback."""

import os
import shutil
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from kpidsl.evaluate.engine import EngineError, Interrupted, Setting
from kpidsl.evaluate.spark import connect

LONG = "SELECT count(*) FROM range(3000000000) WHERE sha2(CAST(id AS STRING), 256) = 'x'"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A process, and the url to reach it by."""
    found = find_spec("pyspark")
    if found is None or find_spec("grpc") is None:
        pytest.skip("pyspark[connect] is not installed")
    if shutil.which("java") is None:
        pytest.skip("there is no Java to run Spark")
    home = Path(found.origin).parent
    if not list((home / "jars").glob("spark-connect_*.jar")):
        pytest.skip("this pyspark comes without the server of Spark Connect")
    folder = tmp_path_factory.mktemp("connect")
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port = tried.getsockname()[1]
    settings = {
        "spark.connect.grpc.binding.port": port, "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.sql.shuffle.partitions": 2,
        "spark.sql.warehouse.dir": folder / "warehouse", "spark.sql.caseSensitive": "false",
        "spark.sql.session.timeZone": "Asia/Kolkata", "spark.sql.ansi.enabled": "false",
    }  # fmt: skip
    command = [home / "bin" / "spark-submit", "--master", "local[2]"]
    for name, value in settings.items():
        command += ["--conf", f"{name}={value}"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    options = {
        "SPARK_SUBMIT_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "PYSPARK_PYTHON": sys.executable,
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command], stdout=log, stderr=log, cwd=folder, env={**os.environ, **options}
        )
    try:
        for _ in range(600):
            assert process.poll() is None, (folder / "log").read_text(errors="replace")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.2)
            else:
                break
        yield f"sc://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_a_server_is_asked_as_a_spark_of_this_process_is(server, after):
    engine = connect(server, Setting(Path(), "UTC"))
    assert engine.dialect == "spark"
    engine._session.sql("CREATE DATABASE shop")
    engine._session.sql("CREATE TABLE shop.orders (n INT, at TIMESTAMP, word STRING) USING parquet")
    engine._session.sql(
        "INSERT INTO shop.orders VALUES (1, TIMESTAMP '2026-01-01 00:30:00', 'é'), (2, NULL, NULL)"
    )
    assert ("shop", "orders") in engine.tables()
    types = engine.types(("shop", "orders"))
    assert types == {"n": "int", "at": "timestamp", "word": "string"}
    assert engine.types(("shop", "nothing")) is None
    # what the server has set otherwise does not count
    found = engine.fetch("SELECT *, HOUR(at) AS hour FROM shop.orders ORDER BY n")
    assert found["hour"].tolist() == [0, None]
    assert found["word"].tolist() == ["é", None]
    assert [len(piece["n"]) for piece in engine.batches("SELECT n FROM shop.orders", 1)] == [1, 1]
    for sql, words in {
        "SELECT N FROM shop.orders": "UNRESOLVED_COLUMN",
        "SELECT 1 / 0": "DIVIDE_BY_ZERO",
        "SELEC 1": "PARSE_SYNTAX_ERROR",
    }.items():
        with pytest.raises(EngineError, match=words) as caught:
            engine.fetch(sql)
        assert caught.value.fault == "query"
        assert "\n" not in caught.value.words
    after(1, engine.interrupt)
    with pytest.raises(Interrupted):
        engine.fetch(LONG)
    assert engine.fetch("SELECT 1 AS a")["a"].tolist() == [1]
    engine.close()


def test_what_takes_too_long_is_stopped(server):
    engine = connect(server, Setting(Path(), "UTC", timeout=2.0))
    with pytest.raises(EngineError, match="no answer within 2 s") as caught:
        engine.fetch(LONG)
    assert caught.value.fault == "timeout"
    engine.close()


def test_a_url_that_is_none_is_told():
    for url in ("sc://127.0.0.1:port", "sc://"):
        with pytest.raises(EngineError, match="no server of Spark Connect"):
            connect(url, Setting(Path(), "UTC"))
