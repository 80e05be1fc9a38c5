"""Levels of accounts: known answers, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import kpidsl
from kpidsl.results import Judged

SPEC = """
source ledger
  from        "ledger.csv"
  time        day
  channel     branch
  column      account text
  column      balance EUR
  column      rate %

source accounts
  from        ledger by account
  column      last_balance = last(ledger.balance)

measure balance = closing(ledger.balance by account)

kpi level
  formula     {formula}
  {measured}
  from        2026-01-01
  {more}
"""
ROWS = """\
day,branch,account,balance,rate
2025-12-30,north,a,100,1
2026-01-10,north,b,50,1
2026-01-20,south,a,80,1
2026-01-20,south,a,20,1
2026-02-10,south,b,,1
2026-02-25,north,a,0.3,1
"""


def _judged(
    folder: Path,
    formula: str,
    measured: str = "measured every month",
    more: str = "",
    as_of: str = "2026-04-01",
) -> Judged:
    (folder / "kpis.kpi").write_text(SPEC.format(formula=formula, measured=measured, more=more))
    (folder / "ledger.csv").write_text(ROWS)
    project = kpidsl.load(folder)
    assert not [one for one in project.check() if one.severity.word == "error"]
    return project.evaluate(as_of=as_of).judged[0]


@pytest.mark.parametrize(
    ("formula", "values"),
    [
        ("balance", [150, 50.3, 50.3]),
        ("opening(ledger.balance by account)", [100, 150, 50.3]),
        ("balance - opening(ledger.balance by account)", [50, -99.7, 0]),
        ('balance where branch = "north"', [50, 50.3, 50.3]),
        ('balance where branch = "south"', [100, 0, 0]),
        ("average over days(balance)", [(31 * 100 + 22 * 50) / 31, (24 * 150 + 50.3) / 25, None]),
        ("average over days(last(ledger.balance))", [75, 0.3, None]),
        ("last(ledger.balance)", [100, 0.3, None]),
        ("previous period(balance)", [100, 150, 50.3]),
        ("closing(ledger.balance by account and branch)", [250, 150.3, 150.3]),
    ],
)
def test_by_month(tmp_path: Path, formula: str, values: list[float | None]) -> None:
    """b has no value on 2026-02-10, so that it keeps the one of January; the data ends on 2026-02-25."""
    history = _judged(tmp_path, formula).history[:3]
    assert [one.value for one in history] == [None if v is None else pytest.approx(v) for v in values]


def test_an_account_that_moves_takes_its_level_along(tmp_path: Path) -> None:
    found = _judged(tmp_path, "balance", more="by channel")
    table = {key: [one.value for one in history[:3]] for key, history in found.slice_history}
    assert table == {("north",): [50, 50.3, 50.3], ("south",): [100, 0, 0]}


def test_cumulatively_and_over_the_last_days(tmp_path: Path) -> None:
    assert _judged(tmp_path, "balance", "measured cumulatively").headline.value == 50.3
    assert _judged(tmp_path, "balance", "measured over the last 14 days").headline.value == 50.3
    mean = _judged(tmp_path, "average over days(balance)", "measured over the last 10 days").headline.value
    assert mean == pytest.approx((9 * 150 + 50.3) / 10)


def test_a_period_in_progress_is_measured_up_to_the_newest_row(tmp_path: Path) -> None:
    found = _judged(tmp_path, "average over days(balance)", as_of="2026-01-25").history[-1]
    assert (found.running, found.value) == (True, pytest.approx((20 * 100 + 11 * 50) / 20))
    later = _judged(tmp_path, "balance", as_of="2026-02-15").history[-1]
    assert (later.running, later.value) == (True, 150)


def test_before_the_first_row_there_is_no_level(tmp_path: Path) -> None:
    found = _judged(tmp_path, "previous period(balance, 2)").history[0]
    assert found.value is None
    assert "ledger has no rows up to the end of 2025-11; its data begins on 2025-12-30" in found.why
    opening = _judged(tmp_path, "previous period(opening(ledger.balance by account))").history[0]
    assert "ledger has no rows before 2025-12" in opening.why


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("closing(ledger.balance)", "K311"),
        ("sum(ledger.balance by account)", "K311"),
        ('closing(ledger.balance by "a")', "K305"),
        ("closing(ledger.balance by balance > 3)", "K305"),
        ("closing(ledger.rate by account)", "K312"),
        ("running total(balance)", "K312"),
        ("average over days(sum(ledger.balance))", "K312"),
        ("average over days(balance / 2)", "K312"),
        ("average over days(average over days(balance))", "K312"),
        ("closing(ledger.balance by acount)", "K203"),
    ],
)
def test_mistakes(tmp_path: Path, formula: str, code: str) -> None:
    (tmp_path / "kpis.kpi").write_text(
        SPEC.format(formula=formula, measured="", more="").replace("\n  \n", "\n")
    )
    errors = [one for one in kpidsl.load(tmp_path).check() if one.severity.word == "error"]
    assert [one.code for one in errors] == [code]


def test_not_in_a_row_of_a_group(tmp_path: Path) -> None:
    text = SPEC.replace("last(ledger.balance)", "closing(ledger.balance by branch)")
    (tmp_path / "kpis.kpi").write_text(
        text.format(formula="balance", measured="measured every month", more="by channel")
    )
    assert [one.code for one in kpidsl.load(tmp_path).check()] == ["K310"]


def test_rows_behind_the_start_of_the_last_period_do_not_matter_for_its_opening(tmp_path: Path) -> None:
    found = _judged(tmp_path, "opening(ledger.balance by account)", as_of="2026-02-27")
    assert [one.value for one in found.history] == [100, 150]
