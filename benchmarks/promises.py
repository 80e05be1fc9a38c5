"""What promises cost: a thousand KPIs with everything that can be promised, and the same with plain targets.

    python -m benchmarks promises [--rows 10000000] [--kpis 1000] [--runs 3]

The formulas are those of the workload `dims`. A plain target is `at least` so much every month, with a
tolerance, by channel. Of the others every tenth has a plan by month and channel, an interval and a sample, a
forecast, the last 28 days, targets of periods, milestones, business days, a change against last year, retail
months, or a pace like last year; the source makes promises of its rows, and objectives weigh all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from benchmarks import data, workloads
from benchmarks.process import compared, kpi
from benchmarks.results import Figure
from benchmarks.workloads import Kpi

AS_OF = "2025-11-15"
UNITS = {"spend": "EUR", "revenue": "EUR", "clicks": "click", "leads": "lead"}
CALENDAR = """\
calendar
  retail years 4-4-5
  holidays    France

"""
PLAN = """\
source plan "What is planned by month and channel"
  from        "{file}"
  time        month
  channel     channel
  column      spend EUR
  column      revenue EUR
  column      clicks click
  column      leads lead
  column      events event

"""
PROMISED = """\
  fresh       within 60 days else warn
  complete    every day else warn
  check       spend >= 0 EUR
  rows        between 1 and 100_000_000 every day else warn
"""


def measure(rows: int, count: int, runs: int) -> list[Figure]:
    """Whole processes in turn: `kpi eval --format csv` on both."""
    folder = data.DATA / f"promises-{rows}-{count}"
    made = [_project(folder / side, rows, count, side == "all") for side in ("plain", "all")]
    commands = [kpi("eval", "--format", "csv", "--as-of", AS_OF, str(place)) for place in made]
    names = ("plain targets", "everything promised")
    costs = zip(names, compared(*commands, runs=runs), strict=True)
    return [
        Figure(
            "promises", "dims", rows, count, 8, name, cost.seconds, cost.megabytes, runs,
            note="" if cost.code in (0, 1) else f"failed: exit code {cost.code}",
        )
        for name, cost in costs
    ]  # fmt: skip


def _project(folder: Path, rows: int, count: int, everything: bool) -> Path:
    """A folder with the spec; the tables are linked, not copied."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kpi.toml").write_text("")
    events = folder / "events.parquet"
    if not events.exists():
        events.hardlink_to(data.events(rows))
    _plan(folder / "plan.csv")
    source = workloads.EVENTS.format(file="events.parquet")
    chosen = workloads.kpis("dims", count)
    if not everything:
        text = source + "".join(_spec(one, _plain(one)) for one in chosen)
    else:
        head = CALENDAR + source.rstrip("\n") + "\n" + PROMISED + "\n" + PLAN.format(file="plan.csv")
        kpis = [_spec(one, _promise(n, one)) for n, one in enumerate(chosen)]
        text = head + "".join(kpis) + "".join(_objectives(chosen))
    (folder / "promises.kpi").write_text(text)
    return folder


def _plan(file: Path) -> None:
    """A row for each month and channel."""
    duckdb.sql(
        "SELECT CAST(m AS DATE) AS month, 'channel ' || c AS channel, 1000 AS spend, 1000 AS revenue,"
        " 1000 AS clicks, 50 AS leads, 1000 AS events"
        " FROM generate_series(DATE '2024-01-01', DATE '2025-12-01', INTERVAL 1 MONTH) a(m), range(8) b(c)"
    ).write_csv(str(file))


def _spec(one: Kpi, promise: str) -> str:
    return f"kpi {one.name}\n  formula     {one.formula}\n{promise}  by          channel\n\n"


def _unit(one: Kpi) -> str:
    if one.kind == "count":
        return "event"
    return UNITS[one.column] + (" per event" if one.kind == "share" else "")


def _plain(one: Kpi) -> str:
    return (
        f"  target      at least 1 {_unit(one)}\n  tolerance   5%\n  measured    every month\n"
        "  from        2025-01\n  deadline    2025-12\n"
    )


def _promise(n: int, one: Kpi) -> str:
    """The promise of the n-th KPI; what is no total cannot have some of them, and has a line instead."""
    unit, adds_up = _unit(one), one.kind != "share"
    year = "  from        2025-01\n  deadline    2025-12\n"
    total = f"  target      at least 1_000 {unit}\n  tolerance   5%\n  measured    cumulatively\n{year}"
    month = f"  target      at least 1 {unit}\n  tolerance   5%\n  measured    every month\n"
    column = "events" if one.kind == "count" else one.column
    match n % 10:
        case 0 if adds_up:
            return total + "  pace        like last year\n"
        case 1 if adds_up:
            return f"  target      at least 98% of sum(plan.{column})\n  measured    every month\n{year}"
        case 2:
            return month + year + "  confident   95%\n  sample      at least 100 events\n"
        case 3:
            return month + year + "  projection  forecast at 90%\n"
        case 4:
            return month.replace("every month", "over the last 28 days") + year
        case 5:
            bounds = "".join(f"    at least {q} {unit} in 2025-Q{q}\n" for q in range(1, 5))
            return f"  target\n{bounds}  tolerance   5%\n  measured    every quarter\n"
        case 6 if adds_up:
            steps = "".join(f"    at least {q}_000 {unit} by 2025-Q{q}\n" for q in range(1, 5))
            return f"  target\n{steps}  tolerance   5%\n  measured    cumulatively\n{year}"
        case 7 if adds_up:
            return total + "  pace        business days\n"
        case 8:
            base = "  baseline    same period last year\n"
            return f"  target      increase by 5%\n  tolerance   5%\n  measured    every month\n{base}{year}"
        case 9:
            return month.replace("every month", "every retail month") + year
        case _:
            return month + "  baseline    2024\n" + year


def _objectives(chosen: list[Kpi]) -> Iterator[str]:
    for n in range(0, len(chosen), 50):
        members = "".join(
            f"  kpi         {one.name}{' key' if k == 0 else f' weight {k}'}\n"
            for k, one in enumerate(chosen[n : n + 50])
        )
        yield f"objective goal_{n}\n{members}  met         when at least 60% are met\n\n"
