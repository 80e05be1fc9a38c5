"""What a source promises of itself, checked on its attached rows: freshness, keys, completeness, links.

`check` conditions are row expressions and are asked by the query stage.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.evaluate.quote import literal, name
from kpidsl.evaluate.tables import Attached
from kpidsl.model.periods import Calendar, Window, containing, periods
from kpidsl.model.sources import Link, SourceSpec
from kpidsl.results import Profile

if TYPE_CHECKING:
    from kpidsl.evaluate.session import Session

_SHOWN = 5
"""Examples in a message."""


def profile(session: Session, attached: Attached, spec: SourceSpec, as_of: date) -> Profile:
    """Rows, first day and watermark up to as-of, and what is wrong with the source.

    A source without a time, or whose time column is broken, has neither first day nor watermark. Rows without
    a time are counted in no period, so they are not in `rows` either.
    """
    if attached.failure:
        return Profile(spec.name, 0, None, None, None, attached.problems)
    rows, first, last, timeless = _extent(session, attached, spec, as_of)
    stale = _stale(spec, last, as_of)
    problems = [*attached.problems]
    if timeless:
        problems.append(_timeless(spec, timeless))
    if stale:
        problems.append(Diagnostic("K523", stale, spec.span, Severity.WARNING, place=f"source {spec.name}"))
    problems += [p for p in (_keys(session, attached, spec, as_of),) if p]
    problems += [p for p in (_gaps(session, attached, spec, first, last),) if p]
    return Profile(spec.name, rows, first, last, stale, tuple(problems))


def link_problem(session: Session, link: Link, far: Attached) -> Diagnostic | None:
    """The error of a link whose far key is not unique: rows here would be counted once for each match."""
    if link.far not in far.kinds:
        return far.broken.get(link.far)
    found = _repeated(session, far, (link.far,), "true")
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


def day_of(attached: Attached, column: str) -> str:
    """SQL for the day of a time column."""
    return name(column) if attached.kinds[column] == "day" else f"CAST({name(column)} AS DATE)"


def _extent(
    session: Session, attached: Attached, spec: SourceSpec, as_of: date
) -> tuple[int, date | None, date | None, int]:
    """Rows, first and last day up to as-of, and how many rows have no time."""
    relation = name(attached.view)
    if spec.time is None or spec.time not in attached.kinds:
        return int(_first(session, f"SELECT count(*) AS n FROM {relation}")["n"]), None, None, 0
    day = day_of(attached, spec.time)
    seen = f"FILTER ({day} <= {_date(as_of)})"
    row = _first(
        session,
        f"SELECT count(*) {seen} AS n, min({day}) {seen} AS low, max({day}) {seen} AS high,"
        f" count(*) - count({name(spec.time)}) AS timeless"
        f" FROM {relation}",
    )
    return int(row["n"]), _as_date(row["low"]), _as_date(row["high"]), int(row["timeless"])


def _stale(spec: SourceSpec, last: date | None, as_of: date) -> str | None:
    if spec.fresh_days is None or spec.time is None:
        return None
    promised = f"it promises to be fresh within {_days(spec.fresh_days)}"
    if last is None:
        return f"{spec.name} has no rows up to {as_of}; {promised}"
    age = (as_of - last).days
    if age <= spec.fresh_days:
        return None
    return f"{spec.name} ends on {last}, {_days(age)} before {as_of}; {promised}"


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


def _keys(session: Session, attached: Attached, spec: SourceSpec, as_of: date) -> Diagnostic | None:
    """A key that repeats among the rows up to as-of. Rows that lack a part of it are not compared."""
    if not spec.key or any(column not in attached.kinds for column in spec.key):
        return None
    known = spec.time in attached.kinds if spec.time else False
    until = f"{day_of(attached, spec.time)} <= {_date(as_of)}" if spec.time and known else "true"
    found = _repeated(session, attached, spec.key, until)
    if found is None:
        return None
    count, examples = found
    return Diagnostic(
        "K520",
        f"`{spec.name}` promises a unique key `{', '.join(spec.key)}`: {_keys_repeat(count)}",
        spec.span,
        Severity.WARNING,
        notes=(f"repeated: {examples}",),
        help="the rows are counted as they are, each once",
        place=f"source {spec.name}",
    )


def _repeated(
    session: Session, attached: Attached, key: tuple[str, ...], where: str
) -> tuple[int, str] | None:
    columns = ", ".join(name(column) for column in key)
    filled = " AND ".join(f"{name(column)} IS NOT NULL" for column in key)
    groups = (
        f"SELECT {columns}, count(*) AS n FROM {name(attached.view)} WHERE {filled} AND ({where})"
        f" GROUP BY {columns} HAVING count(*) > 1"
    )
    shown = " || ', ' || ".join(f"CAST(k.{name(column)} AS VARCHAR)" for column in key)
    found = session.fetch(
        f"SELECT {shown} AS example, n AS times, count(*) OVER () AS total FROM ({groups}) k"
        f" ORDER BY n DESC, example LIMIT {_SHOWN}"
    )
    examples, times = found["example"].tolist(), found["times"].tolist()
    if not examples:
        return None
    total = int(found["total"][0])
    more = f" and {total - len(examples)} more" if total > len(examples) else ""
    return total, ", ".join(f"`{e}` ({int(t)} times)" for e, t in zip(examples, times, strict=True)) + more


def _gaps(
    session: Session, attached: Attached, spec: SourceSpec, first: date | None, last: date | None
) -> Diagnostic | None:
    """Periods between the first and the last row that have none; the first and the last cannot lack any."""
    if spec.complete is None or spec.time is None or first is None or last is None:
        return None
    calendar = session.calendar
    day = day_of(attached, spec.time)
    relation = name(attached.view)
    found = session.fetch(
        f"SELECT DISTINCT {day} AS day FROM {relation} WHERE {day} <= {_date(last)} ORDER BY 1"
    )
    seen = {_period(_as_date(each), spec, calendar) for each in found["day"]}
    missing = [p for p in periods(first, last, spec.complete, calendar) if p.start not in seen]
    if not missing:
        return None
    count = f"1 {spec.complete} is" if len(missing) == 1 else f"{len(missing)} {spec.complete}s are"
    return Diagnostic(
        "K521",
        f"`{spec.name}` promises to be complete every {spec.complete}: {count} missing",
        spec.span,
        Severity.WARNING,
        notes=(f"without a row: {_runs(missing)}",),
        place=f"source {spec.name}",
    )


def _period(day: date | None, spec: SourceSpec, calendar: Calendar) -> date | None:
    return containing(day, spec.complete, calendar).start if day and spec.complete else None


def _runs(missing: list[Window]) -> str:
    """`2026-01-03, 2026-01-07 to 2026-01-09`: neighbours are told together."""
    runs: list[list[Window]] = []
    for window in missing:
        if runs and runs[-1][-1].end + timedelta(days=1) == window.start:
            runs[-1].append(window)
        else:
            runs.append([window])
    told = [run[0].label if len(run) == 1 else f"{run[0].label} to {run[-1].label}" for run in runs[:_SHOWN]]
    more = sum(len(run) for run in runs[_SHOWN:])
    return ", ".join(told) + (f" and {more} more" if more else "")


def _keys_repeat(count: int) -> str:
    return "1 value repeats" if count == 1 else f"{count} values repeat"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _date(day: date) -> str:
    return f"CAST({literal(day.isoformat())} AS DATE)"


def _first(session: Session, sql: str) -> dict[str, Any]:
    return {key: values[0] for key, values in session.fetch(sql).items()}


def _as_date(value: Any) -> date | None:
    """From a numpy date; None where it is masked or not a time."""
    found = None if value is np.ma.masked else value.item()
    return found.date() if isinstance(found, datetime) else found
