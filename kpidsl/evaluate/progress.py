"""How far an evaluation is: written by the thread that evaluates, read by the one that shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Literal

from attrs import define, field, frozen

Noun = Literal["rows", "bytes", "KPIs", "commits"]

_FIRST = 0.8
"""Of a part that takes several queries, what the first one is taken to be: the one that reads the data."""


@frozen
class Seen:
    """One look: `done` of `total` are of this step, begun `seconds` ago; without a total nothing is known but
    the names."""

    step: str
    source: str | None
    done: float
    total: float
    noun: Noun
    seconds: float

    @property
    def share(self) -> float | None:
        """What is done of the step, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total > 0 else None

    @property
    def left(self) -> float | None:
        """Seconds that the rest of the step takes, at the pace so far; None while that says little."""
        share = self.share
        if share is None or share < 0.02 or self.seconds < 1:
            return None
        return self.seconds * (1 - share) / share


@define
class Progress:
    """The step, the part of it that is at work and how much of that is done.

    A part is a source, or one scan of it. Its queries tell themselves how far they are, where the engine
    can say so.
    """

    step: str = "starting"
    source: str | None = None
    _noun: Noun = "rows"
    _total: float = 0
    _done: float = 0
    _amount: float = 0
    _queries: int = 0
    _once: bool = True
    _running: Callable[[], float | None] | None = None
    _begun: float = field(factory=monotonic)
    _parts: int = 0
    _parts_done: int = 0

    def begin(self, step: str, amounts: Sequence[float] = (), noun: Noun = "rows") -> None:
        """A new step, with the amount of each of its parts where that is known."""
        self.step, self.source, self._noun = step, None, noun
        self._total, self._parts, self._parts_done = sum(amounts), len(amounts), 0
        self._done, self._amount, self._queries = 0, 0, 0
        self._begun = monotonic()

    @contextmanager
    def part(self, source: str, amount: float = 0, *, once: bool = False) -> Iterator[None]:
        """A part of the step is at work, `once` where a single query does all of it."""
        self.source, self._amount, self._queries, self._once = source, amount, 0, once
        try:
            yield
        finally:
            self._done += amount
            self._amount, self._parts_done = 0, self._parts_done + 1

    @contextmanager
    def query(self, running: Callable[[], float | None]) -> Iterator[None]:
        """A query of the part runs; it is asked from another thread what share of it is done."""
        self._running = running
        try:
            yield
        finally:
            self._running = None
            self._queries += 1

    def seen(self) -> Seen:
        """How far it is now."""
        running = self._running
        share = (running() if running else None) or 0.0
        done = self._done + self._amount * self._within(min(max(share, 0.0), 1.0))
        return Seen(self.step, self.source, done, self._total, self._noun, monotonic() - self._begun)

    def _within(self, share: float) -> float:
        if self._once:
            return share if self._queries == 0 else 1.0
        return 1 - (1 - _FIRST) ** self._queries * (1 - _FIRST * share)

    def told(self) -> str:
        """Where it is, for a message: "aggregating `orders`, 2 of 5 parts done"."""
        where = f"{self.step} `{self.source}`" if self.source else self.step
        return f"{where}, {self._parts_done} of {self._parts} parts done" if self._parts > 1 else where
