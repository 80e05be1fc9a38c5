"""What must hold of any two specs: nothing differs from itself, and the way back mirrors the way there."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kpidsl.compile.meaning import of_graph
from kpidsl.diagnostics import Source
from kpidsl.diff import Category, compare
from kpidsl.syntax.format import proved
from tests.diff.world import cores, graph
from tests.programs import programs

_NAMES = st.sampled_from(["a", "b", "c", "d"])
_UNIT_OF = {
    "ad_spend / leads": "EUR per lead",
    "m1 / leads": "EUR per lead",
    "leads": "lead",
    "count(crm) where pages >= 10 and score > 1": "lead",
    "count(crm) where pages >= 10": "lead",
    "rolling average(leads, 3)": "lead",
    "rolling average(leads, 6)": "lead",
    "same period last year(leads)": "lead",
    "v1 * leads": "lead",
    "m1": "EUR",
    "ad_spend - sum(orders.cost)": "EUR",
    "sum(orders.margin)": "EUR",
    "ad_spend default 0": "EUR",
    'share(sessions where device = "web")': "%",
    "share(crm where pages > 1)": "%",
    "growth(leads)": "%",
    "average(crm.score)": "",
    "count(deals)": "deal",
}
_ALWAYS = {
    "owner": st.sampled_from(['"Acquisition"', '"Sales"']),
    "stage": st.sampled_from(["act", "reach"]),
    "deprecated": st.sampled_from(["", "until 2026-12", "use a", "until 2026-06 use b"]),
    "draft": st.just(""),
    "measured": st.sampled_from(["every month", "every quarter", "every week", "over the last 28 days"]),
    "from": st.sampled_from(["2026-01", "2026-04", "sale 2026"]),
    "deadline": st.sampled_from(["2026-12", "2027-06"]),
}
_PROMISED = {
    "tolerance": st.sampled_from(["5%", "10%", "2 {}"]),
    "pace": st.sampled_from(["none", "linear", "business days"]),
    "by": st.sampled_from(
        ["channel", "channel\n    google at least 3 {}", "channel\n    google at most 9 {}"]
    ),
    "confident": st.sampled_from(["90%", "95%"]),
    "measured": st.just("cumulatively"),
}
_TARGETS = st.sampled_from(
    [
        *("at least 10 {}", "at least 20 {}", "at most 10 {}", "at most 20 {}", "between 5 {} and 20 {}"),
        *("at least same period last year({f})", "at most same period last year({f})"),
        *("increase by 10%\n  baseline 2025-01", "decrease by 20%\n  baseline previous period"),
        "\n    at least 5 {} by 2026-03\n    at least 10 {} by 2026-12",
        "\n    at least 5 {} by 2026-03\n    at least 20 {} by 2026-12",
    ]
)
_MORE = {
    "measure m1": st.sampled_from(["= sum(ads.revenue) - sum(ads.spend)", "= sum(ads.revenue)"]),
    "let v1": st.sampled_from(["= 2", "= 5%", "= 3"]),
    "period sale": st.sampled_from(["from 2026-01-05 to 2026-01-12", "from 2026-02-05 to 2026-02-12"]),
    "calendar": st.sampled_from(
        ["\n  weeks start on Sunday", "\n  time zone Europe/Paris", '\n  holiday 2026-01-06 "Epiphany"']
    ),
    "source deals": st.sampled_from(
        [
            '\n  from "deals.csv"\n  row deal\n  time day\n  fresh within 2 days\n  check worth > 0'
            "\n  column worth EUR",
            '\n  from "deals/*.csv" decimal ","\n  row deal\n  time day\n  rows at least 3 every day'
            "\n  column worth EUR",
            "\n  from orders by buyer_id\n  row deal\n  time begun\n  column begun = first(created_at)",
        ]
    ),
}


def _some(clauses: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(clauses)), unique=True, max_size=3)


@st.composite
def specs(draw: st.DrawFn) -> str:
    """A project of which most compiles: small enough that two of them often have something in common."""
    parts = [f"{head} {draw(body)}" for head, body in _MORE.items() if draw(st.booleans())]
    names = draw(st.lists(_NAMES, unique=True, max_size=3))
    for name in names:
        lines = [f"kpi {name}" + draw(st.sampled_from(["", ' "One"', ' "Two"']))]
        formula, unit = draw(st.sampled_from(sorted(_UNIT_OF.items())))
        said = {word: draw(_ALWAYS[word]) for word in draw(_some(_ALWAYS))}
        if draw(st.integers(0, 3)):
            said |= {word: draw(_PROMISED[word]) for word in draw(_some(_PROMISED))}
            said["target"] = draw(_TARGETS).replace("{f}", formula)
        if said.get("measured") == "cumulatively":
            said.setdefault("from", "2026-01")
        lines.append(f"  formula {formula}")
        lines += [f"  {word} {text}".replace(" {}", f" {unit}".rstrip()) for word, text in said.items()]
        parts.append("\n".join(lines))
    if names and draw(st.booleans()):
        rule = draw(st.sampled_from(["all are met", "any is met", "at least 60% are met"]))
        members = [
            f"  kpi {name}{draw(st.sampled_from(['', ' weight 2', ' key', ' for information']))}"
            for name in names
        ]
        parts.append("\n".join(["objective o", *members, f"  met when {rule}"]))
    return "\n\n".join(parts) + "\n"


@st.composite
def versions(draw: st.DrawFn) -> tuple[str, str]:
    """A project and another version of it, or another one altogether."""
    old = draw(specs())
    if draw(st.booleans()):
        return old, draw(specs())
    new = old
    for was, becomes in draw(st.lists(st.sampled_from(_EDITS), max_size=3)):
        new = re.sub(was, becomes, new)
    return old, new


_EDITS = [
    (r"\bkpi a\b", "kpi e"),
    (r"\bkpi b\b", "kpi f"),
    (r"\bkpi c\b", "kpi e"),
    (r"\bdeals\b(?![./])", "sales"),
    (r"\bmeasure m1\b", "measure m3"),
    (r"\b10\b", "12"),
    (r"\b20\b", "15"),
    (r"2026-12\b", "2027-03"),
    (r"5%", "6%"),
    (r"at least", "at most"),
    (r'"One"', '"Two"'),
    (r"Acquisition", "Sales"),
    (r"all are met", "any is met"),
]


@given(st.one_of(specs(), programs()))
@settings(max_examples=80)
def test_nothing_differs_from_itself(text: str) -> None:
    assert compare(graph(text), graph(text)) == ()


@given(st.one_of(specs(), programs()))
@settings(max_examples=60)
def test_layout_means_nothing(text: str) -> None:
    neat = proved(Source("spec.kpi", text))
    assert neat is not None
    assert compare(graph(text), graph(neat)) == ()


@given(specs(), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_definitions_means_nothing(text: str, chance: object) -> None:
    parts = text.strip().split("\n\n")
    chance.shuffle(parts)  # type: ignore[attr-defined]
    assert compare(graph(text), graph("\n\n".join(parts) + "\n")) == ()


@given(st.one_of(versions(), st.tuples(programs(), programs())))
@settings(max_examples=120)
def test_the_way_back_is_the_mirror_image(pair: tuple[str, str]) -> None:
    old, new = pair
    forth, back = compare(graph(old), graph(new)), compare(graph(new), graph(old))
    assert cores(forth, mirrored=True) == cores(back)
    assert cores(back, mirrored=True) == cores(forth)


@given(versions())
@settings(max_examples=80)
def test_what_is_told_agrees_with_the_hashes(pair: tuple[str, str]) -> None:
    before, after = map(graph, pair)
    found = compare(before, after)
    assume(not any(c.kind == "source" and c.aspect == "renamed" for c in found))
    meant = {c.name for c in found if c.kind == "kpi" and c.category > Category.DOC and c.aspect != "draft"}
    for name in before.kpis.keys() & after.kpis.keys():
        same = before.kpis[name].hash == after.kpis[name].hash
        assert same == (name not in meant), [c.sentence for c in found]


@given(specs())
@settings(max_examples=100)
def test_a_graph_has_the_hashes_that_were_made_while_it_was_compiled(text: str) -> None:
    found = graph(text)
    meaning = of_graph(found)
    for kpi in found.kpis.values():
        assert meaning.hash(kpi.formula, kpi.promise, kpi.dimensions, kpi.slices) == kpi.hash


def test_the_random_projects_are_worth_comparing() -> None:
    """Most of what they define compiles, or the properties above would say little."""
    seen: Counter[str] = Counter()

    @settings(max_examples=200, database=None, derandomize=True)
    @given(versions())
    def collect(pair: tuple[str, str]) -> None:
        seen.update(change.aspect for change in compare(*map(graph, pair)))

    collect()
    for aspect in ("added", "removed", "renamed", "formula", "target", "tolerance", "owner", "title"):
        assert seen[aspect] > 1, (aspect, seen)
