"""Which rules are asked, and how much they weigh: by config, by path, by options."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import define, field

from kpidsl.codes import called
from kpidsl.diagnostics import Diagnostic, Severity, Span, near
from kpidsl.lint.rule import Rule, words
from kpidsl.lintconfig import Layer, LintConfig, Words
from kpidsl.records import Record

_LEVELS = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO, "off": None}


@define(repr=False, eq=False)
class Selection(Record):
    """Says of each rule what it weighs in a file."""

    root: Path
    layers: tuple[Layer, ...]
    _known: dict[tuple[str, str], Severity | None] = field(factory=dict)
    _fitting: dict[str, tuple[Layer, ...]] = field(factory=dict)

    def weight(self, rule: Rule, file: str) -> Severity | None:
        """The severity of what the rule finds in a file; None where it is not asked."""
        key = (rule.code, file)
        if key not in self._known:
            self._known[key] = self._weight(rule, self._layers(file))
        return self._known[key]

    def _layers(self, file: str) -> tuple[Layer, ...]:
        if file not in self._fitting:
            try:
                path = Path(os.path.relpath(file, self.root)).as_posix()
            except ValueError:  # another drive
                path = file
            self._fitting[file] = tuple(layer for layer in self.layers if layer.fits(path))
        return self._fitting[file]

    @staticmethod
    def _weight(rule: Rule, layers: Sequence[Layer]) -> Severity | None:
        asked, severity = True, rule.severity
        for layer in layers:
            if layer.select is not None:
                chosen = any(rule.answers(word) for word in layer.select.texts)
                asked = chosen if layer.pattern is None else asked or chosen
            if any(rule.answers(word) for word in layer.ignore.texts):
                asked = False
            named = [
                (_closeness(rule, level.word), level) for level in layer.levels if rule.answers(level.word)
            ]
            if named:
                _, last = max(reversed(named), key=lambda one: one[0])
                weight = _LEVELS[last.level]
                asked, severity = asked and weight is not None, weight or severity
        return severity if asked else None


def _closeness(rule: Rule, word: str) -> int:
    """A rule's own name decides before that of its family, and that before `all`."""
    return 2 if word.casefold() in (rule.name, rule.code.casefold()) else int(word == rule.family)


def selection(
    root: Path, config: LintConfig, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> Selection:
    """What a config says, with the options of a command in place of its `select`, and added to its
    `ignore`. Options hold in all files."""
    first, *others = config.layers
    asked = Layer(None, Words(tuple(select)) if select else first.select, first.ignore, first.levels)
    layers = (asked, *others)
    if ignore:
        layers = (*layers, Layer(None, None, Words(tuple(ignore))))
    return Selection(root, layers)


def problems(
    config: LintConfig, rules: Sequence[Rule], select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> list[Diagnostic]:
    """Every word of a config or an option that names no rule, or would turn off what cannot be."""
    known = words(rules)
    folded = {word.casefold() for word in known}
    fixed = {word.casefold() for rule in rules if rule.is_fixed for word in (rule.name, rule.code)}
    named: list[tuple[str, Span | None, bool]] = []  # the last: whether it makes a rule weigh less
    named += ((word, None, False) for word in select)
    named += ((word, None, True) for word in ignore)
    for layer in config.layers:
        named += [(text, layer.select.span, False) for text in layer.select.texts] if layer.select else []
        named += [(text, layer.ignore.span, True) for text in layer.ignore.texts]
        named += [(level.word, level.span, level.level != "error") for level in layer.levels]
    found = []
    for word, span, lowers in named:
        if word.casefold() not in folded:
            told = called(word)  # of data, of tests, of config: told without being a rule
            always = told is not None and _always(word, span, error=told.severity is Severity.ERROR)
            found.append(always or unknown(word, span, known))
        elif lowers and word.casefold() in fixed:
            found.append(_always(word, span))
    return found


def _always(word: str, span: Span | None, *, error: bool = True) -> Diagnostic:
    said = f"`{word}` is an error of the compiler, and cannot be turned off"
    help_ = "what is an error keeps something from being evaluated"
    if not error:
        said = f"`{word}` is no rule of lint: where it is found it is told, and it cannot be turned off"
        help_ = "`kpi rule` lists all rules"
    return Diagnostic("K780", said, span, place=None if span is not None else f"`{word}`", help=help_)


def unknown(word: str, span: Span | None, known: Iterable[str]) -> Diagnostic:
    """That no rule and no family has a name."""
    alike = near(word, known)
    similar = ", ".join(f"`{name}`" for name in alike)
    return Diagnostic(
        "K780",
        f"no rule and no family of rules is called `{word}`",
        span,
        place=None if span is not None else f"`{word}`",
        help=f"similar: {similar}" if alike else "`kpi rule` lists all rules",
    )
