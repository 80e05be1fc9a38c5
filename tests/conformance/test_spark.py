"""Spark as an engine: within the process and as a server, what it holds, how it fails and is stopped."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kpidsl.evaluate.engine import EngineError, Interrupted, Setting
from kpidsl.evaluate.spark import connect

LONG = "SELECT count(*) FROM range(3000000000) WHERE sha2(CAST(id AS STRING), 256) = 'x'"
URL = "spark://local?warehouse=warehouse"


@pytest.fixture(scope="module")
def folder(warehouse):
    place = warehouse / "warehouse" / "shop" / "types"
    place.mkdir(parents=True)
    table = pa.table(
        {
            "n": pa.array([1, None], pa.int32()),
            "d": pa.array([Decimal("1.25"), None], pa.decimal128(12, 2)),
            "day": pa.array([date(1950, 2, 3), None], pa.date32()),
            "at": pa.array([datetime(2024, 10, 27, 2, 30), None], pa.timestamp("us")),
            "zoned": pa.array([datetime(2024, 10, 27, 0, 30, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
            "word": pa.array(["é", None]),
            "ok": pa.array([True, None]),
            "raw": pa.array([b"x", None]),
        }
    )
    pq.write_table(table, place / "a.parquet")
    for channel in ("google", "meta"):
        part = warehouse / "warehouse" / "parted" / f"channel={channel}"
        part.mkdir(parents=True)
        pq.write_table(pa.table({"n": [1, 2]}), part / "a.parquet")
    (warehouse / "warehouse" / "no table").mkdir()
    return warehouse


@pytest.fixture
def engine(folder):
    found = connect(URL, Setting(folder, "UTC", threads=2))
    yield found
    found.close()


def fault(engine, sql):
    with pytest.raises(EngineError) as caught:
        engine.fetch(sql)
    return caught.value


def test_types_are_told_and_mapped(engine):
    tables = engine.tables()
    assert ("shop", "types") in tables
    assert ("default", "parted") in tables
    types = engine.types(("shop", "types"))
    assert {name: engine.kind_of(found) for name, found in types.items()} == {
        "n": "number", "d": "number", "day": "day", "at": "moment", "zoned": "moment with zone",
        "word": "text", "ok": "flag", "raw": None,
    }  # fmt: skip
    assert list(engine.types(("parted",))) == ["n", "channel"]
    assert engine.types(("nowhere",)) is None
    assert engine.types(("shop", "nowhere")) is None


def test_columns_come_as_the_contract_says(engine):
    engine.types(("shop", "types"))
    sql = "SELECT n, d, day, at, zoned, word, ok FROM shop.types ORDER BY n DESC"
    found = engine.fetch(sql)
    pieces = list(engine.batches(sql, 1))
    assert [len(piece["n"]) for piece in pieces] == [1, 1]
    for name, column in found.items():
        assert column.mask.tolist() == [False, True]
        assert pieces[0][name][0] == column[0]
    assert found["n"].dtype == np.int32
    assert found["d"][0] == 1.25
    assert found["day"][0] == np.datetime64("1950-02-03")
    assert found["at"][0] == np.datetime64("2024-10-27T02:30:00")
    assert found["zoned"][0] == np.datetime64("2024-10-27T00:30:00")
    assert found["word"].tolist() == ["é", None]
    assert found["ok"].dtype == np.bool_


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT nope FROM range(1)", "UNRESOLVED_COLUMN"),
        ("SELECT 1 FROM nope.t", "TABLE_OR_VIEW_NOT_FOUND"),
        ("SELEC 1", "PARSE_SYNTAX_ERROR"),
        ("SELECT 1 / 0", "DIVIDE_BY_ZERO"),
        ("SELECT CAST(CAST(id AS STRING) || 'x' AS INT) FROM range(3)", "CAST_INVALID_INPUT"),
        ("SELECT raise_error('as asked')", "as asked"),
        ("SELECT array(1) AS x", "column `x` holds list"),
    ],
)
def test_faults_are_told_in_its_first_words(engine, capfd, sql, words):
    error = fault(engine, sql)
    assert error.fault == "query"
    assert words in error.words
    assert "SQLSTATE" not in error.words
    assert "\n" not in error.words
    assert capfd.readouterr() == ("", "")


def test_a_text_is_no_variable(engine):
    assert engine.fetch("SELECT '${env:HOME}' AS a")["a"].tolist() == ["${env:HOME}"]


def test_a_query_that_takes_too_long_is_stopped(folder):
    engine = connect(URL, Setting(folder, "UTC", timeout=1.0))
    try:
        start = time.monotonic()
        error = fault(engine, LONG)
        assert (error.fault, error.words) == ("timeout", "no answer within 1 s")
        assert time.monotonic() - start < 8
    finally:
        engine.close()


def test_interrupt_stops_what_runs(engine, after):
    engine.fetch("SELECT 1")
    start = time.monotonic()
    after(1, engine.interrupt)
    with pytest.raises(Interrupted):
        engine.fetch(LONG)
    assert time.monotonic() - start < 8
    assert engine.fetch("SELECT 1 AS a")["a"].tolist() == [1]


def test_ctrl_c_stops_what_runs(engine, after):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job of a shell may ignore it
    try:
        after(1, lambda: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(Interrupted):
            engine.fetch(LONG)
    finally:
        signal.signal(signal.SIGINT, before)
    assert engine.fetch("SELECT 1 AS a")["a"].tolist() == [1]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("spark://local?warehouse=nowhere", "the warehouse `nowhere` is no folder"),
        ("spark://local?warehouse=other", "one Spark with one warehouse at a time"),
        ("spark://host:7077", "Spark is `spark://local`"),
        ("spark://local?other=1", "Spark is `spark://local`"),
        ("sc://127.0.0.1:9", "no server of Spark Connect"),
    ],
)
def test_what_cannot_be_opened_is_told(engine, folder, url, words):
    (folder / "other").mkdir(exist_ok=True)
    with pytest.raises(EngineError, match=words) as caught:
        connect(url, Setting(folder, "UTC"))
    assert caught.value.fault == "connection"


OLD_JAVA = """#!/bin/sh
echo "Error: LinkageError occurred while loading main class org.apache.spark.launcher.Main" >&2
echo "	java.lang.UnsupportedClassVersionError: Main has been compiled by a more recent version" >&2
exit 1
"""


@pytest.mark.parametrize(
    ("java", "words"),
    [
        (None, "java no `java` is found by PATH"),
        (OLD_JAVA, "java java.lang.UnsupportedClassVersionError"),
    ],
)
def test_without_a_java_that_serves_that_is_told(tmp_path, java, words):
    if java is not None:
        (tmp_path / "java").write_text(java)
        (tmp_path / "java").chmod(0o755)
    code = (
        "from pathlib import Path; from kpidsl.evaluate.spark import connect\n"
        "from kpidsl.evaluate.engine import EngineError, Setting\n"
        "try: connect('spark://local', Setting(Path('.'), 'UTC'))\n"
        "except EngineError as error: print(error.fault, error.words)"
    )
    path = f"{tmp_path}:/bin" if java else str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": path, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.stdout.startswith(words), (done.stdout, done.stderr)
