"""What a change is made of, as the answer to `kpi why`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from kpidsl.diagnostics import Diagnostic
from kpidsl.digits import Floats
from kpidsl.effects import (
    Part,
    RateMix,
)
from kpidsl.graph import Kpi, Node
from kpidsl.model.periods import Window
from kpidsl.slices import SliceKey

if TYPE_CHECKING:
    from kpidsl.evaluate.tables import Query

Windows = tuple[Window, Window]


@frozen(eq=False)
class SliceChanges:
    """What each slice accounts for, as arrays: entry n is about `keys[n]`. NaN is no value."""

    dimensions: tuple[str, ...]
    keys: Sequence[SliceKey]
    before: Floats
    after: Floats
    effect: Floats | None = None
    """None where the formula cannot be split over slices."""
    ratio: RateMix | None = None
    """Of a ratio: the effects of rate and mix."""
    rest: float = 0.0
    """What the effects do not add up to."""

    def order(self) -> list[int]:
        """The slices, the largest effect first (else the largest change); of equal ones as they come."""
        moved = self.after - self.before if self.effect is None else self.effect
        return np.argsort(-np.nan_to_num(np.abs(moved), nan=-1.0), kind="stable").tolist()  # type: ignore[no-any-return]


@frozen(eq=False)
class Change:
    """A change from one period to another, and what it is made of."""

    kpi: Kpi
    """A measure stands here as a KPI that promises nothing."""
    named: Mapping[str, Node]
    """What parts are called by."""
    as_of: date
    windows: Windows
    tree: Part
    """The whole; its `parts` are the factors."""
    slices: SliceChanges | None
    notes: tuple[str, ...]
    """What is to be known of the periods, the data and the split before the numbers are read."""
    diagnostics: tuple[Diagnostic, ...]
    queries: tuple[Query, ...]

    @property
    def before(self) -> float:
        """The value in the first period."""
        return self.tree.before

    @property
    def after(self) -> float:
        """The value in the second."""
        return self.tree.after

    @property
    def wanted(self) -> int:
        """1 where more is promised, -1 where less is, else 0."""
        bound = self.kpi.promise.bound
        ways = {"at least": 1, "increase": 1, "at most": -1, "decrease": -1}
        return ways.get(bound.direction, 0) if bound is not None else 0
