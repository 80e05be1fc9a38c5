"""The queries that an evaluation would run, in any dialect, without data or an engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from attrs import define, evolve, field, frozen

from kpidsl import judge
from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate.choose import Estimate, scans
from kpidsl.evaluate.engine import Dialect
from kpidsl.evaluate.plan import Demand, Partial, Scan, demands, looks, partials
from kpidsl.evaluate.sql import (
    SEPARATE,
    Tables,
    Unsupported,
    declared_tree,
    grouped_sql,
    kinds_of,
    scan_sql,
)
from kpidsl.graph import Aggregate, Graph, Kpi, aggregates
from kpidsl.judge.schedule import written_start
from kpidsl.model.periods import add_grain
from kpidsl.model.sources import Grouped, SourceSpec
from kpidsl.needed import needed
from kpidsl.project import Specs
from kpidsl.results import Ask, Profile

Part = Partial | Aggregate

_MONTHS = 12
"""How far data is assumed to reach back where no promise says when it begins."""


@frozen
class Statement:
    """One query: on which source, what for, and for which KPIs."""

    source: str
    purpose: str
    kpis: tuple[str, ...]
    sql: str


@frozen
class Statements:
    """All queries of some KPIs. Data is assumed to reach from `first` to as-of."""

    dialect: Dialect
    as_of: date
    first: date
    found: tuple[Statement, ...]
    problems: tuple[Diagnostic, ...]
    """What cannot be said in the dialect, or not be asked at all; everything else is there."""


def statements(specs: Specs, as_of: date, dialect: Dialect, kpis: Sequence[str] = ()) -> Statements:
    """The queries of the KPIs of these names, or of all.

    Nothing is read: columns hold what is declared, and sources have rows from the first day that any promise
    says (a year back, where none does) to as-of.
    """
    chosen = [kpi for kpi in specs.graph.kpis.values() if not kpis or kpi.name in kpis]
    graph = needed(specs.graph, chosen)
    first = _first_day(chosen, as_of)
    writer = _Writer(graph, as_of, dialect)
    asks: dict[str, list[Ask]] = {}
    profiles = {name: Profile(name, 0, first, as_of) for name in graph.sources}
    for kpi in chosen:
        schedule = judge.asks(kpi, as_of, profiles, graph.calendar, sources=graph.sources)
        asks[kpi.name] = [ask for ask in schedule.asks if writer.askable(kpi, ask)]
    owners: dict[Aggregate, dict[str, None]] = {}
    for name, own in asks.items():
        for aggregate in dict.fromkeys(a for ask in own for a in aggregates(ask.node)):
            owners.setdefault(aggregate, {})[name] = None
    every = [ask for own in asks.values() for ask in own]
    reaching = {
        name: evolve(profile, first=min([first, *_starts(every, name, profiles)]))
        for name, profile in profiles.items()
    }
    for source, demand in demands(every, profiles).items():
        writer.source(source, demand, reaching[source], owners)
    return Statements(dialect, as_of, first, tuple(writer.found), tuple(writer.problems))


def _first_day(kpis: Iterable[Kpi], as_of: date) -> date:
    told = (written_start(kpi.promise) for kpi in kpis)
    month = as_of.replace(day=1)
    return min((day for day in told if day and day <= as_of), default=add_grain(month, 1 - _MONTHS, "month"))


def _starts(asks: Iterable[Ask], source: str, profiles: Mapping[str, Profile]) -> Iterator[date]:
    """The first days of all windows in which a source is looked at: years before the promise, perhaps."""
    for ask in asks:
        for aggregate, windows in looks(ask, profiles).items():
            if aggregate.source == source:
                yield from (window.start for window in windows)


@define
class _Writer:
    """Writes the queries of one source after the other."""

    graph: Graph
    as_of: date
    dialect: Dialect
    found: list[Statement] = field(factory=list)
    problems: list[Diagnostic] = field(factory=list)
    _kinds: dict[str, Mapping[str, str]] = field(factory=dict)
    _made: set[str] = field(factory=set)

    def askable(self, kpi: Kpi, ask: Ask) -> bool:
        """Whether every source of a question has a time; told once for a KPI."""
        timeless = [a.source for a in aggregates(ask.node) if self.graph.sources[a.source].time is None]
        if timeless:
            problem = Diagnostic(
                "K603",
                f"`{timeless[0]}` says no time, so its rows belong to no period",
                self.graph.sources[timeless[0]].span,
                help="a line `time COLUMN` in the source",
            )
            if problem not in self.problems:
                self.problems.append(problem)
        return not timeless

    def source(
        self, name: str, demand: Demand, profile: Profile, owners: Mapping[Aggregate, Iterable[str]]
    ) -> None:
        """The scans of a source, and before them how it is made, if it is a grouped one."""
        users: dict[Part, dict[str, None]] = {}
        for aggregate in demand.windows:
            for part in partials(aggregate) or (aggregate,):
                users.setdefault(part, {}).update(dict.fromkeys(owners.get(aggregate, ())))
        for scan in scans(name, demand, profile, self.dialect, lambda clusters: Estimate(0)):
            for one in self._apart(scan):
                self._scan(one, users)

    def _apart(self, scan: Scan) -> list[Scan]:
        if self.dialect not in SEPARATE or scan.kind != "exact":
            return [scan]
        return [evolve(scan, aggregates=(aggregate,)) for aggregate in scan.aggregates]

    def _scan(self, scan: Scan, users: Mapping[Part, Iterable[str]]) -> None:
        able = [part for part in scan.parts() if self._sayable(scan, part, users)]
        if not able:
            return
        kept = _with(scan, able)
        tables = self._tables(scan.source)
        sql = scan_sql(kept, tables)
        for joined in dict.fromkeys(path[-1] for path in tables.joined):
            self._make(joined)
        self._make(scan.source)
        kpis = dict.fromkeys(kpi for part in able for kpi in users.get(part, ()))
        self.found.append(Statement(scan.source, _purpose(kept), tuple(kpis), sql))

    def _sayable(self, scan: Scan, part: Part, users: Mapping[Part, Iterable[str]]) -> bool:
        try:
            scan_sql(_with(scan, [part]), self._tables(scan.source))
        except Unsupported as error:
            for name in users.get(part, ()):
                kpi = self.graph.kpis[name]
                found = Diagnostic("K610", f"`{name}`: {error.words}", kpi.span, kpi=name)
                if found not in self.problems:
                    self.problems.append(found)
            return False
        return True

    def _tables(self, source: str) -> Tables:
        relations = {
            name: name if isinstance(spec.origin, Grouped) else declared_tree(spec, self.dialect)
            for name, spec in self.graph.sources.items()
        }
        kinds = {name: self._kinds_of(spec) for name, spec in self.graph.sources.items()}
        return Tables(self.graph.sources, relations, kinds, source, dialect=self.dialect, pretty=True)

    def _kinds_of(self, spec: SourceSpec) -> Mapping[str, str]:
        if spec.name not in self._kinds:
            self._kinds[spec.name] = (
                self._grouped(spec, spec.origin)[1] if isinstance(spec.origin, Grouped) else kinds_of(spec)
            )
        return self._kinds[spec.name]

    def _make(self, name: str) -> None:
        """The rows of a grouped source, once."""
        spec = self.graph.sources[name]
        if not isinstance(spec.origin, Grouped) or name in self._made:
            return
        self._made.add(name)
        self._make(spec.origin.source)
        words = ", ".join(word for word, _ in spec.origin.keys)
        purpose = f"its rows, one for each {words} of {spec.origin.source}, to be kept as a table"
        self.found.append(Statement(name, purpose, (), self._grouped(spec, spec.origin)[0]))

    def _grouped(self, spec: SourceSpec, origin: Grouped) -> tuple[str, dict[str, str]]:
        columns = [c for c in spec.columns if c.value is not None and spec.stored(c)]
        return grouped_sql(spec, origin.keys, columns, self._tables_below(spec, origin), self.as_of)

    def _tables_below(self, spec: SourceSpec, origin: Grouped) -> Tables:
        """What a grouped source is made from; it cannot be made from itself."""
        others = {name: one for name, one in self.graph.sources.items() if name != spec.name}
        return _Writer(evolve(self.graph, sources=others), self.as_of, self.dialect)._tables(origin.source)


def _with(scan: Scan, parts: Sequence[Part]) -> Scan:
    return evolve(
        scan,
        partials=tuple(p for p in parts if isinstance(p, Partial)),
        aggregates=tuple(p for p in parts if isinstance(p, Aggregate)),
    )


_PURPOSES = {
    "case": "what adds up",
    "cube": "what adds up",
    "distinct": "distinct counts of one thing, each under several conditions",
    "ends": "levels at the first or last moment",
    "exact": "distinct counts and percentiles, which do not add up",
}


def _purpose(scan: Scan) -> str:
    grid = scan.buckets
    if grid is None:
        by = f"{len(scan.windows)} windows"
    elif grid.kind == "cuts":
        by = f"{len(grid.edges) - 1} spans of days" if len(grid.edges) > 2 else "no period"
    else:
        by = grid.kind if grid.step == 1 else f"{grid.step} {grid.kind}s"
    dims = "".join(f", {ref.name}" for ref in scan.dimensions())
    return f"{_PURPOSES[scan.kind]}, by {by}{dims}"
