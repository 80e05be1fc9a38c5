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


SHOP = """
source visits
  from        "visits.csv"
  row         visit
  time        day
  channel     medium
  column      pages page
  column      guest id of guest

source `web orders`
  from        "orders.csv"
  row         order
  time        day
  belongs to  visits by visit
  column      amount EUR
  column      cost EUR
  column      guest id of guest
  column      paid flag

source survey
  from        "survey.csv"
  row         answer
  time        day
  belongs to  `web orders` by order
  column      Score number
  column      mood number
  column      weight number
  scale       Score from 0 to 10
  scale       mood from -2 to 2
"""


@pytest.mark.parametrize(
    "formula",
    [
        "average(survey.Score)",
        "count(survey.Score)",
        "nps(survey.Score)",
        "csat(survey.Score, 8)",
        "nps(survey.Score by survey.weight)",
        "max(survey.Score) where mood >= 1 and Score is not missing",
        "average(survey.Score * 2 - survey.mood)",
        "share(survey where Score in (9, 10)) where mood between 0 and 1",
        "average(when survey.Score between 0 and 10 then survey.Score)",
        "average(when survey.weight between 0 and 10 then survey.weight)",
        "sum(`web orders`.amount - `web orders`.cost)",
        'sum(`web orders`.amount * 2) where channel = "meta"',
        "count(`web orders`) where not paid",
        "share(`web orders` where visits.pages > 1)",
        "sum(`web orders`.visits.pages)",
        "average(survey.`web orders`.visits.pages)",
        "average(survey.Score) where `web orders`.visits.pages > 3",
        "conversion(visits.guest to `web orders`.guest where paid within 7 days)",
    ],
)
def test_a_formula_reads_back_as_itself(formula: str) -> None:
    node = compiled(f"{SHOP}\nmeasure first = {formula}\n").measures["first"].node
    said = words.formula(node)
    again = compiled(f"{SHOP}\nmeasure again = {said}\n").measures["again"].node
    assert words.formula(again) == said
    if again.unit == node.unit:
        assert again == node


def test_a_column_with_a_scale_is_called_by_its_name() -> None:
    """The scale is the source's; said again in the formula it would be another condition."""
    measures = compiled(
        f"{SHOP}\nmeasure mean = average(survey.Score)\n"
        "measure own = average(when survey.weight between 0 and 10 then survey.weight)\n"
        "measure both = average(when survey.Score between 0 and 10 then survey.Score)\n"
    ).measures
    assert words.formula(measures["mean"].node) == "average(survey.Score)"
    said = "average((when survey.weight between 0 and 10 then survey.weight))"
    assert words.formula(measures["own"].node) == said
    assert words.formula(measures["both"].node) == said.replace("weight", "Score")


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
