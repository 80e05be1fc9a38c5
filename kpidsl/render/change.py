"""Why a number moved, in words: the sentence, and two tables of who accounts for how much."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from kpidsl.graph import Aggregate, Node
from kpidsl.model.rows import ColumnRef
from kpidsl.model.units import POINTS, Unit, format_value, kind, plurals
from kpidsl.render import words
from kpidsl.render.cells import Screen, clean, clip, pad, width, wrap

if TYPE_CHECKING:
    from kpidsl.change import Change, SliceChanges
    from kpidsl.effects import Part

SHOWN = 20
"""Slices in a table for people, the largest effects first."""
_TOLD = 3
"""Slices in the sentence."""
_BAR = 10
"""Cells of a bar to each side."""
_NAME_LEAST, _NAME_MOST = 16, 44
_GAP = "  "

# -- words -----------------------------------------------------------------------------------------


class Wording:
    """How the parts of a change are called, and its numbers written: all with the same decimals."""

    def __init__(self, change: Change) -> None:
        self.change = change
        own = change.kpi.formula
        self.leaf = words.names({name: node for name, node in change.named.items() if node != own})
        self.unit = POINTS if change.kpi.unit.style == "percent" else change.kpi.unit
        self.digits = _digits(change, 1 if self.unit.style == "plain" else 100)

    def name(self, node: Node) -> str:
        """A part by its name or formula."""
        return clean(words.formula(node, self.leaf, top=False))

    def effect(self, value: float) -> str:
        """A change with its sign and without a unit; a zero has none."""
        if math.isnan(value):
            return "-"
        shown = format_value(value, Unit() if self.unit.style == "plain" else self.unit, digits=self.digits)
        number = shown.split(" ")[0]
        return f"+{number}" if value > 0 and number.strip("0.,") else number

    def amount(self, value: float) -> str:
        """A change without a sign, with its unit."""
        return format_value(abs(value), self.unit)

    def number(self, value: float, unit: Unit) -> str:
        """A value with its unit, a dash for none."""
        return "-" if math.isnan(value) else format_value(value, unit).replace(" per ", "/")

    def bare(self, value: float) -> str:
        """A value of the whole or of a slice, without the words of its unit."""
        unit = self.change.kpi.unit
        return "-" if math.isnan(value) else format_value(value, unit if unit.dimensionless else Unit())

    def cause(self, part: Part) -> str:
        """`higher spend`, `fewer leads`."""
        if part.method == "rounding":
            return "rounding"
        name, unit = self._short(part.node)
        counted = len(unit.powers) == 1 and unit.powers[0][1] == 1 and kind(unit.powers[0][0]) == "count"
        if part.change > 0:
            return f"{'more' if counted else 'higher'} {name}"
        return f"{'fewer' if counted else 'lower'} {name}"

    def _short(self, node: Node) -> tuple[str, Unit]:
        """What is summed or counted, in place of `sum(ads.spend)`, where nothing else is said there."""
        match node:
            case _ if self.leaf(node) is not None:
                return self.name(node), node.unit
            case Aggregate(function="sum", argument=ColumnRef(name=name), filter=None):
                return clean(words.quoted(name)), node.unit
            case Aggregate(function="count", argument=None, filter=None, unit=unit) if len(unit.powers) == 1:
                return plurals(unit.powers[0][0])[0], unit
            case _:
                return self.name(node), node.unit

    def ratio(self, before: float, after: float) -> str:
        """A relative change, where it has a meaning."""
        if not before > 0 or not math.isfinite(after):
            return ""
        change = after / before - 1
        if abs(change) >= 100:
            return ">+9,999%"
        shown = f"{change * 100:+.1f}%"
        return "0%" if shown in ("+0.0%", "-0.0%") else shown


def _digits(change: Change, scale: int) -> int:
    """Decimals that give the change and the largest effect three digits; none where all are whole numbers."""
    effects = [part.effect * scale for part, _ in change.tree.walk()]
    if change.slices is not None and change.slices.effect is not None:
        effects += (change.slices.effect[change.slices.order()[:SHOWN]] * scale).tolist()
    if all(effect == round(effect) for effect in effects):
        return 0
    least = 2 - math.floor(math.log10(max(map(abs, effects))))
    moved = abs(change.tree.effect) * scale
    wanted = 2 - math.floor(math.log10(moved)) if moved else least
    return max(0, least, min(wanted, least + 2))


def relative(change: Change) -> str:
    """Of the whole, behind its amount: ` (+10.4%)`; nothing of a percentage, whose change is in points."""
    found = Wording(change).ratio(change.before, change.after)
    return f" ({found})" if found and change.kpi.unit.style == "plain" else ""


def sentence(change: Change) -> str:
    """`Cost per lead rose by 4.1 EUR per lead, from 22 in 2026-05 to 26.1 in 2026-06: +6.20
    from higher spend, -2.10 from more leads; by channel: meta +3.90, google +0.20.`"""
    said = _headline(change)
    if causes := ", ".join(_causes(change)):
        said += f": {causes}"
    if slices := ", ".join(_slices(change)):
        assert change.slices is not None
        said += f"; by {' and '.join(map(clean, change.slices.dimensions))}: {slices}"
    return f"{said}."


def _headline(change: Change) -> str:
    wording, kpi = Wording(change), change.kpi
    first, last = change.windows
    moved = change.after - change.before
    ends = (
        f"from {format_value(change.before, kpi.unit)} in {first.label}"
        f" to {format_value(change.after, kpi.unit)} in {last.label}"
    )
    if abs(moved) <= 1e-12 * max(abs(change.before), abs(change.after)):
        return f"{clean(kpi.label)} did not move, {ends}"
    verb = "rose" if moved > 0 else "fell"
    return f"{clean(kpi.label)} {verb} by {wording.amount(moved)}{relative(change)}, {ends}"


def _causes(change: Change) -> Iterator[str]:
    """What the parts account for that moved it, the largest first; the same part twice is told once."""
    wording = Wording(change)
    alike: dict[object, list[Part]] = {}
    for part in change.tree.parts:
        alike.setdefault((part.node, part.method == "rounding"), []).append(part)
    summed = [(math.fsum(p.effect for p in parts), parts[0]) for parts in alike.values()]
    for effect, part in sorted(summed, key=lambda found: -abs(found[0])):
        if _shows(wording.effect(effect)):
            yield f"{wording.effect(effect)} from {wording.cause(part)}"


def _shows(number: str) -> bool:
    return bool(number.strip("+-0."))


def _slices(change: Change) -> Iterator[str]:
    slices, wording = change.slices, Wording(change)
    if slices is None or slices.effect is None:
        return
    order = [n for n in slices.order() if _shows(wording.effect(slices.effect[n]))]
    for n in order[:_TOLD]:
        said = f"{slice_name(slices, n)} {wording.effect(slices.effect[n])}"
        if slices.ratio is not None and not math.isnan(slices.ratio.rate[n]):
            rate, mix = wording.effect(slices.ratio.rate[n]), wording.effect(slices.ratio.mix[n])
            said += f" (rate {rate}, mix {mix})"
        yield said
    if len(order) > _TOLD:
        rest = math.fsum(slices.effect[n] for n in order[_TOLD:])
        yield f"{len(order) - _TOLD:,} more {wording.effect(rest)}"


def slice_name(slices: SliceChanges, n: int) -> str:
    """`google · FR`; `no channel` for rows without a value."""
    pairs = zip(slices.dimensions, slices.keys[n], strict=True)
    return " · ".join(clean(value) if value is not None else f"no {clean(name)}" for name, value in pairs)


# -- tables ----------------------------------------------------------------------------------------


@frozen
class Row:
    """A line of a table: cells, of which the first is a name, and the effect that its bar shows."""

    cells: tuple[str, ...]
    effect: float = math.nan
    total: bool = False


@frozen
class Table:
    """Heads and rows; `dropped` are columns in the order in which a narrow screen does without them."""

    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    dropped: tuple[int, ...]


def factors(change: Change) -> Table:
    """A row for each part of the formula, those below it indented, and the whole."""
    wording = Wording(change)
    first, last = (window.label for window in change.windows)
    rows = []
    for part, depth in change.tree.walk(-1):
        if depth >= 0:
            rounding = part.method == "rounding"
            name = "rounding" if rounding else wording.name(part.node)
            ends = [wording.number(v, part.node.unit) for v in (part.before, part.after)]
            moved = "" if rounding else wording.ratio(part.before, part.after)
            rows.append(Row(("  " * depth + name, *ends, moved, wording.effect(part.effect)), part.effect))
    kpi, tree = change.kpi, change.tree
    ends = [wording.number(v, kpi.unit) for v in (tree.before, tree.after)]
    moved = wording.ratio(tree.before, tree.after) if kpi.unit.style == "plain" else ""
    rows.append(Row((clean(kpi.label), *ends, moved, wording.effect(tree.effect)), total=True))
    return Table(("factor", first, last, "change", _effect(wording)), tuple(rows), (3, 1, 2))


def _effect(wording: Wording) -> str:
    return "effect, points" if wording.unit.style == "points" else "effect"


def by_slice(change: Change, slices: SliceChanges, top: int | None = SHOWN) -> Table:
    """A row for each slice, the largest effects first; of a ratio with those of rate and mix."""
    wording = Wording(change)
    order = slices.order()
    shown = order if top is None else order[:top]
    ratio, effect = slices.ratio, slices.effect
    rows = []
    for n in shown:
        ends = (wording.bare(float(slices.before[n])), wording.bare(float(slices.after[n])))
        middle = (
            ()
            if ratio is None
            else (
                _moved_share(ratio.share_before[n], ratio.share_after[n]),
                wording.effect(ratio.rate[n]),
                wording.effect(ratio.mix[n]),
            )
        )
        own = math.nan if effect is None else float(effect[n])
        rows.append(Row((slice_name(slices, n), *ends, *middle, wording.effect(own)), own))
    if len(order) > len(shown):
        rows.append(_more(slices, order[len(shown) :], wording))
    ends = (wording.bare(change.before), wording.bare(change.after))
    if slices.rest:
        blank = ("",) * (2 if ratio is None else 5)
        rows.append(Row(("not by slice", *blank, wording.effect(slices.rest)), slices.rest))
    sums = (
        () if ratio is None else ("", *(wording.effect(float(np.nansum(e))) for e in (ratio.rate, ratio.mix)))
    )
    rows.append(Row(("total", *ends, *sums, wording.effect(change.after - change.before)), total=True))
    first, last = (window.label for window in change.windows)
    heads = [" and ".join(map(clean, slices.dimensions)), first, last]
    heads += ["share", "rate", "mix"] if ratio is not None else []
    return Table((*heads, _effect(wording)), tuple(rows), (3, 1, 2) if ratio is not None else (1, 2))


def _more(slices: SliceChanges, places: list[int], wording: Wording) -> Row:
    """What is left out, as a sum."""

    def summed(values: NDArray[np.float64] | None) -> float:
        return math.nan if values is None else float(np.nansum(values[places]))

    ratio, effect = slices.ratio, summed(slices.effect)
    middle = () if ratio is None else ("", *(wording.effect(summed(e)) for e in (ratio.rate, ratio.mix)))
    return Row((f"{len(places):,} more", "", "", *middle, wording.effect(effect)), effect)


def _moved_share(before: float, after: float) -> str:
    return f"{before * 100:.0f}% to {after * 100:.0f}%"


# -- text ------------------------------------------------------------------------------------------


def render(change: Change, screen: Screen, *, top: int | None = SHOWN, quiet: bool = False) -> str:
    """The sentence, the tables and what is to be known of the data; quiet, the sentence alone."""
    kpi = change.kpi
    lines = []
    if not quiet:
        place = f"{kpi.name}  {clean(kpi.span.source.name)}:{kpi.span.line}"
        lines.append(f"{screen.paint(clean(kpi.label), 'bold')}  {screen.paint(place, 'dim')}")
    lines += wrap(sentence(change), screen.width)
    if not quiet:
        if change.tree.parts:
            lines += ["", *_drawn(factors(change), change, screen)]
        if change.slices is not None and len(change.slices.keys):
            lines += ["", *_drawn(by_slice(change, change.slices, top), change, screen)]
        lines += [""] * bool(change.notes)
    sign = "▲ " if screen.unicode else "! "
    for note in change.notes:
        first, *rest = wrap(clean(note.replace("`", "")), screen.width - 2)
        lines += [f"{screen.paint(sign, 'yellow')}{first}", *(f"  {line}" for line in rest)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _drawn(table: Table, change: Change, screen: Screen) -> list[str]:
    """The table with bars; what does not fit is left out, numbers are never cut."""
    rows = [Row(table.heads), *table.rows]
    kept = list(range(len(table.heads)))
    drops = list(table.dropped)
    bar = _BAR if len(table.rows) > 1 else 0
    room = _room(rows, kept, bar, screen)
    longest = max(width(row.cells[0]) for row in rows)
    while room < min(_NAME_LEAST, longest) and (bar or drops):
        if bar:
            bar = bar // 2 if bar == _BAR else 0
        else:
            kept.remove(drops.pop(0))
        room = _room(rows, kept, bar, screen)
    names = min(max(room, _NAME_LEAST), longest)
    widths = {n: max(width(row.cells[n]) for row in rows) for n in kept[1:]}
    most = max((abs(row.effect) for row in table.rows if math.isfinite(row.effect)), default=0.0)
    found = []
    for place, row in enumerate(rows):
        cells = [pad(clip(row.cells[0], names), names)]
        cells += [pad(row.cells[n], widths[n], right=True) for n in kept[1:]]
        style = "dim" if not place else "bold" if row.total else ""
        line = screen.paint(_GAP.join(cells), style)
        if bar and math.isfinite(row.effect):
            line += _GAP + _bar(row.effect / most if most else 0.0, bar, change.wanted, screen)
        found.append(line)
    return found


def _room(rows: Sequence[Row], kept: Sequence[int], bar: int, screen: Screen) -> int:
    """What is left for the names."""
    taken = sum(max(width(row.cells[n]) for row in rows) + len(_GAP) for n in kept[1:])
    return min(screen.width - taken - (2 * bar + 1 + len(_GAP) if bar else 0), _NAME_MOST)


def _bar(effect: float, cells: int, wanted: int, screen: Screen) -> str:
    """To the left of the middle what made it less, to the right what made it more; green what was wanted."""
    count = round(abs(effect) * cells)
    full, middle = ("█", "│") if screen.unicode else ("#", "|")
    good = effect * wanted
    painted = (
        screen.paint(full * count, "green" if good > 0 else "red" if good < 0 else "cyan") if count else ""
    )
    if effect < 0:
        return f"{' ' * (cells - count)}{painted}{screen.paint(middle, 'dim')}"
    return f"{' ' * cells}{screen.paint(middle, 'dim')}{painted}"
