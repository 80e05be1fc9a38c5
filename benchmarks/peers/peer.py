"""What an adapter says of its tool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from benchmarks.cases import Case

Floats = NDArray[np.float64]


@frozen
class Peer:
    """A tool: how it is installed, asked and read. `programs` is the folder with its commands."""

    name: str
    packages: tuple[str, ...]
    """As pip takes them; the first is the tool."""
    write: Callable[[Case, Path], None]
    """Write the case's KPIs as the tool's project into an empty folder."""
    query: Callable[[Case, Path, Path], Sequence[str]]
    """The command that answers everything at once: case, folder, programs. It is run in the folder."""
    values: Callable[[Case, Path], Floats | None]
    """KPIs x slices x months, from what the command left; None where it holds the values against bounds."""
    prepare: Callable[[Path, Path], Sequence[str]] | None = None
    """A command that has to have run once before, and is not counted: folder, programs."""
    validate: Callable[[Path, Path], Sequence[str]] | None = None
    """The command that checks the definitions and reads no data: folder, programs."""
    environment: dict[str, str] = field(factory=dict)
    remark: str = ""
    """What it cannot do that the others do."""


def grid(case: Case, rows: Iterable[tuple[int, str, date, float]]) -> Floats:
    """Values laid out from KPI number, slice, a day of the month, and the value.

    A cell without a row is 0 for what adds up, and NaN for a quotient.
    """
    slices = {name: n for n, name in enumerate(case.names)}
    months = {(month.start.year, month.start.month): n for n, month in enumerate(case.months)}
    out = np.zeros((case.kpis, len(slices), len(months)))
    out[[n for n, kpi in enumerate(case.chosen) if kpi.kind == "share"]] = np.nan
    for kpi, name, day, value in rows:
        if not np.isnan(value) or case.chosen[kpi].kind == "share":
            out[kpi, slices[name], months[day.year, day.month]] = value
    return out


def number(text: str) -> float:
    """A cell of a CSV file; NaN for an empty one."""
    return float(text) if text else float("nan")
