"""`kpi whatif`, `kpi solve`, `kpi scenario`: what they say, and how they end."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.project import ROOT, SPECS, kpi, write

SCENARIOS = """
scenario "Half the spend"
  set         ad_spend decrease by 50%
  expect      cost_per_lead = 15 EUR per lead, met
  expect      cost_per_lead for meta met

scenario "What would 25 EUR take?"
  solve       leads for cost_per_lead = 25 EUR per lead
  expect      6 lead
"""
WRONG = """
scenario "Too good"
  set         ad_spend = 100 EUR
  expect      cost_per_lead = 19 EUR per lead
  expect      lead_count missed
"""


def test_whatif(tmp_path: Path) -> None:
    ran = kpi(write(tmp_path), "whatif", "--set", "ad_spend=100")
    assert (ran.code, ran.err) == (0, "")
    assert "set ad_spend = 100 EUR" in ran.out
    assert "■ missed → ● met" in ran.out
    assert "objective Grow" in ran.out


def test_a_value_below_zero_stands_in_parentheses_and_may_lack_its_unit(tmp_path: Path) -> None:
    ran = kpi(write(tmp_path), "whatif", "--set", "ad_spend=(-100)")
    assert (ran.code, ran.err) == (0, "")
    assert "set ad_spend = (-100 EUR)" in ran.out


def test_solve_ends_in_1_without_a_solution(tmp_path: Path) -> None:
    folder = write(tmp_path)
    found = kpi(folder, "solve", "cost_per_lead=25", "--for", "leads")
    assert (found.code, "leads is 6 leads" in found.out) == (0, True)
    none = kpi(folder, "solve", "cost_per_lead=25", "--for", "leads", "--between", "7", "1_000")
    assert (none.code, "No leads between 7 leads and 1,000 leads" in none.out) == (1, True)
    missed = kpi(folder, "solve", "cost_per_lead=25", "--for", "leads", "--between", "7", "one")
    assert (missed.code, missed.out) == (2, "")


def test_scenarios_pass_and_fail(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS + SCENARIOS)
    assert kpi(folder, "scenario").code == 0
    (folder / "kpis.kpi").write_text(SPECS + SCENARIOS + WRONG)
    ran = kpi(folder, "scenario")
    assert ran.code == 1
    assert "found: 20 EUR per lead, met" in ran.out
    assert "found: 11 lead, on track" in ran.out
    assert "3 scenarios: 2 passed, 1 failed" in ran.out
    only = kpi(folder, "scenario", "--title", "Half the spend", "--format", "json")
    assert only.code == 0
    (one,) = json.loads(only.out)["scenarios"]
    assert (one["passed"], [check["passed"] for check in one["expected"]]) == (True, [True, True])
    assert "Half the spend" not in kpi(folder, "scenario", "--quiet").out


def test_a_scenario_that_cannot_run_spoils_only_itself(tmp_path: Path) -> None:
    broken = 'scenario "Broken"\n  set nothing = 3\n'
    ran = kpi(write(tmp_path, SPECS + SCENARIOS + broken), "scenario")
    assert ran.code == 2
    assert "K202" in ran.err
    assert "2 passed, 1 not run" in ran.out


def test_a_scenario_of_another_day(tmp_path: Path) -> None:
    early = 'scenario "January"\n  as of 2026-02-01\n  set leads = 10 lead\n'
    early += "  expect cost_per_lead = 10 EUR per lead\n"
    assert kpi(write(tmp_path, SPECS + early), "scenario").code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("whatif", "--set", "ad_spend"), "K726"),
        (("whatif", "--set", "ad_spend=3 lead"), "K401"),
        (("whatif", "--set", "ad_spend=3", "--as-of", "x"), "K721"),
        (("whatif", "--set", "ad_spend=3\n  expect 4"), "K726"),
        (("solve", "cost_per_lead", "--for", "leads"), "K726"),
        (("solve", "cost=3", "--for", "leads"), "K202"),
        (("solve", "lead_count=3", "--for", "ad_spend"), "K630"),
        (("scenario", "--title", "None"), "K727"),
    ],
)
def test_wrong_input_is_told_and_ends_in_2(tmp_path: Path, arguments: tuple[str, ...], code: str) -> None:
    ran = kpi(write(tmp_path), *arguments)
    assert ran.code == 2
    assert f"[{code} " in ran.err
    assert "Traceback" not in ran.err


def test_without_scipy_the_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "none" / "scipy").mkdir(parents=True)
    (tmp_path / "none" / "scipy" / "__init__.py").write_text("raise ImportError('no', name='scipy')\n")
    ran = kpi(
        write(tmp_path),
        "solve",
        "cost_per_lead=3",
        "--for",
        "leads",
        PYTHONPATH=f"{tmp_path / 'none'}{os.pathsep}{ROOT}",
    )
    assert (ran.code, "kpidsl[solve]" in ran.err) == (2, True)


def test_a_lint_and_an_assumption_import_no_scipy(tmp_path: Path) -> None:
    (tmp_path / "none" / "scipy").mkdir(parents=True)
    (tmp_path / "none" / "scipy" / "__init__.py").write_text("raise SystemExit(9)\n")
    path = {"PYTHONPATH": f"{tmp_path / 'none'}{os.pathsep}{ROOT}"}
    assert kpi(write(tmp_path, SPECS + SCENARIOS), "lint", **path).code == 0
    assert kpi(tmp_path, "whatif", "--set", "leads=3", **path).code == 0


def test_a_channel_that_no_row_has_is_told_and_leaves_the_others(tmp_path: Path) -> None:
    folder = write(tmp_path)
    asked = ("whatif", "--set", "ad_spend[gogle]=500", "--format", "json")
    said = json.loads(kpi(folder, *asked).out)
    text = json.dumps(said)
    assert "No row has the channel gogle (a similar one: google)" in text
    assert "no value" not in kpi(folder, "whatif", "--set", "ad_spend[gogle]=500").out
    assert "No row has" not in kpi(folder, "whatif", "--set", "ad_spend[google]=500").out
