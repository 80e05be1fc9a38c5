"""Units that are at odds with what is meant, though they add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kpidsl.diagnostics import Edit, Fix, Label, Span
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import Subject, View, most
from kpidsl.model.types import Type
from kpidsl.model.units import ONE, PERCENT, kind, plurals
from kpidsl.syntax import nodes


def _currencies(view: View) -> Iterable[Found]:
    for one in view.active:
        words = [word for word, _ in one.kpi.unit.powers if kind(word) == "currency"]
        if len(words) > 1:
            yield Found(
                one.at(nodes.Formula),
                f"the formula sets {words[0]} against {words[1]}: it is in {one.kpi.unit}",
                help="a rate of exchange, as a constant or a column, brings both to one currency",
                kpi=one.name,
            )


def _squares(view: View) -> Iterable[Found]:
    for one in view.active:
        word = next((w for w, power in one.kpi.unit.powers if abs(power) > 1), None)
        if word is not None:
            yield Found(
                one.at(nodes.Formula),
                f"the formula multiplies {word} by {word}: it is in {one.kpi.unit}",
                help="one of the factors is likely meant to be a number or a share",
                kpi=one.name,
            )


def _rows(view: View) -> Iterable[Found]:
    for one in view.active:
        if "row" in dict(one.kpi.unit.powers):
            yield Found(
                one.at(nodes.Formula),
                "the formula counts rows, and nothing says what a row is",
                help="`row order` under the source makes it a number of orders",
                kpi=one.name,
            )


def _things(view: View) -> Iterable[Found]:
    first: dict[str, tuple[str, Span]] = {}
    for word, place in _words(view):
        forms = [w.casefold() for w in (word, *_single(word))]
        other, where = next((first[form] for form in forms if form in first), (word, place))
        for form in forms:
            first.setdefault(form, (other, where))
        if other != word:
            yield Found(
                place,
                f"`{word}` and `{other}` are two units",
                (Label(where, f"`{other}` here"),),
                help=f"`{other}` in both places makes them one",
            )


def _single(word: str) -> Iterator[str]:
    """What a word may be the plural of."""
    for end, instead in (("ies", "y"), ("es", ""), ("s", "")):
        stem = word.removesuffix(end) + instead
        if word.endswith(end) and word in plurals(stem) and len(stem) > 2:
            yield stem


def _words(view: View) -> Iterator[tuple[str, Span]]:
    """The counted things of all sources, each time that they are said."""
    for spec in view.graph.sources.values():
        for column in spec.columns:
            for word in _counted(column.type):
                yield word, column.span
    for definition in view.of(nodes.SourceDef):
        for clause in definition.clauses:
            if isinstance(clause, nodes.Row):
                yield clause.thing.text, clause.span


def _counted(type_: Type) -> list[str]:
    if type_.kind == "identity":
        return [type_.thing] if type_.thing else []
    if type_.kind != "number":
        return []
    return [word for word, _ in type_.unit.powers if kind(word) == "count"]


def _undeclared(view: View) -> Iterable[Found]:
    with_unit = [one for one in view.active if one.kpi.unit != ONE]
    without = [one for one in with_unit if nodes.UnitClause not in one.clauses]
    if not most(len(with_unit) - len(without), len(with_unit)):
        return
    for one in without:
        yield Found(
            one.at(nodes.Formula),
            f"the unit is not said, as other KPIs do: it is {one.kpi.unit}",
            help=f"`unit {one.kpi.unit}` holds the formula to it",
            fix=_unit_line(one),
            kpi=one.name,
        )


def _unit_line(one: Subject) -> Fix | None:
    formula = one.clause(nodes.Formula)
    if formula is None:
        return None
    source, _, end = formula.span
    at = source.text.find("\n", end)
    at = len(source.text) if at < 0 else at
    edit = Edit(Span(source, at, at), f"\n  unit        {one.kpi.unit}")
    return Fix(f"say the unit, {one.kpi.unit}", (edit,))


def _relative_tolerance(view: View) -> Iterable[Found]:
    for one in view.active:
        tolerance = one.clause(nodes.Tolerance)
        promised = one.kpi.promise.tolerance
        if one.kpi.unit == PERCENT and tolerance is not None and promised and promised.relative:
            amount = tolerance.amount.text
            yield Found(
                tolerance.span,
                f"{amount}% of a percentage is a part of it, not {amount} points",
                help=f"`tolerance {amount} points` is a distance; `%` is a part of the target",
                kpi=one.name,
            )


def _relative_change(view: View) -> Iterable[Found]:
    for one in view.active:
        changed = next((b for b in one.kpi.promise.bounds if b.relative), None)
        if one.kpi.unit == PERCENT and changed is not None:
            yield Found(
                one.at(nodes.Target),
                f"`{changed.direction} by` a percentage of a percentage: a part of it, not points",
                notes=("from 2%, an increase by 5% leads to 2.1%, and one by 5 points to 7%",),
                help="`points` is a distance",
                kpi=one.name,
            )


def _fraction(view: View) -> Iterable[Found]:
    for definition, bound in view.written(nodes.Bound):
        number = bound.value
        if not (isinstance(definition, nodes.KpiDef) and isinstance(number, nodes.Number)):
            continue
        if bound.direction == "at most":
            continue  # a limit on errors or complaints is as low; by mistake it would be red at once
        if number.unit is not None and number.unit.text == "%" and 0 < number.value < 0.5:
            yield Found(
                number.span,
                f"{number.span.text} is {number.value:g} in a hundred",
                help=f"a fraction of {number.value:g} is written {number.value * 100:g}%",
                kpi=definition.name.text,
            )


RULES = (
    Rule(
        "K821",
        "two-currencies",
        "units",
        WARNING,
        "A KPI sets one currency against another.",
        """EUR per USD is a rate of exchange. As a KPI, such as revenue in one currency over spend in
        another, it moves with the market and not with what anybody did.""",
        """
        source shop
          from        "data/shop.csv"
          time        day
          column      revenue USD
          column      spend EUR

        kpi roas "Return on ad spend"
          formula     sum(shop.revenue) / sum(shop.spend)
          target      at least 3 USD per EUR
        """,
        """
        let rate = 0.9 EUR per USD

        source shop
          from        "data/shop.csv"
          time        day
          column      revenue USD
          column      spend EUR

        kpi roas "Return on ad spend"
          formula     sum(shop.revenue) * rate / sum(shop.spend)
          target      at least 3
        """,
        _currencies,
    ),
    Rule(
        "K822",
        "squared-unit",
        "units",
        WARNING,
        "A KPI is in a unit times itself.",
        """Euros times euros mean nothing. Where a unit is multiplied by itself, one of the factors was
        meant to be a share or a bare number.""",
        """
        kpi value "Value of the leads"
          formula     sum(orders.amount) * average(orders.amount)
          target      at least 100 EUR EUR
        """,
        """
        kpi value "Value of the leads"
          formula     sum(orders.amount) * 1.2
          target      at least 100 EUR
        """,
        _squares,
    ),
    Rule(
        "K823",
        "rows-of-what",
        "units",
        INFO,
        "A KPI counts rows of a source that does not say what a row is.",
        """A source that says what its rows are gives counts a unit, so that leads are never added to
        orders, and reports say 12 orders in place of 12 rows.""",
        """
        source shop
          from        "data/shop.csv"
          time        day

        kpi sold "Orders"
          formula     count(shop)
          target      at least 100 row
        """,
        """
        source shop
          from        "data/shop.csv"
          row         order
          time        day

        kpi sold "Orders"
          formula     count(shop)
          target      at least 100 orders
        """,
        _rows,
    ),
    Rule(
        "K824",
        "units-alike",
        "units",
        WARNING,
        "Two units differ by capitals or by the plural only.",
        """To the arithmetic `Lead` and `lead` are as different as leads and euros: their ratio is no
        percentage, and they cannot be added.""",
        """
        source web
          from        "data/web.csv"
          time        day
          column      visits Visit

        source app
          from        "data/app.csv"
          time        day
          column      visits visit
        """,
        """
        source web
          from        "data/web.csv"
          time        day
          column      visits visit

        source app
          from        "data/app.csv"
          time        day
          column      visits visit
        """,
        _things,
    ),
    Rule(
        "K825",
        "unit-not-said",
        "units",
        INFO,
        "A KPI does not declare its unit, and nearly all others do.",
        """A declared unit is a check: if the formula comes to be in something else, the spec says so
        before the report does. Told where four of five KPIs declare theirs.""",
        """
        kpi clicks_seen "Clicks"
          formula     sum(ads.clicks)
          unit        click

        kpi ad_cost "Spend"
          formula     sum(ads.spend)
          unit        EUR

        kpi ad_revenue "Revenue"
          formula     sum(ads.revenue)
          unit        EUR

        kpi views "Impressions"
          formula     sum(ads.impressions)
          unit        impression

        kpi click_price "Cost per click"
          formula     sum(ads.spend) / sum(ads.clicks)
        """,
        """
        kpi clicks_seen "Clicks"
          formula     sum(ads.clicks)
          unit        click

        kpi ad_cost "Spend"
          formula     sum(ads.spend)
          unit        EUR

        kpi ad_revenue "Revenue"
          formula     sum(ads.revenue)
          unit        EUR

        kpi views "Impressions"
          formula     sum(ads.impressions)
          unit        impression

        kpi click_price "Cost per click"
          formula     sum(ads.spend) / sum(ads.clicks)
          unit        EUR per click
        """,
        _undeclared,
    ),
    Rule(
        "K826",
        "part-of-a-percentage",
        "units",
        WARNING,
        "The tolerance of a percentage is a part of it, where points are likely meant.",
        """A tolerance of 5% on a target of 4% reaches down to 3.8%, not to -1%. Readers take it for
        points about as often as not, and then two people keep two promises.""",
        """
        kpi click_rate "Click-through rate"
          formula     sum(ads.clicks) / sum(ads.impressions)
          unit        %
          target      at least 4%
          tolerance   5%
        """,
        """
        kpi click_rate "Click-through rate"
          formula     sum(ads.clicks) / sum(ads.impressions)
          unit        %
          target      at least 4%
          tolerance   0.2 points
        """,
        _relative_tolerance,
    ),
    Rule(
        "K827",
        "change-of-a-percentage",
        "units",
        INFO,
        "A percentage is to change by a percentage.",
        """"Raise the conversion rate by 5%" is read as from 2% to 7%, and means from 2% to 2.1%. Points
        leave no doubt.""",
        """
        kpi click_rate "Click-through rate"
          formula     sum(ads.clicks) / sum(ads.impressions)
          unit        %
          baseline    2025
          target      increase by 5%
          deadline    2026
        """,
        """
        kpi click_rate "Click-through rate"
          formula     sum(ads.clicks) / sum(ads.impressions)
          unit        %
          baseline    2025
          target      increase by 0.5 points
          deadline    2026
        """,
        _relative_change,
    ),
    Rule(
        "K828",
        "fraction-as-percentage",
        "units",
        INFO,
        "A target of less than half a percent looks like a fraction.",
        """A spreadsheet shows 0.25 where a spec says 25%. Written as 0.25% the target is a hundredth of
        what was meant, and is met on the first day.""",
        """
        kpi opened "Mails opened"
          formula     share(crm where pages >= 1)
          target      at least 0.25%
        """,
        """
        kpi opened "Mails opened"
          formula     share(crm where pages >= 1)
          target      at least 25%
        """,
        _fraction,
    ),
)
