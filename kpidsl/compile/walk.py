"""Walks over expressions that need no types."""

from __future__ import annotations

from collections.abc import Iterator

from kpidsl.syntax import nodes


def written(word: str) -> str:
    """A name as it is written in a spec, in backticks if it has to."""
    return word if word.isidentifier() else f"`{word}`"


def ungrouped(expr: nodes.Expression) -> nodes.Expression:
    """The expression without the parentheses around it."""
    while isinstance(expr, nodes.Group):
        expr = expr.inner
    return expr


def names_in(expr: nodes.Expression) -> Iterator[nodes.Name]:
    """Every reference in an expression, from the left."""
    match expr:
        case nodes.Name():
            yield expr
        case nodes.Number() | nodes.String() | nodes.PeriodText():
            return
        case nodes.When(branches=branches, otherwise=otherwise):
            for branch in branches:
                for part in branch:
                    yield from names_in(part)
            if otherwise is not None:
                yield from names_in(otherwise)
        case _:
            for part in _parts(expr):
                yield from names_in(part)


def _parts(expr: nodes.Expression) -> tuple[nodes.Expression, ...]:
    match expr:
        case nodes.Call(args=args, by=by):
            return (*args, by) if by is not None else args
        case nodes.Unary(operand=inner) | nodes.Group(inner=inner):
            return (inner,)
        case nodes.Binary(left=left, right=right):
            return left, right
        case nodes.In(subject=subject, items=items):
            return (subject, *items)
        case nodes.Between(subject=subject, low=low, high=high):
            return subject, low, high
        case nodes.Where(subject=subject, condition=condition):
            return subject, condition
        case nodes.Missing(subject=subject) | nodes.Default(subject=subject):
            return (subject,)
        case _:
            return ()


__all__ = [
    "UNKNOWN",
    "Bad",
    "RowPlace",
    "check_condition",
    "check_number",
    "check_row",
    "find_column",
    "names_in",
]
