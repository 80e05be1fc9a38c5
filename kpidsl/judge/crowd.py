"""The slices of a KPI: all judged at once as arrays, and each one in words when it is asked for."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Set
from decimal import localcontext
from typing import Any

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from kpidsl.digits import Floats
from kpidsl.graph import Bound, Kpi, Tolerance
from kpidsl.judge.ahead import MOST_SLICES, forecasts, shown
from kpidsl.judge.bounds import EXACT
from kpidsl.judge.bulk import Ruling, rule
from kpidsl.judge.evidence import LARGE, Evidence
from kpidsl.judge.schedule import Hole, Slot, counted_sources
from kpidsl.judge.verdict import verdict
from kpidsl.results import (
    LIGHT_OF,
    WORDS,
    Codes,
    Flags,
    Places,
    Point,
    SliceKey,
    Slices,
    Verdict,
    code_of,
)

Terms = tuple[Bound | Hole | None, Tolerance | None]

_latest: list[Evidence] = []
"""The last such evidence that was asked for again: outputs take one KPI after the other."""


class Slicewise:
    """What is known of the slices of a KPI. Slice n is the one at place n + 1 of `slices`; those that the
    spec names and the data does not have come last."""

    def __init__(self, gathered: Callable[[], Evidence], absent: Callable[[Evidence], list[Verdict]]) -> None:
        self._gathered = gathered
        evidence = gathered()
        large = evidence.value.grid.values.size > LARGE
        self._known: Callable[[], Evidence | None] = weakref.ref(evidence) if large else lambda: evidence
        self.kpi, self.schedule = evidence.kpi, evidence.schedule
        self.slices: Slices = evidence.slices
        self.absent = absent(evidence)
        self._own = {
            place - 1: part for part in self.kpi.slices if (place := self.slices.place((part.value,)))
        }
        self._slot = self.schedule.slots[self.schedule.headline]
        self._count = len(self.slices) - 1
        self._alike_terms: dict[Slot, Terms] = {}
        places = np.arange(1, len(self.slices))
        self.ruling: Ruling = rule(evidence, *terms(self.kpi, self._slot), places, self._slot)
        self._rows = evidence.counted(places, self._slot.window).astype(np.int64)
        nothing = np.asarray(~np.isfinite(evidence.value.grid.values[1:]).any(axis=1), np.bool_)
        nothing[list(self._own)] = False
        self._nothing = nothing
        self.special: dict[int, Verdict] = {n: self.verdict(n) for n in self._own}
        self.special |= {self._count + n: one for n, one in enumerate(self.absent)}

    @property
    def evidence(self) -> Evidence:
        """Everything that was answered, asked for again if it has been let go."""
        return self._known() or self._regathered()

    def _regathered(self) -> Evidence:
        evidence = self._gathered()
        self._known = weakref.ref(evidence)
        _latest[:] = [evidence]
        return evidence

    def __len__(self) -> int:
        return self._count + len(self.absent)

    # -- in words --

    def total(self, slot: Slot) -> Verdict:
        """The verdict on the total."""
        with localcontext(EXACT):
            return verdict(self.evidence, slot.bound, self.kpi.promise.tolerance, (), slot)

    def verdict(self, n: int) -> Verdict:
        """The verdict on a slice in the headline's window."""
        if n >= self._count:
            return self.absent[n - self._count]
        return self._judged(n, self._slot)

    def history(self, n: int) -> tuple[Verdict, ...]:
        """A slice in every window."""
        return tuple(self._judged(n, slot) for slot in self.schedule.slots) if n < self._count else ()

    def _judged(self, n: int, slot: Slot) -> Verdict:
        with localcontext(EXACT):
            found = verdict(self.evidence, *self._terms(n, slot), self.slices[n + 1], slot)
        return evolve(found, counts=False) if self._nothing[n] else found

    def _terms(self, n: int, slot: Slot) -> Terms:
        own = self._own.get(n)
        if own is not None:
            return own.bound, own.tolerance or self.kpi.promise.tolerance
        if slot not in self._alike_terms:
            self._alike_terms[slot] = terms(self.kpi, slot)
        return self._alike_terms[slot]

    # -- as arrays --

    @property
    def words(self) -> Codes:
        """Of every slice, as places in `WORDS`."""
        return self._with_special(self.ruling.words, lambda one: code_of(one.word))

    @property
    def counts(self) -> Flags:
        """Which verdicts count."""
        judged = terms(self.kpi, self._slot)[0] is not None and not self.kpi.about.draft
        return self._with_special(~self._nothing & judged, lambda one: one.counts)

    @property
    def empty(self) -> Flags:
        """Which slices have no value in any window, and no target of their own."""
        return np.append(self._nothing, np.zeros(len(self.absent), np.bool_))

    @property
    def rows(self) -> NDArray[np.int64]:
        """How many rows are behind each value."""
        return self._with_special(self._rows, lambda one: one.rows or 0)

    @property
    def final(self) -> Flags:
        """Which words are the promise's last ones."""
        return self._with_special(self.ruling.final, lambda one: one.final)

    @property
    def target(self) -> str | None:
        """The target in words, where it is the same for all."""
        return self.ruling.owed.text if self.ruling.owed else None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What the values of a slice are of."""
        return tuple(dimension.name for dimension in self.kpi.dimensions)

    def find(self, key: SliceKey) -> int | None:
        """Which one a slice is, None if there is no such slice."""
        place = self.slices.place(key) if key else None
        absent = (n for n, one in enumerate(self.absent) if tuple(value for _, value in one.slice) == key)
        return place - 1 if place else next((self._count + n for n in absent), None)

    def number(self, name: str) -> Floats:
        """A number of every verdict by its name there, NaN for None."""
        return self._with_special(
            self._number(name), lambda one: np.nan if getattr(one, name) is None else getattr(one, name)
        )

    def _number(self, name: str) -> Floats:
        ruling, owed = self.ruling, self.ruling.owed
        if name.startswith("projection"):
            return self._projection(name)
        match name:
            case "value":
                return ruling.value
            case "gap":
                return ruling.gap
            case "attainment":
                return ruling.attainment
            case "tolerance":
                return ruling.slack
            case "low" | "high" | "sample":
                found = getattr(ruling.sure, name)
                return np.full(ruling.value.shape, np.nan) if found is None else found
        if owed is None:
            return ruling.among(None)
        match name:
            case "reference_low":
                return ruling.among(owed.reference.low)
            case "reference_high":
                return ruling.among(owed.reference.high)
            case "target_low":
                return self._told(owed.target.low)
            case "target_high":
                return self._told(owed.target.high)
            case "baseline":
                return self._told(owed.baseline)
        raise ValueError(f"`{name}` is no number of a verdict")

    def _projection(self, name: str) -> Floats:
        if self.kpi.promise.forecast is None:
            return self.ruling.projection if name == "projection" else self.ruling.among(None)
        if not shown(self.schedule, self._slot):
            return self.ruling.among(None)
        keys = [self.slices[n + 1] for n in range(self._count)] if self._count <= MOST_SLICES else []
        if not keys:
            return self.ruling.among(None)
        made = forecasts(self.evidence, keys)
        return self.ruling.among(made[("projection", "projection_low", "projection_high").index(name)])

    def _told(self, numbers: Floats | None) -> Floats:
        """Numbers of a target, where there is one."""
        found = np.broadcast_to(np.nan if numbers is None else numbers, self.ruling.value.shape)
        untold = self.ruling.owed.untold if self.ruling.owed else None
        return found if untold is None else np.where(untold, np.nan, found)

    def _with_special(self, found: NDArray[Any], of: Callable[[Verdict], Any]) -> NDArray[Any]:
        """An array with the slices that have a target of their own, and the absent ones."""
        if not self.special:
            return found
        longer = np.append(found, np.zeros(len(self.absent), found.dtype))
        for n, one in self.special.items():
            longer[n] = of(one)
        return longer

    def names(self, which: Places) -> list[NDArray[np.object_]]:
        """The values of some slices, an array for each dimension."""
        there = which < self._count
        columns = []
        for d in range(len(self.kpi.dimensions)):
            column = np.full(len(which), None, object)
            column[there] = self.slices.column(d, which[there] + 1)
            columns.append(column)
        for at in np.flatnonzero(~there).tolist():
            for column, (_, value) in zip(columns, self.absent[which[at] - self._count].slice, strict=True):
                column[at] = value
        return columns

    # -- trends --

    def trends(self, which: Places, most: int) -> list[list[Point]]:
        """The last windows of some slices, those in progress left out; of the total for -1."""
        closed = [slot for slot in self.schedule.slots if not slot.open]
        slots = (closed if len(closed) > 1 else list(self.schedule.slots))[-most:]
        found: list[list[Point]] = [[] for _ in which]
        evidence = self.evidence
        for slot in slots:
            for of, numbers in self._alike(which, slot):
                places = np.array([which[n] + 1 for n in numbers])
                ruling = rule(evidence, *of, places, slot)
                values, words = ruling.value.tolist(), ruling.words.tolist()
                for n, value, code in zip(numbers, values, words, strict=True):
                    known = None if value != value else value
                    found[n].append(Point(slot.window, slot.open, known, LIGHT_OF[WORDS[code]]))
        return found

    def _alike(self, which: Places, slot: Slot) -> Iterator[tuple[Terms, list[int]]]:
        """The slices that owe the same in a slot, together; the absent ones are left out."""
        groups: dict[int, list[int]] = {}
        for n, slice in enumerate(which.tolist()):
            if slice < self._count:
                groups.setdefault(slice if slice == -1 or slice in self._own else -2, []).append(n)
        for key, numbers in groups.items():
            if key == -1:
                yield (slot.bound, self.kpi.promise.tolerance), numbers
            else:
                yield self._terms(key, slot), numbers


class Keys(Set[SliceKey]):
    """The slices that some flags say, as a set of their keys."""

    def __init__(self, slices: Slices, flags: Flags) -> None:
        self._slices, self._flags = slices, flags

    def __contains__(self, key: object) -> bool:
        place = self._slices.place(key) if isinstance(key, tuple) and key else None
        return bool(place and self._flags[place - 1])

    def __iter__(self) -> Iterator[SliceKey]:
        return (self._slices[int(n) + 1] for n in np.flatnonzero(self._flags))

    def __len__(self) -> int:
        return int(self._flags.sum())

    @classmethod
    def _from_iterable(cls, keys: Iterable[SliceKey]) -> frozenset[SliceKey]:  # type: ignore[override]
        return frozenset(keys)


def terms(kpi: Kpi, slot: Slot) -> Terms:
    """What slices owe that have no promise of their own: the KPI's, unless they add up, for a part does not
    owe the whole. A plan that is told for each slice is each slice's own."""
    if kpi.formula.additivity in ("additive", "semi") and not planned(kpi, slot.bound):
        return None, None
    return slot.bound, kpi.promise.tolerance


def planned(kpi: Kpi, bound: Bound | Hole | None) -> bool:
    """Whether a bound is a plan that is told for each slice: every number of it is read from other sources
    than the formula, which have the dimensions."""
    if not isinstance(bound, Bound) or bound.direction in ("increase", "decrease"):
        return False
    own = set(counted_sources(kpi.formula))
    read = [set(counted_sources(node)) for node in (bound.value, bound.high) if node is not None]
    able = [set(dict(dimension.columns)) for dimension in kpi.dimensions]
    return all(names and not names & own and all(names <= has for has in able) for names in read)
