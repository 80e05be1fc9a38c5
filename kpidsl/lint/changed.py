"""Only what changed: findings about definitions that are not what they were, or rest on one that is not."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Severity, Span
from kpidsl.records import Record
from kpidsl.specs import Specs
from kpidsl.syntax import nodes

_NAMED = (nodes.PeriodDef, nodes.Let, nodes.SourceDef, nodes.MeasureDef, nodes.KpiDef, nodes.ObjectiveDef)


@frozen(repr=False)
class Changes(Record):
    """Names of definitions that mean something else than before, or are new. `affected` are KPIs that are
    written as they were, and mean something else by what they rest on."""

    changed: frozenset[str]
    affected: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Both."""
        return self.changed | self.affected


def sorted_out(names: Iterable[str], old: Specs, new: Specs) -> Changes:
    """Names of what is not what it was, by whether it is written as it was."""
    before, after = _written(old), _written(new)
    known = frozenset(names) & after.keys()
    same = {name for name in known if name in new.graph.kpis and before.get(name) == after[name]}
    return Changes(known - same, frozenset(same))


def _written(specs: Specs) -> dict[str, nodes.Definition]:
    """Definitions by their names, as they are written; places do not count."""
    return {one.name.text: one for file in specs.files for one in file.definitions if isinstance(one, _NAMED)}


def within(findings: Iterable[Diagnostic], specs: Specs, names: Changes) -> tuple[Diagnostic, ...]:
    """The findings about definitions that changed or are affected. Errors of the compiler are always told:
    what does not compile has no meaning that could be compared."""
    places = [
        one.span
        for file in specs.files
        for one in file.definitions
        if isinstance(one, _NAMED) and one.name.text in names.names
    ]
    return tuple(
        one
        for one in findings
        if (one.severity is Severity.ERROR and one.rule is None)
        or one.kpi in names.names
        or (one.span is not None and any(_in(one.span, place) for place in places))
    )


def _in(span: Span, place: Span) -> bool:
    return span.source is place.source and place.start <= span.start < place.end
