"""Rows of data with values that tell nothing of anybody.

Days stay; of moments the day and the order. Texts and identities are numbered, but for those that a condition
of the KPI names, which its specs have anyway. Numbers become small whole ones in the order of their size.
Only what a condition looks at otherwise, as a number against a limit or a part of a text, stays as it is, for
that is what the test is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from kpidsl.graph import Graph, Kpi
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row, gathers_of, read_by
from kpidsl.testing.conditions import conditions

if TYPE_CHECKING:
    from kpidsl.evaluate.pick import Picked
    from kpidsl.model.sources import ColumnSpec

_THINGS = ("identity", "text", "unknown")
_TIMES = ("moment", "time")
_COMPARED = frozenset(("=", "!=", "<", "<=", ">", ">=", "in", "between"))
_NAMED = frozenset(("=", "!=", "in"))
_STEPS = (10, 4, 5, 2)
"""Numbers of different columns go up by different steps, so that one cannot be taken for the other."""

Looked = dict[tuple[str, str], frozenset[str] | None]
"""The columns that conditions look at, with the texts that these name; None if any value may matter."""
Rows = list[tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]]
"""Source, columns, and rows of texts."""


def anonymous(picked: Iterable[Picked], kpi: Kpi, graph: Graph) -> Rows:
    """The rows with other values. The same value becomes the same one, wherever columns identify the same
    thing or are linked."""
    several = list(picked)
    groups = _Groups(graph)
    looked: dict[str, frozenset[str] | None] = {}
    for (source, name), texts in looked_at(kpi, graph).items():
        group = groups.of(source, name)
        looked[group] = _both(looked.get(group, frozenset()), texts)
    values: dict[str, dict[str, None]] = {}
    words: dict[str, str] = {}
    moments: dict[str, None] = {}
    fixed = False
    for one in several:
        for n, column in enumerate(one.columns):
            group = groups.of(one.source, column.name)
            cells = {row[n]: None for row in one.rows if row[n]}
            values.setdefault(group, {}).update(cells)
            if column.type.thing or group not in words:
                words[group] = column.type.thing or column.name
            if column.type.kind in _TIMES and any(":" in cell for cell in cells):
                moments |= cells
                fixed = fixed or looked.get(group, frozenset()) is None
    shifted = {} if fixed else _shifted(moments)
    found = []
    for one in several:
        ways: list[Mapping[str, str]] = []
        steps = _STEPS
        for column in one.columns:
            group = groups.of(one.source, column.name)
            kept = looked.get(group, frozenset())
            if column.type.kind in _TIMES:
                ways.append(shifted)
            elif kept is not None and column.type.kind in _THINGS:
                ways.append(_numbered(values[group], words[group], kept))
            elif group not in looked and column.type.kind == "number":
                step, steps = steps[0], (*steps[1:], steps[0])
                ways.append(_ranked(values[group], step))
            else:
                ways.append({})
        rows = tuple(
            tuple(way.get(cell, cell) for way, cell in zip(ways, row, strict=True)) for row in one.rows
        )
        found.append((one.source, tuple(column.name for column in one.columns), rows))
    return found


def _numbered(values: Iterable[str], word: str, kept: frozenset[str]) -> dict[str, str]:
    """Texts by what they are and in the order in which they come; not those that are kept."""
    others = (value for value in values if value not in kept)
    names = (name for n in range(1, 10**9) if (name := f"{word} {n}") not in kept)
    return dict(zip(others, names, strict=False))


def _ranked(values: Iterable[str], step: int) -> dict[str, str]:
    """Whole numbers in the order of the values; 0 stays 0, for it can be what a formula divides by."""
    ranked = sorted({float(value) for value in values} - {0.0})
    below = sum(value < 0 for value in ranked)
    places = {value: n - below + (n >= below) for n, value in enumerate(ranked)} | {0.0: 0}
    return {cell: str(step * places[float(cell)]) for cell in values}


def _shifted(moments: Iterable[str]) -> dict[str, str]:
    """Moments at the first minutes of their days, in their order; midnight stays what it is."""
    found: dict[str, str] = {}
    for day, several in groupby(sorted(moments), key=lambda moment: moment[:10]):
        later = [moment for moment in several if ":" in moment]
        found |= {moment: f"{day} {n // 60:02}:{n % 60:02}" for n, moment in enumerate(later, 1)}
    return found


# -- what conditions look at ---------------------------------------------------------------------------------


def looked_at(kpi: Kpi, graph: Graph) -> Looked:
    """The columns that the conditions of a KPI look at, also by way of computed ones, and those that have a
    scale."""
    stack = [(one.source, *seen) for one in conditions(kpi) for seen in _looks(one.row)]
    stack += [
        (name, *seen) for name, spec in graph.sources.items() for row in spec.scales for seen in _looks(row)
    ]
    found: Looked = {}
    done: set[tuple[str, ColumnRef, frozenset[str] | None]] = set()
    while stack:
        at = stack.pop()
        if at in done:
            continue
        done.add(at)
        source, ref, texts = at
        home = ref.via[-1] if ref.via else source
        found[home, ref.name] = _both(found.get((home, ref.name), frozenset()), texts)
        column = graph.sources[home].column(ref.name) if home in graph.sources else None
        if column is not None and column.value is not None:
            stack += [(home, *seen) for seen in _looks(column.value)]
            stack += [(g.source, below, None) for g in gathers_of(column.value) for below in read_by(g)]
    return found


def _looks(row: Row) -> Iterator[tuple[ColumnRef, frozenset[str] | None]]:
    """The columns in an expression, with the texts that they are held against; None where that is not all.
    Days that moments are held against name nothing, for these stay on their days."""
    match row:
        case Apply(op="missing", args=(ColumnRef() as ref,)):
            yield ref, frozenset()
        case Apply(op=op, args=args) if op in _COMPARED:
            refs = [arg for arg in args if isinstance(arg, ColumnRef)]
            values = [arg.value for arg in args if isinstance(arg, Literal)]
            if len(refs) != 1 or len(refs) + len(values) != len(args):
                yield from (seen for arg in args for seen in _looks(arg))
            elif op in _NAMED and all(isinstance(value, str) for value in values):
                yield refs[0], frozenset(map(str, values))
            else:
                days = refs[0].type.kind in _TIMES and all(isinstance(value, date) for value in values)
                yield refs[0], frozenset() if days else None
        case Apply(args=args):
            yield from (seen for arg in args for seen in _looks(arg))
        case ColumnRef():
            yield row, None
        case Gather() | Literal():
            return


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other


class _Groups:
    """Columns that have their values in common: those of links, identities of the same thing."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._leads: dict[str, str] = {}
        for name, spec in graph.sources.items():
            for link in spec.links:
                self._join(self._own(name, link.column), self._own(link.target, link.far))

    def of(self, source: str, name: str) -> str:
        """What a column shares with those of its group."""
        return self._end(self._own(source, name))

    def _own(self, source: str, name: str) -> str:
        thing = column.type.thing if (column := self._column(source, name)) is not None else None
        return f"id of {thing}" if thing else f"{source} {name}"

    def _column(self, source: str, name: str) -> ColumnSpec | None:
        return self._graph.sources[source].column(name) if source in self._graph.sources else None

    def _join(self, one: str, other: str) -> None:
        ends = self._end(one), self._end(other)
        if ends[0] != ends[1]:
            self._leads[ends[0]] = ends[1]

    def _end(self, group: str) -> str:
        while group in self._leads:
            group = self._leads[group]
        return group
