"""Scans and checks as SQL. The only package that imports sqlglot; nothing in it pastes text."""

from kpidsl.evaluate.sql.checks import breach_sql
from kpidsl.evaluate.sql.cubes import BITS, base_of, sample_sql
from kpidsl.evaluate.sql.groups import grouped_sql, grouped_tree, keyless_sql
from kpidsl.evaluate.sql.profile import profile_sql, repeated_sql
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.scans import masks_of, scan_sql
from kpidsl.evaluate.sql.stored import StoredColumn, stored_sql, stored_tree
from kpidsl.evaluate.sql.trees import Tree

__all__ = [
    "BITS",
    "StoredColumn",
    "Tables",
    "Tree",
    "base_of",
    "breach_sql",
    "grouped_sql",
    "grouped_tree",
    "keyless_sql",
    "masks_of",
    "profile_sql",
    "repeated_sql",
    "sample_sql",
    "scan_sql",
    "stored_sql",
    "stored_tree",
]
