"""Specs in memory, and what lint says of them. Examples of rules name sources that stand here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from kpidsl import cache
from kpidsl.compiled import compile_sources
from kpidsl.config import Config
from kpidsl.diagnostics import Diagnostic, Report, Source
from kpidsl.lint.outcome import Outcome
from kpidsl.lint.run import check
from kpidsl.lintconfig import LintConfig
from kpidsl.specs import Specs

TODAY = date(2026, 6, 15)
"""The day that the examples of rules are looked at."""

SOURCES = {
    "ads": """\
source ads "Spend of each campaign and day"
  from        "data/ads.csv"
  row         booking
  time        day
  channel     platform
  column      campaign text
  column      spend EUR
  column      clicks click
  column      impressions impression
  column      revenue EUR
""",
    "crm": """\
source crm "Leads"
  from        "data/leads.csv"
  row         lead
  time        created_on
  channel     origin
  column      contact id of contact
  column      pages page
  column      status text
""",
    "orders": """\
source orders "Orders; a refund is a row with negative amounts"
  from        "data/orders.csv"
  row         order
  time        day
  channel     shop
  column      customer id of customer
  column      kind text
  column      amount EUR
  column      cost EUR
""",
    "stock": """\
source stock "Lamps in stock"
  from        "data/stock.csv"
  time        day
  column      product text
  column      level lamp
""",
}


def whole(example: str) -> str:
    """An example with the sources that it names and does not define, behind it: its lines keep their
    numbers."""
    named = [
        text
        for name, text in SOURCES.items()
        if re.search(rf"\b{name}\b", example) and f"source {name}" not in example
    ]
    return "\n".join([example, *named])


def project(*texts: str, root: str = ".", lint: LintConfig | None = None) -> Specs:
    """A project of some files, which are only in memory."""
    named = [Source(f"spec{n}.kpi" if n else "spec.kpi", text) for n, text in enumerate(texts)]
    with cache.without():
        result = compile_sources(named, Path(root))
    return Specs(
        Config(root=Path(root).absolute(), lint=lint or LintConfig()),
        result.sources,
        tuple(Report(list(result.diagnostics)).sorted()),
        lambda: result.compiled,
        lambda: result.files,
    )


def looked(
    *texts: str, select: Sequence[str] = (), ignore: Sequence[str] = (), lint: LintConfig | None = None
) -> Outcome:
    """What lint says of some files."""
    with cache.without():
        return check(project(*texts, lint=lint), TODAY, select, ignore)


def codes(findings: Sequence[Diagnostic]) -> list[str]:
    """The codes of findings, in their order."""
    return [one.code for one in findings]
