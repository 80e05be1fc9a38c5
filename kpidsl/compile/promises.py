"""Promises: how and when a KPI is measured and held against what, free of contradictions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import cast

from kpidsl.compile.bounds import Draft, in_kpi_unit, read_bound, read_tolerance
from kpidsl.compile.clauses import cycle_of
from kpidsl.compile.scope import Scope, period_name
from kpidsl.compile.steps import read_milestones, read_pace
from kpidsl.graph import Baseline, Cumulative, Every, Measured, Promise, Trailing
from kpidsl.model.periods import GRAINS, Window
from kpidsl.syntax import nodes

_DEFAULT_MEASURED = Every("month")
_MOST_TRAILING = 10_000


def read_promise(draft: Draft) -> Promise:
    """The promise of a KPI. Errors are told; what is returned after one is not to be used."""
    scope = draft.scope
    measured = _measured(draft)
    start, deadline = _day(draft, nodes.From), _day(draft, nodes.Deadline)
    if start and deadline and deadline < start:
        _deadline_before_start(draft, start, deadline)
    target = cast(nodes.Target | None, draft.clause(nodes.Target))
    bound = read_bound(target.bound, draft) if target and target.bound else None
    dates = start, deadline
    milestones, levels = read_milestones(target, dates, draft, measured) if target else ((), ())
    tolerance_clause = cast(nodes.Tolerance | None, draft.clause(nodes.Tolerance))
    tolerance = read_tolerance(tolerance_clause, draft) if tolerance_clause else None
    _need_a_target(draft)
    baseline = _baseline(draft, target, start)
    if isinstance(baseline, Window) and start is None and not isinstance(measured, Cumulative):
        start = baseline.end + timedelta(days=1)
    if isinstance(measured, Cumulative) and start is None and draft.clause(nodes.From) is None:
        clause = draft.clause(nodes.Measured)
        scope.error(
            "K410",
            "what is measured cumulatively needs a day to begin",
            clause.span if clause else draft.kpi.name.span,
            help="`from 2026-01-01` says it",
        )
    pace, shares = read_pace(draft, measured, dates)
    return Promise(
        measured, bound, milestones, tolerance, baseline, start, deadline, pace, levels=levels, shares=shares
    )


def _need_a_target(draft: Draft) -> None:
    """Warn of clauses that are about a target where there is none."""
    if draft.promises:
        return
    for code, kind, what in (("K419", nodes.Tolerance, "tolerance"), ("K447", nodes.Pace, "pace")):
        if clause := draft.clause(kind):
            draft.scope.warn(
                code,
                f"a {what} without a target is of no use",
                clause.span,
                help="`target at least ...` makes a promise",
            )


# -- when ----------------------------------------------------------------------------------------------------


def _measured(draft: Draft) -> Measured:
    clause = cast(nodes.Measured | None, draft.clause(nodes.Measured))
    scope = draft.scope
    match clause:
        case None:
            return _DEFAULT_MEASURED
        case nodes.Measured(kind="every", grain=nodes.Word() as word):
            cycle = cycle_of(word, scope)
            return Every(cycle) if cycle else _DEFAULT_MEASURED
        case nodes.Measured(kind="last", amount=nodes.Number() as amount):
            return _trailing(amount, scope) or _DEFAULT_MEASURED
        case _:
            return Cumulative()


def _trailing(amount: nodes.Number, scope: Scope) -> Trailing | None:
    word = amount.unit.text.removesuffix("s") if amount.unit else ""
    value = amount.value
    if word not in GRAINS:
        scope.error(
            "K211",
            f"`{amount.span.text}` is not a number of periods",
            amount.span,
            help="`measured over the last 28 days` is how it is written",
        )
        return None
    if not value.is_integer() or not 1 <= value <= _MOST_TRAILING:
        scope.error(
            "K420",
            f"a sliding window is made of whole {word}s, from 1 to {_MOST_TRAILING:_}",
            amount.span,
            help=f"`measured over the last 3 {word}s` is how it is written",
        )
        return None
    return Trailing(int(value), word)


def _day(draft: Draft, kind: type[nodes.From] | type[nodes.Deadline]) -> date | None:
    clause = cast(nodes.From | nodes.Deadline | None, draft.clause(kind))
    if clause is None:
        return None
    window = draft.scope.period(clause.period)
    if window is None:
        return None
    return window.start if isinstance(clause, nodes.From) else window.end


def _deadline_before_start(draft: Draft, start: date, deadline: date) -> None:
    first, last = draft.clause(nodes.From), draft.clause(nodes.Deadline)
    assert first is not None
    assert last is not None
    draft.scope.error(
        "K409",
        f"the deadline, {deadline}, is before the start, {start}",
        last.span,
        (first.span, f"starts on {start}"),
        (last.span, f"ends on {deadline}"),
        help="`from` is the first day of the promise, `deadline` the last",
    )


# -- baselines -----------------------------------------------------------------------------------------------


def _glides(draft: Draft, baseline: nodes.Baseline, target: nodes.Target | None) -> bool:
    """Whether the reference is a line from the baseline to a target that does not itself change it."""
    measured, pace = draft.clause(nodes.Measured), draft.clause(nodes.Pace)
    return (
        target is not None
        and target.bound is not None
        and target.bound.direction != "between"
        and not isinstance(baseline.value, str)
        and (not isinstance(measured, nodes.Measured) or measured.kind != "cumulatively")
        and (not isinstance(pace, nodes.Pace) or pace.kind != "none")
        and draft.clause(nodes.Deadline) is not None
    )


def _baseline(draft: Draft, target: nodes.Target | None, start: date | None) -> Baseline | None:
    clause = cast(nodes.Baseline | None, draft.clause(nodes.Baseline))
    if clause is None:
        return None
    scope = draft.scope
    bounds = (
        [target.bound] if target and target.bound else [m.bound for m in target.milestones] if target else []
    )
    bounds += [part.bound for part in draft.slices]
    if not any(bound.direction.startswith(("increase", "decrease")) for bound in bounds) and not (
        _glides(draft, clause, target)
    ):
        said = bounds[0].direction if bounds else "no target"
        scope.warn(
            "K407",
            f"the baseline is of no use: {said} compares with nothing earlier",
            clause.span,
            *((b.span, "this") for b in bounds[:1]),
            help="`increase by` and `decrease by` change a baseline",
        )
    match clause.value:
        case "previous period":
            return "previous period"
        case "same period last year":
            return "same period last year"
        case str():
            return None
        case value:
            text = value if isinstance(value, nodes.PeriodText) else period_name(value, scope)
            return _window(text, start, draft) if text else in_kpi_unit(value, draft, "the baseline")


def _window(text: nodes.PeriodText, start: date | None, draft: Draft) -> Window | None:
    window = draft.scope.period(text)
    if window is not None and start is not None and window.end >= start:
        first = cast(nodes.From, draft.clause(nodes.From))
        draft.scope.warn(
            "K408",
            f"the baseline reaches to {window.end}, into the promise that starts on {start}",
            text.span,
            (first.span, f"starts on {start}"),
            help="a baseline is what was before",
        )
    return window
