"""The grammar, compiled: Lark reads `kpi.lark` and makes the LALR tables, which are kept in the user's cache.

Lark is imported only when there is nothing in the cache, so that a cold `kpi lint` does not wait for it.
"""

from __future__ import annotations

import marshal
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from kpidsl import cache

STARTS = ("definition", "alone")


class Tables(NamedTuple):
    """What a parser has to know; built-in types only, to be stored and loaded in a moment."""

    rows: list[dict[str, int]]
    """Per state: what a token or a finished rule leads to, a state, or `~i` for the rule to reduce by."""
    rules: list[tuple[str, int, str]]
    """The method that builds it, how many items it takes, the rule that is then finished."""
    starts: dict[str, int]
    ends: dict[str, int]
    terminals: list[tuple[str, str]]
    """Name and regular expression, in the order in which they are tried."""


@lru_cache(maxsize=1)
def tables() -> Tables:
    """The tables of the grammar, from the cache if it has them."""
    grammar = grammar_file("kpi.lark").read_text("utf-8")
    entry = _entry(grammar)
    found = _unpacked(cache.get(entry))
    if found is None:
        found = compile_grammar(grammar)
        cache.put(entry, marshal.dumps(tuple(found)))
    return found


def grammar_file(name: str) -> Path:
    """A file of the grammar: inside the package in a wheel, beside it in an editable install."""
    package = Path(__file__).parents[1]
    inside = package / "grammar" / name
    return inside if inside.is_file() else package.parent / "grammar" / name


def compile_grammar(grammar: str) -> Tables:
    """Let Lark make the tables.

    Every rule must be one that a plain call of one method builds: no inlined, conditional or empty rules.
    """
    from lark import Lark
    from lark.parsers.lalr_analysis import Shift

    lark = Lark(grammar, parser="lalr", start=list(STARTS), keep_all_tokens=True, maybe_placeholders=False)
    table: Any = lark.parser.parser._parse_table
    rules: dict[Any, int] = {}
    rows: list[dict[str, int]] = [{} for _ in table.states]
    for state, row in table.states.items():
        for name, (action, to) in row.items():
            rows[state][sys.intern(str(name))] = to if action is Shift else ~rules.setdefault(to, len(rules))
    ranked = sorted(
        lark.terminals, key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name)
    )
    return Tables(
        rows,
        [
            (str(rule.alias or rule.origin.name), len(rule.expansion), sys.intern(str(rule.origin.name)))
            for rule in rules
        ],
        {str(start): state for start, state in table.start_states.items()},
        {str(start): state for start, state in table.end_states.items()},
        [(str(t.name), t.pattern.to_regexp()) for t in ranked if t.name not in lark.ignore_tokens],
    )


# -- the cache -----------------------------------------------------------------------------------------------


def _entry(grammar: str) -> str:
    """The name that the tables of this grammar are kept under; it changes with whatever could make them
    unusable.

    Lark's version is no part of it: tables that were made once stay right for their grammar.
    """
    return f"grammar-{cache.digest((grammar, sys.version, Path(__file__).read_text('utf-8')))}"


def _unpacked(body: bytes | None) -> Tables | None:
    """What the cache holds, or nothing when it holds nothing that can be used."""
    try:
        return Tables(*marshal.loads(body)) if body else None
    except (ValueError, EOFError, TypeError):
        return None
