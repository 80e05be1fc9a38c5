"""Figures that were measured, kept in results.json; measuring again replaces only what was measured."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path

from attrs import asdict, evolve, field, frozen

HERE = Path(__file__).parent
FILE = HERE / "results.json"


@cache
def _commit() -> str:
    """The commit that is checked out, with a plus where code differs from it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=HERE.parent, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "kpidsl", "grammar", "benchmarks/*.py")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


@frozen
class Figure:
    """What one side took in one case. Without seconds, `note` says why there are none."""

    suite: str
    workload: str
    rows: int
    kpis: int
    slices: int
    side: str
    seconds: float | None = None
    megabytes: float | None = None
    """The peak of the side's own process."""
    runs: int = 0
    of: int = 0
    """How many of the KPIs it was asked for, where all would have taken too long; else 0."""
    note: str = ""
    measured: str = field(factory=lambda: date.today().isoformat())
    commit: str = field(factory=_commit)
    load: float = field(factory=lambda: round(os.getloadavg()[0], 1))
    """How many processes wanted a core in the last minute, this one's included."""

    @property
    def key(self) -> tuple[str, str, int, int, int, str]:
        """What it is a figure of."""
        return (self.suite, self.workload, self.rows, self.kpis, self.slices, self.side)


def machine() -> dict[str, str]:
    """What it was measured on and with."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    with_versions = {name: version(name) for name in ("duckdb", "numpy", "sqlglot")}
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **with_versions,
    }


def load(path: Path = FILE) -> tuple[list[Figure], dict[str, dict[str, str]]]:
    """The figures and the machines by name; nothing where none were kept."""
    if not path.exists():
        return [], {}
    kept = json.loads(path.read_text("utf-8"))
    return [Figure(**figure) for figure in kept["figures"]], kept["machine"]


def keep(found: Iterable[Figure], versions: dict[str, str] | None = None, path: Path = FILE) -> None:
    """Add figures in place of older ones of the same, with the versions of what else was measured."""
    old, about = load(path)
    figures = {figure.key: figure for figure in [*old, *found]}
    about = {"machine": machine(), "peers": about.get("peers", {}) | (versions or {})}
    kept = [asdict(_rounded(figures[key])) for key in sorted(figures)]
    started = path.with_suffix(".part")
    started.write_text(json.dumps({"machine": about, "figures": kept}, indent=1) + "\n", "utf-8")
    started.rename(path)


def _rounded(figure: Figure) -> Figure:
    return evolve(
        figure,
        seconds=None if figure.seconds is None else round(figure.seconds, 4),
        megabytes=None if figure.megabytes is None else round(figure.megabytes, 1),
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text("utf-8").splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
