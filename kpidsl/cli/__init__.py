"""The command line. A command loads, calls one stage, renders, and ends with a code.

Codes: 0 fine, 1 findings or verdicts that were asked to fail, 2 could not do the job, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from kpidsl.collector import left_alone, uncollected

_COMMANDS = (
    "eval", "lint", "fmt", "explain", "compile", "list", "graph", "init", "rule", "schema",
    "whatif", "solve", "scenario", "why", "test", "diff", "breaking", "history", "ci", "config", "completion",
)  # fmt: skip
_MODULES = {"eval": "evaluate", "list": "listing"}
_PIPE_CLOSED = 141  # what a shell says of a process that SIGPIPE ended


class _Commands(click.Group):
    """Commands are imported when they are asked for: a cold start is a feature."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        with uncollected():
            module = import_module(f"kpidsl.cli.{_MODULES.get(cmd_name, cmd_name)}")
            left_alone()
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            from kpidsl.diagnostics import near

            alike = near(name, _COMMANDS)
            hint = f"; a command with a similar name: {alike[0]}" if alike else ""
            raise click.UsageError(f"no command `{name}`{hint}", ctx)
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("kpidsl")
        except PackageNotFoundError:
            number = "(not installed)"
        click.echo(f"kpi {number}")
        ctx.exit()


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
def _kpi() -> None:
    """KPIs as code: specs in text, verdicts from data."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its code. Whatever happens, no traceback reaches a person
    unasked."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    code = _guarded(given)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = _pipe_closed()
    except OSError as error:
        code = _not_written(error)
    left_alone()
    sys.exit(code)


def _guarded(arguments: list[str]) -> int:
    try:
        code: Any = _kpi.main(arguments, prog_name="kpi", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except SystemExit:  # by click, where nobody reads the output any more: in 1, which means findings here
        return _pipe_closed()
    except OSError as error:
        if error.filename is None:
            return _not_written(error)
        return _internal(error, arguments)
    except Exception as error:
        if _interrupted(error):
            return 130
        return _internal(error, arguments)


def _interrupted(error: Exception) -> bool:
    """Ctrl-C while DuckDB is at work comes as one of these; duckdb is not imported for its name alone."""
    return type(error).__name__ == "InterruptException" or str(error) == "Query interrupted"


def _pipe_closed() -> int:
    """Whoever read the output has left. Python would complain once more when it flushes at the end."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _PIPE_CLOSED


def _not_written(error: OSError) -> int:
    """A full disk behind standard output: what was buffered cannot be kept."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    click.echo(
        f"error[K713 file-unwritable]: the output cannot be written: {(error.strerror or '').lower()}",
        err=True,
    )
    return 2


def _internal(error: Exception, arguments: list[str]) -> int:
    if "--verbose" in arguments or "-v" in arguments:
        import traceback

        traceback.print_exception(error)
    said = " ".join(f"{type(error).__name__}: {error}".split())
    click.echo(
        f"error[K799 internal-error]: kpidsl met something it does not expect ({said[:300]});"
        " the fault is its own. Please report it with the output of the same command and --verbose.",
        err=True,
    )
    return 2
