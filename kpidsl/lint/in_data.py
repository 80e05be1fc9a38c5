"""What speaks against a spec in its data, as pages: what `kpi lint --data` tells."""

from __future__ import annotations

from kpidsl.lint.rule import paged

ROWS = """\
day,channel,amount
2025-12-10,Email,98
2026-01-10,Email,100
2026-02-10,Email,102
2026-03-10,Email,104
2026-04-10,Paid,106
2026-05-10,Paid,108
"""
"""What the sources of the examples read, from orders.csv."""

_SOURCE = """
        source orders "Orders"
          from        "orders.csv"
          row         order
          time        day
          column      channel text
          column      amount EUR
"""

_PAGES: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "K441",
        "targets",
        """A promise that needs more growth in each period than any period ever had is a wish. Somebody should
        say what will be different, or ask for less.""",
        """
        kpi monthly_sales "Sales a month"
          formula     sum(orders.amount)
          target      at least 500 EUR
          deadline    2026-08
        """,
        """
        kpi monthly_sales "Sales a month"
          formula     sum(orders.amount)
          target      at least 110 EUR
          deadline    2026-08
        """,
    ),
    (
        "K442",
        "targets",
        """What is left of a total has to be earned in the time that is left. Where each month would have to
        be better than the best one was, the verdict is known already.""",
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          target      at least 5_000 EUR
          measured    cumulatively
          from        2026-01-01
          deadline    2026-12-31
        """,
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          target      at least 1_200 EUR
          measured    cumulatively
          from        2026-01-01
          deadline    2026-12-31
        """,
    ),
    (
        "K443",
        "targets",
        """A change is measured from its baseline. Without one there is no verdict, and a part of zero, or of
        less, is no change.""",
        """
        kpi monthly_sales "Sales a month"
          formula     sum(orders.amount)
          baseline    2025-06
          target      increase by 2%
        """,
        """
        kpi monthly_sales "Sales a month"
          formula     sum(orders.amount)
          baseline    2026-01
          target      increase by 2%
        """,
    ),
    (
        "K541",
        "sources",
        """A text that no row has is a slip more often than a channel that is yet to come. Its condition keeps
        no row: the KPI has no value, or one that is too small.""",
        """
        kpi mail_sales "Sales by mail"
          formula     sum(orders.amount) where channel = "email"
        """,
        """
        kpi mail_sales "Sales by mail"
          formula     sum(orders.amount) where channel = "Email"
        """,
    ),
)


RULES = tuple(
    paged(code, family, why, _SOURCE + bad, _SOURCE + good, ROWS) for code, family, why, bad, good in _PAGES
)
