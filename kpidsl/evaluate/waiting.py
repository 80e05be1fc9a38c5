"""Waiting for a driver so that Ctrl-C is heard: Python hears of it only between its own steps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from kpidsl.evaluate.engine import Interrupted

T = TypeVar("T")


def waited(ask: Callable[[], T], stop: Callable[[], None]) -> T:
    """What `ask` gives, run in a thread of its own. Ctrl-C calls `stop`, waits until that has worked, and is
    `Interrupted`."""
    found: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(ask())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        thread.join()
    except KeyboardInterrupt as error:
        stop()
        thread.join()
        raise Interrupted from error
    if failed:
        raise failed[0]
    return found[0]
