"""`kpi lint --baseline` and `--write-baseline`: findings that may stay for now."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from kpidsl.cli.linting import Look
from kpidsl.diagnostics import Diagnostic, Report, Suppressed
from kpidsl.records import Record

if TYPE_CHECKING:
    from kpidsl.cli.console import Console
    from kpidsl.lint.baseline import Baseline
    from kpidsl.specs import Specs

DEFAULT = "lint-baseline.json"


@frozen(repr=False)
class Keep(Record):
    """What is done with a baseline. `file` stands for that of the config; `write` makes one of all that is
    found where there is none; `shrink` takes out what is mended, if everything was looked for."""

    file: str | None = None
    write: bool = False
    shrink: bool = False

    def path(self, specs: Specs) -> Path | None:
        """The file of the baseline, None where there is to be none."""
        if self.file:
            return Path(self.file)
        named = specs.config.lint.baseline or (DEFAULT if self.write else None)
        return specs.config.root / named if named else None


def without_known(specs: Specs, look: Look, keep: Keep = Keep(), screens: Console | None = None) -> Look:
    """A look without the findings that a baseline knows. `screens` are told what is written."""
    path = keep.path(specs)
    if path is None:
        return look
    from kpidsl.lint import baseline

    may = [d for d in look.findings if baseline.may_stay(d)]
    must = [d for d in look.findings if not baseline.may_stay(d)]
    if keep.write and not path.exists():
        problem = _first(baseline.of(may, path), screens)
        return _left(look, [*must, *problem], may)
    known = baseline.load(path, required=keep.file is not None)
    if isinstance(known, Diagnostic):
        return look.and_more([known])
    split = baseline.split(may, known, [source.name for source in specs.sources])
    if keep.shrink and not must and split.shrunk != known:  # with errors, rules miss what they find without
        _shrink(known, split.shrunk, screens)
    problem = [_would_grow(path, len(split.new))] if keep.write and split.new else []
    return _left(look, [*must, *split.new, *problem], split.old)


def _left(look: Look, left: list[Diagnostic], old: Iterable[Diagnostic]) -> Look:
    known = (evolve(one, suppressed=Suppressed(beside=False)) for one in old)
    return Look(tuple(Report(left).sorted()), (*look.suppressed, *known))


def _first(known: Baseline, screens: Console | None) -> list[Diagnostic]:
    from kpidsl.files import shown_as
    from kpidsl.lint import baseline

    count = len(known.known)
    problem = baseline.write(known)
    if problem is not None:
        return [problem]
    if screens is not None:
        screens.tell(f"{count} finding{'s' if count != 1 else ''} written to {shown_as(known.path)}\n")
    return []


def _shrink(known: Baseline, shrunk: Baseline, screens: Console | None) -> None:
    """Take out what is mended. That the file cannot be written is no finding: the next run tries again."""
    from kpidsl.lint import baseline

    problem = baseline.write(shrunk)
    if screens is not None:
        gone = len(known.known) - len(shrunk.known)
        told = f"{gone} of the baseline mended, {len(shrunk.known)} left"
        screens.tell(f"{told}; {problem.message}\n" if problem is not None else f"{told}\n")


def _would_grow(path: Path, count: int) -> Diagnostic:
    from kpidsl.files import shown_as

    shown = shown_as(path)
    return Diagnostic(
        "K783",
        f"the baseline `{shown}` would have to grow by {count} finding{'s' if count > 1 else ''}",
        place=shown,
        help="a baseline only shrinks: what is new is mended, or let pass by a comment with a day",
    )
