"""What was run, noted: each query with its purpose, its engine and its seconds."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from kpidsl.evaluate.engine import Column
from kpidsl.evaluate.tables import Purpose, Query

if TYPE_CHECKING:
    from kpidsl.evaluate.plan import Scan
    from kpidsl.evaluate.session import Session


def noted(
    session: Session,
    source: str,
    purpose: Purpose,
    sql: str,
    start: float,
    rows: int,
    engine: str = "",
    scan: Scan | None = None,
) -> Query:
    """Note a query that began at `start`, by `perf_counter`, and has just ended."""
    seconds = perf_counter() - start
    query = Query(
        source, sql, seconds, rows, scan, purpose, engine, session.dialect(engine), session.size(source)
    )
    session.log.append(query)
    return query


def asked(session: Session, source: str, purpose: Purpose, sql: str, engine: str = "") -> dict[str, Column]:
    """The columns of a SELECT, which is noted. `EngineError` if it fails, and then nothing is."""
    start = perf_counter()
    columns = session.fetch(sql, engine)
    noted(session, source, purpose, sql, start, len(next(iter(columns.values()), ())), engine)
    return columns
