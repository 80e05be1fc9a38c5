"""What a window owes: the target, what of it is due at the window's end, and what is expected by now."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from kpidsl.graph import Bound, Cumulative, Tolerance, Trailing
from kpidsl.judge.bounds import Band, exact, rounded, slack_of
from kpidsl.judge.evidence import Evidence
from kpidsl.judge.schedule import told_by_data_so_far
from kpidsl.judge.words import amount_text, band_text, change_text
from kpidsl.model.periods import Window
from kpidsl.results import SliceKey


@frozen
class Due:
    """`target` is the promise's; `due` what of it is owed at the window's end; `slack` the tolerance of each
    end."""

    target: Band
    due: Band
    slack: Band
    text: str
    """The target in words."""
    baseline: float | None
    progress: Fraction | None
    """How far along the line from baseline to target the window's end is, None where there is no line."""
    so_far: bool
    """Whether the target is itself counted up to now, so that no share of it has to be taken."""


@frozen
class NoTarget:
    """A target that has no value; `text` is what can be said of it all the same, `why` a sentence."""

    text: str | None
    why: str


@frozen
class Base:
    """A baseline and its name."""

    value: float | None
    name: str
    cause: str


def due(
    evidence: Evidence, bound: Bound, tolerance: Tolerance | None, key: SliceKey, window: Window
) -> Due | NoTarget:
    """Settle what is owed."""
    base = _baseline(evidence, key, window)
    found = _target(evidence, bound, base, key, window)
    if isinstance(found, NoTarget):
        return found
    target, text = found
    slack = slack_of(target, tolerance.amount, tolerance.relative) if tolerance else Band()
    progress = _progress(evidence, bound, window)
    if progress is None or progress == 1:
        owed = target
    elif base is None or base.value is None:
        cause = base.cause if base else "there is none"
        return NoTarget(text, f"No reference before the deadline: the baseline has no value, for {cause}.")
    else:
        owed = target.between(exact(base.value), progress)
    nodes = [bound.value] if bound.high is None else [bound.value, bound.high]
    baseline = evidence.kpi.promise.baseline
    if bound.direction in ("increase", "decrease") and baseline and not isinstance(baseline, Window | str):
        nodes.append(baseline)
    so_far = any(told_by_data_so_far(node) for node in nodes)
    return Due(target, owed, slack, text, base.value if base else None, progress, so_far)


def _target(
    evidence: Evidence, bound: Bound, base: Base | None, key: SliceKey, window: Window
) -> tuple[Band, str] | NoTarget:
    """The target and its words."""
    unit = evidence.kpi.unit
    amount = evidence.number(bound.value, key, window)
    high = evidence.number(bound.high, key, window) if bound.high is not None else None
    if amount is None or (bound.high is not None and high is None):
        node = bound.value if amount is None or bound.high is None else bound.high
        return NoTarget(None, f"The target has no value in {window}: {evidence.cause(node, key, window)}.")
    match bound.direction:
        case "at least":
            band = Band(low=exact(amount))
        case "at most":
            band = Band(high=exact(amount))
        case "between":
            assert high is not None
            band = Band(exact(amount), exact(high))
        case _:
            return _changed(evidence, bound, base, amount)
    return band, band_text(band, unit)


def _changed(
    evidence: Evidence, bound: Bound, base: Base | None, amount: float
) -> tuple[Band, str] | NoTarget:
    """A baseline changed by an amount, or by a part of itself: only of a positive number is that a change."""
    unit = evidence.kpi.unit
    promised = change_text(bound, amount, unit)
    if base is None:
        return NoTarget(promised, f"`{promised}` has no value: there is no baseline.")
    if base.value is None:
        return NoTarget(
            promised, f"`{promised}` has no value: the baseline{base.name} has none, for {base.cause}."
        )
    if bound.relative and base.value <= 0:
        found = amount_text(base.value, unit)
        return NoTarget(
            promised, f"`{promised}` has no value: the baseline{base.name} is {found}, not above 0."
        )
    start = exact(base.value)
    change = exact(amount) * (start if bound.relative else 1)
    band = Band(low=start + change) if bound.direction == "increase" else Band(high=start - change)
    found = amount_text(base.value, unit)
    return band, f"{promised} from {found}{base.name}: {band_text(band, unit)}"


def _baseline(evidence: Evidence, key: SliceKey, window: Window) -> Base | None:
    baseline = evidence.kpi.promise.baseline
    if baseline is None:
        return None
    if evidence.baseline is None:
        assert not isinstance(baseline, Window | str)
        value = evidence.number(baseline, key, window)
        return Base(value, "", "" if value is not None else evidence.cause(baseline, key, window))
    schedule = evidence.schedule
    earlier = schedule.baseline_windows[schedule.windows.index(window)]
    scale = schedule.baseline_scale
    if isinstance(scale, str):
        return Base(None, f" ({earlier})", scale)
    brought = _SCALED[type(evidence.kpi.promise.measured).__name__] if scale != 1 else ""
    name = f" ({brought}{earlier})"
    value = evidence.baseline.at(key, earlier)
    if value is None:
        return Base(None, name, evidence.answers.why(evidence.baseline.ask, key, earlier))
    return Base(rounded(exact(value) * scale), name, "")


_SCALED = {"Every": "mean period of ", "Trailing": "as many days of "}


def _progress(evidence: Evidence, bound: Bound, window: Window) -> Fraction | None:
    """Where the window's end is on the line from the baseline at the start to the target at the deadline.

    There is a line only from a baseline that stays: one that moves with the window asks its change of each
    window.
    """
    promise, schedule = evidence.kpi.promise, evidence.schedule
    if isinstance(promise.measured, Cumulative) or not schedule.fixed_baseline or promise.pace == "none":
        return None
    if schedule.start is None or schedule.deadline is None or bound.direction == "between":
        return None
    gone = (min(window.end, schedule.deadline) - schedule.start).days + 1
    return Fraction(max(gone, 0), (schedule.deadline - schedule.start).days + 1)


# -- by now --------------------------------------------------------------------------------------------------


def is_over(evidence: Evidence, window: Window) -> bool:
    """Whether nothing can be added to a window: a closed period, else a past deadline."""
    schedule = evidence.schedule
    if isinstance(evidence.kpi.promise.measured, Cumulative | Trailing):
        return schedule.deadline is not None and schedule.deadline < schedule.now
    return window.end < schedule.now


def time_gone(evidence: Evidence, window: Window) -> Fraction | None:
    """The share of its days that an open window of a total has data for; None for every other."""
    schedule, measured = evidence.schedule, evidence.kpi.promise.measured
    if not evidence.additive or isinstance(measured, Trailing) or is_over(evidence, window):
        return None
    end = schedule.deadline if isinstance(measured, Cumulative) else window.end
    if end is None or schedule.watermark is None:
        return None
    gone = (min(schedule.watermark, end) - window.start).days + 1
    return Fraction(max(gone, 0), (end - window.start).days + 1)


def expected_share(evidence: Evidence, owed: Due, gone: Fraction, key: SliceKey) -> Fraction | str:
    """The share of what is due that is expected when that much of the time is gone, by the promise's pace."""
    schedule = evidence.schedule
    if owed.so_far or evidence.kpi.promise.pace == "none":
        return Fraction(1)
    if evidence.kpi.promise.pace != "like last year":
        return gone
    if schedule.last_year is None or evidence.pace is None:
        return "No reference: nothing is known of the same time last year."
    whole, part = schedule.last_year.whole, schedule.last_year.part
    total, reached = evidence.pace.at(key, whole), evidence.pace.at(key, part)
    if total is None or reached is None:
        window = whole if total is None else part
        return f"No pace like last year: {evidence.answers.why(evidence.pace.ask, key, window)}."
    if total <= 0 or reached < 0:
        window, found = (whole, total) if total <= 0 else (part, reached)
        return f"No pace like last year: {window} had {amount_text(found, evidence.kpi.unit)}."
    return exact(reached) / exact(total)
