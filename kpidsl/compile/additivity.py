"""How the results of arithmetic add up over time and slices."""

from __future__ import annotations

from kpidsl.graph import Additivity


def combined(op: str, left: Additivity, right: Additivity) -> Additivity:
    """Of `left op right`. What adds up keeps doing so when scaled; a constant added to it is there once, not per part."""
    pair = {left, right}
    if pair == {"constant"}:
        return "constant"
    if op in "+-":
        if pair == {"additive"}:
            return "additive"
        return "semi" if pair <= {"additive", "semi"} else "none"
    if right == "constant":
        return left
    return right if op == "*" and left == "constant" else "none"


def over_slices(adds: Additivity) -> Additivity:
    """Of a value of another period: the periods before a quarter's months do not make the quarter before."""
    return "semi" if adds == "additive" else adds
