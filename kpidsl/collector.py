"""Python's cyclic collector, kept away from what it would look at again and again and find nothing in."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector: frozen records make no cycles, and modules stay."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def left_alone() -> None:
    """What is there now stays to the end of the process, and is not looked at even then. Only for a process
    of our own; and not where there is an engine, which counts what is left of it."""
    if "duckdb" not in sys.modules:
        gc.freeze()
