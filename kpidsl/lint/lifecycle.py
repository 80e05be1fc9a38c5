"""Drafts and what is deprecated: who still rests on them, and until when they were to be there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kpidsl.diagnostics import Label, Span
from kpidsl.graph import Kpi
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import View
from kpidsl.syntax import nodes


def _resting(view: View) -> Iterator[tuple[nodes.Definition, Span, Kpi]]:
    """Each mention of a KPI by a formula or an objective."""
    for definition, name in view.written(nodes.Name):
        used = view.graph.kpis.get(name.parts[0]) if len(name.parts) == 1 else None
        if used is not None and isinstance(definition, nodes.KpiDef | nodes.MeasureDef):
            yield definition, name.span, used
    for definition, member in view.written(nodes.Member):
        used = view.graph.kpis.get(member.kpi.text)
        if used is not None and not member.objective:
            yield definition, member.kpi.span, used


def _deprecated(view: View) -> Iterable[Found]:
    for definition, span, used in _resting(view):
        if not used.about.deprecated or _on_its_way_out(view, definition):
            continue
        instead = used.about.deprecated_use
        yield Found(
            span,
            f"`{used.name}` is deprecated, and this still rests on it",
            (Label(view.by_name[used.name].at(nodes.Deprecated), "deprecated here"),),
            help=f"`{instead}` takes its place" if instead else "it will be gone one day",
        )


def _on_its_way_out(view: View, definition: nodes.Definition) -> bool:
    one = view.by_name.get(definition.name.text) if isinstance(definition, nodes.KpiDef) else None
    return one is not None and one.kpi.about.deprecated


def _overdue(view: View) -> Iterable[Found]:
    for one in view.subjects:
        until = one.kpi.about.deprecated_until
        if until is not None and until < view.today:
            yield Found(
                one.at(nodes.Deprecated),
                f"`{one.name}` was to be gone after {until}",
                notes=(f"today is {view.today}",),
                help="delete it, or give it more time",
                kpi=one.name,
            )


def _no_successor(view: View) -> Iterable[Found]:
    for one in view.subjects:
        if one.kpi.about.deprecated and one.kpi.about.deprecated_use is None:
            yield Found(
                one.at(nodes.Deprecated),
                f"nothing says what takes the place of `{one.name}`",
                help="`deprecated use NAME` leads readers on",
                kpi=one.name,
            )


def _on_drafts(view: View) -> Iterable[Found]:
    for definition, span, used in _resting(view):
        if not used.about.draft or isinstance(definition, nodes.ObjectiveDef):
            continue  # of objectives the compiler tells it
        one = view.by_name.get(definition.name.text) if isinstance(definition, nodes.KpiDef) else None
        if one is not None and not one.kpi.about.draft:
            yield Found(
                span,
                f"`{one.name}` rests on `{used.name}`, which is a draft",
                (Label(view.by_name[used.name].at(nodes.Draft), "a draft"),),
                help="what may change any day is no ground for a promise",
                kpi=one.name,
            )


RULES = (
    Rule(
        "K877",
        "rests-on-deprecated",
        "dependencies",
        WARNING,
        "A formula or an objective rests on a deprecated KPI.",
        """What is deprecated will be deleted. Whatever rests on it then has an error, on a day when
        somebody else wanted to clean up.""",
        """
        kpi all_sales "Sales"
          formula     sum(orders.amount)
          target      at least 100 EUR
          deprecated  until 2026-12-31 use net_sales

        kpi net_sales "Sales less refunds"
          formula     sum(orders.amount) where kind != "refund"
          target      at least 100 EUR

        objective grow "Grow"
          kpi         all_sales
        """,
        """
        kpi all_sales "Sales"
          formula     sum(orders.amount)
          target      at least 100 EUR
          deprecated  until 2026-12-31 use net_sales

        kpi net_sales "Sales less refunds"
          formula     sum(orders.amount) where kind != "refund"
          target      at least 100 EUR

        objective grow "Grow"
          kpi         net_sales
        """,
        _deprecated,
    ),
    Rule(
        "K878",
        "deprecation-over",
        "dependencies",
        WARNING,
        "A deprecated KPI was to be gone by now.",
        """A deprecation with a date is an agreement with all who read the KPI. When the date is over
        and the KPI is there, nobody believes the next one.""",
        """
        kpi all_sales "Sales"
          formula     sum(orders.amount)
          target      at least 100 EUR
          deprecated  until 2026-03-31 use net_sales

        measure net_sales = sum(orders.amount) where kind != "refund"
        """,
        """
        kpi all_sales "Sales"
          formula     sum(orders.amount)
          target      at least 100 EUR
          deprecated  until 2026-12-31 use net_sales

        measure net_sales = sum(orders.amount) where kind != "refund"
        """,
        _overdue,
    ),
    Rule(
        "K879",
        "no-successor",
        "dependencies",
        INFO,
        "A deprecated KPI does not say what takes its place.",
        """Whoever meets the KPI in a report wants to know where to look from now on.""",
        """
        kpi all_sales "Sales"
          formula     sum(orders.amount)
          target      at least 100 EUR
          deprecated  until 2026-12-31
        """,
        """
        kpi all_sales "Sales"
          formula     sum(orders.amount)
          target      at least 100 EUR
          deprecated  until 2026-12-31 use net_sales

        measure net_sales = sum(orders.amount) where kind != "refund"
        """,
        _no_successor,
    ),
    Rule(
        "K880",
        "rests-on-a-draft",
        "dependencies",
        WARNING,
        "A KPI that counts rests on one that is a draft.",
        """A draft may change any day, without review. What is computed from it changes along, and with
        it a verdict that somebody has to answer for.""",
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          draft

        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / lead_count
          target      at most 25 EUR per lead
        """,
        """
        measure lead_count = count(crm)

        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / lead_count
          target      at most 25 EUR per lead
        """,
        _on_drafts,
    ),
)
