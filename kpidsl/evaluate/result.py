"""What a scan found: from the columns of an engine's answer to cells in their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from kpidsl.evaluate.cube import Cube, Part
from kpidsl.evaluate.large import Coded
from kpidsl.evaluate.plan import WINDOWED, Columns, Partial, Scan
from kpidsl.evaluate.rollup import Cells, Floats, Indexes, Targets, placed
from kpidsl.evaluate.sql import BITS, base_of, masks_of
from kpidsl.model.periods import Window

_MIXER = np.int64(0x1E3779B97F4A7C15)
"""Spreads masks over all numbers, so that several of them can be told apart by one."""


@frozen(eq=False)
class Result:
    """A scan and its cells, one per dimension set."""

    scan: Scan
    sets: tuple[Cells, ...]
    parts: frozenset[Part] = field(init=False)
    _spans: frozenset[tuple[date, date]] = field(init=False)
    _able: dict[tuple[Columns, tuple[Window, ...]], bool] = field(factory=dict, init=False)
    _targets: dict[tuple[Columns, tuple[Window, ...]], Targets] = field(factory=dict, init=False)
    _fewest: dict[Columns, Cells] = field(factory=dict, init=False)

    @parts.default
    def _parts_of(self) -> frozenset[Part]:
        return frozenset(self.scan.parts())

    @_spans.default
    def _spans_of(self) -> frozenset[tuple[date, date]]:
        return frozenset((window.start, window.end) for window in self.scan.windows)

    def answers(self, columns: Columns, windows: tuple[Window, ...]) -> bool:
        """Whether it has been asked for these columns and windows."""
        at = (columns, windows)
        if at not in self._able:
            asked = any(set(columns) <= set(cells.columns) for cells in self.sets)
            self._able[at] = asked and all((w.start, w.end) in self._spans for w in windows)
        return self._able[at]

    def targets(self, columns: Columns, windows: tuple[Window, ...]) -> Targets:
        """Where its cells go in an array of the slices of some columns x windows."""
        at = (columns, windows)
        if at not in self._targets:
            grid = self.scan.buckets
            assert grid is not None
            ranges = tuple(grid.range_of(window) for window in windows)
            self._targets[at] = self.cells(columns).targets(columns, ranges)
        return self._targets[at]

    def cells(self, columns: Columns) -> Cells:
        """The cells to add up for some columns: of the sets that have them, the one with the fewest."""
        if columns not in self._fewest:
            able = [cells for cells in self.sets if set(columns) <= set(cells.columns)]
            self._fewest[columns] = min(able, key=lambda cells: len(cells.buckets))
        return self._fewest[columns]

    def exactly(self, columns: Columns) -> Cells:
        """The cells of just these columns."""
        return next(cells for cells in self.sets if cells.columns == columns)


def result_of(scan: Scan, columns: dict[str, Any]) -> Result:
    """The cells of a scan from the columns of its query; the values of a single set are taken out of them."""
    names = {ref: f"d{n}" for n, ref in enumerate(scan.dimensions())}
    buckets = _integers(columns["b"])
    marks: Sequence[int] = range(len(scan.sets)) if scan.kind in WINDOWED else masks_of(scan)
    several = scan.kind in WINDOWED or len(scan.sets) > 1
    sets = []
    for mark, refs in zip(marks, scan.sets, strict=True):
        rows = np.flatnonzero(_integers(columns["g"]) == mark) if several else slice(None)
        keys, slices, of, place = placed([_coded(columns[names[ref]], rows) for ref in refs], buckets[rows])
        data = _data(scan, columns, rows, place, len(of))
        sets.append(Cells(refs, keys, slices, of, data))
    return Result(scan, tuple(sets))


def _coded(column: Any, rows: Indexes | slice) -> Coded:
    """The texts of a dimension in some rows."""
    if isinstance(column, Coded):
        return Coded(column.texts, column.codes[rows])
    values = np.ma.getdata(column)[rows].tolist()
    missing = np.ma.getmaskarray(column)[rows].tolist()
    there = {value for value, gone in zip(values, missing, strict=True) if not gone}
    known = {value: code for code, value in enumerate(sorted(there))}
    codes = [len(known) if gone else known[v] for v, gone in zip(values, missing, strict=True)]
    texts = np.empty(len(known), object)
    texts[:] = list(known)
    return Coded(texts, np.array(codes, np.int64))


def _data(
    scan: Scan, columns: dict[str, Any], rows: Indexes | slice, place: Indexes, places: int
) -> Mapping[Part, Floats]:
    """The values of each part in every place. Of a single set they are taken out of the columns."""
    whole = places == len(place)
    order = np.argsort(place) if whole and (np.diff(place) < 0).any() else slice(None)
    take = columns.pop if isinstance(rows, slice) else columns.__getitem__
    conditions, cells = scan.conditions(), scan.kind in ("cube", "distinct")
    base: Sequence[Part] = base_of(scan) if scan.kind == "cube" else scan.parts()
    base = (Partial("rows", None, None),) if scan.kind == "distinct" else base
    values = {part: _counted(part, take(f"v{n}")[rows][order]) for n, part in enumerate(base)}
    if not cells:
        return values
    masks = [_integers(columns[f"m{n}"][rows][order]) for n in range(-(-len(conditions) // BITS))]
    classes, known = _classes(masks, len(place))
    truth = {condition: (known[n // BITS] >> n % BITS) & 1 == 1 for n, condition in enumerate(conditions)}
    plain = {part: found for part, found in values.items() if isinstance(part, Partial)}
    return Cube(scan.parts(), plain, place[order], places, classes, truth)


def _classes(masks: Sequence[Indexes], rows: int) -> tuple[Indexes, list[Indexes]]:
    """Which rows meet the same conditions: a number from 0 for each row, and the masks of each number."""
    if not masks:
        return np.zeros(rows, np.int64), []
    mixed = masks[0]
    for mask in masks[1:]:
        mixed = (mixed ^ (mixed >> 31)) * _MIXER + mask
    _, first, classes = np.unique(mixed, return_index=True, return_inverse=True)
    known = [mask[first] for mask in masks]
    if all(np.array_equal(known_[classes], mask) for known_, mask in zip(known, masks, strict=True)):
        return classes, known
    table, classes = np.unique(np.stack(masks, axis=1), axis=0, return_inverse=True)
    return classes.ravel(), list(table.T)


def _integers(column: NDArray[Any]) -> NDArray[np.int64]:
    return np.asarray(column).astype(np.int64)


def _counted(part: Part, values: Floats) -> Floats:
    """A count has a value in every cell, even where a sum over no class has none."""
    counted = isinstance(part, Partial) and part.op in ("rows", "count", "holds")
    return np.nan_to_num(values, copy=False, nan=0.0, posinf=np.inf) if counted else values
