"""Python's cyclic collector, kept away from what it would look at again and again and find nothing in."""

from __future__ import annotations

import gc
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
    """What is there now is never looked at again, not even when the process ends."""
    gc.freeze()
