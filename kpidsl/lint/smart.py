"""SMART: specific, measurable, attainable, relevant, time-bound (Doran, *Management Review* 70, 1981).

Held against goals: KPIs that count in an objective, and those that promise a change or a total; S also
against those with a deadline. A KPI that is only watched month by month is left alone. Each rule is about one
letter, and names it.
"""

from __future__ import annotations

from collections.abc import Iterable

from kpidsl.diagnostics import Label
from kpidsl.graph import Constant
from kpidsl.lint.rule import WARNING, Found, Rule
from kpidsl.lint.view import View
from kpidsl.model.units import format_value
from kpidsl.syntax import nodes


def _specific(view: View) -> Iterable[Found]:
    goals = {one.name for one in view.goals}
    for one in view.active:
        due = bool(one.bounds) and one.kpi.promise.deadline is not None
        if not (due or one.name in goals):
            continue
        if one.definition.title is None and one.kpi.about.description is None:
            yield Found(
                one.head,
                f"S of SMART, specific: nothing says in words what `{one.name}` is",
                help=f'`kpi {one.name} "..."` names it, and `description "..."` says what is counted',
                kpi=one.name,
            )


def _measurable(view: View) -> Iterable[Found]:
    for one in view.active:
        if one.name in view.members and not one.bounds:
            yield Found(
                one.head,
                f"M of SMART, measurable: `{one.name}` counts in an objective, and has no target",
                help="`target at least ...` says when it is met; a member `for information` is only shown",
                kpi=one.name,
            )


def _attainable(view: View) -> Iterable[Found]:
    for one in view.active:
        reach = one.reach
        for bound in one.bounds:
            value = bound.value.value if isinstance(bound.value, Constant) else None
            high = bound.high.value if isinstance(bound.high, Constant) else value
            if value is None or high is None:
                continue
            too_high = bound.direction in ("at least", "between") and value > reach.high
            too_low = bound.direction in ("at most", "between") and high < reach.low
            if too_high or too_low:
                limit = reach.high if too_high else reach.low
                word = "at most" if too_high else "at least"
                yield Found(
                    one.at(nodes.Target),
                    f"A of SMART, attainable: the formula is {word} {format_value(limit, one.kpi.unit)}",
                    (Label(one.at(nodes.Formula), "whatever the data says"),),
                    help="a target that no outcome meets is likely another number, or of another formula",
                    kpi=one.name,
                )
                break


def _relevant(view: View) -> Iterable[Found]:
    if not view.objectives:
        return
    for one in view.goals:
        about = one.kpi.about
        if one.name in view.members or view.used(one.name):
            continue
        if not (about.because or about.stage or about.stakeholders):
            yield Found(
                one.head,
                f"R of SMART, relevant: nothing says what `{one.name}` is good for",
                help='an objective that it counts in, `because "..."`, a `stage` or a `stakeholder` would',
                kpi=one.name,
            )


def _time_bound(view: View) -> Iterable[Found]:
    for one in view.goals:
        if one.bounds and one.kpi.promise.deadline is None and not one.kpi.promise.milestones:
            yield Found(
                one.at(nodes.Target),
                f"T of SMART, time-bound: nothing says by when `{one.name}` is to be reached",
                help="`deadline 2026-12` says until when it is judged",
                kpi=one.name,
            )


RULES = (
    Rule(
        "K935",
        "smart-specific",
        "smart",
        WARNING,
        "S: a goal does not say in words what it is.",
        """A goal is agreed on in words. `conv_rate_q3_adj` at least 4% is a number about which two
        people can agree and mean two things; a title and a description leave one.""",
        """
        kpi lead_count
          formula     count(crm)
          target      at least 1_000 leads
          measured    cumulatively
          from        2026-01
          deadline    2026-12
        """,
        """
        kpi lead_count "New leads, without those of partners"
          formula     count(crm)
          target      at least 1_000 leads
          measured    cumulatively
          from        2026-01
          deadline    2026-12
        """,
        _specific,
        letter="S",
    ),
    Rule(
        "K936",
        "smart-measurable",
        "smart",
        WARNING,
        "M: a KPI that counts in an objective has no target.",
        """"Sell more" is no goal, for nobody can say when it is reached. Without a target there is no
        verdict, and an objective with such a member is never met.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)

        objective grow "Grow"
          kpi         lead_count
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          deadline    2026-12

        objective grow "Grow"
          kpi         lead_count
        """,
        _measurable,
        letter="M",
    ),
    Rule(
        "K937",
        "smart-attainable",
        "smart",
        WARNING,
        "A: a target is beyond what the formula can be.",
        """A share is at most 100%, a count at least 0. Whether a target is ambitious the data says
        (`kpi lint --data`); that it is impossible can be seen in the spec.""",
        """
        kpi reader_share "Readers among the leads"
          formula     share(crm where pages >= 10)
          target      at least 120%
          deadline    2026-12
        """,
        """
        kpi reader_share "Readers among the leads"
          formula     share(crm where pages >= 10)
          target      at least 60%
          deadline    2026-12
        """,
        _attainable,
        letter="A",
    ),
    Rule(
        "K938",
        "smart-relevant",
        "smart",
        WARNING,
        "R: nothing says what a goal is good for.",
        """A goal that serves no objective is work for its own sake. Told in projects that have
        objectives, of goals that are in none of them, that no formula uses, and that give no reason,
        stage or stakeholder.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 1_000 leads
          measured    cumulatively
          from        2026-01
          deadline    2026-12

        kpi sales "Sales"
          formula     sum(orders.amount)
          target      at least 1_000 EUR
          deadline    2026-12

        objective grow "Grow"
          kpi         sales
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 1_000 leads
          measured    cumulatively
          from        2026-01
          deadline    2026-12
          because     "One lead of ten becomes a customer."

        kpi sales "Sales"
          formula     sum(orders.amount)
          target      at least 1_000 EUR
          deadline    2026-12

        objective grow "Grow"
          kpi         sales
        """,
        _relevant,
        letter="R",
    ),
    Rule(
        "K939",
        "smart-time-bound",
        "smart",
        WARNING,
        "T: a goal has no deadline.",
        """"Grow sales by 20%" can be kept for ever by never being over. "By the end of the year" makes
        it a promise, and lets everybody see on the way whether it will be kept.""",
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    2025
          target      increase by 20%
          measured    every month
        """,
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    2025
          target      increase by 20%
          measured    every month
          deadline    2026-12
        """,
        _time_bound,
        letter="T",
    ),
)
