"""The graph drawn."""

import json

import pytest

from kpidsl.compile.show import draw, label, to_dot, to_json, to_mermaid
from tests.compile.spec import kpi, sound


def test_shared_parts_are_drawn_once() -> None:
    drawing = draw(sound(kpi("ad_spend / leads") + kpi("ad_spend * 2", name="y")).graph)
    labels = [box.label for box in drawing.boxes]
    assert labels.count("sum(ads.spend)") == 1
    assert labels.count("ads") == 1
    assert [box.names for box in drawing.boxes if box.label == "sum(ads.spend)"] == [("ad_spend",)]


def test_arrows_lead_from_sources_to_kpis() -> None:
    drawing = draw(sound(kpi("ad_spend / leads")).graph)
    kinds = {box.id: box.kind for box in drawing.boxes}
    pairs = {(kinds[a], kinds[b]) for a, b in drawing.arrows}
    assert pairs == {("source", "aggregate"), ("aggregate", "operation"), ("operation", "kpi")}


def test_only_what_some_kpis_need() -> None:
    made = sound(kpi("ad_spend") + kpi("leads", name="y"))
    assert [box.label for box in draw(made.graph, ["y"]).boxes] == ["crm", "count(crm)", "y"]
    with pytest.raises(KeyError):
        draw(made.graph, ["z"])


@pytest.mark.parametrize(
    "formula",
    [
        'count(ads where campaign = "a" and clicks between 1 and 5)',
        "percentile(ads.spend, 90)",
        "weighted average(ads.rate by ads.clicks)",
        "share(ads where active)",
        "sum(ads.spend)",
        'sum(orders.amount) where sessions.device = "x"',
        'count(ads where contains(campaign, "x"))',
        "count(ads where active or not (clicks > 1))",
        'count(ads where campaign in ("a", "b"))',
        "count(ads where campaign is missing)",
    ],
)
def test_a_label_reads_like_the_language(formula: str) -> None:
    """What is drawn can be read back, and means the same."""
    node = sound(kpi(formula)).formula()
    text = label(node).replace("ads.clicks,", "ads.clicks,")
    assert sound(kpi(text)).formula() == node


def test_labels_cannot_leave_their_quotes() -> None:
    nasty = 'count(ads where campaign = "\\"]; <b>x</b> #1 `")'
    drawing = draw(sound(kpi(nasty)).graph)
    mermaid = to_mermaid(drawing)
    assert all(line.count('"') in (0, 2) for line in mermaid.splitlines())
    assert "<b>" not in mermaid
    dot = to_dot(drawing)
    assert all((line.count('"') - line.count('\\"')) % 2 == 0 for line in dot.splitlines())


def test_json_says_its_version() -> None:
    document = json.loads(to_json(draw(sound(kpi("ad_spend / leads")).graph)))
    assert document["schema_version"] == 1
    ids = {node["id"] for node in document["nodes"]}
    assert all(edge["from"] in ids and edge["to"] in ids for edge in document["edges"])
