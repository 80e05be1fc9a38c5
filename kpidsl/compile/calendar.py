"""How a project counts time: the clauses of its calendar, and the periods that it names."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from attrs import evolve

from kpidsl.compile.scope import Scope, similar
from kpidsl.diagnostics import Diagnostic, Span
from kpidsl.model.named import NamedPeriod
from kpidsl.model.periods import GRAINS, Calendar, Window
from kpidsl.model.retail import PATTERNS, RetailYears
from kpidsl.syntax import nodes

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_MOST_OCCURRENCES = 1000


def read_calendar(scope: Scope) -> Diagnostic | None:
    """Set the scope's calendar; the first error if it has one, for then no day can be trusted."""
    definition = scope.names.calendar
    found = None
    if definition is not None:
        with scope.apart() as inner:
            calendar = _calendar(definition, scope)
        found = inner.errors[0] if inner.errors else None
        # of a broken one no day is used, but its retail periods are no further errors
        scope.calendar = calendar if found is None else evolve(scope.calendar, retail=calendar.retail)
    read_periods(scope)
    return found


def _calendar(definition: nodes.CalendarDef, scope: Scope) -> Calendar:
    found = Calendar()
    for clause in definition.clauses:
        match clause:
            case nodes.FiscalYear(month=word):
                found = evolve(found, fiscal_month=_month(word, scope))
            case nodes.WeekStart(day=word):
                found = evolve(found, week_start=_weekday(word, scope))
            case nodes.TimeZone(name=name):
                found = evolve(found, zone=name.text)
                _check_zone(name, scope)
            case nodes.RetailYears():
                found = evolve(found, retail=_retail(clause, scope))
            case nodes.Weekend():
                found = evolve(found, weekend=_weekend(clause, scope))
    scope.calendar = found  # the days off may be retail weeks
    public = [_place(c, scope) for c in definition.clauses if isinstance(c, nodes.Holidays)]
    own = [_own(c, scope) for c in definition.clauses if isinstance(c, nodes.Holiday)]
    scope.calendar = Calendar()
    _each_once(definition, public, own, scope)
    holidays = tuple(dict.fromkeys(place for place in public if place is not None))
    return evolve(found, holidays=holidays, days_off=tuple(window for window in own if window is not None))


def _month(word: nodes.Word, scope: Scope) -> int:
    found = scope.word("a month", word, _MONTHS)
    return _MONTHS.index(found) + 1 if found else 1


def _weekday(word: nodes.Word, scope: Scope) -> int:
    found = scope.word("a day of the week", word, _WEEKDAYS)
    return _WEEKDAYS.index(found) if found else 0


def _check_zone(name: nodes.String, scope: Scope) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(name.text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        scope.error(
            "K211",
            f"`{name.text}` is not a time zone",
            name.span,
            notes=similar("a time zone", name.text, available_timezones()),
            help="time zones are written as in Europe/Paris or UTC",
        )


def _retail(clause: nodes.RetailYears, scope: Scope) -> RetailYears:
    pattern = scope.word("a cut of the 13 weeks of a quarter", clause.pattern, PATTERNS) or PATTERNS[0]
    if clause.day is None or clause.month is None:
        return RetailYears(pattern, apart=clause.apart)
    day, month = _weekday(clause.day, scope), _month(clause.month, scope)
    return RetailYears(pattern, month, day, clause.nearest, clause.apart)


# -- business days -------------------------------------------------------------------------------------------


def _weekend(clause: nodes.Weekend, scope: Scope) -> frozenset[int]:
    if [day.text for day in clause.days] == ["none"]:
        return frozenset()
    found: dict[int, Span] = {}
    for word in clause.days:
        name = scope.word("a day of the week", word, _WEEKDAYS)
        if name is None:
            continue
        day = _WEEKDAYS.index(name)
        if day in found:
            scope.error(
                "K212",
                f"{name} is said twice",
                word.span,
                (found[day], "the first time"),
                help="a day of the weekend is named once",
            )
        found.setdefault(day, word.span)
    if len(found) == len(_WEEKDAYS):
        scope.error(
            "K431",
            "a weekend of seven days leaves no business day",
            clause.span,
            help="the days that are left are business days; `weekend none` leaves all of them",
        )
    return frozenset(found)


def _place(clause: nodes.Holidays, scope: Scope) -> tuple[str, str | None] | None:
    from kpidsl.model.countries import find_place

    try:
        return find_place(clause.place.text)
    except ValueError as error:
        helps = "a country, and perhaps a region, by name or code: `holidays France`, `holidays DE-BY`"
        scope.error("K211", str(error), clause.place.span, help=helps)
        return None


def _own(clause: nodes.Holiday, scope: Scope) -> Window | None:
    return scope.period(clause.period)


def _each_once(
    definition: nodes.CalendarDef,
    public: list[tuple[str, str | None] | None],
    own: list[Window | None],
    scope: Scope,
) -> None:
    """No country and no day off twice: the second is a slip."""
    clauses = definition.clauses
    said = [
        *zip((c for c in clauses if isinstance(c, nodes.Holidays)), public, strict=True),
        *zip((c for c in clauses if isinstance(c, nodes.Holiday)), own, strict=True),
    ]
    first: dict[object, nodes.Node] = {}
    for clause, what in said:
        if what is not None and first.setdefault(what, clause) is not clause:
            scope.error(
                "K212",
                "these days off are said twice",
                clause.span,
                (first[what].span, "the first time"),
                help="one of the two has to go",
            )


# -- named periods -------------------------------------------------------------------------------------------


def read_periods(scope: Scope) -> None:
    """The named periods, into the calendar; one with an error is left out, and what refers to it is told."""
    found = []
    for name, definition in scope.names.known.items():
        if not isinstance(definition, nodes.PeriodDef):
            continue
        with scope.apart() as inner:
            spans = _occurrences(definition, scope)
            _not_a_word(definition, scope)
        cause = inner.errors[0] if inner.errors else scope.names.twice.get(name)
        if cause is None:
            found.append(NamedPeriod(name, spans, definition.title.text if definition.title else None))
        else:
            scope.causes[name] = cause
    scope.calendar = evolve(scope.calendar, named=tuple(found))


def _occurrences(definition: nodes.PeriodDef, scope: Scope) -> tuple[tuple[date, date], ...]:
    found: list[tuple[date, date, Span]] = []
    clauses = [clause for clause in definition.clauses if isinstance(clause, nodes.Occurrence)]
    if not clauses:
        scope.error(
            "K213",
            f"the period `{definition.name.text}` has no days",
            definition.name.span,
            help="`from 2026-11-23 to 2026-11-29` says them, once for each time that it occurs",
        )
    if len(clauses) > _MOST_OCCURRENCES:
        scope.error(
            "K324",
            f"a period occurs {_MOST_OCCURRENCES:_} times at most, not {len(clauses):_}",
            clauses[0].span,
            help="what comes again more often is a condition on a column",
        )
        return ()
    for clause in clauses:
        first, last = scope.period(clause.start), scope.period(clause.end)
        if first is None or last is None:
            continue
        if last.end < first.start:
            scope.error(
                "K430",
                f"it ends on {last.end}, before it starts on {first.start}",
                clause.span,
                help="the first day comes first: `from 2026-11-23 to 2026-11-29`",
            )
            continue
        found.append((first.start, last.end, clause.span))
    found.sort(key=lambda one: one[:2])
    for before, after in pairwise(found):
        if after[0] <= before[1]:
            scope.error(
                "K430",
                f"two occurrences of `{definition.name.text}` overlap: {after[0]} is in both",
                after[2],
                (before[2], f"this one ends on {before[1]}"),
                (after[2], f"this one starts on {after[0]}"),
                help="an occurrence ends before the next one starts",
            )
    return tuple((start, end) for start, end, _ in found)


def _not_a_word(definition: nodes.PeriodDef, scope: Scope) -> None:
    word = definition.name
    if word.text in GRAINS or word.text.startswith("retail "):
        scope.error(
            "K201",
            f"`{word.text}` is a word for periods already",
            word.span,
            help="`measured every` would not know which of the two is meant",
        )
