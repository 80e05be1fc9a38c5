"""Windows and the buckets that rows are gathered in: which windows a node looks at, and how to cut the days.

Aggregates that merge are read once per bucket and added up to every window asked; those that do not merge are
read once per window, over layers of windows that do not overlap.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import gcd
from typing import Literal

from attrs import frozen

from kpidsl.graph import Node, Rolling, Running, Shift
from kpidsl.model.periods import Window, add_grain, same_last_year
from kpidsl.results import windows_of

_DAY = timedelta(days=1)
_REGULAR = 4
"""Regular buckets are cheaper to compute than cuts, so there may be this many times more of them."""
_TOO_MANY_CUTS = 100
MAX_SEPARATE = 3
"""Layers of windows that are worth a scan each; the windows of further layers are joined by range instead."""


def shifted(node: Shift, window: Window) -> Window | None:
    """The window that a shift looks at; None before the first occurrence of a named period."""
    if node.by == "period":
        return window.shift(-node.count)
    found: Window | None = window
    for _ in range(node.count):
        found = found and same_last_year(found)
    return found


def since(window: Window, start: date | None) -> Window | None:
    """The window of a running total; None while the total has not started."""
    if start is None:
        return window
    return Window(start, window.end) if start <= window.end else None


def looked_at(node: Node, windows: tuple[Window, ...], start: date | None) -> tuple[Window, ...]:
    """The windows over which the children of a node have to be known: the same ones, or others, each once, in
    order of first sight.

    `start` is where running totals begin.
    """
    match node:
        case Shift():
            found: Iterable[Window | None] = (shifted(node, w) for w in windows)
        case Running():
            found = (since(w, start) for w in windows)
        case Rolling(count=count):
            found = (w.shift(-n) for w in windows for n in range(count))
        case _:
            return windows
    return windows_of(tuple(dict.fromkeys(w for w in found if w is not None)))


@frozen
class Buckets:
    """A partition of the days from `first` to `last`, those of the data: bucket k goes from `edges[k]` up
    to, not including, `edges[k + 1]`.

    `step` days or months long when regular, and then computed by arithmetic; `cuts` compares with every edge.
    """

    kind: Literal["day", "month", "cuts"]
    step: int
    edges: tuple[date, ...]
    first: date
    last: date

    def range_of(self, window: Window) -> tuple[int, int]:
        """The buckets that make up a window, as a half-open range; empty if the window has none of the
        days."""
        if not _meets(window, self.first, self.last):
            return 0, 0
        low, high = bisect_left(self.edges, window.start), bisect_left(self.edges, window.end + _DAY)
        return low, min(high, len(self.edges) - 1)


def buckets(windows: Iterable[Window], first: date, last: date) -> Buckets | None:
    """The fewest cheap buckets of which every window is made, for data from first to last day.

    None when no window holds a day of the data.
    """
    marks = _marks(windows, first, last)
    if not marks:
        return None
    cuts, regular = _cuts(marks, first, last), _regular(marks, first, last)
    few = len(regular.edges) <= _REGULAR * len(cuts.edges) or len(cuts.edges) > _TOO_MANY_CUTS
    return regular if few else cuts


def one_each(windows: Iterable[Window], first: date, last: date) -> Buckets | None:
    """Buckets of which each window that has days of the data is exactly one; the windows must not overlap."""
    windows = [w for w in windows if _meets(w, first, last)]
    marks = _marks(windows, first, last)
    if not marks:
        return None
    regular = _regular(marks, first, last)
    ranges = [regular.range_of(w) for w in windows]
    return regular if all(high - low == 1 for low, high in ranges) else _cuts(marks, first, last)


def _marks(windows: Iterable[Window], first: date, last: date) -> list[date]:
    return sorted({day for w in windows if _meets(w, first, last) for day in (w.start, w.end + _DAY)})


def _meets(window: Window, first: date, last: date) -> bool:
    return window.start <= last and first <= window.end


def _regular(marks: Sequence[date], first: date, last: date) -> Buckets:
    """Equal buckets, as long as the marks allow, over the part of the span that has data."""
    if all(day.day == 1 for day in marks):
        step = gcd(*(_months(b) - _months(a) for a, b in pairwise(marks)))
        skipped = max(0, (_months(first) - _months(marks[0])) // step)
        edges = [add_grain(marks[0], skipped * step, "month")]
        while edges[-1] <= min(last, marks[-1] - _DAY):
            edges.append(add_grain(edges[-1], step, "month"))
        return Buckets("month", step, tuple(edges), first, last)
    step = gcd(*((b - a).days for a, b in pairwise(marks)))
    skipped = max(0, (first - marks[0]).days // step)
    edges = [marks[0] + skipped * step * _DAY]
    while edges[-1] <= min(last, marks[-1] - _DAY):
        edges.append(edges[-1] + step * _DAY)
    return Buckets("day", step, tuple(edges), first, last)


def _cuts(marks: Sequence[date], first: date, last: date) -> Buckets:
    """A bucket between any two neighbouring marks, the outermost moved to where the data ends."""
    low, high = max(first, marks[0]), min(last + _DAY, marks[-1])
    edges = tuple(sorted({low, high, *(day for day in marks if low < day < high)}))
    return Buckets("cuts", 1, edges, first, last)


def _months(day: date) -> int:
    return day.year * 12 + day.month


def layers(windows: Iterable[Window]) -> list[tuple[Window, ...]]:
    """Windows in groups that do not overlap, those of one grain together; days count, not names."""
    spans = {(w.start, w.end): w for w in sorted(windows, key=lambda w: (w.start, w.end, str(w.grain)))}
    found: list[list[Window]] = []
    for window in sorted(spans.values(), key=lambda w: (_length_class(w), w.start)):
        home = next((layer for layer in found if layer[-1].end < window.start), None)
        if home is None:
            found.append([window])
        else:
            home.append(window)
    return [tuple(layer) for layer in sorted(found, key=len, reverse=True)]


def _length_class(window: Window) -> int:
    """Months are 28 to 31 days long, and one class."""
    return window.days if window.days < 28 else 28 if window.days <= 31 else window.days // 31 + 28


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The days of all windows as the fewest intervals."""
    found: list[Window] = []
    for window in sorted(windows, key=lambda w: (w.start, w.end)):
        if found and window.start <= found[-1].end + _DAY:
            found[-1] = Window(found[-1].start, max(found[-1].end, window.end))
        else:
            found.append(Window(window.start, window.end))
    return tuple(found)
