"""`--format FORMAT[=FILE]`, as often as wanted: which outputs are asked for, and how they get where they
belong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from kpidsl.cli.console import Console
from kpidsl.render.cells import Screen
from kpidsl.render.findings import FORMATS, renderers

if TYPE_CHECKING:
    from kpidsl.findings import About, Check, Findings
    from kpidsl.lint.rule import Rule
    from kpidsl.specs import Specs

Renderer = Callable[[Screen], str | Iterable[str]]
"""A text, whole or in parts."""
SUMMARY = "GITHUB_STEP_SUMMARY"
Option = Callable[[Any], Any]


def outputs(texts: Sequence[str], known: Sequence[str]) -> list[tuple[str, str | None]]:
    """Formats, each with the file it goes to. The first of the known ones, to standard output, when none is
    given. Commands for GitHub may follow a text there: the runner takes them out."""
    found: list[tuple[str, str | None]] = []
    for text in texts or known[:1]:
        name, equals, file = text.partition("=")
        if name not in known:
            raise _wrong(f"`{name}` is not a format; formats: {', '.join(known)}")
        if equals and not file:
            raise _wrong(f"`{text}` names no file after the `=`")
        if file and any(file == other for _, other in found):
            raise _wrong(f"two formats would be written to `{file}`")
        found.append((name, file or None))
    streams = [name for name, file in found if file is None]
    if len(streams) > 1 and sorted(streams) != ["github", "text"]:
        raise _wrong(f"only one format can go to standard output; the other needs a file: {streams[1]}=FILE")
    return found


def put(
    targets: Sequence[tuple[str, str | None]], renderers: Mapping[str, Renderer], console: Console
) -> bool:
    """Render each format and write it, files first, then a text, then commands for GitHub; False if one could
    not be written, which is told."""
    from kpidsl import files

    fine = True
    shared = sum(file is None for _, file in targets) > 1
    for name, file in sorted(targets, key=lambda target: (target[1] is None, target[0] == "github")):
        if file is None:
            found = renderers[name](console.out)
            parts = [found] if isinstance(found, str) else found
            for part in _no_commands(parts) if shared and name != "github" else parts:
                console.say(part)
            sys.stdout.flush()
        elif (problem := files.write(Path(file), renderers[name](Screen()))) is not None:
            console.report([problem])
            fine = False
    return fine


def _no_commands(parts: Iterable[str]) -> Iterable[str]:
    """A text in which the runner of GitHub looks for no commands: it quotes what strangers write."""
    from secrets import token_hex

    word = token_hex(16)
    yield f"::stop-commands::{word}\n"
    yield from parts
    yield f"::{word}::\n"


def _wrong(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="--format")


# -- findings --------------------------------------------------------------------------------------


def findings_format() -> Option:
    """The option of commands that have findings to give."""
    return click.option(
        "--format",
        "formats",
        multiple=True,
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}; repeatable.",
        shell_complete=_completed,
    )


def _completed(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in FORMATS if name.startswith(incomplete)]


def as_findings(
    command: str, checks: Sequence[Check], specs: Specs, *, quiet: bool = False, verbose: bool = False
) -> Findings:
    """What the checks of a project found, for those who asked."""
    from kpidsl import plumbing, review
    from kpidsl.diagnostics import Severity
    from kpidsl.findings import Findings

    top = plumbing.top(Path.cwd())
    homes = [*([os.path.relpath(specs.config.file)] if specs.config.file else []), *_names(specs)]
    return Findings(
        command,
        tuple(checks),
        Severity.ERROR if quiet else Severity.INFO if verbose else Severity.WARNING,
        len(specs.sources),
        top,
        homes[0] if homes else "kpi.toml",
        review.changed(top),
        partial(_about, specs),
    )


def _about(specs: Specs, code: str) -> About | None:
    """What the page of a rule says."""
    from kpidsl.findings import About

    rule = _pages(specs).get(code)
    if rule is None:
        return None
    examples = (("Bad", rule.bad), ("Good", rule.good))
    shown = [f"{title}:\n\n```kpi\n{text}```" for title, text in examples if text.strip()]
    shown += [f"Rows:\n\n```csv\n{rule.rows}```"] if rule.rows else []
    return About(rule.name, rule.severity, rule.summary, "\n\n".join([rule.why, *shown]))


@lru_cache(maxsize=1)
def _pages(specs: Specs) -> Mapping[str, Rule]:
    from kpidsl.lint.ask import all_rules

    return {rule.code: rule for rule in all_rules(specs.config.lint)[0]}


def _names(specs: Specs) -> list[str]:
    return [source.name for source in specs.sources]


def publish(
    found: Findings,
    targets: Sequence[tuple[str, str | None]],
    console: Console,
    own: Mapping[str, Renderer] = MappingProxyType({}),
) -> bool:
    """Write findings in every format that is asked for; with that of GitHub also the summary of the step.
    False if a file could not be written, which is told; the summary is a courtesy, and fails nothing.
    `own`: formats in which a command has more to say."""
    written = put(targets, {**renderers(found), **own}, console)
    summary = os.environ.get(SUMMARY)
    if summary and any(name == "github" for name, _ in targets):
        try:
            with open(summary, "a", encoding="utf-8", newline="") as file:
                file.write(renderers(found)["markdown"](Screen()))
        except OSError as error:
            console.tell(f"the summary of the step cannot be written: {(error.strerror or '').lower()}\n")
    return written
