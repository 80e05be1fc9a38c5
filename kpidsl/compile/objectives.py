"""Objectives: which KPIs make a goal, with what weight, and when it is met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from kpidsl.compile.scope import KIND_OF, Scope, listed, rests_on, similar
from kpidsl.diagnostics import Diagnostic, Span
from kpidsl.graph import Kpi, Objective
from kpidsl.model.units import PERCENT
from kpidsl.syntax import nodes


def objective_of(
    definition: nodes.ObjectiveDef, kpis: Mapping[str, Kpi], broken: Mapping[str, Diagnostic], scope: Scope
) -> Objective | Diagnostic:
    """An objective of the graph, or why it cannot be judged."""
    word, span = definition.name.text, definition.name.span
    with scope.apart() as inner:
        members = _members(definition, kpis, scope)
        met = next((c for c in definition.clauses if isinstance(c, nodes.Met)), None)
        need = _need(met, scope)
    if inner.errors:
        return inner.errors[0]
    for name, _ in members:
        if name not in kpis:
            return rests_on(word, span, broken.get(name))
    title = definition.title.text if definition.title else None
    owner = next((c.text.text for c in definition.clauses if isinstance(c, nodes.Owner)), None)
    rule = met.kind if met else "all"
    return Objective(word, title, tuple(members), cast("object", rule), need, owner, definition.span)  # type: ignore[arg-type]


def _members(
    definition: nodes.ObjectiveDef, kpis: Mapping[str, Kpi], scope: Scope
) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    seen: dict[str, Span] = {}
    for clause in definition.clauses:
        if not isinstance(clause, nodes.Member):
            continue
        word = clause.kpi.text
        if word in seen:
            scope.error(
                "K212", f"`{word}` is in the objective twice", clause.kpi.span, (seen[word], "first here")
            )
            continue
        seen[word] = clause.kpi.span
        if not known_kpi(clause.kpi, scope):
            continue
        if word in kpis and kpis[word].about.draft:
            scope.warn(
                "K416",
                f"`{word}` is a draft and does not count",
                clause.kpi.span,
                (scope.names.known[word].name.span, "a draft"),
            )
        found.append((word, _weight(clause, scope)))
    if not seen:
        scope.error(
            "K213",
            f"the objective `{definition.name.text}` has no KPI",
            definition.name.span,
            help="`kpi NAME` under it names one",
        )
    return found


def known_kpi(word: nodes.Word, scope: Scope) -> bool:
    """Whether a word names a KPI, even one with an error; an error if it does not."""
    definition = scope.names.known.get(word.text)
    if isinstance(definition, nodes.KpiDef) or word.text in scope.names.lost:
        return True
    kpis = [*scope.names.of(nodes.KpiDef)]
    if definition is not None:
        scope.error(
            "K202",
            f"`{word.text}` is a {KIND_OF[type(definition)]}, not a KPI",
            word.span,
            (definition.name.span, "defined here"),
        )
    else:
        scope.error(
            "K202",
            f"there is no KPI `{word.text}`",
            word.span,
            notes=similar("a KPI", word.text, kpis) or ([f"KPIs: {listed(kpis)}"] if kpis else []),
        )
    return False


def _weight(member: nodes.Member, scope: Scope) -> float:
    if member.weight is None:
        return 1.0
    number = scope.number(member.weight)
    if number is not None and (number[0] <= 0 or member.weight.unit is not None):
        scope.error(
            "K414",
            f"a weight is a positive number without a unit, not {member.weight.span.text}",
            member.weight.span,
            help="`weight 3` counts as three KPIs",
        )
    return number[0] if number else 1.0


def _need(met: nodes.Met | None, scope: Scope) -> float:
    match met:
        case nodes.Met(kind="any"):
            return 0.0
        case nodes.Met(kind="share", share=nodes.Number() as share):
            number = scope.number(share)
            if number is None:
                return 1.0
            if number[1] == PERCENT and 0 < number[0] <= 1:
                return number[0]
            scope.error(
                "K415",
                f"the share that has to be met lies between 0% and 100%, and this is {share.span.text}",
                share.span,
                help="`met when at least 60% are met` is how it is written",
            )
            return 1.0
        case _:
            return 1.0
