"""Calls of aggregates: which source they read, which rows, and what comes out."""

from __future__ import annotations

from kpidsl.compile.calls import not_a_path, right_count, whole_number
from kpidsl.compile.columns import way_to
from kpidsl.compile.lower import conjunction
from kpidsl.compile.rows import check_condition, check_number, check_row
from kpidsl.compile.scope import RowPlace, Scope, Shape, listed, rests_on, similar
from kpidsl.compile.surveys import survey
from kpidsl.compile.walk import names_in, ungrouped, written
from kpidsl.graph import Additivity, Aggregate, Node
from kpidsl.model.functions import Function
from kpidsl.model.rows import Apply, ColumnRef, Literal, Row
from kpidsl.model.types import FLAG, TEXT
from kpidsl.model.units import PERCENT, POINTS, Unit, kind
from kpidsl.syntax import nodes

_MOST_PERIODS = 1000


def check_aggregate(call: nodes.Call, function: Function, scope: Scope) -> Node | None:
    """The node of an aggregation over the rows of one source; None after an error."""
    if not well_called(call, function, scope):
        return None
    inner, _ = parts_of(call)
    shape = home(call, inner, scope)
    if shape is None or not usable(shape, inner, scope):
        return None
    return aggregate_of(call, function, shape, scope)


def well_called(call: nodes.Call, function: Function, scope: Scope) -> bool:
    """Whether a call has the arguments and the weight that the function takes; an error if not."""
    if call.within is not None:
        not_a_path(function, call, scope)
        return False
    if not right_count(function, call, scope):
        return False
    needed = function.by is not None and not function.by.optional
    if (call.by is not None and function.by is None) or (call.by is None and needed):
        needs = f"needs {'an' if function.by and function.by.name[0] in 'aeiou' else 'a'} "
        what = "takes no `by`" if function.by is None else f"{needs}{function.by.name} after `by`"
        scope.error(
            "K311",
            f"`{function.name}` {what}",
            (call.by or call).span,
            help=f"it is written {function.signature}, as in `{function.example}`",
        )
        return False
    return True


def aggregate_of(call: nodes.Call, function: Function, shape: Shape, scope: Scope) -> Node | None:
    """The node of an aggregation over the rows of a source; None after an error."""
    inner, condition = parts_of(call)
    at = RowPlace(scope, shape, f"`{function.name}`")
    inner = ungrouped(inner)
    whole = isinstance(inner, nodes.Name) and inner.parts == (shape.name,)
    takes = function.parameters[0].takes
    if whole and takes not in ("rows", "condition"):
        _needs_column(function, inner, shape, scope)
        return None
    filter_ = None
    if condition is not None:
        use = "a condition" if takes == "condition" else "a filter"
        filter_ = check_condition(condition, RowPlace(scope, shape, use))
    argument = None if whole else _argument(function, inner, at)
    if (argument is None and not whole) or (filter_ is None and condition is not None):
        return None
    return _built(call, function, shape, argument, filter_, at)


def parts_of(call: nodes.Call) -> tuple[nodes.Expression, nodes.Expression | None]:
    """What is aggregated, and the `where` inside the parentheses."""
    arg = ungrouped(call.args[0])
    return (arg.subject, arg.condition) if isinstance(arg, nodes.Where) else (arg, None)


# -- which source --------------------------------------------------------------------------------------------


def home(call: nodes.Call, inner: nodes.Expression, scope: Scope) -> Shape | None:
    """The source whose rows are aggregated: the one from which all others that are named can be reached."""
    named = [n for part in (inner, call.by) if part is not None for n in names_in(part)]
    spans = {
        n.parts[0]: n
        for n in named
        if n.parts[0] in scope.shapes and (len(n.parts) > 1 or n is ungrouped(inner))
    }
    for start in spans:
        if all(way_to(other, scope.shapes[start], scope) is not None for other in spans):
            return scope.shapes[start]
    if spans:
        first, second, *_ = spans.values()
        scope.error(
            "K317",
            f"{first.parts[0]} and {second.parts[0]} are not linked, and one aggregation reads one source",
            call.span,
            (first.span, f"of {first.parts[0]}"),
            (second.span, f"of {second.parts[0]}"),
            help="measures of different sources meet after aggregation: `sum(a.x) / sum(b.y)`",
        )
        return None
    _no_source(call, inner, named, scope)
    return None


def _no_source(call: nodes.Call, inner: nodes.Expression, named: list[nodes.Name], scope: Scope) -> None:
    function = call.name.text
    for name in named:
        word = name.parts[0]
        definition = scope.names.known.get(word)
        if word in scope.names.lost:
            scope.blame = scope.blame or rests_on(word, scope.names.lost[word], None)
            return
        if isinstance(definition, nodes.SourceDef):
            message = f"`{word}` is a source, and `{function}` needs a column or a value here"
            scope.error(
                "K305",
                message,
                name.span,
                (definition.name.span, "defined here"),
                help=f"a column is written `{written(word)}.column`",
            )
            return
        if isinstance(definition, nodes.MeasureDef | nodes.KpiDef):
            scope.error(
                "K309",
                f"`{word}` is aggregated already and cannot be aggregated once more",
                name.span,
                (definition.name.span, "defined here"),
                help=f"`{function}` takes a column, as in `{function}(source.column)`",
            )
            return
        homes = [shape.name for shape in scope.shapes.values() if word in shape.spans]
        if len(name.parts) == 1 and homes:
            ways = " or ".join(f"`{function}({written(home)}.{written(word)})`" for home in homes[:3])
            scope.error("K202", f"`{word}` does not say its source", name.span, help=f"{ways} says it")
            return
    if nested := _nested(inner):
        scope.error(
            "K309",
            f"`{nested.name.text}` inside `{function}`: what is aggregated cannot be aggregated once more",
            nested.span,
            help="a rolling average or a running total works on results",
        )
        return
    if not named:
        scope.error(
            "K305",
            f"`{function}` needs a column of a source, and nothing here is one",
            inner.span,
            help=f"it is written as in `{function}(source.column)`",
        )
        return
    word = named[0].parts[0]
    sources = [*scope.shapes]
    scope.error(
        "K205",
        f"there is no source named `{word}`",
        named[0].span,
        notes=similar("a source", word, sources) or ([f"sources: {listed(sources)}"] if sources else []),
    )


def _nested(expr: nodes.Expression) -> nodes.Call | None:
    expr = ungrouped(expr)
    return expr if isinstance(expr, nodes.Call) else None


def usable(shape: Shape, at: nodes.Expression, scope: Scope) -> bool:
    if shape.cause is not None:
        scope.blame = scope.blame or shape.cause
        return False
    if shape.time is None:
        with scope.apart() as inner:
            scope.error(
                "K213",
                f"{shape.name} does not say which column is its time, so that nothing of it can be measured",
                shape.definition.name.span,
                (at.span, "needed here"),
                help=f"`time COLUMN` under `source {shape.name}` says it",
            )
        shape.cause = scope.blame = inner.errors[0]
        return False
    return True


# -- what is aggregated --------------------------------------------------------------------------------------


def _needs_column(function: Function, name: nodes.Expression, shape: Shape, scope: Scope) -> None:
    numbers = [c for c in shape.columns if (t := shape.types.get(c)) is not None and t.kind == "number"]
    example = f"`{function.name}({written(shape.name)}.{written(numbers[0] if numbers else 'column')})`"
    scope.error(
        "K305",
        f"`{function.name}` needs a column, and `{shape.name}` is a source",
        name.span,
        (shape.definition.name.span, "defined here"),
        help=f"it is written as in {example}",
    )


def _argument(function: Function, inner: nodes.Expression, at: RowPlace) -> Row | None:
    match function.parameters[0].takes:
        case "condition":
            return check_condition(inner, at)
        case "rows":
            return check_row(inner, at)
        case "value":
            row = check_row(inner, at)
            if row is not None and row.type.kind == "flag":
                at.scope.error(
                    "K305",
                    f"`{function.name}` counts identities, texts, days or numbers, and this is a flag",
                    inner.span,
                    help="`count(rows where flag)` counts where it holds",
                )
                return None
            return row
        case _:
            return check_number(inner, at)


def _built(
    call: nodes.Call,
    function: Function,
    shape: Shape,
    argument: Row | None,
    filter_: Row | None,
    at: RowPlace,
) -> Node | None:
    scope = at.scope
    match function.name:
        case "count":
            present = Apply("missing", (argument,), FLAG) if argument is not None else None
            kept = conjunction(filter_, Apply("not", (present,), FLAG) if present else None, scope)
            return _node("count", shape, None, scope.thing(shape.thing), "additive", kept, scope)
        case "count distinct":
            assert argument is not None
            return _node(
                "count distinct", shape, argument, _identity(argument, call, scope), "none", filter_, scope
            )
        case "new" | "returning" | "retained" | "churned" | "retention":
            assert argument is not None
            return _of_identities(call, function, argument, filter_, shape, scope)
        case "share":
            return _share(argument, filter_, call, shape, scope)
        case "nps" | "csat":
            assert argument is not None
            weight = check_number(call.by, at) if call.by is not None else None
            if weight is None and call.by is not None:
                return None
            return survey(call, function, argument, filter_, weight, scope)
    assert argument is not None
    unit = argument.type.unit
    if function.name in ("sum", "closing", "opening") and not _sums(function, argument, call, scope):
        return None
    if function.gives == "spread" and unit == PERCENT:
        unit = POINTS
    weight = None
    if call.by is not None:
        accounts = function.by is not None and function.by.takes == "value"
        weight = _accounts(call.by, at) if accounts else check_number(call.by, at)
    if weight is None and call.by is not None:
        return None
    parameter = None
    if function.name == "percentile":
        parameter = _rank(call, function, scope)
        if parameter is None:
            return None
    adds: Additivity = {"additive": "additive", "semi": "semi"}.get(function.adds, "none")  # type: ignore[assignment]
    return _node(function.name, shape, argument, unit, adds, filter_, scope, weight, parameter)


def _accounts(by: nodes.Expression, at: RowPlace) -> Row | None:
    """What names an account: a column, or several with `and` between them."""
    texts, stack = [], [by]
    while stack:
        one = ungrouped(stack.pop())
        if isinstance(one, nodes.Binary) and one.op == "and":
            stack += [one.right, one.left]
        else:
            texts.append(one)
    keys = [check_row(text, at) for text in texts]
    found = tuple(key for key in keys if key is not None)
    if len(found) < len(keys):
        return None
    for key, text in zip(found, texts, strict=True):
        if isinstance(key, Literal) or key.type.kind == "flag":
            at.scope.error(
                "K305",
                "an account is named by a column, and this is "
                + ("the same for all rows" if isinstance(key, Literal) else "yes or no"),
                text.span,
                help="as in `closing(stock.level by product and warehouse)`",
            )
            return None
    return found[0] if len(found) == 1 else at.scope.intern(Apply("keys", found, TEXT))


def _node(
    function: str,
    shape: Shape,
    argument: Row | None,
    unit: Unit,
    adds: Additivity,
    filter_: Row | None,
    scope: Scope,
    weight: Row | None = None,
    parameter: float | None = None,
) -> Aggregate:
    found = scope.intern(argument) if argument is not None else None
    return scope.intern(Aggregate(function, shape.name, found, unit, adds, filter_, weight, parameter))


def _identity(argument: Row, call: nodes.Call, scope: Scope) -> Unit:
    if argument.type.kind == "identity" and argument.type.thing:
        return scope.thing(argument.type.thing)
    return scope.thing(argument.name if isinstance(argument, ColumnRef) else "value")


def _of_identities(
    call: nodes.Call, function: Function, argument: Row, filter_: Row | None, shape: Shape, scope: Scope
) -> Node | None:
    if function.name != "retention":
        adds: Additivity = "additive" if function.adds == "additive" else "none"
        unit = _identity(argument, call, scope)
        return _node(function.name, shape, argument, unit, adds, filter_, scope)
    later = ungrouped(call.args[1])
    number = later.value if isinstance(later, nodes.Number) and later.unit is None else None
    periods = whole_number(function, number, call.args[1], 1, _MOST_PERIODS, scope)
    if periods is None:
        return None
    return _node("retention", shape, argument, PERCENT, "none", filter_, scope, parameter=float(periods))


def _sums(function: Function, argument: Row, call: nodes.Call, scope: Scope) -> bool:
    """Percentages never add up, and rates hardly ever do: each stands for another number of things. Levels in
    EUR per month do, as the recurring revenue of all accounts."""
    unit = argument.type.unit
    if unit.style != "plain":
        scope.error(
            "K312",
            "percentages of different rows do not add up",
            call.args[0].span,
            help="`average` or `weighted average(x by weight)` makes one of many",
        )
        return False
    below = [kind(word) for word, power in unit.powers if power < 0]
    flows = function.name != "sum" and all(each == "time" for each in below)
    if below and not flows:
        scope.warn(
            "K314",
            f"a sum of rates: each row's {unit} is of another number of things",
            call.args[0].span,
            help="`weighted average(x by weight)` makes one rate of many",
        )
    return True


def _rank(call: nodes.Call, function: Function, scope: Scope) -> float | None:
    rank = ungrouped(call.args[1])
    if (
        isinstance(rank, nodes.Number)
        and (rank.unit is None or rank.unit.text == "%")
        and 0 <= rank.value <= 100
    ):
        return rank.value
    scope.error(
        "K311",
        f"`{function.name}` needs a rank from 0 to 100, written out",
        call.args[1].span,
        help=f"as in `{function.example}`",
    )
    return None


def _share(
    argument: Row | None, filter_: Row | None, call: nodes.Call, shape: Shape, scope: Scope
) -> Node | None:
    """`share(rows where c)`: c is what is asked of the rows, not which rows are asked."""
    if argument is None and filter_ is None:
        scope.error(
            "K306",
            "`share` needs a condition: the share of which rows?",
            call.args[0].span,
            help="it is written as in `share(sessions where bounced)`",
        )
        return None
    asked, kept = (filter_, None) if argument is None else (argument, filter_)
    return _node("share", shape, asked, PERCENT, "none", kept, scope)
