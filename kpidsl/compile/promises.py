"""Promises: targets, tolerances, baselines and dates, in the unit of the KPI and free of contradictions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, cast

from attrs import define

from kpidsl.compile.clauses import cycle_of
from kpidsl.compile.formulas import check_formula
from kpidsl.compile.lower import converted
from kpidsl.compile.scope import Scope, period_name
from kpidsl.compile.walk import ungrouped
from kpidsl.compile.words import in_unit, literal_text
from kpidsl.diagnostics import Span
from kpidsl.graph import (
    Baseline,
    Bound,
    Constant,
    Cumulative,
    Direction,
    Every,
    Measured,
    Node,
    Promise,
    Tolerance,
    Trailing,
)
from kpidsl.model.periods import GRAINS, Window
from kpidsl.model.units import ONE, PERCENT, POINTS, Unit
from kpidsl.syntax import nodes

_DEFAULT_MEASURED = Every("month")
_MOST_TRAILING = 10_000

Paces = Literal["linear", "like last year", "business days", "none"]


@define
class Draft:
    """The clauses of a promise by their kind, and the places that messages point to."""

    kpi: nodes.KpiDef
    node: Node
    scope: Scope
    formula: nodes.Expression

    @property
    def unit(self) -> Unit:
        """The unit of the KPI."""
        return self.node.unit

    def clause(self, kind: type[nodes.Node]) -> nodes.Node | None:
        """The clause of a kind, if there is one."""
        return next((c for c in self.kpi.clauses if isinstance(c, kind)), None)


def read_promise(draft: Draft) -> Promise:
    """The promise of a KPI. Errors are told; what is returned after one is not to be used."""
    scope = draft.scope
    measured = _measured(draft)
    start, deadline = _day(draft, nodes.From), _day(draft, nodes.Deadline)
    if start and deadline and deadline < start:
        _deadline_before_start(draft, start, deadline)
    target = cast(nodes.Target | None, draft.clause(nodes.Target))
    bound = read_bound(target.bound, draft) if target and target.bound else None
    milestones = _milestones(target, start, deadline, draft) if target else ()
    tolerance_clause = cast(nodes.Tolerance | None, draft.clause(nodes.Tolerance))
    tolerance = read_tolerance(tolerance_clause, draft) if tolerance_clause else None
    if tolerance_clause and target is None and not _slices(draft):
        scope.warn(
            "K419",
            "a tolerance without a target is of no use",
            tolerance_clause.span,
            help="`target at least ...` makes a promise",
        )
    baseline = _baseline(draft, target, start)
    if isinstance(baseline, Window) and start is None and not isinstance(measured, Cumulative):
        start = baseline.end + timedelta(days=1)
    if isinstance(measured, Cumulative) and start is None:
        clause = draft.clause(nodes.Measured)
        scope.error(
            "K410",
            "what is measured cumulatively needs a day to begin",
            clause.span if clause else draft.kpi.name.span,
            help="`from 2026-01-01` says it",
        )
    pace = _pace(draft, measured)
    return Promise(measured, bound, milestones, tolerance, baseline, start, deadline, pace)


def _slices(draft: Draft) -> tuple[nodes.Slice, ...]:
    by = cast(nodes.By | None, draft.clause(nodes.By))
    return by.slices if by else ()


# -- when ----------------------------------------------------------------------------------------------------


def _measured(draft: Draft) -> Measured:
    clause = cast(nodes.Measured | None, draft.clause(nodes.Measured))
    scope = draft.scope
    match clause:
        case None:
            return _DEFAULT_MEASURED
        case nodes.Measured(kind="every", grain=nodes.Word() as word):
            cycle = cycle_of(word, scope)
            return Every(cycle) if cycle else _DEFAULT_MEASURED
        case nodes.Measured(kind="last", amount=nodes.Number() as amount):
            return _trailing(amount, scope) or _DEFAULT_MEASURED
        case _:
            return Cumulative()


def _trailing(amount: nodes.Number, scope: Scope) -> Trailing | None:
    word = amount.unit.text.removesuffix("s") if amount.unit else ""
    value = amount.value
    if word not in GRAINS:
        scope.error(
            "K211",
            f"`{amount.span.text}` is not a number of periods",
            amount.span,
            help="`measured over the last 28 days` is how it is written",
        )
        return None
    if not value.is_integer() or not 1 <= value <= _MOST_TRAILING:
        scope.error(
            "K420", f"a sliding window is made of whole {word}s, from 1 to {_MOST_TRAILING:_}", amount.span
        )
        return None
    return Trailing(int(value), word)


def _day(draft: Draft, kind: type[nodes.From] | type[nodes.Deadline]) -> date | None:
    clause = cast(nodes.From | nodes.Deadline | None, draft.clause(kind))
    if clause is None:
        return None
    window = draft.scope.period(clause.period)
    if window is None:
        return None
    return window.start if isinstance(clause, nodes.From) else window.end


def _deadline_before_start(draft: Draft, start: date, deadline: date) -> None:
    first, last = draft.clause(nodes.From), draft.clause(nodes.Deadline)
    assert first is not None
    assert last is not None
    draft.scope.error(
        "K409",
        f"the deadline, {deadline}, is before the start, {start}",
        last.span,
        (first.span, f"starts on {start}"),
        (last.span, f"ends on {deadline}"),
    )


def _pace(draft: Draft, measured: Measured) -> Paces | None:
    clause = cast(nodes.Pace | None, draft.clause(nodes.Pace))
    if clause is None:
        return None
    scope, adds = draft.scope, draft.node.additivity
    if clause.kind != "none" and isinstance(measured, Cumulative) and adds != "additive":
        scope.error(
            "K412",
            f"`pace {clause.kind}` expects a part of the target by now, and the formula does not "
            f"add up over time",
            clause.span,
            (draft.formula.span, "this does not add up"),
            help="without `pace` the reference is the target itself",
        )
    return cast(Paces, clause.kind)


# -- bounds --------------------------------------------------------------------------------------------------


def read_bound(bound: nodes.Bound, draft: Draft) -> Bound | None:
    """A target in the unit of the KPI; None after an error."""
    direction = cast(Direction, bound.direction.removesuffix(" by"))
    if direction in ("increase", "decrease"):
        return _change(direction, bound, draft)
    value = in_kpi_unit(bound.value, draft, "the target")
    high = in_kpi_unit(bound.high, draft, "the target") if bound.high is not None else None
    if value is None or (bound.high is not None and high is None):
        return None
    if (
        isinstance(value, Constant)
        and isinstance(high, Constant)
        and bound.high is not None
        and value.value > high.value
    ):
        draft.scope.error(
            "K404",
            f"nothing is between {bound.value.span.text} and {bound.high.span.text}",
            bound.value.span.to(bound.high.span),
            help=f"the smaller comes first: `between {bound.high.span.text} and {bound.value.span.text}`",
        )
        return None
    return Bound(direction, value, high)


def _change(direction: Direction, bound: nodes.Bound, draft: Draft) -> Bound | None:
    scope = draft.scope
    if draft.clause(nodes.Baseline) is None:
        scope.error(
            "K406",
            f"`{direction} by` needs a baseline to {direction} from",
            bound.span,
            help="`baseline 2025-H2`, `baseline previous period` or `baseline same period last year` says it",
        )
    node = check_formula(bound.value, scope)
    if node is None:
        return None
    if isinstance(node, Constant) and node.value <= 0:
        scope.error(
            "K421",
            f"a change of {bound.value.span.text} is none",
            bound.value.span,
            help=f"`{direction} by` takes a positive amount; `increase` and `decrease` say the direction",
        )
        return None
    if node.unit == PERCENT:
        return Bound(direction, node, relative=True)
    if node.unit == POINTS:
        return Bound(direction, node) if _takes_points(draft, bound.value.span) else None
    fitted = fit(node, bound.value, draft, "the change")
    return Bound(direction, fitted) if fitted is not None else None


def _takes_points(draft: Draft, span: Span) -> bool:
    if draft.unit in (PERCENT, POINTS):
        return True
    draft.scope.error(
        "K402",
        f"points are a difference of percentages, and the KPI is {in_unit(draft.unit)}",
        span,
        (draft.formula.span, f"this is {in_unit(draft.unit)}"),
        help="`%` changes it relatively",
    )
    return False


def in_kpi_unit(expr: nodes.Expression, draft: Draft, what: str) -> Node | None:
    """A value of a promise, brought to the unit of the KPI; None after an error."""
    node = check_formula(expr, draft.scope)
    return None if node is None else fit(node, expr, draft, what)


def fit(node: Node, expr: nodes.Expression, draft: Draft, what: str) -> Node | None:
    """A node in the unit of the KPI."""
    scope, unit, bare = draft.scope, draft.unit, ungrouped(expr)
    if isinstance(bare, nodes.Unary):
        bare = ungrouped(bare.operand)
    if node.unit == ONE and unit != ONE and isinstance(bare, nodes.Number):
        scope.error(
            "K302",
            f"{what} has no unit, and the KPI is {in_unit(unit)}",
            expr.span,
            (draft.formula.span, f"this is {in_unit(unit)}"),
            help=f"`{literal_text(bare, unit)}` says the unit",
        )
        return None
    mixed = {node.unit, unit} == {PERCENT, POINTS}
    found = None if mixed else converted(node, unit, scope)
    if found is not None:
        return found
    helps = f"a value {in_unit(unit)} would fit"
    if mixed:
        helps = "a level is written with `%`, a difference of percentages with `points`"
    elif node.unit == PERCENT and unit.powers:
        helps = "`increase by 20%` changes a baseline; `at least 98% of plan` takes a part of another value"
    scope.error(
        "K401",
        f"{what} is {in_unit(node.unit)}, and the KPI is {in_unit(unit)}",
        expr.span,
        (expr.span, f"this is {in_unit(node.unit)}"),
        (draft.formula.span, f"this is {in_unit(unit)}"),
        help=helps,
    )
    return None


def read_tolerance(clause: nodes.Tolerance, draft: Draft) -> Tolerance | None:
    """A tolerance as a fraction of the target or an amount in the unit of the KPI; None after an error.

    Zero is allowed: it says that nothing is tolerated.
    """
    number = draft.scope.number(clause.amount)
    if number is None:
        return None
    value, unit = number
    text = clause.amount.span.text
    if value < 0:
        draft.scope.error(
            "K403",
            f"a tolerance of {text} is negative",
            clause.amount.span,
            help="a tolerance is a width: it is written without a sign",
        )
        return None
    if unit == PERCENT:
        return Tolerance(value, True, text)
    if unit == POINTS:
        return Tolerance(value, False, text) if _takes_points(draft, clause.amount.span) else None
    fitted = fit(Constant(value, unit), clause.amount, draft, "the tolerance")
    return Tolerance(fitted.value, False, text) if isinstance(fitted, Constant) else None


def _milestones(
    target: nodes.Target, start: date | None, deadline: date | None, draft: Draft
) -> tuple[tuple[date, Bound], ...]:
    found: list[tuple[date, Bound]] = []
    before: tuple[date, Span] | None = None
    for milestone in target.milestones:
        window, bound = draft.scope.period(milestone.by), read_bound(milestone.bound, draft)
        if window is None:
            continue
        day = window.end
        _milestone_in_order(milestone.by, day, before, start, deadline, draft)
        before = (day, milestone.by.span)
        if bound is not None:
            found.append((day, bound))
    return tuple(found)


def _milestone_in_order(
    by: nodes.PeriodText,
    day: date,
    before: tuple[date, Span] | None,
    start: date | None,
    deadline: date | None,
    draft: Draft,
) -> None:
    scope = draft.scope
    if before is not None and day <= before[0]:
        scope.error(
            "K411",
            f"the milestone of {day} does not come after the one of {before[0]}",
            by.span,
            (before[1], f"this is {before[0]}"),
            help="milestones stand in the order of their days",
        )
    if deadline is not None and day > deadline:
        last = cast(nodes.Deadline, draft.clause(nodes.Deadline))
        scope.error(
            "K411",
            f"the milestone of {day} is after the deadline",
            by.span,
            (last.span, f"this is {deadline}"),
        )
    if start is not None and day < start:
        first = cast(nodes.From, draft.clause(nodes.From))
        scope.error(
            "K411", f"the milestone of {day} is before the start", by.span, (first.span, f"this is {start}")
        )


# -- baselines -----------------------------------------------------------------------------------------------


def _glides(draft: Draft, baseline: nodes.Baseline, target: nodes.Target | None) -> bool:
    """Whether the reference is a line from the baseline to a target that does not itself change it."""
    measured, pace = draft.clause(nodes.Measured), draft.clause(nodes.Pace)
    return (
        target is not None
        and target.bound is not None
        and target.bound.direction != "between"
        and not isinstance(baseline.value, str)
        and (not isinstance(measured, nodes.Measured) or measured.kind != "cumulatively")
        and (not isinstance(pace, nodes.Pace) or pace.kind != "none")
        and draft.clause(nodes.Deadline) is not None
    )


def _baseline(draft: Draft, target: nodes.Target | None, start: date | None) -> Baseline | None:
    clause = cast(nodes.Baseline | None, draft.clause(nodes.Baseline))
    if clause is None:
        return None
    scope = draft.scope
    bounds = (
        [target.bound] if target and target.bound else [m.bound for m in target.milestones] if target else []
    )
    bounds += [part.bound for part in _slices(draft)]
    if not any(bound.direction.startswith(("increase", "decrease")) for bound in bounds) and not (
        _glides(draft, clause, target)
    ):
        said = bounds[0].direction if bounds else "no target"
        scope.warn(
            "K407",
            f"the baseline is of no use: {said} compares with nothing earlier",
            clause.span,
            *((b.span, "this") for b in bounds[:1]),
            help="`increase by` and `decrease by` change a baseline",
        )
    match clause.value:
        case "previous period":
            return "previous period"
        case "same period last year":
            return "same period last year"
        case str():
            return None
        case value:
            text = value if isinstance(value, nodes.PeriodText) else period_name(value, scope)
            return _window(text, start, draft) if text else in_kpi_unit(value, draft, "the baseline")


def _window(text: nodes.PeriodText, start: date | None, draft: Draft) -> Window | None:
    window = draft.scope.period(text)
    if window is not None and start is not None and window.end >= start:
        first = cast(nodes.From, draft.clause(nodes.From))
        draft.scope.warn(
            "K408",
            f"the baseline reaches to {window.end}, into the promise that starts on {start}",
            text.span,
            (first.span, f"starts on {start}"),
            help="a baseline is what was before",
        )
    return window
