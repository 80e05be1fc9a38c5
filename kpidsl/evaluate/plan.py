"""What has to be read: the asks' aggregates and windows, gathered into few scans per source.

Aggregates that merge (sums, counts, extremes, moments of a distribution, levels with their time) are taken
apart into partials, which are read once at one grain and added up to every window and slice. Those that do
not (distinct counts, percentiles) are read for each window and slice as they are asked.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from attrs import define, evolve, field, frozen

from kpidsl.evaluate.classes import Key, subjects
from kpidsl.evaluate.windows import MAX_SEPARATE, Buckets, buckets, layers, looked_at, merged, one_each
from kpidsl.graph import Aggregate, Dimension, Node, Running, aggregates, children, sources_of
from kpidsl.model.periods import Window
from kpidsl.model.rows import ColumnRef, Row
from kpidsl.model.units import ONE
from kpidsl.results import Ask, Profile

Columns = tuple[ColumnRef, ...]
"""The columns of one source that a dimension set means; empty for the total."""

Op = Literal[
    "rows",
    "count",
    "sum",
    "products",
    "weights",
    "min",
    "max",
    "mean",
    "squares",
    "holds",
    "level",
    "moment",
    "stock",
]

IDENTITIES = frozenset(("new", "returning", "retained", "churned", "retention"))
TOUCHES = frozenset(("first touch", "last touch"))
PATHS = TOUCHES | {"conversion", "converted"}
EXACT = frozenset(("count distinct", "median", "percentile")) | IDENTITIES | PATHS
"""Aggregates that cannot be merged from parts."""
ENDS = frozenset(("first", "last"))
WINDOWED = frozenset(("distinct", "people", "paths"))
"""Scans whose results are by window, and by a number for each set of dimensions."""
ACCOUNTS = frozenset(("closing", "opening", "average closing"))
"""Levels that are carried forward account by account."""
STOCK = ACCOUNTS | {"average last"}
"""Levels that have scans of their own (`kpidsl.evaluate.stock`)."""
_MANY_CELLS = 6_000_000
MANY_DISTINCT = 4
"""So many distinct counts of one thing are worth a query of their own."""


@frozen(cache_hash=True)
class Partial:
    """A mergeable part of an aggregate over the rows that pass the filter.

    `rows`; `count`, `sum`, `min`, `max`, `mean` and `squares` (of deviations from the mean) of the argument
    where it is there; `products` and `weights`: sums of argument times weight and of the weight where both
    are there; `holds`: rows for which the argument, a condition, holds; `level` and `moment`: the sum at
    the earliest or latest moment (`end`), and that moment; `stock`: the sum of the levels of accounts, by
    `weight`, whose last row passes the filter.
    """

    op: Op
    argument: Row | None
    filter: Row | None
    weight: Row | None = None
    end: Literal["first", "last"] | None = None


def partials(aggregate: Aggregate) -> tuple[Partial, ...]:
    """The parts of an aggregate, in the order in which `compute` expects them; none if it does not merge."""
    x, kept = aggregate.argument, aggregate.filter
    match aggregate.function:
        case "sum":
            return (Partial("sum", x, kept),)
        case "count":
            return (Partial("rows", None, kept),) if x is None else (Partial("count", x, kept),)
        case "average":
            return Partial("sum", x, kept), Partial("count", x, kept)
        case "weighted average":
            return tuple(Partial(op, x, kept, aggregate.weight) for op in ("products", "weights"))
        case "min":
            return (Partial("min", x, kept),)
        case "max":
            return (Partial("max", x, kept),)
        case "standard deviation":
            return Partial("count", x, kept), Partial("mean", x, kept), Partial("squares", x, kept)
        case "share":
            return Partial("holds", x, kept), Partial("rows", None, kept)
        case "first":
            return Partial("level", x, kept, end="first"), Partial("moment", x, kept, end="first")
        case "closing" | "opening" | "average closing":
            return (Partial("stock", x, kept, aggregate.weight),)
        case "last" | "average last":
            return Partial("level", x, kept, end="last"), Partial("moment", x, kept, end="last")
        case _:
            return ()


@frozen
class Scan:
    """One query on one source.

    `sets` are the dimension sets to group by, `windows` what has to be known. A `cube` is grouped by the
    `keys` of its filters, too, and is rolled up to its `partials`; a `case` scan has an aggregation with
    `CASE WHEN` for each partial; `ends` answers partials of levels in time. `exact` answers `aggregates` with
    bucket k being `windows[k]`, by `buckets` or, when they overlap, by a range join. `distinct` gathers for
    each identity which filters its rows meet, and answers `aggregates` with bucket k being `windows[k]`, as
    `people` and `paths` do (`kpidsl.evaluate.people`), whose buckets are those of all windows they look at.
    `stock` has a cell for levels that hold from bucket f up to, not including, bucket n: it is numbered
    f * (buckets + 1) + n, and n is the number of buckets where no later row is known.
    """

    source: str
    kind: Literal["cube", "case", "ends", "exact", "distinct", "people", "paths", "stock"]
    days: tuple[Window, ...]
    """The rows to read, as intervals that do not touch; none for all rows, also those without a time."""
    sets: tuple[Columns, ...]
    buckets: Buckets | None = None
    windows: tuple[Window, ...] = ()
    partials: tuple[Partial, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    keys: tuple[Key, ...] = ()
    estimate: float | None = None
    """About how many cells it will find; None where nobody asked."""
    later: tuple[tuple[Window, ...], ...] = ()
    """The days to read of each further step of a path."""
    totals: tuple[Aggregate, ...] = ()
    """Aggregates that are asked in total only, where `people` are sliced."""
    by_file: bool = False
    """Whether it may be put together from what was kept of files."""

    def dimensions(self) -> Columns:
        """Every column that is grouped by, in the order of the results."""
        return _every(self.sets)

    def conditions(self) -> tuple[Row, ...]:
        """Every filter, and every condition whose rows are counted, once."""
        return _conditions(self.parts())

    def buckets_of(self, window: int) -> tuple[int, int]:
        """The buckets of its results that make up its n-th window, as a half-open range."""
        if self.buckets is None or self.kind in WINDOWED:
            return window, window + 1
        return self.buckets.range_of(self.windows[window])

    def pieces(self) -> tuple[Scan, ...]:
        """The scan bucket by bucket, where so many cells are expected that they should not be grouped all at
        once."""
        if self.buckets is None or self.kind != "cube" or (self.estimate or 0) < _MANY_CELLS:
            return (self,)
        spans = (Window(low, high - timedelta(days=1)) for low, high in pairwise(self.buckets.edges))
        days = ([_common(span, read) for read in self.days] for span in spans)
        inside = [tuple(span for span in several if span) for several in days]
        return tuple(evolve(self, days=several) for several in inside if several)

    def parts(self) -> tuple[Partial, ...] | tuple[Aggregate, ...]:
        """What it asks for; a scan that fails is tried again on half of them each."""
        return self.aggregates or self.partials

    def only(self, parts: Sequence[Partial | Aggregate]) -> Scan:
        """The scan for some of its parts."""
        return evolve(
            self,
            partials=tuple(part for part in parts if isinstance(part, Partial)),
            aggregates=tuple(part for part in parts if isinstance(part, Aggregate)),
        )


def conditions_of(part: Partial | Aggregate) -> tuple[Row, ...]:
    """What the rows that count for a part have to meet."""
    counted = part.argument if isinstance(part, Partial) and part.op == "holds" else None
    return tuple(row for row in (part.filter, counted) if row is not None)


def _conditions(parts: Iterable[Partial | Aggregate]) -> tuple[Row, ...]:
    return tuple(dict.fromkeys(row for part in parts for row in conditions_of(part)))


def _every(sets: Iterable[Columns]) -> Columns:
    return tuple(dict.fromkeys(ref for columns in sets for ref in columns))


def plain(partial: Partial) -> Partial:
    """The part without its conditions: what a cube has of it in every cell."""
    if partial.op in ("rows", "holds"):
        return Partial("rows", None, None)
    return evolve(partial, filter=None)


@define
class Demand:
    """What is asked of one source: each aggregate over which windows and by which columns."""

    windows: dict[Aggregate, dict[Window, None]] = field(factory=dict)
    sets: dict[Aggregate, dict[Columns, None]] = field(factory=dict)

    def add(self, aggregate: Aggregate, windows: Iterable[Window], columns: Columns) -> None:
        self.windows.setdefault(aggregate, {}).update(dict.fromkeys(windows))
        self.sets.setdefault(aggregate, {})[columns] = None


def columns_for(dimensions: Sequence[Dimension], source: str) -> Columns | None:
    """The columns of a source that the dimensions mean; None when it lacks one, and so has a total only."""
    found = [dict(d.columns).get(source) for d in dimensions]
    return None if None in found else tuple(c for c in found if c is not None)


NEVER = Window(date.min, date.min)
"""Where the period before the first occurrence of a named period would be: no source has rows there."""


def before(window: Window, count: int) -> Window:
    """The window so many periods earlier."""
    return window.shift(-count) or NEVER


def read_over(aggregate: Aggregate, source: str, window: Window) -> tuple[Window, ...]:
    """The windows in which a source has to have rows for an aggregate to have a value in a window."""
    days = timedelta(int(aggregate.parameter or 0))
    match aggregate.function:
        case "retained" | "churned":
            return (window, before(window, 1))
        case "first touch" | "last touch":
            spans = (
                (aggregate.source, Window(window.start - days, window.end)),
                (aggregate.then[0].source, window),
            )
            return tuple(span for name, span in spans if name == source)
        case "conversion" | "converted":
            own = (window,) if source == aggregate.source else ()
            later = any(step.source == source for step in aggregate.then)
            return (*own, Window(window.start, window.end + days)) if later else own
        case _:
            return (window,)


def rows_needed(aggregate: Aggregate, windows: Iterable[Window]) -> dict[str, tuple[Window, ...]]:
    """Source to all windows in which it has to have rows, of aggregates that look elsewhere, too."""
    if aggregate.function not in PATHS | {"retained", "churned"}:
        return {}
    return {
        source: tuple(dict.fromkeys(w for window in windows for w in read_over(aggregate, source, window)))
        for source in sources_of(aggregate)
    }


def rows_of_source(source: str) -> Aggregate:
    """What a source is asked for only to know whether it has rows."""
    return Aggregate("count", source, None, ONE, "additive")


def start_of(ask: Ask, node: Node, profiles: Mapping[str, Profile]) -> date | None:
    """Where the running totals in a node begin: the promise's start, else the first data of its sources."""
    if ask.start is not None:
        return ask.start
    firsts = (profiles[a.source].first for a in aggregates(node) if a.source in profiles)
    return min((day for day in firsts if day is not None), default=None)


def steps(
    ask: Ask, root: Node, windows: tuple[Window, ...], profiles: Mapping[str, Profile]
) -> list[tuple[Node, tuple[Window, ...]]]:
    """A node and everything below it, each with the windows it is needed in; parts stand before what needs
    them.

    Without recursion, for formulas may be deep; each once, for they share parts.
    """
    found: dict[tuple[Node, tuple[Window, ...]], None] = {}
    stack = [(root, windows, False)]
    while stack:
        node, looked, below_done = stack.pop()
        if below_done:
            found[node, looked] = None
        elif (node, looked) not in found:
            stack.append((node, looked, True))
            start = start_of(ask, node, profiles) if isinstance(node, Running) else None
            below = looked_at(node, looked, start)
            stack.extend((child, below, False) for child in reversed(children(node)))
    return list(found)


def looks(ask: Ask, profiles: Mapping[str, Profile]) -> dict[Aggregate, tuple[Window, ...]]:
    """Every aggregate of an ask and the windows in which it has to be known."""
    found: dict[Aggregate, dict[Window, None]] = {}
    for node, windows in steps(ask, ask.node, ask.windows, profiles):
        if isinstance(node, Aggregate):
            found.setdefault(node, {}).update(dict.fromkeys(windows))
    return {aggregate: tuple(windows) for aggregate, windows in found.items()}


def demands(
    asks: Iterable[Ask], profiles: Mapping[str, Profile], failed: Container[Aggregate] = ()
) -> dict[str, Demand]:
    """What is asked of each source that has rows, without the aggregates that have failed already."""
    found: dict[str, Demand] = {}
    for ask in dict.fromkeys(asks):
        for aggregate, windows in looks(ask, profiles).items():
            if aggregate in failed or profiles[aggregate.source].first is None:
                continue
            columns = columns_for(ask.dimensions, aggregate.source) or ()
            found.setdefault(aggregate.source, Demand()).add(aggregate, windows, columns)
            for source, spans in rows_needed(aggregate, windows).items():
                if profiles[source].first is not None:
                    found.setdefault(source, Demand()).add(rows_of_source(source), spans, ())
    return found


@define(eq=False)
class Cluster:
    """Partials to be read together: by which columns, over which windows."""

    windows: dict[Window, None]
    columns: dict[Columns, None]
    partials: dict[Partial, None]

    def union(self, other: Cluster) -> Cluster:
        """Both as one."""
        return Cluster(
            self.windows | other.windows, self.columns | other.columns, self.partials | other.partials
        )

    def every_column(self) -> Columns:
        """The columns of all dimension sets."""
        return _every(self.columns)

    def conditions(self) -> tuple[Row, ...]:
        """Every filter and counted condition, once."""
        return _conditions(self.partials)


def clusters(demand: Demand) -> list[Cluster]:
    """What merges, apart by the columns that are grouped by and those that filters touch."""
    found: dict[tuple[Columns, frozenset[Row]], Cluster] = {}
    for aggregate, windows in demand.windows.items():
        rows = (Partial("rows", None, None), Partial("rows", None, aggregate.filter))
        merging = partials(aggregate) if aggregate.function not in ENDS | STOCK else ()
        for columns in demand.sets[aggregate]:
            for partial in dict.fromkeys((*rows, *merging)):
                about = frozenset(subjects(conditions_of(partial)))
                cluster = found.setdefault((columns, about), Cluster({}, {}, {}))
                cluster.windows.update(windows)
                cluster.columns[columns] = None
                cluster.partials[partial] = None
    return list(found.values())


def case_scan(source: str, cluster: Cluster, profile: Profile) -> Scan | None:
    """A scan that asks for everything with `CASE WHEN`."""
    return _merging(source, "case", cluster, largest(cluster.columns), profile)


def cube_scan(source: str, cluster: Cluster, keys: tuple[Key, ...], profile: Profile) -> Scan | None:
    """A scan of the cells that everything is rolled up from."""
    scan = _merging(source, "cube", cluster, (cluster.every_column(),), profile)
    return evolve(scan, keys=keys) if scan else None


def _merging(
    source: str,
    kind: Literal["cube", "case", "ends"],
    cluster: Cluster,
    sets: tuple[Columns, ...],
    profile: Profile,
) -> Scan | None:
    """None if no window has a day with data."""
    first, last = profile.first, profile.watermark
    grid = None if first is None or last is None else buckets(cluster.windows, first, last)
    if first is None or last is None or grid is None:
        return None
    days = _days(cluster.windows, first, last)
    windows = tuple(cluster.windows)
    return Scan(source, kind, days, sets, grid, windows, partials=tuple(cluster.partials))


def other_scans(source: str, demand: Demand, profile: Profile) -> list[Scan]:
    """The scans for what does not merge like a sum: levels, distinct counts, percentiles."""
    first, last = profile.first, profile.watermark
    if first is None or last is None:
        return []
    levels = Cluster({}, {}, {})
    for aggregate in demand.windows:
        if aggregate.function in ENDS:
            levels.windows.update(demand.windows[aggregate])
            levels.columns.update(demand.sets[aggregate])
            levels.partials.update(dict.fromkeys(partials(aggregate)))
    ends = _merging(source, "ends", levels, largest(levels.columns), profile) if levels.partials else None
    exact = [a for a in demand.windows if a.function in EXACT - IDENTITIES - PATHS]
    found = [ends] if ends else []
    for counted in _counted_together(exact):
        scan = _distinct(source, counted, demand, profile)
        exact = [a for a in exact if a not in counted]
        found += [scan] if scan else []
    return found + _exact(source, exact, demand, first, last)


def _counted_together(exact: Sequence[Aggregate]) -> list[list[Aggregate]]:
    """Distinct counts of the same thing under many filters."""
    found: dict[Row | None, list[Aggregate]] = {}
    for aggregate in exact:
        if aggregate.function == "count distinct":
            found.setdefault(aggregate.argument, []).append(aggregate)
    return [several for several in found.values() if len(several) >= MANY_DISTINCT]


def _distinct(source: str, counted: Sequence[Aggregate], demand: Demand, profile: Profile) -> Scan | None:
    first, last = profile.first, profile.watermark
    windows = dict.fromkeys(w for a in counted for w in demand.windows[a])
    if first is None or last is None:
        return None
    spans = {(w.start, w.end): w for w in windows if _days([w], first, last)}
    windows = dict.fromkeys(spans.values())
    grid = buckets(windows, first, last)
    if grid is None:
        return None
    sets = tuple(dict.fromkeys(columns for a in counted for columns in ((), *demand.sets[a])))
    days = _days(windows, first, last)
    return Scan(source, "distinct", days, sets, grid, windows=tuple(windows), aggregates=tuple(counted))


def _exact(source: str, exact: Sequence[Aggregate], demand: Demand, first: date, last: date) -> list[Scan]:
    """A scan per layer of windows that do not overlap; if there are many, the rest joined by range in one."""
    sets = tuple(dict.fromkeys([(), *(columns for a in exact for columns in demand.sets[a])]))
    windows = dict.fromkeys(w for a in exact for w in demand.windows[a] if _days([w], first, last))
    separate = layers(windows)
    if len(separate) > MAX_SEPARATE:
        separate, rest = separate[: MAX_SEPARATE - 1], separate[MAX_SEPARATE - 1 :]
    else:
        rest = []
    groups = [(layer, one_each(layer, first, last)) for layer in separate]
    if rest:
        groups.append((tuple(w for layer in rest for w in layer), None))
    found = []
    for layer, grid in groups:
        spans = {(w.start, w.end) for w in layer}
        asked = [a for a in exact if any((w.start, w.end) in spans for w in demand.windows[a])]
        days = _days(layer, first, last)
        found.append(Scan(source, "exact", days, sets, grid, windows=layer, aggregates=tuple(asked)))
    return found


def _common(a: Window, b: Window) -> Window | None:
    """The days that are in both."""
    low, high = max(a.start, b.start), min(a.end, b.end)
    return Window(low, high) if low <= high else None


def _days(windows: Iterable[Window], first: date, last: date) -> tuple[Window, ...]:
    inside = [
        Window(max(w.start, first), min(w.end, last)) for w in windows if w.start <= last and first <= w.end
    ]
    return merged(inside)


def largest(sets: Iterable[Columns]) -> tuple[Columns, ...]:
    """The sets that no other one contains; the smaller ones are added up from them."""
    distinct = {frozenset(columns): columns for columns in sets}
    return tuple(columns for s, columns in distinct.items() if not any(s < other for other in distinct))
