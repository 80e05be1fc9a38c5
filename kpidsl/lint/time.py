"""Windows, deadlines and baselines that do not fit each other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from kpidsl.diagnostics import Edit, Fix, Label, Span
from kpidsl.graph import Cumulative, Every, Shift, Trailing
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import Subject, View
from kpidsl.model.periods import GRAINS, Grain, Window, containing, periods
from kpidsl.model.sources import SourceSpec
from kpidsl.syntax import nodes

_LONG: tuple[Grain, ...] = ("month", "quarter", "half", "year")
_DAYS = {"day": 1, "week": 7, "month": 28, "quarter": 90, "half": 181, "year": 365}
_CALENDAR_PART = re.compile(r"\d{4}(?:-[HQ]\d)?", re.ASCII)
_ONE_DAY = timedelta(days=1)


def _grain(one: Subject) -> Grain | None:
    """The grain of the calendar that a KPI is measured by."""
    measured = one.kpi.promise.measured
    if not isinstance(measured, Every):
        return None
    return next((grain for grain in GRAINS if grain == measured.grain), None)


def _finer(view: View) -> Iterable[Found]:
    for one in view.active:
        grain = _grain(one)
        if grain is None:
            continue
        for name in one.reads:
            spec = view.graph.sources.get(name)
            apart, said = _rows_every(spec) if spec else (None, "")
            if spec and apart and _DAYS[apart] > _DAYS[grain]:
                yield Found(
                    one.at(nodes.Measured),
                    f"it is measured every {grain}, and {name} has rows every {apart}",
                    (Label(spec.span, said),),
                    help=f"`measured every {apart}` has a value in each period",
                    kpi=one.name,
                )
                break


def _rows_every(spec: SourceSpec) -> tuple[Grain | None, str]:
    """How far apart the rows of a source are, as far as it says so, and how it does."""
    if spec.complete:
        return spec.complete, f"complete every {spec.complete}"
    called = next((grain for grain in GRAINS if grain == spec.time and grain != "day"), None)
    return called, f"by the {called} of a row"


def _deadline_cuts(view: View) -> Iterable[Found]:
    for one in view.active:
        grain, deadline = _grain(one), one.kpi.promise.deadline
        if grain not in _LONG or deadline is None or nodes.Deadline not in one.clauses:
            continue
        last = containing(deadline, grain, view.graph.calendar)
        if last.end != deadline:
            yield Found(
                one.at(nodes.Deadline),
                f"the last {grain} ends on {last.end}, after the deadline, and is never judged",
                help=f"`deadline {last.label}` takes it in, and {last.start - _ONE_DAY} leaves it out",
                kpi=one.name,
            )


def _start_cuts(view: View) -> Iterable[Found]:
    for one in view.active:
        grain, start = _grain(one), one.kpi.promise.start
        if grain not in _LONG or start is None or nodes.From not in one.clauses:
            continue
        first = containing(start, grain, view.graph.calendar)
        if first.start != start:
            yield Found(
                one.at(nodes.From),
                f"the promise starts inside a {grain}, which is not judged as a whole",
                help=f"`from {first.label}` takes it in, and {first.end + _ONE_DAY} leaves it out",
                kpi=one.name,
            )


def _fiscal(view: View) -> Iterable[Found]:
    calendar = view.graph.calendar
    if calendar.fiscal_month == 1:
        return
    for definition, text in view.written(nodes.PeriodText):
        if isinstance(definition, nodes.KpiDef) and _CALENDAR_PART.fullmatch(text.text):
            yield Found(
                text.span,
                f"`{text.text}` counts from January, and the fiscal year does not",
                help=f"`FY{text.text}` is of the fiscal year; days, as in 2026-03-31, leave no doubt",
                kpi=definition.name.text,
            )


def _unfinished(view: View) -> Iterable[Found]:
    for one in view.active:
        baseline = one.kpi.promise.baseline
        if isinstance(baseline, Window) and baseline.end >= view.today:
            yield Found(
                one.at(nodes.Baseline),
                f"the baseline ends on {baseline.end} and is not over",
                notes=(f"today is {view.today}",),
                help="a target that is a change of it moves every day until then",
                kpi=one.name,
            )


def _weekdays(view: View) -> Iterable[Found]:
    for one in view.active:
        if _grain(one) != "day":
            continue
        before = one.kpi.promise.baseline == "previous period"
        if before or any(isinstance(part, Shift) and part.by == "period" for part in one.parts):
            yield Found(
                one.at(nodes.Baseline if before else nodes.Formula),
                "each day is compared with the day before: a Monday with a Sunday",
                help="`measured over the last 7 days` or `every week` has the same days on both sides",
                kpi=one.name,
            )


def _odd_weeks(view: View) -> Iterable[Found]:
    for one in view.active:
        measured, clause = one.kpi.promise.measured, one.clause(nodes.Measured)
        if not (isinstance(measured, Trailing) and measured.grain == "day" and clause and clause.amount):
            continue
        if measured.count > 7 and measured.count % 7:
            whole = round(measured.count / 7) * 7
            number = clause.amount.span
            digits = Span(number.source, number.start, number.start + len(clause.amount.text))
            yield Found(
                clause.span,
                f"{measured.count} days are not whole weeks: how many weekends they have changes each day",
                help=f"`{whole} days` always has {whole // 7} of each weekday",
                fix=Fix(f"look at {whole} days", (Edit(digits, str(whole)),), safe=False),
                kpi=one.name,
            )


def _no_period(view: View) -> Iterable[Found]:
    for one in view.active:
        promise, grain = one.kpi.promise, _grain(one)
        if grain is None or promise.start is None or promise.deadline is None:
            continue
        within = [
            window
            for window in periods(promise.start, promise.deadline, grain, view.graph.calendar)
            if window.start >= promise.start and window.end <= promise.deadline
        ]
        if not within:
            yield Found(
                one.at(nodes.Measured),
                f"no whole {grain} lies between {promise.start} and {promise.deadline}: nothing is judged",
                help="a shorter period, or `measured cumulatively`",
                kpi=one.name,
            )


def _other_length(view: View) -> Iterable[Found]:
    for one in view.active:
        promise = one.kpi.promise
        baseline = promise.baseline
        if not (isinstance(promise.measured, Cumulative) and isinstance(baseline, Window)):
            continue
        if promise.start is None or promise.deadline is None or one.kpi.formula.additivity != "additive":
            continue
        days = (promise.deadline - promise.start).days + 1
        if abs(baseline.days - days) > 0.05 * days + 2:
            yield Found(
                one.at(nodes.Baseline),
                f"a total of {days} days is compared with one of {baseline.days}",
                help="a baseline as long as the promise: the same months of the year before",
                kpi=one.name,
            )


RULES = (
    Rule(
        "K841",
        "finer-than-its-source",
        "time",
        WARNING,
        "A KPI is measured in shorter periods than its source has rows for.",
        """A source that is complete every month has no rows on most days. Measured every day, the KPI
        is grey for thirty days and has a spike on the next.""",
        """
        source market
          from        "data/market.csv"
          time        month
          column      size EUR
          complete    every month

        kpi market_size "Size of the market"
          formula     sum(market.size)
          target      at least 1_000 EUR
          measured    every week
        """,
        """
        source market
          from        "data/market.csv"
          time        month
          column      size EUR
          complete    every month

        kpi market_size "Size of the market"
          formula     sum(market.size)
          target      at least 1_000 EUR
          measured    every quarter
        """,
        _finer,
    ),
    Rule(
        "K842",
        "deadline-cuts-period",
        "time",
        WARNING,
        "The deadline lies inside a period, which is then incomplete.",
        """Periods are judged when they are over. One that the deadline cuts is not over in time, so the
        last word on the promise is that of the period before. Weeks are left alone: they fit no month.""",
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          measured    every month
          deadline    2026-12-15
        """,
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          measured    every month
          deadline    2026-12
        """,
        _deadline_cuts,
    ),
    Rule(
        "K843",
        "start-cuts-period",
        "time",
        WARNING,
        "A promise starts inside a period, which is then incomplete.",
        """The first period has days before the promise. It is either judged with days that nobody
        promised anything for, or left out; a start on its first day says which.""",
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          measured    every quarter
          from        2026-02-15
          deadline    2026-12
        """,
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          measured    every quarter
          from        2026-Q2
          deadline    2026-12
        """,
        _start_cuts,
    ),
    Rule(
        "K844",
        "calendar-in-fiscal-year",
        "time",
        WARNING,
        "A year, half or quarter of the calendar stands in a project with another fiscal year.",
        """`2026-Q4` ends in December, whatever the calendar says; `FY2026-Q4` ends with the fiscal
        year. In a company whose year starts in April the two are nine months apart, and only one of
        them was agreed on.""",
        """
        calendar
          fiscal year starts in April

        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          deadline    2026-Q4
        """,
        """
        calendar
          fiscal year starts in April

        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          deadline    FY2026-Q4
        """,
        _fiscal,
    ),
    Rule(
        "K845",
        "baseline-not-over",
        "time",
        WARNING,
        "The baseline is a period that is not over.",
        """An increase by 20% of a period that still runs is another number each day. What was promised
        is known only when it is too late to do anything about it.""",
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    2026-H1
          target      increase by 20%
          from        2026-07
          deadline    2026-12
        """,
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    2025-H2
          target      increase by 20%
          from        2026-07
          deadline    2026-12
        """,
        _unfinished,
    ),
    Rule(
        "K846",
        "monday-against-sunday",
        "time",
        WARNING,
        "A daily KPI is compared with the day before.",
        """Most business has a week. Compared with the day before, every Monday is a triumph and every
        Saturday a disaster, and neither says anything.""",
        """
        kpi daily_sales "Sales of the day"
          formula     sum(orders.amount)
          baseline    previous period
          target      increase by 1%
          measured    every day
          deadline    2026-12
        """,
        """
        kpi daily_sales "Sales of the week"
          formula     sum(orders.amount)
          baseline    previous period
          target      increase by 1%
          measured    every week
          deadline    2026-12
        """,
        _weekdays,
    ),
    Rule(
        "K847",
        "window-cuts-weeks",
        "time",
        INFO,
        "A sliding window is not made of whole weeks.",
        """Thirty days have four weekends or five. A number over the last 30 days swings with the day of
        the week on which it is looked at; 28 days do not.""",
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          measured    over the last 30 days
        """,
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          measured    over the last 28 days
        """,
        _odd_weeks,
    ),
    Rule(
        "K848",
        "no-period-fits",
        "time",
        WARNING,
        "No whole period lies between the start and the deadline.",
        """What is measured every year is judged when a year is over. Where the promise is shorter than
        that, it stays without a verdict to the end.""",
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          measured    every year
          from        2026-04
          deadline    2026-12
        """,
        """
        kpi lead_count "Leads"
          formula     count(crm)
          target      at least 100 leads
          measured    every quarter
          from        2026-04
          deadline    2026-12
        """,
        _no_period,
    ),
    Rule(
        "K849",
        "baseline-of-other-length",
        "time",
        WARNING,
        "A total is compared with that of a longer or a shorter time.",
        """Sales of six months are about twice those of three. An increase over the quarter before is
        then reached without any effort; the same months of last year are as long, and have the same
        season.""",
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    2025-Q4
          target      increase by 20%
          from        2026-01
          deadline    2026-06
          measured    cumulatively
        """,
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    2025-H1
          target      increase by 20%
          from        2026-01
          deadline    2026-06
          measured    cumulatively
        """,
        _other_length,
    ),
)
