"""What filters depend on, and how rows that no filter tells apart are put into one class.

A condition depends on its subjects: the columns or expressions that it compares with constants. Rows are
grouped by a value that stands for the subject's class: the subject itself where it has few values, else one
number for each band between the constants, or one of the texts that are mentioned. Such a value meets the
very same conditions as the rows that it stands for, so that a filter is asked of it unchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from math import inf, isinf, log2, nextafter
from typing import Literal as Word

from attrs import frozen

from kpidsl.model.rows import Apply, ColumnRef, Literal, Row, columns_of

_FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_EQUAL = frozenset(("=", "!=", "in", "missing"))
_FEW = 1_000
"""A subject of so many values is grouped by as it is: cheaper than to tell bands apart."""
_MANY_BANDS = 200
_LOOKED_UP = 8
"""As many comparisons take as long as to look up a text."""

Value = float | date
Cut = tuple[Value, bool]
"""A place between values: before a constant, or after it (True)."""


@frozen(cache_hash=True)
class Atom:
    """A part of a condition that compares one subject with constants; `op` is empty for anything else that
    is asked of the subject."""

    subject: Row
    whole: Row
    op: str = ""
    constants: tuple[float | str | bool | date | None, ...] = ()


@frozen(cache_hash=True)
class Key:
    """What rows are grouped by for the sake of conditions: `row` itself, the band of its value between
    `cuts`, its text where it is one of the `picked`; or, by `sections`, the band between the cuts of the
    row's text in `by`, between `cuts` where it is none of these, and between those of `absent` where it is
    missing. All of these cuts are before a value."""

    row: Row
    how: Word["raw", "bands", "picked", "sections"] = "raw"
    cuts: tuple[Cut, ...] = ()
    picked: tuple[str, ...] = ()
    by: Row | None = None
    sections: tuple[tuple[str, tuple[Cut, ...]], ...] = ()
    absent: tuple[Cut, ...] = ()

    @property
    def most(self) -> float:
        """How many classes there can be."""
        match self.how:
            case "bands":
                return len(self.cuts) + 2
            case "picked":
                return len(self.picked) + 2
            case "sections":
                return self.widest + 2
            case _:
                return inf

    @property
    def widest(self) -> int:
        """The most cuts of rows with a text."""
        return max(map(len, (self.cuts, *(cuts for _, cuts in self.sections))))

    @property
    def comparisons(self) -> float:
        """About how many comparisons tell the class of a row."""
        match self.how:
            case "bands":
                return log2(len(self.cuts) + 1) + 1
            case "picked":
                return len(self.picked) + 1
            case "sections":
                return _LOOKED_UP + log2(self.widest + 1) + 1
            case _:
                return 0 if isinstance(self.row, ColumnRef) else 1


def atoms(condition: Row) -> Iterator[Atom]:
    """The parts that a condition combines by `and`, `or` and `not`."""
    match condition:
        case Literal():
            return
        case Apply(op="and" | "or" | "not", args=args):
            for arg in args:
                yield from atoms(arg)
        case Apply(op="missing", args=(subject,)) if not isinstance(subject, Literal):
            yield Atom(subject, condition, "missing")
        case Apply(op="=" | "!=" | "<" | "<=" | ">" | ">=" as op, args=(subject, Literal(value=value))) if (
            not isinstance(subject, Literal)
        ):
            yield Atom(subject, condition, op, (value,))
        case Apply(op="=" | "!=" | "<" | "<=" | ">" | ">=" as op, args=(Literal(value=value), subject)):
            yield Atom(subject, condition, _FLIPPED[op], (value,))
        case Apply(op="in" | "between" as op, args=(subject, *others)) if not isinstance(subject, Literal):
            constants = tuple(other.value for other in others if isinstance(other, Literal))
            if len(constants) == len(others):
                yield Atom(subject, condition, op, constants)
            else:
                yield Atom(_only_column(condition), condition)
        case _:
            yield Atom(_only_column(condition), condition)


def _only_column(condition: Row) -> Row:
    """The column that a condition is about; of one about several columns the condition itself."""
    columns = columns_of(condition)
    return next(iter(columns)) if len(columns) == 1 else condition


def subjects(conditions: Iterable[Row]) -> dict[Row, tuple[Atom, ...]]:
    """What conditions depend on, and what they ask of it."""
    found: dict[Row, dict[Atom, None]] = {}
    for condition in conditions:
        for atom in atoms(condition):
            found.setdefault(atom.subject, {})[atom] = None
    return {subject: tuple(asked) for subject, asked in found.items()}


def keys(
    asked: Mapping[Row, tuple[Atom, ...]], values: Mapping[Row, float], *, coarse: bool = True
) -> tuple[Key, ...]:
    """What to group by, so that all rows of a group meet the same conditions.

    `values` says about how many values each subject has; unknown ones have many. A subject of few values is
    grouped by as it is, unless it is to be `coarse` and falls into fewer bands.
    """
    found: dict[Key, None] = {}
    for subject, about in asked.items():
        many, ways = values.get(subject, inf), _ways(subject, about)
        fewer = coarse and ways[0].how == "bands" and ways[0].most < many
        found.update(dict.fromkeys(ways if many > _FEW or fewer else [Key(subject)]))
    return tuple(found)


def _ways(subject: Row, about: tuple[Atom, ...]) -> list[Key]:
    """The coarsest classes that tell apart what is asked of a subject of many values."""
    cuts = cuts_of(subject, about)
    if cuts and len(cuts) <= _MANY_BANDS:
        return [Key(subject, "bands", cuts=cuts)]
    picked = picked_of(subject, about)
    if picked and subject.type.kind == "text":
        return [Key(subject, "picked", picked=picked)]
    return [Key(atom.whole) for atom in about]


def cuts_of(subject: Row, about: tuple[Atom, ...]) -> tuple[Cut, ...]:
    """The places that tell apart what is asked of a subject; none where there are no such places."""
    constants = [c for atom in about for c in atom.constants]
    if all(atom.op for atom in about) and _ordered(subject.type.kind, constants):
        return _cuts(about)
    return ()


def picked_of(subject: Row, about: tuple[Atom, ...]) -> tuple[str, ...]:
    """The texts that a column is compared with, where nothing else is asked of it."""
    constants = [c for atom in about for c in atom.constants]
    if not isinstance(subject, ColumnRef) or not all(atom.op in _EQUAL for atom in about):
        return ()
    if not all(isinstance(c, str) for c in constants):
        return ()
    return tuple(sorted({str(c) for c in constants}))


def _ordered(kind: str, constants: Iterable[object]) -> bool:
    """Whether the constants are places in the order of a subject."""
    if kind == "number":
        return all(type(constant) in (int, float) for constant in constants)
    return kind == "day" and all(type(constant) is date for constant in constants)


def _cuts(about: tuple[Atom, ...]) -> tuple[Cut, ...]:
    found: set[Cut] = set()
    for atom in about:
        values: list[Value] = [c for c in atom.constants if isinstance(c, int | float | date)]
        match atom.op:
            case "<" | ">=":
                found.add((values[0], False))
            case "<=" | ">":
                found.add((values[0], True))
            case "between":
                found |= {(values[0], False), (values[1], True)}
            case _:
                found |= {(value, after) for value in values for after in (False, True)}
    return tuple(sorted(found))


def representatives(cuts: tuple[Cut, ...]) -> list[Value]:
    """A value in each of the bands that cuts make, from the lowest band to the highest.

    A band that is too narrow for any value has the constant above it: no row is ever there.
    """
    found = [cuts[0][0] if cuts[0][1] else _beyond(cuts[0][0], -1)]
    for (low, after), (high, upto) in pairwise(cuts):
        found.append(low if not after else high if upto else _between(low, high))
    return [*found, _beyond(cuts[-1][0], 1) if cuts[-1][1] else cuts[-1][0]]


def edge(cut: Cut) -> Value | None:
    """The value that a cut is before, or that comes next after it; None at the end of its kind."""
    value, after = cut
    if not after:
        return value
    if isinstance(value, date):
        return None if value == date.max else value + timedelta(days=1)
    above = nextafter(value, inf)
    return None if isinf(above) else above


def below(value: Value) -> Value:
    """A value below another one; itself at the end of its kind, where no row can be."""
    return _beyond(value, -1)


def unlike(texts: Collection[str]) -> str:
    """A text that is none of some."""
    return "~" + max(texts, key=len, default="")


def _between(low: Value, high: Value) -> Value:
    if isinstance(low, date) or isinstance(high, date):
        assert isinstance(low, date)
        return low + timedelta(days=1)
    middle = low / 2 + high / 2
    return middle if low < middle < high else nextafter(low, inf)


def _beyond(value: Value, side: int) -> Value:
    """A value on a side of a constant; the constant itself at the end of its kind, where no row can be."""
    if isinstance(value, date):
        edge = date.min if side < 0 else date.max
        return value if value == edge else value + timedelta(days=side)
    beyond = value + side * max(1.0, abs(value))
    if isinf(beyond):
        beyond = nextafter(value, side * inf)
    return value if isinf(beyond) else beyond
