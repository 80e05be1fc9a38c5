"""`kpi lint --baseline` and `--write-baseline`: findings that may stay for now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from kpidsl.cli.console import Console
from kpidsl.diagnostics import Diagnostic

if TYPE_CHECKING:
    from kpidsl.lint.baseline import Baseline
    from kpidsl.specs import Specs

DEFAULT = "lint-baseline.json"


@frozen
class Left:
    """The findings that are told, and how many a baseline lets stay."""

    findings: tuple[Diagnostic, ...]
    old: int = 0


def without_known(
    specs: Specs,
    found: tuple[Diagnostic, ...],
    option: str | None,
    write: bool,
    everything: bool,
    screens: Console,
    *,
    quiet: bool,
) -> Left:
    """Findings without those of the baseline. What is mended leaves the file; `write` writes all of them down
    where there is no file yet. `everything`: whether all rules were asked, so that what lacks is mended."""
    named = option or specs.config.lint.baseline
    if named is None and not write:
        return Left(found)
    from kpidsl.lint import baseline

    path = Path(option) if option else specs.config.root / (specs.config.lint.baseline or DEFAULT)
    known = baseline.load(path)
    if isinstance(known, Diagnostic):
        return Left((known, *found))
    may, must = [d for d in found if baseline.may_stay(d)], [d for d in found if not baseline.may_stay(d)]
    if write and not path.exists():
        return _first(baseline.of(may, path), must, len(may), screens, quiet=quiet)
    split = baseline.split(may, known, [source.name for source in specs.sources])
    problem = baseline.write(split.shrunk) if everything and split.shrunk != known else None
    if not quiet and problem is None and everything and split.shrunk != known:
        gone = len(known.known) - len(split.shrunk.known)
        screens.tell(f"{gone} of the baseline mended, {len(split.shrunk.known)} left\n")
    left = (*must, *split.new, *([problem] if problem else []))
    if write and split.new:
        left = (_would_grow(path, len(split.new)), *left)
    return Left(_sorted(left), len(split.old))


def _first(known: Baseline, must: list[Diagnostic], count: int, screens: Console, *, quiet: bool) -> Left:
    from kpidsl.files import shown_as
    from kpidsl.lint import baseline

    problem = baseline.write(known)
    if problem is None and not quiet:
        screens.tell(f"{count} finding{'s' if count != 1 else ''} written to {shown_as(known.path)}\n")
    return Left((*must, *([problem] if problem else [])), count)


def _would_grow(path: Path, count: int) -> Diagnostic:
    from kpidsl.files import shown_as

    shown = shown_as(path)
    return Diagnostic(
        "K783",
        f"the baseline `{shown}` would have to grow by {count} finding{'s' if count > 1 else ''}",
        place=shown,
        help="a baseline only shrinks: what is new is mended, or let pass by a comment with a day",
    )


def _sorted(found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    from kpidsl.diagnostics import Report

    return tuple(Report(list(found)).sorted())
