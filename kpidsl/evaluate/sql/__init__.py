"""Scans and checks as SQL. The only package that imports sqlglot; nothing in it pastes text."""

from kpidsl.evaluate.sql.checks import breach_sql, breaches_sql
from kpidsl.evaluate.sql.cubes import BITS, base_of, sample_sql
from kpidsl.evaluate.sql.declared import declared_tree, kinds_of
from kpidsl.evaluate.sql.groups import grouped_sql, keyless_sql
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.scans import masks_of, scan_sql
from kpidsl.evaluate.sql.support import SEPARATE, Unsupported

__all__ = [
    "BITS",
    "SEPARATE",
    "Tables",
    "Unsupported",
    "base_of",
    "breach_sql",
    "breaches_sql",
    "declared_tree",
    "grouped_sql",
    "keyless_sql",
    "kinds_of",
    "masks_of",
    "sample_sql",
    "scan_sql",
]
