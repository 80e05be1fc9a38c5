"""The hand-written answers about the toy store hold together; skipped without the data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
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
    by_landing, home = answers["bounce_rate_by_landing_page"], answers["home_bounce_rate"]
    for key, value in home.items():
        assert by_landing[key] == pytest.approx(value, abs=0.005)
