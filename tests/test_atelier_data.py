"""The example company's files are what its generator writes, and hold what the demo wants to show."""

from __future__ import annotations

import subprocess
import sys

from tests import atelier_expected as atelier
import pytest
from tests.atelier_data import DATA

WORDS = {
    "met", "nearly met", "missed", "on track", "at risk", "off track", "no data", "stale", "not started",
}  # fmt: skip


@pytest.fixture(scope="module")
def expected() -> dict[str, atelier.Expected]:
    return atelier.expected()


def test_the_committed_files_are_as_generated() -> None:
    command = [sys.executable, str(DATA.parent / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 3_000_000


def test_each_word_is_shown_at_least_once(expected: dict[str, atelier.Expected]) -> None:
    assert {result.word for result in expected.values()} == WORDS


def test_the_cost_of_a_lead_from_meta_climbs(expected: dict[str, atelier.Expected]) -> None:
    assert expected["cost_per_lead"].slice_words["meta"] == "missed"
    assert expected["cost_per_lead"].slice_words["google"] == "met"


def test_each_kpi_of_the_specs_has_an_expected_answer(expected: dict[str, atelier.Expected]) -> None:
    lines = [line for path in DATA.parent.glob("*.kpi") for line in path.read_text("utf-8").splitlines()]
    assert {line.split()[1] for line in lines if line.startswith("kpi ")} == expected.keys()
