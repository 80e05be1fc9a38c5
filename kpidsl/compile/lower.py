"""Makers of graph nodes that more than one check needs: constants folded, units converted, filters pushed
down.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from attrs import evolve

from kpidsl.compile.additivity import combined
from kpidsl.compile.scope import Scope, product
from kpidsl.graph import (
    Aggregate,
    Assumed,
    Combine,
    Constant,
    Node,
    rebuilt,
)
from kpidsl.model.rows import Apply, Row
from kpidsl.model.types import FLAG
from kpidsl.model.units import ONE, PERCENT, POINTS, Unit, is_ratio_of_counts


def constant(value: float, unit: Unit, scope: Scope) -> Constant:
    """A number, rounded as results are, so that equal numbers are equal nodes."""
    rounded = float(f"{value:.12g}") if math.isfinite(value) else value
    return scope.intern(Constant(rounded or 0.0, unit))


def arithmetic(op: str, left: Node, right: Node, scope: Scope) -> Node:
    """`left * right` or `left / right`, of which the second is not a constant zero."""
    unit, factor = product(left.unit, right.unit, op)
    if isinstance(left, Constant) and isinstance(right, Constant):
        value = left.value * right.value if op == "*" else left.value / right.value
        return constant(value * factor, unit, scope)
    node = Combine(op, (left, right), unit, combined(op, left.additivity, right.additivity))
    if factor == 1:
        return scope.intern(node)
    raw = left.unit * right.unit if op == "*" else left.unit / right.unit
    return scaled(scope.intern(evolve(node, unit=raw)), factor, unit, scope)


def scaled(node: Node, factor: float, unit: Unit, scope: Scope) -> Node:
    """The node in another unit."""
    if isinstance(node, Constant):
        return constant(node.value * factor, unit, scope)
    by = constant(factor, unit / node.unit, scope)
    return scope.intern(Combine("*", (node, by), unit, node.additivity))


def converted(node: Node, unit: Unit, scope: Scope) -> Node | None:
    """The node in a unit of the same dimension, or in percent if it is a ratio of counts; else None.

    A percentage is not taken for points: it is a place, they are a distance.
    """
    if node.unit == unit:
        return node
    if _fits(node.unit, unit):
        return _renamed(node, unit, scope)
    factor = node.unit.factor_to(unit)
    if factor is None or factor == 1 or unit.style != "plain":
        return None
    return scaled(node, float(factor), unit, scope)


def _renamed(node: Node, unit: Unit, scope: Scope) -> Node:
    """The same number under another unit. Aggregates stay as they are, so that each is asked for once."""
    match node:
        case Constant() | Combine():
            return scope.intern(evolve(node, unit=unit))
        case _:
            return scope.intern(Combine("*", (node, constant(1, ONE, scope)), unit, node.additivity))


def _fits(has: Unit, wanted: Unit) -> bool:
    """Whether the number stays the same; the style of a dimensionless number is only how it is written."""
    if wanted == POINTS:
        return has == ONE
    if wanted == PERCENT:
        return has.dimensionless or is_ratio_of_counts(has)
    return (has.dimensionless and wanted == ONE) or has.factor_to(wanted) == 1


def conjunction(a: Row | None, b: Row | None, scope: Scope) -> Row | None:
    """Both conditions."""
    if a is None or b is None or a == b:
        return a or b
    return scope.intern(Apply("and", (a, b), FLAG))


def restricted(node: Node, conditions: Mapping[str, Row], scope: Scope) -> Node:
    """The node with a condition added to every aggregate, by its source."""

    def step(before: Node, after: Node) -> Node:
        match before, after:
            case Aggregate(), _:
                kept = conjunction(before.filter, conditions.get(before.source), scope)
                after = evolve(before, filter=kept)
            case Assumed(node=whole, value=value, spread=True), Assumed(node=part):
                # of a total that is assumed, a part is assumed in proportion
                ratio = Combine("/", (part, whole), ONE, "none")
                after = evolve(after, value=Combine("*", (value, ratio), after.unit, "none"))
        return scope.intern(after)

    return rebuilt(node, step)
