"""One new file among many: `kpi eval --incremental` against reading everything.

    PYTHONPATH=. python benchmarks/incremental.py [--files 36] [--rows 1000000] [--runs 3]

Monthly Parquet files of so many rows each are made in benchmarks/data/. Each run takes the newest file away,
evaluates the others incrementally, puts it back, and times whole processes: a full evaluation, an incremental
one that has one new file, and one that has none. What they print has to be the same.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import time
from datetime import date
from pathlib import Path
from statistics import median

import duckdb

from benchmarks.process import ROOT, kpi

HERE = Path(__file__).parent / "data" / "incremental"
SPECS = """\
source events
  from        "data/*.parquet"
  time        day
  channel     channel
  column      spend EUR
  column      revenue EUR
  column      clicks number
"""
KPI = """
kpi figure_{n}
  formula     {formula}
  measured    every month
  by          channel
"""
FORMULAS = (
    "sum(events.spend where events.clicks > {n})",
    "count(events where events.revenue > {n} EUR)",
    "average(events.revenue where events.clicks > {n})",
    "sum(events.revenue) / count(events where events.clicks = {n})",
)


def make(files: int, rows: int) -> list[Path]:
    """The project, with a file for each month up to December 2025."""
    folder = HERE / f"{files}x{rows}"
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "kpi.toml").write_text("")
    kpis = [KPI.format(n=n, formula=FORMULAS[n % 4].format(n=n // 4)) for n in range(20)]
    (folder / "kpis.kpi").write_text(SPECS + "".join(kpis))
    paths = []
    for n in range(files):
        month = 2026 * 12 - files + n
        start = date(month // 12, month % 12 + 1, 1)
        path = folder / "data" / f"{start:%Y-%m}.parquet"
        paths.append(path)
        if not path.exists():
            draw = f"(hash(i * 8 + {{}} + {n} * {rows} * 8) >> 11)"
            duckdb.execute(f"""COPY (SELECT
                DATE '{start}' + CAST({draw.format(0)} % 28 AS INTEGER) AS day,
                'channel ' || CAST({draw.format(1)} % 8 AS VARCHAR) AS channel,
                ({draw.format(2)} % 100000) / 2048.0 AS spend,
                ({draw.format(3)} % 100000) / 1024.0 AS revenue,
                CAST({draw.format(4)} % 8 AS INTEGER) AS clicks
                FROM range({rows}) t(i)) TO '{path}' (FORMAT PARQUET)""")
    return paths


def timed(folder: Path, *options: str) -> tuple[float, str, str]:
    """Seconds, what was printed, and how much of the source was read."""
    command = [*kpi("eval", "--as-of", "2026-01-01", "--format", "json", "-v"), *options]
    began = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    read = re.search(r"read .* of events.*", done.stderr)
    return seconds, done.stdout, read[0] if read else "read all files"


def main() -> None:
    """Measure, and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=36)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    wish = parser.parse_args()
    newest = make(wish.files, wish.rows)[-1]
    folder, aside = newest.parents[1], newest.with_suffix(".aside")
    taken: dict[str, list[float]] = {}
    read: dict[str, str] = {}
    for _ in range(wish.runs):
        (folder / ".kpidsl" / "cells.duckdb").unlink(missing_ok=True)
        newest.rename(aside)
        first = timed(folder, "--incremental")
        aside.rename(newest)
        runs = {
            "full": timed(folder),
            "one new file": timed(folder, "--incremental"),
            "nothing new": timed(folder, "--incremental"),
        }
        if len({said for _, said, _ in runs.values()}) > 1:
            raise SystemExit("the results differ")
        for way, (seconds, _, files) in {"first": first, **runs}.items():
            taken.setdefault(way, []).append(seconds)
            read[way] = files
    kept = (folder / ".kpidsl" / "cells.duckdb").stat().st_size
    print(
        f"{wish.files} files of {wish.rows:,} rows, 20 KPIs by month and channel; store {kept / 1e6:.1f} MB"
    )
    for way, seconds in taken.items():
        print(f"  {way:14}{median(seconds):7.2f} s   {read[way]}")


if __name__ == "__main__":
    main()
