"""Targets that are always met, never missed, or already reached, and those that contradict each other."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import timedelta

from kpidsl.diagnostics import Label
from kpidsl.graph import Constant, Cumulative, Share
from kpidsl.lint.ranges import between, levels, number
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import View
from kpidsl.model.periods import Window, add_grain
from kpidsl.model.units import format_value
from kpidsl.syntax import nodes

_GRACE = timedelta(days=30)
"""How long a promise that is over may stay: until its last verdict has been talked about."""
_LOW_IS_GOOD = re.compile(
    r"(?:^|_)(?:costs?|cpl|cpc|cpa|cpm|churn|bounces?|refunds?"
    r"|complaints?|delays?|errors?|unsubscribes?)(?:_|$)"
)


def _always(view: View) -> Iterable[Found]:
    for one in view.active:
        reach = one.reach
        for bound, value, high in levels(one):
            least = bound.direction == "at least" and value <= reach.low
            most = bound.direction == "at most" and value >= reach.high
            both = high is not None and value <= reach.low and high >= reach.high
            if least or most or both:
                yield Found(
                    one.at(nodes.Target),
                    f"the target is always met: {between(one, reach.low, reach.high)}",
                    (Label(one.at(nodes.Formula), "whatever the data says"),),
                    help="a promise is one that can be broken",
                    kpi=one.name,
                )
                break


def _is_baseline(view: View) -> Iterable[Found]:
    for one in view.active:
        baseline = one.kpi.promise.baseline
        if not isinstance(baseline, Constant):
            continue
        for bound, value, _ in levels(one):
            now = baseline.value
            reached = bound.direction == "at least" and value <= now
            reached = reached or (bound.direction == "at most" and value >= now)
            if reached:
                how = "is the baseline" if value == now else "is worse than the baseline"
                yield Found(
                    one.at(nodes.Target),
                    f"the target {how}: there is nothing to reach",
                    (Label(one.at(nodes.Baseline), "where it stands already"),),
                    help="a target is beyond what there is",
                    kpi=one.name,
                )
                break


def _over(view: View) -> Iterable[Found]:
    for one in view.active:
        deadline, review = one.kpi.promise.deadline, one.kpi.about.review
        if deadline is None or deadline + _GRACE >= view.today:
            continue
        if review is not None and add_grain(deadline, 1, review) < view.today:
            continue  # review-overdue tells it
        yield Found(
            one.at(nodes.Deadline),
            f"the promise of `{one.name}` has been over since {deadline}",
            notes=(f"today is {view.today}",),
            help="a new deadline with a new target, `deprecated`, or `draft`",
            kpi=one.name,
        )


def _backwards(view: View) -> Iterable[Found]:
    for one in view.active:
        target, promise = one.clause(nodes.Target), one.kpi.promise
        places = [m for m in target.milestones if isinstance(m, nodes.Milestone)] if target else []
        steps = [(bound, number(bound.value)) for _, bound in promise.milestones]
        if len(places) != len(steps):
            continue
        total = isinstance(promise.measured, Cumulative)
        why, help_ = _STEPS_BACK[total]
        for (_, before), (bound, after), place, other in zip(
            steps, steps[1:], places[1:], places, strict=False
        ):
            if before is None or after is None:
                continue
            less = bound.direction == "at least" and after < before
            if less or (bound.direction == "at most" and after > before and not total):
                yield Found(
                    place.span,
                    f"the milestones go backwards: {why}",
                    (Label(other.span, "more was asked before"),),
                    help=help_,
                    kpi=one.name,
                )
                break


_STEPS_BACK = {
    True: (
        "a total that has been reached is not lost again",
        "each milestone of a total is at least the one before",
    ),
    False: ("less is asked than before", "what is asked of one period only is written `... in 2026-Q1`"),
}
"""What is wrong with a milestone that asks for less, of a total and of anything else, and what helps."""


def _against_the_name(view: View) -> Iterable[Found]:
    for one in view.active:
        bound = one.kpi.promise.bound
        if bound is None or bound.direction not in ("at least", "increase"):
            continue
        if _LOW_IS_GOOD.search(one.name.casefold()):
            yield Found(
                one.at(nodes.Target),
                f"`{one.name}` sounds like something to keep low, and the target is `{bound.direction}`",
                help="`at most` or `decrease by` caps it; a name that says what is good leaves no doubt",
                kpi=one.name,
            )


def _same_slice(view: View) -> Iterable[Found]:
    for one in view.active:
        by, bound, promise = one.clause(nodes.By), one.kpi.promise.bound, one.kpi.promise
        if by is None or bound is None or one.kpi.formula.additivity == "additive":
            continue
        for written, part in zip(by.slices, one.kpi.slices, strict=False):
            if part.bound == bound and part.tolerance in (None, promise.tolerance):
                yield Found(
                    written.span,
                    f"`{part.value}` has the target that it would have anyway",
                    (Label(one.at(nodes.Target), "inherited from here"),),
                    help="without the line the slice follows the KPI when its target changes",
                    kpi=one.name,
                )


def _slices_sum(view: View) -> Iterable[Found]:
    for one in view.active:
        by, bound = one.clause(nodes.By), one.kpi.promise.bound
        if by is None or not one.kpi.slices:
            continue
        lows = [
            number(p.bound.value) or 0.0
            for p in one.kpi.slices
            if p.bound.direction in ("at least", "between")
        ]
        least, place = math.fsum(lows), by.slices[0].span.to(by.slices[-1].span)
        share = any(isinstance(node, Share) for node in one.parts)
        if share and least > 1 + 1e-9:
            yield Found(
                place,
                f"the parts are to be {least:.4g} of the whole or more: not all can be kept",
                help="shares of one total add up to 100%",
                kpi=one.name,
            )
        cap = number(bound.value) if bound is not None and bound.direction == "at most" else None
        if (
            not share
            and cap is not None
            and one.kpi.formula.additivity == "additive"
            and least > cap * (1 + 1e-9)
        ):
            yield Found(
                place,
                f"together the slices are to be {format_value(least, one.kpi.unit)}, more than the whole may",
                (Label(one.at(nodes.Target), f"at most {format_value(cap, one.kpi.unit)}"),),
                help="one of the targets has to give way",
                kpi=one.name,
            )


def _long_ago(view: View) -> Iterable[Found]:
    for one in view.active:
        promise = one.kpi.promise
        baseline = promise.baseline
        if isinstance(baseline, Window) and promise.start is not None and nodes.From in one.clauses:
            gap = (promise.start - baseline.end).days
            if gap > 3 * 366:
                yield Found(
                    one.at(nodes.Baseline),
                    f"the baseline ended {gap // 365} years before the promise begins",
                    help="what has happened since counts neither for nor against anybody",
                    kpi=one.name,
                )


RULES = (
    Rule(
        "K921",
        "target-always-met",
        "targets",
        WARNING,
        "A target is met whatever happens.",
        """A count is never below 0 and a share never above 100%. A target at that bound is green each
        day, and hides that nobody has promised anything.""",
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 0 leads
        """,
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
        """,
        _always,
    ),
    Rule(
        "K924",
        "target-is-baseline",
        "targets",
        WARNING,
        "A target is no better than the baseline.",
        """A goal that is where one stands already asks for nothing. It is met on the first day, or it
        was written down the wrong way round.""",
        """
        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          baseline    25 EUR per lead
          target      at most 25 EUR per lead
          deadline    2026-12
        """,
        """
        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          baseline    25 EUR per lead
          target      at most 20 EUR per lead
          deadline    2026-12
        """,
        _is_baseline,
    ),
    Rule(
        "K925",
        "promise-over",
        "targets",
        WARNING,
        "The deadline has been over for more than a month.",
        """A promise that is over is history. Left as it is, it is judged for ever, and the scorecard
        shows last year's word on things that somebody has to decide now.""",
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          deadline    2026-03
        """,
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          deadline    2026-12
        """,
        _over,
    ),
    Rule(
        "K926",
        "milestones-backwards",
        "targets",
        WARNING,
        "A milestone asks for less than the one before.",
        """A total does not shrink. A milestone below the one before it is met as soon as that one is,
        so two numbers have likely changed places. A rate that is to get better has no step back, either.""",
        """
        kpi lead_count "Leads"
          formula     count(crm)
          measured    cumulatively
          from        2026-01-01
          target
            at least 200 leads by 2026-06
            at least 100 leads by 2026-12
          deadline    2026-12
        """,
        """
        kpi lead_count "Leads"
          formula     count(crm)
          measured    cumulatively
          from        2026-01-01
          target
            at least 100 leads by 2026-06
            at least 200 leads by 2026-12
          deadline    2026-12
        """,
        _backwards,
    ),
    Rule(
        "K927",
        "direction-against-name",
        "targets",
        INFO,
        "A cost, a churn or the like is to be at least something.",
        """`at least` and `at most` are one word apart. On a cost the wrong one makes the dearest
        campaign the best.""",
        """
        kpi cost_per_lead "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          target      at least 25 EUR per lead
        """,
        """
        kpi cost_per_lead "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          target      at most 25 EUR per lead
        """,
        _against_the_name,
    ),
    Rule(
        "K928",
        "slice-target-inherited",
        "targets",
        INFO,
        "A slice has the target that it would inherit.",
        """A slice of a ratio inherits the target of the KPI. Written out again it stays behind when
        that one changes.""",
        """
        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          target      at most 25 EUR per lead
          by          channel
            google    at most 25 EUR per lead
        """,
        """
        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          target      at most 25 EUR per lead
          by          channel
            google    at most 30 EUR per lead
        """,
        _same_slice,
    ),
    Rule(
        "K929",
        "slices-against-whole",
        "targets",
        WARNING,
        "The targets of the slices cannot be kept together.",
        """Shares of one total add up to 100%, and parts of a budget to the budget. Where the slices are
        promised more, one of them is red whatever anybody does.""",
        """
        kpi lead_mix "Leads by channel"
          formula     share of total(count(crm))
          by          channel
            google    at least 60%
            meta      at least 50%
        """,
        """
        kpi lead_mix "Leads by channel"
          formula     share of total(count(crm))
          by          channel
            google    at least 50%
            meta      at least 30%
        """,
        _slices_sum,
    ),
    Rule(
        "K931",
        "baseline-long-ago",
        "targets",
        INFO,
        "The baseline ended more than three years before the promise begins.",
        """A change is measured against what was before. Against a year long past it measures all that
        happened in between, most of which is nobody's merit.""",
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    2020-H1
          target      increase by 20%
          from        2026-01
          deadline    2026-06
          measured    cumulatively
        """,
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    2025-H1
          target      increase by 20%
          from        2026-01
          deadline    2026-06
          measured    cumulatively
        """,
        _long_ago,
    ),
)
