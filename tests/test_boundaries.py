"""The rules of verdicts at their edges, from spec text and rows to the word.

Each table of boundaries.txt is a rule of docs/language.md; each line of it a case: what is promised, the
rows, the day of the evaluation, and the word that follows. Every case is a KPI on a source of its own, and
all cases of a day are one project.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from attrs import frozen

import kpidsl


@frozen
class Case:
    """A promise, its rows, a day, and the word that is due."""

    number: int
    promise: str
    ledger: str
    as_of: str
    word: str

    @property
    def spec(self) -> str:
        clauses = [clause.strip() for clause in self.promise.split("/")]
        fresh = [clause for clause in clauses if clause.startswith("fresh")]
        target, *others = [clause for clause in clauses if clause not in fresh]
        source = [f"source s{self.number}", f'from "s{self.number}.csv"', "time day", "column amount EUR"]
        kpi = [f"kpi k{self.number}", f"formula sum(s{self.number}.amount)", f"target {target}", *others]
        return "\n\n".join("\n  ".join(lines) for lines in (source + fresh, kpi)) + "\n"

    @property
    def rows(self) -> str:
        rows = [] if self.ledger == "nothing" else [row.split() for row in self.ledger.split(",")]
        return "\n".join(["day,amount", *(",".join(row) for row in rows)]) + "\n"


def _cases() -> Iterable[Case]:
    lines = Path(__file__).with_name("boundaries.txt").read_text().splitlines()
    for number, line in enumerate(line for line in lines if "|" in line):
        promise, ledger, as_of, word = (cell.strip() for cell in line.split("|"))
        yield Case(number, promise, ledger, as_of, word)


CASES = tuple(_cases())


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[str, str]]:
    """Number of a case to the word and the reason that were found, an evaluation for each day."""
    found: dict[int, tuple[str, str]] = {}
    for as_of in {case.as_of for case in CASES}:
        folder = tmp_path_factory.mktemp("boundaries")
        _evaluate(folder, [case for case in CASES if case.as_of == as_of], found)
    return found


def _evaluate(folder: Path, cases: list[Case], found: dict[int, tuple[str, str]]) -> None:
    for case in cases:
        (folder / f"s{case.number}.csv").write_text(case.rows)
    (folder / "kpis.kpi").write_text("\n".join(case.spec for case in cases))
    project = kpidsl.load(folder)
    assert not [one for one in project.check() if one.severity.word == "error"]
    for verdict in project.evaluate(as_of=cases[0].as_of):
        found[int(verdict.kpi.removeprefix("k"))] = (verdict.word, verdict.why)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.promise} | {case.ledger} | {case.as_of}")
def test_the_word(words: dict[int, tuple[str, str]], case: Case) -> None:
    word, why = words[case.number]
    assert word == case.word, why
    assert why.endswith(".")
