"""What is known of the sources before anything is asked: profiles, with the `check` conditions that rows
break."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from attrs import evolve

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.evaluate.engine import EngineError
from kpidsl.evaluate.faults import failure
from kpidsl.evaluate.promises import extent, first_stale, profile
from kpidsl.evaluate.run import Runner
from kpidsl.evaluate.session import Session
from kpidsl.evaluate.sql import breach_sql
from kpidsl.evaluate.tables import Attached
from kpidsl.evaluate.wording import said
from kpidsl.graph import Graph
from kpidsl.model.rows import Apply, ColumnRef, Literal, Row, columns_of
from kpidsl.model.sources import Consequence, SourceSpec
from kpidsl.results import Profile, SourcePromise


def profiles(graph: Graph, sources: Iterable[str], session: Session, as_of: date) -> dict[str, Profile]:
    """The profile of each source, by name; a source that cannot be read has one too, with the error in it."""
    runner = Runner(graph, session, as_of)
    sizes = {name: session.size(name) for name in sources}
    session.watch.progress.begin("reading", list(sizes.values()), "bytes")
    found = {}
    for name, size in sizes.items():
        with session.watch.progress.part(name, size):
            found[name] = _profiled(runner, graph.sources[name])
    return found


def _profiled(runner: Runner, spec: SourceSpec) -> Profile:
    attached = runner.attached(spec.name)
    try:
        known = _profile(runner, attached, spec)
    except EngineError as error:
        problems = (*attached.problems, failure(error, spec, attached.engine))
        known = Profile(spec.name, 0, None, None, None, problems)
    single = [] if attached.failure else [d for c, d in attached.broken.items() if c != spec.time]
    whole = tuple(problem for problem in known.problems if all(problem is not one for one in single))
    return evolve(known, problems=whole, broken=tuple(single))


def _profile(runner: Runner, attached: Attached, spec: SourceSpec) -> Profile:
    """One query for all that can be counted, one more for a key, and for an example of each broken check."""
    session, as_of = runner.session, runner.as_of
    if attached.failure:
        return profile(session, attached, spec, as_of)
    checks = [check for check in spec.checks if runner.trouble(spec.name, check) is None]
    tables = runner.tables(spec.name)
    broken: list[Diagnostic] = []
    breaches: dict[Row, int] = {}
    examples: dict[Row, str] = {}
    try:
        seen = extent(session, attached, tables, as_of, checks)
        breaches = dict(zip(checks, seen.breaches, strict=True))
        examples = {check: _example(runner, spec, check, as_of) for check, count in breaches.items() if count}
        broken = [breach(spec, check, breaches[check], example) for check, example in examples.items()]
    except EngineError as error:
        if error.fault != "query" or not checks:
            raise
        seen = extent(session, attached, runner.tables(spec.name), as_of)
        broken = [_not_asked(spec, error)]
    known = profile(session, attached, spec, as_of, seen)
    return with_checks(known, spec, breaches, examples, broken)


def with_checks(
    known: Profile,
    spec: SourceSpec,
    breaches: Mapping[Row, int],
    examples: Mapping[Row, str],
    broken: Sequence[Diagnostic],
) -> Profile:
    """A profile with the promises of the checks, of which those in `breaches` were asked."""
    follows = dict(zip(spec.checks, spec.otherwise.checks, strict=False))
    told = [_promise(spec, check, breaches.get(check), follows.get(check, "warn")) for check in spec.checks]
    told = [evolve(one, example=examples.get(check)) for one, check in zip(told, spec.checks, strict=True)]
    promises = (*known.promises, *told)
    problems = (*known.problems, *broken)
    return evolve(known, problems=problems, promises=promises, stale=first_stale(promises))


def _promise(spec: SourceSpec, check: Row, count: int | None, otherwise: Consequence) -> SourcePromise:
    """A check and how many rows break it; None where they could not be counted."""
    text = f"check {said(check)}"
    found = f"{_rows(count)} of {spec.name} break{'s' if count == 1 else ''} {text}" if count else None
    if check in spec.scales:
        text = _scale(check)
        found = _off_scale(spec, check, count) if count else None
    return SourcePromise(text, otherwise, found, asked=count is not None)


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _not_asked(spec: SourceSpec, error: EngineError) -> Diagnostic:
    return Diagnostic(
        "K605",
        f"the checks of `{spec.name}` could not be asked: {error.words}",
        spec.span,
        Severity.WARNING,
        help="a check compares columns of one row: `check spend >= 0`",
    )


def _example(runner: Runner, spec: SourceSpec, check: Row, as_of: date) -> str:
    """A row that breaks a check."""
    shown = _shown(spec, check)
    row = runner.fetch(spec.name, "check", breach_sql(check, shown, runner.tables(spec.name), as_of))
    values = [_value(row[f"d{n}"][0]) for n in range(len(shown))]
    return ", ".join(f"{ref.name} {value}" for ref, value in zip(shown, values, strict=True))


def _scale(check: Row) -> str:
    """The clause that a scale's check was made of."""
    match check:
        case Apply(args=(ColumnRef(name=name), Literal(value=float(low)), Literal(value=float(high)))):
            return f"scale {name} from {low:g} to {high:g}"
    return said(check)


def _off_scale(spec: SourceSpec, check: Row, count: int) -> str:
    (column,) = columns_of(check)
    return f"{_rows(count)} of {spec.name} {'is' if count == 1 else 'are'} off the scale of {column.name}"


def breach(spec: SourceSpec, check: Row, count: int, example: str | None = None) -> Diagnostic:
    """That rows break a check, with one of them where it was looked for."""
    notes = (f"an example: {example}",) if example is not None else ()
    if check in spec.scales:
        return Diagnostic(
            "K540",
            f"{_off_scale(spec, check, count)}, and read as missing: `{_scale(check)}`",
            spec.span,
            Severity.WARNING,
            notes=notes,
            help="repair the rows, or change the scale",
            place=f"source {spec.name}",
        )
    return Diagnostic(
        "K604",
        f"{_rows(count)} of `{spec.name}` break{'s' if count == 1 else ''} its check `{said(check)}`",
        spec.span,
        Severity.WARNING,
        notes=notes,
        help="repair the rows, or change the check",
        place=f"source {spec.name}",
    )


def _shown(spec: SourceSpec, check: Row) -> list[ColumnRef]:
    """The columns that tell a row: its time, its key and those of the check."""
    own = [spec.column(name) for name in dict.fromkeys([*([spec.time] if spec.time else []), *spec.key])]
    refs = [ColumnRef(spec.name, c.name, c.type) for c in own if c is not None]
    used = sorted(columns_of(check), key=lambda ref: (ref.via, ref.name))
    return [*refs, *(ref for ref in used if all((ref.name, ref.via) != (r.name, r.via) for r in refs))]


def _value(cell: object) -> str:
    return cell if isinstance(cell, str) else "missing"
