"""What to say about a definition that could not be read: what was found, what could stand there, a correct line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from unicodedata import name as character_name

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Edit, Fix, Label, Span
from kpidsl.syntax.faults import too_deep
from kpidsl.syntax.machine import Unexpected
from kpidsl.syntax.mistakes import recognise, vocabulary
from kpidsl.syntax.split import open_parentheses
from kpidsl.syntax.tables import tables

_ALIKE = 0.65
_SURELY = 0.85
"""How alike two words are to be told, and to be replaced without asking."""

_SHOWN = 5
"""How many of the things that could stand somewhere are listed."""

DEFINITIONS = ("kpi", "measure", "source", "objective", "test", "scenario", "let", "import", "calendar")

_OPERAND = frozenset(["NAME", "NUMBER", "FUNCTION", "STRING", "PERIOD", "LEFT", "PREFIX"])
_OPERATOR = frozenset(["OPERATOR", "MEMBERSHIP", "MISSING"])
_LAYOUT = frozenset(["_NL", "_INDENT", "_DEDENT", "$END"])
_BOUND = frozenset(["AT_LEAST", "AT_MOST", "BETWEEN", "INCREASE_BY", "DECREASE_BY"])
_PHRASES = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a text in quotes",
    "PERIOD": "a period such as `2026-Q4`",
    "UNIT": "a unit such as `EUR per lead`",
    "LANGUAGE": "a language such as `fr`",
    "ZONE": "a time zone such as `Europe/Paris`",
    "TABLE_ROW": "a row such as `| day | spend |`",
    "VERDICT": "a word such as `met` or `on track`",
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
}
_WORDS = {
    "OPERATOR": ("and", "or", "where", "default", "between", "when", "then", "otherwise", "of"),
    "MEMBERSHIP": ("in", "not in"),
    "MISSING": ("is missing", "is not missing"),
    "PREFIX": ("not", "when"),
    "OPTION": ("separated by", "decimal", "thousands", "dates", "encoding", "sheet", "table"),
    "BEFORE": ("previous period", "same period last year"),
    "VERDICT": (
        *("met", "nearly met", "missed", "on track", "at risk", "off track"),
        *("no data", "stale", "not started", "too few", "inconclusive", "failed"),
    ),
}


_OPEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*\\?|`[^`]*')
"""A quote or backtick that nothing closes."""


@frozen
class Stop:
    """Where the reading of a definition stopped, and what could have gone on there."""

    piece: Span
    fault: Span
    kind: str
    accepts: frozenset[str]

    @property
    def line_start(self) -> int:
        """Where the line of the fault begins."""
        return self.piece.source.text.rfind("\n", 0, self.fault.start) + 1

    @property
    def before(self) -> str:
        """What stands on the line before the fault."""
        return self.piece.source.text[self.line_start : self.fault.start]

    @property
    def after(self) -> str:
        """What stands on the line from the fault on."""
        text = self.piece.source.text
        return text[
            self.fault.start : min(
                self.piece.end, (text.find("\n", self.fault.start) + 1 or len(text) + 1) - 1
            )
        ]

    @property
    def clause(self) -> str:
        """The word of the clause or definition that the line begins with."""
        return _first_word(self.before.strip() or self.after)

    @property
    def definition(self) -> str:
        """The word that the definition begins with."""
        return _first_word(self.piece.text)

    def says(self, code: str, message: str, help: str, fix: Fix | None = None, *labels: Label) -> Diagnostic:
        """A diagnostic at the fault."""
        return Diagnostic(code, message, self.fault, labels=labels, help=help, fix=fix)


def explain(piece: Span, fault: Unexpected) -> Diagnostic:
    """The one diagnostic that a definition gets which could not be read."""
    source = piece.source
    stop = Stop(piece, Span(source, fault.start, fault.end), fault.kind, fault.accepts)
    match fault.kind:
        case "_DEPTH":
            return too_deep(stop.fault)
        case "_COLUMN":
            return _uneven(Span(source, fault.end, fault.end + 1))
        case "_INDENT" if "_NL" in fault.accepts:
            return _indented(Span(source, fault.end, _word_end(source.text, fault.end)))
    for told in (_at_margin, _unclosed, _slice_or_clause, _slip, _stray, _header, _line, _near):
        if diagnostic := told(stop):
            return diagnostic
    return _plain(stop)


def _uneven(place: Span) -> Diagnostic:
    return Diagnostic(
        "K105",
        "the line is indented less than the one above, but not as much as any line before it",
        place,
        help="clauses stand two spaces from the margin, the lines under a clause four",
    )


def _indented(place: Span) -> Diagnostic:
    return Diagnostic(
        "K105",
        "the line is indented under a clause that takes no lines of its own",
        place,
        help="clauses stand two spaces from the margin; a long formula goes on inside parentheses",
    )


# -- the beginning of a definition ----------------------------------------------------------------------------------


def _at_margin(stop: Stop) -> Diagnostic | None:
    """A line at the margin that opens no definition."""
    if stop.fault.start != stop.piece.start or stop.kind:
        return None
    if not stop.after.startswith("|") and (slip := _slip(stop)):
        return slip
    word = _first_word(stop.after)
    start = Span(stop.fault.source, stop.fault.start, stop.fault.start)
    if _known_clause(stop.after) or stop.after.startswith("|"):
        what = f"`{word}` is a clause" if word else "this is a row of a table"
        fix = Fix("indent the line", (Edit(start, "  "),))
        return stop.says(
            "K104", f"{what} and stands at the margin", "a clause is indented by two spaces", fix
        )
    if word in vocabulary().definitions:
        return _instead(stop, "K101", "no definition", word, vocabulary().definitions[word])
    if alike := _alike(stop.after, DEFINITIONS):
        return _similar(stop, "K101", "no definition", "a definition", alike)
    words = ", ".join(f"`{w}`" for w in DEFINITIONS)
    return stop.says(
        "K101", f"{_found(stop)} opens no definition", f"a definition begins with one of {words}"
    )


def _header(stop: Stop) -> Diagnostic | None:
    """A definition without a name, or with one of several words."""
    if stop.line_start != stop.piece.start or stop.definition not in DEFINITIONS:
        return None
    example = f"for example: `{vocabulary().examples[stop.definition]}`"
    if stop.accepts == {"NAME"} and stop.before.strip() == stop.definition:
        return stop.says("K107", f"the {stop.definition} has no name", example)
    first = re.match(r"\w+ +(?P<name>\w+(?:[ -]+[^\W\d]\w*)+)", stop.piece.text)
    if first and stop.fault.start < stop.piece.start + first.end() and "NAME" not in stop.accepts:
        name = re.sub(r"[ -]+", "_", first["name"])
        place = Span(
            stop.piece.source, stop.piece.start + first.start("name"), stop.piece.start + first.end("name")
        )
        fix = Fix(f"write `{name}`", (Edit(place, name),), safe=False)
        return stop.says(
            "K107", f"the name of the {stop.definition} is not one word", f"for example: `{name}`", fix
        )
    return None


# -- parentheses and quotes -----------------------------------------------------------------------------------------


def _unclosed(stop: Stop) -> Diagnostic | None:
    """A parenthesis that is open where reading stopped, when a later line or the end shows it; an open quote."""
    text, source = stop.piece.source.text, stop.piece.source
    if stop.kind == "" and _OPEN.fullmatch(stop.after):
        mark = stop.after[0]
        what, shown = ("quote", '`"`') if mark == '"' else ("backtick", "`` ` ``")
        end = stop.fault.start + len(stop.after.rstrip())
        fix = Fix(
            f"close the {what} at the end of the line", (Edit(Span(source, end, end), mark),), safe=False
        )
        return stop.says("K110", f"the {what} is not closed on its line", f"a second {shown} closes it", fix)
    opened = open_parentheses(text, stop.piece.start, stop.fault.start)
    if not opened or ("\n" not in text[opened[-1] : stop.fault.start] and stop.kind != "_NL"):
        return None
    place = Span(source, opened[-1], opened[-1] + 1)
    label = Label(stop.fault, "reading stopped here")
    return Diagnostic("K111", "the parenthesis is not closed", place, labels=(label,), help="a `)` closes it")


def _stray(stop: Stop) -> Diagnostic | None:
    if stop.after[:1] != ")" or open_parentheses(stop.piece.source.text, stop.piece.start, stop.fault.start):
        return None
    fix = Fix("delete the parenthesis", (Edit(stop.fault, ""),), safe=False)
    return stop.says("K112", "the parenthesis closes nothing", "each `)` has its `(` before it", fix)


# -- lines ----------------------------------------------------------------------------------------------------------


def _slip(stop: Stop) -> Diagnostic | None:
    return recognise(stop.fault, stop.accepts >= _BOUND)


def _slice_or_clause(stop: Stop) -> Diagnostic | None:
    """A clause that is indented like the lines under `by`."""
    if not stop.accepts >= _BOUND or not _known_clause(stop.before.strip()) or stop.clause == "target":
        return None
    start = stop.line_start + len(stop.before) - len(stop.before.lstrip())
    return Diagnostic(
        "K105",
        f"`{stop.clause}` is a clause, but the line is indented like a part of the clause above",
        Span(stop.piece.source, start, start + len(stop.clause)),
        help="clauses stand two spaces from the margin, the lines under a clause four",
        fix=Fix(
            "indent the line by two spaces", (Edit(Span(stop.piece.source, stop.line_start, start), "  "),)
        ),
    )


def _line(stop: Stop) -> Diagnostic | None:
    """A line whose first word opens no clause of this definition."""
    if stop.before.strip() or stop.kind in _LAYOUT or stop.line_start == stop.piece.start:
        return None
    words = _clause_words(stop.accepts)
    if not words:
        return None
    of = f"of {'an' if stop.definition == 'objective' else 'a'} {stop.definition}"
    known = _known_clause(stop.after)
    if known and not any(f"{word} ".startswith(f"{known} ") for word in words):
        listed = ", ".join(f"`{w}`" for w in words)
        return stop.says("K103", f"`{known}` is no clause {of}", f"clauses {of}: {listed}")
    word = _first_word(stop.after)
    instead = vocabulary().clauses.get(word)
    if instead in words and instead is not None:
        return _instead(stop, "K102", f"no clause {of}", word, instead)
    if alike := _alike(stop.after, words):
        return _similar(stop, "K102", f"no clause {of}", "a clause", alike)
    listed = ", ".join(f"`{w}`" for w in words)
    return stop.says("K102", f"{_found(stop)} is no clause {of}", f"clauses {of}: {listed}")


def _near(stop: Stop) -> Diagnostic | None:
    """A word inside a clause that resembles one that could stand there, or is another language's word for it."""
    words = [word for kind in sorted(stop.accepts) for word in _words(kind)]
    word = _first_word(stop.after)
    instead = vocabulary().words.get(word.casefold())
    if instead is not None and _first_word(instead) in {_first_word(w) for w in words}:
        return _instead(stop, "K125", "not a word of the language here", word, instead)
    if alike := _alike(stop.after, words):
        return _similar(stop, "K125", "no word that can stand here", "a word", alike)
    return None


def _plain(stop: Stop) -> Diagnostic:
    """What was found, what could have stood there, and a correct line."""
    example = _example(stop)
    expected = _expected(stop.accepts)
    if stop.accepts == {"STRING"} and (written := re.match(r"[^\"#]*[^\"#\s]", stop.after)):
        place = Span(stop.piece.source, stop.fault.start, stop.fault.start + written.end())
        fix = Fix("put the text in quotes", (Edit(place, f'"{written[0]}"'),), safe=False)
        return Diagnostic("K100", "a text stands without quotes", place, help=example, fix=fix)
    if stop.kind in _LAYOUT:
        end = stop.fault.start
        place = Span(stop.piece.source, max(stop.piece.start, end - 1), end)
        return Diagnostic("K100", f"the line ends where {expected} is expected", place, help=example)
    return stop.says("K100", f"{_found(stop)} stands where {expected} is expected", example)


# -- words ----------------------------------------------------------------------------------------------------------


def _found(stop: Stop) -> str:
    """What stands at the fault, so that it can be seen."""
    text = stop.fault.text
    if text.isprintable() and text:
        return f"`{text if len(text) <= 40 else text[:39] + '…'}`"
    return f"the character U+{ord(text[:1] or chr(0)):04X} ({character_name(text[:1], 'a control character').lower()})"


def _expected(accepts: frozenset[str]) -> str:
    """The kinds of token in words, the general ones first; at most a handful."""
    words = _clause_words(accepts)
    if len(words) > _SHOWN:
        return f"a clause such as {_listed(f'`{w}`' for w in words[:3])}"
    phrases = []
    if accepts >= {"NAME", "NUMBER", "FUNCTION"}:
        phrases.append("a value such as `42`, `leads` or `sum(ads.spend)`")
        accepts -= _OPERAND
    if accepts >= _BOUND:
        phrases.append("`at least`, `at most` or another direction")
        accepts -= _BOUND
    for kind in sorted(accepts - _OPERATOR - {"_NL"}, key=lambda kind: (kind not in _PHRASES, kind)):
        phrases.append(_PHRASES.get(kind) or f"`{next(iter(_words(kind)), kind.lower())}`")
    if "OPERATOR" in accepts:
        phrases.append("an operator such as `+` or `/`")
    if "_NL" in accepts:
        phrases.append(_PHRASES["_NL"])
    return _listed(phrases[:_SHOWN])


def _listed(phrases: Iterable[str]) -> str:
    *most, last = phrases
    return f"{', '.join(most)} or {last}" if most else last


def _example(stop: Stop) -> str:
    """A correct line for the clause, or the definition, in which reading stopped."""
    examples = vocabulary().examples
    known = (
        stop.clause
        if stop.line_start == stop.piece.start
        else _known_clause((stop.before + stop.after).strip())
    )
    line = examples.get(f"{stop.definition} {known}") or examples.get(known or "") or examples.get(stop.definition)
    return f"for example: `{line or examples['kpi']}`"


def _words(kind: str) -> Iterable[str]:
    """What a kind of token can be, if it is one of a few words."""
    if kind in _WORDS:
        return _WORDS[kind]
    word = _keywords().get(kind)
    return (word,) if word else ()


def _keywords() -> dict[str, str]:
    plain = {name: regexp.replace(r"\b", "").replace(" +", " ") for name, regexp in tables().terminals}
    return {name: word for name, word in plain.items() if re.fullmatch(r"[a-z ]+", word)}


def _clause_words(accepts: frozenset[str]) -> list[str]:
    """The clauses that could stand at a place, in the order of the examples; none if it is no place for a clause."""
    words = {word for kind in accepts for word in _words(kind)}
    listed = [
        word for clause in vocabulary().examples for word in words if f"{word} ".startswith(f"{clause} ")
    ]
    return listed if "_DEDENT" in accepts or len(listed) > 2 else []


def _known_clause(line: str) -> str | None:
    """The clause that a line opens, be it of another definition."""
    for clause in vocabulary().examples:
        last = clause.split()[-1] if clause.split()[0] in DEFINITIONS else clause
        if clause not in DEFINITIONS and re.match(rf"{last}\b", line):
            return last
    return None


def _first_word(text: str) -> str:
    found = re.match(r"\w*", text)
    return found[0] if found else ""


def _word_end(text: str, start: int) -> int:
    found = re.compile(r"\w+|.?").match(text, start)
    return found.end() if found else start


def _alike(text: str, words: Iterable[str]) -> tuple[str, str, float] | None:
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


def _similar(stop: Stop, code: str, what: str, kind: str, alike: tuple[str, str, float]) -> Diagnostic:
    found, word, ratio = alike
    place = Span(stop.fault.source, stop.fault.start, stop.fault.start + len(found))
    fix = Fix(f"write `{word}`", (Edit(place, word),), safe=ratio >= _SURELY)
    return Diagnostic(
        code, f"`{found}` is {what}", place, help=f"{kind} with a similar name: `{word}`", fix=fix
    )


def _instead(stop: Stop, code: str, what: str, found: str, word: str) -> Diagnostic:
    place = Span(stop.fault.source, stop.fault.start, stop.fault.start + len(found))
    fix = Fix(f"write `{word}`", (Edit(place, word),), safe=False)
    return Diagnostic(code, f"`{found}` is {what}", place, help=f"it is said with `{word}`", fix=fix)
