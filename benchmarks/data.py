"""Make the data: marketing events over two years, and the TPC-H tables; each once, always the same.

A file is written under another name and renamed at the end, so that one that is there is whole.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
DATA = HERE / "data"
COLUMNS = ("day", "channel", "campaign", "user_id", "session", "spend", "revenue", "clicks", "leads", "page")
SLICES = (8, 100, 1_000, 10_000, 100_000)
BYTES_PER_ROW = 20
"""Of either file, 15 measured; what has to be free on the disk before one is made."""


class Missing(Exception):
    """What a benchmark needs and cannot have, with the reason."""


def events(rows: int) -> Path:
    """The events of performance.md: 8 channels, unevenly, 200 campaigns, 500 pages, 25 events a user."""
    text = f"""SELECT
        DATE '2024-01-01' + CAST({_draw(0)} % 731 AS INTEGER) AS day,
        'channel ' || CAST(least({_draw(1)} % 8, {_draw(2)} % 8) AS VARCHAR) AS channel,
        'campaign ' || CAST({_draw(3)} % 200 AS VARCHAR) AS campaign,
        CAST({_draw(4)} % ({rows} // 25 + 1) AS INTEGER) AS user_id,
        CAST({_draw(5)} % ({rows} // 3 + 1) AS INTEGER) AS session,
        round(({_draw(6)} % 100000) / 2000.0, 2) AS spend,
        CASE WHEN {_draw(7)} % 10 = 0 THEN round(({_draw(8)} % 1000000) / 5000.0, 2) ELSE 0 END AS revenue,
        CAST({_draw(9)} % 4 AS INTEGER) AS clicks,
        CAST({_draw(10)} % 20 = 0 AS INTEGER) AS leads,
        CAST({_draw(11)} % 500 AS INTEGER) AS page
        FROM range({rows}) t(i)"""
    return _made(DATA / f"events-{rows}.parquet", rows, text)


def landings(rows: int) -> Path:
    """Events of one year with landing pages of 8 to 100,000 values, a column for each."""
    pages = ", ".join(
        f"'/page/' || CAST({_draw(3)} % {count} AS VARCHAR) AS page_{count}" for count in SLICES
    )
    text = f"""SELECT
        DATE '2025-01-01' + CAST({_draw(0)} % 365 AS INTEGER) AS day,
        'channel ' || CAST({_draw(1)} % 8 AS VARCHAR) AS channel, {pages},
        round(({_draw(6)} % 100000) / 2000.0, 2) AS spend,
        CAST({_draw(9)} % 4 AS INTEGER) AS clicks
        FROM range({rows}) t(i)"""
    return _made(DATA / f"landings-{rows}.parquet", rows, text)


def tpch(scale: float) -> Path:
    """A folder with lineitem, orders and part of TPC-H as Parquet. Raises Missing without tpchgen-cli."""
    folder = DATA / f"tpch-{scale:g}"
    if not folder.exists():
        generate_tpch(scale, folder)
    return folder


def generate_tpch(scale: float, folder: Path) -> None:
    """Write the tables with tpchgen-cli into a folder that is not there yet."""
    program = shutil.which("tpchgen-cli", path=_beside_python())
    if program is None:
        raise Missing("tpchgen-cli is not installed: pip install '.[bench]'")
    started = folder.with_name(folder.name + ".part")
    shutil.rmtree(started, ignore_errors=True)
    started.mkdir(parents=True)
    for table in ("lineitem", "orders", "part"):
        options = ["--quiet", "-s", f"{scale:g}", "-T", table, "-o", str(started)]
        subprocess.run([program, "parquet", *options], check=True, timeout=1800)
    started.rename(folder)


def make(rows: Iterable[int]) -> None:
    """Everything that the benchmarks read, told line by line."""
    for count in rows:
        told(events(count))
    told(landings(10_000_000))
    told(tpch(1))


def told(path: Path) -> None:
    """One line about a file or folder."""
    size = sum(p.stat().st_size for p in (path.rglob("*") if path.is_dir() else [path]))
    print(f"{path.relative_to(HERE.parent)}  {size / 1e6:,.0f} MB", flush=True)


def _draw(n: int) -> str:
    """The n-th random number of row i, made of the row number alone."""
    return f"(hash(i * 16 + {n}) >> 11)"


def _made(path: Path, rows: int, select: str) -> Path:
    """The file, written when it is not there; DuckDB writes row group by row group in bounded memory."""
    if path.exists():
        return path
    path.parent.mkdir(exist_ok=True)
    free, need = shutil.disk_usage(path.parent).free, rows * BYTES_PER_ROW
    if free < need:
        raise Missing(f"{path.name} needs {need / 1e9:.1f} GB on disk, {free / 1e9:.1f} GB are free")
    started = path.with_suffix(".part")
    with duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(DATA / "spill")}) as base:
        base.execute(f"COPY ({select}) TO '{started}' (FORMAT parquet)")
    started.rename(path)
    return path


def _beside_python() -> str:
    import os
    import sys

    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
