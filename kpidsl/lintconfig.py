"""What a config says about lint: which rules, how much they weigh, for which paths, and rules of its own.

    [lint]
    ignore = ["missing-label", "style"]        # codes, names or families
    baseline = "lint-baseline.json"

    [lint.severity]
    missing-owner = "error"                    # error, warning, info or off

    [lint.paths."drafts/*"]                    # later ones win
    ignore = ["smart"]
    severity = { target-always-met = "info" }

    [lint.rules.kpis-have-owners]              # rules that a line can say
    require = ["owner", "because"]

Names of rules are only words here: what they mean, `kpidsl.lint` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Protocol, TypeVar

from attrs import field, frozen

from kpidsl.diagnostics import Source, Span

LEVELS = ("error", "warning", "info", "off")
_KEYS = ("select", "ignore", "severity", "paths", "rules", "baseline")
_RULE_KEYS = ("of", "require", "name", "forbid", "severity", "why")
T = TypeVar("T")
Path = tuple[str, ...]


class Reader(Protocol):
    """Takes a table apart and reports what does not fit."""

    def keys(self, path: Path, data: Any, known: Iterable[str] | None) -> dict[str, Any]:
        """The table at a path, without the keys that are unknown."""
        ...

    def value(
        self, path: Path, table: Mapping[str, Any], read: Callable[[Any], T | None], wanted: str
    ) -> T | None:
        """The value of a key, None if it is absent or not what is wanted."""
        ...

    def place(self, path: Path) -> Span | None:
        """Where a key stands; None of a document that is not to be shown."""
        ...

    def pattern(self, path: Path, pattern: str) -> None:
        """Report a pattern of paths that is written as other tools have it."""
        ...

    @property
    def sources(self) -> tuple[Source, ...]:
        """The documents that places point to."""
        ...


@frozen
class Words:
    """Rules as a config names them: codes, names or families; and where it does."""

    texts: tuple[str, ...] = ()
    span: Span | None = field(default=None, eq=False, repr=False)


@frozen
class Level:
    """How much a rule weighs: one of `LEVELS`."""

    word: str
    level: str
    span: Span | None = field(default=None, eq=False, repr=False)


@frozen
class Layer:
    """What is said for all files, or for those whose path from the config's folder fits a pattern."""

    pattern: str | None = None
    select: Words | None = None
    ignore: Words = Words()
    levels: tuple[Level, ...] = ()

    def fits(self, path: str) -> bool:
        """Whether it is about a file. A `*` takes in folders, and a folder all that is in it."""
        if self.pattern is None:
            return True
        pattern = self.pattern.removeprefix("./").rstrip("/")
        return fnmatchcase(path, pattern) or fnmatchcase(path, f"{pattern}/*")


@frozen
class DeclaredRule:
    """A rule that a config declares: clauses that a definition must have, the pattern of its name, functions
    that it may not use."""

    name: str
    of: str = "kpi"
    require: tuple[str, ...] = ()
    pattern: str | None = None
    forbid: tuple[str, ...] = ()
    level: str = "warning"
    why: str = ""
    span: Span | None = field(default=None, eq=False, repr=False)


@frozen
class LintConfig:
    """All that a config says about lint."""

    layers: tuple[Layer, ...] = (Layer(),)
    """The first is for all files."""
    rules: tuple[DeclaredRule, ...] = ()
    baseline: str | None = None
    """A file, relative to the folder of the config."""
    sources: tuple[Source, ...] = field(default=(), eq=False, repr=False)
    """The documents of the config, to which places point."""


def read(reader: Reader, data: Any) -> LintConfig:
    """The table `[lint]`; what is wrong with it is reported, and the rest holds."""
    table = reader.keys(("lint",), data, _KEYS)
    layers = [_layer(reader, ("lint",), table, None)]
    for pattern, part in reader.keys(("lint", "paths"), table.get("paths", {}), None).items():
        path = ("lint", "paths", pattern)
        reader.pattern(path, pattern)
        layers.append(
            _layer(reader, path, reader.keys(path, part, ("select", "ignore", "severity")), pattern)
        )
    rules = [
        _rule(reader, name, part)
        for name, part in reader.keys(("lint", "rules"), table.get("rules", {}), None).items()
    ]
    wanted = 'a file, as in baseline = "lint-baseline.json"'
    baseline = reader.value(("lint", "baseline"), table, _text, wanted)
    return LintConfig(tuple(layers), tuple(rules), baseline, reader.sources)


def _layer(reader: Reader, path: Path, table: Mapping[str, Any], pattern: str | None) -> Layer:
    select, ignore = (_words(reader, (*path, key), table) for key in ("select", "ignore"))
    levels = reader.keys((*path, "severity"), table.get("severity", {}), None)
    found = []
    for word in levels:
        level = reader.value((*path, "severity", word), levels, _level, f"one of: {', '.join(LEVELS)}")
        if level is not None:
            found.append(Level(word, level, reader.place((*path, "severity", word))))
    return Layer(pattern, select, ignore or Words(), tuple(found))


def _words(reader: Reader, path: Path, table: Mapping[str, Any]) -> Words | None:
    wanted = f'a list of rules, as in {path[-1]} = ["missing-label", "style"]'
    found = reader.value(path, table, _texts, wanted)
    return None if found is None else Words(found, reader.place(path))


def _rule(reader: Reader, name: str, data: Any) -> DeclaredRule:
    path = ("lint", "rules", name)
    table = reader.keys(path, data, _RULE_KEYS)

    def texts(key: str, wanted: str) -> tuple[str, ...]:
        return reader.value((*path, key), table, _texts, wanted) or ()

    return DeclaredRule(
        name,
        reader.value((*path, "of"), table, _text, 'a kind of definition, as in of = "measure"') or "kpi",
        texts("require", 'a list of clauses, as in require = ["owner"]'),
        reader.value((*path, "name"), table, _text, 'a regular expression, as in name = "[a-z_]+"'),
        texts("forbid", 'a list of functions, as in forbid = ["median"]'),
        reader.value((*path, "severity"), table, _level, f"one of: {', '.join(LEVELS)}") or "warning",
        reader.value((*path, "why"), table, _text, 'a text, as in why = "Somebody has to answer for it."')
        or "",
        reader.place(path),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _texts(value: Any) -> tuple[str, ...] | None:
    fits = isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)
    return tuple(one.strip() for one in value) if fits else None


def _level(value: Any) -> str | None:
    return value if value in LEVELS else None
