"""The words of the grammar as they are told to a person: kinds of token, clauses, words that are alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache

from kpidsl.syntax.mistakes import vocabulary
from kpidsl.syntax.tables import tables

_ALIKE = 0.65
SURELY = 0.85
"""How alike two words are to be told, and to be replaced without asking."""

_SHOWN = 5
"""How many of the things that could stand somewhere are listed."""

DEFINITIONS = (
    "kpi",
    "measure",
    "source",
    "objective",
    "test",
    "scenario",
    "let",
    "import",
    "calendar",
    "period",
)

_OPERAND = frozenset(["NAME", "NUMBER", "FUNCTION", "STRING", "PERIOD", "LEFT", "PREFIX"])
_OPERATOR = frozenset(["OPERATOR", "MEMBERSHIP", "MISSING"])
LAYOUT = frozenset(["_NL", "_INDENT", "_DEDENT", "$END"])
BOUND = frozenset(["AT_LEAST", "AT_MOST", "BETWEEN", "INCREASE_BY", "DECREASE_BY"])
_PHRASES = {
    "NAME": "a name",
    "NUMBER": "a number",
    "NEGATIVE": "a number below zero",
    "STRING": "a text in quotes",
    "YEAR": "a year",
    "PERIOD": "a period such as `2026-Q4`",
    "UNIT": "a unit such as `EUR per lead`",
    "LANGUAGE": "a language such as `fr`",
    "APART": "`compared 52 weeks apart`",
    "PATTERN": "`4-5-4`, `4-4-5` or `5-4-4`",
    "PLACE": "a country such as `France` or `Germany-BY`",
    "RETAIL": "`retail month`",
    "ZONE": "a time zone such as `Europe/Paris`",
    "TABLE_ROW": "a row such as `| day | spend |`",
    "ELSE": "`else warn` or `else stale`",
    "VERDICT": "a word such as `met` or `on track`",
    "NO_VALUE": "`no value`",
    "FINDING": "`diagnostic K604`",
    "OPTION": "an option such as `separated by`",
    "BEFORE": "`previous period` or `same period last year`",
    "EQUALS": "`=`",
    "COMMA": "a comma",
    "LEFT": "`(`",
    "RIGHT": "`)`",
    "FUNCTION": "a function such as `sum(`",
    "PREFIX": "`not` or `-`",
    "_NL": "the end of the line",
    "_INDENT": "an indented line under it",
    "_DEDENT": "the end of the block",
    "$END": "the end of the definition",
}
_WORDS = {
    "OPERATOR": ("and", "or", "where", "default", "between", "when", "then", "otherwise", "of"),
    "MEMBERSHIP": ("in", "not in"),
    "MISSING": ("is missing", "is not missing"),
    "PREFIX": ("not", "when"),
    "OPTION": ("separated by", "decimal", "thousands", "dates", "encoding", "sheet", "table", "missing"),
    "BEFORE": ("previous period", "same period last year"),
    "ELSE": ("else warn", "else stale"),
    "VERDICT": (
        *("met", "nearly met", "missed", "on track", "at risk", "off track"),
        *("no data", "no target", "stale", "not started", "too few", "inconclusive", "failed"),
    ),
}


def expected(accepts: frozenset[str]) -> str:
    """The kinds of token in words, the general ones first; at most a handful."""
    words = clause_words(accepts)
    if len(words) > _SHOWN:
        return f"a clause such as {listed(f'`{w}`' for w in words[:3])}"
    phrases = []
    if accepts >= {"NAME", "NUMBER", "FUNCTION"}:
        phrases.append("a value such as `42`, `leads` or `sum(ads.spend)`")
        accepts -= _OPERAND
    if "OPERATOR" in accepts:
        accepts -= {"YEAR", "PERIOD"}  # only behind the name of a period
    if accepts >= BOUND:
        phrases.append("`at least`, `at most` or another direction")
        accepts -= BOUND
    for kind in sorted(accepts - _OPERATOR - {"_NL"}, key=lambda kind: (kind not in _PHRASES, kind)):
        phrases.append(_PHRASES.get(kind) or f"`{next(iter(words_of(kind)), kind.lower())}`")
    if "OPERATOR" in accepts:
        phrases.append("an operator such as `+` or `/`")
    if "_NL" in accepts:
        phrases.append(_PHRASES["_NL"])
    return listed(phrases[:_SHOWN])


def listed(phrases: Iterable[str]) -> str:
    """Some things with commas and `or`."""
    *most, last = phrases
    return f"{', '.join(most)} or {last}" if most else last


def words_of(kind: str) -> Iterable[str]:
    """What a kind of token can be, if it is one of a few words."""
    if kind in _WORDS:
        return _WORDS[kind]
    word = _keywords().get(kind)
    return (word,) if word else ()


@lru_cache(maxsize=1)
def _keywords() -> dict[str, str]:
    plain = {name: regexp.replace(r"\b", "").replace(" +", " ") for name, regexp in tables().terminals}
    return {name: word for name, word in plain.items() if re.fullmatch(r"[a-z ]+", word)}


def clause_words(accepts: frozenset[str]) -> list[str]:
    """The clauses that could stand at a place, in the order of the examples; none where no clause can."""
    words = {word for kind in accepts for word in words_of(kind)}
    clauses = vocabulary().examples
    opened = (word for clause in clauses for word in words if f"{word} ".startswith(f"{clause} "))
    ordered = list(dict.fromkeys(opened))
    return ordered if "_DEDENT" in accepts or len(ordered) > 2 else []


def known_clause(line: str) -> str | None:
    """The clause that a line opens, be it of another definition."""
    for clause in vocabulary().examples:
        last = clause.split()[-1] if clause.split()[0] in DEFINITIONS else clause
        if clause not in DEFINITIONS and re.match(rf"{last}\b", line):
            return last
    return None


def first_word(text: str) -> str:
    """The word that a text begins with; nothing if it begins with something else."""
    found = re.match(r"\w*", text)
    return found[0] if found else ""


def word_end(text: str, start: int) -> int:
    """Where the word or sign ends that stands at an offset."""
    found = re.compile(r"\w+|.?").match(text, start)
    return found.end() if found else start


def alike_word(text: str, words: Iterable[str]) -> tuple[str, str, float] | None:
    """The word or words at the start of a text, the most similar of those known, and how similar."""
    best: tuple[str, str, float] | None = None
    for word in words:
        count = word.count(" ")
        found = re.match(rf"\w+(?: +\w+){{{count}}}", text[:100])
        if found is None:
            continue
        ratio = SequenceMatcher(None, " ".join(found[0].casefold().split()), word).ratio()
        if ratio >= _ALIKE and (best is None or ratio > best[2]):
            best = (found[0], word, ratio)
    return best
