"""MetricFlow, by dbt on DuckDB: a semantic model, and metrics with filters on its dimensions."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.peers.peer import Floats, Peer, grid, number
from benchmarks.workloads import MEASURES, Kpi

PROFILE = {"target": "dev", "outputs": {"dev": {"type": "duckdb", "path": "bench.duckdb", "threads": 2}}}
PROJECT = {
    "name": "bench",
    "version": "1.0",
    "config-version": 2,
    "profile": "bench",
    "model-paths": ["models"],
}
DAYS = (
    "SELECT CAST(range AS DATE) AS date_day FROM range(DATE '2024-01-01', DATE '2026-01-02', INTERVAL 1 DAY)"
)
FILTERED = re.compile(r"\b(channel|campaign|page|revenue)\b(?=\s*(?:[=<>!]|in\b))")


def _write(case: Case, folder: Path) -> None:
    files = {
        "dbt_project.yml": json.dumps(PROJECT),
        "profiles.yml": json.dumps({"bench": PROFILE}),
        "models/events.sql": f"SELECT * FROM '{case.file}'",
        "models/days.sql": DAYS,
        "models/events.yml": json.dumps(_model(case.chosen)),
    }
    (folder / "models").mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")


def _model(kpis: list[Kpi]) -> dict[str, object]:
    day = {"name": "happened", "expr": "day", "type": "time", "type_params": {"time_granularity": "day"}}
    words = [
        {"name": f"{name}_is", "expr": name, "type": "categorical"}
        for name in ("channel", "campaign", "page", "revenue")
    ]
    measures = [{"name": name, "agg": "sum"} for name in MEASURES]
    events = {
        "name": "events",
        "model": "ref('events')",
        "defaults": {"agg_time_dimension": "happened"},
        "primary_entity": "event",
        "dimensions": [day, *words],
        "measures": [*measures, {"name": "rows", "agg": "sum", "expr": "1"}],
    }
    days = {
        "name": "days",
        "time_spine": {"standard_granularity_column": "date_day"},
        "columns": [{"name": "date_day", "granularity": "day"}],
    }
    metrics = [metric for kpi in kpis for metric in _metrics(kpi)]
    return {"models": [days], "semantic_models": [events], "metrics": metrics}


def _metrics(kpi: Kpi) -> list[dict[str, object]]:
    kept = FILTERED.sub(lambda found: f"{{{{ Dimension('event__{found[1]}_is') }}}}", kpi.condition)

    def simple(name: str, measure: str) -> dict[str, object]:
        made = {"name": name, "label": name, "type": "simple", "filter": kept}
        return made | {"type_params": {"measure": measure}}

    match kpi.kind:
        case "sum":
            return [simple(kpi.name, kpi.column)]
        case "count":
            return [simple(kpi.name, "rows")]
        case "share":
            one, other = f"{kpi.name}_sum", f"{kpi.name}_rows"
            parts = {"numerator": one, "denominator": other}
            ratio: dict[str, object] = {"name": kpi.name, "label": kpi.name, "type": "ratio"}
            return [simple(one, kpi.column), simple(other, "rows"), ratio | {"type_params": parts}]
    raise ValueError(f"no measure for {kpi.kind}")


def _query(case: Case, folder: Path, programs: Path) -> Sequence[str]:
    metrics = ",".join(kpi.name for kpi in case.chosen)
    split = "metric_time__month,event__channel_is"
    return [f"{programs}/mf", "query", "--metrics", metrics, "--group-by", split, "--csv", "out.csv"]


def _values(case: Case, folder: Path) -> Floats:
    return grid(case, _rows(case, folder / "out.csv"))


def _rows(case: Case, path: Path) -> Iterator[tuple[int, str, date, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["metric_time__month"][:10])
            for n, kpi in enumerate(case.chosen):
                yield n, row["event__channel_is"], day, number(row[kpi.name])


PEER = Peer(
    name="MetricFlow",
    # Newer versions need dbt-core 1.11 or later, which fetches a program while it is installed.
    packages=("dbt-metricflow==0.13.0", "dbt-core>=1.10,<1.11", "dbt-duckdb==1.11.1"),
    write=_write,
    query=_query,
    values=_values,
    prepare=lambda folder, programs: [f"{programs}/dbt", "build"],
    validate=lambda folder, programs: [f"{programs}/mf", "validate-configs", "--skip-dw"],
    environment={"DBT_PROFILES_DIR": ".", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
    remark="`dbt build` before it is not counted",
)
