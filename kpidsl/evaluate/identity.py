"""Whether a file is the one that was read before.

Its content proves it: a digest of all bytes. The digest is remembered with what the file system says of the
file, and need not be made again while that is the same: size, time of change, inode and, which no program can
set, the time of the last change of any of these. A file that was changed so recently that a second change
might bear the same time is not believed.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from attrs import evolve, frozen

_TICK = 2_000_000_000
"""Nanoseconds that the clock of a file system may stand still."""
_TELLS_CHANGES = os.name != "nt"
"""Whether `st_ctime` is when a file was last changed; on Windows it is when it was made."""


@frozen
class Identity:
    """What the file system said of a file at `seen` (nanoseconds since 1970), and what `content` it had
    then."""

    size: int
    modified: int
    changed: int
    inode: int
    seen: int
    content: str = ""
    """A digest and the suffix, which decides how the content is read."""

    def same(self, other: Identity) -> bool:
        """Whether the file system says the same, whenever it was asked."""
        return evolve(self, seen=0, content="") == evolve(other, seen=0, content="")

    @property
    def settled(self) -> bool:
        """Whether a later change would show."""
        return _TELLS_CHANGES and self.seen - max(self.changed, self.modified) > _TICK


def look(path: Path) -> Identity:
    """What the file system says now. OSError where there is no such file."""
    seen = time.time_ns()
    found = path.stat()
    return Identity(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, seen)


def identify(path: Path, known: Identity | None) -> Identity:
    """A file with its content: the known one where that is proved, else as it is read now. OSError."""
    now = look(path)
    if known is not None and known.settled and known.same(now):
        return known
    return evolve(now, content=content_of(path))


def content_of(path: Path) -> str:
    """All bytes in a few. OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() + path.suffix.lower()


def unchanged(path: Path, then: Identity) -> bool:
    """Whether a file was the same all the time since it was identified."""
    try:
        return then.same(look(path)) and (then.settled or content_of(path) == then.content)
    except OSError:
        return False
