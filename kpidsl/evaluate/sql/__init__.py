"""Scans and checks as SQL. The only package that imports sqlglot; nothing in it pastes text."""

from kpidsl.evaluate.sql.checks import breach_sql, breaches_sql
from kpidsl.evaluate.sql.cubes import BITS, base_of, sample_sql
from kpidsl.evaluate.sql.groups import grouped_sql, keyless_sql
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.scans import masks_of, scan_sql

__all__ = [
    "BITS",
    "Tables",
    "base_of",
    "breach_sql",
    "breaches_sql",
    "grouped_sql",
    "keyless_sql",
    "masks_of",
    "sample_sql",
    "scan_sql",
]
