"""What was found held against what is expected, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

from attrs import evolve, frozen

from kpidsl.codes import CATALOGUE
from kpidsl.diagnostics import Diagnostic, Edit, Fix, Span
from kpidsl.evaluate.wording import said
from kpidsl.graph import Expectation, Test
from kpidsl.model.units import Unit, format_value
from kpidsl.results import Judged, Verdict
from kpidsl.testing.hear import Heard, Question
from kpidsl.testing.worlds import plain

_SAME = 1e-9
"""Values agree in nine digits."""


@frozen
class Cell:
    """Something that is expected and the like of it that was found, both in words, and where it stands."""

    what: str
    expected: str
    found: str
    span: Span
    edit: str | None = None
    """What would be written there instead."""


def verdict_of(expectation: Expectation, judged: Judged) -> Verdict | None:
    """The verdict that an expectation is about; None where there is no such slice."""
    if expectation.slice is None:
        return judged.headline
    place = judged.crowd.find((expectation.slice,)) if judged.crowd is not None else None
    if place is not None:
        return judged.slices[place]
    return next((v for v in judged.slices if tuple(x for _, x in v.slice) == (expectation.slice,)), None)


def cells(expectation: Expectation, verdict: Verdict | None) -> list[Cell]:
    """What differs."""
    value, word = (verdict.value, verdict.word) if verdict is not None else (None, "no data")
    unit = verdict.unit if verdict is not None else ""
    found: list[Cell] = []
    span = expectation.value_span or expectation.span
    if expectation.value is not None and not _close(value, expectation):
        edit: str | None = literal(value, unit) if value is not None else "no value"
        if expectation.value_span is None or (value is None and expectation.tolerance is not None):
            edit = None
        wanted, seen = _apart(expectation.value, value, unit)
        found.append(Cell("value", wanted, seen, span, edit))
    if expectation.absent and value is not None:
        edit = literal(value, unit) if expectation.value_span is not None else None
        found.append(Cell("value", "no value", format_value(value, Unit.parse(unit)), span, edit))
    if expectation.word is not None and expectation.word != word:
        place = expectation.word_span or expectation.span
        found.append(Cell("verdict", expectation.word, word, place, word))
    return found


def _apart(wanted: float, value: float | None, unit: str) -> tuple[str, str]:
    """Two values for a reader, with as many digits as it takes to tell them apart."""
    shown = tuple(format_value(one, Unit.parse(unit)) for one in (wanted, _or_nan(value)))
    if shown[0] != shown[1] or value is None:
        return shown[0], shown[1]
    return in_full(wanted, unit), in_full(value, unit)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _close(value: float | None, expectation: Expectation) -> bool:
    wanted, within = expectation.value, expectation.tolerance
    if value is None or wanted is None:
        return False
    if within is None:
        return math.isclose(value, wanted, rel_tol=_SAME, abs_tol=1e-12)
    width = within.amount * abs(wanted) if within.relative else within.amount
    return abs(value - wanted) <= width * (1 + _SAME) + 1e-12


def first_line(span: Span) -> Span:
    """The first line of a definition or a clause."""
    return Span(span.source, span.start, span.start + len(span.text.partition("\n")[0].rstrip()))


def in_full(value: float, unit: str) -> str:
    """A value with its unit and all its digits, to be held against another one."""
    number = float(f"{_scaled(value, unit):.12g}")
    return f"{number:,.12g}{unit if unit == '%' else f' {unit}' if unit else ''}"


def literal(value: float, unit: str) -> str:
    """A value as a spec writes it."""
    number = Decimal(f"{_scaled(value, unit):.12g}")
    digits = format(number, "f")
    return f"{digits}{unit if unit == '%' else f' {unit}' if unit else ''}"


def _scaled(value: float, unit: str) -> float:
    return value * 100 if unit and Unit.parse(unit).dimensionless else value


# -- in words ------------------------------------------------------------------------------------------------


def problems(
    test: Test, expectation: Expectation, question: Question | None, heard: Heard
) -> Iterator[Diagnostic]:
    """A diagnostic for each cell that differs; the first says what the rows have to do with it."""
    if expectation.finding is not None:
        yield from _untold(test, expectation, heard)
        return
    assert question is not None, "an expectation is of a KPI, or of a finding"
    verdict = verdict_of(expectation, heard.judged[question])
    about = _about(expectation)
    different = cells(expectation, verdict)
    notes = _notes(test, expectation, question, verdict, heard) if different else []
    for cell in different:
        fix = None
        if cell.edit is not None:
            fix = Fix("`kpi test --update` writes what was found", (Edit(cell.span, cell.edit),), safe=False)
        code = "K651" if verdict is not None and verdict.word == "failed" else "K650"
        yield Diagnostic(
            code,
            f"the {cell.what} of {about} is {cell.found}, and {cell.expected} is expected",
            cell.span,
            notes=(f"test `{test.title}`, as of {test.as_of}", *notes),
            fix=fix if code == "K650" else None,
            kpi=expectation.kpi,
        )
        notes = []


def odd(test: Test, heard: Heard) -> tuple[Diagnostic, ...]:
    """That the rows break what their source promises of each row, where the test is not about that: keys that
    repeat, checks. Evaluations warn of it, too."""
    if any(one.word == "stale" or one.finding is not None for one in test.expected):
        return ()
    found = []
    for table in test.given:
        profile = heard.profiles.get(table.source)
        for told in (*profile.problems, *profile.broken) if profile is not None else ():
            note = f"test `{test.title}`, as of {test.as_of}"
            found.append(evolve(told, span=first_line(table.span), place=None, notes=(*told.notes, note)))
    return tuple(found)


def _about(expectation: Expectation) -> str:
    part = f" for {expectation.slice}" if expectation.slice is not None else ""
    window = f" in {expectation.window}" if expectation.window is not None else ""
    return f"`{expectation.kpi}`{part}{window}"


def _notes(
    test: Test, expectation: Expectation, question: Question, verdict: Verdict | None, heard: Heard
) -> list[str]:
    if verdict is None:
        known = ", ".join(v.slice[0][1] or "no value" for v in heard.judged[question].slices[:8])
        return [f"there is no slice `{expectation.slice}`; there is {known or 'none'}"]
    return [plain(verdict.why), *(rows_told(test, question, heard) if question.explained else ())]


def rows_told(test: Test, question: Question, heard: Heard) -> list[str]:
    """How many rows are given, how many lie in the window, how many of these each condition keeps."""
    given = {table.source: len(table.rows) for table in test.given}
    kept = heard.kept(question)
    found = []
    for source, rows in heard.rows(question).items():
        count = given.get(source)
        told = f"{source}: {_rows(count)} given, " if count is not None else f"{source}: "
        told += f"{rows:,} in the window" if count is not None else f"{_rows(rows)} in the window"
        keeps = [f"`{said(k.condition.row)}` keeps {k.kept:,}" for k in kept if k.condition.source == source]
        found.append("; ".join([told, *keeps]))
    return found


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"


def _untold(test: Test, expectation: Expectation, heard: Heard) -> Iterator[Diagnostic]:
    codes = {one.code: one for one in heard.told}
    if expectation.finding in codes:
        return
    name = CATALOGUE[expectation.finding or ""].name
    others = ", ".join(f"{code} {CATALOGUE[code].name}" for code in sorted(codes)) or "nothing"
    yield Diagnostic(
        "K650",
        f"{expectation.finding} `{name}` is expected, and is not told",
        expectation.span,
        notes=(f"test `{test.title}`, as of {test.as_of}", f"told is: {others}"),
    )
