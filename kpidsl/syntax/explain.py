"""What to say about a definition that could not be read: what was found, what could stand there.

The first explanation that fits is told: the special ones come before the general.
"""

from __future__ import annotations

import re
from unicodedata import name as character_name

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, Edit, Fix, Label, Span
from kpidsl.syntax.faults import too_deep
from kpidsl.syntax.machine import Unexpected
from kpidsl.syntax.mistakes import recognise, vocabulary
from kpidsl.syntax.split import open_parentheses
from kpidsl.syntax.wording import (
    BOUND,
    DEFINITIONS,
    LAYOUT,
    SURELY,
    alike_word,
    clause_words,
    expected,
    first_word,
    known_clause,
    word_end,
    words_of,
)

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
        return first_word(self.before.strip() or self.after)

    @property
    def definition(self) -> str:
        """The word that the definition begins with."""
        return first_word(self.piece.text)

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
            return _indented(Span(source, fault.end, word_end(source.text, fault.end)))
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


# -- the beginning of a definition ---------------------------------------------------------------------------


def _at_margin(stop: Stop) -> Diagnostic | None:
    """A line at the margin that opens no definition."""
    if stop.fault.start != stop.piece.start or stop.kind:
        return None
    if not stop.after.startswith("|") and (slip := _slip(stop)):
        return slip
    word = first_word(stop.after)
    start = Span(stop.fault.source, stop.fault.start, stop.fault.start)
    if known_clause(stop.after) or stop.after.startswith("|"):
        what = f"`{word}` is a clause" if word else "this is a row of a table"
        fix = Fix("indent the line", (Edit(start, "  "),))
        return stop.says(
            "K104", f"{what} and stands at the margin", "a clause is indented by two spaces", fix
        )
    if word in vocabulary().definitions:
        return _instead(stop, "K101", "no definition", word, vocabulary().definitions[word])
    if alike := alike_word(stop.after, DEFINITIONS):
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


# -- parentheses and quotes ----------------------------------------------------------------------------------


def _unclosed(stop: Stop) -> Diagnostic | None:
    """An open quote, or a parenthesis that is open where reading stopped, on a later line or at the end."""
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


# -- lines ---------------------------------------------------------------------------------------------------


def _slip(stop: Stop) -> Diagnostic | None:
    return recognise(stop.fault, stop.accepts >= BOUND)


def _slice_or_clause(stop: Stop) -> Diagnostic | None:
    """A clause that is indented like the lines under `by`."""
    if not stop.accepts >= BOUND or not known_clause(stop.before.strip()) or stop.clause == "target":
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
    if stop.before.strip() or stop.kind in LAYOUT or stop.line_start == stop.piece.start:
        return None
    words = clause_words(stop.accepts)
    if not words:
        return None
    of = f"of {'an' if stop.definition == 'objective' else 'a'} {stop.definition}"
    known = known_clause(stop.after)
    if known and not any(f"{word} ".startswith(f"{known} ") for word in words):
        listed = ", ".join(f"`{w}`" for w in words)
        return stop.says("K103", f"`{known}` is no clause {of}", f"clauses {of}: {listed}")
    word = first_word(stop.after)
    instead = vocabulary().clauses.get(word)
    if instead in words and instead is not None:
        return _instead(stop, "K102", f"no clause {of}", word, instead)
    if alike := alike_word(stop.after, words):
        return _similar(stop, "K102", f"no clause {of}", "a clause", alike)
    listed = ", ".join(f"`{w}`" for w in words)
    return stop.says("K102", f"{_found(stop)} is no clause {of}", f"clauses {of}: {listed}")


def _near(stop: Stop) -> Diagnostic | None:
    """A word inside a clause that resembles one that could stand there, or is sought for in its place."""
    words = [word for kind in sorted(stop.accepts) for word in words_of(kind)]
    word = first_word(stop.after)
    instead = vocabulary().words.get(word.casefold())
    if instead is not None and first_word(instead) in {first_word(w) for w in words}:
        return _instead(stop, "K125", "not a word of the language here", word, instead)
    if alike := alike_word(stop.after, words):
        return _similar(stop, "K125", "no word that can stand here", "a word", alike)
    return None


def _plain(stop: Stop) -> Diagnostic:
    """What was found, what could have stood there, and a correct line."""
    example = _example(stop)
    if stop.accepts == {"_INDENT"} and known_clause(stop.before.strip()) == "given":
        example = (
            "its rows stand under it, their names first: `| day | spend |`; a source without rows is left out"
        )
    wanted = expected(stop.accepts)
    if stop.accepts == {"STRING"} and (written := re.match(r"[^\"#]*[^\"#\s]", stop.after)):
        place = Span(stop.piece.source, stop.fault.start, stop.fault.start + written.end())
        fix = Fix("put the text in quotes", (Edit(place, f'"{written[0]}"'),), safe=False)
        return Diagnostic("K100", "a text stands without quotes", place, help=example, fix=fix)
    if stop.kind in LAYOUT:
        end = stop.fault.start
        place = Span(stop.piece.source, max(stop.piece.start, end - 1), end)
        return Diagnostic("K100", f"the line ends where {wanted} is expected", place, help=example)
    return stop.says("K100", f"{_found(stop)} stands where {wanted} is expected", example)


# -- words --------------------------------------------------------------------------------------------------


def _found(stop: Stop) -> str:
    """What stands at the fault, so that it can be seen."""
    text = stop.fault.text
    if text.isprintable() and text:
        return f"`{text if len(text) <= 40 else text[:39] + '…'}`"
    character = text[:1] or "\0"
    return (
        f"the character U+{ord(character):04X} ({character_name(character, 'a control character').lower()})"
    )


def _example(stop: Stop) -> str:
    """A correct line for the clause, or the definition, in which reading stopped."""
    examples = vocabulary().examples
    known = (
        stop.clause
        if stop.line_start == stop.piece.start
        else known_clause((stop.before + stop.after).strip())
    )
    line = (
        examples.get(f"{stop.definition} {known}")
        or examples.get(known or "")
        or examples.get(stop.definition)
    )
    return f"for example: `{line or examples['kpi']}`"


def _similar(stop: Stop, code: str, what: str, kind: str, alike: tuple[str, str, float]) -> Diagnostic:
    found, word, ratio = alike
    place = Span(stop.fault.source, stop.fault.start, stop.fault.start + len(found))
    fix = Fix(f"write `{word}`", (Edit(place, word),), safe=ratio >= SURELY)
    return Diagnostic(
        code, f"`{found}` is {what}", place, help=f"{kind} with a similar name: `{word}`", fix=fix
    )


def _instead(stop: Stop, code: str, what: str, found: str, word: str) -> Diagnostic:
    place = Span(stop.fault.source, stop.fault.start, stop.fault.start + len(found))
    fix = Fix(f"write `{word}`", (Edit(place, word),), safe=False)
    return Diagnostic(code, f"`{found}` is {what}", place, help=f"it is said with `{word}`", fix=fix)
