"""`projection forecast`: which periods are behind, what is projected, and what follows for the promise."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

import kpidsl
from kpidsl.judge import forecast

SOURCE = """
source sales
  from        "sales.csv"
  time        day
  channel     channel
  column      amount EUR
"""
ALL_YEAR = """
kpi total "Total"
  formula     sum(sales.amount)
  target      {target}
  tolerance   1%
  measured    cumulatively
  from        2026-01-01
  deadline    2026-12-31
  projection  forecast at 80%
"""


def project(folder: Path, spec: str, amounts, channels=("web",), first="2026-01-01") -> kpidsl.api.Project:
    """A project with an amount for each day, from the first on, in every channel."""
    rows = ["day,channel,amount"]
    for n, amount in enumerate(amounts):
        day = date.fromisoformat(first) + timedelta(days=n)
        rows += [f"{day},{channel},{amount}" for channel in channels if amount is not None]
    (folder / "sales.csv").write_text("\n".join(rows) + "\n")
    (folder / "a.kpi").write_text(SOURCE + spec)
    return kpidsl.load(folder)


def spread(found):
    return found.projection, found.projection_low, found.projection_high, found.projected


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ("at least 3_650 EUR", "kept"),
        ("at least 3_651 EUR", "open"),
        ("at least 3_686 EUR", "open"),  # 1% less is 3_649.14
        ("at least 3_687 EUR", "not kept"),
        ("at most 3_650 EUR", "kept"),
        ("at most 3_649 EUR", "open"),
        ("at most 3_600 EUR", "not kept"),
        ("between 3_600 EUR and 3_650 EUR", "kept"),
        ("between 3_700 EUR and 3_800 EUR", "not kept"),
    ],
)
def test_a_total_that_comes_evenly_is_forecast_to_the_cent(tmp_path, target, word):
    made = project(tmp_path, ALL_YEAR.format(target=target), [10] * 200)
    found = made.evaluate(as_of="2026-07-20").verdict("total")
    assert spread(found) == (3650, 3650, 3650, word)
    assert "forecast for 2026-12-31: 3,650 EUR, 3,650 EUR to 3,650 EUR at 80%" in found.why


def test_days_without_rows_add_nothing_and_weekends_are_known(tmp_path):
    amounts = [10 if (date(2026, 1, 1) + timedelta(days=n)).weekday() < 5 else None for n in range(330)]
    made = project(tmp_path, ALL_YEAR.format(target="at least 1 EUR"), amounts[:320])
    found = made.evaluate(as_of="2026-11-17").verdict("total")
    working = sum((date(2026, 1, 1) + timedelta(days=n)).weekday() < 5 for n in range(365))
    assert found.projection == pytest.approx(10 * working, abs=10)


def test_a_total_that_only_grows_is_not_forecast_to_shrink(tmp_path):
    amounts = [100, 0, 0, 0, 90, 0, 0, 0, 0, 80] * 6
    made = project(tmp_path, ALL_YEAR.format(target="at least 1 EUR"), amounts)
    found = made.evaluate(as_of="2026-03-01").verdict("total")
    assert found.projection_low == found.value
    assert found.projection_high > found.projection >= found.value


@pytest.mark.parametrize(
    ("days", "as_of", "why"),
    [(20, "2026-01-21", "20 days of data, 21 are needed"), (21, "2026-01-22", None)],
)
def test_little_data_has_no_forecast_and_says_so(tmp_path, days, as_of, why):
    made = project(tmp_path, ALL_YEAR.format(target="at least 1 EUR"), [1] * days)
    found = made.evaluate(as_of=as_of).verdict("total")
    assert (found.projection is None) == (why is not None)
    assert (why or "forecast for") in found.why


def test_the_last_day_counts_so_far_and_is_not_learnt_from(tmp_path):
    # Half of the day judged at is there yet: 10 a day, and 5 today.
    made = project(tmp_path, ALL_YEAR.format(target="at least 1 EUR"), [10] * 199 + [5])
    found = made.evaluate(as_of="2026-07-19").verdict("total")
    assert found.projection == pytest.approx(199 * 10 + 5 + 165 * 10)


def test_far_ahead_months_are_looked_at(tmp_path):
    # Two years: 10 a day; only months know that a month has 28 to 31 days, so that the sum is near.
    made = project(tmp_path, ALL_YEAR.format(target="at least 1 EUR"), [10] * 545, first="2025-01-01")
    asked = made.evaluate(as_of="2026-06-29")
    schedule = asked._outcome.schedules["total"]
    behind = schedule.ahead.ask.windows[: -schedule.ahead.parts]
    assert {window.grain for window in behind} == {"month"}
    assert len(behind) == 17
    assert sum(schedule.ahead.weights) == pytest.approx(6 + 1 / 30)
    assert asked.verdict("total").projection == pytest.approx(3650, rel=0.01)


def test_a_month_that_one_row_stands_for_is_there_on_its_first_day(tmp_path):
    # 310 a month, on its first day: of the month in progress nothing is to come.
    amounts = [310 if (date(2025, 1, 1) + timedelta(days=n)).day == 1 else None for n in range(630)]
    made = project(tmp_path, ALL_YEAR.format(target="at least 1 EUR"), amounts, first="2025-01-01")
    found = made.evaluate(as_of="2026-09-20").verdict("total")
    assert (found.value, found.projection) == (9 * 310, 12 * 310)


MONTHLY = """
kpi mean "Mean"
  formula     average(sales.amount)
  target      {target}
  measured    every month
  deadline    {deadline}
  projection  forecast
  by          channel
"""


def test_a_level_is_that_of_the_last_period(tmp_path):
    spec = MONTHLY.format(target="at least 10 EUR", deadline="2026-12")
    made = project(tmp_path, spec, [10] * 212, ("web", "shop"))
    found = made.evaluate(as_of="2026-07-31")
    ahead = found._outcome.schedules["mean"].ahead
    assert ahead.weights == (0, 0, 0, 0, 0, 1)  # July is open: it and the five to come
    assert [w.label for w in ahead.ask.windows] == [f"2026-0{n}" for n in range(1, 7)]
    assert spread(found.verdict("mean")) == (10, 10, 10, "kept")
    assert spread(found.verdict("mean", channel="web"))[:3] == (10, 10, 10)


def test_levels_begin_after_the_last_gap(tmp_path):
    amounts = [10] * 59 + [None] * 31 + [20] * 214
    spec = MONTHLY.format(target="at least 10 EUR", deadline="2026-12")
    made = project(tmp_path, spec, amounts)
    assert made.evaluate(as_of="2026-11-01").verdict("mean").projection == 20
    few = made.evaluate(as_of="2026-09-02").verdict("mean")
    assert few.projection is None
    assert "no forecast: it has values of 5 periods in a row, 6 are needed" in few.why


def test_the_last_period_in_progress_is_a_total(tmp_path):
    spec = "kpi month\n  formula sum(sales.amount)\n  target at least 310 EUR\n  deadline 2026-07\n"
    made = project(tmp_path, spec + "  projection forecast\n", [10] * 195)
    found = made.evaluate(as_of="2026-07-15").verdict("month")
    assert (found.window.label, found.value) == ("2026-06", 300)
    assert spread(found) == (310, 310, 310, "kept")


def test_earlier_windows_know_nothing_of_later_ones(tmp_path):
    made = project(tmp_path, MONTHLY.format(target="at least 10 EUR", deadline="2026-12"), [10] * 212)
    found = made.evaluate(as_of="2026-07-31")
    history = found._outcome.judged[0].history
    assert [v.projection for v in history] == [None] * 5 + [10, 10]


def test_a_target_of_the_last_period_decides(tmp_path):
    spec = (
        "kpi mean\n  formula average(sales.amount)\n  target\n    at least 9 EUR in 2026-H1\n"
        "    at least 11 EUR in 2026-H2\n  projection forecast\n"
    )
    made = project(tmp_path, spec, [10] * 212)
    assert spread(made.evaluate(as_of="2026-07-31").verdict("mean"))[3] == "not kept"


def test_a_target_that_moves_with_the_data_is_not_known_ahead(tmp_path):
    spec = (
        "kpi mean\n  formula sum(sales.amount)\n  target increase by 1%\n  baseline previous period\n"
        "  deadline 2026-12\n  projection forecast\n"
    )
    made = project(tmp_path, spec, [10] * 212)
    found = made.evaluate(as_of="2026-07-31").verdict("mean")
    assert found.projection is not None
    assert found.projected is None


def test_over_the_last_days(tmp_path):
    spec = (
        "kpi four\n  formula sum(sales.amount)\n  target at least 280 EUR\n  measured over the last 28 days\n"
        "  deadline 2026-12-31\n  projection forecast\n"
    )
    made = project(tmp_path, spec, [10] * 212)
    assert spread(made.evaluate(as_of="2026-07-31").verdict("four")) == (280, 280, 280, "kept")
    few = project(tmp_path, spec, [10] * 150).evaluate(as_of="2026-06-01").verdict("four")
    assert "no forecast: 5 whole periods of data, 6 are needed" in few.why


def test_past_its_deadline_nothing_is_ahead(tmp_path):
    made = project(tmp_path, ALL_YEAR.format(target="at least 1 EUR"), [10] * 400)
    found = made.evaluate(as_of="2027-01-02").verdict("total")
    assert (found.word, spread(found)) == ("met", (None, None, None, None))


def test_by_the_pace_it_is_kept_where_it_is_on_track(tmp_path):
    spec = ALL_YEAR.format(target="at least 3_650 EUR").replace("forecast at 80%", "from pace")
    made = project(tmp_path, spec, [10] * 200)
    found = made.evaluate(as_of="2026-07-19").verdict("total")
    assert (found.word, spread(found)) == ("on track", (3650, None, None, "kept"))
    spec = spec.replace("3_650", "3_800")
    found = project(tmp_path, spec, [10] * 200).evaluate(as_of="2026-07-19").verdict("total")
    assert (found.word, spread(found)) == ("off track", (3650, None, None, "not kept"))


def test_of_many_slices_only_the_total_is_forecast(tmp_path):
    spec = MONTHLY.format(target="at least 10 EUR", deadline="2026-12")
    made = project(tmp_path, spec, [10] * 212, [f"c{n}" for n in range(101)])
    found = made.evaluate(as_of="2026-07-31")
    assert found.verdict("mean").projection == 10
    one = found.verdict("mean", channel="c7")
    assert one.projection is None
    assert "of more than 100 slices only the total has one" in one.why


def test_without_the_library_the_verdict_stands_and_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(forecast, "available", lambda: False)
    monkeypatch.setattr("kpidsl.judge.ahead.available", lambda: False)
    made = project(tmp_path, ALL_YEAR.format(target="at least 3_650 EUR"), [10] * 200)
    found = made.evaluate(as_of="2026-07-20")
    assert found.verdict("total").word == "on track"
    assert found.verdict("total").projection is None
    (missing,) = [d for d in found.diagnostics if d.code == "K740"]
    assert "kpidsl[forecast]" in missing.help
    assert missing.severity.word == "warning"


def test_evaluating_without_a_forecast_does_not_import_the_library(tmp_path):
    project(
        tmp_path, ALL_YEAR.format(target="at least 1 EUR").replace("forecast at 80%", "from pace"), [1] * 50
    )
    code = (
        f"import sys, kpidsl\nlist(kpidsl.load({str(tmp_path)!r}).evaluate(as_of='2026-03-01'))\n"
        "assert 'statsmodels' not in sys.modules and 'scipy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
