"""What is known while a project is compiled: its names, the shapes of its sources, its units, and where
errors go.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from attrs import define, field, frozen

from kpidsl.diagnostics import Diagnostic, Fix, Label, Report, Severity, Span, near
from kpidsl.graph import Node
from kpidsl.model.literals import parse_period
from kpidsl.model.periods import Calendar, Window
from kpidsl.model.rows import ColumnRef, Row
from kpidsl.model.sources import Link, SourceSpec
from kpidsl.model.types import Type
from kpidsl.model.units import ONE, PERCENT, POINTS, Unit, is_word, kind, plurals
from kpidsl.records import Record
from kpidsl.syntax import nodes

Named = nodes.PeriodDef | nodes.Let | nodes.SourceDef | nodes.MeasureDef | nodes.KpiDef | nodes.ObjectiveDef

KIND_OF = {
    nodes.PeriodDef: "period",
    nodes.Let: "constant",
    nodes.SourceDef: "source",
    nodes.MeasureDef: "measure",
    nodes.KpiDef: "KPI",
    nodes.ObjectiveDef: "objective",
}


def a_kind(definition: nodes.Definition) -> str:
    """What a definition defines, with its article."""
    kind = KIND_OF[type(definition)]
    return f"an {kind}" if kind == "objective" else f"a {kind}"


# Every pass over a formula is a recursion of a few frames per level, and Python allows a thousand of them.
_DEEPEST = 100
_HOP = 3

PERIODS_ARE = "written as in 2026, 2026-Q4, 2026-03 or 2026-03-31"
_PERIOD_NAME = re.compile(r"(?!RY\d|FY\d|\d)(?:`([^`]+)`|([^\W\d]\w*))")

T = TypeVar("T")


@define(repr=False, eq=False)
class Shape(Record):
    """A source as expressions see it: the names and types of its columns, and what it belongs to."""

    name: str
    definition: nodes.SourceDef
    types: dict[str, Type | None] = field(factory=dict)
    """None: declared, but with an error that has been told."""
    computed: dict[str, nodes.Column] = field(factory=dict)
    """Computed columns whose type is not known yet are here and not in `types`."""
    values: dict[str, Row] = field(factory=dict)
    spans: dict[str, Span] = field(factory=dict)
    links: dict[str, Link] = field(factory=dict)
    time: str | None = None
    channel: str | None = None
    thing: str = "row"
    grouped: nodes.FromSource | None = None
    """Says whose rows are grouped here."""
    parent: Shape | None = None
    """The source whose rows are grouped; None too where that cannot be known."""
    keys: dict[str, ColumnRef | None] = field(factory=dict)
    """The columns that rows are grouped by, as the parent has them; asked of it at their first use."""
    scales: dict[str, nodes.Scale] = field(factory=dict)
    """What the values of columns lie between."""
    cause: Diagnostic | None = None
    """The error that keeps the source from being used."""

    @property
    def columns(self) -> list[str]:
        """The names of its columns, in the order of first mention."""
        return list(self.spans)


def _unset(expr: object, at: RowPlace) -> Row | None:
    raise AssertionError("the checks of rows are not connected")


@define(repr=False, eq=False)
class Names(Record):
    """Every definition of a project by its name."""

    known: dict[str, Named] = field(factory=dict)
    calendar: nodes.CalendarDef | None = None
    tests: list[nodes.TestDef | nodes.ScenarioDef] = field(factory=list)
    lost: dict[str, Span] = field(factory=dict)
    """Definitions that could not be read; the parser has told why."""
    twice: dict[str, Diagnostic] = field(factory=dict)

    def of(self, *kinds: type) -> Iterator[str]:
        """The names of some kinds of definitions."""
        return (name for name, definition in self.known.items() if isinstance(definition, kinds))


@define(repr=False, eq=False)
class Scope(Record):
    """The state of one compilation."""

    names: Names
    report: Report
    calendar: Calendar = field(factory=Calendar)
    shapes: dict[str, Shape] = field(factory=dict)
    sources: dict[str, SourceSpec] = field(factory=dict)
    things: set[str] = field(factory=set)
    """Counted things that the sources name, as written."""
    values: dict[str, Node | None] = field(factory=dict)
    """Of constants, measures and KPIs; None where there was an error."""
    causes: dict[str, Diagnostic] = field(factory=dict)
    """Why a definition is broken."""
    path: list[tuple[str, Span]] = field(factory=list)
    """The references that are being followed, outermost first."""
    blame: Diagnostic | None = None
    """The told error of something else, which the current definition rests on."""
    check_row: Callable[[nodes.Expression, RowPlace], Row | None] = field(default=_unset)
    """Names lead to computed columns and these to expressions again; the hook keeps that circle out of the
    imports.
    """
    gather: Callable[[nodes.Call | nodes.Where, RowPlace], Row | None] = field(default=_unset)
    """Aggregations in the columns of grouped sources, whose arguments are rows again: a hook for the same
    reason.
    """
    assume: Callable[[Node, Named], Node | None] | None = None
    """What a scenario makes of the node of a definition."""
    circles: set[str] = field(factory=set)
    """Definitions that rest on themselves, each told once."""
    depth: int = 0
    deepest: int = 0
    heights: dict[str, int] = field(factory=dict)
    """How deep constants, measures, KPIs and computed columns are, what they refer to included."""
    columns: dict[tuple[str, str, tuple[str, ...]], ColumnRef] = field(factory=dict)
    """What is read of columns: from which source, of what name, by which links."""
    sizes: dict[Row, int] = field(factory=dict)
    """How many parts an expression over one row has, computed columns put in."""
    whole: Report = field(init=False)
    """Where everything is told in the end."""
    _pool: dict[object, object] = field(factory=dict)
    _units: dict[str, Unit | str] = field(factory=dict)
    _periods: dict[tuple[str, Calendar], Window] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.whole = self.report

    def intern(self, node: T) -> T:
        """The one object that stands for all equal nodes."""
        return self._pool.setdefault(node, node)  # type: ignore[return-value]

    # -- errors ---------------------------------------------------------------------------------------------

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *labels: tuple[Span, str],
        help: str | None = None,
        notes: Sequence[str] = (),
        fix: Fix | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Tell an error (or something lighter) and go on."""
        said = tuple(Label(place, text) for place, text in labels)
        self.report.add(Diagnostic(code, message, span, severity, said, tuple(notes), help, fix))

    def warn(
        self, code: str, message: str, span: Span, *labels: tuple[Span, str], help: str | None = None
    ) -> None:
        """Tell something that is likely not meant and keeps nothing from being evaluated."""
        self.error(code, message, span, *labels, help=help, severity=Severity.WARNING)

    @contextmanager
    def apart(self) -> Iterator[Report]:
        """Collect what is told inside on its own as well, to know the first error of a definition.

        What is told goes straight to the report of the whole: it is no error of the definition that led here.
        """
        outer, outer_blame = self.report, self.blame
        self.report, self.blame = Report(), None
        try:
            yield self.report
        finally:
            self.whole.extend(self.report)
            self.report, self.blame = outer, outer_blame

    # -- depth ----------------------------------------------------------------------------------------------

    def enter(self, span: Span) -> bool:
        """Go one level deeper into an expression; an error instead where it is too deep."""
        if not self.reach(1, span):
            return False
        self.depth += 1
        return True

    def leave(self) -> None:
        """Come back from a level."""
        self.depth -= 1

    def reach(self, levels: int, span: Span) -> bool:
        """Whether so many levels more are within the limit; an error, once for each definition, if not."""
        depth = self.depth + levels
        if depth > self.deepest:
            self.deepest = depth
        if depth <= _DEEPEST:
            return True
        if not any(fault.code == "K323" for fault in self.report):
            self.error(
                "K323",
                f"this is nested more than {_DEEPEST} levels deep, what it refers to included",
                span,
                help="a column of the data can hold what takes so many steps",
            )
        return False

    @contextmanager
    def hop(self, name: str) -> Iterator[None]:
        """Follow a reference, and remember how deep what it names is."""
        start, outer = self.depth, self.deepest
        self.depth = self.deepest = start + _HOP
        try:
            yield
        finally:
            self.heights[name] = self.deepest - start - _HOP
            self.depth, self.deepest = start, outer

    def cause_in(self, inner: Report, name: str, span: Span) -> Diagnostic:
        """Why a definition is broken: its first error, else the error of what it rests on."""
        if inner.errors:
            return inner.errors[0]
        return rests_on(name, span, self.blame)

    # -- units ----------------------------------------------------------------------------------------------

    def unit(self, text: nodes.UnitText) -> Unit | None:
        """A unit from its words; plurals of counted things are the thing."""
        found = self._units.get(text.text)
        if found is None:
            try:
                found = Unit.parse(" ".join(self._thing(word) for word in text.text.split()))
            except ValueError as error:
                found = str(error)
            self._units[text.text] = found
        if isinstance(found, str):
            self.error(
                "K304",
                found,
                text.span,
                help="a unit is written as in `EUR`, `EUR per lead`, `%` or `points`",
            )
            return None
        return found

    def thing(self, word: str) -> Unit:
        """The unit of a counted thing; a word that no unit can have is written with underscores."""
        word = re.sub(r"\W+", "_", self._thing(word)).strip("_")
        return Unit.of(word if is_word(word) else f"_{word}")

    def _thing(self, word: str) -> str:
        """A counted thing as the sources call it; either may be in the plural."""
        if kind(word) != "count" or word in self.things:
            return word
        return next((t for t in sorted(self.things) if word in plurals(t) or t in plurals(word)), word)

    def number(self, number: nodes.Number) -> tuple[float, Unit] | None:
        """A number as written, percentages and points as fractions, and its unit."""
        value = number.value
        if not math.isfinite(value):
            self.error("K315", "the number is too large", number.span, help="numbers go up to about 1.7e308")
            return None
        if number.unit is None:
            return value, ONE
        unit = self.unit(number.unit)
        if unit is None:
            return None
        return (float(f"{value / 100:.15g}") if unit in (PERCENT, POINTS) else value), unit

    # -- periods and names ----------------------------------------------------------------------------------

    def period(self, text: nodes.PeriodText) -> Window | None:
        """A period as written; a name with several occurrences is none until one of them is said."""
        read = (text.text, self.calendar)
        if read in self._periods:
            return self._periods[read]
        if self._unnamed(text):
            return None
        try:
            return self._periods.setdefault(read, parse_period(*read))
        except ValueError as error:
            self.error(
                "K318",
                str(error),
                text.span,
                help=f"periods are {PERIODS_ARE}",
            )
            return None

    def occurrences(self, text: nodes.PeriodText) -> tuple[Window, ...] | None:
        """The windows that a day is to be in, for a period as written: of a bare name all its occurrences."""
        named = self.calendar.named_period(text.text)
        if named is not None:
            return named.windows
        window = self.period(text)
        return None if window is None else (window,)

    def _unnamed(self, text: nodes.PeriodText) -> bool:
        """Whether a name leads to no period; told, unless its definition has an error of its own."""
        name = _PERIOD_NAME.match(text.text)
        if name is None:
            return False
        word = name[1] or name[2]
        if self.calendar.named_period(word) is not None:
            return False
        if word in self.causes or word in self.names.lost:
            self.blame = self.blame or rests_on(word, text.span, self.causes.get(word))
            return True
        definition, known = self.names.known.get(word), [*self.names.of(nodes.PeriodDef)]
        if isinstance(definition, nodes.PeriodDef):
            told = f"`{word}` cannot be used here: a period is not made of named ones"
            self.error(
                "K202",
                told,
                text.span,
                (definition.name.span, "a named period"),
                help=f"periods are {PERIODS_ARE}",
            )
            return True
        labels = []
        if definition is not None:
            told = f"`{word}` is {a_kind(definition)}, not a period"
            labels = [(definition.name.span, "defined here")]
        else:
            told = f"there is no period `{word}`"
        self.error(
            "K202",
            told,
            text.span,
            *labels,
            notes=similar("a period", word, known),
            help=f"periods are {PERIODS_ARE}, or named by a definition: `period {word} from ... to ...`",
        )
        return True

    def word(self, what: str, word: nodes.Word, known: Iterable[str], code: str = "K211") -> str | None:
        """One of a few words, or an error that lists them."""
        known = list(known)
        folded = {name.casefold(): name for name in known}
        if found := folded.get(word.text.casefold()):
            return found
        self.error(
            code,
            f"`{word.text}` is not {what}",
            word.span,
            help=f"{what} is one of {listed(known)}",
            notes=similar(what, word.text, known),
        )
        return None


@frozen(repr=False)
class RowPlace(Record):
    """Where a row expression stands: over which source, and what it is for in messages."""

    scope: Scope
    shape: Shape
    use: str
    """`a filter`, `a computed column`, `sum`, ..."""
    parent: Shape | None = None
    """Whose rows may be aggregated here: set in the columns of a grouped source."""

    def within(self, use: str) -> RowPlace:
        """The same place, for what stands within an operator or a function."""
        return RowPlace(self.scope, self.shape, use, self.parent)


def cycle(scope: Scope, name: str) -> None:
    """Tell a chain of references that comes back to where it began, once, at its first link."""
    start = next(i for i, (step, _) in enumerate(scope.path) if step == name)
    chain = scope.path[start:]
    if name in scope.circles:
        return
    scope.circles.add(name)
    written = " -> ".join([*(f"`{step}`" for step, _ in chain), f"`{name}`"])
    labels = [(place, f"`{step}` is defined here") for step, place in chain[1:]]
    scope.error(
        "K206",
        f"`{name}` is defined by itself: {written}",
        chain[0][1],
        *labels,
        help="a definition can only rest on others that do not come back to it",
    )


def rests_on(name: str, span: Span, cause: Diagnostic | None) -> Diagnostic:
    """Kept in the graph, not in the report: the fault itself has been told where it lies."""
    if cause is not None and cause.code == "K215":
        labels, notes = cause.labels, cause.notes
    else:
        labels = (Label(cause.span, cause.message),) if cause and cause.span else ()
        notes = (f"{cause.code}: {cause.message}",) if cause else ()
    return Diagnostic(
        "K215",
        f"`{name}` rests on a definition that has an error",
        span,
        labels=labels,
        notes=notes,
        help="it is evaluated once that error is gone",
    )


def listed(words: Sequence[str], limit: int = 8) -> str:
    """Words for a sentence, cut off where a list would tire."""
    shown = ", ".join(words[:limit])
    return f"{shown} and {len(words) - limit} more" if len(words) > limit else shown


def similar(what: str, word: str, known: Iterable[str]) -> list[str]:
    """Near names as a fact for the notes of a diagnostic; empty if there are none."""
    found = near(word, known)
    return [f"{what} with a similar name: {', '.join(f'`{name}`' for name in found)}"] if found else []


@cache
def product(a: Unit, b: Unit, op: str) -> tuple[Unit, float]:
    """The unit of `a * b` or `a / b` with at most one word of each time family, and the factor this takes."""
    unit = a * b if op == "*" else a / b
    reduced = unit
    words = [word for word, _ in unit.powers if kind(word) == "time"]
    for i, word in enumerate(words):
        for other in words[:i]:
            power = dict(reduced.powers).get(word, 0)
            if power and Unit.of(word).factor_to(Unit.of(other)) is not None:
                reduced = reduced * Unit(((word, -power), (other, power)))
    factor = unit.factor_to(reduced)
    assert factor is not None, "words were only exchanged within a family"
    return reduced, float(factor)


def period_name(expr: nodes.Expression, scope: Scope) -> nodes.PeriodText | None:
    """A name in an expression that is the name of a period."""
    if isinstance(expr, nodes.Name) and len(expr.parts) == 1:
        word = expr.parts[0]
        if isinstance(scope.names.known.get(word), nodes.PeriodDef):
            return nodes.PeriodText(expr.span, word if word.isidentifier() else f"`{word}`")
    return None
