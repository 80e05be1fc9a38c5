"""What people get wrong, and the one thing that is said about it."""

from __future__ import annotations

import pytest

from kpidsl.codes import CATALOGUE
from kpidsl.syntax.mistakes import Mistake, vocabulary

from .reading import mended, only_fault, read

LEAD = 'kpi k\n  description "x"\n'


@pytest.mark.parametrize("slip", vocabulary().mistakes, ids=lambda slip: slip.wrong.strip())
def test_slip_of_the_data_file(slip: Mistake) -> None:
    """Each example gets the message of its own entry, and each fix makes of it what is promised."""
    lead = LEAD if slip.wrong.startswith(" ") else ""
    fault = only_fault(f"{lead}{slip.wrong}\n")
    assert fault.code == slip.code
    assert fault.message.startswith(slip.message.split("{")[0])
    assert (fault.fix is not None) == (slip.fix is not None)
    if slip.right is not None:
        text = mended(fault)
        assert slip.right in text.split("\n")
        assert read(text)[1] == []


def test_every_code_is_in_the_catalogue() -> None:
    assert {slip.code for slip in vocabulary().mistakes} <= CATALOGUE.keys()


@pytest.mark.parametrize(
    ("text", "code", "at", "help"),
    [
        ("metric roas\n  formula a", "K101", "metric", "it is said with `kpi`"),
        ("kpy roas\n  formula a", "K101", "kpy", "a definition with a similar name: `kpi`"),
        ("KPI roas\n  formula a", "K101", "KPI", "a definition with a similar name: `kpi`"),
        ("xyz\n  formula a", "K101", "xyz", "a definition begins with one of `kpi`"),
        ("  formula a", "K105", "formula a", "a definition begins at the margin"),
        ("target at least 5", "K104", "target", "a clause is indented by two spaces"),
        ("| a | b |", "K104", "|", "a clause is indented by two spaces"),
        ('kpi "Cost"\n  formula a', "K107", '"', "for example: `kpi cost_per_lead"),
        ("kpi cost per lead\n  formula a", "K107", "per", "for example: `cost_per_lead`"),
        ("kpi cost-per-lead\n  formula a", "K107", "-", "for example: `cost_per_lead`"),
        ("kpi a.b\n  formula a", "K120", "a.b", "in backticks a dot is part of a name"),
        ("kpi a", "K108", "kpi a", "its clauses are lines under it"),
        ("kpi a\n  formul b", "K102", "formul", "a clause with a similar name: `formula`"),
        ("kpi a\n  expression b", "K102", "expression", "it is said with `formula`"),
        ("kpi a\n  xyz b", "K102", "xyz", "clauses of a kpi: `description`, `label`"),
        ("kpi a\n  kpi b", "K103", "kpi", "clauses of a kpi: "),
        ("objective a\n  formula b", "K103", "formula", "clauses of an objective: `kpi`, "),
        ("calendar\n  fiscal year start in May", "K102", "fiscal year start in", "`fiscal year starts in`"),
        ("kpi a\n  formula count(b) wher c = 1", "K125", "wher", "a word with a similar name: `where`"),
        ("kpi a\n  formula (when b then c else d)", "K125", "else", "it is said with `otherwise`"),
        ("kpi a\n  measured monthly", "K125", "monthly", "it is said with `every month`"),
        ("kpi a\n  measured month", "K100", "month", "for example: `measured every month`"),
        ("kpi a\n  formula b\n  formula c", "K109", "formula c", "one of the two has to go"),
        ('source a\n  from "x"\n  from table "y"', "K109", 'from table "y"', "one of the two has to go"),
        ("kpi a\n  formula sum(b\n  unit EUR", "K111", "(", "a `)` closes it"),
        ("kpi a\n  formula sum((b)\n", "K111", "(", "a `)` closes it"),
        ("kpi a\n  formula b)", "K112", ")", "each `)` has its `(` before it"),
        ("kpi a\n  formula (b\n)", None, "", ""),
        ('kpi a\n  owner "b', "K110", '"', 'a second `"` closes it'),
        ("kpi a\n  channel `b", "K110", "`", "a second `` ` `` closes it"),
        ("kpi a\n  owner Team one # x", "K100", "Team one", "for example: `owner "),
        ("kpi a\n\tformula\tb", "K106", "\t", "clauses are indented by two spaces"),
        ("kpi a\n  formula b\n    unit EUR", "K105", "unit", "clauses stand two spaces from the margin"),
        ("kpi a\n    formula b\n  unit EUR", "K105", "u", "clauses stand two spaces from the margin"),
        ("kpi a\n  by b\n    c at least 3\n    owner 4", "K105", "owner", "clauses stand two spaces"),
        ("kpi a\n  target", "K100", "t", "for example: `target at most 25 EUR per lead`"),
        ("kpi a\n  deadline", "K100", "e", "for example: `deadline 2026-Q4`"),
        ("kpi a\n  deadline 2026-13-1-1", "K119", "2026-13-1-1", "periods are written `2026`"),
        ("kpi a\n  deadline 2026-Q5", "K119", "2026-Q5", "periods are written `2026`"),
        ("kpi a\n  deadline 12", "K119", "12", "periods are written `2026`"),
        ("measure a", "K100", "a", "for example: `measure leads = count(crm)`"),
        ('test "a"\n  given b', "K100", "b", "a source without rows is left out"),
        ('test "a"\n  expect b = 3, meet', "K125", "meet", "a word with a similar name: `met`"),
        ("kpi a\n  formula \x00", "K100", "\x00", "for example: `formula ad_spend / leads`"),
        ("kpi a\n  formula b \x0c c", "K117", "\x0c", ""),
    ],
)
def test_fault(text: str, code: str | None, at: str, help: str) -> None:
    if code is None:
        assert read(text)[1] == []
        return
    fault = only_fault(text)
    assert fault.code == code
    assert code in CATALOGUE
    assert fault.span is not None
    assert fault.span.text == at
    assert fault.help is not None
    assert help in fault.help
    assert "you" not in f"{fault.message} {fault.help}".casefold().split()


def test_messages_say_what_was_found_and_what_was_expected() -> None:
    assert only_fault("kpi a\n  measured month").message == (
        "`month` stands where `cumulatively`, `every` or `over the last` is expected"
    )
    assert only_fault("kpi a\n  formula").message == (
        "the line ends where a value such as `42`, `leads` or `sum(ads.spend)` is expected"
    )
    assert only_fault("kpi a\n  formula b c").message == (
        "`c` stands where an operator such as `+` or `/` or the end of the line is expected"
    )
    assert only_fault("kpi a\n  formula \x00").message == (
        "the character U+0000 (a control character) stands where "
        "a value such as `42`, `leads` or `sum(ads.spend)` is expected"
    )


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("kpi a\n  formul b\n", "kpi a\n  formula b\n"),
        ("kpi a\n\tformula\tb\n", "kpi a\n  formula  b\n"),
        ("kpi cost per lead\n  formula b\n", "kpi cost_per_lead\n  formula b\n"),
        ("kpi a\n  owner Team one # x\n", 'kpi a\n  owner "Team one" # x\n'),
        ('kpi a\n  owner "b\n', 'kpi a\n  owner "b"\n'),
        ("kpi a\n  formula b)\n", "kpi a\n  formula b\n"),
        ("kpi a\n  by b\n    c at least 3\n    lagging\n", None),
    ],
)
def test_fixes_mend(wrong: str, right: str | None) -> None:
    fault = only_fault(wrong)
    if right is not None:
        assert mended(fault) == right
        assert read(right)[1] == []


def test_a_repeated_clause_leaves_the_first() -> None:
    file, faults = read("kpi a\n  formula b\n  formula c\n  formula d\n")
    assert len(faults) == 1
    assert faults[0].labels[0].span.text == "formula b"
    (kpi,) = file.definitions
    assert len(kpi.clauses) == 1  # type: ignore[union-attr]
