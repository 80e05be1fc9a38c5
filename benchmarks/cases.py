"""What is measured: a workload over so many rows, and how many KPIs and slices of it."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from pathlib import Path

from attrs import frozen

from benchmarks import data, workloads
from benchmarks.workloads import Kpi, Workload
from kpidsl.model.periods import Calendar, Window, periods

AS_OF = date(2026, 1, 1)


@frozen(slots=False)
class Case:
    """KPIs by month and a dimension over a Parquet file."""

    workload: Workload
    rows: int
    kpis: int
    slices: int = 8

    @property
    def dimension(self) -> str:
        """What the KPIs are split by, besides the month."""
        return "channel" if self.workload != "slices" else f"page_{self.slices}"

    @property
    def names(self) -> list[str]:
        """The values of the dimension, sorted."""
        prefix = "channel " if self.workload != "slices" else "/page/"
        return sorted(f"{prefix}{n}" for n in range(self.slices))

    @property
    def file(self) -> Path:
        """The rows; made when they are not there."""
        return data.events(self.rows) if self.workload != "slices" else data.landings(self.rows)

    @cached_property
    def chosen(self) -> list[Kpi]:
        """The KPIs."""
        return workloads.kpis(self.workload, self.kpis)

    @property
    def months(self) -> tuple[Window, ...]:
        """Those of the data."""
        first = 2024 if self.workload != "slices" else 2025
        return periods(date(first, 1, 1), date(2025, 12, 31), "month", Calendar())

    @property
    def spec(self) -> Path:
        """The KPIs as a spec file beside the data, written anew."""
        path = data.DATA / f"{self.workload}-{self.rows}-{self.kpis}-{self.slices}.kpi"
        path.parent.mkdir(exist_ok=True)
        path.write_text(workloads.spec(self.file.name, self.dimension, self.chosen), "utf-8")
        return path
