"""kpidsl itself, as a user runs it: `kpi eval`, every verdict and every month of each slice as CSV."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from benchmarks.cases import AS_OF, Case
from benchmarks.peers.peer import Floats, Peer, grid, number
from benchmarks.process import ROOT


def _write(case: Case, folder: Path) -> None:
    shutil.copy(case.spec, folder / "kpis.kpi")


def _query(case: Case, folder: Path, programs: Path) -> Sequence[str]:
    data = f"events={case.file}"
    return [
        *_kpi(),
        "eval",
        "kpis.kpi",
        "--as-of",
        AS_OF.isoformat(),
        "--data",
        data,
        "--format",
        "csv=out.csv",
    ]


def _values(case: Case, folder: Path) -> Floats:
    return grid(case, _rows(folder / "out.csv"))


def _rows(path: Path) -> Iterator[tuple[int, str, date, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["slice"] and row["start"] and row["running"] == "false":
                name = row["slice"].removeprefix("channel=")
                kpi = int(row["kpi"].removeprefix("kpi_"))
                yield kpi, name, date.fromisoformat(row["start"]), number(row["value"])


def _validate(folder: Path, programs: Path) -> Sequence[str]:
    return [*_kpi(), "lint", "--no-cache", "kpis.kpi"]


def _kpi() -> list[str]:
    return [sys.executable, "-m", "kpidsl"]


PEER = Peer(
    name="kpidsl",
    packages=(),
    write=_write,
    query=_query,
    values=_values,
    validate=_validate,
    environment={"PYTHONPATH": str(ROOT)},
)
