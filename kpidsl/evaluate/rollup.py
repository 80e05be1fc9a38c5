"""Cells, as an engine returns them, and how they are added up to windows and to fewer dimensions.

A cell is one slice in one bucket with the partials found there. Few cells exist where slices are many, so
they are kept as lists; adding up is one `bincount` per partial.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from attrs import define
from numpy.typing import NDArray

from kpidsl.evaluate.large import Coded
from kpidsl.evaluate.plan import Columns, Partial
from kpidsl.graph import Aggregate
from kpidsl.slices import Slices

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]
Ranges = tuple[tuple[int, int], ...]
"""Per window the half-open range of the buckets, or the cells, it is made of."""
_MANY = 500_000
"""So many cells are added up window by window, which needs less memory."""


@define(eq=False)
class Cells:
    """One dimension set of one scan: cell i is slice `keys[slices[i]]` in bucket `buckets[i]`, buckets
    rising.

    `data` has the values of a part in every cell, NaN for none. Moments are microseconds or days as float.
    """

    columns: Columns
    keys: Slices
    slices: Indexes
    buckets: Indexes
    data: Mapping[Partial | Aggregate, Floats]

    def targets(self, columns: Columns, ranges: Ranges) -> Targets:
        """Where each cell goes when slices are those of fewer columns and windows are ranges of buckets."""
        keys, moved = self._fewer(columns)
        lows = np.searchsorted(self.buckets, [low for low, _ in ranges])
        highs = np.searchsorted(self.buckets, [high for _, high in ranges])
        spans = tuple(zip(lows.tolist(), highs.tolist(), strict=True))
        return Targets(keys, self.slices if moved is None else moved[self.slices], spans)

    def _fewer(self, columns: Columns) -> tuple[Slices, Indexes | None]:
        """The slices of fewer columns, and where each of the slices goes; None where it stays."""
        if columns == self.columns:
            return self.keys, None
        if not columns or not self.keys.texts:
            return Slices(), np.zeros(len(self.keys), np.int64)
        places = [self.columns.index(column) for column in columns]
        texts = [self.keys.texts[place] for place in places]
        keys, moved = Slices.of_codes(texts, [self.keys.codes[place] for place in places])
        return keys, np.concatenate([[0], moved])


@define(eq=False, slots=False)
class Targets:
    """Cells and the place of each in an array of slices x windows; a cell may go to several windows.

    Cell i belongs to the slice `slices[i]`; the cells of window k are those of `spans[k]`, a half-open range.
    Arrays are laid out window by window, which is the order of the cells.
    """

    keys: Slices
    slices: Indexes
    spans: Ranges

    @cached_property
    def cell(self) -> Indexes:
        """The cells of all windows, one window after the other."""
        cells = [np.arange(low, high) for low, high in self.spans]
        return np.concatenate(cells) if cells else np.zeros(0, np.int64)

    @cached_property
    def target(self) -> Indexes:
        """The place of each of them."""
        lengths = [high - low for low, high in self.spans]
        return np.repeat(np.arange(len(self.spans)), lengths) * len(self.keys) + self.slices[self.cell]

    @property
    def _size(self) -> int:
        return len(self.keys) * len(self.spans)

    def _shaped(self, flat: Floats) -> Floats:
        return flat.reshape(len(self.spans), len(self.keys)).T

    def sum(self, values: Floats) -> Floats:
        """The sum in each place; no value counts as nothing, an infinite one makes its place infinite."""
        if len(values) < _MANY:
            return self._shaped(self._added(np.where(np.isnan(values), 0.0, values)[self.cell]))
        out = np.empty((len(self.spans), len(self.keys)))
        for row, (low, high) in zip(out, self.spans, strict=True):
            weights = np.nan_to_num(values[low:high], nan=0.0, posinf=np.inf, neginf=-np.inf)
            row[:] = np.bincount(self.slices[low:high], weights=weights, minlength=len(self.keys))
        return out.T

    def _added(self, weights: Floats) -> Floats:
        return np.bincount(self.target, weights=weights, minlength=self._size).astype(np.float64)

    def extreme(self, values: Floats, op: str) -> Floats:
        """The `min` or `max` in each place, NaN where there is none."""
        least = op == "min"
        empty = np.inf if least else -np.inf
        out = np.full(self._size, empty)
        there = np.where(np.isnan(values), empty, values)[self.cell]
        (np.minimum if least else np.maximum).at(out, self.target, there)
        return self._shaped(np.where(out == empty, np.nan, out))

    def level(self, levels: Floats, moments: Floats, end: str) -> Floats:
        """The sum of the levels at the earliest or latest moment in each place, NaN where there is none."""
        best = self.extreme(moments, "min" if end == "first" else "max").ravel("F")
        at = moments[self.cell] == best[self.target]
        here = np.where(at, levels[self.cell], 0.0)
        return self._shaped(np.where(np.isnan(best), np.nan, self._added(here)))

    def deviation(self, count: Floats, mean: Floats, squares: Floats) -> Floats:
        """The sample standard deviation, from the moments of the parts (Chan, Golub and LeVeque)."""
        n = self.sum(count)
        with np.errstate(all="ignore"):
            total = self.sum(np.where(count > 0, mean * count, 0.0)) / n
            there = np.where(count > 0, mean, 0.0)[self.cell] - total.ravel("F")[self.target]
            between = self._shaped(self._added(count[self.cell] * there**2))
            return np.where(n > 1, np.sqrt((self.sum(squares) + between) / (n - 1)), np.nan)


def placed(columns: Sequence[Coded], buckets: Indexes) -> tuple[Slices, Indexes, Indexes, Indexes]:
    """Rows of an engine's answer in their places: the slices; of each place its slice and bucket, in the
    order of buckets and slices; and of each row its place."""
    keys, slices = Slices(), np.zeros(len(buckets), np.int64)
    if columns:
        keys, slices = Slices.of_codes([c.texts for c in columns], [c.codes for c in columns])
    folded = buckets * len(keys) + slices
    if (np.diff(folded) > 0).all():
        return keys, slices, buckets, np.arange(len(folded))
    folded, place = np.unique(folded, return_inverse=True)
    return keys, folded % len(keys), folded // len(keys), place
