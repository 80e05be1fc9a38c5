"""Aggregates that follow identities: which scans answer them, and which days those read.

What is new, comes again or stays away is one kind of scan (`people`), for all such aggregates of one
identity; what follows a path from source to source is another (`paths`). Both answer their aggregates window
by window, like exact ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import ceil

from kpidsl.evaluate.plan import IDENTITIES, PATHS, TOUCHES, Columns, Demand, Scan, before
from kpidsl.evaluate.windows import Buckets, buckets, merged
from kpidsl.graph import Aggregate, sources_of
from kpidsl.model.periods import Window
from kpidsl.results import Profile

FIRSTS = frozenset(("new", "returning", "retention"))
"""What needs all rows from the first one on."""
_COMPARE = frozenset(("retained", "churned"))
_MOST_FILTERS = 8
"""Different filters in one scan: each is a column of every identity."""
_WEEK = 7


def earlier(aggregate: Aggregate) -> int:
    """How many periods an aggregate looks back."""
    if aggregate.function == "retention":
        return int(aggregate.parameter or 0)
    return 1 if aggregate.function in _COMPARE else 0


def people_scans(source: str, demand: Demand, profiles: Mapping[str, Profile]) -> list[Scan]:
    """The scans for all aggregates of a demand that follow identities."""
    groups: dict[object, list[Aggregate]] = {}
    for aggregate in demand.windows:
        if aggregate.function in IDENTITIES | PATHS and all(
            profiles[s].first is not None for s in sources_of(aggregate)
        ):
            groups.setdefault(_alike(aggregate), []).append(aggregate)
    found = []
    for several in groups.values():
        for chunk in _chunks(several):
            for columns, asked in _by_columns(chunk, demand).items():
                scan = _scan(source, columns, asked, demand, profiles)
                found += [scan] if scan else []
    return found


def _alike(aggregate: Aggregate) -> object:
    """What aggregates of one scan have in common."""
    if aggregate.function in IDENTITIES:
        return aggregate.argument
    steps = tuple((step.source, step.identity, step.filter) for step in aggregate.then)
    path = (aggregate.argument, aggregate.filter, steps)
    return (*path, aggregate.function, aggregate.parameter) if aggregate.function in TOUCHES else path


def _chunks(several: Sequence[Aggregate]) -> Iterable[list[Aggregate]]:
    filters = list(dict.fromkeys(aggregate.filter for aggregate in several))
    for start in range(0, len(filters), _MOST_FILTERS):
        some = filters[start : start + _MOST_FILTERS]
        yield [aggregate for aggregate in several if aggregate.filter in some]


def _by_columns(several: Sequence[Aggregate], demand: Demand) -> dict[Columns, list[Aggregate]]:
    """Aggregates by what they are sliced by: which of an identity's rows counts as its first may depend on
    that. A total comes along with any slices."""
    found: dict[Columns, list[Aggregate]] = {}
    for aggregate in several:
        for columns in demand.sets[aggregate]:
            if columns:
                found.setdefault(columns, []).append(aggregate)
    totals = [aggregate for aggregate in several if not any(demand.sets[aggregate])]
    home = next(iter(found), ())
    if totals:
        found[home] = [*found.get(home, ()), *totals]
    return found


def _scan(
    source: str,
    columns: Columns,
    asked: Sequence[Aggregate],
    demand: Demand,
    profiles: Mapping[str, Profile],
) -> Scan | None:
    """None if no window has a day with data."""
    profile = profiles[asked[0].then[0].source if asked[0].function in TOUCHES else source]
    first, last = profile.first, profile.watermark
    if first is None or last is None:
        return None
    shifts = {0, *map(earlier, asked)}
    spans = {
        (w.start, w.end): w
        for aggregate in asked
        for w in demand.windows[aggregate]
        if any(_days([before(w, n)], first, last) for n in shifts)
    }
    windows = tuple(spans.values())
    if not windows:
        return None
    looked = dict.fromkeys(before(window, n) for window in windows for n in shifts)
    whole = any(aggregate.function in FIRSTS for aggregate in asked)
    grid = _grid(tuple(looked), first, last, whole)
    if grid is None:
        return None
    sets: tuple[Columns, ...] = ((), columns) if columns else ((),)
    kind = "people" if asked[0].function in IDENTITIES else "paths"
    if kind == "people":
        end = min(last, max(window.end for window in windows))
        days = (Window(first, end),) if whole and end >= first else _days(looked, first, last)
        totals = tuple(a for a in asked if not any(demand.sets[a])) if columns else ()
        return Scan(source, "people", days, sets, grid, windows, aggregates=tuple(asked), totals=totals)
    return _path(source, sets, grid, windows, asked, profiles)


def _path(
    source: str,
    sets: tuple[Columns, ...],
    grid: Buckets,
    windows: tuple[Window, ...],
    asked: Sequence[Aggregate],
    profiles: Mapping[str, Profile],
) -> Scan | None:
    reach = timedelta(max(int(aggregate.parameter or 0) for aggregate in asked))
    touch = asked[0].function in TOUCHES
    ahead = [Window(w.start - reach, w.end) for w in windows] if touch else list(windows)
    after = list(windows) if touch else [Window(w.start, w.end + reach) for w in windows]
    days = [_known(ahead, profiles[source])]
    days += [_known(after, profiles[step.source]) for step in asked[0].then]
    if not all(days):
        return None
    return Scan(source, "paths", days[0], sets, grid, windows, aggregates=tuple(asked), later=tuple(days[1:]))


def _known(windows: Iterable[Window], profile: Profile) -> tuple[Window, ...]:
    assert profile.first is not None
    assert profile.watermark is not None
    return _days(windows, profile.first, profile.watermark)


def _days(windows: Iterable[Window], first: date, last: date) -> tuple[Window, ...]:
    inside = [
        Window(max(w.start, first), min(w.end, last)) for w in windows if w.start <= last and first <= w.end
    ]
    return merged(inside)


def _grid(windows: tuple[Window, ...], first: date, last: date, whole: bool) -> Buckets | None:
    """Buckets of all windows, and before them of all days from the first on, where those are read."""
    begin = min(window.start for window in windows)
    if not whole or begin <= first:
        return buckets(windows, first, last)
    months = all(w.start.day == 1 and (w.end + timedelta(1)).day == 1 for w in windows)
    start = first.replace(day=1) if months else begin - timedelta(ceil((begin - first).days / _WEEK) * _WEEK)
    return buckets((*windows, Window(start, begin - timedelta(1))), first, last)
