"""What is wrong in the data is said with file, line, column, value and how many more."""

from __future__ import annotations

import os
from datetime import datetime

import pytest

from kpidsl.codes import CATALOGUE
from kpidsl.diagnostics import Diagnostic
from tests.sources.conftest import Project, source


def one(project: Project, text: str | bytes, **columns: object) -> Diagnostic:
    project.write("data/a.csv", text)
    problem = project.take(source("data/a.csv", **columns)).only
    assert problem.code in CATALOGUE
    assert problem.severity is CATALOGUE[problem.code].severity
    return problem


def test_no_file(project: Project) -> None:
    project.write("data/leads.csv", "a\n1\n")
    problem = project.take(source("data/lead.csv", a="number")).only
    assert (problem.code, problem.message, problem.place) == (
        "K501",
        "no file matches `data/lead.csv`",
        "data",
    )
    assert problem.notes == ("a similar name: `leads.csv`", "`data` has leads.csv")
    assert problem.span is not None


def test_no_folder(project: Project) -> None:
    project.write("data/leads.csv", "a\n1\n")
    problem = project.take(source("dta/*.csv", a="number")).only
    assert problem.notes[0] == "a similar name: `data`"


def test_a_format_that_is_not_known(project: Project) -> None:
    project.write("a.pdf", "x")
    assert project.take(source("a.pdf", a="number")).only.code == "K504"
    project.write("b.csv", "a\n1\n")
    assert project.take(source("[ab].*", a="number")).only.code == "K504"


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", ";;\n"])
def test_no_header(project: Project, text: str) -> None:
    assert one(project, text, a="number").code == "K510"


def test_a_header_alone_is_no_rows(project: Project) -> None:
    project.write("a.csv", "a,b")
    taken = project.take(source("a.csv", a="number", b="day"))
    assert taken.problems == ()
    assert taken.rows == {"a": [], "b": []}


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Amount", "the data has `Amount`, which differs in upper and lower case only"),
        (" amount ", "the data has ` amount `, which differs in blanks only"),
        ("amuont", "a similar name: `amuont`"),
        ("x", "columns of the data: `x`, `other`"),
    ],
)
def test_missing_column(project: Project, header: str, said: str) -> None:
    problem = one(project, f"{header},other\n1,2\n", amount="number")
    assert (problem.code, problem.place, problem.notes[0]) == ("K505", "data/a.csv", said)
    assert problem.span is not None
    assert problem.span.text == "amount"


def test_a_broken_column_spoils_only_itself(project: Project) -> None:
    project.write("a.csv", "a,b\n1,x\n")
    taken = project.take(source("a.csv", a="number", b="number", c="number"))
    assert taken.rows == {"a": [1.0]}
    assert {*taken.attached.broken} == {"b", "c"}
    assert taken.attached.failure is None


def test_every_column_broken(project: Project) -> None:
    project.write("a.csv", "a\nx\n")
    with project.session(spec := source("a.csv", a="number")) as session:
        attached = session.attach(spec)
        assert {*attached.broken} == {"a"}
        assert attached.kinds == {}
        assert session.fetch(f"SELECT count(*) AS n FROM {attached.relation}")["n"].tolist() == [1]


def test_repeated_header(project: Project) -> None:
    problem = one(project, "a,b,a\n1,2,3\n", a="number")
    assert (problem.code, problem.message) == ("K506", "the header has `a` 2 times")
    project.write("a.csv", "a,b,a\n1,2,3\n")
    assert project.take(source("a.csv", b="number")).problems == ()


def test_not_a_number_behind_quoted_line_breaks(project: Project) -> None:
    text = 'note,amount\r\n"two\r\nlines",1\r\n\r\n"three\r\nmore\r\nlines",abc\r\nx,12 apples\r\n'
    problem = one(project, text, amount="EUR")
    assert problem.code == "K507"
    assert problem.message == "`abc` is no number in EUR"
    assert problem.place == 'data/a.csv:5, column "amount"'
    assert problem.notes == ("1 more cell of the column cannot be read either",)


@pytest.mark.parametrize(
    ("cell", "unit", "help_"),
    [
        ("1.234,56", "EUR", '`decimal "," thousands "."`'),
        ("12,5", "EUR", '`decimal ","`'),
        ("-", "EUR", "a dash may mean zero or no value"),
    ],
)
def test_a_hint_for_numbers(project: Project, cell: str, unit: str, help_: str) -> None:
    problem = one(project, f'amount\n"{cell}"\n', amount=unit)
    assert problem.help is not None
    assert problem.help.startswith(help_)


@pytest.mark.parametrize(
    "cell", ["(12.50)", "1 2", "12 34", "1_000", "inf", "nope", "1e999", "--1", "0x10", "$5", "5%", "١٢"]
)
def test_what_is_no_number_in_euros(project: Project, cell: str) -> None:
    assert one(project, f"amount\n{cell}\n", amount="EUR").code == "K507"


def test_words_for_missing(project: Project) -> None:
    problem = one(project, "a,b\n1,N/A\nN/A,x\nnan,y\n", a="number", b="text")
    assert (problem.code, problem.place) == ("K519", 'data/a.csv:3, column "a"')
    assert problem.message == "2 cells say `N/A` or the like in `a`: taken as missing"
    assert project.take(source("data/a.csv", a="number", b="text")).rows == {
        "a": [1.0, None, None],
        "b": ["N/A", "x", "y"],
    }


@pytest.mark.parametrize(
    ("cell", "dates", "help_"),
    [
        ("31/02/2026", "%d/%m/%Y", "dates of this file are written `%d/%m/%Y`, and have to exist"),
        ("2026-02-30", None, "dates are written 2026-03-31"),
        ("31/01/2026", None, '`dates "%d/%m/%Y"`'),
        ("20260131", None, '`dates "%Y%m%d"`'),
        ("01/31/2026", "%d/%m/%Y", '`dates "%m/%d/%Y"`'),
        ("0206-01-31", None, "dates are written"),
        ("yesterday", None, "dates are written"),
    ],
)
def test_impossible_dates(project: Project, cell: str, dates: str | None, help_: str) -> None:
    problem = one(project, f"day\n{cell}\n", day="day", dates=dates)
    assert (problem.code, problem.message, problem.place) == (
        "K508",
        f"`{cell}` is no date",
        'data/a.csv:2, column "day"',
    )
    assert problem.help is not None
    assert problem.help.startswith(help_)


def test_not_a_flag(project: Project) -> None:
    problem = one(project, "new\nyes\nNon\nmaybe\n", new="flag")
    assert (problem.code, problem.place) == ("K509", 'data/a.csv:4, column "new"')


@pytest.mark.parametrize("row", ["1", "1,2,3"])
def test_ragged_row(project: Project, row: str) -> None:
    problem = one(project, f'a,b\n"x\ny",2\n{row}\n', a="text", b="number")
    assert (problem.code, problem.place) == ("K511", "data/a.csv:4")


def test_wrong_encoding(project: Project) -> None:
    problem = one(project, "a\nok\ncafé\n".encode("windows-1252"), a="text")
    assert (problem.code, problem.place, problem.message) == (
        "K512",
        "data/a.csv:3",
        "byte 0xe9 is not UTF-8",
    )
    assert problem.help is not None
    assert 'encoding "windows-1252"' in problem.help
    assert 'encoding "utf-16"' in str(one(project, "a\nok\n".encode("utf-16"), a="text").help)


@pytest.mark.parametrize(
    "option",
    [{"encoding": "utf-99"}, {"separator": ";;"}, {"decimal": "x"}, {"decimal": ",", "thousands": ","},
     {"dates": "%Q"},
     {"dates": "dd/mm/yyyy"}, {"thousands": "abc"}],
)  # fmt: skip
def test_options(project: Project, option: dict[str, str]) -> None:
    assert one(project, "a\n1\n", a="number", **option).code == "K526"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable(project: Project) -> None:
    project.write("a.csv", "a\n1\n").chmod(0)
    assert project.take(source("a.csv", a="number")).only.code == "K503"


def test_one_of_many_files(project: Project) -> None:
    project.write("d/1.csv", "a,b\n1,2\n3,4\n")
    project.write("d/2.csv", "b;a\n5;6\n7;x\n")
    problem = project.take(source("d/*.csv", a="number", b="number")).only
    assert problem.place == 'd/2.csv:3, column "a"'
    assert project.take(source("d/*.csv", b="number")).rows == {"b": [2, 4, 5, 7]}


def test_percent_that_looks_like_a_fraction(project: Project) -> None:
    problem = one(project, "rate\n0.042\n0.5\n0\n", rate="%")
    assert (problem.code, problem.severity.word) == ("K525", "warning")
    project.write("a.csv", "rate\n0.042\n4.2\n")
    assert project.take(source("a.csv", rate="%")).problems == ()
    project.write("a.csv", "rate\n0.5 %\n0.7 %\n")
    assert project.take(source("a.csv", rate="%")).problems == ()


def test_daylight_saving(project: Project) -> None:
    text = "at\n2026-10-25T00:30:00Z\n2026-10-25T01:30:00Z\n2026-07-01 12:00:00+02:00\n2026-10-25 02:30\n"
    project.write("a.csv", text)
    assert project.take(source("a.csv", at="time")).rows["at"] == [
        datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 2, 30), datetime(2026, 7, 1, 12),
        datetime(2026, 10, 25, 2, 30)
    ]  # fmt: skip
