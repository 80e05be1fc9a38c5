"""One line on a terminal that says how far an evaluation is."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from kpidsl.render.cells import clean, clip, size
from kpidsl.render.cells import width as width_of

if TYPE_CHECKING:
    from kpidsl.evaluate.progress import Progress, Seen

PATIENCE = 1.0
"""Seconds before anything is shown."""
_BEAT = 0.2
_BAR = 20
_SLOW = 5.0
"""Seconds between two lines on a terminal that cannot go back in one."""


class Bar:
    """Shown on `stream`, a terminal, from a thread of its own."""

    def __init__(self, stream: TextIO, unicode: bool) -> None:
        self._stream, self._unicode = stream, unicode
        self._dumb = os.environ.get("TERM") == "dumb"
        self._drawn = False
        self._lock = threading.Lock()

    @contextmanager
    def shown(self, progress: Progress) -> Iterator[None]:
        """Keep it up to date; nothing is left of it in the end, but on a terminal that can clear no line."""
        done = threading.Event()
        thread = threading.Thread(target=self._show, args=(progress, done), name="kpidsl bar", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self.clear()

    def _show(self, progress: Progress, done: threading.Event) -> None:
        wait = PATIENCE
        while not done.wait(wait):
            self.draw(progress.seen())
            wait = _SLOW if self._dumb else _BEAT

    def draw(self, seen: Seen) -> None:
        """The line, as wide as the terminal is now; its last cell stays free, for some wrap there."""
        text = line(seen, shutil.get_terminal_size((80, 24)).columns - 1, self._unicode)
        with self._lock:
            self._stream.write(f"{text}\n" if self._dumb else f"\r{text}\x1b[K")
            self._stream.flush()
            self._drawn = True

    def clear(self) -> None:
        """Take the line away."""
        with self._lock:
            if self._drawn and not self._dumb:
                self._stream.write("\r\x1b[K")
                self._stream.flush()
            self._drawn = False


def line(seen: Seen, width: int, unicode: bool = True) -> str:
    """What is done of a step, in at most `width` cells. What says least is left out first."""
    name = clean(f"{seen.step} {seen.source}" if seen.source else seen.step)
    share = seen.share
    if share is None:
        return clip(f"{name} {'…' if unicode else '...'}", width)
    percent, counted, left = f"{share:4.0%}", _counted(seen), _left(seen)
    drawn = _drawn(share, unicode)
    for parts in (
        (name, drawn, percent, counted, left),
        (name, drawn, percent, left),
        (name, percent, left),
        (name, percent),
    ):
        text = "  ".join(part for part in parts if part)
        if width_of(text) <= width:
            return text
    if width < 12:
        return clip(percent.strip(), width)
    return f"{clip(name, width - 6)}  {percent}"


def _drawn(share: float, unicode: bool) -> str:
    full = round(share * _BAR)
    return ("█" * full + "·" * (_BAR - full)) if unicode else "[" + "#" * full + "-" * (_BAR - full) + "]"


def _counted(seen: Seen) -> str:
    if seen.noun == "bytes":
        return f"{size(seen.done)} of {size(seen.total)}"
    return f"{min(seen.done, seen.total):,.0f} of {seen.total:,.0f} {seen.noun}"


def _left(seen: Seen) -> str:
    left = seen.left
    if left is None:
        return ""
    if left < 60:
        return f"about {max(round(left), 1)} s left"
    minutes = round(left / 60)
    return f"about {minutes} min left" if minutes < 90 else f"about {minutes / 60:.1f} h left"
