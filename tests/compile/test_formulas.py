"""What formulas mean: units through arithmetic, additivity, filters and the nodes that come out."""

import pytest

from kpidsl.graph import Aggregate, Combine, Constant, Default, Rolling, Running, Share, Shift, aggregates
from kpidsl.model.rows import Apply, ColumnRef, Literal
from kpidsl.model.units import POINTS
from tests.compile.spec import build, kpi, sound


@pytest.mark.parametrize(
    ("formula", "unit"),
    [
        ("ad_spend", "EUR"),
        ("ad_spend / leads", "EUR per lead"),
        ("ad_spend / leads * leads", "EUR"),
        ("ad_spend / ad_spend", ""),
        ("sum(ads.clicks) / sum(ads.impressions)", "click per impression"),
        ("count distinct(crm.contact)", "contact"),
        ("count distinct(ads.campaign)", "campaign"),
        ("average(crm.waiting)", "day"),
        ("average(ads.rate)", "%"),
        ("standard deviation(ads.rate)", "points"),
        ("average(ads.rate) - 2%", "points"),
        ("share(ads where active)", "%"),
        ("share(crm where score >= 9) - share(crm where score <= 6)", "points"),
        ("nps(crm.score)", "points"),
        ("csat(crm.happy)", "%"),
        ("growth(leads)", "%"),
        ("ad_spend / 3 month", "EUR per month"),
        ("ad_spend / 3 month * 2 year", "EUR"),
        ("ad_spend * 5%", "EUR"),
        ("98% of ad_spend", "EUR"),
        ("previous period(leads)", "lead"),
        ("rolling average(ad_spend, 3)", "EUR"),
        ("share of total(leads)", "%"),
        ("-ad_spend", "EUR"),
        ("abs(ad_spend - sum(ads.revenue))", "EUR"),
        ("round(ad_spend / leads, 2)", "EUR per lead"),
        ("weighted average(ads.rate by ads.clicks)", "%"),
        ("sum(ads.spend * 2)", "EUR"),
        ("sum(orders.margin)", "EUR"),
        ("count(crm.contact)", "lead"),
        ("count(ads)", "row"),
        ("new(crm.contact)", "contact"),
        ("churned(ads.campaign)", "campaign"),
        ("retention(crm.contact, 3)", "%"),
    ],
)
def test_unit(formula: str, unit: str) -> None:
    assert str(sound(kpi(formula)).kpi().unit) == unit


@pytest.mark.parametrize(
    ("formula", "adds"),
    [
        ("ad_spend", "additive"),
        ("leads where pages > 1", "additive"),
        ("new(crm.contact)", "additive"),
        ("returning(crm.contact)", "none"),
        ("retention(crm.contact, 3)", "none"),
        ("ad_spend * 2", "additive"),
        ("2 * ad_spend", "additive"),
        ("ad_spend / 2", "additive"),
        ("2 / ad_spend", "none"),
        ("ad_spend - sum(ads.revenue)", "additive"),
        ("ad_spend + 5 EUR", "none"),
        ("ad_spend / leads", "none"),
        ("ad_spend * leads", "none"),
        ("5 EUR + 5 EUR", "constant"),
        ("last(stock.level)", "semi"),
        ("last(stock.level) - first(stock.level)", "semi"),
        ("last(stock.level) * 2", "semi"),
        ("average(ads.spend)", "none"),
        ("count distinct(crm.contact)", "none"),
        ("max(ads.spend)", "none"),
        ("same period last year(leads)", "additive"),
        ("previous period(leads)", "semi"),
        ("running total(leads)", "none"),
        ("rolling average(leads, 2)", "none"),
        ("-leads", "additive"),
        ("abs(leads)", "none"),
        ("leads default 0", "additive"),
        ("leads default 5 lead", "none"),
    ],
)
def test_additivity(formula: str, adds: str) -> None:
    assert sound(kpi(formula)).formula().additivity == adds


def test_units_of_time_convert() -> None:
    node = sound(kpi("sum(crm.waiting) + 2 weeks")).formula()
    assert isinstance(node, Combine)
    assert node.args[1] == Constant(14, node.unit)


def test_a_declared_unit_converts() -> None:
    node = sound(kpi("sum(crm.waiting)", "unit hours")).formula()
    assert isinstance(node, Combine)
    assert node.op == "*"
    assert isinstance(node.args[1], Constant)
    assert node.args[1].value == 24


def test_time_words_of_a_family_cancel() -> None:
    node = sound(kpi("ad_spend / 1 quarter * 1 month")).formula()
    assert str(node.unit) == "EUR"
    assert isinstance(node, Combine)
    factor = node.args[1]
    assert isinstance(factor, Constant)
    assert factor.value == pytest.approx(1 / 3)


def test_equal_parts_are_one_object() -> None:
    made = sound(kpi("ad_spend / leads") + kpi("(sum(ads.spend)) / count(crm)", name="y"))
    assert made.formula("x") is made.formula("y")


def test_a_filter_is_pushed_to_every_aggregate() -> None:
    node = sound(kpi('(ad_spend / leads) where channel = "google"')).formula()
    filters = {part.source: part.filter for part in aggregates(node)}
    for source, name in (("ads", "platform"), ("crm", "origin")):
        row = filters[source]
        assert isinstance(row, Apply)
        assert isinstance(row.args[0], ColumnRef)
        assert (row.op, row.args[0].name) == ("=", name)


def test_filters_inside_and_outside_are_one() -> None:
    node = sound(kpi("sum(ads.spend where active) where clicks > 1")).formula()
    assert isinstance(node, Aggregate)
    assert isinstance(node.filter, Apply)
    assert node.filter.op == "and"


def test_a_filter_goes_through_shifts() -> None:
    node = sound(kpi("(growth(leads)) where pages > 1")).formula()
    assert len(aggregates(node)) == 1
    assert aggregates(node)[0].filter is not None


def test_channels_of_a_kpi_restrict_every_source() -> None:
    node = sound(kpi("ad_spend / leads", "channel google, meta")).formula()
    for part in aggregates(node):
        assert isinstance(part.filter, Apply)
        assert part.filter.op == "in"
        assert part.filter.args[1:] == tuple(Literal(v, part.filter.args[1].type) for v in ("google", "meta"))


def test_the_channel_comes_along_a_link() -> None:
    node = sound(kpi('count(orders) where channel = "meta"')).formula()
    assert isinstance(node, Aggregate)
    assert isinstance(node.filter, Apply)
    assert node.filter.args[0] == ColumnRef("orders", "channel", node.filter.args[0].type, ("sessions",))


def test_the_role_wins_over_a_column_named_channel() -> None:
    source = 'source t\n  from "t.csv"\n  time d\n  channel origin\n  column channel text\n'
    made = sound(source + kpi('count(t) where channel = "a"', "by channel"))
    node = made.formula()
    assert isinstance(node, Aggregate)
    assert isinstance(node.filter, Apply)
    assert isinstance(node.filter.args[0], ColumnRef)
    assert node.filter.args[0].name == "origin"
    assert made.kpi().dimensions[0].column("t").name == "origin"


def test_a_kpi_in_a_formula_has_its_declared_unit() -> None:
    made = sound(kpi("count(orders) / count(sessions)", "unit %") + kpi("x - 2%", name="y"))
    assert made.kpi("y").unit == POINTS


def test_renaming_a_unit_shares_the_aggregate() -> None:
    made = sound(kpi("average(crm.score)", "unit %") + kpi("average(crm.score)", name="y"))
    assert aggregates(made.formula("x")) == aggregates(made.formula("y"))


def test_result_functions() -> None:
    made = sound(
        kpi("previous period(leads, 2)", name="a")
        + kpi("same period last year(leads)", name="b")
        + kpi("running total(leads)", name="c")
        + kpi("rolling average(leads, 3)", name="d")
        + kpi("share of total(leads)", name="e")
        + kpi("leads default 0", name="f")
    )
    inner = made.graph.measures["leads"].node
    unit = inner.unit
    assert made.formula("a") == Shift(inner, "period", unit, "semi", 2)
    assert made.formula("b") == Shift(inner, "year", unit, "additive")
    assert made.formula("c") == Running(inner, unit)
    assert made.formula("d") == Rolling(inner, 3, unit)
    assert isinstance(made.formula("e"), Share)
    assert made.formula("f") == Default(inner, 0.0, unit, "additive")


def test_count_of_a_column_counts_rows_that_have_it() -> None:
    node = sound(kpi("count(crm.contact)")).formula()
    assert isinstance(node, Aggregate)
    assert node.argument is None
    assert isinstance(node.filter, Apply)
    assert node.filter.op == "not"


def test_constants_fold() -> None:
    node = sound("let a = 2 * 3 EUR\n" + kpi("ad_spend / (a + 4 EUR)")).formula()
    assert isinstance(node, Combine)
    assert isinstance(node.args[1], Constant)
    assert node.args[1].value == 10


@pytest.mark.parametrize(
    ("condition", "ops"),
    [
        ("started >= 2026-Q1", [(">=", "2026-01-01")]),
        ("started > 2026-Q1", [(">=", "2026-04-01")]),
        ("started < 2026-Q1", [("<", "2026-01-01")]),
        ("started <= 2026-Q1", [("<", "2026-04-01")]),
        ("2026-Q1 <= started", [(">=", "2026-01-01")]),
        ("started = 2026-Q1", [(">=", "2026-01-01"), ("<", "2026-04-01")]),
        ("started = 2026", [(">=", "2026-01-01"), ("<", "2027-01-01")]),
        ("started between 2026-01 and 2026-02", [(">=", "2026-01-01"), ("<", "2026-03-01")]),
        ("started between 2025 and 2026", [(">=", "2025-01-01"), ("<", "2027-01-01")]),
    ],
)
def test_periods_compare_by_days(condition: str, ops: list[tuple[str, str]]) -> None:
    node = sound(kpi(f"ad_spend where {condition}")).formula()
    assert isinstance(node, Aggregate)
    row = node.filter
    assert isinstance(row, Apply)
    parts = row.args if row.op == "and" else (row,)
    found = [
        (p.op, str(p.args[1].value)) for p in parts if isinstance(p, Apply) and isinstance(p.args[1], Literal)
    ]
    assert found == ops


@pytest.mark.parametrize(
    "condition",
    [
        "not active",
        "active = true",
        'campaign in ("a", "b")',
        "campaign is not missing",
        "day not between 2026-01 and 2026-03",
        "day in (2026-01, 2026-03)",
        'contains(lower(campaign), "brand") or starts with(campaign, "x")',
        "weekday(day) <= 5 and month(day) = 12 and year(day) = 2026",
        "(spend default 0) > 5",
        "-spend < 0",
        "spend / clicks > 2 EUR per click",
        "spend + 0 > revenue",
        'platform = 5 or platform = "5"',
        "ads.spend > 5",
    ],
)
def test_sound_conditions(condition: str) -> None:
    sound(kpi(f"ad_spend where {condition}"))


def test_a_constant_in_a_condition() -> None:
    node = sound("let limit = 5 EUR\n" + kpi("ad_spend where spend > limit")).formula()
    assert isinstance(node, Aggregate)
    assert isinstance(node.filter, Apply)
    assert isinstance(node.filter.args[1], Literal)
    assert node.filter.args[1].value == 5


def test_plurals_of_known_things_are_the_thing() -> None:
    assert str(sound(kpi("leads", "target at least 100 leads")).kpi().unit) == "lead"
    assert build(kpi("leads", "target at least 100 buses")).codes == ["K401"]


@pytest.mark.parametrize("word", ["points", "point", "per"])
def test_rows_that_are_called_like_a_part_of_units(word: str) -> None:
    rows = f'source rows\n  from "r.csv"\n  time day\n  row {word}\n\n'
    assert str(sound(kpi("count(rows)"), rows).formula().unit) == f"_{word}"
