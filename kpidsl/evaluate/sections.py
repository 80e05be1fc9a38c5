"""Bands that depend on a text: of a number or day only the places where it matters to rows with that text.

Of `page = "a" and spend > 5` and `page = "b" and spend > 7`, rows of page a are told apart at 5 and rows of
page b at 7; all others meet neither. So a filter costs the cells of its own texts, not of all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from attrs import define, field, frozen

from kpidsl.evaluate.classes import Atom, Cut, Key, atoms, cuts_of, edge, keys, picked_of, unlike
from kpidsl.model.rows import Apply, Literal, Row

_MOST_TEXTS = 5_000
"""Texts that are written out."""
_MOST_CUTS = 64
"""Places in one section: each is a column of what is written out."""
WORTH = 2.0
"""Bands by text are looked at where they are so many times fewer than for all rows alike."""

Left = bool | frozenset[Atom]
"""What is left of a condition for rows of which the text is known: whether it holds, or what it asks then."""


@frozen
class _Asked:
    """What a condition asks, or several do, of rows with each text that is mentioned, with any other one and
    with none."""

    told: Mapping[str, frozenset[Atom]]
    rest: frozenset[Atom]
    absent: frozenset[Atom]


@define(eq=False)
class Sections:
    """Remembers what was found of each condition: clusters are looked at in many combinations.

    `kind` says what a column holds, also where its source does not declare it.
    """

    kind: Callable[[Row], str]

    _known: dict[tuple[Row, Row], _Asked] = field(factory=dict, init=False)

    def ways(
        self,
        conditions: Sequence[Row],
        asked: Mapping[Row, tuple[Atom, ...]],
        values: Mapping[Row, float],
    ) -> Iterator[tuple[Key, ...]]:
        """Keys with which all rows of a group meet the same conditions, for each text that bands may depend
        on."""
        whole = {subject: cuts for subject, about in asked.items() if (cuts := cuts_of(subject, about))}
        for text, about in asked.items():
            picked = picked_of(text, about)
            if not whole or not 0 < len(picked) <= _MOST_TEXTS or self.kind(text) != "text":
                continue
            found = self._together(conditions, text, picked)
            by = {s: key for s, cuts in whole.items() if (key := _key(s, text, found, len(cuts)))}
            if by:
                others = {subject: atoms for subject, atoms in asked.items() if subject not in by}
                for coarse in (False, True):
                    yield *keys(others, values, coarse=coarse), *by.values()

    def _together(self, conditions: Sequence[Row], text: Row, picked: Collection[str]) -> _Asked:
        every: Counter[Atom] = Counter()
        own: dict[str, set[Atom]] = {each: set() for each in picked}
        gone: dict[str, Counter[Atom]] = {each: Counter() for each in picked}
        absent: set[Atom] = set()
        for condition in conditions:
            found = self._asked(condition, text)
            absent |= found.absent
            every.update(found.rest)
            for each, about in found.told.items():
                own[each] |= about
                gone[each].update(found.rest)
        told = {
            each: frozenset(own[each].union(a for a, n in every.items() if n > gone[each][a]))
            for each in picked
        }
        return _Asked(told, frozenset(every), frozenset(absent))

    def _asked(self, condition: Row, text: Row) -> _Asked:
        if (condition, text) not in self._known:
            mentioned = {str(c) for atom in atoms(condition) if atom.subject == text for c in atom.constants}
            told = {each: _atoms(left(condition, text, each)) for each in mentioned}
            rest, absent = (_atoms(left(condition, text, each)) for each in (unlike(mentioned), None))
            self._known[condition, text] = _Asked(told, rest, absent)
        return self._known[condition, text]


def _atoms(found: Left) -> frozenset[Atom]:
    return frozenset() if isinstance(found, bool) else found


def left(condition: Row, subject: Row, text: str | None, *, holds: bool = True) -> Left:
    """What a condition still asks when its subject is a text, or missing: whether it holds for all such rows
    or for none, else the atoms that decide.

    What a missing value makes unknown counts as not holding, and below `not` as holding: `holds` says which
    of the two is looked for. The result is the same, for `and` and `or` only ever go along.
    """
    match condition:
        case Literal():
            return frozenset()
        case Apply(op="and" | "or" as op, args=args):
            found = [left(arg, subject, text, holds=holds) for arg in args]
            decides = op == "or"
            if any(each is decides for each in found):
                return decides
            undecided = [each for each in found if not isinstance(each, bool)]
            return frozenset[Atom]().union(*undecided) if undecided else not decides
        case Apply(op="not", args=(arg,)):
            within = left(arg, subject, text, holds=not holds)
            return not within if isinstance(within, bool) else within
    [atom] = atoms(condition)
    return _met(atom, text, holds) if atom.subject == subject else frozenset((atom,))


def _met(atom: Atom, text: str | None, holds: bool) -> bool:
    """Whether a text meets an atom that asks for equal texts."""
    if atom.op == "missing" or text is None:
        return text is None and (atom.op == "missing" or not holds)
    return (text in atom.constants) != (atom.op == "!=")


def _key(subject: Row, text: Row, found: _Asked, whole: int) -> Key | None:
    """Bands of a subject by text; None where they are hardly fewer than those for all rows alike."""
    sections = {each: _edges(subject, about) for each, about in found.told.items()}
    rest, absent = _edges(subject, found.rest), _edges(subject, found.absent)
    if rest is None or absent is None:
        return None
    known = tuple((each, edges) for each, edges in sorted(sections.items()) if edges is not None)
    key = Key(subject, "sections", cuts=rest, by=text, sections=known, absent=absent)
    few = key.widest <= _MOST_CUTS and (key.widest + 1) * WORTH <= whole + 1
    return key if few and len(known) == len(sections) else None


def _edges(subject: Row, about: Collection[Atom]) -> tuple[Cut, ...] | None:
    """The places, all of them before a value; None where there is no value for one."""
    found = [edge(cut) for cut in cuts_of(subject, tuple(a for a in about if a.subject == subject))]
    values = sorted({value for value in found if value is not None})
    return None if None in found else tuple((value, False) for value in values)
