"""What a source promises of itself, checked on its attached rows: freshness, keys, completeness, links.

One query says which days have rows, how many, and how many of them break a `check`; all that can be told from
it is. Keys that repeat are looked for only where a key is promised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.evaluate.byfile import profile_columns
from kpidsl.evaluate.rhythm import Seen, counted, runs
from kpidsl.evaluate.sql import Tables, profile_sql, repeated_sql
from kpidsl.evaluate.tables import Attached, Purpose
from kpidsl.evaluate.verify import doubtful
from kpidsl.model.rows import Row
from kpidsl.model.sources import Consequence, Link, SourceSpec
from kpidsl.results import Profile, SourcePromise

if TYPE_CHECKING:
    from kpidsl.evaluate.session import Session

_SHOWN = 5
"""Examples in a message."""


@frozen(eq=False)
class Extent:
    """The rows of a source up to as-of."""

    rows: int
    days: NDArray[np.datetime64]
    """Those that have rows, in order; none where there is no time."""
    counts: NDArray[np.int64]
    """How many rows each of them has."""
    timeless: int
    breaches: tuple[int, ...]
    """Rows that break each of the conditions that were asked for."""
    fractions: Mapping[str, float] = field(factory=dict)
    """Columns of percents in which some are no whole numbers, and the largest of each, as a fraction."""

    @property
    def first(self) -> date | None:
        """The first day with a row."""
        return _as_date(self.days[0]) if len(self.days) else None

    @property
    def last(self) -> date | None:
        """The newest day with a row."""
        return _as_date(self.days[-1]) if len(self.days) else None


def extent(
    session: Session, attached: Attached, tables: Tables, as_of: date, checks: Sequence[Row] = ()
) -> Extent:
    """What there is of a source, by one query. `EngineError` if it fails."""
    spec = tables.specs[tables.source]
    timed = spec.time is not None and spec.time in attached.kinds
    found = profile_columns(session, tables, checks, timed)
    if found is None:
        sql = profile_sql(checks, tables, timed, attached.percents)
        found = session.asked(spec.name, "profile", sql, attached.engine)
    return extent_of(found, len(checks), timed, as_of, attached.percents)


def extent_of(
    found: Mapping[str, Any], checks: int, timed: bool, as_of: date, percents: Sequence[str] = ()
) -> Extent:
    """What the columns of a profile query tell of the rows up to a day."""
    every = np.ones(len(found["n"]), dtype=bool)
    if timed:
        days = np.ma.getdata(found["d"]).astype("M8[D]")
        lacking = np.ma.getmaskarray(found["d"]) | np.isnat(days)
        seen = ~lacking & (np.where(lacking, np.datetime64("0001-01-01"), days) <= np.datetime64(as_of))
    else:
        days, lacking, seen = np.array([], "M8[D]"), ~every, every
    rows, *broken = (
        int(_counts(found[name])[seen].sum()) for name in ("n", *(f"v{n}" for n in range(checks)))
    )
    fractions = {
        column: float(np.ma.max(found[f"h{n}"][seen]))
        for n, column in enumerate(percents)
        if _counts(found[f"o{n}"])[seen].any()
    }
    known, place = np.unique(days[seen], return_inverse=True) if timed else (days, np.zeros(0, np.int64))
    counts = np.zeros(len(known), np.int64)
    np.add.at(counts, place, _counts(found["n"])[seen] if timed else [])
    return Extent(rows, known, counts, int(_counts(found["n"])[lacking].sum()), tuple(broken), fractions)


def profile(
    session: Session, attached: Attached, spec: SourceSpec, as_of: date, found: Extent | None = None
) -> Profile:
    """Rows, first day and watermark up to as-of, and what is wrong with the source. `EngineError` if a query
    fails; what `extent` found need not be asked again.

    A source without a time, or whose time column is broken, has neither first day nor watermark. Rows without
    a time are counted in no period, so they are not in `rows` either.
    """
    if attached.failure:
        return Profile(spec.name, 0, None, None, None, attached.problems)
    tables = _own(session, attached, spec)
    found = found or extent(session, attached, tables, as_of)
    promises = [*_of_days(session, spec, found, as_of)]
    problems = [*attached.problems]
    for column, high in found.fractions.items():
        declared, place = spec.column(column), f'source {spec.name}, column "{column}"'
        problems += [doubt] if declared and (doubt := doubtful(declared, high, place)) else []
    if found.timeless:
        problems.append(_timeless(spec, found.timeless))
    promises += [_key(session, attached, tables, as_of)] if spec.key else []
    problems += [problem for _, problem in promises if problem is not None]
    kept = tuple(promise for promise, _ in promises)
    known = Profile(spec.name, found.rows, found.first, found.last, None, tuple(problems), promises=kept)
    return evolve(known, stale=first_stale(kept))


def first_stale(promises: Iterable[SourcePromise]) -> str | None:
    """The sentence on the first promise that is broken and makes verdicts grey."""
    broken = (p for p in promises if p.found is not None and p.otherwise == "stale")
    return next((f"{p.told}; it promises {_promised(p.text)}" for p in broken), None)


def _promised(text: str) -> str:
    """A promise behind `it promises`."""
    word, _, rest = text.partition(" ")
    match word:
        case "fresh" | "complete":
            return f"to be {text}"
        case "key":
            return f"a unique key {rest}"
        case "check":
            return f"that every row meets {rest}"
    return text


def _of_days(
    session: Session, spec: SourceSpec, found: Extent, as_of: date
) -> Iterator[tuple[SourcePromise, Diagnostic | None]]:
    """The promises that the days of the rows tell."""
    otherwise = spec.otherwise
    if spec.fresh_days is not None:
        text, clause = f"fresh within {_days(spec.fresh_days)}", _stale(spec, found.last, as_of)
        sentence = f"{clause}; it promises to be {text}"
        yield _promise(spec, "K523", text, otherwise.fresh, clause, sentence, ())
    if spec.complete is None and spec.volume is None:
        return
    seen = Seen(session.calendar, found.days, found.counts, as_of, spec.fresh_days)
    if spec.complete is not None:
        text, grain, lacking = f"complete every {spec.complete}", spec.complete, seen.lacking(spec.complete)
        count, told = f"1 {grain}" if len(lacking) == 1 else f"{len(lacking):,} {grain}s", runs(lacking)
        clause = f"{spec.name} lacks {count}" if lacking else None
        sentence = (
            f"`{spec.name}` promises to be {text}: {count} {'is' if len(lacking) == 1 else 'are'} missing"
        )
        yield _promise(spec, "K521", text, otherwise.complete, clause, sentence, (f"without a row: {told}",))
    if spec.volume is not None:
        text, grain, off = str(spec.volume), spec.volume.grain, seen.off(spec.volume)
        count, told = f"1 {grain}" if len(off) == 1 else f"{len(off):,} {grain}s", counted(off)
        clause = f"{spec.name} has too few or too many rows in {count}" if off else None
        verb = "has" if len(off) == 1 else "have"
        sentence = f"`{spec.name}` promises {text}: {count} {verb} others"
        yield _promise(spec, "K529", text, otherwise.volume, clause, sentence, (f"rows: {told}",))


def _promise(
    spec: SourceSpec, code: str, text: str, otherwise: Consequence, found: str | None, told: str,
    notes: tuple[str, ...],
) -> tuple[SourcePromise, Diagnostic | None]:  # fmt: skip
    """A promise, and what is told where it is broken."""
    if found is None:
        return SourcePromise(text, otherwise), None
    example = notes[0].partition(": ")[2] if notes else None
    promise = SourcePromise(text, otherwise, found, example)
    place = f"source {spec.name}"
    return promise, Diagnostic(code, told, spec.span, Severity.WARNING, notes=notes, place=place)


def _own(session: Session, attached: Attached, spec: SourceSpec) -> Tables:
    """A source by itself, without its links."""
    name, dialect = spec.name, session.dialect(attached.engine)
    return Tables({name: spec}, {name: attached.relation}, {name: attached.kinds}, name, dialect=dialect)


def link_problem(session: Session, link: Link, far: Attached) -> Diagnostic | None:
    """The error of a link whose far key is not unique: rows here would be counted once for each match."""
    if link.far not in far.kinds:
        return far.broken.get(link.far)
    sql = repeated_sql((link.far,), _far(session, far, link), None, _SHOWN)
    found = _repeated(session, far, "link", sql)
    if found is None:
        return None
    count, examples = found
    return Diagnostic(
        "K522",
        f"`{link.far}` does not say which row of `{link.target}` is meant: {_keys_repeat(count)}",
        link.span,
        notes=(f"repeated: {examples}",),
        help="a row would be counted once for each match; `belongs to` needs a key that is unique there",
        place=f"source {link.target}",
    )


def _far(session: Session, far: Attached, link: Link) -> Tables:
    """The relation that a link leads to; its spec is not needed to see whether a key repeats."""
    name, dialect = link.target, session.dialect(far.engine)
    return Tables({}, {name: session.relation(far)}, {name: far.kinds}, name, dialect=dialect)


def _stale(spec: SourceSpec, last: date | None, as_of: date) -> str | None:
    if spec.fresh_days is None or spec.time is None:
        return None
    if last is None:
        return f"{spec.name} has no rows up to {as_of}"
    age = (as_of - last).days
    return None if age <= spec.fresh_days else f"{spec.name} ends on {last}, {_days(age)} before {as_of}"


def _timeless(spec: SourceSpec, count: int) -> Diagnostic:
    column = spec.column(spec.time or "")
    rows = "1 row has" if count == 1 else f"{count} rows have"
    return Diagnostic(
        "K524",
        f"{rows} no `{spec.time}`: counted in no period",
        column.span if column else spec.span,
        Severity.WARNING,
        place=f"source {spec.name}",
    )


def _key(
    session: Session, attached: Attached, tables: Tables, as_of: date
) -> tuple[SourcePromise, Diagnostic | None]:
    """A key that repeats among the rows up to as-of. Rows that lack a part of it are not compared."""
    spec = tables.specs[tables.source]
    key = ", ".join(spec.key)
    promise = SourcePromise(f"key {key}", spec.otherwise.key)
    if any(column not in attached.kinds for column in spec.key):
        return evolve(promise, asked=False), None
    timed = spec.time is not None and spec.time in attached.kinds
    sql = repeated_sql(spec.key, tables, as_of if timed else None, _SHOWN)
    return key_promise(spec, _repeated(session, attached, "key", sql))


def key_promise(spec: SourceSpec, found: tuple[int, str] | None) -> tuple[SourcePromise, Diagnostic | None]:
    """The promise of a key, given how many values of it repeat and some of them."""
    key = ", ".join(spec.key)
    promise = SourcePromise(f"key {key}", spec.otherwise.key)
    if found is None:
        return promise, None
    count, examples = found
    keys = f"1 key of {spec.name} repeats" if count == 1 else f"{count:,} keys of {spec.name} repeat"
    problem = Diagnostic(
        "K520",
        f"`{spec.name}` promises a unique key `{key}`: {_keys_repeat(count)}",
        spec.span,
        Severity.WARNING,
        notes=(f"repeated: {examples}",),
        help="the rows are counted as they are, each once",
        place=f"source {spec.name}",
    )
    return evolve(promise, found=keys, example=examples.replace("`", "")), problem


def _repeated(session: Session, attached: Attached, purpose: Purpose, sql: str) -> tuple[int, str] | None:
    found = session.asked(attached.source, purpose, sql, attached.engine)
    examples, times = found["example"].tolist(), found["times"].tolist()
    if not examples:
        return None
    total = int(found["total"][0])
    more = f" and {total - len(examples)} more" if total > len(examples) else ""
    return total, ", ".join(f"`{e}` ({int(t)} times)" for e, t in zip(examples, times, strict=True)) + more


def _keys_repeat(count: int) -> str:
    return "1 value repeats" if count == 1 else f"{count} values repeat"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _counts(column: Any) -> NDArray[np.int64]:
    return np.ma.getdata(column).astype(np.int64)


def _as_date(value: Any) -> date | None:
    """From a numpy date; None where it is masked or not a time."""
    found = None if value is np.ma.masked else value.item()
    return found.date() if isinstance(found, datetime) else found
