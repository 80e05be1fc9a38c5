"""The evaluation graph: the narrow waist between the language and the engines.

Left of it the code knows texts and names and no engine; right of it engines and numbers and no text. Nodes
are frozen and hash-consed by `kpidsl.compile`: equal parts are one object, so whatever is asked twice is
computed once.

A node stands for a value per slice and window (an interval of days). Aggregates are answered by an engine,
everything else by `kpidsl.evaluate.compute` on arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Literal

from attrs import evolve, field, frozen

from kpidsl.diagnostics import Diagnostic, Span
from kpidsl.model.periods import Calendar, Grain, Window
from kpidsl.model.rows import ColumnRef, Row
from kpidsl.model.sources import SourceSpec
from kpidsl.model.units import Unit

Additivity = Literal["additive", "semi", "none", "constant"]
"""`additive`: parts add up over time and slices; `semi`: over slices only (a stock level); `none`: never."""


@frozen(cache_hash=True)
class Step:
    """A further step of a path: the rows of a source that pass a filter, by whose rows they are.

    `value` is what is added up of the rows that are attributed; None to count them.
    """

    source: str
    identity: Row
    filter: Row | None = None
    value: Row | None = None


@frozen(cache_hash=True)
class Aggregate:
    """An aggregation over the rows of one source, within a slice and a window, that pass the filter.

    `function`: sum, count, count distinct, average, weighted average, min, max, median, percentile,
    standard deviation, first, last, share. `share` is the share of rows (of all rows that pass `filter`)
    for which `argument`, a condition, holds. `first` and `last` take the rows of the earliest or latest
    moment, summed. `closing` and `opening` add up what is known last of each account, which `weight` names,
    at the end of the window and before it; `average closing` and `average last` are means over its days.

    Of identities, which `argument` tells: new, returning, retained, churned; retention, after `parameter`
    periods. Of paths, which begin with a row of `source` and go on with `then`, within `parameter` days:
    conversion (a share of the identities that begin), converted (how many), first touch and last touch (rows
    of the only step, attributed to a row of `source`).
    """

    function: str
    source: str
    argument: Row | None
    unit: Unit
    additivity: Additivity
    filter: Row | None = None
    weight: Row | None = None
    parameter: float | None = None
    """The percentile, 0 to 100; the periods of a retention; the days of a path."""
    then: tuple[Step, ...] = ()


@frozen(cache_hash=True)
class Constant:
    """A number; percents are already fractions."""

    value: float
    unit: Unit
    additivity: Additivity = "constant"


@frozen(cache_hash=True)
class Combine:
    """Arithmetic on results: `+ - * /` (any number of operands, from the left), `neg`, `abs`, `round`
    (digits)."""

    op: str
    args: tuple[Node, ...]
    unit: Unit
    additivity: Additivity


@frozen(cache_hash=True)
class Shift:
    """The node over another window: the one `count` periods earlier, or the same one a year earlier."""

    node: Node
    by: Literal["period", "year"]
    unit: Unit
    additivity: Additivity
    count: int = 1


@frozen(cache_hash=True)
class Running:
    """The running total: over the window from the start of the promise (else the first data) to the
    window's end."""

    node: Node
    unit: Unit
    additivity: Additivity = "none"


@frozen(cache_hash=True)
class Rolling:
    """The mean of the node over the window and the `count` - 1 before it; no value if one of them has
    none."""

    node: Node
    count: int
    unit: Unit
    additivity: Additivity = "none"


@frozen(cache_hash=True)
class Share:
    """The slice's part of the total over all slices, a fraction."""

    node: Node
    unit: Unit
    additivity: Additivity = "none"


@frozen(cache_hash=True)
class Default:
    """The node, and a number where it has no value."""

    node: Node
    value: float
    unit: Unit
    additivity: Additivity


@frozen(cache_hash=True)
class Told:
    """The node, and no value for a slice of which its sources have no rows: what a plan does not say is not
    zero."""

    node: Aggregate
    unit: Unit
    additivity: Additivity


@frozen(cache_hash=True)
class Unknown:
    """A number that is looked for; it has a value once `with_value` puts one in its place."""

    unit: Unit
    additivity: Additivity = "constant"


@frozen(cache_hash=True)
class Assumed:
    """What a scenario assumes in the place of a node: `value` in windows that end on `since` or later (in all
    of them for None), and before them the node as the data has it.

    `spread`: the value is that of the total, and each slice has the part of it that it has of the node.
    """

    node: Node
    value: Node
    unit: Unit
    additivity: Additivity
    spread: bool = False
    since: date | None = None


Node = Aggregate | Constant | Combine | Shift | Running | Rolling | Share | Default | Unknown | Assumed | Told


def children(node: Node) -> tuple[Node, ...]:
    """The nodes that a node is computed from."""
    match node:
        case Aggregate() | Constant() | Unknown():
            return ()
        case Combine(args=args):
            return args
        case Assumed(node=inner, value=value):
            return (inner, value)
        case (
            Shift(node=inner)
            | Running(node=inner)
            | Rolling(node=inner)
            | Share(node=inner)
            | Default(node=inner)
            | Told(node=inner)
        ):
            return (inner,)


def sources_of(aggregate: Aggregate) -> tuple[str, ...]:
    """The sources whose rows an aggregate reads, the one that it is sliced by first."""
    return tuple(dict.fromkeys((aggregate.source, *(step.source for step in aggregate.then))))


def rows_of(aggregate: Aggregate) -> tuple[tuple[str, Row], ...]:
    """Every expression over rows in an aggregate, with the source of the rows."""
    own = [(aggregate.source, row) for row in (aggregate.argument, aggregate.filter, aggregate.weight)]
    own += [(s.source, row) for s in aggregate.then for row in (s.identity, s.filter, s.value)]
    return tuple((source, row) for source, row in own if row is not None)


def walk(*roots: Node) -> Iterator[Node]:
    """Every node below some, these included, each once and before its children: formulas share parts, so
    that a walk that does not know where it was could take for ever."""
    seen: set[Node] = set()
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        yield node
        stack.extend(reversed(children(node)))


def aggregates(*roots: Node) -> tuple[Aggregate, ...]:
    """The aggregates below some nodes, each once, in the order of first sight."""
    if len(roots) == 1 and isinstance(roots[0], Aggregate):
        return (roots[0],)
    return tuple(node for node in walk(*roots) if isinstance(node, Aggregate))


def rebuilt(root: Node, change: Callable[[Node, Node], Node]) -> Node:
    """The node with `change` applied to everything below it and to itself, what is below first; shared parts
    once. It is given each node as it was, and with what is below it changed."""
    done: dict[Node, Node] = {}

    def step(node: Node) -> Node:
        if node not in done:
            done[node] = change(node, inside(node))
        return done[node]

    def inside(node: Node) -> Node:
        match node:
            case Aggregate() | Constant() | Unknown():
                return node
            case Combine(args=args):
                return evolve(node, args=tuple(step(arg) for arg in args))
            case Assumed(node=inner, value=value):
                return evolve(node, node=step(inner), value=step(value))
            case (
                Shift(node=inner)
                | Running(node=inner)
                | Rolling(node=inner)
                | Share(node=inner)
                | Default(node=inner)
            ):
                return evolve(node, node=step(inner))
            case Told(node=inner):
                changed = step(inner)
                return evolve(node, node=changed) if isinstance(changed, Aggregate) else changed

    return step(root)


def with_value(root: Node, value: float) -> Node:
    """The node with a number in the place of what is looked for."""
    return rebuilt(root, lambda _, node: Constant(value, node.unit) if isinstance(node, Unknown) else node)


def from_day(root: Node, day: date) -> Node:
    """The node with what is assumed holding from a day on; what stands for a constant has no days."""

    def dated(_: Node, node: Node) -> Node:
        if isinstance(node, Assumed) and not isinstance(node.node, Constant):
            return evolve(node, since=day)
        return node

    return rebuilt(root, dated)


def positive_part(node: Node) -> Node | None:
    """The node of which this is the positive part, (x + |x|) / 2: how growth says that it needs one."""
    match node:
        case Combine(
            op="/", args=(Combine(op="+", args=(x, Combine(op="abs", args=(y,)))), Constant(value=2.0))
        ):
            return x if x == y else None
        case _:
            return None


# -- promises
# ---------------------------------------------------------------------------------------------------

Direction = Literal["at least", "at most", "between", "increase", "decrease"]


@frozen
class Bound:
    """What is promised. For `increase` and `decrease` the value is a relative change when `relative`, else
    an amount in the KPI's unit (points for a percent KPI). `high` only for `between`."""

    direction: Direction
    value: Node
    high: Node | None = None
    relative: bool = False


@frozen
class Tolerance:
    """`relative`: a fraction of the target; else an amount in the KPI's unit (points are fractions too)."""

    amount: float
    relative: bool
    text: str
    """As written: `5%`."""


@frozen
class Every:
    """Each period is judged alone: of a grain, a retail one (`retail month`) or each occurrence of a named
    one, by its name."""

    grain: str


@frozen
class Cumulative:
    """One value from the start of the promise."""


@frozen
class Trailing:
    """A sliding window of `count` grains that ends at the watermark."""

    count: int
    grain: Grain


@frozen
class Estimate:
    """What the interval of a value is computed from; `kpidsl.judge.interval` has the formulas.

    `wilson`: the value is `offset` plus `scale` times the share of successes in `size` trials. `poisson`: the
    same of a count. `student` and `normal`: `variance` is that of the value; of the first the degrees of
    freedom are `size` - 1.
    """

    method: Literal["wilson", "poisson", "student", "normal"]
    size: Node | None = None
    variance: Node | None = None
    scale: float = 1.0
    offset: float = 0.0


@frozen
class Sample:
    """What the formula counts its value by: the least of `nodes`, in `unit`. `least` is what is asked for."""

    nodes: tuple[Node, ...]
    unit: Unit
    least: float = 0.0


Measured = Every | Cumulative | Trailing

Pace = Literal[
    "linear", "like last year", "like last year by weekday", "business days", "schedule", "none"
]  # fmt: skip

Baseline = Window | Node | Literal["previous period", "same period last year"]


@frozen
class Promise:
    """Everything a KPI promises. Without a bound it is shown and never judged."""

    measured: Measured
    bound: Bound | None = None
    milestones: tuple[tuple[date, Bound], ...] = ()
    tolerance: Tolerance | None = None
    baseline: Baseline | None = None
    start: date | None = None
    deadline: date | None = None
    pace: Pace | None = None
    """None: as the rules say by default."""
    levels: tuple[tuple[Window, Bound], ...] = ()
    """What is promised for some periods, each for the windows that end in it."""
    shares: tuple[tuple[date, float], ...] = ()
    """For the pace `schedule`: the part of the target that is expected by the end of a day, in order."""
    confident: float | None = None
    """The level of the interval, a fraction."""
    estimate: Estimate | None = None
    """There where `confident` is."""
    sample: Sample | None = None
    """There where `confident` is, or a sample is asked for."""
    forecast: float | None = None
    """The level of the interval of a forecast, a fraction; None where the pace says what is ahead."""

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """Every bound of the whole; slices may have their own."""
        own = (self.bound,) if self.bound else ()
        return (*own, *(bound for _, bound in self.milestones), *(bound for _, bound in self.levels))

    @property
    def by_last_year(self) -> bool:
        """Whether last year says what is expected by now."""
        return self.pace in ("like last year", "like last year by weekday")

    def rebound(self, change: Callable[[Bound], Bound]) -> Promise:
        """The promise with all its bounds changed."""
        return evolve(
            self,
            bound=change(self.bound) if self.bound else None,
            milestones=tuple((day, change(bound)) for day, bound in self.milestones),
            levels=tuple((window, change(bound)) for window, bound in self.levels),
        )


@frozen
class SlicePromise:
    """A slice's own target under `by`."""

    value: str
    bound: Bound
    tolerance: Tolerance | None


@frozen(cache_hash=True)
class Dimension:
    """A name to split by, and the column that means it in each source of the formula."""

    name: str
    columns: tuple[tuple[str, ColumnRef], ...]

    def column(self, source: str) -> ColumnRef:
        """The column of a source; a KeyError if the dimension was not made for it."""
        return dict(self.columns)[source]


@frozen
class About:
    """What a KPI says to people; never part of its meaning."""

    description: str | None = None
    owner: str | None = None
    stakeholders: tuple[str, ...] = ()
    stage: str | None = None
    role: str | None = None
    review: Grain | None = None
    because: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    draft: bool = False
    deprecated: bool = False
    deprecated_until: date | None = None
    deprecated_use: str | None = None


@frozen(eq=False)
class Kpi:
    """A formula with a promise attached."""

    name: str
    title: str | None
    formula: Node
    unit: Unit
    """The declared unit, else the formula's. The formula is already converted to it."""
    promise: Promise
    dimensions: tuple[Dimension, ...]
    slices: tuple[SlicePromise, ...]
    about: About
    span: Span
    text: str
    """The formula as written."""
    hash: str
    """Of the meaning: formula, unit, promise; 12 hex digits. Formatting and descriptions do not change it."""

    @property
    def label(self) -> str:
        """Its title, or its name where it has none."""
        return self.title or self.name

    @property
    def in_total(self) -> Kpi:
        """Itself without its slices."""
        return evolve(self, dimensions=(), slices=()) if self.dimensions else self


@frozen(eq=False)
class Measure:
    """A named part of formulas."""

    name: str
    title: str | None
    node: Node
    span: Span
    text: str


@frozen
class Objective:
    """KPIs that together say whether a goal is met. `need`: 1.0 all, 0.0 any, else the share of weight."""

    name: str
    title: str | None
    members: tuple[tuple[str, float], ...]
    rule: Literal["all", "any", "share"]
    need: float
    owner: str | None
    span: Span = field(eq=False, repr=False)
    keys: frozenset[str] = frozenset()
    """Members that must be met whatever the rule says."""
    shown: frozenset[str] = frozenset()
    """Members for information, which never count."""
    nested: frozenset[str] = frozenset()
    """Members that are objectives."""


@frozen
class Setting:
    """A name that a scenario gives another value, of one channel or of all."""

    name: str
    slice: str | None
    text: str
    """As written: `set ad_spend for google = 2_500 EUR`."""


@frozen
class Goal:
    """The value that a KPI is to have, and the name whose value is looked for."""

    unknown: str
    kpi: str
    value: float
    text: str
    """The value as written."""


@frozen
class Expected:
    """What a scenario expects of a KPI or a slice of it; of what is looked for where no KPI is named."""

    text: str
    kpi: str | None
    slice: str | None
    value: float | None
    word: str | None


@frozen(eq=False)
class Scenario:
    """What is assumed, perhaps looked for, and expected. `as_of`: judged on this day instead."""

    title: str
    sets: tuple[Setting, ...]
    goal: Goal | None
    expected: tuple[Expected, ...]
    as_of: date | None
    span: Span
    broken: Diagnostic | None = None
    """The error that keeps it from being run."""


@frozen
class Given:
    """The rows of a source in a test: texts in the one way that cells are read, empty for a missing one."""

    source: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    span: Span = field(eq=False, repr=False)


@frozen
class Expectation:
    """What a test expects of a KPI or a slice of it, in total or in a window: a value, none, a word; or what
    is to be told, by its code."""

    text: str
    span: Span = field(eq=False, repr=False)
    kpi: str | None = None
    slice: str | None = None
    window: Window | None = None
    value: float | None = None
    """In the unit of the KPI; percents are fractions."""
    tolerance: Tolerance | None = None
    absent: bool = False
    """Whether no value is expected."""
    word: str | None = None
    finding: str | None = None
    value_span: Span | None = field(default=None, eq=False, repr=False)
    word_span: Span | None = field(default=None, eq=False, repr=False)


@frozen(eq=False)
class Test:
    """Rows, a day, and what is expected of KPIs on that day if there are no other rows."""

    title: str
    given: tuple[Given, ...]
    as_of: date | None
    """None only where it is broken."""
    expected: tuple[Expectation, ...]
    span: Span
    broken: Diagnostic | None = None
    """The error that keeps it from being run."""


@frozen(eq=False)
class Graph:
    """A compiled project. What could not be compiled is in `broken`, with the first error of each."""

    calendar: Calendar
    sources: dict[str, SourceSpec]
    measures: dict[str, Measure]
    kpis: dict[str, Kpi]
    objectives: dict[str, Objective]
    broken: dict[str, Diagnostic]
    """KPI or objective name to the error that keeps it from being evaluated."""
    scenarios: tuple[Scenario, ...] = ()
    constants: dict[str, Constant] = field(factory=dict)
    tests: tuple[Test, ...] = ()
