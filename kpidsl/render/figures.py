"""Numbers, lights and small pictures, in the way every output shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kpidsl.model.units import ONE, Unit, format_value
from kpidsl.render.cells import Screen, clean

if TYPE_CHECKING:
    from kpidsl.results import Judged, Light, ObjectiveVerdict, Places, Point, Verdict

SIGNS: dict[Light, str] = {"green": "●", "amber": "▲", "red": "■", "grey": "○", "none": "·"}
PLAIN_SIGNS: dict[Light, str] = {"green": "+", "amber": "!", "red": "x", "grey": "?", "none": "."}
STYLES: dict[Light, str] = {"green": "green", "amber": "yellow", "red": "red", "grey": "dim", "none": "dim"}
LIGHTS: tuple[Light, ...] = ("red", "amber", "green", "grey", "none")
"""From what needs attention to what does not."""

_BARS = "▁▂▃▄▅▆▇█"
_GAP = "·"
TREND = 12
"""The most windows that a sparkline shows."""


def style(verdict: Verdict | ObjectiveVerdict) -> str:
    """The style of a light; what failed is grey, and still should be seen."""
    return "bold" if verdict.word == "failed" else STYLES[verdict.light]


def sign(light: Light, screen: Screen) -> str:
    """The sign of a light: each has its own shape, so that it is read without colour."""
    return (SIGNS if screen.unicode else PLAIN_SIGNS)[light]


def amount(value: float | None, unit: str) -> str:
    """A value with its unit: `25.47 EUR per lead`; a dash where there is none."""
    return "-" if value is None else format_value(value, Unit.parse(unit))


def number(value: float | None, unit: str) -> str:
    """A value without the words of its unit, for a column beside one that has them: `25.47`, `4.2%`."""
    if value is None:
        return "-"
    parsed = Unit.parse(unit)
    return format_value(value, parsed if parsed.dimensionless else ONE)


def percent(value: float | None) -> str:
    """A fraction as a whole percentage; one decimal where rounding would hide which side of 100% it is on."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{'>' if value > 0 else '<-'}9,999%"
    whole = f"{value * 100:.0f}%"
    return f"{value * 100:.1f}%" if whole in ("100%", "0%") and abs(value - round(value)) > 1e-9 else whole


def seconds(count: float) -> str:
    """A time for a column: milliseconds where they matter."""
    return f"{count:.3f}" if count < 100 else f"{count:,.0f}"


def period(v: Verdict) -> str:
    """The period of a verdict; of a window that is none, the day that it reaches to, without its year."""
    if v.window is None:
        return ""
    return v.window.label if v.window.regular else f"to {v.window.end:%m-%d}"


def compact(value: float | None, unit: str) -> str:
    """A value for a narrow column: `25.47 EUR/lead`; nothing where there is none."""
    return "" if value is None else amount(value, unit).replace(" per ", "/")


def at_a_glance(verdict: Verdict, screen: Screen) -> str:
    """The target for a narrow column: `≤ 18`, `38% to 50%`; in words where the screen lacks the signs."""
    text = target(verdict)
    if screen.unicode and (verdict.target_low is None) != (verdict.target_high is None):
        return text.replace("at least", "≥", 1).replace("at most", "≤", 1)
    return text


def bounds(low: float | None, high: float | None, unit: str) -> str:
    """What a promise asks for, in numbers: `at least 38%`, `at most 25`, `120 to 260`."""
    if low is not None and high is not None:
        return f"{number(low, unit)} to {number(high, unit)}"
    if low is not None:
        return f"at least {number(low, unit)}"
    return f"at most {number(high, unit)}" if high is not None else ""


def target(verdict: Verdict) -> str:
    """The target in numbers, else in the words of the spec."""
    return bounds(verdict.target_low, verdict.target_high, verdict.unit) or clean(verdict.target or "")


def by_now(verdict: Verdict) -> str:
    """What is expected by now, where that is not the target itself."""
    reference = (verdict.reference_low, verdict.reference_high)
    if reference == (verdict.target_low, verdict.target_high):
        return ""
    low, high = reference
    if low is not None and high is not None:
        return f"{number(low, verdict.unit)} to {number(high, verdict.unit)}"
    found = low if low is not None else high
    return "" if found is None else number(found, verdict.unit)


def slice_name(verdict: Verdict) -> str:
    """`google`, `google · FR`; `no channel` for rows without a value."""
    return " · ".join(
        clean(value) if value is not None else f"no {clean(name)}" for name, value in verdict.slice
    )


def trends(judged: Judged, which: Places) -> list[list[Point]]:
    """The last windows of the total, and of some slices."""
    if judged.crowd is None:
        return [[]]
    return judged.crowd.trends(np.append(-1, which), TREND)


def bars(shown: Sequence[Point]) -> list[tuple[str, Light]]:
    """A bar for each window and its light; the lowest bar is the least value."""
    values = [point.value for point in shown if point.value is not None]
    if len(values) < 2:
        return []
    low, high = min(values), max(values)
    step = (high - low) / (len(_BARS) - 1)
    return [
        (_GAP if v.value is None else _BARS[round((v.value - low) / step) if step else 3], v.light)
        for v in shown
    ]


def trend(history: Sequence[Point], screen: Screen) -> str:
    """The bars in the colours of their lights; nothing on a screen that lacks the signs."""
    if not screen.unicode:
        return ""
    return "".join(screen.paint(bar, STYLES[light]) for bar, light in bars(history))
