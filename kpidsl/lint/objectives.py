"""Objectives: how many KPIs they rest on, of which kind, and until when."""

from __future__ import annotations

from collections.abc import Iterable

from kpidsl.graph import Objective
from kpidsl.lint.rule import INFO, Found, Rule
from kpidsl.lint.view import View

_FEWEST, _MOST = 3, 5
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
_SIXTY = "\n      met         when at least 60% are met"
_MANY = "\n".join(
    f'kpi part_{n} "Leads of page {n}"\n  formula     count(crm) where pages = {n}\n'
    f"  target      at least {n} leads\n"
    for n in range(1, 7)
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


def _lagging(view: View) -> Iterable[Found]:
    for definition, objective in view.objectives:
        roles = [view.by_name[name].kpi.about.role for name in _counting(objective) if name in view.by_name]
        if len(roles) > 1 and roles.count("lagging") == len(roles):
            yield Found(
                definition.name.span,
                f"all KPIs of the objective `{objective.name}` are lagging",
                help="a `leading` one shows the direction while there is time to change it",
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
                f"`{name}` alone decides about `{objective.name}`: {weights[name] / total:.0%} of the weight",
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


def _objective(clause: str, last: str | None = None, member: str = "") -> str:
    return _OBJECTIVE.format(clause, clause if last is None else last, member).rstrip("\n")


RULES = (
    Rule(
        "K942",
        "few-kpis",
        "practice",
        INFO,
        "An objective rests on fewer than three KPIs.",
        """One number can be reached at the cost of all others. Three to five show a goal from several
        sides: how many, how good, at what price.""",
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
        """What is looked at together is looked at less. More than five KPIs in one objective dilute
        attention until none of them is anybody's.""",
        _MANY + '\nobjective grow "Grow"\n' + "".join(f"  kpi         part_{n}\n" for n in range(1, 7)),
        _MANY + '\nobjective grow "Grow"\n' + "".join(f"  kpi         part_{n}\n" for n in range(1, 5)),
        _many,
    ),
    Rule(
        "K945",
        "no-leading-indicator",
        "practice",
        INFO,
        "All KPIs of an objective are lagging.",
        """Sales say how it went. Leads and clicks say how it will go, while there is time to do
        something about it.""",
        _objective("lagging"),
        _objective("lagging", "leading"),
        _lagging,
    ),
    Rule(
        "K948",
        "one-kpi-decides",
        "practice",
        INFO,
        "The weight of one KPI decides about an objective, whatever the others do.",
        """Where one KPI has the weight that is needed, the others are decoration. If that is meant, it
        can be said: `key`.""",
        _objective("deadline    2026-12", member=" weight 6") + _SIXTY,
        _objective("deadline    2026-12", member=" weight 2") + _SIXTY,
        _one_decides,
    ),
    Rule(
        "K949",
        "deadlines-apart",
        "practice",
        INFO,
        "The KPIs of an objective are due more than a month apart.",
        """An objective whose KPIs end in March and in December is judged on two different things in
        between.""",
        _objective("deadline    2026-12", "deadline    2026-06"),
        _objective("deadline    2026-12"),
        _deadlines,
    ),
)
