"""Style: what means the same either way, and reads better one way. Layout is the business of `kpi fmt`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from kpidsl.diagnostics import Edit, Fix, Label, Span
from kpidsl.lint.parts import inside, operands, ungrouped
from kpidsl.lint.rule import INFO, Found, Rule
from kpidsl.lint.view import View
from kpidsl.syntax import nodes

_LONG_NUMBER = re.compile(r"\d{5,}(?:\.\d+)?")
_TODO = re.compile(r"#\s*(?:(?i:todo|fixme)\b|XXX\b)")
_CAMEL = re.compile(r"[A-Z]|[a-z][A-Z]")
_LOWER = re.compile(r"[a-z][a-z0-9_]*")
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_LONGEST = 8
_OFTEN = 3


def _digits(view: View) -> Iterable[Found]:
    for _, number in view.written(nodes.Number):
        if _LONG_NUMBER.fullmatch(number.text):
            grouped = _grouped(number.text)
            span = number.span
            place = Span(span.source, span.start, span.start + len(number.text))
            if place.text != number.text:
                continue
            yield Found(
                place,
                f"{number.text} has to be counted to be read",
                help=f"`{grouped}` is the same number",
                fix=Fix(f"write {grouped}", (Edit(place, grouped),)),
            )


def _grouped(text: str) -> str:
    whole, point, rest = text.partition(".")
    return f"{int(whole):_}{point}{rest}" if not whole.startswith("0") else text


def _parentheses(view: View) -> Iterable[Found]:
    for definition in view.definitions:
        for clause in getattr(definition, "clauses", ()):
            value = getattr(clause, "value", None) if isinstance(clause, nodes.Formula) else None
            yield from _around(value)
        if isinstance(definition, nodes.MeasureDef | nodes.Let):
            yield from _around(definition.value)


def _around(value: Any) -> Iterator[Found]:
    if isinstance(value, nodes.Group) and "\n" not in value.span.text:
        source, start, end = value.span
        edits = (Edit(Span(source, start, start + 1), ""), Edit(Span(source, end - 1, end), ""))
        if source.text[start] == "(" and source.text[end - 1] == ")":
            yield Found(
                value.span,
                "there are parentheses around all of it",
                help="they change nothing",
                fix=Fix("take the parentheses away", edits),
            )


def _weight(view: View) -> Iterable[Found]:
    for _, member in view.written(nodes.Member):
        number = member.weight
        if number is not None and number.value == 1 and number.unit is None:
            source, start, end = number.span
            word = source.text.rfind("weight", 0, start)
            before = len(source.text[:word].rstrip(" "))
            yield Found(
                Span(source, word, end),
                "a member without a weight has weight 1",
                help="only weights that differ have to be said",
                fix=Fix("delete the weight", (Edit(Span(source, before, end), ""),)),
            )


def _single(view: View) -> Iterable[Found]:
    for _, expr in view.written(nodes.In):
        if len(expr.items) == 1 and isinstance(expr.items[0], nodes.String | nodes.Number):
            sign = "!=" if expr.negated else "="
            yield Found(
                expr.span,
                "a list of one",
                help=f"`{sign} {expr.items[0].span.text}` asks the same",
            )


def _negated(view: View) -> Iterable[Found]:
    for _, expr in view.written(nodes.Unary):
        inner = ungrouped(expr.operand)
        if expr.op != "not":
            continue
        if isinstance(inner, nodes.Unary) and inner.op == "not":
            yield Found(expr.span, "not not", help="two of them are none")
        elif isinstance(inner, nodes.Binary) and inner.op in _OPPOSITE:
            yield Found(
                expr.span,
                f"`not` before `{inner.op}`",
                help=f"`{_OPPOSITE[inner.op]}` says the same without it",
            )
        elif isinstance(inner, nodes.Missing | nodes.In | nodes.Between):
            yield Found(expr.span, "`not` before a test that has a `not` of its own", help=_own_not(inner))


def _own_not(test: nodes.Missing | nodes.In | nodes.Between) -> str:
    match test:
        case nodes.Missing():
            return "`is not missing` says the same"
        case nodes.In():
            return "`not in` says the same"
        case nodes.Between():
            return "`not between` says the same"


def _title_period(view: View) -> Iterable[Found]:
    titles = [one.title for one in view.of(nodes.KpiDef)] + [one.title for one in view.of(nodes.ObjectiveDef)]
    for title in titles:
        if (
            title is not None
            and title.text.endswith(".")
            and not title.text.endswith("..")
            and title.text.count(".") == 1
        ):
            source, _, end = title.span
            yield Found(
                title.span,
                "a title that ends in a full stop",
                help="titles stand in tables and above charts",
                fix=Fix("delete the full stop", (Edit(Span(source, end - 2, end - 1), ""),)),
            )


def _capitals(view: View) -> Iterable[Found]:
    names = [one.name for one in view.named]
    plain = [name for name in names if _LOWER.fullmatch(name.text)]
    if len(plain) < 0.8 * len(names):
        return
    for name in names:
        if name.text.isascii() and _CAMEL.search(name.text):
            lower = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.text).lower()
            yield Found(
                name.span,
                f"`{name.text}` has capitals, and the other names have none",
                help=f"`{lower}` is written like them",
            )


def _long(view: View) -> Iterable[Found]:
    for one in view.subjects:
        formula = one.clause(nodes.Formula)
        if formula is None:
            continue
        parts = sum(1 for part in inside(formula.value) if isinstance(part, nodes.Call))
        if parts > _LONGEST:
            yield Found(
                one.at(nodes.Formula),
                f"the formula has {parts} aggregations, which have no names",
                help="`measure NAME = ...` names a part, and explanations show it by its name",
                kpi=one.name,
            )


def _filters(view: View) -> Iterable[Found]:
    seen: dict[frozenset[str], list[nodes.Where]] = {}
    for _, expr in view.written(nodes.Where):
        conditions = frozenset(" ".join(part.span.text.split()) for part in operands(expr.condition, "and"))
        if len(conditions) > 1:
            seen.setdefault(conditions, []).append(expr)
    for places in seen.values():
        if len(places) >= _OFTEN:
            first, *_, last = places
            yield Found(
                last.condition.span,
                f"the same filter stands in {len(places)} places",
                (Label(first.condition.span, "first here"),),
                help="a column of the source can hold it: `column chosen = ...`",
            )


def _numbers(view: View) -> Iterable[Found]:
    seen: dict[str, list[nodes.Number]] = {}
    for definition, number in view.written(nodes.Number):
        if (
            isinstance(definition, nodes.MeasureDef)
            and len(number.text.strip("0.")) >= 2
            and (number.value > 12 or number.value % 1)
        ):
            seen.setdefault(number.span.text, []).append(number)
    for text, places in seen.items():
        if len(places) >= _OFTEN:
            yield Found(
                places[-1].span,
                f"{text} stands in {len(places)} measures",
                (Label(places[0].span, "first here"),),
                help=f"`let NAME = {text}` says what it is, and is changed in one place",
            )


def _comments(view: View) -> Iterable[Found]:
    for file in view.files:
        for comment in file.comments:
            if _TODO.match(comment.text):
                help_ = "`draft` keeps what is not ready from counting"
                yield Found(comment.span, "something is still to be done", help=help_)


RULES = (
    Rule(
        "K951",
        "long-digits",
        "style",
        INFO,
        "A number of five digits or more is not grouped.",
        """1000000 and 100000 look the same in a review. Underscores between thousands make the size of
        a target plain.""",
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          target      at least 1250000 EUR
        """,
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          target      at least 1_250_000 EUR
        """,
        _digits,
    ),
    Rule(
        "K952",
        "parentheses-around-all",
        "style",
        INFO,
        "A whole formula stands in parentheses.",
        """Parentheses say that something belongs together that would not otherwise. Around everything
        they say nothing.""",
        """
        measure ad_price = (sum(ads.spend) / sum(ads.clicks))
        """,
        """
        measure ad_price = sum(ads.spend) / sum(ads.clicks)
        """,
        _parentheses,
    ),
    Rule(
        "K953",
        "weight-of-one",
        "style",
        INFO,
        "A member of an objective is given the weight that it has anyway.",
        """A weight draws attention to a member that counts more. Weight 1 is that of every member.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads

        objective grow "Grow"
          kpi         lead_count weight 1
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads

        objective grow "Grow"
          kpi         lead_count
        """,
        _weight,
    ),
    Rule(
        "K954",
        "list-of-one",
        "style",
        INFO,
        "A list after `in` has one item.",
        """A reader looks for the other items. `=` says that there are none.""",
        """
        measure won = count(crm) where status in ("won")
        """,
        """
        measure won = count(crm) where status = "won"
        """,
        _single,
    ),
    Rule(
        "K955",
        "negated-test",
        "style",
        INFO,
        "`not` stands before a comparison that has an opposite.",
        """`not pages < 10` has to be turned round in the head, and in a longer condition it is turned
        round wrongly.""",
        """
        measure readers = count(crm) where not (pages < 10)
        """,
        """
        measure readers = count(crm) where pages >= 10
        """,
        _negated,
    ),
    Rule(
        "K956",
        "title-with-full-stop",
        "style",
        INFO,
        "A title ends in a full stop.",
        """Titles stand in tables and above charts, and some with a full stop among others without look
        like cut off sentences.""",
        """
        kpi lead_count "New leads."
          formula     count(crm)
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
        """,
        _title_period,
    ),
    Rule(
        "K957",
        "capitals-in-name",
        "style",
        INFO,
        "A name has capitals where nearly all others have none.",
        """Names are case-sensitive. In a project that writes them one way, nobody has to remember which
        of them are written another.""",
        """
        measure lead_count = count(crm)
        measure ad_spend = sum(ads.spend)
        measure ad_views = sum(ads.impressions)
        measure ad_revenue = sum(ads.revenue)
        measure adClicks = sum(ads.clicks)
        """,
        """
        measure lead_count = count(crm)
        measure ad_spend = sum(ads.spend)
        measure ad_views = sum(ads.impressions)
        measure ad_revenue = sum(ads.revenue)
        measure ad_clicks = sum(ads.clicks)
        """,
        _capitals,
    ),
    Rule(
        "K958",
        "long-formula",
        "style",
        INFO,
        "A formula has more than eight aggregations.",
        """A formula is read aloud in meetings. What is a measure has a name there, and in `kpi explain`
        a line of its own.""",
        'kpi total "Leads"\n  formula     '
        + " + ".join(f"(count(crm) where pages = {n})" for n in range(1, 11))
        + "\n",
        """
        measure readers = count(crm) where pages between 1 and 10

        kpi total "Leads"
          formula     readers
        """,
        _long,
    ),
    Rule(
        "K959",
        "filter-again",
        "style",
        INFO,
        "The same filter of several conditions stands in three places.",
        """What a qualified lead is, is a decision. Written out in each place, it is changed in all of
        them but one.""",
        """
        measure good_leads = count(crm) where pages >= 10 and status = "open"
        measure good_pages = sum(crm.pages) where pages >= 10 and status = "open"
        measure good_contacts = count distinct(crm.contact) where pages >= 10 and status = "open"
        """,
        """
        measure good_leads = count(crm) where pages >= 10 and status = "open"
        measure good_pages = sum(crm.pages) where pages >= 10 and status = "open"
        """,
        _filters,
    ),
    Rule(
        "K960",
        "number-again",
        "style",
        INFO,
        "The same number stands in three measures.",
        """A number that decides what is counted has a meaning. `let` gives it a name, and one place to
        be changed.""",
        """
        measure readers = count(crm) where pages >= 25
        measure read_pages = sum(crm.pages) where pages >= 25
        measure reading_contacts = count distinct(crm.contact) where pages >= 25
        """,
        """
        let many = 25 page

        measure readers = count(crm) where pages >= many
        measure read_pages = sum(crm.pages) where pages >= many
        measure reading_contacts = count distinct(crm.contact) where pages >= many
        """,
        _numbers,
    ),
    Rule(
        "K961",
        "todo",
        "style",
        INFO,
        "A comment says TODO.",
        """A spec that is merged counts. What is still to be done belongs to a `draft`, which is shown
        and never counts.""",
        """
        # TODO: leave out partners
        measure lead_count = count(crm)
        """,
        """
        # Leads of partners are in.
        measure lead_count = count(crm)
        """,
        _comments,
    ),
)
