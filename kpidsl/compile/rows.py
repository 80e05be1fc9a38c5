"""Expressions over one row: from syntax to typed rows, with every mistake told once.

A part that has an error becomes None; what is built on it becomes None without another word.
"""

from __future__ import annotations

from kpidsl.compile.calls import row_function
from kpidsl.compile.columns import check_name, find_column
from kpidsl.compile.comparisons import DATES, added, alike, alike_branch, dated, one_day, scaled_row, year_of
from kpidsl.compile.scope import RowPlace, listed, period_name, product, similar
from kpidsl.compile.sizes import fits, unit_fits
from kpidsl.compile.walk import ungrouped, written
from kpidsl.compile.words import describe
from kpidsl.model.functions import AGGREGATES, RESULT_FUNCTIONS, ROW_FUNCTIONS
from kpidsl.model.rows import Apply, ColumnRef, Literal, Row
from kpidsl.model.types import FLAG, TEXT, Type
from kpidsl.syntax import nodes

_LOGIC = ("and", "or")
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


def check_row(expr: nodes.Expression, at: RowPlace) -> Row | None:
    """The typed form of an expression over one row; None after an error."""
    if not at.scope.enter(expr.span):
        return None
    row = _row(expr, at)
    at.scope.leave()
    if row is None:
        return None
    row = at.scope.intern(row)
    return row if fits(row, expr.span, at) else None


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
            period = _named_period(expr, at)
            return one_day(period, at) if isinstance(period, nodes.PeriodText) else check_name(expr, at)
        case nodes.Number():
            number = at.scope.number(expr)
            return None if number is None else Literal(number[0], Type("number", number[1]))
        case nodes.String(text=text):
            return Literal(text, TEXT)
        case nodes.PeriodText():
            return one_day(expr, at)
        case nodes.Call():
            return _call(expr, at)
        case nodes.Unary(op="not", operand=operand):
            inner_row = check_condition(operand, at.within("`not`"))
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
        case nodes.Where() if at.parent is not None:
            return at.scope.gather(expr, at)
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


# -- names ---------------------------------------------------------------------------------------------------


# -- operators -----------------------------------------------------------------------------------------------


def _negated(row: Row | None, negated: bool) -> Row | None:
    return Apply("not", (row,), FLAG) if negated and row is not None else row


def _both(op: str, left: nodes.Expression, right: nodes.Expression, at: RowPlace) -> Row | None:
    inner = at.within(f"`{op}`")
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
    row = check_number(operand, at.within("`-`"))
    match row:
        case Literal(value=float(value), type=type_):
            return Literal(-value, type_)
        case None:
            return None
        case _:
            return Apply("neg", (row,), row.type)


def _arithmetic(expr: nodes.Binary, at: RowPlace) -> Row | None:
    op = "*" if expr.op == "of" else expr.op
    inner = at.within(f"`{expr.op}`")
    left, right = check_number(expr.left, inner), check_number(expr.right, inner)
    if left is None or right is None:
        return None
    if op in "+-":
        return added(op, left, right, expr, at)
    unit, factor = product(left.type.unit, right.type.unit, op)
    if op == "/" and isinstance(right, Literal) and right.value == 0:
        at.scope.error(
            "K316", "the divisor is always zero", expr.right.span, help="nothing can be divided by zero"
        )
        return None
    if not unit_fits(unit, expr.span, at.scope):
        return None
    return scaled_row(Apply(op, (left, right), Type("number", unit)), factor, unit)


# -- comparisons ---------------------------------------------------------------------------------------------


def _compared(op: str, left: nodes.Expression, right: nodes.Expression, at: RowPlace) -> Row | None:
    left_bare, right_bare = _named_period(ungrouped(left), at), _named_period(ungrouped(right), at)
    if isinstance(right_bare, nodes.PeriodText):
        return dated(op, check_row(left, at), left, right_bare, at)
    if isinstance(left_bare, nodes.PeriodText):
        return dated(_MIRRORED.get(op, op), check_row(right, at), right, left_bare, at)
    a, b = check_row(left, at), check_row(right, at)
    if a is None or b is None:
        return None
    if a.type.kind in DATES and (year := year_of(right_bare)) is not None:
        return dated(op, a, left, year, at)
    if b.type.kind in DATES and (year := year_of(left_bare)) is not None:
        return dated(_MIRRORED.get(op, op), b, right, year, at)
    pair = alike(a, b, left, right, at)
    return None if pair is None else Apply(op, pair, FLAG)


def _named_period(expr: nodes.Expression, at: RowPlace) -> nodes.Expression:
    """A name that is that of a period, and of no column here, as that period; anything else as it is."""
    text = period_name(expr, at.scope)
    if text is None or find_column(text.text.strip("`"), at) != []:
        return expr
    return text


def _period(expr: nodes.Expression, subject: Row, at: RowPlace) -> nodes.PeriodText | None:
    """What an expression says of days: a period, or a year beside a day."""
    expr = _named_period(ungrouped(expr), at)
    if isinstance(expr, nodes.PeriodText):
        return expr
    return year_of(expr) if subject.type.kind in DATES else None


def _among(subject: nodes.Expression, items: tuple[nodes.Expression, ...], at: RowPlace) -> Row | None:
    row = check_row(subject, at)
    if row is None:
        return None
    within: list[Row | None] = []
    others: list[Row] = []
    for item in items:
        if (period := _period(item, row, at)) is not None:
            within.append(dated("=", row, subject, period, at))
            continue
        value = check_row(item, at)
        pair = alike(row, value, subject, item, at) if value is not None else None
        if pair is None:
            return None
        others.append(pair[1])
    parts = [*within, Apply("in", (row, *others), FLAG)] if others else within
    found: Row | None = None
    for part in parts:
        if part is None:
            return None
        found = part if found is None else Apply("or", (found, part), FLAG)
    return found


def _between(
    subject: nodes.Expression, low: nodes.Expression, high: nodes.Expression, at: RowPlace
) -> Row | None:
    row = check_row(subject, at)
    if row is None:
        return None
    first, last = _period(low, row, at), _period(high, row, at)
    if first is not None and last is not None:
        ends = dated(">=", row, subject, first, at), dated("<=", row, subject, last, at)
        return None if ends[0] is None or ends[1] is None else Apply("and", (ends[0], ends[1]), FLAG)
    a, b = _end(row, subject, low, at), _end(row, subject, high, at)
    if a is None or b is None:
        return None
    match a, b:
        case Literal(value=float(x)), Literal(value=float(y)) if x > y:
            at.scope.error(
                "K404",
                f"nothing is between {low.span.text} and {high.span.text}",
                low.span.to(high.span),
                help=f"the smaller comes first: `between {high.span.text} and {low.span.text}`",
            )
            return None
    return Apply("between", (row, a, b), FLAG)


def _end(row: Row, subject: nodes.Expression, end: nodes.Expression, at: RowPlace) -> Row | None:
    value = check_row(end, at)
    pair = alike(row, value, subject, end, at) if value is not None else None
    return None if pair is None else pair[1]


# -- when, default and functions -----------------------------------------------------------------------------


def _when(expr: nodes.When, at: RowPlace) -> Row | None:
    conditions = [check_condition(c, at.within("`when`")) for c, _ in expr.branches]
    written_values = [v for _, v in expr.branches] + ([expr.otherwise] if expr.otherwise else [])
    values = [check_row(v, at) for v in written_values]
    if None in conditions or None in values:
        return None
    first = values[0]
    assert first is not None
    fitted: list[Row] = []
    for value, text in zip(values, written_values, strict=True):
        pair = alike_branch(first, value, written_values[0], text, at) if value is not None else None
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


def _default(subject: nodes.Expression, value: nodes.Number, at: RowPlace) -> Row | None:
    row, number = check_number(subject, at.within("`default`")), check_row(value, at)
    if row is None or number is None:
        return None
    pair = alike(row, number, subject, value, at)
    if pair is None:
        return None
    return Apply(
        "when", (Apply("missing", (row,), FLAG), scaled_row(pair[1], 1, row.type.unit), row), row.type
    )


def _call(call: nodes.Call, at: RowPlace) -> Row | None:
    scope, name = at.scope, call.name.text
    function = ROW_FUNCTIONS.get(name)
    if function is None:
        if name in AGGREGATES and at.parent is not None:
            return scope.gather(call, at)
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
    inner = at.within(f"`{name}`")
    args = [check_row(arg, inner) for arg in call.args]
    known_args = [arg for arg in args if arg is not None]
    if len(known_args) < len(args):
        return None
    return row_function(function, call, known_args, scope)
