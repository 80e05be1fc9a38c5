"""What a spec says to people: who answers for it, what it is called, why it is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kpidsl.lint.rule import INFO, Found, Rule
from kpidsl.lint.view import View, most
from kpidsl.syntax import nodes


def _oversight(view: View, kind: type[nodes.Clause], what: str, help_: str) -> Iterator[Found]:
    """The KPIs that lack a clause which nearly all have."""
    lacking = [one for one in view.active if kind not in one.clauses]
    if not most(len(view.active) - len(lacking), len(view.active)):
        return
    for one in lacking:
        yield Found(
            one.head,
            f"`{one.name}` has no {what}, and nearly all other KPIs have one",
            help=help_,
            kpi=one.name,
        )


def _owner(view: View) -> Iterable[Found]:
    return _oversight(view, nodes.Owner, "owner", '`owner "Acquisition"` says who answers for it')


def _description(view: View) -> Iterable[Found]:
    return _oversight(
        view, nodes.Description, "description", '`description "..."` says what is counted, and what is not'
    )


def _reason(view: View) -> Iterable[Found]:
    return _oversight(view, nodes.Because, "reason", '`because "..."` says why the target is what it is')


def _stage(view: View) -> Iterable[Found]:
    return _oversight(view, nodes.Stage, "stage", "`stage reach`, `act`, `convert` or `engage`")


def _title(view: View) -> Iterable[Found]:
    lacking = [one for one in view.active if one.definition.title is None]
    if most(len(view.active) - len(lacking), len(view.active)):
        for one in lacking:
            yield Found(
                one.head,
                f"`{one.name}` has no title, and nearly all other KPIs have one",
                help=f'`kpi {one.name} "..."` says in words what reports are to show',
                kpi=one.name,
            )


def _labels(view: View) -> Iterable[Found]:
    said = [{language for language, _ in one.kpi.about.labels} for one in view.active]
    for language in sorted(set().union(*said)):
        if not most(sum(language in one for one in said), len(said)):
            continue
        for one, has in zip(view.active, said, strict=True):
            if language not in has:
                yield Found(
                    one.head,
                    f"`{one.name}` has no label in `{language}`, and nearly all other KPIs have one",
                    help=f'`label {language} "..."` says its title there',
                    kpi=one.name,
                )


def _objective_owner(view: View) -> Iterable[Found]:
    lacking = [one for one, objective in view.objectives if objective.owner is None]
    if most(len(view.objectives) - len(lacking), len(view.objectives)):
        for one in lacking:
            yield Found(
                one.name.span,
                f"the objective `{one.name.text}` has no owner, and nearly all others have one",
                help='`owner "Direction"` says who answers for it',
            )


def _lacking(clause: str, own: str) -> tuple[str, str]:
    """The bad and the good example of a clause that nearly all have: five KPIs, the last without it."""
    columns = ("spend", "clicks", "impressions", "revenue")
    spec = [
        f'kpi ad_{column} "Ads: {column}"\n  formula     sum(ads.{column})\n  {clause.format(column)}\n'
        for column in columns
    ]
    last = 'kpi lead_count "Leads"\n  formula     count(crm)\n'
    return "\n".join([*spec, last]), "\n".join([*spec, f"{last}  {own}\n"])


RULES = (
    Rule(
        "K901",
        "missing-owner",
        "documentation",
        INFO,
        "A KPI has no owner, and nearly all others have one.",
        """A promise that nobody answers for is nobody's. When it is missed there is nobody to ask, and
        when it is to be changed nobody to agree.""",
        *_lacking('owner       "Acquisition"', 'owner       "Sales"'),
        _owner,
    ),
    Rule(
        "K902",
        "missing-description",
        "documentation",
        INFO,
        "A KPI has no description, and nearly all others have one.",
        """A title fits on a line of a report; it cannot say whether refunds are in, or whose leads are
        counted. A description does.""",
        *_lacking(
            'description "{} of all platforms, as they report it."',
            'description "New contacts, without those of partners."',
        ),
        _description,
    ),
    Rule(
        "K903",
        "missing-reason",
        "documentation",
        INFO,
        "A KPI does not say why its target is what it is, and nearly all others do.",
        """In a year nobody remembers why it was 25 and not 30. With the reason beside it, whoever wants
        to change the target knows what the change has to stand up against.""",
        *_lacking(
            'because     "{} was agreed on in the yearly plan."',
            'because     "Sales can follow up so many."',
        ),
        _reason,
    ),
    Rule(
        "K904",
        "missing-stage",
        "documentation",
        INFO,
        "A KPI has no stage of the funnel, and nearly all others have one.",
        """Stages show whether the whole funnel is measured: reach, act, convert, engage. A KPI without
        one is missing from that picture.""",
        *_lacking("stage       reach", "stage       act"),
        _stage,
    ),
    Rule(
        "K905",
        "missing-title",
        "documentation",
        INFO,
        "A KPI has no title, and nearly all others have one.",
        """Without a title, reports show the name, which is made for formulas.""",
        """
        kpi ad_spend "Spend"
          formula     sum(ads.spend)

        kpi ad_clicks "Clicks"
          formula     sum(ads.clicks)

        kpi ad_views "Impressions"
          formula     sum(ads.impressions)

        kpi ad_revenue "Revenue"
          formula     sum(ads.revenue)

        kpi lead_count
          formula     count(crm)
        """,
        """
        kpi ad_spend "Spend"
          formula     sum(ads.spend)

        kpi ad_clicks "Clicks"
          formula     sum(ads.clicks)

        kpi ad_views "Impressions"
          formula     sum(ads.impressions)

        kpi ad_revenue "Revenue"
          formula     sum(ads.revenue)

        kpi lead_count "Leads"
          formula     count(crm)
        """,
        _title,
    ),
    Rule(
        "K906",
        "missing-label",
        "documentation",
        INFO,
        "A KPI has no label in a language that nearly all others have.",
        """A report in French in which one line is in English looks like a mistake, and is one.""",
        *_lacking('label       fr "Publicité : {}"', 'label       fr "Prospects"'),
        _labels,
    ),
    Rule(
        "K907",
        "objective-without-owner",
        "documentation",
        INFO,
        "An objective has no owner, and nearly all others have one.",
        """An objective is above the teams whose KPIs it has. Without an owner each of them thinks that
        it is another's.""",
        "\n".join(
            [
                'kpi lead_count "Leads"\n  formula     count(crm)\n  target      at least 100 leads\n',
                *(
                    f'objective goal_{n} "Goal {n}"\n  owner       "Direction"\n  kpi         lead_count\n'
                    for n in range(1, 5)
                ),
                'objective goal_5 "Goal 5"\n  kpi         lead_count\n',
            ]
        ),
        "\n".join(
            [
                'kpi lead_count "Leads"\n  formula     count(crm)\n  target      at least 100 leads\n',
                *(
                    f'objective goal_{n} "Goal {n}"\n  owner       "Direction"\n  kpi         lead_count\n'
                    for n in range(1, 6)
                ),
            ]
        ),
        _objective_owner,
    ),
)
