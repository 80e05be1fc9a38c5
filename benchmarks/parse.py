"""How long a thousand KPIs of a dozen lines take to read: in a running process, and as a whole cold one."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.process import compared
from benchmarks.results import Figure
from kpidsl.diagnostics import Report, Source
from kpidsl.syntax.parse import parse

KPI = """\
measure ad_spend_{n} = sum(ads.spend) where platform = "google" and campaign = "campaign {n}"

kpi cost_per_lead_{n} "Cost per lead of campaign {n}"
  description "What one new lead costs in campaign {n}, across the paid channels."
  formula     ad_spend_{n} / leads
  unit        EUR per lead
  target      at most {n} EUR per lead
  tolerance   5%
  measured    every month
  deadline    2026-Q4
  by          channel
    google    at most 30 EUR per lead
    meta      at most 20 EUR per lead, tolerance 10%
  owner       "Acquisition team"
  stage       act
  because     "Sales can absorb 400 leads a month at this price."

"""
COLD = """
import sys
from pathlib import Path
from kpidsl.diagnostics import Report, Source
from kpidsl.syntax.parse import parse
if sys.argv[1:]:
    parse(Source("many.kpi", Path(sys.argv[1]).read_text("utf-8")), Report())
"""
RUNS = 5


def measure(count: int) -> list[Figure]:
    """Reading so many KPIs, warm and cold, and what importing the parser alone takes."""
    text = "".join(KPI.format(n=n) for n in range(1, count + 1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.kpi"
        path.write_text(text, "utf-8")
        cold = [sys.executable, "-c", COLD]
        whole, empty = compared([*cold, str(path)], cold, runs=RUNS)
    size = f"{len(text) / 1000:.0f} kB"
    named = ("commands", "", 0, count, 0)
    return [
        Figure(*named, f"parsing {count} KPIs, warm", median(_warm(text)), None, RUNS, note=size),
        Figure(*named, f"parsing {count} KPIs, cold", whole.seconds, whole.megabytes, RUNS, note=size),
        Figure(*named, "importing the parser", empty.seconds, empty.megabytes, RUNS),
    ]


def _warm(text: str) -> list[float]:
    """Seconds per reading in this process, the tables being loaded."""
    parse(Source("one.kpi", KPI.format(n=1)), Report())
    times = []
    for _ in range(RUNS):
        report = Report()
        start = perf_counter()
        file = parse(Source("many.kpi", text), report)
        times.append(perf_counter() - start)
        assert not report.items
        assert len(file.definitions) == text.count("\nkpi ") * 2
    return times
