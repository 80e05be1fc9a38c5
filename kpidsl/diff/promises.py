"""What a KPI says, as facts."""

from __future__ import annotations

from collections.abc import Iterable

from kpidsl.diff.changes import Category
from kpidsl.diff.facts import Fact, Facts, View, amount, day, text, word
from kpidsl.graph import (
    About,
    Bound,
    Constant,
    Cumulative,
    Every,
    Kpi,
    Measured,
    Promise,
    Tolerance,
    Trailing,
)
from kpidsl.model.periods import Window
from kpidsl.model.units import PERCENT, Unit, format_value
from kpidsl.render import words

VALUE, TARGET, DOC = Category.VALUE, Category.TARGET, Category.DOC


def facts(kpi: Kpi, view: View) -> Facts:
    """All that a KPI says."""
    meaning, promise = view.meaning, kpi.promise
    found: Facts = {
        "formula": Fact(meaning.node(kpi.formula), words.formula(kpi.formula, view.leaf), VALUE, kpi.formula),
        "unit": Fact(str(kpi.unit), str(kpi.unit) or "none", VALUE, kpi.unit),
        "measured": Fact(meaning.measured(promise.measured), measured(promise.measured), VALUE),
    }
    for dimension in kpi.dimensions:
        found[f"split by {dimension.name}"] = Fact(meaning.dimension(dimension), dimension.name, VALUE)
    found |= _bounds(kpi, view)
    found |= day(promise.start, "start", TARGET) | day(promise.deadline, "deadline", TARGET)
    found |= _pace(promise, view) | _baseline(promise, kpi.unit, view) | _certainty(promise, view)
    if kpi.about.draft:
        found["draft"] = Fact("draft", "draft", TARGET)
    return found | text(kpi.title, "title") | _about(kpi.about)


def measured(value: Measured) -> str:
    """As it is written behind `measured`."""
    match value:
        case Every(grain=grain):
            return f"every {grain}"
        case Cumulative():
            return "cumulatively"
        case Trailing(count=count, grain=grain):
            return f"over the last {count} {grain}{'' if count == 1 else 's'}"


def bound(value: Bound, unit: Unit, view: View) -> str:
    """`at least 100 leads`, `between 38% and 50%`, `increase by 2 points`."""
    first = amount(value.value, words.change_unit(value, unit), view)
    match value.direction:
        case "between":
            last = amount(value.high, unit, view) if value.high is not None else ""
            return f"between {first} and {last}"
        case "increase" | "decrease":
            return f"{value.direction} by {first}"
        case direction:
            return f"{direction} {first}"


def _bounds(kpi: Kpi, view: View) -> Facts:
    """Targets and tolerances: of the whole, by a day, in a period and of a slice."""
    promise = kpi.promise
    found: Facts = {}

    def add(aspect: str, value: Bound | None, days: str = "") -> None:
        if value is not None:
            meant = f"{view.meaning.bound(value)}{days}"
            found[aspect] = Fact(meant, bound(value, kpi.unit, view), TARGET, value)

    def allow(aspect: str, value: Tolerance | None) -> None:
        if value is not None:
            meant = f"{value.amount!r}{' relatively' if value.relative else ''}"
            found[aspect] = Fact(meant, value.text, TARGET, value)

    add("target", promise.bound)
    for by, value in promise.milestones:
        add(f"target by {by}", value)
    for window, value in promise.levels:
        add(f"target in {window}", value, f" in {window.start} to {window.end}")
    allow("tolerance", promise.tolerance)
    for part in kpi.slices:
        add(f"target of {part.value}", part.bound)
        allow(f"tolerance of {part.value}", part.tolerance)
    return found


def _pace(promise: Promise, view: View) -> Facts:
    meant = " ".join([view.meaning.pace(promise), *(f"{share!r} by {by}" for by, share in promise.shares)])
    if not meant.strip():
        return {}
    shares = (f"{format_value(share, PERCENT)} by {by}" for by, share in promise.shares)
    return {"pace": Fact(meant, ", ".join(shares) or str(promise.pace), TARGET)}


def _baseline(promise: Promise, unit: Unit, view: View) -> Facts:
    baseline = promise.baseline
    match baseline:
        case None:
            return {}
        case str() | Window():
            said = str(baseline)
        case Constant():
            said = amount(baseline, unit, view)
        case _:
            said = view.formula(baseline)
    return {"baseline": Fact(view.meaning.baseline(baseline), said, TARGET)}


def _certainty(promise: Promise, view: View) -> Facts:
    found: Facts = {}
    if promise.confident is not None:
        said = format_value(promise.confident, PERCENT)
        found["confidence"] = Fact(repr(promise.confident), said, TARGET, promise.confident)
    if promise.forecast is not None:
        said = format_value(promise.forecast, PERCENT)
        # it never changes a word: nobody has to be asked
        found["projection"] = Fact(repr(promise.forecast), f"forecast at {said}", TARGET, weighs=False)
    sample = promise.sample
    if sample is not None and sample.least:
        counted = " ".join(map(view.meaning.node, sample.nodes))
        said = f"at least {format_value(sample.least, sample.unit)}"
        found["sample"] = Fact(f"{sample.least!r} of {counted}", said, TARGET)
    return found


def _about(about: About) -> Facts:
    found: Facts = {}
    for aspect in ("description", "owner", "because"):
        found |= text(getattr(about, aspect), aspect)
    for aspect in ("stage", "role", "review"):
        found |= word(getattr(about, aspect), aspect, DOC)
    found |= _several("stakeholders", about.stakeholders)
    for language, said in about.labels:
        found |= text(said, f"label {language}")
    if about.deprecated:
        until = f" until {about.deprecated_until}" if about.deprecated_until else ""
        use = f", replaced by {about.deprecated_use}" if about.deprecated_use else ""
        found["deprecated"] = Fact(f"deprecated{until}{use}", f"deprecated{until}{use}", DOC)
    return found


def _several(aspect: str, values: Iterable[str]) -> Facts:
    said = ", ".join(f'"{value}"' for value in values)
    return {aspect: Fact(said, said, DOC)} if said else {}


def judged(kpi: Kpi) -> bool:
    """Whether it promises anything."""
    return bool(kpi.promise.bounds or kpi.slices)
