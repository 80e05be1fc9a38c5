"""Which windows a KPI is judged over, and what has to be asked of the evaluator for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction

from attrs import evolve, field, frozen

from kpidsl.graph import (
    Aggregate,
    Baseline,
    Bound,
    Cumulative,
    Every,
    Kpi,
    Node,
    Shift,
    Trailing,
    aggregates,
    children,
)
from kpidsl.judge.growth import only_grows
from kpidsl.model.periods import (
    Calendar,
    Grain,
    Window,
    add_grain,
    aligned,
    containing,
    periods,
    same_last_year,
)
from kpidsl.model.rows import columns_of
from kpidsl.model.sources import SourceSpec
from kpidsl.results import Ask, Profile, Verb

MOST_WINDOWS = 5_000
"""More periods than anyone reads; a slip in `from` or in the data's first day."""

EARLIER = 6
"""How many earlier windows of a sliding one are its history."""

_DAY = timedelta(days=1)


@frozen
class LastYear:
    """For `pace like last year`: the open window a year ago, and its part up to this day of the year."""

    whole: Window
    part: Window


@frozen
class Schedule:
    """The windows of a KPI, oldest first, the one that is its headline, and the questions to ask.

    Without windows `idle` says why, as a word and a sentence. `now` is as-of, or the end of the window asked
    for when a cumulative or sliding KPI is to be shown as it stood then.
    """

    now: date
    start: date | None = None
    deadline: date | None = None
    watermark: date | None = None
    stale: str | None = None
    windows: tuple[Window, ...] = ()
    headline: int = 0
    idle: tuple[Verb, str] | None = None
    value: Ask | None = None
    baseline: Ask | None = None
    baseline_windows: tuple[Window, ...] = ()
    """The baseline of each window, where it is a window."""
    baseline_scale: Fraction | str = Fraction(1)
    """What a total over the baseline's window is multiplied by to be one over a window judged; a text says
    why it cannot be compared."""
    fixed_baseline: bool = False
    """Whether every window has the same baseline, so that a line can be drawn from it."""
    nodes: tuple[tuple[Node, Ask], ...] = field(default=(), repr=False)
    """The numbers that bounds and the baseline are made of."""
    last_year: LastYear | None = None
    pace: Ask | None = None
    grows: bool = False

    @property
    def asks(self) -> tuple[Ask, ...]:
        """All questions, each once."""
        every = (self.value, self.baseline, self.pace, *(ask for _, ask in self.nodes))
        return tuple(dict.fromkeys(ask for ask in every if ask is not None))


def asks(
    kpi: Kpi,
    as_of: date,
    profiles: Mapping[str, Profile],
    calendar: Calendar,
    asked: Window | None = None,
    *,
    sources: Mapping[str, SourceSpec] | None = None,
) -> Schedule:
    """Settle which windows a KPI is judged over.

    `asked` restricts a KPI measured every period to its periods within; others are shown as they stood at
    its end. `sources` (those of the graph) tell computed columns from read ones: without them no sum is
    known to only grow.
    """
    promise = kpi.promise
    start = promise.start or _after_baseline(promise.baseline)
    found = Schedule(
        now=as_of,
        start=start or _first_data(kpi, profiles),
        deadline=promise.deadline,
        watermark=_watermark(kpi, profiles),
        stale=_stale(kpi, profiles),
        grows=kpi.formula.additivity == "additive" and only_grows(kpi.formula, sources or {}),
    )
    match promise.measured:
        case Every(grain=grain):
            found = _every(found, grain, calendar, asked, counted_from_data=start is None)
        case Cumulative():
            found = _cumulative(found, asked)
        case Trailing(count=count, grain=grain):
            found = _trailing(found, count, grain, asked)
    return _questions(found, kpi, calendar) if found.windows else found


# -- what is known before anything is asked ------------------------------------------------------------------


def _after_baseline(baseline: Baseline | None) -> date | None:
    return baseline.end + _DAY if isinstance(baseline, Window) else None


def counted_sources(node: Node) -> tuple[str, ...]:
    """The sources whose rows a formula aggregates."""
    return tuple(dict.fromkeys(aggregate.source for aggregate in aggregates(node)))


def _read_sources(nodes: Iterable[Node]) -> tuple[str, ...]:
    """Those, and the ones that their rows belong to."""
    found: dict[str, None] = {}
    for aggregate in aggregates(*nodes):
        found[aggregate.source] = None
        for row in (aggregate.argument, aggregate.filter, aggregate.weight):
            found.update(dict.fromkeys(sorted(column.home for column in columns_of(row))))
    return tuple(found)


def _first_data(kpi: Kpi, profiles: Mapping[str, Profile]) -> date | None:
    """The first day on which every source of the formula has data: before it there is no value."""
    days = [profiles[name].first for name in counted_sources(kpi.formula) if name in profiles]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def _watermark(kpi: Kpi, profiles: Mapping[str, Profile]) -> date | None:
    days = [profiles[name].watermark for name in counted_sources(kpi.formula) if name in profiles]
    known = [day for day in days if day is not None]
    return min(known) if known and len(known) == len(days) else None


def _stale(kpi: Kpi, profiles: Mapping[str, Profile]) -> str | None:
    read = _read_sources((kpi.formula, *_promised_nodes(kpi)))
    return next((profiles[name].stale for name in read if name in profiles and profiles[name].stale), None)


def bounds_of(kpi: Kpi) -> tuple[Bound, ...]:
    """Every bound that a KPI has, the slices' included."""
    promise = kpi.promise
    own = (promise.bound,) if promise.bound else ()
    return (*own, *(bound for _, bound in promise.milestones), *(part.bound for part in kpi.slices))


def _promised_nodes(kpi: Kpi) -> tuple[Node, ...]:
    nodes = [node for bound in bounds_of(kpi) for node in (bound.value, bound.high) if node is not None]
    baseline = kpi.promise.baseline
    if baseline is not None and not isinstance(baseline, Window | str):
        nodes.append(baseline)
    return tuple(dict.fromkeys(nodes))


# -- windows -------------------------------------------------------------------------------------------------


def _every(
    found: Schedule, grain: Grain, calendar: Calendar, asked: Window | None, counted_from_data: bool
) -> Schedule:
    start, deadline, now = found.start, found.deadline, found.now
    if start is None:
        return evolve(found, idle=("no data", "There is no data yet."))
    if now < start:
        return evolve(found, idle=("not started", f"The promise starts on {start}, after {now}."))
    last = now if deadline is None else min(now, deadline)
    whole = [
        window
        for window in periods(start, last, grain, calendar)
        if (counted_from_data or window.start >= start) and (deadline is None or window.end <= deadline)
    ]
    within = [w for w in whole if asked is None or (w.start >= asked.start and w.end <= asked.end)]
    if len(within) > MOST_WINDOWS:
        sentence = (
            f"Every {grain} from {start} to {last} makes {len(within):,} periods, more than {MOST_WINDOWS:,}."
        )
        return evolve(found, idle=("failed", sentence))
    if not within:
        return evolve(found, idle=_no_period(found, grain, calendar, asked if whole else None))
    closed = [number for number, window in enumerate(within) if window.end < now]
    return evolve(found, windows=tuple(within), headline=closed[-1] if closed else len(within) - 1)


def _no_period(found: Schedule, grain: Grain, calendar: Calendar, asked: Window | None) -> tuple[Verb, str]:
    start, deadline, now = found.start, found.deadline, found.now
    assert start is not None
    if asked is not None and asked.start > now:
        return "not started", f"{asked} begins after {now}."
    if asked is not None and asked.end < start:
        return "not started", f"The promise starts on {start}, after {asked}."
    if asked is not None and deadline is not None and asked.start > deadline:
        return "no data", f"The promise ended on {deadline}, before {asked}."
    if asked is not None:
        return "no data", f"{asked} holds no whole {grain}, and the KPI is measured every {grain}."
    first = containing(start, grain, calendar)
    first = first if first.start >= start else first.shift(1)
    if deadline is not None and first.end > deadline:
        return "no data", f"No whole {grain} lies between {start} and the deadline {deadline}."
    return (
        "not started",
        f"The first whole {grain} of the promise, {first}, begins on {first.start}, after {now}.",
    )


def _cumulative(found: Schedule, asked: Window | None) -> Schedule:
    found = _as_it_stood(found, asked)
    if found.start is None:
        return evolve(found, idle=("no data", "There is no data yet."))
    if found.now < found.start:
        return evolve(found, idle=("not started", f"The promise starts on {found.start}, after {found.now}."))
    end = found.now if found.deadline is None else min(found.now, found.deadline)
    if end < found.start:
        sentence = f"The first data, of {found.start}, is later than the deadline {found.deadline}."
        return evolve(found, idle=("no data", sentence))
    return evolve(found, windows=(Window(found.start, end),))


def _trailing(found: Schedule, count: int, grain: Grain, asked: Window | None) -> Schedule:
    found = _as_it_stood(found, asked)
    if found.start is not None and found.now < found.start:
        return evolve(found, idle=("not started", f"The promise starts on {found.start}, after {found.now}."))
    ends = [day for day in (found.watermark, found.deadline, found.now) if day is not None]
    end = min(ends)
    window = Window(add_grain(end + _DAY, -count, grain), end)
    windows = [window]
    for number in range(1, EARLIER + 1):
        earlier = add_grain(end + _DAY, -count * number, grain)
        if found.start is None or earlier - _DAY < found.start:
            break
        windows.insert(0, Window(add_grain(end + _DAY, -count * (number + 1), grain), earlier - _DAY))
    return evolve(found, windows=tuple(windows), headline=len(windows) - 1)


def _as_it_stood(found: Schedule, asked: Window | None) -> Schedule:
    if asked is None or asked.end >= found.now:
        return found
    return evolve(found, now=asked.end, watermark=found.watermark and min(found.watermark, asked.end))


# -- questions -----------------------------------------------------------------------------------------------


def _questions(found: Schedule, kpi: Kpi, calendar: Calendar) -> Schedule:
    begin = kpi.promise.start or _after_baseline(kpi.promise.baseline)
    found = evolve(
        found,
        value=Ask(kpi.formula, found.windows, kpi.dimensions, begin),
        nodes=tuple((node, _ask_for(node, kpi, found, begin)) for node in _promised_nodes(kpi)),
    )
    baseline = kpi.promise.baseline
    match baseline:
        case Window():
            scale = _comparable(kpi, baseline, found, calendar)
            found = evolve(
                found,
                baseline_windows=(baseline,) * len(found.windows),
                baseline_scale=scale,
                fixed_baseline=True,
            )
        case "previous period":
            found = evolve(
                found, baseline_windows=tuple(_span(w, kpi, found).shift(-1) for w in found.windows)
            )
        case "same period last year":
            found = evolve(
                found, baseline_windows=tuple(same_last_year(_span(w, kpi, found)) for w in found.windows)
            )
        case None:
            pass
        case _:
            found = evolve(found, fixed_baseline=not aggregates(baseline))
    if found.baseline_windows:
        windows = tuple(dict.fromkeys(found.baseline_windows))
        found = evolve(found, baseline=Ask(kpi.formula, windows, kpi.dimensions, begin))
    return _pace_question(found, kpi, begin)


def _span(window: Window, kpi: Kpi, found: Schedule) -> Window:
    """What the promise is about: the window, or all of the way to the deadline when it is measured
    cumulatively."""
    if isinstance(kpi.promise.measured, Cumulative) and found.deadline is not None:
        return Window(window.start, found.deadline)
    return window


def _ask_for(node: Node, kpi: Kpi, found: Schedule, begin: date | None) -> Ask:
    """A number of the promise: over the same windows, split as the KPI is if its sources can be."""
    if not aggregates(node):
        return Ask(node, found.windows[:1])
    names = counted_sources(node)
    split = all(name in dict(dimension.columns) for dimension in kpi.dimensions for name in names)
    return Ask(node, found.windows, kpi.dimensions if split else (), begin)


def _comparable(kpi: Kpi, baseline: Window, found: Schedule, calendar: Calendar) -> Fraction | str:
    """A ratio is comparable over any window; a total only over as long a one, or as its mean per period."""
    if kpi.formula.additivity != "additive":
        return Fraction(1)
    match kpi.promise.measured:
        case Every(grain=grain):
            if not aligned(baseline, grain, calendar):
                return f"the baseline {baseline} is not made of whole {grain}s"
            return Fraction(1, len(periods(baseline.start, baseline.end, grain, calendar)))
        case Trailing():
            return Fraction(found.windows[-1].days, baseline.days)
        case Cumulative():
            return Fraction(1)


def _pace_question(found: Schedule, kpi: Kpi, begin: date | None) -> Schedule:
    if (
        kpi.promise.pace != "like last year"
        or kpi.formula.additivity != "additive"
        or found.watermark is None
    ):
        return found
    window = found.windows[-1]
    span = _span(window, kpi, found)
    if isinstance(kpi.promise.measured, Trailing) or span.end < found.now or found.watermark < span.start:
        return found
    whole = same_last_year(span)
    if found.watermark >= span.end:
        part = whole
    elif span.grain == "week":
        part = Window(whole.start, whole.start + (found.watermark - span.start))
    else:
        part = Window(whole.start, max(whole.start, add_grain(found.watermark, -1, "year")))
    ask = Ask(kpi.formula, tuple(dict.fromkeys((whole, part))), kpi.dimensions, begin)
    return evolve(found, last_year=LastYear(whole, part), pace=ask)


def told_by_data_so_far(node: Node) -> bool:
    """Whether a number of the promise is itself a total of the days judged, such as a plan kept as data."""
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, Aggregate):
            return True
        if not isinstance(one, Shift):
            stack.extend(children(one))
    return False
