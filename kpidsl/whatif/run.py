"""Run scenarios: the data is read once, what rests on assumptions is computed as often as is needed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, field, frozen

from kpidsl import project
from kpidsl.diagnostics import Diagnostic, near
from kpidsl.graph import Assumed, Expected, Goal, Kpi, Objective, Scenario, aggregates, walk
from kpidsl.model.periods import Window
from kpidsl.model.rows import Apply, Literal, Row
from kpidsl.project import (
    Outcome,
    Wish,
)
from kpidsl.results import Ask
from kpidsl.specs import (
    Specs,
)
from kpidsl.whatif.prepare import Beside, Prepared, assumed_node, holds_amount, prepare, scheduled, solved
from kpidsl.whatif.search import Search, in_full, search

if TYPE_CHECKING:
    from kpidsl.evaluate.answer import Evaluated
    from kpidsl.evaluate.watch import Watch
    from kpidsl.results import Judged, ObjectiveVerdict, Verdict

MOST_CHANGES = 1_000
"""Slices of a KPI that are listed; there may be a million."""
_SAME = 1e-9


@frozen
class Pair:
    """A verdict before and after."""

    before: Verdict
    after: Verdict

    @property
    def turned(self) -> bool:
        """Whether the word changed, not the number alone."""
        return self.before.word != self.after.word


@frozen
class Check:
    """Something that was expected, and what was found."""

    expected: Expected
    passed: bool
    found: str


@frozen(eq=False)
class Ran:
    """A scenario that was run."""

    scenario: Scenario
    as_of: date
    pairs: tuple[Pair, ...] = ()
    """Verdicts on KPIs and their slices that differ in word or value, in the order of the specs."""
    more: int = 0
    """Slices that differ and are not listed."""
    objectives: tuple[tuple[ObjectiveVerdict, ObjectiveVerdict], ...] = ()
    """Those that differ in word or share, before and after."""
    rests: int = 0
    """How many KPIs rest on what is assumed."""
    search: Search | None = None
    checks: tuple[Check, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    note: str | None = None
    """What has to be known to read the numbers."""

    @property
    def failed(self) -> bool:
        """Whether it could not be run."""
        return bool(self.problems)

    @property
    def passed(self) -> bool:
        """Whether it was run, what was looked for is found, and all is as expected."""
        found = self.search is None or self.search.chosen is not None
        return not self.problems and found and all(check.passed for check in self.checks)


@frozen(eq=False)
class Report:
    """Scenarios that were run, in order, and what was told of the data."""

    ran: tuple[Ran, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


def run(
    specs: Specs,
    scenarios: Sequence[Scenario],
    wish: Wish,
    watch: Watch | None = None,
    between: tuple[float, float] | None = None,
) -> Report:
    """Run scenarios; those of one day share a reading of the data. `between`: where an unknown is sought."""
    found: dict[int, Ran] = {}
    told: list[Diagnostic] = []
    prepared = [prepare(specs, scenario) for scenario in scenarios]
    groups: dict[tuple[date, int], list[int]] = {}
    for n, one in enumerate(prepared):
        day = one.scenario.as_of or wish.as_of
        if one.problems:
            found[n] = Ran(one.scenario, day, problems=one.problems)
        else:
            groups.setdefault((day, n if one.anew else -1), []).append(n)
    for (day, _), numbers in groups.items():
        several = [prepared[n] for n in numbers]
        ran, said = _together(specs, several, evolve(wish, as_of=day), watch, between)
        found |= dict(zip(numbers, ran, strict=True))
        told += said
    return Report(tuple(found[n] for n in range(len(prepared))), tuple({str(d): d for d in told}.values()))


def _together(
    specs: Specs,
    prepared: Sequence[Prepared],
    wish: Wish,
    watch: Watch | None,
    between: tuple[float, float] | None,
) -> tuple[list[Ran], Sequence[Diagnostic]]:
    beside = Beside(prepared, wish.as_of, wish.asked_for)
    objectives = specs.graph.objectives
    names = _concerned(prepared, objectives)
    outcome = project.evaluate(specs, evolve(wish, kpis=names, beside=beside), watch)
    other = outcome
    if prepared[0].anew:
        beside = Beside(prepared, wish.as_of, wish.asked_for)
        graph = evolve(
            specs.graph, sources=prepared[0].graph.sources, kpis=specs.graph.kpis | prepared[0].kpis
        )
        other = project.evaluate(specs.with_graph(graph), evolve(wish, kpis=names, beside=beside), watch)
    ran = [_One(one, n, beside, outcome, other, between).ran() for n, one in enumerate(prepared)]
    return ran, outcome.diagnostics


def _concerned(prepared: Iterable[Prepared], objectives: Mapping[str, Objective]) -> tuple[str, ...]:
    """The KPIs to evaluate: those that rest on assumptions, or of which something is expected, and the other
    members of their objectives."""
    names: dict[str, None] = {}
    for one in prepared:
        names |= dict.fromkeys(one.kpis)
        names |= dict.fromkeys(e.kpi for e in one.scenario.expected if e.kpi is not None)
        names |= dict.fromkeys([one.scenario.goal.kpi] if one.scenario.goal else [])
    for objective in objectives.values():
        below = _members(objective, objectives)
        if below & set(names):
            names |= dict.fromkeys(sorted(below))
    return tuple(names)


def _members(objective: Objective, objectives: Mapping[str, Objective]) -> set[str]:
    found: set[str] = set()
    for name, _ in objective.members:
        nested = objectives.get(name) if name in objective.nested else None
        found |= _members(nested, objectives) if nested else set() if name in objective.nested else {name}
    return found


def _texts(row: Row | None) -> Iterator[str]:
    """The texts that a condition names."""
    match row:
        case Literal(value=str() as text):
            yield text
        case Apply(args=args):
            for arg in args:
                yield from _texts(arg)


def _slices(judged: Judged) -> Iterable[str]:
    """The first values of the first dimension."""
    if judged.crowd is None or not len(judged.slices):
        return ()
    first, *_ = judged.crowd.names(np.arange(min(len(judged.slices), _FEW)))
    return (name for name in first.tolist() if name)


_FEW = 1_000
"""Among how many slices a similar name is looked for."""


@frozen(eq=False)
class _One:
    """One scenario, with what was read."""

    prepared: Prepared
    number: int
    beside: Beside
    base: Outcome
    outcome: Outcome
    """That of the assumptions; another one where rows are read otherwise."""
    between: tuple[float, float] | None
    judged: dict[str, Judged] = field(init=False, factory=dict)

    @property
    def answers(self) -> Evaluated:
        assert self.outcome.answers is not None
        return self.outcome.answers

    def ran(self) -> Ran:
        scenario = self.prepared.scenario
        before = {judged.kpi: judged for judged in self.base.judged}
        looked = self._search(scenario.goal) if scenario.goal else None
        if looked is None or looked.chosen is not None:
            for name, kpi in self.prepared.kpis.items():
                self.judged[name] = self._judge(kpi, self._value(name, looked) if looked else None)
        pairs: list[Pair] = []
        more = 0
        for name, after in self.judged.items():
            old = _with_value(self.base.graph.kpis[name], before[name], self.base)
            listed, left = _differences(old, after)
            pairs += listed
            more += left
        return Ran(
            scenario,
            self.outcome.as_of,
            tuple(pairs),
            more,
            tuple(self._objectives(before)),
            len(self.prepared.kpis),
            looked,
            tuple(self._check(one, before, looked) for one in scenario.expected),
            note=" ".join(said for said in (self._unknown(), self._note()) if said) or None,
        )

    def _value(self, name: str, looked: Search) -> float | None:
        """What was found, for a KPI: totals over other days change by the same factor."""
        variant, chosen = self.beside.variants[self.number, name], looked.chosen
        sought = assumed_node(variant.kpi.formula)
        if chosen is None or sought is None or not sought.spread or variant.known is None:
            return chosen
        if variant.window is None or variant.window == looked.window or not looked.present:
            return chosen
        own = self.answers.total(sought.node, variant.known, variant.window)
        return chosen if own is None else own * chosen / looked.present

    def _unknown(self) -> str | None:
        """That something is set for a channel that no row has, where it is: what is set comes on top then."""
        named = {setting.slice for setting in self.prepared.scenario.sets if setting.slice is not None}
        there: set[str] = set()
        for name in self.prepared.kpis if named else ():
            asked = self.beside.variants[self.number, name].schedule.value
            if asked is None:
                continue
            for part in (one.node for one in walk(asked.node) if isinstance(one, Assumed)):
                kept = {value for one in aggregates(part) for value in _texts(one.filter)}
                if kept & named and self.answers.rows(evolve(asked, node=part)).values[0].any():
                    there |= kept & named
        missing = sorted(named - there)
        if not missing:
            return None
        known = {name: None for judged in self.base.judged for name in _slices(judged)}
        alike = near(missing[0], known, limit=1)
        hint = f" (a similar one: {alike[0]})" if alike else ""
        return f"No row has the channel {missing[0]}{hint}: what is set for it comes on top of what there is."

    def _note(self) -> str | None:
        """That an amount is taken for different windows, where it is."""
        variants = (self.beside.variants[self.number, name] for name in self.prepared.kpis)
        windows = {v.window: None for v in variants if v.window and holds_amount(v.kpi.formula)}
        if len(windows) < 2:
            return None
        labels = ", ".join(window.label for window in sorted(windows, key=lambda w: (w.start, w.end)))
        return f"The amount is taken for the window of each KPI: {labels}. A percentage fits all of them."

    def _judge(self, kpi: Kpi, value: float | None) -> Judged:
        from kpidsl import judge

        found = self.outcome
        variant = self.beside.variants[self.number, kpi.name]
        if value is not None:
            base = self.base.graph.kpis[kpi.name]
            asked, graph = found.asked_for, self.prepared.graph
            variant = scheduled(solved(kpi, value), base, found.as_of, found.profiles, graph, asked)
            self.answers.also(variant.schedule.asks)
        judged = judge.judge(variant.kpi, variant.schedule, self.answers, found.as_of, found.graph.calendar)
        return _with_value(variant.kpi, judged, found)

    def _search(self, goal: Goal) -> Search:
        variant = self.beside.variants[self.number, goal.kpi]
        return search(goal, variant, self.answers, self.outcome.as_of, self.between)

    # -- objectives and expectations -------------------------------------------------------------------------

    def _objectives(
        self, before: Mapping[str, Judged]
    ) -> Iterable[tuple[ObjectiveVerdict, ObjectiveVerdict]]:
        from kpidsl import judge

        if not self.judged:
            return
        every = self.base.graph.objectives
        here = {
            name: objective for name, objective in every.items() if _members(objective, every) <= set(before)
        }
        old, new = judge.roll_ups(here, before), judge.roll_ups(here, {**before, **self.judged})
        for name, was in old.items():
            now = new[name]
            if (was.word, was.share_met) != (now.word, now.share_met):
                yield was, now

    def _check(self, expected: Expected, before: Mapping[str, Judged], looked: Search | None) -> Check:
        if expected.kpi is None:
            assert looked is not None
            places = looked.roots.roots
            passed = any(_close(place, expected.value) for place in places)
            found = " or ".join(in_full(place, looked.unit) for place in places)
            return Check(expected, passed, f"{looked.unknown} is {found}" if places else looked.why)
        if looked is not None and looked.chosen is None:
            return Check(expected, False, looked.why)
        judged = self.judged.get(expected.kpi) or before[expected.kpi]
        if expected.kpi in self.base.graph.kpis:
            judged = _with_value(self.base.graph.kpis[expected.kpi], judged, self.base)
        verdict: Verdict | None = judged.headline
        if expected.slice is not None:
            place = judged.crowd.find((expected.slice,)) if judged.crowd is not None else None
            verdict = judged.slices[place] if place is not None else None
        if verdict is None:
            return Check(expected, False, f"{expected.kpi} has no slice {expected.slice}")
        passed = expected.value is None or _close(verdict.value, expected.value)
        passed = passed and expected.word in (None, verdict.word)
        value = in_full(verdict.value, verdict.unit) if verdict.value is not None else "no value"
        return Check(expected, passed, f"{value}, {verdict.word}")


def _with_value(kpi: Kpi, judged: Judged, outcome: Outcome) -> Judged:
    """A formula of constants has a value also where no data says which window it is of."""
    if judged.headline.value is not None or aggregates(kpi.formula) or outcome.answers is None:
        return judged
    window = Window(outcome.as_of, outcome.as_of)
    value = outcome.answers.total(kpi.formula, Ask(kpi.formula, (window,)), window)
    rounded = float(f"{value:.12g}") if value is not None else None
    return evolve(judged, headline=evolve(judged.headline, value=rounded))


def _differences(before: Judged, after: Judged) -> tuple[list[Pair], int]:
    """The verdicts that differ, the total's first; of slices so many, and how many more."""
    head = [Pair(before.headline, after.headline)]
    found = head if _differ(before.headline, after.headline) else []
    old, new = before.crowd, after.crowd
    if old is None or new is None:
        return found, 0
    places = np.arange(len(after.slices))
    keys = list(zip(*(names.tolist() for names in new.names(places)), strict=True))
    there = [old.find(key) for key in keys]
    both = [(n, at) for n, at in enumerate(there) if at is not None]
    words, values = (old.words, new.words), (old.number("value"), new.number("value"))
    differ = [
        (words[0][at] == words[1][n], n, at)
        for n, at in both
        if words[0][at] != words[1][n] or not _close(_or_none(values[1][n]), _or_none(values[0][at]))
    ]
    differ.sort()
    if differ and not found:
        found = head
    found += [Pair(before.slices[at], after.slices[n]) for _, n, at in differ[:MOST_CHANGES]]
    return found, max(len(differ) - MOST_CHANGES, 0)


def _differ(before: Verdict, after: Verdict) -> bool:
    return before.word != after.word or not _close(after.value, before.value)


def _or_none(value: float) -> float | None:
    return None if value != value else float(value)


def _close(value: float | None, expected: float | None) -> bool:
    """Equal but for the last digits."""
    if value is None or expected is None:
        return value is expected
    return math.isclose(value, expected, rel_tol=_SAME, abs_tol=1e-12)
