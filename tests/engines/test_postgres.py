"""PostgreSQL: the same verdicts as over files, every fault told, and no secret ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import numpy as np
import psycopg
import pytest

import kpidsl
from kpidsl.cli import main
from kpidsl.evaluate.engine import EngineError, Interrupted, Setting
from kpidsl.evaluate.postgres import Postgres, connect
from tests.engines import shop
from tests.engines.server import SECRET, Server

pytestmark = pytest.mark.slow

AS_OF = "2026-06-15"
ALL = sorted(shop.TABLES)


@pytest.fixture(scope="module")
def data(server: Server) -> dict[str, list[dict[str, object]]]:
    rows = shop.rows()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        shop.into_postgres(connection, rows)
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'")
        connection.execute("GRANT USAGE ON SCHEMA shop TO reader")
        connection.execute("GRANT SELECT ON shop.views TO reader")
    return rows


@pytest.fixture
def engine(server: Server) -> Iterator[Postgres]:
    found = connect(server.url(), Setting(Path(), "UTC"))
    yield found
    found.close()


def project(folder: Path, server: Server, spec: str, url: str = "", config: str = "") -> kpidsl.Project:
    url = url or f"postgresql://${{SHOP_USER}}:${{SHOP_PASSWORD}}@127.0.0.1:{server.port}/postgres"
    (folder / "kpi.toml").write_text(f'{config}\n[connections.shop]\nurl = "{url}"\n', "utf-8")
    (folder / "a.kpi").write_text(spec, "utf-8")
    found = kpidsl.load(folder)
    assert [d for d in found.check() if d.severity.word == "error"] == []
    return found


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_USER", "kpi_owner")
    monkeypatch.setenv("SHOP_PASSWORD", SECRET)
    monkeypatch.setenv("SHOP_HOST", "hidden-host.invalid")


# -- the same verdicts --


@pytest.fixture(scope="module")
def over_files(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, list[dict[str, object]]]
) -> kpidsl.Evaluation:
    folder = tmp_path_factory.mktemp("files")
    shop.into_parquet(folder, data)
    (folder / "kpi.toml").write_text("", "utf-8")
    (folder / "a.kpi").write_text(shop.spec(shop.FILES), "utf-8")
    return kpidsl.load(folder).evaluate(as_of=AS_OF)


def told(found: kpidsl.Evaluation) -> list[tuple[object, ...]]:
    every = [v for j in found.judged for v in (j.headline, *j.slices, *j.history)]
    return [(v.kpi, v.slice, v.window, v.word, v.value, v.rows, v.why) for v in every]


def promises(found: kpidsl.Evaluation) -> dict[str, tuple[object, ...]]:
    return {
        name: (p.rows, p.first, p.watermark, sorted(d.message for d in p.problems))
        for name, p in found.sources.items()
    }


@pytest.mark.parametrize("local", [(), ("customers",), ("orders",), ("views",)], ids=str)
def test_verdicts_are_those_over_files(
    tmp_path: Path, server: Server, data: dict[str, list[dict[str, object]]],
    over_files: kpidsl.Evaluation, local: tuple[str, ...],
) -> None:  # fmt: skip
    """Some sources in files, all else in the database: what belongs together is copied then."""
    shop.into_parquet(tmp_path, data)
    places = {**shop.REMOTE, **{table: shop.FILES[table] for table in local}}
    found = project(tmp_path, server, shop.spec(places)).evaluate(as_of=AS_OF)
    assert [d.code for d in found.diagnostics] == []
    assert {v.word for v in found} > {"met", "missed", "no target"}
    assert told(found) == told(over_files)
    assert promises(found) == promises(over_files)


def test_what_is_in_one_database_is_asked_there(
    tmp_path: Path, server: Server, data: dict[str, list[dict[str, object]]]
) -> None:
    shop.into_parquet(tmp_path, data)
    places = {**shop.REMOTE, "views": shop.FILES["views"]}
    found = project(tmp_path, server, shop.spec(places)).evaluate(as_of=AS_OF)
    asked = {q.source: q.sql for q in found._outcome.answers.queries}
    assert '"shop"."orders"' in asked["orders"]
    assert '"shop"' not in asked["landings"]
    ran = {(q.source, q.purpose, q.engine, q.dialect) for q in found._outcome.queries}
    assert {("orders", p, "shop", "postgres") for p in ("connect", "profile", "scan")} <= ran
    assert {("views", p, "", "duckdb") for p in ("read", "profile")} <= ran
    assert ("landings", "group", "", "duckdb") in ran


def test_an_index_on_the_day_serves(
    tmp_path: Path, server: Server, admin: psycopg.Connection, data: object
) -> None:
    spec = 'source orders\n  from table "shop.orders" in shop\n  time day\n  column amount EUR\n\n'
    spec += "kpi revenue\n  formula sum(orders.amount)\n  measured every day\n"
    admin.execute("CREATE INDEX IF NOT EXISTS by_day ON shop.orders (day)")
    found = project(tmp_path, server, spec).evaluate(as_of="2026-02-03", for_="2026-02-03")
    sql = found._outcome.answers.queries[-1].sql
    admin.execute("SET enable_seqscan = off")
    plan = "\n".join(row[0] for row in admin.execute(f"EXPLAIN {sql}").fetchall())
    assert "Index Cond: ((day >= " in plan


# -- faults --

TWO = """
source here
  from        "here.csv"
  time        day

source there
  from        table "shop.orders" in shop
  time        at
  column      amount EUR

kpi rows_here
  formula     count(here)
  measured    every month

kpi revenue
  formula     sum(there.amount)
  measured    every month
"""


def evaluate(folder: Path, *options: str) -> tuple[int, str]:
    """The exit code and everything that a command shows."""
    (folder / "here.csv").write_text("day\n2026-06-01\n", "utf-8")
    shown = StringIO()
    with redirect_stdout(shown), redirect_stderr(shown), pytest.raises(SystemExit) as ended:
        main(["eval", str(folder), "--as-of", AS_OF, *options])
    return int(ended.value.code or 0), shown.getvalue()


def no_secret(text: str) -> bool:
    forms = {SECRET, quote(SECRET, safe=""), quote(SECRET), "s3cr3t", "with@signs", "hunter2", "hidden-host"}
    return not any(form in text for form in forms)


NOWHERE = "postgresql://${SHOP_USER}:${SHOP_PASSWORD}@"
FAULTS = {
    "refused": (NOWHERE + "127.0.0.1:1/postgres", "K531", "Connection refused"),
    "unknown host": (NOWHERE + "nowhere.invalid/postgres", "K531", "nowhere.invalid"),
    "wrong password": (
        "postgresql://reader:${SHOP_PASSWORD}x@127.0.0.1:PORT/postgres",
        "K531",
        "FATAL: password",
    ),
    "unknown database": (NOWHERE + "127.0.0.1:PORT/nothing", "K531", '"nothing" does not exist'),
    "no url": ("postgresql://${SHOP_USER}:${SHOP_PASSWORD}@[127.0.0.1/postgres", "K531", "the url is none"),
    "no port": (NOWHERE + "127.0.0.1:nope/postgres", "K531", "invalid integer value"),
    "secret host": ("postgresql://me@${SHOP_HOST}/postgres", "K531", "***"),
    "unescaped": ("postgresql://me:hunter2/or3@127.0.0.1:PORT/postgres", "K531", ""),
    "no permission": (
        "postgresql://reader:${SHOP_PASSWORD}@127.0.0.1:PORT/postgres?options=-csearch_path%3Dshop",
        "K532",
        "permission denied",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_and_the_rest_is_evaluated(
    tmp_path: Path, server: Server, data: object, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, code, words = FAULTS[fault]
    monkeypatch.setattr("kpidsl.evaluate.postgres._PAUSES", (0.01, 0.01))
    spec = TWO.replace("shop.orders", "shop.customers").replace("time        at", "time        since")
    spec = spec.replace("amount EUR", "id number").replace("there.amount", "there.id")
    project(tmp_path, server, spec, url.replace("PORT", str(server.port)))
    status, text = evaluate(tmp_path)
    assert status == 2
    assert f"error[{code} " in text
    assert "connection shop" in text
    assert words in text
    assert text.count(f"error[{code} ") == 1
    assert "1 row in 2026-06" in text  # of the other source
    assert no_secret(text)
    for options in (("-v",), ("--format", "json"), ("--format", "markdown"), ("--format", "html")):
        assert no_secret(evaluate(tmp_path, *options)[1])


def test_a_missing_driver_names_the_extra(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kpidsl.evaluate.connections.find_spec", lambda name: None)
    project(tmp_path, server, TWO)
    status, text = evaluate(tmp_path)
    assert status == 2
    assert "error[K530 missing-driver]" in text
    assert "pip install 'kpidsl[postgres]'" in text


SLOW = (
    "CREATE OR REPLACE VIEW shop.slow AS SELECT o.* FROM shop.orders o, (SELECT pg_sleep({}) IS NULL AS s) p"
    " WHERE o.id >= 0 AND NOT p.s"
)


def test_a_server_that_stops_what_takes_long(
    tmp_path: Path, server: Server, admin: psycopg.Connection, data: object
) -> None:
    admin.execute(SLOW.format(5))
    url = f"postgresql://${{SHOP_USER}}:${{SHOP_PASSWORD}}@127.0.0.1:{server.port}/postgres"
    project(
        tmp_path, server, TWO.replace("shop.orders", "shop.slow"), url + "?options=-cstatement_timeout%3D200"
    )
    status, text = evaluate(tmp_path)
    assert status == 2
    assert "error[K609 query-stopped]: the query on `there` took longer than `shop` allows" in text
    assert "canceling statement due to statement timeout" in text
    assert "1 row in 2026-06" in text


def test_the_time_of_an_evaluation_holds_for_databases(
    tmp_path: Path, server: Server, admin: psycopg.Connection, data: object
) -> None:
    admin.execute(SLOW.format(60))
    project(tmp_path, server, TWO.replace("shop.orders", "shop.slow"))
    start = time.perf_counter()
    status, text = evaluate(tmp_path, "--timeout", "2s")
    assert time.perf_counter() - start < 20
    assert status == 2
    assert "error[K607 timeout]" in text


TABLE = {
    "a name that is near": ("shop.order", "K517", "`shop.orders`"),
    "a type that cannot be": ("shop.orders", "K518", "`character varying`"),
    "a name without its schema": ("orders", None, ""),
}


@pytest.mark.parametrize("case", TABLE)
def test_tables_and_their_columns(
    tmp_path: Path, server: Server, admin: psycopg.Connection, data: object, case: str
) -> None:
    table, code, words = TABLE[case]
    admin.execute("DROP SCHEMA IF EXISTS odd CASCADE; CREATE SCHEMA odd")
    admin.execute("CREATE TABLE odd.texts (at timestamp, amount varchar(20))")
    if code == "K518":
        table = "odd.texts"
        words = "`character varying(20)`"
    project(tmp_path, server, TWO.replace("shop.orders", table))
    _, text = evaluate(tmp_path)
    if code is None:
        assert "error" not in text
    else:
        assert f"error[{code} " in text
        assert words in text
    admin.execute("DROP SCHEMA odd CASCADE")


@pytest.mark.parametrize(
    ("values", "told"), [("0.042", True), ("0.5, 1", True), ("4.2", False), ("1, 0", False)]
)
@pytest.mark.parametrize("copied", [False, True])
def test_percents_that_may_be_fractions(
    tmp_path: Path, server: Server, admin: psycopg.Connection, values: str, told: bool, copied: bool
) -> None:
    admin.execute("DROP SCHEMA IF EXISTS odd CASCADE; CREATE SCHEMA odd")
    admin.execute(
        f"CREATE TABLE odd.t AS SELECT date '2026-06-01' AS at, 1 AS k, unnest(ARRAY[{values}]) AS rate"
    )
    link = "\n  belongs to here by k = day" if copied else ""
    spec = TWO.replace("shop.orders", "odd.t").replace("amount EUR", "rate %\n  column k text" + link)
    project(tmp_path, server, spec.replace("sum(there.amount)", "average(there.rate)"))
    status, text = evaluate(tmp_path)
    admin.execute("DROP SCHEMA odd CASCADE")
    assert status == 0
    assert ("holds percents of at most" in text) == told


def test_one_name_in_two_schemas(
    tmp_path: Path, server: Server, admin: psycopg.Connection, data: object
) -> None:
    admin.execute("DROP SCHEMA IF EXISTS odd CASCADE; CREATE SCHEMA odd; CREATE TABLE odd.orders (at date)")
    project(tmp_path, server, TWO.replace("shop.orders", "orders"))
    _, text = evaluate(tmp_path)
    admin.execute("DROP SCHEMA odd CASCADE")
    assert "error[K517 missing-table]: connection `shop` has several tables `orders`" in text


def test_too_many_rows_to_copy(
    tmp_path: Path, server: Server, data: dict[str, list[dict[str, object]]]
) -> None:
    shop.into_parquet(tmp_path, data)
    places = {**shop.REMOTE, "customers": shop.FILES["customers"]}
    small = project(tmp_path, server, shop.spec(places), config="[limits]\ncopied_rows = 899")
    found = small.evaluate(as_of=AS_OF)
    (problem,) = found.diagnostics
    assert problem.code == "K533"
    assert problem.message == "`orders` has more than 899 rows, too many to be copied from `shop`"
    assert found.verdict("stays").word == "no target"  # of what is not copied
    just = project(tmp_path, server, shop.spec(places), config="[limits]\ncopied_rows = 900")
    assert just.evaluate(as_of=AS_OF).diagnostics == ()


# -- the engine by itself --


def test_results_are_columns(engine: Postgres) -> None:
    found = engine.fetch(
        "SELECT * FROM (VALUES (1::int, 1.5::numeric, 2.5::float8, date '2026-01-02', true,"
        " timestamp '2026-01-02 03:04:05.678901', timestamptz '2026-01-02 03:04+01', 'é'::text,"
        " 'a'::char(2)), (NULL, NULL, 'NaN', NULL, NULL, NULL, NULL, NULL, NULL))"
        " t (i, n, f, d, b, m, z, t, c)"
    )
    assert [v.dtype.str for v in found.values()] == [
        "<i8", "<f8", "<f8", "<M8[D]", "|b1", "<M8[us]", "<M8[us]", "|O", "|O",
    ]  # fmt: skip
    assert found["z"][0] == np.datetime64("2026-01-02T02:04")
    assert [np.ma.getmaskarray(v).tolist() for v in found.values()] == [
        [False, name not in "f"] for name in found
    ]
    assert {k: v.dtype.kind for k, v in engine.fetch("SELECT 1 AS a, 'x' AS b WHERE false").items()} == {
        "a": "i",
        "b": "O",
    }


def test_large_results_come_in_pieces(engine: Postgres) -> None:
    sql = "SELECT n::int8 AS n, CASE WHEN n > 40000 THEN n::text END AS t FROM generate_series(1, 50001) n"
    pieces = [len(piece["n"]) for piece in engine.batches(sql, 20_000)]
    assert pieces == [20_000, 20_000, 10_001]
    whole = engine.fetch(sql)
    assert whole["n"].sum() == 50_001 * 25_001
    assert whole["t"].count() == 10_001
    assert [len(piece["n"]) for piece in engine.batches("SELECT 1 AS n WHERE false", 10)] == [0]


@pytest.mark.parametrize(
    ("sql", "fault", "words"),
    [
        ("SELECT nope", "query", 'column "nope" does not exist'),
        ("SELECT 1 / 0", "query", "division by zero"),
        ("CREATE TABLE t (a int)", "query", "cannot execute CREATE TABLE in a read-only transaction"),
        ("SELECT setval('shop.s', 5)", "query", "cannot execute setval() in a read-only transaction"),
        ("SELECT pg_sleep(9)", "timeout", "canceling statement due to statement timeout"),
    ],
)
def test_faults_of_queries(
    server: Server, admin: psycopg.Connection, data: object, sql: str, fault: str, words: str
) -> None:
    admin.execute("CREATE SEQUENCE IF NOT EXISTS shop.s")
    engine = connect(server.url(), Setting(Path(), "UTC", timeout=0.3))
    with pytest.raises(EngineError) as told:
        engine.fetch(sql)
    assert (told.value.fault, told.value.words) == (fault, words)
    assert engine.fetch("SELECT 1 AS n")["n"][0] == 1  # and on it goes
    engine.close()


def test_an_interrupt_from_another_thread(engine: Postgres) -> None:
    threading.Timer(0.3, engine.interrupt).start()
    start = time.perf_counter()
    with pytest.raises(Interrupted):
        engine.fetch("SELECT pg_sleep(30)")
    assert time.perf_counter() - start < 10
    assert engine.fetch("SELECT 1 AS n")["n"][0] == 1


def test_a_query_is_asked_again_where_the_connection_was_lost(
    engine: Postgres, admin: psycopg.Connection
) -> None:
    pid = int(engine.fetch("SELECT pg_backend_pid() AS n")["n"][0])
    threading.Timer(0.3, lambda: admin.execute("SELECT pg_terminate_backend(%s)", (pid,))).start()
    found = engine.fetch("SELECT pg_backend_pid() AS n, pg_sleep(1)")
    assert int(found["n"][0]) != pid


def test_it_is_not_asked_for_ever(
    engine: Postgres, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kpidsl.evaluate.postgres._PAUSES", (0.05, 0.1))
    killed: set[int] = set()
    done = threading.Event()

    def kill() -> None:
        while not done.wait(0.05):
            rows = admin.execute(
                "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'kpidsl' AND query LIKE '%pg_sleep%' AND state = 'active'"
            ).fetchall()
            killed.update(pid for pid, _ in rows)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        with pytest.raises(EngineError) as told:
            engine.fetch("SELECT pg_sleep(5)")
    finally:
        done.set()
        thread.join()
    assert told.value.fault == "connection"
    assert len(killed) == 3


def test_nothing_shows_the_url(engine: Postgres, server: Server) -> None:
    assert no_secret(repr(engine))
    with pytest.raises(EngineError) as told:
        connect(server.url("nothing"), Setting(Path(), "UTC")).fetch("SELECT 1")
    assert told.value.__suppress_context__
    assert no_secret(str(told.value))


def test_a_server_that_cannot_be_reached_is_asked_once_for_all_sources(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []
    monkeypatch.setattr("kpidsl.evaluate.postgres._PAUSES", (0.01, 0.01))
    monkeypatch.setattr(psycopg, "connect", lambda *a, **k: tries.append(1) or _refuse())
    found = project(tmp_path, server, shop.spec(shop.REMOTE)).evaluate(as_of=AS_OF)
    assert len(tries) == 3
    assert {v.word for v in found} == {"failed"}


def _refuse() -> None:
    raise psycopg.OperationalError("connection failed: no route to host")
