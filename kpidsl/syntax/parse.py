"""From text to nodes: cut into definitions, each read by one LALR parser, faults told one per definition."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, cast

from lark import Lark, Token
from lark.exceptions import UnexpectedInput
from lark.utils import TextSlice

from kpidsl.diagnostics import Diagnostic, Report, Source, Span
from kpidsl.syntax import nodes
from kpidsl.syntax.build import Builder
from kpidsl.syntax.precedence import Misplaced
from kpidsl.syntax.split import clean, comments, pieces

_LOCK = Lock()


def parse(source: Source, report: Report) -> nodes.File:
    """Read a file. Never raises for any text: what cannot be read is told in the report and listed in `broken`.

    The source of the result is the given one, or, where the text had a byte order mark, other line ends than
    newlines, or decomposed accents, a cleaned one of the same name; all spans refer to it.
    """
    source = clean(source)
    definitions: list[nodes.Definition] = []
    broken: list[Span] = []
    with _LOCK:
        parser, builder = _parser()
        builder.source = source
        for start, end in pieces(source.text):
            try:
                definitions.append(parser.parse(TextSlice(source.text, start, end), "definition"))
            except (UnexpectedInput, Misplaced, LayoutFault) as fault:
                at = fault.span if isinstance(fault, Misplaced) else Span(source, fault.pos_in_stream, fault.pos_in_stream + 1)
                report.add(Diagnostic("K100", f"this cannot be read: {fault}", at))
                broken.append(Span(source, start, end))
    return nodes.File(source, tuple(definitions), comments(source), tuple(broken))


def parse_expression(source: Source, report: Report) -> nodes.Expression | None:
    """Read a lone expression, such as one typed at a prompt."""
    source = clean(source)
    with _LOCK:
        parser, builder = _parser()
        builder.source = source
        try:
            return cast(nodes.Expression, parser.parse(source.text.rstrip(), "alone"))
        except (UnexpectedInput, Misplaced, LayoutFault) as fault:
            report.add(Diagnostic("K100", f"this cannot be read: {fault}", Span(source, 0, len(source.text))))
            return None


class LayoutFault(Exception):
    """A line that stands at none of the columns that are open."""

    def __init__(self, token: Token) -> None:
        super().__init__("indentation")
        self.pos_in_stream = token.end_pos


class Layout:
    """Turns line ends into lines and blocks, between lexer and parser."""

    always_accept = ("_NL",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """One `_NL` per line, `_INDENT` in its place where a block opens, `_DEDENT` after it where one ends."""
        depth = 0
        levels = [0]
        token = None
        for token in stream:
            kind = token.type
            if kind == "_NL":
                if depth:
                    continue
                indent = len(token) - token.rindex("\n") - 1
                if indent > levels[-1]:
                    levels.append(indent)
                    token.type = "_INDENT"
                    yield token
                    continue
                yield token
                while indent < levels[-1]:
                    levels.pop()
                    yield Token.new_borrow_pos("_DEDENT", "", token)
                if indent != levels[-1]:
                    raise LayoutFault(token)
                continue
            if kind == "LEFT" or kind == "FUNCTION":
                depth += 1
            elif kind == "RIGHT":
                depth -= 1
            yield token
        if token is not None:
            end = Token("_NL", "", token.end_pos, token.end_line, token.end_column, end_pos=token.end_pos)
            yield end
            for _ in levels[1:]:
                yield Token.new_borrow_pos("_DEDENT", "", end)


# -- tables ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _parser() -> tuple[Lark, Builder]:
    grammar = _grammar()
    builder = Builder()
    options: dict[str, Any] = {"transformer": builder, "postlex": Layout()}
    parser = Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        start=["definition", "alone"],
        maybe_placeholders=False,
        keep_all_tokens=True,
        **options,
    )
    return parser, builder


def _grammar() -> str:
    """The grammar: inside the package as the wheel has it, beside it as an editable install has it."""
    package = Path(__file__).parents[1]
    for folder in (package / "grammar", package.parent / "grammar"):
        path = folder / "kpi.lark"
        if path.is_file():
            return path.read_text("utf-8")
    raise FileNotFoundError("kpi.lark")
