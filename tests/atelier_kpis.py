"""The KPIs of `examples/atelier`, written again by hand as SQL over the raw files.

In each query `{d}` stands for "in the window", `{s}` for "in the slice" and `{w}` for both. Other windows
have an ending: `{w_1}` and `{w_2}` are one and two periods earlier, `{w_y}` is a year earlier. `{start}` and
`{end}` are the days of the window, `{before}` is "in the period before".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import attrs

JULY = date(2026, 7, 1)


@attrs.frozen
class Promise:
    """A target, with the tolerance already an amount in the target's unit; None where none is given."""

    low: float | None = None
    high: float | None = None
    tolerance: float | None = None


def least(target: float, tolerance: float | None = None) -> Promise:
    return Promise(target, None, tolerance)


def most(target: float, tolerance: float | None = None) -> Promise:
    return Promise(None, target, tolerance)


def between(low: float, high: float, tolerance: float) -> Promise:
    return Promise(low, high, tolerance)


@attrs.frozen
class Kpi:
    """`measured` is a period, perhaps one with a name, a number of days up to the newest, or "so far". `rows`
    counts what was read."""

    measured: str | int
    query: str
    rows: str
    promise: Promise | None = None
    by: str = ""
    own: dict[str, Promise] = attrs.field(factory=dict)
    additive: bool = False
    start: date = date(2026, 1, 1)
    deadline: date = date(2026, 12, 31)
    baseline: str = ""
    promised: Callable[[float], Promise] | None = None
    """The promise that follows from the baseline, or from the plan of the window."""
    plan: str = ""
    glides: bool = False
    like_last_year: bool = False
    by_business_days: bool = False
    level: bool = False
    """Adds up over slices, and not over time."""
    unfinished: str = ""
    """Of a period in progress: `grows` until it ends, or is `open` until then."""
    milestones: tuple[tuple[date, Promise], ...] = ()
    sample: int = 0


# The pieces


def part(table: str, what: str, where: str = "true", ago: str = "") -> str:
    """A total over the rows of a table; no value where the table has no row at all in the window."""
    kept = f"coalesce({what} filter (where {where} and {{s}}), 0)"
    return f"(select case when count(*) > 0 then {kept} end from {table} where {{d{ago}}})"


def count(table: str, where: str = "true", ago: str = "") -> str:
    return part(table, "count(*)", where, ago)


def counted(*parts: str) -> str:
    """Rows of the sources, each part written `table` or `table where condition`."""
    pairs = [text.partition(" where ") for text in parts]
    return " + ".join(f"(select count(*) from {t} where {c or 'true'} and {{w}})" for t, _, c in pairs)


def over(above: str, below: str) -> str:
    return f"{above} / nullif({below}, 0)"


def of_rows(what: str, table: str, where: str = "true") -> str:
    return f"(select {what} from {table} where {where} and {{w}})"


def share(table: str, condition: str) -> str:
    return of_rows(f"avg(coalesce(({condition}), false)::int)", table)


def earlier(text: str, *endings: str) -> str:
    """The same over other windows."""
    return " + ".join(text.replace("{w}", f"{{w{e}}}").replace("{d}", f"{{d{e}}}") for e in endings)


SPEND = part("ads", "sum(spend)")
CLICKS = part("ads", "sum(clicks)")
LEADS = count("crm")
MQLS = count("crm", "mql")
NET = part("orders", "sum(amount)")
GROSS = part("orders", "sum(amount)", "kind <> 'refund'")
CUSTOMERS = part("orders", "count(distinct customer)")
WEB_ORDERS = count("orders", "kind = 'web'")
VISITS = count("sessions")

# The first order of each customer; what each reseller reported last, until the window ends or a day of it.
ORDERED = "from orders where kind <> 'refund'"
FIRST = f"(select customer, min(day) as day {ORDERED} group by customer)"
LAST_REPORTS = """(
    select arg_max(lamps, day) as lamps from resellers where day <= {end} and {s} group by reseller
)"""
USUAL_REPORTS = """(select sum(lamps) as lamps from (
    select on_day, arg_max(lamps, day) as lamps
    from resellers join (
        select unnest(generate_series(
            {start}, least({end}, (select max(day) from resellers)), interval 1 day
        ))::date as on_day
    ) on day <= on_day
    group by on_day, reseller
) group by on_day)"""
BUYERS = """(
    select visitor, bool_or(came) as bought from (
        select visitor, exists (
            select 1 from purchases p
            where p.visitor = sessions.visitor and p.moment >= sessions.moment and p.day <= sessions.day + 7
        ) as came from sessions where {w}
    ) group by visitor
)"""


# The KPIs

ACQUISITION = {
    "cost_per_lead": Kpi(
        "month", over(SPEND, LEADS), counted("ads", "crm"), most(18, 0.9), "channel",
        {"google": most(26, 1.3), "meta": most(20, 2), "email": most(8, 0.4)},
    ),
    "cost_per_click": Kpi(
        "month", over(SPEND, CLICKS), counted("ads"), most(0.55, 0.0275), "channel",
        {"meta": most(0.5, 0.025), "google": most(0.6, 0.03)},
    ),
    "click_rate": Kpi(
        28, over(CLICKS, part("ads", "sum(impressions)")), counted("ads"), least(0.019, 0.001), "channel",
    ),
    "cost_per_acquisition": Kpi(
        "month", over(SPEND, part("orders", "count(distinct customer)", "new")),
        counted("ads", "orders where new"), most(75, 3.75),
    ),
    "roas": Kpi(
        "month", over(part("ads", "sum(revenue)"), SPEND), counted("ads"), least(3, 0.15), "channel",
        {"google": least(3.5, 0.175), "meta": least(2, 0.1), "email": least(8, 0.4)},
    ),
    "campaign_roi": Kpi(
        "quarter", over(f"({part('orders', 'sum(amount - cost)')} - {SPEND})", SPEND),
        counted("ads", "orders"), least(1, 0.1),
    ),
    "qualified_leads": Kpi(
        "so far", MQLS, counted("crm where mql"), least(220, 22), additive=True, start=JULY,
    ),
    "meta_leads": Kpi(
        "so far", count("crm", "channel = 'meta'"), counted("crm where channel = 'meta'"), least(250, 25),
        additive=True, start=JULY,
    ),
    "sales_accepted": Kpi(
        "month", over(count("crm", "mql and qualified"), MQLS),
        counted("crm where mql", "crm where mql and qualified"), least(0.5, 0.05),
    ),
    "lead_conversion": Kpi(
        "quarter", over(count("crm", "won"), LEADS), counted("crm", "crm where won"), least(0.06, 0.005),
        "channel",
    ),
}  # fmt: skip

SALES = {
    "sales": Kpi(
        "so far", NET, counted("orders"), additive=True, start=JULY, like_last_year=True,
        baseline="select sum(amount) from orders where day between '2025-07-01' and '2025-12-31'",
        promised=lambda before: least(before * 1.2, before * 1.2 * 0.05),
    ),
    "conversion_rate": Kpi(
        "month", over(WEB_ORDERS, VISITS), counted("orders where kind = 'web'", "sessions"),
        least(0.028, 0.003), "channel", {"meta": least(0.015, 0.003), "email": least(0.06, 0.003)},
    ),
    "page_conversion": Kpi(
        "quarter", over(WEB_ORDERS, VISITS), counted("orders where kind = 'web'", "sessions"),
        least(0.02, 0.005), "landing_page",
    ),
    "average_order": Kpi(
        "quarter", of_rows("avg(amount)", "orders", "kind = 'web'"), counted("orders where kind = 'web'"),
        baseline="select avg(amount) from orders where kind = 'web' and year(day) = 2025",
        promised=lambda before: least(before * 1.05, before * 1.05 * 0.05),
    ),
    "refund_rate": Kpi(
        "quarter", over(count("orders", "kind = 'refund'"), count("orders", "kind <> 'refund'")),
        counted("orders"), most(0.04, 0.01),
    ),
    "customer_revenue": Kpi(
        "month", over(NET, CUSTOMERS), counted("orders"), least(270, 13.5), "channel",
        {"google": least(160, 8), "meta": least(120, 6), "email": least(160, 8), "organic": least(160, 8)},
    ),
    "campaign_customer_revenue": Kpi(
        "quarter", over(NET, CUSTOMERS), counted("orders"), least(150, 15), "campaign"
    ),
    "lifetime_value": Kpi(
        "month", over(NET, CUSTOMERS) + " * 12 * 3", counted("orders"), least(9_500, 950)
    ),
    "sales_growth": Kpi(
        "quarter", f"{NET} / {earlier(NET, '_y')} - 1",
        f"{counted('orders')} + {earlier(counted('orders'), '_y')}", least(0.15, 0.03),
    ),
    "sales_to_plan": Kpi(
        "month", GROSS, counted("orders where kind <> 'refund'"), additive=True,
        plan="select sum(amount) from plan where {w}", promised=lambda plan: least(0.98 * plan, 0.049 * plan),
    ),
    "market_share": Kpi(
        "quarter", over(NET, part("market", "sum(size)")), counted("orders", "market"), least(0.028, 0.002),
    ),
    "black_friday_sales": Kpi(
        "so far", GROSS, "", least(9_000, 450), additive=True, start=date(2026, 11, 23),
        deadline=date(2026, 11, 29),
    ),
    "black_friday_growth": Kpi(
        "black_friday", GROSS, counted("orders where kind <> 'refund'"), additive=True,
        baseline="select sum(amount) from orders where kind <> 'refund'"
        " and day between '2024-11-25' and '2024-12-01'",
        promised=lambda before: least(before * 1.1, before * 1.1 * 0.05), start=date(2025, 1, 1),
        deadline=date(2026, 11, 29),
    ),
    "phone_sales": Kpi(
        "so far", part("orders", "sum(amount)", "kind = 'phone'"), counted("orders where kind = 'phone'"),
        least(30_000, 3_000), additive=True, start=JULY, by_business_days=True,
    ),
    "shipping_time": Kpi(
        "month", of_rows("quantile_cont(wait, 0.9)", "orders"), counted("orders"), most(5, 1)
    ),
    "commission_stock": Kpi(
        "month", f"(select sum(lamps) from {LAST_REPORTS})", counted("resellers"), between(60, 130, 8),
        "reseller", level=True,
    ),
    "usual_commission": Kpi(
        "month", f"(select avg(lamps) from {USUAL_REPORTS})", counted("resellers"), most(75, 7.5), level=True,
    ),
    "stock_level": Kpi(
        "month", of_rows("sum(level)", "stock", "day = (select max(day) from stock where {w})"),
        counted("stock"), between(120, 260, 12),
    ),
}  # fmt: skip

CUSTOMER_KPIS = {
    "first_orders": Kpi(
        "month", f"(select count(*) from {FIRST} where {{d}})", counted("orders where kind <> 'refund'"),
        least(30, 3), additive=True,
    ),
    "repeat_customers": Kpi(
        "month",
        f"(select count(distinct customer) {ORDERED} and {{d}} and customer in"
        f" (select customer from {FIRST} where day < {{start}}))",
        counted("orders where kind <> 'refund'"), least(10, 2), unfinished="grows",
    ),
    "customer_retention": Kpi(
        "quarter",
        f"(select avg(again::int) from (select customer in (select customer {ORDERED} and {{d}}) as again"
        f" from {FIRST} where {{before}}))",
        counted("orders where kind <> 'refund'"), least(0.03, 0.01), unfinished="grows",
    ),
    "week_conversion": Kpi(
        "month", f"(select avg(bought::int) from {BUYERS})", counted("sessions"), least(0.03, 0.005),
        "channel", {"email": least(0.05, 0.005), "meta": least(0.015, 0.005)}, unfinished="open",
    ),
}  # fmt: skip

AUDIENCE = {
    "traffic": Kpi(
        "month", f"({VISITS} + {earlier(VISITS, '_1', '_2')}) / 3",
        f"{counted('sessions')} + {earlier(counted('sessions'), '_1', '_2')}", least(1100, 55),
    ),
    "traffic_share": Kpi(
        "month", over(VISITS, "(select count(*) from sessions where {d})"), counted("sessions"),
        by="channel",
        own={
            "google": between(0.3, 0.45, 0.02), "organic": least(0.25, 0.02), "email": least(0.1, 0.02),
            "meta": most(0.25, 0.02),
        },
    ),
    "new_visitor_count": Kpi(
        "so far", count("sessions", "visit = 1"), counted("sessions where visit = 1"), additive=True,
        start=JULY,
        milestones=((date(2026, 9, 30), least(2200, 110)), (date(2026, 12, 31), least(4500, 225))),
    ),
    "returning_visitors": Kpi(
        28, share("sessions", "visit > 1"), counted("sessions"), least(0.3, 0.02), "channel",
        {"email": least(0.65, 0.02), "meta": least(0.1, 0.02)},
    ),
    "bounce_rate": Kpi(
        "week", share("sessions", "bounced = 1"), counted("sessions"), most(0.4, 0.02), "landing_page",
        start=date(2026, 1, 5),
    ),
    "time_on_site": Kpi(
        "month", of_rows("avg(seconds)", "sessions"), counted("sessions"), least(145, 7.25), "channel"
    ),
    "reach": Kpi(
        "month", part("social", "sum(reach)"), counted("social"), least(40_000, 4_000), "network",
        additive=True,
    ),
    "engagement": Kpi(
        "month", over(part("social", "sum(interactions)"), part("social", "sum(reach)")),
        counted("social"), least(0.035, 0.002), "network",
    ),
    "inbound_links": Kpi(
        "month", of_rows("arg_max(domains, day)", "links"), counted("links"),
        baseline="select arg_max(domains, day) from links where day < '2026-01-01'",
        promised=lambda before: least(before + 25, 3), glides=True,
    ),
    "showroom_visits": Kpi(
        "month", part("showroom", "sum(people)"), counted("showroom"), least(350, 17.5), additive=True
    ),
}  # fmt: skip

SATISFACTION = {
    "recommendation": Kpi(
        "quarter", of_rows("avg((score >= 9)::int) - avg((score <= 6)::int)", "survey"), counted("survey"),
        least(0.2, 0.03), "channel",
    ),
    "content_customers": Kpi(
        "quarter", share("survey", "satisfaction >= 4"), counted("survey"), least(0.75, 0.05), "channel",
        sample=30,
    ),
}  # fmt: skip

KPIS = {**ACQUISITION, **SALES, **CUSTOMER_KPIS, **AUDIENCE, **SATISFACTION}

# The objectives: word, and the weight of what is met or on track as a part of the whole.
OBJECTIVES = {
    # average_order is missed and all are needed; sales is on track and weighs 3 of 6.
    "grow_sales": ("off track", 3 / 6),
    # On track or met: sales_accepted and roas, 2 of 6. With what is nearly so, all but meta_leads: 5 of 6.
    "fill_pipeline": ("at risk", 2 / 6),
    # inbound_links is met, and one is enough.
    "be_seen": ("on track", 1 / 4),
    # recommendation weighs 2 of 5; nearly met are shipping_time and refund_rate: 4 of 5, and 60% are needed.
    "keep_customers": ("at risk", 2 / 5),
}
