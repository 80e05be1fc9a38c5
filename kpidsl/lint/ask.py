"""Ask the rules: which there are, what they find as the config weighs it, without what comments let pass."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from attrs import evolve

from kpidsl.diagnostics import Diagnostic, Report, Severity, Span
from kpidsl.lint.declared import rule_of
from kpidsl.lint.outcome import Outcome
from kpidsl.lint.rule import Rule
from kpidsl.lint.rules import brought, builtin, points
from kpidsl.lint.select import Selection, problems, selection
from kpidsl.lint.suppress import settle
from kpidsl.lint.view import View
from kpidsl.lintconfig import LintConfig
from kpidsl.specs import Specs
from kpidsl.syntax import nodes

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def all_rules(
    config: LintConfig, found: Iterable[EntryPoint] | None = None
) -> tuple[tuple[Rule, ...], list[Diagnostic]]:
    """The rules of kpidsl, of packages and of the project's config, and what is wrong with the last two."""
    foreign = brought(points() if found is None else found)
    rules, wrong = [*builtin(), *foreign.rules], [*foreign.problems]
    for declared in config.rules:
        rule = rule_of(declared, {word for one in rules for word in (one.name, one.code)})
        if isinstance(rule, Diagnostic):
            wrong.append(rule)
        elif declared.level != "off":
            rules.append(rule)
    return tuple(rules), wrong


def ask(
    specs: Specs, today: date, select: Sequence[str], ignore: Sequence[str], found: Sequence[EntryPoint]
) -> Outcome:
    """Have every rule that is chosen look at a project. `found` are the packages that bring rules."""
    config = specs.config.lint
    rules, wrong = all_rules(config, found)
    wrong += problems(config, rules, select, ignore)
    chosen = selection(specs.config.root, config, select, ignore)
    names = [source.name for source in specs.sources]
    asked = [rule for rule in rules if any(chosen.weight(rule, name) for name in names)]
    view = View(specs.files, specs.graph, today)
    findings = [*_compiled(specs.diagnostics, rules, chosen)]
    own, failed = frozenset(builtin()), set[Rule]()
    for rule in asked:
        try:
            findings += _found(rule, view, chosen)
        except (Exception, SystemExit) as error:  # foreign code can fail in any way
            if rule in own:
                raise
            wrong.append(_failed(rule, error))
            failed.add(rule)
    codes = frozenset(rule.code for rule in asked if rule not in failed and not rule.rows)
    lost = list(_lost(specs))
    settled = settle(findings, specs.files, specs.graph.calendar, rules, codes, today, lost)
    by_code = {rule.code: rule for rule in rules}
    told = [one for d in settled.about for one in _weighed(d, by_code[d.code], chosen)]
    return Outcome(tuple(Report([*settled.findings, *told]).sorted()), settled.passed, tuple(wrong))


def weigh(
    specs: Specs, told: Sequence[Diagnostic], today: date, select: Sequence[str], ignore: Sequence[str]
) -> Outcome:
    """What the data has against a project, as the config weighs it, without what comments let pass."""
    rules, _ = all_rules(specs.config.lint)
    chosen = selection(specs.config.root, specs.config.lint, select, ignore)
    findings = [*_compiled(told, rules, chosen)]
    of_data = frozenset(rule.code for rule in rules if rule.rows)
    settled = settle(findings, specs.files, specs.graph.calendar, rules, of_data, today)
    return Outcome(settled.findings, settled.passed)


def _lost(specs: Specs) -> Iterable[Span]:
    """The definitions that do not compile, by an error of their own or of what they rest on."""
    compiled: Mapping[type, Mapping[str, object]] = {
        nodes.KpiDef: specs.graph.kpis,
        nodes.MeasureDef: specs.graph.measures,
        nodes.ObjectiveDef: specs.graph.objectives,
    }
    for file in specs.files:
        yield from file.broken
        spans = [one.span for one in specs.errors if one.span is not None]
        wrong = sorted(span.start for span in spans if span.source is file.source)
        for one in file.definitions:
            known = compiled.get(type(one))
            name: Any = getattr(one, "name", None)
            lost = known is not None and name.text not in known
            if lost or bisect_left(wrong, one.span.start) < bisect_left(wrong, one.span.end):
                yield one.span


def _compiled(
    diagnostics: Iterable[Diagnostic], rules: Iterable[Rule], chosen: Selection
) -> Iterable[Diagnostic]:
    """What the compiler tells: errors as they are, warnings as they are weighed."""
    pages = {rule.code: rule for rule in rules if rule.find is None}
    for one in diagnostics:
        rule = pages.get(one.code)
        if rule is None or one.severity is Severity.ERROR:
            yield one
        else:
            yield from _weighed(one, rule, chosen)


def _found(rule: Rule, view: View, chosen: Selection) -> Iterable[Diagnostic]:
    for one in rule.find(view) if rule.find is not None else ():
        yield from _weighed(rule.diagnostic(one), rule, chosen)


def _weighed(found: Diagnostic, rule: Rule, chosen: Selection) -> Iterable[Diagnostic]:
    """The finding as the config weighs it; none where the rule is not asked."""
    weight = chosen.weight(rule, found.span.source.name if found.span else "")
    if weight is not None:
        yield found if found.severity is weight else evolve(found, severity=weight)


def _failed(rule: Rule, error: BaseException) -> Diagnostic:
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return Diagnostic(
        "K782",
        f"the rule `{rule.name}` ended with an error of its own: {said}",
        place=rule.name,
        help=f'`ignore = ["{rule.name}"]` under [lint] does without it',
    )
