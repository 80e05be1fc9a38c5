"""KPIs by month and channel over rows of Parquet: the evaluator against one hand-written query.

    PYTHONPATH=. python benchmarks/scan.py [--rows 10000000] [--kpis 20] [--runs 3] [--distinct]

The rows are made once, always the same, in benchmarks/data/. Both sides run in turn in one process on
one file and have to agree; the ratio of their medians counts, for the times are the machine's. The
hand-written query is what an analyst types: `sum(x) FILTER (WHERE ...)` per KPI, by month and channel.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from kpidsl.diagnostics import Source, Span
from kpidsl.evaluate.answer import evaluate
from kpidsl.evaluate.checks import profiles
from kpidsl.evaluate.session import Session
from kpidsl.graph import Aggregate, Combine, Dimension, Graph
from kpidsl.model.periods import Calendar, periods
from kpidsl.model.rows import Apply, ColumnRef, Literal
from kpidsl.model.sources import ColumnSpec, Files, SourceSpec
from kpidsl.model.types import DAY, FLAG, NUMBER, TEXT
from kpidsl.model.units import ONE
from kpidsl.results import Ask

Floats = NDArray[np.float64]
HERE = Path(__file__).parent
SPAN = Span(Source("benchmark.kpi", ""), 0, 0)
AS_OF = date(2026, 1, 1)
MONTHS = periods(date(2024, 1, 1), date(2025, 12, 31), "month", Calendar())


def rows_file(rows: int) -> Path:
    """A file of marketing events over two years; made when it is not there."""
    path = HERE / "data" / f"events-{rows}.parquet"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)

        def draw(n: int) -> str:
            return f"(hash(i * 16 + {n}) >> 11)"

        duckdb.execute(f"""COPY (SELECT
            DATE '2024-01-01' + CAST({draw(0)} % 731 AS INTEGER) AS day,
            'channel ' || CAST(least({draw(1)} % 8, {draw(2)} % 8) AS VARCHAR) AS channel,
            'campaign ' || CAST({draw(3)} % 200 AS VARCHAR) AS campaign,
            CAST({draw(4)} % ({rows} // 25 + 1) AS INTEGER) AS user_id,
            CAST({draw(5)} % ({rows} // 3 + 1) AS INTEGER) AS session,
            round(({draw(6)} % 100000) / 2000.0, 2) AS spend,
            CASE WHEN {draw(7)} % 10 = 0 THEN round(({draw(8)} % 1000000) / 5000.0, 2) ELSE 0 END AS revenue,
            CAST({draw(9)} % 4 AS INTEGER) AS clicks,
            CAST({draw(10)} % 20 = 0 AS INTEGER) AS leads,
            CAST({draw(11)} % 500 AS INTEGER) AS page
            FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)""")
    return path


def column(name: str) -> ColumnRef:
    return ColumnRef("events", name, TEXT if name in ("channel", "campaign") else NUMBER)


def kpi(n: int, distinct: bool) -> tuple[Combine | Aggregate, str]:
    """The n-th KPI as a node and as an analyst writes it: sums, counts and ratios, each with a filter."""
    measure, campaign = ["spend", "revenue", "clicks", "leads"][n % 4], f"campaign {n % 200}"
    kept, where = [
        (
            Apply("=", (column("channel"), Literal(f"channel {n % 8}", TEXT)), FLAG),
            f"channel = 'channel {n % 8}'",
        ),
        (Apply(">=", (column("page"), Literal(float(n * 7 % 400), NUMBER)), FLAG), f"page >= {n * 7 % 400}"),
        (
            Apply("=", (column("campaign"), Literal(campaign, TEXT)), FLAG),
            f"campaign = '{campaign}'",
        ),
        (Apply(">", (column("revenue"), Literal(float(n), NUMBER)), FLAG), f"revenue > {n}"),
        (Apply("<", (column("page"), Literal(float(n + 50), NUMBER)), FLAG), f"page < {n + 50}"),
    ][n % 5]
    if distinct and n % 5 == 0:
        users = Aggregate("count distinct", "events", column("user_id"), ONE, "none", kept)
        return users, f"count(DISTINCT user_id) FILTER (WHERE {where})"
    total = Aggregate("sum", "events", column(measure), ONE, "additive", kept)
    if n % 3:
        return total, f"coalesce(sum({measure}) FILTER (WHERE {where}), 0)"
    count = Aggregate("count", "events", None, ONE, "additive", kept)
    return (
        Combine("/", (total, count), ONE, "none"),
        f"sum({measure}) FILTER (WHERE {where}) / nullif(count(*) FILTER (WHERE {where}), 0)",
    )


def ours(asks: list[Ask], source: SourceSpec) -> tuple[float, list[Floats], list[float]]:
    """Everything a user waits for after the spec is compiled: attach, profile, plan, query, compute."""
    graph = Graph(Calendar(), {"events": source}, {}, {}, {}, {})
    start = time.perf_counter()
    with Session(HERE, Calendar(), [source]) as session:
        known = profiles(graph, ["events"], session, AS_OF)
        answers = evaluate(graph, asks, session, AS_OF, known)
        grids = [answers.grid(ask).values for ask in asks]
    return time.perf_counter() - start, grids, [q.seconds for q in answers.queries]


def by_hand(path: Path, texts: list[str]) -> tuple[float, dict[tuple[date, str], tuple[float | None, ...]]]:
    """One query; slices only, without totals."""
    start = time.perf_counter()
    sql = (
        f"SELECT CAST(date_trunc('month', day) AS DATE) AS month, channel, {', '.join(texts)}"
        f" FROM '{path}' WHERE day <= DATE '{AS_OF}' GROUP BY month, channel"
    )
    found = duckdb.connect().execute(sql).fetchall()
    return time.perf_counter() - start, {(row[0], row[1]): row[2:] for row in found}


def agree(
    grids: list[Floats], hand: dict[tuple[date, str], tuple[float | None, ...]], slices: list[str]
) -> None:
    """Every slice and month of every KPI is the same to 1e-9."""
    for n, grid in enumerate(grids):
        for m, month in enumerate(MONTHS):
            for s, channel in enumerate(slices, 1):
                theirs = hand[month.start, channel][n]
                np.testing.assert_allclose(grid[s, m], np.nan if theirs is None else float(theirs), rtol=1e-9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--kpis", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--distinct", action="store_true", help="a fifth of the KPIs count users")
    parser.add_argument("--no-hand", action="store_true", help="ours only")
    options = parser.parse_args()
    path = rows_file(options.rows)
    names = [
        "day",
        "channel",
        "campaign",
        "user_id",
        "session",
        "spend",
        "revenue",
        "clicks",
        "leads",
        "page",
    ]
    kinds = {"day": DAY, "channel": TEXT, "campaign": TEXT}
    columns = tuple(ColumnSpec(name, kinds.get(name, NUMBER), SPAN) for name in names)
    source = SourceSpec(
        "events",
        None,
        Files(f"data/{path.name}", str(HERE)),
        columns,
        "day",
        "channel",
        (),
        "event",
        (),
        None,
        None,
        (),
        SPAN,
    )
    kpis = [kpi(n, options.distinct) for n in range(options.kpis)]
    channel = Dimension("channel", (("events", column("channel")),))
    asks = [Ask(node, MONTHS, (channel,)) for node, _ in kpis]
    mine, theirs = [], []
    for _ in range(options.runs):
        seconds, grids, queries = ours(asks, source)
        mine.append(seconds)
        if len(mine) == 1:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if not options.no_hand:
            seconds, hand = by_hand(path, [text for _, text in kpis])
            theirs.append(seconds)
            agree(grids, hand, [f"channel {n}" for n in range(8)])
    print(f"{options.rows:,} rows, {options.kpis} KPIs by month and channel, {options.runs} runs each")
    print(
        f"evaluator      {statistics.median(mine):7.2f} s   queries {', '.join(f'{q:.2f}' for q in queries)}"
    )
    print(f"               {peak:7.0f} MB peak of the process after its first run")
    if theirs:
        print(f"written by hand{statistics.median(theirs):7.2f} s")
        ratio = statistics.median(mine) / statistics.median(theirs)
        print(f"ratio          {ratio:7.2f}   (below 1: the evaluator is faster)")


if __name__ == "__main__":
    main()
