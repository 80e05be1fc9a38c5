"""TPC-H 1, 6, 12 and 14: as KPIs of tpch.kpi, as the official SQL, and the published answers.

Answers are dictionaries: the KPI's name and the slice to the value. Those that are published are rounded to
two decimals, and for scale factor 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
from attrs import frozen

import kpidsl

SPEC = Path(__file__).with_name("tpch.kpi")
Answers = dict[tuple[str, str], float]


@frozen
class Question:
    """A question, with what `kpi eval` needs to be asked it."""

    number: int
    kpis: tuple[str, ...]
    as_of: str
    period: str | None
    sql: str
    """The official text with the parameters of the validation run."""
    published: Mapping[tuple[str, str], float]


PRICING = Question(
    1,
    tuple("sum_qty sum_base_price sum_disc_price sum_charge avg_qty avg_price avg_disc count_order".split()),
    "1998-09-02",
    None,
    """
    SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice) AS sum_base_price,
        sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price,
        sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge,
        avg(l_quantity) AS avg_qty, avg(l_extendedprice) AS avg_price, avg(l_discount) AS avg_disc,
        count(*) AS count_order
    FROM lineitem WHERE l_shipdate <= DATE '1998-12-01' - INTERVAL 90 DAY
    GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus""",
    {
        ("sum_qty", "A F"): 37734107.00,
        ("sum_base_price", "A F"): 56586554400.73,
        ("sum_disc_price", "A F"): 53758257134.87,
        ("sum_charge", "A F"): 55909065222.83,
        ("avg_qty", "A F"): 25.52,
        ("avg_price", "A F"): 38273.13,
        ("avg_disc", "A F"): 0.05,
        ("count_order", "A F"): 1478493,
        ("sum_qty", "N F"): 991417.00,
        ("sum_base_price", "N F"): 1487504710.38,
        ("sum_disc_price", "N F"): 1413082168.05,
        ("sum_charge", "N F"): 1469649223.19,
        ("avg_qty", "N F"): 25.52,
        ("avg_price", "N F"): 38284.47,
        ("avg_disc", "N F"): 0.05,
        ("count_order", "N F"): 38854,
        ("sum_qty", "N O"): 74476040.00,
        ("sum_base_price", "N O"): 111701729697.74,
        ("sum_disc_price", "N O"): 106118230307.61,
        ("sum_charge", "N O"): 110367043872.50,
        ("avg_qty", "N O"): 25.50,
        ("avg_price", "N O"): 38249.12,
        ("avg_disc", "N O"): 0.05,
        ("count_order", "N O"): 2920374,
        ("sum_qty", "R F"): 37719753.00,
        ("sum_base_price", "R F"): 56568041380.90,
        ("sum_disc_price", "R F"): 53741292684.60,
        ("sum_charge", "R F"): 55889619119.83,
        ("avg_qty", "R F"): 25.51,
        ("avg_price", "R F"): 38250.85,
        ("avg_disc", "R F"): 0.05,
        ("count_order", "R F"): 1478870,
    },
)
FORECAST = Question(
    6,
    ("forecast_revenue",),
    "1999-01-01",
    "1994",
    """
    SELECT sum(l_extendedprice * l_discount) AS forecast_revenue FROM lineitem
    WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1994-01-01' + INTERVAL 1 YEAR
        AND l_discount BETWEEN 0.06 - 0.01 AND 0.06 + 0.01 AND l_quantity < 24""",
    {("forecast_revenue", ""): 123141078.23},
)
SHIPPING = Question(
    12,
    ("high_line_count", "low_line_count"),
    "1999-01-01",
    "1994",
    """
    SELECT l_shipmode,
        sum(CASE WHEN o_orderpriority = '1-URGENT' OR o_orderpriority = '2-HIGH' THEN 1 ELSE 0 END)
            AS high_line_count,
        sum(CASE WHEN o_orderpriority <> '1-URGENT' AND o_orderpriority <> '2-HIGH' THEN 1 ELSE 0 END)
            AS low_line_count
    FROM orders, lineitem
    WHERE o_orderkey = l_orderkey AND l_shipmode IN ('MAIL', 'SHIP') AND l_commitdate < l_receiptdate
        AND l_shipdate < l_commitdate AND l_receiptdate >= DATE '1994-01-01'
        AND l_receiptdate < DATE '1994-01-01' + INTERVAL 1 YEAR
    GROUP BY l_shipmode ORDER BY l_shipmode""",
    {
        ("high_line_count", "MAIL"): 6202,
        ("low_line_count", "MAIL"): 9324,
        ("high_line_count", "SHIP"): 6200,
        ("low_line_count", "SHIP"): 9262,
    },
)
PROMOTION = Question(
    14,
    ("promo_revenue",),
    "1999-01-01",
    "1995-09",
    """
    SELECT 100.00 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END)
        / sum(l_extendedprice * (1 - l_discount)) AS promo_revenue
    FROM lineitem, part
    WHERE l_partkey = p_partkey AND l_shipdate >= DATE '1995-09-01'
        AND l_shipdate < DATE '1995-09-01' + INTERVAL 1 MONTH""",
    {("promo_revenue", ""): 16.38},
)
QUESTIONS = (PRICING, FORECAST, SHIPPING, PROMOTION)


def files(folder: Path) -> dict[str, str]:
    """The sources of the spec and the tables that they read."""
    named = {"lineitem": "lineitem", "received": "lineitem", "orders": "orders", "part": "part"}
    return {source: str(folder / f"{table}.parquet") for source, table in named.items()}


def by_kpis(question: Question, folder: Path) -> Answers:
    """What the KPIs say: every slice, or the total of what has none; percents in hundredths."""
    project = kpidsl.load(str(SPEC))
    found = project.evaluate(
        as_of=question.as_of, for_=question.period, data=files(folder), kpis=question.kpis
    )
    answers: Answers = {}
    for judged in found.judged:
        for verdict in judged.slices or (judged.headline,):
            name = " ".join(value or "" for _, value in verdict.slice)
            if verdict.value is not None:
                answers[judged.kpi, name] = verdict.value * (100 if verdict.unit == "%" else 1)
    return answers


def by_sql(question: Question, folder: Path) -> Answers:
    """What the official text says, run by DuckDB over the same files."""
    with duckdb.connect() as base:
        for table in ("lineitem", "orders", "part"):
            base.read_parquet(str(folder / f"{table}.parquet")).create_view(table)
        found = base.execute(question.sql)
        names = [column[0] for column in found.description or ()]
        rows = found.fetchall()
    labels = len(names) - len(question.kpis)
    return {
        (name, " ".join(row[:labels])): float(value)
        for row in rows
        for name, value in zip(names[labels:], row[labels:], strict=True)
    }


def differences(found: Answers, expected: Mapping[tuple[str, str], float], within: float) -> list[str]:
    """What is not as expected, relative; a slice that was not asked for may be there if it is 0."""
    wrong = [
        f"{' '.join(key)}: {found.get(key)} instead of {value}"
        for key, value in expected.items()
        if key not in found or abs(found[key] - value) > within * abs(value)
    ]
    return wrong + [f"{' '.join(key)}: unexpected" for key in found if key not in expected and found[key]]
