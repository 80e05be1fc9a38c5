"""Connections of the config to databases that run queries themselves.

A module per engine has `connect(url, setting) -> Remote`; it is imported when a source first needs it. Each
connection is opened once. Whatever fails is an `EngineError` whose words hold nothing of what is secret: any
part of a URL may come from a secret of the environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from attrs import define, field, frozen

from kpidsl.evaluate.engine import Column, Dialect, EngineError, Parts, Remote, Setting
from kpidsl.model.sources import Grouped, SourceSpec


@frozen
class _Driver:
    module: str
    """Has `connect(url, setting) -> Remote`."""
    library: str
    """What it imports, which may not be installed."""
    extra: str


_POSTGRES = _Driver("kpidsl.evaluate.postgres", "psycopg", "postgres")
_SPARK = _Driver("kpidsl.evaluate.spark", "pyspark", "spark")
DRIVERS: Mapping[str, _Driver] = {
    "postgresql": _POSTGRES,
    "postgres": _POSTGRES,
    "spark": _SPARK,  # spark://local, spark://local?warehouse=PATH
    "sc": _SPARK,  # sc://host:port, Spark Connect
    "chdb": _Driver("kpidsl.evaluate.clickhouse", "chdb", "clickhouse"),  # chdb:///path/to/folder
}
"""Schemes of URLs to what opens them."""

COPIED_ROWS = 10_000_000
"""Of a source that meets one of another engine."""


def scheme_of(url: str) -> str:
    """What stands before the colon; a password that is not escaped makes many a url unreadable as a whole."""
    return url.partition(":")[0].strip().lower()


def open_remote(url: str, setting: Setting) -> Remote:
    """The database behind a URL. `EngineError` if its driver is missing or it cannot be reached."""
    driver = DRIVERS[scheme_of(url)]
    if find_spec(driver.library) is None:
        raise EngineError("driver", f"pip install 'kpidsl[{driver.extra}]'")
    module = import_module(driver.module)
    return cast(Remote, module.connect(url, setting))


@define
class Connections:
    """The connections of a session: each opened when it is first needed, and once.

    `urls` have their variables filled in; `secrets` are the texts that no message may show.
    """

    urls: Mapping[str, str] = field(repr=False)
    setting: Setting
    secrets: Iterable[str] = field(repr=False, default=())
    _opened: dict[str, Remote | EngineError] = field(factory=dict, init=False, repr=False)

    def remote(self, name: str) -> Remote:
        """The database of a connection; the same `EngineError` each time if it cannot be opened."""
        if name not in self._opened:
            try:
                with self.told():
                    self._opened[name] = open_remote(self.urls[name], self.setting)
            except EngineError as error:
                self._opened[name] = error
        found = self._opened[name]
        if isinstance(found, EngineError):
            raise found
        return found

    def dialect(self, name: str) -> Dialect:
        """What SQL for a connection is written in."""
        return self.remote(name).dialect

    def fetch(self, name: str, sql: str) -> dict[str, Column]:
        """The columns of a SELECT that a connection runs."""
        with self.told():
            return self.remote(name).fetch(sql)

    def batches(self, name: str, sql: str, rows: int) -> Iterator[dict[str, Column]]:
        """The columns of a SELECT in pieces."""
        with self.told():
            yield from self.remote(name).batches(sql, rows)

    def types(self, name: str, table: str) -> tuple[Parts, dict[str, str]] | list[Parts]:
        """The table of that name and the types of its columns; all tables if none, or several, are called so.

        `orders` is also found in a schema in which the engine would not look by itself, if in one only.
        """
        with self.told():
            remote = self.remote(name)
            parts = tuple(table.split("."))
            if (found := remote.types(parts)) is not None:
                return parts, found
            every = remote.tables()
            called = [each for each in every if table in (".".join(each), each[-1])]
            if len(called) == 1 and (found := remote.types(called[0])) is not None:
                return called[0], found
            return every

    @contextmanager
    def told(self) -> Iterator[None]:
        """An engine's words without what is secret. The cause goes with it: it has the words, too."""
        try:
            yield
        except EngineError as error:
            raise EngineError(error.fault, hidden(error.words, self.secrets)) from None

    def interrupt(self) -> None:
        """Stop what runs on any of them."""
        for each in self._opened.values():
            if not isinstance(each, EngineError):
                each.interrupt()

    def close(self) -> None:
        """Close those that were opened."""
        for each in self._opened.values():
            if not isinstance(each, EngineError):
                each.close()
        self._opened.clear()


def hidden(words: str, secrets: Iterable[str]) -> str:
    """A text without any of the secrets. A short one, which could be part of any word, only where it stands
    by itself."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        pattern = re.escape(secret)
        words = re.sub(pattern if len(secret) > 3 else rf"(?<!\w){pattern}(?!\w)", "***", words)
    return words


def meeting(sources: Sequence[SourceSpec], homes: Mapping[str, str]) -> frozenset[str]:
    """The sources in databases that links, groups or paths lead to or from another engine: all has to be in
    one place. `homes` is the connection of each source, empty for files; a grouped one has
    none of its own."""
    kin: dict[str, set[str]] = {spec.name: {spec.name} for spec in sources}
    for spec in sources:
        grouped = [spec.origin.source] if isinstance(spec.origin, Grouped) else []
        for other in (*(link.target for link in spec.links), *grouped, *spec.meets):
            if other in kin and kin[other] is not kin[spec.name]:
                kin[spec.name] |= kin[other]
                kin.update(dict.fromkeys(kin[other], kin[spec.name]))
    made = {spec.name for spec in sources if isinstance(spec.origin, Grouped)}
    several = {
        name
        for name in kin
        if len({homes[each] for each in kin[name] if each in homes and each not in made}) > 1
    }
    return frozenset(name for name in several if homes.get(name))
