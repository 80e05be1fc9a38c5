"""`kpi lint --changed`: only what means something else than in a ref."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import evolve

from kpidsl.cli.linting import Look

if TYPE_CHECKING:
    from kpidsl.cli.console import Console
    from kpidsl.diff.comparison import Comparison
    from kpidsl.lint.changed import Changes
    from kpidsl.specs import Specs

_MOST = 8
_FOLDER = "`--against FOLDER` holds it against a folder with the specs as they were, which needs no git"


def only_changed(
    specs: Specs, look: Look, ref: str | None, paths: Sequence[str], screens: Console | None
) -> Look:
    """The findings about definitions that mean something else than in a ref, or rest on one that does.
    `screens` are told which these are."""
    from kpidsl import revision
    from kpidsl.cli.compared import comparison
    from kpidsl.git import FOLDERS
    from kpidsl.lint.changed import within

    found = comparison(lambda: revision.against(ref or revision.usual(paths), paths, specs), None)
    if isinstance(found, tuple):
        found = tuple(evolve(d, help=_FOLDER) if d.help == FOLDERS else d for d in found)
        known = {(d.code, d.span or d.place) for d in look.findings}
        return look.and_more([d for d in found if (d.code, d.span or d.place) not in known])
    names = changes(found)
    if screens is not None:
        told = _told("changed", names.changed, found) + _told("affected", names.affected, found)
        screens.tell(told or f"nothing changed since {found.old.shown}\n")
    return evolve(look, findings=(*found.old.notes, *within(look.findings, specs, names)))


def changes(found: Comparison) -> Changes:
    """What changed, by whether it is written otherwise. What could not be compared counts as changed."""
    from kpidsl.diff.comparison import lost
    from kpidsl.lint.changed import sorted_out

    names = {change.name for change in found.changes}
    names.update(found.affected, lost(found.old.specs))
    return sorted_out(names, found.old.specs, found.new.specs)


def _told(what: str, names: frozenset[str], found: Comparison) -> str:
    if not names:
        return ""
    listed = sorted(names)
    more = f" and {len(listed) - _MOST} more" if len(listed) > _MOST else ""
    return f"{what} since {found.old.shown}: {', '.join(listed[:_MOST])}{more}\n"
