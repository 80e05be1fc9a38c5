"""Time the questions as KPIs and as the official SQL, both as whole evaluations in a process of its own.

python -m benchmarks.tpch.run SIDE NUMBER FOLDER OUT
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from attrs import evolve

from benchmarks import data
from benchmarks.process import Cost, once, summed
from benchmarks.results import Figure
from benchmarks.tpch.questions import QUESTIONS, Question, by_kpis, by_sql, differences

SIDES = {"kpidsl": by_kpis, "official SQL": by_sql}
ROWS = 6_001_215


def measure(runs: int, limit: float) -> Iterator[list[Figure]]:
    """Every question at scale factor 1, held against the published answers and the SQL."""
    folder = data.tpch(1)
    for question in QUESTIONS:
        with tempfile.TemporaryDirectory() as out:
            costs: dict[str, list[Cost]] = {side: [] for side in SIDES}
            for _ in range(runs):
                for side in SIDES:
                    costs[side].append(_run(side, question, folder, Path(out) / f"{side}.json", limit))
            yield [_judged(question, side, costs[side], Path(out)) for side in SIDES]


def _run(side: str, question: Question, folder: Path, out: Path, limit: float) -> Cost:
    named = (side, str(question.number), str(folder), str(out))
    cost = once([sys.executable, "-m", "benchmarks.tpch.run", *named], limit=limit)
    return evolve(cost, seconds=json.loads(out.read_text("utf-8"))["seconds"]) if not cost.code else cost


def _judged(question: Question, side: str, costs: list[Cost], out: Path) -> Figure:
    whole = summed(costs)
    figure = Figure("tpch", f"Q{question.number}", ROWS, len(question.kpis), 0, side)
    if whole.code:
        last = (whole.said.strip() or f"exit code {whole.code}").splitlines()[-1]
        return evolve(figure, note=f"failed: {last[:200]}")
    found = _answers(out / f"{side}.json")
    # published to two decimals, rounded; averages of discounts are 0.05 there
    rounded = {key: round(value, 2) for key, value in found.items()}
    wrong = differences(rounded, question.published, 1e-9)
    wrong += differences(found, _answers(out / "official SQL.json"), 1e-9)
    if wrong:
        return evolve(figure, note=f"WRONG: {wrong[0]}")
    done = evolve(figure, seconds=whole.seconds, megabytes=whole.megabytes, runs=len(costs))
    return evolve(done, note="as published")


def _answers(path: Path) -> dict[tuple[str, str], float]:
    return {(kpi, name): value for kpi, name, value in json.loads(path.read_text("utf-8"))["answers"]}


def main(side: str, number: str, folder: str, out: str) -> None:
    """Ask one question, and leave the answers and the seconds they took."""
    question = next(q for q in QUESTIONS if str(q.number) == number)
    began = time.perf_counter()
    found = SIDES[side](question, Path(folder))
    seconds = time.perf_counter() - began
    answers = [[kpi, name, value] for (kpi, name), value in found.items()]
    Path(out).write_text(json.dumps({"seconds": seconds, "answers": answers}), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
