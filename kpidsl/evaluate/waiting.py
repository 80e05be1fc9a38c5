"""Waiting for a driver so that it can be stopped: Python hears of Ctrl-C only between its own steps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from kpidsl.evaluate.engine import EngineError, Interrupted

T = TypeVar("T")

_AGAIN = 0.2
"""Seconds after which it is tried again to stop what had not even begun."""
_GRACE = 1.0
"""Seconds that what was stopped is waited for; if it takes longer, it is stopped behind one's back."""


def waited(
    ask: Callable[[], T], cancel: Callable[[], object], stopped: threading.Event, seconds: float | None = None
) -> T:
    """What `ask` gives, run in a thread of its own and cancelled when it may not go on.

    `Interrupted` once `stopped` is set, or by Ctrl-C, which sets it; `EngineError` after so many seconds, or
    as `ask` raises it.
    """
    found: list[T] = []
    failed: list[BaseException] = []
    done = threading.Event()  # a Ctrl-C within `Thread.join` would let the thread pass for one that has ended

    def run() -> None:
        try:
            found.append(ask())
        except BaseException as error:
            failed.append(error)
        finally:
            done.set()

    def insist() -> None:
        while not done.wait(_AGAIN):
            cancel()

    threading.Thread(target=run, daemon=True).start()
    end = None if seconds is None else time.monotonic() + seconds
    given_up: float | None = None
    while not done.is_set():
        try:
            done.wait(_AGAIN)
            late = end is not None and time.monotonic() > end
            if done.is_set() or not (late or stopped.is_set()):
                continue
            cancel()
            given_up = given_up or time.monotonic()
        except KeyboardInterrupt:
            stopped.set()
        if given_up is not None and time.monotonic() - given_up > _GRACE:
            threading.Thread(target=insist, daemon=True).start()
            break
    if stopped.is_set():
        raise Interrupted from (failed[0] if failed else None)
    if given_up is not None:
        raise EngineError("timeout", f"no answer within {seconds:g} s")
    if failed:
        raise failed[0]
    return found[0]
