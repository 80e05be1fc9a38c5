"""Names: what is easily taken for something else, in a formula or in a report."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kpidsl.diagnostics import Label
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import View, first_of, folded
from kpidsl.model.functions import AGGREGATES, RESULT_FUNCTIONS
from kpidsl.syntax import nodes

_EMPTY_NAME = re.compile(
    r"(?:kpi|measure|test|tmp|temp|foo|bar|baz|new|old|x|y|z|value|number|data)_?\d*", re.IGNORECASE
)


def _hidden_constants(view: View) -> Iterable[Found]:
    columns = {column.name: spec for spec in view.graph.sources.values() for column in spec.columns}
    for let in view.of(nodes.Let):
        spec = columns.get(let.name.text)
        if spec is not None:
            yield Found(
                let.name.span,
                f"`{let.name.text}` is a constant, and a column of {spec.name}, which hides it in filters",
                (Label(spec.span, "this source has the column"),),
                help="another name for the constant says which is meant",
            )


def _alike(view: View) -> Iterable[Found]:
    first = first_of(one.name.text for one in view.named)
    places = {one.name.text: one.name.span for one in reversed(view.named)}
    for one in view.named:
        other = first[folded(one.name.text)]
        if other != one.name.text:
            yield Found(
                one.name.span,
                f"`{one.name.text}` differs from `{other}` by capitals or underscores only",
                (Label(places[other], "the other one"),),
                help="names that differ by a word are not mixed up",
            )


def _titles_twice(view: View) -> Iterable[Found]:
    first: dict[str, nodes.String] = {}
    for one in view.subjects:
        title = one.definition.title
        if title is None:
            continue
        other = first.setdefault(title.text.casefold().strip(), title)
        if other is not title:
            yield Found(
                title.span,
                f"two KPIs have the title {title.span.text}",
                (Label(other.span, "the other one"),),
                help="a report shows titles: each has to tell which KPI it is",
                kpi=one.name,
            )


def _title_is_name(view: View) -> Iterable[Found]:
    for one in view.subjects:
        title = one.definition.title
        if title is not None and title.text in (one.name, one.name.replace("_", " ")):
            yield Found(
                title.span,
                f"the title only repeats the name `{one.name}`",
                help="a title is for people: as in `Cost per lead, all channels`",
                kpi=one.name,
            )


def _says_nothing(view: View) -> Iterable[Found]:
    for one in view.named:
        name = one.name.text
        if len(name) == 1 or _EMPTY_NAME.fullmatch(name):
            yield Found(
                one.name.span,
                f"the name `{name}` does not say what it is",
                help="a name is read in formulas, far from its definition",
            )


def _functions(view: View) -> Iterable[Found]:
    for one in view.named:
        if isinstance(one, nodes.Let | nodes.MeasureDef | nodes.KpiDef) and one.name.text in (
            *AGGREGATES,
            *RESULT_FUNCTIONS,
        ):
            word = one.name.text
            yield Found(
                one.name.span,
                f"`{word}` is the name of a function, too",
                help=f"`{word}` and `{word}(...)` are two things; a longer name keeps them apart",
            )


RULES = (
    Rule(
        "K801",
        "constant-hidden-by-column",
        "names",
        WARNING,
        "A constant has the name of a column, which comes first in filters.",
        """In a filter or a computed column a bare name is that of a column before it is that of a
        constant. A constant with the name of a column is silently passed over there, and the filter
        compares a column with itself.""",
        """
        let pages = 10

        measure readers = count(crm) where pages >= 3
        """,
        """
        let pages_of_a_reader = 10

        measure readers = count(crm) where pages >= pages_of_a_reader
        """,
        _hidden_constants,
    ),
    Rule(
        "K802",
        "names-alike",
        "names",
        WARNING,
        "Two names differ by capitals or underscores only.",
        """Whoever writes a formula takes the name from memory. Of two names that are spelled nearly the
        same, one will sooner or later stand for the other, and the number is wrong without an error.""",
        """
        measure ad_spend = sum(ads.spend)
        measure adspend = sum(ads.spend) where platform = "google"
        """,
        """
        measure ad_spend = sum(ads.spend)
        measure google_spend = sum(ads.spend) where platform = "google"
        """,
        _alike,
    ),
    Rule(
        "K803",
        "title-twice",
        "names",
        WARNING,
        "Two KPIs have the same title.",
        """Reports, scorecards and pull requests show titles and not names. Two KPIs with one title look
        like one KPI with two verdicts.""",
        """
        kpi leads_monthly "Leads"
          formula     count(crm)
          target      at least 100 leads

        kpi leads_total "Leads"
          formula     count(crm)
          target      at least 1_000 leads
          measured    every year
        """,
        """
        kpi leads_monthly "Leads of the month"
          formula     count(crm)
          target      at least 100 leads

        kpi leads_total "Leads of the year"
          formula     count(crm)
          target      at least 1_000 leads
          measured    every year
        """,
        _titles_twice,
    ),
    Rule(
        "K804",
        "title-repeats-name",
        "names",
        INFO,
        "A title is only the name again.",
        """The name is for formulas, the title for people who have never seen the spec. A title that
        repeats the name takes the place of one that explains it.""",
        """
        kpi cost_per_lead "cost per lead"
          formula     sum(ads.spend) / count(crm)
          target      at most 25 EUR per lead
        """,
        """
        kpi cost_per_lead "What a new lead costs in ads"
          formula     sum(ads.spend) / count(crm)
          target      at most 25 EUR per lead
        """,
        _title_is_name,
    ),
    Rule(
        "K805",
        "name-says-nothing",
        "names",
        INFO,
        "A name of one letter, or such as `test` or `kpi1`.",
        """A name is read in formulas and messages, without its definition beside it. `kpi1` has to be
        looked up each time.""",
        """
        measure x = sum(ads.spend)
        """,
        """
        measure ad_spend = sum(ads.spend)
        """,
        _says_nothing,
    ),
    Rule(
        "K806",
        "name-of-a-function",
        "names",
        INFO,
        "A measure, KPI or constant has the name of a function.",
        """`growth` and `growth(sales)` would mean two different things in one formula, which a reader
        cannot tell apart at a glance.""",
        """
        measure growth = sum(orders.amount) - previous period(sum(orders.amount))
        """,
        """
        measure sales_gained = sum(orders.amount) - previous period(sum(orders.amount))
        """,
        _functions,
    ),
)
