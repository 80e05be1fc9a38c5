"""The definitions of a file as they were read before, each under the digest of its own text.

Only those that nothing was to be said about: what has a fault is read again, and told again.
"""

from __future__ import annotations

import os
from hashlib import blake2b

from kpidsl import cache
from kpidsl.diagnostics import Source
from kpidsl.packed import Codec
from kpidsl.syntax import nodes

_CODEC = Codec(modules=[nodes])


class Known:
    """What is known of one file. `save` keeps what was asked for since, and forgets the rest."""

    def __init__(self, name: str) -> None:
        place = os.path.join(os.getcwd(), name)
        self._entry = f"parsed-{cache.digest((cache.code(), place))}"
        kept = _CODEC.unpack(cache.get(self._entry))
        self._kept: dict[bytes, bytes] = kept if isinstance(kept, dict) else {}
        self._used: dict[bytes, bytes] = {}

    def find(self, source: Source, start: int, end: int) -> nodes.Definition | None:
        """The definition that a stretch of a text is, if it has been read before."""
        key = _key(source, start, end)
        data = self._used.get(key) or self._kept.get(key)
        if data is None:
            return None
        found = _CODEC.unpack(data, (source,), start)
        if not isinstance(found, nodes.Definition):
            return None
        self._used[key] = data
        return found

    def add(self, definition: nodes.Definition, source: Source, start: int, end: int) -> None:
        """Remember what a stretch of a text is."""
        data = _CODEC.pack(definition, (source,), start)
        if data is not None:
            self._used[_key(source, start, end)] = data

    def save(self) -> None:
        """For the next run, if that would not find what this one did."""
        if self._used.keys() != self._kept.keys() and (data := _CODEC.pack(self._used)):
            cache.put(self._entry, data)


def known(name: str) -> Known | None:
    """What is known of a file, or nothing where nothing is kept."""
    try:
        return Known(name) if cache.specs_kept() else None
    except OSError:  # the current folder is gone
        return None


def _key(source: Source, start: int, end: int) -> bytes:
    return blake2b(source.text[start:end].encode("utf-8", "surrogatepass"), digest_size=16).digest()
