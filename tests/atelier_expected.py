"""What `examples/atelier` must say on 2026-10-15, computed without kpidsl.

Each KPI is written again by hand as SQL over the raw files, and judged by the few lines of `Promise.light`. A
test compares these values with the evaluator's; run as a script, this prints them.

    expected()["cost_per_lead"].total              18.10...
    expected()["cost_per_lead"].slices["meta"]     30.11...
    expected()["cost_per_lead"].word               "nearly met"
    history(database(), "cost_per_lead")           the total of each month from January to September 2026

In each query `{w}` stands for "in the window and in the slice", and `total(x)` is a sum that is 0 without
rows. A slice of `None` holds the rows without a value there: orders by telephone, which have no channel.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

import attrs
import duckdb
from tests.atelier_data import TABLES, database

HALF_GONE = 106 / 184  # 1 July to 14 October, of 1 July to 31 December

SEPTEMBER = (date(2026, 9, 1), date(2026, 9, 30))
QUARTER = (date(2026, 7, 1), date(2026, 9, 30))
WEEK = (date(2026, 10, 5), date(2026, 10, 11))
SINCE_JULY = (date(2026, 7, 1), date(2026, 10, 14))
LAST_28 = (date(2026, 9, 17), date(2026, 10, 14))
LAST_90 = (date(2026, 7, 17), date(2026, 10, 14))

Window = tuple[date, date]
Value = float | None


# The KPIs


@attrs.frozen
class Promise:
    """A target, with the tolerance already an amount in the target's unit."""

    sense: str
    target: float
    tolerance: float = 0.0
    high: float = 0.0

    def light(self, value: Value, part: float = 1.0) -> str:
        if value is None:
            return "grey"
        reference = self.target * part
        if self.sense == "at least":
            short = reference - value
        elif self.sense == "at most":
            short = value - reference
        else:
            short = max(reference - value, value - self.high)
        return "green" if short <= 0 else "amber" if short <= self.tolerance else "red"


def least(target: float, tolerance: float = 0.0) -> Promise:
    return Promise("at least", target, tolerance)


def most(target: float, tolerance: float = 0.0) -> Promise:
    return Promise("at most", target, tolerance)


def between(low: float, high: float, tolerance: float) -> Promise:
    return Promise("between", low, tolerance, high)


CLOSED = {"green": "met", "amber": "nearly met", "red": "missed", "grey": "no data"}
OPEN = {"green": "on track", "amber": "at risk", "red": "off track", "grey": "no data"}


@attrs.frozen
class Kpi:
    """One KPI as a query, with what was promised for the whole and for slices of one column."""

    window: Window
    query: str
    promise: Promise | None = None
    by: str = ""
    own: dict[str, Promise] = attrs.field(factory=dict)
    running: bool = False
    part: float = 1.0
    word: str = ""
    baseline: str = ""
    promised: Callable[[float], Promise] | None = None  # the promise that follows from the baseline


NET = "(select total(amount) from orders where {w})"
GROSS = "(select total(amount) from orders where kind <> 'refund' and {w})"
SPEND = "(select total(spend) from ads where {w})"
LEADS = "(select count(*) from crm where {w})"
MQLS = "(select count(*) from crm where mql and {w})"
WEB_ORDERS = "(select count(*) from orders where kind = 'web' and {w})"
VISITS = "(select count(*) from sessions where {w})"
CLOSING = "(select sum(level) from stock where {w} and day = (select max(day) from stock where {w}))"
OPENING = CLOSING.replace("max(day)", "min(day)")
CUSTOMERS = "(select count(distinct customer) from orders where {w})"


def over(part: str, whole: str) -> str:
    return f"select {part} / nullif({whole}, 0)"


def web_order(aggregate: str) -> str:
    return f"select {aggregate} from orders where kind = 'web' and {{w}}"


def share(table: str, condition: str) -> str:
    return f"select avg(coalesce(({condition}), false)::int) from {table} where {{w}}"


def among(query: str, first: str, last: str) -> str:
    """The query over other days, in the same slice."""
    return query.replace("{w}", f"day between date '{first}' and date '{last}' and {{slice}}")


NET_BEFORE = among(NET, "2025-09-01", "2025-09-30")
NET_QUARTER_BEFORE = among(NET, "2025-07-01", "2025-09-30")
LEADS_BEFORE = among(LEADS, "2026-08-01", "2026-08-31")

ACQUISITION = {
    "cost_per_lead": Kpi(
        SEPTEMBER, over(SPEND, LEADS), most(18, 0.9), "channel",
        {"google": most(26, 1.3), "meta": most(20, 2), "email": most(8, 0.4)},
    ),
    "cost_per_click": Kpi(
        SEPTEMBER, over(SPEND, "(select total(clicks) from ads where {w})"), most(0.55, 0.0275), "channel",
        {"meta": most(0.5, 0.025), "google": most(0.6, 0.03)},
    ),
    "click_rate": Kpi(
        LAST_28, "select total(clicks) / nullif(total(impressions), 0) from ads where {w}",
        least(0.019, 0.001), "channel", running=True,
    ),
    "cost_per_acquisition": Kpi(
        SEPTEMBER, over(SPEND, "(select count(*) from orders where new and {w})"), most(75, 3.75),
    ),
    "roas": Kpi(
        SEPTEMBER, "select total(revenue) / nullif(total(spend), 0) from ads where {w}",
        least(3, 0.15), "channel",
        {"google": least(3.5, 0.175), "meta": least(2, 0.1), "email": least(8, 0.4)},
    ),
    "campaign_roi": Kpi(
        QUARTER, over(f"((select total(amount - cost) from orders where {{w}}) - {SPEND})", SPEND),
        least(1, 0.1),
    ),
    "qualified_leads": Kpi(
        SINCE_JULY, f"select {MQLS}", least(220, 22), running=True, part=HALF_GONE,
    ),
    "meta_leads": Kpi(
        SINCE_JULY, "select count(*) from crm where channel = 'meta' and {w}", least(250, 25),
        running=True, part=HALF_GONE,
    ),
    "sales_accepted": Kpi(
        SEPTEMBER, over("(select count(*) from crm where mql and qualified and {w})", MQLS), least(0.5, 0.05),
    ),
    "lead_conversion": Kpi(
        QUARTER, over("(select count(*) from crm where won and {w})", LEADS), least(0.06, 0.005), "channel",
    ),
    "lead_progress": Kpi(SEPTEMBER, f"select {LEADS} - {LEADS_BEFORE}", least(0)),
    "lead_growth": Kpi(SEPTEMBER, f"select {LEADS} / {LEADS_BEFORE} - 1", least(0)),
    "distinct_contacts": Kpi(SEPTEMBER, "select count(distinct contact) from crm where {w}", least(140, 7)),
}  # fmt: skip

SALES = {
    "sales": Kpi(
        SINCE_JULY, f"select {NET}", running=True, part=HALF_GONE,
        baseline="select sum(amount) from orders where day between '2025-07-01' and '2025-12-31'",
        promised=lambda before: least(before * 1.2, before * 1.2 * 0.05),
    ),
    "conversion_rate": Kpi(
        SEPTEMBER, over(WEB_ORDERS, VISITS), least(0.028, 0.003), "channel",
        {"meta": least(0.015, 0.003), "email": least(0.06, 0.003)},
    ),
    "page_conversion": Kpi(QUARTER, over(WEB_ORDERS, VISITS), least(0.02, 0.005), "landing_page"),
    "average_order": Kpi(
        QUARTER, web_order("avg(amount)"),
        baseline="select avg(amount) from orders where kind = 'web' and year(day) = 2025",
        promised=lambda before: least(before * 1.05, before * 1.05 * 0.05),
    ),
    "typical_order": Kpi(QUARTER, web_order("median(amount)"), least(120, 6)),
    "order_spread": Kpi(QUARTER, web_order("stddev_samp(amount)"), most(180, 18)),
    "largest_order": Kpi(QUARTER, "select max(amount) from orders where {w}", least(2000)),
    "large_orders": Kpi(QUARTER, share("orders", "amount >= 300"), least(0.18, 0.03)),
    "margin_rate": Kpi(
        SEPTEMBER, "select total(amount - cost) / nullif(total(amount), 0) from orders where {w}",
        between(0.38, 0.5, 0.01),
    ),
    "refund_rate": Kpi(
        QUARTER,
        over(
            "(select count(*) from orders where kind = 'refund' and {w})",
            "(select count(*) from orders where kind <> 'refund' and {w})",
        ),
        most(0.04, 0.01),
    ),
    "customer_revenue": Kpi(
        SEPTEMBER, over(NET, CUSTOMERS), least(270, 13.5), "channel",
        {"google": least(160, 8), "meta": least(120, 6), "email": least(160, 8), "organic": least(160, 8)},
    ),
    "campaign_customer_revenue": Kpi(QUARTER, over(NET, CUSTOMERS), least(150, 15), "campaign"),
    "lifetime_value": Kpi(SEPTEMBER, over(NET, CUSTOMERS) + " * 36", least(9_500, 950)),
    "sales_growth": Kpi(QUARTER, f"select {NET} / {NET_QUARTER_BEFORE} - 1", least(0.15, 0.03)),
    "sales_index": Kpi(SEPTEMBER, f"select {NET} / {NET_BEFORE}", least(1.1, 0.05)),
    "sales_to_plan": Kpi(SEPTEMBER, f"select {GROSS}", least(0.98 * 14_300, 0.98 * 14_300 * 0.05)),
    "sales_so_far": Kpi((date(2026, 1, 1), date(2026, 9, 30)), f"select {NET}", least(97_000, 4_850)),
    "sales_trend": Kpi(QUARTER, f"select {NET} / 3", least(11_000, 550)),
    "market_share": Kpi(
        QUARTER, over(NET, "(select total(size) from market where {w})"), least(0.028, 0.002),
    ),
    "black_friday_sales": Kpi(SINCE_JULY, "select null", least(9_000), word="not started"),
    "shipping_time": Kpi(SEPTEMBER, "select quantile_cont(wait, 0.9) from orders where {w}", most(5, 1)),
    "stock_level": Kpi(SEPTEMBER, f"select {CLOSING}", between(120, 260, 12), word="stale"),
    "stock_change": Kpi(SEPTEMBER, f"select {CLOSING} - {OPENING}", least(-60), word="stale"),
    "lowest_stock": Kpi(
        SEPTEMBER, "select min(level) from stock where {w}", least(5, 2), "product", word="stale",
    ),
}  # fmt: skip

AUDIENCE = {
    "traffic": Kpi(QUARTER, f"select {VISITS} / 3", least(1100, 55)),
    "traffic_share": Kpi(
        SEPTEMBER, over(VISITS, "(select count(*) from sessions where {days})"), least(0.1, 0.02), "channel",
        {"google": between(0.3, 0.45, 0.02), "organic": least(0.25, 0.02)},
    ),
    "new_visitor_count": Kpi(
        SINCE_JULY, "select count(*) from sessions where visit = 1 and {w}", least(4500, 225),
        running=True, part=HALF_GONE,
    ),
    "visitor_count": Kpi(
        SEPTEMBER, "select count(distinct visitor) from sessions where {w}", least(1200, 60),
    ),
    "returning_visitors": Kpi(
        LAST_28, share("sessions", "visit > 1"), least(0.3, 0.02), "channel",
        {"email": least(0.65, 0.02), "meta": least(0.1, 0.02)}, running=True,
    ),
    "bounce_rate": Kpi(WEEK, share("sessions", "bounced = 1"), most(0.4, 0.02), "landing_page"),
    "time_on_site": Kpi(
        SEPTEMBER, "select avg(seconds) from sessions where {w}", least(145, 7.25), "channel",
    ),
    "pages_seen": Kpi(SEPTEMBER, "select avg(pages) from sessions where bounced = 0 and {w}", least(5, 0.5)),
    "reach": Kpi(SEPTEMBER, "select total(reach) from social where {w}", least(40_000, 4_000), "network"),
    "engagement": Kpi(
        SEPTEMBER, "select total(interactions) / nullif(total(reach), 0) from social where {w}",
        least(0.035, 0.002), "network",
    ),
    "inbound_links": Kpi(
        SEPTEMBER, "select arg_max(domains, day) from links where {w}",
        baseline="select arg_max(domains, day) from links where day < '2026-01-01'",
        promised=lambda before: least(before + 25 * 273 / 365, 3),  # in a straight line to December
    ),
    "showroom_visits": Kpi(SEPTEMBER, "select sum(people) from showroom where {w}", least(350, 17.5)),
}  # fmt: skip

PROMOTERS = "avg((score >= 9)::int) - avg((score <= 6)::int)"
SATISFACTION = {
    "recommendation": Kpi(
        QUARTER, f"select {PROMOTERS} from survey where {{w}}", least(0.2, 0.03), "channel"
    ),
    "content_customers": Kpi(QUARTER, share("survey", "satisfaction >= 4"), least(0.75, 0.05), "channel"),
    "satisfaction_score": Kpi(
        LAST_90, "select avg(satisfaction) from survey where {w}", least(3.8, 0.1), running=True
    ),
    "weighted_satisfaction": Kpi(
        QUARTER, "select sum(satisfaction * weight) / sum(weight) from survey where {w}", least(3.8, 0.1)
    ),
    "worst_score": Kpi(SEPTEMBER, "select min(score) from survey where {w}", least(3, 1)),
    "comments": Kpi(QUARTER, share("survey", "comment is not null"), least(0.6, 0.05)),
    "survey_answers": Kpi(SEPTEMBER, "select count(*) from survey where {w}", least(40, 4)),
}

KPIS = {**ACQUISITION, **SALES, **AUDIENCE, **SATISFACTION}
ADDITIVE = ("reach",)  # a slice without a target of its own has no verdict


# The answers


@attrs.frozen
class Expected:
    window: Window
    total: Value
    word: str
    slices: dict[str | None, Value]
    slice_words: dict[str | None, str]


def fill(query: str, window: Window, where: str) -> str:
    days = f"day between date '{window[0]}' and date '{window[1]}'"
    return query.format(w=f"({days} and {where})", days=days, slice=where)


def slice_values(db: duckdb.DuckDBPyConnection, kpi: Kpi) -> list[str | None]:
    """Every value of the slice's column, in each table that the query reads and that has the column."""
    found: set[str | None] = set()
    for table in (*TABLES, "orders"):
        columns = {row[0] for row in db.execute(f"describe {table}").fetchall()}
        if kpi.by in columns and f" {table} " in kpi.query:
            query = fill(f"select distinct {kpi.by} from {table} where {{w}}", kpi.window, "true")
            found.update(row[0] for row in db.execute(query).fetchall())
    return sorted(found, key=lambda value: (value is None, value or ""))


def answer(db: duckdb.DuckDBPyConnection, name: str, kpi: Kpi) -> Expected:
    def value(where: str) -> Value:
        return db.execute(fill(kpi.query, kpi.window, where)).fetchone()[0]

    def word(promise: Promise, result: Value) -> str:
        words = OPEN if kpi.running else CLOSED
        return kpi.word or words[promise.light(result, kpi.part)]

    promise = kpi.promised(db.execute(kpi.baseline).fetchone()[0]) if kpi.promised else kpi.promise
    slices, words = {}, {}
    for item in slice_values(db, kpi) if kpi.by else []:
        where = f"{kpi.by} is null" if item is None else f"{kpi.by} = '{item}'"
        slices[item] = value(where)
        if item in kpi.own or name not in ADDITIVE:
            words[item] = word(kpi.own.get(item, promise), slices[item])
    total = value("true")
    return Expected(kpi.window, total, word(promise, total), slices, words)


def expected() -> dict[str, Expected]:
    db = database()
    return {name: answer(db, name, kpi) for name, kpi in KPIS.items()}


def history(db: duckdb.DuckDBPyConnection, name: str) -> list[Value]:
    """The total of each month from January to September 2026, of a KPI measured every month.

    Not for the KPIs that look at the month before, the year before or the last three months.
    """
    firsts = [date(2026, month, 1) for month in range(1, 11)]
    windows = [(first, after - timedelta(days=1)) for first, after in pairwise(firsts)]
    return [db.execute(fill(KPIS[name].query, window, "true")).fetchone()[0] for window in windows]


def main() -> None:
    for name, result in expected().items():
        print(f"{name:26} {result.window[0]} {result.window[1]} {result.total!s:>22}  {result.word}")
        for item, value in result.slices.items():
            print(f"    {item!s:22} {value!s:>42}  {result.slice_words.get(item, '')}")


if __name__ == "__main__":
    main()
