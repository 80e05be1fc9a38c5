"""Two projects compared by what they mean.

What has the same name is the same thing; what is gone is looked for among what is new, by its meaning. Each
definition is taken apart into facts, and facts that do not mean the same are changes. What is written
differently and means the same is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import cast

from attrs import evolve

from kpidsl.diff import checks, milestones, others, promises, relations
from kpidsl.diff.changes import Category, Change, Direction
from kpidsl.diff.directions import direction, unmoved
from kpidsl.diff.facts import Fact, Facts, View
from kpidsl.diff.pairs import Pair, essence, facts_of, meant, pairs, views
from kpidsl.diff.sentences import Altered, added, changed, moved, removed, renamed, replaced
from kpidsl.graph import Graph, Kpi
from kpidsl.needed import needed

_HERE = Path("/")
_EXPOSED = ("kpi", "objective")
"""What others rely on by its name."""


def compare(
    old: Graph,
    new: Graph,
    *,
    bases: tuple[Path, Path] = (_HERE, _HERE),
    lost: frozenset[str] = frozenset(),
    as_of: date | None = None,
) -> tuple[Change, ...]:
    """Every change from one project to another, the KPIs first, in the order of the specs.

    `bases`: what paths of files are told from. `lost`: names that could not be compiled on one of the sides,
    of which nothing is said. `as_of` says whether a promise that is loosened is being kept already.
    """
    before, after = views(old, new, bases, lost)
    every = pairs(before, after, lost)
    apart = [_taken_apart(pair, before, after) for pair in every if not _alike(pair, before, after)]
    altered = Altered(frozenset(_altered(apart)))
    return tuple(change for pair in apart for change in _changes(pair, before, after, altered, as_of))


def dependents(changes: Iterable[Change], graph: Graph) -> frozenset[str]:
    """The KPIs of a project of which a number or a verdict may be another one: those that have a change
    that is not only said, and those that read a source that has one."""
    weighty = [change for change in changes if change.category > Category.DOC]
    found = {change.name for change in weighty if change.kind == "kpi"}
    sources = {change.name for change in weighty if change.kind == "source"}
    everywhere = any(change.kind == "calendar" and change.aspect == "time zone" for change in weighty)
    for kpi in graph.kpis.values() if sources or everywhere else ():
        if everywhere or needed(graph, [kpi]).sources.keys() & sources:
            found.add(kpi.name)
    return frozenset(found & graph.kpis.keys())


# -- what is different -------------------------------------------------------------------------------


def _alike(pair: Pair, before: View, after: View) -> bool:
    """Whether it is seen at once that nothing is different."""
    old, new = pair.old, pair.new
    if old is None or new is None or pair.was is not None:
        return False
    match pair.kind:
        case "kpi":
            said = bool(old.about == new.about and old.title == new.title)
            return said and old.hash == new.hash and not before.sources
        case "measure":
            same = before.meaning.node(old.node) == after.meaning.node(new.node)
            return same and bool(old.title == new.title)
        case "source":
            return bool(old == new) and before.base == after.base
        case _:
            return False


def _taken_apart(pair: Pair, before: View, after: View) -> Pair:
    if pair.old is None or pair.new is None:
        return pair
    one, other = facts_of(pair.kind, pair.old, before), facts_of(pair.kind, pair.new, after)
    if pair.kind == "source":
        one, other = checks.aligned(one, other)
    elif pair.kind == "kpi":
        one, other = milestones.aligned(one, other, pair.old, pair.new)
    return evolve(pair, one=one, other=other)


def _altered(apart: Iterable[Pair]) -> Iterator[str]:
    """The names that formulas may contain and that mean something else than before."""
    for pair in apart:
        one, other = pair.one, pair.other
        if pair.kind == "source":
            columns = {aspect for aspect in one.keys() & other.keys() if aspect.startswith("column ")}
            yield from (a.removeprefix("column ") for a in columns if one[a].meant != other[a].meant)
        elif pair.kind != "objective" and _computed(one) != _computed(other):
            yield pair.name


def _computed(facts: Facts) -> str:
    return essence({aspect: facts[aspect] for aspect in ("formula", "value", "days") if aspect in facts})


def _changes(pair: Pair, before: View, after: View, altered: Altered, as_of: date | None) -> Iterator[Change]:
    """The changes of one definition, the heaviest first."""
    if pair.old is None:
        yield _added(pair, before, after)
        return
    if pair.new is None:
        yield _removed(pair, as_of)
        return
    found: list[Change] = []
    if pair.was is not None:
        change = _change(pair, "renamed", Category.NAME, pair.was, pair.name, renamed(pair.was))
        found.append(evolve(change, breaking=pair.kind in _EXPOSED and _firm(pair)))
    for aspect in dict.fromkeys((*pair.other, *pair.one)):
        facts = pair.one.get(aspect), pair.other.get(aspect)
        if facts[0] is None or facts[1] is None or facts[0].meant != facts[1].meant:
            change = _differs(pair, aspect, facts, (before, after), altered)
            found.append(change if as_of is None else _loud(change, pair, as_of))
    yield from sorted(found, key=lambda change: -change.category)


def _differs(
    pair: Pair,
    aspect: str,
    facts: tuple[Fact | None, Fact | None],
    sides: tuple[View, View],
    altered: Altered,
) -> Change:
    old, new = facts
    known = cast(Fact, new or old)
    way = _direction(pair, aspect, old, new)
    said = changed(pair.kind, aspect, facts, (pair.old, pair.new), sides, way, altered)
    return evolve(
        _change(pair, aspect, known.category, old.said if old else None, new.said if new else None, said),
        direction=way,
        breaking=_breaks(pair, aspect, facts, way),
        moved=moved() if way == "loosened" and _firm(pair) and pair.kind in _EXPOSED else None,
        meant=(old.meant if old else "", new.meant if new else ""),
    )


def _direction(pair: Pair, aspect: str, old: Fact | None, new: Fact | None) -> Direction | None:
    if cast(Fact, new or old).category is not Category.TARGET:
        return None
    match pair.kind:
        case "kpi":
            return direction(aspect, old, new, pair.old, pair.new) if _judged(pair) else None
        case "objective":
            return others.objective_direction(aspect, old, new, pair.old, pair.new)
        case "source":
            return relations.direction(old, new)
        case _:
            return None


def _judged(pair: Pair) -> bool:
    """Whether anything is promised, on one of the sides."""
    return pair.kind != "kpi" or promises.judged(pair.old) or promises.judged(pair.new)


def _unmoved(pair: Pair, aspect: str, facts: tuple[Fact | None, Fact | None]) -> bool:
    """Whether a promise is only put in another way."""
    return pair.kind == "kpi" and unmoved(aspect, *facts, pair.old, pair.new)


def _firm(pair: Pair) -> bool:
    """Whether others may rely on it: a draft is free to change."""
    return not (isinstance(pair.old, Kpi) and pair.old.about.draft)


def _breaks(pair: Pair, aspect: str, facts: tuple[Fact | None, Fact | None], way: Direction | None) -> bool:
    """What is tightened or new, what is only said and what is never judged breaks nothing."""
    old, new = facts
    known = cast(Fact, new or old)
    target = known.category is Category.TARGET
    if not known.weighs or known.category is Category.DOC or way == "tightened" or not _firm(pair):
        return False
    if new is None and aspect.startswith("column "):
        return False  # a KPI that needs it cannot do without it
    if target and (not _judged(pair) or _unmoved(pair, aspect, facts)):
        return False
    if way == "loosened" or old is not None or target:
        return pair.kind != "objective" or way is not None or old is not None
    return pair.kind == "source" and not aspect.startswith(("column ", "belonging ", "channel"))


def _added(pair: Pair, before: View, after: View) -> Change:
    said = added()
    if pair.kind == "kpi":
        means = meant("kpi", after)
        former = next(
            (
                kpi for name, kpi in after.graph.kpis.items()
                if kpi.about.deprecated_use == pair.name and name in before.graph.kpis
                and means(kpi) == means(pair.new)
            ),
            None,
        )  # fmt: skip
        said = replaced(former) if former is not None else said
    return _change(pair, "added", Category.NAME, None, pair.name, said)


def _removed(pair: Pair, as_of: date | None) -> Change:
    """What was said to go may go, once the day until which it was to stay is over."""
    said, due = removed(), False
    if pair.kind == "kpi" and pair.old.about.deprecated:
        until = pair.old.about.deprecated_until
        due = until is None or as_of is None or as_of > until
        said = removed(pair.old, due=due)
    change = _change(pair, "removed", Category.NAME, pair.name, None, said)
    return evolve(change, breaking=pair.kind in _EXPOSED and _firm(pair) and not due)


def _change(
    pair: Pair, aspect: str, category: Category, old: str | None, new: str | None, said: str
) -> Change:
    one = pair.new if pair.new is not None else pair.old
    return Change(
        pair.kind,
        pair.name,
        aspect,
        category,
        old,
        new,
        said,
        title=getattr(one, "title", None),
        span=getattr(one, "span", None),
        meant=(old or "", new or ""),
    )


def _loud(change: Change, pair: Pair, as_of: date) -> Change:
    """That the goalposts are moved, louder once the promise is being judged."""
    if change.moved is None or not isinstance(pair.old, Kpi):
        return change
    promise = pair.old.promise
    start = promise.start or min((window.start for window, _ in promise.levels), default=None)
    said = moved(as_of, start, promise.deadline)
    return evolve(change, moved=said, loud=start is None or as_of >= start)
