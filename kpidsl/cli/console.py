"""What commands share: the options that all of them have, where output goes, and the note that work goes
on."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, TypeVar

import click
from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.render.cells import Screen

_SIGNS = "●▲■○·▁█…"
_PATIENCE = 1.0  # seconds before progress is shown
Command = TypeVar("Command", bound=Callable[..., Any])


@frozen
class Console:
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
    def progress(self) -> Iterator[Callable[[str], None]]:
        """Takes the name of each step; shows it once the work lasts, if standard error is a terminal."""
        if not sys.stderr.isatty():
            yield lambda step: None
            return
        step = ["starting"]
        done = threading.Event()

        def show() -> None:
            if done.wait(_PATIENCE):
                return
            while not done.wait(0.2):
                sys.stderr.write(f"\r\x1b[K{step[0]} ..."[: self.err.width])
                sys.stderr.flush()
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

        thread = threading.Thread(target=show, daemon=True)
        thread.start()
        try:
            yield lambda name: step.__setitem__(0, name)
        finally:
            done.set()
            thread.join()


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
    else:
        width = shutil.get_terminal_size((100, 24)).columns if terminal else 100
    return Screen(max(width, 20), color, _shows(stream, _SIGNS))


def _shows(stream: TextIO, signs: str) -> bool:
    try:
        signs.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def common(command: Command) -> Command:
    """The options of every command: `--color`, `--quiet`, `--verbose`."""
    for option in (
        click.option("--color/--no-color", default=None, help="Colour, or none; default: in a terminal."),
        click.option("-v", "--verbose", is_flag=True, help="Say more."),
        click.option("-q", "--quiet", is_flag=True, help="Say only what needs attention."),
    ):
        command = option(command)
    return command


paths_argument = click.argument("paths", nargs=-1, metavar="[PATHS]...")
"""Spec files and folders; none given means the folder where the command runs."""


def wanted(diagnostics: Iterable[Diagnostic], *, quiet: bool, verbose: bool) -> list[Diagnostic]:
    """Quiet keeps the errors, verbose adds what is only for information."""
    least = Severity.ERROR if quiet else Severity.INFO if verbose else Severity.WARNING
    return [d for d in diagnostics if d.severity >= least]
