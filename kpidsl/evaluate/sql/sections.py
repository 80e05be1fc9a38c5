"""Numbers and days put into bands, also into bands that depend on the text of a row: those are looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlglot import exp

from kpidsl.evaluate.classes import Cut, Key, Value, below, representatives
from kpidsl.evaluate.engine import Dialect
from kpidsl.evaluate.sql.inner import Inner, values_of
from kpidsl.evaluate.sql.trees import SQL, aliased, column, literal, when
from kpidsl.model.rows import Row

_LOOKED_UP = "s"
"""What the table of sections is called, with a number; its column `t` has the text."""


def band(cuts: Sequence[Cut], values: Sequence[Value], value: SQL, dialect: Dialect) -> SQL:
    """A balanced tree of comparisons that gives the one of `values` that stands for a value's band."""
    if not cuts:
        return literal(values[0], dialect)
    middle = len(cuts) // 2
    edge, after = cuts[middle]
    kind = exp.LTE if after else exp.LT
    under = kind(this=value.copy(), expression=literal(edge, dialect))
    return when(
        under,
        band(cuts[:middle], values[: middle + 1], value, dialect),
        band(cuts[middle + 1 :], values[middle + 1 :], value, dialect),
    )


def sectioned(keys: Sequence[Key], inner: Inner) -> None:
    """Project the bands by sections, `k` with the number of the key: a value that meets the same conditions
    as the row's own, given its text."""
    texts = dict.fromkeys(key.by for key in keys if key.by is not None)
    for number, by in enumerate(texts):
        mine = {f"k{n}": key for n, key in enumerate(keys) if key.how == "sections" and key.by == by}
        alias = f"{_LOOKED_UP}{number}"
        _look_up(by, alias, mine, inner)
        for name, key in mine.items():
            inner.columns.append(aliased(_class(key, name, alias, inner), name))


def _look_up(by: Row, alias: str, keys: Mapping[str, Key], inner: Inner) -> None:
    """The cuts of each text beside its rows: `k0_0` ... in order, none where there are no more; a value below
    them in `k0_low`."""
    names, rows = ["t"], {text: [literal(text)] for key in keys.values() for text, _ in key.sections}
    for name, key in keys.items():
        names += [f"{name}_low", *(f"{name}_{n}" for n in range(_places(key)))]
        for text, cuts in key.sections:
            edges = [value for value, _ in cuts]
            low = below(edges[0]) if edges else _any(key)
            rows[text] += [
                literal(low),
                *map(literal, edges),
                *(exp.null() for _ in range(_places(key) - len(edges))),
            ]
    same = exp.EQ(this=inner.tables.row(by), expression=column("t", alias))
    inner.lookups.append((values_of(alias, names, list(rows.values())), same))


def _places(key: Key) -> int:
    return max(len(cuts) for _, cuts in key.sections)


def _any(key: Key) -> Value:
    """Any value: it stands for all where nothing is asked."""
    return date(2000, 1, 1) if key.row.type.kind == "day" else 0.0


def _alike(key: Key, cuts: Sequence[Cut], value: SQL, dialect: Dialect) -> SQL:
    """The bands of all rows that are not looked up."""
    return band(cuts, representatives(tuple(cuts)) if cuts else [_any(key)], value, dialect)


def _class(key: Key, name: str, alias: str, inner: Inner) -> SQL:
    """A value that meets the same conditions as the row's own, given its text."""
    assert key.by is not None
    dialect = inner.tables.dialect
    value = inner.tables.row(key.row)
    elsewhere = _alike(key, key.cuts, value, dialect)
    if key.absent != key.cuts:
        none = exp.Is(this=inner.tables.row(key.by), expression=exp.null())
        elsewhere = when(none, _alike(key, key.absent, value, dialect), elsewhere)
    found = _between(name, alias, 0, _places(key), value)
    missing = exp.Is(this=value.copy(), expression=exp.null())
    other = exp.Is(this=column("t", alias), expression=exp.null())
    return exp.Case(
        ifs=[exp.If(this=missing, true=exp.null()), exp.If(this=other, true=elsewhere)], default=found
    )


def _between(name: str, alias: str, low: int, high: int, value: SQL) -> SQL:
    """The last place that is not above the value. Places that are not there are above all, for a comparison
    with nothing does not hold."""
    if low == high:
        return column(f"{name}_{low - 1}" if low else f"{name}_low", alias)
    middle = (low + high) // 2
    reached = exp.GTE(this=value.copy(), expression=column(f"{name}_{middle}", alias))
    return when(
        reached, _between(name, alias, middle + 1, high, value), _between(name, alias, low, middle, value)
    )
