"""Files with the marks of a merge: one error, and the rest of the file counts."""

from __future__ import annotations

import pytest

from kpidsl.compile import compile_files
from kpidsl.diagnostics import Report
from kpidsl.syntax import nodes
from tests.syntax.reading import only_fault, read

HEAD = 'let rate = 2\n\nkpi a "A"\n  formula count(b)\n'
TAIL = "\nlet last = 3\n"
CLAUSE = f"""{HEAD}<<<<<<< HEAD
  target at most 20 order
=======
  target at most 30 order
>>>>>>> other #12
  measured every month
{TAIL}"""
DEFINITION = f"""{HEAD}<<<<<<< HEAD
let x = 1

kpi c "C"
  formula rate
||||||| base
kpi c "C"
  formula rate * 2
=======
kpi c "C"
  formula x
>>>>>>> other
{TAIL}"""


@pytest.mark.parametrize("text", [CLAUSE, DEFINITION, CLAUSE.replace("\n", "\r\n")])
def test_a_merge_is_one_error_at_its_first_mark(text: str) -> None:
    fault = only_fault(text)
    assert fault.code == "K126"
    assert fault.message == "unresolved merge: both sides stand here"
    assert fault.span is not None
    assert (fault.span.line, fault.span.text) == (5, "<<<<<<<")
    assert "`>>>>>>>`" in (fault.help or "")


@pytest.mark.parametrize(
    ("text", "whole", "lost"),
    [(CLAUSE, ["rate", "last"], {"a"}), (DEFINITION, ["rate", "a", "last"], {"x", "c"})],
)
def test_what_it_does_not_touch_is_read(text: str, whole: list[str], lost: set[str]) -> None:
    file, _ = read(text)
    assert [one.name.text for one in file.definitions if isinstance(one, nodes.Let | nodes.KpiDef)] == whole
    assert file.unread == lost


def test_nothing_that_follows_from_it_is_told() -> None:
    file, _ = read(f"{DEFINITION}\nlet twice = x * 2\n")
    report = Report()
    graph = compile_files([file], report)
    assert [d.code for d in report] == ["K205"]  # `b` is no source
    assert "c" not in graph.kpis


def test_several_merges_are_told_once() -> None:
    fault = only_fault(f"{CLAUSE}\n{DEFINITION}")
    assert fault.message == "unresolved merge and 1 more: both sides stand here"


def test_what_was_left_of_one() -> None:
    fault = only_fault(f"{HEAD}>>>>>>> other\n{TAIL}")
    assert (fault.code, fault.span and fault.span.line) == ("K126", 5)
    fault = only_fault(f"{HEAD}<<<<<<< ours\n{TAIL}")
    assert (fault.code, fault.span and fault.span.line) == ("K126", 5)


def test_marks_are_lines_of_their_own() -> None:
    _, faults = read(f'{HEAD}  description "<<<<<<< HEAD"\n  owner ">>>>>>> you"  # <<<<<<< HEAD\n')
    assert faults == []
