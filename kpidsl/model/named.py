"""Periods that a project names itself: a campaign, the week of Black Friday; they may come again."""

from __future__ import annotations

import re
from datetime import date

from attrs import frozen

from kpidsl.model.periods import Window
from kpidsl.records import Record

_PLAIN = re.compile(r"[^\W\d]\w*")


@frozen(repr=False, cache_hash=True)
class NamedPeriod(Record):
    """A name and the days it stands for, once or several times: in order, none overlapping another."""

    word: str
    spans: tuple[tuple[date, date], ...]
    title: str | None = None

    @property
    def name(self) -> str:
        """As it is written; backticks around what is no plain word."""
        return self.word if _PLAIN.fullmatch(self.word) else f"`{self.word}`"

    @property
    def windows(self) -> tuple[Window, ...]:
        """Its occurrences."""
        return tuple(Window(start, end, of=self) for start, end in self.spans)

    def within(self, window: Window) -> tuple[Window, ...]:
        """The occurrences that begin in a window."""
        return tuple(one for one in self.windows if one.start in window)

    def label(self, window: Window) -> str:
        """`black_friday 2026`; the name alone where it occurs once, with a month or a day if need be."""
        if len(self.spans) == 1:
            return self.name
        for length in (4, 7, 10):
            when = str(window.start)[:length]
            if sum(str(start).startswith(when) for start, _ in self.spans) == 1:
                break
        return f"{self.name} {when}"

    def shift(self, window: Window, n: int) -> Window | None:
        """The nth occurrence after a window, or before; None where there is none."""
        at = self.spans.index((window.start, window.end)) + n
        return self.windows[at] if 0 <= at < len(self.spans) else None

    def last_year(self, window: Window) -> Window | None:
        """The occurrence before."""
        return self.shift(window, -1)

    def between(self, start: date, end: date) -> tuple[Window, ...]:
        """The occurrences that have days from start to end."""
        return tuple(one for one in self.windows if one.start <= end and one.end >= start)

    def after(self, day: date) -> Window | None:
        """The first one that begins on a day or later."""
        return next((one for one in self.windows if one.start >= day), None)
