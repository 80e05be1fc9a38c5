"""Every rule there is: the built-in ones, and those that installed packages bring."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from attrs import frozen

from kpidsl.diagnostics import Diagnostic
from kpidsl.lint.rule import FAMILIES, Rule
from kpidsl.records import Record

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "kpidsl.rules"
"""The group of entry points that packages bring rules by: a `Rule`, several, or a function for them."""


@lru_cache(maxsize=1)
def builtin() -> tuple[Rule, ...]:
    """The rules of kpidsl itself, in the order of their families and codes."""
    from kpidsl.lint import (
        aggregation,
        compiler,
        dependencies,
        documentation,
        in_data,
        lifecycle,
        names,
        no_value,
        objectives,
        practice,
        smart,
        sources,
        style,
        suppress,
        targets,
        texts,
        time,
        tolerances,
        types,
        units,
    )

    modules = (
        *(names, types, units, aggregation, time, no_value, sources, dependencies, lifecycle),
        *(documentation, texts, targets, tolerances, smart, practice, objectives, style, suppress),
        *(compiler, in_data),
    )
    order = list(FAMILIES)
    found: list[Rule] = [rule for module in modules for rule in module.RULES]
    return tuple(sorted(found, key=lambda rule: (order.index(rule.family), rule.code)))


@frozen(repr=False)
class Brought(Record):
    """What packages bring, and what is wrong with it."""

    rules: tuple[Rule, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


def points() -> tuple[EntryPoint, ...]:
    """The entry points of all installed packages, by name."""
    if not _may_bring():
        return ()
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)))


def _may_bring() -> bool:
    """Whether some package names the group. Most often none does, which is seen in a fifth of the time that
    the metadata of all packages takes; where packages are not in plain folders it is not seen."""
    if any(hasattr(finder, "find_distributions") for finder in sys.meta_path if finder is not PathFinder):
        return True
    for place in sys.path:
        try:
            names = os.listdir(place or ".")
        except FileNotFoundError:
            continue
        except OSError:  # a zip file
            return True
        for name in (os.path.basename(place), *names):
            kind = os.path.splitext(name)[1].lower()
            if kind == ".egg" or (kind in (".dist-info", ".egg-info") and _names_group(place, name)):
                return True
    return False


def _names_group(place: str, name: str) -> bool:
    with suppress(OSError), open(os.path.join(place, name, "entry_points.txt"), "rb") as file:
        return GROUP.encode() in file.read()
    return False


def brought(found: Iterable[EntryPoint]) -> Brought:
    """Load what the entry points name. A package that cannot be used is told, and the others are."""
    rules: list[Rule] = []
    problems = []
    taken = {word for rule in builtin() for word in (rule.name, rule.code)}
    for point in found:
        try:
            loaded = list(_rules(point.load()))
        except (Exception, SystemExit) as error:  # foreign code can fail in any way
            problems.append(_unusable(point, f"{type(error).__name__}: {error}"))
            continue
        for rule in loaded:
            twice = next((word for word in (rule.name, rule.code) if word in taken), None)
            if twice is not None:
                problems.append(_unusable(point, f"another rule is called `{twice}` already"))
                continue
            taken |= {rule.name, rule.code}
            rules.append(rule)
    return Brought(tuple(rules), tuple(problems))


def _rules(loaded: Any) -> Iterator[Rule]:
    given = loaded() if callable(loaded) and not isinstance(loaded, Rule) else loaded
    for rule in [given] if isinstance(given, Rule) else given:
        if not isinstance(rule, Rule):
            raise TypeError(f"{rule!r} is no kpidsl.lint.rule.Rule")
        yield rule


def _unusable(point: EntryPoint, why: str) -> Diagnostic:
    package = point.dist.name if point.dist else point.value
    return Diagnostic(
        "K781",
        f"the rules `{point.name}` of the package {package} cannot be used: {' '.join(why.split())}",
        place=f"{package}: {GROUP}",
        help="a newer version of the package may fit, or its rules can be left out by uninstalling it",
    )
