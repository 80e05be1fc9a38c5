"""KPI practice: what those who work with KPIs advise, and specs can show."""

from __future__ import annotations

from collections.abc import Iterable

from kpidsl.diagnostics import Label
from kpidsl.graph import Aggregate, Every, Objective
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import View
from kpidsl.model.periods import add_grain
from kpidsl.syntax import nodes

STAGES = ("reach", "act", "convert", "engage")
_FEWEST, _MOST = 3, 5


def _vanity(view: View) -> Iterable[Found]:
    for one in view.active:
        formula = one.kpi.formula
        if not (isinstance(formula, Aggregate) and formula.function in ("count", "count distinct")):
            continue
        bare = formula.filter is None and (formula.argument is None or formula.function == "count distinct")
        if bare and one.bounds and one.name not in view.members and formula not in view.ratios:
            yield Found(
                one.at(nodes.Formula),
                f"`{one.name}` counts everything, and feeds no objective and no ratio",
                help="what matters is what comes of it: a rate, a cost for each, a part that is qualified",
                kpi=one.name,
            )


def _counting(objective: Objective) -> list[str]:
    return [name for name, _ in objective.members if name not in objective.shown]


def _few(view: View) -> Iterable[Found]:
    for definition, objective in view.objectives:
        count = len(_counting(objective))
        if count < _FEWEST and not objective.nested:
            yield Found(
                definition.name.span,
                f"the objective `{objective.name}` rests on {count} KPI{'s' if count > 1 else ''}",
                help="three to five show a goal from several sides",
            )


def _many(view: View) -> Iterable[Found]:
    for definition, objective in view.objectives:
        count = len(_counting(objective))
        if count > _MOST:
            yield Found(
                definition.name.span,
                f"the objective `{objective.name}` rests on {count} KPIs",
                help="three to five keep attention; others can be members `for information`",
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
            f"no KPI looks at the stage{'s' if len(missing) > 1 else ''} {' and '.join(missing)} of the funnel",
            help="reach, act, convert, engage: what is not measured is not missed until it is too late",
        )


def _lagging(view: View) -> Iterable[Found]:
    for definition, objective in view.objectives:
        roles = [
            view.by_name[name].kpi.about.role for name in _counting(objective) if name in view.by_name
        ]
        if len(roles) > 1 and roles.count("lagging") == len(roles):
            yield Found(
                definition.name.span,
                f"all KPIs of the objective `{objective.name}` are lagging",
                help="a `leading` one shows the direction while there is time to change it",
            )


def _overdue(view: View) -> Iterable[Found]:
    for one in view.active:
        deadline, review = one.kpi.promise.deadline, one.kpi.about.review
        if deadline is not None and review is not None and add_grain(deadline, 1, review) < view.today:
            yield Found(
                one.at(nodes.Review),
                f"`{one.name}` is to be reviewed every {review}, and its promise has been over since {deadline}",
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


def _one_decides(view: View) -> Iterable[Found]:
    for definition, objective in view.objectives:
        if objective.rule != "share" or len(objective.members) < 3:
            continue
        weights = {name: weight for name, weight in objective.members if name not in objective.shown}
        total = sum(weights.values())
        name = next((name for name, weight in weights.items() if weight >= objective.need * total), None)
        if name is not None:
            yield Found(
                definition.name.span,
                f"`{name}` alone decides about `{objective.name}`: it has {weights[name] / total:.0%} of the weight",
                help="`key` says that a KPI has to be met; smaller weights let the others count",
            )


def _deadlines(view: View) -> Iterable[Found]:
    for definition, objective in view.objectives:
        ends = {
            name: view.by_name[name].kpi.promise.deadline
            for name in _counting(objective)
            if name in view.by_name
        }
        known = sorted({day for day in ends.values() if day is not None})
        if len(known) > 1 and (known[-1] - known[0]).days > 31:
            yield Found(
                definition.name.span,
                f"the KPIs of `{objective.name}` are due between {known[0]} and {known[-1]}",
                help="with one deadline the objective has one, too",
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


_OBJECTIVE = """
    kpi lead_count "New leads"
      formula     count(crm)
      target      at least 100 leads
      {0}

    kpi sales "Sales"
      formula     sum(orders.amount)
      target      at least 1_000 EUR
      {0}

    kpi ad_cost "Spend"
      formula     sum(ads.spend)
      target      at most 1_000 EUR
      {1}

    objective grow "Grow"
      kpi         lead_count{2}
      kpi         sales
      kpi         ad_cost
"""


def _objective(clause: str, last: str | None = None, member: str = "") -> str:
    return _OBJECTIVE.format(clause, clause if last is None else last, member).rstrip("\n")


_MANY = "\n".join(
    f'kpi part_{n} "Leads of page {n}"\n  formula     count(crm) where pages = {n}\n  target      at least {n} leads\n'
    for n in range(1, 7)
)

RULES = (
    Rule(
        "K941",
        "vanity-metric",
        "practice",
        INFO,
        "A KPI counts everything there is, and feeds no objective and no ratio.",
        """Sessions alone mean everything and nothing: they rise with a bot as well as with a customer. A number that no goal and no ratio
        rests on makes nobody act.""",
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
        "K942",
        "few-kpis",
        "practice",
        INFO,
        "An objective rests on fewer than three KPIs.",
        """One number can be reached at the cost of all others. Three to five show a goal from several sides: how many, how good, at what
        price.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads

        objective grow "Grow"
          kpi         lead_count
        """,
        _objective("deadline    2026-12"),
        _few,
    ),
    Rule(
        "K943",
        "many-kpis",
        "practice",
        INFO,
        "An objective rests on more than five KPIs.",
        """What is looked at together is looked at less. More than five KPIs in one objective dilute attention until none of them is
        anybody's.""",
        _MANY + '\nobjective grow "Grow"\n' + "".join(f"  kpi         part_{n}\n" for n in range(1, 7)),
        _MANY + '\nobjective grow "Grow"\n' + "".join(f"  kpi         part_{n}\n" for n in range(1, 5)),
        _many,
    ),
    Rule(
        "K944",
        "stage-without-kpi",
        "practice",
        INFO,
        "A stage of the funnel has no KPI.",
        """Reach, act, convert, engage: a funnel of which only the end is measured shows that sales fall, and not that nobody comes any
        more. Told in projects that use stages.""",
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
        "K945",
        "no-leading-indicator",
        "practice",
        INFO,
        "All KPIs of an objective are lagging.",
        """Sales say how it went. Leads and clicks say how it will go, while there is time to do something about it.""",
        _objective("lagging"),
        _objective("lagging", "leading"),
        _lagging,
    ),
    Rule(
        "K946",
        "review-overdue",
        "practice",
        WARNING,
        "A KPI has not been renewed in its own rhythm of reviews.",
        """KPIs are reviewed on a rhythm, and after each campaign. A promise that has been over for longer than that rhythm has missed at least
        one review.""",
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
        "K948",
        "one-kpi-decides",
        "practice",
        INFO,
        "The weight of one KPI decides about an objective, whatever the others do.",
        """Where one KPI has the weight that is needed, the others are decoration. If that is meant, it can be said: `key`.""",
        _objective("deadline    2026-12", member=" weight 6") + "\n      met         when at least 60% are met",
        _objective("deadline    2026-12", member=" weight 2") + "\n      met         when at least 60% are met",
        _one_decides,
    ),
    Rule(
        "K949",
        "deadlines-apart",
        "practice",
        INFO,
        "The KPIs of an objective are due more than a month apart.",
        """An objective whose KPIs end in March and in December is judged on two different things in between.""",
        _objective("deadline    2026-12", "deadline    2026-06"),
        _objective("deadline    2026-12"),
        _deadlines,
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
