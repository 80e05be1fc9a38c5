"""Sources made of another source's grouped rows: whose, by which columns, and never of themselves."""

from __future__ import annotations

from collections.abc import Iterator

from kpidsl.compile.columns import column_type
from kpidsl.compile.scope import Scope, Shape, listed, rests_on, similar
from kpidsl.compile.walk import written
from kpidsl.model.rows import ColumnRef, Row, columns_of, gathers_of, read_by
from kpidsl.model.sources import Grouped
from kpidsl.syntax import nodes

_TIMES = ("day", "moment", "time")


def group(shape: Shape, clause: nodes.FromSource, scope: Scope) -> None:
    """Give a source the columns that its rows are grouped by."""
    shape.grouped = clause
    for word in clause.keys:
        if word.text in shape.keys:
            scope.error(
                "K212",
                f"{shape.name} is grouped by `{word.text}` twice",
                word.span,
                (shape.spans[word.text], "first here"),
            )
        shape.keys[word.text] = None
        shape.spans.setdefault(word.text, word.span)


def find_parent(shape: Shape, scope: Scope) -> None:
    """The source whose rows are grouped; an error where there is none."""
    assert shape.grouped is not None
    word = shape.grouped.source
    shape.parent = scope.shapes.get(word.text)
    if shape.parent is not None:
        return
    with scope.apart() as inner:
        if word.text in scope.names.lost:
            cause = rests_on(shape.name, word.span, None)
        else:
            known = [name for name in scope.shapes if name != shape.name]
            scope.error(
                "K205",
                f"there is no source named `{word.text}`",
                word.span,
                notes=similar("a source", word.text, known),
                help='a file is written in quotes: `from "data/views.csv"`',
            )
            cause = inner.errors[0]
    shape.cause = shape.cause or cause


def refuse_circles(scope: Scope) -> None:
    """Sources that are grouped from each other have no rows to begin with."""
    for shape in scope.shapes.values():
        chain: list[Shape] = [shape]
        while (parent := chain[-1].parent) is not None and parent not in chain:
            chain.append(parent)
        if parent is shape:
            _circle(chain, scope)


def _circle(chain: list[Shape], scope: Scope) -> None:
    first = chain[0]
    assert first.grouped is not None
    way = " -> ".join(f"`{shape.name}`" for shape in [*chain, first])
    labels = [(each.grouped.span, f"`{each.name}` is made here") for each in chain[1:] if each.grouped]
    with scope.apart() as inner:
        scope.error(
            "K206",
            f"`{first.name}` is made of its own rows: {way}",
            first.grouped.source.span,
            *labels,
            help="one of them has to come from a file or a table",
        )
    for shape in chain:
        shape.parent, shape.cause = None, inner.errors[0]


def not_computed(shape: Shape, clause: nodes.Column, scope: Scope) -> None:
    """A column with a type, where there is no data to have it."""
    word = written(clause.name.text)
    shape.types[clause.name.text] = None
    scope.error(
        "K220",
        f"{shape.name} has no data of its own, and `{word}` does not say how it is made of the rows grouped",
        clause.span,
        help=f"`column {word} = first({word})` takes the value of the earliest row",
    )


def no_such_column(shape: Shape, word: nodes.Word, scope: Scope) -> None:
    """A role names a column that a grouped source has not."""
    name = written(word.text)
    scope.error(
        "K203",
        f"{shape.name} has no column `{word.text}`",
        word.span,
        (shape.definition.name.span, f"`{shape.name}` is defined here"),
        notes=[
            *similar("a column", word.text, shape.columns),
            f"columns of {shape.name}: {listed(shape.columns)}",
        ],
        help=f"`column {name} = first({name})` under `source {shape.name}` takes it from the rows grouped",
    )


def grouping(shape: Shape, scope: Scope) -> Grouped | None:
    """Where the rows of a grouped source come from; None if that has an error."""
    if shape.parent is None:
        return None
    if shape.time is not None and shape.time in shape.spans:
        _check_time(shape, shape.time, scope)
    keys = []
    for word in shape.keys:
        column_type(shape, word, scope)
        ref = shape.keys[word]
        if ref is None:
            return None
        keys.append((word, ref))
    return Grouped(shape.parent.name, tuple(keys))


def _check_time(shape: Shape, word: str, scope: Scope) -> None:
    type_ = column_type(shape, word, scope)
    if type_ is not None and type_.kind not in _TIMES:
        scope.error(
            "K305",
            f"the time of {shape.name} is neither a day nor a moment",
            shape.spans[word],
            help=f"the time of the rows grouped: `column {written(word)} = first(...)`",
        )
    linked = word in shape.values and any(ref.via for ref in columns_of(shape.values[word]))
    if linked:
        scope.error("K305", f"the time of {shape.name} comes along a link", shape.spans[word])


# -- what rows are made of -----------------------------------------------------------------------------------


def refuse_own_rows(scope: Scope) -> None:
    """A grouped source whose aggregations come back to it along links cannot be made."""
    made_of = {
        shape.name: set(_made_of(shape, scope)) for shape in scope.shapes.values() if shape.parent is not None
    }
    for name in made_of:
        reached: set[str] = set()
        stack = [name]
        while stack:
            for step in made_of.get(stack.pop(), ()):
                if step not in reached:
                    reached.add(step)
                    stack.append(step)
        shape = scope.shapes[name]
        if name in reached and shape.grouped is not None and shape.cause is None:
            with scope.apart() as inner:
                scope.error(
                    "K206",
                    f"`{name}` is made of its own rows: what it aggregates comes back to it along a link",
                    shape.grouped.span,
                    help=f"links of {shape.grouped.source.text} can be read, but not the one to {name}",
                )
            shape.cause = inner.errors[0]


def _made_of(shape: Shape, scope: Scope) -> Iterator[str]:
    """The sources that have to be read before a grouped source can be made."""
    assert shape.parent is not None
    yield shape.parent.name
    refs = {ref for ref in shape.keys.values() if ref is not None}
    for value in shape.values.values():
        for gather in gathers_of(value):
            refs |= read_by(gather)
    seen: set[tuple[str, ColumnRef]] = set()
    stack = [(shape.parent, ref) for ref in refs]
    while stack:
        here, ref = stack.pop()
        if (here.name, ref) in seen:
            continue
        seen.add((here.name, ref))
        yield from ref.via
        home = scope.shapes[ref.via[-1]] if ref.via else here
        computed: Row | None = home.values.get(ref.name) if home.parent is None else None
        stack += [(home, below) for below in columns_of(computed)]
