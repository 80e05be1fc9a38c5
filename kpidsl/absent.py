"""Values that conditions and slices name and that no row has: most often a slip, and then a KPI counts
nothing, and nobody is told.

Looked for are texts that a column is compared with, in a filter, a share, a computed column or under `by`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from attrs import evolve, frozen

from kpidsl.diagnostics import Diagnostic, Severity, Span, near
from kpidsl.graph import Aggregate, Dimension, Graph, Kpi, aggregates, rows_of
from kpidsl.judge import Schedule
from kpidsl.lint.parts import inside
from kpidsl.model.periods import Window
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row
from kpidsl.model.types import FLAG
from kpidsl.model.units import ONE
from kpidsl.project import Outcome, Wish
from kpidsl.results import Ask
from kpidsl.specs import Specs
from kpidsl.split import nodes_of
from kpidsl.syntax import nodes

_FIRST = date.min
_SHOWN = 8
"""Values are listed where there are no more; else those that are alike."""


@frozen
class Named:
    """A value that a column is expected to have, in each of the sources that a dimension is of."""

    columns: tuple[tuple[str, ColumnRef], ...]
    value: str

    @property
    def word(self) -> str:
        """What the column is called."""
        return self.columns[0][1].name

    def counts(self) -> Iterator[Aggregate]:
        """How many rows have it, source by source."""
        for source, column in self.columns:
            literal = Literal(self.value, column.type)
            yield Aggregate("count", source, None, ONE, "additive", Apply("=", (column, literal), FLAG))


def named(kpi: Kpi, graph: Graph) -> tuple[Named, ...]:
    """What the conditions and slices of a KPI name, each once."""
    found: dict[Named, None] = {}
    seen: set[tuple[str, Row]] = set()
    for part in aggregates(*nodes_of(kpi)):
        for source, row in rows_of(part):
            found |= dict.fromkeys(_compared(source, row, graph, seen))
    if len(kpi.dimensions) == 1:
        found |= {Named(kpi.dimensions[0].columns, part.value): None for part in kpi.slices}
    return tuple(found)


def _compared(source: str, row: Row, graph: Graph, seen: set[tuple[str, Row]]) -> Iterator[Named]:
    """The texts that columns are compared with; also where the columns that are read are computed."""
    if (source, row) in seen:
        return
    seen.add((source, row))
    match row:
        case ColumnRef(home=home, name=name):
            spec = graph.sources[home].column(name)
            if spec is not None and spec.value is not None:
                yield from _compared(home, spec.value, graph, seen)
        case Apply(op=op, args=args):
            column, *others = args
            if op in ("=", "!=", "in") and isinstance(column, ColumnRef):
                texts = [one.value for one in others if isinstance(one, Literal)]
                yield from (Named(((source, column),), text) for text in texts if isinstance(text, str))
            for arg in args:
                yield from _compared(source, arg, graph, seen)
        case Gather(source=parent, argument=argument, filter=kept, weight=weight):
            for part in (argument, kept, weight):
                if part is not None:
                    yield from _compared(parent, part, graph, seen)
        case Literal():
            pass


@frozen(eq=False)
class Counting:
    """What has to be asked besides, as of a day: how many rows have each value that is named."""

    specs: Specs
    as_of: date

    @property
    def _ever(self) -> Window:
        return Window(_FIRST, self.as_of)

    def __call__(self, kpi: Kpi, schedule: Schedule | None = None) -> Iterator[Ask]:
        """One for each value and source."""
        for one in named(self.specs.graph.kpis[kpi.name], self.specs.graph):
            yield from (Ask(count, (self._ever,)) for count in one.counts())

    def values(self, columns: Iterable[tuple[str, ColumnRef]]) -> Iterator[Ask]:
        """What values there are."""
        for source, column in columns:
            whole = Aggregate("count", source, None, ONE, "additive")
            yield Ask(whole, (self._ever,), (Dimension(column.name, ((source, column),)),))

    def lacking(self, outcome: Outcome) -> dict[Named, Kpi]:
        """The values that no row has, each with a KPI that names it. Of a source that cannot be read, or has
        no rows at all, nothing is said."""
        found: dict[Named, Kpi] = {}
        for kpi in self.specs.graph.kpis.values():
            for one in named(kpi, self.specs.graph) if not kpi.about.draft else ():
                if one not in found and self._lacks(one, outcome):
                    found[one] = kpi
        return found

    def _lacks(self, one: Named, outcome: Outcome) -> bool:
        answers = outcome.answers
        if answers is None or any(not outcome.profiles[source].rows for source, _ in one.columns):
            return False
        for count in one.counts():
            ask = Ask(count, (self._ever,))
            if answers.failure(count) is not None or answers.total(count, ask, self._ever):
                return False
        return True


def findings(
    counting: Counting, outcome: Outcome, again: Callable[[Wish], Outcome], wish: Wish
) -> Iterator[Diagnostic]:
    """Warnings about an outcome that was evaluated with `Counting`. Only where a value is lacking the data is
    read once more, for the values there are."""
    lacking = counting.lacking(outcome)
    if not lacking:
        return
    asks: dict[str, list[Ask]] = {}  # by KPI: only the sources of those that are evaluated are there
    for one, kpi in lacking.items():
        asks.setdefault(kpi.name, []).extend(counting.values(one.columns))
    known = again(evolve(wish, kpis=tuple(asks), more=lambda kpi, schedule: asks[kpi.name]))
    for one, kpi in lacking.items():
        there: set[str] = set()
        for ask in counting.values(one.columns):
            if known.answers is not None:
                there |= {key[0] for key in known.answers.slices(ask) if key and key[0] is not None}
        yield _told(one, kpi, there, counting.specs)


def _told(one: Named, kpi: Kpi, there: set[str], specs: Specs) -> Diagnostic:
    alike = near(one.value, there)
    if alike:
        hint = f"similar: {', '.join(f'`{text}`' for text in alike)}"
    elif 0 < len(there) <= _SHOWN:
        hint = f"there are: {', '.join(f'`{text}`' for text in sorted(there))}"
    else:
        hint = f"there are {len(there):,} others" if there else "no row has any"
    sources = " or ".join(source for source, _ in one.columns)
    return Diagnostic(
        "K541",
        f"no row of {sources} has the {one.word} `{one.value}`",
        _place(one.value, kpi, specs) or kpi.span,
        Severity.WARNING,
        help=hint,
        kpi=kpi.name,
    )


def _place(value: str, kpi: Kpi, specs: Specs) -> Span | None:
    """Where it is written: in the KPI itself, else in what it may use."""
    own = [
        d
        for f in specs.files
        for d in f.definitions
        if isinstance(d, nodes.KpiDef) and d.name.text == kpi.name
    ]
    others = [
        d for f in specs.files for d in f.definitions if isinstance(d, nodes.MeasureDef | nodes.SourceDef)
    ]
    for definition in (*own, *others):
        for part in inside(definition):
            match part:
                case nodes.String(text=text, span=span) | nodes.Name(text=text, span=span) if text == value:
                    return span
                case nodes.Slice(value=written) if written.text == value:
                    return written.span
    return None
