"""Values that meet in a row: sums, comparisons and branches need one type and one unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from attrs import evolve

from kpidsl.compile.scope import RowPlace, Scope
from kpidsl.compile.words import describe, literal_text
from kpidsl.model.periods import Window
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row
from kpidsl.model.types import DAY, FLAG, Type
from kpidsl.model.units import ONE, Unit, kind, sum_unit
from kpidsl.syntax import nodes

DATES = ("day", "moment", "time")


def scaled_row(row: Row, factor: float, unit: Unit) -> Row:
    if factor == 1:
        return row if row.type.unit == unit else _with_unit(row, unit)
    if isinstance(row, Literal) and isinstance(row.value, float):
        return Literal(row.value * factor, Type("number", unit))
    return Apply("*", (row, Literal(factor, Type("number"))), Type("number", unit))


def _with_unit(row: Row, unit: Unit) -> Row:
    match row:
        case Apply() | Literal():
            return evolve(row, type=Type("number", unit))
        case ColumnRef() | Gather():
            return Apply("*", (row, Literal(1.0, Type("number"))), Type("number", unit))


def added(op: str, left: Row, right: Row, expr: nodes.Binary, at: RowPlace) -> Row | None:
    if is_zero(right):
        right = Literal(0.0, left.type)
    elif is_zero(left):
        left = Literal(0.0, right.type)
    a, b = left.type.unit, right.type.unit
    unit = sum_unit(a, b, "+" if op == "+" else "-")
    if unit is None:
        units_differ(at.scope, "add" if op == "+" else "subtract", (a, expr.left), (b, expr.right))
        return None
    factor = b.factor_to(a)
    assert factor is not None
    return Apply(op, (left, scaled_row(right, float(factor), b if factor == 1 else a)), Type("number", unit))


def is_zero(row: Row) -> bool:
    return isinstance(row, Literal) and row.value == 0 and row.type == Type("number")


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


def alike(
    a: Row, b: Row, left: nodes.Expression, right: nodes.Expression, at: RowPlace
) -> tuple[Row, Row] | None:
    """Both sides of a comparison in one unit; an error if they cannot be compared."""
    kinds = {a.type.kind, b.type.kind}
    if kinds == {"number"}:
        return _same_unit(a, b, left, right, at)
    if len(kinds) == 1 or "unknown" in kinds or kinds <= set(DATES):
        return a, b
    if "identity" in kinds and kinds <= {"identity", "text", "number"}:
        return a, b
    helps = {
        frozenset(("number", "text")): "a number is written without quotes, a text with them",
        frozenset(("flag", "text")): "a flag stands alone: `where bounced`, `where not bounced`",
        frozenset(("flag", "number")): "a flag stands alone: `where bounced`, `where not bounced`",
    }
    dates = kinds & set(DATES)
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
    """Both sides in one unit.

    A plain number takes the unit of what it is compared with: that of a column is said at its declaration.
    Percentages are the exception: 5 might mean 5% or 500%. Counts of different things compare as counts.
    """
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
        units_differ(at.scope, "compare", (u, left), (v, right))
        return None
    return a, scaled_row(b, float(factor), u) if factor != 1 else b


def _count(unit: Unit) -> bool:
    return len(unit.powers) == 1 and unit.powers[0][1] == 1 and kind(unit.powers[0][0]) == "count"


def dated(
    op: str, row: Row | None, subject: nodes.Expression, period: nodes.PeriodText, at: RowPlace
) -> Row | None:
    """Only `>=` a first day and `<` the day after a last one are used, which mean the same for days and
    moments.
    """
    windows = at.scope.occurrences(period) if op in ("=", "!=") else _only(at.scope.period(period))
    if row is None or windows is None:
        return None
    if row.type.kind not in (*DATES, "unknown"):
        at.scope.error(
            "K305",
            f"a period is compared with a day, and this is {describe(row.type)}",
            subject.span,
            (period.span, "a period"),
            help="`column NAME day` or `column NAME moment` declares days",
        )
        return None
    ends = [(Literal(w.start, DAY), Literal(w.end + timedelta(days=1), DAY)) for w in windows]
    first, after = ends[0]
    each = [
        Apply("and", (Apply(">=", (row, start), FLAG), Apply("<", (row, end), FLAG)), FLAG)
        for start, end in ends
    ]
    within = balanced("or", each)
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


def _only(window: Window | None) -> tuple[Window, ...] | None:
    return None if window is None else (window,)


def balanced(op: str, parts: Sequence[Apply]) -> Apply:
    """Conditions joined as a tree, so that many of them are not nested deep."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return Apply(op, (balanced(op, parts[:half]), balanced(op, parts[half:])), FLAG)


def year_of(expr: nodes.Expression) -> nodes.PeriodText | None:
    """A bare number of four digits beside a day is a year."""
    if isinstance(expr, nodes.Number) and expr.unit is None and len(expr.text) == 4 and expr.text.isdigit():
        return nodes.PeriodText(expr.span, expr.text)
    return None


def one_day(text: nodes.PeriodText, at: RowPlace) -> Row | None:
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


def alike_branch(
    first: Row, value: Row, first_text: nodes.Expression, text: nodes.Expression, at: RowPlace
) -> Row | None:
    if first.type == value.type:
        return value
    if first.type.kind == value.type.kind == "number":
        if is_zero(value):
            return Literal(0.0, first.type)
        factor = value.type.unit.factor_to(first.type.unit)
        if factor is not None:
            return scaled_row(value, float(factor), first.type.unit)
        units_differ(
            at.scope,
            "cannot be values of one column",
            (first.type.unit, first_text),
            (value.type.unit, text),
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
