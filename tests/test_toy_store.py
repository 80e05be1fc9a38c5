"""The toy store: hand-written answers that hold together, and specs that say the same.

Skipped without the data.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import kpidsl
from tests import toy_store_queries as toy

FOLDER = os.environ.get("KPIDSL_TOY_STORE", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="KPIDSL_TOY_STORE names no folder with the data set")


@pytest.fixture(scope="module")
def answers() -> dict[str, toy.Answer]:
    return toy.answers(Path(FOLDER))


def test_slices_of_a_count_add_up(answers: dict[str, toy.Answer]) -> None:
    traffic = answers["traffic"]
    for period in {period for period, _ in traffic}:
        parts = sum(value for (p, item), value in traffic.items() if p == period and item != toy.TOTAL)
        assert parts == traffic[period, toy.TOTAL]


def test_shares_add_up_to_the_whole(answers: dict[str, toy.Answer]) -> None:
    mix = answers["mobile_share"]
    for period in {period for period, _ in mix}:
        parts = sum(value for (p, item), value in mix.items() if p == period and item != toy.TOTAL)
        assert parts == pytest.approx(1)


def test_bounces_of_the_home_page_nearly_agree_with_those_by_landing_page(
    answers: dict[str, toy.Answer],
) -> None:
    """They differ by the sessions that run over midnight from one week into the next."""
    home = toy.home_bounce_rate(toy.database(Path(FOLDER)))
    for key, value in home.items():
        assert answers["bounce_rate"][key] == pytest.approx(value, abs=0.005)


def test_the_specs_say_the_numbers_of_the_queries(answers: dict[str, toy.Answer]) -> None:
    """Every KPI, in every period, whole and by slice."""
    found = toy.specs(Path(FOLDER), answers)
    assert found.keys() == answers.keys() == kpidsl.load(toy.SPECS).kpis.keys()
    rows = [(name, *row) for name, theirs in answers.items() for row in toy.compared(found[name], theirs)]
    assert len(rows) > 100
    assert [row for row in rows if row[-1] > 1e-9] == []


def test_the_verdicts_have_these_numbers(answers: dict[str, toy.Answer]) -> None:
    data = {source: Path(FOLDER) / name for source, name in toy.SOURCES.items()}
    project = kpidsl.load(toy.SPECS)
    for name, answer in answers.items():
        for period in sorted({period for period, _ in answer}):
            verdict = project.evaluate(for_=period, data=data, kpis=name).verdict(name)
            if verdict.window is not None and verdict.window.label == period:
                assert verdict.value == pytest.approx(answer[period, toy.TOTAL], rel=1e-9)
