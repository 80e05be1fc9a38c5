"""Specs as test inputs: `#! K301 a fragment` at the end of a line says what is reported there."""

import re
from dataclasses import dataclass

from kpidsl.compile import compile_files
from kpidsl.diagnostics import Diagnostic, Report, Source
from kpidsl.graph import Graph, Kpi, Node
from kpidsl.syntax.parse import parse

SOURCES = """
source ads
  from        "ads.csv"
  time        day
  channel     platform
  column      spend EUR
  column      revenue EUR
  column      fee USD
  column      clicks click
  column      impressions impression
  column      campaign text
  column      rate %
  column      price EUR per click
  column      active flag
  column      started day

source crm
  from        "crm.csv"
  row         lead
  time        created_on
  channel     origin
  column      contact id of contact
  column      pages page
  column      score number
  column      happy number
  scale       score from 0 to 10
  scale       happy from 1 to 5
  column      waiting days
  column      called_at moment

source sessions
  from        "sessions.csv"
  row         session
  time        started_at
  channel     channel
  column      device text
  column      country text

source buyers
  from        "buyers.csv"
  row         buyer
  time        since
  column      country text
  column      city text

source orders
  from        "orders.csv"
  row         order
  time        created_at
  belongs to  sessions by session_id
  belongs to  buyers by buyer_id
  column      amount EUR
  column      cost EUR
  column      margin = amount - cost

source stock
  from        "stock.csv"
  time        day
  column      level lamp

measure ad_spend = sum(ads.spend)
measure leads    = count(crm)
"""
_MARK = re.compile(r"#!\s*(K\d{3})\s*(.*?)\s*$")


@dataclass
class Compiled:
    """What came of a spec."""

    graph: Graph
    report: Report
    text: str

    def formula(self, name: str = "x") -> Node:
        return self.graph.kpis[name].formula

    def kpi(self, name: str = "x") -> Kpi:
        return self.graph.kpis[name]

    @property
    def codes(self) -> list[str]:
        return [d.code for d in self.report.sorted()]


def build(text: str, sources: str = SOURCES) -> Compiled:
    """Compile a spec, after the sources that all tests share."""
    whole = sources + text
    report = Report()
    file = parse(Source("spec.kpi", whole), report)
    return Compiled(compile_files([file], report), report, whole)


def sound(text: str, sources: str = SOURCES) -> Compiled:
    """Compile a spec in which nothing may be reported."""
    made = build(text, sources)
    assert not list(made.report), [(d.code, d.span and d.span.line, d.message) for d in made.report]
    return made


def check_marks(text: str, sources: str = SOURCES) -> Compiled:
    """Compile a spec and compare what is reported with its marks, in both directions."""
    made = build(text, sources)
    expected = [
        (number, mark[1], mark[2])
        for number, line in enumerate(made.text.splitlines(), 1)
        for mark in [_MARK.search(line)]
        if mark
    ]
    found = [(d.span.line if d.span else 0, d.code, _said(d)) for d in made.report.sorted()]
    assert [(line, code) for line, code, _ in found] == [(line, code) for line, code, _ in expected], found
    for (_, _, said), (_, _, fragment) in zip(found, expected, strict=True):
        assert fragment in said
    return made


def _said(diagnostic: Diagnostic) -> str:
    parts = [diagnostic.message, *diagnostic.notes, *(label.text for label in diagnostic.labels)]
    return " | ".join([*parts, diagnostic.help or ""])


def kpi(formula: str, *clauses: str, name: str = "x") -> str:
    """A KPI of a formula and clauses."""
    return "\n".join([f"\nkpi {name}", f"  formula {formula}", *(f"  {clause}" for clause in clauses), ""])
