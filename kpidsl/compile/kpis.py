"""KPIs: formula, promise, dimensions and description, put together or kept out with the reason."""

from __future__ import annotations

from typing import cast

from attrs import evolve

from kpidsl.compile.bounds import Draft, read_bound, read_tolerance
from kpidsl.compile.clauses import grain_of
from kpidsl.compile.columns import Bad, find_column, way_to
from kpidsl.compile.formulas import compiled, within_channels
from kpidsl.compile.meaning import Meaning
from kpidsl.compile.projections import with_forecast
from kpidsl.compile.promises import read_promise
from kpidsl.compile.samples import with_certainty
from kpidsl.compile.scope import RowPlace, Scope, Shape, listed, rests_on, similar
from kpidsl.diagnostics import Diagnostic, Span
from kpidsl.graph import (
    About,
    Aggregate,
    Bound,
    Dimension,
    Kpi,
    Measure,
    Node,
    Promise,
    SlicePromise,
    Told,
    aggregates,
    rebuilt,
)
from kpidsl.model.rows import ColumnRef
from kpidsl.syntax import nodes

_STAGES = ("reach", "act", "convert", "engage")


def measure_of(definition: nodes.MeasureDef, scope: Scope) -> Measure | None:
    """A measure of the graph; None if it has an error."""
    word = definition.name.text
    node = compiled(word, scope)
    if node is None:
        return None
    title = definition.title.text if definition.title else None
    return Measure(word, title, node, definition.span, _written(definition.value.span))


def kpi_of(definition: nodes.KpiDef, scope: Scope, meaning: Meaning) -> Kpi | Diagnostic:
    """A KPI of the graph, or why it cannot be evaluated."""
    word = definition.name.text
    with scope.apart() as inner:
        about = _about(definition, scope)
        node = compiled(word, scope)
        formula = next((c for c in definition.clauses if isinstance(c, nodes.Formula)), None)
        kpi = None
        if node is not None and formula is not None:
            kpi = _kpi(Draft(definition, node, scope, formula.value), about, meaning)
        blame = scope.blame
    cause = scope.causes.get(word) if node is None else inner.errors[0] if inner.errors else None
    if cause is not None:
        return cause
    if blame is not None or kpi is None:
        return rests_on(word, definition.name.span, blame)
    return kpi


def _kpi(draft: Draft, about: About, meaning: Meaning) -> Kpi | None:
    scope, definition, node = draft.scope, draft.kpi, draft.node
    promise = with_forecast(with_certainty(read_promise(draft), draft), draft)
    slices = _slices(draft)
    dimensions = _dimensions(draft, promise)
    if scope.report.errors or scope.blame is not None:
        return None
    promise = _as_told(_within(promise, draft), draft)
    title = definition.title.text if definition.title else None
    return Kpi(
        definition.name.text,
        title,
        node,
        node.unit,
        promise,
        dimensions,
        slices,
        about,
        definition.span,
        _written(draft.formula.span),
        meaning.hash(node, promise, dimensions, slices),
    )


def _written(span: Span) -> str:
    return " ".join(span.text.split())


def _as_told(promise: Promise, draft: Draft) -> Promise:
    """What a target reads from sources that the formula does not read is a plan: where that says nothing of a
    slice, there is no target, and not one of zero."""
    own, scope = draft.own, draft.scope
    asked = [node for bound in promise.bounds for node in (bound.value, bound.high) if node is not None]
    if all(part.source in own for part in aggregates(*asked)):
        return promise

    def told(_: Node, node: Node) -> Node:
        counted = isinstance(node, Aggregate) and node.function in ("sum", "count")
        if not isinstance(node, Aggregate) or not counted or node.source in own:
            return scope.intern(node)
        return scope.intern(Told(node, node.unit, node.additivity))

    def change(bound: Bound) -> Bound:
        high = bound.high if bound.high is None else rebuilt(bound.high, told)
        return evolve(bound, value=rebuilt(bound.value, told), high=high)

    return promise.rebound(change)


def _within(promise: Promise, draft: Draft) -> Promise:
    """A reference that is computed from data looks at the channels of the KPI only."""
    clause = cast(nodes.OnlyChannel | None, draft.clause(nodes.OnlyChannel))
    if clause is None:
        return promise

    def fit(node: Node) -> Node:
        return (within_channels(node, clause, draft.scope) or node) if aggregates(node) else node

    def fit_bound(bound: Bound) -> Bound:
        return evolve(bound, value=fit(bound.value), high=fit(bound.high) if bound.high is not None else None)

    baseline = promise.baseline
    if baseline is not None and isinstance(baseline, Node):
        baseline = fit(baseline)
    return evolve(promise.rebound(fit_bound), baseline=baseline)


# -- dimensions and slices -----------------------------------------------------------------------------------


def _dimensions(draft: Draft, promise: Promise) -> tuple[Dimension, ...]:
    by = cast(nodes.By | None, draft.clause(nodes.By))
    if by is None:
        return ()
    found: dict[str, Dimension] = {}
    for name in by.dimensions:
        if name.text in found:
            draft.scope.error(
                "K212", f"`{name.text}` is named twice", name.span, help="a dimension splits once"
            )
            continue
        dimension = _dimension(name, draft, promise)
        if dimension is not None:
            found[name.text] = dimension
    return tuple(found.values())


def _dimension(name: nodes.Name, draft: Draft, promise: Promise) -> Dimension | None:
    """The column of each source. Sources that only the target reads need it where slices inherit the
    target.
    """
    scope, node, own = draft.scope, draft.node, draft.own
    if not own:
        scope.error("K313", "a constant has no rows that could be split", name.span)
        return None
    references = [n for bound in promise.bounds for n in (bound.value, bound.high) if n is not None]
    asked = [part.source for part in aggregates(*references)]
    needed = asked if node.additivity in ("none", "constant") else []
    others = asked + _baseline_sources(promise)
    columns: list[tuple[str, ColumnRef]] = []
    sound = True
    for source in dict.fromkeys([*own, *others]):
        column = _column_of(name, scope.shapes[source], scope)
        if isinstance(column, ColumnRef):
            columns.append((source, column))
        elif isinstance(column, Bad):
            sound = False
        elif source in own or source in needed:
            _no_dimension(name, scope.shapes[source], [s for s in own if s != source], column, scope)
            sound = False
    return Dimension(name.text, tuple(columns)) if sound else None


def _baseline_sources(promise: Promise) -> list[str]:
    baseline = promise.baseline
    return [part.source for part in aggregates(baseline)] if isinstance(baseline, Node) else []


def _column_of(name: nodes.Name, shape: Shape, scope: Scope) -> ColumnRef | Bad | list[tuple[str, ...]]:
    at = RowPlace(scope, shape, "`by`")
    *sources, word = name.parts
    if not sources:
        return find_column(word, at)
    target = sources[-1]
    way = way_to(target, shape, scope)
    if way is None or (word not in scope.shapes[target].spans and word != "channel"):
        return []
    found = find_column(word, RowPlace(scope, scope.shapes[target], "`by`"))
    if isinstance(found, ColumnRef):
        return scope.intern(ColumnRef(shape.name, found.name, found.type, (*way, *found.via)))
    return found


def _no_dimension(name: nodes.Name, shape: Shape, others: list[str], ways: object, scope: Scope) -> None:
    label = (shape.definition.name.span, f"`{shape.name}` is defined here")
    if isinstance(ways, list) and len(ways) > 1:
        named = " or ".join(f"`{'.'.join((*via, name.text))}`" for via in ways)
        scope.error(
            "K204",
            f"`{name.text}` is a column of several sources that {shape.name} belongs to",
            name.span,
            label,
            help=f"{named} says which",
        )
        return
    word, columns = name.parts[-1], shape.columns
    notes = similar("a column", word, [name for name in (*columns, "channel") if name != word]) or [
        f"columns of {shape.name}: {listed(columns)}"
    ]
    if others:
        notes.append(f"the formula also reads {listed(others)}")
    having = [s.name for s in scope.shapes.values() if word in s.spans]
    helps = "a dimension is a column of every source of the formula"
    if word == "channel":
        helps = f"`channel COLUMN` or `belongs to ...` under `source {shape.name}` says it"
    elif having:
        helps = f"`belongs to {having[0]} by ...` under `source {shape.name}` would bring it"
    scope.error(
        "K219", f"{shape.name} has no `{name.text}` to split by", name.span, label, notes=notes, help=helps
    )


def _slices(draft: Draft) -> tuple[SlicePromise, ...]:
    by = cast(nodes.By | None, draft.clause(nodes.By))
    if by is None or not by.slices:
        return ()
    scope = draft.scope
    if len(by.dimensions) > 1:
        scope.error(
            "K418",
            f"targets per slice need one dimension, and there are {len(by.dimensions)}",
            by.slices[0].span,
            (by.dimensions[0].span.to(by.dimensions[-1].span), "split by these"),
            help="a column of the source can join two: `column place = when ...`",
        )
        return ()
    seen: dict[str, Span] = {}
    found: list[SlicePromise] = []
    for part in by.slices:
        value = part.value.text
        if value in seen:
            scope.error(
                "K405",
                f"`{value}` has two targets",
                part.value.span,
                (seen[value], "first here"),
                (part.value.span, "again here"),
            )
            continue
        seen[value] = part.value.span
        bound = read_bound(part.bound, draft)
        tolerance = read_tolerance(part.tolerance, draft) if part.tolerance else None
        if bound is not None:
            found.append(SlicePromise(value, bound, tolerance))
    return tuple(found)


# -- about ---------------------------------------------------------------------------------------------------


def _about(definition: nodes.KpiDef, scope: Scope) -> About:
    said: dict[str, object] = {}
    stakeholders: list[str] = []
    labels: list[tuple[str, str]] = []
    languages: dict[str, Span] = {}
    for clause in definition.clauses:
        match clause:
            case nodes.Description(text=text):
                said["description"] = text.text
            case nodes.Owner(text=text):
                said["owner"] = text.text
            case nodes.Because(text=text):
                said["because"] = text.text
            case nodes.Stakeholder(text=text):
                stakeholders.append(text.text)
            case nodes.Caption(language=language, text=text):
                if language.text in languages:
                    scope.error(
                        "K212",
                        f"the label in `{language.text}` is said twice",
                        clause.span,
                        (languages[language.text], "first here"),
                    )
                languages[language.text] = clause.span
                labels.append((language.text, text.text))
            case nodes.Stage(name=word):
                said["stage"] = scope.word("a stage", word, _STAGES)
            case nodes.Role(kind=kind):
                said["role"] = kind
            case nodes.Review(grain=word):
                said["review"] = grain_of(word, scope)
            case nodes.Draft():
                said["draft"] = True
            case nodes.Deprecated():
                said |= _deprecated(clause, definition, scope)
    return About(stakeholders=tuple(stakeholders), labels=tuple(labels), **said)  # type: ignore[arg-type]


def _deprecated(clause: nodes.Deprecated, definition: nodes.KpiDef, scope: Scope) -> dict[str, object]:
    window = scope.period(clause.until) if clause.until else None
    if clause.use is not None:
        known = [*scope.names.of(nodes.KpiDef, nodes.MeasureDef)]
        word = clause.use.text
        if word == definition.name.text:
            scope.error("K206", f"`{word}` is to be replaced by itself", clause.use.span)
        elif word not in known and word not in scope.names.lost:
            scope.error(
                "K202",
                f"there is no KPI or measure `{word}`",
                clause.use.span,
                notes=similar("a KPI or measure", word, known),
            )
    return {
        "deprecated": True,
        "deprecated_until": window.end if window else None,
        "deprecated_use": clause.use.text if clause.use else None,
    }
