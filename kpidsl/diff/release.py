"""What a release with some changes would be called, and what its changelog would say of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from kpidsl.diff.changes import Category, Change

Bump = Literal["major", "minor", "patch"]


def bump(changes: Iterable[Change]) -> Bump | None:
    """The part of a version (semver.org) that goes up: `major` where numbers or names that others rely on
    are other ones, `minor` for what is new and for promises, `patch` for what is only said."""
    found = list(changes)
    if any(change.breaking and change.category >= Category.VALUE for change in found):
        return "major"
    if any(change.category > Category.DOC for change in found):
        return "minor"
    return "patch" if found else None


_HEADINGS = ("Removed", "Changed", "Promises", "Added", "Documentation")


def heading(change: Change) -> str:
    """Where a changelog tells a change."""
    match change:
        case Change(aspect="added"):
            return "Added"
        case Change(aspect="removed"):
            return "Removed"
        case Change(category=Category.TARGET):
            return "Promises"
        case Change(category=Category.DOC):
            return "Documentation"
        case _:
            return "Changed"


def by_heading(changes: Sequence[Change]) -> list[tuple[str, list[Change]]]:
    """The changes as a changelog tells them, most important first."""
    every = ((name, [change for change in changes if heading(change) == name]) for name in _HEADINGS)
    return [(name, some) for name, some in every if some]
