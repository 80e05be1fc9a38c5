"""What a scenario assumes: a name's value replaced, changed by an amount, or looked for."""

from __future__ import annotations

from attrs import evolve

from kpidsl.compile.bounds import Draft, fit
from kpidsl.compile.formulas import check_formula, restrict
from kpidsl.compile.lower import constant, converted
from kpidsl.compile.scope import Named, Scope
from kpidsl.diagnostics import Diagnostic
from kpidsl.graph import Assumed, Combine, Constant, Default, Node, Unknown, aggregates
from kpidsl.model.units import ONE, PERCENT, POINTS
from kpidsl.syntax import nodes

_ADDS = ("additive", "semi")


def assumed(node: Node, definition: Named, clauses: tuple[nodes.Clause, ...], scope: Scope) -> Node | None:
    """The node of a definition as the clauses of a scenario have it; None after an error.

    A constant stays one, so that it can go wherever constants can; what is looked for does not.
    """
    found: Node | None = node
    for clause in clauses:
        if found is None:
            return None
        if isinstance(clause, nodes.Set) and clause.name.text == definition.name.text:
            found = _set(found, definition, clause, scope)
        elif isinstance(clause, nodes.Solve) and clause.unknown.text == definition.name.text:
            if isinstance(definition, nodes.Let):
                scope.causes[definition.name.text] = _decides(clause)
            found = scope.intern(
                Assumed(found, Unknown(found.unit), found.unit, found.additivity, found.additivity in _ADDS)
            )
    return found


def _decides(clause: nodes.Solve) -> Diagnostic:
    """Told of what a constant is used in, beside formulas."""
    return Diagnostic(
        "K461",
        f"`{clause.unknown.text}` decides which rows are counted, and cannot be looked for",
        clause.unknown.span,
        help="it can be `set` to one value after the other",
    )


def in_unit_of(expr: nodes.Expression, node: Node, definition: Named, scope: Scope) -> Node | None:
    """A value in the unit of a definition's node; None after an error."""
    value = check_formula(expr, scope)
    return None if value is None else _fitted(value, expr, node, definition, scope)


def _fitted(value: Node, expr: nodes.Expression, node: Node, definition: Named, scope: Scope) -> Node | None:
    kpi = nodes.KpiDef(definition.span, definition.name, None, ())
    at = nodes.Name(definition.name.span, (definition.name.text,))
    return fit(value, expr, Draft(kpi, node, scope, at), "the value")


def _set(node: Node, definition: Named, clause: nodes.Set, scope: Scope) -> Node | None:
    if clause.slice is not None:
        return _set_slice(node, definition, clause, clause.slice, scope)
    value = _value(node, definition, clause, scope)
    if value is None:
        return None
    if isinstance(node, Constant):
        if isinstance(value, Constant):
            return value
        scope.error(
            "K461",
            f"`{definition.name.text}` is a constant, and this is computed from data",
            clause.value.span,
            (definition.name.span, "defined here"),
            help="a constant is set to a number, or to a formula of constants",
        )
        return None
    spread = node.additivity in _ADDS and _of_the_total(value, clause)
    return scope.intern(Assumed(node, value, node.unit, node.additivity, spread))


def _of_the_total(value: Node, clause: nodes.Set) -> bool:
    """Whether a value is told for the total only: a number, or a change by one. A percentage changes each
    slice, and what is computed from data has slices of its own."""
    if clause.how == "=":
        return not aggregates(value)
    return isinstance(value, Combine) and value.op in "+-" and not aggregates(value.args[-1])


def _set_slice(
    node: Node, definition: Named, clause: nodes.Set, slice: nodes.Word | nodes.String, scope: Scope
) -> Node | None:
    """What adds up is put together from the slice as assumed and the rest as it is."""
    word = definition.name.text
    if node.additivity not in _ADDS:
        scope.error(
            "K461",
            f"`{word}` does not add up over slices, so that one of them does not tell the total",
            slice.span,
            (definition.name.span, "defined here"),
            help="what it is made of can be set for a slice: the measures that are sums and counts",
        )
        return None
    channel = nodes.Name(slice.span, ("channel",))
    kept = nodes.In(slice.span, channel, (nodes.String(slice.span, slice.text),))
    part = restrict(node, kept, clause.span, scope)
    value = _value(part, definition, clause, scope) if part is not None else None
    if part is None or value is None:
        return None
    spread = _of_the_total(value, clause)
    anew: Node = scope.intern(Assumed(part, value, node.unit, node.additivity, spread))
    if spread:  # of a slice that is not there yet, nothing falls into the others
        anew = scope.intern(Default(anew, 0.0, node.unit, node.additivity))
    rest = scope.intern(Combine("-", (node, part), node.unit, node.additivity))
    return scope.intern(Combine("+", (rest, anew), node.unit, node.additivity))


def _value(node: Node, definition: Named, clause: nodes.Set, scope: Scope) -> Node | None:
    """What is assumed: the value as written, or the node with the change."""
    value = check_formula(clause.value, scope)
    if value is None:
        return None
    if clause.how == "=":
        return _fitted(value, clause.value, node, definition, scope)
    op = "+" if clause.how == "increase by" else "-"
    if value.unit == PERCENT and isinstance(value, Constant):
        factor = 1 + value.value if op == "+" else 1 - value.value
        if isinstance(node, Constant):
            return constant(node.value * factor, node.unit, scope)
        by = constant(factor, ONE, scope)
        return scope.intern(Combine("*", (node, by), node.unit, node.additivity))
    change: Node | None = value
    if value.unit != POINTS or node.unit != PERCENT:
        change = _fitted(value, clause.value, node, definition, scope)
    if change is None:
        return None
    change = converted(change, node.unit, scope) or evolve(change, unit=node.unit)
    if isinstance(node, Constant) and isinstance(change, Constant):
        moved = node.value + change.value if op == "+" else node.value - change.value
        return constant(moved, node.unit, scope)
    return scope.intern(Combine(op, (node, change), node.unit, "none"))
