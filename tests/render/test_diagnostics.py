"""Diagnostics as text: carets right under what they mean, whatever stands before them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.diagnostics import Diagnostic, Label, Severity, Source, Span
from kpidsl.render.cells import Screen, clean, clip, width, wrap
from kpidsl.render.data import as_json, findings
from kpidsl.render.diagnostics import render, summary


def span(source: Source, text: str) -> Span:
    start = source.text.index(text)
    return Span(source, start, start + len(text))


def shown(
    source: Source, text: str, *labels: tuple[str, str], screen: Screen | None = None, help: str | None = None
) -> str:
    found = Diagnostic(
        "K301",
        "it is wrong",
        span(source, text),
        labels=tuple(Label(span(source, at), said) for at, said in labels),
        help=help,
    )
    return render([found], screen or Screen())


def test_the_whole_shape() -> None:
    source = Source("ads.kpi", "kpi a\n  formula     ad_spend + leads\n")
    text = shown(source, "ad_spend", ("leads", "in lead"), help="a unit is converted by a factor")
    assert text == (
        "error[K301 unit-mismatch]: it is wrong\n"
        " --> ads.kpi:2:15\n"
        "  |\n"
        "2 |   formula     ad_spend + leads\n"
        "  |               ^^^^^^^^   ----- in lead\n"
        "  |\n"
        "  = help: a unit is converted by a factor\n"
        "\n"
    )


@pytest.mark.parametrize(
    "before",
    ["\t", "\t\t", "é", "e\u0301", "漢字", "🎉", "👩\u200d🚀 ", "x\ty", "\u202e", "\x1b[31m", "\x00"],
)
def test_carets_stand_under_the_stretch(before: str) -> None:
    lines = shown(Source("a.kpi", f"{before} wrong\n"), "wrong").splitlines()
    line, under = lines[3], lines[4]
    assert width(line[: line.index("wrong")]) == width(under[: under.index("^")])
    assert under.count("^") == 5


def test_wide_characters_get_two_carets_each() -> None:
    assert "^^^^\n" in shown(Source("a.kpi", "x 漢字 y\n"), "漢字")


def test_labels_that_do_not_fit_beside_hang_below() -> None:
    source = Source("a.kpi", "one two three\n")
    lines = shown(source, "three", ("one", "first"), ("two", "second")).splitlines()
    assert lines[3:-1] == ["1 | one two three", "  | --- --- ^^^^^", "  | |   second", "  | first"]


def test_a_label_within_the_stretch_shows() -> None:
    assert "  | ^^^^---^^^^^^\n" in shown(
        Source("a.kpi", "one two three\n"), "one two three", ("two", "here")
    )


def test_lines_in_between_are_marked() -> None:
    source = Source("a.kpi", "a\nb\nc\nd\ne\nf\n")
    near, far = shown(source, "a", ("c", "x")), shown(source, "a", ("f", "x"))
    assert "2 | b\n" in near
    assert "...\n6 | f\n" in far


def test_other_files_follow_under_their_own_arrow() -> None:
    one, two = Source("a.kpi", "kpi x\n"), Source("b.kpi", "\n\nkpi x\n")
    found = Diagnostic("K201", "twice", span(one, "x"), labels=(Label(span(two, "x"), "first here"),))
    assert " ::: b.kpi:3:5\n" in render([found], Screen())


def test_a_long_line_is_cut_around_the_stretch() -> None:
    text = shown(Source("a.kpi", "a " * 500 + "wrong" + " b" * 500), "wrong")
    line, under = text.splitlines()[3:5]
    assert width(line) <= 100
    assert line[under.index("^") :].startswith("wrong")
    assert line.count("…") == 2


def test_a_stretch_over_lines_is_shown_by_its_first() -> None:
    lines = shown(Source("a.kpi", "kpi a\n  formula x\n"), "kpi a\n  formula x").splitlines()
    assert lines[3:-1] == ["1 | kpi a", "  | ^^^^^"]


def test_the_end_of_the_text_can_be_meant() -> None:
    source = Source("a.kpi", "x\n")
    text = render([Diagnostic("K301", "more is needed", Span(source, 2, 2))], Screen())
    assert " --> a.kpi:2:1\n" in text
    assert "  | ^\n" in text


def test_what_has_no_text_has_a_place() -> None:
    text = render([Diagnostic("K507", "not a number", place="data/a.csv, line 3")], Screen())
    assert text == "error[K507 not-a-number]: not a number\n --> data/a.csv, line 3\n\n"


def test_what_was_found_in_the_data_comes_before_what_the_spec_expects() -> None:
    source = Source("a.kpi", "column spend EUR\n")
    place = 'data/a.csv:3, column "spend"'
    text = render([Diagnostic("K507", "`x` is no number", Span(source, 7, 12), place=place)], Screen())
    assert f" --> {place}\n ::: a.kpi:1:8\n  |\n1 | column spend EUR\n" in text


def test_colour_adds_nothing_but_escapes() -> None:
    source = Source("ads.kpi", "kpi a\n  formula     ad_spend + leads\n")
    plain = shown(source, "ad_spend", ("leads", "in lead"), help="x")
    painted = shown(source, "ad_spend", ("leads", "in lead"), help="x", screen=Screen(color=True))
    assert "\x1b" not in plain
    assert "\x1b[1;31m" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain


def test_escapes_of_strangers_do_not_reach_the_terminal() -> None:
    found = Diagnostic("K507", "a cell says \x1b[2J\x9b", place="\x1b]0;title\x07", help="\x1b[31m")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", render([found], Screen()))


def test_summary_counts_by_weight() -> None:
    of = {severity: Diagnostic("K301", "x", severity=severity) for severity in Severity}
    assert summary([of[Severity.ERROR], of[Severity.WARNING], of[Severity.ERROR]]) == "2 errors, 1 warning"
    assert summary([]) == ""


def test_json_is_stable_and_keeps_accents() -> None:
    source = Source("a.kpi", "coût wrong\n")
    found = Diagnostic("K301", "le coût", span(source, "wrong"), labels=(Label(span(source, "coût"), "é"),))
    text = as_json(findings([found]))
    assert text == as_json(findings([found]))
    assert '"column": 6' in text
    assert "le coût" in text


@given(st.text(max_size=200), st.data())
def test_no_text_breaks_the_layout(text: str, data: st.DataObject) -> None:
    source = Source("a.kpi", text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    screen = Screen(width=data.draw(st.integers(20, 120)))
    found = Diagnostic("K301", text, Span(source, start, end), labels=(Label(Span(source, 0, end), text),))
    out = render([found], screen)
    assert "^" in out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", out)


@given(st.text(max_size=80), st.integers(4, 60))
def test_wrapped_lines_fit_and_lose_no_word(text: str, cells: int) -> None:
    said = clean(text)
    lines = wrap(said, cells)
    assert all(width(line) <= cells for line in lines)
    assert "".join("".join(lines).split()) == "".join(said.split())
    assert width(clip(said, cells)) <= cells
