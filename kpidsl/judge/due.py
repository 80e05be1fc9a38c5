"""What a window owes: the target, what of it is due at the window's end, and what is expected by now."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from attrs import frozen

from kpidsl.graph import Bound, Cumulative, Tolerance
from kpidsl.judge.bounds import Band, exact, rounded, slack_of
from kpidsl.judge.evidence import Case, Evidence
from kpidsl.judge.questions import told_by_data_so_far
from kpidsl.judge.schedule import Hole, Slot
from kpidsl.judge.untold import hole_text, unplanned_text, untold
from kpidsl.judge.words import amount_text, band_text, change_text
from kpidsl.judge.workdays import business_days
from kpidsl.model.periods import Window
from kpidsl.results import SliceKey


@frozen
class Due:
    """`target` is the promise's; `due` what is owed at the window's end; `slack` each end's tolerance."""

    target: Band
    due: Band
    slack: Band
    text: str
    """The target in words."""
    origin: str
    """What a target follows from: of a change `an increase by 5% from 174.2 EUR in 2025`, of a plan the
    slices that it does not know, else nothing."""
    baseline: float | None
    progress: Decimal | None
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
    evidence: Evidence, bound: Bound | Hole, tolerance: Tolerance | None, key: SliceKey, slot: Slot
) -> Due | NoTarget:
    """Settle what a slice owes in a slot."""
    if isinstance(bound, Hole):
        return NoTarget(None, bound.why)
    base = _baseline(evidence, key, slot)
    found = _target(evidence, bound, base, key, slot.window)
    if isinstance(found, NoTarget):
        return found
    target, text, origin = found
    left_out = None if key else untold(evidence, bound, slot.window)
    if left_out is not None:
        if len(left_out.holes):
            return NoTarget(None, hole_text(evidence, left_out, slot.window))
        origin = ", ".join(filter(None, (origin, unplanned_text(evidence, left_out))))
    slack = slack_of(target, tolerance.amount, tolerance.relative) if tolerance else Band()
    progress = progress_at(evidence, bound, slot.window)
    if progress is None or progress == 1:
        owed = target
    elif base is None or base.value is None:
        cause = base.cause if base else "there is none"
        return NoTarget(text, f"No reference before the deadline: the baseline has no value, for {cause}.")
    else:
        owed = target.between(exact(base.value), progress)
    so_far = counted_so_far(evidence, bound, slot.window)
    return Due(target, owed, slack, text, origin, base.value if base else None, progress, so_far)


def counted_so_far(evidence: Evidence, bound: Bound, window: Window) -> bool:
    """Whether a target is itself a total of the days up to now."""
    nodes = [bound.value] if bound.high is None else [bound.value, bound.high]
    baseline = evidence.kpi.promise.baseline
    if bound.direction in ("increase", "decrease") and baseline and not isinstance(baseline, Window | str):
        nodes.append(baseline)
    told = (node for node in nodes if told_by_data_so_far(node))
    return any(not evidence.told_ahead(node, window) for node in told)


def _target(
    evidence: Evidence, bound: Bound, base: Base | None, key: SliceKey, window: Window
) -> tuple[Band, str, str] | NoTarget:
    """The target, its words, and what it follows from."""
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
    return band, band_text(band, unit), ""


def _changed(
    evidence: Evidence, bound: Bound, base: Base | None, amount: float
) -> tuple[Band, str, str] | NoTarget:
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
    origin = f"{_A_CHANGE[bound.direction]} {promised} from {amount_text(base.value, unit)}{base.name}"
    return band, band_text(band, unit), origin


_A_CHANGE = {"increase": "an", "decrease": "a"}


def _baseline(evidence: Evidence, key: SliceKey, slot: Slot) -> Base | None:
    baseline = evidence.kpi.promise.baseline
    if baseline is None:
        return None
    if slot.baseline is None and isinstance(baseline, str):
        return Base(None, "", f"{slot.window} has no earlier one to look at")
    if evidence.baseline is None:
        assert not isinstance(baseline, Window | str)
        value = evidence.number(baseline, key, slot.window)
        return Base(value, "", "" if value is not None else evidence.cause(baseline, key, slot.window))
    earlier, scale = slot.baseline, evidence.schedule.baseline_scale
    assert earlier is not None
    if isinstance(scale, str):
        return Base(None, f" in {earlier}", scale)
    brought = _SCALED[type(evidence.kpi.promise.measured).__name__] if scale != 1 else ""
    name = f" in {brought}{earlier}"
    value = evidence.baseline.at(key, earlier)
    if value is None:
        return Base(None, name, evidence.answers.why(evidence.baseline.ask, key, earlier))
    return Base(rounded(exact(value) * scale), name, "")


_SCALED = {"Every": "the mean period of ", "Trailing": "as many days of "}


def progress_at(evidence: Evidence, bound: Bound, window: Window) -> Decimal | None:
    """Where the window's end is on the line from the baseline at the start to the target at the deadline.

    There is a line only from a baseline that stays: one that moves with the window asks its change of each
    window.
    """
    promise, schedule = evidence.kpi.promise, evidence.schedule
    if isinstance(promise.measured, Cumulative) or not schedule.fixed_baseline or promise.pace == "none":
        return None
    if (
        schedule.start is None
        or schedule.deadline is None
        or bound.direction == "between"
        or promise.milestones
    ):
        return None
    gone = (min(window.end, schedule.deadline) - schedule.start).days + 1
    return Decimal(max(gone, 0)) / ((schedule.deadline - schedule.start).days + 1)


# -- by now --------------------------------------------------------------------------------------------------


def time_gone(evidence: Case, slot: Slot, since: date) -> Decimal | None:
    """The share of the days from `since` that an open total has data for, or of the business days where these
    are its pace; None for everything else. Where there is no business day at all, none has gone."""
    schedule = evidence.schedule
    if not evidence.additive or not slot.open or slot.due_on is None or schedule.watermark is None:
        return None
    reached = min(schedule.watermark, slot.due_on)
    if evidence.kpi.promise.pace == "business days":
        every = business_days(since, slot.due_on, schedule.calendar)
        return Decimal(business_days(since, reached, schedule.calendar)) / (every or 1)
    if evidence.kpi.promise.pace == "schedule":
        return _by_schedule(evidence, reached, slot.due_on)
    gone = (reached - since).days + 1
    return Decimal(max(gone, 0)) / ((slot.due_on - since).days + 1)


def _by_schedule(evidence: Case, day: date, due_on: date) -> Decimal:
    """The share of the target that is expected by a day: on the line between two shares of the pace."""
    start = evidence.schedule.start or day
    points = [(start - timedelta(days=1), Decimal(0))]
    points += [(by, exact(share)) for by, share in evidence.kpi.promise.shares]
    points += [(due_on, Decimal(1))] if points[-1][0] < due_on else []
    after = next((n for n, (by, _) in enumerate(points) if by >= day), len(points) - 1)
    if after == 0:
        return Decimal(0)
    (earlier, low), (later, high) = points[after - 1], points[after]
    return low + (high - low) * (day - earlier).days / (later - earlier).days


def waits(evidence: Case, gone: Decimal | None) -> bool:
    """Whether nothing has gone of an open total, so that there is nothing yet to hold it against."""
    return gone == 0 and evidence.kpi.promise.pace != "schedule"


def not_reached(evidence: Case, slot: Slot, gone: Decimal | None) -> bool:
    """Whether nothing has gone of an open total because the data ends before it."""
    watermark = evidence.schedule.watermark
    return gone == 0 and watermark is not None and watermark < slot.window.start


def reference(
    evidence: Evidence, owed: Due, slot: Slot, gone: Decimal | None, key: SliceKey
) -> tuple[Band, Decimal] | NoTarget:
    """What is expected by now, and which share of what is due that is; of all that is not an open total,
    all."""
    pace = evidence.kpi.promise.pace
    if gone is None or owed.so_far or pace == "none":
        return owed.due, Decimal(1)
    if evidence.kpi.promise.milestones:
        return _on_the_way(evidence, owed, slot, key), gone
    share = _share_last_year(evidence, owed, key) if evidence.kpi.promise.by_last_year else gone
    return share if isinstance(share, NoTarget) else (owed.due.times(share), share)


def _on_the_way(evidence: Evidence, owed: Due, slot: Slot, key: SliceKey) -> Band:
    """The point on the straight line from the milestone before, or from nothing, to this one."""
    since = slot.since or slot.window.start
    share = time_gone(evidence, slot, since) or Decimal(0)
    if slot.floor is not None:
        floor = due(evidence, slot.floor, None, key, slot)
        if isinstance(floor, Due) and (floor.target.low is None) == (owed.due.low is None):
            start = floor.target.ends[0]
            return owed.due.between(start, share)
    return owed.due.times(time_gone(evidence, slot, slot.window.start) or Decimal(0))


def _share_last_year(evidence: Evidence, owed: Due, key: SliceKey) -> Decimal | NoTarget:
    last_year, table = evidence.schedule.last_year, evidence.pace
    if last_year is None or table is None:
        return NoTarget(owed.text, "No pace like last year: there is no earlier one to look at.")
    whole, part = last_year.whole, last_year.part
    total, reached = table.at(key, whole), table.at(key, part)
    if total is None or reached is None:
        window = whole if total is None else part
        return NoTarget(owed.text, f"No pace like last year: {evidence.answers.why(table.ask, key, window)}.")
    if total <= 0 or reached < 0:
        window, found = (whole, total) if total <= 0 else (part, reached)
        amount = amount_text(found, evidence.kpi.unit)
        return NoTarget(owed.text, f"No pace like last year: there were {amount} in {window}.")
    return exact(reached) / exact(total)
