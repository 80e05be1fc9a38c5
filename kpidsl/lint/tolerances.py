"""Tolerances that are wider than what they are the tolerance of, and those of nothing."""

from __future__ import annotations

from collections.abc import Iterable

from kpidsl.diagnostics import Edit, Fix, Label, Span
from kpidsl.graph import Bound, Kpi
from kpidsl.lint.ranges import between, levels, number
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import View
from kpidsl.syntax import nodes


def _tolerated(kpi: Kpi, target: float) -> float | None:
    """The tolerance in the unit of the KPI."""
    tolerance = kpi.promise.tolerance
    if tolerance is None:
        return None
    return abs(target) * tolerance.amount if tolerance.relative else tolerance.amount


def _never_red(view: View) -> Iterable[Found]:
    for one in view.active:
        tolerance_clause = one.clause(nodes.Tolerance)
        if tolerance_clause is None:
            continue
        reach = one.reach
        for bound, value, _ in levels(one):
            tolerance = _tolerated(one.kpi, value)
            if tolerance is None or not tolerance:
                continue
            below = bound.direction == "at least" and reach.low < value and value - tolerance <= reach.low
            above = bound.direction == "at most" and reach.high > value and value + tolerance >= reach.high
            if below or above:
                yield Found(
                    tolerance_clause.span,
                    f"with this tolerance the target cannot be missed: {between(one, reach.low, reach.high)}",
                    (Label(one.at(nodes.Target), "the target"),),
                    help="a smaller tolerance leaves room for red",
                    kpi=one.name,
                )
                break


def _wide(view: View) -> Iterable[Found]:
    for one in view.active:
        clause, tolerance = one.clause(nodes.Tolerance), one.kpi.promise.tolerance
        if clause is None or tolerance is None:
            continue
        for bound in one.kpi.promise.bounds:
            size = _size(one.kpi, bound)
            amount = _tolerance_of(one.kpi, bound)
            if size is not None and amount is not None and amount > size[0] > 0:
                yield Found(
                    clause.span,
                    f"the tolerance of {tolerance.text} is wider than {size[1]}",
                    (Label(one.at(nodes.Target), "the target"),),
                    help="what is nearly met should be near: a tolerance of a few hundredths is usual",
                    kpi=one.name,
                )
                break


def _size(kpi: Kpi, bound: Bound) -> tuple[float, str] | None:
    """What a tolerance has to be smaller than, and what that is."""
    value, high = number(bound.value), number(bound.high)
    if value is None:
        return None
    if bound.direction in ("increase", "decrease"):
        return value, "the change that is asked for"
    if high is not None:
        return high - value, "the band"
    return abs(value), "the target itself"


def _tolerance_of(kpi: Kpi, bound: Bound) -> float | None:
    """The tolerance, as a part of the baseline where the change is one."""
    tolerance, value = kpi.promise.tolerance, number(bound.value)
    if tolerance is None or value is None:
        return None
    if bound.direction in ("increase", "decrease"):
        return tolerance.amount if tolerance.relative == bound.relative else None
    return _tolerated(kpi, max(abs(value), abs(number(bound.high) or 0.0)))


def _no_tolerance(view: View) -> Iterable[Found]:
    for one in view.active:
        clause, tolerance = one.clause(nodes.Tolerance), one.kpi.promise.tolerance
        if clause is not None and tolerance is not None and tolerance.amount == 0:
            source, start, end = clause.span
            line = source.text.rfind("\n", 0, start) + 1
            after = source.text.find("\n", end)
            whole = Span(source, line, len(source.text) if after < 0 else after + 1)
            yield Found(
                clause.span,
                "a tolerance of nothing: without it, nothing is tolerated either",
                help="`nearly met` needs some room",
                fix=Fix("delete the tolerance", (Edit(whole, ""),), safe=False),
                kpi=one.name,
            )


RULES = (
    Rule(
        "K922",
        "never-red",
        "targets",
        WARNING,
        "With its tolerance a target cannot be missed.",
        """Amber reaches down to the target less the tolerance. Where that is below what the formula can
        be, there is no red left: the worst of all outcomes is nearly met.""",
        """
        kpi reader_share "Readers among the leads"
          formula     share(crm where pages >= 10)
          target      at least 3%
          tolerance   5 points
        """,
        """
        kpi reader_share "Readers among the leads"
          formula     share(crm where pages >= 10)
          target      at least 3%
          tolerance   0.5 points
        """,
        _never_red,
    ),
    Rule(
        "K923",
        "tolerance-too-wide",
        "targets",
        WARNING,
        "A tolerance is wider than what it is the tolerance of.",
        """An increase by 5% with a tolerance of 10% is nearly met by a decrease. A tolerance is for
        what is close enough to call it even.""",
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    same period last year
          target      increase by 5%
          tolerance   10%
          deadline    2026-12
        """,
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    same period last year
          target      increase by 5%
          tolerance   1%
          deadline    2026-12
        """,
        _wide,
    ),
    Rule(
        "K930",
        "tolerance-of-nothing",
        "targets",
        INFO,
        "A tolerance is zero.",
        """Without a tolerance, a target is met or missed. A tolerance of 0 says the same with one more
        line.""",
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          tolerance   0%
        """,
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
        """,
        _no_tolerance,
    ),
)
