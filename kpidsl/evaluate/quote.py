"""Names and texts as DuckDB writes them, for the statements that attach sources."""

from __future__ import annotations

from collections.abc import Iterable


def name(text: str) -> str:
    """A quoted identifier; whatever it holds, it stays one identifier."""
    return '"' + text.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A quoted string; DuckDB knows no escapes in it but the doubled quote."""
    return "'" + text.replace("'", "''") + "'"


def exactly(path: object) -> str:
    """A path as readers of files take it: its stars, question marks and brackets are no pattern."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


def literals(texts: Iterable[str]) -> str:
    """A list of strings."""
    return "[" + ", ".join(literal(text) for text in texts) + "]"
