"""Spec files on disk: found under the paths that were given, read as text, and outputs written whole or not
at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol
from unicodedata import is_normalized, normalize

from kpidsl import plumbing
from kpidsl.diagnostics import Diagnostic, Report, Source, near

SUFFIX = ".kpi"
LARGEST = 8_000_000  # bytes; the largest hand-written file is a thousandth of it
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages"})


def find(
    paths: Sequence[str],
    report: Report,
    root: Path | None = None,
    excluded: Callable[[Path], bool] = lambda path: False,
    left_out: list[Path] | None = None,
) -> list[Path]:
    """The spec files under some paths, each once, sorted by name within a folder that was given.

    Of a folder: what git does not ignore, and nothing in hidden folders. A link in it that leads out of the
    root and of the folder is refused: messages quote what they are about. A file that is named is
    taken as it is.

    `excluded` says which files a folder does not have. With a list to put them in, a file that is named is
    left out as well if it is excluded or git ignores it: tools that name every changed file do not choose.
    """
    found: dict[Path, Path] = {}
    for text in paths:
        path = Path(text)
        if path.is_dir():
            every = _under(path)
            specs = [spec for spec in every if not excluded(spec)]
            if not specs and every and left_out is not None:
                left_out += every
            elif not specs:
                report.add(_no_specs(text, len(every)))
            homes = (path, root or path)
            for spec in [spec for spec in specs if not any(leads_within(spec, home) for home in homes)]:
                specs.remove(spec)
                report.add(leads_out(spec))
        elif not path.exists():
            specs = []
            report.add(missing(path))
        elif left_out is not None and (excluded(path) or ignored(path)):
            specs = []
            left_out.append(path)
        else:
            specs = [path]
        for spec in specs:
            found.setdefault(spec.resolve(), spec)
    return list(found.values())


def ignored(path: Path) -> bool:
    """Whether git ignores a file; a file that it tracks it does not."""
    return (
        plumbing.top(path.parent.absolute()) is not None
        and plumbing.printed(path.parent, "check-ignore", "--quiet", "--", path.name) is not None
    )


def leads_within(path: Path, root: Path) -> bool:
    """Whether a file is below a folder once links are followed."""
    return path.resolve().is_relative_to(root.resolve())


def read(path: Path, report: Report, name: str | None = None) -> Source | None:
    """The text of a file, or None with a diagnostic that says why there is none."""
    shown = name or shown_as(path)
    try:
        with path.open("rb") as file:  # devices have no size, and some no end
            data = file.read(LARGEST + 1)
    except OSError as error:
        report.add(_unreadable(shown, _reason(error)))
        return None
    return decoded(data, shown, report)


def decoded(data: bytes, shown: str, report: Report) -> Source | None:
    """What a file has as a text, or None with a diagnostic that says why it is none."""
    if len(data) > LARGEST:
        report.add(_unreadable(shown, f"it has more than {LARGEST // 1_000_000} MB"))
        return None
    try:
        return Source(shown, data.decode("utf-8"))
    except UnicodeDecodeError as error:
        report.add(_unreadable(shown, f"byte {error.start + 1} is not UTF-8 text"))
        return None


class Shelf(Protocol):
    """Where files that are imported stand: on the disk, or in a commit."""

    def place(self, path: Path) -> str:
        """The one place that all names of a file lead to."""
        ...

    def within(self, path: Path, root: Path) -> bool:
        """Whether a file is below a folder once links are followed."""
        ...

    def has(self, path: Path) -> bool:
        """Whether there is such a file."""
        ...

    def read(self, path: Path, report: Report, name: str) -> Source | None:
        """Its text under a name, or None with a diagnostic that says why there is none."""
        ...


class Disk:
    """The files as they are now."""

    def place(self, path: Path) -> str:
        """Where it is once links are followed."""
        return str(path.resolve())

    def within(self, path: Path, root: Path) -> bool:
        """Whether it is below a folder once links are followed."""
        return leads_within(path, root)

    def has(self, path: Path) -> bool:
        """Whether there is such a file."""
        return path.is_file()

    def read(self, path: Path, report: Report, name: str) -> Source | None:
        """Its text."""
        return read(path, report, name)


DISK = Disk()


def clean(source: Source) -> Source:
    """The text without byte order mark, with plain line ends and composed accents; the same object if so."""
    text = source.text
    if text.startswith("\ufeff"):
        text = text[1:]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not is_normalized("NFC", text):
        text = normalize("NFC", text)
    return source if text is source.text else Source(source.name, text)


def written_as(path: Path, text: str) -> str:
    """A text with the byte order mark and the line ends that the file at a path has, those of most lines."""
    found = read(path, Report())
    if found is None:
        return text
    if 2 * found.text.count("\r\n") > found.text.count("\n"):
        text = text.replace("\n", "\r\n")
    return "\ufeff" + text if found.text.startswith("\ufeff") else text


def write(path: Path, text: str | Iterable[str]) -> Diagnostic | None:
    """Put a text, whole or in parts, in the place of a file in one step: a reader sees the old or the new
    one, never a half.

    Returns what went wrong, if anything. Devices and pipes (`/dev/stdout`) are written to directly.
    """
    parts = [text] if isinstance(text, str) else text
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", newline="") as stream:
                stream.writelines(parts)
            return None
        _replace(path.resolve() if path.is_symlink() else path, parts)
    except OSError as error:
        shown = shown_as(path)
        return Diagnostic("K713", f"`{shown}` cannot be written: {_reason(error)}", place=shown)
    return None


def _replace(path: Path, parts: Iterable[str]) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.writelines(parts)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    """The process's mask can be read only by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def shown_as(path: Path) -> str:
    """The path as a person at the prompt would write it: relative, unless that climbs above where they
    are."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return path.as_posix()
    climbs = relative.startswith(os.pardir)
    return (path if climbs else Path(relative)).as_posix()


# -- folders ---------------------------------------------------------------------------------------


def _under(folder: Path) -> list[Path]:
    listed = _listed_by_git(folder)
    specs = (path for path in (walk(folder) if listed is None else listed) if path.suffix == SUFFIX)
    return sorted((path for path in specs if path.is_file()), key=Path.as_posix)


def _listed_by_git(folder: Path) -> list[Path] | None:
    """What git tracks or would add; None outside a repository, or where there is no git."""
    if plumbing.top(folder.absolute()) is None:
        return None
    what = ("--cached", "--others", "--exclude-standard", "--", f"*{SUFFIX}")
    answer = plumbing.printed(folder, "ls-files", "-z", *what)
    if answer is None:
        return None
    names = [os.fsdecode(name) for name in answer.split(b"\0") if name]
    if not names and plumbing.printed(folder, "check-ignore", "--quiet", ".") is not None:
        return None  # whoever names an ignored folder means it
    return [folder / name for name in names if not hidden(Path(name))]


def hidden(name: Path) -> bool:
    """Whether a file, named from a folder that is searched, is in one that is not."""
    return any(part.startswith(".") or part in _SKIPPED for part in name.parts)


def walk(folder: Path) -> Iterator[Path]:
    """The files below a folder, those of hidden folders left out, in a fixed order."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not hidden(Path(name)))
        yield from (Path(root, name) for name in sorted(names) if not name.startswith("."))


# -- what can go wrong -----------------------------------------------------------------------------


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def missing(path: Path) -> Diagnostic:
    shown = path.as_posix()
    folder = path.parent
    names = [p.name for p in folder.iterdir()] if folder.is_dir() and os.access(folder, os.R_OK) else []
    alike = near(path.name, names)
    hint = f"a path with a similar name: `{(folder / alike[0]).as_posix()}`" if alike else None
    return Diagnostic("K710", f"`{shown}` does not exist", place=shown, help=hint)


def several_projects(specs: Sequence[Path]) -> Diagnostic | None:
    """The error of spec files that belong to different configs: names of one project mean nothing in
    another."""
    homes = {_home(path.resolve().parent): None for path in specs}
    folders = [shown_as(home) for home in homes if home is not None]
    if len(folders) < 2:
        return None
    named = ", ".join(f"`{folder}`" for folder in sorted(folders))
    return Diagnostic(
        "K714",
        f"{len(folders)} projects, each with a kpi.toml, are given at once: {named}",
        help=f"one at a time, as in `kpi lint {sorted(folders)[0]}`",
    )


def _home(folder: Path) -> Path | None:
    """The nearest folder upward with a kpi.toml."""
    return next((each for each in (folder, *folder.parents) if (each / "kpi.toml").exists()), None)


def _unreadable(shown: str, why: str) -> Diagnostic:
    return Diagnostic("K711", f"`{shown}` cannot be read: {why}", place=shown)


def leads_out(path: Path) -> Diagnostic:
    """That a link is not followed."""
    shown = shown_as(path)
    why = "it is a link that leads out of the project's folder"
    return Diagnostic("K711", f"`{shown}` is not read: {why}", place=shown)


def _no_specs(text: str, excluded: int) -> Diagnostic:
    if excluded:
        what = "the one file" if excluded == 1 else f"all {excluded} files"
        return Diagnostic(
            "K712",
            f"the config excludes {what} under `{text}`",
            place=text,
            help="a file that is named itself is read all the same",
        )
    return Diagnostic(
        "K712",
        f"there is no {SUFFIX} file under `{text}`",
        place=text,
        help="`kpi init data/*.csv` drafts one from the files that it is given",
    )
