"""Who rests on whom: what nothing uses, what is there twice, what is on its way out and still used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kpidsl.diagnostics import Edit, Fix, Label, Span
from kpidsl.graph import Constant, Kpi
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import View
from kpidsl.syntax import nodes


def _unused(view: View, kind: type, what: str, help_: str) -> Iterator[Found]:
    if not view.subjects and not (kind is nodes.Let and view.graph.measures):
        return  # files that others import
    for one in view.named:
        if isinstance(one, kind) and not view.used(one.name.text):
            yield Found(
                one.name.span,
                f"the {what} `{one.name.text}` is used by nothing",
                help=help_,
                fix=Fix(f"delete the {what}", (Edit(_whole_lines(one.span), ""),), safe=False),
            )


def _whole_lines(span: Span) -> Span:
    """A definition with the end of its last line."""
    source, start, end = span
    after = source.text.find("\n", end)
    return Span(source, start, len(source.text) if after < 0 else after + 1)


def _constants(view: View) -> Iterable[Found]:
    return _unused(view, nodes.Let, "constant", "a formula was likely meant to use it")


def _measures(view: View) -> Iterable[Found]:
    return _unused(view, nodes.MeasureDef, "measure", "a KPI would make it a promise; else it can go")


def _sources(view: View) -> Iterable[Found]:
    return _unused(view, nodes.SourceDef, "source", "a measure of it would be its use; else it can go")


def _periods(view: View) -> Iterable[Found]:
    return _unused(view, nodes.PeriodDef, "period", "a KPI can be measured by it; else it can go")


def _twice(view: View) -> Iterable[Found]:
    places = {one.name.text: one.name.span for one in view.of(nodes.MeasureDef)}
    first: dict[object, str] = {}
    for name, measure in view.graph.measures.items():
        if isinstance(measure.node, Constant) or name not in places:
            continue
        other = first.setdefault(measure.node, name)
        if other != name:
            yield Found(
                places[name],
                f"`{name}` and `{other}` are the same number",
                (Label(places[other], "the other one"),),
                help=f"`{other}` can stand wherever `{name}` does",
            )


def _same_promise(view: View) -> Iterable[Found]:
    first: dict[str, Kpi] = {}
    for one in view.active:
        other = first.setdefault(one.kpi.hash, one.kpi)
        if other is not one.kpi:
            yield Found(
                one.head,
                f"`{one.name}` promises just what `{other.name}` does",
                (Label(view.by_name[other.name].head, "the other one"),),
                help="one KPI can be in several objectives",
                kpi=one.name,
            )


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


def _imports(view: View) -> Iterable[Found]:
    for file in view.files:
        first: dict[str, nodes.Import] = {}
        for one in file.definitions:
            if not isinstance(one, nodes.Import):
                continue
            other = first.setdefault(one.path.text, one)
            if other is not one:
                yield Found(
                    one.span,
                    "the file is imported twice",
                    (Label(other.span, "first here"),),
                    help="once is enough",
                    fix=Fix("delete the second import", (Edit(_whole_lines(one.span), ""),)),
                )


RULES = (
    Rule(
        "K871",
        "unused-constant",
        "dependencies",
        WARNING,
        "Nothing uses a constant.",
        """A constant that nothing uses was meant to be used: somewhere the number stands written out, and will not change when
        the constant does.""",
        """
        let readers_read = 10 page

        measure readers = count(crm) where pages >= 10
        """,
        """
        let readers_read = 10 page

        measure readers = count(crm) where pages >= readers_read
        """,
        _constants,
    ),
    Rule(
        "K872",
        "unused-measure",
        "dependencies",
        INFO,
        "Nothing uses a measure.",
        """A measure is a part of formulas. One that no KPI rests on is computed for nobody, and goes wrong without anybody
        noticing.""",
        """
        measure ad_spend = sum(ads.spend)

        kpi clicks_seen "Clicks"
          formula     sum(ads.clicks)
          target      at least 100 clicks
        """,
        """
        measure ad_spend = sum(ads.spend)

        kpi ad_cost "Spend"
          formula     ad_spend
          target      at most 1_000 EUR
        """,
        _measures,
    ),
    Rule(
        "K873",
        "unused-source",
        "dependencies",
        INFO,
        "Nothing reads a source.",
        """A source that nothing reads still has to be described, kept fresh and understood by the next reader of the spec.""",
        """
        source shop
          from        "data/shop.csv"
          time        day
          column      amount EUR

        kpi clicks_seen "Clicks"
          formula     sum(ads.clicks)
          target      at least 100 clicks
        """,
        """
        source shop
          from        "data/shop.csv"
          time        day
          column      amount EUR

        kpi sold "Sales"
          formula     sum(shop.amount)
          target      at least 100 EUR
        """,
        _sources,
    ),
    Rule(
        "K874",
        "unused-period",
        "dependencies",
        INFO,
        "Nothing uses a named period.",
        """A campaign that has a name and no KPI is not measured. Most often its days stand written out beside it.""",
        """
        period spring "Spring campaign" from 2026-03 to 2026-05

        kpi spring_leads "Leads of the campaign"
          formula     count(crm)
          target      at least 100 leads
          measured    cumulatively
          from        2026-03-01
          deadline    2026-05-31
        """,
        """
        period spring "Spring campaign" from 2026-03 to 2026-05

        kpi spring_leads "Leads of the campaign"
          formula     count(crm)
          target      at least 100 leads
          measured    cumulatively
          from        spring
          deadline    spring
        """,
        _periods,
    ),
    Rule(
        "K875",
        "measure-twice",
        "dependencies",
        INFO,
        "Two measures are the same number.",
        """Where a number has two names, a change of what it means reaches one of them.""",
        """
        measure visits = count(crm)
        measure all_leads = count(crm)
        """,
        """
        measure all_leads = count(crm)
        """,
        _twice,
    ),
    Rule(
        "K876",
        "kpi-twice",
        "dependencies",
        WARNING,
        "Two KPIs promise the same.",
        """Two KPIs with one meaning have two verdicts, two owners and, after the next change of a target, two truths.""",
        """
        kpi leads_of_sales "Leads, says sales"
          formula     count(crm)
          target      at least 100 leads

        kpi leads_of_marketing "Leads, says marketing"
          formula     count(crm)
          target      at least 100 leads
        """,
        """
        kpi leads_of_sales "Leads, says sales"
          formula     count(crm) where pages >= 10
          target      at least 50 leads

        kpi leads_of_marketing "Leads, says marketing"
          formula     count(crm)
          target      at least 100 leads
        """,
        _same_promise,
    ),
    Rule(
        "K877",
        "rests-on-deprecated",
        "dependencies",
        WARNING,
        "A formula or an objective rests on a deprecated KPI.",
        """What is deprecated will be deleted. Whatever rests on it then has an error, on a day when somebody else wanted to
        clean up.""",
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
        """A deprecation with a date is an agreement with all who read the KPI. When the date is over and the KPI is there, nobody
        believes the next one.""",
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
        """A draft may change any day, without review. What is computed from it changes along, and with it a verdict that somebody
        has to answer for.""",
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
    Rule(
        "K881",
        "import-twice",
        "dependencies",
        WARNING,
        "A file is imported twice.",
        """The second import does nothing. Most often two branches added it.""",
        """
        import "sources.kpi"
        import "sources.kpi"
        """,
        """
        import "sources.kpi"
        """,
        _imports,
    ),
)
