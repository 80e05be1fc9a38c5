"""The pipeline on one screen: read, parse, compile; then open the sources, evaluate, judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from kpidsl import config as configs
from kpidsl import files
from kpidsl.compile import compile_files, imports_of, missing_import
from kpidsl.config import Config
from kpidsl.diagnostics import Diagnostic, Report, Severity, Source
from kpidsl.graph import Graph, Kpi
from kpidsl.model.periods import Window
from kpidsl.syntax import nodes
from kpidsl.syntax.parse import parse

if TYPE_CHECKING:
    from kpidsl.results import Answers, Judged, ObjectiveVerdict, Profile

Step = Callable[[str], None]


@frozen(eq=False)
class Specs:
    """Spec files, read and compiled. Whatever is wrong with them is in `diagnostics`, by file and place."""

    config: Config
    files: tuple[nodes.File, ...]
    graph: Graph
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The ones that keep something from being evaluated."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)


@frozen(eq=False)
class Outcome:
    """What an evaluation found: everything that an output shows."""

    config: Config
    graph: Graph
    as_of: date
    judged: tuple[Judged, ...]
    objectives: tuple[ObjectiveVerdict, ...]
    profiles: dict[str, Profile]
    diagnostics: tuple[Diagnostic, ...] = field(default=())
    asked_for: Window | None = None

    @property
    def name(self) -> str | None:
        """The name of the project, where its config has one."""
        return self.config.name

    @property
    def drafts(self) -> frozenset[str]:
        """The KPIs that are shown and never counted."""
        return frozenset(name for name, kpi in self.graph.kpis.items() if kpi.about.draft)


def load(paths: Sequence[str], stdin: Source | None = None) -> Specs:
    """Read the spec files under some paths and what they import, and compile them as one project."""
    report = Report()
    config = configs.load(paths, report)
    sources = [stdin] if stdin else []
    sources += [source for path in files.find(paths, report) if (source := files.read(path, report))]
    parsed = _with_imports(sources, config.root, report)
    graph = compile_files(parsed, report)
    return Specs(config, tuple(parsed), graph, tuple(report.sorted()))


def _with_imports(sources: Sequence[Source], root: Path, report: Report) -> list[nodes.File]:
    """The files, parsed, and after them every file that is imported, each once."""
    parsed = [parse(source, report) for source in sources]
    known = {Path(file.source.name).resolve() for file in parsed}
    fence = files.shown_as(root)
    for file in parsed:  # grows while it is walked
        for name, span in imports_of(file, report, fence):
            path = Path(name)
            if path.resolve() in known:
                continue
            known.add(path.resolve())
            if not path.is_file():
                report.add(missing_import(name, span, [f.source.name for f in parsed]))
            elif (source := files.read(path, report, name)) is not None:
                parsed.append(parse(source, report))
    return parsed
