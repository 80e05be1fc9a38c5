"""What the changes do to the numbers: the old and the new specs evaluated on the same rows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from math import isclose
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from kpidsl import project
from kpidsl.config import UNLIMITED, Limits
from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.diff.comparison import Comparison
from kpidsl.model.sources import Files
from kpidsl.project import Outcome, Wish
from kpidsl.specs import Specs

if TYPE_CHECKING:
    from kpidsl.evaluate.watch import Watch
    from kpidsl.results import Judged, ObjectiveVerdict, Verdict

MOST_SLICES = 1_000
"""Of a KPI that are held against each other."""
_SAME = 1e-9


@frozen
class Difference:
    """A verdict before and after; None where there is no such KPI or slice."""

    name: str
    title: str
    before: Verdict | None
    after: Verdict | None

    @property
    def slice(self) -> tuple[tuple[str, str | None], ...]:
        """Dimension and value; empty for the total."""
        known = self.after or self.before
        return known.slice if known is not None else ()

    @property
    def delta(self) -> float | None:
        """The value after less that before, in the unit of both; None where they are not of the same unit and
        window."""
        before, after = self.before, self.after
        if before is None or after is None or before.value is None or after.value is None:
            return None
        alike = before.unit == after.unit and _days(before) == _days(after)
        return after.value - before.value if alike else None

    @property
    def turned(self) -> bool:
        """Whether the word is another one."""
        return (self.before.word if self.before else None) != (self.after.word if self.after else None)

    @property
    def same(self) -> bool:
        """Whether there is nothing to show."""
        before, after = self.before, self.after
        if before is None or after is None:
            return before is after
        if before.word != after.word or before.unit != after.unit or _days(before) != _days(after):
            return False
        if before.value is None or after.value is None:
            return before.value is after.value
        return isclose(before.value, after.value, rel_tol=_SAME, abs_tol=1e-12)


@frozen(eq=False)
class Numbers:
    """What is another number or verdict."""

    as_of: date
    differences: tuple[Difference, ...]
    objectives: tuple[tuple[ObjectiveVerdict | None, ObjectiveVerdict | None], ...]
    same: int
    """KPIs of which nothing is different."""
    unknown: int
    """KPIs that could be evaluated on neither side."""
    failed: bool
    """Whether something could not be evaluated."""
    diagnostics: tuple[Diagnostic, ...]


def numbers(
    comparison: Comparison, *, limits: Limits = UNLIMITED, watch: Watch | None = None
) -> Numbers | tuple[Diagnostic, ...]:
    """Evaluate both sides, as of the day of the comparison; or what keeps that from being done.

    Files, tables and the config are those of now: it is the specs that differ.
    """
    outcomes = []
    for side in (comparison.old, comparison.new):
        specs = evolve(side.specs, config=comparison.new.specs.config)
        if side is comparison.old:
            specs = _on_these_rows(specs, side.base, comparison.new.base)
        wish = project.wish(specs, as_of=comparison.as_of, limits=limits, incremental=False)
        if not isinstance(wish, Wish):
            return wish
        outcomes.append(project.evaluate(specs, wish, watch))
    return _numbers(comparison, *outcomes)


def _on_these_rows(specs: Specs, there: Path, here: Path) -> Specs:
    """Specs that read the files of the new side: those at the same place in its folder."""
    if there == here:
        return specs
    graph = specs.graph
    sources = {}
    for name, source in graph.sources.items():
        if isinstance(source.origin, Files):
            folder = os.path.join(here, os.path.relpath(source.origin.folder, there))
            source = evolve(source, origin=evolve(source.origin, folder=os.path.normpath(folder)))
        sources[name] = source
    return specs.with_graph(evolve(graph, sources=sources))


def _numbers(comparison: Comparison, old: Outcome, new: Outcome) -> Numbers:
    names = {
        c.name: c.before or c.name for c in comparison.changes if c.kind == "kpi" and c.aspect == "renamed"
    }
    before = {judged.kpi: judged for judged in old.judged}
    after = {judged.kpi: judged for judged in new.judged}
    gone = [name for name in before if name not in after and name not in names.values()]
    pairs = [(name, before.get(names.get(name, name)), after[name]) for name in after]
    every = [*pairs, *((name, before[name], None) for name in gone)]
    found: list[Difference] = []
    same = unknown = 0
    for name, one, other in every:
        own = [d for d in _differences(name, one, other) if not d.same]
        lost = all(judged is not None and judged.headline.word == "failed" for judged in (one, other))
        unknown += lost
        same += not own and not lost
        found += own
    return Numbers(
        comparison.as_of,
        tuple(found),
        tuple(_objectives(old.objectives, new.objectives)),
        same,
        unknown,
        bool(new.errors) or any(judged.headline.word == "failed" for judged in new.judged),
        tuple(_told(old, new)),
    )


def _differences(name: str, old: Judged | None, new: Judged | None) -> Iterator[Difference]:
    known = new or old
    assert known is not None
    title = known.headline.title
    yield Difference(name, title, old.headline if old else None, new.headline if new else None)
    if max(len(judged.slices) if judged else 0 for judged in (old, new)) > MOST_SLICES:
        return
    before = {verdict.slice: verdict for verdict in (old.slices if old else ())}
    after = {verdict.slice: verdict for verdict in (new.slices if new else ())}
    for key in dict.fromkeys((*after, *before)):
        yield Difference(name, title, before.get(key), after.get(key))


def _objectives(
    old: Iterable[ObjectiveVerdict], new: Iterable[ObjectiveVerdict]
) -> Iterator[tuple[ObjectiveVerdict | None, ObjectiveVerdict | None]]:
    before, after = {one.name: one for one in old}, {one.name: one for one in new}
    for name in dict.fromkeys((*after, *before)):
        pair = before.get(name), after.get(name)
        words = [one.word if one is not None else None for one in pair]
        if words[0] != words[1]:
            yield pair


def _told(old: Outcome, new: Outcome) -> Sequence[Diagnostic]:
    """What is wrong with the data; of the old side only what the new one does not have."""
    own = [d for d in new.diagnostics if d.severity is Severity.ERROR]
    said = {d.message for d in own}
    before = [d for d in old.diagnostics if d.severity is Severity.ERROR and d.message not in said]
    return (*own, *(evolve(d, severity=Severity.WARNING) for d in before))


def _days(verdict: Verdict) -> tuple[date, date] | None:
    return (verdict.window.start, verdict.window.end) if verdict.window is not None else None
