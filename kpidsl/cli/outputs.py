"""`--format FORMAT[=FILE]`, as often as wanted: which outputs are asked for, and how they get where they
belong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import click

from kpidsl.cli.console import Console
from kpidsl.render.cells import Screen

Renderer = Callable[[Screen], str | Iterable[str]]
"""A text, whole or in parts."""


def outputs(texts: Sequence[str], known: Sequence[str]) -> list[tuple[str, str | None]]:
    """Formats, each with the file it goes to. The first of the known ones, to standard output, when none is
    given."""
    found: list[tuple[str, str | None]] = []
    for text in texts or known[:1]:
        name, equals, file = text.partition("=")
        if name not in known:
            raise _wrong(f"`{name}` is not a format; formats: {', '.join(known)}")
        if equals and not file:
            raise _wrong(f"`{text}` names no file after the `=`")
        found.append((name, file or None))
    if sum(file is None for _, file in found) > 1:
        raise _wrong(f"only one format can go to standard output; the other needs a file: {found[1][0]}=FILE")
    return found


def put(
    targets: Sequence[tuple[str, str | None]], renderers: Mapping[str, Renderer], console: Console
) -> bool:
    """Render each format and write it, files first; False if one could not be written, which is told."""
    from kpidsl import files

    fine = True
    for name, file in sorted(targets, key=lambda target: target[1] is None):
        if file is None:
            found = renderers[name](console.out)
            for part in [found] if isinstance(found, str) else found:
                console.say(part)
            sys.stdout.flush()
        elif (problem := files.write(Path(file), renderers[name](Screen()))) is not None:
            console.report([problem])
            fine = False
    return fine


def _wrong(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="--format")
