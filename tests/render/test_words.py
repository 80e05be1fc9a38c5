"""Formulas written back: what is shown means what was compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpidsl.compile import compile_files
from kpidsl.diagnostics import Report, Source
from kpidsl.graph import Graph
from kpidsl.model.units import Unit
from kpidsl.render import words
from kpidsl.syntax.parse import parse
from tests.project import ROOT

ATELIER = ROOT / "examples" / "atelier"


def compiled(*texts: str) -> Graph:
    report = Report()
    files = [parse(Source(f"{n}.kpi", text), report) for n, text in enumerate(texts)]
    graph = compile_files(files, report)
    assert [d.message for d in report.errors] == []
    return graph


def without_imports(path: Path) -> str:
    return "\n".join(line for line in path.read_text("utf-8").splitlines() if not line.startswith("import"))


def test_every_formula_of_the_example_reads_back_as_itself() -> None:
    texts = {path.name: without_imports(path) for path in sorted(ATELIER.glob("*.kpi"))}
    graph = compiled(*texts.values())
    nodes = {f"m_{name}": measure.node for name, measure in graph.measures.items()}
    nodes |= {f"k_{name}": kpi.formula for name, kpi in graph.kpis.items() if kpi.unit.style != "percent"}
    nodes = {name: node for name, node in nodes.items() if "growth" not in name}
    again = [f"measure {name} = {words.formula(node)}\n" for name, node in nodes.items()]
    assert len(again) > 40
    written = compiled(texts["calendar.kpi"], texts["sources.kpi"], "\n".join(again))
    for name, node in nodes.items():
        assert words.formula(written.measures[name].node) == words.formula(node)
        if written.measures[name].node.unit == node.unit:
            assert written.measures[name].node == node


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0425, "%", "4.25%"),
        (0.1 + 0.2, "EUR", "0.3 EUR"),
        (1234.5678, "EUR per lead", "1234.5678 EUR per lead"),
        (2_500_000, "EUR", "2_500_000 EUR"),
        (0.02, "points", "2 points"),
        (3, "", "3"),
    ],
)
def test_numbers_keep_their_digits(value: float, unit: str, text: str) -> None:
    assert words.literal_number(value, Unit.parse(unit)) == text


def test_names_that_are_no_words_are_quoted() -> None:
    assert words.quoted("Canal d'acquisition") == "`Canal d'acquisition`"
    assert words.quoted("coût") == "coût"
