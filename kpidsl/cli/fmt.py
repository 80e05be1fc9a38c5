"""`kpi fmt`: write spec files in the one layout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kpidsl.cli.console import Console, common, console, paths_argument
from kpidsl.cli.inputs import LEFT_OUT, force_exclude_option
from kpidsl.cli.patch import patch

if TYPE_CHECKING:
    from collections.abc import Callable

    from kpidsl.diagnostics import Report, Source


@click.command("fmt", short_help="Write specs in the one layout.")
@paths_argument
@click.option("--check", is_flag=True, help="Write nothing; end in 1 if a file would change.")
@click.option(
    "--diff", is_flag=True, help="Write nothing; print what would change, and end in 1 if anything would."
)
@click.option(
    "--stdin-filename", default="<stdin>", metavar="NAME", help="What a text read from - is called."
)
@force_exclude_option
@common
def command(
    paths: tuple[str, ...],
    check: bool,
    diff: bool,
    stdin_filename: str,
    force_exclude: bool,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Format spec files in place. - reads standard input and writes to standard output.

    There are no options for the layout. A file with errors is left as it is and told, and the command ends
    in 2.
    """
    from kpidsl import files
    from kpidsl.diagnostics import Report

    screens = console(color)
    report = Report()
    changed, failed, total = 0, 0, 0
    excluded = _excluded(report)
    left_out: list[Path] | None = [] if force_exclude else None
    if "-" in paths:
        data, named = sys.stdin.buffer.read(), Path(stdin_filename)
        source = files.decoded(data, stdin_filename, report)
        kept = force_exclude and (excluded(named) or files.ignored(named))
        text = source.text if source and kept else _formatted(source, report) if source else None
        changed += source is not None and text not in (None, source.text)
        failed += text is None
        total += 1
        if source is not None and text is not None and not check:
            screens.say(patch(source, text, screens) if diff else text)
        elif text is None and not (check or diff):
            click.echo(data, nl=False)  # a filter in an editor must not lose what it was given
    on_disk = [path for path in paths if path != "-"] or ([] if "-" in paths else ["."])
    for path in files.find(on_disk, report, None, excluded, left_out):
        found = files.read(path, report)
        text = _formatted(found, report) if found is not None else None
        total += 1
        if found is None or text is None:
            failed += 1
        elif text != found.text:
            changed += 1
            failed += not _apply(path, found, text, report, screens, check=check, diff=diff)
    sys.stdout.flush()
    screens.report(report)
    if not quiet:
        screens.tell("".join(LEFT_OUT.format(files.shown_as(path)) for path in left_out or ()))
    if not quiet and "-" not in paths:
        screens.tell(_summary(total, changed, failed, check or diff))
    if report.errors or failed:
        return 2
    return int(bool(changed) and (check or diff))


def _excluded(report: Report) -> Callable[[Path], bool]:
    """Whether the config that is nearest to a file excludes it: the files given may belong to several
    projects. What is wrong with a config is told once."""
    from kpidsl import config
    from kpidsl.diagnostics import Report

    known: dict[Path, config.Config] = {}
    told: set[Path | None] = set()

    def excluded(path: Path) -> bool:
        folder = path.absolute().parent
        if folder not in known:
            about = Report()
            known[folder] = config.load([str(folder)], about)
            if known[folder].file not in told:
                told.add(known[folder].file)
                report.extend(about.errors)
        return known[folder].excludes(path)

    return excluded


def _formatted(source: Source, report: Report) -> str | None:
    """The canonical text; None, with what is wrong in the report, for one that cannot be read."""
    from kpidsl.syntax.format import proved
    from kpidsl.syntax.parse import parse

    text = proved(source)
    if text is None:
        parse(source, report)
    return text


def _apply(
    path: Path, source: Source, text: str, report: Report, screens: Console, *, check: bool, diff: bool
) -> bool:
    """Write, or say what would be written; False if the file cannot be written."""
    from kpidsl import files

    if diff:
        screens.say(patch(source, text, screens))
    elif check:
        screens.say(f"would format {source.name}\n")
    elif (problem := files.write(path, text)) is not None:
        report.add(problem)
        return False
    return True


def _summary(total: int, changed: int, failed: int, dry: bool) -> str:
    said = [f"{changed} {'would be ' if dry else ''}formatted"] if changed else []
    same = total - changed - failed
    said += [f"{same} unchanged"] if same > 0 else []
    said += [f"{failed} left as it is" if failed == 1 else f"{failed} left as they are"] if failed else []
    return f"{total} file{'s' if total != 1 else ''}: {', '.join(said)}\n" if total else ""
