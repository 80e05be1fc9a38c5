"""Scans and checks as SQL. The only package that imports sqlglot; nothing in it pastes text."""

from kpidsl.evaluate.sql.checks import breach_sql, breaches_sql
from kpidsl.evaluate.sql.declared import declared_tree, kinds_of
from kpidsl.evaluate.sql.groups import grouped_sql, keyless_sql
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.scans import class_count_sql, dimensions_of, masks_of, scan_sql
from kpidsl.evaluate.sql.support import SEPARATE, Unsupported

__all__ = [
    "SEPARATE",
    "Tables",
    "Unsupported",
    "breach_sql",
    "breaches_sql",
    "class_count_sql",
    "declared_tree",
    "dimensions_of",
    "grouped_sql",
    "keyless_sql",
    "kinds_of",
    "masks_of",
    "scan_sql",
]
