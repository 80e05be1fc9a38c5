"""sidemantic: a model of metrics with filters, and ratios of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.peers.peer import Floats, Peer, grid, number
from benchmarks.workloads import Kpi


def _write(case: Case, folder: Path) -> None:
    metrics = [metric for kpi in case.chosen for metric in _metrics(kpi)]
    model = {
        "name": "events",
        "sql": f"SELECT * FROM '{case.file}'",
        "primary_key": "session",
        "dimensions": [
            {"name": "day", "type": "time", "sql": "day", "granularity": "day"},
            {"name": "channel", "type": "categorical", "sql": "channel"},
        ],
        "metrics": metrics,
    }
    shares = [
        {
            "name": kpi.name,
            "type": "ratio",
            "numerator": f"events.{kpi.name}_sum",
            "denominator": f"events.{kpi.name}_rows",
        }
        for kpi in case.chosen
        if kpi.kind == "share"
    ]
    (folder / "models").mkdir()
    # JSON is YAML
    (folder / "models" / "events.yml").write_text(json.dumps({"models": [model], "metrics": shares}), "utf-8")


def _metrics(kpi: Kpi) -> list[dict[str, object]]:
    total = {"agg": "sum", "sql": kpi.column, "filters": [kpi.condition]}
    count = {"agg": "count", "filters": [kpi.condition]}
    match kpi.kind:
        case "sum":
            return [{"name": kpi.name, **total}]
        case "count":
            return [{"name": kpi.name, **count}]
        case "distinct":
            return [{"name": kpi.name, **total, "agg": "count_distinct"}]
        case "share":
            return [{"name": f"{kpi.name}_sum", **total}, {"name": f"{kpi.name}_rows", **count}]


def _query(case: Case, folder: Path, programs: Path) -> Sequence[str]:
    metrics = [
        part
        for kpi in case.chosen
        for part in ("--metric", kpi.name if kpi.kind == "share" else f"events.{kpi.name}")
    ]
    split = ("--dimension", "events.day__month", "--dimension", "events.channel")
    return [f"{programs}/sidemantic", "query", "--models", "models", *metrics, *split, "--output", "out.csv"]


def _values(case: Case, folder: Path) -> Floats:
    return grid(case, _rows(case, folder / "out.csv"))


def _rows(case: Case, path: Path) -> Iterator[tuple[int, str, date, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["day__month"])
            for n, kpi in enumerate(case.chosen):
                yield n, row["channel"], day, number(row[kpi.name])


def _validate(folder: Path, programs: Path) -> Sequence[str]:
    return [f"{programs}/sidemantic", "validate", "models"]


PEER = Peer("sidemantic", ("sidemantic==0.13.0",), _write, _query, _values, validate=_validate)
