"""One broken definition says one thing and hides nothing of the others; no text is too much."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpidsl.syntax import nodes as n

from .reading import TOUR, read

LINES = TOUR.splitlines(keepends=True)


def test_the_others_are_read() -> None:
    file, faults = read(
        "kpi a\n  formul x\n  formula ((\n  nonsense\n\nkpi b\n  formula x\n\nmetric c\n  x y\n\nlet d = 3\n"
    )
    assert [fault.code for fault in faults] == ["K102", "K101"]
    assert [type(definition) for definition in file.definitions] == [n.KpiDef, n.Let]
    assert [span.line for span in file.broken] == [1, 9]
    assert file.unread == {"a", "c"}


@pytest.mark.parametrize("text", ["", "\n\n", "   ", "# only\n  # comments\n", "\ufeff", "\u00a0\n", "\t\n"])
def test_an_empty_file_is_fine(text: str) -> None:
    file, faults = read(text)
    assert file.definitions == ()
    assert faults == []


@pytest.mark.parametrize(
    "text",
    [
        "kpi a\n  formula " + "(" * 200_000,
        "kpi a\n  formula " + "f(" * 200_000,
        "kpi a\n  formula " + "a + " * 200_000,
        "kpi a\n  formula " + "- " * 200_000,
        "kpi a\n  formula a in (" + "1, " * 100_000,
        "kpi a\n  unit " + "a " * 500_000 + "%",
        "kpi " + "a" * 1_000_000 + "(",
        "kpi a\n  owner " + '"' + "\\" * 1_000_000,
        "kpi a\n  owner " + '"\\' * 500_000 + " # x",
        "kpi a\n  " + " " * 1_000_000 + "!",
        "kpi a\n  formula count" + " " * 1_000_000 + "x",
        'test "a"\n  given b\n    |' + " |" * 500_000 + "x",
        "| " * 500_000,
        "#" * 1_000_000 + "\nkpi",
        "kpi a" + "\n  # c" * 150_000,
        "kpi a\n" * 100_000,
        "x" + "\n y" * 100_000,
        "." * 1_000_000,
    ],
    ids=range(18),
)
def test_hostile_texts_are_refused_in_time(text: str) -> None:
    start = perf_counter()
    file, faults = read(text)
    assert faults
    assert file.broken or file.definitions
    assert perf_counter() - start < 20


def test_a_file_can_be_too_large() -> None:
    file, faults = read("kpi a\n  formula b\n" * 300_000)
    assert [fault.code for fault in faults] == ["K001"]
    assert file.definitions == ()


def holds(text: str) -> None:
    """What must be true of any text: nothing is raised, and nothing that is said goes without an answer."""
    file, faults = read(text)
    assert len(file.broken) <= len(faults) <= len(file.broken) + len(file.definitions)
    source = file.source
    said = [line for line in source.text.split("\n") if line.strip() and not line.strip().startswith("#")]
    assert not said or file.definitions or faults
    for fault in faults:
        assert fault.span is not None
        assert 0 <= fault.span.start <= fault.span.end <= len(source.text)
        assert fault.help
        assert "\n" not in fault.message
        for edit in fault.fix.edits if fault.fix else ():
            assert 0 <= edit.span.start <= edit.span.end <= len(source.text)
    for definition in file.definitions:
        hash(definition)
        assert definition == definition
        repr(definition)


@given(st.text())
def test_any_text(text: str) -> None:
    holds(text)


WORDS = """kpi measure target formula at least by where when then otherwise default not in is missing between
and ( ) ( ) , = == + - * / % " ` ' | # : ; { } 25 2_500 2,5 2026-Q4 EUR per lead "x" a.b sum( count distinct(
€ « »"""
BLANKS = ["\n", "\n  ", "\n    ", " ", " ", "\nkpi a\n  ", "\r\n", "\u00a0", "\t"]
PIECES = st.sampled_from([*WORDS.split(), *BLANKS])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_pieces_of_the_language(text: str) -> None:
    holds(text)


@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_any_clause(text: str) -> None:
    holds(f"kpi a\n  formula b\n  {text}\nlet c = 3\n")


@given(st.data())
@settings(max_examples=200)
def test_any_damage_to_the_tour(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TOUR)))
    length = data.draw(st.integers(0, 12))
    text = TOUR[:at] + data.draw(st.text(max_size=4)) + TOUR[at + length :]
    holds(text)


@given(st.permutations(LINES))
def test_any_order_of_lines(lines: list[str]) -> None:
    holds("".join(lines))


@given(st.integers(0, len(LINES) - 1), st.sampled_from(["!", "(", '"', " : ", "\t", "'", "}"]))
def test_one_fault_is_told_once(line: int, junk: str) -> None:
    """Damage inside one line spoils at most the definition it stands in."""
    text = "".join([*LINES[:line], LINES[line].rstrip("\n") + junk + "\n", *LINES[line + 1 :]])
    file, faults = read(text)
    assert len(faults) <= 1
    assert len(file.definitions) >= 12
