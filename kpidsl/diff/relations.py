"""What a source says, as facts."""

from __future__ import annotations

import os
from pathlib import Path

from attrs import frozen

from kpidsl.diff.changes import Category, Direction
from kpidsl.diff.checks import Check, check, narrower
from kpidsl.diff.directions import together
from kpidsl.diff.facts import Fact, Facts, View, text, word
from kpidsl.model.periods import GRAINS
from kpidsl.model.sources import ColumnSpec, Consequence, Files, Grouped, Link, SourceSpec, Table, Volume
from kpidsl.model.types import Type
from kpidsl.render import words

VALUE, TARGET = Category.VALUE, Category.TARGET
_OPTIONS = {
    "separator": "separated by",
    "decimal": "decimal",
    "thousands": "thousands",
    "dates": "dates",
    "encoding": "encoding",
    "sheet": "sheet",
    "table": "table",
}


@frozen
class Kept:
    """A promise of a source: how much it asks for, more being harder, and what follows where it is broken."""

    least: float = 0.0
    most: float = 0.0
    otherwise: Consequence = "warn"
    grain: str = ""
    """What it is asked of; what is asked of different periods is not compared."""
    check: Check | None = None


def facts(source: SourceSpec, view: View) -> Facts:
    """All that a source says."""
    found = _rows(source, view)
    for column in source.columns:
        found |= _column(column, view)
    found |= word(source.time, "time", VALUE) | word(source.channel, "channel", VALUE)
    found |= word(source.thing, "row", VALUE)
    for link in source.links:
        found |= _link(link, view)
    return found | _promises(source, view) | text(source.title, "title")


def direction(old: Fact | None, new: Fact | None) -> Direction | None:
    """How a promise of a source is moved."""
    if not isinstance((old or new or _NONE).value, Kept):
        return None
    if old is None or new is None:
        return "tightened" if old is None else "loosened"
    first, last = old.value, new.value
    if not isinstance(first, Kept) or not isinstance(last, Kept):
        return None
    stale = (last.otherwise == "stale") - (first.otherwise == "stale")
    if first.grain != last.grain:
        return None
    ends: tuple[int, int] | None = (0, 0)
    if first.check and last.check and first.check != last.check:
        ends = narrower(first.check.passes, last.check.passes)
    if ends is None:
        return None
    return together(_more(last.least, first.least), _more(first.most, last.most), stale, *ends)


def _more(one: float, other: float) -> int:
    return (one > other) - (one < other)


_NONE = Fact("", "", TARGET)


def _rows(source: SourceSpec, view: View) -> Facts:
    match source.origin:
        case Files() as origin:
            place = Path(os.path.relpath(Path(origin.folder, origin.pattern), view.base)).as_posix()
            found = {"rows": Fact(f"file {place}", f'"{place}"', VALUE)}
            for option, aspect in _OPTIONS.items():
                value = getattr(origin, option)
                found |= word(value, aspect, VALUE, None if value is None else f'"{value}"')
            missing = ", ".join(f'"{each}"' for each in sorted(origin.missing))
            return found | word(missing or None, "missing", VALUE)
        case Table(name=name, connection=connection):
            said = f'table "{name}"' + (f" in {connection}" if connection else "")
            return {"rows": Fact(said, said, VALUE)}
        case Grouped(source=below, keys=keys):
            meant = " ".join(f"{key}={view.meaning.row(ref)}" for key, ref in keys)
            said = f"{below} by {', '.join(key for key, _ in keys)}"
            return {"rows": Fact(f"{view.meaning.source(below)} by {meant}", said, VALUE)}


def _column(column: ColumnSpec, view: View) -> Facts:
    """A computed column weighs nothing of itself: that of the KPIs that rest on it does."""
    type_ = _type(column.type)
    if column.value is None:
        return {f"column {column.name}": Fact(type_, type_, VALUE)}
    meant = f"{type_} = {view.meaning.row(column.value)}"
    said = f"= {words.row(column.value)}"
    return {f"column {column.name}": Fact(meant, said, VALUE, weighs=False)}


def _type(value: Type) -> str:
    match value.kind:
        case "number":
            return str(value.unit) or "number"
        case "identity":
            return f"id of {value.thing}"
        case "unknown" | "time":
            return "of any type"
        case kind:
            return kind


def _link(link: Link, view: View) -> Facts:
    target = view.sources.get(link.target, link.target)
    said = link.column if link.column == link.far else f"{link.column} = {link.far}"
    return {f"belonging to {target}": Fact(f"{link.column}={link.far}", f"by {said}", VALUE)}


def _promises(source: SourceSpec, view: View) -> Facts:
    found: Facts = {}

    def add(aspect: str, meant: str, said: str, kept: Kept) -> None:
        suffix = f" else {kept.otherwise}"
        found[aspect] = Fact(f"{meant}{suffix}", f"{said}{suffix}", TARGET, kept)

    otherwise = source.otherwise
    if source.fresh_days is not None:
        days = source.fresh_days
        said = f"within {days} day{'' if days == 1 else 's'}"
        add("fresh", str(days), said, Kept(most=days, otherwise=otherwise.fresh))
    if source.complete is not None:
        add(
            "complete",
            source.complete,
            f"every {source.complete}",
            # where every day has a row, every week has one
            Kept(most=GRAINS.index(source.complete), otherwise=otherwise.complete),
        )
    if source.key:
        add("key", " ".join(sorted(source.key)), ", ".join(source.key), Kept(otherwise=otherwise.key))
    if source.volume is not None:
        add("volume", repr(source.volume), str(source.volume), _volume(source.volume, otherwise.volume))
    checks = source.checks[: len(source.checks) - len(source.scales)]
    for row, consequence in zip(checks, otherwise.checks, strict=False):
        asked = check(row)
        kept = Kept(otherwise=consequence, check=asked)
        add(f"check {asked.said}", view.meaning.row(row), asked.said, kept)
    for scale in source.scales:
        said = words.row(scale)
        found[f"scale {said}"] = Fact(view.meaning.row(scale), said, VALUE)
    return found


def _volume(volume: Volume, otherwise: Consequence) -> Kept:
    least = volume.low if volume.low is not None else float("-inf")
    most = volume.high if volume.high is not None else float("inf")
    return Kept(least, most, otherwise, volume.grain)
