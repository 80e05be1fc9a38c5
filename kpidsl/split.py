"""Split KPIs by other dimensions than those of their spec: what `--by` asks for."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from kpidsl.diagnostics import Diagnostic, near
from kpidsl.graph import Dimension, Graph, Kpi, Node, aggregates
from kpidsl.model.rows import ColumnRef
from kpidsl.model.sources import SourceSpec

_Way = tuple[SourceSpec, tuple[str, ...]]


def split(kpi: Kpi, names: Sequence[str], graph: Graph) -> Kpi | Diagnostic:
    """The KPI by these dimensions. Slices keep their own targets where the dimension is the one of the
    spec."""
    dimensions = []
    for name in dict.fromkeys(names):
        dimension = _dimension(kpi, name, graph)
        if isinstance(dimension, Diagnostic):
            return dimension
        dimensions.append(dimension)
    same = [d.name for d in dimensions] == [d.name for d in kpi.dimensions]
    return kpi if same else evolve(kpi, dimensions=tuple(dimensions), slices=())


def _dimension(kpi: Kpi, name: str, graph: Graph) -> Dimension | Diagnostic:
    """The column of every source of the formula; sources of the target alone follow where they have it."""
    own = {part.source for part in aggregates(kpi.formula)}
    columns, lacking = [], []
    for source in dict.fromkeys(part.source for part in aggregates(*nodes_of(kpi))):
        found = _column(graph, source, name)
        if len(found) == 1:
            columns.append((source, found[0]))
        elif source in own:
            lacking.append((source, len(found)))
    if not own:
        return _told(kpi, f"`{kpi.name}` is a constant, which has no rows to split by `{name}`", None)
    if not lacking:
        return Dimension(name, tuple(columns))
    several = next((source for source, ways in lacking if ways), None)
    if several is not None:
        message = (
            f"`{kpi.name}` cannot be split by `{name}`: {several} belongs to several sources that have it"
        )
        return _told(kpi, message, f"`{name}` as a column of {several} itself would say which is meant")
    missing = " and ".join(f"`{source}`" for source, _ in lacking)
    have = "have" if len(lacking) > 1 else "has"
    message = f"`{kpi.name}` cannot be split by `{name}`: {missing} {have} no such column"
    return _told(kpi, message, _hint(graph, own, name))


def _told(kpi: Kpi, message: str, hint: str | None) -> Diagnostic:
    return Diagnostic("K722", message, kpi.span, help=hint, kpi=kpi.name)


def nodes_of(kpi: Kpi) -> list[Node]:
    """Everything that a KPI is computed from: its formula, its bounds, its baseline."""
    promise = kpi.promise
    bounds = promise.bounds
    found = [kpi.formula, *(b.value for b in bounds), *(b.high for b in bounds if b.high is not None)]
    if isinstance(promise.baseline, Node):
        found.append(promise.baseline)
    return found


def _hint(graph: Graph, own: set[str], name: str) -> str:
    """A dimension of a similar name, else those that all sources of the formula have."""
    shared = sorted(set.intersection(*(_known(graph, source) for source in own)))
    alike = near(name, shared)
    if alike:
        return f"a dimension with a similar name: `{alike[0]}`"
    return f"every source of it has: {', '.join(f'`{word}`' for word in shared)}" if shared else (
        "the sources of its formula share no column"
    )  # fmt: skip


def _known(graph: Graph, source: str) -> set[str]:
    """The names that rows of a source can be split by: texts, flags and roles, its own and those that links
    bring."""
    found: set[str] = set()
    for layer in _layers(graph, source):
        for spec, _ in layer:
            found |= {c.name for c in spec.columns if c.type.kind in ("text", "flag", "unknown")}
            found |= {"channel"} if spec.channel else set()
    return found


def _column(graph: Graph, source: str, name: str) -> list[ColumnRef]:
    """What a name means in a source: a column of its own, else of the nearest sources it belongs to, maybe
    several."""
    for layer in _layers(graph, source):
        found = []
        for spec, via in layer:
            column = spec.column(spec.channel if name == "channel" and spec.channel else name)
            if column is not None:
                found.append(ColumnRef(source, column.name, column.type, via))
        if found:
            return found
    return []


def _layers(graph: Graph, source: str) -> list[list[_Way]]:
    """The source, then those it belongs to, then those that these belong to; each source once."""
    layers: list[list[_Way]] = [[(graph.sources[source], ())]]
    seen = {source}
    while layers[-1]:
        further: list[_Way] = []
        for spec, via in layers[-1]:
            for link in spec.links:
                if link.target in graph.sources and link.target not in seen:
                    seen.add(link.target)
                    further.append((graph.sources[link.target], (*via, link.target)))
        layers.append(further)
    return layers[:-1]
