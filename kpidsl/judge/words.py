"""Numbers, bounds and windows in words, as sentences about verdicts have them."""

from __future__ import annotations

from decimal import Decimal
from math import isclose

from kpidsl.graph import Bound, Cumulative, Kpi, Measured, Tolerance, Trailing
from kpidsl.judge.bounds import Band, Judgement, exact, rounded
from kpidsl.model.periods import Window
from kpidsl.model.units import PERCENT, POINTS, Unit, format_value


def amount_text(value: float | Decimal, unit: Unit) -> str:
    """A number with its unit: `1,234.5 EUR`."""
    return format_value(rounded(value) if isinstance(value, Decimal) else value, unit)


def band_text(band: Band, unit: Unit) -> str:
    """`at least 100 EUR`, `at most 5%`, `between 10 EUR and 20 EUR`."""
    if band.low is not None and band.high is not None:
        return f"between {amount_text(band.low, unit)} and {amount_text(band.high, unit)}"
    if band.low is not None:
        return f"at least {amount_text(band.low, unit)}"
    return f"at most {amount_text(band.high or Decimal(0), unit)}"


def change_text(bound: Bound, amount: float, unit: Unit) -> str:
    """`increase by 20%`; of a percentage an amount is in points."""
    if bound.relative:
        return f"{bound.direction} by {format_value(amount, PERCENT)}"
    return f"{bound.direction} by {format_value(amount, _difference(unit))}"


def _difference(unit: Unit) -> Unit:
    return POINTS if unit.style == "percent" else unit


def over(window: Window, measured: Measured, reached: str | None) -> str:
    """When a value is of: `in 2026-09`, `by 2026-09-14`, `over the last 28 days to 2026-09-14`."""
    match measured:
        case Cumulative():
            return f"by {reached or window.end}"
        case Trailing(count=count, grain=grain):
            return f"over {count} {grain}{'' if count == 1 else 's'} to {window.end}"
        case _:
            return f"in {window}" + (f" up to {reached}" if reached else "")


def share_text(share: Decimal) -> str:
    """A share of time in whole percents, never rounded up to all of it."""
    return f"{int(share * 100)}%"


def distance_text(value: float, reference: Band, unit: Unit) -> str:
    """How far a value is from the bound it is held against: `9.6% above`, `2 points below`."""
    if reference.low is not None and reference.high is not None and reference.holds(value):
        return "within"
    bound = reference.nearest(value)
    apart = exact(value) - bound
    if rounded(apart) == 0 or value == rounded(bound):
        return "just reached" if bound == reference.low else "just kept"
    side = "above" if apart > 0 else "below"
    if unit.style != "plain" or bound <= 0:
        return f"{_short(abs(apart), _difference(unit))} {side}"
    return f"{_short(abs(apart) / bound, PERCENT)} {side}"


def sure_text(level: float, low: float | None, high: float | None, settled: bool, kpi: Kpi) -> str:
    """`; 4.1% to 6.5% with 95% confidence, which does not tell`."""
    sure = f"with {format_value(level, PERCENT)} confidence"
    if low is None or high is None:
        return f"; no interval {sure}: there is too little data for one"
    said = f"; {amount_text(low, kpi.unit)} to {amount_text(high, kpi.unit)} {sure}"
    return said if settled else f"{said}, which leaves it open"


def with_origin(asked: str, origin: str) -> str:
    """A target and what it follows from."""
    return f"{asked}, {origin}" if origin else asked


def no_value(when: str, window: str, cause: str) -> str:
    """`No value in 2026-09: leads is 0`; a cause that names the window says it for both."""
    return f"No value: {cause}" if window in cause else f"No value {when}: {cause}"


def in_short(stale: str) -> str:
    """How old the data is, without what was promised: that is said of the source."""
    return stale.partition("; ")[0].rstrip(".")


def _short(value: Decimal, unit: Unit) -> str:
    return format_value(float(f"{float(value):.3g}"), unit)


def _single(text: str) -> str:
    return "1 point" if text == "1 points" else text


def tolerance_text(
    judgement: Judgement, tolerance: Tolerance, value: float, reference: Band, slack: Band, unit: Unit
) -> str:
    """`within the tolerance of 5% (up to 26.25 EUR)`; nothing for green. A percentage is of the target, which
    is said where something else is expected by now."""
    if judgement == "green":
        return ""
    place = "within" if judgement == "amber" else "beyond"
    wide, bound = reference.widened(slack), reference.nearest(value)
    below = bound == reference.low and wide.low is not None
    edge, way = (wide.low, "down") if below else (wide.high, "up")
    assert edge is not None
    whole = not tolerance.relative or isclose(
        abs(edge - bound), tolerance.amount * abs(float(bound)), rel_tol=1e-9
    )
    of = "" if whole else " of the target"
    return f", {place} the tolerance of {_single(tolerance.text)}{of} ({way} to {amount_text(edge, unit)})"
