"""A project as it was in a commit, read without a checkout; and what the two sides of a comparison are.

A side is written as a path, as a ref (`main`, `HEAD~2`, `v1.0`), or as both: `main:specs`. What exists on the
disk is a path. A ref alone means the folder of the other side, else that where the command runs.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path, PurePosixPath

from attrs import evolve, field, frozen

from kpidsl import config as configs
from kpidsl import files, git, review, specs
from kpidsl.diagnostics import Diagnostic, Report, Severity, Source
from kpidsl.git import Blob, Commit, Repository, Unread
from kpidsl.specs import Specs

_LINKS = 8
"""How many links in a row are followed."""
_CONFIGS = ("kpi.toml", "pyproject.toml")
_MAIN = ("main", "master")


@frozen(eq=False, slots=False)
class Tree:
    """The files of a commit, as a shelf that imports are read from. Paths are those of the disk."""

    home: Repository
    commit: Commit
    known: dict[str, bytes] = field(factory=dict)
    """What blobs hold, as far as it was asked for; trees of one repository may share it."""

    @cached_property
    def blobs(self) -> Mapping[str, Blob]:
        """Every file by its path from the top."""
        return git.tree(self.home, self.commit)

    def place(self, path: Path) -> str:
        """Its path from the top, once links are followed."""
        return self._followed(self.inside(path))

    def within(self, path: Path, root: Path) -> bool:
        """Whether it is below a folder once links are followed."""
        folder, place = self.inside(root), self.place(path)
        if folder == ".":
            return not place.startswith(("../", "/"))
        return place.startswith(f"{folder}/")

    def has(self, path: Path) -> bool:
        """Whether the commit has the file."""
        return self.place(path) in self.blobs

    def read(self, path: Path, report: Report, name: str) -> Source | None:
        """Its text."""
        return files.decoded(self.content(self.place(path)), name, report)

    def inside(self, path: Path) -> str:
        """A path from the top, with `/`; `.` is the top itself."""
        return PurePosixPath(os.path.relpath(os.path.abspath(path), self.home.top)).as_posix()

    def content(self, inside: str) -> bytes:
        """What is in a file."""
        return self.contents([inside])[0]

    def contents(self, inside: Sequence[str]) -> list[bytes]:
        """What is in some files, asked for all at once."""
        names = [self.blobs[each].id for each in inside]
        self.known.update(git.contents(self.home, [name for name in names if name not in self.known]))
        return [self.known[name] for name in names]

    def specs(self, inside: str) -> list[str]:
        """The spec file of a name, or those below a folder that are not in hidden ones."""
        if inside in self.blobs:
            return [inside]
        start = "" if inside == "." else f"{inside}/"
        below = (each for each in self.blobs if each.startswith(start) and each.endswith(files.SUFFIX))
        return sorted(each for each in below if not files.hidden(Path(each[len(start) :])))

    def folder(self, inside: str) -> bool:
        """Whether the commit has a folder."""
        return inside == "." or any(each.startswith(f"{inside}/") for each in self.blobs)

    def root(self, inside: str) -> Path:
        """The folder of the nearest config upward, else the top."""
        config = self.config(inside)
        return self.home.top / posixpath.dirname(config) if config is not None else self.home.top

    def config(self, inside: str) -> str | None:
        """The nearest config upward."""
        at = posixpath.dirname(inside) if inside in self.blobs else inside
        for folder in (at, *(each.as_posix() for each in PurePosixPath(at).parents)):
            for name in _CONFIGS:
                found = posixpath.normpath(posixpath.join(folder, name))
                if found in self.blobs and (name == _CONFIGS[0] or b"[tool.kpidsl" in self.content(found)):
                    return found
        return None

    def excluded(self, inside: str) -> Callable[[Path], bool]:
        """What the config leaves out that holds for a file or folder."""
        found = self.config(inside)
        if found is None:
            return lambda path: False
        text = self.content(found).decode("utf-8-sig", "replace")
        return configs.excluded(self.home.top / found, text)

    def _followed(self, inside: str) -> str:
        for _ in range(_LINKS):
            blob = self.blobs.get(inside)
            if blob is None or not blob.link:
                break
            target = os.fsdecode(self.content(inside))
            inside = posixpath.normpath(posixpath.join(posixpath.dirname(inside), target))
        return inside


def load(tree: Tree, paths: Iterable[Path]) -> Specs:
    """The project under some paths as a commit has it; an empty one where it has none."""
    report = Report()
    asked = [tree.inside(path) for path in paths]
    excluded = tree.excluded(asked[0])
    found = [
        each
        for each in dict.fromkeys(each for inside in asked for each in tree.specs(inside))
        if each in asked or not excluded(tree.home.top / each)
    ]
    root = tree.root((found or asked)[0])
    if len(homes := {tree.root(each) for each in found}) > 1:
        raise Unread(_several(homes))
    read = _read(tree, found, root, report)
    given = [files.clean(source) for source in read if source is not None]
    config = evolve(configs.load([str(tree.home.top / each) for each in asked], Report()), root=root)
    sources, told, compile, parse = specs.answer(given, root, tree)
    report.extend(told)
    return Specs(config, sources, tuple(report.sorted()), compile, parse)


def _read(tree: Tree, found: Iterable[str], root: Path, report: Report) -> list[Source | None]:
    """Each file once, whatever links lead to it; all in one question to git."""
    places: dict[str, Path] = {}
    for each in found:
        path = tree.home.top / each
        if not tree.within(path, root):
            report.add(files.leads_out(path))
        elif tree.has(path):
            places.setdefault(tree.place(path), path)
    tree.contents([*places])
    return [tree.read(path, report, files.shown_as(path)) for path in places.values()]


# -- sides -------------------------------------------------------------------------------------------


@frozen(eq=False)
class Side:
    """One of the two that are compared."""

    name: str
    """As it is shown: `main`, `the working tree`, `old/kpis.kpi`."""
    specs: Specs
    commit: Commit | None = None
    text: Callable[[str, Report], Source | None] = field(default=lambda name, report: None, repr=False)
    """A file of the project's folder, by its name there; nothing where there is none."""
    notes: tuple[Diagnostic, ...] = ()
    base: Path = Path()
    """The folder that is looked at: what paths are told from."""

    @property
    def shown(self) -> str:
        """With its commit, where that says more."""
        if self.commit is None:
            return self.name
        return f"{self.name} ({self.commit.short}, {self.commit.day})"


WORKING = "the working tree"


def sides(old: str, new: str | None = None, paths: Sequence[str] = ()) -> tuple[Side, Side]:
    """The two sides that a person means; `A...B` is what B, or the working tree, changed since it left A.
    `paths`: what is looked at of refs, and of the working tree where there is no `new`.

    Raises Unread with what keeps one of them from being read.
    """
    if new is None and ".." in old and not _exists(old):
        first, dots, last = old.partition("...") if "..." in old else old.partition("..")
        if dots == "...":
            return _since(first or "HEAD", last, paths) if last else against(first, paths)
        return sides(first or "HEAD", last or "HEAD", paths)
    places = list(paths) or ([new] if new is not None and _exists(new) else [])
    return side(old, places), side(new, places) if new is not None else _now(old, places)


def against(ref: str, paths: Sequence[str], now: Specs | None = None) -> tuple[Side, Side]:
    """What the working tree is held against: where it left a ref, or the ref itself where that is not known,
    so that what others did since is no change of ours. `now`: the working tree, where it was read already."""
    paths = [path for path in paths if path != "-"]
    if _exists(ref) or ":" in ref:
        return side(ref, paths), _now(ref, paths, now)
    home = git.worked_in(git.repository(_folder(paths)))
    tip = git.commit(home, ref)
    base, told = _base(home, tip, git.commit(home, "HEAD"), ref)
    name = ref if base.id == tip.id else f"where it left {ref}"
    return evolve(_of(home, base, name, paths), notes=told), _now(ref, paths, now)


def side(text: str, paths: Sequence[str] = ()) -> Side:
    """One side as a person writes it."""
    if _exists(text):
        return on_disk([text], text)
    if text.endswith(files.SUFFIX) and ":" not in text:
        raise Unread(files.missing(Path(text)))
    ref, colon, path = text.partition(":")
    home = git.repository(_folder(paths))
    commit = git.commit(home, ref or ("HEAD" if colon else ref))
    if not colon:
        return _of(home, commit, ref, paths)
    inside = Path(path) if path.startswith(("./", "../")) else home.top / path
    tree = Tree(home, commit)
    if not tree.has(inside) and not tree.folder(tree.inside(inside)):
        raise Unread(_no_path(ref, path, tree))
    return _of(home, commit, text, [str(inside)], tree)


def usual(paths: Sequence[str]) -> str:
    """What a change is held against where nobody says it: the branch that it is to be merged into, as a
    service says, else the main one."""
    if told := review.base():
        return told
    home = git.repository(_folder(paths))
    for ref in _MAIN:
        with suppress(Unread):
            git.commit(home, ref)
            return ref
    raise Unread(_no_main(home))


def begun(paths: Sequence[str]) -> bool:
    """Whether there is a repository that has a commit."""
    try:
        git.commit(git.repository(_folder(paths)), "HEAD")
    except Unread:
        return False
    return True


def on_disk(paths: Sequence[str], name: str, found: Specs | None = None) -> Side:
    """A side that is files and folders as they are now."""
    found = found or specs.load(paths)
    root = found.config.root

    def text(file: str, report: Report) -> Source | None:
        return files.read(root / file, report) if (root / file).is_file() else None

    first = Path(paths[0])
    return Side(name, found, None, text, base=(first if first.is_dir() else first.parent).absolute())


def _of(home: Repository, commit: Commit, name: str, paths: Sequence[str], tree: Tree | None = None) -> Side:
    tree = tree or Tree(home, commit)
    places = [Path(path) for path in paths] or [home.top if home.bare else Path.cwd()]
    found = load(tree, places)
    root = found.config.root

    def text(file: str, report: Report) -> Source | None:
        return tree.read(root / file, report, f"{name}:{file}") if tree.has(root / file) else None

    first = home.top / tree.inside(places[0])
    return Side(name, found, commit, text, base=first.parent if tree.has(first) else first)


def _now(old: str, paths: Sequence[str], found: Specs | None = None) -> Side:
    """The working tree: of `REF:path` the same path."""
    if not paths and not _exists(old):
        git.worked_in(git.repository(Path.cwd()))
    places = list(paths)
    _, colon, path = old.partition(":")
    if not places and colon and not _exists(old):
        relative = path.startswith(("./", "../"))
        places = [path if relative else files.shown_as(git.repository(Path.cwd()).top / path)]
    return on_disk(places or ["."], WORKING, found)


def _since(first: str, last: str, paths: Sequence[str]) -> tuple[Side, Side]:
    home = git.repository(_folder(paths))
    end = git.commit(home, last)
    base, told = _base(home, git.commit(home, first), end, first)
    one = _of(home, base, f"where {last} left {first}", paths)
    return evolve(one, notes=told), _of(home, end, last, paths)


def _base(home: Repository, one: Commit, other: Commit, ref: str) -> tuple[Commit, tuple[Diagnostic, ...]]:
    found = git.merge_base(home, one.id, other.id)
    if found is not None:
        return found, ()
    why = "the clone is shallow" if home.shallow else "their histories have nothing in common"
    said = f"where this left `{ref}` is not known, for {why}: it is held against `{ref}` as it is now"
    help_ = "`git fetch --deepen=100` brings older commits" if home.shallow else None
    return one, (Diagnostic("K753", said, severity=Severity.WARNING, help=help_),)


def _exists(text: str) -> bool:
    """Whether it is a path of something; in a bare repository `HEAD` is no file."""
    try:
        own = not text.startswith(".") and not Path(text).is_absolute() and git.own_folder()
        return bool(text) and Path(text).exists() and not own
    except (OSError, ValueError):  # too long, or with a zero byte
        return False


def _folder(paths: Sequence[str]) -> Path:
    named = [path for path in paths if path != "-"]
    return Path(named[0]).absolute() if named else Path.cwd()


def _several(homes: Iterable[Path]) -> Diagnostic:
    named = sorted(files.shown_as(home) for home in homes)
    said = ", ".join(f"`{each}`" for each in named)
    help_ = f"one at a time, as in `kpi diff main {named[0]}`"
    return Diagnostic(
        "K714", f"{len(named)} projects, each with a config, are given at once: {said}", help=help_
    )


def _no_main(home: Repository) -> Diagnostic:
    """Raises Unread where there is no commit at all, and so no branch."""
    git.commit(home, "HEAD")
    help_ = "`--against REF` names one; `git fetch --depth=1 origin main:refs/remotes/origin/main` brings one"
    return Diagnostic(
        "K752", "there is no branch to hold this against: neither `main` nor `master`", help=help_
    )


def _no_path(ref: str, path: str, tree: Tree) -> Diagnostic:
    from kpidsl.diagnostics import near

    known = {posixpath.dirname(each) for each in tree.blobs if each.endswith(files.SUFFIX)}
    known |= {each for each in tree.blobs if each.endswith(files.SUFFIX)}
    alike = near(path, known - {""})
    hint = (
        f"a path with a similar name: `{alike[0]}`"
        if alike
        else "paths are those from the top of the repository"
    )
    return Diagnostic("K752", f"`{path}` is not in `{ref}`", help=hint)
