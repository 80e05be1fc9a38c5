"""Changes of KPIs that tests should notice: a comparison turned round, a condition dropped, a window shifted,
a target moved. One that no test notices could be made by mistake, and nobody would know."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from attrs import evolve, frozen

from kpidsl.config import UNLIMITED, Limits
from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.evaluate.watch import Watch
from kpidsl.evaluate.wording import said
from kpidsl.graph import (
    Aggregate,
    Bound,
    Combine,
    Constant,
    Cumulative,
    Expectation,
    Graph,
    Kpi,
    Node,
    Shift,
    Trailing,
    aggregates,
    rebuilt,
)
from kpidsl.model.periods import add_grain
from kpidsl.model.rows import Apply, Row
from kpidsl.model.types import FLAG
from kpidsl.model.units import ONE
from kpidsl.specs import Specs
from kpidsl.testing.check import cells, first_line, verdict_of
from kpidsl.testing.hear import Job, Question, hear
from kpidsl.testing.run import Ran, Report

_TURNED = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_EDGE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
"""The same, but for the value itself."""
_MOVES = (1.1, 0.9)
"""A target is moved up and down: a test near it, on either side, notices one of them."""


@frozen(eq=False)
class Mutant:
    """A KPI with one change."""

    kpi: Kpi
    told: str
    """What is changed, as a clause: `` `pages >= 10` becomes `pages > 10` ``."""
    one_of: str = ""
    """Changes of a KPI that have this in common count as one, which is noticed if one of them is."""

    @property
    def change(self) -> object:
        """What counts as one."""
        return (self.kpi.name, self.one_of) if self.one_of else id(self)


@frozen(eq=False)
class Mutation:
    """The changes that were tried, and those that no test notices."""

    tried: int
    unnoticed: tuple[Mutant, ...]

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """What is not noticed, as warnings."""
        return tuple(_unnoticed(mutant) for mutant in self.unnoticed)


def mutate(specs: Specs, report: Report, watch: Watch, limits: Limits = UNLIMITED) -> Mutation:
    """Try all changes of the KPIs that have tests on these tests, in one more evaluation. Only what passes
    unchanged can notice a change."""
    mutants: dict[str, list[Mutant]] = {}
    jobs: list[Job] = []
    checks: list[list[tuple[Expectation, Mutant, Question]]] = []
    for ran in report.ran:
        if ran.heard is None or not ran.passed:
            continue
        asked = _asked(specs.graph, ran, mutants)
        jobs.append(Job(ran.test, tuple(dict.fromkeys(question for _, _, question in asked))))
        checks.append(asked)
    heard, _ = hear(specs, jobs, watch, limits) if jobs else ([], [])
    noticed: set[object] = set()
    for asked, own in zip(checks, heard, strict=True):
        for expectation, mutant, question in asked:
            if mutant.change in noticed:
                continue
            if cells(expectation, verdict_of(expectation, own.judged[question])):
                noticed.add(mutant.change)
    every = {mutant.change: mutant for several in mutants.values() for mutant in several}
    return Mutation(len(every), tuple(mutant for one, mutant in every.items() if one not in noticed))


def _asked(
    graph: Graph, ran: Ran, mutants: dict[str, list[Mutant]]
) -> list[tuple[Expectation, Mutant, Question]]:
    """The expectations of a test, each with the changes of its KPI."""
    found = []
    known: dict[tuple[int, object], Question] = {}
    for n, expectation in enumerate(ran.test.expected):
        name = expectation.kpi
        if name is None or n not in ran.questions:
            continue
        if name not in mutants:
            mutants[name] = list(mutants_of(graph.kpis[name]))
        for mutant in mutants[name]:
            at = (id(mutant), expectation.window)
            if at not in known:
                sliced = bool(ran.questions[n].kpi.dimensions)
                kpi = mutant.kpi if sliced else mutant.kpi.in_total
                known[at] = Question(kpi, expectation.window)
            found.append((expectation, mutant, known[at]))
    return found


def _unnoticed(mutant: Mutant) -> Diagnostic:
    return Diagnostic(
        "K654",
        f"no test of `{mutant.kpi.name}` notices it when {mutant.told}",
        first_line(mutant.kpi.span),
        Severity.WARNING,
        help="a row or an expectation at its edge would",
        kpi=mutant.kpi.name,
    )


# -- changes -------------------------------------------------------------------------------------------------


def mutants_of(kpi: Kpi) -> Iterator[Mutant]:
    """The KPI with each change that there is."""
    for part in aggregates(kpi.formula):
        for row, told in changes(part.filter):
            yield Mutant(evolve(kpi, formula=_with(kpi.formula, part, evolve(part, filter=row))), told)
        if part.function == "share" and part.argument is not None:
            for row, told in changes(part.argument):
                if row is not None:
                    changed = evolve(part, argument=row)
                    yield Mutant(evolve(kpi, formula=_with(kpi.formula, part, changed)), told)
    yield from _windows(kpi)
    for factor in _MOVES if kpi.promise.bounds else ():
        promise = kpi.promise.rebound(partial(_moved, factor=factor))
        slices = tuple(evolve(part, bound=_moved(part.bound, factor)) for part in kpi.slices)
        moved = evolve(kpi, promise=promise, slices=slices)
        yield Mutant(moved, "its target moves by 10%", one_of="target")


def _with(formula: Node, old: Aggregate, new: Aggregate) -> Node:
    return rebuilt(formula, lambda before, node: new if before == old else node)


def changes(row: Row | None) -> Iterator[tuple[Row | None, str]]:
    """A condition with each comparison in it turned round or moved by its edge, and with each part that `and`
    joins left out."""
    if row is None:
        return
    if isinstance(row, Apply) and row.op == "and":
        for n, arg in enumerate(row.args):
            for other, told in changes(arg):
                args = (*row.args[:n], *((other,) if other is not None else ()), *row.args[n + 1 :])
                yield (args[0] if len(args) == 1 else evolve(row, args=args)), told
        return
    yield None, f"`{said(row)}` is dropped"
    yield from ((other, f"`{said(row)}` becomes `{said(other)}`") for other in _turned(row))


def _turned(row: Row) -> Iterator[Row]:
    match row:
        case Apply(op=op) if op in _TURNED:
            yield evolve(row, op=_TURNED[op])
            if op in _EDGE:
                yield evolve(row, op=_EDGE[op])
        case Apply(op="not", args=(inner,)):
            yield inner
        case Apply(op="or", args=args):
            yield evolve(row, op="and")
            for n, arg in enumerate(args):
                for other in _turned(arg):
                    yield evolve(row, args=(*args[:n], other, *args[n + 1 :]))
        case _:
            yield Apply("not", (row,), FLAG)


def _windows(kpi: Kpi) -> Iterator[Mutant]:
    promise = kpi.promise
    match promise.measured:
        case Trailing(count=count, grain=grain):
            longer = evolve(promise, measured=Trailing(count + 1, grain))
            yield Mutant(evolve(kpi, promise=longer), f"its window is a {grain} longer")
        case Cumulative():
            if promise.start is not None:
                later = evolve(promise, start=add_grain(promise.start, 1, "month"))
                yield Mutant(evolve(kpi, promise=later), "its window begins a month later")
        case _:
            if aggregates(kpi.formula):
                before = Shift(kpi.formula, "period", kpi.formula.unit, kpi.formula.additivity)
                yield Mutant(evolve(kpi, formula=before), "its window is the period before")


def _moved(bound: Bound, factor: float) -> Bound:
    high = _times(bound.high, factor) if bound.high is not None else None
    return evolve(bound, value=_times(bound.value, factor), high=high)


def _times(node: Node, factor: float) -> Node:
    if isinstance(node, Constant):
        return evolve(node, value=node.value * factor)
    return Combine("*", (node, Constant(factor, ONE)), node.unit, node.additivity)
