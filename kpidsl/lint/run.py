"""Have the rules look at a project: what is found, as the config weighs it, without what comments let pass.

What was found is kept like all that is known of specs, under a digest of the texts, the config, the day and
the code; not where packages bring rules, for their code is not part of that.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.metadata import EntryPoint

from attrs import evolve, frozen

from kpidsl import cache
from kpidsl.diagnostics import Diagnostic, Report, Severity
from kpidsl.lint.declared import rule_of
from kpidsl.lint.rule import Rule
from kpidsl.lint.rules import brought, builtin, points
from kpidsl.lint.select import Selection, problems, selection
from kpidsl.lint.suppress import Passed, settle
from kpidsl.lint.view import View
from kpidsl.lintconfig import LintConfig
from kpidsl.packed import Codec, uncollected
from kpidsl.specs import Specs


@frozen
class Outcome:
    """What lint has to say, by file and place."""

    findings: tuple[Diagnostic, ...]
    """What the compiler and the rules tell, all in all."""
    passed: tuple[Passed, ...] = ()
    """What comments let pass."""
    problems: tuple[Diagnostic, ...] = ()
    """Why lint could not do all that it was asked to."""


_CODEC = Codec([Passed, Outcome])


def today_of(specs: Specs) -> date:
    """The day that rules about time go by: that of the config, else today."""
    return specs.config.as_of or date.today()


def check(
    specs: Specs, today: date | None = None, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> Outcome:
    """Everything about a project: what its compiler tells, and what the rules find.

    `select` takes the place of that of the config, `ignore` is added to its own; both are codes, names or
    families.
    """
    day = today or today_of(specs)
    found = points()
    key = None if found else _key(specs, day, select, ignore)
    config = specs.config.lint
    sources = (*specs.sources, *([config.source] if config.source is not None else []))
    kept = _CODEC.unpack(cache.get(f"lint-{key}"), sources) if key else None
    if isinstance(kept, Outcome):
        return kept
    with uncollected():
        outcome = _looked(specs, day, select, ignore, found)
    if key and (data := _CODEC.pack(outcome, sources)):
        cache.put(f"lint-{key}", data)
    return outcome


def all_rules(
    config: LintConfig, found: Iterable[EntryPoint] | None = None
) -> tuple[tuple[Rule, ...], list[Diagnostic]]:
    """The rules of kpidsl, of packages and of the project's config, and what is wrong with the last two."""
    own = builtin()
    foreign = brought(points() if found is None else found)
    rules, wrong = [*own, *foreign.rules], [*foreign.problems]
    for declared in config.rules:
        rule = rule_of(declared, {word for one in rules for word in (one.name, one.code)})
        if isinstance(rule, Diagnostic):
            wrong.append(rule)
        elif declared.level != "off":
            rules.append(rule)
    return tuple(rules), wrong


def _looked(
    specs: Specs, today: date, select: Sequence[str], ignore: Sequence[str], found: Sequence[EntryPoint]
) -> Outcome:
    config = specs.config.lint
    rules, wrong = all_rules(config, found)
    wrong += problems(config, rules, select, ignore)
    chosen = selection(specs.config.root, config, select, ignore)
    names = [source.name for source in specs.sources]
    asked = [rule for rule in rules if any(chosen.weight(rule, name) for name in names)]
    view = View(specs.files, specs.graph, today)
    findings = [*_compiled(specs.diagnostics, rules, chosen)]
    own = frozenset(builtin())
    for rule in asked:
        try:
            findings += _weighed((rule.diagnostic(one) for one in rule.find(view)) if rule.find else (), rule, chosen)
        except Exception as error:
            if rule in own:
                raise
            wrong.append(_failed(rule, error))
    codes = frozenset(rule.code for rule in asked)
    settled = settle(findings, specs.files, specs.graph.calendar, rules, codes, today)
    by_code = {rule.code: rule for rule in rules}
    told = [one for d in settled.about for one in _weighed([d], by_code[d.code], chosen)]
    return Outcome(tuple(Report([*settled.findings, *told]).sorted()), settled.passed, tuple(wrong))


def _compiled(diagnostics: Iterable[Diagnostic], rules: Iterable[Rule], chosen: Selection) -> Iterable[Diagnostic]:
    """What the compiler tells: errors as they are, warnings as they are weighed."""
    pages = {rule.code: rule for rule in rules if rule.find is None}
    for one in diagnostics:
        rule = pages.get(one.code)
        if rule is None or one.severity is Severity.ERROR:
            yield one
        else:
            yield from _weighed([one], rule, chosen)


def _weighed(found: Iterable[Diagnostic], rule: Rule, chosen: Selection) -> Iterable[Diagnostic]:
    for one in found:
        weight = chosen.weight(rule, one.span.source.name if one.span else "")
        if weight is not None:
            yield one if one.severity is weight else evolve(one, severity=weight)


def _failed(rule: Rule, error: Exception) -> Diagnostic:
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return Diagnostic(
        "K782",
        f"the rule `{rule.name}` ended with an error of its own: {said}",
        place=rule.name,
        help=f'`ignore = ["{rule.name}"]` under [lint] does without it',
    )


def _key(specs: Specs, today: date, select: Sequence[str], ignore: Sequence[str]) -> str | None:
    """A name for all that decides what is found."""
    try:
        if not cache.specs_kept():
            return None
        texts = [text for source in specs.sources for text in (source.name, source.text)]
        config = specs.config.lint.source
        decided = (str(today), *select, "", *ignore, "", config.text if config else "")
        return cache.digest((cache.code(), os.getcwd(), str(specs.config.root.resolve()), *decided, "", *texts))
    except OSError:  # the current folder is gone
        return None
