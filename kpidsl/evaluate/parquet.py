"""Parquet files stay where they are: a view reads the columns and row groups that a query needs."""

from __future__ import annotations

import duckdb

from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate.columns import missing_column
from kpidsl.evaluate.delimited import first_line, unreadable
from kpidsl.evaluate.files import DataFile
from kpidsl.evaluate.quote import exactly, literal, literals
from kpidsl.evaluate.tables import Read, Reading, Typed, Unreadable


def read(reading: Reading) -> Read:
    """One relation over all files, columns matched by name; a file that lacks a declared column is named."""
    types: dict[str, str] = {}
    broken: dict[str, Diagnostic] = {}
    for file in reading.files:
        found = _columns(reading, file)
        if isinstance(found, Diagnostic):
            return Unreadable(found)
        for column in reading.columns:
            if column.name not in found:
                broken.setdefault(column.name, missing_column(column, tuple(found), file.shown))
    paths = literals(exactly(file.path) for file in reading.files)
    union = ", union_by_name = true" if len(reading.files) > 1 else ""
    relation = f"read_parquet({paths}{union}, hive_partitioning = false)"
    try:
        described = reading.connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    except duckdb.Error as error:
        place = reading.files[0].shown
        note = (first_line(str(error)),)
        return Unreadable(
            Diagnostic("K513", "the files do not fit together", reading.spec.span, notes=note, place=place)
        )
    types = {row[0]: row[1] for row in described}
    shown = reading.files[0].shown + (f" and {len(reading.files) - 1} more" if len(reading.files) > 1 else "")
    return Typed(relation, types, shown, broken=broken)


def _columns(reading: Reading, file: DataFile) -> dict[str, str] | Diagnostic:
    statement = (
        f"DESCRIBE SELECT * FROM read_parquet({literal(exactly(file.path))}, hive_partitioning = false)"
    )
    try:
        file.path.open("rb").close()
        return {row[0]: row[1] for row in reading.connection.execute(statement).fetchall()}
    except OSError as error:
        return unreadable(file, error, reading.spec.span)
    except duckdb.Error as error:
        return Diagnostic(
            "K513",
            f"`{file.shown}` is damaged or not Parquet",
            reading.spec.span,
            notes=(first_line(str(error)).replace(str(file.path), file.shown),),
            place=file.shown,
        )
