"""The slices that a KPI falls into: as many as a million, so they are kept as columns and not as tuples."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

SliceKey = tuple[str | None, ...]
"""One value per dimension, as text; None where the data has none. The total is the empty tuple."""
Texts = NDArray[np.object_]
Codes = NDArray[np.int64]

_BATCH = 10_000
_FEW = 5_000
_LARGEST = 2**62


class Slices(Sequence[SliceKey]):
    """Slice keys in the settled order: the total `()`, then by value as text, missing last; each once.

    Of dimension d, `texts[d]` are the distinct texts in order (an object array), and `codes[d][i - 1]` is the
    place there of what slice i has: `len(texts[d])` where it has none. Both may be shared, and are never
    changed.
    """

    __slots__ = ("_hash", "_places", "codes", "texts")

    def __init__(self, texts: Sequence[Texts] = (), codes: Sequence[NDArray[Any]] = ()) -> None:
        """Texts and codes must be in order already; `of` and `of_rows` see to that."""
        self.texts = tuple(texts)
        self.codes: tuple[Codes, ...] = tuple(np.asarray(each, np.int64) for each in codes)
        self._hash: int | None = None
        self._places: dict[SliceKey, int] | None = None

    @classmethod
    def of(cls, keys: Iterable[SliceKey]) -> Slices:
        """The slices of some keys, in any order; the total is there with or without a key."""
        found = [key for key in dict.fromkeys(keys) if key]
        width = len(found[0]) if found else 0
        columns = [np.array([key[at] for key in found], object) for at in range(width)]
        return cls.of_rows(columns)[0]

    @classmethod
    def of_rows(cls, columns: Sequence[Texts]) -> tuple[Slices, Codes]:
        """The slices that rows belong to, a column of texts (None for missing) for each dimension; and of
        each row the place of its slice."""
        texts, codes = [], []
        for column in columns:
            missing = np.array([value is None for value in column.tolist()], np.bool_)
            values, inverse = np.unique(column[~missing], return_inverse=True)
            code = np.full(len(column), len(values), np.int64)
            code[~missing] = inverse
            texts.append(values)
            codes.append(code)
        return cls.of_codes(texts, codes)

    @classmethod
    def of_codes(cls, texts: Sequence[Texts], codes: Sequence[NDArray[Any]]) -> tuple[Slices, Codes]:
        """The slices that rows belong to, given their codes; and of each row the place of its slice."""
        if not codes:
            return cls(), np.zeros(0, np.int64)
        columns = [np.asarray(each, np.int64) for each in codes]
        folded = _folded(columns, [len(each) + 1 for each in texts])
        _, first, inverse = np.unique(folded, return_index=True, return_inverse=True)
        return cls(texts, [column[first] for column in columns]), inverse + 1

    # -- as a sequence --

    def __len__(self) -> int:
        return 1 + (len(self.codes[0]) if self.codes else 0)

    @overload
    def __getitem__(self, at: int) -> SliceKey: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[SliceKey, ...]: ...
    def __getitem__(self, at: int | slice) -> SliceKey | tuple[SliceKey, ...]:
        if isinstance(at, slice):
            return tuple(self[n] for n in range(*at.indices(len(self))))
        row = at + len(self) if at < 0 else at
        if not 0 <= row < len(self):
            raise IndexError(at)
        if row == 0:
            return ()
        return tuple(
            texts[codes[row - 1]] if codes[row - 1] < len(texts) else None
            for texts, codes in zip(self.texts, self.codes, strict=True)
        )

    def __iter__(self) -> Iterator[SliceKey]:
        yield ()
        for start in range(1, len(self), _BATCH):
            rows = np.arange(start, min(start + _BATCH, len(self)))
            yield from zip(*(self.column(d, rows).tolist() for d in range(len(self.texts))), strict=True)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and self.place(key) is not None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Slices):
            return NotImplemented
        if hash(self) != hash(other):
            return False
        dimensions = range(len(self.texts) if len(self) > 1 else 0)
        return all(np.array_equal(self.column(d), other.column(d)) for d in dimensions)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((len(self), self[len(self) // 2], self[-1]))
        return self._hash

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:4]))
        return f"Slices({shown}{', ...' if len(self) > 4 else ''}: {len(self)})"

    # -- places --

    def place(self, key: SliceKey) -> int | None:
        """Where a slice is, None if it is not there: found by halving where there are many."""
        if not key:
            return 0
        if len(self) <= _FEW:
            if self._places is None:
                self._places = {each: place for place, each in enumerate(self)}
            return self._places.get(key)
        if len(key) != len(self.texts):
            return None
        low, high = 0, len(self) - 1
        for value, texts, codes in zip(key, self.texts, self.codes, strict=True):
            code = len(texts) if value is None else bisect_left(texts, value)
            if value is not None and (code == len(texts) or texts[code] != value):
                return None
            within = codes[low:high]
            low, high = (low + int(np.searchsorted(within, code, side)) for side in ("left", "right"))
        return low + 1 if low < high else None

    def index(self, key: Any, start: int = 0, stop: int | None = None) -> int:
        """Where a slice is; ValueError if it is not there."""
        found = self.place(key)
        if found is None or not start <= found < (len(self) if stop is None else stop):
            raise ValueError(f"{key!r} is no slice")
        return found

    def column(self, dimension: int, rows: NDArray[Any] | None = None) -> Texts:
        """The values of a dimension, None for missing: of all slices but the total, or of some by their
        places (from 1)."""
        codes = self.codes[dimension] if rows is None else self.codes[dimension][rows - 1]
        texts = self.texts[dimension]
        missing = codes == len(texts)
        if not missing.any():
            return np.asarray(texts[codes], object)
        found = np.full(len(codes), None, object)
        found[~missing] = texts[codes[~missing]]
        return found

    def only(self, kept: NDArray[np.bool_]) -> Slices:
        """The slices that are kept, one flag for each; the total always is."""
        if kept[1:].all():
            return self
        return Slices(self.texts, [each[kept[1:]] for each in self.codes])

    def places(self, other: Slices) -> Codes:
        """Of each slice of another sequence its place in this one, -1 where it is not there."""
        if other == self:
            return np.arange(len(self))
        found = np.full(len(other), -1, np.int64)
        found[0] = 0
        if len(self.texts) != len(other.texts) or not self.texts:
            return found
        theirs = [_translated(other, self.texts[d], d) for d in range(len(self.texts))]
        known = np.all([each >= 0 for each in theirs], axis=0)
        mine = len(self) - 1
        both = [np.concatenate([a, b[known]]) for a, b in zip(self.codes, theirs, strict=True)]
        folded = _folded(both, [len(each) + 1 for each in self.texts])
        mine_folded, theirs_folded = folded[:mine], folded[mine:]
        at = np.searchsorted(mine_folded, theirs_folded)
        there = at < mine
        there[there] = mine_folded[at[there]] == theirs_folded[there]
        found[1:][known] = np.where(there, at + 1, -1)
        return found


def merged(several: Sequence[Slices]) -> Slices:
    """Every slice that one of them has, by the same dimensions."""
    split = list({id(one): one for one in several if one.texts}.values())
    if not split:
        return Slices()
    if len(split) == 1:
        return split[0]
    texts = []
    for d in range(len(split[0].texts)):
        known = list({id(one.texts[d]): one.texts[d] for one in split}.values())
        texts.append(known[0] if len(known) == 1 else np.unique(np.concatenate(known)))
    codes = [np.concatenate([_translated(one, texts[d], d) for one in split]) for d in range(len(texts))]
    return Slices.of_codes(texts, codes)[0]


def _translated(slices: Slices, texts: Texts, d: int) -> Codes:
    """The codes of a dimension in other texts, -1 for a text that is not there."""
    mine, codes = slices.texts[d], slices.codes[d]
    if mine is texts:
        return codes
    at = np.searchsorted(texts, mine)
    there = at < len(texts)
    there[there] = texts[at[there]] == mine[there]
    return np.append(np.where(there, at, -1), len(texts))[codes]


def _folded(codes: Sequence[Codes], sizes: Sequence[int]) -> Codes:
    """The codes of several dimensions as one number that keeps their order."""
    found, most = codes[0], max(sizes[0], 1)
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        if most * size > _LARGEST:
            values, found = np.unique(found, return_inverse=True)
            most = len(values)
        found, most = found * size + code, most * size
    return found
