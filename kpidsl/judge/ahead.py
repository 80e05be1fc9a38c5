"""What is projected for the deadline: by the pace, or from a forecast; and whether the promise is kept so."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from attrs import frozen

from kpidsl.digits import Floats
from kpidsl.graph import Bound, Cumulative, Tolerance
from kpidsl.judge.bounds import Band, exact, rounded
from kpidsl.judge.due import Due, due
from kpidsl.judge.evidence import Evidence
from kpidsl.judge.forecast import Forecast, available, forecast
from kpidsl.judge.horizon import LEAST
from kpidsl.judge.interval import side
from kpidsl.judge.questions import told_by_data_so_far
from kpidsl.judge.schedule import Hole, Horizon, Schedule, Slot, level_at
from kpidsl.judge.words import amount_text
from kpidsl.model.periods import Window
from kpidsl.model.units import PERCENT, format_value
from kpidsl.results import Outlook, SliceKey

MOST_SLICES = 100
"""Of more slices only the total has a forecast: each takes some hundredths of a second."""


@frozen
class Ahead:
    """A value projected for the deadline, its interval if it has one, and what follows for the promise."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    word: Outlook | None = None
    note: str = ""
    """What the sentence of a verdict says of a forecast."""


def ahead(
    evidence: Evidence,
    owed: Due,
    bound: Bound,
    tolerance: Tolerance | None,
    key: SliceKey,
    value: float,
    passed: tuple[Decimal | None, Decimal],
    slot: Slot,
) -> Ahead:
    """What is projected for the deadline of a slot; `passed` is the time gone of an open total, and the share
    of it that is expected by now."""
    promised = _promised(evidence, owed, bound, tolerance, key, slot)
    if evidence.kpi.promise.forecast is None:
        found = by_pace(evidence, owed, value, *passed, slot)
        return Ahead(found, word=_word((found,), *promised) if promised and found is not None else None)
    if not shown(evidence.schedule, slot):
        return Ahead()
    made = forecast_of(evidence, key)
    if isinstance(made, str):
        return Ahead(note=f"; no forecast: {made}")
    word = _word((made.low, made.high), *promised) if promised else None
    return Ahead(made.value, made.low, made.high, word, _note(evidence, made, word))


# -- by the pace ---------------------------------------------------------------------------------------------


def by_pace(
    evidence: Evidence, owed: Due, value: float, gone: Decimal | None, share: Decimal, slot: Slot
) -> float | None:
    """The value at the deadline if it goes on like this: a total by its pace, a level along its line, else
    as it is."""
    schedule = evidence.schedule
    passed = slot.closed and isinstance(evidence.kpi.promise.measured, Cumulative)
    if passed or schedule.deadline is None or schedule.deadline < schedule.now:
        return None
    found = exact(value)
    if gone is not None:
        part = share if evidence.kpi.promise.by_last_year else gone
        if part == 0:
            return None
        found /= part
    if owed.progress is not None:
        if owed.progress == 0 or owed.baseline is None:
            return None
        start = exact(owed.baseline)
        found = start + (found - start) / owed.progress
        if schedule.grows:
            found = max(found, Decimal(0))  # the line may fall below, a total that only grows cannot
    return rounded(found)


# -- from a forecast -----------------------------------------------------------------------------------------


def shown(schedule: Schedule, slot: Slot) -> bool:
    """Whether a slot is one that looks ahead: with earlier ones a forecast would know what came after."""
    return schedule.ahead is not None and slot in schedule.slots[schedule.ahead.first :]


def forecast_of(evidence: Evidence, key: SliceKey) -> Forecast | str:
    """The forecast of a slice, or why there is none, as a clause."""
    memo = evidence.memo.setdefault("ahead", {})
    if key not in memo:
        memo[key] = _forecast(evidence, key)
    found: Forecast | str = memo[key]
    return found


def _forecast(evidence: Evidence, key: SliceKey) -> Forecast | str:
    horizon, level = evidence.schedule.ahead, evidence.kpi.promise.forecast
    assert horizon is not None
    assert level is not None
    if horizon.why is not None or evidence.behind is None:
        return horizon.why or "there are no periods behind"
    if not available():
        return "the library for it is not installed"
    if key and len(evidence.slices) > MOST_SLICES + 1:
        return f"of more than {MOST_SLICES} slices only the total has one"
    series = evidence.behind.row(key)
    weights = np.array(horizon.weights, np.float64)
    if horizon.so_far is None:
        return _of_level(series, weights, horizon, level)
    so_far = evidence.value.at(key, horizon.so_far)
    if horizon.parts:
        series, parts = series[: -horizon.parts], series[-horizon.parts :]
        weights[0] = _still_to_come(series[-horizon.parts :], parts, weights[0])
    series = _from_first(series)
    if so_far is None or not len(series):
        return "there is no value so far"
    if len(series) < LEAST:
        return f"it has values of {len(series)} periods, {LEAST} are needed"
    made = _made(np.nan_to_num(series), weights, horizon, level)
    least = so_far if evidence.schedule.grows else -np.inf
    return Forecast(*(rounded(max(so_far + x, least)) for x in (made.value, made.low, made.high)))


def _still_to_come(whole: Floats, parts: Floats, otherwise: float) -> float:
    """Which part of a month comes after the day that has come: of the months before; of the days if these
    say nothing. Where a row stands for a month, all of it is there on its first day."""
    total = float(np.nansum(whole))
    return min(max(1 - float(np.nansum(parts)) / total, 0.0), 1.0) if total > 0 else otherwise


def _made(series: Floats, weights: Floats, horizon: Horizon, level: float) -> Forecast:
    yearly = horizon.yearly and len(series) >= horizon.season + LEAST
    return forecast(series, weights, horizon.season, level, yearly=yearly)


def _of_level(series: Floats, weights: Floats, horizon: Horizon, level: float) -> Forecast | str:
    """Of the values since the last period without one. What was never below zero is not forecast to be."""
    gaps = np.flatnonzero(np.isnan(series))
    series = series[gaps[-1] + 1 :] if len(gaps) else series
    if len(series) < LEAST:
        return f"it has values of {len(series)} periods in a row, {LEAST} are needed"
    made = _made(series, weights, horizon, level)
    least = 0.0 if (series >= 0).all() else -np.inf
    return Forecast(*(rounded(max(x, least)) for x in (made.value, made.low, made.high)))


def _from_first(series: Floats) -> Floats:
    """Without the periods before the first value: later ones without rows added nothing to a total."""
    known = np.flatnonzero(~np.isnan(series))
    return series[known[0] :] if len(known) else series[:0]


def forecasts(evidence: Evidence, keys: list[SliceKey]) -> tuple[Floats, Floats, Floats]:
    """Value, low and high of the forecasts of slices; NaN where there is none."""
    found = np.full((3, len(keys)), np.nan)
    for n, key in enumerate(keys):
        made = forecast_of(evidence, key)
        if isinstance(made, Forecast):
            found[:, n] = made.value, made.low, made.high
    return found[0], found[1], found[2]


# -- what follows --------------------------------------------------------------------------------------------


def _promised(
    evidence: Evidence, owed: Due, bound: Bound, tolerance: Tolerance | None, key: SliceKey, slot: Slot
) -> tuple[Band, Band] | None:
    """The target at the deadline and its tolerance; None where it is not known before."""
    promise, schedule = evidence.kpi.promise, evidence.schedule
    if isinstance(promise.measured, Cumulative):
        return None if owed.so_far else (owed.target, owed.slack)
    if bound is slot.bound and schedule.deadline is not None:
        last, _ = level_at(promise, Window(schedule.deadline, schedule.deadline))
        if last is None or isinstance(last, Hole):
            return None
        bound = last
    told = any(told_by_data_so_far(node) for node in (bound.value, bound.high) if node is not None)
    moves = bound.direction in ("increase", "decrease") and not schedule.fixed_baseline
    if told or moves:
        return None
    if bound is not slot.bound:
        later = due(evidence, bound, tolerance, key, slot)
        return (later.target, later.slack) if isinstance(later, Due) else None
    return owed.target, owed.slack


def _word(ends: tuple[float, ...], target: Band, slack: Band) -> Outlook:
    """Kept where all of it keeps the target, not kept where all of it is beyond the tolerance on one side."""
    if all(target.holds(end) for end in ends):
        return "kept"
    wide = target.widened(slack)
    if not any(wide.holds(end) for end in ends) and len({side(end, wide) for end in ends}) == 1:
        return "not kept"
    return "open"


_PHRASES: dict[Outlook, str] = {
    "kept": "the target is kept",
    "not kept": "the target is not kept",
    "open": "whether the target is kept is open",
}


def _note(evidence: Evidence, made: Forecast, word: Outlook | None) -> str:
    horizon, level, unit = evidence.schedule.ahead, evidence.kpi.promise.forecast, evidence.kpi.unit
    assert horizon is not None
    assert level is not None
    low, high = amount_text(made.low, unit), amount_text(made.high, unit)
    between = f"{low} to {high} at {format_value(level, PERCENT)}"
    follows = f": {_PHRASES[word]}" if word else ""
    return f"; forecast for {horizon.due_on}: {amount_text(made.value, unit)}, {between}{follows}"
