"""What a formula can be at all, whatever the data, and the numbers that its targets are."""

from __future__ import annotations

import math
from collections.abc import Iterator

from kpidsl.compile.intervals import Reach
from kpidsl.compile.structure import aggregated, made
from kpidsl.graph import Bound, Constant, Node
from kpidsl.lint.view import Subject
from kpidsl.model.units import format_value


def range_of(node: Node) -> Reach:
    """What a node lies between; percents and points are fractions."""
    return made(node, aggregated, range_of, range_of)


def number(node: Node | None) -> float | None:
    """The value of a constant; None of anything that depends on data."""
    return node.value if isinstance(node, Constant) else None


def levels(one: Subject) -> Iterator[tuple[Bound, float, float | None]]:
    """The bounds of a KPI that are numbers, with the upper one of `between`."""
    for bound in one.kpi.promise.bounds:
        value = number(bound.value)
        if value is not None and bound.direction in ("at least", "at most", "between"):
            yield bound, value, number(bound.high)


def between(one: Subject, low: float, high: float) -> str:
    """What a formula lies between, in words."""
    shown = [
        f"{word} {format_value(value, one.kpi.unit)}"
        for word, value in (("at least", low), ("at most", high))
        if math.isfinite(value)
    ]
    return f"the formula is {' and '.join(shown)}"
