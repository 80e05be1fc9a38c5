"""Rules that a config declares in a line: clauses that must be there, names that must fit, functions that may
not be used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from kpidsl.diagnostics import Diagnostic, Severity, Span, near
from kpidsl.lint.rule import Finder, Found, Rule
from kpidsl.lint.view import View
from kpidsl.lintconfig import DeclaredRule
from kpidsl.model.functions import every
from kpidsl.syntax import nodes

KINDS: Mapping[str, type[nodes.Node]] = {
    "kpi": nodes.KpiDef,
    "measure": nodes.MeasureDef,
    "source": nodes.SourceDef,
    "objective": nodes.ObjectiveDef,
    "let": nodes.Let,
    "period": nodes.PeriodDef,
}
CLAUSES: Mapping[str, type[nodes.Node]] = {
    "baseline": nodes.Baseline,
    "because": nodes.Because,
    "by": nodes.By,
    "channel": nodes.ChannelColumn,
    "check": nodes.Check,
    "complete": nodes.Complete,
    "confident": nodes.Confident,
    "deadline": nodes.Deadline,
    "description": nodes.Description,
    "fresh": nodes.Fresh,
    "from": nodes.From,
    "key": nodes.Key,
    "label": nodes.Caption,
    "leading": nodes.Role,
    "measured": nodes.Measured,
    "met": nodes.Met,
    "owner": nodes.Owner,
    "pace": nodes.Pace,
    "review": nodes.Review,
    "row": nodes.Row,
    "rows": nodes.Volume,
    "sample": nodes.SampleAtLeast,
    "stage": nodes.Stage,
    "stakeholder": nodes.Stakeholder,
    "target": nodes.Target,
    "time": nodes.TimeColumn,
    "tolerance": nodes.Tolerance,
    "unit": nodes.UnitClause,
}
_TITLE = "title"
_LEVELS = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}


def rule_of(declared: DeclaredRule, taken: Iterable[str]) -> Rule | Diagnostic:
    """The rule that a config declares, or what is wrong with it."""
    functions = [function.name for function in every()]
    if declared.name in taken:
        return _wrong(declared, f"a rule is called `{declared.name}` already", None)
    if not (declared.require or declared.pattern or declared.forbid):
        return _wrong(
            declared, f"the rule `{declared.name}` asks for nothing", "`require`, `name` or `forbid` does"
        )
    for word, known, what in (
        (declared.of, KINDS, "a kind of definition"),
        *((word, (*CLAUSES, _TITLE), "a clause") for word in declared.require),
        *((word, functions, "a function") for word in declared.forbid),
    ):
        if word not in known:
            return _unknown(declared, word, list(known), what)
    try:
        pattern = re.compile(declared.pattern) if declared.pattern else None
    except re.error as error:
        return _wrong(declared, f"`{declared.pattern}` is no regular expression: {error}", None)
    return Rule(
        declared.name,
        declared.name,
        "custom",
        _LEVELS.get(declared.level, Severity.WARNING),
        _summary(declared),
        declared.why or "The project asks for it: the rule is declared in its config.",
        "",
        "",
        _finder(declared, pattern),
    )


def _summary(declared: DeclaredRule) -> str:
    asks = []
    if declared.require:
        asks.append(f"has {_listed(declared.require)}")
    if declared.pattern:
        asks.append(f"has a name like {declared.pattern}")
    if declared.forbid:
        asks.append(f"does not use {_listed(declared.forbid)}")
    return f"Each {declared.of} {', and '.join(asks)}."


def _listed(words: Iterable[str]) -> str:
    return " and ".join(f"`{word}`" for word in words)


def _finder(declared: DeclaredRule, pattern: re.Pattern[str] | None) -> Finder:
    kind = KINDS[declared.of]
    notes = (declared.why,) if declared.why else ()

    def told(one: Any, span: Span, message: str) -> Found:
        kpi = one.name.text if isinstance(one, nodes.KpiDef) else None
        return Found(span, message, notes=notes, help="the config of the project asks for it", kpi=kpi)

    def find(view: View) -> Iterable[Found]:
        definitions: list[Any] = view.of(kind)
        for one in definitions:
            name = one.name
            for word in declared.require:
                if not _has(one, word):
                    yield told(one, name.span, f"the {declared.of} `{name.text}` has no `{word}`")
            if pattern is not None and not pattern.fullmatch(name.text):
                yield told(one, name.span, f"the name `{name.text}` is not like {declared.pattern}")
        for definition, call in view.written(nodes.Call) if declared.forbid else ():
            if isinstance(definition, kind) and call.name.text in declared.forbid:
                yield told(definition, call.name.span, f"`{call.name.text}` is not to be used")

    return find


def _has(definition: Any, word: str) -> bool:
    if word == _TITLE:
        return getattr(definition, "title", None) is not None
    return any(isinstance(clause, CLAUSES[word]) for clause in getattr(definition, "clauses", ()))


def _unknown(declared: DeclaredRule, word: str, known: list[str], what: str) -> Diagnostic:
    alike = near(word, known)
    hint = f"{what} is one of {', '.join(sorted(known))}"
    if alike:
        hint = f"{what} with a similar name: `{alike[0]}`"
    return _wrong(declared, f"`{word}` is not {what}", hint)


def _wrong(declared: DeclaredRule, message: str, hint: str | None) -> Diagnostic:
    return Diagnostic("K781", message, declared.span, help=hint)
