"""`kpi init`: a first spec, drafted from data files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from kpidsl.cli.console import common, console
from kpidsl.diagnostics import Diagnostic, Severity

_MOST = 200  # files looked at when a folder is given


@click.command("init", short_help="Draft a spec from data files.")
@click.argument("files", nargs=-1, metavar="[FILES]...")
@click.option(
    "-o", "--output", default="kpis.kpi", show_default=True, metavar="FILE", help="- is standard output."
)
@click.option("--force", is_flag=True, help="Overwrite the file.")
@common
def command(
    files: tuple[str, ...], output: str, force: bool, color: bool | None, verbose: bool, quiet: bool
) -> int:
    """Draft a spec from data files: sources with their columns, and a first KPI.

    Without FILES the data files below the folder of the output are looked at. Ends in 2 if one of them
    cannot be used; the others are drafted.
    """
    from kpidsl import files as disk
    from kpidsl.sniff import sniff

    screens = console(color)
    target = None if output == "-" else Path(output)
    root = (target.parent if target else Path()).resolve()
    found, problems = _data_files(files or (str(root),), root)
    if target is not None and target.exists() and not force:
        screens.report([*problems, _exists(target)])
        return 2
    if not found and not problems:
        problems = [_nothing(disk.shown_as(root))]
    if problems:
        screens.report(problems)
    if not found:
        return 2
    with screens.watch(quiet=quiet) as watch, watch.within(None):
        watch.progress.begin("reading the data")
        sniffed = sniff(found, root)
    screens.report(sniffed.problems)
    if not sniffed.text:
        return 2
    if target is None:
        screens.say(sniffed.text)
    elif (unwritten := disk.write(target, sniffed.text)) is not None:
        screens.report([unwritten])
        return 2
    elif not quiet:
        shown = disk.shown_as(target)
        screens.tell(f"{shown} is written; `kpi eval {shown}` evaluates it\n")
    return 2 if problems or any(p.severity is Severity.ERROR for p in sniffed.problems) else 0


def _data_files(given: Sequence[str], root: Path) -> tuple[list[Path], list[Diagnostic]]:
    """The data files under some paths, and what cannot be used of what was named."""
    from kpidsl import files as disk
    from kpidsl.evaluate.files import FORMATS

    found: list[Path] = []
    problems = []
    for text in given:
        path = Path(text)
        if path.is_dir():
            found += [p for p in disk.walk(path) if p.suffix.lower() in FORMATS][:_MOST]
        elif not path.exists():
            problems.append(disk.missing(path))
        else:
            found.append(path)
    outside = [path for path in found if not path.resolve().is_relative_to(root)]
    problems += [_outside([disk.shown_as(path) for path in outside])] if outside else []
    return [path for path in found if path not in outside], problems


def _exists(target: Path) -> Diagnostic:
    shown = target.as_posix()
    message = f"`{shown}` exists and is not overwritten"
    return Diagnostic("K713", message, place=shown, help="--force overwrites it; -o names another file")


def _nothing(folder: str) -> Diagnostic:
    from kpidsl.evaluate.files import FORMATS

    formats = f"formats that are read: {' '.join(FORMATS)}"
    return Diagnostic("K710", f"there are no data files below `{folder}`", place=folder, help=formats)


def _outside(names: list[str]) -> Diagnostic:
    more = f" and {len(names) - 1} more files are" if len(names) > 1 else " is"
    message = f"`{names[0]}`{more} not below the folder of the spec that is written"
    hint = "a spec reads files below its project's folder; -o names a file in another folder"
    return Diagnostic("K502", message, place=names[0], help=hint)
