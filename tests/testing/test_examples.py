"""The tests that the examples bring along."""

from __future__ import annotations

from pathlib import Path

import pytest

import kpidsl

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", ["atelier", "functions", "toy_store"])
def test_they_pass(name: str) -> None:
    ran = kpidsl.load(EXAMPLES / name).test()
    assert len(ran) >= 2
    assert [problem.message for one in ran for problem in one.problems] == []


def test_a_title_that_no_test_has() -> None:
    with pytest.raises(kpidsl.KpiError, match="there is no test"):
        kpidsl.load(EXAMPLES / "functions").test("no such test")
