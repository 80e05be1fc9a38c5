"""Write a file in the one canonical layout. There are no options.

Two spaces before a clause, values at one fixed column, so that adding a clause never moves another line;
nothing is aligned across lines but the cells of a table. Order, comments and wording stay as the author has
them. The proof is part of the stage: `proved` accepts a layout only when it reads back as the same file and
formatting it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from kpidsl.diagnostics import Report, Source
from kpidsl.syntax import nodes as n
from kpidsl.syntax.known import known
from kpidsl.syntax.layout import CLAUSE, Line, line_end, with_comments
from kpidsl.syntax.parse import parse
from kpidsl.syntax.written import a_cell, a_number, a_value, a_word, expression, fitted, quoted

BLOCK = "    "
VALUE_COLUMN = 14


def format_file(file: n.File) -> str:
    """The canonical text of a file that was read without errors; ends with one line end unless it is
    empty."""
    lines = [line for definition in file.definitions for line in _definition(definition)]
    return with_comments(file, lines)


def proved(source: Source) -> str | None:
    """The canonical text of a source, or None when it does not parse.

    AssertionError would mean a fault of this module: the text read back is not the same file, a comment was
    lost, or a second run changed something. It is never written then.
    """
    report = Report()
    memory = known(source.name)
    before = parse(source, report, memory)
    if report.errors:
        return None
    text = format_file(before)
    again = parse(Source(source.name, text), report, memory)
    if report.errors or _bare(again) != _bare(before):
        raise AssertionError(f"formatting {source.name} would change its meaning")
    if sorted(c.text for c in again.comments) != sorted(c.text.rstrip() for c in before.comments):
        raise AssertionError(f"formatting {source.name} would lose a comment")
    if format_file(again) != text:
        raise AssertionError(f"formatting {source.name} is not stable")
    if memory:
        memory.save()
    return text


def _bare(value: Any) -> Any:
    """A tree without parentheses, which the layout may add around long formulas; precedence is in the
    tree."""
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


# -- definitions
# ------------------------------------------------------------------------------------------------


_KINDS: dict[type[n.Node], str] = {
    n.SourceDef: "source",
    n.KpiDef: "kpi",
    n.ObjectiveDef: "objective",
    n.PeriodDef: "period",
}


def _definition(definition: n.Definition) -> Iterator[Line]:
    start, end = definition.span.start, definition.span.end
    match definition:
        case n.Import(path=path):
            yield Line(f"import {quoted(path)}", "", start, end)
            return
        case n.Let(name=name, value=value):
            yield Line(fitted(f"let {a_word(name)} = ", value, ""), "", start, end)
            return
        case n.CalendarDef():
            head = "calendar"
        case n.PeriodDef(clauses=(n.Occurrence() as once,)):
            head = f"{_titled('period', definition.name, definition.title)} {' '.join(_said(once))}"
            yield Line(head, "", start, end)
            return
        case n.TestDef(title=title):
            head = f"test {quoted(title)}"
        case n.ScenarioDef(title=title):
            head = f"scenario {quoted(title)}"
        case n.SourceDef() | n.KpiDef() | n.ObjectiveDef() | n.PeriodDef():
            kind = _KINDS[type(definition)]
            head = _titled(kind, definition.name, definition.title)
        case n.MeasureDef(name=name, title=title, value=value):
            head = fitted(_titled("measure", name, title) + " = ", value, "")
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
        case n.ObjectiveDef(name=name, title=title) | n.PeriodDef(name=name, title=title):
            return (title or name).span.end
        case n.TestDef(title=title) | n.ScenarioDef(title=title):
            return title.span.end
        case _:
            return definition.span.start + len("calendar")


def _titled(kind: str, name: n.Word, title: n.String | None) -> str:
    return f"{kind} {a_word(name)}" + (f" {quoted(title)}" if title else "")


# -- clauses
# ----------------------------------------------------------------------------------------------------


def _clause(clause: Any) -> Iterator[Line]:
    start, end = clause.span.start, clause.span.end
    block = list(_block(clause))
    first_end = block[0].start if block else end
    word, rest = _said(clause)
    text = _padded(CLAUSE, word, rest)
    yield Line(
        text, CLAUSE, start, min(end, line_end(clause.span.source.text, start)) if block else first_end
    )
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
                promise = _bound(s.bound) + (
                    f", tolerance {a_number(s.tolerance.amount)}" if s.tolerance else ""
                )
                yield Line(_padded(BLOCK, a_value(s.value), promise), BLOCK, s.span.start, s.span.end)
        case n.Target(milestones=milestones):
            for m in milestones:
                when = f"in {m.period.text}" if isinstance(m, n.Level) else f"by {m.by.text}"
                yield Line(f"{BLOCK}{_bound(m.bound)} {when}", BLOCK, m.span.start, m.span.end)
        case n.Pace(parts=parts):
            for part in parts:
                text = f"{BLOCK}{a_number(part.share)} by {part.by.text}"
                yield Line(text, BLOCK, part.span.start, part.span.end)
        case n.Given(rows=rows):
            columns = max((len(row) for row in rows), default=0)
            told = [[a_cell(cell.text) for cell in row] for row in rows]
            widths = [max((len(r[i]) for r in told if i < len(r)), default=0) for i in range(columns)]
            for row, texts in zip(rows, told, strict=True):
                cells = " | ".join(text.ljust(w) for text, w in zip(texts, widths, strict=False))
                yield Line(f"{BLOCK}| {cells} |", BLOCK, row[0].span.start, row[-1].span.end)


def _said(clause: Any) -> tuple[str, str]:
    """The word of a clause, and the rest of its line."""
    match clause:
        case n.Description(text=text):
            return "description", quoted(text)
        case n.Caption(language=language, text=text):
            return "label", f"{a_word(language)} {quoted(text)}"
        case n.Owner(text=text):
            return "owner", quoted(text)
        case n.Stakeholder(text=text):
            return "stakeholder", quoted(text)
        case n.Because(text=text):
            return "because", quoted(text)
        case n.Formula(value=value):
            return "formula", fitted(" " * VALUE_COLUMN, value, CLAUSE).lstrip()
        case n.UnitClause(unit=unit):
            return "unit", unit.text
        case n.FiscalYear(month=month):
            return f"fiscal year starts in {a_word(month)}", ""
        case n.WeekStart(day=day):
            return f"weeks start on {a_word(day)}", ""
        case n.TimeZone(name=name):
            return f"time zone {name.text}", ""
        case n.RetailYears() | n.Weekend() | n.Holidays() | n.Holiday():
            return _said_of_calendar(clause), ""
        case n.Occurrence(start=start, end=end):
            return "from", f"{start.text} to {end.text}"
        case n.Draft():
            return "draft", ""
        case n.Role(kind=kind):
            return kind, ""
        case n.Stage(name=name):
            return "stage", a_word(name)
        case n.Review(grain=grain):
            return "review", f"every {a_word(grain)}"
        case n.Deprecated(until=until, use=use):
            words = [f"until {until.text}"] if until else []
            return "deprecated", " ".join(words + ([f"use {a_word(use)}"] if use else []))
        case n.Member():
            return _member(clause)
        case n.Met(kind=kind, share=share):
            asked = f"at least {a_number(share)} are" if share else {"all": "all are", "any": "any is"}[kind]
            return "met", f"when {asked} met"
        case _:
            return _said_of_source(clause) or _said_of_promise(clause) or _said_of_test(clause)


def _said_of_calendar(clause: n.RetailYears | n.Weekend | n.Holidays | n.Holiday) -> str:
    match clause:
        case n.RetailYears(day=day, month=month):
            said = f"retail years {clause.pattern.text}"
            if day is not None and month is not None:
                end = f"{a_word(day)} nearest the end of" if clause.nearest else f"last {a_word(day)} of"
                said += f" ending on the {end} {a_word(month)}"
            return said + (" compared 52 weeks apart" if clause.apart else "")
        case n.Weekend(days=days):
            return f"weekend {', '.join(map(a_word, days))}"
        case n.Holidays(place=place):
            return f"holidays {place.text}"
        case n.Holiday(period=period, title=title):
            return f"holiday {period.text}" + (f" {quoted(title)}" if title else "")


def _member(member: n.Member) -> tuple[str, str]:
    said = a_word(member.kpi) + (f" weight {a_number(member.weight)}" if member.weight else "")
    said += " key" * member.key + " for information" * member.information
    return "objective" if member.objective else "kpi", said


def _said_of_source(clause: Any) -> tuple[str, str] | None:
    match clause:
        case n.FromFiles(pattern=pattern, options=options):
            return "from", " ".join(
                [quoted(pattern), *(f"{word} {quoted(value)}" for word, value in options)]
            )
        case n.FromTable(table=table, connection=connection):
            return "from", f"table {quoted(table)}" + (f" in {a_word(connection)}" if connection else "")
        case n.FromSource(source=source, keys=keys):
            return "from", f"{a_word(source)} by {', '.join(map(a_word, keys))}"
        case n.TimeColumn(column=column):
            return "time", a_word(column)
        case n.ChannelColumn(column=column):
            return "channel", a_word(column)
        case n.Row(thing=thing):
            return "row", a_word(thing)
        case n.Key(columns=columns, otherwise=otherwise):
            return "key", ", ".join(map(a_word, columns)) + _otherwise(otherwise)
        case n.BelongsTo(target=target, column=column, far=far):
            return "belongs to", f"{a_word(target)} by {a_word(column)}" + (
                f" = {a_word(far)}" if far else ""
            )
        case n.Column(name=name, value=value) if value is not None:
            return "column", fitted(f"{' ' * VALUE_COLUMN}{a_word(name)} = ", value, CLAUSE).lstrip()
        case n.Column(name=name, type=type_, identity=identity):
            said = f"id of {a_word(identity)}" if identity else type_.text if type_ else ""
            return "column", f"{a_word(name)} {said}".rstrip()
        case n.Fresh(amount=amount, otherwise=otherwise):
            return "fresh", f"within {a_number(amount)}{_otherwise(otherwise)}"
        case n.Complete(grain=grain, otherwise=otherwise):
            return "complete", f"every {a_word(grain)}{_otherwise(otherwise)}"
        case n.Check(condition=condition, otherwise=otherwise):
            said = fitted(" " * VALUE_COLUMN, condition, CLAUSE).lstrip()
            return "check", said + _otherwise(otherwise)
        case n.Volume(grain=grain, otherwise=otherwise):
            return "rows", f"{_volume(clause)} every {a_word(grain)}{_otherwise(otherwise)}"
        case n.Scale(column=column, low=low, high=high):
            return "scale", f"{a_word(column)} from {expression(low)} to {expression(high)}"
        case n.OnlyChannel(values=values):
            return "channel", ", ".join(map(a_value, values))
    return None


def _otherwise(consequence: str | None) -> str:
    return "" if consequence is None else f" else {consequence}"


def _volume(clause: n.Volume) -> str:
    low, high = clause.low, clause.high
    if low is not None and high is not None:
        return f"between {a_number(low)} and {a_number(high)}"
    return f"at least {a_number(low)}" if low is not None else f"at most {a_number(high)}" if high else ""


def _said_of_promise(clause: Any) -> tuple[str, str] | None:
    match clause:
        case n.Target(bound=bound):
            return "target", _bound(bound) if bound else ""
        case n.Tolerance(amount=amount):
            return "tolerance", a_number(amount)
        case n.Measured(kind="cumulatively"):
            return "measured", "cumulatively"
        case n.Measured(kind="last", amount=amount) if amount:
            return "measured", f"over the last {a_number(amount)}"
        case n.Measured(grain=grain) if grain:
            retail = grain.span.text.startswith("retail")
            return "measured", f"every {grain.text if retail else a_word(grain)}"
        case n.From(period=period):
            return "from", period.text
        case n.Deadline(period=period):
            return "deadline", period.text
        case n.Baseline(value=value):
            return "baseline", value if isinstance(value, str) else expression(value)
        case n.Pace(kind=kind):
            return "pace", "" if kind == "schedule" else kind
        case n.Confident(level=level):
            return "confident", a_number(level)
        case n.SampleAtLeast(amount=amount):
            return "sample", f"at least {a_number(amount)}"
        case n.Projection(forecast=forecast, level=level):
            at = f" at {a_number(level)}" if level else ""
            return "projection", f"forecast{at}" if forecast else "from pace"
        case n.By(dimensions=dimensions):
            return "by", " and ".join(map(expression, dimensions))
    return None


def _said_of_test(clause: Any) -> tuple[str, str]:
    match clause:
        case n.Given(source=source):
            return "given", a_word(source)
        case n.AsOf(period=period):
            return "as of", period.text
        case n.Set(name=name, value=value, how=how, slice=part):
            where = f" for {a_value(part)}" if part else ""
            return "set", f"{a_word(name)}{where} {how} {expression(value)}"
        case n.Solve(unknown=unknown, kpi=kpi, value=value):
            return "solve", f"{a_word(unknown)} for {a_word(kpi)} = {expression(value)}"
        case n.Expect():
            return "expect", _expected(clause)
    raise AssertionError(f"no layout for {type(clause).__name__}")


def _expected(expect: n.Expect) -> str:
    if expect.finding is not None:
        return f"diagnostic {expect.finding.text}"
    if expect.kpi is None:
        word = f", {expect.word}" if expect.word else ""
        return (expression(expect.value) if expect.value else "") + word
    said = a_word(expect.kpi)
    said += f" for {a_value(expect.slice)}" if expect.slice else ""
    said += f" in {expect.period.text}" if expect.period else ""
    said += f" = {expression(expect.value)}" if expect.value else ""
    said += " = no value" if expect.absent else ""
    said += f" within {a_number(expect.within)}" if expect.within else ""
    comma = ", " if expect.value or expect.absent else " "
    return said + (comma + expect.word if expect.word else "")


def _bound(bound: n.Bound) -> str:
    high = f" and {expression(bound.high)}" if bound.high else ""
    return f"{bound.direction} {expression(bound.value)}{high}"
