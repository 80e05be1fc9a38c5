"""Whether the rows of a source come as it promises: in every period, and so many of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from kpidsl.model.periods import Calendar, Grain, Window, periods
from kpidsl.model.sources import Volume

_SHOWN = 5
"""Runs of periods in a message."""


@frozen(eq=False)
class Seen:
    """The days with rows up to as-of, in order, and how many rows each has.

    `fresh_days` is how many days late the newest row may be: what is younger is not missed yet. Without it
    the periods that ended before as-of are owed.
    """

    calendar: Calendar
    days: NDArray[np.datetime64]
    counts: NDArray[np.int64]
    as_of: date
    fresh_days: int | None

    def lacking(self, grain: Grain) -> list[Window]:
        """The periods without a row, from that of the first row to the last one that is owed."""
        return [window for window, count in self._owed(grain) if count == 0]

    def off(self, volume: Volume) -> list[tuple[Window, int]]:
        """The periods with too few or too many rows. One in progress, or that began before the first row,
        can only have too many."""
        return [
            (window, count)
            for window, count in self._every(volume.grain)
            if (volume.high is not None and count > volume.high)
            or (volume.low is not None and count < volume.low and self._is_whole(window))
        ]

    def _owed(self, grain: Grain) -> list[tuple[Window, int]]:
        return [(window, count) for window, count in self._every(grain) if window.end <= self._reach]

    def _is_whole(self, window: Window) -> bool:
        return window.start >= self.days[0].item() and window.end <= self._reach

    @property
    def _reach(self) -> date:
        """The last day that is owed: one with newer rows is over, too."""
        if self.fresh_days is None:
            return self.as_of - timedelta(days=1)
        newest: date = self.days[-1].item()
        return max(self.as_of - timedelta(days=self.fresh_days), newest - timedelta(days=1))

    def _every(self, grain: Grain) -> list[tuple[Window, int]]:
        """Each period from the first row to as-of with the number of its rows."""
        if not len(self.days):
            return []
        found = periods(self.days[0].item(), self.as_of, grain, self.calendar)
        total = np.append(0, np.cumsum(self.counts))
        lows = np.searchsorted(self.days, np.array([w.start for w in found], "M8[D]"))
        highs = np.searchsorted(self.days, np.array([w.end for w in found], "M8[D]"), side="right")
        return list(zip(found, (total[highs] - total[lows]).tolist(), strict=True))


def runs(missing: Sequence[Window]) -> str:
    """`2026-01-03, 2026-01-07 to 2026-01-09`: neighbours are told together."""
    found: list[list[Window]] = []
    for window in missing:
        if found and found[-1][-1].end + timedelta(days=1) == window.start:
            found[-1].append(window)
        else:
            found.append([window])
    told = [run[0].label if len(run) == 1 else f"{run[0].label} to {run[-1].label}" for run in found[:_SHOWN]]
    more = sum(len(run) for run in found[_SHOWN:])
    return ", ".join(told) + (f" and {more:,} more" if more else "")


def counted(off: Sequence[tuple[Window, int]]) -> str:
    """`3 in 2026-01-04, 12 in 2026-01-09`."""
    told = ", ".join(f"{count:,} in {window.label}" for window, count in off[:_SHOWN])
    return told + (f" and {len(off) - _SHOWN:,} more" if len(off) > _SHOWN else "")
