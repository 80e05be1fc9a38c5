"""Conditions that every row should meet, and the rows that do not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlglot import exp

from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.trees import SQL, aliased, literal, projected
from kpidsl.model.rows import ColumnRef, Row


def breach_sql(condition: Row, columns: Sequence[ColumnRef], tables: Tables, as_of: date) -> str:
    """The columns (`d0` ..., as text) of one row that breaks a condition: always the same one."""
    shown = [
        aliased(tables.text(tables.column(ref), tables.kind(ref)), f"d{n}") for n, ref in enumerate(columns)
    ]
    broken = exp.Not(this=exp.paren(tables.row(condition), copy=False))
    query = tables.relation().select(*shown, copy=False).where(broken, until(as_of, tables))
    order = [exp.Ordered(this=projected(f"d{n}"), nulls_first=False) for n in range(len(shown))]
    return tables.written(query.order_by(*order, copy=False).limit(1, copy=False))


def until(as_of: date, tables: Tables) -> SQL:
    """That a row is not later than as-of; rows without a time are not in time."""
    if tables.specs[tables.source].time is None:
        return exp.true()
    return exp.LTE(this=tables.day(), expression=literal(as_of, tables.dialect))
