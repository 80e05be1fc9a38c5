"""Targets that contradict each other: one that cannot be kept if those of its drivers are.

The formula of a KPI is computed with intervals: where other KPIs promise bounds for a part of it, over the
same time, the part lies within them; counts, and columns as they come from the data, are not negative. It is
so for a slice, too, by the targets of slices. Intervals are never narrower than what can be reached, so that
what is reported is so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from attrs import field, frozen

from kpidsl.compile.given import (
    Given,
    Near,
    Slice,
    Time,
    given,
    milestones,
    only_channels,
    times,
)
from kpidsl.compile.intervals import ANY, Reach
from kpidsl.compile.reaching import ADDS, Reaching, core, of_all_slices
from kpidsl.compile.scope import Scope
from kpidsl.diagnostics import Diagnostic, Label, Severity
from kpidsl.graph import Kpi, Node, Share, children
from kpidsl.model.periods import Calendar
from kpidsl.model.sources import SourceSpec
from kpidsl.model.units import format_value
from kpidsl.records import Record

_NEAR = 1e-9


def contradictions(kpis: Mapping[str, Kpi], sources: Mapping[str, SourceSpec], scope: Scope) -> None:
    """Report every target that its drivers' targets cannot reach, as warnings; of a KPI the first."""
    book = _Book(sources, scope.calendar)
    for kpi in kpis.values():
        if not kpi.about.draft:
            book.add(kpi, scope)
    for kpi in kpis.values():
        if kpi.about.draft:
            continue
        problem = next(filter(None, (book.problem(kpi, asked) for asked in book.asked(kpi, scope))), None)
        if problem is not None:
            scope.report.add(problem)
        book.leave(kpi)


# -- who promises what -----------------------------------------------------------------------------


_Kind = tuple[object, ...]


def _kind(one: Given) -> _Kind:
    """What two promises of a formula have in common that are for the same windows and slices."""
    kpi = one.kpi
    dimensions = tuple(dimension.name for dimension in kpi.dimensions)
    slices = tuple(part.value for part in kpi.slices)
    return (kpi.formula, one.time, one.slice, one.point, one.level, one.derived, dimensions, slices)


@frozen(repr=False, eq=False)
class _Book(Record):
    """All promises, by what they are of and by their keys, which are in the order of the KPIs."""

    sources: Mapping[str, SourceSpec]
    calendar: Calendar
    own: dict[str, list[Given]] = field(factory=dict)
    promised: dict[Node, list[Given]] = field(factory=dict)
    keys: dict[str, Given] = field(factory=dict)
    places: dict[str, int] = field(factory=dict)
    looked_at: dict[tuple[Time, Slice | None], Reaching] = field(factory=dict)
    bare: dict[Node, Reach] = field(factory=dict)
    below: dict[Node, tuple[Given, ...]] = field(factory=dict)
    near: Near = field(factory=dict)
    before: dict[Node, dict[_Kind, list[Given]]] = field(factory=dict)
    """The promises of the KPIs that were looked at, by formula; of those that differ in their numbers alone
    the tightest, for of many KPIs of one formula each would be held against each."""

    def add(self, kpi: Kpi, scope: Scope) -> None:
        """Take down what a KPI promises, and what that says of its total."""
        own = list(given(kpi, scope))
        if kpi.slices and own:
            total = of_all_slices(own, only_channels(kpi, scope), self._reaching(own[0].time, None))
            own += [total] if total is not None else []
        self.own[kpi.name] = own
        self.keys.update((one.key, one) for one in own)
        for one in own:
            self.places[one.key] = len(self.places)
        if own:
            self.promised.setdefault(core(kpi.formula), []).extend(own)

    def asked(self, kpi: Kpi, scope: Scope) -> Iterator[Given]:
        """What a KPI asks for: of the total, at its milestones, in periods, of slices."""
        own = [one for one in self.own[kpi.name] if not one.derived]
        totals = [one for one in own if one.slice is None]
        yield from totals
        yield from milestones(kpi, totals[0] if totals else None, scope)
        yield from (one for one in own if one.slice is not None)

    def problem(self, kpi: Kpi, asked: Given) -> Diagnostic | None:
        """What contradicts a promise in one of its windows."""
        alike = list(self._alike(kpi, asked))
        below = self._below(kpi.formula)
        drivers = dict.fromkeys((*below, *alike))
        if not drivers and not (asked.slice is not None and isinstance(core(kpi.formula), Share)):
            return None
        for time in times(asked, drivers, self.calendar, self.near):
            reaching = self._reaching(time, asked.slice)
            made = (
                reaching.structure(kpi.formula, promises=True) if below else reaching.unpromised(kpi.formula)
            )
            found = reaching.promises(made, alike)
            found = found.within(self._room(kpi, asked, reaching))
            if problem := _problem(asked, found, self.keys):
                return problem
        return None

    def _reaching(self, time: Time, part: Slice | None) -> Reaching:
        """What nodes lie between in a window, in total or in a slice."""
        at = (time, part)
        if at not in self.looked_at:
            self.looked_at[at] = Reaching(*at, self.promised, self.sources, self.calendar, self.bare)
        return self.looked_at[at]

    def _alike(self, kpi: Kpi, asked: Given) -> Iterator[Given]:
        """What is promised for the same formula: by KPIs before it, and for its total by its own slices."""
        kinds = self.before.get(core(kpi.formula), {})
        yield from sorted((one for several in kinds.values() for one in several), key=self._place)
        if asked.slice is None:
            yield from (one for one in self.own[kpi.name] if one.derived)

    def leave(self, kpi: Kpi) -> None:
        """Go on from a KPI to those that are held against it."""
        kinds = self.before.setdefault(core(kpi.formula), {})
        for one in self.own[kpi.name]:
            several = kinds.setdefault(_kind(one), [])
            several.append(one)
            if not one.level:
                low = max(several, key=lambda given: given.reach.low)
                high = min(several, key=lambda given: given.reach.high)
                several[:] = [given for given in several if given is low or given is high]

    def _place(self, one: Given) -> int:
        """Where it stands among all."""
        return self.places[one.key]

    def _below(self, node: Node) -> tuple[Given, ...]:
        """Everything that is promised for a part of a formula."""
        if node not in self.below:
            found: dict[Given, None] = {}
            for inner in children(node):
                found |= dict.fromkeys((*self.promised.get(core(inner), ()), *self._below(inner)))
            self.below[node] = tuple(found)
        return self.below[node]

    def _room(self, kpi: Kpi, asked: Given, reaching: Reaching) -> Reach:
        """What other slices leave of a total of which the formula is the share."""
        match core(kpi.formula):
            case Share(node=inner) if asked.slice is not None and inner.additivity in ADDS:
                if not reaching.floor(inner):
                    return ANY
                others = [
                    one
                    for one in self.own[kpi.name]
                    if one.slice is not None and one is not asked and one.reach.low > 0
                ]
                taken = sum(one.reach.low for one in others)
                return Reach(high=1 - taken, high_by=frozenset(one.key for one in others)) if others else ANY
            case _:
                return ANY


# -- what is said ----------------------------------------------------------------------------------


def _problem(asked: Given, found: Reach, keys: Mapping[str, Given]) -> Diagnostic | None:
    """The contradiction, with the numbers and the promises that make it."""
    wants, kpi = asked.reach, asked.kpi
    if found.high_by and _below(found.high, wants.low):
        ends, said, limit, by = "at most", "at least", (found.high, wants.low), found.high_by
    elif found.low_by and _below(wants.high, found.low):
        ends, said, limit, by = "at least", "at most", (found.low, wants.high), found.low_by
    else:
        return None
    reach, wanted = (format_value(value, kpi.unit) for value in limit)
    drivers = [one for key, one in keys.items() if key in by and key != asked.key]
    return Diagnostic(
        "K440",
        f"`{kpi.name}` asks for {said} {wanted}{asked.suffix}, and can be {ends} {reach} where "
        + " and ".join(f"`{d.kpi.name}` is {d.said}" for d in drivers),
        asked.span,
        Severity.WARNING,
        tuple(Label(d.span, f"`{d.kpi.name}` is to be {d.said}") for d in drivers),
        help=f"{said} {reach} could be kept; else one of the others has to give way",
        kpi=kpi.name,
    )


def _below(a: float, b: float) -> bool:
    return math.isfinite(a) and math.isfinite(b) and a < b - _NEAR * max(abs(a), abs(b))
