"""From tokens to nodes while a text is read: no tree in between.

The method named like a terminal of the grammar is called when such a token is read, and the one named like a
rule or an alias when it is complete: a list of what stood there goes in, a node (or a longer list) comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from kpidsl.diagnostics import Source, Span
from kpidsl.syntax import nodes
from kpidsl.syntax.machine import Token
from kpidsl.syntax.precedence import Arguments, Flat, Misplaced, Sign, settle, settle_range

_PARTS = re.compile(r"`([^`\n]+)`|([^`.\n]+)")
_CELL = re.compile(r"((?:\\.|[^|\\])*)\|")
_CELL_ESCAPE = re.compile(r"\\([\\|#])")
_ESCAPE = re.compile(r'\\(["\\])')
_PERIOD = re.compile(
    r"(?:FY)?\d{4}(?:-(?:H[12]|Q[1-4]|W\d\d|\d\d(?:-\d\d)?))?|RY\d{4}(?:-(?:H[12]|Q[1-4]|[PW]\d\d))?"
)
_MONTH = re.compile(r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w{0,6}")
_PLAIN = re.compile(r"[^\W\d]\w*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LAYOUT = frozenset(["_NL", "_DEDENT"])

Items = list[Any]
"""What stood there: tokens, nodes and lists of them."""


def _words(token: Token) -> str:
    return " ".join(token.text.split())


def _otherwise(items: Items) -> nodes.Consequence | None:
    """What a promise of a source says to follow: `else stale` stands before the line end."""
    token = items[-2]
    if not isinstance(token, Token) or token.kind != "ELSE":
        return None
    return "stale" if token.text.endswith("stale") else "warn"


def _said(kind: Callable[[Span, Any], nodes.Node], at: int = 1) -> Callable[[Builder, Items], nodes.Node]:
    """Builds a clause of one value, which stands as the item with that number."""
    return lambda builder, items: kind(builder._span(items), items[at])


def _named(
    kind: Callable[[Span, nodes.Word], nodes.Node], at: int = 1
) -> Callable[[Builder, Items], nodes.Node]:
    """Builds a clause of one plain name."""
    return lambda builder, items: kind(builder._span(items), builder._word(items[at]))


def _defined(kind: Callable[..., nodes.Node]) -> Callable[[Builder, Items], nodes.Node]:
    """Builds a definition of a name, perhaps a title, and clauses."""
    return lambda builder, items: kind(
        builder._span(items), builder._word(items[1]), _title(items), _clauses(items)
    )


def _titled(kind: Callable[..., nodes.Node]) -> Callable[[Builder, Items], nodes.Node]:
    """Builds a definition of a title and clauses."""
    return lambda builder, items: kind(builder._span(items), items[1], _clauses(items))


class Builder:
    """Builds the nodes of one definition after the other; `source` is the text they stand in."""

    source: Source
    signs: int
    """How many operators and parentheses were read: a bound for how deep nodes are nested."""

    # -- places ----------------------------------------------------------------------------------------------

    def _span(self, items: Items) -> Span:
        """From the first item, a token, to the last one that is no line end."""
        last = items[-1]
        if isinstance(last, Token) and last.kind in _LAYOUT:
            last = items[-2]
        while isinstance(last, list):
            last = last[-1]
        first = items[0]
        start = first.start if isinstance(first, Token) else first.span.start
        return Span(self.source, start, last.end if isinstance(last, Token) else last.span.end)

    # -- the smallest pieces ---------------------------------------------------------------------------------

    def NAME(self, text: str, start: int, end: int) -> nodes.Name:
        if "`" in text or "." in text:
            parts = tuple(quoted or plain for quoted, plain in _PARTS.findall(text))
            return nodes.Name(Span(self.source, start, end), parts)
        return nodes.Name(Span(self.source, start, end), (text,))

    def NUMBER(self, text: str, start: int, end: int) -> nodes.Number:
        return nodes.Number(Span(self.source, start, end), text, None)

    def STRING(self, text: str, start: int, end: int) -> nodes.String:
        inner = text[1:-1]
        return nodes.String(
            Span(self.source, start, end), _ESCAPE.sub(r"\1", inner) if "\\" in inner else inner
        )

    def PERIOD(self, text: str, start: int, end: int) -> nodes.PeriodText:
        if not _PERIOD.fullmatch(text):
            raise Misplaced("period", Span(self.source, start, end))
        return nodes.PeriodText(Span(self.source, start, end), text)

    def YEAR(self, text: str, start: int, end: int) -> nodes.PeriodText:
        return nodes.PeriodText(Span(self.source, start, end), text)

    def UNIT(self, text: str, start: int, end: int) -> nodes.UnitText:
        return nodes.UnitText(Span(self.source, start, end), " ".join(text.split()))

    def RETAIL(self, text: str, start: int, end: int) -> nodes.Word:
        return nodes.Word(Span(self.source, start, end), " ".join(text.split()))

    PATTERN = RETAIL

    def PLACE(self, text: str, start: int, end: int) -> nodes.String:
        return nodes.String(Span(self.source, start, end), " ".join(text.split()))

    def LANGUAGE(self, text: str, start: int, end: int) -> nodes.Word:
        return nodes.Word(Span(self.source, start, end), text)

    def ZONE(self, text: str, start: int, end: int) -> nodes.String:
        return nodes.String(Span(self.source, start, end), text)

    def OPERATOR(self, text: str, start: int, end: int) -> Sign:
        self.signs += 1
        return Sign(text if len(text) < 4 else " ".join(text.split()), Span(self.source, start, end))

    PREFIX = MISSING = MEMBERSHIP = OPERATOR

    def _word(self, name: nodes.Name) -> nodes.Word:
        if len(name.parts) > 1:
            raise Misplaced("path", name.span)
        return nodes.Word(name.span, name.parts[0])

    def _value(self, item: nodes.Name | nodes.String) -> nodes.Word | nodes.String:
        return self._word(item) if isinstance(item, nodes.Name) else item

    # -- lists -----------------------------------------------------------------------------------------------

    def first(self, items: Items) -> Items:
        return items

    def more(self, items: Items) -> Items:
        row: Items = items[0]
        row.append(items[1])
        return row

    def first_row(self, items: Items) -> Items:
        return items[:1]

    def next(self, items: Items) -> Items:
        row: Items = items[0]
        row.append(items[2])
        return row

    # -- expressions: flat until something asks for the value ------------------------------------------------

    prefixed = more

    def operation(self, items: Items) -> Flat:
        row: Flat = items[0]
        row += items[1:]
        return row

    def prefixed_operation(self, items: Items) -> Flat:
        row: Flat
        row, operator, prefix, operand = items
        row.append(operator)
        row += prefix
        row.append(operand)
        return row

    def membership(self, items: Items) -> Flat:
        row: Flat
        row, sign, _, inner, right = items
        span = Span(self.source, sign.span.start, right.end)
        row.append(Sign(sign.text, span, self._arguments(inner)))
        return row

    def within(self, items: Items) -> Flat:
        row: Flat
        row, sign, period = items
        row.append(Sign(sign.text, sign.span.to(period.span), (period,)))
        return row

    def pair(self, items: Items) -> Arguments:
        return Arguments([settle(items[0]), settle(items[2])])

    def next_argument(self, items: Items) -> Arguments:
        arguments: Arguments = items[0]
        arguments.append(settle(items[2]))
        return arguments

    def _arguments(self, item: Arguments | Flat) -> tuple[nodes.Expression, ...]:
        return tuple(item) if isinstance(item, Arguments) else (settle(item),)

    def quantity(self, items: Items) -> nodes.Number:
        number, unit = items
        return nodes.Number(number.span.to(unit.span), number.text, unit)

    def group(self, items: Items) -> nodes.Group:
        self.signs += 1
        return nodes.Group(self._span(items), settle(items[1]))

    def call(self, items: Items) -> nodes.Call:
        self.signs += 1
        function = items[0]
        name = nodes.Word(
            Span(self.source, function.start, function.end - 1), " ".join(function.text[:-1].split())
        )
        args = self._arguments(items[1]) if len(items) > 2 else ()
        by = settle(items[3]) if len(items) > 3 else None
        return nodes.Call(self._span(items), name, args, by)

    def path(self, items: Items) -> nodes.Call:
        self.signs += 1
        within = items[3]
        name = nodes.Word(
            Span(self.source, items[0].start, items[0].end - 1), " ".join(items[0].text[:-1].split())
        )
        of = settle(items[5]) if len(items) > 5 else None
        return nodes.Call(self._span(items), name, self._arguments(items[1]), None, within, of)

    def alone(self, items: Items) -> nodes.Expression:
        return settle(items[0])

    # -- definitions -----------------------------------------------------------------------------------------

    import_ = _said(nodes.Import)

    def let(self, items: Items) -> nodes.Let:
        return nodes.Let(self._span(items), self._word(items[1]), settle(items[3]))

    def calendar(self, items: Items) -> nodes.CalendarDef:
        return nodes.CalendarDef(self._span(items), _clauses(items))

    source_ = _defined(nodes.SourceDef)
    kpi = _defined(nodes.KpiDef)
    named = _defined(nodes.PeriodDef)

    def named_once(self, items: Items) -> nodes.PeriodDef:
        title = _title(items)
        word, start, _, end = items[3:7] if title else items[2:6]
        once = nodes.Occurrence(Span(self.source, word.start, end.span.end), start, end)
        clauses = _clauses(items)
        span = Span(self.source, items[0].start, (clauses[-1] if clauses else once).span.end)
        return nodes.PeriodDef(span, self._word(items[1]), title, (once, *clauses))

    objective = _defined(nodes.ObjectiveDef)

    def measure(self, items: Items) -> nodes.MeasureDef:
        title = _title(items)
        flat = items[4] if title else items[3]
        clauses = _clauses(items)
        value = settle(flat)
        span = Span(self.source, items[0].start, clauses[-1].span.end if clauses else value.span.end)
        return nodes.MeasureDef(span, self._word(items[1]), title, value, clauses)

    test = _titled(nodes.TestDef)
    scenario = _titled(nodes.ScenarioDef)

    # -- calendar --------------------------------------------------------------------------------------------

    fiscal_year = _named(nodes.FiscalYear)
    week_start = _named(nodes.WeekStart)
    time_zone = _said(nodes.TimeZone)

    def retail_years(self, items: Items) -> nodes.RetailYears:
        return nodes.RetailYears(self._span(items), items[1], apart=len(items) > 3)

    def retail_last(self, items: Items) -> nodes.RetailYears:
        day, month = self._word(items[4]), self._word(items[6])
        return nodes.RetailYears(self._span(items), items[1], day, month, False, len(items) > 8)

    def retail_nearest(self, items: Items) -> nodes.RetailYears:
        day, month = self._word(items[3]), self._word(items[5])
        return nodes.RetailYears(self._span(items), items[1], day, month, True, len(items) > 7)

    def weekend(self, items: Items) -> nodes.Weekend:
        return nodes.Weekend(self._span(items), tuple(self._word(name) for name in items[1]))

    holidays = _said(nodes.Holidays)

    def holiday(self, items: Items) -> nodes.Holiday:
        return nodes.Holiday(self._span(items), items[1], items[2] if len(items) > 3 else None)

    def occurrence(self, items: Items) -> nodes.Occurrence:
        return nodes.Occurrence(self._span(items), items[1], items[3])

    # -- clauses that several definitions share --------------------------------------------------------------

    description = _said(nodes.Description)

    def label(self, items: Items) -> nodes.Caption:
        return nodes.Caption(self._span(items), items[1], items[2])

    owner = _said(nodes.Owner)
    unit = _said(nodes.UnitClause)

    def formula(self, items: Items) -> nodes.Formula:
        value = settle(items[1])
        return nodes.Formula(Span(self.source, items[0].start, value.span.end), value)

    stakeholder = _said(nodes.Stakeholder)
    review = _named(nodes.Review, at=2)
    because = _said(nodes.Because)

    # -- source ----------------------------------------------------------------------------------------------

    def files(self, items: Items) -> nodes.FromFiles:
        options = items[2] if len(items) > 3 else []
        pairs = zip(options[::2], options[1::2], strict=True)
        return nodes.FromFiles(
            self._span(items), items[1], tuple((_words(word), text) for word, text in pairs)
        )

    def first_option(self, items: Items) -> Items:
        return items

    def more_options(self, items: Items) -> Items:
        row: Items = items[0]
        row += items[1:]
        return row

    def table(self, items: Items) -> nodes.FromTable:
        connection = self._word(items[4]) if len(items) > 4 else None
        return nodes.FromTable(self._span(items), items[2], connection)

    def grouped(self, items: Items) -> nodes.FromSource:
        keys = tuple(self._word(name) for name in items[3])
        return nodes.FromSource(self._span(items), self._word(items[1]), keys)

    time = _named(nodes.TimeColumn)
    column_channel = _named(nodes.ChannelColumn)
    row = _named(nodes.Row)

    def key(self, items: Items) -> nodes.Key:
        return nodes.Key(self._span(items), tuple(self._word(name) for name in items[1]), _otherwise(items))

    def belongs(self, items: Items) -> nodes.BelongsTo:
        far = self._word(items[5]) if len(items) > 5 else None
        return nodes.BelongsTo(self._span(items), self._word(items[1]), self._word(items[3]), far)

    def typed_column(self, items: Items) -> nodes.Column:
        return nodes.Column(self._span(items), self._word(items[1]), type=items[2])

    def identity_column(self, items: Items) -> nodes.Column:
        return nodes.Column(self._span(items), self._word(items[1]), identity=self._word(items[3]))

    def computed_column(self, items: Items) -> nodes.Column:
        value = settle(items[3])
        span = Span(self.source, items[0].start, value.span.end)
        return nodes.Column(span, self._word(items[1]), value=value)

    def fresh(self, items: Items) -> nodes.Fresh:
        return nodes.Fresh(self._span(items), items[2], _otherwise(items))

    def complete(self, items: Items) -> nodes.Complete:
        return nodes.Complete(self._span(items), self._word(items[2]), _otherwise(items))

    def check(self, items: Items) -> nodes.Check:
        condition, otherwise = settle(items[1]), _otherwise(items)
        end = condition.span.end if otherwise is None else items[2].end
        return nodes.Check(Span(self.source, items[0].start, end), condition, otherwise)

    def rows_at_least(self, items: Items) -> nodes.Volume:
        return nodes.Volume(self._span(items), items[2], None, self._word(items[4]), _otherwise(items))

    def rows_at_most(self, items: Items) -> nodes.Volume:
        return nodes.Volume(self._span(items), None, items[2], self._word(items[4]), _otherwise(items))

    def rows_between(self, items: Items) -> nodes.Volume:
        return nodes.Volume(self._span(items), items[2], items[4], self._word(items[6]), _otherwise(items))

    def scale(self, items: Items) -> nodes.Scale:
        return nodes.Scale(self._span(items), self._word(items[1]), items[3], items[5])

    def limit(self, items: Items) -> nodes.Expression:
        number: nodes.Expression = items[0]
        return number

    def NEGATIVE(self, text: str, start: int, end: int) -> nodes.Unary:
        number = nodes.Number(Span(self.source, start + 1, end), text[1:], None)
        return nodes.Unary(Span(self.source, start, end), "-", number)

    # -- promises --------------------------------------------------------------------------------------------

    target = _said(nodes.Target)

    def schedule(self, items: Items) -> nodes.Target:
        return nodes.Target(self._span(items), None, tuple(items[2]))

    def milestone(self, items: Items) -> nodes.Milestone:
        bound, _, period, _ = items
        return nodes.Milestone(bound.span.to(period.span), bound, period)

    def level(self, items: Items) -> nodes.Level:
        token, flat, _ = items
        when = flat.pop()
        if not isinstance(when, Sign) or when.text != "in" or when.span.text.endswith(")"):
            last = when.span if flat or isinstance(when, Sign) else Span(self.source, token.start, token.end)
            raise Misplaced("level", last)
        bound, period = self.bound([token, flat]), self.period(list(when.items))
        return nodes.Level(bound.span.to(period.span), bound, period)

    def bound(self, items: Items) -> nodes.Bound:
        token, flat = items
        direction = _words(token)
        high = None
        if direction == "between":
            value, high = settle_range(flat)
        else:
            value = settle(flat)
        return nodes.Bound(Span(self.source, token.start, (high or value).span.end), direction, value, high)

    tolerance = _said(nodes.Tolerance)

    def measured_every(self, items: Items) -> nodes.Measured:
        word = items[2] if isinstance(items[2], nodes.Word) else self._word(items[2])
        return nodes.Measured(self._span(items), "every", grain=word)

    def measured_cumulatively(self, items: Items) -> nodes.Measured:
        return nodes.Measured(self._span(items), "cumulatively")

    def measured_last(self, items: Items) -> nodes.Measured:
        return nodes.Measured(self._span(items), "last", amount=items[2])

    start = _said(nodes.From)
    deadline = _said(nodes.Deadline)

    def baseline(self, items: Items) -> nodes.Baseline:
        keyword, value, _ = items
        if isinstance(value, Token):
            return nodes.Baseline(Span(self.source, keyword.start, value.end), _words(value))
        value = settle(value)
        if isinstance(value, nodes.Number) and value.unit is None and _YEAR.fullmatch(value.text):
            value = nodes.PeriodText(value.span, value.text)
        return nodes.Baseline(Span(self.source, keyword.start, value.span.end), value)

    def pace(self, items: Items) -> nodes.Pace:
        kind = _words(items[1])
        if len(items) > 3 and items[3].kind == "WEEKDAY":
            kind += " by weekday"
        return nodes.Pace(self._span(items), kind)

    def paced(self, items: Items) -> nodes.Pace:
        return nodes.Pace(self._span(items), "schedule", tuple(items[2]))

    def part(self, items: Items) -> nodes.PacePart:
        return nodes.PacePart(items[0].span.to(items[2].span), items[0], items[2])

    def by(self, items: Items) -> nodes.By:
        return nodes.By(self._span(items), tuple(items[1]), tuple(items[3]) if len(items) > 3 else ())

    def slice(self, items: Items) -> nodes.Slice:
        value = self._value(items[0])
        tolerance = None
        if len(items) > 3:
            word, amount = items[3:5]
            tolerance = nodes.Tolerance(Span(self.source, word.start, amount.span.end), amount)
        return nodes.Slice(value.span.to((tolerance or items[1]).span), value, items[1], tolerance)

    def only_channel(self, items: Items) -> nodes.OnlyChannel:
        return nodes.OnlyChannel(self._span(items), tuple(self._value(item) for item in items[1]))

    stage = _named(nodes.Stage)

    def role(self, items: Items) -> nodes.Role:
        return nodes.Role(self._span(items), items[0].text)

    def draft(self, items: Items) -> nodes.Draft:
        return nodes.Draft(self._span(items))

    confident = _said(nodes.Confident)
    sample = _said(nodes.SampleAtLeast)

    def projection(self, items: Items) -> nodes.Projection:
        level = items[3] if len(items) > 4 else None
        return nodes.Projection(self._span(items), items[1].kind == "FORECAST", level)

    def deprecated(self, items: Items) -> nodes.Deprecated:
        until = use = None
        for word, item in zip(items[1:-1:2], items[2:-1:2], strict=True):
            if word.kind == "UNTIL":
                until = item
            else:
                use = self._word(item)
        return nodes.Deprecated(self._span(items), until, use)

    def period(self, items: Items) -> nodes.PeriodText:
        item = items[0]
        if isinstance(item, nodes.PeriodText):
            return item
        if isinstance(item, nodes.Name):
            return nodes.PeriodText(item.span, self._plain(item))
        if not _PERIOD.fullmatch(item.text):
            raise Misplaced("period", item.span)
        return nodes.PeriodText(item.span, item.text)

    def occurrence_of(self, items: Items) -> nodes.PeriodText:
        name, when = items
        if _MONTH.fullmatch(name.text):
            raise Misplaced("period", name.span.to(when.span))
        return nodes.PeriodText(name.span.to(when.span), f"{self._plain(name)} {when.text}")

    def _plain(self, name: nodes.Name) -> str:
        """The name of a period; in backticks where it has to be."""
        text = self._word(name).text
        return text if _PLAIN.fullmatch(text) else f"`{text}`"

    # -- objective -------------------------------------------------------------------------------------------

    def member(self, items: Items) -> nodes.Member:
        kinds = {item.kind for item in items if isinstance(item, Token)}
        return nodes.Member(
            self._span(items),
            self._word(items[1]),
            items[3] if "WEIGHT" in kinds else None,
            key="KEY" in kinds,
            information="FOR_INFORMATION" in kinds,
            objective="OBJECTIVE" in kinds,
        )

    def met_all(self, items: Items) -> nodes.Met:
        return nodes.Met(self._span(items), "all")

    def met_any(self, items: Items) -> nodes.Met:
        return nodes.Met(self._span(items), "any")

    def met_share(self, items: Items) -> nodes.Met:
        return nodes.Met(self._span(items), "share", items[2])

    # -- test and scenario -----------------------------------------------------------------------------------

    def given(self, items: Items) -> nodes.Given:
        rows = tuple(self._cells(row) for row in items[3])
        return nodes.Given(self._span(items), self._word(items[1]), rows)

    def _cells(self, row: Token) -> tuple[nodes.Cell, ...]:
        cells = []
        start = row.start + 1
        for piece in _CELL.findall(row.text[1:]):
            text = piece.strip()
            left = start + len(piece) - len(piece.lstrip())
            cells.append(nodes.Cell(Span(self.source, left, left + len(text)), _CELL_ESCAPE.sub(r"\1", text)))
            start += len(piece) + 1
        return tuple(cells)

    as_of = _said(nodes.AsOf)

    def expect(self, items: Items) -> nodes.Expect:
        part = period = value = word = within = absent = None
        for index, item in enumerate(items):
            if isinstance(item, list):
                value = settle(item)
            elif isinstance(item, Token) and item.kind == "FOR":
                part = self._value(items[index + 1])
            elif isinstance(item, Token) and item.kind == "VERDICT":
                word = _words(item)
            elif isinstance(item, nodes.PeriodText):
                period = item
            elif isinstance(item, nodes.Number):
                within = item
            elif isinstance(item, Token) and item.kind == "NO_VALUE":
                absent = nodes.Word(Span(self.source, item.start, item.end), "no value")
        kpi = self._word(items[1])
        return nodes.Expect(self._span(items), kpi, part, period, value, word, within, absent)

    def expect_finding(self, items: Items) -> nodes.Expect:
        said = items[1]
        word = said.text.split()[-1]
        finding = nodes.Word(Span(self.source, said.end - len(word), said.end), word)
        return nodes.Expect(self._span(items), None, None, None, None, None, finding=finding)

    def outcome(self, items: Items) -> nodes.Expect:
        if not isinstance(items[1], list):
            found = self.expect(items)
            return found if found.value is None or found.word else self._up_to(found, found.value)
        value = settle(items[1])
        word = _words(items[3]) if len(items) > 3 else None
        subject = None
        if isinstance(value, nodes.Binary) and value.op == "=" and isinstance(value.left, nodes.Name):
            subject, value = self._word(value.left), value.right
        found = nodes.Expect(self._span(items), subject, None, None, value, word)
        return found if word else self._up_to(found, value)

    def _up_to(self, expect: nodes.Expect, value: nodes.Expression) -> nodes.Expect:
        span = Span(self.source, expect.span.start, value.span.end)
        return nodes.Expect(span, expect.kpi, expect.slice, expect.period, value, expect.word)

    def set(self, items: Items) -> nodes.Set:
        value = settle(items[-2])
        part = self._value(items[3]) if items[2].kind == "FOR" else None
        span = Span(self.source, items[0].start, value.span.end)
        return nodes.Set(span, self._word(items[1]), value, _words(items[-3]), part)

    def solve(self, items: Items) -> nodes.Solve:
        value = settle(items[5])
        span = Span(self.source, items[0].start, value.span.end)
        return nodes.Solve(span, self._word(items[1]), self._word(items[3]), value)


def _title(items: Items) -> nodes.String | None:
    return items[2] if isinstance(items[2], nodes.String) else None


def _clauses(items: Items) -> tuple[nodes.Clause, ...]:
    block = items[-2]
    return tuple(block) if isinstance(block, list) and items[-1].kind == "_DEDENT" else ()
