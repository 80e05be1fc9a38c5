"""The hash of a KPI: moved by what it means, and by nothing else."""

from collections.abc import Sequence
from random import Random

import pytest

from kpidsl.model.sources import SourceSpec
from tests.compile.spec import SOURCES, kpi, sound

BASE = kpi(
    "ad_spend / leads",
    "unit EUR per lead",
    "target at most 25 EUR per lead",
    "tolerance 5%",
    "deadline 2026-Q4",
)

SAME = {
    "blanks and comments": BASE.replace("ad_spend / leads", "ad_spend  /  leads   # why not"),
    "parentheses": BASE.replace("ad_spend / leads", "(ad_spend) / (leads)"),
    "a description": BASE + '  description "Something"\n',
    "a title": BASE.replace("kpi x", 'kpi x "Title"'),
    "the order of clauses": BASE.replace("  tolerance 5%\n", "") + "  tolerance 5%\n",
    "without names of measures": BASE.replace("ad_spend / leads", "sum(ads.spend) / count(crm)"),
    "a unit that is said anyway": BASE.replace("  unit EUR per lead\n", ""),
    "another way to write a day": BASE.replace("2026-Q4", "2026-12-31"),
    "another way to write a number": BASE.replace("25 EUR", "25.00 EUR"),
    "an owner": BASE + '  owner "me"\n',
    "a stage": BASE + "  stage act\n",
    "the default of measured": BASE + "  measured every month\n",
}

OTHER = {
    "the formula": BASE.replace("ad_spend / leads", "ad_spend / (leads where pages > 1)"),
    "the target": BASE.replace("25 EUR", "26 EUR"),
    "the direction": BASE.replace("at most", "at least"),
    "the tolerance": BASE.replace("5%", "6%"),
    "the kind of tolerance": BASE.replace("tolerance 5%", "tolerance 5 EUR per lead"),
    "the deadline": BASE.replace("2026-Q4", "2027-Q1"),
    "the way it is measured": BASE + "  measured every week\n",
    "the start": BASE + "  from 2026-01\n",
    "a channel": BASE + "  channel google\n",
    "a dimension": BASE + "  by channel\n",
    "a slice": BASE + "  by channel\n    google at most 5 EUR per lead\n",
}


@pytest.mark.parametrize("name", SAME)
def test_the_hash_stays(name: str) -> None:
    assert sound(SAME[name]).kpi().hash == sound(BASE).kpi().hash


@pytest.mark.parametrize("name", OTHER)
def test_the_hash_moves(name: str) -> None:
    assert sound(OTHER[name]).kpi().hash != sound(BASE).kpi().hash


ORDERLESS = [
    (
        "sum(ads.spend) + ad_spend + leads * 1 EUR per lead",
        "leads * 1 EUR per lead + (sum(ads.spend) + ad_spend)",
    ),
    ("ad_spend - 2 EUR - sum(ads.spend) + 1 EUR", "ad_spend + 1 EUR - (sum(ads.spend) + 2 EUR)"),
    ("leads * ad_spend * 2", "2 * (ad_spend * leads)"),
    (
        'leads where pages > 1 and pages < 9 and channel = "a"',
        'leads where channel = "a" and (pages < 9 and pages > 1)',
    ),
    ('leads where pages > 9 or channel = "a"', 'leads where "a" = channel or pages > 9'),
    ("sum(orders.amount * 2 + orders.cost)", "sum(orders.cost + 2 * orders.amount)"),
]
ORDERED = [
    ("ad_spend - 2 * sum(ads.spend)", "2 * sum(ads.spend) - ad_spend"),
    ("ad_spend / leads", "leads / ad_spend"),
    ("ad_spend - (sum(ads.spend) - 2 EUR)", "ad_spend - sum(ads.spend) - 2 EUR"),
    ("ad_spend / (leads / 2)", "ad_spend / leads / 2"),
    (
        'leads where pages > 1 and (pages < 9 or channel = "a")',
        'leads where pages > 1 and pages < 9 or channel = "a"',
    ),
    ("leads where pages > 1", "leads where pages < 1"),
]


@pytest.mark.parametrize(("one", "other"), ORDERLESS)
def test_the_order_of_operands_means_nothing(one: str, other: str) -> None:
    assert sound(kpi(one)).kpi().hash == sound(kpi(other)).kpi().hash


@pytest.mark.parametrize(("one", "other"), ORDERED)
def test_where_the_order_means_something(one: str, other: str) -> None:
    assert sound(kpi(one)).kpi().hash != sound(kpi(other)).kpi().hash


def test_doubling_takes_no_longer_each_time() -> None:
    lines = ["measure m0 = ad_spend + leads * 1 EUR per lead"]
    lines += [f"measure m{n + 1} = m{n} + m{n}" for n in range(40)]
    text = "\n\n".join(lines) + "\n\n" + kpi("m40")
    assert sound(text).kpi().hash != sound(text.replace("m38 + m38", "m38 - m38")).kpi().hash


def test_all_changes_differ() -> None:
    hashes = [sound(text).kpi().hash for text in OTHER.values()]
    assert len(set(hashes)) == len(hashes)


def test_a_hash_is_twelve_hex_digits() -> None:
    assert len(sound(BASE).kpi().hash) == 12
    int(sound(BASE).kpi().hash, 16)


def test_a_computed_column_counts() -> None:
    spec = kpi("sum(orders.margin)")
    other = SOURCES.replace("margin = amount - cost", "margin = amount - 2 * cost")
    assert sound(spec).kpi().hash != sound(spec, other).kpi().hash


def test_the_first_day_of_the_week_counts_where_weeks_do() -> None:
    sunday = "calendar\n  weeks start on Sunday\n"
    weekly = kpi("leads", "measured every week")
    assert sound(sunday + weekly).kpi().hash != sound(weekly).kpi().hash
    assert sound(sunday + BASE).kpi().hash == sound(BASE).kpi().hash


CLAUSES = (
    'from "depot.csv"',
    "row item",
    "time day",
    "key day, account",
    "channel place",
    "belongs to crm by account = contact",
    "column account id of contact",
    "column pieces piece",
    "column worth = pieces * 2",
    "column grade number",
    "scale grade from 0 to 10",
    "check pieces >= 0",
    "fresh within 3 days",
)


@pytest.mark.parametrize("seed", range(12))
def test_the_clauses_of_a_source_stand_in_any_order(seed: int) -> None:
    """Among the orders is one with a column's key, link or channel before its time or type."""
    shuffled = Random(seed).sample(CLAUSES, len(CLAUSES))
    found, wanted = (_depot(clauses) for clauses in (shuffled, CLAUSES))
    assert {c.name: (c.type, c.value) for c in found.columns} == {
        c.name: (c.type, c.value) for c in wanted.columns
    }
    assert (found.time, found.channel, found.key) == (wanted.time, wanted.channel, wanted.key)
    assert [link.column for link in found.links] == [link.column for link in wanted.links]
    assert set(found.checks) == set(wanted.checks)


@pytest.mark.parametrize("earlier", ["key day", "channel day", "belongs to crm by day = contact"])
def test_a_time_that_has_another_role_before_it(earlier: str) -> None:
    for clauses in ([earlier, "time day"], ["time day", earlier]):
        source = _depot(('from "depot.csv"', *clauses))
        day = source.column("day")
        assert day is not None
        assert day.type.kind == "time"


def _depot(clauses: Sequence[str]) -> SourceSpec:
    text = "source depot\n" + "".join(f"  {clause}\n" for clause in clauses)
    return sound(text + kpi("count(depot)")).graph.sources["depot"]
