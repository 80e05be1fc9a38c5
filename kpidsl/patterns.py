"""Patterns of paths, as .gitignore has them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

_WILD = {"**/": r"(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_FOREIGN = re.compile(r"!|.*(?P<bracket>\[.*\])", re.DOTALL)


def foreign(pattern: str) -> str | None:
    """A sign in a pattern that means something in other tools, and here only itself."""
    found = _FOREIGN.match(pattern)
    return (found["bracket"] or "!") if found else None


def matches(patterns: Iterable[str], path: Path, root: Path) -> bool:
    """Whether one of the patterns, which are read from the root, fits a file or a folder above it.

    `*` and `?` stand for characters of one name, `**` for any folders. A pattern with a slash before its end
    begins at the root, any other fits at every depth.
    """
    place = os.path.relpath(path.parent.resolve() / path.name, root.resolve()).replace(os.sep, "/")
    return any(_compiled(pattern).fullmatch(place) for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", text.strip("/"))
    body = "".join(_WILD.get(part, re.escape(part)) for part in parts)
    start = "" if "/" in text.rstrip("/") else r"(?:.*/)?"
    return re.compile(rf"{start}{body}(?:/.*)?", re.DOTALL)
