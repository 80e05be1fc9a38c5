"""What a promise asks at different times: milestones, targets of periods, and the shares of a pace."""

from __future__ import annotations

from datetime import date
from typing import cast

from kpidsl.compile.bounds import Draft, read_bound
from kpidsl.compile.words import in_unit
from kpidsl.diagnostics import Span
from kpidsl.graph import Bound, Cumulative, Every, Measured, Pace
from kpidsl.model.periods import Window
from kpidsl.model.units import PERCENT
from kpidsl.syntax import nodes

Dates = tuple[date | None, date | None]
"""The first and the last day of the promise, as far as the spec says them."""


def read_milestones(
    target: nodes.Target, dates: Dates, draft: Draft, measured: Measured
) -> tuple[tuple[tuple[date, Bound], ...], tuple[tuple[Window, Bound], ...]]:
    """The lines under a bare `target`: either milestones or targets of periods."""
    steps = [step for step in target.milestones if isinstance(step, nodes.Milestone)]
    levels = [step for step in target.milestones if isinstance(step, nodes.Level)]
    if steps and levels:
        draft.scope.error(
            "K445",
            "milestones and targets of periods stand under one target",
            levels[0].span,
            (steps[0].span, "a milestone: it holds from its day on"),
            (levels[0].span, "the target of a period: it holds within"),
            help="`by` says until when, `in` when; a KPI has one kind of them",
        )
        return (), ()
    return _milestones(steps, dates, draft), _levels(levels, dates, draft, measured)


def _milestones(steps: list[nodes.Milestone], dates: Dates, draft: Draft) -> tuple[tuple[date, Bound], ...]:
    found: list[tuple[date, Bound]] = []
    before: tuple[date, Span] | None = None
    for step in steps:
        window, bound = draft.scope.period(step.by), read_bound(step.bound, draft)
        if window is None:
            continue
        _in_order("milestone", step.by, window.end, before, dates, draft)
        before = (window.end, step.by.span)
        if bound is not None:
            found.append((window.end, bound))
    return tuple(found)


def _in_order(
    what: str, by: nodes.PeriodText, day: date, before: tuple[date, Span] | None, dates: Dates, draft: Draft
) -> None:
    if before is not None and day <= before[0]:
        draft.scope.error(
            "K411",
            f"the {what} of {day} does not come after the one of {before[0]}",
            by.span,
            (before[1], f"this is {before[0]}"),
            help=f"{what}s stand in the order of their days",
        )
    _within(f"the {what} of {day}", by, Window(day, day), dates, draft)


def _within(what: str, place: nodes.PeriodText, window: Window, dates: Dates, draft: Draft) -> None:
    """Nothing is asked before the promise or after it."""
    (start, deadline), scope = dates, draft.scope
    if deadline is not None and window.end > deadline:
        last = cast(nodes.Deadline, draft.clause(nodes.Deadline))
        scope.error(
            "K411",
            f"{what} is after the deadline",
            place.span,
            (last.span, f"this is {deadline}"),
            help=f"a later `deadline {place.text}`, or an earlier day here",
        )
    if start is not None and window.start < start:
        first = cast(nodes.From, draft.clause(nodes.From))
        scope.error(
            "K411",
            f"{what} is before the start",
            place.span,
            (first.span, f"this is {start}"),
            help=f"an earlier `from {place.text}`, or a later day here",
        )


# -- targets of periods ------------------------------------------------------------------------------------


def _levels(
    levels: list[nodes.Level], dates: Dates, draft: Draft, measured: Measured
) -> tuple[tuple[Window, Bound], ...]:
    scope = draft.scope
    if levels and isinstance(measured, Cumulative):
        clause = draft.clause(nodes.Measured)
        scope.error(
            "K445",
            "what is measured cumulatively has one total, and no target for a period of its own",
            levels[0].span,
            *((place.span, "measured from its start on") for place in [clause] if place is not None),
            help=f"`{levels[0].bound.span.text} by {levels[0].period.text}` is a milestone of the total",
        )
        return ()
    found: list[tuple[Window, Bound]] = []
    places: list[tuple[Window, Span]] = []
    for level in levels:
        window, bound = scope.period(level.period), read_bound(level.bound, draft)
        if window is None:
            continue
        other = next((span for w, span in places if w.start <= window.end and window.start <= w.end), None)
        if other is not None:
            scope.error(
                "K445",
                f"{level.period.text} has two targets",
                level.period.span,
                (other, "this has a target already"),
                help="periods with targets of their own do not overlap",
            )
        places.append((window, level.period.span))
        _within(f"the target in {level.period.text}", level.period, window, dates, draft)
        if bound is not None and _is_one_period(level, window, draft, measured):
            found.append((window, bound))
    return tuple(sorted(found, key=lambda level: level[0].start))


def _is_one_period(level: nodes.Level, window: Window, draft: Draft, measured: Measured) -> bool:
    """Whether it is clear what a part of the period owes: of a total only where that period is measured."""
    if draft.node.additivity not in ("additive", "semi") or not isinstance(measured, Every):
        return True
    if window.grain == measured.grain or draft.node.additivity == "semi":
        return True
    named = draft.scope.calendar.named_period(measured.grain)
    if named is not None and window in named.windows:
        return True
    text = level.period.text
    draft.scope.error(
        "K445",
        f"{text} is not one {measured.grain}, and the KPI is a total measured every {measured.grain}",
        level.period.span,
        (draft.formula.span, f"this adds up, {in_unit(draft.unit)}"),
        help=f"what a {measured.grain} owes is said for each {measured.grain}; "
        f"`measured every {window.grain or 'quarter'}` holds {text} to it as a whole",
    )
    return False


# -- the pace ----------------------------------------------------------------------------------------------


def read_pace(
    draft: Draft, measured: Measured, dates: Dates
) -> tuple[Pace | None, tuple[tuple[date, float], ...]]:
    """The pace, and the shares of one that is a schedule."""
    clause = cast(nodes.Pace | None, draft.clause(nodes.Pace))
    if clause is None:
        return None, ()
    glides = draft.clause(nodes.Baseline) is not None and not isinstance(measured, Cumulative)
    if draft.promises and clause.kind != "none" and draft.node.additivity != "additive" and not glides:
        draft.scope.error(
            "K412",
            f"{'a schedule' if clause.parts else f'`pace {clause.kind}`'} expects a part of the target "
            "by now, and the formula does not add up over time",
            clause.span,
            (draft.formula.span, "this does not add up"),
            help="without `pace` the reference is the target itself",
        )
    return cast(Pace, clause.kind), _shares(clause, draft, measured, dates) if clause.parts else ()


def _shares(
    clause: nodes.Pace, draft: Draft, measured: Measured, dates: Dates
) -> tuple[tuple[date, float], ...]:
    scope = draft.scope
    if not isinstance(measured, Cumulative) or dates[1] is None:
        scope.error(
            "K446",
            "the shares of a pace lead to one total, and this KPI has none",
            clause.span,
            help="`measured cumulatively`, with `from` and `deadline`, makes one",
        )
        return ()
    found: list[tuple[date, float]] = []
    before: tuple[date, Span] | None = None
    for part in clause.parts:
        window, number = scope.period(part.by), scope.number(part.share)
        if window is None or number is None:
            continue
        share, unit = number
        least = found[-1][1] if found else 0.0
        if unit != PERCENT or not least <= share <= 1:
            wrong = "is no percentage" if unit != PERCENT else f"is not between {least * 100:g}% and 100%"
            scope.error(
                "K446",
                f"a share of {part.share.span.text} {wrong}",
                part.share.span,
                help="shares of the whole target never fall: `20% by 2026-03`, then `50% by 2026-06`",
            )
            continue
        _in_order("share", part.by, window.end, before, dates, draft)
        before = (window.end, part.by.span)
        found.append((window.end, share))
    return tuple(found)
