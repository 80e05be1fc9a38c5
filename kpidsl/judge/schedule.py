"""Which windows a KPI is judged over, and what each of them owes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from attrs import evolve, field, frozen

from kpidsl.graph import (
    Baseline,
    Bound,
    Cumulative,
    Every,
    Kpi,
    Node,
    Promise,
    Rolling,
    Shift,
    Trailing,
    aggregates,
    sources_of,
    walk,
)
from kpidsl.judge.growth import days_after
from kpidsl.model.periods import (
    Calendar,
    Grain,
    Window,
    add_grain,
    first_from,
    periods,
)
from kpidsl.results import Ask, Profile, Verb

MOST_WINDOWS = 5_000
"""More periods than anyone reads; a slip in `from` or in the data's first day."""

EARLIER = 6
"""How many earlier windows of a sliding one are its history."""

_DAY = timedelta(days=1)


@frozen
class Hole:
    """A window that no target is said for, among others that have one."""

    why: str


@frozen(cache_hash=True)
class Slot:
    """A window and what it owes."""

    window: Window
    due_on: date | None
    """The last day of a total's promise: the period's, the deadline, a milestone."""
    closed: bool
    """Whether nothing can be added any more: the words are final."""
    bound: Bound | Hole | None
    """The total's."""
    complete: bool = False
    """Whether the window has all its days, though what it owes is due later: the first milestone is ahead."""
    ahead: date | None = None
    """The day of that milestone."""
    floor: Bound | None = None
    """The milestone before, from which the line to this one is drawn."""
    since: date | None = None
    """The first day of that line; None for the window's."""
    baseline: Window | None = None
    after: int = 0
    """Days after its last one in which rows may still change its value."""

    @property
    def open(self) -> bool:
        """Whether more can be added to the window."""
        return not (self.closed or self.complete)

    @property
    def settles_on(self) -> date:
        """The last day of which rows may change its value."""
        return (self.due_on or self.window.end) + self.after * _DAY

    @property
    def span(self) -> Window:
        """The window up to the day it falls due."""
        if self.due_on is None or self.due_on == self.window.end:
            return self.window
        return Window(self.window.start, self.due_on)


@frozen
class LastYear:
    """For `pace like last year`: the open window a year ago, and its part up to this day of the year."""

    whole: Window
    part: Window


@frozen
class Horizon:
    """What a forecast is made of, and the periods that it has to reach."""

    due_on: date
    """The day that is looked ahead to."""
    ask: Ask | None = None
    """The formula over past periods, oldest first, one after the other; None where they are too few."""
    parts: int = 0
    """How many windows behind these are the last months up to the day of the month that has come."""
    weights: tuple[float, ...] = ()
    """How much of each period to come counts: all or a part of it, or nothing."""
    season: int = 1
    """After how many periods a pattern repeats."""
    yearly: bool = False
    """Whether periods are looked at as parts of those a season before, as `pace like last year` says."""
    so_far: Window | None = None
    """The total that what is to come is added to; None for a level, which is that of the last period."""
    first: int = 0
    """The number of the first slot that it is shown with."""
    why: str | None = None
    """Why there is none, as a clause."""


@frozen
class Schedule:
    """The windows of a KPI, oldest first, the one that is its headline, and the questions to ask.

    Without slots `idle` says why, as a word and a sentence. `now` is as-of, or the end of the window asked
    for when a cumulative or sliding KPI is to be shown as it stood then.
    """

    now: date
    start: date | None = None
    deadline: date | None = None
    watermark: date | None = None
    stale: str | None = None
    warnings: tuple[str, ...] = ()
    """How sources break promises that a verdict carries a note of, as clauses."""
    slots: tuple[Slot, ...] = ()
    headline: int = 0
    idle: tuple[Verb, str] | None = None
    grows: bool = False
    """Whether the formula is a total that only grows."""
    unfinished: bool = False
    """Whether the value of a window in progress says little of the whole, and is no total either."""
    drift: int = 0
    """Of such a value: 1 where it can only grow, -1 where it can only fall."""
    value: Ask | None = None
    baseline: Ask | None = None
    baseline_scale: Decimal | str = Decimal(1)
    """What a total over the baseline's window is multiplied by to be one over a window judged; a text says
    why it cannot be compared."""
    fixed_baseline: bool = False
    """Whether every window has the same baseline, so that a line can be drawn from it."""
    nodes: tuple[tuple[Node, Ask], ...] = field(default=(), repr=False)
    """The numbers that bounds and the baseline are made of."""
    sure: tuple[tuple[Node, Ask], ...] = field(default=(), repr=False)
    """What a sample and an interval are made of."""
    last_year: LastYear | None = None
    calendar: Calendar = field(factory=Calendar, repr=False)
    """Says what a business day is."""
    pace: Ask | None = None
    ahead: Horizon | None = None
    """There where a forecast is asked for and the deadline is not past."""

    @property
    def windows(self) -> tuple[Window, ...]:
        """The windows of the slots."""
        return tuple(slot.window for slot in self.slots)

    @property
    def asks(self) -> tuple[Ask, ...]:
        """All questions, each once."""
        past = self.ahead.ask if self.ahead else None
        every = (self.value, self.baseline, self.pace, past, *(ask for _, ask in (*self.nodes, *self.sure)))
        return tuple(dict.fromkeys(ask for ask in every if ask is not None))


def settle_windows(
    kpi: Kpi, as_of: date, profiles: Mapping[str, Profile], calendar: Calendar, asked: Window | None
) -> Schedule:
    """The slots of a KPI, without any question yet."""
    promise = kpi.promise
    written = written_start(promise)
    names, after = counted_sources(kpi.formula), days_after(kpi.formula)
    steps = [*(day for day, _ in promise.milestones), *(period.end for period, _ in promise.levels)]
    found = Schedule(
        now=as_of,
        start=written or first_data(names, profiles),
        deadline=promise.deadline or max(steps, default=None),
        watermark=_earliest([profiles[name].watermark for name in names if name in profiles]),
    )
    match promise.measured:
        case Every(grain=grain):
            every = _every(found, promise, grain, calendar, asked, from_data=written is None, after=after)
            return _complete_ones(every) if _compares_periods(kpi.formula) else every
        case Cumulative():
            return _cumulative(found, promise, asked, after)
        case Trailing(count=count, grain=grain):
            return _trailing(found, promise, count, grain, asked, after)


def written_start(promise: Promise) -> date | None:
    """The first day of the promise as the spec says it: its `from`, else the day after the baseline."""
    if promise.start is not None:
        return promise.start
    if promise.levels:
        return promise.levels[0][0].start
    baseline: Baseline | None = promise.baseline
    return baseline.end + _DAY if isinstance(baseline, Window) else None


def counted_sources(node: Node) -> tuple[str, ...]:
    """The sources whose rows a formula aggregates."""
    return tuple(dict.fromkeys(source for part in aggregates(node) for source in sources_of(part)))


def first_data(names: Iterable[str], profiles: Mapping[str, Profile]) -> date | None:
    """The first day on which every source has data: before it there is no value."""
    days = [profiles[name].first for name in names if name in profiles]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def _earliest(days: list[date | None]) -> date | None:
    known = [day for day in days if day is not None]
    return min(known) if known and len(known) == len(days) else None


# -- every period -----------------------------------------------------------------------------------------

_periods = lru_cache(16)(periods)
"""Most KPIs are judged over the same ones."""


def _every(
    found: Schedule,
    promise: Promise,
    grain: str,
    calendar: Calendar,
    asked: Window | None,
    from_data: bool,
    after: int = 0,
) -> Schedule:
    start, deadline, now = found.start, found.deadline, found.now
    if start is None:
        return evolve(found, idle=("no data", "There is no data yet."))
    if now < start:
        return evolve(found, idle=_not_begun(start, now))
    last = now if deadline is None else min(now, deadline)
    whole = [
        window
        for window in _periods(start, last, grain, calendar)
        if (from_data or window.start >= start) and (deadline is None or window.end <= deadline)
    ]
    within = [w for w in whole if asked is None or (w.start >= asked.start and w.end <= asked.end)]
    if len(within) > MOST_WINDOWS:
        makes = f"Every {grain} from {start} to {last} makes {len(within):,} periods"
        return evolve(found, idle=("failed", f"{makes}, more than {MOST_WINDOWS:,}."))
    if not within:
        return evolve(found, idle=_no_period(found, start, grain, calendar, asked if whole else None))
    slots = tuple(_period_slot(window, promise, now, after) for window in within)
    ended = [number for number, slot in enumerate(slots) if slot.settles_on < now]
    return evolve(found, slots=slots, headline=ended[-1] if ended else len(slots) - 1)


def _compares_periods(node: Node) -> bool:
    """Whether a formula holds a period against earlier ones, or takes the mean with them."""
    return any(isinstance(one, Shift | Rolling) for one in walk(node))


def _complete_ones(found: Schedule) -> Schedule:
    """Without the period in progress: a part of it would be compared with whole ones."""
    ended = tuple(slot for slot in found.slots if slot.settles_on < found.now)
    if found.slots and not ended:
        last = found.slots[0].settles_on
        return evolve(
            found, slots=(), idle=("no data", f"It compares whole periods, and is judged after {last}.")
        )
    return evolve(found, slots=ended)


def _period_slot(window: Window, promise: Promise, now: date, after: int) -> Slot:
    bound, ahead = level_at(promise, window)
    over, owed = window.end + after * _DAY < now, ahead is None
    return Slot(
        window, window.end, over and owed, bound, complete=over and not owed, ahead=ahead, after=after
    )


def level_at(promise: Promise, window: Window) -> tuple[Bound | Hole | None, date | None]:
    """What a window owes at its end: the target of the period it ends in; the last milestone passed; before
    the first, that one and its day ahead."""
    day = window.end
    if promise.levels:
        said = (bound for period, bound in promise.levels if day in period)
        return next(said, None) or Hole(f"No target is said for {window}."), None
    if not promise.milestones:
        return promise.bound, None
    milestones = sorted(promise.milestones, key=lambda milestone: milestone[0])
    passed = [bound for by, bound in milestones if by <= day]
    return (passed[-1], None) if passed else (milestones[0][1], milestones[0][0])


def _no_period(
    found: Schedule, start: date, grain: str, calendar: Calendar, asked: Window | None
) -> tuple[Verb, str]:
    deadline, now = found.deadline, found.now
    if asked is not None and asked.start > now:
        return "not started", f"{asked} begins after {now}."
    if asked is not None and asked.end < start:
        return "not started", f"The promise starts on {start}, after {asked}."
    if asked is not None and deadline is not None and asked.start > deadline:
        return "no data", f"The promise ended on {deadline}, before {asked}."
    if asked is not None:
        return "no data", f"{asked} holds no whole {grain}, and the KPI is measured every {grain}."
    first = first_from(start, grain, calendar)
    if first is None:
        return "no data", f"No {grain} begins on {start} or later."
    if deadline is not None and first.end > deadline:
        return "no data", f"No whole {grain} lies between {start} and the deadline {deadline}."
    return "not started", f"The first whole {grain} of the promise begins on {first.start}, after {now}."


def _not_begun(start: date, now: date) -> tuple[Verb, str]:
    return "not started", f"The promise starts on {start}, after {now}."


# -- cumulatively, and over the last N ---------------------------------------------------------------------


def _cumulative(found: Schedule, promise: Promise, asked: Window | None, after: int) -> Schedule:
    found = _as_it_stood(found, asked)
    start, now, deadline = found.start, found.now, found.deadline
    if start is None:
        return evolve(found, idle=("no data", "There is no data yet."))
    if now < start:
        return evolve(found, idle=_not_begun(start, now))
    if deadline is not None and deadline < start:
        sentence = f"The first data, of {start}, is later than the deadline {deadline}."
        return evolve(found, idle=("no data", sentence))
    if promise.milestones:
        return _by_milestones(found, promise, start, after)
    end = now if deadline is None else min(now, deadline)
    closed = deadline is not None and deadline + after * _DAY < now
    return evolve(found, slots=(Slot(Window(start, end), deadline, closed, promise.bound, after=after),))


def _by_milestones(found: Schedule, promise: Promise, start: date, after: int) -> Schedule:
    """One slot for each milestone passed and one for the next; the last passed is the headline."""
    slots: list[Slot] = []
    floor: Bound | None = None
    since = start
    for by, bound in sorted(promise.milestones, key=lambda milestone: milestone[0]):
        if by < start:
            continue
        closed = by + after * _DAY < found.now
        window = Window(start, min(by, found.now))
        slots.append(Slot(window, by, closed, bound, floor=floor, since=since, after=after))
        if not closed:
            break
        floor, since = bound, by + _DAY
    if not slots:
        return evolve(
            found, idle=("no data", f"Every milestone is before the start of the promise, {start}.")
        )
    passed = [number for number, slot in enumerate(slots) if slot.closed]
    return evolve(found, slots=tuple(slots), headline=passed[-1] if passed else 0)


def _trailing(
    found: Schedule, promise: Promise, count: int, grain: Grain, asked: Window | None, later: int
) -> Schedule:
    """Where rows after a window may change its value, it ends so many days before the newest data."""
    found = _as_it_stood(found, asked)
    start, deadline, now = found.start, found.deadline, found.now
    if start is not None and now < start:
        return evolve(found, idle=_not_begun(start, now))
    newest = min(day for day in (found.watermark, now) if day is not None) - later * _DAY
    after = (newest if deadline is None else min(newest, deadline)) + _DAY
    over = deadline is not None and deadline < now
    slots: list[Slot] = []
    for number in range(EARLIER + 1):
        first, behind = (add_grain(after, -count * n, grain) for n in (number + 1, number))
        window = Window(first, behind - _DAY)
        if number and (start is None or window.end < start):
            break
        bound, ahead = level_at(promise, window)
        slots.insert(0, Slot(window, None, over and ahead is None and not number, bound, ahead=ahead))
    return evolve(found, slots=tuple(slots), headline=len(slots) - 1)


def _as_it_stood(found: Schedule, asked: Window | None) -> Schedule:
    if asked is None or asked.end >= found.now:
        return found
    return evolve(found, now=asked.end, watermark=found.watermark and min(found.watermark, asked.end))
