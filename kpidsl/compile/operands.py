"""Operands of which the order means nothing, as a text in which they have one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kpidsl.graph import Combine
from kpidsl.model.rows import Apply

_MANY = 200
"""Operands that are put in order through all parentheses."""
_Terms = tuple[list[Any], list[Any]]
"""What is added and what is taken away, or what else goes in any order."""


def orderless(whole: Combine | Apply, write: Callable[[Any], str]) -> str:
    """A sum, a difference, a product or a condition of several as a canonical text: the same for every order
    of the operands. The nodes keep theirs, and so does what is computed."""
    added, taken = (sorted(map(write, terms)) for terms in _terms(whole))
    return f"({whole.op.replace('-', '+')} {' '.join([*added, *(['-'] if taken else []), *taken])})"


def _terms(whole: Combine | Apply) -> _Terms:
    """The operands, with those of operands that are of the same kind; only its own where there are many, for
    what is used twice, and twice again, has twice as many each time."""
    ops = ("+", "-") if whole.op in ("+", "-") else (whole.op,)
    found: _Terms = [], []
    waiting = _own(whole, 0)
    while waiting:
        if len(waiting) + len(found[0]) + len(found[1]) > _MANY:
            own = _own(whole, 0)
            return [one for one, sign in own if not sign], [one for one, sign in own if sign]
        one, sign = waiting.pop()
        if type(one) is type(whole) and one.op in ops:
            waiting += _own(one, sign)
        else:
            found[sign].append(one)
    return found


def _own(one: Combine | Apply, sign: int) -> list[tuple[Any, int]]:
    """Its operands, and whether each is taken away."""
    return [(arg, sign ^ (one.op == "-" and at > 0)) for at, arg in enumerate(one.args)]
