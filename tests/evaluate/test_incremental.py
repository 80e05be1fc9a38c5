"""An incremental evaluation finds what a full one finds, and reads only what is new."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kpidsl
from kpidsl import project as pipeline
from kpidsl.evaluate import identity, keeper
from kpidsl.evaluate.session import Session
from kpidsl.specs import load as load_specs
from tests.project import ROOT, kpi

pytestmark = pytest.mark.slow

SPECS = """\
source events
  from        "data/*.{suffix}"
  time        day
  channel     platform
  column      spend EUR
  column      clicks number
  column      user text
  column      paid = spend * clicks
  check       spend >= 0
  complete    every month
  fresh       within 20 days

kpi spend
  formula     sum(events.spend)
  measured    every month
  target      at least 100 EUR
  by          channel

kpi dear
  formula     sum(events.paid where events.clicks > {least}) / count(events)
  measured    every month

kpi spread
  formula     standard deviation(events.spend where platform != "mail")
  measured    every week

kpi highest
  formula     max(events.spend) - min(events.spend)
  measured    every month
  by          channel

kpi so_far
  formula     count(events where platform = "mail")
  target      at least 3 row
  measured    cumulatively
  from        2026-01-01
  deadline    2026-12-31
"""
MORE = """
kpi users
  formula     count distinct(events.user)
  measured    every month

kpi newest
  formula     last(events.clicks)
  measured    every month
"""
START = date(2026, 1, 1)
ROWS = st.lists(
    st.tuples(
        st.integers(0, 120),
        st.sampled_from(["mail", "google", ""]),
        st.integers(-2, 400),
        st.integers(0, 6),
    ),
    max_size=6,
)
FILE = st.integers(0, 4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), FILE, ROWS),
        st.tuples(st.just("write"), FILE, ROWS),
        st.tuples(st.just("delete"), FILE),
        st.tuples(st.just("touch"), FILE),
        st.tuples(st.just("again"), FILE),
        st.tuples(st.just("sneak"), FILE),
        st.tuples(st.just("rename"), FILE, FILE),
        st.tuples(st.just("odd"), FILE),
        st.tuples(st.just("filter"), st.integers(0, 5)),
        st.tuples(st.just("as of"), st.integers(0, 140)),
        st.tuples(st.just("damage"), st.sampled_from([0, 9, 3000, 30_000])),
    ),
    min_size=2,
    max_size=7,
)


class World:
    """A project whose files change."""

    def __init__(self, folder: Path, suffix: str = "csv", more: str = "") -> None:
        self.folder, self.suffix, self.more = folder, suffix, more
        self.least, self.as_of = 2, START + timedelta(90)
        (folder / "data").mkdir(parents=True)
        (folder / "kpi.toml").write_text("")
        self.write(0, [(3, "mail", 100, 3), (40, "google", 50, 5), (70, "mail", 7, 1)])

    def path(self, number: int) -> Path:
        return self.folder / "data" / f"{number}.{self.suffix}"

    @property
    def store(self) -> Path:
        return self.folder / ".kpidsl" / "cells.duckdb"

    def write(self, number: int, rows: list[tuple[int, str, int, int]]) -> None:
        values = ", ".join(
            f"(DATE '{START + timedelta(day)}', nullif('{where}', ''), {spend / 4}::DOUBLE,"
            f" {clicks}::DOUBLE, 'u{spend % 5}')"
            for day, where, spend, clicks in rows
        )
        nothing = "(DATE '2026-01-01', '', 0::DOUBLE, 0::DOUBLE, '')"
        kept = "" if rows else " WHERE false"
        query = f"FROM (VALUES {values or nothing}) t(day, platform, spend, clicks, user_){kept}"
        columns = 'day, platform, spend, clicks, user_ AS "user"'
        form = {"csv": "CSV, HEADER", "parquet": "PARQUET", "jsonl": "JSON"}[self.suffix]
        with duckdb.connect() as connection:
            connection.execute(f"COPY (SELECT {columns} {query}) TO '{self.path(number)}' (FORMAT {form})")

    def do(self, step: tuple) -> None:
        match step:
            case "write", number, rows:
                self.write(number, rows)
            case "delete", number:
                self.path(number).unlink(missing_ok=True)
            case "filter", least:
                self.least = least
            case "as of", days:
                self.as_of = START + timedelta(days)
            case "damage", at:
                if self.store.exists():
                    data = bytearray(self.store.read_bytes())
                    data[at : at + 400] = b"\xab" * 400
                    self.store.write_bytes(data[: 50_000 if at else None])
            case word, number, *to if self.path(number).exists():
                self._alter(word, self.path(number), *to)

    def _alter(self, word: str, path: Path, to: int = 0) -> None:
        before = path.stat()
        match word:
            case "touch":
                os.utime(path, (1, 1))
            case "again":
                path.write_bytes(path.read_bytes())
            case "sneak":  # other values, and neither size nor time of change tell
                path.write_bytes(path.read_bytes().replace(b"u1", b"u2").replace(b".25", b".75"))
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            case "rename":
                path.rename(self.path(to))
            case "odd" if self.suffix == "csv":
                path.write_text(path.read_text() + "2026-02-01,mail,n/a,1,u1\n")

    def project(self) -> kpidsl.Project:
        """The project with the specs as they are now."""
        specs = SPECS.format(suffix=self.suffix, least=self.least) + self.more
        (self.folder / "kpis.kpi").write_text(specs)
        project = kpidsl.load(self.folder)
        assert project.check() == []
        return project

    def found(self, *, incremental: bool) -> tuple[object, ...]:
        """Everything that an evaluation finds."""
        project = self.project()
        found = project.evaluate(as_of=self.as_of, incremental=incremental)
        sources = [
            (p.rows, p.first, p.watermark, p.stale, [(d.code, d.message, d.notes) for d in p.problems])
            for p in found.sources.values()
        ]
        said = [(d.code, d.message, d.place) for d in found.diagnostics if d.code not in ("K620", "K621")]
        return found.to_dict()["kpis"], sources, said

    def codes(self) -> list[str]:
        """What is said of the store itself."""
        found = self.project().evaluate(as_of=self.as_of, incremental=True)
        return [d.code for d in found.diagnostics if d.code in ("K620", "K621")]

    def reading(self) -> list[str]:
        """How much of the sources an incremental evaluation reads."""
        self.project()
        specs = load_specs([str(self.folder)])
        wish = pipeline.wish(specs, as_of=self.as_of, incremental=True)
        assert isinstance(wish, pipeline.Wish)
        return list(pipeline.evaluate(specs, wish).reading)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, more=st.sampled_from(["", MORE]), settled=st.booleans())
def test_the_same_as_a_full_run_whatever_happens(suffix, steps, more, settled):
    folder = Path(tempfile.mkdtemp())
    with pytest.MonkeyPatch.context() as patch:
        if settled:  # what the file system says is believed at once
            patch.setattr(identity, "_TICK", -(10**18))
        try:
            world = World(folder, suffix, more)
            for step in [("as of", 90), *steps]:
                world.do(step)
                assert world.found(incremental=True) == world.found(incremental=False), step
        finally:
            shutil.rmtree(folder)


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "project")
    for number in range(1, 4):
        world.write(number, [(30 * number - 5, "mail", 40 * number, number), (30 * number, "google", 9, 1)])
    return world


def test_only_new_files_are_attached(world, monkeypatch):
    opened = []
    attach = Session._attach

    def counted(self, reading):
        opened.extend(file.shown for file in reading.files)
        return attach(self, reading)

    monkeypatch.setattr(Session, "_attach", counted)
    assert world.reading() == ["read 4 of 4 files of events"]
    opened.clear()
    world.write(4, [(80, "mail", 8, 1)])
    world.found(incremental=True)
    assert opened == ["data/4.csv"]
    opened.clear()
    assert world.reading()[0].startswith("read 0 of 5 files of events")
    assert opened == []


@pytest.mark.parametrize(
    ("change", "read"),
    [
        (("touch", 1), 0),
        (("again", 1), 0),
        (("rename", 1, 9), 0),
        (("delete", 1), 0),
        (("sneak", 0), 1),
        (("write", 8, [(5, "mail", 3, 3)]), 1),
        (("as of", 95), 0),
        (("filter", 4), 4),
    ],
    ids=lambda each: str(each[0]) if isinstance(each, tuple) else None,
)
def test_what_has_to_be_read_again(world, change, read):
    world.write(0, [(40, "mail", 1, 1), (70, "google", 2, 2)])
    world.found(incremental=True)
    world.do(change)
    assert world.reading()[0].startswith(f"read {read} of ")
    assert world.found(incremental=True) == world.found(incremental=False)


def test_a_file_is_not_even_hashed_when_the_file_system_proves_it(world, monkeypatch):
    hashed = []
    content_of = identity.content_of
    monkeypatch.setattr(identity, "_TICK", -(10**18))
    monkeypatch.setattr(identity, "content_of", lambda path: hashed.append(path) or content_of(path))
    world.found(incremental=True)
    assert len(hashed) == 4
    world.do(("sneak", 0))
    assert world.found(incremental=True) == world.found(incremental=False)
    assert hashed[4:] == [world.path(0).resolve()]


def test_what_needs_all_rows_is_said(world):
    world.more = MORE
    assert world.reading() == ["read all of events: `count distinct` needs all its rows at once"]
    world.more = ""
    world.do(("odd", 2))
    assert world.reading() == ["read all of events: something is to be said of its rows"]
    world.do(("odd", 2))
    assert "K519" in str(world.found(incremental=True)[1])


def test_identities_need_all_rows(world):
    world.more = MORE.replace("count distinct", "returning")
    assert world.found(incremental=True) == world.found(incremental=False)
    assert world.reading() == ["read all of events: `returning` needs all its rows at once"]


def test_parquet_is_read_for_what_cannot_be_kept_only(tmp_path):
    world = World(tmp_path / "project", "parquet", MORE)
    assert world.found(incremental=True) == world.found(incremental=False)
    assert world.reading() == ["read all of events: `count distinct` needs all its rows at once"]


def test_too_many_cells_are_not_kept(world, monkeypatch):
    monkeypatch.setattr(keeper, "MOST_CELLS", 1)
    for _ in range(2):
        assert world.found(incremental=True) == world.found(incremental=False)
    assert world.reading() == ["read all of events: it has about as many cells as rows"]


# -- the store -------------------------------------------------------------------------------------


def test_a_damaged_store_is_made_anew(world):
    world.found(incremental=True)
    world.do(("damage", 0))
    assert world.codes() == ["K620"]
    assert world.codes() == []
    assert world.reading()[0].startswith("read 0 of 4")


def test_cells_that_contradict_the_rows_are_not_believed(world):
    world.found(incremental=True)
    with duckdb.connect(world.store) as connection:
        query = "SELECT table_name FROM duckdb_columns() WHERE column_name = 'n'"
        for (table,) in connection.execute(query).fetchall():
            connection.execute(f'UPDATE "{table}" SET n = n + 1')
    full = world.found(incremental=False)
    assert world.codes() == ["K620"]
    assert world.found(incremental=True) == full
    assert world.codes() == []


def test_what_is_no_store_is_left_alone(world):
    world.folder.joinpath("mine.duckdb").write_text("notes, and not a database of any kind")
    with duckdb.connect(world.folder / "other.duckdb") as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS x")
    for name in ("mine.duckdb", "other.duckdb"):
        (world.folder / "kpi.toml").write_text(f'[incremental]\nstore = "{name}"\n')
        before = (world.folder / name).read_bytes()
        assert world.codes() == ["K620"]
        assert world.found(incremental=True) == world.found(incremental=False)
        assert (world.folder / name).read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("mine.csv", b"day,amount\n2026-01-05,3\n", "it is no DuckDB database"),
        ("short", b"kept", "it is no DuckDB database"),
        ("mine.db", b"\0" * 8 + b"DUCK" + b"\0" * 100, None),
        ("kept", None, "could not read from file"),
    ],
)
def test_why_a_store_cannot_be_used_is_told_in_a_sentence(world, name, content, said):
    if content is None:
        (world.folder / name).mkdir()
    else:
        (world.folder / name).write_bytes(content)
    (world.folder / "kpi.toml").write_text(f'[incremental]\nstore = "{name}"\n')
    found = world.project().evaluate(as_of=world.as_of, incremental=True).diagnostics
    (told,) = [each.message for each in found if each.code == "K620"]
    why = told.partition("cannot be used: ")[2]
    assert "Error: " not in why
    assert why[0].islower()
    assert said is None or why.startswith(said)
    assert content is None or b"DUCK" in content or (world.folder / name).read_bytes() == content


def test_a_store_that_cannot_be_written(world):
    (world.folder / "kpi.toml").write_text('[incremental]\nstore = "kpis.kpi/cells.duckdb"\n')
    assert world.codes() == ["K621"]
    assert world.found(incremental=True) == world.found(incremental=False)


def test_a_store_that_someone_holds_open(world):
    world.found(incremental=True)
    opened = f"c = duckdb.connect({str(world.store)!r})"
    held = f"import duckdb, time; {opened}; print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", held], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        before = world.store.read_bytes()
        assert world.codes() == ["K620"]
        assert world.store.read_bytes() == before
        other.kill()
    assert world.codes() == []


STOPPED = """
import sys, time, kpidsl
from kpidsl.evaluate import store
def stop(*_):
    print("writing", flush=True)
    time.sleep(60)
{where} = stop
kpidsl.load({folder!r}).evaluate(as_of="2026-04-01", incremental=True)
"""


@pytest.mark.parametrize("where", ["store.Store._copy", "store._flush", "store._insert"])
def test_killed_in_mid_write_the_old_store_is_valid(world, where):
    world.found(incremental=True)
    before = world.store.read_bytes()
    world.write(7, [(60, "mail", 44, 4)])
    program = textwrap.dedent(STOPPED).format(where=where, folder=str(world.folder))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "writing\n"
        os.kill(run.pid, signal.SIGKILL)
    assert world.store.read_bytes() == before
    assert world.codes() == []
    assert world.found(incremental=True) == world.found(incremental=False)
    assert world.reading()[0].startswith("read 0 of 5")


def test_two_at_once(world):
    world.found(incremental=False)
    command = [
        sys.executable,
        "-m",
        "kpidsl",
        "eval",
        "--as-of",
        "2026-04-01",
        "--incremental",
        "--format",
        "json",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = [
        subprocess.Popen(command, cwd=world.folder, env=environment, stdout=subprocess.PIPE) for _ in range(3)
    ]
    said = {run.communicate()[0] for run in runs}
    assert len(said) == 1
    assert world.reading()[0].startswith("read 0 of 4")


def test_the_command_says_what_was_read(world):
    world.found(incremental=False)
    first = kpi(world.folder, "eval", "--as-of", "2026-04-01", "--incremental", "-v")
    again = kpi(world.folder, "eval", "--as-of", "2026-04-01", "--incremental", "-v")
    assert "read 4 of 4 files of events\n" in first.err
    assert "read 0 of 4 files of events, the rest from the store\n" in again.err
    assert first.out == again.out == kpi(world.folder, "eval", "--as-of", "2026-04-01", "-v").out
    assert (world.folder / ".kpidsl" / ".gitignore").read_text() == "*\n"


def test_the_config_says_it(world):
    (world.folder / "kpi.toml").write_text('[incremental]\non = true\nstore = "kept/parts.db"\n')
    world.found(incremental=False)
    kpidsl.load(world.folder).evaluate(as_of=world.as_of)
    assert (world.folder / "kept" / "parts.db").exists()
    (world.folder / "kept" / "parts.db").unlink()
    assert kpi(world.folder, "eval", "--no-incremental").code == 0
    assert not (world.folder / "kept" / "parts.db").exists()
