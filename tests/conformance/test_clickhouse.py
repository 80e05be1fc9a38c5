"""ClickHouse as an engine: what it holds, what it refuses, how it fails and is stopped."""

import subprocess
import sys
import time

import numpy as np
import pytest

from kpidsl.evaluate.clickhouse import connect
from kpidsl.evaluate.engine import EngineError, Interrupted, Setting

ENDLESS = "SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 1"


@pytest.fixture(scope="module")
def tables(clickhouse):
    folder, connection = clickhouse
    connection.query("CREATE DATABASE shop")
    connection.query(
        "CREATE TABLE shop.types (n Nullable(Int32), u UInt64, f Float32, d Decimal(12, 2), day Date32,"
        " at DateTime('Europe/Paris'), at6 DateTime64(6, 'Asia/Kolkata'),"
        " word LowCardinality(Nullable(String)), code FixedString(3), kind Enum8('a' = 1, 'b' = 2),"
        " ok Nullable(Bool), list Array(Int8))"
        " ENGINE = MergeTree ORDER BY day"
    )
    connection.query(
        "INSERT INTO shop.types VALUES"
        " (1, 18446744073709551615, 0.5, 1.25, '1950-02-03', '2024-07-01 00:30:00',"
        " '2024-07-01 00:30:00.000001', 'é', 'ab', 'b', true, [1]),"
        " (NULL, 0, 0, 0, '2024-01-02', '2024-01-01 00:30:00', '2024-01-01 00:30:00',"
        " NULL, 'abc', 'a', NULL, [])"
    )
    connection.query("CREATE VIEW shop.outside AS SELECT * FROM file('/etc/hostname', 'LineAsString')")
    return folder


@pytest.fixture
def engine(tables):
    found = connect("chdb:///store", Setting(tables, "UTC", threads=2))
    yield found
    found.close()


def fault(engine, sql):
    with pytest.raises(EngineError) as caught:
        engine.fetch(sql)
    return caught.value


def test_types_are_told_and_mapped(engine):
    assert ("shop", "types") in engine.tables()
    types = engine.types(("shop", "types"))
    assert list(types)[:3] == ["n", "u", "f"]
    assert {name: engine.kind_of(found) for name, found in types.items()} == {
        "n": "number", "u": "number", "f": "number", "d": "number", "day": "day",
        "at": "moment with zone", "at6": "moment with zone", "word": "text", "code": "text", "kind": "text",
        "ok": "flag", "list": None,
    }  # fmt: skip
    assert engine.types(("types",)) is None
    assert engine.types(("first",)) == {"a": "Int8"}


def test_columns_come_as_the_contract_says(engine):
    found = engine.fetch(
        "SELECT n, u, d, day, toDateTime64(at, 3) AS at, at6, word, ok FROM shop.types ORDER BY day"
    )
    assert found["n"].mask.tolist() == [False, True]
    assert found["n"].dtype == np.int32
    assert found["d"].tolist() == [1.25, 0.0]
    assert found["day"].dtype == np.dtype("M8[D]")
    assert found["day"][0] == np.datetime64("1950-02-03")
    assert found["at"][0] == np.datetime64("2024-06-30T22:30:00")
    assert found["at6"][0] == np.datetime64("2024-06-30T19:00:00.000001")
    assert found["word"].tolist() == ["é", None]
    assert found["ok"].tolist() == [True, None]


def test_no_query_can_write_or_read_beside_the_folder(engine):
    for sql in (
        "INSERT INTO shop.types (n) VALUES (1)",
        "CREATE TABLE shop.new (a Int8) ENGINE = Memory",
        "SET readonly = 0",
        "SELECT * FROM file('/etc/hostname', 'LineAsString')",
        "SELECT * FROM url('http://localhost:1', 'LineAsString')",
        "SELECT 1 SETTINGS max_threads = 1",
    ):
        assert fault(engine, sql).fault == "permission", sql


@pytest.mark.parametrize(
    ("sql", "kind", "words"),
    [
        ("SELECT nope FROM shop.types", "query", "Unknown expression identifier `nope`"),
        ("SELECT 1 FROM nope.t", "query", "Database nope does not exist"),
        ("SELECT 1 FROM shop.nope", "query", "shop.nope"),
        ("SELEC 1", "query", "Syntax error"),
        ("SELECT throwIf(1)", "query", "non-zero"),
        ("SELECT unhex('ff') AS x", "query", "column `x` holds a text that is not UTF-8"),
        ("SELECT list FROM shop.types", "query", "column `list` holds list"),
    ],
)
def test_faults_are_told_in_its_first_words(engine, sql, kind, words):
    error = fault(engine, sql)
    assert error.fault == kind
    assert words in error.words
    assert "DB::Exception" not in error.words
    assert "\n" not in error.words


def test_a_failed_query_leaves_nothing_in_the_next_answer(engine):
    """chdb would put what was already written of it before the next answer."""
    for _ in range(3):
        fault(engine, "SELECT number, throwIf(number = 150000) FROM numbers(200000)")
        assert engine.fetch("SELECT 7 AS a")["a"].tolist() == [7]


def test_limits_are_kept(tables):
    engine = connect("chdb:///store", Setting(tables, "UTC", 2, "50MB", 1.0))
    try:
        assert fault(engine, "SELECT length(groupArray(number)) FROM numbers(100000000)").fault == "memory"
        start = time.monotonic()
        assert fault(engine, ENDLESS).fault == "timeout"
        assert time.monotonic() - start < 5
    finally:
        engine.close()


def test_interrupt_stops_what_runs(engine, after):
    start = time.monotonic()
    after(0.5, engine.interrupt)
    with pytest.raises(Interrupted):
        engine.fetch(ENDLESS)
    assert time.monotonic() - start < 5
    assert engine.fetch("SELECT 1 AS a")["a"].tolist() == [1]


def test_batches_hold_a_part_at_a_time(engine):
    pieces = list(engine.batches("SELECT number AS n FROM numbers(200000)", 50_000))
    assert len(pieces) > 1
    assert np.concatenate([piece["n"] for piece in pieces]).tolist() == list(range(200_000))
    started = engine.batches("SELECT number AS n FROM numbers(2000000000)", 50_000)
    assert len(next(started)["n"])
    started.close()
    with pytest.raises(EngineError, match="non-zero"):
        list(engine.batches("SELECT number, throwIf(number = 150000) FROM numbers(200000)", 50_000))
    assert engine.fetch("SELECT 1 AS a")["a"].tolist() == [1]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("chdb:///nowhere", "`nowhere` is no folder with the data of a ClickHouse"),
        ("chdb://store", "a folder is opened as"),
        ("chdb:///", "a folder is opened as"),
        ("chdb:///other", "a process can open one folder of ClickHouse at a time, and `store` is open"),
    ],
)
def test_what_cannot_be_opened_is_told(engine, tables, url, words):
    (tables / "other" / "metadata").mkdir(parents=True, exist_ok=True)
    with pytest.raises(EngineError, match=words) as caught:
        connect(url, Setting(tables, "UTC"))
    assert caught.value.fault == "connection"


def test_a_folder_that_another_process_has_open_is_told(tables):
    code = (
        "import sys; from pathlib import Path; from kpidsl.evaluate.clickhouse import connect\n"
        "from kpidsl.evaluate.engine import EngineError, Setting\n"
        "try: connect('chdb:///store', Setting(Path(sys.argv[1]), 'UTC'))\n"
        "except EngineError as error: print(error.fault, error.words)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tables)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "connection `store` is open in another process\n"
    assert done.stderr == ""
