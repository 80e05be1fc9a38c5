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
    stale = stale.replace("5 leads", "old")
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


def test_update_writes_values_in_place_of_none_and_words_that_promise_nothing(tmp_path: Path) -> None:
    kpis = "kpi spent\n  formula ad_spend\n  measured every month\n"
    text = PASSES.replace("= 20 EUR per lead, met", "=  no  value,  no data")
    text += "  expect      spent in 2026-01 no data\n"
    folder = write(tmp_path, SPECS + kpis + text)
    assert kpi(folder, "test", "--update").out == "kpis.kpi: 5 expectations written\n"
    written = (folder / "kpis.kpi").read_text()
    assert "in 2026-01 =  20 EUR per lead,  met\n" in written
    assert "spent in 2026-01 no target\n" in written
    assert kpi(folder, "test").code == 0


def test_update_leaves_what_it_cannot_write(tmp_path: Path) -> None:
    text = PASSES.replace("2026-01 = 20 EUR per lead, met", "2025 = 20 EUR per lead within 1%")
    folder = write(tmp_path, SPECS + text)
    ran = kpi(folder, "test", "--update")
    assert ran.code == 1
    assert "is no value, and 20 EUR per lead is expected" in ran.err
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
    assert [[part.tag for part in case] for case in suite] == [[], ["failure"]]
    assert (folder / "out.md").read_text().splitlines()[1:4] == [
        "### kpi test: 2 errors",
        "",
        "2 tests: 1 failed, 1 passed",
    ]


def test_no_tests_are_no_failure(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS)
    ran = kpi(folder, "test", "--format", "junit=out.xml", "--format", "text")
    assert (ran.code, ran.out) == (0, "0 tests\n")
    assert len(ElementTree.parse(folder / "out.xml").getroot()[0]) == 1


def test_update_writes_values_of_any_unit_so_that_they_can_be_read(tmp_path: Path) -> None:
    formulas = {
        "products": "sum(s.cost) * sum(s.pages)",
        "rates": "sum(s.cost) / sum(s.pages) / sum(s.waiting)",
        "squares": "sum(s.cost) * sum(s.cost)",
        "shares": "average(s.share)",
        "differences": "average(s.share) - 50%",
        "times": "sum(s.waiting)",
        "plain": "sum(s.number) / 3",
        "inverse": "1 / sum(s.cost)",
        "negative": "0 EUR - sum(s.cost) / 3",
        "currencies": "sum(s.cost) / sum(s.dollars)",
        "large": "sum(s.cost) * 123_456_789_012_345",
        "`à part`": "count(s)",
    }
    specs = 'source s\n  from "s.csv"\n  row lead\n  time day\n  column cost EUR\n  column dollars USD\n'
    specs += "  column share %\n  column number number\n  column waiting hours\n  column pages page\n"
    specs += "".join(f"kpi {name}\n  formula {formula}\n" for name, formula in formulas.items())
    specs += 'test "t"\n  given s\n    | day | cost | dollars | share | number | waiting | pages |\n'
    specs += "    | 2026-01-05 | 1.7 | 3 | 4.2% | 7 | 1 | 4 |\n  as of 2026-02-01\n"
    specs += "".join(f"  expect {name} = no value, no data\n" for name in formulas)
    folder = write(tmp_path, specs)
    assert kpi(folder, "test", "--update").out == f"kpis.kpi: {2 * len(formulas)} expectations written\n"
    ran = kpi(folder, "test")
    assert (ran.out, ran.err) == ("1 test: 1 passed\n", "")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--update", "--mutate"), "--mutate does not go with --update"),
        (("--update", "--format", "json"), "--format does not go with --update"),
        (("--record", "lead_count", "--update"), "--update does not go with --record"),
        (("--record", "lead_count", "--run", "x"), "--run does not go with --record"),
        (("--as-of", "2026-01-01"), "--as-of and --data go with --record"),
    ],
)
def test_options_without_effect_are_refused(tmp_path: Path, args: tuple[str, ...], told: str) -> None:
    ran = kpi(write(tmp_path, SPECS + FAILS), "test", *args)
    assert (ran.code, told in ran.err) == (2, True)
    assert (tmp_path / "kpis.kpi").read_text() == SPECS + FAILS


def test_two_tests_of_one_title(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS + PASSES + PASSES)
    ran = kpi(folder, "test")
    assert (ran.code, ran.out.count("K201")) == (2, 1)
    assert "`100 EUR for 5 leads` is the title of two tests" in ran.out
    assert ran.out.endswith("2 tests: 1 not run, 1 passed\n")
    (folder / "kpis.kpi").write_text(SPECS + PASSES)
    (folder / "more.kpi").write_text(PASSES)
    assert kpi(folder, "test").out == "2 tests: 2 passed\n"


def test_a_clause_that_stands_twice_is_an_error_of_its_test(tmp_path: Path) -> None:
    twice = PASSES.replace("  given       crm", "  as of 2026-02-01\n  as of 2026-03-01\n  given       crm")
    ran = kpi(write(tmp_path, SPECS + twice), "test")
    assert (ran.code, "`as of` is written twice" in ran.out) == (2, True)
    assert ran.out.endswith("1 test: 1 not run\n")


def test_a_test_that_expects_nothing_is_told(tmp_path: Path) -> None:
    ran = kpi(write(tmp_path, SPECS + PASSES.partition("  expect")[0]), "test")
    assert (ran.code, "warning[K480 empty-test]" in ran.out) == (0, True)


def test_rows_that_break_what_is_promised_of_them_are_told(tmp_path: Path) -> None:
    specs = SPECS.replace("  fresh       within 3 days\n", "  key day\n  check spend > 0\n", 1)
    rows = "    | 2026-01-20 | meta     | 40    |\n"
    odd = PASSES.replace(rows, rows.replace("40", "50") + rows.replace("40", "-10"))
    folder = write(tmp_path, specs + odd)
    ran = kpi(folder, "test", "--format", "text", "--format", "json=out.json", "--format", "junit=out.xml")
    assert ran.code == 0
    assert "repeated: `2026-01-20` (2 times)" in ran.out
    assert "1 row of `ads` breaks its check" in ran.out
    (told,) = json.loads((folder / "out.json").read_text())["tests"]
    assert (told["word"], [one["code"] for one in told["problems"]]) == ("passed", ["K520", "K604"])
    (case,) = ElementTree.parse(folder / "out.xml").getroot()[0]
    assert [part.tag for part in case] == ["system-out"]
    meant = kpi(write(tmp_path, specs + odd + "  expect diagnostic repeated-key\n"), "test")
    assert (meant.code, meant.out) == (0, "1 test: 1 passed\n")


def test_a_source_that_is_given_without_rows(tmp_path: Path) -> None:
    header = "    | day        | platform | spend |\n"
    empty = PASSES.partition("    |")[0] + header + "  as of 2026-02-01\n"
    empty += "  expect cost_per_lead in 2026-01 = no value, no data\n"
    assert kpi(write(tmp_path, SPECS + empty), "test").out == "1 test: 1 passed\n"
    bare = kpi(write(tmp_path, SPECS + empty.replace(header, "")), "test")
    assert (bare.code, "a source without rows is left out" in " ".join(bare.err.split())) == (2, True)


def test_cells_with_signs_of_the_table(tmp_path: Path) -> None:
    rows = "    | 2026-01-10 | google   | 60    |\n    | 2026-01-20 | meta     | 40    |\n"
    signs = rows.replace("google  ", r"a\|b").replace("meta    ", r"\#été à Größe\\") + "    # a remark\n"
    text = PASSES.replace(rows, signs).replace("cost_per_lead for meta", "spent for meta")
    text = text.replace("20 EUR per lead, met", "50 EUR")
    text = text.partition("  expect")[0] + "  expect spent in 2026-01 = 100 EUR\n"
    text += '  expect spent for "a|b" in 2026-01 = 60 EUR\n'
    text += '  expect spent for "#été à Größe\\\\" in 2026-01 = 40 EUR\n'
    specs = SPECS + "kpi spent\n  formula ad_spend\n  measured every month\n  by channel\n"
    folder = write(tmp_path, specs + text)
    assert kpi(folder, "test").out == "1 test: 1 passed\n"
    assert kpi(folder, "fmt").code == 0
    assert r"| a\|b" in (folder / "kpis.kpi").read_text()
    assert kpi(folder, "test").out == "1 test: 1 passed\n"
    bad = kpi(write(tmp_path, specs + text.replace(r"a\|b", "a|b")), "test")
    assert "the row has 4 cells, and the table has 3 columns" in bad.out


def test_an_occurrence_of_a_named_period_is_expected(tmp_path: Path) -> None:
    text = "period sale from 2026-01-01 to 2026-01-20\n"
    text += PASSES.replace(
        "cost_per_lead in 2026-01 = 20 EUR per lead, met", "lead_count in sale 2026 = 2 lead"
    )
    text = text.replace("  expect      cost_per_lead for meta in 2026-01 = 20 EUR per lead, met\n", "")
    assert kpi(write(tmp_path, SPECS + text), "test").out == "1 test: 1 passed\n"


RECORDED = r"""
source visits
  from        "visits.csv"
  row         visit
  time        at
  belongs to  pages by page = address
  column      visitor id of person
  column      page text
  column      browser text
  column      fee EUR

source pages
  from        "pages.csv"
  column      address text
  column      section text

kpi readers
  formula     count distinct(visits.visitor) where section != "shop" and browser in ("ie", "a|b")
  measured    every month

kpi fees
  formula     sum(visits.fee) where at >= 2026-01-02
  measured    every month
"""
VISITS = """\
at,visitor,page,browser,fee
2026-01-05 10:31:07,anna@example.org,/secret/1,ie,12.34
2026-01-05 10:31:09,bert@example.org,/secret/1,a|b,-9.87
2026-01-05 09:15:00,anna@example.org,/cart,Opera 12,3.21
2026-01-06 23:59:59,carla@example.org,,#hidden,0
"""
PAGES = "address,section\n/secret/1,Blog of Anna\n/cart,shop\n"


def test_what_is_recorded_holds_nothing_of_the_data_but_days_and_what_specs_name(tmp_path: Path) -> None:
    folder = write(tmp_path, RECORDED)
    (folder / "visits.csv").write_text(VISITS)
    (folder / "pages.csv").write_text(PAGES)
    for name, named in (("readers", {"ie", "a|b", "shop"}), ("fees", {"0"})):
        ran = kpi(folder, "test", "--record", name, "--as-of", "2026-02-01")
        assert ran.code == 0, ran.err
        rows = [line.strip(" |").replace(r"\|", "/") for line in ran.out.splitlines() if line[:5] == "    |"]
        cells = {cell.strip().replace("/", "|") for row in rows for cell in row.split(" | ")}
        lines = [*VISITS.splitlines()[1:], *PAGES.splitlines()[1:]]
        known = {cell for line in lines for cell in line.split(",")} - {""}
        assert cells & known == named & cells
        assert not any(word in ran.out for word in ("anna", "Anna", "secret", "Opera", "10:31", "hidden"))
        (folder / f"{name}.kpi").write_text(ran.out)
    assert kpi(folder, "test").out == "2 tests: 2 passed\n"
    linked = (folder / "readers.kpi").read_text()
    assert linked.count("page 1 ") >= 2  # a link leads where it led


def test_what_is_not_there_is_recorded_without_another_day(tmp_path: Path) -> None:
    folder = write(tmp_path, RECORDED)
    ran = kpi(folder, "test", "--record", "fees", "--as-of", "2026-02-01")
    assert (ran.code, "`--as-of`" in ran.err) == (2, False)


def test_quiet_tells_errors_only(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS + PASSES)
    loud, quiet = (kpi(folder, "test", "--coverage", *more) for more in ((), ("--quiet",)))
    assert "K652" in loud.out
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    least = kpi(folder, "test", "--coverage", "--min", "100", "--quiet")
    assert (least.code, "K652" in least.out, "K655" in least.out) == (1, False, True)
