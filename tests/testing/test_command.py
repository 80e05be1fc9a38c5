"""`kpi test`: what it says, what it writes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.project import SPECS, kpi, write

PASSES = """
test "100 EUR for 5 leads"
  given       ads
    | day        | platform | spend |
    | 2026-01-10 | google   | 60    |
    | 2026-01-20 | meta     | 40    |
  given       crm
    | day        | platform |
    | 2026-01-05 | google   |
    | 2026-01-15 | google   |
    | 2026-01-25 | google   |
    | 2026-01-26 | meta     |
    | 2026-01-27 | meta     |
  expect      cost_per_lead in 2026-01 = 20 EUR per lead, met
  expect      cost_per_lead for meta in 2026-01 = 20 EUR per lead, met
"""
FAILS = """
test "too dear"
  given       ads
    | day        | platform | spend |
    | 2026-01-10 | google   | 60    |
  given       crm
    | day        | platform |
    | 2026-01-05 | google   |
  expect      cost_per_lead in 2026-01 = 50 EUR per lead, met
"""
FILTERED = """
measure big = count(crm) where platform != "meta" and day >= 2026-01-02
kpi big_leads
  formula big
  measured every month
test "one of three"
  given       crm
    | day        | platform |
    | 2026-01-02 | google   |
    | 2026-01-15 | meta     |
    | 2026-01-16 | meta     |
  expect      big_leads in 2026-01 = 1 lead
"""


def test_all_pass(tmp_path: Path) -> None:
    ran = kpi(write(tmp_path, SPECS + PASSES), "test")
    assert (ran.code, ran.out, ran.err) == (0, "1 test: 1 passed\n", "")
    loud = kpi(tmp_path, "test", "--verbose")
    assert "● passed   100 EUR for 5 leads  kpis.kpi:" in loud.out
    assert kpi(tmp_path, "test", "--quiet").out == ""


def test_a_failure_is_told_cell_by_cell(tmp_path: Path) -> None:
    ran = kpi(write(tmp_path, SPECS + PASSES + FAILS), "test")
    assert ran.code == 1
    assert (
        "the value of `cost_per_lead` in 2026-01 is 60 EUR per lead, and 50 EUR per lead is expected"
        in ran.out
    )
    assert "the verdict of `cost_per_lead` in 2026-01 is missed, and met is expected" in ran.out
    assert "^^^^^^^^^^^^^^^" in ran.out
    assert "ads: 1 row given, 1 in the window" in ran.out
    assert ran.out.endswith("2 tests: 1 failed, 1 passed\n")


def test_how_many_rows_each_condition_kept(tmp_path: Path) -> None:
    ran = kpi(write(tmp_path, SPECS + FILTERED.replace("= 1 lead", "= 2 leads")), "test")
    assert ran.code == 1
    assert 'crm: 3 rows given, 3 in the window; `platform != "meta"` keeps 1; `day >= 2026-01-02`' in ran.out


def test_a_broken_test_spoils_only_itself(tmp_path: Path) -> None:
    broken = PASSES.replace("100 EUR", "more").replace("| 60 ", "| so ")
    ran = kpi(write(tmp_path, SPECS + broken + PASSES), "test")
    assert ran.code == 2
    assert "`so` is not a number" in ran.out
    assert ran.out.endswith("2 tests: 1 not run, 1 passed\n")


def test_a_test_that_cannot_be_read_is_not_forgotten(tmp_path: Path) -> None:
    ran = kpi(write(tmp_path, SPECS + PASSES + 'test "x"\n  expects 5\n'), "test")
    assert (ran.code, ran.out) == (2, "1 test: 1 passed\n")
    assert "K102" in ran.err or "K1" in ran.err


def test_a_kpi_with_an_error_cannot_be_tested(tmp_path: Path) -> None:
    broken = 'kpi odd\n  formula ad_spend + leads\ntest "odd"\n  expect odd in 2026-01 = 5\n'
    ran = kpi(write(tmp_path, SPECS + PASSES + broken), "test")
    assert ran.code == 2
    assert "`odd` has an error and cannot be judged" in ran.out
    assert "K301" in ran.err


def test_run_chooses(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS + PASSES + FAILS)
    assert kpi(folder, "test", "--run", "5 LEADS").out == "1 test: 1 passed\n"
    assert kpi(folder, "test", "--run", "too*").code == 1
    assert kpi(folder, "test", "--run", "cost_per_lead").out.endswith("2 tests: 1 failed, 1 passed\n")
    none = kpi(folder, "test", "--run", "too deer")
    assert (none.code, "one with a similar title: `too dear`" in none.err) == (2, True)


@pytest.mark.parametrize(
    ("within", "code"),
    [("", 1), (" within 1%", 0), (" within 0.1%", 1), (" within 0.5 EUR per lead", 0)],
)
def test_tolerance(tmp_path: Path, within: str, code: int) -> None:
    text = PASSES.replace("in 2026-01 = 20 EUR per lead", f"in 2026-01 = 20.1 EUR per lead{within}")
    assert kpi(write(tmp_path, SPECS + text), "test").code == code


def test_no_value_and_the_default_day(tmp_path: Path) -> None:
    text = 'test "nothing"\n  given crm\n    | day |\n    | 2026-01-31 |\n'
    text += "  expect cost_per_lead = no value, no data\n  expect lead_count = 1 lead\n"
    assert kpi(write(tmp_path, SPECS + text), "test").out == "1 test: 1 passed\n"
    found = text.replace("= 1 lead", "= no value")
    assert "is 1 lead, and no value is expected" in kpi(write(tmp_path, SPECS + found), "test").out


def test_promises_of_days_are_held_where_stale_is_expected(tmp_path: Path) -> None:
    old = PASSES.replace("  expect ", "  as of 2026-03-01\n  expect ", 1)
    stale = old.replace("per lead, met", "per lead, stale")
    ran = kpi(write(tmp_path, SPECS + old + stale), "test")
    assert (ran.code, ran.out) == (0, "2 tests: 2 passed\n")


def test_a_diagnostic_is_expected(tmp_path: Path) -> None:
    specs = SPECS.replace("  fresh       within 3 days\n", "  check       spend >= 0\n  key         day\n", 1)
    text = 'test "t"\n  given ads\n    | day | spend |\n    | 2026-01-05 | -1 |\n    | 2026-01-05 | 2 |\n'
    fine = text + "  expect diagnostic check-broken\n  expect diagnostic K520\n"
    assert kpi(write(tmp_path, specs + fine), "test").out == "1 test: 1 passed\n"
    other = kpi(write(tmp_path, specs + text + "  expect diagnostic incomplete\n"), "test")
    assert "K521 `incomplete` is expected, and is not told" in other.out
    assert "told is: K520 repeated-key, K604 check-broken" in other.out
    wrong = kpi(write(tmp_path, specs + text + "  expect diagnostic check-brken\n"), "test")
    assert (wrong.code, "similar name: `check-broken`" in wrong.out) == (2, True)


def test_update_writes_what_was_found(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS + PASSES + FAILS)
    ran = kpi(folder, "test", "--update")
    assert (ran.code, ran.out) == (0, "kpis.kpi: 2 expectations written\n")
    text = (folder / "kpis.kpi").read_text()
    assert text == SPECS + PASSES + FAILS.replace("50 EUR per lead, met", "60 EUR per lead, missed")
    assert kpi(folder, "test").code == 0
    assert kpi(folder, "test", "--update").out == "everything is as expected\n"


def test_update_leaves_what_it_cannot_write(tmp_path: Path) -> None:
    text = PASSES.replace("= 20 EUR per lead, met", "= no value")
    folder = write(tmp_path, SPECS + text)
    ran = kpi(folder, "test", "--update")
    assert ran.code == 1
    assert "no value is expected" in ran.err
    assert (folder / "kpis.kpi").read_text() == SPECS + text


def test_coverage(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS + PASSES + FILTERED)
    ran = kpi(folder, "test", "--coverage")
    assert ran.code == 0
    assert "no test expects anything of `lead_count`" in ran.out
    assert "no test has a row that `day >= 2026-01-02` leaves out" in ran.out
    assert 'platform != "meta"` leaves' not in ran.out
    assert ran.out.endswith("coverage 71.4%: 2 of 3 KPIs, 3 of 4 sides of conditions\n")
    assert kpi(folder, "test", "--coverage", "--min", "70").code == 0
    low = kpi(folder, "test", "--coverage", "--min", "80")
    assert (low.code, low.out.endswith("; at least 80% is asked for\n")) == (1, True)
    assert kpi(folder, "test", "--min", "80").code == 2


def test_mutate_lists_what_no_test_notices(tmp_path: Path) -> None:
    ran = kpi(write(tmp_path, SPECS + FILTERED), "test", "--mutate")
    assert ran.code == 0
    noticed = ('`platform != "meta"` is dropped', 'becomes `platform = "meta"`', "its window")
    assert not any(told in ran.out for told in noticed)
    assert "when `day >= 2026-01-02` is dropped" in ran.out
    assert "becomes `day > 2026-01-02`" not in ran.out  # the row of the second is at the edge
    assert ran.out.endswith("changes: 5 of 6 are noticed\n")


def test_mutate_moves_targets(tmp_path: Path) -> None:
    """20 EUR against at most 25, meta against at most 20: only the slice is at its edge."""
    ran = kpi(write(tmp_path, SPECS + PASSES.replace("for meta ", "")), "test", "--mutate")
    assert "no test of `cost_per_lead` notices it when its target moves by 10%" in ran.out
    both = kpi(write(tmp_path, SPECS + PASSES), "test", "--mutate")
    assert "target moves" not in both.out


def test_record_writes_a_test_that_passes(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS)
    ran = kpi(folder, "test", "--record", "cost_per_lead")
    assert (ran.code, ran.err) == (0, "")
    assert "90" not in ran.out.split("expect")[0].split("as of")[0].replace("2026", "")
    (folder / "recorded.kpi").write_text(ran.out)
    assert kpi(folder, "test").out == "1 test: 1 passed\n"
    assert kpi(folder, "fmt", "--check", "recorded.kpi").code == 0
    unknown = kpi(folder, "test", "--record", "cost_per_led")
    assert (unknown.code, "cost_per_lead" in unknown.err) == (2, True)


def test_formats(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS + PASSES + FAILS.replace("too dear", "too <dear> & \u0001"))
    ran = kpi(folder, "test", "--format", "json", "--format", "junit=out.xml", "--format", "markdown=out.md")
    assert ran.code == 1
    told = json.loads(ran.out)
    assert [test["word"] for test in told["tests"]] == ["passed", "failed"]
    assert [problem["code"] for problem in told["tests"][1]["problems"]] == ["K650", "K650"]
    suite = ElementTree.parse(folder / "out.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    assert [len(case) for case in suite] == [0, 2]
    assert (folder / "out.md").read_text().startswith("### 2 tests: 1 failed, 1 passed\n")


def test_no_tests_are_no_failure(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS)
    ran = kpi(folder, "test", "--format", "junit=out.xml", "--format", "text")
    assert (ran.code, ran.out) == (0, "0 tests\n")
    assert len(ElementTree.parse(folder / "out.xml").getroot()[0]) == 1
