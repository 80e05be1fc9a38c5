"""KPI practice: what those who work with KPIs advise, and specs can show."""

from __future__ import annotations

from collections.abc import Iterable

from kpidsl.diagnostics import Label
from kpidsl.graph import Aggregate, Every
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import View
from kpidsl.model.periods import add_grain
from kpidsl.model.units import Unit
from kpidsl.syntax import nodes

_TOTALS = ("sum", "last", "closing")
_SEEN = "view pageview visit visitor session hit impression follower fan like download install".split()
"""What is counted where it costs nothing: a table with a row a day has a sum of it in place of a count."""
STAGES = ("reach", "act", "convert", "engage")


def _vanity(view: View) -> Iterable[Found]:
    for one in view.active:
        formula = one.kpi.formula
        if not isinstance(formula, Aggregate) or formula.filter is not None:
            continue
        if formula.function == "count":
            everything = formula.argument is None
        elif formula.function in _TOTALS:
            everything = any(formula.unit == Unit.of(word) for word in _SEEN)
        else:
            everything = formula.function == "count distinct"
        if everything and one.bounds and one.name not in view.members and formula not in view.ratios:
            yield Found(
                one.at(nodes.Formula),
                f"`{one.name}` counts everything, and feeds no objective and no ratio",
                help="what matters is what comes of it: a rate, a cost for each, a part that is qualified",
                kpi=one.name,
            )


def _stages(view: View) -> Iterable[Found]:
    staged = [one for one in view.active if one.kpi.about.stage]
    if len(staged) < 3:
        return
    found = {one.kpi.about.stage for one in staged}
    missing = [stage for stage in STAGES if stage not in found]
    if missing:
        yield Found(
            staged[0].at(nodes.Stage),
            f"no KPI looks at {' and '.join(missing)}, of the stages of the funnel",
            help="reach, act, convert, engage: what is not measured is not missed until it is too late",
        )


def _overdue(view: View) -> Iterable[Found]:
    for one in view.active:
        deadline, review = one.kpi.promise.deadline, one.kpi.about.review
        if deadline is not None and review is not None and add_grain(deadline, 1, review) < view.today:
            yield Found(
                one.at(nodes.Review),
                f"`{one.name}` is reviewed every {review}, and has been over since {deadline}",
                (Label(one.at(nodes.Deadline), "over"),),
                notes=(f"today is {view.today}",),
                help="a review gives it a new deadline and a new target, or ends it",
                kpi=one.name,
            )


def _too_late(view: View) -> Iterable[Found]:
    for one in view.active:
        promise, review = one.kpi.promise, one.kpi.about.review
        if promise.deadline is None or promise.start is None or review is None:
            continue
        if add_grain(promise.start, 1, review) > add_grain(promise.deadline, 1, "day"):
            yield Found(
                one.at(nodes.Review),
                f"the promise is over before the first review: it ends on {promise.deadline}",
                (Label(one.at(nodes.Deadline), "over by then"),),
                help="a review on the way can still change something",
                kpi=one.name,
            )


def _seldom(view: View) -> Iterable[Found]:
    for one in view.active:
        measured = one.kpi.promise.measured
        if one.kpi.about.role != "leading" or not isinstance(measured, Every):
            continue
        if measured.grain in ("half", "year"):
            yield Found(
                one.at(nodes.Role),
                f"`{one.name}` is to lead the way, and speaks every {measured.grain} only",
                (Label(one.at(nodes.Measured), f"every {measured.grain}"),),
                help="a leading KPI is measured often enough to act on it",
                kpi=one.name,
            )


RULES = (
    Rule(
        "K941",
        "vanity-metric",
        "practice",
        INFO,
        "A KPI counts everything there is, and feeds no objective and no ratio.",
        """Sessions alone mean everything and nothing: they rise with a bot as well as with a customer.
        A number that no goal and no ratio rests on makes nobody act.""",
        """
        kpi visits "Leads, all of them"
          formula     count(crm)
          target      at least 1_000 leads
        """,
        """
        kpi visits "Leads that read ten pages"
          formula     count(crm) where pages >= 10
          target      at least 100 leads
        """,
        _vanity,
    ),
    Rule(
        "K944",
        "stage-without-kpi",
        "practice",
        INFO,
        "A stage of the funnel has no KPI.",
        """Reach, act, convert, engage: a funnel of which only the end is measured shows that sales
        fall, and not that nobody comes any more. Told in projects that use stages.""",
        """
        kpi seen "Impressions"
          formula     sum(ads.impressions)
          stage       reach

        kpi clicked "Clicks"
          formula     sum(ads.clicks)
          stage       act

        kpi sales "Sales"
          formula     sum(orders.amount)
          stage       convert
        """,
        """
        kpi seen "Impressions"
          formula     sum(ads.impressions)
          stage       reach

        kpi clicked "Clicks"
          formula     sum(ads.clicks)
          stage       act

        kpi sales "Sales"
          formula     sum(orders.amount)
          stage       convert

        kpi regulars "Customers who come back"
          formula     returning(orders.customer)
          stage       engage
        """,
        _stages,
    ),
    Rule(
        "K946",
        "review-overdue",
        "practice",
        WARNING,
        "A KPI has not been renewed in its own rhythm of reviews.",
        """KPIs are reviewed on a rhythm, and after each campaign. A promise that has been over for
        longer than that rhythm has missed at least one review.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          deadline    2026-01
          review      every quarter
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          deadline    2026-12
          review      every quarter
        """,
        _overdue,
    ),
    Rule(
        "K947",
        "review-after-the-end",
        "practice",
        INFO,
        "A promise is over before its first review.",
        """A yearly review of a promise of six months comes when nothing can be changed any more.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          from        2026-04
          deadline    2026-09
          review      every year
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          from        2026-04
          deadline    2026-09
          review      every quarter
        """,
        _too_late,
    ),
    Rule(
        "K950",
        "leading-too-seldom",
        "practice",
        INFO,
        "A leading KPI is measured every half or year.",
        """A leading indicator is there to act on. Once a year it is a lagging one.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          measured    every year
          leading
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          measured    every month
          leading
        """,
        _seldom,
    ),
)
