"""Whatever the parser makes, the compiler answers with a graph and diagnostics."""

import random
import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kpidsl.codes import CATALOGUE
from kpidsl.compile import compile_files, imports_of
from kpidsl.compile.show import draw, to_dot, to_json, to_mermaid
from kpidsl.diagnostics import Report, Severity, Source
from kpidsl.graph import Graph
from kpidsl.syntax.parse import parse
from tests.compile.spec import SOURCES

TOUR = (Path(__file__).parent / "tour.kpi").read_text("utf-8")
_WORD = re.compile(r"[^\W\d]\w*|\d[\d_.%-]*\w*|[-+*/=<>]+|\"[^\"\n]*\"")
_NAMES = sorted({w for w in _WORD.findall(TOUR + SOURCES)})


def _compiled(text: str) -> tuple[Graph, Report]:
    report = Report()
    file = parse(Source("x.kpi", text), report)
    imports_of(file, report)
    graph = compile_files([file], report)
    for drawing in (draw(graph),):
        assert to_mermaid(drawing)
        assert to_dot(drawing)
        assert to_json(drawing)
    return graph, report


@settings(max_examples=120)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_words_exchanged(seed: int, times: int) -> None:
    chance = random.Random(seed)
    text = TOUR
    for _ in range(times):
        places = list(_WORD.finditer(text))
        place = chance.choice(places)
        text = text[: place.start()] + chance.choice(_NAMES) + text[place.end() :]
    graph, report = _compiled(text)
    _consistent(graph, report)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_lines_moved_and_dropped(seed: int, times: int) -> None:
    chance = random.Random(seed)
    lines = (SOURCES + TOUR).splitlines()
    for _ in range(times):
        line = lines.pop(chance.randrange(len(lines)))
        if chance.random() < 0.7:
            lines.insert(chance.randrange(len(lines)), line)
    graph, report = _compiled("\n".join(lines) + "\n")
    _consistent(graph, report)


_ATOMS = st.sampled_from(
    ["ads.spend", "ads", "crm", "leads", "ad_spend", "spend", "campaign", "5", "5%", "2 points", "3 EUR", '"a"', "2026-01",
     "x", "y", "nothing", "sessions.device", "channel", "day", "active", "crm.contact", "a", "t.b", "2026"]
)  # fmt: skip
_UNARY = ["sum({})", "count({})", "average({})", "share({})", "-{}", "not {}", "({})", "growth({})", "running total({})",
          "lower({})", "previous period({}, 2)", "({} is missing)", "nps({})", "percentile({}, 50)", "({} default 0)",
          "abs({})", "round({}, 2)", "count distinct({})", "share of total({})", "rolling average({}, 2)"]  # fmt: skip
_BINARY = ["{} + {}", "{} - {}", "{} * {}", "{} / {}", "{} of {}", "{} > {}", "{} = {}", "{} and {}", "({} where {})",
           "{} in ({}, 5)", "{} between {} and 9", "days between({}, {})", "weighted average({} by {})",
           "when {} then {} otherwise 1", "contains({}, {})"]  # fmt: skip


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(st.sampled_from(_UNARY), inner).map(lambda t: t[0].format(t[1])),
        st.tuples(st.sampled_from(_BINARY), inner, inner).map(lambda t: t[0].format(t[1], t[2])),
    )


_EXPRESSIONS = st.recursive(_ATOMS, _grown, max_leaves=8)


@settings(max_examples=300)
@given(_EXPRESSIONS, _EXPRESSIONS, _EXPRESSIONS)
def test_random_formulas(formula: str, measure: str, column: str) -> None:
    text = (
        f'{SOURCES}\nsource t\n  from "t.csv"\n  time d\n  column b = {column}\nmeasure a = {measure}\nlet y = {column}\n'
        f"kpi x\n  formula {formula}\n  target at least {measure}\n  by channel\n    google at most {formula}\n"
    )
    graph, report = _compiled(text)
    _consistent(graph, report)


def _consistent(graph: Graph, report: Report) -> None:
    """A KPI is in the graph or broken, never both; whatever is broken has an error; every code is in the catalogue."""
    assert not set(graph.kpis) & set(graph.broken)
    assert not graph.broken or report.errors
    assert all(d.code in CATALOGUE or d.code.startswith("K1") for d in report)
    assert all(d.span is not None for d in report)
    places = [(d.code, d.span, d.message) for d in report if d.severity is Severity.ERROR]
    assert len(places) == len(set(map(str, places))), "an error is told once"
