"""Bands that depend on a text: of a number or day only the places where it matters to rows with that text.

Of `page = "a" and spend > 5` and `page = "b" and spend > 7`, rows of page a are told apart at 5 and rows of
page b at 7; all others meet neither. So a filter costs the cells of its own texts, not of all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from attrs import define, field, frozen

from kpidsl.evaluate.classes import Atom, Cut, Key, Value, atoms, cuts_of, edge, keys, picked_of, unlike
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
    """What a condition asks of rows with each text that it mentions, with any other one and with none."""

    told: Mapping[str, frozenset[Atom]]
    rest: frozenset[Atom]
    absent: frozenset[Atom]


Places = frozenset[Value | None]
"""The values that cuts are before, all cuts told by the value that comes next; None where there is none."""


@define(eq=False)
class Sections:
    """Remembers what was found of each condition: clusters are looked at in many combinations.

    `kind` says what a column holds, also where its source does not declare it.
    """

    kind: Callable[[Row], str]
    _known: dict[tuple[Row, Row], _Asked] = field(factory=dict, init=False)
    _places: dict[Atom, Places] = field(factory=dict, init=False)

    def ways(
        self,
        conditions: Sequence[Row],
        asked: Mapping[Row, tuple[Atom, ...]],
        values: Mapping[Row, float],
    ) -> Iterator[tuple[Key, ...]]:
        """Keys with which all rows of a group meet the same conditions, for each text that bands may depend
        on."""
        whole = {subject: len(cuts) for subject, about in asked.items() if (cuts := cuts_of(subject, about))}
        for text, about in asked.items():
            picked = picked_of(text, about)
            if not whole or not 0 < len(picked) <= _MOST_TEXTS or self.kind(text) != "text":
                continue
            by = self._keys([self._asked(each, text) for each in conditions], text, picked, whole)
            if by:
                others = {subject: atoms for subject, atoms in asked.items() if subject not in by}
                for coarse in (False, True):
                    yield *keys(others, values, coarse=coarse), *by.values()

    def _keys(
        self, asked: Sequence[_Asked], text: Row, picked: Collection[str], whole: Mapping[Row, int]
    ) -> dict[Row, Key]:
        """Bands by text of those subjects for which they are few, given their cuts for all rows alike."""
        every = Counter(atom for each in asked for atom in each.rest)
        absent = frozenset[Atom]().union(*(each.absent for each in asked))
        few = {
            subject: min(_MOST_CUTS, (cuts + 1) / WORTH - 1 if WORTH else _MOST_CUTS)
            for subject, cuts in whole.items()
        }
        # What most texts have in common is told first: where that is too much, nothing else is looked at.
        few = {subject: most for subject, most in few.items() if len(self._at(subject, every)) <= most}
        if not few:
            return {}
        told = _told(asked, {atom: n for atom, n in every.items() if atom.subject in few}, picked)
        found = {}
        for subject, most in few.items():
            sections = {each: self._at(subject, about) for each, about in told.items()}
            others, none = self._at(subject, every), self._at(subject, absent)
            if max(map(len, sections.values())) <= most and None not in none.union(
                others, *sections.values()
            ):
                known = tuple((each, _cuts(places)) for each, places in sorted(sections.items()))
                found[subject] = Key(
                    subject, "sections", cuts=_cuts(others), by=text, sections=known, absent=_cuts(none)
                )
        return found

    def _at(self, subject: Row, about: Iterable[Atom]) -> Places:
        """The places of a subject that atoms ask for."""
        found: list[Places] = []
        for atom in about:
            if atom.subject == subject:
                if atom not in self._places:
                    self._places[atom] = frozenset(map(edge, cuts_of(subject, (atom,))))
                found.append(self._places[atom])
        return frozenset[Value | None]().union(*found)

    def _asked(self, condition: Row, text: Row) -> _Asked:
        if (condition, text) not in self._known:
            mentioned = {str(c) for atom in atoms(condition) if atom.subject == text for c in atom.constants}
            told = {each: _atoms(left(condition, text, each)) for each in mentioned}
            rest, absent = (_atoms(left(condition, text, each)) for each in (unlike(mentioned), None))
            self._known[condition, text] = _Asked(told, rest, absent)
        return self._known[condition, text]


def _told(
    asked: Sequence[_Asked], every: Mapping[Atom, int], picked: Collection[str]
) -> dict[str, set[Atom]]:
    """What is asked of rows with each text: what conditions that mention it ask then, and what all others ask
    of any text. `every` says how many ask an atom of any text."""
    own: dict[str, set[Atom]] = {each: set() for each in picked}
    gone: dict[str, Counter[Atom]] = {each: Counter() for each in picked}
    for one in asked:
        for each, about in one.told.items():
            own[each] |= about
            gone[each].update(one.rest)
    return {each: own[each].union(a for a, n in every.items() if n > gone[each][a]) for each in picked}


def _cuts(places: Places) -> tuple[Cut, ...]:
    return tuple((value, False) for value in sorted(value for value in places if value is not None))


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
