"""Parquet files: a view, never a copy."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from kpidsl.evaluate.quote import literal
from tests.sources.conftest import Project, source


def parquet(path: Path, select: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO {literal(str(path))} (FORMAT parquet)")
    return path


def test_types(project: Project) -> None:
    parquet(
        project.root / "a.parquet",
        "SELECT DATE '2026-01-05' AS day, TIMESTAMPTZ '2026-03-29 01:30:00+00' AS at, 3 AS clicks,"
        " 1.5::DECIMAL(9,2) AS spend, 4.2 AS rate, 17.0::DOUBLE AS who, true AS new, 1 AS flagged,"
        " 'x' AS name, 7::BIGINT AS ref, 'nan'::DOUBLE AS broken, '12.5' AS said",
    )
    kinds = {"day": "time", "at": "time", "clicks": "click", "spend": "EUR", "rate": "%", "who": "identity",
             "new": "flag", "flagged": "flag", "name": "text", "ref": "unknown", "broken": "number",
             "said": "EUR"}  # fmt: skip
    taken = project.take(source("a.parquet", columns=kinds))
    assert taken.problems == ()
    assert {key: values[0] for key, values in taken.rows.items()} == {
        "day": datetime(2026, 1, 5), "at": datetime(2026, 3, 29, 3, 30), "clicks": 3.0, "spend": 1.5,
        "rate": pytest.approx(0.042), "who": "17", "new": True, "flagged": True, "name": "x", "ref": 7,
        "broken": None, "said": 12.5,
    }  # fmt: skip
    assert taken.attached.kinds["ref"] == "number"
    assert taken.attached.kinds["at"] == "moment"


def test_stays_a_view_with_pushdown(project: Project) -> None:
    parquet(
        project.root / "a.parquet",
        "SELECT range AS n, 'x' || range AS channel, range AS unused FROM range(1000)",
    )
    spec = source("a.parquet", columns={"n": "number", "channel": "text"})
    with project.session(spec) as session:
        session.attach(spec)
        explain = "EXPLAIN SELECT count(*) FROM data WHERE channel = 'x5'"
        plan = "\n".join(session._local.guarded.execute(explain).fetchall()[0])
    assert "PARQUET" in plan
    assert "channel='x5'" in plan.replace(" ", "")
    assert "unused" not in plan


def test_many_files_by_name(project: Project) -> None:
    parquet(project.root / "d/1.parquet", "SELECT 1 AS a, 2 AS b")
    parquet(project.root / "d/2.parquet", "SELECT 4 AS b, 3.5 AS a")
    assert project.take(source("d/*.parquet", a="number", b="number")).rows == {
        "a": [1.0, 3.5],
        "b": [2.0, 4.0],
    }


def test_a_file_that_lacks_a_column_is_named(project: Project) -> None:
    parquet(project.root / "d/1.parquet", "SELECT 1 AS a, 2 AS b")
    parquet(project.root / "d/2.parquet", "SELECT 4 AS b")
    taken = project.take(source("d/*.parquet", a="number", b="number"))
    assert (taken.only.code, taken.only.place) == ("K505", "d/2.parquet")
    assert taken.rows == {"b": [2.0, 4.0]}


def test_truncated(project: Project) -> None:
    whole = parquet(project.root / "a.parquet", "SELECT 1 AS a").read_bytes()
    project.write("a.parquet", whole[: len(whole) // 2])
    taken = project.take(source("a.parquet", a="number"))
    assert (taken.only.code, taken.only.place) == ("K513", "a.parquet")
    assert taken.attached.failure is taken.only
