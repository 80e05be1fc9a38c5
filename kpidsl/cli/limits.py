"""`--memory`, `--threads`, `--spill`, `--spill-size` and `--timeout`: what an evaluation may take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kpidsl.config import LIMITS, Limits

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = {
    "memory": ("SIZE", "Memory that the engine may use, such as 2GB or 60%."),
    "threads": ("N", "Threads that it may use."),
    "spill": ("FOLDER", "Where it writes what does not fit into memory."),
    "spill_size": ("SIZE", "How much of that it may write, such as 50GB."),
    "timeout": ("TIME", "How long the evaluation may take, such as 30s or 5m."),
}


def limits(command: Command) -> Command:
    """The options; what they do not say, `[limits]` of the config says."""
    for name, (value, help) in reversed(_OPTIONS.items()):
        command = click.option(f"--{name.replace('_', '-')}", metavar=value, help=help)(command)
    return command


def read_limits(**given: str | None) -> Limits:
    """The limits from what was given, read as the config's are. A usage error for what is none."""
    found = {}
    for name, text in given.items():
        if text is None:
            continue
        read, wanted = LIMITS[name]
        found[name] = read(int(text) if name == "threads" and text.isdecimal() else text)
        if found[name] is None:
            raise click.BadParameter(
                f"`{text}` is not {wanted.replace(f'{name} = ', '')}",
                param_hint=f"--{name.replace('_', '-')}",
            )
    return Limits(**found)
