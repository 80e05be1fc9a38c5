"""The example company through kpidsl: every number and word against those computed without it."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from tests import atelier_expected as atelier
from tests.atelier_data import AS_OF, DATA, database
from tests.atelier_kpis import KPIS, OBJECTIVES

import kpidsl
from kpidsl.api import Evaluation
from kpidsl.results import Verdict

FOLDER = DATA.parent
NUMBERS = (
    "value", "target_low", "target_high", "reference_low", "reference_high", "tolerance", "baseline",
    "attainment", "gap", "projection",
)  # fmt: skip
FACTS = ("word", "rows", "running", "deadline", "days_left", "watermark")
LIGHTS = {
    "met": "green", "on track": "green", "nearly met": "amber", "at risk": "amber", "missed": "red",
    "off track": "red", "no data": "grey", "stale": "grey", "not started": "grey", "no target": "none",
}  # fmt: skip
FEWEST = 15_000
"""Fields compared; the test that says so keeps the comparison from shrinking unseen."""


@pytest.fixture(scope="session")
def expected() -> dict[str, atelier.Expected]:
    return atelier.expected()


@pytest.fixture(scope="session")
def found() -> Evaluation:
    return kpidsl.load(FOLDER).evaluate()


def differences(verdict: Verdict, answer: atelier.Answer) -> Iterator[str]:
    """What differs; numbers by more than 1e-9 of themselves."""
    when = (verdict.window.start, verdict.window.end) if verdict.window else None
    slice_ = ", ".join(f"{name} {value}" for name, value in verdict.slice) or "total"
    at = f"{verdict.kpi}, {slice_}, {verdict.window or 'no window'}"
    if when != answer.window:
        yield f"{at}: window {answer.window} expected"
    for name in FACTS:
        got, wanted = getattr(verdict, name), getattr(answer, name)
        if got != wanted:
            yield f"{at}: {name} {got!r}, {wanted!r} expected"
    for name in NUMBERS:
        got, wanted = getattr(verdict, name), getattr(answer, name)
        if (got is None) != (wanted is None) or (
            got is not None and got != pytest.approx(wanted, rel=1e-9, abs=1e-12)
        ):
            yield f"{at}: {name} {got!r}, {wanted!r} expected"
    if verdict.light != LIGHTS[answer.word]:
        yield f"{at}: light {verdict.light}, {LIGHTS[answer.word]} expected"


def pairs(
    found: Evaluation, expected: dict[str, atelier.Expected], name: str
) -> Iterator[tuple[Verdict, atelier.Answer]]:
    """Each verdict of a KPI with its answer; that there are as many is checked on the way."""
    judged, wanted = next(j for j in found.judged if j.kpi == name), expected[name]
    yield judged.headline, wanted.headline
    history = judged.history or (judged.headline,)
    assert len(history) == len(wanted.history)
    yield from zip(history, wanted.history, strict=True)
    assert [key for key, _ in judged.slice_history] == [(item,) for item in wanted.slices]
    headlines = dict(zip(wanted.slices, judged.slices, strict=True))
    for (item,), verdicts in judged.slice_history:
        yield headlines[item], wanted.slices[item][wanted.place]
        yield from zip(verdicts, wanted.slices[item], strict=True)


@pytest.mark.parametrize("name", KPIS)
def test_each_number_and_word_is_the_expected_one(
    name: str, found: Evaluation, expected: dict[str, atelier.Expected]
) -> None:
    wrong = [text for verdict, answer in pairs(found, expected, name) for text in differences(verdict, answer)]
    assert not wrong, "\n".join(wrong)


def test_nothing_is_left_out(found: Evaluation, expected: dict[str, atelier.Expected]) -> None:
    assert {judged.kpi for judged in found.judged} == KPIS.keys()
    compared = sum(1 for name in KPIS for _ in pairs(found, expected, name))
    assert compared * (len(NUMBERS) + len(FACTS) + 2) > FEWEST


def test_the_objectives(found: Evaluation) -> None:
    said = {each.name: (each.word, each.share_met) for each in found.objectives}
    assert said.keys() == OBJECTIVES.keys()
    for name, (word, share) in OBJECTIVES.items():
        assert said[name] == (word, pytest.approx(share, rel=1e-9))
