"""From text to nodes: cut into definitions, each read alone, faults told one per definition."""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import Any, cast

import attrs

from kpidsl.collector import uncollected
from kpidsl.diagnostics import Diagnostic, Report, Source, Span
from kpidsl.files import clean
from kpidsl.syntax import nodes
from kpidsl.syntax.build import Builder
from kpidsl.syntax.known import Known
from kpidsl.syntax.machine import Machine, Unexpected
from kpidsl.syntax.merges import conflicts, unmarked, unresolved
from kpidsl.syntax.precedence import Misplaced
from kpidsl.syntax.split import comments, name_of, pieces, tabs
from kpidsl.syntax.tables import tables

MAX_SIZE = 5_000_000
"""How many characters a file may have."""

MAX_DEPTH = 150
"""How deep the nodes of an expression may be nested, so that they can be walked by recursion."""

_MANY = (
    *(nodes.Column, nodes.BelongsTo, nodes.Check, nodes.Scale, nodes.Caption, nodes.Stakeholder),
    *(nodes.Member, nodes.Given, nodes.Expect, nodes.Set),
    *(nodes.Holidays, nodes.Holiday, nodes.Occurrence),
)
"""Clauses that may be written more than once."""

_LIKE: dict[type, type] = {nodes.FromTable: nodes.FromFiles, nodes.FromSource: nodes.FromFiles}
"""Clauses that stand for each other: a source has one of them."""

_LOCK = Lock()


def parse(source: Source, report: Report, known: Known | None = None) -> nodes.File:
    """Read a file. Raises for no text: what cannot be read is told in the report and listed in `broken`.

    What an unresolved merge touches is not read, for it is told with the merge.
    Definitions that are known are not read again, and new ones without faults become known.

    The source of the result is the given one, or, where the text had a byte order mark, other line ends than
    newlines, or decomposed accents, a cleaned one of the same name; all spans refer to it.
    """
    source = clean(source)
    text = source.text
    if len(text) > MAX_SIZE:
        from kpidsl.syntax.faults import too_large

        report.add(too_large(source))
        return nodes.File(source, (), (), (Span(source, 0, len(text)),))
    definitions: list[nodes.Definition] = []
    broken: list[Span] = []
    if merges := conflicts(text):
        report.add(unresolved(source, merges))
        text = unmarked(text, merges)
    with _LOCK, uncollected():
        for start, end in pieces(text):
            if any(start < after and before < end for before, after in merges):
                broken.append(Span(source, start, end))
                continue
            definition = known.find(source, start, end) if known else None
            if definition is None:
                piece = Span(source, start, end)
                told = len(report)
                definition = _read(piece, report)
                if definition is None:
                    broken.append(piece)
                    continue
                if known and len(report) == told:
                    known.add(definition, source, start, end)
            definitions.append(definition)
    unread = frozenset(name for piece in broken if (name := name_of(piece)))
    return nodes.File(source, tuple(definitions), comments(source), tuple(broken), unread)


def parse_expression(source: Source, report: Report) -> nodes.Expression | None:
    """Read a lone expression, such as one typed at a prompt; nothing if it cannot be read."""
    source = clean(source)
    piece = Span(source, 0, len(source.text.rstrip()))
    with _LOCK:
        found = _run(piece, "alone")
    if isinstance(found, Diagnostic):
        report.add(found)
        return None
    return cast(nodes.Expression, found)


@lru_cache(maxsize=1)
def _machine() -> tuple[Machine, Builder]:
    builder = Builder()
    return Machine(tables(), builder), builder


def _read(piece: Span, report: Report) -> nodes.Definition | None:
    """One definition, and at most one diagnostic about it; nothing if there is too little to go on with."""
    found: Any = _run(piece, "definition")
    faults = [found] if isinstance(found, Diagnostic) else []
    if not faults:
        found, faults = _checked(found)
    if tab := _tab(piece):
        faults.append(tab)
    if faults:
        report.add(min(faults, key=lambda fault: fault.span.start if fault.span else 0))
    return None if isinstance(found, Diagnostic) else found


def _run(piece: Span, rule: str) -> Any:
    """What the grammar makes of a piece, or the diagnostic that says why it makes nothing."""
    source, start, end = piece
    if rule == "definition" and source.text[start].isspace():
        from kpidsl.syntax.faults import orphan

        return orphan(piece)
    machine, builder = _machine()
    builder.source, builder.signs = source, 0
    try:
        found = machine.run(source.text, start, end, rule)
    except Unexpected as fault:
        from kpidsl.syntax.explain import explain

        return explain(piece, fault)
    except Misplaced as fault:
        from kpidsl.syntax.faults import misplaced
        from kpidsl.syntax.mistakes import recognise

        slip = recognise(fault.span, bound=False) if fault.kind == "period" else None
        return slip or misplaced(fault.kind, fault.span)
    if builder.signs > MAX_DEPTH and _depth(found) > MAX_DEPTH:
        from kpidsl.syntax.faults import too_deep

        return too_deep(found.span)
    return found


def _checked(definition: nodes.Definition) -> tuple[nodes.Definition | Diagnostic, list[Diagnostic]]:
    """The definition with each clause that holds once written once, and what there is to say about it."""
    if isinstance(definition, nodes.Import | nodes.Let):
        return definition, []
    if not definition.clauses and not isinstance(definition, nodes.MeasureDef):
        from kpidsl.syntax.faults import no_clauses

        fault = no_clauses(definition.span)
        return fault, [fault]
    seen: dict[type, nodes.Clause] = {}
    kept, faults = [], []
    for clause in definition.clauses:
        kind = _LIKE.get(type(clause), type(clause))
        earlier = seen.setdefault(kind, clause)
        if earlier is clause or kind in _MANY:
            kept.append(clause)
        else:
            from kpidsl.syntax.faults import repeated

            faults.append(repeated(earlier.span, clause.span))
    return (attrs.evolve(definition, clauses=tuple(kept)) if faults else definition), faults


def _depth(node: object) -> int:
    """How deep nodes are nested, found without recursion."""
    deepest = 0
    waiting = [(node, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, tuple) and not isinstance(item, Span):
            waiting += [(inner, depth) for inner in item]
        elif isinstance(item, nodes.Node):
            deepest = max(deepest, depth)
            waiting += [(getattr(item, field.name), depth + 1) for field in attrs.fields(type(item))]
    return deepest


def _tab(piece: Span) -> Diagnostic | None:
    """The tabs of a definition, told once."""
    source, start, end = piece
    if source.text.find("\t", start, end) < 0 or not (found := tabs(source.text, start, end)):
        return None
    from kpidsl.syntax.faults import tabbed

    return tabbed(source, found)
