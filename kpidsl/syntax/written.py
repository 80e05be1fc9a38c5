"""Names, texts, numbers and expressions as they are written, with the parentheses that they need and no
others."""

from __future__ import annotations

import re

from kpidsl.syntax import nodes as n
from kpidsl.syntax.layout import CLAUSE

WIDTH = 110

_MARKED = re.compile(r"\\(?=[\\|#])|\||^#")
_PLAIN = re.compile(r"[^\W\d]\w*")
BINDS = {
    "or": 1,
    "and": 2,
    "=": 4,
    "!=": 4,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "of": 6,
}
"""How tightly an operator binds; `not` is 3, a sign 7."""


def quoted(text: n.String) -> str:
    """A text in its quotes."""
    escaped = text.text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def a_word(word: n.Word) -> str:
    """A name; backticks where they are needed, or where the author wrote them to keep a keyword apart."""
    return (
        f"`{word.text}`" if word.span.text.startswith("`") or not _PLAIN.fullmatch(word.text) else word.text
    )


def a_value(value: n.Word | n.String) -> str:
    """The value of a dimension, a word or a quoted text."""
    return quoted(value) if isinstance(value, n.String) else a_word(value)


def a_cell(text: str) -> str:
    """A text as a cell of a table has it: a backslash in front of a bar, of a number sign that it begins
    with, and of a backslash that would be read as theirs."""
    return _MARKED.sub(r"\\\g<0>", text)


def _path(name: n.Name) -> str:
    quoted = set(re.findall(r"`([^`\n]+)`", name.span.text))
    return ".".join(f"`{p}`" if p in quoted or not _PLAIN.fullmatch(p) else p for p in name.parts)


def a_number(number: n.Number) -> str:
    """A number as the author wrote it, and its unit."""
    if number.unit is None:
        return number.text
    return number.text + ("%" if number.unit.text == "%" else f" {number.unit.text}")


def fitted(lead: str, value: n.Expression, indent: str) -> str:
    """An expression behind some text, broken inside parentheses when the line would be too long."""
    flat = lead + expression(value)
    match value:
        case n.Group(inner=inner):
            pass
        case n.Where() | n.Default():
            return flat  # parentheses around these would hide what the words apply to
        case _:
            inner = value
    parts = _parts(inner)
    if len(flat) <= WIDTH or len(parts) == 1:
        return flat
    return "\n".join([f"{lead}(", *(f"{indent}{CLAUSE}{part}" for part in parts), f"{indent})"])


def _parts(value: n.Expression) -> list[str]:
    """The operands of the outermost operators, each but the first led by its operator."""
    match value:
        case n.Binary(op=op, left=left, right=right) if _looseness(left) >= BINDS[op] and BINDS[op] != 4:
            same = isinstance(left, n.Binary) and BINDS[left.op] == BINDS[op]
            return [*(_parts(left) if same else [_operand(left, BINDS[op])]),
                    f"{op} {_operand(right, BINDS[op] + 1)}"]  # fmt: skip
        case _:
            return [expression(value)]


def expression(value: n.Expression) -> str:
    """An expression on one line."""
    match value:
        case n.Name():
            return _path(value)
        case n.Number():
            return a_number(value)
        case n.String():
            return quoted(value)
        case n.PeriodText(text=text):
            return text
        case n.Call(name=name, args=args, within=n.Number() as within, of=of):
            more = f", {expression(of)}" if of else ""
            return f"{name.text}({' to '.join(map(expression, args))} within {a_number(within)}{more})"
        case n.Call(name=name, args=args, by=by):
            weight = f" by {expression(by)}" if by else ""
            return f"{name.text}({', '.join(map(expression, args))}{weight})"
        case n.Unary(op="not", operand=operand):
            return f"not {_operand(operand, 3)}"
        case n.Unary(operand=operand):
            return f"-{_operand(operand, 7)}"
        case n.Binary(op=op, left=left, right=right):
            level = BINDS[op]
            return f"{_operand(left, level + (level == 4))} {op} {_operand(right, level + 1)}"
        case n.Group(inner=inner):
            return f"({expression(inner)})"
        case n.Where(subject=subject, condition=condition):
            return f"{_operand(subject, 1)} where {_operand(condition, 1)}"
        case n.Default(subject=subject, value=number):
            return f"{expression(subject)} default {a_number(number)}"
        case n.When(branches=branches, otherwise=otherwise):
            said = " ".join(f"when {_operand(c, 1)} then {_operand(v, 1)}" for c, v in branches)
            return said + (f" otherwise {_operand(otherwise, 1)}" if otherwise else "")
        case _:
            return _tested(value)


def _tested(value: n.In | n.Between | n.Missing) -> str:
    subject = _operand(value.subject, 5)
    negation = "not " if value.negated else ""
    match value:
        case n.In(items=(n.PeriodText() | n.Name() as one,)):
            return f"{subject} {negation}in {expression(one)}"
        case n.In(items=items):
            return f"{subject} {negation}in ({', '.join(map(expression, items))})"
        case n.Between(low=low, high=high):
            return f"{subject} {negation}between {_operand(low, 5)} and {_operand(high, 5)}"
        case n.Missing():
            return f"{subject} is {negation}missing"


def _looseness(value: n.Expression) -> int:
    """How tightly an expression holds together: 0 needs parentheses everywhere, 9 nowhere."""
    match value:
        case n.Where() | n.Default():
            return 0
        case n.Binary(op=op):
            return BINDS[op]
        case n.Unary(op="not"):
            return 3
        case n.In() | n.Between() | n.Missing():
            return 4
        case n.Unary():
            return 7
        case n.When():
            return 1
        case _:
            return 9


def _operand(value: n.Expression, level: int) -> str:
    said = expression(value)
    return said if _looseness(value) >= level else f"({said})"
