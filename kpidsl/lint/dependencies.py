"""Who rests on whom: what nothing uses, what is there twice, what is on its way out and still used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kpidsl.compile.meaning import of_graph
from kpidsl.diagnostics import Edit, Fix, Label, Span
from kpidsl.graph import Constant, Kpi, Node, aggregates
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
    alike: dict[frozenset[Node], list[str]] = {}
    for name, measure in view.graph.measures.items():
        if not isinstance(measure.node, Constant) and name in places:
            alike.setdefault(frozenset(aggregates(measure.node)), []).append(name)
    meaning = of_graph(view.graph)
    for names in alike.values():
        first: dict[str, str] = {}
        for name in names if len(names) > 1 else ():
            other = first.setdefault(meaning.node(view.graph.measures[name].node), name)
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
        """A constant that nothing uses was meant to be used: somewhere the number stands written out,
        and will not change when the constant does.""",
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
        """A measure is a part of formulas. One that no KPI rests on is computed for nobody, and goes
        wrong without anybody noticing.""",
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
        """A source that nothing reads still has to be described, kept fresh and understood by the next
        reader of the spec.""",
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
        """A campaign that has a name and no KPI is not measured. Most often its days stand written out
        beside it.""",
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
        """Two KPIs with one meaning have two verdicts, two owners and, after the next change of a
        target, two truths.""",
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
