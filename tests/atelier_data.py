"""The raw files of `examples/atelier` as tables, read without kpidsl: see `atelier_expected`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import openpyxl
import pyarrow

DATA = Path(__file__).resolve().parents[1] / "examples" / "atelier" / "data"
AS_OF = date(2026, 10, 15)


def rows(name: str, separator: str = ",", encoding: str = "utf-8") -> Iterator[dict[str, str]]:
    for path in sorted(DATA.glob(name)):
        with path.open(encoding=encoding, newline="") as file:
            yield from csv.DictReader(file, delimiter=separator)


def number(text: str) -> float:
    """'1 234,56 €' -> 1234.56"""
    return float(text.replace("€", "").replace(" ", "").replace(",", "."))


def ads() -> Iterator[tuple]:
    for r in rows("ads/*.csv"):
        day = date.fromisoformat(r["day"])
        yield (
            day,
            r["platform"],
            int(r["impressions"]),
            int(r["clicks"]),
            float(r["spend"]),
            float(r["revenue"]),
        )


def crm() -> Iterator[tuple]:
    for r in rows("leads.csv", ";", "windows-1252"):
        day = datetime.strptime(r["Date de création"], "%d/%m/%Y").date()
        mql = int(r["Pages vues"]) >= 10 and int(r["Livres blancs"]) >= 1
        yield (
            day,
            r["Canal d'acquisition"],
            r["Contact"],
            mql,
            r["Qualifié"] == "oui",
            r["Devenu client"] == "oui",
        )


def sessions() -> Iterator[tuple]:
    for r in rows("sessions.csv"):
        day = datetime.fromisoformat(r["started_at"]).date()
        numbers = (int(r[name]) for name in ("pages", "seconds", "bounced", "visitor_id", "visit"))
        names = r["channel"], r["campaign"] or None, r["landing_page"]
        yield r["session_id"], day, *names, *numbers, datetime.fromisoformat(r["started_at"])


def orders() -> Iterator[tuple]:
    for r in rows("orders.csv", ";", "utf-8-sig"):
        day = datetime.fromisoformat(r["created_at"]).date()
        wait = (date.fromisoformat(r["shipped_on"]) - day).days if r["shipped_on"] else None
        amount, cost = number(r["amount"]), number(r["cost"])
        new = r["new_customer"] == "yes"
        at = datetime.fromisoformat(r["created_at"])
        yield r["session_id"], day, r["customer_id"], new, r["kind"], amount, cost, wait, at


def survey() -> Iterator[tuple]:
    sheet = openpyxl.load_workbook(DATA / "survey.xlsx")["Answers"]
    for day, score, satisfaction, channel, weight, comment in sheet.iter_rows(min_row=2, values_only=True):
        yield day.date(), channel, score, satisfaction, weight, comment


def stock() -> Iterator[tuple]:
    for line in (DATA / "stock.jsonl").read_text().splitlines():
        r = json.loads(line)
        yield date.fromisoformat(r["day"]), r["product"], r["level"]


def resellers() -> Iterator[tuple]:
    for r in rows("resellers.csv"):
        yield date.fromisoformat(r["day"]), r["reseller"], int(r["lamps"])


def social() -> Iterator[tuple]:
    for r in rows("social.csv"):
        yield date.fromisoformat(r["week"]), r["network"], int(r["reach"]), int(r["interactions"])


def small(name: str) -> Iterator[tuple]:
    for r in rows(name):
        day, amount = r.values()
        yield date.fromisoformat(day), float(amount)


TABLES = {
    "ads": ("day date, channel text, impressions int, clicks int, spend double, revenue double", ads),
    "crm": ("day date, channel text, contact text, mql bool, qualified bool, won bool", crm),
    "sessions": (
        "session text, day date, channel text, campaign text, landing_page text,"
        " pages int, seconds int, bounced int, visitor int, visit int, moment timestamp",
        sessions,
    ),
    "order_rows": (
        "session text, day date, customer text, new bool, kind text, amount double, cost double, wait int,"
        " moment timestamp",
        orders,
    ),
    "survey": ("day date, channel text, score int, satisfaction int, weight double, comment text", survey),
    "stock": ("day date, product text, level int", stock),
    "resellers": ("day date, reseller text, lamps int", resellers),
    "showroom": ("day date, people double", lambda: small("showroom.csv")),
    "social": ("day date, network text, reach int, interactions int", social),
    "links": ("day date, domains double", lambda: small("links.csv")),
    "market": ("day date, size double", lambda: small("market.csv")),
    "plan": ("day date, amount double", lambda: small("plan.csv")),
}


def database() -> duckdb.DuckDBPyConnection:
    """All files as tables, without the rows later than the as-of date; orders know their session."""
    db = duckdb.connect(config={"threads": 1})
    for name, (columns, read) in TABLES.items():
        db.execute(f"create table {name} ({columns})")
        known = [row for row in read() if next(v for v in row if isinstance(v, date)) <= AS_OF]
        names = [column.split()[0] for column in columns.split(",")]
        db.register("arriving", pyarrow.table([list(column) for column in zip(*known, strict=True)], names))
        db.execute(f"insert into {name} select * from arriving")
    db.execute(
        "create table orders as select o.*, s.channel, s.campaign, s.landing_page"
        " from order_rows o left join sessions s on s.session = o.session"
    )
    db.execute(
        "create table purchases as select s.visitor, o.day, o.moment"
        " from order_rows o join sessions s on s.session = o.session where o.kind = 'web'"
    )
    return db
