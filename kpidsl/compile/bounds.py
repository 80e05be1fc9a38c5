"""Targets and tolerances, in the unit of the KPI."""

from __future__ import annotations

from typing import cast

from attrs import define, field

from kpidsl.compile.formulas import check_formula
from kpidsl.compile.lower import converted
from kpidsl.compile.scope import Scope
from kpidsl.compile.walk import ungrouped
from kpidsl.compile.words import in_unit, literal_text
from kpidsl.diagnostics import Span
from kpidsl.graph import Bound, Constant, Direction, Node, Tolerance, aggregates
from kpidsl.model.units import ONE, PERCENT, POINTS, Unit
from kpidsl.records import Record
from kpidsl.syntax import nodes


@define(repr=False)
class Draft(Record):
    """The clauses of a promise by their kind, and the places that messages point to."""

    kpi: nodes.KpiDef
    node: Node
    scope: Scope
    formula: nodes.Expression
    own: tuple[str, ...] = field(init=False)
    """The sources that the formula reads."""
    _clauses: dict[type, nodes.Node] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.own = tuple(dict.fromkeys(part.source for part in aggregates(self.node)))
        self._clauses = {type(clause): clause for clause in reversed(self.kpi.clauses)}

    @property
    def unit(self) -> Unit:
        """The unit of the KPI."""
        return self.node.unit

    def clause(self, kind: type[nodes.Node]) -> nodes.Node | None:
        """The clause of a kind, if there is one."""
        return self._clauses.get(kind)

    @property
    def slices(self) -> tuple[nodes.Slice, ...]:
        """The lines under `by`, each a target of one slice."""
        by = cast(nodes.By | None, self.clause(nodes.By))
        return by.slices if by else ()

    @property
    def promises(self) -> bool:
        """Whether there is a target, of the whole or of a slice."""
        return self.clause(nodes.Target) is not None or bool(self.slices)


def read_bound(bound: nodes.Bound, draft: Draft) -> Bound | None:
    """A target in the unit of the KPI; None after an error."""
    direction = cast(Direction, bound.direction.removesuffix(" by"))
    if direction in ("increase", "decrease"):
        return _change(direction, bound, draft)
    if _is_of_a_period(bound, draft):
        return None
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


def _is_of_a_period(bound: nodes.Bound, draft: Draft) -> bool:
    """Whether a target says its period on the line of `target`, which reads as a condition; that is told."""
    match bound.value:
        case nodes.In(subject=subject, items=(nodes.PeriodText(text=period),)) as value:
            said = f"{bound.direction} {subject.span.text} in {period}"
            draft.scope.error(
                "K445",
                f"a target for a period of its own, `in {period}`, stands behind `target`",
                value.span,
                help=f"targets of periods stand on lines under a bare `target`: `{said}`",
            )
            return True
    return False


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
    helps = f"{'a percentage' if unit == PERCENT else f'a value {in_unit(unit)}'} would fit"
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
