"""Git, read by its plumbing: refs, trees and blobs. Nothing is checked out, and no library is needed.

What git cannot do is told as a diagnostic, in an `Unread`; no message of git's own reaches a person without
what can be done about it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

from attrs import frozen

from kpidsl import plumbing
from kpidsl.diagnostics import Diagnostic, near

FOLDERS = "two folders or files are compared without git: `kpi diff old/ new/`"
_LINK, _SUBMODULE, _FOLDER = "120000", "160000", "40000"


class Unread(Exception):
    """What was asked for cannot be read; `diagnostic` says why, and what can be done."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@frozen
class Repository:
    """A repository, by the folder at the top of its working tree; a bare one by its own folder."""

    top: Path
    shallow: bool
    bare: bool = False


@frozen
class Commit:
    """A commit: when its change was made, by whom, and what it says of itself."""

    id: str
    day: date
    author: str
    subject: str
    parents: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The first digits of its name."""
        return self.id[:7]


@frozen
class Blob:
    """A file of a commit."""

    id: str
    link: bool = False


def repository(folder: Path) -> Repository:
    """The repository that a folder is in."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    asked = _asked(folder, "rev-parse", "--show-toplevel", "--is-shallow-repository")
    if asked.returncode:
        alone = _asked(
            folder, "rev-parse", "--is-bare-repository", "--is-shallow-repository", "--absolute-git-dir"
        )
        bare, _, rest = os.fsdecode(alone.stdout).rstrip("\n").partition("\n")
        if alone.returncode or bare != "true":
            raise Unread(_no_repository(folder, _said(asked)))
        shallow, _, place = rest.partition("\n")
        return Repository(Path(place), shallow == "true", bare=True)
    top, shallow = os.fsdecode(asked.stdout).rstrip("\n").rsplit("\n", 1)
    return Repository(Path(top), shallow == "true")


def worked_in(home: Repository) -> Repository:
    """A repository that has a working tree; raises Unread of one that has none."""
    if home.bare:
        raise Unread(_no_work_tree(home.top))
    return home


def own_folder() -> bool:
    """Whether the command runs in a folder of git's own."""
    return Path("HEAD").is_file() and Path("objects").is_dir() and Path("refs").is_dir()


def commit(home: Repository, ref: str) -> Commit:
    """The commit that a ref means: a branch, tag, `HEAD~2`, a hash. A branch that only the remote has is
    that one."""
    for name in (ref, f"refs/remotes/origin/{ref}"):
        if ref.startswith("-") or not ref.strip() or "\0" in ref:
            break
        asked = _asked(home.top, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if not asked.returncode:
            return next(iter(log(home, asked.stdout.decode().strip(), most=1)))
    raise Unread(_no_ref(home, ref))


def merge_base(home: Repository, one: str, other: str) -> Commit | None:
    """Where two commits come from; None where no such commit is known here."""
    asked = _asked(home.top, "merge-base", one, other)
    found = asked.stdout.decode().split()
    return next(iter(log(home, found[0], most=1))) if not asked.returncode and found else None


def tree(home: Repository, of: Commit) -> dict[str, Blob]:
    """Every file of a commit by its path from the top of the repository, with `/`."""
    found = {}
    for record in _output(home.top, "ls-tree", "-r", "-z", "--full-tree", of.id).split(b"\0"):
        about, tab, path = record.partition(b"\t")
        if tab:
            mode, _, name = about.decode().split()
            if mode != _SUBMODULE:
                found[os.fsdecode(path)] = Blob(name, mode == _LINK)
    return found


def trees(
    home: Repository, commits: Sequence[str], wanted: Callable[[str], bool]
) -> dict[str, dict[str, Blob]]:
    """The files of many commits, by commit and path: those of which the name is wanted. What commits have in
    common is read once, and git is asked once for each level of folders."""
    tops = {name: f"{name}^{{tree}}" for name in commits}
    known: dict[str, list[tuple[str, str, str]]] = {}
    level = list(tops.values())
    while level:
        read = contents(home, level)
        known |= {name: _listed(read[name], len(commits[0]) // 2) for name in level}
        inner = (id for name in level for _, mode, id in known[name] if mode == _FOLDER)
        level = [id for id in dict.fromkeys(inner) if id not in known]
    found: dict[str, dict[str, Blob]] = {}
    for commit, top in tops.items():
        files = found[commit] = {}
        folders = [("", top)]
        while folders:
            before, folder = folders.pop()
            for name, mode, id in known[folder]:
                if mode == _FOLDER:
                    folders.append((f"{before}{name}/", id))
                elif mode != _SUBMODULE and wanted(name):
                    files[f"{before}{name}"] = Blob(id, mode == _LINK)
    return found


def _listed(data: bytes, width: int) -> list[tuple[str, str, str]]:
    """Name, mode and object of what is in a folder, as git stores it: `mode name NUL object`, and again."""
    found, at = [], 0
    while at < len(data):
        end = data.index(b"\0", at)
        mode, _, name = data[at:end].partition(b" ")
        at = end + 1 + width
        found.append((os.fsdecode(name), mode.decode(), data[end + 1 : at].hex()))
    return found


def contents(home: Repository, blobs: Iterable[str]) -> dict[str, bytes]:
    """What is in some blobs, all at once."""
    names = list(dict.fromkeys(blobs))
    if not names:
        return {}
    given = "".join(f"{name}\n" for name in names).encode()
    data = _output(home.top, "cat-file", "--batch", given=given)
    found, at = {}, 0
    for name in names:
        end = data.index(b"\n", at)
        _, *about = data[at:end].split()
        if len(about) != 2:
            raise Unread(_failed(f"the object {name} is missing", home))
        size = int(about[1])
        found[name] = data[end + 1 : end + 1 + size]
        at = end + size + 2
    return found


def log(home: Repository, start: str, paths: Sequence[str] = (), *, most: int | None = None) -> list[Commit]:
    """The commits that lead to one, the newest first; with paths, those that changed them."""
    limit = [f"--max-count={most}"] if most is not None else []
    form = "--format=%H%x1f%P%x1f%as%x1f%aN%x1f%s"
    said = _output(home.top, "log", "-z", "--topo-order", form, *limit, start, "--", *paths)
    found = []
    for record in os.fsdecode(said).split("\0"):
        if record:
            name, parents, day, author, subject = record.strip("\n").split("\x1f", 4)
            found.append(Commit(name, date.fromisoformat(day), author, subject, tuple(parents.split())))
    return found


def moves(home: Repository, of: Commit) -> dict[str, str]:
    """The files that a commit moved, new paths to old ones; of a merge none."""
    form = ("--no-commit-id", "--diff-filter=R", "--name-status")
    said = _output(home.top, "diff-tree", "-r", "-M", "-z", *form, of.id)
    parts = os.fsdecode(said).split("\0")[:-1]
    return dict(zip(parts[2::3], parts[1::3], strict=True))


# -- how git is asked --------------------------------------------------------------------------------


def _asked(folder: Path, *arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    try:
        return plumbing.asked(folder, *arguments, given=given)
    except FileNotFoundError:
        raise Unread(_no_git()) from None
    except subprocess.TimeoutExpired:
        why = f"it took longer than {plumbing.SECONDS} s"
    except OSError as error:
        why = str(error)
    raise Unread(Diagnostic("K754", f"git could not be run: {why}"))


def _output(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    asked = _asked(folder, *arguments, given=given)
    if asked.returncode:
        raise Unread(_failed(_said(asked)))
    return asked.stdout


def _said(asked: subprocess.CompletedProcess[bytes]) -> str:
    """The first line of what git complains of, without its `fatal:`."""
    lines = asked.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].partition("fatal: ")[2] or lines[0] if lines else "it gave no reason"


# -- what can go wrong -------------------------------------------------------------------------------


def _no_git() -> Diagnostic:
    return Diagnostic(
        "K750",
        "git is not installed, or not in the PATH",
        help=FOLDERS,
    )


def _no_repository(folder: Path, said: str) -> Diagnostic:
    shown = folder.as_posix()
    if "dubious ownership" in said:
        why, help_ = said, f"`git config --global --add safe.directory {shown}` says that it is trusted"
    elif "work tree" in said:
        return _no_work_tree(folder)
    else:
        why, help_ = "", FOLDERS
    message = f"`{shown}` is in no git repository" if not why else f"git refuses to read `{shown}`: {why}"
    return Diagnostic("K751", message, help=help_)


def _no_work_tree(folder: Path) -> Diagnostic:
    """That there is nothing but commits to compare with."""
    message = f"`{folder.as_posix()}` has no working tree: it is a bare repository, or within a folder .git"
    help_ = "`kpi diff OLD NEW` compares two commits; `git worktree add FOLDER` makes a folder to work in"
    return Diagnostic("K751", message, help=help_)


def _no_ref(home: Repository, ref: str) -> Diagnostic:
    """With the one line that brings the ref here."""
    relative = any(sign in ref for sign in "~^@")
    if not ref.strip() or ref.startswith("-"):
        named = f"a branch of this name is `refs/heads/{ref}`" if ref.strip() else "one is HEAD, main or v1.0"
        return Diagnostic("K752", f"`{ref}` names no commit", help=named)
    if ref == "HEAD":
        return Diagnostic(
            "K752", "this repository has no commit yet", help="`git commit` makes the first one"
        )
    notes: tuple[str, ...] = ()
    if home.shallow:
        notes = ("this clone is shallow: it has only the newest commits, as CI services fetch them",)
    if home.shallow and relative:
        help_ = "`git fetch --deepen=100` brings older commits (GitHub Actions: `fetch-depth: 0`)"
    elif relative:
        help_ = "`git log --oneline` lists what there is"
    else:
        bare = ref.removeprefix("origin/")
        known = os.fsdecode(_output(home.top, "for-each-ref", "--format=%(refname:short)")).split()
        notes += tuple(f"there is `{name}`" for name in near(ref, known))
        help_ = "`git branch --all` and `git tag` list what there is"
        if b"origin" in _output(home.top, "remote").split():
            help_ = f"`git fetch --depth=1 origin {bare}:refs/remotes/origin/{bare}` brings it"
    return Diagnostic("K752", f"there is no commit `{ref}` in this repository", notes=notes, help=help_)


def _failed(said: str, home: Repository | None = None) -> Diagnostic:
    help_ = "`git fsck` says whether the repository is whole" if home is not None else None
    return Diagnostic("K754", f"git could not read the repository: {said}", help=help_)
