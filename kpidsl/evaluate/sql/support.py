"""What a dialect cannot do, and where its results may differ: told, never worked around by something near."""

from __future__ import annotations

from collections.abc import Mapping

from kpidsl.evaluate.engine import Dialect, EngineError

CANNOT: Mapping[tuple[str, Dialect], str] = {
    ("level at", "redshift"): "`first` and `last`: it has no aggregation that gives the value at a moment",
}
"""Operation of `spelling.SPELLINGS` and dialect, with what is told of it."""

DIFFERS: Mapping[Dialect, tuple[str, ...]] = {
    "postgres": (
        "a number beyond 1e308, or nearer to zero than 1e-308, makes the query fail;"
        " elsewhere it has no value, or is zero",
    ),
}


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
