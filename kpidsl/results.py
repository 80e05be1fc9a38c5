"""What evaluation hands on: grids of numbers, answers to what was asked, and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import date
from functools import lru_cache
from operator import eq
from typing import Literal, Protocol, TypeVar, get_args, overload

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from kpidsl.diagnostics import Diagnostic
from kpidsl.graph import Dimension, Node
from kpidsl.model.periods import Window
from kpidsl.slices import SliceKey as SliceKey
from kpidsl.slices import Slices as Slices

Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


@frozen(eq=False)
class Grid:
    """Values of one node: slices x windows, float64, NaN for no value. The first slice is the total, `()`."""

    slices: Slices
    windows: tuple[Window, ...]
    values: NDArray[np.float64]

    def at(self, key: SliceKey, window: Window) -> float | None:
        """The value of a slice in a window, None for no value (also for a slice that the data does not
        have)."""
        row = self.slices.place(key)
        if row is None:
            return None
        value = float(self.values[row, self.windows.index(window)])
        return None if np.isnan(value) else value


class Windows(tuple[Window, ...]):
    """Windows that answers are found by: the hash is worked out once."""

    _hash: int

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            self._hash = super().__hash__()
            return self._hash


_one = lru_cache(1_000)(Windows)


def windows_of(windows: tuple[Window, ...]) -> Windows:
    """The same windows as one object, so that they are told apart without a look at each: most KPIs are asked
    over the same ones."""
    return windows if isinstance(windows, Windows) else _one(windows)


@frozen(cache_hash=True)
class Ask:
    """A question to the evaluator: this node, over these windows, in total and for every slice.

    `start` is where running totals begin: the start of the promise; None for the first data.
    """

    node: Node
    windows: Windows = field(converter=windows_of)
    dimensions: tuple[Dimension, ...] = ()
    start: date | None = None


@frozen
class SourcePromise:
    """What a source promises of its rows, and whether it keeps it."""

    text: str
    """As it would be written: `complete every day`."""
    otherwise: Literal["warn", "stale"]
    """What follows where it is broken."""
    found: str | None = None
    """How it is broken, as a clause: `ads ends on 2026-03-20, 12 days before 2026-04-01`; None where it is
    kept."""
    example: str | None = None
    """The days, keys or row in question."""
    asked: bool = True
    """False where the data could not be asked."""

    @property
    def told(self) -> str | None:
        """How it is broken, with what is in question."""
        return f"{self.found}: {self.example}" if self.found and self.example else self.found

    @property
    def word(self) -> Literal["kept", "warned", "stale", "not asked"]:
        """One word for it."""
        if not self.asked:
            return "not asked"
        if self.found is None:
            return "kept"
        return "stale" if self.otherwise == "stale" else "warned"


@frozen
class Profile:
    """What is known of a source before anything is aggregated. Days are in the calendar's time zone."""

    source: str
    rows: int
    """Rows not later than as-of."""
    first: date | None
    watermark: date | None
    """The newest day with a row, capped by as-of."""
    stale: str | None = None
    """The sentence that says how a promise is broken that makes what depends on the source grey."""
    problems: tuple[Diagnostic, ...] = ()
    """Errors: the source cannot be read and everything on it fails. Warnings: a promise it breaks."""

    broken: tuple[Diagnostic, ...] = ()
    """Errors of single columns: what reads them fails, the rest of the source does not."""

    promises: tuple[SourcePromise, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """How promises are broken of which verdicts tell, as clauses."""
        return tuple(one.found for one in self.promises if one.found and one.otherwise == "warn")

    @property
    def failure(self) -> Diagnostic | None:
        """The first error, if the source cannot be used. Where days are known, an error spoils its column
        only; the evaluator says which nodes that are."""
        if self.watermark is not None:
            return None
        return next((p for p in self.problems if p.severity.word == "error"), None)


class Answers(Protocol):
    """What the evaluator found. Asking again for the same thing costs nothing."""

    @property
    def profiles(self) -> dict[str, Profile]:
        """Every source that was needed."""
        ...

    def grid(self, ask: Ask) -> Grid:
        """The values; NaN everywhere when a source failed."""
        ...

    def rows(self, ask: Ask) -> Grid:
        """How many rows of the sources, filters applied, went into each value."""
        ...

    def why(self, ask: Ask, key: SliceKey, window: Window) -> str:
        """Why there is no value there, as a clause: `ads has no rows in 2026-05`, `leads is 0`."""
        ...

    def failure(self, node: Node) -> Diagnostic | None:
        """Why nothing can be said of a node at all."""
        ...


Light = Literal["green", "amber", "red", "grey", "none"]
"""`none` is for a value that promises nothing."""

Verb = Literal[
    "met", "nearly met", "missed", "on track", "at risk", "off track",
    "no data", "stale", "not started", "too few", "inconclusive", "failed", "no target",
]  # fmt: skip

Outlook = Literal["kept", "not kept", "open"]

WORDS: tuple[Verb, ...] = get_args(Verb)
LIGHT_OF: dict[Verb, Light] = {
    **dict.fromkeys(WORDS, "grey"),
    "met": "green", "on track": "green", "nearly met": "amber", "at risk": "amber", "missed": "red",
    "off track": "red", "no target": "none",
}  # fmt: skip


def code_of(word: Verb) -> int:
    """The place of a word in `WORDS`: how arrays name it."""
    return WORDS.index(word)


@frozen
class Verdict:
    """The judgement of one KPI, one slice, one window. Numbers are in the KPI's unit; percents are
    fractions."""

    kpi: str
    title: str
    slice: tuple[tuple[str, str | None], ...]
    """Dimension and value; empty for the total."""
    window: Window | None
    word: Verb
    light: Light
    why: str
    """One sentence with the numbers in it."""
    unit: str
    value: float | None = None
    target: str | None = None
    """In words: `at most 25 EUR per lead`."""
    target_low: float | None = None
    target_high: float | None = None
    reference_low: float | None = None
    """What is expected by now: at least this."""
    reference_high: float | None = None
    tolerance: float | None = None
    """The width of the amber band, in the KPI's unit."""
    baseline: float | None = None
    attainment: float | None = None
    """Value over reference for `at least`, reference over value for `at most`: 1.0 is just kept."""
    gap: float | None = None
    """Value less reference; for `between`, the distance outside, 0 within."""
    projection: float | None = None
    """The value at the deadline: if it goes on like this, or as it is forecast."""
    projection_low: float | None = None
    """The interval of a forecast."""
    projection_high: float | None = None
    projected: Outlook | None = None
    """Whether the target is kept at the deadline by what is projected; None where one of the two is not
    known."""
    deadline: date | None = None
    days_left: int | None = None
    watermark: date | None = None
    rows: int | None = None
    low: float | None = None
    """The interval of the value, where `confident` asks for one."""
    high: float | None = None
    sample: float | None = None
    """How many things the value is made of, where `confident` or `sample` asks."""
    hash: str = ""
    running: bool = False
    """Whether the window is still open."""
    counts: bool = True
    """False for drafts and for what is shown without a target."""
    final: bool = False
    """Whether the word is the promise's last one: it is over, or nothing can change it any more. A closed
    period may be `met` while the promise goes on."""


@frozen
class Point:
    """A window of a history: as much of its verdict as a small picture needs."""

    window: Window
    running: bool
    value: float | None
    light: Light


Item = TypeVar("Item")


class Lazy(Sequence[Item]):
    """A sequence of which each item is made when it is asked for, and not kept."""

    def __init__(self, length: int, make: Callable[[int], Item]) -> None:
        self._length, self._make = length, make

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, at: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(at, slice):
            return tuple(self._make(n) for n in range(*at.indices(self._length)))
        if not -self._length <= at < self._length:
            raise IndexError(at)
        return self._make(at % self._length)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(other) == len(self) and all(map(eq, self, other))

    def __hash__(self) -> int:
        return hash(self._length)


class Crowd(Protocol):
    """The slices of a KPI in its headline's window, judged all at once. Entry n of every array is
    `Judged.slices[n]`."""

    @property
    def words(self) -> Codes:
        """Places in `WORDS`."""
        ...

    @property
    def counts(self) -> Flags:
        """Which verdicts count."""
        ...

    @property
    def empty(self) -> Flags:
        """Which slices have no value in any window, and no target of their own."""
        ...

    @property
    def rows(self) -> NDArray[np.int64]:
        """How many rows are behind each value."""
        ...

    @property
    def final(self) -> Flags:
        """Which words are the promise's last ones."""
        ...

    @property
    def target(self) -> str | None:
        """The target in words, where it is the same for all."""
        ...

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What the values of a slice are of."""
        ...

    @property
    def special(self) -> Mapping[int, Verdict]:
        """The verdicts on slices with a target of their own: arrays have no more of them than numbers."""
        ...

    def find(self, key: SliceKey) -> int | None:
        """Which one a slice is, None if there is no such slice."""
        ...

    def number(self, name: str) -> NDArray[np.float64]:
        """A number of every verdict by its name there (`value`, `gap`, `attainment`), NaN for None."""
        ...

    def names(self, which: Places) -> list[NDArray[np.object_]]:
        """The values of some slices, an array for each dimension."""
        ...

    def trends(self, which: Places, most: int) -> list[list[Point]]:
        """The last windows of some slices, those in progress left out; of the total for -1."""
        ...


@frozen
class Judged:
    """All verdicts of one KPI: the headline of the total, the slices', and the earlier windows of each.

    Verdicts of slices, and histories, are made when they are asked for: there may be a million.
    """

    kpi: str
    headline: Verdict
    slices: Sequence[Verdict] = ()
    history: Sequence[Verdict] = ()
    """The total's windows before and after the headline's, oldest first, the headline included."""
    empty: Set[SliceKey] = frozenset()
    """Slices without a value in any window and without a target of their own: they do not count, and are
    shown to programs only."""
    slice_history: Sequence[tuple[SliceKey, Sequence[Verdict]]] = field(default=(), repr=False)
    """Of the slices that the data has, in their order."""
    crowd: Crowd | None = field(default=None, repr=False, eq=False)
    """The slices as arrays; None where there are none."""


Role = Literal["key", "for information"] | None


@frozen
class MemberVerdict:
    """A member of an objective, as a scorecard shows it."""

    name: str
    title: str
    weight: float
    share: float | None
    """Of the weight that counts; None for what does not count."""
    role: Role
    counts: bool
    """False for drafts, what has no target and what is there for information."""
    objective: bool
    """Whether it is an objective itself."""
    word: Verb
    light: Light
    why: str


@frozen
class ObjectiveVerdict:
    """The roll-up of an objective over the headlines of its KPIs."""

    name: str
    title: str
    word: Verb
    light: Light
    why: str
    members: Sequence[tuple[str, float, Verb]]
    share_met: float | None
    lines: tuple[MemberVerdict, ...] = ()
    """The members, the worst first; those that do not count last."""
