"""Rules that a config declares in a line: clauses that must be there, names that must fit, functions that may
not be used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kpidsl.diagnostics import Diagnostic, Severity, Span, near
from kpidsl.lint.patterns import Unreadable, matcher
from kpidsl.lint.rule import FAMILIES, Finder, Found, Rule
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
_ALL = "title description label owner"
TAKEN: Mapping[str, frozenset[str]] = {
    of: frozenset(words.split())
    for of, words in {
        "kpi": f"{_ALL} baseline because by confident deadline from leading measured pace review sample stage"
        " stakeholder target tolerance unit",
        "measure": f"{_ALL} unit",
        "source": f"{_ALL} channel check complete fresh key row rows time",
        "objective": f"{_ALL} because met review stakeholder",
        "let": "",
        "period": "title description owner",
    }.items()
}
"""The clauses that each kind of definition takes, of those that can be required."""
_SIMPLE = "letters, classes, groups, alternatives, repetitions and looking ahead are: `[a-z]+(_[a-z0-9]+)*`"
_LEVELS = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}


def rule_of(declared: DeclaredRule, taken: Iterable[str]) -> Rule | Diagnostic:
    """The rule that a config declares, or what is wrong with it."""
    functions = [function.name for function in every()]
    if declared.name in {*taken, *FAMILIES, "all"}:
        return _wrong(declared, f"a rule or a family is called `{declared.name}` already", None)
    if not re.fullmatch(r"[a-z0-9_-]+", declared.name):
        said = f"`{declared.name}` cannot be named in a comment, as rules are that let something pass"
        return _wrong(declared, said, "small letters, digits and hyphens make a name: `plain-names`")
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
    impossible = [word for word in declared.require if word not in TAKEN[declared.of]]
    if impossible:
        return _wrong(declared, f"a {declared.of} takes no `{impossible[0]}`, so that none can have it", None)
    try:
        fits = matcher(declared.pattern) if declared.pattern else None
    except Unreadable as error:
        said = f"`{declared.pattern}` is no regular expression that names are held against: {error}"
        return _wrong(declared, said, _SIMPLE)
    return Rule(
        declared.name,
        declared.name,
        "custom",
        _LEVELS.get(declared.level, Severity.WARNING),
        _summary(declared),
        declared.why or "The project asks for it: the rule is declared in its config.",
        "",
        "",
        _finder(declared, fits),
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


def _finder(declared: DeclaredRule, fits: Callable[[str], bool] | None) -> Finder:
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
            if fits is not None and not fits(name.text):
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
