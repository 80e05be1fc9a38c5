"""Comparisons and histories as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpidsl.diff.changes import Change
from kpidsl.diff.comparison import Comparison
from kpidsl.diff.history import History
from kpidsl.diff.release import bump
from kpidsl.git import Commit
from kpidsl.render.data import SCHEMA_VERSION, diagnostic, figure, place
from kpidsl.revision import Side

if TYPE_CHECKING:
    from kpidsl.diff.numbers import Numbers
    from kpidsl.results import ObjectiveVerdict, Verdict


def comparison(found: Comparison, values: Numbers | None = None) -> dict[str, Any]:
    """Everything that differs; numbers are in the units of their KPIs, percents are fractions."""
    told = [*found.diagnostics, *(values.diagnostics if values is not None else ())]
    return {
        "schema_version": SCHEMA_VERSION,
        "old": _side(found.old),
        "new": _side(found.new),
        "as_of": found.as_of.isoformat(),
        "changes": [change(one) for one in found.changes],
        "affected": list(found.affected),
        "bump": bump(found.changes),
        "values": None if values is None else _values(values),
        "diagnostics": [diagnostic(d) for d in told],
    }


def change(one: Change) -> dict[str, Any]:
    """One change."""
    return {
        "kind": one.kind,
        "name": one.name,
        "title": one.title,
        "aspect": one.aspect,
        "category": one.category.name,
        "before": one.before,
        "after": one.after,
        "direction": one.direction,
        "goalposts_moved": one.moved is not None,
        "loud": one.loud,
        "breaking": one.breaking,
        "sentence": one.sentence,
        "fingerprint": one.fingerprint,
        "place": place(one.span) if one.span is not None else None,
    }


def history(found: History) -> dict[str, Any]:
    """Every change of a KPI, with its commit."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kpi": found.name,
        "title": found.title,
        "commits": [
            {**commit(step.commit), "changes": [change(one) for one in step.changes]} for step in found.steps
        ],
        "diagnostics": [diagnostic(d) for d in found.diagnostics],
    }


def commit(one: Commit) -> dict[str, Any]:
    """A commit."""
    return {"commit": one.id, "date": one.day.isoformat(), "author": one.author, "subject": one.subject}


def _side(side: Side) -> dict[str, Any]:
    found = side.commit
    return {
        "name": side.name,
        "commit": found.id if found else None,
        "date": found.day.isoformat() if found else None,
    }


def _values(values: Numbers) -> dict[str, Any]:
    return {
        "same": values.same,
        "failed": values.unknown,
        "kpis": [
            {
                "kpi": one.name,
                "title": one.title,
                "slice": dict(one.slice),
                "before": _verdict(one.before),
                "after": _verdict(one.after),
                "delta": figure(one.delta),
                "turned": one.turned,
            }
            for one in values.differences
        ],
        "objectives": [
            {"name": (after or before).name, "before": _word(before), "after": _word(after)}  # type: ignore[union-attr]
            for before, after in values.objectives
        ],
    }


def _verdict(one: Verdict | None) -> dict[str, Any] | None:
    from kpidsl.render.plain import verdict

    return None if one is None else verdict(one)


def _word(one: ObjectiveVerdict | None) -> str | None:
    return None if one is None else one.word
