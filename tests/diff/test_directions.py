"""In which direction each clause moves a promise, each way."""

from __future__ import annotations

from datetime import date

import pytest

from tests.compile.spec import kpi
from tests.diff.world import changes

YEAR = ("measured cumulatively", "from 2026-01", "deadline 2026-12")
CAP = kpi("ad_spend", "target at most 100 EUR", *YEAR)
RATE = kpi("ad_spend / leads", "target at most 9 EUR per lead", *YEAR)
DECREASE = kpi("ad_spend", "baseline 2025", "target decrease by 10%", *YEAR)
BETWEEN = kpi("ad_spend", "target between 50 EUR and 100 EUR", *YEAR)
OF_A_SLICE = kpi("ad_spend", *YEAR, "by channel", "  google at most 9 EUR")
PEOPLE = kpi("count distinct(crm.contact)", "target at most 9 contact", *YEAR)
STEPS = kpi(
    "leads", "target", "  at least 30 lead by 2026-03", "  at least 90 lead by 2026-12", *YEAR
)  # on 2026-06-30: 30 + 60 * 91 / 275 = 49.85
SLICES = kpi(
    "ad_spend / leads",
    "target at most 9 EUR per lead",
    "tolerance 10%",
    "by channel",
    "  google at most 8 EUR per lead",
)
PARTS = kpi("ad_spend", "target at most 9 EUR", "by channel", "  google at most 8 EUR, tolerance 5%")
LATER = ("deadline 2026-12", "deadline 2027-03")
SINCE = ("from 2026-01", "from 2026-03")

# the old spec, what is replaced by what, what is changed, and in which direction
MOVES = {
    "a cap has more time": (CAP, *LATER, "deadline", "tightened"),
    "a decrease has more time": (DECREASE, *LATER, "deadline", "tightened"),
    "a band has more time": (BETWEEN, *LATER, "deadline", None),
    "a rate has more time": (RATE, *LATER, "deadline", None),
    "different people have more time": (PEOPLE, *LATER, "deadline", None),
    "a cap of a slice has more time": (OF_A_SLICE, *LATER, "deadline", "tightened"),
    "milestones have more time": (STEPS, *LATER, "deadline", "loosened"),
    "a cap begins later": (CAP, *SINCE, "start", "loosened"),
    "a decrease begins later": (DECREASE, *SINCE, "start", "loosened"),
    "a rate begins later": (RATE, *SINCE, "start", None),
    "milestones begin later": (STEPS, *SINCE, "start", "tightened"),
    "a milestone below the line": (
        STEPS,
        "  at least 90 lead",
        "  at least 49 lead by 2026-06\n    at least 90 lead",
        "target by 2026-06-30",
        "loosened",
    ),
    "a milestone above the line": (
        STEPS,
        "  at least 90 lead",
        "  at least 50 lead by 2026-06\n    at least 90 lead",
        "target by 2026-06-30",
        "tightened",
    ),
    "a milestone before the first": (
        STEPS,
        "  at least 30 lead",
        "  at least 19 lead by 2026-02\n    at least 30 lead",
        "target by 2026-02-28",
        "loosened",
    ),
    "a milestone of business days": (
        f"{STEPS}  pace business days\n",
        "  at least 90 lead",
        "  at least 49 lead by 2026-06\n    at least 90 lead",
        "target by 2026-06-30",
        None,
    ),
    "a slice tolerates less than the whole": (
        SLICES,
        "at most 8 EUR per lead",
        "at most 8 EUR per lead, tolerance 5%",
        "tolerance of google",
        "tightened",
    ),
    "a slice tolerates more than the whole": (
        SLICES,
        "at most 8 EUR per lead",
        "at most 8 EUR per lead, tolerance 20%",
        "tolerance of google",
        "loosened",
    ),
}


@pytest.mark.parametrize("name", MOVES)
def test_moves(name: str) -> None:
    base, old, new, aspect, direction = MOVES[name]
    assert old in base
    after = base.replace(old, new)
    (forth,) = (c for c in changes(base, after) if c.kind == "kpi")
    (back,) = (c for c in changes(after, base) if c.kind == "kpi")
    mirror = {"loosened": "tightened", "tightened": "loosened", None: None}
    assert (forth.aspect, forth.direction) == (aspect, direction)
    assert back.direction == mirror[direction]
    assert (forth.breaking, back.breaking) == (direction != "tightened", direction != "loosened")


def test_the_tolerance_of_a_slice_that_owed_nothing_comes_with_its_promise() -> None:
    without = PARTS.replace("\n    google at most 8 EUR, tolerance 5%", "")
    assert {c.direction for c in changes(without, PARTS)} == {"tightened"}
    assert {c.direction for c in changes(PARTS, without)} == {"loosened"}


def test_a_slice_owes_nothing_where_nothing_is_split() -> None:
    whole = kpi("ad_spend / leads", "target at most 9 EUR per lead", "tolerance 10%")
    found = {c.aspect: c.direction for c in changes(SLICES, whole)}
    assert found == {"split by channel": None, "target of google": "loosened"}


@pytest.mark.parametrize(
    ("formula", "old", "new"),
    [
        (
            "ad_spend",
            ("target at least 10 EUR", "tolerance 5%"),
            ("target at least 10 EUR", "tolerance 0.5 EUR"),
        ),
        ("ad_spend / sum(orders.amount)", ("target at least 0.5",), ("target at least 50%", "unit %")),
    ],
)
def test_what_is_put_in_another_way_breaks_nothing(
    formula: str, old: tuple[str, ...], new: tuple[str, ...]
) -> None:
    found = [
        c for c in changes(kpi(formula, *old), kpi(formula, *new)) if c.aspect in ("target", "tolerance")
    ]
    assert [(c.direction, c.breaking) for c in found] == [(None, False)]


def test_the_default_pace_and_the_order_of_choices_mean_nothing() -> None:
    one = kpi('ad_spend where platform in ("a", "b")', "target at most 9 EUR")
    other = kpi('ad_spend where platform in ("b", "a", "b")', "target at most 9 EUR", "pace linear")
    assert changes(one, other) == []


def test_targets_of_periods_say_when_the_promise_begins() -> None:
    base = kpi("leads", "target", "  at least 9 lead in 2026-06", "  at least 9 lead in 2026-07")
    lower = base.replace("at least 9 lead in 2026-07", "at least 8 lead in 2026-07")
    for day, loud in ((date(2026, 5, 31), False), (date(2026, 6, 1), True)):
        (change,) = changes(base, lower, day)
        assert change.loud is loud
        assert ("after the start (2026-06-01)" in change.clause) is loud
