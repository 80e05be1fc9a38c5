"""Temporary folders, which are gone in the end even when the process is ended with no time to tidy up."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from weakref import WeakSet

_MADE: WeakSet[tempfile.TemporaryDirectory[str]] = WeakSet()
_TRIES = 5
"""Whoever still writes into a folder can keep it from being removed."""


def folder(prefix: str = "kpidsl-", within: Path | None = None) -> tempfile.TemporaryDirectory[str]:
    """A new folder below another, or where the system keeps such; `OSError` where none can be made."""
    made = tempfile.TemporaryDirectory(prefix=prefix, dir=within, ignore_cleanup_errors=True)
    _MADE.add(made)
    return made


def sweep() -> None:
    """Remove all that is still there, whoever uses it: the last thing before a process is ended by force."""
    for made in tuple(_MADE):
        for _ in range(_TRIES):
            shutil.rmtree(made.name, ignore_errors=True)
            if not Path(made.name).exists():
                break
