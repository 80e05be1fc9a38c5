"""The tour of the language: read whole, and every node where it is written."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from kpidsl.diagnostics import Source, Span
from kpidsl.syntax import nodes as n

from .reading import TOUR, good, read


def walk(item: object) -> Iterator[n.Node]:
    """Every node in an item, the item first."""
    if isinstance(item, tuple) and not isinstance(item, Span):
        for inner in item:
            yield from walk(inner)
    elif isinstance(item, n.Node):
        yield item
        for field in attrs.fields(type(item)):
            yield from walk(getattr(item, field.name))


def test_is_read_whole() -> None:
    file, faults = read(TOUR)
    assert faults == []
    assert file.broken == ()
    assert [type(d).__name__ for d in file.definitions] == [
        *("Import", "CalendarDef", "SourceDef", "SourceDef", "SourceDef", "MeasureDef", "MeasureDef"),
        *("MeasureDef", "KpiDef", "KpiDef", "ObjectiveDef", "TestDef", "ScenarioDef"),
    ]
    assert len(file.comments) == TOUR.count("#")


def test_every_node_is_where_it_is_written() -> None:
    """Read alone, what a node covers says the same; the smallest nodes cover exactly their text."""
    file, _ = read(TOUR)
    for node in walk(file.definitions):
        text = node.span.text
        assert text == text.strip()
        match node:
            case n.Word():
                assert text.strip("`") == node.text
            case n.String():
                assert text.strip('"') == node.text
            case n.UnitText() | n.PeriodText() | n.Cell():
                assert text == node.text
            case n.Name():
                assert text.replace("`", "") == node.text
            case n.Number():
                assert text.replace(" ", "") == (node.text + (node.unit.text if node.unit else "")).replace(" ", "")
            case _ if isinstance(node, n.Definition):
                assert good(text + "\n") == (node,)


def test_every_node_lies_in_the_one_around_it() -> None:
    file, _ = read(TOUR)
    for definition in file.definitions:
        for outer in walk(definition):
            for inner in walk(outer):
                assert outer.span.start <= inner.span.start <= inner.span.end <= outer.span.end


def test_clauses_cover_their_lines() -> None:
    file, _ = read(TOUR)
    (kpi,) = (d for d in file.definitions if isinstance(d, n.KpiDef) and d.name.text == "cost_per_lead")
    said = {type(clause): clause.span.text for clause in kpi.clauses}
    assert said[n.Formula] == "formula     ad_spend / leads"
    assert said[n.Role] == "leading"
    assert said[n.By].startswith("by          channel\n    google    at most")
    assert said[n.By].endswith("20 EUR per lead, tolerance 10%")
    assert kpi.span.text.startswith('kpi cost_per_lead "Cost per lead"')
    assert kpi.span.text.endswith('at this price."')


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_do_not_matter(end: str) -> None:
    file, faults = read("\ufeff" + TOUR.replace("\n", end))
    assert faults == []
    assert file == read(TOUR)[0]
    assert file.source.text == TOUR


def test_a_plain_text_keeps_its_source() -> None:
    from kpidsl.diagnostics import Report
    from kpidsl.syntax.parse import parse

    source = Source("tour.kpi", TOUR)
    assert parse(source, Report()).source is source


def test_decomposed_accents_are_composed() -> None:
    (let,) = good("let cou\u0302t = 3")
    assert isinstance(let, n.Let)
    assert let.name.text == "coût"


def test_comments() -> None:
    file, _ = read('# one  \nkpi a # two\n  owner "#3 # no"  \n\n    # four\n  channel `#5`\n# six')
    assert [(c.text, c.alone) for c in file.comments] == [
        ("# one", True),
        ("# two", False),
        ("# four", True),
        ("# six", True),
    ]
    assert [c.span.text for c in file.comments] == [c.text for c in file.comments]
