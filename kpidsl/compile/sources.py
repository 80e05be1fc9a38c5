"""Sources: from their clauses to shapes that expressions can use, and to specs that engines read."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from kpidsl.compile.clauses import grain_of
from kpidsl.compile.columns import column_type
from kpidsl.compile.files import files_of
from kpidsl.compile.groups import (
    find_parent,
    group,
    grouping,
    no_such_column,
    not_computed,
    refuse_circles,
    refuse_own_rows,
)
from kpidsl.compile.rows import check_condition
from kpidsl.compile.scales import check_scale
from kpidsl.compile.scope import RowPlace, Scope, Shape, similar
from kpidsl.compile.walk import written
from kpidsl.model.rows import Row
from kpidsl.model.sources import (
    ColumnSpec,
    Consequence,
    Files,
    Grouped,
    Link,
    Otherwise,
    SourceSpec,
    Table,
    Volume,
)
from kpidsl.model.types import DAY, FLAG, MOMENT, NUMBER, TEXT, TIME, UNKNOWN, Type
from kpidsl.model.units import TIME_WORDS, Unit, kind
from kpidsl.syntax import nodes

_TYPES = {"text": TEXT, "number": NUMBER, "day": DAY, "moment": MOMENT, "flag": FLAG}

_MOST_DAYS = 36_500
"""A hundred years; what is promised for longer promises nothing."""


# -- shapes --------------------------------------------------------------------------------------------------


def read_shapes(scope: Scope) -> None:
    """Learn the columns, links and units of every source, before any expression is looked at."""
    definitions = [d for d in scope.names.known.values() if isinstance(d, nodes.SourceDef)]
    for definition in definitions:
        scope.things.update(_things(definition))
    for definition in definitions:
        shape = Shape(definition.name.text, definition)
        scope.shapes[shape.name] = shape
        with scope.apart() as inner:
            _columns(shape, scope)
        shape.cause = inner.errors[0] if inner.errors else scope.names.twice.get(shape.name)
    for shape in scope.shapes.values():
        if shape.grouped is not None:
            find_parent(shape, scope)
    refuse_circles(scope)
    for shape in scope.shapes.values():
        with scope.apart() as inner:
            _links(shape, scope)
        if inner.errors and shape.cause is None:
            shape.cause = inner.errors[0]


def _things(source: nodes.SourceDef) -> list[str]:
    found = []
    for clause in source.clauses:
        match clause:
            case nodes.Row(thing=thing):
                found.append(thing.text)
            case nodes.Column(identity=nodes.Word(text=text)):
                found.append(text)
            case nodes.Column(type=nodes.UnitText(text=text)) if text not in _TYPES:
                found += [
                    word
                    for word in text.split()
                    if kind(word) == "count" and word not in ("per", "%", "points", "point")
                ]
    return [word for word in found if word not in TIME_WORDS and word.removesuffix("s") not in TIME_WORDS]


def _columns(shape: Shape, scope: Scope) -> None:
    clauses = shape.definition.clauses
    for clause in clauses:
        if isinstance(clause, nodes.FromSource):
            group(shape, clause, scope)
    for clause in clauses:
        if isinstance(clause, nodes.Column):
            _column(shape, clause, scope)
    for clause in clauses:  # before other roles of the same column, which say nothing of what is in it
        if isinstance(clause, nodes.TimeColumn):
            shape.time = clause.column.text
            _time(shape, clause.column, scope)
    for clause in clauses:
        match clause:
            case nodes.ChannelColumn(column=word):
                shape.channel = word.text
                _role(shape, word, UNKNOWN, scope)
            case nodes.Key(columns=words):
                for word in words:
                    _role(shape, word, UNKNOWN, scope)
            case nodes.BelongsTo(column=word):
                _role(shape, word, UNKNOWN, scope)
            case nodes.Row(thing=thing):
                shape.thing = thing.text
            case nodes.Scale(column=word):
                if word.text in shape.scales:
                    earlier = (shape.scales[word.text].span, "first here")
                    scope.error(
                        "K212",
                        f"`{word.text}` has two scales",
                        clause.span,
                        earlier,
                        help="one of the two has to go",
                    )
                shape.scales.setdefault(word.text, clause)


def _column(shape: Shape, clause: nodes.Column, scope: Scope) -> None:
    word = clause.name.text
    if word in shape.spans:
        scope.error(
            "K201",
            f"the column `{word}` is declared twice",
            clause.name.span,
            (shape.spans[word], "first here"),
            (clause.name.span, "again here"),
        )
        return
    shape.spans[word] = clause.name.span
    if clause.value is not None:
        shape.computed[word] = clause
    elif shape.grouped is not None:
        not_computed(shape, clause, scope)
    elif clause.identity is not None:
        shape.types[word] = Type("identity", thing=clause.identity.text)
    elif clause.type is not None and clause.type.text in _TYPES:
        shape.types[word] = _TYPES[clause.type.text]
    elif clause.type is not None:
        unit = scope.unit(clause.type)
        shape.types[word] = Type("number", unit) if unit is not None else None


def _role(shape: Shape, word: nodes.Word, type_: Type, scope: Scope) -> None:
    """A column that a role names is declared by that; not in a grouped source, which has no data of its
    own."""
    if word.text not in shape.spans and shape.grouped is not None:
        no_such_column(shape, word, scope)
    elif word.text not in shape.spans:
        shape.spans[word.text] = word.span
        shape.types[word.text] = type_


def _time(shape: Shape, word: nodes.Word, scope: Scope) -> None:
    _role(shape, word, TIME, scope)
    declared = shape.types.get(word.text)
    if declared is not None and declared.kind not in ("day", "moment", "time"):
        scope.error(
            "K305",
            f"the time of {shape.name} is declared as something else",
            word.span,
            (shape.spans[word.text], "declared here"),
            help=f"`column {written(word.text)} day` or `moment` would fit",
        )


def _links(shape: Shape, scope: Scope) -> None:
    for clause in shape.definition.clauses:
        if not isinstance(clause, nodes.BelongsTo):
            continue
        target = clause.target.text
        other = scope.shapes.get(target)
        if other is None:
            if target not in scope.names.lost:
                scope.error(
                    "K205",
                    f"there is no source named `{target}`",
                    clause.target.span,
                    notes=similar("a source", target, scope.shapes),
                )
        elif other is shape or target in shape.links:
            what = "itself" if other is shape else f"{target} twice"
            scope.error(
                "K217",
                f"{shape.name} belongs to {what}",
                clause.target.span,
                help="columns that come along a link are named by the source they come from",
            )
        else:
            far = clause.far or clause.column
            _role(other, far, UNKNOWN, scope)
            shape.links[target] = Link(target, clause.column.text, far.text, clause.span)


# -- specs ---------------------------------------------------------------------------------------------------


def finish_sources(scope: Scope) -> None:
    """Check what is left of every source, and hand on the ones without an error."""
    columns_by_name = {shape.name: _specs(shape, scope) for shape in scope.shapes.values()}
    refuse_own_rows(scope)
    for shape in scope.shapes.values():
        columns = columns_by_name[shape.name]
        with scope.apart() as inner:
            spec = _spec(shape, columns, scope)
            blame = scope.blame
        if shape.cause is None and (inner.errors or blame is not None):
            shape.cause = inner.errors[0] if inner.errors else blame
        if shape.cause is None and spec is not None:
            scope.sources[shape.name] = spec
    _drop_broken_links(scope)


def _drop_broken_links(scope: Scope) -> None:
    """A source that belongs to a broken one cannot be read either."""
    changed = True
    while changed:
        changed = False
        for name, spec in list(scope.sources.items()):
            needed = [link.target for link in spec.links]
            needed += [spec.origin.source] if isinstance(spec.origin, Grouped) else []
            lost = next((source for source in needed if source not in scope.sources), None)
            if lost is not None:
                scope.shapes[name].cause = scope.shapes[name].cause or scope.shapes[lost].cause
                del scope.sources[name]
                changed = True


def _specs(shape: Shape, scope: Scope) -> tuple[ColumnSpec, ...]:
    """The columns that have a type; one with an error is left out, and so is all that reads it."""
    types = {word: column_type(shape, word, scope) for word in shape.columns}
    return tuple(
        ColumnSpec(word, type_, shape.spans[word], shape.values.get(word))
        for word, type_ in types.items()
        if type_ is not None
    )


def _spec(shape: Shape, columns: Sequence[ColumnSpec], scope: Scope) -> SourceSpec | None:
    origin: Files | Table | Grouped | None = None
    fresh, complete, volume, checks = None, None, None, []
    key: tuple[str, ...] = ()
    follows: list[Consequence] = []
    scales: list[Row] = []
    otherwise = Otherwise()
    for clause in shape.definition.clauses:
        match clause:
            case nodes.FromFiles():
                origin = files_of(clause, scope)
            case nodes.FromTable(table=table, connection=connection):
                origin = Table(table.text, connection.text if connection else None)
            case nodes.FromSource():
                origin = grouping(shape, scope)
            case nodes.Fresh(amount=amount, otherwise=word_):
                fresh = _days(amount, scope)
                otherwise = evolve(otherwise, fresh=word_ or "stale")
            case nodes.Complete(grain=word, otherwise=word_):
                complete = grain_of(word, scope)
                otherwise = evolve(otherwise, complete=word_ or "warn")
            case nodes.Volume(grain=word, otherwise=word_):
                volume = _volume(clause, scope)
                otherwise = evolve(otherwise, volume=word_ or "warn")
            case nodes.Check(condition=condition, otherwise=word_):
                row = check_condition(condition, RowPlace(scope, shape, "a check"))
                checks += [row] if row is not None else []
                follows += [word_ or "warn"] if row is not None else []
            case nodes.Scale():
                row = check_scale(clause, shape, scope)
                scales += [row] if row is not None else []
            case nodes.Key(columns=words, otherwise=word_):
                key = tuple(word.text for word in words)
                otherwise = evolve(otherwise, key=word_ or "warn")
    _need_time(shape, scope)
    places = nodes.FromFiles | nodes.FromTable | nodes.FromSource
    if not any(isinstance(clause, places) for clause in shape.definition.clauses):
        scope.error(
            "K213",
            f"{shape.name} does not say where its rows are",
            shape.definition.name.span,
            help='`from "data/file.csv"` or `from table "schema.name" in connection` says it',
        )
    if origin is None:
        return None
    title = shape.definition.title.text if shape.definition.title else None
    return SourceSpec(
        shape.name,
        title,
        origin,
        tuple(columns),
        shape.time,
        shape.channel,
        key,
        str(scope.thing(shape.thing)),
        tuple(shape.links.values()),
        fresh,
        complete,
        (*checks, *scales),
        shape.definition.span,
        volume=volume,
        otherwise=evolve(otherwise, checks=tuple(follows)),
        scales=tuple(scales),
    )


def _need_time(shape: Shape, scope: Scope) -> None:
    """An error for each promise that goes by the time, where a source has none."""
    for clause in shape.definition.clauses if shape.time is None else ():
        if isinstance(clause, nodes.Fresh | nodes.Complete | nodes.Volume):
            scope.error(
                "K213",
                f"{shape.name} does not say which column is its time, and this promise goes by it",
                clause.span,
                (shape.definition.name.span, f"`{shape.name}` is defined here"),
                help=f"`time COLUMN` under `source {written(shape.name)}` says it",
            )


def _volume(clause: nodes.Volume, scope: Scope) -> Volume | None:
    """How many rows there may be; None after an error."""
    grain = grain_of(clause.grain, scope)
    bounds: list[int | None] = []
    for number in (clause.low, clause.high):
        if number is not None and not number.value.is_integer():
            scope.error(
                "K211",
                f"rows are whole, not {number.span.text}",
                number.span,
                help="`rows at least 10 every day` is how it is written",
            )
            return None
        bounds.append(None if number is None else int(number.value))
    low, high = bounds
    if low is not None and high is not None and low > high:
        scope.error(
            "K404",
            f"no number is between {low:,} and {high:,}",
            clause.span,
            help=f"`rows between {high} and {low} every {clause.grain.text}` has the smaller one first",
        )
        return None
    return Volume(low, high, grain) if grain is not None else None


def _days(amount: nodes.Number, scope: Scope) -> int | None:
    number = scope.number(amount)
    if number is None:
        return None
    value, unit = number
    factor = unit.factor_to(Unit.of("day"))
    if factor is None or not (value * factor).is_integer() or not 1 <= value * factor <= _MOST_DAYS:
        scope.error(
            "K211",
            f"freshness is counted in whole days or weeks, from 1 to {_MOST_DAYS:,} days, "
            f"not in {amount.span.text}",
            amount.span,
            help="`fresh within 2 days` is how it is written",
        )
        return None
    return int(value * factor)
