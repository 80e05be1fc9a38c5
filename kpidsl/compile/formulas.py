"""Formulas: from syntax to nodes of the graph, with units that add up and every mistake told once."""

from __future__ import annotations

from typing import cast

from kpidsl.compile.additivity import combined
from kpidsl.compile.aggregates import check_aggregate
from kpidsl.compile.calls import not_a_path
from kpidsl.compile.comparisons import units_differ
from kpidsl.compile.lower import arithmetic, constant, converted, restricted
from kpidsl.compile.paths import check_path
from kpidsl.compile.results import check_result_call
from kpidsl.compile.rows import check_condition
from kpidsl.compile.scope import RowPlace, Scope, a_kind, cycle, listed, rests_on, similar
from kpidsl.compile.sizes import MOST_AGGREGATES, too_large, unit_fits
from kpidsl.compile.walk import written
from kpidsl.graph import Combine, Constant, Default, Node, aggregates
from kpidsl.model.functions import AGGREGATES, RESULT_FUNCTIONS, ROW_FUNCTIONS
from kpidsl.model.rows import Row
from kpidsl.model.units import ONE, PERCENT, sum_unit
from kpidsl.syntax import nodes

_ARITHMETIC = ("+", "-", "*", "/", "of")


def check_formula(expr: nodes.Expression, scope: Scope) -> Node | None:
    """The node that a formula means; None after an error."""
    if not scope.enter(expr.span):
        return None
    node = _formula(expr, scope)
    scope.leave()
    return node


def _formula(expr: nodes.Expression, scope: Scope) -> Node | None:
    match expr:
        case nodes.Group(inner=inner):
            return check_formula(inner, scope)
        case nodes.Name():
            return _name(expr, scope)
        case nodes.Number():
            number = scope.number(expr)
            return None if number is None else constant(number[0], number[1], scope)
        case nodes.String() | nodes.PeriodText():
            what = "a text" if isinstance(expr, nodes.String) else "a period"
            scope.error("K307", f"a formula is made of numbers, and this is {what}", expr.span)
            return None
        case nodes.Call():
            return _call(expr, scope)
        case nodes.Unary(op="-", operand=operand):
            return _negative(operand, scope)
        case nodes.Binary(op=op) if op in _ARITHMETIC:
            return _binary(expr, scope)
        case nodes.Where(subject=subject, condition=condition):
            return _where(subject, condition, scope)
        case nodes.Default(subject=subject, value=value):
            return _default(subject, value, scope)
        case nodes.When():
            scope.error(
                "K320",
                "`when` chooses for one row, and a formula is about many",
                expr.span,
                help="a computed column can say it: `column size = when amount >= 100 then ...`",
            )
            return None
        case nodes.Unary() | nodes.Binary() | nodes.In() | nodes.Between() | nodes.Missing():
            scope.error(
                "K307",
                "this is a condition, and a formula needs a number",
                expr.span,
                help="`count(source where ...)` or `share(source where ...)` makes a number of it",
            )
            return None


# -- names ---------------------------------------------------------------------------------------------------


def _name(name: nodes.Name, scope: Scope) -> Node | None:
    if len(name.parts) > 1:
        _column_outside(name, scope)
        return None
    word = name.parts[0]
    definition = scope.names.known.get(word)
    if isinstance(definition, nodes.Let | nodes.MeasureDef | nodes.KpiDef):
        return value_of(word, name, scope)
    if definition is not None:
        what = _NO_NUMBER[type(definition)]
        helps = (
            f"`count({written(word)})` is the number of its rows"
            if isinstance(definition, nodes.SourceDef)
            else None
        )
        scope.error(
            "K320",
            f"`{word}` is {what}, and a formula needs a number",
            name.span,
            (definition.name.span, "defined here"),
            help=helps,
        )
    elif word in scope.names.lost:
        scope.blame = scope.blame or rests_on(word, scope.names.lost[word], None)
    else:
        _unknown(word, name, scope)
    return None


_NO_NUMBER: dict[type[nodes.Node], str] = {
    nodes.SourceDef: "a source, a set of rows",
    nodes.PeriodDef: "a period",
    nodes.ObjectiveDef: "an objective",
}


def _unknown(word: str, name: nodes.Name, scope: Scope) -> None:
    homes = [shape.name for shape in scope.shapes.values() if word in shape.spans]
    if homes:
        scope.error(
            "K308",
            f"`{word}` is a column of {listed(homes)}, one value per row; a formula needs one of many rows",
            name.span,
            help=f"`sum({written(homes[0])}.{written(word)})` adds it up",
        )
        return
    fitting = [*scope.names.of(nodes.MeasureDef, nodes.KpiDef, nodes.Let)]
    notes = similar("a measure, KPI or constant", word, fitting) or similar(
        "a source", word, scope.names.of(nodes.SourceDef)
    )
    measures = [*scope.names.of(nodes.MeasureDef)]
    if measures and not notes:
        notes = [f"measures: {listed(measures)}"]
    scope.error(
        "K202",
        f"nothing is named `{word}`",
        name.span,
        notes=notes,
        help=f"`measure {written(word)} = ...` would define it",
    )


def _column_outside(name: nodes.Name, scope: Scope) -> None:
    source, column = name.parts[0], name.parts[-1]
    shape = scope.shapes.get(source)
    if source in scope.names.lost:
        scope.blame = scope.blame or rests_on(source, scope.names.lost[source], None)
    elif shape is None:
        scope.error(
            "K205",
            f"there is no source named `{source}`",
            name.span,
            notes=similar("a source", source, scope.shapes) or [f"sources: {listed(list(scope.shapes))}"],
        )
    elif column not in shape.spans and not (len(name.parts) > 2 or column == "channel"):
        scope.error(
            "K203",
            f"{source} has no column `{column}`",
            name.span,
            (shape.definition.name.span, f"`{source}` is defined here"),
            notes=similar("a column", column, shape.columns)
            or [f"columns of {source}: {listed(shape.columns)}"],
        )
    else:
        scope.error(
            "K308",
            f"`{name.text}` is one value per row, and a formula needs one of many rows",
            name.span,
            help=f"an aggregation goes around it, such as `sum({name.span.text})`",
        )


def value_of(word: str, name: nodes.Name | nodes.Word, scope: Scope) -> Node | None:
    """The node of a constant, measure or KPI, compiled at its first use."""
    node = compiled(word, scope)
    if node is None:
        scope.blame = scope.blame or scope.causes.get(word)
    elif not scope.reach(scope.heights.get(word, 0), name.span):
        return None
    return node


def compiled(word: str, scope: Scope) -> Node | None:
    """The node of a definition; None with a cause in `scope.causes` if it has an error."""
    if word in scope.values:
        return scope.values[word]
    if word in scope.names.twice:
        scope.causes[word] = scope.names.twice[word]
        return None
    definition = scope.names.known[word]
    span = definition.name.span
    if any(step == word for step, _ in scope.path):
        cycle(scope, word)
        return None
    scope.path.append((word, span))
    with scope.apart() as inner, scope.hop(word):
        node = _definition(definition, scope)
        if node is not None and scope.assume is not None:
            node = scope.assume(node, definition)
    if node is None:
        with_blame = inner.errors[0] if inner.errors else scope.causes.get(f"?{word}")
        scope.causes[word] = with_blame or rests_on(word, span, None)
    scope.path.pop()
    scope.values[word] = node
    return node


def _definition(definition: object, scope: Scope) -> Node | None:
    node: Node | None = None
    match definition:
        case nodes.Let(value=value):
            node = _constant(definition, check_formula(value, scope), scope)
        case nodes.MeasureDef(value=value, clauses=clauses):
            node = check_formula(value, scope)
            for clause in clauses:
                if isinstance(clause, nodes.UnitClause):
                    node = declared(node, clause, value, scope)
        case nodes.KpiDef():
            node = kpi_formula(definition, scope)
    if node is None and isinstance(definition, nodes.Let | nodes.MeasureDef | nodes.KpiDef):
        word = definition.name.text
        scope.causes[f"?{word}"] = rests_on(word, definition.name.span, scope.blame)
    return node


def _constant(let: nodes.Let, node: Node | None, scope: Scope) -> Node | None:
    if node is None or isinstance(node, Constant):
        return node
    scope.error(
        "K319",
        f"`{let.name.text}` is not constant: it is computed from data",
        let.value.span,
        help=f"`measure {written(let.name.text)} = ...` defines what is computed from data",
    )
    return None


def kpi_formula(kpi: nodes.KpiDef, scope: Scope) -> Node | None:
    """A KPI's formula in its declared unit, within its channels."""
    formula = next((c for c in kpi.clauses if isinstance(c, nodes.Formula)), None)
    if formula is None:
        scope.error(
            "K213",
            f"the KPI `{kpi.name.text}` has no formula",
            kpi.name.span,
            help="`formula ad_spend / leads` says how it is computed",
        )
        return None
    node = check_formula(formula.value, scope)
    for clause in kpi.clauses:
        if isinstance(clause, nodes.UnitClause):
            node = declared(node, clause, formula.value, scope)
        elif isinstance(clause, nodes.OnlyChannel):
            node = within_channels(node, clause, scope)
    return node


def within_channels(node: Node | None, clause: nodes.OnlyChannel, scope: Scope) -> Node | None:
    """The node over the rows of some channels only."""
    if node is None:
        return None
    channel = nodes.Name(clause.span, ("channel",))
    items = tuple(nodes.String(value.span, value.text) for value in clause.values)
    return restrict(node, nodes.In(clause.span, channel, items), clause.span, scope)


# -- units ---------------------------------------------------------------------------------------------------


def declared(
    node: Node | None, clause: nodes.UnitClause, formula: nodes.Expression, scope: Scope
) -> Node | None:
    """The formula in the unit that was declared for it; an error if it cannot be."""
    unit = scope.unit(clause.unit)
    if node is None or unit is None:
        return None
    found = converted(node, unit, scope)
    if found is not None:
        return found
    has = str(node.unit) if node.unit != ONE else "no unit"
    wanted = str(unit)
    labels = [(formula.span, f"this is in {has}" if node.unit != ONE else "this has no unit")]
    helps = (
        f"`unit {has}` would fit"
        if node.unit != ONE
        else "a ratio of equal things has no unit; `%` would fit"
    )
    if unit == PERCENT:
        helps += "; `%` fits numbers without a unit and ratios of counts"
    elif "row" in str(node.unit).split():
        helps += "; `row THING` under the source says what a row is"
    scope.error(
        "K303",
        f"the formula is in {has}, and {wanted} is declared"
        if node.unit != ONE
        else f"the formula has no unit, and {wanted} is declared",
        clause.unit.span,
        *labels,
        help=helps,
    )
    return None


# -- operators -----------------------------------------------------------------------------------------------


def _negative(operand: nodes.Expression, scope: Scope) -> Node | None:
    node = check_formula(operand, scope)
    if node is None:
        return None
    if isinstance(node, Constant):
        return constant(-node.value, node.unit, scope)
    return scope.intern(Combine("neg", (node,), node.unit, node.additivity))


def _binary(expr: nodes.Binary, scope: Scope) -> Node | None:
    left, right = check_formula(expr.left, scope), check_formula(expr.right, scope)
    if left is None or right is None:
        return None
    if expr.op in "+-":
        return _added(expr, left, right, scope)
    if expr.op == "/" and isinstance(right, Constant) and right.value == 0:
        scope.error(
            "K316", "the divisor is always zero", expr.right.span, help="nothing can be divided by zero"
        )
        return None
    node = arithmetic("/" if expr.op == "/" else "*", left, right, scope)
    return node if unit_fits(node.unit, expr.span, scope) else None


def _added(expr: nodes.Binary, left: Node, right: Node, scope: Scope) -> Node | None:
    unit = sum_unit(left.unit, right.unit, "+" if expr.op == "+" else "-")
    if unit is None:
        verb = "add" if expr.op == "+" else "subtract"
        units_differ(scope, verb, (left.unit, expr.left), (right.unit, expr.right))
        return None
    fitted = converted(right, left.unit, scope) if right.unit.powers != left.unit.powers else right
    assert fitted is not None, "units that add convert into each other"
    if isinstance(left, Constant) and isinstance(fitted, Constant):
        value = left.value + fitted.value if expr.op == "+" else left.value - fitted.value
        return constant(value, unit, scope)
    adds = combined(expr.op, left.additivity, fitted.additivity)
    return scope.intern(Combine(expr.op, (left, fitted), unit, adds))


def _default(subject: nodes.Expression, number: nodes.Number, scope: Scope) -> Node | None:
    node, value = check_formula(subject, scope), scope.number(number)
    if node is None or value is None:
        return None
    amount, unit = value
    if number.unit is None:
        if amount != 0 and node.unit != ONE:
            units_differ(scope, "compare", (node.unit, subject), (ONE, number))
            return None
    else:
        fitted = converted(constant(amount, unit, scope), node.unit, scope)
        if not isinstance(fitted, Constant):
            units_differ(scope, "cannot stand for each other", (node.unit, subject), (unit, number))
            return None
        amount = fitted.value
    adds = node.additivity if amount == 0 else "none"
    return scope.intern(Default(node, amount, node.unit, adds))


# -- where ---------------------------------------------------------------------------------------------------


def _where(subject: nodes.Expression, condition: nodes.Expression, scope: Scope) -> Node | None:
    node = check_formula(subject, scope)
    if node is None:
        return None
    return restrict(node, condition, subject.span, scope)


def restrict(node: Node, condition: nodes.Expression, span: object, scope: Scope) -> Node | None:
    """A node over the rows that pass a condition, which every source below it has to understand."""
    parts = aggregates(node)
    if not parts:
        scope.error(
            "K313",
            "a constant has no rows that a condition could choose from",
            condition.span,
            help="`where` follows an aggregation, a measure or a KPI",
        )
        return None
    if len(parts) > MOST_AGGREGATES:
        too_large(
            scope,
            f"a condition would be put into more than {MOST_AGGREGATES:,} aggregations",
            condition.span,
            "one condition with `and` or `or` does the work of many that are nested",
        )
        return None
    conditions: dict[str, Row] = {}
    sound = True
    for source in dict.fromkeys(part.source for part in parts):
        row = check_condition(condition, RowPlace(scope, scope.shapes[source], "a filter"))
        if row is None:
            sound = False
        else:
            conditions[source] = row
    return restricted(node, conditions, scope) if sound else None


# -- calls ---------------------------------------------------------------------------------------------------


def _call(call: nodes.Call, scope: Scope) -> Node | None:
    name = call.name.text
    if name in AGGREGATES and AGGREGATES[name].parameters[0].takes == "path":
        return check_path(call, AGGREGATES[name], scope)
    if name in AGGREGATES:
        return check_aggregate(call, AGGREGATES[name], scope)
    if name in RESULT_FUNCTIONS:
        return _result_call(call, scope)
    if name in ROW_FUNCTIONS:
        scope.error(
            "K310",
            f"`{name}` works on one row and cannot stand in a formula by itself",
            call.name.span,
            help="it stands in a filter, in a computed column or inside an aggregation",
        )
        return None
    known = [*AGGREGATES, *RESULT_FUNCTIONS]
    helps = f"functions: {listed(known, 30)}"
    if name in scope.names.known:
        helps = f"`{name}` is {a_kind(scope.names.known[name])}; it stands without parentheses"
    scope.error(
        "K207",
        f"there is no function `{name}`",
        call.name.span,
        notes=similar("a function", name, known),
        help=helps,
    )
    return None


def _result_call(call: nodes.Call, scope: Scope) -> Node | None:
    if call.within is not None:
        not_a_path(RESULT_FUNCTIONS[call.name.text], call, scope)
        return None
    args = [check_formula(arg, scope) for arg in call.args]
    if call.by is not None:
        scope.error(
            "K311",
            f"`{call.name.text}` takes no `by`",
            call.by.span,
            help=f"it is written {RESULT_FUNCTIONS[call.name.text].signature}",
        )
        return None
    if None in args:
        return None
    return check_result_call(call, RESULT_FUNCTIONS[call.name.text], cast(list[Node], args), scope)
