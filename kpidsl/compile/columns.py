"""Names in row expressions: columns of a source, of the sources it belongs to, and constants."""

from __future__ import annotations

from attrs import evolve, frozen

from kpidsl.compile.scales import on_scale, scale_of
from kpidsl.compile.scope import RowPlace, Scope, Shape, cycle, listed, rests_on, similar
from kpidsl.compile.walk import written
from kpidsl.graph import Constant
from kpidsl.model.rows import Apply, ColumnRef, Literal, Row, columns_of, gathers_of
from kpidsl.model.types import FLAG, Type
from kpidsl.records import Record
from kpidsl.syntax import nodes


def check_name(name: nodes.Name, at: RowPlace) -> Row | None:
    scope, shape = at.scope, at.shape
    if len(name.parts) > 1:
        return _path(name, at)
    word = name.parts[0]
    if _is_itself(word, at):
        _not_aggregated(word, name, at)
        return None
    found = find_column(word, at)
    if isinstance(found, ColumnRef):
        return on_scale(found, scope)
    if isinstance(found, Bad):
        return None
    if len(found) > 1:
        ways = " or ".join(f"`{'.'.join((*via, word))}`" for via in found)
        scope.error(
            "K204",
            f"`{word}` is a column of several sources that {shape.name} belongs to",
            name.span,
            help=f"{ways} says which",
        )
        return None
    if word in ("true", "false"):
        return Literal(word == "true", FLAG)
    if word in scope.names.known or word in scope.names.lost:
        return _named(name, at)
    if at.parent is not None and find_column(word, RowPlace(scope, at.parent, at.use)):
        _not_aggregated(word, name, at)
    else:
        _unknown_column(word, name, shape, at)
    return None


def _is_itself(word: str, at: RowPlace) -> bool:
    """Whether a column of a grouped source names its own name, which the grouped rows have too."""
    own = f"{at.shape.name}.{word}"
    return at.parent is not None and _has(at.parent, word) and at.scope.path[-1][0] == own


def _not_aggregated(word: str, name: nodes.Name, at: RowPlace) -> None:
    assert at.parent is not None
    parent, here = at.parent.name, at.shape.name
    at.scope.error(
        "K308",
        f"`{word}` has a value in each row of {parent}, and a row of {here} stands for many of them",
        name.span,
        (at.shape.definition.name.span, f"`{here}` is defined here"),
        help=f"`first({written(word)})` takes one of them; `{here}` is grouped by {listed([*at.shape.keys])}",
    )


@frozen(repr=False)
class Bad(Record):
    """A column whose error has been told."""


def find_column(word: str, at: RowPlace) -> ColumnRef | Bad | list[tuple[str, ...]]:
    """The column that a bare word means: of the source, else of the nearest sources it belongs to.

    `channel` is the role wherever the source has it. Otherwise the links that lead to it: none, or several.
    """
    if _has(at.shape, word):
        return _column(at.shape, word, (), at)
    layer: list[tuple[tuple[str, ...], Shape]] = [((), at.shape)]
    seen = {at.shape.name}
    while layer:
        found = [(via, shape) for via, shape in layer if _has(shape, word)]
        if len(found) == 1:
            via, shape = found[0]
            return _column(shape, word, via, at)
        if found:
            return [via for via, _ in found]
        further: list[tuple[tuple[str, ...], Shape]] = []
        for via, shape in layer:
            for target in shape.links:
                if target not in seen and target in at.scope.shapes:
                    further.append(((*via, target), at.scope.shapes[target]))
        seen |= {shape.name for _, shape in further}
        layer = further
    return []


def _has(shape: Shape, word: str) -> bool:
    return word in shape.spans or (word == "channel" and shape.channel is not None)


def _column(shape: Shape, word: str, via: tuple[str, ...], at: RowPlace) -> ColumnRef | Bad:
    word = shape.channel if word == "channel" and shape.channel else word
    type_ = column_type(shape, word, at.scope)
    if via and shape.cause is not None:
        at.scope.blame = at.scope.blame or shape.cause
    if type_ is None:
        at.scope.blame = at.scope.blame or at.scope.causes.get(f"{shape.name}.{word}")
        return Bad()
    key = (at.shape.name, word, via)
    found = at.scope.columns.get(key)
    if found is None:
        found = at.scope.columns[key] = at.scope.intern(ColumnRef(at.shape.name, word, type_, via))
    return found


def column_type(shape: Shape, word: str, scope: Scope) -> Type | None:
    """The type of a column; computed ones are checked at their first use, and so are those grouped by."""
    if word not in shape.types and shape.grouped is not None and shape.parent is None:
        scope.causes[f"{shape.name}.{word}"] = rests_on(word, shape.spans[word], shape.cause)
        shape.types[word] = None
    elif word not in shape.types and word in shape.keys:
        shape.types[word] = _key_type(shape, word, scope)
    elif word not in shape.types:
        column = shape.computed[word]
        assert column.value is not None
        key = f"{shape.name}.{word}"
        if any(step == key for step, _ in scope.path):
            cycle(scope, key)
            return None
        scope.path.append((key, column.name.span))
        with scope.apart() as inner, scope.hop(key):
            place = RowPlace(scope, shape, "a computed column", shape.parent)
            value = _settled(scope.check_row(column.value, place), column, shape, scope)
            if value is None:
                scope.causes[key] = scope.cause_in(inner, key, column.name.span)
            else:
                shape.values[word] = value
        scope.path.pop()
        shape.types[word] = value.type if value is not None else None
    if not scope.reach(scope.heights.get(f"{shape.name}.{word}", 0), shape.spans[word]):
        return None
    return shape.types[word]


def _key_type(shape: Shape, word: str, scope: Scope) -> Type | None:
    """Of a column that rows are grouped by: the one it has in the parent."""
    assert shape.parent is not None
    key = f"{shape.name}.{word}"
    if any(step == key for step, _ in scope.path):
        cycle(scope, key)
        return None
    scope.path.append((key, shape.spans[word]))
    with scope.apart() as inner:
        name = nodes.Name(shape.spans[word], (word,))
        found = check_name(name, RowPlace(scope, shape.parent, "a grouping"))
        if found is not None and scale_of(found) is not None:
            found = next(iter(columns_of(found)))
        if isinstance(found, Literal):
            what = f"rows are grouped by columns of {shape.parent.name}, and `{word}` is a constant"
            scope.error("K305", what, name.span)
        shape.keys[word] = found if isinstance(found, ColumnRef) else None
        if shape.keys[word] is None:
            scope.causes[key] = scope.cause_in(inner, key, name.span)
            shape.cause = shape.cause or scope.causes[key]
    scope.path.pop()
    return found.type if isinstance(found, ColumnRef) else None


def _settled(value: Row | None, column: nodes.Column, shape: Shape, scope: Scope) -> Row | None:
    """In a grouped source no column both aggregates and follows a link of the source."""
    if value is None or shape.parent is None or not gathers_of(value):
        return value
    linked = sorted(".".join((*r.via, r.name)) for r in columns_of(inlined(value, shape)) if r.via)
    if linked:
        scope.error(
            "K310",
            f"`{linked[0]}` is known once rows are grouped, and this column is made while they are",
            column.span,
            help="two columns can say it: one aggregates, the other reads it and the link",
        )
        return None
    return value


def inlined(row: Row, shape: Shape) -> Row:
    """A row expression with the columns of the source that it names put in, but for those grouped by."""
    match row:
        case ColumnRef(via=(), name=name) if name in shape.values:
            return inlined(shape.values[name], shape)
        case Apply(args=args):
            return evolve(row, args=tuple(inlined(arg, shape) for arg in args))
        case _:
            return row


def _path(name: nodes.Name, at: RowPlace) -> Row | None:
    scope, shape = at.scope, at.shape
    *sources, word = name.parts
    if sources[0] == shape.name:
        sources = sources[1:]
    via: list[str] = []
    here = shape
    for step in sources:
        if step not in here.links or step not in scope.shapes:
            way = way_to(step, here, scope)
            if way is None:
                _not_linked(step, name, at)
                return None
            via.extend(way)
        else:
            via.append(step)
        here = scope.shapes[via[-1]]
    if not _has(here, word):
        _unknown_column(word, name, here, at)
        return None
    found = _column(here, word, tuple(via), at)
    return None if isinstance(found, Bad) else on_scale(found, scope)


def way_to(target: str, start: Shape, scope: Scope) -> tuple[str, ...] | None:
    """The links that lead from a source to another, the shortest way; None if there is none."""
    ways: list[tuple[tuple[str, ...], Shape]] = [((), start)]
    seen = {start.name}
    for via, shape in ways:
        if shape.name == target:
            return via
        for step in shape.links:
            if step not in seen and step in scope.shapes:
                seen.add(step)
                ways.append(((*via, step), scope.shapes[step]))
    return None


def _not_linked(step: str, name: nodes.Name, at: RowPlace) -> None:
    scope, shape = at.scope, at.shape
    if at.parent is not None and step == at.parent.name and len(name.parts) == 2:
        _not_aggregated(name.parts[1], name, at)
        return
    if step in scope.names.lost or (
        step in scope.names.known
        and step not in scope.shapes
        and isinstance(scope.names.known[step], nodes.SourceDef)
    ):
        return
    if step in scope.shapes:
        scope.error(
            "K317",
            f"{shape.name} does not belong to {step}",
            name.span,
            (shape.definition.name.span, f"`{shape.name}` is defined here"),
            help=f"`belongs to {step} by ...` under `source {shape.name}` would bring its columns",
        )
        return
    linked = [shape.name, *shape.links]
    scope.error(
        "K205",
        f"there is no source named `{step}`",
        name.span,
        notes=[*similar("a source", step, scope.shapes), f"{at.use} reads rows of {listed(linked)}"],
    )


def _named(name: nodes.Name, at: RowPlace) -> Row | None:
    """A constant may stand in a row; a measure is about many rows, and a source is no column."""
    scope = at.scope
    word = name.parts[0]
    definition = scope.names.known.get(word)
    match definition:
        case None:
            scope.blame = scope.blame or None
            return None
        case nodes.Let():
            node = scope.values.get(word)
            if isinstance(node, Constant):
                return Literal(node.value, Type("number", node.unit))
            scope.blame = scope.blame or scope.causes.get(word)
            return None
        case nodes.SourceDef():
            scope.error(
                "K320",
                f"`{word}` is a source, and {at.use} needs a column or a value",
                name.span,
                (definition.name.span, "defined here"),
                help=f"a column of it is written `{written(word)}.COLUMN`",
            )
        case _:
            what = {nodes.MeasureDef: "a measure", nodes.KpiDef: "a KPI"}.get(
                type(definition), "an objective"
            )
            scope.error(
                "K310",
                f"`{word}` is {what}, a value of many rows; {at.use} looks at one row",
                name.span,
                (definition.name.span, "defined here"),
                help=f"a column of {at.shape.name} or a constant can stand here",
            )
    return None


def _unknown_column(word: str, name: nodes.Name, shape: Shape, at: RowPlace) -> None:
    scope = at.scope
    linked = {
        c: f"{step}.{c}" for step in shape.links if step in scope.shapes for c in scope.shapes[step].columns
    }
    lets = scope.names.of(nodes.Let)
    notes = similar("a column", word, [*shape.columns, *linked.values(), *linked]) or similar(
        "a constant", word, lets
    )
    notes.append(
        f"columns of {shape.name}: {listed(shape.columns)}"
        if shape.columns
        else f"{shape.name} declares no column"
    )
    if word == "channel":
        scope.error(
            "K203",
            f"{shape.name} does not say which column is its channel",
            name.span,
            (shape.definition.name.span, f"`{shape.name}` is defined here"),
            notes=notes,
            help=f"`channel COLUMN` or `belongs to ...` under `source {shape.name}` says it",
        )
        return
    scope.error(
        "K203",
        f"{shape.name} has no column `{word}`",
        name.span,
        (shape.definition.name.span, f"`{shape.name}` is defined here"),
        notes=notes,
        help=f"`column {written(word)} TYPE` under `source {shape.name}` declares one; texts stand in quotes",
    )
