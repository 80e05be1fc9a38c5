"""What a KPI rests on, as stretches of text: told of a commit without compiling it.

Where two commits have the same stretches for a KPI it means the same in both, so that only the few commits
that may have changed it have to be compiled. It is no more than that: other stretches may mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from attrs import define, field, frozen

from kpidsl import git
from kpidsl.diagnostics import Report, Span
from kpidsl.files import SUFFIX, clean, decoded
from kpidsl.git import Blob, Repository
from kpidsl.syntax.parse import MAX_SIZE
from kpidsl.syntax.split import name_of, pieces

DECIDES = (SUFFIX, "kpi.toml", "pyproject.toml")
"""What the names of files end with that decide what a project means."""
_HEAD = re.compile(r"[^\W\d]\w*")
_WORD = re.compile(r"`([^`\n]+)`|([^\W\d]\w*)")
_BY_NAME = ("kpi", "measure", "objective")
"""What matters to others only where they name it. Sources, constants, periods and the calendar always do:
a column needs not say whose it is."""
_NEVER = ("test", "scenario")


_Place = tuple[str, Blob]
"""A file of a commit, by its path from the top."""


@frozen(eq=False)
class _Cut:
    """A file in stretches: whether a name leads to each; None where it always matters."""

    stretches: tuple[tuple[str | None, str], ...]
    by_name: Mapping[str, tuple[int, ...]]
    always: tuple[int, ...]


@define(eq=False)
class Stretches:
    """Those of commit after commit, each file of each text cut once."""

    home: Repository
    _files: dict[str, tuple[_Place, ...]] = field(factory=dict)
    """By commit: what decides, in the order of its paths."""
    _cuts: dict[_Place, _Cut] = field(factory=dict)
    _texts: dict[str, str] = field(factory=dict)
    """Each stretch once, in however many versions of a file it stands."""
    _words: dict[str, frozenset[str]] = field(factory=dict)
    _digests: dict[tuple[str, str], bytes] = field(factory=dict)

    def read(self, commits: Iterable[str]) -> None:
        """Read some commits at once, for git takes as long to begin as to answer."""
        new = [name for name in dict.fromkeys(commits) if name not in self._files]
        if not new:
            return
        found = git.trees(self.home, new, lambda name: name.endswith(DECIDES))
        self._files |= {name: tuple(sorted(files.items())) for name, files in found.items()}
        places = dict.fromkeys(place for name in new for place in self._files[name])
        wanted = [place for place in places if place not in self._cuts]
        texts = git.contents(self.home, [blob.id for _, blob in wanted])
        for path, blob in wanted:
            self._cuts[path, blob] = self._cut(_stretches(path, blob, texts[blob.id]))

    def same(self, one: str, other: str, name: str) -> bool:
        """Whether a KPI has the same stretches in two commits: then it means the same."""
        return self._digest(one, name) == self._digest(other, name)

    def _digest(self, commit: str, name: str) -> bytes:
        if (commit, name) not in self._digests:
            self.read([commit])
            said = sha256()
            for part in self._met(self._files[commit], name):
                said.update(f"{len(part)} {part}".encode("utf-8", "surrogatepass"))
            self._digests[commit, name] = said.digest()
        return self._digests[commit, name]

    def _met(self, files: tuple[_Place, ...], name: str) -> Iterator[str]:
        """The stretches that names lead to from a KPI and from what always matters, and their files."""
        cuts = [self._cuts[place] for place in files]
        met = {(at, each) for at, cut in enumerate(cuts) for each in cut.always}
        new, names, seen = set(met), {name}, {name}
        while names:
            new |= {
                (at, each) for at, cut in enumerate(cuts) for n in names for each in cut.by_name.get(n, ())
            }
            met |= new
            names = {word for at, each in new for word in self._within(cuts[at].stretches[each][1])} - seen
            seen |= names
            new = set()
        for at, each in sorted(met):
            yield files[at][0]
            yield cuts[at].stretches[each][1]

    def _within(self, text: str) -> frozenset[str]:
        if text not in self._words:
            self._words[text] = frozenset(m[1] or m[2] for m in _WORD.finditer(text))
        return self._words[text]

    def _cut(self, stretches: Iterable[tuple[str | None, str]]) -> _Cut:
        found = tuple((name, self._texts.setdefault(text, text)) for name, text in stretches)
        by_name: dict[str, tuple[int, ...]] = {}
        for at, (name, _) in enumerate(found):
            if name is not None:
                by_name[name] = (*by_name.get(name, ()), at)
        return _Cut(found, by_name, tuple(at for at, (name, _) in enumerate(found) if name is None))


def _stretches(path: str, blob: Blob, data: bytes) -> Iterator[tuple[str | None, str]]:
    """Each with the name that leads to it. What is no spec, or none that can be read, is one stretch."""
    read = decoded(data, "", Report()) if path.endswith(SUFFIX) and not blob.link else None
    if read is None or len((source := clean(read)).text) > MAX_SIZE:
        yield None, blob.id
        return
    for start, end in pieces(source.text):
        head = _HEAD.match(source.text, start, end)
        word = head[0] if head else ""
        if word not in _NEVER:
            named = word in _BY_NAME
            yield name_of(Span(source, start, end)) if named else None, source.text[start:end]
