"""What is kept between runs, in a folder of the user: bytes under a name that says all they were made of.

Never in the project's folder, where a stranger's branch could put something. It is a cache only: what is
damaged, foreign or cannot be written is done without, and nothing here raises.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

VARIABLE = "KPIDSL_CACHE"
OFF = "off"
MOST_BYTES = 250_000_000
"""What all entries may take together; the ones that were not used for longest go first."""
_WITHOUT = ContextVar("_WITHOUT", default=False)
_DAY = 24 * 3600
_DAYS_KEPT = 30
_CODE = ("", "syntax", "compile", "model", "lint")


def folder() -> Path | None:
    """The folder of the cache: what KPIDSL_CACHE names, else `kpidsl` where the system has caches."""
    chosen = os.environ.get(VARIABLE, "")
    if chosen:
        return None if chosen.lower() == OFF else Path(os.path.abspath(chosen))
    if os.name == "nt":
        home = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        home = os.path.expanduser("~/Library/Caches")
    else:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "kpidsl" if os.path.isabs(home) else None


def specs_kept() -> bool:
    """Whether what is read of specs is kept: there is a folder, and nobody asked to do without."""
    return not _WITHOUT.get() and folder() is not None


@contextmanager
def without() -> Iterator[None]:
    """Inside, nothing that is kept of specs is read, and nothing is kept. The grammar's tables are."""
    token = _WITHOUT.set(True)
    try:
        yield
    finally:
        _WITHOUT.reset(token)


def digest(parts: Iterable[str]) -> str:
    """A short name for some texts; other texts, or texts cut elsewhere, have another."""
    found = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        found.update(b"%d:" % len(data))
        found.update(data)
    return found.hexdigest()


@lru_cache(maxsize=1)
def code() -> str:
    """What stands for the code that reads and compiles: Python's version, and of each module what Python
    itself goes by, its size and time. A release has others, and so has each edit of a checkout."""
    package = Path(__file__).parent
    grammars = (package / "grammar", package.parent / "grammar")
    found = [sys.version, str(package)]
    for place in (*(package / name for name in _CODE), *grammars):
        with suppress(OSError), os.scandir(place) as entries:
            told = [(e.name, e.stat()) for e in entries if e.name.endswith((".py", ".lark", ".toml"))]
            found += sorted(f"{place.name}/{name} {at.st_size} {at.st_mtime_ns}" for name, at in told)
    return digest(found)


def get(name: str) -> bytes | None:
    """What is kept under a name, or nothing where nothing whole is."""
    home = folder()
    if home is None or not _own(home):
        return None
    path = home / name
    try:
        data = path.read_bytes()
        if time.time() - path.stat().st_mtime > _DAY:
            os.utime(path)  # in use
    except OSError:
        return None
    body = data[32:]
    return body if hashlib.sha256(body).digest() == data[:32] else None


def put(name: str, body: bytes) -> None:
    """Keep something, whole or not at all: a reader in another process sees the old or the new."""
    import tempfile

    home = folder()
    if home is None:
        return
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _own(home):
            return
        handle, temporary = tempfile.mkstemp(prefix=f"{name}.", suffix=".new", dir=home)
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(body).digest() + body)
        os.replace(temporary, home / name)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
    _prune(home)


def _own(home: Path) -> bool:
    """Whether the folder is the user's and no one else can write to it; on Windows the profile keeps that."""
    try:
        at = os.stat(home)
    except OSError:
        return False
    if not stat.S_ISDIR(at.st_mode):
        return False
    return os.name == "nt" or (at.st_uid == os.geteuid() and not at.st_mode & 0o022)


def _prune(home: Path) -> None:
    """Let go what was not used for a month, and of the rest what is beyond the limit."""
    with suppress(OSError), os.scandir(home) as entries:
        found = sorted(
            ((at.st_mtime, at.st_size, e.path) for e in entries if e.is_file() for at in [e.stat()]),
            reverse=True,
        )
        taken, oldest = 0, time.time() - _DAYS_KEPT * _DAY
        for used, size, path in found:
            taken += size
            left_over = path.endswith(".new") and used < time.time() - _DAY
            if taken > MOST_BYTES or used < oldest or left_over:
                with suppress(OSError):
                    os.unlink(path)
