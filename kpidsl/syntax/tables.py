"""The grammar, compiled: Lark reads `kpi.lark`, proves it LALR(1) and makes the tables; they are kept in the user's cache.

Lark is imported only when there is nothing in the cache, so that a cold `kpi lint` does not wait for it.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

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
    path = _cache_path(grammar)
    found = _load(path)
    if found is None:
        found = compile_grammar(grammar)
        _store(path, found)
    return found


def grammar_file(name: str) -> Path:
    """A file of the grammar: inside the package as the wheel has it, beside it as an editable install has it."""
    package = Path(__file__).parents[1]
    inside = package / "grammar" / name
    return inside if inside.is_file() else package.parent / "grammar" / name


def compile_grammar(grammar: str) -> Tables:
    """Let Lark make the tables.

    Every rule must be one that a plain call of one method builds: no inlined, no conditional and no empty rules.
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


# -- the cache ------------------------------------------------------------------------------------------------------


def _cache_path(grammar: str) -> Path | None:
    """Where the tables of this grammar are kept; the name changes with whatever could make them unusable.

    Lark's version is no part of it: tables that were made once stay right for their grammar.
    """
    made_of = "\n".join((grammar, sys.version, Path(__file__).read_text("utf-8")))
    name = f"grammar-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"
    if os.name == "nt":
        home = os.environ.get("LOCALAPPDATA")
    else:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "kpidsl" / name if home and os.path.isabs(home) else None


def _load(path: Path | None) -> Tables | None:
    """What the cache holds, or nothing when it holds nothing that can be used."""
    if path is None:
        return None
    try:
        data = path.read_bytes()
        digest, body = data[:32], data[32:]
        return Tables(*marshal.loads(body)) if hashlib.sha256(body).digest() == digest else None
    except (OSError, ValueError, EOFError, TypeError):
        return None


def _store(path: Path | None, found: Tables) -> None:
    """Keep the tables, whole or not at all; a cache that cannot be written is done without."""
    if path is None:
        return
    body = marshal.dumps(tuple(found))
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(hashlib.sha256(body).digest() + body)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
