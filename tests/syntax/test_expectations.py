"""What a test can expect, read and written back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.diagnostics import Report, Source
from kpidsl.syntax import nodes
from kpidsl.syntax.format import proved
from kpidsl.syntax.parse import parse
from kpidsl.syntax.written import a_cell


def expectation(text: str) -> nodes.Expect:
    report = Report()
    file = parse(Source("t.kpi", f'test "t"\n  expect {text}\n'), report)
    assert not report.items, report.items
    (definition,) = file.definitions
    assert isinstance(definition, nodes.TestDef)
    (clause,) = definition.clauses
    assert isinstance(clause, nodes.Expect)
    return clause


@pytest.mark.parametrize(
    "text",
    [
        "roas = 5",
        "roas in 2026-01 = 5, met",
        "roas for google in 2026-01 = 5 EUR within 1%, nearly met",
        'roas for "a b" = -5 within 0.5 points',
        "roas = 5 within 2",
        "roas in 2026 = no value",
        "roas = no value, no data",
        "roas no data",
        "diagnostic K604",
        "diagnostic check-broken",
        "diagnostic incomplete",
    ],
)
def test_what_is_read_is_written_back(text: str) -> None:
    source = f'test "t"\n  expect      {text}\n'
    assert expectation(text).span.text == f"expect {text}"
    assert proved(Source("t.kpi", source)) == source


def test_no_word_is_reserved() -> None:
    """A KPI may be called `diagnostic`, `no` or `within`."""
    assert expectation("diagnostic = 5").kpi == expectation("diagnostic met").kpi
    assert expectation("diagnostic for google = 5").finding is None
    assert expectation("diagnostic in 2026-01 no data").finding is None
    assert expectation("no = 5").kpi is not None
    within = expectation("within = 5 within 1%")
    assert within.within is not None
    assert within.within.text == "1"


@given(st.lists(st.text(st.sampled_from("a|\\# é"), max_size=6), min_size=1, max_size=4))
def test_cells_are_read_as_they_are_written(texts: list[str]) -> None:
    cells = [text.strip() for text in texts]
    row = "    | " + " | ".join(a_cell(cell) for cell in cells) + " |  # why\n"
    report = Report()
    file = parse(Source("t.kpi", f'test "t"\n  given s\n{row}  expect k met\n'), report)
    assert not list(report)
    (test,) = file.definitions
    assert isinstance(test, nodes.TestDef)
    (table, _) = test.clauses
    assert isinstance(table, nodes.Given)
    assert [cell.text for cell in table.rows[0]] == cells
