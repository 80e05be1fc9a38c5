"""Two specs compared, and repositories to read versions from."""

from __future__ import annotations

import os
import subprocess
from datetime import date
from pathlib import Path

from kpidsl.compile import compile_files
from kpidsl.diagnostics import Report, Source
from kpidsl.diff import Change, compare
from kpidsl.graph import Graph
from kpidsl.syntax.parse import parse
from tests.compile.spec import SOURCES, kpi

DAY = date(2026, 10, 15)
BASE = kpi(
    "ad_spend / leads",
    "unit EUR per lead",
    "target at most 25 EUR per lead",
    "tolerance 5%",
    "measured every month",
    "from 2026-01",
    "deadline 2026-12",
    'owner "Acquisition"',
)


def graph(text: str, sources: str = SOURCES) -> Graph:
    """What a text compiles to, whatever is wrong with it."""
    report = Report()
    return compile_files([parse(Source("spec.kpi", sources + text), report)], report)


def sound(text: str, sources: str = SOURCES) -> Graph:
    """What a text compiles to, in which nothing may be wrong."""
    report = Report()
    found = compile_files([parse(Source("spec.kpi", sources + text), report)], report)
    assert not report.errors, [(d.code, d.message) for d in report]
    return found


def changes(old: str, new: str, as_of: date | None = None) -> list[Change]:
    """The changes from one sound spec to another."""
    return list(compare(sound(old), sound(new), as_of=as_of))


def told(old: str, new: str) -> list[str]:
    """Their sentences."""
    return [change.sentence for change in changes(old, new)]


def one(old: str, new: str, as_of: date | None = None) -> Change:
    """The only change of a KPI."""
    found = [change for change in changes(old, new, as_of) if change.kind == "kpi"]
    assert len(found) == 1, [change.sentence for change in found]
    return found[0]


# -- a change and its mirror image -------------------------------------------------------------------

_OTHER = {"loosened": "tightened", "tightened": "loosened", None: None}
_ENDS = {"added": "removed", "removed": "added"}


def cores(found: list[Change] | tuple[Change, ...], *, mirrored: bool = False) -> list[tuple[object, ...]]:
    """What changes say that has a mirror image, in an order of its own."""
    former = {(c.kind, c.name): c.before for c in found if c.aspect == "renamed"}
    names = {name: was for (kind, name), was in former.items()}
    parts: list[tuple[object, ...]] = []
    for c in found:
        name, aspect, ends, way, meant = c.name, c.aspect, (c.before, c.after), c.direction, c.meant
        if mirrored:
            name = former.get((c.kind, c.name), c.name) or c.name
            aspect, way, ends, meant = _ENDS.get(aspect, aspect), _OTHER[way], ends[::-1], meant[::-1]
            for head in ("member ", "belonging to "):
                if aspect.startswith(head):
                    aspect = head + (names.get(aspect.removeprefix(head)) or aspect.removeprefix(head))
        parts.append((c.kind, name, aspect, int(c.category), *ends, way, *(meant if not former else ())))
    return sorted(parts, key=repr)


# -- repositories ------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str, day: str = "2026-01-01", author: str = "Ada Lovelace") -> str:
    """Run git as somebody on some day."""
    when = f"{day}T12:00:00+0000"
    who = {"NAME": author, "EMAIL": "somebody@example.org", "DATE": when}
    said = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder, env={**os.environ, **said, **alone}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(
    folder: Path, files: dict[str, str | None], subject: str = "A change", *, day: str = "2026-01-01",
    author: str = "Ada Lovelace",
) -> str:  # fmt: skip
    """Write files (None: remove) and commit them; the name of the commit."""
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", subject, day=day, author=author)
    return git(folder, "rev-parse", "HEAD")


def repository(folder: Path, files: dict[str, str | None]) -> Path:
    """A repository with a first commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    commit(folder, files, "The beginning")
    return folder
