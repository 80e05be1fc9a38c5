"""Calendars through the whole program, against sums over rows in plain Python."""

from __future__ import annotations

import calendar as months
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import kpidsl
from kpidsl.results import Verdict

DAY = timedelta(days=1)
FIRST, LAST = date(2022, 1, 1), date(2026, 8, 31)

SHOP = """
source shop
  from        "shop.csv"
  time        day
  channel     place
  column      amount EUR

measure sales = sum(shop.amount)
"""


def amount(day: date, place: str) -> int:
    """Uneven, so that a day too many or too few is seen in every sum."""
    return (day.toordinal() * 7919 + len(place)) % 97 + (day.year - 2020)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calendars")
    rows = ["day,place,amount"]
    for n in range((LAST - FIRST).days + 1):
        day = FIRST + n * DAY
        rows += [f"{day},{place},{amount(day, place)}" for place in ("web", "store")]
    (folder / "shop.csv").write_text("\n".join(rows) + "\n")
    return folder


def total(start: str, end: str, *places: str) -> int:
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    days = [first + n * DAY for n in range((last - first).days + 1) if first + n * DAY <= LAST]
    return sum(amount(day, place) for day in days for place in (places or ("web", "store")))


def evaluated(folder: Path, spec: str, as_of: str, for_: str | None = None) -> kpidsl.Evaluation:
    (folder / "spec.kpi").write_text(SHOP + spec)
    project = kpidsl.load(folder / "spec.kpi")
    assert [d for d in project.check() if d.severity.word == "error"] == []
    return project.evaluate(as_of=as_of, for_=for_)


def history(found: kpidsl.Evaluation, kpi: str) -> dict[str, Verdict]:
    judged = next(j for j in found.judged if j.kpi == kpi)
    return {str(v.window): v for v in judged.history}


CAMPAIGN = """
period sale "Summer sale"
  from 2024-06-20 to 2024-07-05
  from 2025-06-25 to 2025-07-08
  from 2026-06-24 to 2026-07-21
"""


SALES = [("2024-06-20", "2024-07-05"), ("2025-06-25", "2025-07-08"), ("2026-06-24", "2026-07-21")]


def test_every_occurrence_of_a_named_period(folder: Path) -> None:
    spec = CAMPAIGN + "kpi k\n  formula sales\n  target at least 1 EUR\n  measured every sale\n  by channel\n"
    found = evaluated(folder, spec, "2026-07-01")
    values = {label: v.value for label, v in history(found, "k").items()}
    assert values == {
        "sale 2024": total("2024-06-20", "2024-07-05"),
        "sale 2025": total("2025-06-25", "2025-07-08"),
        "sale 2026": total("2026-06-24", "2026-07-01"),
    }
    headline = found.verdict("k")
    assert (str(headline.window), headline.word) == ("sale 2025", "met")
    assert found.verdict("k", channel="web").value == total("2025-06-25", "2025-07-08", "web")


@pytest.mark.parametrize("words", ["previous period", "same period last year"])
def test_the_occurrence_before_is_the_baseline(folder: Path, words: str) -> None:
    spec = f"{CAMPAIGN}kpi k\n  formula sales\n  baseline {words}\n  target increase by 5%\n"
    spec += "  measured every sale\n"
    verdicts = history(evaluated(folder, spec, "2026-08-01"), "k")
    first, second, third = verdicts.values()
    assert (first.word, first.baseline) == ("no data", None)
    assert "sale 2024 has no earlier one to look at" in first.why
    assert second.baseline == total("2024-06-20", "2024-07-05")
    assert third.baseline == total("2025-06-25", "2025-07-08")


@pytest.mark.parametrize("function", ["growth(sales)", "yearly growth(sales)", "rolling average(sales, 2)"])
def test_functions_that_look_at_the_occurrence_before(folder: Path, function: str) -> None:
    spec = f"{CAMPAIGN}kpi k\n  formula {function}\n  measured every sale\n"
    verdicts = history(evaluated(folder, spec, "2026-08-01"), "k")
    before, now = total("2024-06-20", "2024-07-05"), total("2025-06-25", "2025-07-08")
    wanted = (before + now) / 2 if function.startswith("rolling") else now / before - 1
    assert verdicts["sale 2024"].value is None
    assert verdicts["sale 2025"].value == pytest.approx(wanted, rel=1e-11)


@pytest.mark.parametrize(
    ("condition", "spans"),
    [
        ("day in sale", SALES),
        ("day = sale", SALES),
        ("day in sale 2025", [("2025-06-25", "2025-07-08")]),
        ("day in (sale 2025, 2026-02)", [("2025-06-25", "2025-07-08"), ("2026-02-01", "2026-02-28")]),
        ("day >= sale 2026", [("2026-06-24", "2026-08-31")]),
        ("day > sale 2026", [("2026-07-22", "2026-08-31")]),
        ("day between sale 2024 and sale 2025", [("2024-06-20", "2025-07-08")]),
        ("day not in sale", [("2022-01-01", "2024-06-19"), ("2024-07-06", "2025-06-24"),
                             ("2025-07-09", "2026-06-23"), ("2026-07-22", "2026-08-31")]),
        ("day in RY2025-P05", [("2025-06-01", "2025-07-05")]),
    ],
)  # fmt: skip
def test_conditions_on_days(folder: Path, condition: str, spans: list[tuple[str, str]]) -> None:
    spec = f"""{CAMPAIGN}
calendar
  retail years 4-5-4
kpi k
  formula sum(shop.amount) where {condition}
  measured cumulatively
  from 2022-01-01
"""
    found = evaluated(folder, spec, "2026-08-31")
    assert found.verdict("k").value == sum(total(*span) for span in spans)


def test_start_deadline_baseline_and_milestone_by_name(folder: Path) -> None:
    spec = f"""{CAMPAIGN}
kpi k
  formula sales
  baseline sale 2024
  target
    at least 10 EUR by sale 2025
    at least 20 EUR by sale 2026
  measured cumulatively
  from sale 2025
  deadline sale 2026
"""
    found = evaluated(folder, spec, "2026-08-31")
    headline = found.verdict("k")
    assert (headline.deadline, headline.value) == (date(2026, 7, 21), total("2025-06-25", "2026-07-21"))
    shown = evaluated(folder, spec, "2026-08-31", for_="sale 2025").verdict("k")
    assert shown.value == total("2025-06-25", "2025-07-08")


RETAIL = """
calendar
  retail years 4-5-4{}
kpi k
  formula sales
  baseline same period last year
  target increase by 1%
  measured every retail {}
"""


def test_retail_months(folder: Path) -> None:
    verdicts = history(evaluated(folder, RETAIL.format("", "month"), "2026-08-31"), "k")
    december = verdicts["RY2023-P12"]
    assert december.value == total("2023-12-31", "2024-02-03")  # the 53rd week is in it
    assert december.baseline == total("2023-01-01", "2023-01-28")
    assert verdicts["RY2024-P01"].baseline == total("2023-01-29", "2023-02-25")
    assert len(verdicts) == 2 + 4 * 12 + 8  # the 11th of 2021 has New Year's Day 2022


def test_retail_weeks_52_weeks_apart(folder: Path) -> None:
    spec = RETAIL.format(" compared 52 weeks apart", "week")
    verdicts = history(evaluated(folder, spec, "2026-08-31"), "k")
    assert verdicts["RY2024-W01"].baseline == total("2023-02-05", "2023-02-11")
    assert verdicts["RY2024-W47"].baseline == total("2023-12-24", "2023-12-30")


def business_days(start: date, end: date) -> int:
    may = ("2026-05-01", "2026-05-08", "2026-05-14", "2026-05-15", "2026-05-25")
    return int(np.busday_count(start, end + DAY, holidays=may))


@pytest.mark.parametrize(
    "day", ["2026-05-01", "2026-05-03", "2026-05-04", "2026-05-15", "2026-05-17", "2026-05-30"]
)
def test_business_days_are_the_pace(folder: Path, day: str) -> None:
    spec = """
calendar
  holidays France
  holiday 2026-05-15 "Bridge"
kpi k
  formula sales
  target at least 10_000 EUR
  measured every month
  deadline 2026-12
  pace business days
  by channel
    web at least 4_000 EUR
"""
    found = evaluated(folder, spec, day, for_="2026-05")
    gone = business_days(date(2026, 5, 1), date.fromisoformat(day))
    every = business_days(date(2026, 5, 1), date(2026, 5, 31))
    for verdict, asked in ((found.verdict("k"), 10_000), (found.verdict("k", channel="web"), 4_000)):
        assert verdict.running
        if gone == 0:
            assert verdict.word == "no data"
            assert "no business day has gone by" in verdict.why
            continue
        assert verdict.value is not None
        assert verdict.reference_low == pytest.approx(asked * gone / every, rel=1e-11)
        assert verdict.projection == pytest.approx(verdict.value * every / gone, rel=1e-11)
        expected = verdict.value >= asked * gone / every or verdict.value >= asked
        assert (verdict.light == "green") == expected


def test_a_cap_that_is_overrun_before_the_first_business_day(folder: Path) -> None:
    """The first of May and the weekend behind it: what cannot change any more is said at once."""
    spec = """
source spent
  from        "shop.csv"
  time        day
  column      amount EUR
  check       amount >= 0
calendar
  holidays France
kpi k
  formula count(spent)
  target at most 3
  measured every month
  pace business days
"""
    verdict = evaluated(folder, spec.replace("count(spent)\n", "count(spent)\n  unit row\n").replace(
        "at most 3", "at most 3 row"), "2026-05-03", for_="2026-05").verdict("k")  # fmt: skip
    assert (verdict.value, verdict.word) == (6, "missed")


def test_a_promise_without_a_business_day(folder: Path) -> None:
    spec = """
period weekend_sale from 2026-08-29 to 2026-08-30
kpi k
  formula sales
  target at least 1_000_000 EUR
  measured every weekend_sale
  pace business days
"""
    running = evaluated(folder, spec, "2026-08-29", for_="weekend_sale").verdict("k")
    assert (running.word, running.value) == ("no data", total("2026-08-29", "2026-08-29"))
    assert evaluated(folder, spec, "2026-08-31").verdict("k").word == "missed"


ZONES = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_days_of_23_and_25_hours(tmp_path: Path, zone: str, form: str) -> None:
    """One row an hour of the world's time: a local day has as many rows as it has hours."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    instants = [start + timedelta(hours=n) for n in range(24 * 364)]
    if form == "csv":
        lines = ["at,x", *(f"{each.isoformat()},1" for each in instants)]
        (tmp_path / "log.csv").write_text("\n".join(lines))
    elif form == "jsonl":
        lines = [f'{{"at": "{each.isoformat()}", "x": 1}}' for each in instants]
        (tmp_path / "log.jsonl").write_text("\n".join(lines))
    else:
        table = pa.table({"at": pa.array(instants, pa.timestamp("us", "UTC")), "x": [1.0] * len(instants)})
        pq.write_table(table, tmp_path / "log.parquet")
    (tmp_path / "spec.kpi").write_text(f"""
calendar
  time zone {zone}
source log
  from "log.{form}"
  time at
  column x number
kpi k
  formula sum(log.x)
  measured every day
  from 2026-01-02
""")
    found = kpidsl.load(tmp_path / "spec.kpi").evaluate(as_of="2026-12-29")
    wanted: dict[str, int] = {}
    for each in instants:
        day = str(each.astimezone(ZoneInfo(zone)).date())
        wanted[day] = wanted.get(day, 0) + 1
    values = {day: v.value for day, v in history(found, "k").items()}
    assert values == {day: n for day, n in wanted.items() if "2026-01-02" <= day <= "2026-12-29"}
    hours = {"Europe/Paris": {23, 24, 25}, "America/New_York": {23, 24, 25}}.get(zone)
    if hours:
        assert {v for day, v in values.items() if day < "2026-12-28"} == hours


@pytest.mark.parametrize("week_start", range(7))
def test_iso_weeks_and_week_starts(folder: Path, week_start: int) -> None:
    spec = f"""
calendar
  weeks start on {months.day_name[week_start]}
kpi k
  formula sales
  measured every week
  from 2025-12-01
"""
    verdicts = history(evaluated(folder, spec, "2026-08-31"), "k")
    for label, verdict in verdicts.items():
        window = verdict.window
        assert window is not None
        assert window.start.weekday() == week_start
        year, week, _ = (window.start + 3 * DAY).isocalendar()
        assert label == f"{year}-W{week:02}"
        assert verdict.value == total(str(window.start), str(window.end if window.end < LAST else LAST))


@pytest.mark.parametrize("month", range(1, 13))
def test_fiscal_quarters(folder: Path, month: int) -> None:
    spec = f"""
calendar
  fiscal year starts in {months.month_name[month]}
kpi k
  formula sales
  measured every quarter
  from 2023-01-01
"""
    for label, verdict in history(evaluated(folder, spec, "2026-08-31"), "k").items():
        window = verdict.window
        assert window is not None
        first = window.start
        gone = (first.month - month) % 12
        assert gone % 3 == 0
        ends_in = first.year + (first.month >= month) - (month == 1)
        wanted = f"{'FY' if month > 1 else ''}{ends_in if month > 1 else first.year}-Q{gone // 3 + 1}"
        assert label == wanted
        last = (first.year * 12 + first.month - 1) + 3
        end = date(last // 12, last % 12 + 1, 1) - DAY
        assert window.end == end
        assert verdict.value == total(str(first), str(end))
