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
    """Every reference in an expression, from the left; without recursion, for nobody has looked how deep it
    is.
    """
    stack = [expr]
    while stack:
        part = stack.pop()
        if isinstance(part, nodes.Name):
            yield part
        else:
            stack += reversed(_parts(part))


def _parts(expr: nodes.Expression) -> tuple[nodes.Expression, ...]:
    match expr:
        case nodes.Call(args=args, by=by, of=of):
            return (*args, *(part for part in (by, of) if part is not None))
        case nodes.When(branches=branches, otherwise=otherwise):
            inner = tuple(part for branch in branches for part in branch)
            return inner if otherwise is None else (*inner, otherwise)
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
