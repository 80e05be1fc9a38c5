"""The KPIs of a project under the assumptions of a scenario, and what has to be asked for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from attrs import define, evolve, field, frozen

from kpidsl.compile import compile_files
from kpidsl.compiled import located
from kpidsl.diagnostics import Diagnostic, Report, Severity
from kpidsl.graph import (
    Assumed,
    Bound,
    Graph,
    Kpi,
    Node,
    Promise,
    Scenario,
    Unknown,
    aggregates,
    from_day,
    walk,
    with_value,
)
from kpidsl.model.periods import Window
from kpidsl.specs import (
    Specs,
)
from kpidsl.split import nodes_of
from kpidsl.syntax import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from kpidsl.judge import Schedule
    from kpidsl.results import Ask, Profile


@frozen(eq=False)
class Prepared:
    """A scenario and the KPIs that rest on what it assumes."""

    scenario: Scenario
    graph: Graph
    kpis: dict[str, Kpi]
    problems: tuple[Diagnostic, ...] = ()
    """Errors keep it from being run."""
    anew: bool = False
    """Whether rows themselves are read otherwise, so that nothing can be taken from another reading."""


def prepare(specs: Specs, scenario: Scenario) -> Prepared:
    """Compile the project under the assumptions of a scenario."""
    if scenario.broken is not None:
        return Prepared(scenario, specs.graph, {}, (scenario.broken,))
    report = Report()
    graph = located(compile_files(specs.files, report, _definition(specs, scenario)))
    kpis = {name: kpi for name, kpi in graph.kpis.items() if _differs(kpi, specs.graph.kpis.get(name))}
    lost = [why for name, why in graph.broken.items() if name not in specs.graph.broken]
    problems = [evolve(why, severity=Severity.ERROR) for why in _causes(lost, report)]
    sources = {part.source for kpi in kpis.values() for part in aggregates(*nodes_of(kpi))}
    anew = any(graph.sources.get(name) != spec for name, spec in specs.graph.sources.items())
    if anew:
        kpis |= {
            n: k for n, k in graph.kpis.items() if _reads(k, graph, specs.graph) and n in specs.graph.kpis
        }
    problems += [] if problems else _in_vain(scenario, specs, kpis)
    return Prepared(scenario, graph, kpis, tuple(problems), anew and bool(sources or kpis))


def _definition(specs: Specs, scenario: Scenario) -> nodes.ScenarioDef:
    found = (d for file in specs.files for d in file.definitions if d.span == scenario.span)
    definition = next(found)
    assert isinstance(definition, nodes.ScenarioDef)
    return definition


def _differs(kpi: Kpi, before: Kpi | None) -> bool:
    return before is not None and kpi.hash != before.hash


def _reads(kpi: Kpi, graph: Graph, before: Graph) -> bool:
    """Whether a KPI reads a source that is another one now."""
    names = {part.source for part in aggregates(*nodes_of(kpi))}
    return any(graph.sources.get(name) != before.sources.get(name) for name in names)


def _causes(lost: Sequence[Diagnostic], report: Report) -> list[Diagnostic]:
    """Why KPIs cannot be evaluated any more: the errors that are not about resting on others."""
    own = [d for d in lost if d.code != "K215"]
    told = [d for d in report.errors if d.code == "K461"]
    return list({id(d): d for d in (own or told or lost)}.values())[:3]


def _in_vain(scenario: Scenario, specs: Specs, kpis: Mapping[str, Kpi]) -> list[Diagnostic]:
    """What is assumed or looked for and no KPI rests on."""
    goal = scenario.goal
    if goal is not None:
        kpi = kpis.get(goal.kpi)
        if kpi is None or not holds_unknown(kpi.formula):
            said = f"`{goal.kpi}` does not rest on `{goal.unknown}`"
            return [
                Diagnostic("K630", said, scenario.span, help="`kpi explain KPI` shows what it is made of")
            ]
        return []
    if kpis or all(_same(setting.name, setting.text, specs) for setting in scenario.sets):
        return []
    names = " nor ".join(f"`{setting.name}`" for setting in scenario.sets)
    return [Diagnostic("K630", f"no KPI rests on {names}", scenario.span)]


def _same(name: str, text: str, specs: Specs) -> bool:
    """Whether it is a constant: one that is set to what it is changes nothing, which is no mistake."""
    return name in specs.graph.constants


def holds_unknown(node: Node) -> bool:
    """Whether what is looked for is a part of a node."""
    return any(isinstance(one, Unknown) for one in walk(node))


def assumed_node(node: Node) -> Assumed | None:
    """What is looked for, with what it stands for."""
    every = (one for one in walk(node) if isinstance(one, Assumed))
    return next((one for one in every if isinstance(one.value, Unknown)), None)


def holds_amount(node: Node) -> bool:
    """Whether a total is assumed by its amount, which is another one over other days."""
    every = (one for one in walk(node) if isinstance(one, Assumed))
    return any(one.spread and not isinstance(one.value, Unknown) for one in every)


# -- under assumptions -------------------------------------------------------------------------------


def changed(kpi: Kpi, change: Callable[[Node], Node]) -> Kpi:
    """The KPI with a change made to its formula and to every number of its promise."""

    def bound(one: Bound) -> Bound:
        return evolve(one, value=change(one.value), high=change(one.high) if one.high is not None else None)

    promise: Promise = kpi.promise
    baseline = promise.baseline
    if isinstance(baseline, Node):
        baseline = change(baseline)
    return evolve(
        kpi,
        formula=change(kpi.formula),
        promise=evolve(promise.rebound(bound), baseline=baseline),
        slices=tuple(evolve(part, bound=bound(part.bound)) for part in kpi.slices),
    )


def solved(kpi: Kpi, value: float) -> Kpi:
    """The KPI with a number in the place of what is looked for."""
    return changed(kpi, lambda node: with_value(node, value))


@frozen(eq=False)
class Variant:
    """A KPI under assumptions, ready to be judged."""

    kpi: Kpi
    schedule: Schedule
    window: Window | None
    """Of its headline."""
    known: Ask | None
    """For the value that the data has of what is looked for."""


def scheduled(
    kpi: Kpi,
    base: Kpi,
    as_of: date,
    profiles: Mapping[str, Profile],
    graph: Graph,
    asked: Window | None,
) -> Variant:
    """What has to be asked for a KPI under assumptions, which hold from the first day of its headline's
    window on. Earlier windows, a baseline's and last year's, are those of the data."""
    from kpidsl import judge

    if kpi.dimensions != base.dimensions:
        kpi = evolve(kpi, dimensions=base.dimensions, slices=kpi.slices if base.slices else ())
    found = judge.asks(kpi, as_of, profiles, graph.calendar, asked, sources=graph.sources)
    if not found.slots or found.value is None:
        return Variant(kpi, found, None, None)
    window = found.slots[found.headline].window
    kpi = changed(kpi, lambda node: from_day(node, window.start))
    found = judge.asks(kpi, as_of, profiles, graph.calendar, asked, sources=graph.sources)
    found = evolve(
        found,
        baseline=evolve(found.baseline, node=base.formula) if found.baseline else None,
        pace=evolve(found.pace, node=base.formula) if found.pace else None,
    )
    sought = assumed_node(kpi.formula)
    assert found.value is not None
    known = evolve(found.value, node=sought.node, dimensions=()) if sought is not None else None
    return Variant(kpi, found, window, known)


@define(eq=False)
class Beside:
    """The KPIs of several scenarios beside those of the specs, in one reading of the data."""

    prepared: Sequence[Prepared]
    as_of: date
    asked: Window | None
    variants: dict[tuple[int, str], Variant] = field(factory=dict)

    @property
    def kpis(self) -> list[Kpi]:
        """All KPIs under assumptions."""
        return [kpi for one in self.prepared for kpi in one.kpis.values()]

    def asks(self, kpi: Kpi, profiles: Mapping[str, Profile]) -> Iterable[Ask]:
        """Their questions; the variants are kept for judging."""
        for number, one in enumerate(self.prepared):
            if kpi.name not in one.kpis:
                continue
            variant = scheduled(one.kpis[kpi.name], kpi, self.as_of, profiles, one.graph, self.asked)
            self.variants[number, kpi.name] = variant
            yield from variant.schedule.asks
            if variant.known is not None:
                yield variant.known
