"""What a change between two projects is: of what, how much it weighs, and in which direction it goes."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

from attrs import frozen

from kpidsl import cache
from kpidsl.diagnostics import Span

Direction = Literal["loosened", "tightened"]
Kind = Literal["kpi", "objective", "measure", "constant", "source", "period", "calendar"]
KINDS: tuple[Kind, ...] = ("kpi", "objective", "measure", "constant", "source", "period", "calendar")


class Category(IntEnum):
    """What a change touches, from what concerns readers only to what others rely on by name."""

    DOC = 1
    """What is said to people: titles, owners, descriptions."""
    TARGET = 2
    """What is promised."""
    VALUE = 3
    """What is computed."""
    NAME = 4
    """What there is, under which name."""


@frozen
class Change:
    """One change. `before` and `after` are in the words of a spec; None where nothing is said."""

    kind: Kind
    name: str
    """Its name now; of what is gone, the one that it had."""
    aspect: str
    """`added`, `removed`, `renamed`, or what is changed of it: `formula`, `target`, `tolerance of google`."""
    category: Category
    before: str | None
    after: str | None
    said: str
    """The change as a clause: `deadline moved from 2026-09-30 to 2026-12-31`."""
    direction: Direction | None = None
    """Whether the promise is easier or harder to keep; None where that cannot be told."""
    breaking: bool = False
    """Whether those who rely on it have to be asked."""
    moved: str | None = None
    """That the goalposts are moved, and since when the promise is judged."""
    loud: bool = False
    """Whether they are moved while the promise is being judged, or after that."""
    title: str | None = None
    span: Span | None = None
    """Where it stands now; of what is gone, where it stood."""
    meant: tuple[str, str] = ("", "")
    """Before and after as canonical texts."""

    @property
    def sentence(self) -> str:
        """The whole sentence: `cost_per_lead: target loosened from ... to ... (+20%)`."""
        return f"{self.name}: {self.clause}"

    @property
    def clause(self) -> str:
        """What is said, and whether the goalposts are moved."""
        return f"{self.said}; {self.moved}" if self.moved else self.said

    @property
    def fingerprint(self) -> str:
        """12 hex digits of what changes from what to what; neither lines nor words change it."""
        return cache.digest((self.kind, self.name, self.aspect, *self.meant))[:12]
