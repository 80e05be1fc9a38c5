"""Files that no program should write: read right, or refused with a diagnostic, never an exception."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.conftest import Project, source

READ = {
    "lone carriage returns": ("a,b\r1,x\r2,y\r", [1.0, 2.0]),
    "quotes within": ('a,b\n1,5" screen\n2,y\n', [1.0, 2.0]),
    "no line end": ("a,b\n1,x\n2,y", [1.0, 2.0]),
    "blank lines": ("a,b\n\n1,x\n\n\n2,y\n\n", [1.0, 2.0]),
    "quoted all": ('"a","b"\n"1","x"\n"2","y"\n', [1.0, 2.0]),
    "blank cells": ('a,b\n " " ,x\n2,y\n'.replace(' " " ', '" "'), [None, 2.0]),
}


@pytest.mark.parametrize("kind", READ)
def test_read(project: Project, kind: str) -> None:
    text, values = READ[kind]
    project.write("a.csv", text)
    taken = project.take(source("a.csv", a="number", b="text"))
    assert taken.problems == ()
    assert taken.rows["a"] == values


@pytest.mark.parametrize(
    "text",
    [
        'a,b\n1,"x\n2,y\n',
        "a,b\n1,x,\n",
        "\x00\x00",
        "a,b\n1\x00,2\n",
        '"a\n',
        "a,b\r\n1,x\n2\r\n",
        'a,b\n"1"x,2\n',
    ],
)
def test_refused_or_read(project: Project, text: str) -> None:
    project.write("a.csv", text)
    taken = project.take(source("a.csv", a="number", b="text"))
    assert taken.problems != () or len(taken.rows["a"]) == text.count("\n") - 1


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
)
def test_texts_come_back(project: Project, rows: list[tuple[str, str]], separator: str, end: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b"), *rows])
    project.write("a.csv", out.getvalue())
    taken = project.take(source("a.csv", a="text", b="text"))
    assert taken.problems == ()
    blank = " \t\r\n\u00a0\u2007\u2009\u202f"
    assert list(zip(taken.rows["a"], taken.rows["b"], strict=True)) == [
        tuple(cell if cell.strip(blank) else None for cell in row) for row in rows
    ]
