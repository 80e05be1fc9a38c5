"""Which windows a KPI is judged over."""

from __future__ import annotations

import pytest
from attrs import evolve

from kpidsl import judge
from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.graph import Aggregate, Combine, Cumulative, Default, Every, Shift, Step, Trailing
from kpidsl.judge.growth import only_grows
from kpidsl.model.periods import Calendar
from kpidsl.model.rows import Apply, ColumnRef, Literal
from kpidsl.model.sources import ColumnSpec
from kpidsl.model.types import NUMBER, Type
from kpidsl.results import Profile

from .world import (
    CALENDAR,
    EUR,
    MARGIN,
    SALES,
    SOURCES,
    SPAN,
    SPEND,
    bound,
    count,
    day,
    kpi,
    number,
    period,
    source,
    total,
)

LEAST = bound("at least", 100)


def profiles(first="2026-01-10", watermark="2026-09-20", **others):
    found = {
        "orders": Profile("orders", 5, day(first) if first else None, day(watermark) if watermark else None)
    }
    return found | {
        name: Profile(name, 5, *(one and day(one) for one in days)) for name, days in others.items()
    }


def schedule(one, as_of="2026-09-20", asked=None, calendar=CALENDAR, **known):
    return judge.asks(
        one, day(as_of), profiles(**known), calendar, period(asked) if asked else None, sources=SOURCES
    )


def labels(found):
    return [str(window) for window in found.windows]


@pytest.mark.parametrize(
    ("as_of", "windows", "head"),
    [
        ("2026-06-30", [], None),
        ("2026-07-01", ["2026-07"], "2026-07"),
        ("2026-07-31", ["2026-07"], "2026-07"),
        ("2026-08-01", ["2026-07", "2026-08"], "2026-07"),
        ("2026-09-30", ["2026-07", "2026-08", "2026-09"], "2026-08"),
        ("2026-10-01", ["2026-07", "2026-08", "2026-09"], "2026-09"),
        ("2030-01-01", ["2026-07", "2026-08", "2026-09"], "2026-09"),
    ],
)
def test_every_period_from_start_to_deadline_and_none_in_the_future(as_of, windows, head):
    found = schedule(kpi(SALES, LEAST, start="2026-07-01", deadline="2026-09-30"), as_of)
    assert labels(found) == windows
    if windows:
        assert str(found.windows[found.headline]) == head
    else:
        assert found.idle == ("not started", "The promise starts on 2026-07-01, after 2026-06-30.")
        assert found.asks == ()


def test_a_period_that_the_promise_only_touches_is_not_judged():
    found = schedule(kpi(SALES, LEAST, start="2026-06-15", deadline="2026-09-15"), "2026-12-01")
    assert labels(found) == ["2026-07", "2026-08"]


@pytest.mark.parametrize(
    ("start", "deadline", "as_of", "word"),
    [
        ("2026-06-15", "2026-07-20", "2026-08-01", "no data"),
        ("2026-06-15", "2026-12-31", "2026-06-20", "not started"),
    ],
)
def test_without_a_whole_period_nothing_is_judged(start, deadline, as_of, word):
    assert schedule(kpi(SALES, LEAST, start=start, deadline=deadline), as_of).idle[0] == word


def test_without_a_start_it_is_the_first_data_and_the_period_it_falls_in():
    assert labels(schedule(kpi(SALES, LEAST), "2026-03-05")) == ["2026-01", "2026-02", "2026-03"]


def test_the_first_data_is_that_of_all_sources():
    found = schedule(kpi(MARGIN, LEAST), "2026-04-05", ads=("2026-02-14", "2026-04-01"))
    assert labels(found) == ["2026-02", "2026-03", "2026-04"]
    assert found.watermark == day("2026-04-01")


def test_without_a_start_it_is_the_day_after_the_baseline():
    found = schedule(kpi(SALES, LEAST, baseline=period("2026-H1")), "2026-08-05")
    assert labels(found) == ["2026-07", "2026-08"]


@pytest.mark.parametrize("known", [{"first": None, "watermark": None}, {"ads": (None, None)}])
def test_without_any_data_there_is_no_window(known):
    one = kpi(MARGIN if "ads" in known else SALES, LEAST)
    assert schedule(one, **known).idle == ("no data", "There is no data yet.")


@pytest.mark.parametrize(
    ("asked", "windows", "head"),
    [
        ("2026-07", ["2026-07"], "2026-07"),
        ("2026-09", ["2026-09"], "2026-09"),
        ("2026-Q3", ["2026-07", "2026-08", "2026-09"], "2026-08"),
    ],
)
def test_what_is_asked_for_restricts_the_periods(asked, windows, head):
    found = schedule(kpi(SALES, LEAST), asked=asked)
    assert labels(found) == windows
    assert str(found.windows[found.headline]) == head


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ("2027-01", "not started"),
        ("2026-05", "not started"),
        ("2026-07-03", "no data"),
        ("2026-W30", "no data"),
    ],
)
def test_a_period_asked_for_that_is_none_of_the_promise_is_said(asked, word):
    found = schedule(kpi(SALES, LEAST, start="2026-07-01"), asked=asked)
    assert found.idle[0] == word
    assert asked in found.idle[1]


def test_a_period_after_the_promise():
    one = kpi(SALES, LEAST, start="2026-01-01", deadline="2026-03-31")
    assert schedule(one, asked="2026-05").idle == (
        "no data",
        "The promise ended on 2026-03-31, before 2026-05.",
    )


def test_weeks_and_fiscal_quarters_are_the_calendar_s():
    sunday = Calendar(fiscal_month=4, week_start=6)
    one = kpi(SALES, LEAST, measured=Every("week"), start="2026-01-01", deadline="2026-01-31")
    found = schedule(one, "2026-02-15", calendar=sunday)
    assert [str(window.start) for window in found.windows] == [
        "2026-01-04",
        "2026-01-11",
        "2026-01-18",
        "2026-01-25",
    ]
    one = kpi(SALES, LEAST, measured=Every("quarter"), start="2026-01-01")
    assert labels(schedule(one, "2026-05-15", calendar=sunday)) == ["FY2026-Q4", "FY2027-Q1"]


def test_too_many_periods_fail_with_their_number():
    found = schedule(kpi(SALES, LEAST, measured=Every("day"), start="1990-01-01"))
    assert found.idle == (
        "failed",
        "Every day from 1990-01-01 to 2026-09-20 makes 13,412 periods, more than 5,000.",
    )


@pytest.mark.parametrize(
    ("as_of", "asked", "window", "closed"),
    [
        ("2026-07-01", None, "2026-07-01 to 2026-07-01", False),
        ("2026-09-20", None, "2026-07-01 to 2026-09-20", False),
        ("2026-12-31", None, "2026-07-01 to 2026-12-31", False),
        ("2027-01-01", None, "2026-07-01 to 2026-12-31", True),
        ("2026-11-20", "2026-08", "2026-07-01 to 2026-08-31", False),
        ("2027-05-05", "2026-12", "2026-07-01 to 2026-12-31", False),
        ("2026-07-20", "2026-08", "2026-07-01 to 2026-07-20", False),
    ],
)
def test_cumulatively_it_is_one_window(as_of, asked, window, closed):
    one = kpi(SALES, LEAST, measured=Cumulative(), start="2026-07-01", deadline="2026-12-31")
    found = schedule(one, as_of, asked)
    assert labels(found) == [window]
    assert found.slots[0].closed is closed


def test_a_sliding_window_ends_at_the_watermark_and_has_a_history():
    one = kpi(SALES, LEAST, measured=Trailing(28, "day"), start="2026-08-01")
    found = schedule(one, "2026-09-30")
    assert labels(found) == ["2026-07-27 to 2026-08-23", "2026-08-24 to 2026-09-20"]
    assert found.headline == 1
    assert labels(schedule(one, "2026-09-30", asked="2026-08"))[-1] == "2026-08-04 to 2026-08-31"


def test_a_sliding_window_of_months_and_one_past_its_deadline():
    one = kpi(SALES, LEAST, measured=Trailing(2, "month"), start="2026-05-01", deadline="2026-06-30")
    found = schedule(one, "2026-09-30")
    assert labels(found) == ["2026-05-01 to 2026-06-30"]
    assert found.slots[-1].closed


@pytest.mark.parametrize(
    ("baseline", "windows"),
    [
        ("previous period", ["2026-06", "2026-07"]),
        ("same period last year", ["2025-07", "2025-08"]),
        (period("2026-05"), ["2026-05", "2026-05"]),
    ],
)
def test_the_baseline_of_each_period(baseline, windows):
    one = kpi(SALES, LEAST, start="2026-07-01", baseline=baseline)
    found = schedule(one, "2026-08-10")
    assert [str(slot.baseline) for slot in found.slots] == windows
    assert found.baseline.windows == tuple(dict.fromkeys(slot.baseline for slot in found.slots))
    assert found.asks == (found.value, found.baseline, *(ask for _, ask in found.nodes))


@pytest.mark.parametrize(
    ("baseline", "window"),
    [
        ("previous period", "2026-01-01 to 2026-06-30"),
        ("same period last year", "2025-07-01 to 2025-12-31"),
    ],
)
def test_the_baseline_of_a_cumulative_promise_is_as_long_as_all_of_it(baseline, window):
    one = kpi(
        SALES, LEAST, measured=Cumulative(), start="2026-07-01", deadline="2026-12-31", baseline=baseline
    )
    assert str(schedule(one, "2026-08-10").slots[0].baseline) == window


@pytest.mark.parametrize(
    ("watermark", "part"),
    [("2026-08-10", "2025-07-01 to 2025-08-10"), ("2026-07-01", "2025-07-01 to 2025-07-01")],
)
def test_pace_like_last_year_asks_for_the_same_days_of_last_year(watermark, part):
    one = kpi(
        SALES, LEAST, measured=Cumulative(), start="2026-07-01", deadline="2026-12-31", pace="like last year"
    )
    found = schedule(one, "2026-08-12", watermark=watermark)
    assert (str(found.last_year.whole), str(found.last_year.part)) == ("2025-07-01 to 2025-12-31", part)


def test_on_29_february_last_year_is_at_the_28th():
    one = kpi(SALES, LEAST, start="2028-01-01", pace="like last year")
    found = schedule(one, "2028-02-29", watermark="2028-02-28")
    assert str(found.last_year.part) == "2027-02-01 to 2027-02-28"
    found = schedule(one, "2028-02-29", watermark="2028-02-29")
    assert found.last_year.part == found.last_year.whole == period("2027-02")


def test_a_number_of_the_promise_is_asked_once_and_split_only_where_it_can_be():
    plan = total("plan")
    one = kpi(SALES, bound("at least", plan), by=True, slices=[("a", bound("at least", 100), None)])
    nodes = dict(schedule(one).nodes)
    assert nodes[plan].dimensions == ()
    assert nodes[number(100)].windows == schedule(one).windows[:1]
    assert dict(schedule(kpi(SALES, bound("at least", SPEND), by=True)).nodes)[SPEND].dimensions != ()


# -- what can only grow -------------------------------------------------------------------------------------

MINUS = Apply("-", (ColumnRef("orders", "amount", NUMBER), ColumnRef("orders", "cost", NUMBER)), NUMBER)
COMPUTED = {"orders": source("orders", ColumnSpec("margin", NUMBER, SPAN, MINUS))}


@pytest.mark.parametrize(
    ("node", "grows"),
    [
        (SALES, True),
        (count(), True),
        (Combine("+", (SALES, SPEND), EUR, "additive"), True),
        (Combine("-", (SALES, SPEND), EUR, "additive"), False),
        (Combine("neg", (SALES,), EUR, "additive"), False),
        (Combine("*", (number(2), SALES), EUR, "additive"), True),
        (Combine("*", (number(-2), SALES), EUR, "additive"), False),
        (Combine("/", (SALES, number(2)), EUR, "additive"), True),
        (Default(SALES, 0, EUR, "additive"), True),
        (Default(SALES, 10, EUR, "additive"), False),
        (Shift(SALES, "year", EUR, "additive"), False),
        (total(column="margin"), False),
    ],
)
def test_what_can_only_grow(node, grows):
    assert only_grows(node, SOURCES | COMPUTED) is grows


@pytest.mark.parametrize(
    ("row", "grows"),
    [
        (MINUS, False),
        (Apply("*", (ColumnRef("orders", "amount", NUMBER), Literal(0.2, NUMBER)), NUMBER), True),
        (Apply("*", (ColumnRef("orders", "amount", NUMBER), Literal(-1, NUMBER)), NUMBER), False),
        (Apply("when", (MINUS, Literal(1, NUMBER), Literal(None, NUMBER)), NUMBER), True),
        (Apply("when", (MINUS, Literal(1, NUMBER), MINUS), NUMBER), False),
        (Apply("logarithm", (ColumnRef("orders", "amount", NUMBER),), NUMBER), False),
    ],
)
def test_what_is_summed_decides(row, grows):
    assert only_grows(evolve(SALES, argument=row), SOURCES) is grows


def test_without_the_sources_no_sum_is_known_to_grow():
    assert not only_grows(SALES, {})
    assert only_grows(count(), {})


def test_a_source_that_cannot_be_read_fails_every_kpi_on_it():
    broken = Profile("ads", 0, None, None, problems=(Diagnostic("K501", "no file matches `ads/*.csv`"),))
    known = profiles() | {"ads": broken}
    for one in (kpi(MARGIN, LEAST), kpi(SALES, bound("at least", SPEND), start="2027-01-01")):
        found = judge.asks(one, day("2026-09-20"), known, CALENDAR)
        assert found.idle == ("failed", "no file matches `ads/*.csv`")
        assert found.asks == ()
    warned = evolve(broken, problems=(Diagnostic("K502", "rows twice", severity=Severity.WARNING),))
    found = judge.asks(
        kpi(SALES, bound("at least", SPEND)), day("2026-09-20"), known | {"ads": warned}, CALENDAR
    )
    assert found.idle is None


# -- paths that take days ----------------------------------------------------------------------------------


def path(function="conversion", days=7.0, **more):
    """A KPI on a path from orders to visits."""
    who, visitor = (ColumnRef(s, "who", Type("identity", thing="person"), ()) for s in ("orders", "visits"))
    node = Aggregate(function, "orders", who, EUR, "none", parameter=days, then=(Step("visits", visitor),))
    return kpi(node, LEAST, **more)


BOTH = {"visits": ("2026-01-01", "2026-09-25")}


@pytest.mark.parametrize(
    ("as_of", "head"),
    [
        ("2026-09-07", "2026-07"),
        ("2026-09-08", "2026-08"),
        ("2026-10-07", "2026-08"),
        ("2026-10-08", "2026-09"),
    ],
)
def test_a_period_is_complete_when_its_paths_are(as_of, head):
    found = schedule(path(start="2026-01-01"), as_of, **BOTH)
    slot = found.slots[found.headline]
    assert str(slot.window) == head
    assert slot.closed
    assert [s.closed for s in found.slots[found.headline + 1 :]] == [False] * (
        len(found.slots) - found.headline - 1
    )


def test_what_waits_for_its_paths_is_unfinished_and_says_until_when():
    found = schedule(path(start="2026-01-01"), "2026-09-03", **BOTH)
    august = next(slot for slot in found.slots if str(slot.window) == "2026-08")
    assert found.unfinished
    assert august.open
    assert august.settles_on == day("2026-09-07")
    assert august.span == august.window


def test_a_sliding_window_leaves_paths_their_time():
    found = schedule(path(measured=Trailing(28, "day")), "2026-09-22", **BOTH)
    assert str(found.slots[-1].window.end) == "2026-09-13"  # orders reach 2026-09-20


def test_touches_wait_for_nothing():
    found = schedule(path("last touch", start="2026-01-01"), "2026-09-03", **BOTH)
    assert str(found.slots[found.headline].window) == "2026-08"


def test_a_goal_is_over_when_its_paths_are():
    one = path(measured=Cumulative(), start="2026-01-01", deadline="2026-08-31")
    assert not schedule(one, "2026-09-07", **BOTH).slots[0].closed
    assert schedule(one, "2026-09-08", **BOTH).slots[0].closed
    assert schedule(one, "2026-09-08", **BOTH).slots[0].window == period("2026-01-01 to 2026-08-31")


@pytest.mark.parametrize(
    ("function", "drifts"), [("returning", 1), ("retained", 1), ("retention", 1), ("churned", -1)]
)
def test_which_way_counts_of_identities_go(function, drifts):
    who = ColumnRef("orders", "who", Type("identity", thing="person"), ())
    found = schedule(kpi(Aggregate(function, "orders", who, EUR, "none"), LEAST))
    assert (found.unfinished, found.drift) == (True, drifts)
