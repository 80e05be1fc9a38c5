"""Specs as commands are given them: paths, or `-` for standard input."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from attrs import evolve

from kpidsl.diagnostics import Diagnostic, Report, Source

if TYPE_CHECKING:
    from kpidsl.cli.console import Console
    from kpidsl.specs import Specs

LEFT_OUT = "left out: {}, which the config excludes or git ignores\n"
COULD_NOT_READ = frozenset({"K701", "K702", "K703", "K707", "K710", "K711", "K712", "K714"})
"""What keeps a command from doing its job, rather than being a finding of it."""


def load(paths: Sequence[str], stdin_name: str = "<stdin>", *, force_exclude: bool = False) -> Specs:
    """The project under some paths; the folder where the command runs when none is given."""
    from kpidsl import files, specs

    given, report = list(paths) or ["."], Report()
    stdin = None
    if "-" in given:
        read = files.decoded(sys.stdin.buffer.read(files.LARGEST + 1), stdin_name, report)
        stdin = read or Source(stdin_name, "")
    found = specs.load([path for path in given if path != "-"], stdin, force_exclude=force_exclude)
    return evolve(found, diagnostics=(*report, *found.diagnostics)) if report.items else found


force_exclude_option = click.option(
    "--force-exclude",
    is_flag=True,
    help="Leave out what the config excludes or git ignores also where it is named, as pre-commit does.",
)


def tell_left_out(specs: Specs, screens: Console) -> None:
    """Say which files were named and not looked at."""
    for name in specs.left_out:
        screens.tell(LEFT_OUT.format(name))


def pairs(texts: Sequence[str], option: str, form: str) -> dict[str, object]:
    """`NAME=VALUE`, as often as the option was given."""
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and (value or option == "--slice")):
            raise click.BadParameter(f"`{text}` is not of the form {form}", param_hint=option)
        found[name] = value
    return found


def unreadable(diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether something that was asked for could not be looked at."""
    return any(d.code in COULD_NOT_READ for d in diagnostics)
