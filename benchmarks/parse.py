"""How long a thousand KPIs of a dozen lines take to read: in a running process, and as a whole cold one.

python benchmarks/parse.py [how many KPIs]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

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


def many(count: int) -> str:
    """A text of that many KPIs, each with a measure of its own."""
    return "".join(KPI.format(n=n) for n in range(1, count + 1))


def warm(text: str) -> list[float]:
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


def cold(text: str | None) -> list[float]:
    """Seconds per whole process that reads the text, or that only imports the parser."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.kpi"
        path.write_text(text or "", "utf-8")
        for _ in range(RUNS):
            command = [sys.executable, "-c", COLD, *([str(path)] if text else [])]
            start = perf_counter()
            subprocess.run(command, check=True, timeout=60)
            times.append(perf_counter() - start)
    return times


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    text = many(count)
    print(f"{count} KPIs, {len(text) / 1000:.0f} kB, median (fastest) of {RUNS}")
    for what, times in (
        ("reading, in process", warm(text)),
        ("whole process, importing only", cold(None)),
        ("whole process, one KPI", cold(KPI.format(n=1))),
        (f"whole process, {count} KPIs", cold(text)),
    ):
        print(f"{what:32}{median(times):7.3f} s ({min(times):.3f} s)")


if __name__ == "__main__":
    main()
