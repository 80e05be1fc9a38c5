"""The rules of verdicts at their edges, from spec text and rows to the word.

Each table is a rule of docs/language.md; each line of it a case: what is promised, the rows, the day of the
evaluation, and the word that follows. Every case is a KPI on a source of its own, and all cases of a day are one
project.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from attrs import frozen

import kpidsl

TABLES = {
    "A closed period is met at its bound, and nearly met down to its tolerance.": """
        at least 100 EUR / tolerance 5%             | 2026-01-15 100.01 | 2026-02-01 | met
        at least 100 EUR / tolerance 5%             | 2026-01-15 100    | 2026-02-01 | met
        at least 100 EUR / tolerance 5%             | 2026-01-15 99.99  | 2026-02-01 | nearly met
        at least 100 EUR / tolerance 5%             | 2026-01-15 95     | 2026-02-01 | nearly met
        at least 100 EUR / tolerance 5%             | 2026-01-15 94.99  | 2026-02-01 | missed
        at least 100 EUR                            | 2026-01-15 99.99  | 2026-02-01 | missed
        at least 100 EUR / tolerance 7 EUR          | 2026-01-15 93     | 2026-02-01 | nearly met
        at least 100 EUR / tolerance 7 EUR          | 2026-01-15 92.99  | 2026-02-01 | missed
    """,
    "A cap is the mirror of it.": """
        at most 100 EUR / tolerance 5%              | 2026-01-15 99.99  | 2026-02-01 | met
        at most 100 EUR / tolerance 5%              | 2026-01-15 100    | 2026-02-01 | met
        at most 100 EUR / tolerance 5%              | 2026-01-15 100.01 | 2026-02-01 | nearly met
        at most 100 EUR / tolerance 5%              | 2026-01-15 105    | 2026-02-01 | nearly met
        at most 100 EUR / tolerance 5%              | 2026-01-15 105.01 | 2026-02-01 | missed
        at most 100 EUR                             | 2026-01-15 100.01 | 2026-02-01 | missed
    """,
    "Between is green on both bounds, and amber within the tolerance outside of either.": """
        between 100 EUR and 200 EUR / tolerance 10 EUR | 2026-01-15 89.99  | 2026-02-01 | missed
        between 100 EUR and 200 EUR / tolerance 10 EUR | 2026-01-15 90     | 2026-02-01 | nearly met
        between 100 EUR and 200 EUR / tolerance 10 EUR | 2026-01-15 99.99  | 2026-02-01 | nearly met
        between 100 EUR and 200 EUR / tolerance 10 EUR | 2026-01-15 100    | 2026-02-01 | met
        between 100 EUR and 200 EUR / tolerance 10 EUR | 2026-01-15 200    | 2026-02-01 | met
        between 100 EUR and 200 EUR / tolerance 10 EUR | 2026-01-15 200.01 | 2026-02-01 | nearly met
        between 100 EUR and 200 EUR / tolerance 10 EUR | 2026-01-15 210    | 2026-02-01 | nearly met
        between 100 EUR and 200 EUR / tolerance 10 EUR | 2026-01-15 210.01 | 2026-02-01 | missed
        between 100 EUR and 200 EUR / tolerance 10%    | 2026-01-15 90     | 2026-02-01 | nearly met
        between 100 EUR and 200 EUR / tolerance 10%    | 2026-01-15 220    | 2026-02-01 | nearly met
    """,
    "A period takes in its first and its last day, and is open until its last day is over.": """
        at least 100 EUR | 2026-01-01 60, 2026-01-31 40 | 2026-02-01 | met
        at least 100 EUR | 2025-12-31 60, 2026-01-31 40 | 2026-02-01 | missed
        at least 100 EUR | 2026-01-01 60, 2026-02-01 40 | 2026-02-01 | missed
        at least 100 EUR | 2026-01-01 60, 2026-01-31 39 | 2026-01-31 | off track
        at least 100 EUR | 2026-01-01 60, 2026-01-31 39 | 2026-02-01 | missed
        at least 100 EUR | 2026-01-01 10                | 2026-01-01 | on track
        at least 100 EUR | 2026-01-01 3                 | 2026-01-01 | off track
    """,
    "Rows later than the day of the evaluation do not exist.": """
        at least 100 EUR | 2026-01-01 40, 2026-01-12 60 | 2026-01-11 | on track
        at least 100 EUR | 2026-01-12 100               | 2026-01-11 | no data
        at most 10 EUR   | 2026-01-10 10, 2026-01-12 5  | 2026-01-11 | off track
        at most 10 EUR   | 2026-01-10 10, 2026-01-12 5  | 2026-01-12 | missed
    """,
    "Before its start a promise is not judged; on its first day it is.": """
        at least 100 EUR / measured cumulatively / from 2026-01-10 / deadline 2026-01-19 | 2026-01-09 100 | 2026-01-09 | not started
        at least 100 EUR / measured cumulatively / from 2026-01-10 / deadline 2026-01-19 | 2026-01-10 10  | 2026-01-10 | on track
        at least 100 EUR / measured cumulatively / from 2026-01-10 / deadline 2026-01-19 | 2026-01-10 9.9 | 2026-01-10 | off track
        at least 100 EUR / from 2026-02 | 2026-01-15 500 | 2026-01-31 | not started
        at least 100 EUR / from 2026-02 | 2026-02-01 4   | 2026-02-01 | on track
    """,
    "A deadline is open on its day, and over on the next.": """
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10 | 2026-01-01 1, 2026-01-10 98 | 2026-01-10 | off track
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10 | 2026-01-01 1, 2026-01-10 98 | 2026-01-11 | missed
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10 | 2026-01-01 1, 2026-01-10 99 | 2026-01-10 | met
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10 | 2026-01-01 1, 2026-01-11 99 | 2026-01-11 | missed
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10 | 2026-01-01 1, 2026-01-10 99 | 2027-01-11 | met
        at most 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10  | 2026-01-10 100              | 2026-01-10 | on track
        at most 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10  | 2026-01-10 100              | 2026-01-11 | met
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2999-12-31 | 2026-01-01 1                | 2026-01-10 | on track
        at least 1_000_000 EUR / measured cumulatively / from 2026-01-01 / deadline 2999-12-31 | 2026-01-01 1          | 2026-01-10 | off track
    """,
    "The pace goes by the days that the data reaches.": """
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10 | 2026-01-01 10, 2026-01-05 40    | 2026-01-05 | on track
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10 | 2026-01-01 10, 2026-01-05 39.99 | 2026-01-05 | off track
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10 | 2026-01-01 10, 2026-01-05 40    | 2026-01-09 | on track
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10 / tolerance 10% | 2026-01-01 10, 2026-01-05 30    | 2026-01-05 | at risk
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10 / tolerance 10% | 2026-01-01 10, 2026-01-05 29.99 | 2026-01-05 | off track
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10 / pace none     | 2026-01-01 10, 2026-01-05 89    | 2026-01-05 | off track
        at most 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10  | 2026-01-01 10, 2026-01-05 40    | 2026-01-05 | on track
        at most 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-01-10  | 2026-01-01 10, 2026-01-05 40.01 | 2026-01-05 | off track
    """,
    "What can no longer change is said at once.": """
        at most 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-12-31 | 2026-01-05 100.01 | 2026-01-05 | missed
        at most 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-12-31 | 2026-01-05 100    | 2026-01-05 | off track
        at most 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-12-31 / tolerance 5% | 2026-01-05 105    | 2026-01-05 | off track
        at most 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-12-31 / tolerance 5% | 2026-01-05 105.01 | 2026-01-05 | missed
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-12-31 | 2026-01-05 100   | 2026-01-05 | met
        at least 100 EUR / measured cumulatively / from 2026-01-01 / deadline 2026-12-31 | 2026-01-05 99.99 | 2026-01-05 | on track
    """,
    "No value is not zero.": """
        at least 0 EUR  | 2026-01-15 5, 2026-03-15 5 | 2026-03-01 | no data
        at most 100 EUR | 2026-01-15 5, 2026-03-15 5 | 2026-03-01 | no data
        at most 100 EUR | 2025-12-15 5, 2026-03-15 5 | 2026-02-01 | no data
        at most 100 EUR | 2026-01-15 0               | 2026-02-01 | met
        at least 0 EUR  | 2026-01-15 0               | 2026-02-01 | met
        at most 100 EUR | nothing                    | 2026-02-01 | no data
    """,
    "A change needs a baseline above zero where it is relative, and one at all where it is not.": """
        increase by 20% / baseline 2026-01 / pace none     | 2026-01-15 100, 2026-02-15 120    | 2026-03-01 | met
        increase by 20% / baseline 2026-01 / pace none     | 2026-01-15 100, 2026-02-15 119.99 | 2026-03-01 | missed
        increase by 20% / baseline 2026-01 / pace none     | 2026-01-15 0, 2026-02-15 120      | 2026-03-01 | no data
        increase by 20% / baseline 2026-01 / pace none     | 2026-01-15 -5, 2026-02-15 120     | 2026-03-01 | no data
        increase by 20% / baseline 2026-01 / pace none     | 2025-12-15 5, 2026-02-15 120      | 2026-03-01 | no data
        increase by 20 EUR / baseline 2026-01 / pace none  | 2026-01-15 0, 2026-02-15 20       | 2026-03-01 | met
        increase by 20 EUR / baseline 2026-01 / pace none  | 2026-01-15 -5, 2026-02-15 15      | 2026-03-01 | met
        increase by 20 EUR / baseline 2026-01 / pace none  | 2026-01-15 -5, 2026-02-15 14.99   | 2026-03-01 | missed
        increase by 20 EUR / baseline 2026-01 / pace none  | 2025-12-15 5, 2026-02-15 20       | 2026-03-01 | no data
        decrease by 20% / baseline 2026-01 / pace none     | 2026-01-15 100, 2026-02-15 80     | 2026-03-01 | met
        decrease by 20% / baseline 2026-01 / pace none     | 2026-01-15 100, 2026-02-15 80.01  | 2026-03-01 | missed
        increase by 20% / baseline previous period         | 2026-01-15 100, 2026-02-15 120    | 2026-03-01 | met
        increase by 20% / baseline previous period         | 2026-02-15 120                    | 2026-03-01 | no data
        increase by 20% / baseline same period last year   | 2025-02-15 100, 2026-02-15 120    | 2026-03-01 | met
        increase by 20% / baseline same period last year   | 2025-01-15 100, 2026-02-15 120    | 2026-03-01 | no data
    """,
    "The reference glides from the baseline to the target.": """
        increase by 30 EUR / baseline 2025-12 / from 2026-01 / deadline 2026-02-28 | 2025-12-01 100, 2026-01-15 115.77 | 2026-02-01 | met
        increase by 30 EUR / baseline 2025-12 / from 2026-01 / deadline 2026-02-28 | 2025-12-01 100, 2026-01-15 115.76 | 2026-02-01 | missed
        increase by 30 EUR / baseline 2025-12 / from 2026-01 / deadline 2026-02-28 | 2025-12-01 100, 2026-02-15 130    | 2026-03-01 | met
        increase by 30 EUR / baseline 2025-12 / from 2026-01 / deadline 2026-02-28 | 2025-12-01 100, 2026-02-15 129.99 | 2026-03-01 | missed
    """,
    "A stale source is never green; it is stale on the first day too late.": """
        at least 1 EUR / fresh within 2 days | 2026-01-15 100 | 2026-01-17 | met
        at least 1 EUR / fresh within 2 days | 2026-01-15 100 | 2026-01-18 | stale
        at most 1 EUR / fresh within 2 days  | 2026-01-15 100 | 2026-01-18 | stale
    """,
    "A sliding window ends with the newest data.": """
        at least 100 EUR / measured over the last 7 days | 2026-01-01 9, 2026-01-09 60, 2026-01-15 40    | 2026-01-20 | on track
        at least 100 EUR / measured over the last 7 days | 2026-01-01 9, 2026-01-08 60, 2026-01-15 40    | 2026-01-20 | off track
        at least 100 EUR / measured over the last 7 days | 2026-01-01 9, 2026-01-09 60, 2026-01-15 39.99 | 2026-01-20 | off track
    """,
}  # fmt: skip  # noqa: E501


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
    lines = (line for table in TABLES.values() for line in table.strip().splitlines())
    for number, line in enumerate(lines):
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
