"""KPIs under assumptions, each number worked out by hand; the files are those of tests/project.py.

January: 100 EUR, 5 leads. February: 150 EUR (google 90, meta 60), 5 leads (3, 2). March to the 10th: 10 EUR
and 1 lead.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import kpidsl
from tests.project import SPECS, write

ROAS = """
let price = 5 EUR per lead
kpi margin "Margin"
  formula     leads * price - ad_spend
  unit        EUR
  target      at least 0 EUR
  measured    every month
  from        2026-01
"""


@pytest.fixture
def project(tmp_path: Path) -> kpidsl.Project:
    return kpidsl.load(write(tmp_path, SPECS + ROAS))


def after(trial: kpidsl.Trial) -> dict[tuple[str, str | None], tuple[float | None, str]]:
    """KPI and channel to value and word."""
    return {
        (pair.after.kpi, pair.after.slice[0][1] if pair.after.slice else None): (
            pair.after.value,
            pair.after.word,
        )
        for pair in trial
    }


def test_the_worked_example(tmp_path: Path) -> None:
    """500 EUR at 5 EUR per click are 100 clicks, 4% of which are 4 conversions; 20 take 2 500 EUR."""
    (tmp_path / "plan.kpi").write_text(
        "let ad_budget = 500 EUR\nlet cost_per_click = 5 EUR per click\nlet conversion_rate = 4%\n"
        'kpi conversions "Conversions"\n  formula ad_budget / cost_per_click * conversion_rate\n'
        'scenario "Twenty"\n  solve ad_budget for conversions = 20 click\n  expect 2_500 EUR\n'
        'scenario "Today"\n  set ad_budget = 500 EUR\n  expect conversions = 4 click\n'
        'scenario "Dearer"\n  set cost_per_click = 10 EUR per click\n'
        "  solve ad_budget for conversions = 20 click\n  expect 5_000 EUR\n"
    )
    project = kpidsl.load(tmp_path)
    assert project.solve("conversions=20", "ad_budget").solutions == (2500.0,)
    assert project.solve("conversions=20", "conversion_rate").solutions == (0.2,)
    assert project.solve("conversions=20", "cost_per_click").solutions == (1.0,)
    assert after(project.whatif({"ad_budget": 2500}))["conversions", None][0] == 20
    assert [trial.passed for trial in project.scenarios()] == [True, True, True]


def test_the_worked_example_on_data(tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text("day,spend,clicks,orders\n2026-03-05,300,60,3\n2026-03-20,200,40,1\n")
    (tmp_path / "k.kpi").write_text(
        'source ads\n  from "ads.csv"\n  time day\n  column spend EUR\n  column clicks click\n'
        "  column orders order\n"
        "measure ad_budget = sum(ads.spend)\nmeasure cpc = ad_budget / sum(ads.clicks)\n"
        "measure conversion_rate = sum(ads.orders) / sum(ads.clicks)\n"
        "kpi conversions\n  formula ad_budget / cpc * conversion_rate\n  unit order\n"
        "  target at least 20 order\n  measured every month\n"
    )
    project = kpidsl.load(tmp_path)
    trial = project.solve("conversions=20", "ad_budget", as_of="2026-04-01", values={"cpc": 5})
    assert trial.solutions == (2500.0,)
    (pair,) = trial
    assert (pair.before.value, pair.before.word) == (4, "missed")
    assert (pair.after.value, pair.after.word) == (20, "met")
    # without the price of a click fixed, more budget only makes each click dearer
    none = project.solve("conversions=20", "ad_budget", as_of="2026-04-01")
    assert none.solutions == ()
    assert none.search is not None
    assert none.search.roots.flat
    assert "does not change with ad_budget" in none.search.why


def test_a_total_that_is_set_falls_into_its_slices_as_it_did(project: kpidsl.Project) -> None:
    found = after(project.whatif({"ad_spend": 300}))
    assert found["cost_per_lead", None] == (60, "missed")
    assert found["cost_per_lead", "google"] == (60, "missed")  # 90/150 of 300 EUR for 3 leads
    assert found["cost_per_lead", "meta"] == (60, "missed")
    assert found["margin", None] == (5 * 5 - 300, "missed")
    assert ("lead_count", None) not in found


def test_changes_by_a_percentage_and_by_an_amount(project: kpidsl.Project) -> None:
    assert after(project.whatif({"ad_spend": "-20%"})) == {
        ("cost_per_lead", None): (24, "met"),
        ("cost_per_lead", "google"): (24, "met"),
        ("cost_per_lead", "meta"): (24, "missed"),
        ("margin", None): (25 - 120, "missed"),
    }
    found = after(project.whatif({"leads": "+5"}))
    assert found["cost_per_lead", None] == (15, "met")
    assert found["cost_per_lead", "google"] == (15, "met")  # 3 of 5, so 3 of the 5 more
    assert found["lead_count", None] == (16, "met")
    assert found["margin", None] == (50 - 150, "missed")


def test_what_was_found_changes_other_windows_by_the_same_factor(project: kpidsl.Project) -> None:
    """6 leads in place of 5 in February: the quarter's 11 become 13.2, and not 6."""
    found = after(project.solve("cost_per_lead=25", "leads"))
    assert found["lead_count", None][0] == pytest.approx(13.2)
    amount, part = project.whatif({"leads": 6}), project.whatif({"leads": "+20%"})
    assert "window of each KPI" in str(amount)
    assert "window of each KPI" not in str(part)
    assert after(part)["lead_count", None][0] == pytest.approx(13.2)


def test_one_channel_is_set(project: kpidsl.Project) -> None:
    found = after(project.whatif({"leads[google]": 6}))
    assert found["cost_per_lead", "google"] == (15, "met")
    assert ("cost_per_lead", "meta") not in found
    assert found["cost_per_lead", None] == (18.75, "met")  # 150 EUR for 6 + 2
    assert found["lead_count", None] == (6 + 4, "on track")  # of the whole quarter: meta has 4


def test_a_kpi_is_set(project: kpidsl.Project) -> None:
    trial = project.whatif({"cost_per_lead": 20})
    assert after(trial)["cost_per_lead", None] == (20, "met")
    assert [(was.word, now.word) for was, now in trial.objectives] == [("off track", "on track")]


def test_a_constant_is_set(project: kpidsl.Project) -> None:
    assert after(project.whatif({"price": 40})) == {("margin", None): (200 - 150, "met")}


def test_what_lies_before_stays_as_it_was(tmp_path: Path) -> None:
    spec = SPECS + (
        'kpi rise "Rise"\n  formula leads / previous period(leads) - 1\n  unit %\n  target at least 10%\n'
        "  measured every month\n  from 2026-01\n"
        'kpi more "More leads"\n  formula leads\n  baseline 2026-01\n  target increase by 20%\n'
        "  measured every month\n  deadline 2026-03\n"
    )
    trial = kpidsl.load(write(tmp_path, spec)).whatif({"leads": 6}, as_of="2026-03-01")
    found = after(trial)
    assert found["rise", None] == (pytest.approx(6 / 5 - 1), "met")
    more = next(pair.after for pair in trial if pair.after.kpi == "more")
    assert more.baseline == 5


def test_a_threshold_that_decides_about_rows(tmp_path: Path) -> None:
    """Rows are read again where a constant in a filter or a column is another one."""
    spec = SPECS + (
        "let big = 50 EUR\nkpi big_days\n  formula count(ads where spend >= big)\n"
        "  measured cumulatively\n  from 2026-01-01\n"
    )
    project = kpidsl.load(write(tmp_path, spec))
    assert project.evaluate().verdict("big_days").value == 3  # 60, 90, 60 of 60, 40, 90, 60, 10
    assert after(project.whatif({"big": 40}))["big_days", None][0] == 4
    column = spec.replace("count(ads where spend >= big)", "count(ads where size)").replace(
        "  fresh       within", "  column      size = spend >= big\n  fresh       within"
    )
    project = kpidsl.load(write(tmp_path, column))
    assert project.evaluate().verdict("big_days").value == 3
    assert after(project.whatif({"big": 40}))["big_days", None][0] == 4
    with pytest.raises(kpidsl.KpiError, match="K461"):
        project.solve("big_days=4", "big")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"nothing": 3}, "K202"),
        ({"leads": "3 EUR"}, "K401"),
        ({"cost_per_lead[google]": 3}, "K461"),
        ({"ad_spend": "bananas"}, "K202"),
        ({"ad_spend": ""}, "K726"),
        ({"ads": 3}, "K202"),
        ({"ad_spend": "(3"}, "K111"),
        ({"unused": 3}, "K630"),
    ],
)
def test_wrong_assumptions_are_told(tmp_path: Path, values: dict[str, object], code: str) -> None:
    project = kpidsl.load(write(tmp_path, SPECS + "measure unused = count(crm) + 1 lead\n"))
    with pytest.raises(kpidsl.KpiError, match=code):
        project.whatif(values)


def test_solve_backwards(project: kpidsl.Project) -> None:
    trial = project.solve("cost_per_lead=25", "leads")
    assert trial.solutions == (6.0,)
    assert after(trial)["cost_per_lead", None] == (25, "met")
    assert project.solve("margin=0", "price").solutions == (30.0,)
    assert project.solve("cost_per_lead=25", "ad_spend", between=(0, 100)).solutions == ()
    assert project.solve("cost_per_lead=25", "ad_spend", between=(100, 1000)).solutions == (125.0,)


def test_many_solutions(tmp_path: Path) -> None:
    """x * (10 - x) = 21 for 3 and for 7; the nearest to the present value is shown."""
    spec = SPECS + "let x = 6\nkpi hill\n  formula x * (10 - x)\n"
    trial = kpidsl.load(write(tmp_path, spec)).solve("hill=21", "x")
    assert trial.solutions == pytest.approx((3, 7))
    assert trial.search is not None
    assert trial.search.chosen == pytest.approx(7)
    assert "2 values" in trial.search.why
    top = kpidsl.load(write(tmp_path, spec)).solve("hill=26", "x", between=(0, 10))
    assert top.solutions == ()
    assert top.search is not None
    assert "from 0 to 25" in top.search.why


def test_the_data_is_read_once(project: kpidsl.Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search asks the engine no more than a single assumption does."""
    from kpidsl.evaluate.run import Runner

    asked: list[str] = []
    fetch = Runner._fetch_scan
    monkeypatch.setattr(
        Runner, "_fetch_scan", lambda self, scan: asked.append(scan.source) or fetch(self, scan)
    )
    project.whatif({"ad_spend": 300})
    once = len(asked)
    project.solve("cost_per_lead=25", "ad_spend")
    assert len(asked) == 2 * once


def test_a_part_of_what_is_set_is_set_in_proportion(tmp_path: Path) -> None:
    spec = SPECS + (
        'kpi part\n  formula leads where channel = "google"\n  measured every month\n  from 2026-01\n'
        'kpi share_of_it\n  formula (leads where channel = "google") / leads\n  unit %\n'
        "  measured every month\n  from 2026-01\n"
    )
    found = after(kpidsl.load(write(tmp_path, spec)).whatif({"leads": 10}, as_of="2026-03-01"))
    assert found["part", None][0] == 6  # 3 of 5 in February
    assert ("share_of_it", None) not in found


def test_data_that_is_not_there_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "ads.csv").unlink()
    project = kpidsl.load(folder)
    trial = project.solve("cost_per_lead=25", "leads")
    assert trial.solutions == ()
    assert [d.code[:2] for d in trial.diagnostics] == ["K5"]
    assert after(project.whatif({"leads": 12})) == {("lead_count", None): (12, "met")}
