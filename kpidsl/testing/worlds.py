"""The rows of many tests as one set of tables: each source with the rows of all, and a column that says whose
each row is.

Days and moments are told apart by the data where a spec does not say which a column has; tests that differ in
that, or in whether the rows of a grouped source are given or made, go into different sets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve, field, frozen

from kpidsl.evaluate.apart import WORLD, mark
from kpidsl.graph import Given, Graph, Test
from kpidsl.model.rows import Apply, ColumnRef
from kpidsl.model.sources import ColumnSpec, Files, Grouped, Link, SourceSpec
from kpidsl.model.types import DAY, MOMENT, TEXT

Table = dict[str, list[str]]
_SHOWN = 5


@frozen
class Kinds:
    """What the rows of a test settle that the specs leave open."""

    moments: tuple[tuple[str, str, bool], ...]
    """Source, column, and whether it has moments rather than days."""
    given: frozenset[str]
    """Grouped sources whose rows are given."""
    made: frozenset[str]
    """Grouped sources that are made of rows that are given."""


def kinds_of(test: Test, graph: Graph) -> Kinds:
    """What the rows of a test settle."""
    moments = []
    for table in test.given:
        spec = graph.sources.get(table.source)
        for n, name in enumerate(table.columns):
            column = spec.column(name) if spec is not None else None
            cells = [row[n] for row in table.rows if row[n]]
            if column is not None and column.type.kind == "time" and cells:
                moments.append((table.source, name, any(":" in cell for cell in cells)))
    tables = {table.source for table in test.given}
    grouped = {name for name, spec in graph.sources.items() if isinstance(spec.origin, Grouped)}
    made = {name for name in grouped - tables if _root(name, graph) in tables}
    return Kinds(tuple(sorted(moments)), frozenset(grouped & tables), frozenset(made))


def _root(name: str, graph: Graph) -> str:
    origin = graph.sources[name].origin
    return _root(origin.source, graph) if isinstance(origin, Grouped) else name


@frozen(eq=False)
class Group:
    """Tests whose rows fit into one set of tables."""

    moments: dict[tuple[str, str], bool] = field(factory=dict)
    given: set[str] = field(factory=set)
    made: set[str] = field(factory=set)
    members: list[int] = field(factory=list)

    def takes(self, kinds: Kinds) -> bool:
        """Whether nothing that a test settles is settled otherwise already."""
        same = all(self.moments.get((s, c), moment) == moment for s, c, moment in kinds.moments)
        return same and not (kinds.given & self.made or kinds.made & self.given)

    def add(self, number: int, kinds: Kinds) -> None:
        """Take a test in, by its number."""
        self.moments.update({(source, column): moment for source, column, moment in kinds.moments})
        self.given.update(kinds.given)
        self.made.update(kinds.made)
        self.members.append(number)


def groups(tests: Iterable[tuple[int, Test]], graph: Graph) -> list[Group]:
    """Tests by what they settle: as many groups as there are contradictions, however many tests there are."""
    found: list[Group] = []
    for number, test in tests:
        kinds = kinds_of(test, graph)
        group = next((group for group in found if group.takes(kinds)), None)
        if group is None:
            group = Group()
            found.append(group)
        group.add(number, kinds)
    return found


# -- the sources ---------------------------------------------------------------------------------------------


def united(graph: Graph, group: Group) -> Graph:
    """The sources as they are with the rows of several tests: links lead to rows of the same test only."""
    far = {(link.target, link.far) for spec in graph.sources.values() for link in spec.links}
    return evolve(graph, sources={name: _united(spec, group, far) for name, spec in graph.sources.items()})


def _united(spec: SourceSpec, group: Group, far: set[tuple[str, str]]) -> SourceSpec:
    own = dict.fromkeys(link.column for link in spec.links)
    keys = [*own, *(column for source, column in far if source == spec.name and column not in own)]
    links = tuple(Link(link.target, _key(link.column), _key(link.far), link.span) for link in spec.links)
    columns = tuple(_settled(column, spec, group) for column in spec.columns)
    if isinstance(spec.origin, Grouped):
        parent = spec.origin.source
        origin = evolve(spec.origin, keys=((WORLD, mark(parent)), *spec.origin.keys))
        hidden = [ColumnSpec(_key(name), TEXT, spec.span, _tagged(name, spec)) for name in keys]
        return evolve(spec, origin=origin, columns=(*columns, *hidden), links=links)
    hidden = [ColumnSpec(name, TEXT, spec.span) for name in (WORLD, *map(_key, keys))]
    return evolve(spec, origin=Files("", "", missing=("",)), columns=(*columns, *hidden), links=links)


def _key(column: str) -> str:
    """The column that has the values of a link's column with the test in front."""
    return f"`key` {column}"


def _tagged(name: str, spec: SourceSpec) -> Apply:
    column = spec.column(name)
    ref = ColumnRef(spec.name, name, column.type if column is not None else TEXT)
    return Apply("tagged", (mark(spec.name), ref), TEXT)


def _settled(column: ColumnSpec, spec: SourceSpec, group: Group) -> ColumnSpec:
    if column.type.kind != "time" or column.value is not None:
        return column
    return evolve(column, type=MOMENT if group.moments.get((spec.name, column.name)) else DAY)


# -- the rows ------------------------------------------------------------------------------------------------


def tables(graph: Graph, tests: Mapping[str, Test]) -> dict[str, Table]:
    """The rows of all sources that are not made of others: texts, empty for missing ones.

    A first row that is no test's own keeps the columns of a source without rows from being of no type.
    """
    found: dict[str, Table] = {}
    for name, spec in graph.sources.items():
        if isinstance(spec.origin, Grouped):
            continue
        rows: Table = {column.name: [""] for column in spec.columns if column.value is None}
        for world, test in tests.items():
            for table in test.given:
                if table.source == name:
                    _add(rows, world, table, kept_rows(table, spec, test))
        found[name] = rows
    return found


def kept_rows(table: Given, spec: SourceSpec, test: Test) -> list[tuple[str, ...]]:
    """The rows that exist on the day of the test."""
    if spec.time is None or spec.time not in table.columns or test.as_of is None:
        return list(table.rows)
    at = table.columns.index(spec.time)
    last = test.as_of.isoformat()
    return [row for row in table.rows if row[at][:10] <= last]


def _add(rows: Table, world: str, table: Given, kept: Sequence[tuple[str, ...]]) -> None:
    for name, column in rows.items():
        if name == WORLD:
            column += [world] * len(kept)
            continue
        key = name.startswith("`key` ")
        plain = name.removeprefix("`key` ")
        if plain not in table.columns:
            column += [""] * len(kept)
            continue
        at = table.columns.index(plain)
        cells = [row[at] for row in kept]
        column += [f"{world}:{cell}" if cell else "" for cell in cells] if key else cells


def repeated(spec: SourceSpec, test: Test) -> tuple[int, str] | None:
    """How many values of a source's key repeat in a test, and some of them; rows that lack a part are not
    compared."""
    table = next((table for table in test.given if table.source == spec.name), None)
    if table is None or not spec.key or any(name not in table.columns for name in spec.key):
        return None
    places = [table.columns.index(name) for name in spec.key]
    keys = Counter(tuple(row[at] for at in places) for row in kept_rows(table, spec, test))
    several = [(key, count) for key, count in keys.items() if count > 1 and all(key)]
    if not several:
        return None
    several.sort(key=lambda one: (-one[1], one[0]))
    shown = ", ".join(f"`{', '.join(key)}` ({count} times)" for key, count in several[:_SHOWN])
    more = f" and {len(several) - _SHOWN} more" if len(several) > _SHOWN else ""
    return len(several), shown + more


def plain(text: str) -> str:
    """A sentence without the marks of columns that links have here."""
    return text.replace("``key` ", "`")
