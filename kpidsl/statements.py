"""The queries that an evaluation would run, in any dialect, without data or an engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from attrs import define, evolve, field, frozen

from kpidsl import judge
from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate.choose import Estimate, scans
from kpidsl.evaluate.engine import Dialect
from kpidsl.evaluate.people import people_scans
from kpidsl.evaluate.plan import Demand, Partial, Scan, demands, looks, partials, rows_needed, rows_of_source
from kpidsl.evaluate.sql import (
    SEPARATE,
    Tables,
    Unsupported,
    declared_tree,
    grouped_sql,
    kinds_of,
    scan_sql,
)
from kpidsl.evaluate.wording import bucketed
from kpidsl.graph import Aggregate, Graph, Kpi, aggregates
from kpidsl.judge.schedule import written_start
from kpidsl.model.periods import Window, add_grain
from kpidsl.model.sources import Grouped, SourceSpec
from kpidsl.needed import needed
from kpidsl.results import Ask, Profile
from kpidsl.specs import Specs

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
    idle: tuple[tuple[str, str], ...]
    """The KPIs of which nothing is asked as of that day, and why."""
    problems: tuple[Diagnostic, ...]
    """What cannot be said in the dialect, or not be asked at all; everything else is there."""


_LONG_BEFORE = date(1900, 1, 1)
"""No row is older (`kpidsl.evaluate.cells`)."""


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
    idle = []
    profiles = {name: Profile(name, 0, first, as_of) for name in graph.sources}
    for kpi in chosen:
        schedule = judge.asks(kpi, as_of, profiles, graph.calendar, sources=graph.sources)
        if schedule.idle:
            idle.append((kpi.name, schedule.idle[1]))
        asks[kpi.name] = list(schedule.asks)
    owners: dict[Aggregate, dict[str, None]] = {}
    for name, own in asks.items():
        for aggregate in dict.fromkeys(a for ask in own for a in aggregates(ask.node)):
            owners.setdefault(aggregate, {})[name] = None
            for source in rows_needed(aggregate, ()):
                owners.setdefault(rows_of_source(source), {})[name] = None
    every = [ask for own in asks.values() for ask in own]
    reaching = {
        name: evolve(profile, first=min([first, *_starts(every, name, profiles)]))
        for name, profile in profiles.items()
    }
    writer.profiles = reaching
    for source, demand in demands(every, profiles).items():
        writer.source(source, demand, reaching[source], owners)
    return Statements(dialect, as_of, first, tuple(writer.found), tuple(idle), tuple(writer.problems))


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
    profiles: dict[str, Profile] = field(factory=dict)
    _kinds: dict[str, Mapping[str, str]] = field(factory=dict)
    _made: set[str] = field(factory=set)

    def source(
        self, name: str, demand: Demand, profile: Profile, owners: Mapping[Aggregate, Iterable[str]]
    ) -> None:
        """The scans of a source, and before them how it is made, if it is a grouped one."""
        demand = self._sayable(name, demand, profile, owners)
        users: dict[Part, dict[str, None]] = {}
        for aggregate in demand.windows:
            for part in partials(aggregate) or (aggregate,):
                users.setdefault(part, {}).update(dict.fromkeys(owners.get(aggregate, ())))
        for scan in self._scans(name, demand, profile) if demand.windows else ():
            tables = self._tables(name)
            sql = scan_sql(scan, tables)
            for read in (*(path[-1] for path in tables.joined), name):
                self._make(read)
            kpis = dict.fromkeys(kpi for part in scan.parts() for kpi in users.get(part, ()))
            self.found.append(Statement(name, _purpose(scan), tuple(kpis), sql))

    def _scans(self, name: str, demand: Demand, profile: Profile) -> list[Scan]:
        found = []
        for scan in self._every_scan(name, demand, profile):
            if self.dialect in SEPARATE and scan.kind == "exact":
                found += [evolve(scan, aggregates=(aggregate,)) for aggregate in scan.aggregates]
            elif scan.kind == "stock":
                (days,) = scan.days  # a level may be known from long before
                found.append(evolve(scan, days=(Window(_LONG_BEFORE, days.end),)))
            else:
                found.append(scan)
        return found

    def _every_scan(self, name: str, demand: Demand, profile: Profile) -> list[Scan]:
        adding = scans(name, demand, profile, self.dialect, lambda clusters: Estimate(0))
        return [*adding, *people_scans(name, demand, self.profiles | {name: profile})]

    def _sayable(
        self, name: str, demand: Demand, profile: Profile, owners: Mapping[Aggregate, Iterable[str]]
    ) -> Demand:
        """What of a demand the dialect can say; the KPIs that need anything else are told."""
        if self._lacks(name, demand, profile) is None:
            return demand
        kept = Demand()
        for aggregate, windows in demand.windows.items():
            alone = Demand({aggregate: windows}, {aggregate: demand.sets[aggregate]})
            error = self._lacks(name, alone, profile)
            if error is None:
                kept.windows[aggregate], kept.sets[aggregate] = windows, demand.sets[aggregate]
                continue
            for kpi in owners.get(aggregate, ()):
                span = self.graph.kpis[kpi].span
                found = Diagnostic("K610", f"`{kpi}`: {error.words}", span, kpi=kpi)
                self.problems += [found] if found not in self.problems else []
        return kept

    def _lacks(self, name: str, demand: Demand, profile: Profile) -> Unsupported | None:
        try:
            for scan in self._scans(name, demand, profile):
                scan_sql(scan, self._tables(name))
        except Unsupported as error:
            return error
        return None

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


_PURPOSES = {
    "case": "what adds up",
    "cube": "what adds up",
    "distinct": "distinct counts of one thing, each under several conditions",
    "ends": "levels at the first or last moment",
    "people": "identities that are new, come again or stay away",
    "paths": "rows that follow others of the same identity",
    "exact": "distinct counts and percentiles, which do not add up",
    "stock": "levels of accounts, carried forward",
}


def _purpose(scan: Scan) -> str:
    dims = "".join(f", {ref.name}" for ref in scan.dimensions())
    return f"{_PURPOSES[scan.kind]}, by {bucketed(scan)}{dims}"
