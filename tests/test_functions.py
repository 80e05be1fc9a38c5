"""Each function of the language over a few rows, against values that were worked out by hand."""

from __future__ import annotations

import re
from math import sqrt
from pathlib import Path

import pytest

import kpidsl
from kpidsl.api import Evaluation
from kpidsl.model.functions import AGGREGATES, RESULT_FUNCTIONS

FOLDER = Path(__file__).parents[1] / "examples" / "functions"
SAID = {"m": "met", "n": "nearly met", "x": "missed"}

# January, February and March 2026, and whether that is (m)et, (n)early met or missed (x).
VALUES = {
    "order_volume": ((3, 4, 4), "nmm"),
    "buyers": ((2, 4, 4), "xmm"),
    "orders_shipped": ((3, 4, 3), "mmm"),
    "typical_order": ((200, 150, 120), "mmn"),
    "order_spread": ((sqrt(20_000), sqrt(32_500), sqrt(68_800 / 3)), "mxn"),
    "largest_order": ((300, 400, 360), "xmm"),
    "smallest_sale": ((100, 50, 80), "mxm"),
    "large_orders": ((0.5, 0.75, 0.5), "nmn"),
    "weekend_orders": ((0.25, 0, 0), "nmm"),
    "shipping_time": ((2.8, 4.4, 3.6), "mxn"),
    "margin_rate": ((220 / 500, 390 / 800, 400 / 800), "nmn"),
    "round_cost": ((70, 103, 100), "mnm"),
    "average_refund": ((-100, 0, 0), "xmm"),
    "google_sales": ((300, 450, 360), "xmn"),
    "sales_progress": ((420, 300, 0), "mmx"),
    "sales_swing": ((420, 300, 0), "xmm"),
    "sales_growth_by_month": ((5.25, 0.6, 0), "mmn"),
    "sales_index": ((5, 4, 3.2), "mmx"),
    "year_growth": ((4, 3, 2.2), "mmx"),
    "sales_so_far": ((500, 1300, 2100), "xmm"),
    "sales_trend": ((290, 650, 800), "xxm"),
    "channel_mix": ((1, 1, 1), "mmm"),
    "channel_mix google": ((0.6, 0.5625, 0.45), "mmm"),
    "channel_mix meta": ((0.4, 0.4375, 0.55), "xxm"),
    "sales_month_on_month": ((500, 800, 800), "mmx"),
    "sales_year_on_year": ((500, 800, 800), "xmm"),
    "refund_share": ((0.25, 0, 0), "nmm"),
    "satisfaction_score": ((4, 4, 10 / 3), "mmx"),
    "weighted_satisfaction": ((13 / 3, 4, 3.2), "mmx"),
    "worst_score": ((6, 8, 3), "mmn"),
    "promoters": ((0, 0.5, 0), "nmn"),
    "comments": ((0.5, 0.5, 2 / 3), "nnm"),
    "praise": ((1, 0, 1), "mxm"),
    "stock_level": ((65, 15, 65), "mxm"),
    "stock_change": ((-5, -50, -25), "mxm"),
    "closing_stock": ((65, 15, 65), "mxm"),
    "opening_stock": ((0, 65, 15), "xmx"),
    "usual_stock": (((30 * 70 + 65) / 31, (27 * 65 + 15) / 28, (30 * 90 + 65) / 31), "mmx"),
    "counted_stock": ((67.5, 40, 77.5), "mxx"),
    "lowest_stock": ((20, 5, 20), "mxm"),
    "lowest_stock lamp": ((40, 10, 45), "mxm"),
    "lowest_stock shade": ((20, 5, 20), "mxm"),
    "new_buyers": ((0, 2, 1), "xmm"),
    "returning_buyers": ((2, 2, 3), "xxm"),
    "kept_buyers": ((1, 2, 3), "xmm"),
    "lost_buyers": ((0, 0, 1), "mmx"),
    "buyer_retention": ((0, 0, 0.5), "xxm"),
    "visit_conversion": ((1, 1, 0.75), "mmn"),
    "large_buyers": ((1, 2, 1), "xmx"),
    "sales_by_first_touch": ((400, 650, 560), "xmm"),
    "sales_by_first_touch google": ((400, 50, 360), "mxm"),
    "sales_by_first_touch meta": ((0, 600, 200), "xmm"),
    "orders_by_last_touch": ((2, 3, 3), "xmm"),
}
TARGETS = {
    "sales_month_on_month": (88, 550, 880),
    "sales_year_on_year": (650, 750, 800),
}


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return kpidsl.load(FOLDER).evaluate()


def test_each_value_and_word(found: Evaluation) -> None:
    said = {}
    for judged in found.judged:
        histories = {judged.kpi: judged.history}
        histories |= {f"{judged.kpi} {key[0]}": verdicts for key, verdicts in judged.slice_history}
        for name, verdicts in histories.items():
            said[name] = ([v.value for v in verdicts], [v.word for v in verdicts])
    assert said.keys() == VALUES.keys()
    for name, (values, letters) in VALUES.items():
        assert said[name] == (pytest.approx(values, rel=1e-9), [SAID[letter] for letter in letters]), name


def test_targets_that_follow_from_a_baseline(found: Evaluation) -> None:
    for name, targets in TARGETS.items():
        history = next(judged for judged in found.judged if judged.kpi == name).history
        assert [verdict.target_low for verdict in history] == pytest.approx(targets, rel=1e-9)


def test_there_is_nothing_to_remark() -> None:
    assert kpidsl.load(FOLDER).check() == []


def test_each_function_on_rows_and_results_has_an_example() -> None:
    """The functions on single texts, days and numbers are left to the tests of the evaluator."""
    specs = [path.read_text("utf-8") for path in FOLDER.parent.glob("*/*.kpi")]
    names = {*AGGREGATES, *RESULT_FUNCTIONS}
    assert not {name for name in names if not any(f"{name}(" in text for text in specs)}


def test_the_table_of_formulas_names_kpis_that_there_are() -> None:
    table = (FOLDER.parent / "atelier" / "README.md").read_text("utf-8").partition("| formula | KPI |")[2]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`(?!\*)", row)}
    elsewhere = {name for row in rows for name in re.findall(r"`(\w+)`\*", row)}
    assert len(rows) > 20
    assert named <= kpidsl.load(FOLDER.parent / "atelier").kpis.keys()
    assert elsewhere <= VALUES.keys()
