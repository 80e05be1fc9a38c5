"""Each clause in each of its forms, and what it becomes; words of the language as names."""

from __future__ import annotations

from typing import Any

import pytest

from kpidsl.diagnostics import Source, Span
from kpidsl.syntax import nodes as n

from .reading import good

NOWHERE = Span(Source("", ""), 0, 0)


def w(text: str) -> n.Word:
    return n.Word(NOWHERE, text)


def s(text: str) -> n.String:
    return n.String(NOWHERE, text)


def p(text: str) -> n.PeriodText:
    return n.PeriodText(NOWHERE, text)


def u(text: str) -> n.UnitText:
    return n.UnitText(NOWHERE, text)


def num(text: str, unit: str | None = None) -> n.Number:
    return n.Number(NOWHERE, text, u(unit) if unit else None)


def name(*parts: str) -> n.Name:
    return n.Name(NOWHERE, parts)


def at_least(text: str, unit: str | None = None) -> n.Bound:
    return n.Bound(NOWHERE, "at least", num(text, unit))


def make(kind: type[n.Node], *args: Any, **named: Any) -> n.Node:
    return kind(NOWHERE, *args, **named)


KPI = [
    ('description "x"', make(n.Description, s("x"))),
    ('label fr-CA "Coût"', make(n.Caption, w("fr-CA"), s("Coût"))),
    ('owner "x"', make(n.Owner, s("x"))),
    ("unit %", make(n.UnitClause, u("%"))),
    ("unit per day", make(n.UnitClause, u("per day"))),
    ("target at least 5 EUR", make(n.Target, at_least("5", "EUR"))),
    ("target at  most 5", make(n.Target, n.Bound(NOWHERE, "at most", num("5")))),
    ("target between 5 and 6 %", make(n.Target, n.Bound(NOWHERE, "between", num("5"), num("6", "%")))),
    ("target increase by 20%", make(n.Target, n.Bound(NOWHERE, "increase by", num("20", "%")))),
    ("target decrease by 2 points", make(n.Target, n.Bound(NOWHERE, "decrease by", num("2", "points")))),
    (
        "target at least 98% of plan",
        make(n.Target, n.Bound(NOWHERE, "at least", n.Binary(NOWHERE, "of", num("98", "%"), name("plan")))),
    ),
    (
        "target\n    at least 100 lead by 2026-03\n    at least 5 by 2026",
        make(
            n.Target,
            None,
            (
                n.Milestone(NOWHERE, at_least("100", "lead"), p("2026-03")),
                n.Milestone(NOWHERE, at_least("5"), p("2026")),
            ),
        ),
    ),
    ("tolerance 1_000 EUR", make(n.Tolerance, num("1_000", "EUR"))),
    ("tolerance 3", make(n.Tolerance, num("3"))),
    ("measured every month", make(n.Measured, "every", grain=w("month"))),
    ("measured cumulatively", make(n.Measured, "cumulatively")),
    ("measured over the last 28 days", make(n.Measured, "last", amount=num("28", "days"))),
    ("from 2026-07-01", make(n.From, p("2026-07-01"))),
    ("from 2026", make(n.From, p("2026"))),
    *(
        (f"deadline {text}", make(n.Deadline, p(text)))
        for text in ("2026", "2026-H1", "2026-Q4", "2026-03", "2026-W14", "2026-03-31", "FY2026", "FY2026-Q1")
    ),
    ("baseline 2025-H2", make(n.Baseline, p("2025-H2"))),
    ("baseline 2025", make(n.Baseline, p("2025"))),
    ("baseline 2_025", make(n.Baseline, num("2_025"))),
    ("baseline 2025 lead", make(n.Baseline, num("2025", "lead"))),
    ("baseline previous period", make(n.Baseline, "previous period")),
    ("baseline same  period last year", make(n.Baseline, "same period last year")),
    ("baseline previous period(x)", make(n.Baseline, n.Call(NOWHERE, w("previous period"), (name("x"),)))),
    ("pace linear", make(n.Pace, "linear")),
    ("pace like last year", make(n.Pace, "like last year")),
    ("pace none", make(n.Pace, "none")),
    ("by channel", make(n.By, (name("channel"),))),
    ("by channel and ads.country", make(n.By, (name("channel"), name("ads", "country")))),
    (
        'by channel\n    google at least 3\n    "x y" at least 4 %, tolerance 10%\n    `a b` at least 5',
        make(
            n.By,
            (name("channel"),),
            (
                n.Slice(NOWHERE, w("google"), at_least("3"), None),
                n.Slice(NOWHERE, s("x y"), at_least("4", "%"), n.Tolerance(NOWHERE, num("10", "%"))),
                n.Slice(NOWHERE, w("a b"), at_least("5"), None),
            ),
        ),
    ),
    ('channel google, "x y", `a`', make(n.OnlyChannel, (w("google"), s("x y"), w("a")))),
    ('stakeholder "x"', make(n.Stakeholder, s("x"))),
    ("stage act", make(n.Stage, w("act"))),
    ("leading", make(n.Role, "leading")),
    ("lagging", make(n.Role, "lagging")),
    ("review every quarter", make(n.Review, w("quarter"))),
    ('because "x"', make(n.Because, s("x"))),
    ("draft", make(n.Draft)),
    ("deprecated", make(n.Deprecated, None, None)),
    ("deprecated until 2026-12-31", make(n.Deprecated, p("2026-12-31"), None)),
    ("deprecated use b", make(n.Deprecated, None, w("b"))),
    ("deprecated until 2026 use b", make(n.Deprecated, p("2026"), w("b"))),
]
SOURCE = [
    ('from "a.csv"', make(n.FromFiles, s("a.csv"), ())),
    (
        'from "a.csv" thousands " " encoding "x" separated by ";" dates "%d" sheet "S" table "t" decimal ","',
        make(
            n.FromFiles,
            s("a.csv"),
            (
                *(("thousands", s(" ")), ("encoding", s("x")), ("separated by", s(";")), ("dates", s("%d"))),
                *(("sheet", s("S")), ("table", s("t")), ("decimal", s(","))),
            ),
        ),
    ),
    ('from table "a.b"', make(n.FromTable, s("a.b"), None)),
    ('from table "a.b" in shop', make(n.FromTable, s("a.b"), w("shop"))),
    ("time created_on", make(n.TimeColumn, w("created_on"))),
    ("channel `Canal d'acquisition`", make(n.ChannelColumn, w("Canal d'acquisition"))),
    ("row lead", make(n.Row, w("lead"))),
    ("key a, `b.c`", make(n.Key, (w("a"), w("b.c")))),
    ("belongs to x by y", make(n.BelongsTo, w("x"), w("y"), None)),
    ("belongs to x by y = z", make(n.BelongsTo, w("x"), w("y"), w("z"))),
    ("column a text", make(n.Column, w("a"), type=u("text"))),
    ("column a EUR per lead", make(n.Column, w("a"), type=u("EUR per lead"))),
    ("column a id of contact", make(n.Column, w("a"), identity=w("contact"))),
    ("column a = b", make(n.Column, w("a"), value=name("b"))),
    ("fresh within 2 days", make(n.Fresh, num("2", "days"))),
    ("complete every day", make(n.Complete, w("day"))),
    ("check a", make(n.Check, name("a"))),
]
OTHERS = [
    ("calendar", "fiscal year starts in April", make(n.FiscalYear, w("April"))),
    ("calendar", "weeks start on Monday", make(n.WeekStart, w("Monday"))),
    ("calendar", "time zone Europe/Paris", make(n.TimeZone, s("Europe/Paris"))),
    (
        "calendar",
        "time zone America/Argentina/Buenos_Aires",
        make(n.TimeZone, s("America/Argentina/Buenos_Aires")),
    ),
    ("objective o", "kpi a", make(n.Member, w("a"), None)),
    ("objective o", "kpi a weight 3", make(n.Member, w("a"), num("3"))),
    ("objective o", "kpi a key", make(n.Member, w("a"), None, True)),
    ("objective o", "kpi a weight 2 key", make(n.Member, w("a"), num("2"), True)),
    ("objective o", "kpi a for information", make(n.Member, w("a"), None, False, True)),
    ("objective o", "objective b weight 2", make(n.Member, w("b"), num("2"), False, False, True)),
    ("objective o", "objective b key", make(n.Member, w("b"), None, True, False, True)),
    ("objective o", "met when all are met", make(n.Met, "all")),
    ("objective o", "met when any is met", make(n.Met, "any")),
    ("objective o", "met when at least 60% are met", make(n.Met, "share", num("60", "%"))),
    ("measure m = a", "unit EUR", make(n.UnitClause, u("EUR"))),
    (
        'test "t"',
        "given ads\n    | a | b c |\n    |  |1|",
        make(
            n.Given,
            w("ads"),
            ((n.Cell(NOWHERE, "a"), n.Cell(NOWHERE, "b c")), (n.Cell(NOWHERE, ""), n.Cell(NOWHERE, "1"))),
        ),
    ),
    ('test "t"', "as of 2026-02-01", make(n.AsOf, p("2026-02-01"))),
    ('test "t"', "expect a = 5", make(n.Expect, w("a"), None, None, num("5"), None)),
    ('test "t"', "expect a = 5, on track", make(n.Expect, w("a"), None, None, num("5"), "on track")),
    ('test "t"', "expect a met", make(n.Expect, w("a"), None, None, None, "met")),
    ('test "t"', "expect a in 2026 no data", make(n.Expect, w("a"), None, p("2026"), None, "no data")),
    (
        'test "t"',
        'expect a for "x" in 2026-01 = 5 EUR per lead',
        make(n.Expect, w("a"), s("x"), p("2026-01"), num("5", "EUR per lead"), None),
    ),
    ('scenario "s"', "set a = 4%", make(n.Set, w("a"), num("4", "%"))),
    ('scenario "s"', "set a for google = 4", make(n.Set, w("a"), num("4"), "=", w("google"))),
    ('scenario "s"', 'set a for "x y" = 4', make(n.Set, w("a"), num("4"), "=", s("x y"))),
    ('scenario "s"', "set a increase by 10%", make(n.Set, w("a"), num("10", "%"), "increase by")),
    (
        'scenario "s"',
        "set a for google decrease by 5 EUR",
        make(n.Set, w("a"), num("5", "EUR"), "decrease by", w("google")),
    ),
    ('scenario "s"', "expect b = 20", make(n.Expect, w("b"), None, None, num("20"), None)),
    ('scenario "s"', "expect b = 20, at risk", make(n.Expect, w("b"), None, None, num("20"), "at risk")),
    ('scenario "s"', "expect b on track", make(n.Expect, w("b"), None, None, None, "on track")),
    ('scenario "s"', "expect b for x met", make(n.Expect, w("b"), w("x"), None, None, "met")),
    ('scenario "s"', "expect b for x = 2", make(n.Expect, w("b"), w("x"), None, num("2"), None)),
    ('scenario "s"', "solve a for b = 20", make(n.Solve, w("a"), w("b"), num("20"))),
    ('scenario "s"', "expect 5 EUR", make(n.Expect, None, None, None, num("5", "EUR"), None)),
]


@pytest.mark.parametrize(
    ("header", "clause", "node"),
    [*(("kpi k", *row) for row in KPI), *(("source s", *row) for row in SOURCE), *OTHERS],
)
def test_clause(header: str, clause: str, node: n.Node) -> None:
    (definition,) = good(f"{header}\n  {clause}   # said\n\n")
    (found,) = definition.clauses  # type: ignore[union-attr]
    assert found == node
    assert found.span.text == clause


def test_definitions() -> None:
    assert good('let a = 3\nimport "x"\nmeasure m "M" = a\n  owner "x"\nsource s "S"\n  row a\n') == (
        n.Let(NOWHERE, w("a"), num("3")),
        n.Import(NOWHERE, s("x")),
        n.MeasureDef(NOWHERE, w("m"), s("M"), name("a"), (n.Owner(NOWHERE, s("x")),)),
        n.SourceDef(NOWHERE, w("s"), s("S"), (n.Row(NOWHERE, w("a")),)),
    )


WORDS = """kpi measure source objective test scenario let import calendar target formula unit by channel
from deadline and or in is between where default then otherwise of at least most table time per tolerance met
missing draft sum count""".split()


@pytest.mark.parametrize("word", WORDS)
def test_words_of_the_language_are_names(word: str) -> None:
    """Any word names a definition, and stands in a formula where no keyword can."""
    kpi, measure = good(f"kpi {word}\n  formula {word} + a.{word} * ({word})\nmeasure {word} = sum({word})\n")
    assert isinstance(kpi, n.KpiDef)
    assert isinstance(measure, n.MeasureDef)
    assert kpi.name.text == measure.name.text == word
    assert isinstance(measure.value, n.Call)
    assert measure.value.args == (name(word),)


@pytest.mark.parametrize("word", ["not", "when"])
def test_where_a_keyword_can_stand_backticks_make_it_a_name(word: str) -> None:
    (kpi,) = good(f"kpi {word}\n  formula `{word}` + 1\n")
    assert isinstance(kpi, n.KpiDef)
    assert kpi.name.text == word


def test_clauses_that_may_be_said_again() -> None:
    good(
        """
        source s
          column a text
          column b text
          belongs to x by y
          belongs to z by y
          check a
          check b
          label fr "x"
          label de "y"
        """
    )


def test_layout_inside() -> None:
    """Blank lines, comments at any column, deeper and uneven indentation that is consistent."""
    (kpi,) = good("kpi a  \n\n# c\n      formula (a +\n b\n  * c)\n   # d\n      unit EUR\n  \n      draft")
    assert isinstance(kpi, n.KpiDef)
    assert len(kpi.clauses) == 3
