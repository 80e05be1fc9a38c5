"""The reading itself: tokens, layout and the LALR tables in one loop.

The grammar and the tables are Lark's, and so is the idea of a contextual lexer: what the next token may be is known from
the state, so that words are keywords only where they can be. The loop is here because it runs once per word of
every file: with blanks, line ends and reductions handled in one place it takes a third of the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from kpidsl.syntax.tables import Tables

MAX_DEPTH = 100
"""How deep parentheses may be nested."""

_BLANK = r"(?>[ \t]*(?:#[^\n]*)?)"
_OPENING = frozenset(["LEFT", "FUNCTION"])
_END = "$END"

_BLANKS = re.compile(_BLANK)
_ANYTHING = re.compile(r"\w+|.", re.DOTALL)

Match = Callable[[str, int, int], re.Match[str] | None]
Reduce = Callable[[list[Any]], Any]
Shift = Callable[[str, int, int], Any]


class Token(NamedTuple):
    """A word or sign where it stands; `end` is exclusive."""

    kind: str
    text: str
    start: int
    end: int


class Unexpected(Exception):
    """Something that cannot stand where it stands: `kind` is the token that was found, or nothing if it is none."""

    def __init__(self, kind: str, start: int, end: int, accepts: frozenset[str]) -> None:
        super().__init__(kind)
        self.kind = kind
        self.start = start
        self.end = end
        self.accepts = accepts
        """The kinds of token that could have stood there."""


class Builds(Protocol):
    """Has a method for each rule, and one for each kind of token that is more than its text."""


class Machine:
    """Runs the tables over a text; what is built is the builder's business."""

    def __init__(self, tables: Tables, builder: Builds) -> None:
        self._tables = tables
        self._rules: list[tuple[Reduce, int, str]] = [
            (getattr(builder, method), size, rule) for method, size, rule in tables.rules
        ]
        self._shifts: dict[str, Shift] = {
            name: getattr(builder, name) for name, _ in tables.terminals if hasattr(builder, name)
        }
        self._matches: dict[int, Match] = {}
        self._shared: dict[frozenset[str], Match] = {}

    def run(self, text: str, start: int, end: int, rule: str) -> Any:
        """What the builder makes of the text between two offsets; raises `Unexpected`."""
        rows, rules, shifts, matches = self._tables.rows, self._rules, self._shifts, self._matches
        states = [self._tables.starts[rule]]
        last = self._tables.ends[rule]
        values: list[Any] = []
        columns = [0]
        waiting: list[str] = []  # what layout adds before the next token, the next one last
        depth = 0
        at = start
        state = states[0]
        while True:
            if waiting:
                kind = waiting.pop()
            elif found := (matches.get(state) or self._match(state))(text, at, end):
                kind = found.lastgroup or ""
                start, at = found.span(kind)
                if kind == "_NL":
                    if depth:
                        continue
                    kind = _line_end(at - text.rindex("\n", start, at) - 1, at, columns, waiting)
                elif kind in _OPENING:
                    depth += 1
                    if depth > MAX_DEPTH:
                        raise Unexpected("_DEPTH", start, at, frozenset())
                elif kind == "RIGHT":
                    depth -= 1
            else:
                start = at = _skip(_BLANKS, text, at, end)
                if at < end:
                    raise Unexpected("", at, _skip(_ANYTHING, text, at, end), self.accepts(states))
                kind = "_NL"
                waiting += _END, *["_DEDENT"] * (len(columns) - 1)
            while True:
                action = rows[state].get(kind)
                if action is None:
                    raise Unexpected(kind, start, at, self.accepts(states))
                if action >= 0:
                    state = action
                    states.append(state)
                    piece = text[start:at]
                    shift = shifts.get(kind)
                    values.append(shift(piece, start, at) if shift else Token(kind, piece, start, at))
                    break
                reduce, size, origin = rules[~action]
                items = values[-size:]
                del values[-size:], states[-size:]
                values.append(reduce(items))
                state = rows[states[-1]][origin]
                states.append(state)
                if kind == _END and state == last:
                    return values[0]

    def _match(self, state: int) -> Match:
        """What finds the next token in a state; made when it is first needed, and shared by like states."""
        accepted = frozenset(self._tables.rows[state]) | {"_NL"}
        if accepted not in self._shared:
            kinds = "|".join(
                f"(?P<{name}>{regexp})" for name, regexp in self._tables.terminals if name in accepted
            )
            self._shared[accepted] = re.compile(f"{_BLANK}(?:{kinds})").match
        return self._matches.setdefault(state, self._shared[accepted])

    def accepts(self, states: list[int]) -> frozenset[str]:
        """The kinds of token that can be shifted here, be it after some reductions."""
        return frozenset(kind for kind in self._tables.rows[states[-1]] if self._shiftable(states, kind))

    def _shiftable(self, states: list[int], kind: str) -> bool:
        states = states[:]
        while (action := self._tables.rows[states[-1]].get(kind)) is not None:
            if action >= 0:
                return kind.isupper()
            _, size, origin = self._rules[~action]
            del states[-size:]
            states.append(self._tables.rows[states[-1]][origin])
        return False


def _skip(what: re.Pattern[str], text: str, at: int, end: int) -> int:
    """Where something ends that begins at an offset; the offset itself if nothing of the kind does."""
    found = what.match(text, at, end)
    return found.end() if found else at


def _line_end(column: int, at: int, columns: list[int], waiting: list[str]) -> str:
    """What a line end is, by the column at which the next line begins."""
    if column > columns[-1]:
        columns.append(column)
        return "_INDENT"
    while column < columns[-1]:
        columns.pop()
        waiting.append("_DEDENT")
    if column != columns[-1]:
        raise Unexpected("_COLUMN", at, at, frozenset())
    return "_NL"
