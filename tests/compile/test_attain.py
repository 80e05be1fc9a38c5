"""Targets that contradict those of their drivers: worked cases, what is no contradiction, and intervals that
hold every value."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kpidsl.compile.intervals import Reach, combined
from tests.compile.spec import build

SHOP = """
kpi visits
  formula     sum(web.visits)
  target      {visits}
  measured    {measured}
{dates}
kpi rate
  formula     count(web) / sum(web.visits)
  unit        %
  target      {rate}
  measured    every month

kpi buyers
  formula     sum(web.visits) * {named}
  target      {buyers}
  measured    every month
{more}
"""
WEB = """
source web
  from        "web.csv"
  row         visit
  time        day
  column      visits visit
  column      signed EUR
  column      diff = signed - 3 EUR
"""


def shop(
    visits="at most 100 visits",
    rate="at most 4%",
    buyers="at least 20 visits",
    measured="every month",
    dates="",
    named="rate",
    more="",
):
    text = SHOP.format(
        visits=visits, rate=rate, buyers=buyers, measured=measured, dates=dates, named=named, more=more
    )
    made = build(text, WEB)
    assert not made.report.errors, [d.message for d in made.report.errors]
    return [d for d in made.report if d.code == "K440"]


def test_a_product_of_caps() -> None:
    (found,) = shop()
    assert found.severity.word == "warning"
    assert found.kpi == "buyers"
    assert found.message == (
        "`buyers` asks for at least 20 visits, and can be at most 4 visits"
        " where `visits` is at most 100 visits and `rate` is at most 4%"
    )
    assert [label.text for label in found.labels] == [
        "`visits` is to be at most 100 visits",
        "`rate` is to be at most 4%",
    ]
    assert found.span.text == "target      at least 20 visits"
    assert found.help == "at least 4 visits could be kept; else one of the others has to give way"


@pytest.mark.parametrize("buyers", ["at least 4 visits", "at most 1 visit", "between 4 visits and 9 visits"])
def test_what_can_just_be_reached_is_fine(buyers: str) -> None:
    assert shop(buyers=buyers) == []


@pytest.mark.parametrize(
    ("buyers", "count"), [("at least 4.01 visits", 1), ("between 4.01 visits and 9 visits", 1)]
)
def test_what_is_just_beyond_is_not(buyers: str, count: int) -> None:
    assert len(shop(buyers=buyers)) == count


def test_floors_make_a_cap_unattainable() -> None:
    (found,) = shop("at least 200 visits", "at least 10%", "at most 19 visits")
    assert "can be at least 20 visits" in found.message


def test_a_driver_without_a_bound_leaves_all_open() -> None:
    assert shop(visits="at least 100 visits") == []
    assert shop(rate="at least 4%") == []


def test_a_constant_counts() -> None:
    (found,) = shop(named="5%", buyers="at least 6 visits")
    assert "can be at most 5 visits" in found.message
    assert "rate" not in found.message


def test_a_quotient() -> None:
    more = """
kpi leads
  formula     count(web)
  target      at least 30 visits
  measured    every month
"""
    found = shop(more=more, buyers="at least 1 visit")
    assert [d.kpi for d in found] == ["rate"]
    assert "can be at least 30%" in found[0].message


def test_a_difference() -> None:
    more = """
kpi spare
  formula     sum(web.visits) - count(web)
  target      at least 120 visits
  measured    every month
"""
    found = shop(more=more, buyers="at least 1 visit")
    assert [d.kpi for d in found] == ["spare"]
    assert "can be at most 100 visits" in found[0].message  # nothing is less than no visit


def test_two_targets_for_one_formula() -> None:
    more = """
kpi traffic
  formula     sum(web.visits)
  target      at least 120 visits
  measured    every month
"""
    found = shop(more=more, buyers="at least 1 visit")
    assert [(d.kpi, "`visits` is at most 100 visits" in d.message) for d in found] == [("traffic", True)]


def test_other_windows() -> None:
    # a cap for each week says nothing of a month, and neither does one of a year
    assert shop(measured="every week") == []
    assert shop(measured="every year") == []
    assert shop(measured="over the last 28 days") == []


@pytest.mark.parametrize(("asked", "count"), [("1_200", 0), ("1_201", 1)])
def test_months_make_a_year(asked: str, count: int) -> None:
    more = f"""
kpi yearly
  formula     sum(web.visits)
  target      at least {asked} visits
  measured    every year
"""
    assert len(shop(more=more, buyers="at least 1 visit")) == count


@pytest.mark.parametrize(("asked", "count"), [("300", 0), ("301", 1)])
def test_months_make_a_total(asked: str, count: int) -> None:
    more = f"""
kpi total
  formula     sum(web.visits)
  target      at least {asked} visits
  measured    cumulatively
  from        2026-01
  deadline    2026-Q1
"""
    assert len(shop(more=more, buyers="at least 1 visit")) == count


def test_a_ratio_of_a_year_lies_between_those_of_its_months() -> None:
    more = """
kpi yearly
  formula     count(web) / sum(web.visits)
  unit        %
  target      at least 5%
  measured    every year
"""
    assert [d.kpi for d in shop(more=more, buyers="at least 1 visit")] == ["yearly"]


def test_other_times() -> None:
    more = """
kpi later
  formula     sum(web.visits)
  target      at least 120 visits
  measured    every month
  from        2027-01
"""
    ended = "  deadline    2026-12\n"
    assert shop(more=more, buyers="at least 1 visit", dates=ended) == []
    assert len(shop(more=more, buyers="at least 1 visit", dates="  deadline    2027-01\n")) == 1


def test_drafts_promise_nothing() -> None:
    assert shop(dates="  draft\n") == []


def test_another_period_is_not_promised() -> None:
    assert shop(named="growth(visits) * 1 visit / sum(web.visits)") == []


def test_signed_columns_have_no_floor() -> None:
    more = """
kpi margin
  formula     sum(web.diff)
  target      at most 10 EUR
  measured    every month

kpi twice
  formula     sum(web.diff) * sum(web.diff) / 1 EUR
  target      at least 500 EUR
  measured    every month
"""
    assert shop(more=more, buyers="at least 1 visit") == []  # the square of -30 is 900


def test_a_change_of_a_number() -> None:
    more = """
kpi traffic
  formula     sum(web.visits)
  baseline    90 visits
  target      increase by 20%
  measured    every month
  deadline    2026-12
  pace        none
"""
    found = shop(more=more, buyers="at least 1 visit")
    assert [(d.kpi, "at least 108 visits" in d.message) for d in found] == [("traffic", True)]


def test_milestones_of_a_total() -> None:
    more = """
kpi total
  formula     sum(web.visits)
  target
    at least 90 visits by 2026-01
    at least 290 visits by 2026-02
  measured    cumulatively
  from        2026-01
  deadline    2026-03
"""
    (found,) = shop(more=more, buyers="at least 1 visit")
    assert "can be at most 200 visits" in found.message


# -- slices and periods

ADS = """
source ads
  from        "ads.csv"
  time        day
  channel     platform
  column      spend EUR
  column      clicks click
  column      diff = spend - 3 EUR

source crm
  from        "crm.csv"
  row         lead
  time        day
  channel     origin
"""


def told(text: str) -> list[tuple[str, str]]:
    """The KPI of each warning, and what is said after its target."""
    made = build(text, ADS)
    assert not made.report.errors, [d.message for d in made.report.errors]
    return [(d.kpi or "", d.message.partition(", and ")[2]) for d in made.report if d.code == "K440"]


def leads(*clauses: str, name: str = "leads", formula: str = "count(crm)") -> str:
    lines = "".join(f"  {clause}\n" for clause in clauses)
    return f"\nkpi {name}\n  formula {formula}\n{lines}"


def by(**lines: str) -> str:
    return "by channel\n" + "\n".join(f"    {name} {bound}" for name, bound in lines.items())


FLOORS = by(google="at least 300 leads", meta="at least 200 leads")


def test_slices_that_ask_for_more_than_the_total_may_be() -> None:
    [(kpi, said)] = told(leads("target at most 499 leads", FLOORS))
    assert kpi == "leads"
    assert said == (
        "can be at least 500 leads"
        " where `leads` is at least 300 leads for google and at least 200 leads for meta"
    )
    assert told(leads("target at most 500 leads", FLOORS)) == []


def test_slices_that_are_not_all_there_are_cap_no_total() -> None:
    caps = by(google="at most 300 leads", meta="at most 200 leads")
    assert told(leads("target at least 501 leads", caps)) == []
    assert told(leads("target at least 501 leads", "channel google, meta, mail", caps)) == []
    [(_, said)] = told(leads("target at least 501 leads", "channel google, meta", caps))
    assert said.startswith("can be at most 500 leads")
    assert told(leads("target at least 500 leads", "channel google, meta", caps)) == []


def test_slices_of_what_may_be_negative_say_nothing_of_the_total() -> None:
    lines = by(google="at least 300 EUR", meta="at least 200 EUR")
    margin = leads("target at most 1 EUR", lines, formula="sum(ads.diff)")
    assert told(margin) == []
    [(_, said)] = told(margin.replace("target", "channel google, meta\n  target"))
    assert said.startswith("can be at least 500 EUR")


def test_the_total_of_a_ratio_lies_between_its_slices_where_they_are_all_there_are() -> None:
    cost = "sum(ads.spend) / count(crm)"
    lines = by(google="at least 20 EUR per lead", meta="at least 30 EUR per lead")
    assert told(leads("target at most 19 EUR per lead", lines, formula=cost)) == []
    clauses = ("channel google, meta", lines)
    [(_, said)] = told(leads("target at most 19 EUR per lead", *clauses, formula=cost))
    assert said.startswith("can be at least 20 EUR per lead where")
    assert told(leads("target at most 20 EUR per lead", *clauses, formula=cost)) == []


SPEND = leads(by(meta="at least 1_000 EUR"), name="spend", formula="sum(ads.spend)")
COST = "sum(ads.spend) / count(crm)"


def test_a_slice_rests_on_the_same_slice_of_its_drivers() -> None:
    cost = leads(
        "target at most 90 EUR per lead", by(meta="at most 20 EUR per lead"), name="cost", formula=COST
    )
    few = leads(by(meta="at most 40 leads"))
    [(kpi, said)] = told(SPEND + few + cost)
    assert kpi == "cost"
    assert said == (
        "can be at least 25 EUR per lead where `spend` is at least 1,000 EUR for meta"
        " and `leads` is at most 40 leads for meta"
    )
    assert told(SPEND + few.replace("40", "50") + cost) == []
    assert told(SPEND + few.replace("meta", "google") + cost) == []


def test_a_slice_is_no_more_than_the_whole() -> None:
    cost = leads(by(meta="at most 20 EUR per lead"), name="cost", formula=COST)
    [(_, said)] = told(SPEND + leads("target at most 40 leads") + cost)
    assert said.endswith("`leads` is at most 40 leads")
    assert told(SPEND + leads("target at least 40 leads") + cost) == []


def test_a_slice_inherits_the_target_of_a_ratio_where_it_is_split_so() -> None:
    rate = leads(
        "target at most 2 EUR per click", "{}", name="price", formula="sum(ads.spend) / sum(ads.clicks)"
    )
    clicks = leads(by(meta="at most 100 clicks"), name="clicks", formula="sum(ads.clicks)")
    spend = leads(by(meta="at least 201 EUR"), name="spend", formula="price * clicks")
    [(kpi, said)] = told(rate.format("by channel") + clicks + spend)
    assert (kpi, said.startswith("can be at most 200 EUR")) == ("spend", True)
    assert told(rate.format('owner "Ann"') + clicks + spend) == []
    own = by(meta="at most 3 EUR per click")
    assert told(rate.format(own) + clicks + spend) == []


def test_shares_of_a_total_are_one_together() -> None:
    mix = leads(
        by(google="at least 60%", meta="at least {}%"), "unit %", formula="share of total(count(crm))"
    )
    assert told(mix.format(40)) == []
    [(kpi, said)] = told(mix.format(45))
    assert (kpi, said) == ("leads", "can be at most 55% where `leads` is at least 45% for meta")


@pytest.mark.parametrize(
    ("of_clicks", "of_price", "count"),
    [("2026-02", "2026-02", 1), ("2026-02", "2026-03", 0), ("2026-Q1", "2026-02", 1)],
)
def test_targets_of_periods_meet_in_the_same_window(of_clicks: str, of_price: str, count: int) -> None:
    steps = f"target\n    at least 100 clicks in {of_clicks}"
    clicks = leads(steps, name="clicks", formula="average(ads.clicks)")
    price = leads(f"target\n    at least 2 EUR per click in {of_price}", name="price", formula=PRICE)
    spend = leads("target at most 199 EUR", name="spend", formula="price * clicks")
    assert [kpi for kpi, _ in told(clicks + price + spend)] == ["spend"] * count


PRICE = "sum(ads.spend) / sum(ads.clicks)"


def test_two_drivers_that_never_meet_make_no_contradiction() -> None:
    """Each overlaps the year that is asked for, and not the other."""
    clicks = leads("target at least 100 clicks", "deadline 2026-03", name="clicks", formula="sum(ads.clicks)")
    price = leads("target at least 2 EUR per click", "from {}", name="price", formula=PRICE)
    spend = leads(
        "target at most 199 EUR", "from 2026-01", "deadline 2026-12", name="spend", formula="price * clicks"
    )
    assert told(clicks + price.format("2026-04") + spend) == []
    assert [kpi for kpi, _ in told(clicks + price.format("2026-03") + spend)] == ["spend"]


def test_a_period_asks_for_what_its_drivers_leave() -> None:
    clicks = leads("target at most 100 clicks", name="clicks", formula="sum(ads.clicks)")
    price = leads("target at most 2 EUR per click", name="price", formula=PRICE)
    steps = "target\n    at least 150 EUR in 2026-01\n    at least 201 EUR in 2026-02"
    made = build(clicks + price + leads(steps, name="spend", formula="price * clicks"), ADS)
    [found] = [d for d in made.report if d.code == "K440"]
    assert found.message.startswith(
        "`spend` asks for at least 201 EUR in 2026-02, and can be at most 200 EUR"
    )
    assert found.span.text == "at least 201 EUR in 2026-02"


@pytest.mark.parametrize(
    ("asked", "until", "count"),
    [("at most 349", 3, 1), ("at most 350", 3, 0), ("at most 349", 2, 0)],
)
def test_months_with_targets_make_a_quarter(asked: str, until: int, count: int) -> None:
    steps = [f"    at least {100 + 25 * (n % 2)} leads in 2026-0{n}" for n in range(1, until + 1)]
    monthly = leads("target\n" + "\n".join(steps), name="monthly")
    quarter = leads(f"target {asked} leads", "measured every quarter", "from 2026-01", name="quarterly")
    found = told(monthly + quarter)
    assert [kpi for kpi, _ in found] == ["quarterly"] * count
    total = leads(
        f"target {asked} leads", "measured cumulatively", "from 2026-01", "deadline 2026-03", name="total"
    )
    assert [kpi for kpi, _ in told(monthly + total)] == ["total"] * count


# -- intervals

ENDS = st.one_of(st.just(-math.inf), st.just(math.inf), st.integers(-5, 5).map(float), st.floats(-100, 100))


@st.composite
def reaches(draw):
    """An interval and a number in it."""
    low, high = sorted((draw(ENDS) + 0.0, draw(ENDS) + 0.0))  # -0.0 is 0.0
    assume(low < math.inf)
    assume(high > -math.inf)
    value = draw(st.floats(max(low, -1e3), min(high, 1e3)))
    return Reach(low, high), value


@given(st.sampled_from("+-*/"), reaches(), reaches())
def test_intervals_hold_every_value(op, one, other):
    (a, x), (b, y) = one, other
    assume(op != "/" or y != 0)
    value = {"+": x + y, "-": x - y, "*": x * y}[op] if op != "/" else x / y
    assume(math.isfinite(value))
    found = combined(op, [a, b])
    assert not math.isnan(found.low)
    assert not math.isnan(found.high)
    slack = 1e-9 * max(1, abs(value))
    assert found.low - slack <= value <= found.high + slack


@given(st.sampled_from(["neg", "abs", "round"]), reaches())
def test_intervals_of_one_number(op, one):
    a, x = one
    value = {"neg": -x, "abs": abs(x), "round": float(round(x))}[op]
    found = combined(op, [a])
    assert found.low - 1e-9 <= value <= found.high + 1e-9


def test_nothing_follows_from_a_division_by_zero():
    assert combined("/", [Reach(1.0, 2.0), Reach(0.0, 0.0)]) == Reach()


# -- many of one formula -----------------------------------------------------------------------------


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("at least"), st.integers(1, 30)),
            st.tuples(st.just("at most"), st.integers(1, 30)),
        ),
        min_size=2,
        max_size=9,
    )
)
def test_of_many_targets_for_one_formula_the_tightest_count(promises):
    spec = "".join(
        f"kpi k{n}\n  formula sum(web.visits)\n  target {words} {number} visits\n  measured every month\n"
        for n, (words, number) in enumerate(promises)
    )
    told = [d for d in build(spec, WEB).report if d.code == "K440"]
    expected, low, high = {}, (-math.inf, ""), (math.inf, "")
    for n, (words, number) in enumerate(promises):
        if words == "at least":
            if number > high[0]:
                expected[f"k{n}"] = high[1]
            low = max(low, (number, f"k{n}"), key=lambda one: one[0])
        else:
            if number < low[0]:
                expected[f"k{n}"] = low[1]
            high = min(high, (number, f"k{n}"), key=lambda one: one[0])
    assert {d.kpi for d in told} == expected.keys()
    for d in told:
        assert any(f"`{expected[d.kpi]}`" in text for text in (*d.notes, *(x.text for x in d.labels))), d


def test_a_thousand_kpis_of_one_formula_are_held_against_few(monkeypatch: pytest.MonkeyPatch) -> None:
    from kpidsl.compile.reaching import Reaching

    lengths = []
    promises = Reaching.promises

    def counted(self, found, given):
        lengths.append(len(given))
        return promises(self, found, given)

    monkeypatch.setattr(Reaching, "promises", counted)
    one = "kpi k{}\n  formula sum(web.visits)\n  target at most {} visits\n  measured every month\n"
    build("".join(one.format(n, 2000 - n) for n in range(1000)), WEB)
    assert len(lengths) >= 999
    assert max(lengths) <= 2
