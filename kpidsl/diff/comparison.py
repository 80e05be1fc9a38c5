"""Two sides put against each other: their changes, and what could not be compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from attrs import frozen

from kpidsl.compile.resolve import LOST_NAME
from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.diff.changes import Change
from kpidsl.diff.compare import compare
from kpidsl.revision import Side
from kpidsl.specs import Specs
from kpidsl.syntax import nodes

_NAMED = (nodes.KpiDef, nodes.ObjectiveDef, nodes.MeasureDef, nodes.SourceDef, nodes.Let, nodes.PeriodDef)
_SHOWN = 5


@frozen(eq=False)
class Comparison:
    """What differs between two sides."""

    old: Side
    new: Side
    as_of: date
    changes: tuple[Change, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    """What could not be compared, and what has to be known to read the changes."""

    @property
    def incomplete(self) -> bool:
        """Whether the new side has something that could not be compared."""
        return any(d.code == "K764" and d.severity is Severity.ERROR for d in self.diagnostics)


def put(old: Side, new: Side, as_of: date) -> Comparison:
    """Compare two sides. What has an error on one of them is left out, and told."""
    missing = {"the old side": lost(old.specs), "the new side": lost(new.specs)}
    names = frozenset().union(*missing.values())
    changes = compare(old.specs.graph, new.specs.graph, bases=(old.base, new.base), lost=names, as_of=as_of)
    told = [*old.notes, *new.notes]
    for side, weight in ((old, Severity.WARNING), (new, Severity.ERROR)):
        told += _told(side, weight)
    if not old.specs.sources and new.specs.sources:
        said = f"{old.name} has no specs there: everything is new"
        told.append(Diagnostic("K765", said, severity=Severity.INFO))
    return Comparison(old, new, as_of, changes, tuple(told))


def lost(specs: Specs) -> Mapping[str, str]:
    """The names of definitions that are written and could not be compiled, each with the first error."""
    if not specs.errors:
        return {}
    graph = specs.graph
    compiled = {*graph.kpis, *graph.objectives, *graph.measures, *graph.sources, *graph.constants}
    compiled |= {period.word for period in graph.calendar.named}
    found: dict[str, str] = {}
    for file in specs.files:
        for definition in file.definitions:
            if isinstance(definition, _NAMED) and definition.name.text not in compiled:
                name = definition.name.text
                found[name] = graph.broken[name].message if name in graph.broken else "it has an error"
        for span in file.broken:
            if line := LOST_NAME.match(span.text):
                found.setdefault(line[1] or line[2], "it could not be read")
    return found


def _told(side: Side, weight: Severity) -> list[Diagnostic]:
    missing = lost(side.specs)
    if not missing:
        return []
    shown = ", ".join(f"`{name}`" for name in list(missing)[:_SHOWN])
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    first = next(iter(side.specs.errors))
    why = f"{first.span.source.name}:{first.span.line}: {first.message}" if first.span else first.told
    said = f"not compared, for an error in {side.name}: {shown}{more}"
    return [Diagnostic("K764", said, severity=weight, notes=(why,))]

