"""The example company through kpidsl: every number and word against those computed without it."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import kpidsl
from kpidsl.api import Evaluation
from kpidsl.results import Judged, Verdict
from tests import atelier_expected as atelier
from tests.atelier_data import AS_OF, DATA, TABLES, database
from tests.atelier_kpis import KPIS, OBJECTIVES

FOLDER = DATA.parent
NUMBERS = (
    "value", "target_low", "target_high", "reference_low", "reference_high", "tolerance", "baseline",
    "attainment", "gap", "projection",
)  # fmt: skip
FACTS = ("word", "rows", "running", "deadline", "days_left", "watermark")
LIGHTS = {
    "met": "green", "on track": "green", "nearly met": "amber", "at risk": "amber", "missed": "red",
    "off track": "red", "no data": "grey", "stale": "grey", "not started": "grey", "no target": "none",
    "too few": "grey",
}  # fmt: skip
FEWEST = 1_000
"""Verdicts compared, with 19 fields each: so that the comparison does not shrink unseen."""


@pytest.fixture(scope="session")
def tables() -> duckdb.DuckDBPyConnection:
    return database()


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


def pairs(judged: Judged, wanted: atelier.Expected) -> Iterator[tuple[Verdict, atelier.Answer]]:
    """Each verdict of a KPI with its answer; that there are as many is checked on the way."""
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
    name: str, found: Evaluation, tables: duckdb.DuckDBPyConnection
) -> None:
    judged = next(judged for judged in found.judged if judged.kpi == name)
    wanted = atelier.answers(tables, KPIS[name])
    wrong = [text for verdict, answer in pairs(judged, wanted) for text in differences(verdict, answer)]
    assert not wrong, "\n".join(wrong)


def test_nothing_is_left_out(found: Evaluation) -> None:
    assert {judged.kpi for judged in found.judged} == KPIS.keys()
    compared = len(found) + sum(
        len(judged.history) + sum(len(verdicts) for _, verdicts in judged.slice_history)
        for judged in found.judged
    )
    assert compared > FEWEST


def test_the_objectives(found: Evaluation) -> None:
    said = {each.name: (each.word, each.share_met) for each in found.objectives}
    assert said.keys() == OBJECTIVES.keys()
    for name, (word, share) in OBJECTIVES.items():
        assert said[name] == (word, pytest.approx(share, rel=1e-9))


def test_each_word_is_the_headline_of_some_kpi(found: Evaluation) -> None:
    of_slices = {"too few"}
    assert {judged.headline.word for judged in found.judged} == LIGHTS.keys() - of_slices
    assert {verdict.word for verdict in found} >= of_slices


def test_what_is_known_of_each_source(found: Evaluation, tables: duckdb.DuckDBPyConnection) -> None:
    for name in TABLES:
        wanted = tables.execute(f"select count(*), min(day), max(day) from {name}").fetchone()
        profile = found.sources["orders" if name == "order_rows" else name]
        assert (profile.rows, profile.first, profile.watermark) == wanted, name
        assert (profile.stale is not None) == (name in atelier.STALE)
    assert found.as_of == AS_OF


def test_the_only_remarks_are_those_that_the_example_wants_to_show() -> None:
    """One day of ads is missing."""
    project = kpidsl.load(FOLDER)
    assert {diagnostic.code for diagnostic in project.check()} == set()
    problems = [p for profile in project.evaluate(kpis="roas").sources.values() for p in profile.problems]
    assert [problem.severity.word for problem in problems] == ["warning"]
    assert "1 day is missing" in problems[0].message


# The same bytes


def copy(folder: Path, threads: int) -> Path:
    """The project in another folder, with another number of threads."""
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    config = folder / "kpi.toml"
    config.write_text(f"{config.read_text('utf-8')}\n[limits]\nthreads = {threads}\n", encoding="utf-8")
    return folder


def started(folder: Path, seed: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(FOLDER.parents[1])}
    command = [sys.executable, "-m", "kpidsl", "eval", "--format", "json", "."]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE)


def test_the_json_is_the_same_bytes_in_each_process(tmp_path: Path) -> None:
    runs = [started(copy(tmp_path / f"{threads}", threads), seed=threads) for threads in (1, 2)]
    texts = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert texts[0] == texts[1]
    assert len(json.loads(texts[0])["kpis"]) == len(KPIS)


def test_the_order_of_rows_does_not_matter(tmp_path: Path, found: Evaluation) -> None:
    folder = copy(tmp_path / "shuffled", threads=2)
    dice = random.Random(7)
    paths = sorted([*folder.glob("data/**/*.csv"), *folder.glob("data/*.jsonl")])
    for path in paths:
        lines = path.read_bytes().splitlines(keepends=True)
        head = lines[:1] if path.suffix == ".csv" else []
        rows = lines[len(head) :]
        dice.shuffle(rows)
        path.write_bytes(b"".join([*head, *rows]))
    shuffled = kpidsl.load(folder).evaluate()
    assert len(shuffled) == len(found)
    for one, other in zip(found, shuffled, strict=True):
        assert (one.kpi, one.slice, one.word, one.rows) == (other.kpi, other.slice, other.word, other.rows)
        assert (one.value is None) == (other.value is None)
        assert one.value is None or one.value == pytest.approx(other.value, rel=1e-9)
