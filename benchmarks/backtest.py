"""How good forecasts are: those of the examples, made at earlier days, against what came.

Every KPI with a target is given a deadline at the end of a month, and judged 30, 60 and 90 days before it
as if it were that day. What it was in the end is what the same spec says after the deadline.

The naive forecast: a total goes on at its mean pace so far, a level stays as it last was.
"""

from __future__ import annotations

import re
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from attrs import frozen

import kpidsl
from kpidsl.graph import Cumulative

EXAMPLES = Path(__file__).parent.parent / "examples"
AHEAD = (30, 60, 90)
LEVEL = 0.8
MONTHS = ("2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08",
          "2026-09")  # fmt: skip
"""The months of the atelier at whose end a promise is due: the data goes from 2025-01 to 2026-10."""
SO_LONG = 6
"""Months that a total is counted over."""


@frozen
class Made:
    """A forecast and what it is held against, in the unit of the KPI."""

    kpi: str
    total: bool
    ahead: int
    value: float
    low: float
    high: float
    naive: float
    truth: float

    @property
    def held(self) -> bool:
        """Whether the interval held what came."""
        return self.low <= self.truth <= self.high

    @property
    def wrong(self) -> float:
        """The error as a part of what came."""
        return abs(self.value - self.truth) / abs(self.truth)

    @property
    def naively_wrong(self) -> float:
        """The same of the naive forecast."""
        return abs(self.naive - self.truth) / abs(self.truth)


def run() -> list[Made]:
    """Forecast, wait, compare."""
    found: list[Made] = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(EXAMPLES / "atelier", Path(folder) / "atelier")
        for month in MONTHS:
            found += _due(Path(folder) / "atelier", month)
    return found


def _due(folder: Path, month: str) -> Iterator[Made]:
    """The forecasts of the KPIs with a deadline at the end of a month."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - SO_LONG, 12)
    start, after = f"{year}-{number + 1:02d}-01", _after(month)
    deadline = after - timedelta(days=1)
    for file in (EXAMPLES / "atelier").glob("*.kpi"):
        (folder / file.name).write_text(_with_deadline(file.read_text(), start, month))
    project = kpidsl.load(folder)
    kpis = [name for name, kpi in project.kpis.items() if kpi.promise.forecast is not None]
    truth = project.evaluate(as_of=after + timedelta(days=1), kpis=kpis)
    for days in AHEAD:
        then = project.evaluate(as_of=deadline - timedelta(days=days), kpis=kpis)
        for name in kpis:
            before, came = then.verdict(name), truth.verdict(name)
            total = isinstance(project.kpis[name].promise.measured, Cumulative)
            if before.projection_low is None or came.value is None or before.value is None or not came.value:
                continue
            assert before.projection is not None
            assert before.projection_high is not None
            assert before.window is not None
            gone = before.window.days / ((deadline - before.window.start).days + 1)
            naive = before.value / gone if total else before.value
            yield Made(
                name, total, days, before.projection, before.projection_low, before.projection_high, naive,
                came.value,
            )  # fmt: skip


def _after(month: str) -> date:
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return date(year, number + 1, 1)


def _with_deadline(text: str, start: str, month: str) -> str:
    """The KPIs of a file with the deadline and a forecast; without those that cannot have one."""
    kept = []
    for block in re.split(r"(?m)^(?=\S)", text):
        if block.startswith(("objective", "test", "scenario")):
            continue
        if block.startswith("kpi ") and not re.search(r"(?m)^    at (least|most) .* by ", block):
            cumulative = "measured    cumulatively" in block
            block = re.sub(r"(?m)^  (from|deadline|baseline) .*\n", "", block)
            begin = f"  from        {start}\n" if cumulative else ""
            block = re.sub(r"(?m)^(  target +)(in|de)crease .*\n", r"\1at least 1\n", block)
            clauses = f"{begin}  deadline    {month}\n  projection  forecast at {LEVEL:.0%}\n"
            block = re.sub(r"\A(kpi .*\n)", rf"\1{clauses}", block)
        kept.append(block)
    return "".join(kept)


def show(found: list[Made]) -> None:
    """The table: coverage, and median errors."""
    print(f"{'':28}{'forecasts':>10}{'held':>8}{'error':>8}{'naive':>8}")
    for total, what in ((True, "totals"), (False, "levels and periods")):
        for days in (*AHEAD, None):
            some = [one for one in found if one.total == total and days in (None, one.ahead)]
            if some:
                held = statistics.mean(one.held for one in some)
                error = statistics.median(one.wrong for one in some)
                naive = statistics.median(one.naively_wrong for one in some)
                name = f"{what}, {f'{days} days ahead' if days else 'all'}"
                print(f"{name:28}{len(some):>10}{held:>8.0%}{error:>8.1%}{naive:>8.1%}")
