"""Why a value is missing: the first cause on the way down, in the words of the specs."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from kpidsl.evaluate.compute import Frame, Store
from kpidsl.evaluate.people import earlier
from kpidsl.evaluate.plan import ACCOUNTS, NEVER, Partial, before, columns_for, read_over, start_of
from kpidsl.evaluate.windows import shifted, since
from kpidsl.evaluate.wording import words
from kpidsl.graph import (
    Aggregate,
    Assumed,
    Combine,
    Constant,
    Default,
    Graph,
    Node,
    Rolling,
    Running,
    Share,
    Shift,
    Told,
    Unknown,
    positive_part,
    sources_of,
)
from kpidsl.model.periods import Window
from kpidsl.results import SliceKey, windows_of


def reason(graph: Graph, store: Store, frame: Frame, key: SliceKey, window: Window) -> str:
    """The cause for one slice and window; `frame` has the total and that slice, and may have others."""
    return _Why(graph, store, frame, key).of(frame.ask.node, window) or "it has a value"


class _Why:
    def __init__(self, graph: Graph, store: Store, frame: Frame, key: SliceKey) -> None:
        self.graph, self.store, self.frame, self.key = graph, store, frame, key

    def value(self, node: Node, window: Window, *, total: bool = False) -> float:
        asked = self.frame.ask.windows
        windows, column = (asked, asked.index(window)) if window in asked else (windows_of((window,)), 0)
        place = 0 if total else self.frame.slices.place(self.key)
        return float(self.store.values(node, windows, self.frame)[place, column])

    def _elsewhere(self, node: Node, other: Window | None, window: Window) -> str | None:
        return self.of(node, other) if other else f"{window.label} has no earlier one to look at"

    def of(self, node: Node, window: Window) -> str | None:
        """Why a node has no value in a window; None if it has one."""
        if not np.isnan(self.value(node, window)):
            return None
        match node:
            case Aggregate():
                return self._aggregate(node, window)
            case Combine(op=op, args=args):
                return self._combine(op, args, window)
            case Shift(node=inner):
                return self._elsewhere(inner, shifted(node, window), window)
            case Running(node=inner):
                start = start_of(self.frame.ask, node, self.store.profiles)
                whole = since(window, start)
                return (
                    self.of(inner, whole)
                    if whole
                    else f"the running total starts on {start}, after {window.label}"
                )
            case Rolling(node=inner, count=count):
                causes = (self._elsewhere(inner, window.shift(-n), window) for n in range(count))
                return next(filter(None, causes), None)
            case Share(node=inner):
                if self.value(inner, window, total=True) == 0:
                    return f"{words(inner, self.graph)} is 0 in total in {window.label}"
                return self.of(inner, window)
            case Default(node=inner):
                return self.of(inner, window)
            case Told(node=inner):
                return self.of(inner, window) or self._untold(inner, window)
            case Assumed(node=inner, value=value, since=since_day):
                if since_day is not None and window.end < since_day:
                    return self.of(inner, window)
                if cause := self.of(value, window):
                    return cause
                return f"nothing tells how {words(inner, self.graph)} falls into its slices in {window.label}"
            case Constant() | Unknown():
                return None
        return None

    def _reach(self, source: str, window: Window) -> str:
        """Where the data ends or begins, if the window lies beyond."""
        profile = self.store.profiles[source]
        if profile.watermark and profile.watermark < window.start:
            return f"; its data ends on {profile.watermark}"
        if profile.first and profile.first > window.end:
            return f"; its data begins on {profile.first}"
        return ""

    def _combine(self, op: str, args: tuple[Node, ...], window: Window) -> str:
        for arg in args:
            if cause := self.of(arg, window):
                return cause
        if op == "/":
            zero = next((arg for arg in args[1:] if self.value(arg, window) == 0), None)
            if zero is not None:
                below = positive_part(zero)
                return (
                    f"{words(below, self.graph)} is not above 0"
                    if below
                    else f"{words(zero, self.graph)} is 0"
                )
        return "the result is too large a number"

    def _unread(self, node: Aggregate, window: Window) -> str | None:
        """The first source without rows in a window in which it needs some."""
        for source in sources_of(node):
            for looked in read_over(node, source, window):
                if looked == NEVER:
                    return f"{window.label} has no earlier one to look at"
                if not self.store.has_rows(source, (looked,))[0, 0]:
                    return f"{source} has no rows in {looked.label}{self._reach(source, looked)}"
        return None

    def _untold(self, node: Aggregate, window: Window) -> str:
        where = " that its filter keeps" if node.filter is not None else ""
        return f"{node.source} has no rows{where}{self._slice()} in {window.label}"

    def _slice(self) -> str:
        return f" for {', '.join(v if v is not None else 'no value' for v in self.key)}" if self.key else ""

    def _aggregate(self, node: Aggregate, window: Window) -> str:
        source, name = node.source, words(node, self.graph)
        if node.function in ACCOUNTS:
            opening = node.function == "opening"
            first, day = self.store.profiles[source].first, "before" if opening else "up to the end of"
            if first is not None and first <= (window.start - timedelta(1) if opening else window.end):
                return f"{name} is too large a number"
            return f"{source} has no rows {day} {window.label}{self._reach(source, window)}"
        if cause := self._unread(node, window):
            return cause
        columns = columns_for(self.frame.ask.dimensions, source)
        if self.key and columns is None:
            missing = next(d.name for d in self.frame.ask.dimensions if source not in dict(d.columns))
            return f"{source} has no {missing}"
        kept = Partial("rows", None, node.filter)
        keys, rows = self.store.rows(source, kept, (columns or ()) if self.key else (), (window,))
        at = keys.place(self.key)
        if at is None or not rows[at, 0]:
            return self._untold(node, window)
        match node.function:
            case "standard deviation":
                return f"{name} needs two values in {window.label}"
            case "weighted average":
                return f"the weights of {name} add up to 0, or to too large a number, in {window.label}"
            case "sum" | "count" | "first touch" | "last touch":
                return f"{name} is too large a number"
            case "retention":
                start = before(window, earlier(node))
                if start == NEVER:
                    return f"{window.label} has no earlier one to look at"
                return f"nobody was new{self._slice()} in {start.label}"
            case "conversion":
                return f"nobody takes the first step{self._slice()} in {window.label}"
        return f"{name} has no values in {window.label}"
