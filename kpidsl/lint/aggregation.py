"""Aggregates that answer another question than the one that was asked."""

from __future__ import annotations

from collections.abc import Iterable

from kpidsl.graph import Aggregate, Combine, Rolling
from kpidsl.lint.parts import row_parts, ungrouped
from kpidsl.lint.rule import WARNING, Found, Rule
from kpidsl.lint.view import View
from kpidsl.model.rows import Apply, ColumnRef, Row
from kpidsl.syntax import nodes

_LEVELS = frozenset({"first", "last", "closing", "opening", "average closing", "average last"})


def _rates(view: View) -> Iterable[Found]:
    for name, span, node in view.met(Aggregate):
        if node.function == "average" and node.argument is not None:
            if not _is_ratio(view, node.argument):
                continue
            yield Found(
                span,
                "the average of a ratio counts each row alike, however much stands behind it",
                help="`sum(x) / sum(y)` is the ratio of all; `weighted average(x by y)` where that is all",
                kpi=name,
            )


def _is_ratio(view: View, row: Row) -> bool:
    """Whether the values are ratios, by their unit or by how they are computed."""
    unit = row.type.unit if row.type.kind == "number" else None
    if unit is not None and (unit.style == "percent" or any(power < 0 for _, power in unit.powers)):
        return True
    for part in row_parts(row):
        if isinstance(part, Apply) and part.op == "/":
            below = [one for arg in part.args[1:] for one in row_parts(arg)]
            if any(isinstance(one, ColumnRef) for one in below):
                return True
        if isinstance(part, ColumnRef):
            spec = view.graph.sources.get(part.home)
            column = spec.column(part.name) if spec else None
            if column is not None and column.value is not None and _is_ratio(view, column.value):
                return True
    return False


def _distinct(view: View) -> Iterable[Found]:
    for name, span, node in view.met(Combine):
        if node.op != "+":
            continue
        counted = [a for a in node.args if isinstance(a, Aggregate) and a.function == "count distinct"]
        if len(counted) > 1:
            yield Found(
                span,
                "distinct counts are added: whoever is in both is counted twice",
                help="one `count distinct` over both conditions, joined by `or`, counts each once",
                kpi=name,
            )


def _rolling(view: View) -> Iterable[Found]:
    for name, span, node in view.met(Rolling):
        if isinstance(node.node, Combine) and node.node.op == "/":
            yield Found(
                span,
                "a rolling average of a ratio counts a weak period as much as a strong one",
                help="the ratio of two rolling averages weighs each period by what stands behind it",
                kpi=name,
            )


def _identities(view: View) -> Iterable[Found]:
    for definition, call in view.written(nodes.Call):
        name = ungrouped(call.args[0]) if call.name.text == "count" and len(call.args) == 1 else None
        if not (isinstance(name, nodes.Name) and len(name.parts) == 2):
            continue
        spec = view.graph.sources.get(name.parts[0])
        column = spec.column(name.parts[1]) if spec else None
        if column is not None and column.type.kind == "identity":
            thing = column.type.thing or "one"
            yield Found(
                call.span,
                f"this counts the rows that have a {thing}, and not each {thing} once",
                help="`count distinct(...)` counts each once; `count(source)` counts rows",
                kpi=definition.name.text if isinstance(definition, nodes.KpiDef) else None,
            )


def _levels(view: View) -> Iterable[Found]:
    aggregates = view.met(Aggregate)
    levels = {
        (node.source, node.argument)
        for _, _, node in aggregates
        if isinstance(node, Aggregate) and node.function in _LEVELS
    }
    for name, span, node in aggregates:
        if node.function == "sum" and (node.source, node.argument) in levels:
            yield Found(
                span,
                "a level is added up over time: a lamp in stock for thirty days is counted thirty times",
                notes=("elsewhere the same column is taken as a level, by `last`, `closing` or the like",),
                help="`last(...)`, `closing(... by account)` or `average over days(...)` reads a level",
                kpi=name,
            )


def _means(view: View) -> Iterable[Found]:
    for name, span, node in view.met(Combine):
        if not (node.op == "/" and len(node.args) == 2):
            continue
        above, below = node.args
        if all(isinstance(a, Aggregate) and a.function in ("average", "median") for a in (above, below)):
            yield Found(
                span,
                "an average over an average is not the ratio of the two things",
                help="`sum(x) / sum(y)` is what one has per other",
                kpi=name,
            )


_RATE_SOURCE = """
    source daily
      from        "data/daily.csv"
      time        day
      column      clicks click
      column      views view
      column      rate = clicks / views
"""

RULES = (
    Rule(
        "K831",
        "average-of-ratio",
        "aggregation",
        WARNING,
        "An average is taken of ratios.",
        """A day with two visits and one click has a rate of 50%, a day with a thousand visits and ten
        clicks one of 1%. Their average is 25%, and the rate of both days is 1.1%. The ratio of the sums
        is what was meant.""",
        _RATE_SOURCE
        + """
    kpi click_rate "Click rate"
      formula     average(daily.rate)
      target      at least 0.02 click per view
        """,
        """
        kpi click_rate "Click rate"
          formula     sum(ads.clicks) / sum(ads.impressions)
          unit        %
          target      at least 2%
        """,
        _rates,
    ),
    Rule(
        "K832",
        "sum-of-distinct",
        "aggregation",
        WARNING,
        "Distinct counts are added.",
        """Customers who bought in both shops are in both counts. Their sum is more than the number of
        customers, and nobody can see by how much.""",
        """
        measure web = count distinct(orders.customer) where kind = "web"
        measure phone = count distinct(orders.customer) where kind = "phone"

        kpi customers "Customers"
          formula     web + phone
          target      at least 100 customers
        """,
        """
        kpi customers "Customers"
          formula     count distinct(orders.customer) where kind in ("web", "phone")
          target      at least 100 customers
        """,
        _distinct,
    ),
    Rule(
        "K833",
        "rolling-average-of-ratio",
        "aggregation",
        WARNING,
        "A rolling average is taken of a ratio.",
        """The average of three monthly rates counts a month of ten orders as much as one of a thousand.
        Rolling the numerator and the denominator apart keeps the weights.""",
        """
        kpi lead_price "Cost per lead, smoothed"
          formula     rolling average(sum(ads.spend) / count(crm), 3)
          target      at most 25 EUR per lead
        """,
        """
        kpi lead_price "Cost per lead, smoothed"
          formula     rolling average(sum(ads.spend), 3) / rolling average(count(crm), 3)
          target      at most 25 EUR per lead
        """,
        _rolling,
    ),
    Rule(
        "K834",
        "count-of-identities",
        "aggregation",
        WARNING,
        "`count` is asked of a column that identifies something.",
        """`count(orders.customer)` is the number of orders that have a customer. Who reads it aloud
        says "the number of customers", which is `count distinct`.""",
        """
        kpi customers "Customers"
          formula     count(orders.customer)
          target      at least 100 orders
        """,
        """
        kpi customers "Customers"
          formula     count distinct(orders.customer)
          target      at least 100 customers
        """,
        _identities,
    ),
    Rule(
        "K835",
        "level-summed",
        "aggregation",
        WARNING,
        "A column that is a level elsewhere is summed.",
        """Stock, followers and open tickets are levels: there at a moment, and not gained on a day.
        Added up over a month they are thirty times too many.""",
        """
        measure in_stock = last(stock.level)

        kpi stocked "Stock"
          formula     sum(stock.level)
          target      at least 100 lamps
        """,
        """
        measure in_stock = last(stock.level)

        kpi stocked "Stock"
          formula     average over days(closing(stock.level by product))
          target      at least 100 lamps
        """,
        _levels,
    ),
    Rule(
        "K836",
        "average-over-average",
        "aggregation",
        WARNING,
        "One average is divided by another.",
        """Two averages over the same rows have lost how many rows stand behind each value, and where a
        column has gaps they are averages over different rows. Sums keep both.""",
        """
        kpi margin "Margin"
          formula     average(orders.cost) / average(orders.amount)
          unit        %
          target      at most 60%
        """,
        """
        kpi margin "Margin"
          formula     sum(orders.cost) / sum(orders.amount)
          unit        %
          target      at most 60%
        """,
        _means,
    ),
)
