"""Who agreed to what: approvals as they are read, written, and held against changes."""

from __future__ import annotations

from datetime import date

import pytest

from kpidsl.diagnostics import Report, Severity, Source
from kpidsl.diff import approvals, breaking
from kpidsl.diff.changes import Category, Change
from kpidsl.diff.release import bump
from tests.compile.spec import kpi
from tests.diff.world import BASE, DAY, changes

NEW = BASE.replace("at most 25 EUR", "at most 30 EUR")


def the_change() -> Change:
    (change,) = changes(BASE, NEW, DAY)
    return change


def read(text: str) -> tuple[tuple[approvals.Approval, ...], Report]:
    report = Report()
    return approvals.read(Source("approvals.toml", text), report), report


@pytest.mark.parametrize("who", ["Ada", 'Ada "the first"', "back\\slash", "é – 中", "two\nlines", "\x7f\x01"])
@pytest.mark.parametrize("until", [None, date(2026, 12, 31)])
def test_what_is_written_is_read(who: str, until: date | None) -> None:
    change = the_change()
    text = approvals.entry(change, who, "so it was agreed", until)
    found, report = read(text + "\n" + text.replace(change.fingerprint, "0" * 12))
    assert not len(report)
    assert [one.change for one in found] == [change.fingerprint, "0" * 12]
    assert {(one.who, one.why, one.until) for one in found} == {(who, "so it was agreed", until)}


def test_an_approved_change_is_a_note_until_its_day_is_over() -> None:
    change = the_change()
    given, _ = read(approvals.entry(change, "Ada", "agreed", date(2026, 12, 31)))
    (found,) = breaking.findings([change], given, date(2026, 12, 31))
    assert (found.code, found.severity) == ("K763", Severity.INFO)
    assert "approved by Ada, until 2026-12-31: agreed" in found.notes
    late, over = breaking.findings([change], given, date(2027, 1, 1))
    assert (late.code, late.severity) == ("K763", Severity.ERROR)
    assert change.fingerprint in (late.help or "")
    assert (over.code, over.severity) == ("K756", Severity.WARNING)


def test_an_approval_is_of_one_change_only() -> None:
    change = the_change()
    given, _ = read(approvals.entry(change, "Ada", "agreed", None))
    further = changes(BASE, BASE.replace("at most 25 EUR", "at most 31 EUR"))
    found, unused = breaking.findings(further, given, DAY)
    assert (found.severity, unused.code, unused.severity) == (Severity.ERROR, "K757", Severity.INFO)


WRONG = {
    "no TOML": ("[[approval]\n", "not a TOML document"),
    "no list": ('approval = "all"\n', "`approval` is one table"),
    "an unknown table": ("[approvals]\n", "unknown key `approvals`"),
    "nobody": ('[[approval]]\nchange = "0123456789ab"\nwhy = "x"\n', "`who`"),
    "no reason": ('[[approval]]\nchange = "0123456789ab"\nwho = "x"\nwhy = " "\n', "`why`"),
    "no fingerprint": ('[[approval]]\nchange = "all"\nwho = "x"\nwhy = "y"\n', "`all` is no fingerprint"),
    "a day that is none": (
        '[[approval]]\nchange = "0123456789ab"\nwho = "x"\nwhy = "y"\nuntil = "soon"\n',
        "no day",
    ),
    "a slip": (
        '[[approval]]\nchange = "0123456789ab"\nwho = "x"\nwhy = "y"\nunitl = 2026-12-31\n',
        "`unitl`",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_approves_nothing(name: str) -> None:
    text, said = WRONG[name]
    found, report = read(text)
    assert found == ()
    assert [d.code for d in report] == ["K755"]
    assert said in next(iter(report)).message


def test_the_clause_is_shown() -> None:
    span = breaking.clause_of(the_change())
    assert span is not None
    assert span.text == "target at most 30 EUR per lead"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("at most 8 EUR\n", "at most 9 EUR\n", "google at most 9 EUR"),
        ("tolerance 5%", "tolerance 10%", "`goo|gle é` at most 7 EUR, tolerance 10%"),
        ("kpi x\n", "kpi x weight 2\n", "kpi x weight 2"),
    ],
)
def test_the_line_of_a_slice_and_of_a_member_is_shown(old: str, new: str, line: str) -> None:
    slices = ("by channel", "  google at most 8 EUR", "  `goo|gle é` at most 7 EUR, tolerance 5%")
    base = kpi("ad_spend", "target at most 20 EUR", *slices)
    base += "objective grow\n  kpi x\n  kpi y\n" + kpi("leads", "target at least 5 lead", name="y")
    assert old in base
    head, _, tail = base.rpartition(old)
    (change,) = changes(base, f"{head}{new}{tail}", DAY)
    span = breaking.clause_of(change)
    assert span is not None
    assert span.text == line


def test_the_line_of_a_check_is_shown() -> None:
    extra = 'source s\n  from "s.csv"\n  time day\n  column x EUR\n  check  x   >= {} EUR\n'
    (change,) = changes(extra.format(0), extra.format(-5), DAY)
    span = breaking.clause_of(change)
    assert span is not None
    assert span.text == "check  x   >= -5 EUR"


def test_levels() -> None:
    moved = changes(BASE, NEW)
    other = changes(
        BASE,
        BASE.replace("ad_spend / leads", "ad_spend / count(sessions)").replace("per lead", "per session"),
    )
    gone = changes(BASE, "")
    every = [*moved, *other, *gone]
    counts = [len(breaking.breaking(every, level)) for level in breaking.LEVELS.values()]
    assert counts[0] > counts[1] > counts[2] == 1


@pytest.mark.parametrize(
    ("new", "wanted"),
    [
        (BASE, None),
        (BASE.replace("Acquisition", "Sales"), "patch"),
        (NEW, "minor"),
        (BASE + BASE.replace("kpi x", "kpi y").replace("25", "26"), "minor"),
        (BASE.replace("every month", "every quarter"), "major"),
        ("", "major"),
    ],
)
def test_the_suggested_version(new: str, wanted: str | None) -> None:
    assert bump(changes(BASE, new)) == wanted


def test_categories_are_in_order() -> None:
    assert Category.NAME > Category.VALUE > Category.TARGET > Category.DOC
