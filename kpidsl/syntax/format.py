"""Write a file in the one canonical layout. There are no options.

Two spaces before a clause, values at one fixed column, so that adding a clause never moves another line; nothing is
aligned across lines but the cells of a table. Order, comments and wording stay as the author has them.
The proof is part of the stage: `proved` accepts a layout only when it reads back as the same file and
formatting it again changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import attrs
from attrs import frozen

from kpidsl.diagnostics import Report, Source
from kpidsl.syntax import nodes as n
from kpidsl.syntax.parse import parse

WIDTH = 110
CLAUSE = "  "
BLOCK = "    "
VALUE_COLUMN = 14

_PLAIN = re.compile(r"[^\W\d]\w*")
_BINDING = {"or": 1, "and": 2, "=": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "of": 6}


@frozen
class Line:
    """One printed line and the stretch of source that it stands for."""

    text: str
    indent: str
    start: int
    end: int
    closes: bool = True
    """Whether a comment behind the source stretch belongs behind this line."""


def format_file(file: n.File) -> str:
    """The canonical text of a file that was read without errors; ends with one line end unless it is empty."""
    lines = [line for definition in file.definitions for line in _definition(definition)]
    return _with_comments(file, lines)


def proved(source: Source) -> str | None:
    """The canonical text of a source, or None when it does not parse.

    AssertionError would mean a fault of this module: the text read back is not the same file, a comment was lost, or
    a second run changed something. It is never written then.
    """
    report = Report()
    before = parse(source, report)
    if report.errors:
        return None
    text = format_file(before)
    again = parse(Source(source.name, text), report)
    if report.errors or _bare(again) != _bare(before):
        raise AssertionError(f"formatting {source.name} would change its meaning")
    if sorted(c.text for c in again.comments) != sorted(c.text.rstrip() for c in before.comments):
        raise AssertionError(f"formatting {source.name} would lose a comment")
    if format_file(again) != text:
        raise AssertionError(f"formatting {source.name} is not stable")
    return text


def _bare(value: Any) -> Any:
    """A tree without parentheses, which the layout may add around long formulas; precedence is in the tree."""
    match value:
        case n.Group(inner=inner):
            return _bare(inner)
        case tuple():
            return tuple(_bare(item) for item in value)
        case n.File(definitions=definitions):
            return _bare(definitions)
        case n.Node():
            fields = (f.name for f in attrs.fields(type(value)) if f.name != "span")
            return (type(value), *(_bare(getattr(value, name)) for name in fields))
        case _:
            return value


# -- comments and blank lines -----------------------------------------------------------------------------------


def _with_comments(file: n.File, lines: list[Line]) -> str:
    """Put every comment back: behind the line it stood behind, else above the line it stood above."""
    text = file.source.text
    out: list[tuple[str, int]] = []  # printed line, offset in the source that it comes from
    comments = list(file.comments)
    for line in lines:
        while comments and comments[0].span.start < line.start:
            comment = comments.pop(0)
            out.append((_indent_of(comment, line, text) + comment.text.rstrip(), comment.span.start))
        inside: list[n.Comment] = []
        while line.closes and comments and comments[0].span.start < _line_end(text, line.end):
            inside.append(comments.pop(0))
        behind = inside.pop() if inside and inside[-1].span.start >= line.end else None
        out.extend((line.indent + c.text.rstrip(), line.start) for c in inside)
        out.append((f"{line.text}  {behind.text.rstrip()}" if behind else line.text, line.start))
    last = lines[-1].end if lines else 0
    out.extend((_tail_indent(c, last) + c.text.rstrip(), c.span.start) for c in comments)
    return _spaced(out, text)


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


def _column(comment: n.Comment) -> int:
    return comment.span.source.position(comment.span.start)[1] - 1


def _indent_of(comment: n.Comment, following: Line, text: str) -> str:
    """An indented comment before a new definition ends the one above; all others go with what follows."""
    if not following.indent and _column(comment) and text[: comment.span.start].strip():
        return CLAUSE
    return following.indent


def _tail_indent(comment: n.Comment, last: int) -> str:
    return CLAUSE if last and _column(comment) else ""


def _spaced(out: list[tuple[str, int]], text: str) -> str:
    """Blank lines: at most one, kept where it was; always one around a definition that has clauses."""
    printed: list[str] = []
    block = False  # whether the definition above has clauses
    for i, (line, offset) in enumerate(out):
        at_margin = not line.startswith(" ")
        gap = bool(printed) and _blank_before(text, offset)
        if printed and at_margin and not _glued(out, i):
            gap = gap or block or _has_clauses(out, i)
        if gap:
            printed.append("")
        if at_margin:
            block = False
        block = block or not at_margin
        printed.append(line)
    return "\n".join(printed) + "\n" if printed else ""


def _blank_before(text: str, offset: int) -> bool:
    start = text.rfind("\n", 0, offset)
    before = text[: start + 1].rstrip(" \r\t") if start >= 0 else ""
    return before.replace("\r", "").replace(" ", "").endswith("\n\n")


def _glued(out: list[tuple[str, int]], i: int) -> bool:
    """A line at the margin right below a comment at the margin stays with it."""
    return i > 0 and out[i - 1][0].startswith("#")


def _has_clauses(out: list[tuple[str, int]], i: int) -> bool:
    """Whether the definition that begins here (after its comments) has lines under it."""
    while i < len(out) and out[i][0].startswith("#"):
        i += 1
    return i + 1 < len(out) and out[i + 1][0].startswith(" ")


# -- definitions ------------------------------------------------------------------------------------------------


def _definition(definition: n.Definition) -> Iterator[Line]:
    start, end = definition.span.start, definition.span.end
    match definition:
        case n.Import(path=path):
            yield Line(f"import {_quoted(path)}", "", start, end)
            return
        case n.Let(name=name, value=value):
            yield Line(_fitted(f"let {_word(name)} = ", value, ""), "", start, end)
            return
        case n.CalendarDef():
            head = "calendar"
        case n.TestDef(title=title):
            head = f"test {_quoted(title)}"
        case n.ScenarioDef(title=title):
            head = f"scenario {_quoted(title)}"
        case n.SourceDef() | n.KpiDef() | n.ObjectiveDef():
            kind = {n.SourceDef: "source", n.KpiDef: "kpi", n.ObjectiveDef: "objective"}[type(definition)]
            head = _titled(kind, definition.name, definition.title)
        case n.MeasureDef(name=name, title=title, value=value):
            head = _fitted(_titled("measure", name, title) + " = ", value, "")
    yield Line(head, "", start, _head_end(definition))
    for clause in definition.clauses:
        yield from _clause(clause)


def _head_end(definition: n.Definition) -> int:
    """Where the header line's own text ends, so that a comment behind it is told from one below."""
    match definition:
        case n.MeasureDef(value=value):
            return value.span.end
        case n.SourceDef(name=name, title=title) | n.KpiDef(name=name, title=title):
            return (title or name).span.end
        case n.ObjectiveDef(name=name, title=title):
            return (title or name).span.end
        case n.TestDef(title=title) | n.ScenarioDef(title=title):
            return title.span.end
        case _:
            return definition.span.start + len("calendar")


def _titled(kind: str, name: n.Word, title: n.String | None) -> str:
    return f"{kind} {_word(name)}" + (f" {_quoted(title)}" if title else "")


# -- clauses ----------------------------------------------------------------------------------------------------


def _clause(clause: Any) -> Iterator[Line]:
    start, end = clause.span.start, clause.span.end
    block = list(_block(clause))
    first_end = block[0].start if block else end
    word, rest = _said(clause)
    text = _padded(CLAUSE, word, rest)
    yield Line(text, CLAUSE, start, min(end, _line_end(clause.span.source.text, start)) if block else first_end)
    yield from block


def _padded(indent: str, word: str, rest: str) -> str:
    if not rest:
        return indent + word
    return f"{(indent + word).ljust(VALUE_COLUMN - 1)} {rest}"


def _block(clause: Any) -> Iterator[Line]:
    """The indented lines under a clause."""
    match clause:
        case n.By(slices=slices):
            for s in slices:
                promise = _bound(s.bound) + (f", tolerance {_number(s.tolerance.amount)}" if s.tolerance else "")
                yield Line(_padded(BLOCK, _value(s.value), promise), BLOCK, s.span.start, s.span.end)
        case n.Target(milestones=milestones):
            for m in milestones:
                text = f"{BLOCK}{_bound(m.bound)} by {m.by.text}"
                yield Line(text, BLOCK, m.span.start, m.span.end)
        case n.Given(rows=rows):
            columns = max((len(row) for row in rows), default=0)
            widths = [max((len(r[i].text) for r in rows if i < len(r)), default=0) for i in range(columns)]
            for row in rows:
                cells = " | ".join(c.text.ljust(w) for c, w in zip(row, widths, strict=False))
                yield Line(f"{BLOCK}| {cells} |", BLOCK, row[0].span.start, row[-1].span.end)


def _said(clause: Any) -> tuple[str, str]:
    """The word of a clause, and the rest of its line."""
    match clause:
        case n.Description(text=text):
            return "description", _quoted(text)
        case n.Caption(language=language, text=text):
            return "label", f"{_word(language)} {_quoted(text)}"
        case n.Owner(text=text):
            return "owner", _quoted(text)
        case n.Stakeholder(text=text):
            return "stakeholder", _quoted(text)
        case n.Because(text=text):
            return "because", _quoted(text)
        case n.Formula(value=value):
            return "formula", _fitted(" " * VALUE_COLUMN, value, CLAUSE).lstrip()
        case n.UnitClause(unit=unit):
            return "unit", unit.text
        case n.FiscalYear(month=month):
            return f"fiscal year starts in {_word(month)}", ""
        case n.WeekStart(day=day):
            return f"weeks start on {_word(day)}", ""
        case n.TimeZone(name=name):
            return f"time zone {name.text}", ""
        case n.Draft():
            return "draft", ""
        case n.Role(kind=kind):
            return kind, ""
        case n.Stage(name=name):
            return "stage", _word(name)
        case n.Review(grain=grain):
            return "review", f"every {_word(grain)}"
        case n.Deprecated(until=until, use=use):
            words = [f"until {until.text}"] if until else []
            return "deprecated", " ".join(words + ([f"use {_word(use)}"] if use else []))
        case n.Member(kpi=kpi, weight=weight):
            return "kpi", _word(kpi) + (f" weight {_number(weight)}" if weight else "")
        case n.Met(kind=kind, share=share):
            asked = f"at least {_number(share)} are" if share else {"all": "all are", "any": "any is"}[kind]
            return "met", f"when {asked} met"
        case _:
            return _said_of_source(clause) or _said_of_promise(clause) or _said_of_test(clause)


def _said_of_source(clause: Any) -> tuple[str, str] | None:
    match clause:
        case n.FromFiles(pattern=pattern, options=options):
            return "from", " ".join([_quoted(pattern), *(f"{word} {_quoted(value)}" for word, value in options)])
        case n.FromTable(table=table, connection=connection):
            return "from", f"table {_quoted(table)}" + (f" in {_word(connection)}" if connection else "")
        case n.FromSource(source=source, keys=keys):
            return "from", f"{_word(source)} by {', '.join(map(_word, keys))}"
        case n.TimeColumn(column=column):
            return "time", _word(column)
        case n.ChannelColumn(column=column):
            return "channel", _word(column)
        case n.Row(thing=thing):
            return "row", _word(thing)
        case n.Key(columns=columns):
            return "key", ", ".join(map(_word, columns))
        case n.BelongsTo(target=target, column=column, far=far):
            return "belongs to", f"{_word(target)} by {_word(column)}" + (f" = {_word(far)}" if far else "")
        case n.Column(name=name, value=value) if value is not None:
            return "column", _fitted(f"{' ' * VALUE_COLUMN}{_word(name)} = ", value, CLAUSE).lstrip()
        case n.Column(name=name, type=type_, identity=identity):
            said = f"id of {_word(identity)}" if identity else type_.text if type_ else ""
            return "column", f"{_word(name)} {said}".rstrip()
        case n.Fresh(amount=amount):
            return "fresh", f"within {_number(amount)}"
        case n.Complete(grain=grain):
            return "complete", f"every {_word(grain)}"
        case n.Check(condition=condition):
            return "check", _fitted(" " * VALUE_COLUMN, condition, CLAUSE).lstrip()
        case n.OnlyChannel(values=values):
            return "channel", ", ".join(map(_value, values))
    return None


def _said_of_promise(clause: Any) -> tuple[str, str] | None:
    match clause:
        case n.Target(bound=bound):
            return "target", _bound(bound) if bound else ""
        case n.Tolerance(amount=amount):
            return "tolerance", _number(amount)
        case n.Measured(kind="cumulatively"):
            return "measured", "cumulatively"
        case n.Measured(kind="last", amount=amount) if amount:
            return "measured", f"over the last {_number(amount)}"
        case n.Measured(grain=grain) if grain:
            return "measured", f"every {_word(grain)}"
        case n.From(period=period):
            return "from", period.text
        case n.Deadline(period=period):
            return "deadline", period.text
        case n.Baseline(value=value):
            return "baseline", value if isinstance(value, str) else expression(value)
        case n.Pace(kind=kind):
            return "pace", kind
        case n.By(dimensions=dimensions):
            return "by", " and ".join(map(expression, dimensions))
    return None


def _said_of_test(clause: Any) -> tuple[str, str]:
    match clause:
        case n.Given(source=source):
            return "given", _word(source)
        case n.AsOf(period=period):
            return "as of", period.text
        case n.Set(name=name, value=value):
            return "set", f"{_word(name)} = {expression(value)}"
        case n.Solve(unknown=unknown, kpi=kpi, value=value):
            return "solve", f"{_word(unknown)} for {_word(kpi)} = {expression(value)}"
        case n.Expect():
            return "expect", _expected(clause)
    raise AssertionError(f"no layout for {type(clause).__name__}")


def _expected(expect: n.Expect) -> str:
    if expect.kpi is None:
        return expression(expect.value) if expect.value else ""
    said = _word(expect.kpi)
    said += f" for {_value(expect.slice)}" if expect.slice else ""
    said += f" in {expect.period.text}" if expect.period else ""
    said += f" = {expression(expect.value)}" if expect.value else ""
    return said + ((", " if expect.value else " ") + expect.word if expect.word else "")


def _bound(bound: n.Bound) -> str:
    high = f" and {expression(bound.high)}" if bound.high else ""
    return f"{bound.direction} {expression(bound.value)}{high}"


# -- words and expressions --------------------------------------------------------------------------------------


def _quoted(text: n.String) -> str:
    escaped = text.text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _word(word: n.Word) -> str:
    """A name; backticks where they are needed, or where the author wrote them to keep a keyword apart."""
    return f"`{word.text}`" if word.span.text.startswith("`") or not _PLAIN.fullmatch(word.text) else word.text


def _value(value: n.Word | n.String) -> str:
    return _quoted(value) if isinstance(value, n.String) else _word(value)


def _path(name: n.Name) -> str:
    quoted = set(re.findall(r"`([^`\n]+)`", name.span.text))
    return ".".join(f"`{p}`" if p in quoted or not _PLAIN.fullmatch(p) else p for p in name.parts)


def _number(number: n.Number) -> str:
    if number.unit is None:
        return number.text
    return number.text + ("%" if number.unit.text == "%" else f" {number.unit.text}")


def _fitted(lead: str, value: n.Expression, indent: str) -> str:
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
        case n.Binary(op=op, left=left, right=right) if _looseness(left) >= _BINDING[op] and _BINDING[op] != 4:
            same = isinstance(left, n.Binary) and _BINDING[left.op] == _BINDING[op]
            return [*(_parts(left) if same else [_operand(left, _BINDING[op])]),
                    f"{op} {_operand(right, _BINDING[op] + 1)}"]  # fmt: skip
        case _:
            return [expression(value)]


def expression(value: n.Expression) -> str:
    """An expression on one line."""
    match value:
        case n.Name():
            return _path(value)
        case n.Number():
            return _number(value)
        case n.String():
            return _quoted(value)
        case n.PeriodText(text=text):
            return text
        case n.Call(name=name, args=args, by=by):
            weight = f" by {expression(by)}" if by else ""
            return f"{name.text}({', '.join(map(expression, args))}{weight})"
        case n.Unary(op="not", operand=operand):
            return f"not {_operand(operand, 3)}"
        case n.Unary(operand=operand):
            return f"-{_operand(operand, 7)}"
        case n.Binary(op=op, left=left, right=right):
            level = _BINDING[op]
            return f"{_operand(left, level + (level == 4))} {op} {_operand(right, level + 1)}"
        case n.Group(inner=inner):
            return f"({expression(inner)})"
        case n.Where(subject=subject, condition=condition):
            return f"{_operand(subject, 1)} where {_operand(condition, 1)}"
        case n.Default(subject=subject, value=number):
            return f"{expression(subject)} default {_number(number)}"
        case n.When(branches=branches, otherwise=otherwise):
            said = " ".join(f"when {_operand(c, 1)} then {_operand(v, 1)}" for c, v in branches)
            return said + (f" otherwise {_operand(otherwise, 1)}" if otherwise else "")
        case _:
            return _tested(value)


def _tested(value: n.In | n.Between | n.Missing) -> str:
    subject = _operand(value.subject, 5)
    negation = "not " if value.negated else ""
    match value:
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
            return _BINDING[op]
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
