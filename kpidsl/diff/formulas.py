"""What is different about a formula, in clauses: `refunds no longer subtracted`.

Sums are compared term by term, products factor by factor, aggregations by what they aggregate and which rows
they keep. Where only one part differs, the clause is about that part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from attrs import evolve, frozen

from kpidsl.diff.facts import View, number
from kpidsl.graph import (
    Aggregate,
    Assumed,
    Combine,
    Constant,
    Default,
    Node,
    Rolling,
    Running,
    Share,
    Shift,
    Told,
)
from kpidsl.model.rows import Apply, Row
from kpidsl.render import words

_MOST = 4
"""Clauses; what takes more is better read as two formulas."""
Part = tuple[bool, Node]
"""A term or factor, and whether it is added or multiplied, rather than subtracted or divided by."""
Item = TypeVar("Item")


def told(old: Node, new: Node, before: View, after: View) -> list[str]:
    """The clauses; none where the formulas are better shown side by side."""
    found = list(dict.fromkeys(_Teller(before, after).clauses(old, new)))
    whole = found == [_instead(_said(old, before), _said(new, after))]
    return [] if whole or len(found) > _MOST else found


@frozen(eq=False)
class _Teller:
    """Compares parts of an old formula with parts of a new one."""

    before: View
    after: View

    def clauses(self, old: Node, new: Node) -> list[str]:
        """What is different; at least one clause where anything is."""
        if self._same(old, new):
            return []
        match old, new:
            case Aggregate(), Aggregate():
                found = self._aggregates(old, new)
            case (
                (Told(node=a), Told(node=b))
                | (Running(node=a), Running(node=b))
                | (
                    Share(node=a),
                    Share(node=b),
                )
            ):
                found = self.clauses(a, b)
            case Assumed(), Assumed():
                found = []
            case Shift() | Rolling() | Default(), Shift() | Rolling() | Default():
                found = self._wrapped(old, new)
            case _:
                found = self._arithmetic(old, new)
        return found or [_instead(*self._both(old, new))]

    def _same(self, old: Node, new: Node) -> bool:
        return self.before.meaning.node(old) == self.after.meaning.node(new)

    def _both(self, old: Node, new: Node) -> tuple[str, str]:
        return _said(old, self.before), _said(new, self.after)

    # -- arithmetic ------------------------------------------------------------------------------

    def _arithmetic(self, old: Node, new: Node) -> list[str]:
        """Term by term, else factor by factor, where they have something in common."""
        for op, parts, gone, come, other in (
            ("+-", _terms, _NO_TERM, _TERM, _OTHER_TERM),
            ("*/", _factors, _NO_FACTOR, _FACTOR, _OTHER_FACTOR),
        ):
            if not (_is(old, op) or _is(new, op)):
                continue
            first, last = parts(old), parts(new)
            lost, found = self._apart(first, last)
            if len(lost) == len(first) and len(found) == len(last) and len(first) != len(last):
                continue  # nothing in common
            if len(lost) == len(found) and [sign for sign, _ in lost] == [sign for sign, _ in found]:
                return self._pairs(lost, found, other)
            if len(lost) < len(first) or len(found) < len(last):
                before, after = self.before, self.after
                said = [gone[sign].format(_said(node, before)) for sign, node in lost]
                return said + [come[sign].format(_said(node, after)) for sign, node in found]
        return []

    def _pairs(self, lost: Sequence[Part], found: Sequence[Part], other: dict[bool, str]) -> list[str]:
        """Parts that stand in each other's place."""
        said = []
        for (sign, old), (_, new) in zip(lost, found, strict=True):
            inner = self.clauses(old, new)
            a, b = self._both(old, new)
            plain = a != b and inner == [_instead(a, b)]
            said += [other[sign].format(new=b, old=a)] if plain else inner
        return said

    def _apart(self, old: Sequence[Part], new: Sequence[Part]) -> tuple[list[Part], list[Part]]:
        """What only the one has, and what only the other."""
        first = [(sign, self.before.meaning.node(node)) for sign, node in old]
        last = [(sign, self.after.meaning.node(node)) for sign, node in new]
        return _only(old, first, last), _only(new, last, first)

    # -- aggregations and what stands around ---------------------------------------------------

    def _aggregates(self, old: Aggregate, new: Aggregate) -> list[str]:
        """Which rows are kept, where that is all that differs."""
        if not self._same(evolve(old, filter=None), evolve(new, filter=None)):
            return []
        first, last = _conditions(old.filter), _conditions(new.filter)
        kept = [self.before.meaning.row(row) for row in first]
        keeps = [self.after.meaning.row(row) for row in last]
        lost, found = _only(first, kept, keeps), _only(last, keeps, kept)
        name = self._named(old, new)
        if len(lost) == len(found) == 1:
            one, other = words.row(found[0]), words.row(lost[0])
            if one == other:
                return [f"{name}: `{one}` means something else now"]
            return [f"{name}: only rows where {one}, instead of where {other}"]
        said = [f"{name}: no longer only rows where {words.row(row)}" for row in lost]
        return said + [f"{name}: only rows where {words.row(row)}" for row in found]

    def _named(self, old: Aggregate, new: Aggregate) -> str:
        """The name of a measure, where both have one, else the aggregation without its filter."""
        name = self.after.leaf(new)
        if name is not None and name == self.before.leaf(old):
            return name
        return words.aggregate(evolve(new, filter=None))

    def _wrapped(self, old: Node, new: Node) -> list[str]:
        match old, new:
            case Shift(node=a, by=x, count=m), Shift(node=b, by=y, count=n) if (x, m) == (y, n):
                return self.clauses(a, b)
            case Rolling(node=a, count=m), Rolling(node=b, count=n):
                inner = self.clauses(a, b)
                return inner if m == n else [*inner, f"a rolling average over {n} instead of {m}"]
            case Default(node=a, value=x, unit=u), Default(node=b, value=y, unit=v):
                inner = self.clauses(a, b)
                return inner if x == y else [*inner, f"{number(y, v)} instead of {number(x, u)} by default"]
            case _:
                return []


_TERM = {True: "{} added", False: "{} subtracted"}
_NO_TERM = {True: "{} no longer added", False: "{} no longer subtracted"}
_OTHER_TERM = {True: "{new} instead of {old}", False: "{new} subtracted instead of {old}"}
_FACTOR = {True: "multiplied by {}", False: "divided by {}"}
_NO_FACTOR = {True: "no longer multiplied by {}", False: "no longer divided by {}"}
_OTHER_FACTOR = {True: "{new} instead of {old}", False: "divided by {new} instead of {old}"}


def _is(node: Node, op: str) -> bool:
    return isinstance(node, Combine) and (node.op in op or (node.op == "neg" and op == "+-"))


def _terms(node: Node, sign: bool = True) -> list[Part]:
    """What is added up."""
    match node:
        case Combine(op="+", args=args):
            return [part for arg in args for part in _terms(arg, sign)]
        case Combine(op="-", args=(first, *rest)):
            return _terms(first, sign) + [part for arg in rest for part in _terms(arg, not sign)]
        case Combine(op="neg", args=(inner,)):
            return _terms(inner, not sign)
        case _:
            return [(sign, node)]


def _factors(node: Node, sign: bool = True) -> list[Part]:
    """What is multiplied."""
    match node:
        case Combine(op="*", args=args):
            return [part for arg in args for part in _factors(arg, sign)]
        case Combine(op="/", args=(first, *rest)):
            return _factors(first, sign) + [part for arg in rest for part in _factors(arg, not sign)]
        case _:
            return [(sign, node)]


def _only(items: Sequence[Item], keys: Iterable[object], others: Iterable[object]) -> list[Item]:
    """The items whose keys are not among the others, each of which stands for one."""
    left = list(others)
    found = []
    for item, key in zip(items, keys, strict=True):
        if key in left:
            left.remove(key)
        else:
            found.append(item)
    return found


def _conditions(row: Row | None) -> list[Row]:
    """What all has to hold of a row."""
    match row:
        case None:
            return []
        case Apply(op="and", args=args):
            return [part for arg in args for part in _conditions(arg)]
        case _:
            return [row]


def _said(node: Node, view: View) -> str:
    if isinstance(node, Constant):
        return number(node.value, node.unit)
    return view.formula(node)


def _instead(old: str, new: str) -> str:
    return f"`{new}` means something else now" if old == new else f"{new} instead of {old}"
