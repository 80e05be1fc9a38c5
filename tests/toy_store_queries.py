"""What `examples/toy_store` must say, computed with DuckDB straight from the CSV files, without
kpidsl, and compared with what kpidsl says.

    answers(Path(folder))["traffic"][("2012-W16", "nonbrand")]

The keys are (period, slice); the slice of the whole is `TOTAL`, that of rows without a value is `None`. A
period has a value when each source that the KPI reads has rows in it; those that the as-of date cuts are not
given. `python -m tests.toy_store_queries FOLDER` prints them beside those of the specs.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import duckdb

from kpidsl import project as pipeline
from kpidsl.graph import Kpi
from kpidsl.judge import Schedule
from kpidsl.model.literals import parse_period
from kpidsl.results import Ask
from kpidsl.specs import load as load_specs

TOTAL = "(total)"
AS_OF = "2012-04-23"
FILES = {
    "sessions": "website_sessions.csv",
    "page_views": "website_pageviews.csv",
    "order_rows": "orders.csv",
    "items": "order_items.csv",
}
LINKED = "s.utm_campaign, s.device_type, s.channel"

Key = tuple[str, str | None]
Numbers = dict[Key, float]
Answer = dict[Key, float | None]


def database(folder: Path, as_of: str = AS_OF) -> duckdb.DuckDBPyConnection:
    """The tables up to the as-of date, each row with its week and its month."""
    db = duckdb.connect()
    for table, name in FILES.items():
        # An as-of date takes in the whole of its day.
        db.execute(
            f"create table {table} as select *, strftime(created_at, '%G-W%V') as week,"
            " strftime(created_at, '%Y-%m') as month"
            " from read_csv(?, header = true, nullstr = ['NULL', ''])"
            " where created_at < cast(? as date) + interval 1 day",
            [str(folder / name), as_of],
        )
    db.execute("alter table sessions add column channel text")
    db.execute("update sessions set channel = utm_source")
    for table, rows in (("orders", "order_rows"), ("views", "page_views")):
        db.execute(
            f"create table {table} as select t.*, {LINKED} from {rows} t"
            " left join sessions s using (website_session_id)"
        )
    return db


def complete(period: str, as_of: str = AS_OF) -> bool:
    """Whether the period ended before the as-of date."""
    pattern, length = ("%G-W%V-%u", "7 days") if "W" in period else ("%Y-%m-%d", "1 month")
    first = f"{period}-1" if "W" in period else f"{period}-01"
    query = f"select strptime(?, '{pattern}')::date + interval '{length}' <= cast(? as date)"
    return duckdb.execute(query, [first, as_of]).fetchone()[0]


def measure(
    db: duckdb.DuckDBPyConnection, table: str, aggregate: str, every: str, by: str = "", where: str = "true"
) -> Numbers:
    """The aggregate for each period, whole and sliced."""
    rows = db.execute(f"select {every}, {aggregate} from {table} where {where} group by all").fetchall()
    found: Numbers = {(period, TOTAL): value for period, value in rows}
    if by:
        rows = db.execute(
            f"select {every}, {by}, {aggregate} from {table} where {where} group by all"
        ).fetchall()
        found |= {(period, item): value for period, item, value in rows}
    return found


def periods(db: duckdb.DuckDBPyConnection, every: str, *tables: str) -> set[str]:
    """The complete periods in which each of the tables has rows."""
    found = [{row[0] for row in db.execute(f"select distinct {every} from {t}").fetchall()} for t in tables]
    return {period for period in set.intersection(*found) if complete(period)}


def ratio(over: Numbers, under: Numbers, known: set[str]) -> Answer:
    """A slice that one side lacks counts 0 there; over 0 there is no value."""
    keys = [key for key in over.keys() | under.keys() if key[0] in known]
    return {key: over.get(key, 0) / under[key] if under.get(key) else None for key in keys}


def only(numbers: Numbers, known: set[str]) -> Answer:
    return {key: value for key, value in numbers.items() if key[0] in known}


def share_of_total(numbers: Numbers, known: set[str]) -> Answer:
    return {key: value / numbers[key[0], TOTAL] for key, value in numbers.items() if key[0] in known}


def traffic(db: duckdb.DuckDBPyConnection) -> Answer:
    return only(measure(db, "sessions", "count(*)", "week", "utm_campaign"), periods(db, "week", "sessions"))


def mobile_share(db: duckdb.DuckDBPyConnection) -> Answer:
    counted = measure(db, "sessions", "count(*)", "week", "device_type")
    return share_of_total(counted, periods(db, "week", "sessions"))


def returning_visitors(db: duckdb.DuckDBPyConnection) -> Answer:
    rates = measure(db, "sessions", "avg(is_repeat_session)", "week", "utm_campaign")
    return only(rates, periods(db, "week", "sessions"))


def conversion(db: duckdb.DuckDBPyConnection, every: str, by: str, aggregate: str = "count(*)") -> Answer:
    sold = measure(db, "orders", aggregate, every, by)
    visits = measure(db, "sessions", "count(*)", every, by)
    return ratio(sold, visits, periods(db, every, "orders", "sessions"))


def monthly_orders(aggregate: str) -> Callable[[duckdb.DuckDBPyConnection], Answer]:
    return lambda db: only(measure(db, "orders", aggregate, "month"), periods(db, "month", "orders"))


def items_per_order(db: duckdb.DuckDBPyConnection) -> Answer:
    known = periods(db, "month", "orders", "items")
    return ratio(measure(db, "items", "count(*)", "month"), measure(db, "orders", "count(*)", "month"), known)


def product_mix(db: duckdb.DuckDBPyConnection) -> Answer:
    revenue = measure(db, "items", "sum(price_usd)", "month", "product_id::text")
    return share_of_total(revenue, periods(db, "month", "items"))


def view_rate(db: duckdb.DuckDBPyConnection, where: str, by: str = "") -> Answer:
    """Sessions that saw such a page, of the sessions that saw any."""
    distinct = "count(distinct website_session_id)"
    seen = measure(db, "views", distinct, "week", by, where)
    return ratio(seen, measure(db, "views", distinct, "week", by), periods(db, "week", "views"))


def home_bounce_rate(db: duckdb.DuckDBPyConnection) -> Answer:
    going_on = view_rate(db, "pageview_url <> '/home'")
    return {key: None if value is None else 1 - value for key, value in going_on.items()}


def bounce_rate_by_landing_page(db: duckdb.DuckDBPyConnection) -> Answer:
    """Sessions of one page view, by the first page seen; a session belongs to the week of its first view."""
    db.execute(
        "create or replace temp table landings as select"
        " website_session_id, arg_min(week, created_at) as week,"
        " arg_min(pageview_url, (created_at, website_pageview_id)) as landing_page, count(*) as pages"
        " from page_views group by website_session_id"
    )
    bounced = measure(db, "landings", "avg((pages = 1)::int)", "week", "landing_page")
    return only(bounced, periods(db, "week", "landings"))


KPIS: dict[str, Callable[[duckdb.DuckDBPyConnection], Answer]] = {
    "traffic": traffic,
    "mobile_share": mobile_share,
    "returning_visitors": returning_visitors,
    "conversion_rate": lambda db: conversion(db, "week", "utm_campaign"),
    "device_conversion": lambda db: conversion(db, "month", "device_type"),
    "revenue_per_session": lambda db: conversion(db, "week", "channel", "sum(price_usd)"),
    "average_order": monthly_orders("avg(price_usd)"),
    "customer_revenue": monthly_orders("sum(price_usd) / count(distinct user_id)"),
    "margin_rate": monthly_orders("sum(price_usd - cogs_usd) / sum(price_usd)"),
    "items_per_order": items_per_order,
    "product_mix": product_mix,
    "cart_rate": lambda db: view_rate(db, "pageview_url = '/cart'", "device_type"),
    "bounce_rate": bounce_rate_by_landing_page,
}


def answers(folder: Path, as_of: str = AS_OF) -> dict[str, Answer]:
    db = database(folder, as_of)
    return {name: compute(db) for name, compute in KPIS.items()}


SPECS = Path(__file__).parents[1] / "examples" / "toy_store"
SOURCES = {
    "sessions": "website_sessions.csv",
    "views": "website_pageviews.csv",
    "orders": "orders.csv",
    "items": "order_items.csv",
}
"""What the specs call the files."""


def specs(folder: Path, expected: Mapping[str, Answer]) -> dict[str, Answer]:
    """What kpidsl says of the same periods, each slice that has rows in one of them."""
    loaded = load_specs([str(SPECS)])
    calendar = loaded.graph.calendar
    asked: dict[str, Ask] = {}

    def more(kpi: Kpi, schedule: Schedule) -> Iterable[Ask]:
        labels = sorted({period for period, _ in expected[kpi.name]})
        windows = tuple(parse_period(label, calendar) for label in labels)
        asked[kpi.name] = Ask(kpi.formula, windows, kpi.dimensions)
        return [asked[kpi.name]]

    data = {source: folder / name for source, name in SOURCES.items()}
    wish = pipeline.wish(loaded, as_of=AS_OF, data=data, more=more)
    assert isinstance(wish, pipeline.Wish), wish
    outcome = pipeline.evaluate(loaded, wish)
    assert not outcome.errors, outcome.errors
    assert outcome.answers is not None
    found: dict[str, Answer] = {}
    for name, ask in asked.items():
        grid = outcome.answers.grid(ask)
        found[name] = {
            (window.label, key[0] if key else TOTAL): grid.at(key, window)
            for key in grid.slices
            for window in ask.windows
        }
    return found


def compared(ours: Answer, theirs: Answer) -> list[tuple[Key, float | None, float | None, float]]:
    """Each key of either side with both numbers and their relative difference.

    A slice without rows in a period is 0 or has no value where kpidsl knows it from another period, and is
    absent from the queries.
    """
    found = []
    for key in sorted(ours.keys() | theirs.keys(), key=str):
        a, b = ours.get(key), theirs.get(key)
        if key not in theirs and not a:
            continue
        same = a is None and b is None
        far = 0.0 if same else math.inf if a is None or b is None else abs(a - b) / (abs(b) or 1.0)
        found.append((key, a, b, far))
    return found


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0] if arguments else os.environ["KPIDSL_TOY_STORE"])
    by_hand = answers(folder)
    by_specs = specs(folder, by_hand)
    count, worst = 0, 0.0
    for name, theirs in by_hand.items():
        for (period, item), a, b, far in compared(by_specs[name], theirs):
            print(f"{name:20} {period:9} {item!s:12} {a!s:20} {b!s:22} {far:.1e}")
            count, worst = count + 1, max(worst, far)
    print(f"{count} numbers of {len(by_hand)} KPIs; the largest relative difference is {worst:.1e}")


if __name__ == "__main__":
    main(sys.argv[1:])
