"""What the evaluator has to be asked for a KPI to be judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from attrs import evolve

from kpidsl.graph import (
    Aggregate,
    Bound,
    Combine,
    Constant,
    Cumulative,
    Default,
    Every,
    Kpi,
    Node,
    Shift,
    Told,
    Trailing,
    aggregates,
    children,
    rows_of,
    sources_of,
    walk,
)
from kpidsl.judge.bounds import EXACT
from kpidsl.judge.growth import (
    days_after,
    drift,
    only_grows,
    unfinished,
)
from kpidsl.judge.horizon import look_ahead
from kpidsl.judge.months import looked_at
from kpidsl.judge.schedule import (
    LastYear,
    Schedule,
    settle_windows,
    written_start,
)
from kpidsl.judge.workdays import unknown_holidays
from kpidsl.model.periods import Calendar, Window, add_grain, aligned, periods, same_last_year
from kpidsl.model.rows import ColumnRef, Row, columns_of
from kpidsl.model.sources import Grouped, SourceSpec
from kpidsl.results import Ask, Profile


def asks(
    kpi: Kpi,
    as_of: date,
    profiles: Mapping[str, Profile],
    calendar: Calendar,
    asked: Window | None = None,
    *,
    sources: Mapping[str, SourceSpec] | None = None,
) -> Schedule:
    """Settle which windows a KPI is judged over, and the questions; nothing is read.

    `asked` restricts a KPI measured every period to its periods within; others are shown as they stood at its
    end. `sources` (those of the graph) tell computed columns from read ones, and whose rows a grouped source
    is made of: without them no sum is known to only grow.
    """
    found = settle_windows(kpi, as_of, profiles, calendar, asked)
    read = _read_sources(kpi, sources or {})
    failure = next((f for name in read if name in profiles and (f := profiles[name].failure)), None)
    if failure is not None:
        return evolve(found, slots=(), idle=("failed", failure.told))
    if kpi.promise.pace == "business days" and (unknown := unknown_holidays(calendar)):
        return evolve(found, slots=(), idle=("failed", unknown))
    if not found.slots:
        return found
    begin = written_start(kpi.promise)
    found = evolve(
        found,
        calendar=calendar,
        stale=next((profiles[n].stale for n in read if n in profiles and profiles[n].stale), None),
        warnings=tuple(w for n in read if n in profiles for w in profiles[n].warnings),
        grows=kpi.formula.additivity == "additive" and only_grows(kpi.formula, sources or {}),
        unfinished=kpi.formula.additivity != "additive"
        and (unfinished(kpi.formula) or days_after(kpi.formula) > 0),
        drift=drift(kpi.formula, sources or {}),
        value=Ask(kpi.formula, found.windows, kpi.dimensions, begin),
        nodes=tuple((node, _number(node, kpi, found, begin)) for node in promised_nodes(kpi)),
        sure=tuple((node, Ask(node, found.windows, kpi.dimensions, begin)) for node in certain_nodes(kpi)),
    )
    found = evolve(found, ahead=look_ahead(found, kpi, profiles, begin))
    return _pace(_baselines(found, kpi, calendar, begin), kpi, begin)


def bounds_of(kpi: Kpi) -> tuple[Bound, ...]:
    """Every bound that a KPI has, the slices' included."""
    promise = kpi.promise
    return (*promise.bounds, *(part.bound for part in kpi.slices))


def promised_nodes(kpi: Kpi) -> tuple[Node, ...]:
    """The numbers that the promise is made of: bounds, and a baseline that is a formula."""
    nodes = [node for bound in bounds_of(kpi) for node in (bound.value, bound.high) if node is not None]
    baseline = kpi.promise.baseline
    if baseline is not None and not isinstance(baseline, Window | str):
        nodes.append(baseline)
    return tuple(dict.fromkeys(nodes))


def certain_nodes(kpi: Kpi) -> tuple[Node, ...]:
    """What a sample and an interval are made of."""
    estimate, sample = kpi.promise.estimate, kpi.promise.sample
    nodes = [estimate.size, estimate.variance] if estimate is not None else []
    nodes += sample.nodes if sample is not None else []
    return tuple(dict.fromkeys(node for node in nodes if node is not None))


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


def around(window: Window) -> tuple[Window, Window, Window] | None:
    """The first day of a window, the period before it if there is one, and the first day of that."""
    before = window.shift(-1)
    if before is None:
        return None
    return Window(window.start, window.start), before, Window(before.start, before.start)


def _asked_ahead(node: Node, kpi: Kpi, found: Schedule) -> tuple[Window, ...]:
    """What tells whether a plan has its rows on the first day of a period, for the whole of it."""
    slot = found.slots[-1]
    if not isinstance(kpi.promise.measured, Every) or not slot.open or kpi.formula.additivity != "additive":
        return ()
    plain = all(isinstance(one, Aggregate | Combine | Constant | Default | Told) for one in walk(node))
    return (around(slot.window) or ()) if plain else ()


def _months_cut(node: Node, kpi: Kpi, found: Schedule) -> tuple[Window, ...]:
    """The months that windows cut, where a total is held against a plan: that may be told by the month."""
    own = {source for part in aggregates(kpi.formula) for source in sources_of(part)}
    plan = {source for part in aggregates(node) for source in sources_of(part)}
    if own & plan or node.additivity != "additive" or kpi.formula.additivity != "additive":
        return ()
    return looked_at(found.windows)


def _read_sources(kpi: Kpi, sources: Mapping[str, SourceSpec]) -> tuple[str, ...]:
    """The sources that are counted, those that their rows belong to, and those whose rows they group."""
    found: dict[str, None] = {}
    for aggregate in aggregates(kpi.formula, *promised_nodes(kpi)):
        found.update(dict.fromkeys(sources_of(aggregate)))
        for _, row in rows_of(aggregate):
            found.update(dict.fromkeys(_homes(row, sources)))
    for dimension in kpi.dimensions:
        for name, column in dimension.columns:
            if name in found:
                found.update(dict.fromkeys(_homes(column, sources)))
    names = list(found)
    for name in names:  # grows while it is walked
        spec = sources.get(name)
        if spec is not None and isinstance(spec.origin, Grouped) and spec.origin.source not in found:
            found[spec.origin.source] = None
            names.append(spec.origin.source)
    return tuple(found)


def _homes(row: Row | None, sources: Mapping[str, SourceSpec]) -> tuple[str, ...]:
    """The sources whose columns an expression reads, also by way of computed columns."""
    seen: dict[ColumnRef, None] = {}
    stack = sorted(columns_of(row), key=lambda ref: (ref.home, ref.name))
    while stack:
        ref = stack.pop(0)
        if ref in seen:
            continue
        seen[ref] = None
        column = sources[ref.home].column(ref.name) if ref.home in sources else None
        if column is not None and column.value is not None:
            stack += sorted(columns_of(column.value), key=lambda ref: (ref.home, ref.name))
    return tuple(dict.fromkeys(ref.home for ref in seen))


def _number(node: Node, kpi: Kpi, found: Schedule, begin: date | None) -> Ask:
    """A number of the promise: over the same windows, split as the KPI is if its sources can be."""
    if not aggregates(node):
        return Ask(node, found.windows[:1])
    names = dict.fromkeys(aggregate.source for aggregate in aggregates(node))
    split = all(name in dict(dimension.columns) for dimension in kpi.dimensions for name in names)
    ahead = (*_asked_ahead(node, kpi, found), *_months_cut(node, kpi, found))
    windows = tuple(dict.fromkeys((*found.windows, *ahead)))
    return Ask(node, windows, kpi.dimensions if split else (), begin)


# -- baselines ---------------------------------------------------------------------------------------------


def _baselines(found: Schedule, kpi: Kpi, calendar: Calendar, begin: date | None) -> Schedule:
    baseline = kpi.promise.baseline
    match baseline:
        case Window():
            earlier: list[Window | None] = [baseline for _ in found.slots]
            scale = _comparable(kpi, baseline, found, calendar)
            found = evolve(found, baseline_scale=scale, fixed_baseline=True)
        case "previous period":
            earlier = [slot.span.shift(-1) for slot in found.slots]
        case "same period last year":
            earlier = [same_last_year(slot.span) for slot in found.slots]
        case None:
            return found
        case _:
            return evolve(found, fixed_baseline=not aggregates(baseline))
    slots = tuple(evolve(slot, baseline=window) for slot, window in zip(found.slots, earlier, strict=True))
    windows = tuple(dict.fromkeys(window for window in earlier if window is not None))
    ask = Ask(kpi.formula, windows, kpi.dimensions, begin) if windows else None
    return evolve(found, slots=slots, baseline=ask)


def _comparable(kpi: Kpi, baseline: Window, found: Schedule, calendar: Calendar) -> Decimal | str:
    """A ratio is comparable over any window; a total only over as long a one, or as its mean per period."""
    if kpi.formula.additivity != "additive":
        return Decimal(1)
    match kpi.promise.measured:
        case Every(grain=grain):
            if not aligned(baseline, grain, calendar):
                return f"it is not made of whole {grain}s"
            return EXACT.divide(1, len(periods(baseline.start, baseline.end, grain, calendar)))
        case Trailing():
            return EXACT.divide(found.slots[-1].window.days, baseline.days)
        case Cumulative():
            return Decimal(1)


# -- pace --------------------------------------------------------------------------------------------------


def _pace(found: Schedule, kpi: Kpi, begin: date | None) -> Schedule:
    """What the open window of a total was a year ago; milestones are a pace of their own."""
    slot, watermark = found.slots[-1], found.watermark
    if not kpi.promise.by_last_year or kpi.promise.milestones:
        return found
    if (
        kpi.formula.additivity != "additive"
        or slot.due_on is None
        or slot.closed
        or watermark is None
        or watermark < slot.window.start
    ):
        return found
    weekday = kpi.promise.pace == "like last year by weekday"
    whole = _weeks_ago(slot.span) if weekday else same_last_year(slot.span)
    if whole is None:
        return found
    if watermark >= slot.due_on:
        part = whole
    elif weekday or slot.span.grain == "week" or slot.span.of is not None:
        part = Window(whole.start, min(whole.end, whole.start + (watermark - slot.window.start)))
    else:
        part = Window(whole.start, max(whole.start, add_grain(watermark, -1, "year")))
    ask = Ask(kpi.formula, tuple(dict.fromkeys((whole, part))), kpi.dimensions, begin)
    return evolve(found, last_year=LastYear(whole, part), pace=ask)


_A_YEAR_OF_WEEKS = timedelta(weeks=52)


def _weeks_ago(window: Window) -> Window:
    """The days 52 weeks earlier, which are the same days of the week."""
    return Window(window.start - _A_YEAR_OF_WEEKS, window.end - _A_YEAR_OF_WEEKS)
