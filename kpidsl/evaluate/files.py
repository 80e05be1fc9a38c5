"""Which files a source reads, and whether it may: nothing outside the project's folder is ever opened.

The exception are paths given as data by whoever runs the evaluation: their word, not the spec's.
"""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Span, near
from kpidsl.model.sources import Files

FORMATS = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".xlsx": "excel", ".xls": "excel", ".ods": "excel", ".xlsb": "excel", ".xlsm": "excel",
    ".duckdb": "database", ".db": "database",
}  # fmt: skip
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@frozen
class DataFile:
    """A file to read: where it really is, and how it is called in messages (relative to the project)."""

    path: Path
    shown: str


@frozen
class Found:
    """The files of a source in the order of their names, all of one format; or why there are none."""

    files: tuple[DataFile, ...] = ()
    format: str = ""
    problem: Diagnostic | None = None
    connection: str = ""
    """Where the format is `remote`."""


def find(origin: Files, root: Path, span: Span | None) -> Found:
    """The files that a spec's pattern matches, below the root after links are followed."""
    if _SCHEME.match(origin.pattern):
        return _outside(f"`{origin.pattern}` is not a path in the project's folder", span)
    if Path(origin.pattern).is_absolute() or origin.pattern.startswith(("~", "\\")):
        return _outside(f"`{origin.pattern}` is an absolute path", span)
    folder = root / origin.folder
    # Refused before it is looked for: whether it exists is nobody's business.
    if not Path(os.path.normpath(folder / origin.pattern)).is_relative_to(os.path.normpath(root)):
        return _outside(f"`{origin.pattern}` leads out of the project's folder", span)
    try:
        paths = _matching(origin.pattern, folder)
    except (OSError, ValueError) as error:  # a name that no file can have: too long, or with a NUL
        return _no_path(origin.pattern, error, span)
    root = root.resolve()
    for path in paths:
        if not path.resolve().is_relative_to(root):
            return _outside(f"`{origin.pattern}` leads out of the project's folder", span)
    if not paths:
        return Found(problem=_none_found(origin.pattern, folder, root, span))
    files = tuple(DataFile(path.resolve(), _shown(path, root)) for path in paths)
    return _one_format(files, span)


def given(pattern: str | Path, span: Span | None) -> Found:
    """The files of a path, or pattern, that replaces a source's own; it may be anywhere on this machine."""
    text = str(pattern)
    if _SCHEME.match(text) and not re.match(r"[A-Za-z]:[\\/]", text):
        return _outside(f"`{text}` is not a path on this machine", span)
    try:
        paths = _matching(text, Path())
    except (OSError, ValueError) as error:
        return _no_path(text, error, span)
    if not paths:
        here = Path(text).parent
        return Found(problem=_none_found(Path(text).name, here, here, span))
    return _one_format(tuple(DataFile(path.resolve(), path.as_posix()) for path in paths), span)


def _matching(pattern: str, folder: Path) -> list[Path]:
    if (folder / pattern).is_file():
        return [folder / pattern]
    names = glob.glob(pattern, root_dir=folder, recursive=True)
    return sorted(path for path in (folder / name for name in names) if path.is_file())


def _shown(path: Path, root: Path) -> str:
    try:
        return path.absolute().relative_to(root).as_posix()
    except ValueError:
        resolved = path.resolve()
        return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else path.as_posix()


def _one_format(files: tuple[DataFile, ...], span: Span | None) -> Found:
    formats = {FORMATS.get(file.path.suffix.lower(), "") for file in files}
    if formats == {""} or len(formats) > 1:
        odd = next(f for f in files if FORMATS.get(f.path.suffix.lower(), "") in ("", *sorted(formats)[1:]))
        what = f"ends in `{odd.path.suffix}`" if odd.path.suffix else "has no suffix"
        mixed = len(formats) > 1
        return Found(
            problem=Diagnostic(
                "K504",
                "the pattern matches files of several formats"
                if mixed
                else f"`{odd.shown}` {what}: not a format known here",
                span,
                help="one pattern for each format"
                if mixed
                else f"formats that are read: {' '.join(FORMATS)}",
                place=odd.shown,
            )
        )
    return Found(files, formats.pop())


def _no_path(pattern: str, error: Exception, span: Span | None) -> Found:
    why = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
    shown = pattern if len(pattern) <= 60 else f"{pattern[:60]}..."
    return Found(problem=Diagnostic("K503", f"`{shown}` cannot be looked for: {why}", span))


def _outside(message: str, span: Span | None) -> Found:
    help_ = "a spec reads files below the project's folder, by a path relative to the spec file"
    return Found(problem=Diagnostic("K502", message, span, help=help_))


def _none_found(pattern: str, folder: Path, root: Path, span: Span | None) -> Diagnostic:
    """Says how far the path exists, and what lies there."""
    place, rest = folder, Path(pattern).parts
    while rest and (place / rest[0]).is_dir():
        place, rest = place / rest[0], rest[1:]
    shown = _shown(place, root)
    inside = place.resolve().is_relative_to(root.resolve()) and place.is_dir()
    names = (
        sorted(entry.name for entry in place.iterdir() if not entry.name.startswith(".")) if inside else []
    )
    notes = []
    if rest and (alike := near(rest[0], names)):
        notes.append("a similar name: " + ", ".join(f"`{name}`" for name in alike))
    if names:
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        notes.append(f"`{shown}` has " + ", ".join(names[:8]) + more)
    elif inside:
        notes.append(f"`{shown}` is empty")
    return Diagnostic("K501", f"no file matches `{pattern}`", span, notes=tuple(notes), place=shown)
