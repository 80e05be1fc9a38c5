"""What the benchmarks compare is the same question, and what they keep is what was measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve

import kpidsl
from benchmarks import data, results, sides, workloads
from benchmarks.cases import Case
from benchmarks.goals import goals
from benchmarks.process import once
from benchmarks.results import Figure

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "DATA", tmp_path_factory.mktemp("data"))
        yield data.DATA


@pytest.mark.parametrize(
    "case",
    [
        Case("dims", 20_000, 40),
        Case("full", 20_000, 40),
        Case("distinct", 20_000, 40),
        Case("slices", 20_000, 20, 100),
    ],
    ids=lambda case: case.workload,
)
def test_all_sides_have_the_same_values(case: Case, folder: Path) -> None:
    _, expected = sides.by_case(case)
    assert expected.shape == (case.kpis, case.slices, len(case.months))
    assert np.count_nonzero(np.nan_to_num(expected)) / expected.size > 0.2
    for side in (sides.planner, sides.by_filter, sides.each):
        np.testing.assert_allclose(side(case)[1], expected, rtol=1e-9, err_msg=side.__name__)


@pytest.mark.parametrize("workload", workloads.WORKLOADS)
def test_no_filter_comes_twice_and_more_kpis_begin_with_the_fewer(workload: workloads.Workload) -> None:
    many = workloads.kpis(workload, 1000)
    assert len({kpi.where for kpi in many}) == 1000
    assert workloads.kpis(workload, 20) == many[:20]


def test_the_specs_have_nothing_to_complain_of(tmp_path: Path) -> None:
    path = tmp_path / "many.kpi"
    path.write_text(workloads.spec("events.parquet", "channel", workloads.kpis("distinct", 200)), "utf-8")
    project = kpidsl.load(str(path))
    assert len(project.kpis) == 200
    assert project.check() == []


def test_the_rows_are_always_the_same(folder: Path) -> None:
    first = data.events(1_000).read_bytes()
    data.events(1_000).unlink()
    assert data.events(1_000).read_bytes() == first
    assert not list(folder.glob("*.part"))


def test_a_process_is_ended_at_its_limit() -> None:
    cost = once([sys.executable, "-c", "import time; time.sleep(30)"], limit=0.3)
    assert cost.expired
    assert cost.code
    assert cost.seconds < 10


def test_the_memory_of_a_process_is_its_own() -> None:
    small, large = (once([sys.executable, "-S", "-c", f"b'x' * {n}"]).megabytes for n in (1, 200_000_000))
    assert small < 50
    assert large > small + 150


FIGURE = Figure("table", "dims", 10_000_000, 200, 8, "planner", 1.0, 100.0, 3)


def test_measuring_again_replaces_what_was_measured(tmp_path: Path) -> None:
    kept = tmp_path / "results.json"
    results.keep([FIGURE, evolve(FIGURE, side="case", seconds=9.0)], path=kept)
    results.keep([evolve(FIGURE, seconds=2.0)], {"sidemantic": "0.13"}, path=kept)
    figures, about = results.load(kept)
    assert {f.side: f.seconds for f in figures} == {"planner": 2.0, "case": 9.0}
    assert about["peers"] == {"sidemantic": "0.13"}
    assert json.loads(kept.read_text("utf-8"))["machine"]["machine"]["duckdb"]


def test_goals_are_held_against_figures_of_all_kpis_only() -> None:
    case = evolve(FIGURE, side="case", seconds=9.0)
    found = {goal.what: goal for goal in goals([FIGURE, case])}
    assert found["200 KPIs against `CASE`, dims, 10 M rows"].measured == "9.00 x faster"
    assert found["200 KPIs against `CASE`, dims, 10 M rows"].kept is False
    assert "200 KPIs against `CASE`, dims, 10 M rows" not in {
        goal.what for goal in goals([FIGURE, evolve(case, of=50)])
    }
