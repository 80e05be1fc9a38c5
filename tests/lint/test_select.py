"""Which rules are asked, and what they weigh: config, paths, options."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpidsl.config import Config, load
from kpidsl.diagnostics import Diagnostic, Report, Severity
from kpidsl.lintconfig import LintConfig
from tests.lint.look import codes, looked
from tests.project import kpi

SPEC = """\
source crm
  from        "leads.csv"
  row         lead
  time        day

kpi lead_count "New leads."
  formula     count(crm) where status = "a" and status = "b"
  target      at least 12345 leads

"""
TEXT = SPEC.replace("  time        day\n", "  time        day\n  column      status text\n")


def config(folder: Path, text: str) -> tuple[Config, list[Diagnostic]]:
    (folder / "kpi.toml").write_text(text)
    report = Report()
    return load([str(folder)], report), report.items


def lint(folder: Path, text: str) -> LintConfig:
    found, problems = config(folder, text)
    assert problems == []
    return found.lint


def weights(*texts: str, lint: LintConfig | None = None) -> dict[str, Severity]:
    return {d.code: d.severity for d in looked(*texts, lint=lint).findings}


def test_all_rules_by_default() -> None:
    assert weights(TEXT) == {"K811": Severity.WARNING, "K951": Severity.INFO, "K956": Severity.INFO}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('[lint]\nselect = ["types"]\n', {"K811"}),
        ('[lint]\nselect = ["K951"]\n', {"K951"}),
        ('[lint]\nselect = ["long-digits", "types"]\n', {"K811", "K951"}),
        ('[lint]\nignore = ["style"]\n', {"K811"}),
        ('[lint]\nignore = ["long-digits"]\n', {"K811", "K956"}),
        ('[lint]\nselect = ["style"]\nignore = ["K956"]\n', {"K951"}),
        ('[lint.severity]\nlong-digits = "off"\n', {"K811", "K956"}),
    ],
)
def test_select_and_ignore(tmp_path: Path, text: str, left: set[str]) -> None:
    assert set(weights(TEXT, lint=lint(tmp_path, text))) == left


def test_severities_by_rule_family_and_all(tmp_path: Path) -> None:
    found = weights(
        TEXT, lint=lint(tmp_path, '[lint.severity]\nall = "warning"\nK956 = "info"\nstyle = "error"\n')
    )
    assert found == {"K811": Severity.WARNING, "K951": Severity.ERROR, "K956": Severity.INFO}


def test_paths_come_after_what_holds_for_all(tmp_path: Path) -> None:
    """The files are `spec.kpi` and `spec1.kpi`."""
    more = (
        TEXT.replace("crm", "crn")
        .replace("leads.csv", "others.csv")
        .replace("lead_count", "lead_total")
        .replace("New leads.", "Leads.")
    )
    wanted = lint(
        tmp_path,
        '[lint]\nignore = ["K956"]\n\n[lint.paths."spec1.*"]\nignore = ["types"]\nselect = ["K956"]\n'
        'severity = { long-digits = "error" }\n',
    )
    found = [
        (d.span.source.name, d.code, d.severity.word)
        for d in looked(TEXT, more, lint=wanted).findings
        if d.span
    ]
    assert found == [
        ("spec.kpi", "K811", "warning"),
        ("spec.kpi", "K951", "info"),
        ("spec1.kpi", "K956", "info"),
        ("spec1.kpi", "K951", "error"),
    ]


def test_options_take_the_place_of_what_the_config_selects(tmp_path: Path) -> None:
    wanted = lint(tmp_path, '[lint]\nselect = ["types"]\nignore = ["K951"]\n')
    assert codes(looked(TEXT, lint=wanted, select=["style"]).findings) == ["K956"]
    assert codes(looked(TEXT, lint=wanted, ignore=["K811"]).findings) == []


@pytest.mark.parametrize(
    ("text", "code", "line", "said"),
    [
        ("[lint]\nselct = []\n", "K702", 2, "`select`"),
        ("[lint]\nselect = 'style'\n", "K703", 2, "a list"),
        ("[lint.severity]\nstyle = 'fatal'\n", "K703", 2, "error, warning, info, off"),
        ("[lint.paths.'a/*']\nignor = ['style']\n", "K702", 2, "`ignore`"),
        ("[lint.rules.mine]\nrequires = ['owner']\n", "K702", 2, "`require`"),
        ("[lint]\nbaseline = 3\n", "K703", 2, "lint-baseline.json"),
        ("lint = 3\n", "K703", 1, "[lint]"),
        ("[lnt]\n", "K702", 1, "`lint`"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, code: str, line: int, said: str) -> None:
    _, problems = config(tmp_path, text)
    assert [d.code for d in problems] == [code]
    assert problems[0].span is not None
    assert problems[0].span.line == line
    assert said in (problems[0].help or "")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[lint.paths."drafts/*"]\nignore = ["style"]\nseverity = { nope = "off" }\n', 3, "severity"),
        ('[lint]\npaths = { "drafts/*" = { ignore = ["nope"] } }\n', 2, "paths"),
        ('as_of = 2026-01-01\nlint = { severity = { nope = "off" } }\n', 2, "lint"),
        ('[lint]\nseverity.nope = "off"\n', 2, "severity.nope"),
    ],
)
def test_what_stands_in_an_inline_table_is_told_where_that_is(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    (problem,) = looked(TEXT, lint=lint(tmp_path, text)).problems
    assert problem.code == "K780"
    assert problem.span is not None
    assert (problem.span.line, problem.span.text) == (line, said)


def test_unknown_rules_of_a_config_are_told_where_they_are_named(tmp_path: Path) -> None:
    wanted = lint(tmp_path, '[lint]\nignore = ["long-digit"]\n\n[lint.severity]\nsmrt = "error"\n')
    problems = looked(TEXT, lint=wanted).problems
    assert codes(problems) == ["K780", "K780"]
    assert [d.span.line for d in problems if d.span] == [2, 5]
    assert ["`long-digits`" in (problems[0].help or ""), "`smart`" in (problems[1].help or "")] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    "pattern", ["drafts", "drafts/", "./drafts/", "drafts/*", "drafts/spec.kpi", "*/spec.kpi"]
)
def test_a_path_can_be_a_folder(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "drafts").mkdir()
    (tmp_path / "drafts" / "spec.kpi").write_text(TEXT)
    (tmp_path / "kpi.toml").write_text(f'[lint.paths."{pattern}"]\nselect = []\nignore = ["all"]\n')
    assert kpi(tmp_path, "lint").out == "1 file: nothing found\n"
    (tmp_path / "kpi.toml").write_text('[lint.paths."draft"]\nignore = ["all"]\n')
    assert "K811" in kpi(tmp_path, "lint").out


@pytest.mark.parametrize(
    "text",
    [
        '[lint]\nignore = ["K301"]\n',
        '[lint.severity]\nunit-mismatch = "off"\n',
        '[lint.paths."a/*"]\nseverity = { K301 = "warning" }\n',
    ],
)
def test_an_error_of_the_compiler_cannot_be_turned_off(tmp_path: Path, text: str) -> None:
    (tmp_path / "kpi.toml").write_text(text)
    (tmp_path / "spec.kpi").write_text(TEXT)
    run = kpi(tmp_path, "lint")
    assert run.code == 2
    assert "is an error of the compiler, and cannot be turned off" in run.out
    (tmp_path / "kpi.toml").write_text('[lint]\nignore = ["units"]\n')
    assert kpi(tmp_path, "lint").code == 0


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("K203", "is an error of the compiler"),
        ("unknown-column", "is an error of the compiler"),
        ("K523", "is no rule of lint"),
        ("check-broken", "is no rule of lint"),
    ],
)
def test_what_is_told_without_a_rule_is_named_as_what_it_is(word: str, said: str) -> None:
    for options in ({"ignore": [word]}, {"select": [word]}):
        (problem,) = looked(TEXT, **options).problems
        assert (problem.code, said in problem.message) == ("K780", True), problem.message


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "kpi.toml").write_text('as_of = "2026-06-15"\n')
    (tmp_path / "spec.kpi").write_text(TEXT)
    run = kpi(tmp_path, "lint")
    assert run.code == 0
    assert "warning[K811 contradictory-filter]" in run.out
    assert run.out.endswith("1 warning\n")
    assert kpi(tmp_path, "lint", "--strict").code == 1
    assert "info[K951 long-digits]" in kpi(tmp_path, "lint", "--verbose").out
    assert kpi(tmp_path, "lint", "--ignore", "types,style").out == "1 file: nothing found\n"
    wrong = kpi(tmp_path, "lint", "--select", "stile")
    assert wrong.code == 2
    assert "error[K780 unknown-rule]" in wrong.out
    assert "`style`" in wrong.out


@pytest.mark.parametrize(
    ("option", "word"), [("--select", ""), ("--select", " ,"), ("--ignore", ""), ("--select", "smart, ")]
)
def test_an_option_that_names_no_rule(tmp_path: Path, option: str, word: str) -> None:
    (tmp_path / "a.kpi").write_text(TEXT)
    run = kpi(tmp_path, "lint", option, word)
    if "smart" in word:
        assert run.code == 0
    else:
        assert (run.code, run.out) == (2, "")
        assert f"{option} names no rule" in run.err


def test_the_cache_answers_alike(tmp_path: Path) -> None:
    (tmp_path / "kpi.toml").write_text('as_of = "2026-06-15"\n[lint]\nignore = ["K951"]\n')
    (tmp_path / "spec.kpi").write_text(TEXT + "# kpi: nothing\n")
    home = str(tmp_path / "kept")
    first = kpi(tmp_path, "lint", "--format", "json", KPIDSL_CACHE=home)
    second = kpi(tmp_path, "lint", "--format", "json", KPIDSL_CACHE=home)
    fresh = kpi(tmp_path, "lint", "--format", "json", "--no-cache")
    assert first == second == fresh
    assert "K971" in first.out
    assert "K951" not in first.out
    (tmp_path / "kpi.toml").write_text('as_of = "2026-06-15"\n')
    assert "K951" in kpi(tmp_path, "lint", "--format", "json", KPIDSL_CACHE=home).out
