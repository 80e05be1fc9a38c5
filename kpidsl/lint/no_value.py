"""Where a number is missing, and what stands in its place."""

from __future__ import annotations

from collections.abc import Iterable

from kpidsl.diagnostics import Label
from kpidsl.graph import Combine, Constant, Default, aggregates
from kpidsl.lint.parts import ungrouped
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import View
from kpidsl.syntax import nodes


def _difference(view: View) -> Iterable[Found]:
    for definition, expr in view.written(nodes.Binary):
        below = ungrouped(expr.right) if expr.op == "/" else None
        if isinstance(below, nodes.Binary) and below.op == "-":
            yield Found(
                below.span,
                "a difference is divided by: near zero the ratio is huge, and below it has the wrong sign",
                help="a total that is never negative makes a ratio that can be judged",
                kpi=definition.name.text if isinstance(definition, nodes.KpiDef) else None,
            )


def _counts_as_met(view: View) -> Iterable[Found]:
    for one in view.active:
        bound, formula = one.kpi.promise.bound, one.kpi.formula
        if bound is None or bound.direction != "at most" or not isinstance(bound.value, Constant):
            continue
        if isinstance(formula, Default) and formula.value <= bound.value.value:
            yield Found(
                one.at(nodes.Formula),
                "where there is no value the default takes its place, and keeps the promise",
                (Label(one.at(nodes.Target), "kept by the default"),),
                help="without `default` a period without data is grey, not green",
                kpi=one.name,
            )


def _below_the_line(view: View) -> Iterable[Found]:
    for one in view.subjects:
        for node in one.parts:
            if not (isinstance(node, Combine) and node.op == "/"):
                continue
            below = next((arg for arg in node.args[1:] if isinstance(arg, Default)), None)
            if below is not None:
                what = "zero, which gives no value anyway" if below.value == 0 else f"{below.value:g}"
                yield Found(
                    one.at(nodes.Formula),
                    f"where the divisor has no value, the formula divides by {what}",
                    help="`default` around the whole ratio says what the KPI is then",
                    kpi=one.name,
                )


def _over_sources(view: View) -> Iterable[Found]:
    for one in view.active:
        for node in one.parts:
            if not (isinstance(node, Combine) and node.op in "+-" and len(node.args) > 1):
                continue
            open_ = [arg for arg in node.args if not isinstance(arg, Default)]
            sources = {frozenset(part.source for part in aggregates(arg)) for arg in open_}
            single = sorted(name for names in sources if len(names) == 1 for name in names)
            if len(single) == len(sources) > 1:
                yield Found(
                    one.at(nodes.Formula),
                    f"in a period in which {' or '.join(single)} has no rows, there is no value",
                    help="`default 0` behind a measure makes it zero there, where that is what it is",
                    kpi=one.name,
                )
                break


def _never_missing(view: View) -> Iterable[Found]:
    for definition, expr in view.written(nodes.Default):
        if isinstance(ungrouped(expr.subject), nodes.Default | nodes.Number):
            yield Found(
                expr.span,
                "what is before `default` always has a value, so the default never stands for it",
                help="one `default` is enough",
                kpi=definition.name.text if isinstance(definition, nodes.KpiDef) else None,
            )


RULES = (
    Rule(
        "K851",
        "divided-by-a-difference",
        "no-value",
        WARNING,
        "A ratio has a difference below its line.",
        """A difference may be zero or negative. A return of 5 on a margin that has just turned negative
        is shown as -5, and on one that is nearly zero as thousands.""",
        """
        kpi payback "Spend on the margin"
          formula     sum(ads.spend) / (sum(orders.amount) - sum(orders.cost))
          unit        %
          target      at most 30%
        """,
        """
        kpi payback "Spend on the sales"
          formula     sum(ads.spend) / sum(orders.amount)
          unit        %
          target      at most 30%
        """,
        _difference,
    ),
    Rule(
        "K852",
        "missing-counts-as-met",
        "no-value",
        WARNING,
        "A default keeps the promise where there is no data.",
        """A cost per lead without a single lead has no value. With `default 0` it is the best cost
        there ever was, and the dashboard is green in the month in which everything stood still.""",
        """
        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm) default 0
          target      at most 25 EUR per lead
        """,
        """
        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          target      at most 25 EUR per lead
        """,
        _counts_as_met,
    ),
    Rule(
        "K853",
        "default-below-the-line",
        "no-value",
        WARNING,
        "A default stands in a divisor.",
        """A divisor that is made up makes the ratio up: `default 1` turns no leads into one lead, and 5
        000 EUR of spend into a cost of 5 000 EUR per lead. With `default 0` there is still no value.""",
        """
        measure known_leads = count(crm) default 1 lead

        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / known_leads
          target      at most 25 EUR per lead
        """,
        """
        measure known_leads = count(crm)

        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / known_leads
          target      at most 25 EUR per lead
        """,
        _below_the_line,
    ),
    Rule(
        "K854",
        "sum-over-sources",
        "no-value",
        INFO,
        "Values of different sources are added, and one of them may have none.",
        """Arithmetic with no value gives no value. Where one shop has no rows in a month, the total of
        both is absent, not the other shop's; whether that is meant, only the spec can say.""",
        """
        kpi earned "Sales less ads"
          formula     sum(orders.amount) - sum(ads.spend)
          target      at least 1_000 EUR
        """,
        """
        measure paid = sum(ads.spend) default 0
        measure sold = sum(orders.amount) default 0

        kpi earned "Sales less ads"
          formula     sold - paid
          target      at least 1_000 EUR
        """,
        _over_sources,
    ),
    Rule(
        "K855",
        "default-of-a-default",
        "no-value",
        WARNING,
        "A default stands behind what always has a value.",
        """Behind a number or behind another default, a default is never used. The one that counts is
        the inner one, and a reader sees the outer one first.""",
        """
        measure paid = (sum(ads.spend) default 0) default 5 EUR
        """,
        """
        measure paid = sum(ads.spend) default 0
        """,
        _never_missing,
    ),
)
