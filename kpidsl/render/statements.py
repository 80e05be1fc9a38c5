"""Queries, as text that can be run and as data."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from kpidsl.render.cells import Screen, clean
from kpidsl.render.data import SCHEMA_VERSION, diagnostic
from kpidsl.statements import Statement, Statements

_WIDTH = 100
"""Of comments: what is printed is the same wherever it goes."""


def render(found: Statements, screen: Screen) -> str:
    """One statement after the other, with comments that say what each is for and what is assumed."""
    assumed = (
        f"{found.dialect}, as of {found.as_of}. No data was looked at: it is taken to reach"
        f" from {found.first} to then, columns to hold what is declared, and times to be local."
        " Files are taken to be tables."
    )
    idle = [f"{kpi}: {why}" for kpi, why in found.idle]
    blocks = [_comment([assumed, *idle], screen), *(_block(statement, screen) for statement in found.found)]
    return "\n\n".join(blocks) + "\n"


def _block(statement: Statement, screen: Screen) -> str:
    told = [f"{statement.source}: {statement.purpose}"]
    if statement.kpis:
        told.append(f"for {', '.join(statement.kpis)}")
    sql = "\n".join(clean(line, tab="\t") for line in statement.sql.split("\n"))
    return f"{_comment(told, screen)}\n{sql};"


def _comment(told: list[str], screen: Screen) -> str:
    lines = [line for text in told for line in wrap(clean(text), _WIDTH)]
    return "\n".join(screen.paint(f"-- {line}", "dim") for line in lines)


def as_data(found: Statements) -> dict[str, Any]:
    """What `kpi compile --format json` writes."""
    return {
        "schema_version": SCHEMA_VERSION,
        "dialect": found.dialect,
        "as_of": found.as_of.isoformat(),
        "first": found.first.isoformat(),
        "statements": [
            {"source": s.source, "purpose": s.purpose, "kpis": list(s.kpis), "sql": s.sql}
            for s in found.found
        ],
        "idle": [{"kpi": kpi, "why": why} for kpi, why in found.idle],
        "diagnostics": [diagnostic(problem) for problem in found.problems],
    }
