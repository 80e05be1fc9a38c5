"""Scans and checks as SQL. The only package that imports sqlglot; nothing in it pastes text."""

from kpidsl.evaluate.sql.checks import breach_sql
from kpidsl.evaluate.sql.cubes import BITS, base_of, sample_sql
from kpidsl.evaluate.sql.declared import declared_tree, kinds_of
from kpidsl.evaluate.sql.groups import grouped_sql, grouped_tree, keyless_sql
from kpidsl.evaluate.sql.picked import picked_sql
from kpidsl.evaluate.sql.profile import profile_sql, repeated_sql
from kpidsl.evaluate.sql.rows import Tables
from kpidsl.evaluate.sql.scans import masks_of, scan_sql
from kpidsl.evaluate.sql.stored import StoredColumn, stored_sql, stored_tree
from kpidsl.evaluate.sql.support import SEPARATE, Unsupported
from kpidsl.evaluate.sql.trees import Tree

__all__ = [
    "BITS",
    "SEPARATE",
    "StoredColumn",
    "Tables",
    "Tree",
    "Unsupported",
    "base_of",
    "breach_sql",
    "declared_tree",
    "grouped_sql",
    "grouped_tree",
    "keyless_sql",
    "kinds_of",
    "masks_of",
    "picked_sql",
    "profile_sql",
    "repeated_sql",
    "sample_sql",
    "scan_sql",
    "stored_sql",
    "stored_tree",
]
