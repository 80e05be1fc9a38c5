"""Cubes rolled up: from cells by class of rows to the cells of each partial.

A cell has a place (bucket and slice) and a class (which conditions its rows meet). What a partial has in a
place is put together from the classes that meet its conditions: for sums a product of matrices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from kpidsl.evaluate.plan import Partial, conditions_of, plain
from kpidsl.graph import Aggregate
from kpidsl.model.rows import Row

Part = Partial | Aggregate
Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]

_DENSE = 4
"""A matrix of classes x places may be this many times larger than the cells that it holds."""
_SMALL = 1_000_000
"""Values in a matrix that may always be that large."""


@define(eq=False)
class Cube(Mapping[Part, Floats]):
    """The values of each part in every place, worked out when they are asked for.

    `base` has values per cell, NaN for none (a count has one everywhere), under the plain partials
    (aggregates of a distinct scan: the number of identities, under `rows`); cell i is in `place[i]` and of
    the class `classes[i]`; `truth` says which classes meet a condition.
    """

    parts: tuple[Part, ...]
    base: Mapping[Partial, Floats]
    place: Indexes
    places: int
    classes: Indexes
    truth: Mapping[Row, NDArray[np.bool_]]
    _found: dict[Part, Floats] = field(factory=dict, init=False)

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, part: Part) -> Floats:
        if part in self._found:
            return self._found[part]
        base, meets = _plain(part), self._meets(part)
        match base.op:
            case "min" | "max":
                found = self._extreme(base, meets)
            case "mean" | "squares":
                self._moments(part, base, meets)
                return self._found[part]
            case _ if self._is_whole(meets):
                return self.base[base]
            case _:
                self._sums(base)
                return self._found[part]
        self._found[part] = found
        return found

    def _meets(self, part: Part) -> NDArray[np.bool_]:
        """The classes that count for a part."""
        meets = np.ones(self._classes, np.bool_)
        for condition in conditions_of(part):
            meets &= self.truth[condition]
        return meets

    @property
    def _classes(self) -> int:
        return len(next(iter(self.truth.values()))) if self.truth else 1

    def _is_whole(self, meets: NDArray[np.bool_]) -> bool:
        """Whether cells are places already: nothing is to be added up."""
        return bool(meets.all()) and self.places == len(self.place)

    # -- sums --

    def _sums(self, base: Partial) -> None:
        """All parts that add up the same values, at once."""
        parts = [part for part in self.parts if part not in self._found and _plain(part) == base]
        values = np.where(np.isnan(self.base[base]), 0.0, self.base[base])
        meets = [self._meets(part) for part in parts]
        if self._classes * self.places <= max(_DENSE * len(self.place), _SMALL) and np.isfinite(values).all():
            flat = self.classes * self.places + self.place
            matrix = np.bincount(flat, weights=values, minlength=self._classes * self.places)
            summed = np.array(meets, np.float64) @ matrix.reshape(self._classes, self.places)
            self._found.update(zip(parts, summed, strict=True))
        else:
            for part, classes in zip(parts, meets, strict=True):
                self._found[part] = self._added(values, classes)

    def _added(self, values: Floats, meets: NDArray[np.bool_]) -> Floats:
        """Cell by cell; an infinite value makes only its own place infinite."""
        kept = slice(None) if meets.all() else np.flatnonzero(meets[self.classes])
        weights = values[kept]
        return np.bincount(self.place[kept], weights=weights, minlength=self.places).astype(np.float64)

    # -- everything else --

    def _extreme(self, base: Partial, meets: NDArray[np.bool_]) -> Floats:
        least = base.op == "min"
        empty = np.inf if least else -np.inf
        values = self.base[base]
        there = np.where(meets[self.classes] & ~np.isnan(values), values, empty)
        out = np.full(self.places, empty)
        (np.minimum if least else np.maximum).at(out, self.place, there)
        return np.where(out == empty, np.nan, out)

    def _moments(self, part: Part, base: Partial, meets: NDArray[np.bool_]) -> None:
        """Mean and squares of deviations, from those of the cells (Chan, Golub and LeVeque)."""
        ops: Sequence[str] = ("count", "mean", "squares")
        count, mean, squares = (self.base[_as(base, op)] for op in ops)
        n = self._added(np.nan_to_num(count), meets)
        with np.errstate(all="ignore"):
            total = self._added(np.where(count > 0, mean * count, 0.0), meets) / n
            apart = np.where(count > 0, count * (mean - total[self.place]) ** 2, 0.0)
            spread = self._added(np.where(count > 0, squares, 0.0), meets) + self._added(apart, meets)
        found = {"mean": total, "squares": np.where(n > 0, spread, np.nan)}
        assert isinstance(part, Partial)
        for op, values in found.items():
            self._found[_as(part, op)] = values


def _plain(part: Part) -> Partial:
    return plain(part) if isinstance(part, Partial) else Partial("rows", None, None)


def _as(partial: Partial, op: str) -> Partial:
    return Partial(op, partial.argument, partial.filter, partial.weight)  # type: ignore[arg-type]
