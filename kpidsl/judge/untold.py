"""What a plan leaves out of a total: slices that have a value, and of which it says nothing.

The total of a plan is the sum of what is told. A slice that it tells in other windows and not in this one is
a hole, and without that part the sum is no target of the whole. A slice that it never tells was not planned
for: the sum is what was planned, and is called so.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from attrs import frozen

from kpidsl.graph import Bound, Node, Told, children
from kpidsl.judge.evidence import Evidence
from kpidsl.model.periods import Window
from kpidsl.results import Flags, Places, SliceKey


@frozen(eq=False)
class Untold:
    """Slices without a number of the promise, by their places among those of the value."""

    node: Node
    """The number that they do not have."""
    holes: Places
    unplanned: Places


def untold(evidence: Evidence, bound: Bound, window: Window) -> Untold | None:
    """What the total's target leaves out in a window; None where nothing is, or no plan is told by slice."""
    for node in (bound.value, bound.high):
        if node is not None and _of_a_plan(node) and evidence.nodes[node].ask.dimensions:
            found = _left_out(evidence, node, window)
            if len(found.holes) or len(found.unplanned):
                return found
    return None


def not_whole(evidence: Evidence, bound: Bound, window: Window) -> bool:
    """Whether the total has no target, for the plan has a hole."""
    found = untold(evidence, bound, window)
    return found is not None and len(found.holes) > 0


def hole_text(evidence: Evidence, found: Untold, window: Window) -> str:
    """Why there is no target, as a sentence."""
    cause = evidence.cause(found.node, evidence.slices[int(found.holes[0])], window)
    more = len(found.holes) - 1
    others = f", as for {more:,} other slice{'' if more == 1 else 's'}" if more else ""
    told = "they are" if more else "it is"
    return f"The target is not whole in {window}: {cause}{others}, though {told} told for other periods."


def unplanned_text(evidence: Evidence, found: Untold) -> str:
    """`told for all but mail and 2 others`."""
    more = len(found.unplanned) - 1
    others = f" and {more:,} other{'' if more == 1 else 's'}" if more else ""
    return f"told for all but {_name(evidence, evidence.slices[int(found.unplanned[0])])}{others}"


def _name(evidence: Evidence, key: SliceKey) -> str:
    names = (dimension.name for dimension in evidence.kpi.dimensions)
    return ", ".join(
        f"rows without a {name}" if value is None else value for name, value in zip(names, key, strict=True)
    )


@lru_cache(maxsize=1024)
def _of_a_plan(node: Node) -> bool:
    return isinstance(node, Told) or any(map(_of_a_plan, children(node)))


def _left_out(evidence: Evidence, node: Node, window: Window) -> Untold:
    places = np.arange(1, len(evidence.slices))
    values = evidence.value.column(evidence.slices, places, window)
    told = np.isfinite(evidence.numbers(node, places, window))
    missing = np.asarray(np.isfinite(values) & (values != 0) & ~told)
    ever = _ever_told(evidence, node) if missing.any() else missing
    return Untold(node, places[missing & ever], places[missing & ~ever])


def _ever_told(evidence: Evidence, node: Node) -> Flags:
    """Of which slices a number is known in any window that was asked for."""
    known: dict[Node, Flags] = evidence.memo.setdefault("ever told", {})
    if node not in known:
        places = np.arange(1, len(evidence.slices))
        found = np.zeros(len(places), np.bool_)
        for window in evidence.nodes[node].ask.windows:
            found |= np.isfinite(evidence.numbers(node, places, window))
        known[node] = found
    return known[node]
