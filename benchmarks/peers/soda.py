"""Soda: a contract with a metric check for each KPI. It knows no split, so that each KPI is one total, and it
shows no value of a check that passes: the bounds are 1e-9 around the value that a query by hand gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb

from benchmarks.cases import Case
from benchmarks.peers.peer import Peer


def _write(case: Case, folder: Path) -> None:
    source = {"type": "duckdb", "name": "bench", "connection": {"database": "bench.duckdb"}}
    with duckdb.connect(str(folder / "bench.duckdb")) as base:
        base.execute(f"CREATE VIEW events AS SELECT * FROM '{case.file}'")
        asked = ", ".join(f"CAST({kpi.cased()} AS DOUBLE)" for kpi in case.chosen)
        found = base.execute(f"SELECT {asked} FROM events").fetchone()
    assert found is not None
    checks = [_check(kpi.name, kpi.filtered(), value) for kpi, value in zip(case.chosen, found, strict=True)]
    contract = {"dataset": "bench/bench/main/events", "columns": [{"name": "day"}], "checks": checks}
    (folder / "source.yml").write_text(json.dumps(source), "utf-8")
    (folder / "contract.yml").write_text(json.dumps(contract), "utf-8")


def _check(name: str, text: str, value: float) -> dict[str, object]:
    width = abs(value) * 1e-9 or 1e-12  # Soda takes no bounds without anything between them
    bounds = {"greater_than_or_equal": value - width, "less_than_or_equal": value + width}
    threshold = {"must_be_between": bounds}
    return {"metric": {"name": name, "qualifier": name, "expression": text, "threshold": threshold}}


def _query(case: Case, folder: Path, programs: Path) -> Sequence[str]:
    return [f"{programs}/soda", "contract", "verify", "-c", "contract.yml", "-ds", "source.yml"]


PEER = Peer(
    name="Soda",
    packages=("soda-core==4.28.0", "soda-duckdb==4.28.0"),
    write=_write,
    query=_query,
    values=lambda case, folder: None,
    validate=lambda folder, programs: [f"{programs}/soda", "contract", "test", "-c", "contract.yml"],
    environment={"SODA_CORE_TELEMETRY_ENABLED": "false"},
    remark="totals only: no months, no channels",
)
