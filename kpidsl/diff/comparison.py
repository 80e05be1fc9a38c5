"""Two sides put against each other: their changes, and what could not be compared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from attrs import frozen

from kpidsl.compile.resolve import LOST_NAME
from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.diff.changes import Change
from kpidsl.diff.compare import compare, dependents
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
    affected: tuple[str, ...] = ()
    """The KPIs of the new side of which a number or a verdict may be another one."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """What could not be compared, and what has to be known to read the changes."""

    @property
    def incomplete(self) -> bool:
        """Whether the new side has something that could not be compared."""
        return any(d.code == "K764" and d.severity is Severity.ERROR for d in self.diagnostics)


def put(old: Side, new: Side, as_of: date) -> Comparison:
    """Compare two sides. What has an error on one of them is left out, and told."""
    missing = lost(old.specs), lost(new.specs)
    names = frozenset((*missing[0], *missing[1]))
    changes = compare(old.specs.graph, new.specs.graph, bases=(old.base, new.base), lost=names, as_of=as_of)
    told = [*old.notes, *new.notes]
    told += _told(old, missing[0], Severity.WARNING) + _told(new, missing[1], Severity.ERROR)
    if not old.specs.sources and new.specs.sources:
        said = f"{old.name} has no specs there: everything is new"
        told.append(Diagnostic("K765", said, severity=Severity.INFO))
    affected = dependents(changes, new.specs.graph)
    return Comparison(old, new, as_of, changes, tuple(sorted(affected)), tuple(told))


def lost(specs: Specs) -> tuple[str, ...]:
    """The names of definitions that are written and could not be compiled."""
    if not specs.errors:
        return ()
    graph = specs.graph
    compiled = {*graph.kpis, *graph.objectives, *graph.measures, *graph.sources, *graph.constants}
    compiled |= {period.word for period in graph.calendar.named}
    found: list[str] = []
    for file in specs.files:
        named = (d.name.text for d in file.definitions if isinstance(d, _NAMED))
        found += (name for name in named if name not in compiled)
        lines = (LOST_NAME.match(span.text) for span in file.broken)
        found += (line[1] or line[2] for line in lines if line)
    return tuple(dict.fromkeys(found))


def _told(side: Side, missing: Sequence[str], weight: Severity) -> list[Diagnostic]:
    if not side.specs.errors:
        return []
    shown = ", ".join(f"`{name}`" for name in missing[:_SHOWN])
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    first = next(iter(side.specs.errors))
    why = f"{first.span.source.name}:{first.span.line}: {first.message}" if first.span else first.told
    said = f"not compared, for an error in {side.name}: {shown}{more}"
    said = said if missing else f"{side.name} has an error, and what it is about is not compared"
    return [Diagnostic("K764", said, severity=weight, notes=(why,))]
