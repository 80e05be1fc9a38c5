"""What commands share: the options that all of them have, where output goes, and the note that work goes
on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click
from attrs import frozen

from kpidsl import cache
from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.records import Record
from kpidsl.render.cells import Screen

if TYPE_CHECKING:
    from kpidsl.cli.bar import Bar
    from kpidsl.evaluate.progress import Progress
    from kpidsl.evaluate.watch import Watch

_SIGNS = "●▲■○·▁█…"
INTERRUPTED = 130
Command = TypeVar("Command", bound=Callable[..., Any])


@frozen(repr=False)
class Console(Record):
    """The two streams and what each can show."""

    out: Screen
    err: Screen

    def say(self, text: str) -> None:
        """Write to standard output."""
        _write(sys.stdout, text, self.out)

    def tell(self, text: str) -> None:
        """Write to standard error."""
        _write(sys.stderr, text, self.err)

    def report(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Show diagnostics on standard error."""
        from kpidsl.render.diagnostics import render

        self.tell(render(diagnostics, self.err))

    @contextmanager
    def progress(self, *, quiet: bool = False) -> Iterator[Progress]:
        """Shows how far some work is once it lasts, if standard error is a terminal."""
        from kpidsl.evaluate.progress import Progress

        progress = Progress()
        bar = None if quiet else self._bar()
        with bar.shown(progress) if bar else nullcontext():
            yield progress

    @contextmanager
    def watch(self, *, quiet: bool = False) -> Iterator[Watch]:
        """Watches over an evaluation: shows how far it is once it lasts, if standard error is a terminal."""
        from kpidsl.evaluate.watch import Watch

        bar = None if quiet else self._bar()
        watch = Watch(stuck=partial(_end, bar))
        with bar.shown(watch.progress) if bar else nullcontext():
            yield watch

    def _bar(self) -> Bar | None:
        if not sys.stderr.isatty():
            return None
        from kpidsl.cli.bar import Bar

        return Bar(sys.stderr, self.err.unicode)


def _end(bar: Bar | None) -> None:
    """End a process that does not hear Ctrl-C, for something other than Python is at work."""
    from kpidsl import temporary

    if bar:
        bar.clear()
    temporary.sweep()
    os._exit(INTERRUPTED)


def _write(stream: TextIO, text: str, screen: Screen) -> None:
    """Click strips the colours where it thinks there is no terminal, unless it is told to keep them."""
    if text:
        encoding = stream.encoding or "utf-8"
        shown = text.encode(encoding, "replace").decode(encoding)
        click.echo(shown, file=stream, nl=False, color=screen.color)


def console(color: bool | None) -> Console:
    """Colour as the flag says, else as NO_COLOR and FORCE_COLOR say, else for terminals only."""
    return Console(_screen(sys.stdout, color), _screen(sys.stderr, color))


def _screen(stream: TextIO, color: bool | None) -> Screen:
    terminal = stream.isatty()
    if color is None:
        if os.environ.get("NO_COLOR"):
            color = False
        elif os.environ.get("FORCE_COLOR", "") not in ("", "0"):
            color = True
        else:
            color = terminal and os.environ.get("TERM") != "dumb"
    asked = os.environ.get("COLUMNS", "")
    if asked.isdigit() and int(asked):
        width = int(asked)
    elif terminal:
        from shutil import get_terminal_size

        width = get_terminal_size((100, 24)).columns
    else:
        width = 100
    return Screen(max(width, 20), color, _shows(stream, _SIGNS))


def _shows(stream: TextIO, signs: str) -> bool:
    try:
        signs.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def common(command: Command) -> Command:
    """The options of every command: `--color`, `--quiet`, `--verbose`, and `--no-cache`, which no command
    asks for."""
    for option in (
        click.option(
            "--no-cache",
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_without_cache,
            help="Read the specs anew, and keep nothing of them.",
        ),
        click.option("--color/--no-color", default=None, help="Colour, or none; default: in a terminal."),
        click.option("-v", "--verbose", is_flag=True, help="Say more."),
        click.option("-q", "--quiet", is_flag=True, help="Say only what needs attention."),
    ):
        command = option(command)
    return command


def _without_cache(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        ctx.with_resource(cache.without())


PATH = click.Path(readable=False, allow_dash=True)
"""A path that shells complete. Whether it is there and can be read, `kpidsl.files` tells."""
paths_argument = click.argument("paths", nargs=-1, metavar="[PATHS]...", type=PATH)
"""Spec files and folders; none given means the folder where the command runs."""


def wanted(diagnostics: Iterable[Diagnostic], *, quiet: bool, verbose: bool) -> list[Diagnostic]:
    """Quiet keeps the errors, verbose adds what is only for information."""
    least = Severity.ERROR if quiet else Severity.INFO if verbose else Severity.WARNING
    return [d for d in diagnostics if d.severity >= least]
