"""Only what changed: by meaning, so that a reformatted file is no change, and a measure that counts otherwise
reaches each KPI that rests on it."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Severity, Span
from kpidsl.lint.meaning import meaning_of
from kpidsl.specs import Specs
from kpidsl.syntax import nodes


@frozen
class Changes:
    """Names of definitions that mean something else than before, or are new. `affected` are KPIs that are
    written as they were, and mean something else by what they rest on."""

    changed: frozenset[str]
    affected: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Both."""
        return self.changed | self.affected


def changes(old: Specs, new: Specs) -> Changes:
    """What changed from one state of a project to another."""
    before, after = meaning_of(old.graph, ()).parts, meaning_of(new.graph, ()).parts
    differ = {name for (kind, name), value in after.items() if name and before.get((kind, name)) != value}
    differ |= set(new.broken) - set(old.broken)
    written = _written(old)
    same = {name for name, one in _written(new).items() if written.get(name) == one}
    kpis = {name for name in differ if name in new.graph.kpis}
    return Changes(frozenset(differ - (kpis & same)), frozenset(kpis & same))


def _written(specs: Specs) -> dict[str, nodes.Definition]:
    """Definitions by their names, as they are written; places do not count."""
    return {one.name.text: one for file in specs.files for one in file.definitions if isinstance(one, _NAMED)}


_NAMED = (nodes.PeriodDef, nodes.Let, nodes.SourceDef, nodes.MeasureDef, nodes.KpiDef, nodes.ObjectiveDef)


def within(findings: Iterable[Diagnostic], specs: Specs, names: Changes) -> tuple[Diagnostic, ...]:
    """The findings about definitions that changed or are affected. Errors are always told: what does not
    compile has no meaning that could be compared."""
    places = [
        one.span
        for file in specs.files
        for one in file.definitions
        if isinstance(one, _NAMED) and one.name.text in names.names
    ]
    return tuple(
        one
        for one in findings
        if one.severity is Severity.ERROR
        or one.kpi in names.names
        or (one.span is not None and any(_in(one.span, place) for place in places))
    )


def _in(span: Span, place: Span) -> bool:
    return span.source is place.source and place.start <= span.start < place.end
