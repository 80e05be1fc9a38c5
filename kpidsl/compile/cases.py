"""Tests: the rows that are given, the day, and what is expected, checked and ready to be run."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from kpidsl.codes import CATALOGUE
from kpidsl.compile.assume import in_unit_of
from kpidsl.compile.bounds import Draft, read_tolerance
from kpidsl.compile.objectives import has_slices, known_kpi
from kpidsl.compile.scope import Scope, Shape, listed, similar
from kpidsl.diagnostics import Span, near
from kpidsl.graph import Constant, Expectation, Given, Kpi, Test, Tolerance
from kpidsl.model.literals import FALSE_WORDS, TRUE_WORDS
from kpidsl.model.rows import gathers_of
from kpidsl.model.types import UNKNOWN, Type
from kpidsl.syntax import nodes

_NUMBER = re.compile(r"[+-]?(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?) ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?"
)
_FLAGS = {**dict.fromkeys(TRUE_WORDS, "true"), **dict.fromkeys(FALSE_WORDS, "false")}
_FIRST_YEAR = 1900


def test_of(test: nodes.TestDef, kpis: Mapping[str, Kpi], scope: Scope, namesake: Span | None) -> Test:
    """A test of the graph; with `broken` where it has an error. `namesake` is an earlier one of its title."""
    with scope.apart() as inner:
        if namesake is not None:
            scope.error(
                "K201",
                f"`{test.title.text}` is the title of two tests",
                test.title.span,
                (namesake, "first here"),
                help="tests of a file are told apart by their titles",
            )
        given = _given_once(test, scope)
        days = [(c, scope.period(c.period)) for c in test.clauses if isinstance(c, nodes.AsOf)]
        for clause, window in days:
            if window is not None and window.days > 1:
                scope.error(
                    "K318",
                    f"`{clause.period.text}` is longer than a day, and `as of` is one day",
                    clause.period.span,
                )
        clauses = [c for c in test.clauses if isinstance(c, nodes.Expect)]
        expected = [one for c in clauses if (one := _expectation(c, kpis, scope)) is not None]
        if not clauses:
            scope.warn(
                "K480",
                "the test expects nothing",
                test.title.span,
                help="`expect KPI in PERIOD = VALUE, met` says what is to come out",
            )
        as_of = next((window.end for _, window in days if window), None)
        if as_of is None and not days and not inner.errors:
            as_of = _day_after(given, expected, scope)
            if as_of is None:
                scope.error(
                    "K213",
                    "nothing tells on which day the test judges: no row, no period that is expected",
                    test.title.span,
                    help="`as of 2026-02-01` says it",
                )
    broken = inner.errors[0] if inner.errors else None
    return Test(test.title.text, tuple(given), as_of, tuple(expected), test.span, broken)


def _day_after(given: Sequence[Given], expected: Sequence[Expectation], scope: Scope) -> date | None:
    """The day after all that is given and expected: so the periods that are expected are closed."""
    days = [one.window.end for one in expected if one.window is not None]
    for table in given:
        time = scope.shapes[table.source].time
        at = table.columns.index(time) if time in table.columns else None
        days += [date.fromisoformat(row[at][:10]) for row in table.rows if at is not None and row[at]]
    return max(days) + timedelta(days=1) if days else None


# -- what is given -------------------------------------------------------------------------------------------


def _given_once(test: nodes.TestDef, scope: Scope) -> list[Given]:
    seen: dict[str, Span] = {}
    found = []
    for clause in test.clauses:
        if not isinstance(clause, nodes.Given):
            continue
        word = clause.source.text
        if word in seen:
            scope.error("K212", f"`{word}` is given twice", clause.source.span, (seen[word], "first here"))
        seen.setdefault(word, clause.source.span)
        table = _given(clause, scope)
        found += [table] if table is not None else []
    return found


def _given(given: nodes.Given, scope: Scope) -> Given | None:
    shape = scope.shapes.get(given.source.text)
    if shape is None:
        if given.source.text not in scope.names.lost:
            scope.error(
                "K205",
                f"there is no source named `{given.source.text}`",
                given.source.span,
                notes=similar("a source", given.source.text, scope.shapes),
            )
        return None
    if not given.rows:
        return None
    header, *rows = given.rows
    _header(header, shape, scope)
    found = []
    for row in rows:
        if len(row) != len(header):
            scope.error(
                "K321",
                f"the row has {_count(row, 'cell')}, and the table has {_count(header, 'column')}",
                row[0].span.to(row[-1].span) if row else given.span,
                help="a missing value is an empty cell; a bar in a text is written `\\|`, a number sign in"
                " front of one `\\#`",
            )
            continue
        found.append(tuple(_cell(c, name, shape, scope) for name, c in zip(header, row, strict=True)))
    return Given(shape.name, tuple(cell.text for cell in header), tuple(found), given.span)


def _count(cells: Sequence[nodes.Cell], noun: str) -> str:
    return f"{len(cells)} {noun}{'s' if len(cells) != 1 else ''}"


def _header(header: Sequence[nodes.Cell], shape: Shape, scope: Scope) -> None:
    seen: dict[str, Span] = {}
    for cell in header:
        if cell.text in seen:
            scope.error(
                "K201", f"the column `{cell.text}` is given twice", cell.span, (seen[cell.text], "first here")
            )
        seen[cell.text] = cell.span
        if cell.text not in shape.spans:
            notes = similar("a column", cell.text, shape.columns) or [
                f"columns of {shape.name}: {listed(shape.columns)}"
            ]
            scope.error(
                "K203",
                f"{shape.name} has no column `{cell.text}`",
                cell.span,
                (shape.definition.name.span, f"`{shape.name}` is defined here"),
                notes=notes,
            )
        elif cell.text in shape.computed and not gathers_of(shape.values.get(cell.text)):
            scope.error(
                "K321",
                f"`{cell.text}` is computed and cannot be given",
                cell.span,
                (shape.spans[cell.text], "computed here"),
            )


def _cell(cell: nodes.Cell, name: nodes.Cell, shape: Shape, scope: Scope) -> str:
    """The cell in the one way that it is read; empty for a missing one, and after an error."""
    type_ = shape.types.get(name.text, UNKNOWN)
    if type_ is None or not cell.text:
        return ""
    match type_.kind:
        case "number":
            found, noun = _number(cell.text, type_), "a number"
        case "day":
            found, noun = _moment(cell.text, scope)[:10], "a day"
        case "moment" | "time":
            found, noun = _moment(cell.text, scope), "a day or a moment"
        case "flag":
            found, noun = _FLAGS.get(cell.text.lower(), ""), "a flag"
        case _:
            return cell.text
    if not found:
        label = (shape.spans[name.text], "declared here") if name.text in shape.spans else None
        scope.error(
            "K321",
            f"`{cell.text}` is not {noun}, and `{name.text}` is declared as one",
            cell.span,
            *([label] if label else []),
            help=_help(type_),
        )
    return found


def _help(type_: Type) -> str:
    match type_.kind:
        case "number" if type_.unit.style != "plain":
            return "numbers of this column are percentages: `4.2` and `4.2%` are the same"
        case "number":
            return (
                "a number is written as in a formula, without its unit: `1_250.50`; an empty cell is missing"
            )
        case "flag":
            return "a flag is written `true` or `false`"
        case _:
            return "days are written 2026-03-31, moments 2026-03-31 14:05, and have to exist"


def _number(text: str, type_: Type) -> str:
    bare = text.removesuffix("%").rstrip() if type_.unit.style != "plain" else text
    if not _NUMBER.fullmatch(bare):
        return ""
    value = float(bare.replace("_", ""))
    return repr(value) if math.isfinite(value) else ""


def _moment(text: str, scope: Scope) -> str:
    """A day, or a local moment in the zone of the calendar; nothing for what is neither."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return ""
    day, clock, offset = found.groups()
    try:
        if clock is None:
            return day if date.fromisoformat(day).year >= _FIRST_YEAR else ""
        moment = datetime.fromisoformat(f"{day} {clock}{_offset(offset)}")
    except ValueError:
        return ""
    if moment.tzinfo is not None:
        from zoneinfo import ZoneInfo

        moment = moment.astimezone(ZoneInfo(scope.calendar.zone)).replace(tzinfo=None)
    return moment.isoformat(" ") if moment.year >= _FIRST_YEAR else ""


def _offset(offset: str | None) -> str:
    if offset is None:
        return ""
    if offset in ("Z", "UTC"):
        return "+00:00"
    digits = offset.replace(":", "")
    return f"{digits[:3]}:{digits[3:] or '00'}"


# -- what is expected ----------------------------------------------------------------------------------------


def _expectation(expect: nodes.Expect, kpis: Mapping[str, Kpi], scope: Scope) -> Expectation | None:
    text = " ".join(expect.span.text.split())
    if expect.finding is not None:
        code = _code(expect.finding, scope)
        return Expectation(text, expect.span, finding=code) if code else None
    assert expect.kpi is not None, "the grammar has a KPI or a finding"
    if not known_kpi(expect.kpi, scope):
        return None
    kpi = kpis.get(expect.kpi.text)
    if expect.slice is not None and kpi is not None:
        has_slices(kpi, expect.slice, scope)
    return Expectation(
        text,
        expect.span,
        kpi=expect.kpi.text,
        slice=expect.slice.text if expect.slice else None,
        window=scope.period(expect.period) if expect.period else None,
        value=_value(expect.kpi, expect.value, scope) if expect.value is not None else None,
        tolerance=_within(expect, scope),
        absent=expect.absent is not None,
        word=expect.word,
        value_span=said.span if (said := expect.value or expect.absent) is not None else None,
        word_span=_word_span(expect),
    )


def _word_span(expect: nodes.Expect) -> Span | None:
    if expect.word is None:
        return None
    said = re.search(r" +".join(expect.word.split()) + r"\s*$", expect.span.text)
    start = expect.span.start + said.start() if said else expect.span.start
    return Span(expect.span.source, start, expect.span.end)


def _value(name: nodes.Word, expr: nodes.Expression, scope: Scope) -> float | None:
    """A number in the unit of the KPI; None after an error, and for a KPI that has one."""
    node, definition = scope.values.get(name.text), scope.names.known.get(name.text)
    if node is None or definition is None:
        return None
    value = in_unit_of(expr, node, definition, scope)
    if value is None or isinstance(value, Constant):
        return value.value if value is not None else None
    scope.error(
        "K481",
        "this is computed from data, and a test expects a number",
        expr.span,
        help="the number that the rows of the test give, worked out by hand",
    )
    return None


def _within(expect: nodes.Expect, scope: Scope) -> Tolerance | None:
    node = scope.values.get(expect.kpi.text) if expect.kpi else None
    definition = scope.names.known.get(expect.kpi.text) if expect.kpi else None
    if expect.within is None or node is None or not isinstance(definition, nodes.KpiDef):
        return None
    formula = next((c.value for c in definition.clauses if isinstance(c, nodes.Formula)), None)
    if formula is None:
        return None
    clause = nodes.Tolerance(expect.within.span, expect.within)
    return read_tolerance(clause, Draft(definition, node, scope, formula))


def _code(finding: nodes.Word, scope: Scope) -> str | None:
    """The code of a finding that has its code or its name."""
    names = {code.name: code.code for code in CATALOGUE.values()}
    if finding.text in CATALOGUE:
        return finding.text
    if finding.text in names:
        return names[finding.text]
    alike = near(finding.text, [*names, *CATALOGUE])
    notes = [f"a diagnostic with a similar name: {', '.join(f'`{name}`' for name in alike)}"] if alike else []
    scope.error(
        "K482",
        f"there is no diagnostic `{finding.text}`",
        finding.span,
        notes=notes,
        help="`kpi rule` lists them all",
    )
    return None
