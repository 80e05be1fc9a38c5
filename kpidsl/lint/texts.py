"""Texts for people that are empty, copied, or said twice."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kpidsl.diagnostics import Edit, Fix, Label, Span
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import View, first_of, folded
from kpidsl.syntax import nodes

_PLACEHOLDER = re.compile(r"\b(?:t(?:odo|bd|bc|o be defined)|fixme|lorem ipsum)\b", re.IGNORECASE)
_NOTHING = re.compile(r"\s*(?:xxx+|\?+|\.{3}|-+|n/a)\s*$", re.IGNORECASE)
_SPACES = re.compile(r"^[ \t]+|[ \t]+$|[ \t]{2,}")


def is_placeholder(text: str) -> bool:
    """Whether a text only says that one is still to be written."""
    return bool(_NOTHING.match(text) or _PLACEHOLDER.search(text))


def _placeholders(view: View) -> Iterable[Found]:
    for _, what, text in view.texts:
        if not text.text.strip():
            yield Found(text.span, f"the {what} is empty", help="without the clause nothing would be lost")
        elif is_placeholder(text.text):
            yield Found(
                text.span, f"the {what} is still to be written", help="what is not known can be left out"
            )


def _copied(view: View) -> Iterable[Found]:
    first: dict[tuple[str, str], nodes.String] = {}
    for definition, what, text in view.texts:
        if (
            what not in ("description", "reason")
            or not isinstance(definition, nodes.KpiDef)
            or not text.text.strip()
        ):
            continue
        other = first.setdefault((what, text.text.casefold().strip()), text)
        if other is not text:
            yield Found(
                text.span,
                f"another KPI has the same {what}",
                (Label(other.span, "first here"),),
                help="a text that fits both tells neither apart",
                kpi=definition.name.text,
            )


def _owners(view: View) -> Iterable[Found]:
    texts = [text for _, what, text in view.texts if what in ("owner", "stakeholder")]
    first = first_of(text.text for text in texts)
    for text in texts:
        other = first[folded(text.text)]
        if other != text.text and text.text.strip() != other.strip():
            yield Found(
                text.span,
                f"`{text.text}` and `{other}` are likely the same people",
                help="written alike they are found together",
            )


def _repeats(view: View) -> Iterable[Found]:
    for definition, what, text in view.texts:
        title = getattr(definition, "title", None)
        if what == "description" and title is not None and _plain(title.text) == _plain(text.text):
            yield Found(
                text.span,
                "the description is the title again",
                (Label(title.span, "the title"),),
                help="a description says what is counted, and what is not",
            )


def _plain(text: str) -> str:
    return text.strip().rstrip(".").casefold()


def _blanks(view: View) -> Iterable[Found]:
    for _, what, text in view.texts:
        if text.text.strip() and _SPACES.search(text.text) and "\\" not in text.span.text:
            tidy = " ".join(text.text.split())
            yield Found(
                text.span,
                f"the {what} has blanks too many",
                help="reports show them, and searches stumble over them",
                fix=Fix("take them out", (Edit(_within(text.span), tidy),)),
            )


def _within(span: Span) -> Span:
    """What stands between the quotes."""
    return Span(span.source, span.start + 1, span.end - 1)


RULES = (
    Rule(
        "K908",
        "placeholder-text",
        "documentation",
        WARNING,
        "A text is empty, or still says TODO.",
        """A text that says that it is still to be written is shown in every report. Without it the
        report is shorter, and honest.""",
        """
        kpi lead_count "Leads"
          description "TODO"
          formula     count(crm)
        """,
        """
        kpi lead_count "Leads"
          description "New contacts, without those of partners."
          formula     count(crm)
        """,
        _placeholders,
    ),
    Rule(
        "K909",
        "copied-text",
        "documentation",
        INFO,
        "Two KPIs have the same description or reason.",
        """A definition that was copied brings its texts along. The description of another KPI is worse
        than none.""",
        """
        kpi lead_count "Leads"
          description "New contacts, without those of partners."
          formula     count(crm)

        kpi reader_count "Readers"
          description "New contacts, without those of partners."
          formula     count(crm) where pages >= 10
        """,
        """
        kpi lead_count "Leads"
          description "New contacts, without those of partners."
          formula     count(crm)

        kpi reader_count "Readers"
          description "New contacts that saw ten pages or more."
          formula     count(crm) where pages >= 10
        """,
        _copied,
    ),
    Rule(
        "K910",
        "owners-alike",
        "documentation",
        WARNING,
        "Two owners differ by capitals or blanks only.",
        """Who asks for the KPIs of "Web shop" does not find those of "web-shop". Owners are looked up
        by their words.""",
        """
        kpi lead_count "Leads"
          formula     count(crm)
          owner       "Web shop"

        kpi reader_count "Readers"
          formula     count(crm) where pages >= 10
          owner       "web-shop"
        """,
        """
        kpi lead_count "Leads"
          formula     count(crm)
          owner       "Web shop"

        kpi reader_count "Readers"
          formula     count(crm) where pages >= 10
          owner       "Web shop"
        """,
        _owners,
    ),
    Rule(
        "K911",
        "description-repeats-title",
        "documentation",
        INFO,
        "A description is the title again.",
        """The title is shown beside the description. Said twice it is said once.""",
        """
        kpi lead_count "New leads"
          description "New leads."
          formula     count(crm)
        """,
        """
        kpi lead_count "New leads"
          description "Contacts that were not in the CRM before."
          formula     count(crm)
        """,
        _repeats,
    ),
    Rule(
        "K912",
        "blanks-in-text",
        "documentation",
        INFO,
        "A text begins or ends with a blank, or has two in a row.",
        """They cannot be seen in a review, move the columns of a report, and make "Sales" and "Sales "
        two owners.""",
        """
        kpi lead_count "New leads "
          formula     count(crm)
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
        """,
        _blanks,
    ),
)
