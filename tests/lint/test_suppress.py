"""Comments that let findings pass: what they cover, when they end, and what is said about them."""

from __future__ import annotations

import pytest

from tests.lint.look import codes, looked

UNTIL = 'until 2026-12-31 because "Agreed."'
SOURCE = '\nsource crm\n  from "leads.csv"\n  row lead\n  time day\n'


def spec(above: str = "", behind_head: str = "", above_clause: str = "", behind_clause: str = "") -> str:
    """A KPI whose title ends in a full stop (K956) and whose target is not grouped (K951)."""
    lines = [
        above,
        f'kpi lead_count "New leads."{behind_head}',
        "  formula     count(crm)",
        above_clause and f"  {above_clause}",
        f"  target      at least 12345 leads{behind_clause}",
    ]
    return "\n".join(line for line in lines if line) + "\n" + SOURCE


def found(text: str) -> list[str]:
    return [code for code in codes(looked(text).findings) if code in ("K951", "K956") or code > "K970"]


def test_without_a_comment_both_are_told() -> None:
    assert found(spec()) == ["K956", "K951"]


@pytest.mark.parametrize(
    "where", ["above", "behind_head"], ids=["above the definition", "behind its first line"]
)
def test_a_definition(where: str) -> None:
    space = "  " if where == "behind_head" else ""
    assert found(spec(**{where: f"{space}# kpi: ignore[long-digits] {UNTIL}"})) == ["K956"]
    assert found(spec(**{where: f"{space}# kpi: ignore[K951, K956] {UNTIL}"})) == []
    assert found(spec(**{where: f"{space}# kpi: ignore[style] {UNTIL}"})) == []
    assert found(spec(**{where: f"{space}#kpi:ignore[all] {UNTIL}"})) == []


@pytest.mark.parametrize("where", ["above_clause", "behind_clause"])
def test_a_clause(where: str) -> None:
    space = "  " if where == "behind_clause" else ""
    assert found(spec(**{where: f"{space}# kpi: ignore[long-digits] {UNTIL}"})) == ["K956"]
    told = found(spec(**{where: f"{space}# kpi: ignore[title-with-full-stop] {UNTIL}"}))
    assert sorted(told) == ["K951", "K956", "K974"]  # the title is on another line


def test_what_passes_is_known() -> None:
    outcome = looked(spec(above=f"# kpi: ignore[style] {UNTIL}"))
    assert sorted(one.finding.code for one in outcome.passed) == ["K951", "K956"]
    assert {(one.because, str(one.until)) for one in outcome.passed} == {("Agreed.", "2026-12-31")}


@pytest.mark.parametrize(
    ("until", "passes"),
    [("2026-06-14", False), ("2026-06-15", True), ("2026-06", True), ("2026-05", False), ("2026-Q2", True)],
)
def test_a_comment_holds_through_its_last_day(until: str, passes: bool) -> None:
    codes_ = found(spec(above=f'# kpi: ignore[style] until {until} because "Agreed."'))
    assert sorted(codes_) == ([] if passes else ["K951", "K956", "K973"])


@pytest.mark.parametrize(
    "comment",
    [
        "# kpi: ignore",
        "# kpi: ignore[]",
        "# kpi: noqa",
        "# kpi: ignore[style] until tomorrow",
        "# kpi: ignore[style] until 2026-13-01",
        "# kpi: ignore[style] because Agreed",
    ],
)
def test_a_comment_that_cannot_be_read_lets_nothing_pass(comment: str) -> None:
    assert sorted(found(spec(above=comment))) == ["K951", "K956", "K971"]


def test_other_comments_are_left_alone() -> None:
    assert found(spec(above="# the kpi: important")) == ["K956", "K951"]


def test_unknown_rules_are_told_with_near_names() -> None:
    outcome = looked(spec(above=f"# kpi: ignore[long-digit] {UNTIL}"))
    told = next(d for d in outcome.findings if d.code == "K972")
    assert "`long-digits`" in (told.help or "")
    assert told.span is not None
    assert told.span.text == "long-digit"


def test_an_error_does_not_pass() -> None:
    text = f"# kpi: ignore[unit-mismatch] {UNTIL}\nmeasure x = count(crm) + 1 EUR\n{SOURCE}"
    outcome = looked(text)
    assert "K301" in codes(outcome.findings)
    told = next(d for d in outcome.findings if d.code == "K972")
    assert "cannot be let pass" in told.message


def test_what_the_data_tells_does_not_pass_and_that_is_told() -> None:
    outcome = looked(spec(above=f"# kpi: ignore[stale-source] {UNTIL}"))
    told = next(d for d in outcome.findings if d.code == "K972")
    assert told.message == "`stale-source` is no rule of lint, and cannot be let pass"


def test_warnings_of_the_compiler_pass() -> None:
    text = (
        f'# kpi: ignore[useless-tolerance] {UNTIL}\nkpi x "X"\n  formula count(crm)\n  tolerance 5%\n{SOURCE}'
    )
    assert "K419" not in codes(looked(text).findings)
    assert "K419" in codes(looked(text.partition("\n")[2]).findings)


def test_what_is_used_by_nothing() -> None:
    outcome = looked(spec(above=f"# kpi: ignore[long-digits, contradictory-filter] {UNTIL}"))
    unused = [d for d in outcome.findings if d.code == "K974"]
    assert [d.span.text for d in unused if d.span] == ["contradictory-filter"]
    assert unused[0].fix is not None
    assert unused[0].fix.edits[0].text == "long-digits"


def test_a_rule_that_was_not_asked_is_not_said_to_be_unused() -> None:
    text = spec(above=f"# kpi: ignore[contradictory-filter] {UNTIL}")
    assert "K974" in codes(looked(text).findings)
    assert "K974" not in codes(looked(text, ignore=["contradictory-filter"]).findings)
    assert codes(looked(text, select=["long-digits"]).findings) == ["K951"]


@pytest.mark.parametrize(
    "comment",
    [
        "# KPI: ignore[style]",
        "# kpi ignore[style]",
        "## kpi: ignore[style]",
        "#kpi: Ignore [style]",
    ],
)
def test_a_comment_that_is_nearly_right_is_told(comment: str) -> None:
    assert sorted(found(spec(above=comment))) == ["K951", "K956", "K971"]


@pytest.mark.parametrize("comment", ["# kpi", "# kpis: all of them", "# KPI goals of 2026 [draft]"])
def test_a_comment_for_people_is_none_to_lint(comment: str) -> None:
    assert sorted(found(spec(above=comment))) == ["K951", "K956"]


def test_what_does_not_compile_keeps_its_comments() -> None:
    """Nobody knows what rules would find there, so nothing says that its comments are of no use."""
    text = spec(above=f"# kpi: ignore[smart] {UNTIL}")
    assert "K974" in found(text)
    for broken in (
        text.replace("at least", "at lest"),
        text.replace("count(crm)", "count(crn)"),
        text.replace("count(crm)", "all") + "\nmeasure all = count(crn)\n",
    ):
        assert "K974" not in found(broken), broken
    aside = text + "\nmeasure other = count(crn)\n"
    assert "K974" in found(aside)


def test_what_was_not_asked_is_not_called_useless() -> None:
    text = spec(above='# kpi: ignore[style] until 2026-01-31 because "Agreed."')
    (told,) = looked(text, select=["suppressions"]).findings
    assert told.code == "K973"
    assert told.fix is None
