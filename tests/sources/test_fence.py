"""What a spec, and SQL on the connection, cannot reach."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from kpidsl.evaluate.engine import EngineError
from tests.sources.conftest import Project, source

REACHING_OUT = [
    "SELECT * FROM read_csv('/etc/passwd', auto_detect=false, columns={'a': 'VARCHAR'})",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('{root}/secret.csv')",
    "SELECT * FROM '{root}/secret.csv'",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_csv('http://localhost:1/x.csv')",
    "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    "SELECT getenv('HOME')",
    "SELECT * FROM outside",
]
WRITING = [
    "COPY (SELECT 1) TO '{root}/out.csv'",
    "COPY (SELECT 1) TO '{root}/a.csv' (USE_TMP_FILE false)",
    "EXPORT DATABASE '{root}/out'",
    "ATTACH '{root}/out.duckdb' AS o",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "PRAGMA database_list",
    "DROP TABLE data",
    "SELECT 1; COPY (SELECT 1) TO '{root}/out.csv'",
]


@pytest.mark.parametrize("sql", REACHING_OUT)
def test_reading_elsewhere(project: Project, sql: str) -> None:
    outside = [1]  # a Python variable that a replacement scan would find
    project.write("secret.csv", "a\n1\n")
    project.write("a.csv", "a\n1\n")
    with project.session(spec := source("a.csv", a="number")) as session:
        session.attach(spec)
        with pytest.raises((duckdb.Error, EngineError)):
            session.fetch(sql.replace("{root}", str(project.root)))
    assert outside


@pytest.mark.parametrize("sql", WRITING)
def test_only_a_select_is_run(project: Project, sql: str) -> None:
    project.write("a.csv", "a\n1\n")
    with project.session(spec := source("a.csv", a="number")) as session:
        session.attach(spec)
        with pytest.raises(ValueError):
            session.fetch(sql.replace("{root}", str(project.root)))
        assert session.fetch("SELECT count(*) AS n FROM data")["n"].tolist() == [1]
    assert [each.name for each in project.root.iterdir()] == ["a.csv"]
    assert (project.root / "a.csv").read_text() == "a\n1\n"


def test_the_connection_itself_is_locked(project: Project) -> None:
    project.write("a.csv", "a\n1\n")
    with project.session(spec := source("a.csv", a="number")) as session:
        session.attach(spec)
        for sql in (
            f"COPY (SELECT 1) TO '{project.root}/out.csv'",
            f"ATTACH '{project.root}/out.duckdb' AS o",
            "SET enable_external_access = true",
            "SET allowed_paths = ['/etc/passwd']",
            "SET threads = 1",
            "INSTALL httpfs",
            "LOAD httpfs",
        ):
            with pytest.raises((duckdb.Error, EngineError)):
                session._local.guarded.execute(sql)
    assert [each.name for each in project.root.iterdir()] == ["a.csv"]


@pytest.mark.parametrize(
    "pattern",
    ["../outside.csv", "sub/../../outside.csv", "link.csv", "*.csv", "/etc/passwd", "http://localhost/a.csv",
     "s3://bucket/a.csv", "file:///etc/passwd", "~/a.csv", "linked/*.csv", "../nothing.csv"],
)  # fmt: skip
def test_paths_that_lead_out(project: Project, tmp_path: Path, pattern: str) -> None:
    (tmp_path / "outside.csv").write_text("a\n1\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b.csv").write_text("a\n1\n")
    (project.root / "sub").mkdir()
    (project.root / "link.csv").symlink_to(tmp_path / "outside.csv")
    (project.root / "linked").symlink_to(tmp_path / "folder")
    taken = project.take(source(pattern, a="number"))
    assert taken.only.code == "K502"
    assert taken.attached.failure is taken.only


def test_a_link_that_stays_inside(project: Project) -> None:
    project.write("data/2026.csv", "a\n1\n")
    (project.root / "latest.csv").symlink_to(project.root / "data" / "2026.csv")
    assert project.take(source("latest.csv", a="number")).rows == {"a": [1.0]}


def test_names_are_quoted(project: Project) -> None:
    hostile = 'a" FROM x; DROP TABLE "data'
    project.write("it's.csv", 'day,"a"" FROM x; DROP TABLE ""data"\n2026-01-01,1\n')
    taken = project.take(source("it's.csv", title="da\"ta'", columns={hostile: "number", "day": "day"}))
    assert taken.problems == ()
    assert taken.rows[hostile] == [1.0]
