"""Many slices: 20 KPIs by landing page over 12 months, from 8 pages to a million.

Prints seconds and peak memory of whole `kpi eval` processes, the stages of one, and checks sums and ratios of
a sample of pages against DuckDB.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.process import kpi, once

SUMS = ("spend", "revenue", "clicks", "visits")
RATIOS = {
    "cost_per_click": ("spend", "clicks", "at most 0.6 EUR per click"),
    "cost_per_visit": ("spend", "visits", "at most 0.4 EUR per visit"),
    "revenue_per_click": ("revenue", "clicks", "at least 1.5 EUR per click"),
    "revenue_per_visit": ("revenue", "visits", "at least 1.1 EUR per visit"),
    "return_on_spend": ("revenue", "spend", "at least 3"),
    "cost_share": ("spend", "revenue", "at most 0.35"),
    "clicks_per_visit": ("clicks", "visits", "at least 0.7 click per visit"),
    "visits_per_click": ("visits", "clicks", "at most 1.5 visit per click"),
}
AVERAGES = {
    "mean_spend": ("spend", "at most 11 EUR"),
    "mean_revenue": ("revenue", "at least 30 EUR"),
    "mean_clicks": ("clicks", "at least 20 click"),
    "mean_visits": ("visits", "at least 28 visit"),
}
OTHERS = {
    "margin": ("sum(events.revenue) - sum(events.spend)", "at least 0 EUR"),
    "event_count": ("count(events)", None),
    "profit_share": ("(sum(events.revenue) - sum(events.spend)) / sum(events.revenue)", "at least 60%"),
    "cost_per_event": ("sum(events.spend) / count(events)", "at most 11 EUR per row"),
}


def specs() -> str:
    """Twenty KPIs: sums, ratios, averages and differences, each by page and month."""
    lines = [
        "source events",
        '  from        "events.parquet"',
        "  time        day",
        "  column      page text",
        "  column      spend EUR",
        "  column      revenue EUR",
        "  column      clicks click",
        "  column      visits visit",
        "",
    ]
    formulas = {f"total_{name}": (f"sum(events.{name})", None) for name in SUMS}
    formulas |= {
        name: (f"sum(events.{above}) / sum(events.{below})", target)
        for name, (above, below, target) in RATIOS.items()
    }
    formulas |= {name: (f"average(events.{column})", target) for name, (column, target) in AVERAGES.items()}
    formulas |= OTHERS
    for name, (formula, target) in formulas.items():
        lines += [f"kpi {name}", f"  formula     {formula}"]
        lines += [f"  target      {target}", "  tolerance   5%"] if target else []
        lines += ["  measured    every month", "  by          page", ""]
    return "\n".join(lines)


def generate(folder: Path, pages: int) -> int:
    """A row for each page and month, and a fifth more of skewed ones: a few pages have most of those."""
    sql = f"""
        COPY (
            WITH every AS (
                SELECT p, m, hash(p * 12 + m) AS h FROM range({pages}) AS a(p), range(12) AS b(m)
                UNION ALL
                SELECT CAST(floor({pages} * pow((hash(i) % 1000000) / 1e6, 4)) AS BIGINT) AS p,
                       i % 12 AS m, hash(i + 7) AS h
                FROM range({max(pages * 12 // 5, 100)}) AS c(i)
            )
            SELECT CAST(DATE '2025-01-01' + INTERVAL (m) MONTH + INTERVAL (h % 28) DAY AS DATE) AS day,
                   '/landing/' || lpad(CAST(p AS VARCHAR), 7, '0') AS page,
                   (h % 2000) / 100 AS spend, (h // 2000 % 7000) / 100 AS revenue,
                   CAST(h // 11 % 50 AS INTEGER) AS clicks, CAST(h // 13 % 60 AS INTEGER) AS visits
            FROM every
        ) TO '{folder / "events.parquet"}' (FORMAT parquet)
    """
    connection = duckdb.connect()
    connection.execute(sql).fetchall()
    (folder / "kpis.kpi").write_text(specs(), "utf-8")
    (folder / "kpi.toml").write_text('as_of = "2026-01-01"\n', "utf-8")
    found = connection.execute(f"SELECT count(*) FROM '{folder / 'events.parquet'}'").fetchall()
    return int(found[0][0])


def check(folder: Path, file: Path) -> int:
    """Compare the CSV's December values of every thousandth page, or of all, with one query."""
    rows = (
        duckdb.connect()
        .execute(f"""
        SELECT page, sum(spend), sum(revenue) / nullif(sum(spend), 0), avg(clicks), count(*)
        FROM '{folder / "events.parquet"}' WHERE day >= DATE '2025-12-01' GROUP BY page
    """)
        .fetchall()
    )
    wanted = {}
    for page, spend, returned, clicks, count in rows:
        if len(rows) < 5_000 or int(page[-7:]) % 1000 == 0:
            wanted["total_spend", page] = spend
            wanted["return_on_spend", page] = returned
            wanted["mean_clicks", page] = clicks
            wanted["event_count", page] = count
    checked = 0
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            key = (row["kpi"], row["slice"].removeprefix("page="))
            if row["scope"] != "slice" or key not in wanted:
                continue
            value, found = wanted[key], float(row["value"]) if row["value"] else None
            if (value is None) != (found is None) or abs((value or 0) - (found or 0)) > 1e-9 * abs(
                value or 1
            ):
                raise SystemExit(f"{key}: {found} is not {value}")
            checked += 1
    if checked != len(wanted):
        raise SystemExit(f"{checked} of {len(wanted)} values found")
    return checked


def measure(pages: int, formats: list[str]) -> None:
    """Time whole processes on one size and print a row for each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = generate(folder, pages)
        for wanted in formats:
            out = folder / f"out.{wanted}"
            cost = once(kpi("eval", str(folder), "--format", f"{wanted}={out}"))
            size = out.stat().st_size / 1e6 if out.exists() else 0.0
            checked = f"{check(folder, out):,} checked" if wanted == "csv" and not cost.code else ""
            print(
                f"{pages:>9,} {rows:>11,} {wanted:<6} {cost.seconds:>8.1f} s {cost.megabytes:>8,.0f} MB"
                f" {size:>10,.1f} MB written  {checked}{f'ended in {cost.code}' if cost.code else ''}",
                flush=True,
            )


def stages(pages: int) -> None:
    """Where the time of one evaluation goes, in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        generate(Path(name), pages)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.slices", "--inside", name], capture_output=True, text=True
        )
        found = json.loads(done.stdout or "{}")
        print(
            f"stages at {pages:,}:", ", ".join(f"{step} {seconds:.1f} s" for step, seconds in found.items())
        )


def inside(folder: str) -> None:
    """Evaluate and write in this process, and print the seconds of each step."""
    from kpidsl import project
    from kpidsl.evaluate.progress import Progress
    from kpidsl.evaluate.watch import Watch
    from kpidsl.render import tables, verdicts
    from kpidsl.render.cells import Screen
    from kpidsl.specs import load as load_specs

    seconds: dict[str, float] = {}
    last, began = "reading", time.perf_counter()

    def step(name: str) -> None:
        nonlocal last, began
        now = time.perf_counter()
        seconds[last] = round(seconds.get(last, 0) + now - began, 2)
        last, began = name, now

    class Steps(Progress):
        def begin(self, name: str, *rest: Any, **more: Any) -> None:
            step(name)
            super().begin(name, *rest, **more)

    watch = Watch()
    watch.progress = Steps()
    specs = load_specs([folder])
    wish = project.wish(specs)
    assert isinstance(wish, project.Wish)
    outcome = project.evaluate(specs, wish, watch)
    step("text")
    verdicts.render(outcome, Screen())
    step("csv")
    for _ in tables.as_csv(outcome):
        pass
    step("")
    print(json.dumps(seconds))


def main() -> None:
    """The growth curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--formats", nargs="+", default=["text", "csv", "jsonl"])
    parser.add_argument("--inside")
    asked = parser.parse_args()
    if asked.inside:
        inside(asked.inside)
        return
    print(f"{'slices':>9} {'rows':>11} format")
    for pages in asked.sizes:
        measure(pages, asked.formats)
    stages(max(asked.sizes))


if __name__ == "__main__":
    main()
