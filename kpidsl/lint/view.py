"""A project as rules see it: definitions beside what they compile to, and who refers to whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from attrs import field, frozen

from kpidsl.compile.intervals import Reach
from kpidsl.diagnostics import Span
from kpidsl.graph import Aggregate, Bound, Cumulative, Graph, Kpi, Node, Objective, aggregates, children, walk
from kpidsl.lint.parts import inside, operands, ungrouped
from kpidsl.lint.ranges import range_of
from kpidsl.records import Record
from kpidsl.syntax import nodes

_SIGNS = re.compile(r"[\W_]+")
T = TypeVar("T", bound=nodes.Node)
G = TypeVar("G", bound=Node)
Named = nodes.PeriodDef | nodes.Let | nodes.SourceDef | nodes.MeasureDef | nodes.KpiDef | nodes.ObjectiveDef


@frozen(repr=False, eq=False, slots=False)
class Subject(Record):
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

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The sources of its aggregations."""
        return tuple(dict.fromkeys(part.source for part in self.parts if isinstance(part, Aggregate)))

    @cached_property
    def reach(self) -> Reach:
        """What its formula lies between, whatever the data."""
        return range_of(self.kpi.formula)

    @cached_property
    def bounds(self) -> tuple[Bound, ...]:
        """All that it promises, of the whole and of slices."""
        return (*self.kpi.promise.bounds, *(part.bound for part in self.kpi.slices))


@frozen(repr=False, eq=False, slots=False)
class View(Record):
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
    def _chains(self) -> dict[str, list[tuple[nodes.Definition, list[nodes.Expression]]]]:
        found: dict[str, list[tuple[nodes.Definition, list[nodes.Expression]]]] = {"and": [], "or": []}
        inner: dict[str, set[int]] = {
            "and": set(),
            "or": set(),
        }  # a chain comes before the shorter ones in it
        for definition, expr in self.written(nodes.Binary):
            if expr.op in found:  # a chain comes before the shorter ones in it
                inner[expr.op].update(id(ungrouped(side)) for side in (expr.left, expr.right))
                if id(expr) not in inner[expr.op]:
                    found[expr.op].append((definition, operands(expr, expr.op)))
        return found

    def chains(self, op: str) -> list[tuple[nodes.Definition, list[nodes.Expression]]]:
        """What stands between the `and` or `or` of each condition, the whole chain at once."""
        return self._chains[op]

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


def most(have: Sequence[object] | int, all_: int) -> bool:
    """Whether nearly all have something, so that one without it is an oversight: four of five, three at
    least."""
    count = have if isinstance(have, int) else len(have)
    return all_ >= 3 and count < all_ and count >= 0.8 * all_


def folded(word: str) -> str:
    """A word without what it may be written with or without: capitals, blanks and signs."""
    return _SIGNS.sub("", word.casefold())


def first_of(words: Iterable[str]) -> dict[str, str]:
    """Folded words to the first way in which they are written."""
    found: dict[str, str] = {}
    for word in words:
        found.setdefault(folded(word), word)
    return found
