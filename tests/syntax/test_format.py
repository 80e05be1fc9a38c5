"""The one layout: it reads well, changes nothing, and is stable."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from kpidsl.diagnostics import Source
from kpidsl.syntax.format import proved
from tests.programs import programs


def formatted(text: str) -> str:
    result = proved(Source("test.kpi", text))
    assert result is not None
    return result


@given(programs())
@settings(max_examples=150)
def test_a_random_program_keeps_its_meaning_and_formats_once(text: str) -> None:
    once = formatted(text)  # proves equivalence, comments and stability
    assert formatted(once) == once


CASES = {
    "values stand at one column": (
        'kpi cost "Cost"\n    formula   a/b\n    unit EUR per lead\n',
        'kpi cost "Cost"\n  formula     a / b\n  unit        EUR per lead\n',
    ),
    "slices stand at the same column": (
        "kpi c\n  formula a\n  by channel\n     google at most 30, tolerance 10 %\n",
        "kpi c\n  formula     a\n  by          channel\n    google    at most 30, tolerance 10%\n",
    ),
    "comments stay where they were": (
        "# top\n\n\nkpi c # head\n    # above\n    formula a   # behind\n  # the end of c\n"
        "# of d\nkpi d\n  formula b\n",
        "# top\n\nkpi c  # head\n  # above\n  formula     a  # behind\n  # the end of c\n\n"
        "# of d\nkpi d\n  formula     b\n",
    ),
    "one-line definitions may stand together": (
        "let a = 1\nlet b=2\n\n\n\nmeasure c = sum(s.x)\nkpi d\n  formula c\n",
        "let a = 1\nlet b = 2\n\nmeasure c = sum(s.x)\n\nkpi d\n  formula     c\n",
    ),
    "parentheses stay as written": (
        "let a = (b*c)+ d\n",
        "let a = (b * c) + d\n",
    ),
    "backticks stay where they are needed": (
        "source s\n  channel `Canal d'acquisition`\n  time `day`\n",
        "source s\n  channel     `Canal d'acquisition`\n  time        `day`\n",
    ),
    "a table's cells stand under each other": (
        'test "t"\n  given ads\n    |day|spend|\n    | 2026-01-05 | 5 |\n  as of 2026-02-01\n'
        "  expect roas = 5,met\n",
        'test "t"\n  given       ads\n    | day        | spend |\n    | 2026-01-05 | 5     |\n'
        "  as of       2026-02-01\n  expect      roas = 5, met\n",
    ),
    "line ends are made the same": ("let a = 1\r\nlet b = 2\r\n", "let a = 1\nlet b = 2\n"),
    "nothing stays nothing": ("", ""),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_layout(before: str, after: str) -> None:
    assert formatted(before) == after
    assert formatted(after) == after


def test_a_long_formula_is_broken_inside_parentheses() -> None:
    terms = " + ".join(f"sum(orders.amount_of_the_part_number_{i})" for i in range(5))
    text = formatted(f"kpi total\n  formula {terms}\n")
    assert max(map(len, text.splitlines())) <= 110
    assert text.splitlines()[1:3] == ["  formula     (", "    sum(orders.amount_of_the_part_number_0)"]


def test_what_does_not_parse_is_not_formatted() -> None:
    assert proved(Source("test.kpi", "kpi\n  formula")) is None
