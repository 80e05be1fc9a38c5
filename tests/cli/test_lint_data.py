"""`kpi lint --data`: what the data has against the promises; each rule just below and on its bound."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kpidsl.lint.rule import Rule
from kpidsl.lint.rules import builtin
from tests.project import kpi, write

SOURCE = """\
source t
  from        "t.csv"
  row         order
  time        day
  column      v EUR
  column      w EUR

"""
OF_DATA = "K441,K442,K443,K541"
MONTHS = [f"{2025 + n // 12}-{n % 12 + 1:02}" for n in range(24)]


def folder(tmp_path: Path, spec: str, values: list[float], as_of: str, first: str = "2025-01") -> Path:
    """A row on the first of each month from `first` on; `w` is 1 in each."""
    start = MONTHS.index(first)
    rows = [f"{month}-01,{value},1" for month, value in zip(MONTHS[start:], values, strict=False)]
    (tmp_path / "t.csv").write_text("day,v,w\n" + "".join(f"{row}\n" for row in rows))
    (tmp_path / "t.kpi").write_text(SOURCE + spec)
    (tmp_path / "kpi.toml").write_text(f'as_of = "{as_of}"\n')
    return tmp_path


def found(where: Path, *arguments: str) -> list[tuple[str, str, str]]:
    run = kpi(where, "lint", "--data", "--select", OF_DATA, "--format", "json", *arguments)
    assert run.err == ""
    told = json.loads(run.out)["diagnostics"]
    assert all(d["severity"] == "warning" for d in told), told
    assert run.code == 0
    return [(d["code"], d["message"], d["help"]) for d in told]


def level(target: str, more: str = "", formula: str = "sum(t.v)", measured: str = "every month") -> str:
    return f"kpi x\n  formula     {formula}\n  target      {target}\n  measured    {measured}\n{more}"


# 100, 110, 121, ...: ten percent a month; six complete months to June 2025
GROWING = [100 * 1.1**n for n in range(6)]


@pytest.mark.parametrize(("asked", "codes"), [("177.15", []), ("177.2", ["K441"])])
def test_growth_until_a_deadline(tmp_path: Path, asked: str, codes: list[str]) -> None:
    # 161.051 in June; July may have 10% more, 177.1561
    spec = level(f"at least {asked} EUR", "  deadline    2025-07\n")
    told = found(folder(tmp_path, spec, GROWING, "2025-07-01"))
    assert [code for code, _, _ in told] == codes
    if codes:
        assert told[0][1] == "`x` needs a growth of 10.0% a month until 2025-07-31, from 161.1 EUR in 2025-06"
        assert "the best of 5 months had 10.0%" in told[0][2]


def test_growth_is_shared_among_the_months_left(tmp_path: Path) -> None:
    spec = level("at least 212 EUR", "  deadline    2025-09\n")
    assert found(folder(tmp_path, spec, GROWING, "2025-07-01")) == []  # 161.051 * 1.1 ** 3 = 214.4
    spec = level("at least 215 EUR", "  deadline    2025-09\n")
    assert [code for code, _, _ in found(folder(tmp_path, spec, GROWING, "2025-07-01"))] == ["K441"]


@pytest.mark.parametrize(("asked", "codes"), [("194.8", []), ("194.9", ["K441"])])
def test_a_target_of_a_period_to_come(tmp_path: Path, asked: str, codes: list[str]) -> None:
    # 161.051 in June and ten percent a month: 194.87 in August. What March was to be is over.
    spec = level(f"\n    at least 1_000 EUR in 2025-03\n    at least {asked} EUR in 2025-08")
    told = found(folder(tmp_path, spec, GROWING, "2025-07-01"))
    assert [code for code, _, _ in told] == codes
    if codes:
        assert told[0][1] == "`x` needs a growth of 10.0% a month until 2025-08-31, from 161.1 EUR in 2025-06"
    spec = spec.replace("measured    ", "tolerance   1 EUR\n  measured    ")
    assert found(folder(tmp_path, spec, GROWING, "2025-07-01")) == []


def test_a_tolerance_counts(tmp_path: Path) -> None:
    spec = level("at least 180 EUR", "  tolerance   3 EUR\n  deadline    2025-07\n")
    assert found(folder(tmp_path, spec, GROWING, "2025-07-01")) == []


@pytest.mark.parametrize(("asked", "codes"), [("50.1", []), ("49.9", ["K441"])])
def test_decrease_until_a_deadline(tmp_path: Path, asked: str, codes: list[str]) -> None:
    spec = level(f"at most {asked} EUR", "  deadline    2025-07\n")
    values = [100, 90, 80, 100, 50, 100]  # the deepest fall is by a half
    told = found(folder(tmp_path, spec, values, "2025-07-01"))
    assert [code for code, _, _ in told] == codes


def test_little_data_says_nothing(tmp_path: Path) -> None:
    spec = level("at least 1_000 EUR", "  deadline    2025-05\n")
    assert found(folder(tmp_path, spec, GROWING[:4], "2025-05-01")) == []
    spec = level("at least 1_000 EUR", "  deadline    2025-06\n")
    assert len(found(folder(tmp_path, spec, GROWING[:5], "2025-06-01"))) == 1  # four changes


def test_what_is_over_is_for_the_verdicts(tmp_path: Path) -> None:
    spec = level("at least 1_000 EUR", "  deadline    2025-05\n")
    assert found(folder(tmp_path, spec, GROWING, "2025-07-01")) == []


def test_what_is_reached_already_is_fine(tmp_path: Path) -> None:
    spec = level("at least 100 EUR", "  deadline    2025-12\n")
    assert found(folder(tmp_path, spec, GROWING, "2025-07-01")) == []


def test_a_period_in_progress_is_not_the_best(tmp_path: Path) -> None:
    spec = level("at least 150 EUR")
    assert found(folder(tmp_path, spec, GROWING, "2025-07-01")) == []
    told = found(folder(tmp_path, spec, GROWING, "2025-06-15"))  # June, with 161 EUR, is not over
    assert [code for code, _, _ in told] == ["K442"]


@pytest.mark.parametrize(("asked", "codes"), [("161.05", []), ("161.06", ["K442"])])
def test_a_level_that_has_never_been(tmp_path: Path, asked: str, codes: list[str]) -> None:
    told = found(folder(tmp_path, level(f"at least {asked} EUR"), GROWING, "2025-07-01"))
    assert [code for code, _, _ in told] == codes
    if codes:
        assert told[0][1] == "`x` asks for at least 161.1 EUR in each of its periods, which it has never been"
        assert told[0][2] == "the best of 6 periods had 161.1 EUR, 2025-06"


def test_a_cap_that_has_never_been_kept(tmp_path: Path) -> None:
    told = found(folder(tmp_path, level("at most 99 EUR"), GROWING, "2025-07-01"))
    assert [code for code, _, _ in told] == ["K442"]
    assert "the best of 6 periods had 100 EUR, 2025-01" in told[0][2]


@pytest.mark.parametrize(("asked", "codes"), [("1_915", []), ("1_916", ["K442"])])
def test_what_is_left_of_a_total(tmp_path: Path, asked: str, codes: list[str]) -> None:
    # 771.6 so far; the data reaches June 1, 213 days before the year ends; the best month had 161 in 30 days.
    spec = level(
        f"at least {asked} EUR", "  from        2025-01\n  deadline    2025\n", measured="cumulatively"
    )
    told = found(folder(tmp_path, spec, GROWING, "2025-07-01"))
    assert [code for code, _, _ in told] == ([] if int(asked) <= 771.561 + 161.051 / 30 * 213 else codes)
    if told:
        assert "until 2025-12-31" in told[0][1]
        assert "161.1 EUR, 2025-06" in told[0][2]


def test_an_increase_on_the_period_before(tmp_path: Path) -> None:
    more = "  baseline    previous period\n"
    assert found(folder(tmp_path, level("increase by 10%", more), GROWING, "2025-07-01")) == []
    told = found(folder(tmp_path, level("increase by 11%", more), GROWING, "2025-07-01"))
    assert told[0][:2] == ("K441", "`x` asks for an increase by 11% from the period before")
    assert "the largest of 5 was 10%" in told[0][2]


def test_an_increase_on_last_year(tmp_path: Path) -> None:
    values = [100.0] * 12 + [120.0, 130.0, 125.0, 110.0, 105.0]
    more = "  baseline    same period last year\n"
    assert found(folder(tmp_path, level("increase by 30%", more), values, "2026-06-01")) == []
    told = found(folder(tmp_path, level("increase by 31%", more), values, "2026-06-01"))
    assert told[0][0] == "K441"
    assert "the largest of 5 was 30%, in 2026-02" in told[0][2]
    told = found(folder(tmp_path, level("decrease by 1 EUR", more), values, "2026-06-01"))
    assert "`x` asks for a decrease by 1 EUR" in told[0][1]


def test_a_formula_that_is_a_growth(tmp_path: Path) -> None:
    spec = level("at least 12%", "  unit        %\n  deadline    2026\n", formula="growth(sum(t.v))")
    told = found(folder(tmp_path, spec, GROWING, "2025-07-01"))
    assert told[0][:2] == ("K441", "`x` asks for at least 12%, which it has never been")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.0, 5, 5, 5], "is 0 EUR in 2025-01, and a part of that is no change"),
        ([-3.0, 5, 5, 5], "is -3 EUR in 2025-01, and a part of that is no change"),
        ([2.0, 5, 5, 5], None),
    ],
)
def test_a_baseline_that_is_of_no_use(tmp_path: Path, values: list[float], said: str | None) -> None:
    spec = level("increase by 20%", "  baseline    2025-01\n")
    told = found(folder(tmp_path, spec, values, "2025-05-01"))
    assert [(code, message) for code, message, _ in told] == (
        [("K443", f"the baseline of `x` {said}")] if said else []
    )


def test_a_baseline_without_data(tmp_path: Path) -> None:
    spec = level("increase by 20%", "  baseline    2024\n")
    told = found(folder(tmp_path, spec, [5.0] * 4, "2025-05-01"))
    assert told[0][0] == "K443"
    assert "has no value: t has no rows in 2024" in told[0][1]


def test_what_is_wrong_with_the_data_is_told(tmp_path: Path) -> None:
    where = folder(tmp_path, level("at least 1 EUR"), [5.0] * 4, "2025-05-01")
    (where / "t.csv").write_text("day,v,w\n2025-01-01,many,1\n")
    run = kpi(where, "lint", "--data")
    assert run.code == 1
    assert "error[K507" in run.out
    assert kpi(where, "lint").code == 0


def test_a_plan_kept_as_data_is_another_target_in_each_period(tmp_path: Path) -> None:
    spec = level("at least 1_000 * sum(t.w)")
    assert found(folder(tmp_path, spec, GROWING, "2025-07-01")) == []


def test_drafts_are_left_alone(tmp_path: Path) -> None:
    assert found(folder(tmp_path, level("at least 999 EUR", "  draft\n"), GROWING, "2025-07-01")) == []


def test_as_of(tmp_path: Path) -> None:
    where = folder(tmp_path, level("at least 150 EUR"), GROWING, "2025-07-01")
    assert [code for code, _, _ in found(where, "--as-of", "2025-06-15")] == ["K442"]
    run = kpi(where, "lint", "--as-of", "2025-06-15")
    assert (run.code, "--as-of goes with --data" in run.err) == (2, True)
    run = kpi(where, "lint", "--data", "--as-of", "soon")
    assert (run.code, "K721" in run.out) == (2, True)


def test_strict_and_text(tmp_path: Path) -> None:
    where = folder(tmp_path, level("at least 999 EUR"), GROWING, "2025-07-01")
    run = kpi(where, "lint", "--data", "--strict")
    assert run.code == 1
    assert "warning[K442 rate-never-seen]" in run.out


def test_a_project_without_objections(tmp_path: Path) -> None:
    assert kpi(write(tmp_path), "lint", "--data").out == "1 file: nothing found\n"


# -- values that no row has ----------------------------------------------------------------------------

LEADS = """\
source crm
  from        "crm.csv"
  row         lead
  time        day
  channel     channel
  column      status text
  column      plan text
  column      tier = when plan = "entreprise" then "large" otherwise "small"

source networks
  from        crm by channel
  row         lead
  time        since
  column      since = first(day)
  column      wins = count(crm) where status = "wun"

measure won = count(crm) where status = "won"

kpi won_leads
  formula     count(crm where {condition})
  target      at least 1 lead
  measured    every month
  by          channel
    {slice:11} at least 1 lead
"""
ROWS = """\
day,channel,status,plan
2026-01-03,google,won,enterprise
2026-02-03,meta,lost,free
2026-03-03,meta,lost,
"""


def told_of(
    tmp_path: Path, condition: str, slice: str = "google", spec: str = LEADS
) -> list[tuple[str, str]]:
    (tmp_path / "crm.csv").write_text(ROWS)
    (tmp_path / "crm.kpi").write_text(spec.format(condition=condition, slice=slice))
    (tmp_path / "kpi.toml").write_text('as_of = "2026-04-01"\n')
    return [(message, help) for code, message, help in found(tmp_path) if code == "K541"]


@pytest.mark.parametrize(
    ("condition", "message", "hint"),
    [
        ('status = "wonn"', "no row of crm has the status `wonn`", "similar: `won`"),
        ('status != "loost"', "no row of crm has the status `loost`", "similar: `lost`"),
        ('status in ("won", "x")', "no row of crm has the status `x`", "there are: `lost`, `won`"),
        ('tier = "large"', "no row of crm has the tier `large`", "there are: `small`"),
        ('tier = "small"', "no row of crm has the plan `entreprise`", "similar: `enterprise`"),
        (
            'status = "won") + count(networks where wins > 0',
            "no row of crm has the status `wun`",
            "similar: `won`",
        ),
        ('channel = "googel"', "no row of crm has the channel `googel`", "similar: `google`"),
    ],
)
def test_a_value_that_no_row_has(tmp_path: Path, condition: str, message: str, hint: str) -> None:
    assert (message, hint) in told_of(tmp_path, condition)


def test_values_that_rows_have_are_fine(tmp_path: Path) -> None:
    assert told_of(tmp_path, 'status in ("won", "lost") and plan != "free"') == []


def test_a_slice_that_no_row_has(tmp_path: Path) -> None:
    told = told_of(tmp_path, 'status = "won"', "gogle")
    assert told == [("no row of crm has the channel `gogle`", "similar: `google`")]


def test_rows_after_the_day_do_not_count(tmp_path: Path) -> None:
    told_of(tmp_path, 'status = "won"', "meta")
    assert kpi(tmp_path, "lint", "--data", "--as-of", "2026-01-31").out.count("K541") == 1


def test_of_a_source_without_rows_nothing_is_said(tmp_path: Path) -> None:
    told_of(tmp_path, 'status = "wonn"')
    (tmp_path / "crm.csv").write_text("day,channel,status,plan\n")
    assert "K541" not in kpi(tmp_path, "lint", "--data").out


def test_the_place_is_the_text_itself(tmp_path: Path) -> None:
    told_of(tmp_path, 'status = "wonn"')
    out = kpi(tmp_path, "lint", "--data", "--select", "K541").out
    assert out.count("^^^^^^\n") == 1


def test_values_of_several_sources_that_no_row_has(tmp_path: Path) -> None:
    """Each KPI that names one is asked again, for its own sources."""
    told_of(tmp_path, 'status = "wonn"')
    (tmp_path / "ads.csv").write_text("day,place\n2026-01-05,home\n")
    (tmp_path / "ads.kpi").write_text(
        'source ads "Ads"\n  from "ads.csv"\n  row ad\n  time day\n  column place text\n\n'
        'kpi home_ads "Ads at home"\n  formula count(ads where place = "hom")\n  measured every month\n'
    )
    run = kpi(tmp_path, "lint", "--data", "--select", OF_DATA)
    assert run.out.count("K541") == 2
    assert "similar: `home`" in run.out


def test_data_that_cannot_be_read_ends_in_2(tmp_path: Path) -> None:
    where = folder(tmp_path, level("at least 1 EUR"), GROWING, "2025-07-01")
    assert kpi(where, "lint", "--data", "--select", OF_DATA).code == 0
    (where / "t.csv").unlink()
    run = kpi(where, "lint", "--data", "--select", OF_DATA)
    assert "K501" in run.out
    assert run.code == kpi(where, "eval").code == 2
    assert kpi(where, "lint").code == 0


# -- the pages of these rules ------------------------------------------------------------------------

RULES = [rule for rule in builtin() if rule.rows]
NAMED = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code} {rule.name}")


def example(folder: Path, rule: Rule, spec: str, config: str = "") -> Path:
    """An example of a rule, beside its rows."""
    (folder / "orders.csv").write_text(rule.rows)
    (folder / "x.kpi").write_text(spec)
    (folder / "kpi.toml").write_text(f'as_of = "2026-06-15"\n{config}')
    return folder


def codes_of(folder: Path, *arguments: str) -> list[str]:
    run = kpi(folder, "lint", "--data", "--format", "json", *arguments)
    assert run.err == ""
    return [d["code"] for d in json.loads(run.out)["diagnostics"]]


def test_all_that_only_the_data_tells_of_specs_has_a_page() -> None:
    assert ",".join(rule.code for rule in sorted(RULES, key=lambda rule: rule.code)) == OF_DATA


@NAMED
def test_the_bad_example_fires_and_the_good_one_does_not(tmp_path: Path, rule: Rule) -> None:
    assert rule.code in codes_of(example(tmp_path, rule, rule.bad))
    assert rule.code not in codes_of(example(tmp_path, rule, rule.good))
    assert kpi(tmp_path, "lint").code == 0


@NAMED
def test_it_is_let_pass_like_any_other(tmp_path: Path, rule: Rule) -> None:
    comment = f'# kpi: ignore[{rule.name}] until 2026-12-31 because "it is agreed"\n'
    spec = rule.bad.replace("\nkpi ", f"\n{comment}kpi ", 1)
    assert rule.code not in codes_of(example(tmp_path, rule, spec))
    run = kpi(tmp_path, "lint", "--data", "--format", "sarif")
    (sarif,) = json.loads(run.out)["runs"]
    assert [r["suppressions"][0]["justification"] for r in sarif["results"] if r["ruleId"] == rule.code] == [
        "it is agreed"
    ]
    # nobody looked at the data: that a comment is of no use cannot be told
    assert "unused" not in kpi(tmp_path, "lint", "--verbose").out


@NAMED
def test_it_is_weighed_like_any_other(tmp_path: Path, rule: Rule) -> None:
    level = f'[lint.severity]\n{rule.name} = "error"\n'
    assert kpi(example(tmp_path, rule, rule.bad, level), "lint", "--data").code == 1
    assert rule.code not in codes_of(tmp_path, "--ignore", rule.code)
    assert rule.code not in codes_of(tmp_path, "--select", "smart")
    example(tmp_path, rule, rule.bad, f'[lint]\nignore = ["{rule.name}"]\n')
    assert rule.code not in codes_of(tmp_path)
