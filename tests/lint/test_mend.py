"""Fixes: applied until nothing is left, never at the price of the meaning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from kpidsl import cache
from kpidsl.cli.console import console
from kpidsl.cli.linting import Look, look
from kpidsl.cli.mending import mend_files
from kpidsl.compiled import compile_sources
from kpidsl.diagnostics import Diagnostic, Edit, Fix, Severity, Source, Span
from kpidsl.lint.mend import Mended, mend
from kpidsl.lint.rule import Rule
from kpidsl.lint.rules import builtin
from kpidsl.lint.run import check
from kpidsl.specs import Specs, load
from tests.lint.look import TODAY, codes, looked, project, whole
from tests.programs import programs
from tests.project import kpi

SPEC = """\
source crm
  from        "leads.csv"
  row         lead
  time        day
  column      pages page

measure readers = (count(crm) where pages >= 10)

kpi lead_count "New leads."
  formula     (count(crm))
  target      at least 12345 leads

objective grow "Grow"
  kpi         lead_count weight 1
"""
MENDED = """\
source crm
  from        "leads.csv"
  row         lead
  time        day
  column      pages page

measure readers = count(crm) where pages >= 10

kpi lead_count "New leads"
  formula     count(crm)
  target      at least 12_345 leads

objective grow "Grow"
  kpi         lead_count
"""


def findings(specs: Specs) -> tuple[Diagnostic, ...]:
    return check(specs, TODAY).findings


def mended(text: str, *, unsafe: bool = False) -> Mended:
    with cache.without():
        return mend(project(text), findings, unsafe=unsafe)


def test_safe_fixes_are_applied() -> None:
    found = mended(SPEC)
    assert found.texts == {"spec.kpi": MENDED}
    assert sorted(codes(found.mended)) == ["K951", "K952", "K952", "K953", "K956"]
    assert found.refused == ()


def test_unsafe_ones_only_when_asked_for() -> None:
    text = SPEC.replace("let", "let").replace("\nmeasure readers", "\nlet unused = 3\n\nmeasure readers")
    assert "let unused" in mended(text).texts["spec.kpi"]
    found = mended(text, unsafe=True)
    assert "let unused" not in found.texts["spec.kpi"]
    assert "K871" in codes(found.mended)


def test_nothing_to_mend_changes_nothing() -> None:
    assert mended(MENDED).texts == {}


def meanings(text: str) -> dict[str, str]:
    with cache.without():
        result = compile_sources([Source("spec.kpi", text)], Path("."))
    return {name: one.hash for name, one in result.compiled.graph.kpis.items()}


FIXABLE = [
    rule
    for rule in builtin()
    if any(d.code == rule.code and d.fix and d.fix.safe for d in looked(whole(rule.bad)).findings)
]


@pytest.mark.parametrize("rule", FIXABLE, ids=lambda rule: rule.name)
def test_a_safe_fix_mends_what_it_is_about_and_keeps_the_meaning(rule: Rule) -> None:
    text = whole(rule.bad)
    found = mended(text)
    assert found.refused == ()
    after = found.texts["spec.kpi"]
    assert rule.code not in codes(looked(after).findings)
    before = meanings(text)
    assert {name: hash for name, hash in meanings(after).items() if name in before} == before


def test_several_rules_have_safe_fixes() -> None:
    assert len(FIXABLE) >= 8


def lying(specs: Specs) -> tuple[Diagnostic, ...]:
    """Says that a target and a parenthesis are wrong, and calls both fixes safe."""
    source = specs.sources[0]
    found = []
    for old, new in (("12345", "12346"), ("(count(crm))", "count(crm)")):
        at = source.text.find(old)
        if at >= 0:
            span = Span(source, at, at + len(old))
            fix = Fix(f"write {new}", (Edit(span, new),))
            found.append(Diagnostic("K951", "wrong", span, Severity.INFO, fix=fix, rule="long-digits"))
    return tuple(found)


def test_a_fix_that_changes_the_meaning_is_refused_and_others_are_not() -> None:
    with cache.without():
        found = mend(project(SPEC), lying)
    assert codes(found.refused) == ["K784"]
    assert "write 12346" in found.refused[0].message
    assert found.texts["spec.kpi"] == SPEC.replace("(count(crm))", "count(crm)")


def doubtful(specs: Specs) -> tuple[Diagnostic, ...]:
    """Calls it safe to make each hundred a ninety."""
    source = specs.sources[0]
    places = [Span(source, m.start(), m.end()) for m in re.finditer("100", source.text)]
    return tuple(
        Diagnostic("K951", "a hundred", one, Severity.INFO, fix=Fix("write 90", (Edit(one, "90"),)))
        for one in places
    )


def test_each_fix_that_is_refused_is_told() -> None:
    text = 'kpi a "A"\n  formula 100\n  target at least 100\n'
    with cache.without():
        found = mend(project(text), doubtful)
    assert [one.span.line for one in found.refused if one.span] == [2, 3]
    assert found.texts == {}


def test_faults_of_syntax_are_mended_one_after_the_other() -> None:
    text = "let price = 2,50 EUR\nlet other = 3,75 EUR\nmeasure cost = price + other\n"
    found = mended(text)
    assert found.texts["spec.kpi"].startswith("let price = 2.50 EUR\nlet other = 3.75 EUR\n")


def test_fixes_that_touch_each_other_are_applied_in_turn() -> None:
    text = SPEC.replace('"New leads."', '"New  leads. "')
    assert 'kpi lead_count "New leads"\n' in mended(text).texts["spec.kpi"]


# -- the command -------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kpi.toml").write_text('as_of = "2026-06-15"\n')
    (tmp_path / "spec.kpi").write_text(SPEC)
    return tmp_path


def test_diff_writes_nothing(folder: Path) -> None:
    run = kpi(folder, "lint", "--diff")
    assert run.code == 1
    lines = run.out.splitlines()
    assert '-kpi lead_count "New leads."' in lines
    assert '+kpi lead_count "New leads"' in lines
    assert (folder / "spec.kpi").read_text() == SPEC


def test_fix_writes(folder: Path) -> None:
    run = kpi(folder, "lint", "--fix")
    assert (run.code, run.err) == (0, "5 fixes applied in 1 file\n")
    assert (folder / "spec.kpi").read_text() == MENDED
    again = kpi(folder, "lint", "--fix")
    assert again.err == ""
    assert kpi(folder, "lint", "--diff").code == 0


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_stay_as_they_are(folder: Path, mark: str, end: str) -> None:
    (folder / "spec.kpi").write_bytes((mark + SPEC.replace("\n", end)).encode())
    assert kpi(folder, "lint", "--fix").code == 0
    assert (folder / "spec.kpi").read_bytes() == (mark + MENDED.replace("\n", end)).encode()


def test_a_fix_that_cannot_be_written_is_not_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = Diagnostic("K713", "`spec.kpi` cannot be written: permission denied")
    monkeypatch.setattr("kpidsl.files.write", lambda path, text: refused)
    specs = load([str(folder)])
    told = mend_files(specs, lambda one: look(one).findings, console(color=False), unsafe=False, quiet=False)
    assert refused in told
    assert "applied" not in capsys.readouterr().err
    assert not Look(told).whole  # which ends in 2


def test_only_what_is_selected_is_mended(folder: Path) -> None:
    kpi(folder, "lint", "--fix", "--select", "long-digits")
    assert (folder / "spec.kpi").read_text() == SPEC.replace("12345", "12_345")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--unsafe-fixes",),
        ("--fix", "-"),
        ("--write-baseline", "--diff"),
        ("--stdin-filename", "a.kpi"),
    ],
)
def test_options_that_do_not_fit(folder: Path, arguments: tuple[str, ...]) -> None:
    assert kpi(folder, "lint", *arguments).code == 2


def test_the_diff_of_standard_input(folder: Path) -> None:
    run = kpi(folder, "lint", "--diff", "-", stdin=SPEC)
    assert run.code == 1
    assert "+++ b/<stdin>" in run.out


@settings(max_examples=40)
@given(programs())
def test_no_rule_fails_and_no_safe_fix_changes_the_meaning_of_a_random_program(text: str) -> None:
    found = mended(text)
    before = meanings(text)
    after = meanings(found.texts.get("spec.kpi", text))
    assert {name: hash for name, hash in after.items() if name in before} == before
