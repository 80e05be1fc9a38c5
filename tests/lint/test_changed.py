"""Only what changed, by meaning."""

from __future__ import annotations

import pytest

from kpidsl import cache
from kpidsl.cli.changed import changes
from kpidsl.diagnostics import Severity
from kpidsl.diff.comparison import put
from kpidsl.lint.changed import Changes, within
from kpidsl.lint.run import check
from kpidsl.lintconfig import Layer, Level, LintConfig
from kpidsl.revision import Side
from kpidsl.specs import Specs
from kpidsl.syntax.format import format_file
from tests.lint.look import TODAY, project

SPEC = """\
source crm
  from        "leads.csv"
  row         lead
  time        day
  column      status text

measure leads = count(crm) where status = "new"

kpi lead_count "New leads."
  formula     leads
  target      at least 12345 leads

kpi row_count "All rows."
  formula     count(crm)
  target      at least 54321 leads

objective grow "Grow"
  kpi         row_count
"""


def between(old: Specs, new: Specs) -> Changes:
    return changes(put(Side("old", old), Side("new", new), TODAY))


def changed(old: str, new: str) -> Changes:
    with cache.without():
        return between(project(old), project(new))


def names(found: Changes) -> tuple[set[str], set[str]]:
    return set(found.changed), set(found.affected)


def test_what_the_config_weighs_as_an_error_is_no_error_of_the_compiler() -> None:
    with cache.without():
        specs = project(SPEC, lint=LintConfig((Layer(levels=(Level("style", "error"),)),)))
        found = check(specs, TODAY).findings
        assert "K956" in [one.code for one in found if one.severity is Severity.ERROR]
        assert within(found, specs, Changes(frozenset())) == ()


@pytest.mark.parametrize(
    ("old", "new", "changed_", "affected"),
    [
        ("New leads.", "Leads that are new", {"lead_count"}, set()),
        ("12345", "12_345", set(), set()),
        (
            "  target      at least 12345",
            '  description "Some."\n  target      at least 12345',
            {"lead_count"},
            set(),
        ),
        ("12345", "12346", {"lead_count"}, set()),
        ('"new"', '"fresh"', {"leads"}, {"lead_count"}),
        (
            "  row         lead",
            "  row         lead\n  fresh       within 2 days",
            {"crm"},
            {"lead_count", "row_count"},
        ),
        ("kpi         row_count", "kpi         row_count key", {"grow"}, set()),
        ("at least 54321 leads", "at least 54321 leads\n  draft", {"row_count"}, set()),
        ("kpi lead_count", "kpi lead_total", {"lead_total"}, set()),
    ],
)
def test_what_changed(old: str, new: str, changed_: set[str], affected: set[str]) -> None:
    assert names(changed(SPEC, SPEC.replace(old, new))) == (changed_, affected)


def test_a_reformat_changes_nothing() -> None:
    spec = project(SPEC)
    assert changed(SPEC, format_file(spec.files[0])) == Changes(frozenset())
    assert (
        changed(
            SPEC,
            "\n# comment\n" + SPEC.replace("  formula     ", " formula ").replace("  target ", " target "),
        ).names
        <= set()
    )


def test_findings_of_what_changed_and_of_what_rests_on_it() -> None:
    with cache.without():
        old, new = project(SPEC), project(SPEC.replace('"new"', '"fresh"'))
        found = within(check(new, TODAY).findings, new, between(old, new))
    assert {d.kpi for d in found if d.kpi} <= {"lead_count"}
    assert {d.code for d in found} == {"K951", "K956"}
    assert all(d.span and "lead_count" in d.span.source.text[: d.span.start] for d in found)
    assert not any(d.span and "54321" in d.span.text for d in found)


def test_errors_are_always_told() -> None:
    broken = SPEC + "\nkpi odd\n  formula\n"
    with cache.without():
        new = project(broken)
        found = within(check(new, TODAY).findings, new, between(new, new))
    assert [d.severity.word for d in found] == ["error"]
