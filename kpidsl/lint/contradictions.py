"""Conditions of which no row meets all: what is left of a column after each, until nothing is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any

from attrs import define, field

from kpidsl.graph import Aggregate
from kpidsl.model.rows import Apply, ColumnRef, Literal, Row

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}


def contradicted(aggregate: Aggregate) -> str | None:
    """The column of which an aggregate asks what no row can have; None where a row may."""
    conditions = [aggregate.filter]
    if aggregate.function == "share":
        conditions.append(aggregate.argument)
    left: dict[ColumnRef, _Left] = {}
    for column, op, values in _tests(conditions):
        one = left.setdefault(column, _Left())
        one.keep(op, values)
        if one.is_nothing:
            return column.name
    return None


@define
class _Left:
    """The values of a column that met all tests so far. Of a text it is known which, of what has an order
    between what."""

    low: Any = None
    high: Any = None
    open_low: bool = False
    open_high: bool = False
    among: frozenset[Any] | None = None
    without: set[Any] = field(factory=set)
    missing: bool = False
    there: bool = False

    def keep(self, op: str, values: tuple[Any, ...]) -> None:
        """Leave only what meets one more test."""
        match op:
            case "missing":
                self.missing = True
                return
            case "in":
                self.among = frozenset(values) if self.among is None else self.among & set(values)
            case "not in":
                self.without |= set(values)
            case ">" | ">=":
                value, is_open = values[0], op == ">"
                if self.low is None or (value, is_open) > (self.low, self.open_low):
                    self.low, self.open_low = value, is_open
            case "<" | "<=":
                value, is_open = values[0], op == "<"
                if self.high is None or value < self.high or (value == self.high and is_open):
                    self.high, self.open_high = value, is_open
        self.there = True  # a comparison with a missing value does not hold

    @property
    def is_nothing(self) -> bool:
        """Whether no value is left."""
        if self.missing and self.there:
            return True
        if self.among is not None:
            return not any(self._fits(value) for value in self.among)
        if self.low is None or self.high is None:
            return False
        both = self.open_low or self.open_high or self.low in self.without
        return bool(self.low > self.high or (self.low == self.high and both))

    def _fits(self, value: Any) -> bool:
        above = self.low is None or value > self.low or (value == self.low and not self.open_low)
        below = self.high is None or value < self.high or (value == self.high and not self.open_high)
        return value not in self.without and above and below


def _tests(conditions: Iterable[Row | None]) -> Iterator[tuple[ColumnRef, str, tuple[Any, ...]]]:
    """Of conditions that are joined by `and` each that holds a column against written values."""
    stack = list(conditions)
    while stack:
        match stack.pop():
            case Apply(op="and", args=args):
                stack.extend(args)
            case Apply(op="between", args=(subject, low, high), type=type_):
                stack += [Apply(">=", (subject, low), type_), Apply("<=", (subject, high), type_)]
            case Apply(op="not", args=(Apply(op=op, args=args, type=type_),)) if op in _OPPOSITE:
                stack.append(Apply(_OPPOSITE[op], args, type_))
            case Apply(op="not", args=(ColumnRef() as column,)):
                yield column, "in", (False,)
            case Apply(op="not", args=(Apply(op="missing", args=(ColumnRef() as column,)),)):
                yield column, "not in", ()
            case Apply(op="not", args=(Apply(op="in", args=(ColumnRef() as column, *items)),)):
                if values := _written(items):
                    yield column, "not in", values
            case ColumnRef() as column:
                yield column, "in", (True,)
            case Apply(op="missing", args=(ColumnRef() as column,)):
                yield column, "missing", ()
            case Apply(op="in", args=(ColumnRef() as column, *items)):
                if values := _written(items):
                    yield column, "in", values
            case Apply(op=op, args=(ColumnRef() as column, value)) if op in _FLIPPED:
                yield from _compared(column, op, value)
            case Apply(op=op, args=(value, ColumnRef() as column)) if op in _FLIPPED:
                yield from _compared(column, _FLIPPED[op], value)


def _compared(column: ColumnRef, op: str, value: Row) -> Iterator[tuple[ColumnRef, str, tuple[Any, ...]]]:
    ordered = op not in ("=", "!=")
    if ordered and column.type.kind == "unknown":
        return  # a number or a text: only the data knows, and the two have no order
    if values := _written([value]):
        yield column, op if ordered else {"=": "in", "!=": "not in"}[op], values


def _written(items: Iterable[Row]) -> tuple[Any, ...]:
    """The values of literals, days as moments; nothing if one of them is no literal."""
    found = []
    for one in items:
        if not isinstance(one, Literal) or one.value is None:
            return ()
        day = isinstance(one.value, date) and not isinstance(one.value, datetime)
        found.append(datetime.combine(one.value, time()) if day else one.value)  # type: ignore[arg-type]
    return tuple(found)
