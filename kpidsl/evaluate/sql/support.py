"""What a dialect cannot do, and where its results may differ: told, never worked around by something near."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from kpidsl.evaluate.engine import Dialect, EngineError

_OVERFLOW = "a number that grows beyond 1e308, or nearer to zero than 1e-308, makes the query fail"
_CAPITALS = "`upper` of `ß` is not `ẞ`"
_DECIMALS = "a dimension of numbers that are not whole shows twelve decimals at most"

CANNOT: Mapping[tuple[str, Dialect], str] = {
    ("level at", "redshift"): "`first` and `last`: it has no aggregation that gives the value at a moment",
    ("ranged", "redshift"): "conversions and touches: its window functions know no ranges of values",
}
"""Operation of `spelling.SPELLINGS` and dialect, with what is told of it."""

DIFFERS: Mapping[Dialect, tuple[str, ...]] = {
    "postgres": (
        _OVERFLOW,
        _CAPITALS,
        "`lower` and `upper` need the collation `und-x-icu`, which PostgreSQL has when it is built with ICU",
    ),
    "spark": (_CAPITALS, _DECIMALS),
    "clickhouse": (_CAPITALS,),
    "trino": (_CAPITALS, _DECIMALS),
    "snowflake": (_CAPITALS,),
    "bigquery": (
        "a number that grows beyond 1e308 makes the query fail",
        _CAPITALS,
        "a percentile holds all values of a group in memory",
    ),
    "redshift": (
        _OVERFLOW,
        _CAPITALS,
        "percentiles are a query each",
        "in grouped sources twelve digits are kept by `ROUND`, whose last digit may be another",
    ),
    "databricks": (_CAPITALS, _DECIMALS),
}
"""Where the same query finds something else than in DuckDB, in rare cases; told in docs/engines.md."""

SEPARATE: frozenset[Dialect] = frozenset(("redshift",))
"""Where the percentiles of one query all have to be of the same values: each is a query of its own."""


class Unsupported(EngineError):
    """Something that a dialect has no way to say; it spoils the parts that need it."""

    def __init__(self, operation: str, dialect: Dialect, words: str) -> None:
        super().__init__("query", f"{dialect} cannot do {words}")
        self.operation = operation
        self.dialect = dialect


def refuse(operation: str, dialect: Dialect) -> None:
    """Raise `Unsupported` for what a dialect cannot do."""
    words = CANNOT.get((operation, dialect))
    if words is not None:
        raise Unsupported(operation, dialect, words)


def told() -> list[str]:
    """The rows of the table in docs/engines.md."""
    rows = []
    for dialect in get_args(Dialect):
        cannot = "; ".join(words for (_, where), words in CANNOT.items() if where == dialect)
        rows.append(f"| `{dialect}` | {cannot} | {'; '.join(DIFFERS.get(dialect, ()))} |")
    return rows
