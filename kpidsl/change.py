"""Why a number moved between two periods: its change over the factors of its formula, and over slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.effects import (
    Floats,
    Part,
    RateMix,
    adds_up,
    by_parts,
    expanded,
    leaves,
    quotient,
    rate_and_mix,
    split_change,
)
from kpidsl.graph import About, Aggregate, Constant, Every, Graph, Kpi, Node, Promise, aggregates
from kpidsl.judge.schedule import counted_sources, written_start
from kpidsl.model.periods import Window, parse_period
from kpidsl.needed import needed
from kpidsl.project import MOST_SLICES, Specs, Wish, failures, reading, unknown, wish
from kpidsl.results import Ask, Profile
from kpidsl.slices import SliceKey, Slices
from kpidsl.syntax import nodes

if TYPE_CHECKING:
    from kpidsl.config import Limits
    from kpidsl.evaluate.answer import Evaluated
    from kpidsl.evaluate.tables import Query
    from kpidsl.evaluate.watch import Watch

Windows = tuple[Window, Window]

_NEVER = Window(date.min, date.min)
_EXACT = 1e-9
"""What slices may leave of the change, as a part of the greatest number there is, and still add up to it."""
_ALIKE = 0.15
"""How much longer a period may be: February and March are compared without a word."""
_STALE = "K523"  # said by the profile itself


@frozen(eq=False)
class SliceChanges:
    """What each slice accounts for, as arrays: entry n is about `keys[n]`. NaN is no value."""

    dimensions: tuple[str, ...]
    keys: Sequence[SliceKey]
    before: Floats
    after: Floats
    effect: Floats | None = None
    """None where the formula cannot be split over slices."""
    ratio: RateMix | None = None
    """Of a ratio: the effects of rate and mix."""
    rest: float = 0.0
    """What the effects do not add up to."""

    def order(self) -> list[int]:
        """The slices, the largest effect first (else the largest change); of equal ones as they come."""
        moved = self.after - self.before if self.effect is None else self.effect
        return np.argsort(-np.nan_to_num(np.abs(moved), nan=-1.0), kind="stable").tolist()  # type: ignore[no-any-return]


@frozen(eq=False)
class Change:
    """A change from one period to another, and what it is made of."""

    kpi: Kpi
    """A measure stands here as a KPI that promises nothing."""
    named: Mapping[str, Node]
    """What parts are called by."""
    as_of: date
    windows: Windows
    tree: Part
    """The whole; its `parts` are the factors."""
    slices: SliceChanges | None
    notes: tuple[str, ...]
    """What is to be known of the periods, the data and the split before the numbers are read."""
    diagnostics: tuple[Diagnostic, ...]
    queries: tuple[Query, ...]

    @property
    def before(self) -> float:
        """The value in the first period."""
        return self.tree.before

    @property
    def after(self) -> float:
        """The value in the second."""
        return self.tree.after

    @property
    def wanted(self) -> int:
        """1 where more is promised, -1 where less is, else 0."""
        bound = self.kpi.promise.bound
        ways = {"at least": 1, "increase": 1, "at most": -1, "decrease": -1}
        return ways.get(bound.direction, 0) if bound is not None else 0


def explain_change(
    specs: Specs,
    name: str,
    between: tuple[str, str],
    *,
    as_of: date | str | None = None,
    by: Sequence[str] = (),
    data: Mapping[str, object] | None = None,
    limits: Limits | None = None,
    watch: Watch | None = None,
) -> Change | tuple[Diagnostic, ...]:
    """The change of a KPI or measure between two periods; or everything that keeps it from being told.

    `by` are dimensions in place of the KPI's own. All numbers come from one evaluation: the formula and the
    parts it is made of, over both periods, in total and by slice.
    """
    from kpidsl.config import UNLIMITED
    from kpidsl.evaluate.watch import Watch

    kpi = _subject(specs, name)
    if isinstance(kpi, Diagnostic):
        return (kpi,)
    only = evolve(specs, graph=evolve(specs.graph, kpis={name: kpi}))
    asked = wish(only, as_of=as_of, by=by, data=data, limits=limits or UNLIMITED, incremental=False)
    windows, wrong = _windows(specs, between)
    if wrong or not isinstance(asked, Wish):
        return (*(asked if not isinstance(asked, Wish) else ()), *wrong)
    watch = watch or Watch()
    with watch.within(asked.limits.timeout):
        return _explained(specs, _split(kpi, asked, specs.graph), windows, asked, watch)


# -- what is asked ---------------------------------------------------------------------------------


def _subject(specs: Specs, name: str) -> Kpi | Diagnostic:
    """The KPI or measure of a name; else the error that it has, or that nothing has the name."""
    graph = specs.graph
    if name in graph.kpis:
        return graph.kpis[name]
    if name in graph.measures:
        measure = graph.measures[name]
        promise = Promise(Every("month"))
        return Kpi(
            name, measure.title, measure.node, measure.node.unit, promise, (), (), About(),
            measure.span, measure.text, "",
        )  # fmt: skip
    if name in specs.objectives:
        members = ", ".join(f"`{kpi}`" for kpi, _ in _members(specs, name))
        said = f"`{name}` is an objective, which is no number that could move"
        return Diagnostic("K720", said, help=f"its KPIs: {members}" if members else None)
    if name in specs.broken:
        return specs.broken[name]
    for file in specs.files:
        for definition in file.definitions:
            if isinstance(definition, nodes.MeasureDef) and definition.name.text == name:
                span = definition.span
                inside = (
                    e for e in specs.errors
                    if e.span and e.span.source is span.source and span.start <= e.span.start < span.end
                )  # fmt: skip
                return next(
                    inside, Diagnostic("K215", f"`{name}` rests on something that has an error", span)
                )
    return unknown("K720", "KPI or measure", name, [*graph.kpis, *graph.measures])


def _members(specs: Specs, name: str) -> Sequence[tuple[str, float]]:
    objective = specs.graph.objectives.get(name)
    return objective.members if objective else ()


def _windows(specs: Specs, between: tuple[str, str]) -> tuple[Windows, list[Diagnostic]]:
    """The two periods, and what is wrong with them."""
    found: list[Window] = []
    wrong = []
    for text in between:
        try:
            found.append(parse_period(text, specs.graph.calendar))
        except ValueError as error:
            wrong.append(Diagnostic("K721", f"the period cannot be read: {error}"))
    if len(found) == 2 and found[0] == found[1]:
        label = found[0].label
        said = f"between {label} and {label} nothing can move: they are the same period"
        wrong.append(Diagnostic("K721", said, help=f"the one before it: {found[0].shift(-1).label}"))
    return (found[0], found[-1]) if found else (_NEVER, _NEVER), wrong


def _split(kpi: Kpi, asked: Wish, graph: Graph) -> Kpi:
    """The KPI by the dimensions that are wished for, looked for in the sources of the formula alone."""
    from kpidsl.split import split

    found = split(kpi, asked.by, graph) if asked.by else kpi
    assert isinstance(found, Kpi)  # `wish` has told it otherwise
    own = counted_sources(kpi.formula)
    dimensions = (
        evolve(d, columns=tuple((source, ref) for source, ref in d.columns if source in own))
        for d in found.dimensions
    )
    return evolve(found, dimensions=tuple(dimensions))


# -- what is found ---------------------------------------------------------------------------------


def _explained(
    specs: Specs, kpi: Kpi, windows: Windows, asked: Wish, watch: Watch
) -> Change | tuple[Diagnostic, ...]:
    from kpidsl.evaluate.answer import evaluate
    from kpidsl.evaluate.checks import profiles as profiles_of

    bare = evolve(kpi, promise=Promise(kpi.promise.measured), slices=())
    graph = needed(specs.graph, [bare], asked.data)
    asks = _Asks(kpi, windows)
    with reading(specs, graph, asked, watch) as session:
        profiles = profiles_of(graph, list(graph.sources), session, asked.as_of)
        answers = evaluate(graph, asks.all(), session, asked.as_of, profiles)
        queries = tuple(session.log)
    told = tuple(failures(profiles, answers, watch))
    if failed := answers.failure(kpi.formula):
        return (failed, *(d for d in told if d != failed))
    named = _named(specs.graph)
    inside = frozenset(named.values()) - {kpi.formula}
    tree = split_change(kpi.formula, asks.pairs(answers), inside.__contains__)
    if tree is None or not all(np.isfinite(part.effect) for part, _ in tree.walk()):
        return (*told, *_no_value(kpi, asks, answers))
    slices, said = _slices(kpi, asks, answers)
    notes = (*_reach(kpi, windows, asked.as_of, profiles), *_promises(kpi, profiles), *said)
    return Change(kpi, named, asked.as_of, windows, tree, slices, notes, told, queries)


@frozen(eq=False)
class _Asks:
    """The questions, all over both periods and by the same dimensions, and their answers as pairs."""

    kpi: Kpi
    windows: Windows

    def ask(self, node: Node) -> Ask:
        return Ask(node, self.windows, self.kpi.dimensions, written_start(self.kpi.promise))

    def all(self) -> list[Ask]:
        formula = self.kpi.formula
        found = [formula, *leaves(formula)]
        if self.kpi.dimensions:
            found += [*leaves(expanded(formula)), *(quotient(formula) or ())[1:]]
        return [self.ask(node) for node in dict.fromkeys(found)]

    def pairs(self, answers: Evaluated, node: Node | None = None) -> dict[Node, tuple[float, float]]:
        """Every leaf of the formula (or of another one), in total."""
        found = {}
        for leaf in leaves(self.kpi.formula if node is None else node):
            before, after = answers.grid(self.ask(leaf)).values[0].tolist()
            found[leaf] = before, after
        return found

    def by_slice(self, answers: Evaluated, node: Node, slices: Slices) -> Floats:
        """Slices x 2 of a number that adds up, without the total: 0 where a slice has nothing of it."""
        grid = answers.grid(self.ask(node))
        places = grid.slices.places(slices)[1:]
        return np.where((places < 0)[:, None], 0.0, np.nan_to_num(grid.values[places], nan=0.0))


def _named(graph: Graph) -> dict[str, Node]:
    """Measures, and other KPIs than those that only give a promise to an aggregation."""
    found = {name: measure.node for name, measure in graph.measures.items()}
    kpis = {name: kpi.formula for name, kpi in graph.kpis.items() if not isinstance(kpi.formula, Aggregate)}
    return kpis | found


def _no_value(kpi: Kpi, asks: _Asks, answers: Evaluated) -> Iterator[Diagnostic]:
    ask = asks.ask(kpi.formula)
    grid = answers.grid(ask)
    whys = [
        f"no value in {window.label}: {answers.why(ask, (), window)}"
        for window, value in zip(asks.windows, grid.values[0], strict=True)
        if np.isnan(value)
    ]
    yield Diagnostic(
        "K640",
        f"the change of `{kpi.name}` cannot be told: it has {'; it has '.join(whys)}"
        if whys
        else f"the change of `{kpi.name}` cannot be told: its numbers are too large",
        kpi.span,
        help="`--between` takes two periods in which it has a value",
        kpi=kpi.name,
    )


# -- slices ----------------------------------------------------------------------------------------


def _slices(kpi: Kpi, asks: _Asks, answers: Evaluated) -> tuple[SliceChanges | None, list[str]]:
    """The slices with what they account for, and what is to be said of that."""
    if not kpi.dimensions:
        return None, []
    grid = answers.grid(asks.ask(kpi.formula))
    if len(grid.slices) - 1 > MOST_SLICES:
        said = f"it falls into {len(grid.slices) - 1:,} slices, and up to {MOST_SLICES:,} are looked at"
        return None, [said]
    whole, own = grid.values[0], grid.values[1:]
    effect, ratio, notes = _effects(kpi, asks, answers, grid.slices)
    rest = 0.0
    if effect is not None:
        rest = float(whole[1] - whole[0] - effect.sum())
        rest = rest if abs(rest) > _EXACT * max(np.abs(whole).max(), np.abs(effect).max(initial=0.0)) else 0.0
    names = tuple(dimension.name for dimension in kpi.dimensions)
    keys = grid.slices
    kept = ~np.isnan(own).all(axis=1) | (np.zeros(len(own)) if effect is None else effect != 0).astype(bool)
    if not kept.all():
        keys = keys.only(np.concatenate([[True], kept]))
        own = own[kept]
        effect = effect if effect is None else effect[kept]
        ratio = ratio if ratio is None else ratio.only(kept)
    if ratio is not None and (n := int(np.isnan(ratio.rate).sum())):
        one = keys[1 + int(np.flatnonzero(np.isnan(ratio.rate))[0])]
        shown = ", ".join(v if v is not None else f"no {d}" for d, v in zip(names, one, strict=True))
        more = f" and {n - 1:,} more" if n > 1 else ""
        notes = [
            *notes,
            f"{shown}{more}: no ratio in one of the periods, so rate and mix cannot be told apart",
        ]
    return SliceChanges(names, _Behind(keys), own[:, 0], own[:, 1], effect, ratio, rest), notes


def _effects(
    kpi: Kpi, asks: _Asks, answers: Evaluated, slices: Slices
) -> tuple[Floats | None, RateMix | None, list[str]]:
    """What slices account for: their own change, rate and mix of a ratio, else what they do to its parts."""
    formula = kpi.formula
    if adds_up(formula):
        found = asks.by_slice(answers, formula, slices)
        return found[:, 1] - found[:, 0], None, []
    if (ratio := quotient(formula)) is not None:
        scale, above, below = ratio
        split = rate_and_mix(
            asks.by_slice(answers, above, slices), asks.by_slice(answers, below, slices), scale
        )
        return split.effect, split, []
    whole = expanded(formula)
    tree = split_change(whole, asks.pairs(answers, whole))
    ends = [part.node for part, _ in tree.walk() if not part.parts] if tree is not None else []
    lost = next((node for node in ends if not adds_up(node) or isinstance(node, Constant)), None)
    if tree is None or lost is not None:
        return None, None, [_does_not_add_up(formula if lost is None else lost, answers)]
    moved = {node: asks.by_slice(answers, node, slices) for node in ends}
    return by_parts(tree, {node: pair[:, 1] - pair[:, 0] for node, pair in moved.items()}), None, []


def _does_not_add_up(node: Node, answers: Evaluated) -> str:
    from kpidsl.evaluate.wording import words

    said = words(node, evolve(answers.graph, kpis={}))
    return f"{said} of slices does not add up to that of the whole: what each accounts for cannot be told"


@frozen(eq=False)
class _Behind(Sequence[SliceKey]):
    """Slices without the total, which is the first of them."""

    slices: Slices

    def __len__(self) -> int:
        return len(self.slices) - 1

    def __getitem__(self, at: int) -> SliceKey:  # type: ignore[override]
        return self.slices[at + 1]


# -- notes -----------------------------------------------------------------------------------------


def _reach(kpi: Kpi, windows: Windows, as_of: date, profiles: Mapping[str, Profile]) -> Iterator[str]:
    """Periods that are not whole, or not comparable."""
    names = counted_sources(kpi.formula)
    for window in windows:
        newest = [d for name in names if (d := profiles[name].watermark) is not None]
        oldest = [d for name in names if (d := profiles[name].first) is not None]
        reach = min(newest, default=window.end)
        if window.end >= as_of:
            yield f"{window.label} is not over on {as_of}: data reaches {min(reach, as_of)}"
        elif reach < window.end:
            yield f"data reaches only {reach} in {window.label}"
        if oldest and max(oldest) > window.start:
            yield f"data begins on {max(oldest)} in {window.label}"
    before, after = windows
    if before.start <= after.end and after.start <= before.end:
        yield f"{before.label} and {after.label} share days"
    elif kpi.formula.additivity == "additive" and abs(before.days - after.days) > _ALIKE * before.days:
        yield f"a total of {after.days} days is compared with one of {before.days}"


def _promises(kpi: Kpi, profiles: Mapping[str, Profile]) -> Iterator[str]:
    """What the sources promise and do not keep."""
    for source in dict.fromkeys(part.source for part in aggregates(kpi.formula)):
        profile = profiles[source]
        if profile.stale:
            yield profile.stale.rstrip(".")
        for problem in profile.problems:
            if problem.severity is Severity.WARNING and problem.code != _STALE:
                yield problem.message
