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


def write(folder: Path, count: int) -> Path:
    """A spec file of `count` KPIs in the folder."""
    path = folder / f"kpis_{count}.kpi"
    text = SOURCES + "".join(KPI.format(i=i, m=i % 40, n=i % 7, target=20 + i) for i in range(count))
    path.write_text(text, encoding="utf-8")
    return path
