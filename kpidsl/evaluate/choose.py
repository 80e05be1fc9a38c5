"""How clusters of partials are read: as few cubes as pay, and `CASE WHEN` for what makes too many cells.

Nothing here decides a result, only its cost. Costs are per row and in nanoseconds of waiting; what counts is
their proportion. `benchmarks/` measures it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import inf, prod, sqrt

import numpy as np
from attrs import define, evolve, field, frozen
from numpy.typing import NDArray

from kpidsl.evaluate.classes import Key, keys, subjects
from kpidsl.evaluate.engine import Dialect
from kpidsl.evaluate.plan import Cluster, Demand, Scan, case_scan, clusters, cube_scan, other_scans
from kpidsl.evaluate.sections import Sections
from kpidsl.evaluate.stock import stock_scans
from kpidsl.evaluate.windows import buckets
from kpidsl.model.rows import Row
from kpidsl.results import Profile

Codes = NDArray[np.int64]
_PAIRED = 40
"""Of more clusters than this only neighbours are compared, for the sake of time."""


@frozen
class Costs:
    """What an engine needs: for a query; for a row of a pass; for a row and the root of the groups (they fall
    out of the caches); for a row and an aggregation with a filter; for a row and a comparison that puts it
    in a class."""

    query: float
    row: float
    group: float
    case: float
    compare: float


COSTS: dict[Dialect, Costs] = {
    "duckdb": Costs(5e6, 25, 0.2, 6, 5),
    "postgres": Costs(5e6, 250, 3, 6, 10),
    "spark": Costs(5e8, 60, 0.3, 6, 6),
    "clickhouse": Costs(1e7, 30, 0.2, 6, 6),
}
CELL = 500.0
"""What a cell costs until it is in an array."""
PART = 8.0
"""What a cell costs for each partial that is rolled up from it."""
LOOKS_UP: frozenset[Dialect] = frozenset(("duckdb",))
"""Where texts are equal when their bytes are, and numbers are DOUBLE: so sections can be looked up."""
PATIENCE = 60e6
"""When plain `CASE WHEN` takes no longer than this, nothing else is considered."""


@define(eq=False)
class Estimate:
    """How many values and cells there are, judged by a sample of the rows.

    `columns` has the values of a subject or dimension in the sampled rows, as codes from 0.
    """

    rows: int
    columns: Mapping[Row, Codes] = field(factory=dict)
    _known: dict[frozenset[Row], float] = field(factory=dict, init=False)

    @cached_property
    def values(self) -> dict[Row, float]:
        """About how many values each subject and dimension has."""
        return {row: self.together(frozenset((row,))) for row in self.columns}

    def together(self, rows: frozenset[Row]) -> float:
        """About how many combinations of values some subjects and dimensions have."""
        if rows not in self._known:
            self._known[rows] = self._together([self.columns[row] for row in rows if row in self.columns])
        return self._known[rows]

    def _together(self, columns: Sequence[Codes]) -> float:
        if not columns or not len(columns[0]):
            return 1.0
        joint = columns[0]
        for column in columns[1:]:
            _, joint = np.unique(joint * (int(column.max()) + 1) + column, return_inverse=True)
        return unseen(np.bincount(joint), self.rows)

    def cells(self, dims: Sequence[Row], by: Sequence[Key], count: int) -> float:
        """About how many cells a cube has: `count` buckets x dimensions x classes."""
        whole = [*dims, *(key.row for key in by if key.how == "raw")]
        bands = [
            min(key.most, self.values.get(key.row, key.most))
            for key in by
            if key.how not in ("raw", "sections")
        ]
        single = prod(self.values.get(row, 1.0) for row in dict.fromkeys(whole))
        within = self._within([key for key in by if key.by is not None])
        found = count * min(single, self.together(frozenset(whole))) * prod(bands) * within
        return min(float(self.rows), found)

    def _within(self, by: Sequence[Key]) -> float:
        """About how many classes the rows of one text fall into, in the mean of the texts."""
        if not by:
            return 1.0
        text = by[0].by
        classes = [1.0] * len(by[0].sections)
        rest = 1.0
        for key in by:
            most = self.values.get(key.row, inf)
            classes = [
                n * min(len(cuts) + 1, most) for n, (_, cuts) in zip(classes, key.sections, strict=True)
            ]
            rest *= min(len(key.cuts) + 1, most)
        texts = self.values.get(text, 0.0) if text is not None else 0.0
        others = max(texts - len(classes), 0.0)
        return (sum(classes) + others * rest) / (len(classes) + others)


def unseen(counts: NDArray[np.int64], rows: int) -> float:
    """How many values there are when a sample shows them so often, at most one per row.

    Between Chao's estimator (1984), which says too few where many values are rare, and the one of Charikar
    et al. (2000), which says too many where all are alike: the geometric mean of both.
    """
    counts = counts[counts > 0]
    sample, seen = int(counts.sum()), len(counts)
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    chao = seen + once * (once - 1) / (2 * (twice + 1))
    charikar = seen - once + once * sqrt(max(rows, sample) / sample)
    return min(float(rows), max(seen, sqrt(chao * charikar)))


def scans(
    source: str,
    demand: Demand,
    profile: Profile,
    dialect: Dialect,
    estimate: Callable[[Sequence[Cluster]], Estimate],
    keep: Callable[[Sequence[Cluster]], tuple[list[Scan], list[Cluster]]] | None = None,
    kind: Callable[[Row], str] = lambda row: row.type.kind,
) -> list[Scan]:
    """The queries that answer a demand. Nothing is estimated where there is nothing to choose.

    `keep` makes the scans that are put together from files, and says which clusters are left. `kind` says
    what a row expression holds.
    """
    kept, apart = keep(clusters(demand)) if keep else ([], clusters(demand))
    if not apart:
        return kept + _others(source, demand, profile)
    sections = Sections(kind) if dialect in LOOKS_UP else None
    chooser = _Chooser(source, profile, COSTS.get(dialect, COSTS["duckdb"]), sections)
    plain = chooser.plainly(apart)
    merging = [plain] if plain else chooser.scans(apart, estimate(apart))
    return kept + merging + _others(source, demand, profile)


def _others(source: str, demand: Demand, profile: Profile) -> list[Scan]:
    return other_scans(source, demand, profile) + stock_scans(source, demand, profile)


@frozen(eq=False)
class _Way:
    """A cluster as a cube."""

    cluster: Cluster
    keys: tuple[Key, ...]
    cells: float
    cost: float


@frozen
class _Chooser:
    """Decides for one source on one engine."""

    source: str
    profile: Profile
    costs: Costs
    sections: Sections | None
    """None where bands cannot depend on a text."""

    def plainly(self, clusters: Sequence[Cluster]) -> Scan | None:
        """One scan with `CASE WHEN` when that is quick enough, or when there is nothing to choose from."""
        together = _united(clusters)
        if self._case(together) <= PATIENCE:
            return case_scan(self.source, together, self.profile)
        if len(clusters) == 1 and not together.conditions() and not together.every_column():
            return cube_scan(self.source, together, (), self.profile)
        return None

    def scans(self, clusters: Sequence[Cluster], estimate: Estimate) -> list[Scan]:
        """The cheapest cubes found, and one scan for what is cheaper by `CASE WHEN`."""
        ways = self._merged([self._way(cluster, estimate) for cluster in clusters], estimate)
        cubes: list[_Way] = []
        rest: list[_Way] = []
        for way in sorted(ways, key=lambda way: way.cost - self._case(way.cluster)):
            alone = self._case(way.cluster) - (self.costs.query + self._rows * self.costs.row if rest else 0)
            (cubes if way.cost <= alone else rest).append(way)
        found = []
        for way in cubes:
            if scan := cube_scan(self.source, way.cluster, way.keys, self.profile):
                found.append(evolve(scan, estimate=way.cells))
        if rest and (scan := case_scan(self.source, _united([way.cluster for way in rest]), self.profile)):
            found.append(scan)
        return found

    def _merged(self, ways: list[_Way], estimate: Estimate) -> list[_Way]:
        """Two cubes become one for as long as that is cheaper."""
        ways = sorted(ways, key=lambda way: way.cost)
        both: dict[tuple[_Way, _Way], _Way] = {}
        while len(ways) > 1:
            reach = len(ways) if len(ways) <= _PAIRED else 2
            pairs = [(one, other) for n, one in enumerate(ways) for other in ways[n + 1 : n + reach]]
            for one, other in pairs:
                if (one, other) not in both:
                    both[one, other] = self._way(one.cluster.union(other.cluster), estimate)
            one, other = max(pairs, key=lambda pair: pair[0].cost + pair[1].cost - both[pair].cost)
            best = both[one, other]
            if best.cost > one.cost + other.cost:
                break
            ways = sorted([*(way for way in ways if way not in (one, other)), best], key=lambda way: way.cost)
        return ways

    def _way(self, cluster: Cluster, estimate: Estimate) -> _Way:
        """The cheapest cube: of subjects as they are, in bands, or in bands by text."""
        conditions = cluster.conditions()
        asked = subjects(conditions)
        ways = dict.fromkeys(keys(asked, estimate.values, coarse=coarse) for coarse in (False, True))
        if self.sections:
            ways |= dict.fromkeys(self.sections.ways(conditions, asked, estimate.values))
        return min((self._priced(cluster, by, estimate) for by in ways), key=lambda way: way.cost)

    def _priced(self, cluster: Cluster, by: tuple[Key, ...], estimate: Estimate) -> _Way:
        cells = estimate.cells(cluster.every_column(), by, self._buckets(cluster))
        compared = self.costs.compare * sum(key.comparisons for key in by)
        rows = self._rows * (self.costs.row + self.costs.group * sqrt(cells) + compared)
        return _Way(
            cluster, by, cells, self.costs.query + rows + cells * (CELL + PART * len(cluster.partials))
        )

    def _buckets(self, cluster: Cluster) -> int:
        first, last = self.profile.first, self.profile.watermark
        grid = None if first is None or last is None else buckets(cluster.windows, first, last)
        return len(grid.edges) - 1 if grid else 1

    def _case(self, cluster: Cluster) -> float:
        filtered = sum(1 for partial in cluster.partials if partial.filter is not None)
        return self.costs.query + self._rows * (self.costs.row + self.costs.case * filtered)

    @property
    def _rows(self) -> int:
        return self.profile.rows


def _united(clusters: Sequence[Cluster]) -> Cluster:
    found = Cluster({}, {}, {})
    for cluster in clusters:
        found = found.union(cluster)
    return found
