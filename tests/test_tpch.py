"""TPC-H 1, 6, 12 and 14 as KPIs over generated tables, against the official SQL run by DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.data import Missing, generate_tpch
from benchmarks.tpch.questions import QUESTIONS, Question, by_kpis, by_sql, differences

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tpch") / "tables"
    try:
        generate_tpch(0.01, folder)
    except Missing as why:
        pytest.skip(str(why))
    return folder


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"Q{question.number}")
def test_a_question_as_kpis_has_the_answers_of_the_official_sql(question: Question, tables: Path) -> None:
    expected = by_sql(question, tables)
    assert len(expected) == len(question.published)
    assert differences(by_kpis(question, tables), expected, 1e-9) == []


def test_a_wrong_a_lost_and_an_unexpected_answer_are_told() -> None:
    expected = {("late", "MAIL"): 5.0, ("late", "SHIP"): 7.0}
    found = {("late", "MAIL"): 6.0, ("late", "AIR"): 1.0, ("late", "RAIL"): 0.0}
    assert differences(found, expected, 1e-9) == [
        "late MAIL: 6.0 instead of 5.0",
        "late SHIP: None instead of 7.0",
        "late AIR: unexpected",
    ]
