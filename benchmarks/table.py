"""The table of performance: every side of a case in turn, each in its own process, compared equal."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from attrs import evolve

from benchmarks.cases import Case
from benchmarks.process import Cost, once, summed
from benchmarks.results import Figure
from benchmarks.workloads import Workload

SIDES = ("planner", "case", "filter", "each", "group", "read")
MOST = {"case": 1e10, "filter": 2e9, "each": 2e9}
"""KPIs times rows that a side is asked at most: two or three minutes on two cores."""
MOST_DISTINCT = {"case": 2e9, "filter": 5e8, "each": 2e9}
SLOW = 20
"""Seconds after which a side is not run again."""


def growth(
    workloads: Iterable[Workload],
    rows: int,
    kpis: Iterable[int],
    sides: Sequence[str],
    runs: int,
    limit: float,
) -> Iterator[list[Figure]]:
    """Every workload over the rows for every number of KPIs; figures case by case."""
    for workload in workloads:
        done: set[tuple[str, int]] = set()
        for number in sorted(kpis):
            yield measured(Case(workload, rows, number), sides, runs, limit, done)


def by_slices(rows: int, slices: Iterable[int], runs: int, limit: float) -> Iterator[list[Figure]]:
    """Twenty KPIs by month and landing page."""
    for count in slices:
        yield measured(Case("slices", rows, 20, count), ("planner", "case", "group"), runs, limit, set())


def measured(
    case: Case, sides: Sequence[str], runs: int, limit: float, done: set[tuple[str, int]]
) -> list[Figure]:
    """The figures of one case. A side that would take too long is asked for fewer KPIs, or not at all if
    those were `done`."""
    figures, asked = [], {}
    for side in sides:
        most = _most(side, case)
        if not most or (most < case.kpis and (side, most) in done):
            figures.append(_figure(case, side, note=_capped(most)))
        else:
            asked[side] = evolve(case, kpis=min(case.kpis, most))
            done.add((side, asked[side].kpis))
    with tempfile.TemporaryDirectory() as folder:
        _run("read", case, Path(folder) / "warm-up", limit)  # from the disk once, for all sides alike
        costs = _in_turn(asked, runs, limit, Path(folder))
        differing = _differing(asked, Path(folder))
    for side, one in asked.items():
        judged = _judged(case, side, costs[side], differing.get(side, ""))
        figures.append(evolve(judged, of=one.kpis if one.kpis < case.kpis else 0))
    return sorted(figures, key=lambda figure: sides.index(figure.side))


def _in_turn(asked: dict[str, Case], runs: int, limit: float, folder: Path) -> dict[str, list[Cost]]:
    costs: dict[str, list[Cost]] = {side: [] for side in asked}
    for turn in range(runs):
        for side, case in asked.items():
            if not turn or (costs[side][-1].code == 0 and costs[side][-1].seconds < SLOW):
                costs[side].append(_run(side, case, folder / side, limit))
    return costs


def _run(side: str, case: Case, out: Path, limit: float) -> Cost:
    """Wall seconds are the side's own, from opening the data on; memory is that of its process."""
    named = (case.workload, case.rows, case.kpis, case.slices, out)
    cost = once([sys.executable, "-m", "benchmarks.sides", side, *map(str, named)], limit=limit)
    if cost.code:
        return cost
    return evolve(cost, seconds=json.loads(Path(f"{out}.json").read_text("utf-8"))["seconds"])


def _differing(asked: Iterable[str], folder: Path) -> dict[str, str]:
    """What is to be said of sides whose values are not, to 1e-9, those of a query by hand."""
    files = {side: folder / f"{side}.npy" for side in asked}
    found = {side: np.load(file) for side, file in files.items() if file.exists()}
    hand = next((side for side in ("case", "filter", "each") if side in found), None)
    said = {}
    for side, values in found.items():
        if hand is not None:
            both = min(len(values), len(found[hand]))
            if not np.allclose(values[:both], found[hand][:both], 1e-9, 0, equal_nan=True):
                said[side] = f"WRONG: its values differ from those of {hand}"
    return said


def _judged(case: Case, side: str, costs: list[Cost], differs: str) -> Figure:
    whole = summed(costs)
    if whole.expired:
        return _figure(case, side, note=f"ended after {costs[-1].seconds:.0f} s")
    if whole.code:
        last = (whole.said.strip() or f"exit code {whole.code}").splitlines()[-1]
        return _figure(case, side, note=f"failed: {last[:200]}")
    if differs:
        return _figure(case, side, note=differs)
    return evolve(_figure(case, side), seconds=whole.seconds, megabytes=whole.megabytes, runs=len(costs))


def _figure(case: Case, side: str, note: str = "") -> Figure:
    return Figure("table", case.workload, case.rows, case.kpis, case.slices, side, note=note)


def _most(side: str, case: Case) -> int:
    """How many KPIs a side is asked for."""
    most = MOST_DISTINCT if case.workload == "distinct" else MOST
    return int(most.get(side, float("inf")) / case.rows) if side in most else case.kpis


def _capped(most: int) -> str:
    return f"not run: too long, measured up to {most:,} KPIs" if most else "not run: too long"
