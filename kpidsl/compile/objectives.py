"""Objectives: which KPIs make a goal, with what weight, and when it is met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast

from kpidsl.compile.scope import Scope, a_kind, listed, rests_on, similar
from kpidsl.compile.walk import written
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
        clauses = _members(definition, kpis, scope)
        members = [(clause.kpi.text, _weight(clause, scope)) for clause in clauses]
        _counting(definition, clauses, scope)
        met = next((c for c in definition.clauses if isinstance(c, nodes.Met)), None)
        need = _need(met, scope)
    if inner.errors:
        return inner.errors[0]
    nested = frozenset(clause.kpi.text for clause in clauses if clause.objective)
    for name, _ in members:
        if name not in kpis and name not in nested:
            return rests_on(word, span, broken.get(name))
    title = definition.title.text if definition.title else None
    owner = next((c.text.text for c in definition.clauses if isinstance(c, nodes.Owner)), None)
    rule = met.kind if met else "all"
    return Objective(
        word,
        title,
        tuple(members),
        cast(Literal["all", "any", "share"], rule),
        need,
        owner,
        definition.span,
        keys=frozenset(clause.kpi.text for clause in clauses if clause.key),
        shown=frozenset(clause.kpi.text for clause in clauses if clause.information),
        nested=nested,
    )


def settle_nested(found: dict[str, Objective], broken: dict[str, Diagnostic], scope: Scope) -> None:
    """Objectives that are members of each other in a circle, or rest on one that cannot be judged, go to
    `broken`."""
    for name in _circles(found):
        span = scope.names.known[name].name.span
        with scope.apart() as inner:
            scope.error(
                "K206",
                f"the objective `{name}` is a member of itself, directly or by others",
                span,
                help="a goal can be made of others that do not come back to it",
            )
        broken[name] = inner.errors[0]
        del found[name]
    while lost := [(o, m) for o in found.values() for m in sorted(o.nested) if m not in found]:
        for objective, member in lost:
            broken[objective.name] = rests_on(objective.name, objective.span, broken.get(member))
            found.pop(objective.name, None)


def _circles(objectives: Mapping[str, Objective]) -> list[str]:
    """The objectives that lead back to themselves."""

    def below(name: str) -> set[str]:
        seen: set[str] = set()
        stack = [name]
        while stack:
            for member in objectives[stack.pop()].nested & objectives.keys():
                if member not in seen:
                    seen.add(member)
                    stack.append(member)
        return seen

    return [name for name in objectives if name in below(name)]


def _members(definition: nodes.ObjectiveDef, kpis: Mapping[str, Kpi], scope: Scope) -> list[nodes.Member]:
    found: list[nodes.Member] = []
    seen: dict[str, Span] = {}
    for clause in definition.clauses:
        if not isinstance(clause, nodes.Member):
            continue
        word = clause.kpi.text
        if word in seen:
            scope.error(
                "K212",
                f"`{word}` is in the objective twice",
                clause.kpi.span,
                (seen[word], "first here"),
                help="`weight 2` lets a member count as two",
            )
            continue
        seen[word] = clause.kpi.span
        if clause.information and (clause.key or clause.weight is not None):
            other = "key" if clause.key else "given a weight"
            scope.error(
                "K465",
                f"`{word}` is {other} and for information at once",
                clause.span,
                help="a member for information is shown and never counts",
            )
        if clause.objective:
            if _known_objective(clause.kpi, scope):
                found.append(clause)
            continue
        if not known_kpi(clause.kpi, scope):
            continue
        if word in kpis and kpis[word].about.draft:
            scope.warn(
                "K416",
                f"`{word}` is a draft and does not count",
                clause.kpi.span,
                (scope.names.known[word].name.span, "a draft"),
            )
        found.append(clause)
    if not seen:
        scope.error(
            "K213",
            f"the objective `{definition.name.text}` has no KPI",
            definition.name.span,
            help="`kpi NAME` under it names one",
        )
    return found


def _counting(definition: nodes.ObjectiveDef, members: Sequence[nodes.Member], scope: Scope) -> None:
    if members and all(m.information and not (m.key or m.weight) for m in members):
        scope.error(
            "K466",
            f"no member of the objective `{definition.name.text}` counts: all are for information",
            definition.name.span,
            (members[0].span, "shown, and never counted"),
            help="a member without `for information` counts",
        )


def _known_objective(word: nodes.Word, scope: Scope) -> bool:
    definition = scope.names.known.get(word.text)
    if isinstance(definition, nodes.ObjectiveDef) or word.text in scope.names.lost:
        return True
    known = [*scope.names.of(nodes.ObjectiveDef)]
    if definition is not None:
        scope.error(
            "K202",
            f"`{word.text}` is {a_kind(definition)}, not an objective",
            word.span,
            (definition.name.span, "defined here"),
            help=f"`kpi {word.text}` names a KPI" if isinstance(definition, nodes.KpiDef) else None,
        )
    else:
        scope.error(
            "K202",
            f"there is no objective `{word.text}`",
            word.span,
            notes=similar("an objective", word.text, known) or [f"objectives: {listed(known)}"],
            help=f"`objective {written(word.text)}` at the margin defines one",
        )
    return False


def has_slices(kpi: Kpi, named: nodes.Word | nodes.String, scope: Scope) -> bool:
    """Whether a KPI is split by one dimension, so that a value names a slice of it; an error if it is not."""
    if len(kpi.dimensions) == 1:
        return True
    count = f"{len(kpi.dimensions)} dimensions" if kpi.dimensions else "no dimension"
    scope.error(
        "K219",
        f"`{kpi.name}` has {count}, and `for {named.text}` names a slice of one",
        named.span,
        (scope.names.known[kpi.name].name.span, "defined here"),
    )
    return False


def known_kpi(word: nodes.Word, scope: Scope) -> bool:
    """Whether a word names a KPI, even one with an error; an error if it does not."""
    definition = scope.names.known.get(word.text)
    if isinstance(definition, nodes.KpiDef) or word.text in scope.names.lost:
        return True
    kpis = [*scope.names.of(nodes.KpiDef)]
    if definition is not None:
        scope.error(
            "K202",
            f"`{word.text}` is {a_kind(definition)}, not a KPI",
            word.span,
            (definition.name.span, "defined here"),
            help=_instead(definition),
        )
    else:
        scope.error(
            "K202",
            f"there is no KPI `{word.text}`",
            word.span,
            notes=similar("a KPI", word.text, kpis) or ([f"KPIs: {listed(kpis)}"] if kpis else []),
            help=f"`kpi {written(word.text)}` at the margin defines one",
        )
    return False


def _instead(definition: nodes.Definition) -> str:
    """What could have been meant by a name that is no KPI's."""
    match definition:
        case nodes.ObjectiveDef(name=name):
            return f"`objective {written(name.text)}` names an objective as a member of another"
        case nodes.MeasureDef(name=name) | nodes.Let(name=name):
            return f"a KPI with `formula {written(name.text)}` can be named"
        case _:
            return "a KPI can be named"


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
                f"the share that has to be met is above 0% and at most 100%, and this is {share.span.text}",
                share.span,
                help="`met when at least 60% are met` is how it is written",
            )
            return 1.0
        case _:
            return 1.0
