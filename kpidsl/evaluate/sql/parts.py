"""One aggregation for one part of a scan: `CASE WHEN filter THEN argument END` inside it, never FILTER."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from kpidsl.evaluate.plan import Partial
from kpidsl.evaluate.sql.inner import Inner
from kpidsl.evaluate.sql.trees import SQL, aliased, cast
from kpidsl.graph import Aggregate
from kpidsl.model.rows import Apply, Literal, Row


def aggregation(part: Partial | Aggregate, inner: Inner) -> SQL:
    """The aggregation that answers one part of a scan."""
    match part:
        case Aggregate(function="count distinct", argument=Row_, filter=kept) if Row_ is not None:
            return inner.tables.say("count distinct", inner.value(Row_, kept))
        case Aggregate(argument=x, filter=kept) if x is not None:
            shares = inner.shares.get((x, kept), ())
            return inner.tables.say("percentile", inner.value(x, kept), share_of(part), shares)
        case Partial(op="rows", filter=kept):
            if kept is None:
                return exp.Count(this=exp.Star())
            return inner.tables.say("count if", inner.condition(kept))
        case Partial(op=op, argument=x, filter=kept, weight=weight) if x is not None:
            return _merging(op, x, kept, weight, inner)
    raise ValueError(f"{part} has no argument")


def share_of(aggregate: Aggregate) -> float:
    """The part of the values that lie below a median or percentile."""
    rank = aggregate.parameter
    return 0.5 if aggregate.function == "median" or rank is None else rank / 100


def shares_of(parts: Sequence[Partial | Aggregate]) -> dict[tuple[Row, Row | None], tuple[float, ...]]:
    """Every percentile that is asked of the same values, so that they are ordered once."""
    found: dict[tuple[Row, Row | None], set[float]] = {}
    for part in parts:
        if isinstance(part, Aggregate) and part.function != "count distinct" and part.argument is not None:
            found.setdefault((part.argument, part.filter), set()).add(share_of(part))
    return {values: tuple(sorted(shares)) for values, shares in found.items()}


def _merging(op: str, x: Row, kept: Row | None, weight: Row | None, inner: Inner) -> SQL:
    if op == "holds":
        holds = (
            inner.condition(x)
            if kept is None
            else exp.And(this=inner.condition(kept), expression=inner.condition(x))
        )
        return inner.tables.say("count if", holds)
    if op == "products":
        assert weight is not None
        return exp.Sum(this=inner.value(Apply("*", (x, weight), x.type), kept))
    if op == "weights":
        assert weight is not None
        there = Apply("not", (Apply("missing", (x,), weight.type),), weight.type)
        return exp.Sum(
            this=inner.value(Apply("when", (there, weight, Literal(None, weight.type)), weight.type), kept)
        )
    value = inner.value(x, kept)
    match op:
        case "sum" | "stock":
            return exp.Sum(this=value)
        case "count":
            return exp.Count(this=value)
        case "min":
            return exp.Min(this=value)
        case "max":
            return exp.Max(this=value)
        case "mean":
            return exp.Avg(this=value)
        case _:
            return inner.tables.say("squares", value)


def numbered(values: Sequence[SQL]) -> list[SQL]:
    """The results of a query as DOUBLE, under the names `v0`, `v1` ..."""
    return [aliased(cast(value, "DOUBLE"), f"v{n}") for n, value in enumerate(values)]
