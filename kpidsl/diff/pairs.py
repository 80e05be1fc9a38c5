"""What of two projects is the same thing: what has the same name, and else what means the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from kpidsl.diff import others, promises, relations
from kpidsl.diff.changes import Category, Kind
from kpidsl.diff.facts import Facts, View, view
from kpidsl.graph import Graph

Meant = Callable[[Any], str]
"""What a definition means, as a text."""


@frozen(eq=False)
class Pair:
    """One definition on both sides; None where it is not."""

    kind: Kind
    name: str
    old: Any
    new: Any
    was: str | None = None
    """The name that it had, where that is another."""
    one: Facts = field(factory=dict)
    other: Facts = field(factory=dict)
    """What it said and says, where it is on both sides."""


def views(old: Graph, new: Graph, bases: tuple[Path, Path], lost: frozenset[str]) -> tuple[View, View]:
    """Both projects, the old one with the new names of what is renamed."""
    before, after = view(old, bases[0], {}, {}), view(new, bases[1], {}, {})
    sources = renamed(old.sources, new.sources, lost, meant("source", before), meant("source", after))
    before = view(old, bases[0], sources, {})
    kpis = renamed(old.kpis, new.kpis, lost, meant("kpi", before), meant("kpi", after))
    return view(old, bases[0], sources, kpis), after


def pairs(before: View, after: View, lost: frozenset[str]) -> Iterator[Pair]:
    """Every definition, in the order of the new side, then what is gone."""
    old, new = before.graph, after.graph
    measures = renamed(
        old.measures, new.measures, lost,
        lambda one: before.meaning.node(one.node), lambda one: after.meaning.node(one.node),
    )  # fmt: skip
    objectives = renamed(
        old.objectives, new.objectives, lost, meant("objective", before), meant("objective", after)
    )
    yield from _both("kpi", old.kpis, new.kpis, before.kpis, lost)
    yield from _both("objective", old.objectives, new.objectives, objectives, lost)
    yield from _both("measure", old.measures, new.measures, measures, lost)
    yield from _both("constant", old.constants, new.constants, {}, lost)
    yield from _both("source", old.sources, new.sources, before.sources, lost)
    periods, named = ({one.word: one for one in graph.calendar.named} for graph in (old, new))
    yield from _both("period", periods, named, {}, lost)
    yield Pair("calendar", "calendar", old.calendar, new.calendar)


def facts_of(kind: Kind, one: Any, side: View) -> Facts:
    """What a definition says."""
    match kind:
        case "kpi":
            return promises.facts(one, side)
        case "objective":
            return others.objective_facts(one, side)
        case "measure":
            return others.measure_facts(one, side)
        case "constant":
            return others.constant_facts(one, side)
        case "source":
            return relations.facts(one, side)
        case "period":
            return others.period_facts(one, side)
        case "calendar":
            return others.calendar_facts(one, side)


def essence(facts: Facts) -> str:
    """What is meant, without what is only said."""
    kept = (f"{aspect}: {fact.meant}" for aspect, fact in facts.items() if fact.category > Category.DOC)
    return "\n".join(sorted(kept))


def meant(kind: Kind, side: View) -> Meant:
    """What a definition means, on one of the sides."""
    return lambda one: essence(facts_of(kind, one, side))


def renamed(
    old: Mapping[str, Any], new: Mapping[str, Any], lost: frozenset[str], meant: Meant, means: Meant
) -> dict[str, str]:
    """Old names to new ones, of what is gone and has come again under another name: it means the same. Of
    several that do, those with the same title go together first, then in the order of their names."""
    gone = {name: one for name, one in old.items() if name not in new and name not in lost}
    come = {name: one for name, one in new.items() if name not in old and name not in lost}
    found: dict[str, str] = {}
    for titled in (True, False) if gone and come else ():
        left = _groups(gone, found.keys(), meant, titled)
        right = _groups(come, found.values(), means, titled)
        for key in left.keys() & right.keys():
            found |= dict(zip(left[key], right[key], strict=False))
    return found


def _groups(
    items: Mapping[str, Any], but: Iterable[str], meant: Meant, titled: bool
) -> dict[tuple[str, str | None], list[str]]:
    """Names by what is meant by them, each group in order."""
    found: dict[tuple[str, str | None], list[str]] = {}
    for name in sorted(items.keys() - set(but)):
        key = meant(items[name]), items[name].title if titled else None
        found.setdefault(key, []).append(name)
    return found


def _both(
    kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[str, str], lost: frozenset[str]
) -> Iterator[Pair]:
    """In the order of the new side, then what is gone."""
    former = {name: was for was, name in names.items()}
    for name, one in new.items():
        if name not in lost:
            was = former.get(name)
            yield Pair(kind, name, old.get(was or name), one, was)
    for name, one in old.items():
        if name not in lost and name not in new and name not in names:
            yield Pair(kind, name, one, None)
