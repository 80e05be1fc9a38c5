"""How the numbers were read: every query, what it groups by, the cells expected and found, and its time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from attrs import frozen

from kpidsl.evaluate.classes import Key
from kpidsl.evaluate.plan import Columns, Partial, Scan, columns_for, partials
from kpidsl.evaluate.tables import Purpose, Query
from kpidsl.evaluate.wording import bucketed
from kpidsl.graph import Aggregate, aggregates, sources_of
from kpidsl.model.rows import ColumnRef
from kpidsl.render import figures, words
from kpidsl.render.cells import Screen, clean, clip, pad, size, width, wrap

if TYPE_CHECKING:
    from kpidsl.project import Outcome

_KINDS = {"ends": "levels", "stock": "accounts"}
"""Scans that are called otherwise than in the code."""
_LEGEND = {
    "cube": "grouped by what the filters compare, and added up afterwards",
    "case": "one aggregation for each filter",
    "levels": "values at the first or last moment",
    "distinct": "which filters each identity meets",
    "people": "what identities did before",
    "paths": "what follows what, by identity",
    "exact": "what does not add up, for each window",
    "accounts": "the last rows of each account, and until when they hold",
}
_DOES: dict[Purpose, str] = {
    "read": "the files, as they are declared",
    "connect": "the columns, as they are declared",
    "copy": "the rows, to where the others are",
    "profile": "rows and broken checks by day",
    "key": "values of the key that repeat",
    "link": "rows that a link would multiply",
    "check": "rows that break a promise",
    "group": "the rows, made and kept",
}
_NO_CELLS = frozenset(("read", "connect", "copy", "check", "key", "link", "sample"))
_NO_QUERY = frozenset(("read", "connect", "copy"))
_TITLES = ("source", "query", "groups by", "expected", "cells", "files", "seconds")
_SOURCE, _QUERY, _BY, _EXPECTED, _CELLS, _FILES, _SECONDS = range(7)
_RIGHT = (_EXPECTED, _CELLS, _FILES, _SECONDS)
_DROPPED = (_FILES, _EXPECTED, _CELLS)
"""What is left out of a narrow table, first to last."""
_BY_LEAST, _SOURCE_MOST = 22, 24
_KEYS_SHOWN = 8
_KPIS_NAMED = 3
_GAP = "  "


@frozen
class Step:
    """A query, or the opening of a source, in words."""

    query: Query
    kind: str
    by: str
    kpis: tuple[str, ...]
    """Which of them rest on it, where it is a scan."""

    @property
    def cells(self) -> int | None:
        """The groups that came back; None where it does not group."""
        return None if self.query.purpose in _NO_CELLS else self.query.rows


def steps(outcome: Outcome) -> list[Step]:
    """Everything that was run, source by source."""
    users = _users(outcome)
    places = {name: place for place, name in enumerate(dict.fromkeys(q.source for q in outcome.queries))}
    ordered = sorted(outcome.queries, key=lambda query: places[query.source])
    return [_step(query, users) for query in ordered]


def _step(query: Query, users: _Users) -> Step:
    scan = query.scan
    if scan is not None:
        return Step(query, _KINDS.get(scan.kind, scan.kind), _grouping(scan), tuple(_answered(scan, users)))
    does = f"{query.rows:,} rows, to expect cells by" if query.purpose == "sample" else _DOES[query.purpose]
    return Step(query, query.purpose, does, ())


def _grouping(scan: Scan) -> str:
    """`month, channel; campaign as it is, revenue in 20 bands`."""
    own = [", ".join(ref.name for ref in columns) for columns in scan.sets]
    if len(own) > 1:
        said = f"{bucketed(scan)}: {' / '.join(text or 'total' for text in own)}"
    else:
        said = ", ".join([bucketed(scan), *filter(None, own)])
    return "; ".join(filter(None, (said, ", ".join(_keys(scan.keys)))))


def _keys(keys: Sequence[Key]) -> Iterator[str]:
    """What rows are grouped by for the sake of the filters."""
    raw = [key for key in keys if key.how == "raw"]
    conditions = [k for k in raw if k.row.type.kind == "flag" and not isinstance(k.row, ColumnRef)]
    whole = [words.row(key.row) for key in raw if key not in conditions]
    if len(whole) > _KEYS_SHOWN:
        whole = [*whole[: _KEYS_SHOWN - 1], f"{len(whole) - _KEYS_SHOWN + 1} more"]
    if whole:
        yield f"{', '.join(whole)} as {'it is' if len(whole) == 1 else 'they are'}"
    for key in keys:
        match key.how:
            case "bands":
                yield f"{words.row(key.row)} in {len(key.cuts) + 1} bands"
            case "picked":
                yield f"{_counted(len(key.picked), 'text')} of {words.row(key.row)}"
            case "sections" if key.by is not None:
                most = f"{words.row(key.row)} in up to {key.widest + 1} bands"
                yield f"{most} by {words.row(key.by)}"
    if conditions:
        yield words.row(conditions[0].row) if len(conditions) == 1 else f"{len(conditions)} conditions"


# -- who asked -------------------------------------------------------------------------------------

Part = Partial | Aggregate
_Users = dict[tuple[str, Part], list[tuple[Columns, str]]]
"""Source and part to the KPIs that need it, each with the columns that it is split by."""


def _users(outcome: Outcome) -> _Users:
    found: dict[tuple[str, Part], dict[tuple[Columns, str], None]] = {}
    for name, schedule in outcome.schedules.items():
        for ask in schedule.asks:
            for aggregate in aggregates(ask.node):
                columns = columns_for(ask.dimensions, aggregate.source) or ()
                rows = Partial("rows", None, aggregate.filter)
                for part in (rows, *(partials(aggregate) or (aggregate,))):
                    found.setdefault((aggregate.source, part), {})[columns, name] = None
                for source in sources_of(aggregate)[1:]:
                    found.setdefault((source, Partial("rows", None, None)), {})[(), name] = None
    return {part: list(users) for part, users in found.items()}


def _answered(scan: Scan, users: _Users) -> Iterable[str]:
    """The KPIs that rest on a scan."""
    sets = [set(columns) for columns in scan.sets]
    return dict.fromkeys(
        name
        for part in scan.parts()
        for columns, name in users.get((scan.source, part), ())
        if any(set(columns) <= have for have in sets)
    )


# -- text ------------------------------------------------------------------------------------------


def render(outcome: Outcome, screen: Screen, *, verbose: bool = False) -> str:
    """A table of all queries, and what they took together. No table where nothing was run."""
    found = steps(outcome)
    if not found:
        return "nothing was queried\n"
    sampled = {step.query.source: step.query.rows for step in found if step.query.purpose == "sample"}
    bases = {
        source: f"expected by {count:,} of {outcome.profiles[source].rows:,} rows"
        for source, count in sampled.items()
        if verbose
    }
    beneath = [_beneath(step, verbose, bases) for step in found]
    rows = [_row(*row) for row in zip(found, _again(found), beneath, strict=True)]
    total = _total(found)
    shown, widths = _layout([*rows, total], screen)
    lines = [*_legend(found, screen), *_drawn((_TITLES, ""), shown, widths, screen, "dim")]
    for row in rows:
        lines += _drawn(row, shown, widths, screen)
    lines += _drawn(total, shown, widths, screen, "bold")
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _legend(found: Sequence[Step], screen: Screen) -> list[str]:
    """What the kinds of scans are, of those that there are."""
    kinds = dict.fromkeys(step.kind for step in found if step.query.scan is not None)
    told = [f"{kind}: {_LEGEND[kind]}" for kind in _LEGEND if kind in kinds]
    lines = wrap("; ".join(told), screen.width)
    return [screen.paint(line, "dim") for line in lines] + [""] * bool(lines)


_Row = tuple[tuple[str, ...], str]
"""The cells, and what stands beneath what is grouped by."""


def _row(step: Step, again: bool, beneath: str) -> _Row:
    query = step.query
    estimate = query.scan.estimate if query.scan else None
    cells = (
        "" if again else clean(query.source),
        step.kind,
        clean(step.by),
        "-" if estimate is None else f"{estimate:,.0f}",
        "-" if step.cells is None else f"{step.cells:,}",
        "" if again else size(query.size) if query.size else "-",
        figures.seconds(query.seconds),
    )
    return cells, clean(beneath)


def _beneath(step: Step, verbose: bool, bases: Mapping[str, str]) -> str:
    """How much a scan answers, and where it ran if not in the own engine; verbose, all KPIs, and by what its
    cells were expected."""
    query, said = step.query, []
    if query.scan is not None:
        counted = ((len(query.scan.parts()), "aggregation"), (len(query.scan.conditions()), "condition"))
        said = [_counted(number, noun) for number, noun in counted if number]
        if verbose or 0 < len(step.kpis) <= _KPIS_NAMED:
            said.append(f"for {', '.join(step.kpis)}")
        else:
            said.append(f"for {_counted(len(step.kpis), 'KPI')}")
        if query.scan.estimate is not None and query.source in bases:
            said.append(bases[query.source])
    if query.engine:
        said.append(f"on {query.engine} ({query.dialect})")
    return ", ".join(said)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _again(found: Sequence[Step]) -> list[bool]:
    """Which steps are on the source of the one before."""
    names = [step.query.source for step in found]
    return [False, *(a == b for a, b in pairwise(names))]


def _total(found: Sequence[Step]) -> _Row:
    asked = sum(step.query.purpose not in _NO_QUERY for step in found)
    sizes = {step.query.source: step.query.size for step in found}
    cells = (
        "total",
        "",
        "1 query" if asked == 1 else f"{asked:,} queries",
        "",
        f"{sum(step.cells or 0 for step in found):,}",
        size(sum(sizes.values())) if any(sizes.values()) else "-",
        figures.seconds(sum(step.query.seconds for step in found)),
    )
    return cells, ""


def _layout(rows: Sequence[_Row], screen: Screen) -> tuple[list[int], list[int]]:
    """Which columns there is room for, and how wide each is."""
    columns = zip(_TITLES, *(cells for cells, _ in rows), strict=True)
    widths = [max(map(width, column)) for column in columns]
    widths[_SOURCE] = min(widths[_SOURCE], _SOURCE_MOST)
    widths[_BY] = max(widths[_BY], *(width(beneath) for _, beneath in rows))
    empty = [n for n in (_EXPECTED, _FILES) if all(cells[n] in ("-", "") for cells, _ in rows)]
    shown = [n for n in range(len(_TITLES)) if n not in empty]
    for dropped in _DROPPED:
        if _room(shown, widths, screen) < _BY_LEAST and dropped in shown:
            shown.remove(dropped)
    widths[_BY] = max(min(widths[_BY], _room(shown, widths, screen)), _BY_LEAST // 2)
    return shown, widths


def _room(shown: Sequence[int], widths: Sequence[int], screen: Screen) -> int:
    """What the other columns leave for what is grouped by."""
    return screen.width - sum(widths[n] + len(_GAP) for n in shown if n != _BY)


def _drawn(
    row: _Row, shown: Sequence[int], widths: Sequence[int], screen: Screen, style: str = ""
) -> list[str]:
    """A row in as many lines as it takes."""
    cells, beneath = row
    columns = []
    for n in shown:
        lines = [(line, style or ("bold" if n == _SOURCE else "")) for line in _lines(cells[n], n, widths)]
        if n == _BY:
            lines += [(line, "dim") for line in wrap(beneath, widths[n])]
        columns.append([_painted(text, widths[n], how, screen, n in _RIGHT) for text, how in lines])
    height = max(map(len, columns))
    blank = [" " * widths[n] for n in shown]
    return [
        _GAP.join(column[i] if i < len(column) else blank[k] for k, column in enumerate(columns))
        for i in range(height)
    ]


def _painted(text: str, cells: int, style: str, screen: Screen, right: bool) -> str:
    """Only the text is painted, not the space around it."""
    return pad(text, cells, right=right).replace(text, screen.paint(text, style), 1) if text else " " * cells


def _lines(text: str, column: int, widths: Sequence[int]) -> list[str]:
    return wrap(text, widths[column]) if column == _BY else [clip(text, widths[column])]


# -- JSON ------------------------------------------------------------------------------------------


def as_data(outcome: Outcome, *, sql: bool = False) -> list[dict[str, Any]]:
    """The steps as plain data, without the seconds, which differ from run to run."""
    return [_as_data(step) | ({"sql": step.query.sql} if sql else {}) for step in steps(outcome)]


def _as_data(step: Step) -> dict[str, Any]:
    query, scan = step.query, step.query.scan
    return {
        "source": query.source,
        "kind": step.kind,
        "connection": query.engine or None,
        "dialect": query.dialect,
        "bytes": query.size or None,
        "cells": step.cells,
        "expected": None if scan is None or scan.estimate is None else round(scan.estimate),
        "period": bucketed(scan) if scan else None,
        "dimensions": [[ref.name for ref in columns] for columns in scan.sets] if scan else None,
        "keys": list(_keys(scan.keys)) if scan else None,
        "aggregations": len(scan.parts()) if scan else None,
        "conditions": len(scan.conditions()) if scan else None,
        "kpis": list(step.kpis) if scan else None,
    }
