"""Tolerances that are wider than what they are the tolerance of, and those by which nothing is nearly met."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from attrs import frozen

from kpidsl.diagnostics import Edit, Fix, Label, Span
from kpidsl.graph import Aggregate, Bound, Constant, Default, Kpi, Node, Tolerance
from kpidsl.lint.ranges import between, number
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import Subject, View
from kpidsl.syntax import nodes


@frozen
class _Promised:
    """A promise and its tolerance, of the whole or of a slice, and where both are written."""

    bound: Bound
    tolerance: Tolerance
    place: Span
    target: Span


def _promised(one: Subject) -> Iterator[_Promised]:
    """Every promise that has a tolerance. A slice without one of its own has that of the KPI."""
    clause, shared, by = one.clause(nodes.Tolerance), one.kpi.promise.tolerance, one.clause(nodes.By)
    if clause is not None and shared is not None:
        for bound in one.kpi.promise.bounds:
            yield _Promised(bound, shared, clause.span, one.at(nodes.Target))
    for written, part in zip(by.slices if by else (), one.kpi.slices, strict=False):
        if part.tolerance is not None:
            yield _Promised(part.bound, part.tolerance, written.span, written.span)
        elif clause is not None and shared is not None and not shared.relative:
            yield _Promised(part.bound, shared, clause.span, written.span)


def _tolerated(tolerance: Tolerance, target: float) -> float:
    """The tolerance in the unit of the KPI."""
    return abs(target) * tolerance.amount if tolerance.relative else tolerance.amount


def _never_red(view: View) -> Iterable[Found]:
    for one in view.active:
        reach = one.reach
        for promised in _promised(one):
            bound, value = promised.bound, number(promised.bound.value)
            if value is None:
                continue
            tolerance = _tolerated(promised.tolerance, value)
            below = bound.direction == "at least" and reach.low < value and value - tolerance <= reach.low
            above = bound.direction == "at most" and reach.high > value and value + tolerance >= reach.high
            if tolerance and (below or above):
                yield Found(
                    promised.place,
                    f"with this tolerance the target cannot be missed: {between(one, reach.low, reach.high)}",
                    (Label(promised.target, "the target"),),
                    help="a smaller tolerance leaves room for red",
                    kpi=one.name,
                )
                break


def _wide(view: View) -> Iterable[Found]:
    for one in view.active:
        for promised in _promised(one):
            size = _size(one.kpi, promised.bound)
            amount = _tolerance_of(promised)
            if size is None or amount is None:
                continue
            whole = promised.tolerance.relative and promised.tolerance.amount >= 1
            if size[0] > 0 and (amount > size[0] or whole):
                how = "wider than" if amount > size[0] else "as wide as"
                yield Found(
                    promised.place,
                    f"the tolerance of {promised.tolerance.text} is {how} {size[1]}",
                    (Label(promised.target, "the target"),),
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
    baseline = kpi.promise.baseline
    if isinstance(baseline, Constant):
        way = value - baseline.value if bound.direction == "at least" else baseline.value - value
        if 0 < way < abs(value):
            return way, "the way from the baseline to the target"
    return abs(value), "the target itself"


def _tolerance_of(promised: _Promised) -> float | None:
    """The tolerance, as a part of the baseline where the change is one."""
    bound, tolerance = promised.bound, promised.tolerance
    value = number(bound.value)
    if value is None:
        return None
    if bound.direction in ("increase", "decrease"):
        return tolerance.amount if tolerance.relative == bound.relative else None
    return _tolerated(tolerance, max(abs(value), abs(number(bound.high) or 0.0)))


def _no_tolerance(view: View) -> Iterable[Found]:
    for one in view.active:
        clause, tolerance = one.clause(nodes.Tolerance), one.kpi.promise.tolerance
        if clause is None or tolerance is None or (why := _nothing(one.kpi, tolerance)) is None:
            continue
        source, start, end = clause.span
        line = source.text.rfind("\n", 0, start) + 1
        after = source.text.find("\n", end)
        whole = Span(source, line, len(source.text) if after < 0 else after + 1)
        yield Found(
            clause.span,
            why,
            help="`nearly met` needs some room",
            fix=Fix("delete the tolerance", (Edit(whole, ""),), safe=False),
            kpi=one.name,
        )


def _nothing(kpi: Kpi, tolerance: Tolerance) -> str | None:
    """Why nothing can be nearly met by a tolerance; None where something can."""
    if tolerance.amount == 0:
        return "a tolerance of nothing: without it, nothing is tolerated either"
    bounds = [*kpi.promise.bounds, *(part.bound for part in kpi.slices if part.tolerance is None)]
    ends = [(bound.direction, number(end)) for bound in bounds for end in (bound.value, bound.high) if end]
    if not bounds or any(end is None or way in ("increase", "decrease") for way, end in ends):
        return None
    if tolerance.relative and not any(end for _, end in ends):
        return f"{tolerance.text} of a target of zero is nothing"
    if _counts(kpi.formula) and not any(_whole_beside(way, end, tolerance) for way, end in ends if end):
        return f"no whole number is within {tolerance.text} of the target"
    return None


def _counts(formula: Node) -> bool:
    """Whether a formula is a whole number: what a tolerance leaves between two of them is never hit."""
    if isinstance(formula, Default):
        return formula.value.is_integer() and _counts(formula.node)
    return isinstance(formula, Aggregate) and formula.function in ("count", "count distinct", "converted")


def _whole_beside(way: str, end: float, tolerance: Tolerance) -> bool:
    """Whether a whole number misses a target by no more than the tolerance."""
    room = _tolerated(tolerance, end) + 1e-9
    below = math.ceil(end - room) < end and way != "at most"
    return below or (math.floor(end + room) > end and way != "at least")


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
        "A tolerance leaves nothing that would be nearly met.",
        """Without a tolerance, a target is met or missed. A tolerance of 0 says the same with one more
        line, and so do 5% of a target of zero and 5% of three leads.""",
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
