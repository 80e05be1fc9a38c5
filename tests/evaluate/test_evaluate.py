"""What is asked and what is answered, on rows that can be counted by hand."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.digits import twelve
from kpidsl.evaluate.answer import evaluate
from kpidsl.evaluate.compute import combine
from kpidsl.model.periods import Calendar, Window, periods
from kpidsl.model.types import DAY, NUMBER, TEXT
from kpidsl.results import Ask
from tests.evaluate.world import (
    WAYS,
    TableSession,
    agg,
    col,
    dimension,
    graph,
    lit,
    op,
    over,
    plan_by,
    profiles,
    spec,
)

AS_OF = date(2026, 4, 10)
MONTHS = periods(date(2026, 1, 1), date(2026, 4, 30), "month", Calendar())
JANUARY, FEBRUARY, MARCH, APRIL = MONTHS
ADS = spec(
    "ads", {"day": DAY, "platform": TEXT, "spend": col("", "").type, "clicks": col("", "").type}, time="day"
)
CRM = spec("crm", {"day": DAY, "channel": TEXT, "pages": col("", "").type}, time="day")
DATA = {
    "ads": [
        {"day": date(2026, 1, 3), "platform": "google", "spend": 100.0, "clicks": 10.0},
        {"day": date(2026, 1, 31), "platform": "meta", "spend": 50.0, "clicks": 0.0},
        {"day": date(2026, 2, 1), "platform": "google", "spend": 80.0, "clicks": 8.0},
        {"day": date(2026, 4, 1), "platform": None, "spend": 5.0, "clicks": 1.0},
        {"day": date(2026, 4, 20), "platform": "late", "spend": 7.0, "clicks": 1.0},
    ],
    "crm": [
        {"day": date(2026, 1, 5), "channel": "google", "pages": 12.0},
        {"day": date(2026, 1, 6), "channel": "google", "pages": 1.0},
        {"day": date(2026, 2, 6), "channel": "mail", "pages": None},
        {"day": date(2026, 3, 6), "channel": "mail", "pages": 3.0},
    ],
}
SPEND, LEADS = agg("sum", "ads", col("ads", "spend")), agg("count", "crm")
CHANNEL = dimension("channel", ads=col("ads", "platform", TEXT), crm=col("crm", "channel", TEXT))
WORLD = graph(ADS, CRM, measures={"leads": LEADS, "ad_spend": SPEND})


def answers(*asks, as_of=date(2026, 4, 10)):
    return evaluate(WORLD, asks, TableSession(WORLD, DATA), as_of, profiles(WORLD, DATA, as_of))


def row(grid, key):
    return [grid.at(key, window) for window in grid.windows]


def test_cost_per_lead_by_channel_meets_on_months_and_channels():
    ask = Ask(over("/", SPEND, LEADS), MONTHS, (CHANNEL,))
    grid = answers(ask).grid(ask)
    assert tuple(grid.slices) == ((), ("google",), ("mail",), ("meta",), (None,))
    assert row(grid, ()) == [75, 80, None, None]
    assert row(grid, ("google",)) == [50, None, None, None]
    assert row(grid, ("mail",)) == [None, 0, None, None]


def test_no_value_is_not_zero():
    ask = Ask(SPEND, MONTHS, (CHANNEL,))
    grid = answers(ask).grid(ask)
    assert row(grid, ()) == [150, 80, None, 5]
    assert row(grid, ("meta",)) == [50, 0, None, 0]


def test_rows_after_as_of_do_not_exist():
    ask = Ask(SPEND, MONTHS, (CHANNEL,))
    found = answers(ask)
    assert ("late",) not in found.grid(ask).slices
    assert found.rows(ask).at((), APRIL) == 1


@pytest.mark.parametrize(
    ("node", "key", "window", "why"),
    [
        (over("/", SPEND, LEADS), (), MARCH, "ads has no rows in 2026-03"),
        (over("/", SPEND, LEADS), ("google",), FEBRUARY, "leads is 0"),
        (
            agg("average", "crm", col("crm", "pages")),
            (),
            FEBRUARY,
            "average of crm.pages has no values in 2026-02",
        ),
        (
            agg(
                "average",
                "crm",
                col("crm", "pages"),
                filter=op("=", col("crm", "channel", TEXT), lit("mail")),
            ),
            (),
            JANUARY,
            "crm has no rows that its filter keeps in 2026-01",
        ),
        (
            agg("standard deviation", "crm", col("crm", "pages")),
            (),
            MARCH,
            "standard deviation of crm.pages needs two values in 2026-03",
        ),
    ],
)
def test_why_names_the_first_cause(node, key, window, why):
    ask = Ask(node, MONTHS, (CHANNEL,))
    assert answers(ask).why(ask, key, window) == why


def test_irregular_windows_read_the_same_rows():
    windows = (
        JANUARY,
        Window(date(2026, 1, 15), date(2026, 2, 14)),
        Window(date(2026, 1, 1), date(2026, 12, 31)),
    )
    ask = Ask(SPEND, windows)
    assert row(answers(ask).grid(ask), ()) == [150, 130, 235]


def test_a_question_that_was_not_asked_is_refused():
    with pytest.raises(KeyError):
        answers().grid(Ask(SPEND, MONTHS))


FEBRUARY_ON = Window(date(2026, 2, 1), date(2026, 12, 31))
STOCK = spec("stock", {"day": DAY, "shop": TEXT, "size": TEXT, "x": NUMBER}, time="day")
LEVELS = [
    {"day": date(2026, month, day), "shop": shop, "size": size, "x": x}
    for month, day, shop, size, x in [
        (1, 1, "a", "s", 2.0),
        (1, 2, "a", "l", 4.0),
        (1, 2, "b", "s", 4.0),
        (2, 1, "a", "s", 4.0),
        (2, 1, "b", "l", 5.0),
        (2, 9, "b", "s", 5.0),
        (2, 9, "a", "l", 7.0),
        (3, 1, "a", "s", 9.0),
        (3, 1, "b", "s", None),
    ]
]
X = col("stock", "x")


@pytest.mark.parametrize(
    ("node", "january", "later", "shop_b_later"),
    [
        (agg("standard deviation", "stock", X), 1.15470053838, 2.0, 0.0),
        (agg("first", "stock", X), 2, 9, 5),
        (agg("last", "stock", X), 8, 9, 5),
        (agg("median", "stock", X), 4, 5, 5),
        (agg("percentile", "stock", X, parameter=25.0), 3, 5, 5),
        (agg("count distinct", "stock", X), 2, 4, 1),
        (agg("weighted average", "stock", X, weight=X), 3.6, 6.53333333333, 5),
        (agg("share", "stock", op(">", X, lit(4))), 0, 4 / 6, 2 / 3),
        (agg("count", "stock", X), 3, 5, 2),
        (agg("max", "stock", X), 4, 9, 5),
    ],
)
def test_each_aggregate_in_overlapping_windows_and_slices(node, january, later, shop_b_later):
    world, data = graph(STOCK), {"stock": LEVELS}
    windows = (JANUARY, FEBRUARY_ON, Window(date(2026, 1, 2), date(2026, 2, 1)))
    by = [dimension(name, stock=col("stock", name, TEXT)) for name in ("shop", "size")]
    asks = [Ask(node, windows, (one,)) for one in by] + [Ask(node, windows, tuple(by))]
    for questions in (asks, asks[:2]):
        found = evaluate(world, questions, TableSession(world, data), AS_OF, profiles(world, data, AS_OF))
        shops, sizes = (found.grid(ask) for ask in asks[:2])
        assert [shops.at((), w) for w in windows[:2]] == pytest.approx([january, later])
        assert shops.at(("b",), FEBRUARY_ON) == pytest.approx(shop_b_later)
        assert tuple(shops.slices) == ((), ("a",), ("b",))
        assert tuple(sizes.slices) == ((), ("l",), ("s",))


@pytest.mark.parametrize("way", WAYS)
def test_a_slice_that_no_filter_keeps_a_row_of_does_not_spoil_the_total(monkeypatch, way):
    plan_by(monkeypatch, way)
    clicks = col("ads", "clicks")
    spread = agg(
        "standard deviation", "ads", clicks, filter=op("=", col("ads", "platform", TEXT), lit("google"))
    )
    ask = Ask(spread, (Window(date(2026, 1, 1), date(2026, 4, 10)),), (CHANNEL,))
    found = answers(ask, Ask(agg("count", "ads", filter=op(">", clicks, lit(9.0))), ask.windows, (CHANNEL,)))
    assert row(found.grid(ask), ()) == [pytest.approx(2**0.5)]
    assert row(found.grid(ask), ("google",)) == [pytest.approx(2**0.5)]
    assert row(found.grid(ask), ("meta",)) == [None]


@given(
    st.lists(
        st.tuples(st.sampled_from("+-"), st.decimals(-10_000_000, 10_000_000, places=2)),
        min_size=1,
        max_size=6,
    )
)
def test_amounts_add_up_as_on_paper_also_where_they_cancel_out(steps):
    exact, found = Decimal(0), np.zeros(1)
    for sign, amount in steps:
        exact = exact + amount if sign == "+" else exact - amount
        found = combine(sign, [found, np.array([float(amount)])])
    assert twelve(found)[0] == float(exact)


def test_what_cancels_out_but_for_the_inexactness_of_floats_is_nothing():
    three, one, two, third = (np.array([x]) for x in (0.3, 0.1, 0.2, 0.1 / 3))
    assert combine("-", [three, one, two])[0] == 0
    assert combine("-", [combine("/", [three, np.array([9.0])]), third])[0] == 0
    assert combine("-", [np.array([1e300]), np.array([1e-300])])[0] == 1e300
