"""What of a project some KPIs need: their sources, and of grouped ones only the columns asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from attrs import define, evolve, field

from kpidsl.graph import Graph, Kpi, Node, aggregates, rows_of, sources_of
from kpidsl.model.rows import ColumnRef, Row, columns_of, gathers_of, read_by
from kpidsl.model.sources import Grouped, SourceSpec, given_rows
from kpidsl.split import nodes_of


def needed(graph: Graph, kpis: Iterable[Kpi], given: Collection[str] = (), more: Iterable[str] = ()) -> Graph:
    """The graph with the sources that the KPIs read, those that their rows belong to and are grouped from,
    and `more`.

    `given` names the sources whose rows are given: a grouped one is not made of others then. What is read
    from files is not narrowed down, for a declared column that the data lacks should be told.
    """
    search = _Search(graph, given)
    for name in more:
        search.source(name)
    for kpi in kpis:
        for part in aggregates(*_roots(kpi)):
            for source in sources_of(part):
                search.source(source)
            first, *others = sources_of(part)
            search.met.setdefault(first, {}).update(dict.fromkeys(others))
            for source, row in rows_of(part):
                search.rows(source, row)
        for dimension in kpi.dimensions:
            for source, column in dimension.columns:
                search.rows(source, column)
    found = search.found
    sources = {
        name: evolve(_narrowed(spec, found[name], name in given), meets=tuple(search.met.get(name, ())))
        for name, spec in graph.sources.items()
        if name in found
    }
    return evolve(graph, sources=sources)


def _roots(kpi: Kpi) -> list[Node]:
    bounds = [part.bound for part in kpi.slices]
    own = [node for bound in bounds for node in (bound.value, bound.high) if node is not None]
    return [*nodes_of(kpi), *own]


def _narrowed(spec: SourceSpec, names: set[str], given: bool) -> SourceSpec:
    if not isinstance(spec.origin, Grouped):
        return spec
    narrowed = evolve(spec, columns=tuple(column for column in spec.columns if column.name in names))
    return given_rows(narrowed) if given else narrowed


@define
class _Search:
    """Walks from expressions to the columns that they rest on."""

    graph: Graph
    given: Collection[str]
    found: dict[str, set[str]] = field(factory=dict)
    met: dict[str, dict[str, None]] = field(factory=dict)
    """Source to those that its paths lead to."""

    def source(self, name: str) -> None:
        """A source with its roles, its checks and all that its links lead to."""
        if name in self.found or name not in self.graph.sources:
            return
        spec = self.graph.sources[name]
        self.found[name] = set()
        if isinstance(spec.origin, Grouped) and name not in self.given:
            self.source(spec.origin.source)
            self.rows(spec.origin.source, *(ref for _, ref in spec.origin.keys))
        if isinstance(spec.origin, Grouped):
            for key, _ in spec.origin.keys:
                self.column(name, key)
        for word in (spec.time, spec.channel, *spec.key):
            if word is not None:
                self.column(name, word)
        self.rows(name, *spec.checks)
        for link in spec.links:
            self.column(name, link.column)
            self.source(link.target)
            self.column(link.target, link.far)

    def column(self, source: str, name: str) -> None:
        """A column and what it is computed or aggregated from."""
        self.source(source)
        if source not in self.found or name in self.found[source]:
            return
        self.found[source].add(name)
        column = self.graph.sources[source].column(name)
        if column is None or column.value is None:
            return
        if source in self.given and gathers_of(column.value):
            return
        self.rows(source, column.value)
        for gather in gathers_of(column.value):
            for ref in read_by(gather):
                self._follow(gather.source, ref)

    def rows(self, source: str, *rows: Row | None) -> None:
        """The columns that expressions over rows of a source read."""
        for row in rows:
            for ref in columns_of(row):
                self._follow(source, ref)

    def _follow(self, source: str, ref: ColumnRef) -> None:
        self.column(ref.via[-1] if ref.via else source, ref.name)
