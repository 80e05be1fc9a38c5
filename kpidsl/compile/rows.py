"""Expressions over one row: from syntax to typed rows, with every mistake told once.

A part that has an error becomes None; what is built on it becomes None without another word.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from attrs import evolve, frozen

from kpidsl.compile.calls import row_function
from kpidsl.compile.scope import Scope, Shape, listed, product, similar
from kpidsl.compile.words import describe, literal_text
from kpidsl.graph import Constant
from kpidsl.model.functions import AGGREGATES, RESULT_FUNCTIONS, ROW_FUNCTIONS
from kpidsl.model.rows import Apply, ColumnRef, Literal, Row
from kpidsl.model.types import DAY, FLAG, TEXT, UNKNOWN, Type
from kpidsl.model.units import ONE, Unit, kind, sum_unit
from kpidsl.syntax import nodes

_FALSE = Literal(False, FLAG)
_DATES = ("day", "moment", "time")
_LOGIC = ("and", "or")
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


@frozen
class RowPlace:
    """Where a row expression stands: over which source, and what it is for in messages."""

    scope: Scope
    shape: Shape
    use: str
    """`a filter`, `a computed column`, `sum`, ..."""


def check_row(expr: nodes.Expression, at: RowPlace) -> Row | None:
    """The typed form of an expression over one row; None after an error."""
    row = _row(expr, at)
    return None if row is None else at.scope.intern(row)


def check_condition(expr: nodes.Expression, at: RowPlace) -> Row | None:
    """A row expression that holds or does not."""
    row = check_row(expr, at)
    if row is None or row.type.kind in ("flag", "unknown"):
        return row
    at.scope.error(
        "K306",
        f"{at.use} needs a condition, and this is {describe(row.type)}",
        expr.span,
        help="a condition compares, as in `pages >= 10`, or is a column of type flag",
    )
    return None


def _row(expr: nodes.Expression, at: RowPlace) -> Row | None:
    match expr:
        case nodes.Group(inner=inner):
            return check_row(inner, at)
        case nodes.Name():
            return _name(expr, at)
        case nodes.Number():
            number = at.scope.number(expr)
            return None if number is None else Literal(number[0], Type("number", number[1]))
        case nodes.String(text=text):
            return Literal(text, TEXT)
        case nodes.PeriodText():
            return _one_day(expr, at)
        case nodes.Call():
            return _call(expr, at)
        case nodes.Unary(op="not", operand=operand):
            inner_row = check_condition(operand, evolve(at, use="`not`"))
            return None if inner_row is None else Apply("not", (inner_row,), FLAG)
        case nodes.Unary(operand=operand):
            return _negative(operand, at)
        case nodes.Binary(op=op, left=left, right=right):
            if op in _LOGIC:
                return _both(op, left, right, at)
            if op in _COMPARISONS:
                return _compared(op, left, right, at)
            return _arithmetic(expr, at)
        case nodes.In(subject=subject, items=items, negated=negated):
            return _negated(_among(subject, items, at), negated)
        case nodes.Between(subject=subject, low=low, high=high, negated=negated):
            return _negated(_between(subject, low, high, at), negated)
        case nodes.Missing(subject=subject, negated=negated):
            found = check_row(subject, at)
            return _negated(None if found is None else Apply("missing", (found,), FLAG), negated)
        case nodes.When():
            return _when(expr, at)
        case nodes.Where():
            at.scope.error(
                "K320",
                "`where` cannot stand inside an expression over one row",
                expr.span,
                help='`where` follows a whole aggregation: `sum(ads.spend) where platform = "google"`',
            )
            return None
        case nodes.Default(subject=subject, value=value):
            return _default(subject, value, at)


# -- names ------------------------------------------------------------------------------------------------------


def _name(name: nodes.Name, at: RowPlace) -> Row | None:
    scope, shape = at.scope, at.shape
    if len(name.parts) > 1:
        return _path(name, at)
    word = name.parts[0]
    found = find_column(word, at)
    if isinstance(found, ColumnRef):
        return found
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
    _unknown_column(word, name, shape, at)
    return None


@frozen
class Bad:
    """A column whose error has been told."""


def find_column(word: str, at: RowPlace) -> ColumnRef | Bad | list[tuple[str, ...]]:
    """The column that a bare word means: of the source, else of the nearest sources it belongs to.

    `channel` is the role wherever the source has it. Otherwise the links that lead to it: none, or several.
    """
    layer: list[tuple[tuple[str, ...], Shape]] = [((), at.shape)]
    seen = {at.shape.name}
    while layer:
        found = [(via, shape) for via, shape in layer if _has(shape, word)]
        if len(found) == 1:
            via, shape = found[0]
            return _column(shape, shape.channel if word == "channel" and shape.channel else word, via, at)
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
    type_ = column_type(shape, word, at.scope)
    if via and shape.cause is not None:
        at.scope.blame = at.scope.blame or shape.cause
    if type_ is None:
        at.scope.blame = at.scope.blame or at.scope.causes.get(f"{shape.name}.{word}")
        return Bad()
    return at.scope.intern(ColumnRef(at.shape.name, word, type_, via))


def column_type(shape: Shape, word: str, scope: Scope) -> Type | None:
    """The type of a column; computed ones are checked at their first use."""
    if word not in shape.types:
        column = shape.computed[word]
        assert column.value is not None
        key = f"{shape.name}.{word}"
        if any(step == key for step, _ in scope.path):
            cycle(scope, key, column.name.span)
            return None
        scope.path.append((key, column.name.span))
        with scope.apart() as inner:
            value = check_row(column.value, RowPlace(scope, shape, "a computed column"))
            if value is None:
                scope.causes[key] = scope.cause_in(inner, key, column.name.span)
            else:
                shape.values[word] = value
        scope.path.pop()
        shape.types[word] = value.type if value is not None else None
    return shape.types[word]


def cycle(scope: Scope, name: str, span: object) -> None:
    """Tell a chain of references that comes back to where it began, once, at its first link."""
    start = next(i for i, (step, _) in enumerate(scope.path) if step == name)
    chain = scope.path[start:]
    written = " -> ".join([*(f"`{step}`" for step, _ in chain), f"`{name}`"])
    labels = [(place, f"`{step}` is defined here") for step, place in chain[1:]]
    scope.error(
        "K206",
        f"`{name}` is defined by itself: {written}",
        chain[0][1],
        *labels,
        help="a definition can only rest on others that do not come back to it",
    )


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
    found = _column(here, here.channel if word == "channel" and here.channel else word, tuple(via), at)
    return None if isinstance(found, Bad) else found


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
        help=f"`column {written(word)} TYPE` under `source {shape.name}` would declare it",
    )


def written(word: str) -> str:
    """A name as it is written in a spec, in backticks if it has to."""
    return word if word.isidentifier() else f"`{word}`"


# -- operators --------------------------------------------------------------------------------------------------


def _negated(row: Row | None, negated: bool) -> Row | None:
    return Apply("not", (row,), FLAG) if negated and row is not None else row


def _both(op: str, left: nodes.Expression, right: nodes.Expression, at: RowPlace) -> Row | None:
    inner = evolve(at, use=f"`{op}`")
    rows = [check_condition(left, inner), check_condition(right, inner)]
    known = tuple(row for row in rows if row is not None)
    return Apply(op, known, FLAG) if len(known) == 2 else None


def check_number(expr: nodes.Expression, at: RowPlace) -> Row | None:
    """A row expression that is a number."""
    row = check_row(expr, at)
    if row is None or row.type.kind == "number":
        return row
    _number_expected(row, expr, at)
    return None


def _number_expected(row: Row, expr: nodes.Expression, at: RowPlace) -> None:
    scope = at.scope
    if row.type.kind == "unknown" and isinstance(row, ColumnRef):
        home = scope.shapes[row.home]
        scope.error(
            "K305",
            f"{at.use} needs a number, and `{row.name}` has no declared type",
            expr.span,
            (home.spans[row.name], "mentioned here only"),
            help=f"`column {written(row.name)} number` (or a unit) under `source {row.home}` declares it",
        )
        return
    labels = []
    if isinstance(row, ColumnRef) and row.name in scope.shapes[row.home].spans:
        labels.append((scope.shapes[row.home].spans[row.name], f"`{row.name}` is declared here"))
    helps = {
        "flag": "`share(rows where condition)` or `count(rows where condition)` counts what holds",
        "identity": "`count distinct(x)` counts identities",
        "day": "`days between(a, b)` is a number of days",
    }
    scope.error(
        "K305",
        f"{at.use} needs a number, and this is {describe(row.type)}",
        expr.span,
        *labels,
        help=helps.get(row.type.kind, "only columns of type number or with a unit are numbers"),
    )


def _negative(operand: nodes.Expression, at: RowPlace) -> Row | None:
    row = check_number(operand, evolve(at, use="`-`"))
    match row:
        case Literal(value=float(value), type=type_):
            return Literal(-value, type_)
        case None:
            return None
        case _:
            return Apply("neg", (row,), row.type)


def _arithmetic(expr: nodes.Binary, at: RowPlace) -> Row | None:
    op = "*" if expr.op == "of" else expr.op
    inner = evolve(at, use=f"`{expr.op}`")
    left, right = check_number(expr.left, inner), check_number(expr.right, inner)
    if left is None or right is None:
        return None
    if op in "+-":
        return _added(op, left, right, expr, at)
    unit, factor = product(left.type.unit, right.type.unit, op)
    if op == "/" and isinstance(right, Literal) and right.value == 0:
        at.scope.error("K316", "the divisor is always zero", expr.right.span)
        return None
    return _scaled(Apply(op, (left, right), Type("number", unit)), factor, unit)


def _scaled(row: Row, factor: float, unit: Unit) -> Row:
    if factor == 1:
        return row if row.type.unit == unit else _with_unit(row, unit)
    if isinstance(row, Literal) and isinstance(row.value, float):
        return Literal(row.value * factor, Type("number", unit))
    return Apply("*", (row, Literal(factor, Type("number"))), Type("number", unit))


def _with_unit(row: Row, unit: Unit) -> Row:
    match row:
        case Apply() | Literal():
            return evolve(row, type=Type("number", unit))
        case ColumnRef():
            return Apply("*", (row, Literal(1.0, Type("number"))), Type("number", unit))


def _added(op: str, left: Row, right: Row, expr: nodes.Binary, at: RowPlace) -> Row | None:
    if _is_zero(right):
        right = Literal(0.0, left.type)
    elif _is_zero(left):
        left = Literal(0.0, right.type)
    a, b = left.type.unit, right.type.unit
    unit = sum_unit(a, b, "+" if op == "+" else "-")
    if unit is None:
        _units_differ("add" if op == "+" else "subtract", a, b, expr.left, expr.right, at)
        return None
    factor = b.factor_to(a)
    assert factor is not None
    return Apply(op, (left, _scaled(right, float(factor), b if factor == 1 else a)), Type("number", unit))


def _is_zero(row: Row) -> bool:
    return isinstance(row, Literal) and row.value == 0 and row.type == Type("number")


def _units_differ(
    verb: str, a: Unit, b: Unit, left: nodes.Expression, right: nodes.Expression, at: RowPlace
) -> None:
    units_differ(at.scope, verb, (a, left), (b, right))


def units_differ(
    scope: Scope, verb: str, a: tuple[Unit, nodes.Expression], b: tuple[Unit, nodes.Expression]
) -> None:
    """Two units that do not meet, both places labelled."""
    labels = [(e.span, f"this is in {u}" if str(u) else "this has no unit") for u, e in (a, b)]
    plain = next((e for u, e in (a, b) if u == ONE and isinstance(e, nodes.Number)), None)
    if plain is not None:
        other = a[0] if plain is b[1] else b[0]
        scope.error(
            "K302",
            f"`{plain.text}` has no unit, and what it meets is in {other}",
            plain.span,
            *labels,
            help=f"`{literal_text(plain, other)}` says the unit",
        )
        return
    words = {"add": "cannot be added", "subtract": "cannot be subtracted", "compare": "cannot be compared"}
    scope.error(
        "K301",
        f"{_in(a[0])} and {_in(b[0])} {words.get(verb, verb)}",
        a[1].span.to(b[1].span),
        *labels,
        help="units have to be the same, or convert into each other as days and weeks do",
    )


def _in(unit: Unit) -> str:
    return str(unit) or "a number without unit"


# -- comparisons ------------------------------------------------------------------------------------------------


def _compared(op: str, left: nodes.Expression, right: nodes.Expression, at: RowPlace) -> Row | None:
    left_bare, right_bare = ungrouped(left), ungrouped(right)
    if isinstance(right_bare, nodes.PeriodText):
        return _dated(op, check_row(left, at), left, right_bare, at)
    if isinstance(left_bare, nodes.PeriodText):
        return _dated(_MIRRORED.get(op, op), check_row(right, at), right, left_bare, at)
    a, b = check_row(left, at), check_row(right, at)
    if a is None or b is None:
        return None
    if a.type.kind in _DATES and (year := _year(right_bare)) is not None:
        return _dated(op, a, left, year, at)
    if b.type.kind in _DATES and (year := _year(left_bare)) is not None:
        return _dated(_MIRRORED.get(op, op), b, right, year, at)
    pair = _alike(a, b, left, right, at)
    return None if pair is None else Apply(op, pair, FLAG)


def _year(expr: nodes.Expression) -> nodes.PeriodText | None:
    """A bare number of four digits beside a day is a year."""
    if isinstance(expr, nodes.Number) and expr.unit is None and len(expr.text) == 4 and expr.text.isdigit():
        return nodes.PeriodText(expr.span, expr.text)
    return None


def ungrouped(expr: nodes.Expression) -> nodes.Expression:
    """The expression without the parentheses around it."""
    while isinstance(expr, nodes.Group):
        expr = expr.inner
    return expr


def _alike(
    a: Row, b: Row, left: nodes.Expression, right: nodes.Expression, at: RowPlace
) -> tuple[Row, Row] | None:
    """Both sides of a comparison in one unit; an error if they cannot be compared."""
    kinds = {a.type.kind, b.type.kind}
    if kinds == {"number"}:
        return _same_unit(a, b, left, right, at)
    if len(kinds) == 1 or "unknown" in kinds or kinds <= set(_DATES):
        return a, b
    if "identity" in kinds and kinds <= {"identity", "text", "number"}:
        return a, b
    helps = {
        frozenset(("number", "text")): "a number is written without quotes, a text with them",
        frozenset(("flag", "text")): "a flag stands alone: `where bounced`, `where not bounced`",
        frozenset(("flag", "number")): "a flag stands alone: `where bounced`, `where not bounced`",
    }
    dates = kinds & set(_DATES)
    text = "a day is written without quotes, as in 2026-03-31" if dates else helps.get(frozenset(kinds))
    at.scope.error(
        "K305",
        f"{describe(a.type)} cannot be compared with {describe(b.type)}",
        left.span.to(right.span),
        (left.span, f"this is {describe(a.type)}"),
        (right.span, f"this is {describe(b.type)}"),
        help=text,
    )
    return None


def _same_unit(
    a: Row, b: Row, left: nodes.Expression, right: nodes.Expression, at: RowPlace
) -> tuple[Row, Row] | None:
    """A plain number takes the unit of what it is compared with, for a column says its unit where it is declared;
    percentages are the exception, where 5 might mean 5% or 500%. Counts of different things compare as counts."""
    u, v = a.type.unit, b.type.unit
    for one, other in ((a, b), (b, a)):
        adopts = isinstance(one, Literal) and one.type.unit == ONE
        if adopts and (other.type.unit.style == "plain" or one.value == 0):  # type: ignore[union-attr]
            return a, b
    factor = v.factor_to(u)
    plain_meets_percent = (u.style == "plain") != (v.style == "plain") and any(
        isinstance(row, Literal) and row.type.unit == ONE for row in (a, b)
    )
    if factor is None and _count(u) and _count(v):
        return a, b
    if factor is None or plain_meets_percent:
        _units_differ("compare", u, v, left, right, at)
        return None
    return a, _scaled(b, float(factor), u) if factor != 1 else b


def _count(unit: Unit) -> bool:
    return len(unit.powers) == 1 and unit.powers[0][1] == 1 and kind(unit.powers[0][0]) == "count"


def _dated(
    op: str, row: Row | None, subject: nodes.Expression, period: nodes.PeriodText, at: RowPlace
) -> Row | None:
    """Only `>=` a first day and `<` the day after a last one are used, which mean the same for days and moments."""
    window = at.scope.period(period)
    if row is None or window is None:
        return None
    if row.type.kind not in (*_DATES, "unknown"):
        at.scope.error(
            "K305",
            f"a period is compared with a day, and this is {describe(row.type)}",
            subject.span,
            (period.span, "a period"),
            help="`column NAME day` or `column NAME moment` declares days",
        )
        return None
    first = Literal(window.start, DAY)
    after = Literal(window.end + timedelta(days=1), DAY)
    within = Apply("and", (Apply(">=", (row, first), FLAG), Apply("<", (row, after), FLAG)), FLAG)
    match op:
        case ">=" | "<":
            return Apply(op, (row, first), FLAG)
        case ">":
            return Apply(">=", (row, after), FLAG)
        case "<=":
            return Apply("<", (row, after), FLAG)
        case "=":
            return within
        case _:
            return Apply("not", (within,), FLAG)


def _one_day(text: nodes.PeriodText, at: RowPlace) -> Row | None:
    window = at.scope.period(text)
    if window is None:
        return None
    if window.days == 1:
        return Literal(window.start, DAY)
    at.scope.error(
        "K318",
        f"`{text.text}` is longer than a day, and {at.use} needs one day",
        text.span,
        help=f"its first day is written {window.start}, its last {window.end}",
    )
    return None


def _is_date(expr: nodes.Expression, at: RowPlace) -> bool:
    """Whether an expression is a day, without a word about errors: the check itself tells them."""
    with at.scope.silent():
        row = check_row(expr, at)
    return row is not None and row.type.kind in _DATES


def _among(subject: nodes.Expression, items: tuple[nodes.Expression, ...], at: RowPlace) -> Row | None:
    if any(
        isinstance(ungrouped(item), nodes.PeriodText)
        or (_year(ungrouped(item)) is not None and _is_date(subject, at))
        for item in items
    ):
        parts = [_compared("=", subject, item, at) for item in items]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        found = known[0]
        for part in known[1:]:
            found = Apply("or", (found, part), FLAG)
        return found
    row = check_row(subject, at)
    values = [check_row(item, at) for item in items]
    if row is None or None in values:
        return None
    fitted: list[Row] = []
    for item, value in zip(items, values, strict=True):
        pair = _alike(row, value, subject, item, at) if value is not None else None
        if pair is None:
            return None
        fitted.append(pair[1])
    return Apply("in", (row, *fitted), FLAG)


def _between(
    subject: nodes.Expression, low: nodes.Expression, high: nodes.Expression, at: RowPlace
) -> Row | None:
    ends_given = (ungrouped(low), ungrouped(high))
    if any(isinstance(end, nodes.PeriodText) or _year(end) is not None and _is_date(subject, at) for end in ends_given):
        ends = _compared(">=", subject, low, at), _compared("<=", subject, high, at)
        return None if ends[0] is None or ends[1] is None else Apply("and", (ends[0], ends[1]), FLAG)
    row, first, last = check_row(subject, at), check_row(low, at), check_row(high, at)
    if row is None or first is None or last is None:
        return None
    a, b = _alike(row, first, subject, low, at), _alike(row, last, subject, high, at)
    if a is None or b is None:
        return None
    match a[1], b[1]:
        case Literal(value=float(x)), Literal(value=float(y)) if x > y:
            at.scope.error(
                "K404",
                f"nothing is between {low.span.text} and {high.span.text}",
                low.span.to(high.span),
                help=f"the smaller comes first: `between {high.span.text} and {low.span.text}`",
            )
            return None
    return Apply("between", (row, a[1], b[1]), FLAG)


# -- when, default and functions --------------------------------------------------------------------------------


def _when(expr: nodes.When, at: RowPlace) -> Row | None:
    conditions = [check_condition(c, evolve(at, use="`when`")) for c, _ in expr.branches]
    written_values = [v for _, v in expr.branches] + ([expr.otherwise] if expr.otherwise else [])
    values = [check_row(v, at) for v in written_values]
    if None in conditions or None in values:
        return None
    first = values[0]
    assert first is not None
    fitted: list[Row] = []
    for value, text in zip(values, written_values, strict=True):
        pair = _branches(first, value, written_values[0], text, at) if value is not None else None
        if pair is None:
            return None
        fitted.append(pair)
    if expr.otherwise is None:
        fitted.append(Literal(None, first.type))
    args: list[Row] = []
    for condition, value in zip(conditions, fitted, strict=False):
        assert condition is not None
        args += [condition, value]
    return Apply("when", (*args, fitted[-1]), first.type)


def _branches(
    first: Row, value: Row, first_text: nodes.Expression, text: nodes.Expression, at: RowPlace
) -> Row | None:
    if first.type == value.type:
        return value
    if first.type.kind == value.type.kind == "number":
        if _is_zero(value):
            return Literal(0.0, first.type)
        factor = value.type.unit.factor_to(first.type.unit)
        if factor is not None:
            return _scaled(value, float(factor), first.type.unit)
        _units_differ(
            "cannot be values of one column", first.type.unit, value.type.unit, first_text, text, at
        )
        return None
    if first.type.kind == value.type.kind or {first.type.kind, value.type.kind} <= {
        "text",
        "identity",
        "unknown",
    }:
        return value
    at.scope.error(
        "K305",
        f"one branch is {describe(first.type)}, another {describe(value.type)}",
        text.span,
        (first_text.span, f"this is {describe(first.type)}"),
        (text.span, f"this is {describe(value.type)}"),
        help="all values of `when` are of one type",
    )
    return None


def _default(subject: nodes.Expression, value: nodes.Number, at: RowPlace) -> Row | None:
    row, number = check_number(subject, evolve(at, use="`default`")), check_row(value, at)
    if row is None or number is None:
        return None
    pair = _alike(row, number, subject, value, at)
    if pair is None:
        return None
    return Apply("when", (Apply("missing", (row,), FLAG), _scaled(pair[1], 1, row.type.unit), row), row.type)


def _call(call: nodes.Call, at: RowPlace) -> Row | None:
    scope, name = at.scope, call.name.text
    function = ROW_FUNCTIONS.get(name)
    if function is None:
        if name in AGGREGATES:
            code, where = (
                ("K309", f"inside {at.use}") if at.use.strip("`") in AGGREGATES else ("K310", f"in {at.use}")
            )
            scope.error(
                code,
                f"`{name}` works on many rows and cannot stand {where}, which looks at one row",
                call.name.span,
                help="a computed column says what one row is worth; one aggregation goes around it",
            )
        elif name in RESULT_FUNCTIONS:
            scope.error(
                "K310",
                f"`{name}` works on results and cannot stand in {at.use}, which looks at one row",
                call.name.span,
                help=f"`{name}` goes around an aggregation or a measure",
            )
        else:
            known = [*ROW_FUNCTIONS]
            scope.error(
                "K207",
                f"there is no function `{name}`",
                call.name.span,
                notes=similar("a function", name, known),
                help=f"functions on a row: {listed(known, 20)}",
            )
        return None
    if call.by is not None:
        scope.error(
            "K311", f"`{name}` takes no `by`", call.by.span, help=f"it is written {function.signature}"
        )
        return None
    inner = evolve(at, use=f"`{name}`")
    args = [check_row(arg, inner) for arg in call.args]
    known_args = [arg for arg in args if arg is not None]
    if len(known_args) < len(args):
        return None
    return row_function(function, call, known_args, scope)


def names_in(expr: nodes.Expression) -> Iterator[nodes.Name]:
    """Every reference in an expression, from the left."""
    match expr:
        case nodes.Name():
            yield expr
        case nodes.Number() | nodes.String() | nodes.PeriodText():
            return
        case nodes.When(branches=branches, otherwise=otherwise):
            for branch in branches:
                for part in branch:
                    yield from names_in(part)
            if otherwise is not None:
                yield from names_in(otherwise)
        case _:
            for part in _parts(expr):
                yield from names_in(part)


def _parts(expr: nodes.Expression) -> tuple[nodes.Expression, ...]:
    match expr:
        case nodes.Call(args=args, by=by):
            return (*args, by) if by is not None else args
        case nodes.Unary(operand=inner) | nodes.Group(inner=inner):
            return (inner,)
        case nodes.Binary(left=left, right=right):
            return left, right
        case nodes.In(subject=subject, items=items):
            return (subject, *items)
        case nodes.Between(subject=subject, low=low, high=high):
            return subject, low, high
        case nodes.Where(subject=subject, condition=condition):
            return subject, condition
        case nodes.Missing(subject=subject) | nodes.Default(subject=subject):
            return (subject,)
        case _:
            return ()


__all__ = [
    "UNKNOWN",
    "Bad",
    "RowPlace",
    "check_condition",
    "check_number",
    "check_row",
    "find_column",
    "names_in",
]
