"""What keeps a spec small. A reference costs a word, and what it stands for may use another one twice, and so
on: thirty lines could ask for a thousand million parts."""

from __future__ import annotations

from kpidsl.compile.scope import RowPlace, Scope
from kpidsl.diagnostics import Span
from kpidsl.model.rows import Apply, ColumnRef, Gather, Row
from kpidsl.model.units import Unit

MOST_PARTS = 5_000
"""Of an expression over one row, computed columns put in: SQL shares no parts."""
MOST_AGGREGATES = 2_000
"""Of a formula that is restricted: each condition makes them anew."""
MOST_WORDS = 24
"""Of a unit, each as often as it stands in it."""


def fits(row: Row, span: Span, at: RowPlace) -> bool:
    """Whether an expression over one row is within its limit; an error if not. Its parts are checked
    already."""
    sizes = at.scope.sizes
    size = sizes.get(row)
    if size is None:
        size = sizes[row] = _size(row, at.scope)
    if size <= MOST_PARTS:
        return True
    too_large(
        at.scope,
        f"{at.use} has more than {MOST_PARTS:,} parts here, computed columns put in",
        span,
        "a column of the data can hold what takes so many steps",
    )
    return False


def _size(row: Row, scope: Scope) -> int:
    match row:
        case ColumnRef(home=home, name=name):
            value = scope.shapes[home].values.get(name)
            return 1 if value is None else scope.sizes.get(value, 1)
        case Apply(args=args):
            parts: tuple[Row | None, ...] = args
        case Gather(argument=argument, filter=kept, weight=weight):
            parts = (argument, kept, weight)
        case _:
            return 1
    return 1 + sum(scope.sizes.get(part) or _size(part, scope) for part in parts if part is not None)


def unit_fits(unit: Unit, span: Span, scope: Scope) -> bool:
    """Whether a unit is within its limit; an error if not."""
    if sum(abs(power) for _, power in unit.powers) <= MOST_WORDS:
        return True
    too_large(
        scope,
        f"the unit of this would have more than {MOST_WORDS} words",
        span,
        "a number that was multiplied so often is hardly one that people count in",
    )
    return False


def too_large(scope: Scope, message: str, span: Span, help: str) -> None:
    """Tell K324, once for each definition."""
    if not any(fault.code == "K324" for fault in scope.report):
        scope.error("K324", message, span, help=help)
