"""Generate projects of many KPIs, deterministic, ten lines each, like cost_per_lead of the reference."""

from __future__ import annotations

from pathlib import Path

SOURCES = """\
source ads "Daily spend per campaign"
  from        "data/ads.csv"
  time        day
  channel     platform
  column      campaign text
  column      spend EUR
  column      clicks click

source crm "Leads"
  from        "data/leads.csv"
  row         lead
  time        created_on
  channel     channel
  column      pages page
  column      campaign text

"""

KPI = """\
measure spend_{i} = sum(ads.spend) where campaign = "c{m}" and spend >= {n}

kpi cost_per_lead_{i} "Cost per lead of campaign {i}"
  description "What one new lead costs across the paid channels of campaign {i}."
  formula     spend_{i} / (count(crm) where campaign = "c{m}" and pages >= {n})
  unit        EUR per lead
  target      at most {target} EUR per lead
  tolerance   5%
  measured    every month
  deadline    2026-Q4
  by          channel
    google    at most 30 EUR per lead
  owner       "Acquisition team {m}"
  because     "Sales can absorb {target} leads a month at this price."

"""


TEST = """\
test "campaign {i}"
  given       ads
    | day        | platform | campaign | spend   |
    | 2026-01-05 | google   | c{m}     | {spend} |
    | 2026-01-06 | google   | other    | 999     |
  given       crm
    | created_on | channel | campaign | pages |
    | 2026-01-07 | google  | c{m}     | {n}   |
    | 2026-01-08 | google  | c{m}     | 9     |
  expect      cost_per_lead_{i} in 2026-01 = {cost} EUR per lead

"""


def write(folder: Path, count: int, tests: int = 0) -> Path:
    """A spec file of `count` KPIs in the folder, with a test for each of the first ones."""
    path = folder / f"kpis_{count}_{tests}.kpi"
    text = SOURCES + "".join(map(_kpi, range(count)))
    text += "".join(
        TEST.format(i=i, m=i % 40, n=i % 7, spend=20 + i, cost=(20 + i) / 2) for i in range(tests)
    )
    path.write_text(text, encoding="utf-8")
    return path


def spread(folder: Path, count: int, each: int = 100) -> Path:
    """A folder in it with as many KPIs, `each` of them in a file."""
    project = folder / f"kpis_{count}"
    project.mkdir()
    (project / "sources.kpi").write_text(SOURCES, encoding="utf-8")
    for start in range(0, count, each):
        text = "".join(map(_kpi, range(start, min(start + each, count))))
        (project / f"kpis_{start:06}.kpi").write_text(text, encoding="utf-8")
    return project


def _kpi(i: int) -> str:
    return KPI.format(i=i, m=i % 40, n=i % 7, target=20 + i)
