"""A shop: rows that go into a database and into Parquet alike, and KPIs over them."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

CHANNELS = ("search", "Été", "e-mail", 'O\'Brien "x"', None)
ARROW = {
    "number": pa.float64(),
    "decimal": pa.decimal128(12, 2),
    "whole": pa.int64(),
    "text": pa.string(),
    "day": pa.date32(),
    "moment": pa.timestamp("us"),
    "instant": pa.timestamp("us", "UTC"),
    "flag": pa.bool_(),
}
POSTGRES = {
    "number": "double precision",
    "decimal": "numeric(12, 2)",
    "whole": "bigint",
    "text": "text",
    "day": "date",
    "moment": "timestamp",
    "instant": "timestamptz",
    "flag": "boolean",
}
TABLES = {
    "orders": {"id": "whole", "at": "instant", "day": "day", "customer": "whole", "amount": "decimal",
               "cost": "number", "rebate": "decimal", "channel": "text", "returned": "flag"},
    "customers": {"id": "whole", "country": "text", "since": "day"},
    "views": {"created": "moment", "session": "text", "url": "text", "seconds": "whole"},
}  # fmt: skip


def rows(seed: int = 7) -> dict[str, list[dict[str, Any]]]:
    """Half a year of orders, some at the turn of a day in Paris, some with nothing in a column."""
    chance = random.Random(seed)
    customers = [
        {"id": n, "country": chance.choice(["FR", "DE", "ES", None]), "since": date(2025, 1, 1)}
        for n in range(60)
    ]
    orders = []
    for n in range(900):
        at = datetime(2026, 1, 1, 22, 30, tzinfo=UTC) + timedelta(minutes=chance.randrange(180 * 24 * 60))
        amount = None if n % 41 == 0 else round(chance.uniform(1, 400), 2)
        orders.append(
            {
                "id": n,
                "at": None if n % 301 == 300 else at,
                "day": at.date(),
                "customer": None if n % 53 == 0 else chance.randrange(70),  # some of whom nobody knows
                "amount": None
                if amount is None
                else pa.scalar(amount).cast(pa.decimal128(12, 2), safe=False).as_py(),
                "cost": chance.choice([0.0, None, float("nan"), float("inf"), chance.uniform(0, 90)]),
                "rebate": chance.choice([None, 0, 5, 10]),
                "channel": chance.choice(CHANNELS),
                "returned": chance.choice([None, False, True]),
            }
        )
    views = [
        {
            "created": datetime(2026, 1, 1) + timedelta(minutes=chance.randrange(180 * 24 * 60)),
            "session": None if n % 97 == 0 else f"s{chance.randrange(300)}",
            "url": chance.choice(["/home", "/cart", "/lamps", None]),
            "seconds": chance.choice([None, 1, 5, 90]),
        }
        for n in range(1200)
    ]
    return {"orders": orders, "customers": customers, "views": views}


def into_postgres(connection: psycopg.Connection, data: dict[str, list[dict[str, Any]]]) -> None:
    connection.execute("DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop")
    for table, columns in TABLES.items():
        declared = ", ".join(f'"{name}" {POSTGRES[kind]}' for name, kind in columns.items())
        connection.execute(f"CREATE TABLE shop.{table} ({declared})")
        with connection.cursor().copy(f"COPY shop.{table} FROM STDIN") as copy:
            for row in data[table]:
                copy.write_row([row[name] for name in columns])


def into_parquet(folder: Path, data: dict[str, list[dict[str, Any]]]) -> None:
    for table, columns in TABLES.items():
        schema = pa.schema([(name, ARROW[kind]) for name, kind in columns.items()])
        pq.write_table(pa.Table.from_pylist(data[table], schema=schema), folder / f"{table}.parquet")


def spec(places: dict[str, str]) -> str:
    """The KPIs, over sources that are `from` these places."""
    return SPEC.format(**places)


FILES = {table: f'"{table}.parquet"' for table in TABLES}
REMOTE = {table: f'table "shop.{table}" in shop' for table in TABLES}

SPEC = """
calendar
  time zone   "Europe/Paris"

source customers
  from        {customers}
  row         customer
  key         id
  column      country text
  column      since day

source orders
  from        {orders}
  row         order
  time        at
  channel     channel
  key         id
  belongs to  customers by customer = id
  complete    every day
  check       amount > 2 EUR
  check       not returned
  column      amount EUR
  column      cost EUR
  column      rebate %
  column      customer id of customer
  column      returned flag
  column      margin = amount - cost
  column      price = amount * (1 - rebate)
  column      size = when amount >= 300 EUR then "large" otherwise "small"

source views
  from        {views}
  row         view
  time        created
  column      session id of session
  column      url text
  column      seconds second

source landings
  from        views by session
  row         session
  time        started
  column      started = first(created)
  column      page = first(url)
  column      pages = count(views)
  column      long = sum(seconds) > 60 second
  column      stay = average(seconds)
  column      bounced = pages <= 2
  complete    every day

kpi revenue
  formula     sum(orders.amount)
  target      at least 20000 EUR
  measured    every month
  by          channel

kpi prices
  formula     sum(orders.price) where size = "large"
  measured    every week

kpi margin_per_order
  formula     sum(orders.margin) / count(orders)
  measured    every month
  by          channel

kpi buyers
  formula     count distinct(orders.customer)
  target      at least 50 customer
  measured    every quarter

kpi typical
  formula     median(orders.amount)
  measured    every month
  by          channel

kpi high
  formula     percentile(orders.amount, 90) - min(orders.amount)
  measured    every month

kpi french
  formula     sum(orders.amount where customers.country = "FR") / sum(orders.amount)
  unit        %
  measured    every month

kpi by_country
  formula     average(orders.amount)
  measured    every month
  by          country

kpi returned
  formula     share(orders where returned)
  measured    every month

kpi bounce_rate
  formula     share(landings where bounced)
  unit        %
  target      at most 60%
  measured    every week
  by          page

kpi stays
  formula     average(landings.stay where long)
  measured    every month

kpi spread
  formula     standard deviation(orders.amount)
  measured    every month
"""
