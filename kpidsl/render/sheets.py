"""Verdicts on many slices as columns, a batch at a time: for outputs that programs read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from kpidsl.results import LIGHT_OF, WORDS

if TYPE_CHECKING:
    from kpidsl.results import Judged, Places, Verdict

NUMBERS = (
    "value", "target_low", "target_high", "reference_low", "reference_high", "tolerance", "baseline",
    "attainment", "gap", "projection", "projection_low", "projection_high", "low", "high", "sample",
)  # fmt: skip
_BATCH = 50_000
_SHARED = ("kpi", "title", "window", "unit", "deadline", "days_left", "watermark", "hash", "running")
_LIGHTS = [LIGHT_OF[word] for word in WORDS]


@frozen(eq=False)
class Sheet:
    """Verdicts by their fields, without sentences: what all of them have, and what each one has.

    Of `slice` each has the values of its dimensions. None is for what is not there.
    """

    size: int
    same: dict[str, Any]
    each: dict[str, list[Any]]
    dimensions: tuple[str, ...]
    special: dict[int, Verdict]
    """Slices with a target of their own, by row: all of that is in the verdict."""


def sheets(judged: Judged, which: Places) -> Iterator[Sheet]:
    """The verdicts on some slices of a KPI, in the order given."""
    crowd = judged.crowd
    if crowd is None or not len(which):
        return
    shared = {name: getattr(judged.headline, name) for name in _SHARED}
    shared |= {"target": crowd.target, "projected": None, "why": None}
    columns: dict[str, NDArray[Any]] = {name: crowd.number(name) for name in NUMBERS}
    columns |= {"rows": crowd.rows, "counts": crowd.counts, "final": crowd.final}
    words = crowd.words
    for start in range(0, len(which), _BATCH):
        part = which[start : start + _BATCH]
        same, each = dict(shared), dict[str, list[Any]]()
        for name, column in columns.items():
            _put(name, column[part], same, each)
        codes = words[part].tolist()
        each["word"] = [WORDS[code] for code in codes]
        each["light"] = [_LIGHTS[code] for code in codes]
        each["slice"] = list(zip(*(column.tolist() for column in crowd.names(part)), strict=True))
        special = {n: crowd.special[at] for n, at in enumerate(part.tolist()) if at in crowd.special}
        yield Sheet(len(part), same, each, crowd.dimensions, special)


def _put(name: str, column: NDArray[Any], same: dict[str, Any], each: dict[str, list[Any]]) -> None:
    """A column, or the one thing that is in all of its rows."""
    first = column[0]
    if first != first:
        if np.isnan(column).all():
            same[name] = None
            return
    elif (column == first).all():
        same[name] = first.item()
        return
    values = column.tolist()
    each[name] = [None if x != x else x for x in values] if column.dtype.kind == "f" else values
