"""A project as rules see it: definitions beside what they compile to, and who refers to whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

import attrs
from attrs import field, frozen

from kpidsl.diagnostics import Span
from kpidsl.graph import Aggregate, Bound, Cumulative, Graph, Kpi, Node, Objective, aggregates, children, walk
from kpidsl.model.rows import Apply, Gather, Row
from kpidsl.syntax import nodes

T = TypeVar("T", bound=nodes.Node)
G = TypeVar("G", bound=Node)
Named = nodes.PeriodDef | nodes.Let | nodes.SourceDef | nodes.MeasureDef | nodes.KpiDef | nodes.ObjectiveDef
_DEEP = re.compile(
    r"Expression|Clause|Bound|Milestone|Level|Slice|Number|PacePart|PeriodText|Tolerance|Name\b"
)


@frozen(eq=False, slots=False)
class Subject:
    """A KPI: what is written beside what it means."""

    definition: nodes.KpiDef
    kpi: Kpi
    clauses: Mapping[type, nodes.Clause] = field(repr=False)
    """Its clauses by their kind; of those that may stand several times the first."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.kpi.name

    @property
    def head(self) -> Span:
        """Its name as it is written."""
        return self.definition.name.span

    def clause(self, kind: type[T]) -> T | None:
        """The clause of a kind, if it is written."""
        found = self.clauses.get(kind)
        return found if isinstance(found, kind) else None

    def at(self, kind: type[nodes.Node]) -> Span:
        """The place of a clause; its name where it has none."""
        found = self.clauses.get(kind)
        return found.span if found is not None else self.head

    @cached_property
    def parts(self) -> tuple[Node, ...]:
        """Every node of its formula, each once."""
        return tuple(walk(self.kpi.formula))

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """All that it promises, of the whole and of slices."""
        return (*self.kpi.promise.bounds, *(part.bound for part in self.kpi.slices))


@frozen(eq=False, slots=False)
class View:
    """All of a project. Rules read it and change nothing."""

    files: tuple[nodes.File, ...]
    graph: Graph = field(repr=False)
    today: date

    # -- definitions ---------------------------------------------------------------------------------------

    @cached_property
    def definitions(self) -> tuple[nodes.Definition, ...]:
        """Every definition that could be read, file by file."""
        return tuple(one for file in self.files for one in file.definitions)

    def of(self, kind: type[T]) -> list[T]:
        """The definitions of a kind."""
        found: Any = self._by_kind.get(kind, [])
        return list(found)

    @cached_property
    def _by_kind(self) -> dict[type, list[nodes.Definition]]:
        found: dict[type, list[nodes.Definition]] = {}
        for definition in self.definitions:
            found.setdefault(type(definition), []).append(definition)
        return found

    @cached_property
    def named(self) -> tuple[Named, ...]:
        """Every definition that has a name."""
        return tuple(one for one in self.definitions if isinstance(one, Named))

    @cached_property
    def subjects(self) -> tuple[Subject, ...]:
        """The KPIs that compiled, once each."""
        found: dict[str, Subject] = {}
        for definition in self.of(nodes.KpiDef):
            kpi = self.graph.kpis.get(definition.name.text)
            if kpi is not None and kpi.name not in found:
                clauses: dict[type, nodes.Clause] = {}
                for clause in definition.clauses:
                    clauses.setdefault(type(clause), clause)
                found[kpi.name] = Subject(definition, kpi, clauses)
        return tuple(found.values())

    @cached_property
    def active(self) -> tuple[Subject, ...]:
        """The KPIs that are meant: neither drafts nor on their way out."""
        return tuple(one for one in self.subjects if not (one.kpi.about.draft or one.kpi.about.deprecated))

    @cached_property
    def by_name(self) -> dict[str, Subject]:
        """KPIs by their names."""
        return {one.name: one for one in self.subjects}

    @cached_property
    def objectives(self) -> tuple[tuple[nodes.ObjectiveDef, Objective], ...]:
        """The objectives that compiled."""
        graph = self.graph.objectives
        defined = {one.name.text: one for one in self.of(nodes.ObjectiveDef)}
        return tuple((one, graph[name]) for name, one in defined.items() if name in graph)

    @cached_property
    def members(self) -> frozenset[str]:
        """The KPIs that count in an objective."""
        return frozenset(
            name
            for _, objective in self.objectives
            for name, _ in objective.members
            if name not in objective.shown and name not in objective.nested
        )

    @cached_property
    def goals(self) -> tuple[Subject, ...]:
        """The KPIs that say what is to be reached, not only what to keep an eye on: members of an objective,
        and those that promise a change or a total."""
        return tuple(
            one
            for one in self.active
            if one.name in self.members
            or isinstance(one.kpi.promise.measured, Cumulative)
            or any(bound.direction in ("increase", "decrease") for bound in one.bounds)
        )

    @cached_property
    def texts(self) -> tuple[tuple[nodes.Definition, str, nodes.String], ...]:
        """What is said to people: where, as what, and the text."""
        return tuple(_texts(self.definitions))

    # -- expressions ---------------------------------------------------------------------------------------

    @cached_property
    def _written(self) -> dict[type, list[tuple[nodes.Definition, nodes.Node]]]:
        found: dict[type, list[tuple[nodes.Definition, nodes.Node]]] = {}
        for definition in self.definitions:
            for part in inside(definition):
                found.setdefault(type(part), []).append((definition, part))
        return found

    def written(self, kind: type[T]) -> list[tuple[nodes.Definition, T]]:
        """Every node of a kind, with the definition that it stands in."""
        found: Any = self._written.get(kind, [])
        return list(found)

    @cached_property
    def references(self) -> dict[str, list[nodes.Definition]]:
        """The definitions that mention a name. Columns are names too: there may be one more, never one
        less."""
        found: dict[str, list[nodes.Definition]] = {}
        for kind, read in _MENTIONS.items():
            for definition, part in self._written.get(kind, []):
                for word in read(part):
                    found.setdefault(word, []).append(definition)
        return found

    def used(self, name: str) -> bool:
        """Whether any other definition mentions a name, or one that could not be read may."""
        mentions = self.references.get(name, ())
        if any(not (isinstance(one, Named) and one.name.text == name) for one in mentions):
            return True
        return any(name in broken.text for file in self.files for broken in file.broken)

    # -- the graph -----------------------------------------------------------------------------------------

    @cached_property
    def _met(self) -> dict[type, list[tuple[str | None, Span, Node]]]:
        defined = {one.name.text: one for one in self.of(nodes.MeasureDef)}
        roots: list[tuple[str | None, Span, Iterable[Node]]] = []
        for name, measure in self.graph.measures.items():
            span = defined[name].value.span if name in defined else measure.span
            roots.append((None, span, walk(measure.node)))
        roots += [(one.name, one.at(nodes.Formula), one.parts) for one in self.subjects]
        seen: set[Node] = set()
        found: dict[type, list[tuple[str | None, Span, Node]]] = {}
        for kpi, span, parts in roots:
            for node in parts:
                if node not in seen:
                    seen.add(node)
                    found.setdefault(type(node), []).append((kpi, span, node))
        return found

    def met(self, kind: type[G]) -> list[tuple[str | None, Span, G]]:
        """Every node of a kind where it is met first, with the KPI, if it is one, and the place: what a
        measure says is not told again of its users."""
        found: Any = self._met.get(kind, [])
        return list(found)

    @cached_property
    def ratios(self) -> frozenset[Node]:
        """Every node that stands above or below the line of a ratio."""
        return frozenset(
            below
            for one in self.subjects
            for node in one.parts
            if getattr(node, "op", None) == "/"
            for below in walk(*children(node))
        )

    @cached_property
    def read_sources(self) -> frozenset[str]:
        """The sources that a KPI or a measure reads."""
        roots = [measure.node for measure in self.graph.measures.values()]
        roots += [one.kpi.formula for one in self.subjects]
        return frozenset(part.source for part in aggregates(*roots))


def _period_names(text: str) -> tuple[str, ...]:
    return (text.strip("`"), text.rpartition(" ")[0].strip("`"))


_MENTIONS: dict[type, Any] = {
    nodes.Name: lambda part: part.parts,
    nodes.PeriodText: lambda part: _period_names(part.text),
    nodes.Measured: lambda part: (part.grain.text,) if part.grain else (),
    nodes.Member: lambda part: (part.kpi.text,),
    nodes.FromSource: lambda part: (part.source.text,),
    nodes.BelongsTo: lambda part: (part.target.text,),
    nodes.Expect: lambda part: (part.kpi.text,) if part.kpi else (),
    nodes.Set: lambda part: (part.name.text,),
    nodes.Solve: lambda part: (part.unknown.text, part.kpi.text),
    nodes.Given: lambda part: (part.source.text,),
    nodes.Deprecated: lambda part: (part.use.text,) if part.use else (),
}


_KNOWN: dict[type, tuple[str, ...] | None] = {}


def _deep(kind: type) -> tuple[str, ...] | None:
    """The fields of a node that may hold further nodes worth a look, the last first; None for what is no
    node."""
    if not issubclass(kind, nodes.Node):
        return None
    named = ((at.name, str(at.type)) for at in attrs.fields(kind))
    worth = (name for name, type_ in named if name not in ("span", "rows", "name") and _DEEP.search(type_))
    return tuple(worth)[::-1]


def _texts(
    definitions: Iterable[nodes.Definition],
) -> Iterator[tuple[nodes.Definition, str, nodes.String]]:
    for definition in definitions:
        title = getattr(definition, "title", None)
        if isinstance(title, nodes.String):
            yield definition, "title", title
        for clause in getattr(definition, "clauses", ()):
            match clause:
                case nodes.Description(text=text):
                    yield definition, "description", text
                case nodes.Owner(text=text):
                    yield definition, "owner", text
                case nodes.Because(text=text):
                    yield definition, "reason", text
                case nodes.Stakeholder(text=text):
                    yield definition, "stakeholder", text
                case nodes.Caption(text=text):
                    yield definition, "label", text


def inside(node: nodes.Node) -> Iterator[nodes.Node]:
    """A node and all below it that expressions, clauses and bounds are made of; words and texts left out."""
    stack: list[Any] = [node]
    while stack:
        part = stack.pop()
        if type(part) is tuple:
            stack += part[::-1]
            continue
        kind = type(part)
        if kind not in _KNOWN:
            _KNOWN[kind] = _deep(kind)
        if (names := _KNOWN[kind]) is not None:
            yield part
            for name in names:
                if value := getattr(part, name):
                    stack.append(value)


def row_parts(row: Row | None) -> Iterator[Row]:
    """An expression over a row and all below it."""
    stack = [row] if row is not None else []
    while stack:
        part = stack.pop()
        yield part
        if isinstance(part, Apply):
            stack.extend(reversed(part.args))
        elif isinstance(part, Gather):
            stack.extend(one for one in (part.argument, part.filter, part.weight) if one is not None)


def aggregates_of(subject: Subject) -> tuple[Aggregate, ...]:
    """The aggregations of a KPI's formula."""
    return aggregates(subject.kpi.formula)


def ungrouped(expr: Any) -> Any:
    """An expression without the parentheses around it."""
    while isinstance(expr, nodes.Group):
        expr = expr.inner
    return expr


def operands(expr: Any, op: str) -> list[Any]:
    """What an operator that may be repeated joins: of `a and b and c` all three."""
    expr = ungrouped(expr)
    if isinstance(expr, nodes.Binary) and expr.op == op:
        return [*operands(expr.left, op), *operands(expr.right, op)]
    return [expr]


def most(have: Sequence[object] | int, all_: int) -> bool:
    """Whether nearly all have something, so that one without it is an oversight: four of five, three at
    least."""
    count = have if isinstance(have, int) else len(have)
    return all_ >= 3 and count < all_ and count >= 0.8 * all_


def first_of(words: Iterable[str]) -> dict[str, str]:
    """Folded words to the first way in which they are written."""
    found: dict[str, str] = {}
    for word in words:
        found.setdefault(re.sub(r"[\W_]+", "", word.casefold()), word)
    return found
