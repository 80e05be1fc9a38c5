"""Whole commands, cold: `kpi lint` on one file, on a thousand and on ten thousand KPIs, `kpi test` on five
hundred tests, and `kpi eval` on the demo."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks import parse, specs
from benchmarks.process import Cost, compared, kpi
from benchmarks.results import Figure

IMPORTS = "import click, lark"


def measure(runs: int) -> list[Figure]:
    """Each command, and what it is to be held against."""
    with tempfile.TemporaryDirectory() as folder:
        one = specs.write(Path(folder), 1)
        lint, floor = compared(
            kpi("lint", "--no-cache", str(one)), [sys.executable, "-c", IMPORTS], runs=runs
        )
        found = [
            _figure("kpi lint, one KPI", 1, lint, runs),
            _figure(f"python -c '{IMPORTS}'", 0, floor, runs),
        ]
        many = str(specs.write(Path(folder), 1000))
        cold, warm = compared(kpi("lint", "--no-cache", many), kpi("lint", many), runs=runs)
        found.append(_figure("kpi lint, 1000 KPIs", 1000, cold, runs))
        found.append(_figure("kpi lint, 1000 KPIs, nothing changed", 1000, warm, runs))
        tested = specs.write(Path(folder), 500, tests=500)
        run = compared(kpi("test", "--no-cache", str(tested)), runs=runs)[0]
        found.append(_figure("kpi test, 500 tests of 500 KPIs", 500, run, runs))
        large = str(specs.spread(Path(folder), 10_000))
        cold, warm = compared(kpi("lint", "--no-cache", large), kpi("lint", large), runs=1)
        found.append(_figure("kpi lint, 10000 KPIs", 10_000, cold, 1))
        found.append(_figure("kpi lint, 10000 KPIs, nothing changed", 10_000, warm, 1))
    demo = compared(kpi("eval", "examples/atelier"), runs=runs)[0]
    return [*found, _figure("kpi eval, the demo", 44, demo, runs), *parse.measure(1000)]


def _figure(side: str, kpis: int, cost: Cost, runs: int) -> Figure:
    note = f"failed: exit code {cost.code}" if cost.code else ""
    return Figure("commands", "", 0, kpis, 0, side, cost.seconds, cost.megabytes, runs, note=note)
