"""How a KPI came to be what it is: each change of it, with the commit that made it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from attrs import evolve, field, frozen

from kpidsl import git
from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.diff.changes import Change
from kpidsl.diff.compare import compare
from kpidsl.diff.comparison import lost
from kpidsl.diff.sentences import renamed_to
from kpidsl.diff.stretches import DECIDES, Stretches
from kpidsl.evaluate.progress import Progress
from kpidsl.files import SUFFIX
from kpidsl.git import Commit, Repository
from kpidsl.graph import Graph
from kpidsl.revision import Tree, load
from kpidsl.specs import Specs

_NO_DAY = date.min
_KEPT = 16
"""Projects that are kept in memory, and how far an error is looked behind."""
_AT_ONCE = 100
"""Commits of which git is asked for the texts together."""
MOST = 200
"""Commits that are looked at, unless a person says otherwise."""


@frozen
class Step:
    """What a commit changed of the KPI."""

    commit: Commit
    changes: tuple[Change, ...]


@frozen(eq=False)
class History:
    """What was changed of a KPI, the newest first."""

    name: str
    """Its name now."""
    title: str | None
    steps: tuple[Step, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    others: tuple[str, ...] = ()
    """The names of all KPIs now."""

    @property
    def known(self) -> bool:
        """Whether there is such a KPI now."""
        return self.name in self.others


@frozen(eq=False)
class _Reader:
    """Reads the project of commit after commit, each text once."""

    home: Repository
    paths: tuple[Path, ...]
    patterns: Sequence[str]
    texts: dict[str, bytes] = field(factory=dict)
    known: dict[str, tuple[Specs, frozenset[str]]] = field(factory=dict)

    def specs(self, commit: str) -> tuple[Specs, frozenset[str]]:
        """The project of a commit, and the names in it that could not be compiled. Commits with the same
        texts share one."""
        tree = Tree(self.home, Commit(commit, _NO_DAY, "", ""), self.texts)
        key = " ".join(f"{name}={blob.id}" for name, blob in tree.blobs.items() if name.endswith(DECIDES))
        if key not in self.known:
            found = load(tree, self.paths)
            self.known[key] = found, frozenset(lost(found))
            if len(self.known) > _KEPT:
                del self.known[next(iter(self.known))]
        return self.known[key]

    def before(self, commit: str, name: str) -> tuple[Specs, frozenset[str]]:
        """The project of a commit; where the KPI has an error there, of the last one in which it had none."""
        found = self.specs(commit)
        for _ in range(_KEPT if name in found[1] else 0):
            earlier = git.log(self.home, commit, self.patterns, most=1)
            if not earlier or not earlier[0].parents or name not in found[1]:
                break
            commit = earlier[0].parents[0]
            found = self.specs(commit)
        return found


def history(
    home: Repository,
    kpi: str,
    paths: Sequence[Path],
    *,
    start: str = "HEAD",
    most: int = MOST,
    progress: Progress | None = None,
) -> History:
    """The changes of a KPI over the commits that lead to one. It is followed through renames.

    Each commit is held against the one before it, so that a change is told of whoever made it; a merge only
    of what neither side had. Raises git.Unread where there is no such commit or no repository.
    """
    newest = git.commit(home, start)
    reader = _Reader(home, tuple(paths), _patterns(home, paths))
    commits = git.log(home, newest.id, reader.patterns, most=most + 1)
    now = reader.specs(newest.id)[0]
    stretches, progress = Stretches(home), progress or Progress()
    progress.begin("comparing", [1] * min(most, len(commits)), "commits")
    name, looked = kpi, 0
    steps: list[Step] = []
    while looked < min(most, len(commits)):
        commit = commits[looked]
        if looked % _AT_ONCE == 0:
            stretches.read(_with_parents(commits[looked : looked + _AT_ONCE]))
        looked += 1
        if home.shallow and not commit.parents:
            break  # where the clone ends: all looks new there
        with progress.part(commit.short, 1, once=True):
            if any(stretches.same(commit.id, parent, name) for parent in commit.parents):
                continue
            changes = _changed(reader, reader, commit, name)
        former = _former(reader, commit, changes)
        if former is not None and not _begins(moved := _changed(former, reader, commit, name)):
            reader, changes = former, moved
            commits[looked:] = git.log(home, commit.parents[0], reader.patterns, most=most + 1 - looked)
        if changes:
            steps.append(Step(commit, tuple(changes)))
        name = next((c.before for c in changes if c.aspect == "renamed" and c.before), name)
        if _begins(changes):
            break
    found = now.graph.kpis.get(kpi)
    ended = bool(steps) and _begins(steps[-1].changes)
    told = _told(home, most) if not ended and (len(commits) > most or home.shallow) else []
    known = (*now.graph.kpis, *now.broken)
    return History(kpi, found.title if found else None, tuple(steps), tuple(told), known)


def _with_parents(commits: Iterable[Commit]) -> Iterator[str]:
    for commit in commits:
        yield from (commit.id, *commit.parents)


def _begins(changes: Iterable[Change]) -> bool:
    return any(change.aspect == "added" for change in changes)


def _former(reader: _Reader, commit: Commit, changes: Sequence[Change]) -> _Reader | None:
    """What reads a project where it was before, if a commit that seems to begin a KPI moved its file from
    outside of what is looked at."""
    span = next((change.span for change in changes if change.aspect == "added"), None)
    if span is None or not commit.parents:
        return None
    tree = Tree(reader.home, commit)
    file = tree.inside(Path(span.source.name))
    old = git.moves(reader.home, commit).get(file)
    folders = [tree.inside(path) for path in reader.paths]
    here = next((each for each in folders if f"{file}/".startswith(f"{each}/")), None)
    if old is None or here is None or f"{old}/".startswith(f"{here}/"):
        return None
    inner = file[len(here) :]  # empty where the file itself is looked at
    place = old.removesuffix(inner) if old.endswith(inner) else posixpath.dirname(old)
    paths = (reader.home.top / place,)
    return _Reader(reader.home, paths, _patterns(reader.home, paths), reader.texts)


def _changed(earlier: _Reader, reader: _Reader, commit: Commit, name: str) -> list[Change]:
    """What a commit changed of a KPI: held against each of its parents, what differs from all."""
    specs, broken = reader.specs(commit.id)
    found: list[Change] | None = None
    for parent in commit.parents or (None,):
        before, were = earlier.before(parent, name) if parent is not None else (None, frozenset[str]())
        old = before.graph if before is not None else _empty(specs)
        top = reader.home.top
        changes = compare(old, specs.graph, bases=(top, top), lost=broken | were, as_of=commit.day)
        if found is None:
            found = list(changes)
        else:
            others = {(c.kind, c.name, c.aspect, c.after) for c in changes}
            found = [c for c in found if (c.kind, c.name, c.aspect, c.after) in others]
    gone = name not in specs.graph.kpis
    return [
        change if change.name == name else evolve(change, name=name, said=renamed_to(change.name))
        for change in found or ()
        if change.kind == "kpi"
        and (change.name == name or (gone and (change.aspect, change.before) == ("renamed", name)))
    ]


def _empty(specs: Specs) -> Graph:
    return evolve(specs.graph, sources={}, measures={}, kpis={}, objectives={}, broken={}, constants={})


def _patterns(home: Repository, paths: Iterable[Path]) -> list[str]:
    """What git has to look at: spec files under the paths, and those that they may import."""
    tops = [Tree(home, Commit("", _NO_DAY, "", "")).inside(path) for path in paths]
    if any(top.endswith(SUFFIX) for top in tops):
        tops = ["."]
    escaped = (re.sub(r"([\\*?\[\]])", r"\\\1", top) for top in tops)
    return [f":(top,glob){'' if top == '.' else f'{top}/'}**/*{SUFFIX}" for top in escaped]


def _told(home: Repository, most: int) -> list[Diagnostic]:
    if home.shallow:
        said = "the history ends where the clone does, which is shallow"
        return [
            Diagnostic(
                "K753", said, severity=Severity.WARNING, help="`git fetch --unshallow` brings all of it"
            )
        ]
    said = f"only the last {most} commits are looked at"
    return [Diagnostic("K753", said, severity=Severity.WARNING, help="`--most N` looks at more")]
