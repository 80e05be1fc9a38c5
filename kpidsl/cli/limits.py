"""`--memory`, `--threads`, `--spill`, `--spill-size` and `--timeout`: what an evaluation may take."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
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


def limits(command: Command) -> Callable[..., Any]:
    """The options, read into `held`; what they do not say, `[limits]` of the config says."""

    @wraps(command)
    def held(*arguments: Any, **options: Any) -> Any:
        given = {name: options.pop(name) for name in _OPTIONS}
        return command(*arguments, held=read_limits(**given), **options)

    found: Callable[..., Any] = held
    for name, (value, help) in reversed(_OPTIONS.items()):
        found = click.option(f"--{name.replace('_', '-')}", metavar=value, help=help)(found)
    return found


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
