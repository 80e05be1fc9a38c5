"""Expressions over one row of a source: what filters, computed columns and aggregations read.

Missing values follow SQL's three-valued logic: a comparison with a missing value holds neither way, so
neither `x = 1` nor `not x = 1` keeps a row in which x is missing; `is missing` does.
"""

from __future__ import annotations

from datetime import date

from attrs import frozen

from kpidsl.model.types import Type
from kpidsl.records import Record


@frozen(repr=False, cache_hash=True)
class ColumnRef(Record):
    """A column of `source`, or of a source it belongs to.

    `via` names the links that lead there, outermost first: for a column of `sessions` read from `orders` it
    is `("sessions",)`. Computed columns are referred to like any other; the query stage puts their
    expression in.
    """

    source: str
    name: str
    type: Type
    via: tuple[str, ...] = ()

    @property
    def home(self) -> str:
        """The source that has the column."""
        return self.via[-1] if self.via else self.source


@frozen(repr=False, cache_hash=True)
class Literal(Record):
    """A constant in a row expression; percents are already fractions."""

    value: float | str | bool | date | None
    type: Type


@frozen(repr=False, cache_hash=True)
class Apply(Record):
    """An operator or function applied to row expressions.

    `op` is one of `+ - * / neg = != < <= > >= and or not in between missing when`, or the name of a row
    function of `kpidsl.model.functions`. `in` has the subject first, `between` subject, low, high; `when` has
    condition and value in turn and the value otherwise last (a missing literal when none was written).
    `on scale` has a column and the two ends of its scale: the column there, and missing elsewhere. No formula
    says it; the source does, and so each name of the column means it.
    `keys` lists what together names an account; it stands behind `by` only, and is no value. `tagged` is a
    text and a value as one text: equal values under different tags differ.
    """

    op: str
    args: tuple[Row, ...]
    type: Type


@frozen(repr=False, cache_hash=True)
class Gather(Record):
    """An aggregation over the rows of another source that make one row of a grouped source.

    `function` is an aggregate of `kpidsl.model.functions`; `argument`, `filter` and `weight` are row
    expressions of `source`, the one that is grouped. `first` and `last` give one value of any type: that of
    the earliest or latest row that has one; of several at the same moment the smallest. `min` and `max` take
    days and moments too. All others mean what they mean in a formula.
    """

    function: str
    source: str
    argument: Row | None
    type: Type
    filter: Row | None = None
    weight: Row | None = None
    parameter: float | None = None


Row = ColumnRef | Literal | Apply | Gather


def columns_of(row: Row | None) -> frozenset[ColumnRef]:
    """Every column of its own source, or along its links, that an expression reads; none of a `Gather`."""
    match row:
        case None | Literal() | Gather():
            return frozenset()
        case ColumnRef():
            return frozenset((row,))
        case Apply(args=args):
            return frozenset().union(*(columns_of(arg) for arg in args))


def keys_of(accounts: Row) -> tuple[Row, ...]:
    """What together names an account."""
    return accounts.args if isinstance(accounts, Apply) and accounts.op == "keys" else (accounts,)


def gathers_of(row: Row | None) -> frozenset[Gather]:
    """Every aggregation in an expression."""
    match row:
        case Gather():
            return frozenset((row,))
        case Apply(args=args):
            return frozenset().union(*(gathers_of(arg) for arg in args))
        case _:
            return frozenset()


def read_by(gather: Gather) -> frozenset[ColumnRef]:
    """Every column of the grouped source, or along its links, that an aggregation reads."""
    return frozenset().union(*(columns_of(row) for row in (gather.argument, gather.filter, gather.weight)))
