"""The conditions that decide which rows a KPI counts, one by one, and how many rows each of them keeps."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from kpidsl.graph import Aggregate, Kpi, aggregates
from kpidsl.model.rows import Apply, Row
from kpidsl.model.units import ONE


@frozen(cache_hash=True)
class Condition:
    """What the rows of a source have to meet to be counted."""

    source: str
    row: Row

    @property
    def counting(self) -> Aggregate:
        """How many rows meet it."""
        return Aggregate("count", self.source, None, ONE, "additive", self.row)


def conditions(kpi: Kpi) -> tuple[Condition, ...]:
    """The conditions in the formula of a KPI, each once: what `and` joins is several."""
    found: dict[Condition, None] = {}
    for part in aggregates(kpi.formula):
        rows = [(part.source, part.filter), *((step.source, step.filter) for step in part.then)]
        rows += [(part.source, part.argument)] if part.function == "share" else []
        for source, row in rows:
            found |= {Condition(source, one): None for one in joined(row)}
    return tuple(found)


def joined(row: Row | None) -> Iterator[Row]:
    """What `and` joins in a condition."""
    if isinstance(row, Apply) and row.op == "and":
        for arg in row.args:
            yield from joined(arg)
    elif row is not None:
        yield row


def all_rows(source: str) -> Aggregate:
    """How many rows a source has."""
    return Aggregate("count", source, None, ONE, "additive")


def sources(kpi: Kpi) -> tuple[str, ...]:
    """The sources whose rows a KPI counts."""
    found = (
        name for part in aggregates(kpi.formula) for name in (part.source, *(s.source for s in part.then))
    )
    return tuple(dict.fromkeys(found))
