"""What slices account for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from kpidsl.change.results import SliceChanges, Windows
from kpidsl.digits import Floats
from kpidsl.effects import (
    RateMix,
    adds_up,
    by_parts,
    expanded,
    leaves,
    quotient,
    rate_and_mix,
    split_change,
)
from kpidsl.graph import Constant, Kpi, Node
from kpidsl.judge.schedule import written_start
from kpidsl.project import MOST_SLICES
from kpidsl.results import Ask
from kpidsl.slices import SliceKey, Slices

if TYPE_CHECKING:
    from kpidsl.evaluate.answer import Evaluated

_EXACT = 1e-9
"""What slices may leave of the change, as a part of the greatest number there is, and still add up to it."""


@frozen(eq=False)
class Asks:
    """The questions, all over both periods and by the same dimensions, and their answers as pairs."""

    kpi: Kpi
    windows: Windows

    def ask(self, node: Node) -> Ask:
        return Ask(node, self.windows, self.kpi.dimensions, written_start(self.kpi.promise))

    def all(self) -> list[Ask]:
        formula = self.kpi.formula
        found = [formula, *leaves(formula)]
        if self.kpi.dimensions:
            found += [*leaves(expanded(formula)), *(quotient(formula) or ())[1:]]
        return [self.ask(node) for node in dict.fromkeys(found)]

    def pairs(self, answers: Evaluated, node: Node | None = None) -> dict[Node, tuple[float, float]]:
        """Every leaf of the formula (or of another one), in total."""
        found = {}
        for leaf in leaves(self.kpi.formula if node is None else node):
            before, after = answers.grid(self.ask(leaf)).values[0].tolist()
            found[leaf] = before, after
        return found

    def by_slice(self, answers: Evaluated, node: Node, slices: Slices) -> Floats:
        """Slices x 2 of a number that adds up, without the total: 0 where a slice has nothing of it."""
        grid = answers.grid(self.ask(node))
        places = grid.slices.places(slices)[1:]
        return np.where((places < 0)[:, None], 0.0, np.nan_to_num(grid.values[places], nan=0.0))


def by_slice(kpi: Kpi, asks: Asks, answers: Evaluated) -> tuple[SliceChanges | None, list[str]]:
    """The slices with what they account for, and what is to be said of that."""
    if not kpi.dimensions:
        return None, []
    grid = answers.grid(asks.ask(kpi.formula))
    if len(grid.slices) - 1 > MOST_SLICES:
        said = f"it falls into {len(grid.slices) - 1:,} slices, and up to {MOST_SLICES:,} are looked at"
        return None, [said]
    whole, own = grid.values[0], grid.values[1:]
    effect, ratio, notes = _effects(kpi, asks, answers, grid.slices)
    rest = 0.0
    if effect is not None:
        rest = float(whole[1] - whole[0] - effect.sum())
        rest = rest if abs(rest) > _EXACT * max(np.abs(whole).max(), np.abs(effect).max(initial=0.0)) else 0.0
    names = tuple(dimension.name for dimension in kpi.dimensions)
    keys = grid.slices
    kept = ~np.isnan(own).all(axis=1) | (np.zeros(len(own)) if effect is None else effect != 0).astype(bool)
    if not kept.all():
        keys = keys.only(np.concatenate([[True], kept]))
        own = own[kept]
        effect = effect if effect is None else effect[kept]
        ratio = ratio if ratio is None else ratio.only(kept)
    if ratio is not None and (n := int(np.isnan(ratio.rate).sum())):
        one = keys[1 + int(np.flatnonzero(np.isnan(ratio.rate))[0])]
        shown = ", ".join(v if v is not None else f"no {d}" for d, v in zip(names, one, strict=True))
        more = f" and {n - 1:,} more" if n > 1 else ""
        notes = [
            *notes,
            f"{shown}{more}: no ratio in one of the periods, so rate and mix cannot be told apart",
        ]
    return SliceChanges(names, _Behind(keys), own[:, 0], own[:, 1], effect, ratio, rest), notes


def _effects(
    kpi: Kpi, asks: Asks, answers: Evaluated, slices: Slices
) -> tuple[Floats | None, RateMix | None, list[str]]:
    """What slices account for: their own change, rate and mix of a ratio, else what they do to its parts."""
    formula = kpi.formula
    if adds_up(formula):
        found = asks.by_slice(answers, formula, slices)
        return found[:, 1] - found[:, 0], None, []
    if (ratio := quotient(formula)) is not None:
        scale, above, below = ratio
        split = rate_and_mix(
            asks.by_slice(answers, above, slices), asks.by_slice(answers, below, slices), scale
        )
        return split.effect, split, []
    whole = expanded(formula)
    tree = split_change(whole, asks.pairs(answers, whole))
    ends = [part.node for part, _ in tree.walk() if not part.parts] if tree is not None else []
    lost = next((node for node in ends if not adds_up(node) or isinstance(node, Constant)), None)
    if tree is None or lost is not None:
        return None, None, [_does_not_add_up(formula if lost is None else lost, answers)]
    moved = {node: asks.by_slice(answers, node, slices) for node in ends}
    return by_parts(tree, {node: pair[:, 1] - pair[:, 0] for node, pair in moved.items()}), None, []


def _does_not_add_up(node: Node, answers: Evaluated) -> str:
    from kpidsl.evaluate.wording import words

    said = words(node, evolve(answers.graph, kpis={}))
    return f"{said} of slices does not add up to that of the whole: what each accounts for cannot be told"


@frozen(eq=False)
class _Behind(Sequence[SliceKey]):
    """Slices without the total, which is the first of them."""

    slices: Slices

    def __len__(self) -> int:
        return len(self.slices) - 1

    def __getitem__(self, at: int) -> SliceKey:  # type: ignore[override]
        return self.slices[at + 1]
