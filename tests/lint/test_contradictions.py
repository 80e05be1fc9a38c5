"""K811 where the conditions do not stand side by side, or are not of two numbers or texts."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpidsl.graph import aggregates
from kpidsl.lint.contradictions import contradicted
from tests.lint.look import codes, looked, project

SHOP = """\
source shop
  from        "data/shop.csv"
  row         order
  time        at
  channel     origin
  column      at moment
  column      day day
  column      status text
  column      amount EUR
  column      paid flag

"""


def told(condition: str, *, measure: str = "", more: str = "") -> bool:
    text = f'{SHOP}{measure}kpi orders "Orders"\n  formula {condition}\n{more}'
    found = looked(text)
    assert not [d for d in found.findings if d.severity.word == "error"], found.findings
    return "K811" in codes(found.findings)


@pytest.mark.parametrize(
    "condition",
    [
        "day >= 2026-03 and day < 2026-01",
        "day in 2026-03 and day = 2026-W02",
        "at >= 2026-03 and at < 2026-01",
        'status in ("a", "b") and status = "c"',
        'status in ("a", "b") and status not in ("b", "a")',
        "amount between 1 EUR and 3 EUR and amount > 3 EUR",
        'status is missing and status = "a"',
        "paid and not paid",
        "2 EUR > amount and not amount < 2 EUR",
    ],
)
def test_conditions_that_no_row_meets(condition: str) -> None:
    assert told(f"count(shop where {condition})")
    assert told("sold where amount > 0 EUR", measure=f"measure sold = count(shop where {condition})\n\n")


@pytest.mark.parametrize(
    "condition",
    [
        "day >= 2026-01 and day < 2026-03",
        "day in 2026-01 and day = 2026-W02",
        'status in ("a", "b") and status = "b"',
        "amount between 1 EUR and 3 EUR and amount >= 3 EUR",
        'status is not missing and status != "a"',
        "paid or not paid",
        'status = "a" or status = "b"',
        'origin = "web" and origin > "a"',
        'lower(status) = "a" and status = "A"',
    ],
)
def test_conditions_that_a_row_may_meet(condition: str) -> None:
    assert not told(f"count(shop where {condition})")


def test_a_filter_meets_that_of_the_measure_and_the_channels() -> None:
    paid = 'measure sold = count(shop) where status = "paid"\n\n'
    assert told('sold where status = "open"', measure=paid)
    assert not told("sold where amount > 3 EUR", measure=paid)
    assert told('count(shop) where origin = "web"', more="  channel store\n")
    assert not told('count(shop) where origin = "web"', more="  channel web, store\n")


def test_a_contradiction_is_told_where_it_is_written_and_once() -> None:
    text = f"""{SHOP}measure sold = count(shop) where status = "a" and status = "b"

kpi orders "Orders"
  formula     sold where amount > 3 EUR
"""
    found = [d for d in looked(text).findings if d.code == "K811"]
    assert [(d.span.line, d.span.text) for d in found if d.span] == [(12, 'status = "b"')]


TESTS = [
    *(f"amount {op} {n} EUR" for op, n in product(("<", "<=", ">", ">=", "=", "!="), (1, 2, 3))),
    "amount in (1 EUR, 2 EUR)",
    "amount between 2 EUR and 3 EUR",
    "amount is missing",
    "amount is not missing",
]


def holds(test: str, value: float | None) -> bool:
    """What a row with this amount says, in plain Python; a comparison with a missing value does not hold."""
    if "missing" in test:
        return (value is None) == (test == "amount is missing")
    if value is None:
        return False
    plain = test.replace(" EUR", "").replace("amount ", "value ").replace(" = ", " == ")
    if " between " in plain:
        return 2 <= value <= 3
    return bool(eval(plain, {"value": value}))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(TESTS), min_size=1, max_size=4))
def test_it_is_told_only_of_what_no_row_meets(tests: list[str]) -> None:
    rows: list[float | None] = [None, 0, 1, 1.5, 2, 2.5, 3, 4]
    met = any(all(holds(test, row) for test in tests) for row in rows)
    specs = project(f'{SHOP}kpi orders "Orders"\n  formula count(shop where {" and ".join(tests)})\n')
    [node] = aggregates(specs.graph.kpis["orders"].formula)
    if contradicted(node) is not None:
        assert not met
    elif not met:  # what is left are single values that are barred, which is not looked for
        assert sum("!=" in test for test in tests) > 0
