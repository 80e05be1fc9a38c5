"""Walks over what is written and over what it compiles to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import attrs

from kpidsl.model.rows import Apply, Gather, Row
from kpidsl.syntax import nodes

_DEEP = re.compile(
    r"Expression|Clause|Bound|Milestone|Level|Slice|Number|PacePart|PeriodText|Tolerance|Name\b"
)


class _Fields(dict[type, tuple[str, ...] | None]):
    """The fields of a node that may hold further nodes worth a look, the last first; None for what is no
    node."""

    def __missing__(self, kind: type) -> tuple[str, ...] | None:
        self[kind] = found = _deep(kind)
        return found


def _deep(kind: type) -> tuple[str, ...] | None:
    if not issubclass(kind, nodes.Node):
        return None
    named = ((at.name, str(at.type)) for at in attrs.fields(kind))
    worth = (name for name, type_ in named if name not in ("span", "rows", "name") and _DEEP.search(type_))
    return tuple(worth)[::-1]


_FIELDS = _Fields()


def inside(node: nodes.Node) -> Iterator[nodes.Node]:
    """A node and all below it that expressions, clauses and bounds are made of; words and texts left out."""
    stack: list[Any] = [node]
    while stack:
        part = stack.pop()
        if type(part) is tuple:
            stack += part[::-1]
            continue
        names = _FIELDS[type(part)]
        if names is not None:
            yield part
            for name in names:
                if value := getattr(part, name):
                    stack.append(value)


def row_parts(row: Row | None) -> Iterator[Row]:
    """An expression over a row and all below it."""
    stack = [row] if row is not None else []
    while stack:
        part = stack.pop()
        yield part
        if isinstance(part, Apply):
            stack.extend(reversed(part.args))
        elif isinstance(part, Gather):
            stack.extend(one for one in (part.argument, part.filter, part.weight) if one is not None)


def ungrouped(expr: Any) -> Any:
    """An expression without the parentheses around it."""
    while isinstance(expr, nodes.Group):
        expr = expr.inner
    return expr


def operands(expr: Any, op: str) -> list[Any]:
    """What an operator that may be repeated joins: of `a and b and c` all three."""
    expr = ungrouped(expr)
    if isinstance(expr, nodes.Binary) and expr.op == op:
        return [*operands(expr.left, op), *operands(expr.right, op)]
    return [expr]
