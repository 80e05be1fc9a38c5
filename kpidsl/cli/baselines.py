"""`kpi lint --baseline` and `--write-baseline`: findings that may stay for now."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from kpidsl.cli.linting import Look
from kpidsl.diagnostics import Diagnostic, Report, Suppressed

if TYPE_CHECKING:
    from kpidsl.cli.console import Console
    from kpidsl.lint.baseline import Baseline
    from kpidsl.specs import Specs

DEFAULT = "lint-baseline.json"


@frozen
class Keep:
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
    from kpidsl.lint import baseline

    path = keep.path(specs)
    if path is None:
        return look
    known = baseline.load(path)
    if isinstance(known, Diagnostic):
        return look.and_more([known])
    may = [d for d in look.findings if baseline.may_stay(d)]
    must = [d for d in look.findings if not baseline.may_stay(d)]
    if keep.write and not path.exists():
        problem = _first(baseline.of(may, path), screens)
        return _left(look, [*must, *problem], may)
    split = baseline.split(may, known, [source.name for source in specs.sources])
    problem = _shrink(known, split.shrunk, screens) if keep.shrink and split.shrunk != known else []
    if keep.write and split.new:
        problem = [_would_grow(path, len(split.new)), *problem]
    return _left(look, [*must, *split.new, *problem], split.old)


def _left(look: Look, left: list[Diagnostic], old: Iterable[Diagnostic]) -> Look:
    known = (evolve(one, suppressed=Suppressed(beside=False)) for one in old)
    return Look(tuple(Report(left).sorted()), (*look.suppressed, *known))


def _first(known: Baseline, screens: Console | None) -> list[Diagnostic]:
    from kpidsl.files import shown_as

    count = len(known.known)
    told = f"{count} finding{'s' if count != 1 else ''} written to {shown_as(known.path)}\n"
    return _written(known, told, screens)


def _shrink(known: Baseline, shrunk: Baseline, screens: Console | None) -> list[Diagnostic]:
    gone = len(known.known) - len(shrunk.known)
    return _written(shrunk, f"{gone} of the baseline mended, {len(shrunk.known)} left\n", screens)


def _written(new: Baseline, told: str, screens: Console | None) -> list[Diagnostic]:
    from kpidsl.lint import baseline

    problem = baseline.write(new)
    if problem is not None:
        return [problem]
    if screens is not None:
        screens.tell(told)
    return []


def _would_grow(path: Path, count: int) -> Diagnostic:
    from kpidsl.files import shown_as

    shown = shown_as(path)
    return Diagnostic(
        "K783",
        f"the baseline `{shown}` would have to grow by {count} finding{'s' if count > 1 else ''}",
        place=shown,
        help="a baseline only shrinks: what is new is mended, or let pass by a comment with a day",
    )
