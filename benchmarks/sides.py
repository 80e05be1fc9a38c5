"""The sides that are compared. Each runs in a process of its own:

    python -m benchmarks.sides SIDE WORKLOAD ROWS KPIS SLICES OUT

It writes OUT.npy, the values, KPIs x slices x months, and OUT.json: the seconds from opening the data to the
last value. Importing, and reading and compiling the spec, come before.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
from numpy.typing import NDArray

from benchmarks.cases import AS_OF, Case
from benchmarks.workloads import MEASURES, Kpi

if TYPE_CHECKING:
    from kpidsl.results import Grid

Floats = NDArray[np.float64]


def planner(case: Case) -> tuple[float, Floats]:
    """kpidsl, whole: attach, profile, plan, query, compute, grids."""
    # imported here, so that the memory is this side's alone
    from kpidsl.evaluate.answer import evaluate
    from kpidsl.evaluate.checks import profiles
    from kpidsl.evaluate.session import Session
    from kpidsl.results import Ask
    from kpidsl.specs import load as load_specs

    specs = load_specs([str(case.spec)])
    assert not specs.errors, specs.errors
    kpis = list(specs.graph.kpis.values())
    asks = [Ask(kpi.formula, case.months, kpi.dimensions) for kpi in kpis]
    began = time.perf_counter()
    with Session(specs.config.root, specs.graph.calendar, list(specs.graph.sources.values())) as session:
        known = profiles(specs.graph, list(specs.graph.sources), session, AS_OF)
        answers = evaluate(specs.graph, asks, session, AS_OF, known)
        grids = [answers.grid(ask) for ask in asks]
    return time.perf_counter() - began, np.array([_slices(grid) for grid in grids])


def by_filter(case: Case) -> tuple[float, Floats]:
    """One query, as an analyst writes it: `sum(x) FILTER (WHERE ...)` for each KPI."""
    return _one_query(case, [kpi.filtered() for kpi in case.chosen])


def by_case(case: Case) -> tuple[float, Floats]:
    """The same query with `CASE WHEN ... END` within each aggregate."""
    return _one_query(case, [kpi.cased() for kpi in case.chosen])


def each(case: Case) -> tuple[float, Floats]:
    """One query per KPI, its filter in WHERE, one after the other on one connection."""
    began = time.perf_counter()
    with duckdb.connect() as base:
        found = [_fetch(base, case, [kpi.alone()], f" AND ({kpi.condition})") for kpi in case.chosen]
    seconds = time.perf_counter() - began
    return seconds, np.concatenate(
        [_laid_out(case, one, [kpi]) for one, kpi in zip(found, case.chosen, strict=True)]
    )


def read(case: Case) -> tuple[float, None]:
    """A floor: nothing but reading the columns that the KPIs use."""
    texts = " ".join(kpi.where + kpi.column for kpi in case.chosen)
    numbers = [name for name in ("page", "user_id", "session") if name in texts]
    words = ["campaign"] if "campaign" in texts else []
    asked = [*(f"sum({name})" for name in (*_measures(case), *numbers)), f"count({case.dimension})"]
    return _timed(case, f"SELECT max(day), {', '.join([*asked, *(f'count({name})' for name in words)])}")


def group(case: Case) -> tuple[float, None]:
    """A floor: read and group by month and slice, with the plain sums of the measures."""
    asked = ", ".join(f"sum({name})" for name in _measures(case))
    return _timed(case, f"SELECT date_trunc('month', day), {case.dimension}, {asked}", " GROUP BY 1, 2")


SIDES: dict[str, Callable[[Case], tuple[float, Floats | None]]] = {
    "planner": planner,
    "case": by_case,
    "filter": by_filter,
    "each": each,
    "read": read,
    "group": group,
}


def _slices(grid: Grid) -> Floats:
    """The values without the total, slices in the order of their names."""
    order = sorted(range(1, len(grid.slices)), key=lambda n: str(grid.slices[n][0]))
    return grid.values[order]


def _one_query(case: Case, texts: Iterable[str]) -> tuple[float, Floats]:
    began = time.perf_counter()
    with duckdb.connect() as base:
        found = _fetch(base, case, texts)
    return time.perf_counter() - began, _laid_out(case, found, case.chosen)


def _fetch(
    base: duckdb.DuckDBPyConnection, case: Case, texts: Iterable[str], more: str = ""
) -> dict[str, NDArray[np.generic]]:
    """Columns: the month's number from 0, the slice, and a value for each text."""
    first = case.months[0].start
    month = f"(year(day) - {first.year}) * 12 + month(day) - {first.month} AS month"
    values = ", ".join(f"CAST({text} AS DOUBLE) AS v{n}" for n, text in enumerate(texts))
    return base.execute(
        f"SELECT {month}, {case.dimension} AS slice, {values} FROM '{case.file}'"
        f" WHERE day <= DATE '{AS_OF}'{more} GROUP BY 1, 2"
    ).fetchnumpy()


def _laid_out(case: Case, found: dict[str, NDArray[np.generic]], kpis: list[Kpi]) -> Floats:
    """A month without rows is 0 for what adds up and no value for a quotient."""
    place = {name: n for n, name in enumerate(case.names)}
    rows = np.array([place[name] for name in found["slice"]], int)
    out = np.zeros((len(kpis), len(place), len(case.months)))
    for n, kpi in enumerate(kpis):
        out[n] = np.nan if kpi.kind == "share" else 0.0
        out[n, rows, found["month"]] = np.ma.filled(found[f"v{n}"], np.nan)
    return out


def _measures(case: Case) -> tuple[str, ...]:
    return MEASURES if case.workload != "slices" else ("spend", "clicks")


def _timed(case: Case, select: str, more: str = "") -> tuple[float, None]:
    file = case.file
    began = time.perf_counter()
    with duckdb.connect() as base:
        base.execute(f"{select} FROM '{file}'{more}").fetchall()
    return time.perf_counter() - began, None


def main(side: str, workload: str, rows: str, kpis: str, slices: str, out: str) -> None:
    """Run one side and leave what it found."""
    case = Case(workload, int(rows), int(kpis), int(slices))  # type: ignore[arg-type]
    seconds, values = SIDES[side](case)
    if values is not None:
        np.save(f"{out}.npy", values)
    Path(f"{out}.json").write_text(json.dumps({"seconds": seconds}), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
