"""Promises as they come out of clauses."""

from datetime import date
from pathlib import Path

import pytest

from kpidsl.compile import compile_files
from kpidsl.diagnostics import Report, Source
from kpidsl.graph import Combine, Constant, Cumulative, Every, Tolerance, Trailing, aggregates
from kpidsl.model.periods import Window
from kpidsl.syntax import nodes
from kpidsl.syntax.parse import parse
from tests.compile.spec import SOURCES, check_marks, kpi, sound


def test_the_tour_compiles(tour: str) -> None:
    report = Report()
    graph = compile_files([parse(Source("tour.kpi", tour), report)], report)
    assert not report.errors
    assert not graph.broken
    assert set(graph.kpis) == {"cost_per_lead", "online_sales", "conversion_rate", "sales_to_plan", "roas"}
    assert graph.objectives["grow_online"].members[0] == ("online_sales", 3.0)
    assert graph.sources["orders"].column("margin") is not None
    assert graph.calendar.fiscal_month == 4


@pytest.fixture
def tour() -> str:
    return (Path(__file__).parent / "tour.kpi").read_text("utf-8")


def test_dates() -> None:
    promise = sound(kpi("leads", "from 2026-Q2", "deadline 2026-Q4", "measured cumulatively")).kpi().promise
    assert (promise.start, promise.deadline) == (date(2026, 4, 1), date(2026, 12, 31))
    assert promise.measured == Cumulative()


def test_a_promise_starts_after_its_baseline() -> None:
    promise = sound(kpi("leads", "baseline 2025-H2", "target increase by 5%")).kpi().promise
    assert promise.start == date(2026, 1, 1)
    assert isinstance(promise.baseline, Window)


def test_ways_to_measure() -> None:
    assert sound(kpi("leads")).kpi().promise.measured == Every("month")
    assert sound(kpi("leads", "measured every week")).kpi().promise.measured == Every("week")
    assert sound(kpi("leads", "measured over the last 28 days")).kpi().promise.measured == Trailing(28, "day")


def test_targets_come_in_the_unit_of_the_kpi() -> None:
    bound = sound(kpi("sum(crm.waiting)", "target at most 2 weeks")).kpi().promise.bound
    assert bound is not None
    assert isinstance(bound.value, Constant)
    assert (bound.value.value, str(bound.value.unit)) == (14, "day")


def test_a_ratio_takes_a_percentage_as_target() -> None:
    bound = sound(kpi("ad_spend / sum(ads.revenue)", "target at most 20%")).kpi().promise.bound
    assert bound is not None
    assert isinstance(bound.value, Constant)
    assert bound.value.value == 0.2


@pytest.mark.parametrize(
    ("change", "relative", "value"),
    [("20%", True, 0.2), ("2 points", False, 0.02)],
)
def test_changes_of_percentages(change: str, relative: bool, value: float) -> None:
    bound = (
        sound(kpi("average(ads.rate)", "baseline 2025", f"target increase by {change}")).kpi().promise.bound
    )
    assert bound is not None
    assert isinstance(bound.value, Constant)
    assert (bound.direction, bound.relative, bound.value.value) == ("increase", relative, value)


def test_changes_by_an_amount() -> None:
    bound = sound(kpi("ad_spend", "baseline 2025", "target decrease by 5_000 EUR")).kpi().promise.bound
    assert bound is not None
    assert isinstance(bound.value, Constant)
    assert (bound.direction, bound.relative, bound.value.value) == ("decrease", False, 5000)


@pytest.mark.parametrize(
    ("tolerance", "expected"),
    [("5%", Tolerance(0.05, True, "5%")), ("2 lead", Tolerance(2.0, False, "2 lead"))],
)
def test_tolerances(tolerance: str, expected: Tolerance) -> None:
    made = sound(kpi("leads", "target at least 5 lead", f"tolerance {tolerance}"))
    assert made.kpi().promise.tolerance == expected


def test_a_target_may_be_a_formula() -> None:
    bound = sound(kpi("ad_spend", "target at most 98% of sum(ads.revenue)")).kpi().promise.bound
    assert bound is not None
    assert isinstance(bound.value, Combine)


def test_a_formula_as_target_looks_at_the_channels_of_the_kpi() -> None:
    bound = (
        sound(kpi("ad_spend", "channel google", "target at most 98% of sum(ads.revenue)")).kpi().promise.bound
    )
    assert bound is not None
    assert aggregates(bound.value)[0].filter is not None


def test_dimensions_have_a_column_in_every_source() -> None:
    dimension = sound(kpi("count(orders) / count(sessions)", "by device")).kpi().dimensions[0]
    assert dimension.column("orders").via == ("sessions",)
    assert dimension.column("sessions").via == ()


def test_milestones_in_order() -> None:
    made = sound(
        "kpi m\n  formula leads\n  target\n    at least 5 lead by 2026-03\n    at least 9 lead by 2026-06\n"
    )
    days = [day for day, _ in made.kpi("m").promise.milestones]
    assert days == [date(2026, 3, 31), date(2026, 6, 30)]


def test_milestones_out_of_order() -> None:
    check_marks(
        "kpi m\n  formula leads\n  from 2026-02\n  deadline 2026-09\n  target\n"
        "    at least 5 lead by 2026-06\n"
        "    at least 9 lead by 2026-03 #! K411 does not come after\n"
        "    at least 9 lead by 2026-12 #! K411 after the deadline\n"
    )


def test_a_negative_tolerance() -> None:
    """The grammar has no way to write one; an editor or a generator of nodes might."""
    from attrs import evolve

    report = Report()
    file = parse(Source("spec.kpi", SOURCES + kpi("leads", "target at least 5 lead", "tolerance 5%")), report)
    last = file.definitions[-1]
    assert isinstance(last, nodes.KpiDef)
    tolerance = last.clauses[-1]
    assert isinstance(tolerance, nodes.Tolerance)
    wrong = evolve(tolerance, amount=evolve(tolerance.amount, text="-5"))
    changed = evolve(last, clauses=(*last.clauses[:-1], wrong))
    compile_files([evolve(file, definitions=(*file.definitions[:-1], changed))], report)
    assert [d.code for d in report] == ["K403"]


def test_scenarios_and_tests_are_checked() -> None:
    check_marks(
        kpi("ad_spend / leads") + 'scenario "s"\n  set x = 5 lead #! K401 the value\n'
        "  solve ad_spent for x = 5 EUR per lead #! K202 `ad_spend`\n"
        + 'test "t"\n  given adz #! K205 `ads`\n    | day |\n    | 2026-01-01 |\n'
        "  as of 2026-01 #! K318 longer than a day\n"
        + "  expect x for google in 2026-01 = 5 EUR per lead #! K219 no dimension\n"
        "  expect y = 5 #! K202 no KPI `y`\n"
        + 'test "u"\n  given ads\n    | dai | #! K203 `day`\n    | 1 |\n  as of 2026-01-01\n'
        "  expect x = 5 EUR per lead\n"
    )


def test_the_example_company_compiles() -> None:
    folder = Path(__file__).parents[2] / "examples" / "atelier"
    report = Report()
    files = [
        parse(Source(path.name, path.read_text("utf-8")), report) for path in sorted(folder.glob("*.kpi"))
    ]
    graph = compile_files(files, report)
    assert len(graph.kpis) > 30
    assert not graph.broken
    assert not report.errors
