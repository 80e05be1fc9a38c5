"""Which interval a formula has, and what its sample is."""

from __future__ import annotations

import pytest

from kpidsl.graph import Aggregate, Estimate, Sample, aggregates
from tests.compile.spec import build, kpi


def estimate(formula: str) -> Estimate:
    found = build(kpi(formula, "confident 95%")).kpi().promise.estimate
    assert found is not None
    return found


def sample(formula: str, *clauses: str) -> Sample:
    found = build(kpi(formula, *clauses or ("confident 95%",))).kpi().promise.sample
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("formula", "method", "scale", "offset"),
    [
        ("share(ads where active)", "wilson", 1, 0),
        ("1 - share(ads where active)", "wilson", -1, 1),
        ("(count(crm) where pages > 3) / leads", "wilson", 1, 0),
        ("(count(crm) where pages > 3 and score > 1) / (count(crm) where score > 1)", "wilson", 1, 0),
        ("csat(crm.happy)", "wilson", 1, 0),
        ("csat(crm.score, 5 by score)", "wilson", 1, 0),
        ("leads", "poisson", 1, 0),
        ("leads * 3 default 0", "poisson", 3, 0),
        ("average(orders.amount)", "student", 1, 0),
        ("weighted average(orders.amount by cost)", "student", 1, 0),
        ("nps(crm.score)", "student", 1, 0),
        ("nps(crm.score by score)", "student", 1, 0),
        ("sum(orders.margin) / count(orders)", "student", 1, 0),
        # not a part of the whole
        ("leads / (count(crm) where pages > 3)", "student", 1, 0),
        ("(count(crm) where pages > 3) / (count(crm) where score > 3)", "student", 1, 0),
        ("leads / count(sessions)", "normal", 1, 0),
        ("ad_spend", "normal", 1, 0),
        ("ad_spend / leads", "normal", 1, 0),
    ],
)
def test_method(formula, method, scale, offset):
    found = estimate(formula)
    assert (found.method, found.scale, found.offset) == (method, scale, offset)


def test_moments_are_additive_and_few():
    """What is read for an interval merges like any sum; what it needs of a formula's own totals is shared."""
    made = build(kpi("sum(orders.margin) / count(orders)", "confident 95%")).kpi()
    assert made.promise.estimate is not None
    needed = set(aggregates(made.promise.estimate.variance)) - set(aggregates(made.formula))
    assert {a.function for a in needed} == {"sum"}
    assert len(needed) == 1  # of squares: with the count of rows the product is the sum itself


def test_eight_totals_are_the_most():
    several = " / ".join(f"(count(crm) where pages > {n})" for n in range(8))
    assert estimate(several).method == "student"
    made = build(kpi(f"{several} / (count(crm) where pages > 9)", "confident 95%"))
    assert made.codes == ["K453", "K450"] or made.codes == ["K450", "K453"]
    assert any("more than 8 totals" in d.message for d in made.report)


@pytest.mark.parametrize(
    ("formula", "clauses", "unit", "counted"),
    [
        ("leads / count(sessions)", (), "session", ["count of sessions"]),
        ("leads / count(sessions)", ("sample at least 9 sessions",), "session", ["count of sessions"]),
        ("leads / count(sessions)", ("sample at least 9 leads",), "lead", ["count of crm"]),
        ("sum(ads.clicks) / sum(ads.impressions)", (), "impression", ["sum of ads"]),
        ("average(orders.amount)", (), "order", ["count of orders"]),
        ("median(orders.amount)", ("sample at least 9 orders",), "order", ["count of orders"]),
        ("nps(crm.score)", (), "lead", ["count of crm"]),
        ("csat(crm.happy by pages)", (), "lead", ["count of crm"]),
        (
            "count distinct(crm.contact)",
            ("sample at least 9 contacts",),
            "contact",
            ["count distinct of crm"],
        ),
        ("count distinct(crm.contact)", ("sample at least 9 leads",), "lead", ["count of crm"]),
        ("ad_spend / leads", ("sample at least 9 rows",), "row", ["count of ads"]),
        # the smaller of two
        (
            "average(crm.pages) / (average(crm.score) * 1 page)",
            ("sample at least 9 leads",),
            "lead",
            ["count of crm", "count of crm"],
        ),
    ],
)
def test_sample(formula, clauses, unit, counted):
    found = sample(formula, *clauses)
    assert str(found.unit) == unit
    nodes = [node for node in found.nodes if isinstance(node, Aggregate)]
    assert [f"{node.function} of {node.source}" for node in nodes] == counted


def test_what_is_asked_for_is_part_of_the_meaning():
    hashes = {
        build(kpi("leads / count(sessions)", "target at least 1 lead per session", *clauses)).kpi().hash
        for clauses in ((), ("confident 95%",), ("confident 90%",), ("sample at least 9 leads",),
                        ("sample at least 9 sessions",), ("sample at least 8 sessions",))
    }  # fmt: skip
    assert len(hashes) == 6
