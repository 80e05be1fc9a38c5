"""From compiled specs to verdicts: open the sources, evaluate, judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import (
    TYPE_CHECKING,
    Protocol,
)
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen

from kpidsl import files, temporary
from kpidsl.config import UNLIMITED, Config, Limits
from kpidsl.diagnostics import Diagnostic, Report, Severity, Span, near
from kpidsl.graph import Graph, Kpi
from kpidsl.model.literals import (
    parse_day,
    parse_period,
)
from kpidsl.model.periods import Window
from kpidsl.model.sources import (
    SourceSpec,
    Table,
)
from kpidsl.needed import needed
from kpidsl.specs import Specs
from kpidsl.split import nodes_of, split

if TYPE_CHECKING:
    from kpidsl.evaluate.answer import Evaluated
    from kpidsl.evaluate.keeper import Keeper
    from kpidsl.evaluate.session import Session
    from kpidsl.evaluate.tables import Query
    from kpidsl.evaluate.watch import Watch
    from kpidsl.judge import Schedule
    from kpidsl.results import Ask, Judged, ObjectiveVerdict, Profile

MOST_SLICES = 5_000_000
"""Of a KPI: their names alone take about half a gigabyte."""
MOST_VALUES = 60_000_000
"""Of a KPI, slices times windows: half a gigabyte for each number of its formula."""


@frozen(eq=False)
class Outcome:
    """What an evaluation found: everything that an output shows."""

    config: Config
    graph: Graph
    as_of: date
    judged: tuple[Judged, ...]
    objectives: tuple[ObjectiveVerdict, ...]
    profiles: dict[str, Profile]
    diagnostics: tuple[Diagnostic, ...] = field(default=())
    asked_for: Window | None = None
    reading: tuple[str, ...] = ()
    """Of an incremental evaluation: how much of each source was read."""
    answers: Evaluated | None = field(default=None, repr=False)
    schedules: Mapping[str, Schedule] = field(factory=dict, repr=False)
    queries: tuple[Query, ...] = field(default=(), repr=False)
    """Everything that was run, in that order."""

    @property
    def name(self) -> str | None:
        """The name of the project, where its config has one."""
        return self.config.name

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What kept something from being evaluated."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The promises that sources do not keep; the report names them in short."""
        found = (p for profile in self.profiles.values() for p in profile.problems)
        return tuple(p for p in found if p.severity is Severity.WARNING)

    @property
    def drafts(self) -> frozenset[str]:
        """The KPIs that are shown and never counted."""
        return frozenset(name for name, kpi in self.graph.kpis.items() if kpi.about.draft)


# -- evaluate --------------------------------------------------------------------------------------


class Beside(Protocol):
    """KPIs that are asked for beside those of the specs, in the same reading of the data."""

    @property
    def kpis(self) -> Sequence[Kpi]:
        """All of them."""
        ...

    def asks(self, kpi: Kpi, profiles: Mapping[str, Profile]) -> Iterable[Ask]:
        """What has to be asked for those that stand for a KPI, which is split as it is evaluated."""
        ...


@frozen(eq=False)
class Wish:
    """What is to be evaluated, and how it differs from what the specs say."""

    as_of: date
    asked_for: Window | None = None
    kpis: tuple[str, ...] = ()
    """Empty for all."""
    by: tuple[str, ...] = ()
    """Dimensions instead of those of the KPIs."""
    data: Mapping[str, object] = field(factory=dict)
    """Sources to their rows: a path, or a table of pandas, polars, pyarrow or DuckDB."""
    more: Callable[[Kpi, Schedule], Iterable[Ask]] = lambda kpi, schedule: ()
    """Further questions, for explanations."""
    limits: Limits = UNLIMITED
    incremental: bool = False
    """Whether what was read of files before is used, and what is read now is kept."""
    beside: Beside | None = None


def wish(
    specs: Specs,
    *,
    as_of: date | str | None = None,
    period: str | None = None,
    kpis: Sequence[str] = (),
    by: Sequence[str] = (),
    data: Mapping[str, object] | None = None,
    more: Callable[[Kpi, Schedule], Iterable[Ask]] = lambda kpi, schedule: (),
    limits: Limits = UNLIMITED,
    incremental: bool | None = None,
) -> Wish | tuple[Diagnostic, ...]:
    """What is to be evaluated, from what a person wrote; or everything that is wrong with that.

    A period as `as_of` means its last day, a moment its date. Without one: the day of the config, else
    today where the calendar is. A limit that is None is that of the config, and so is `incremental`.
    """
    report = Report()
    held = limits.over(specs.config.limits)
    if missing := no_scratch(held):
        report.add(missing)
    day = _day(specs, as_of, report)
    asked_for = _period(specs, period, report) if period is not None else None
    report.extend(unknown_kpis(specs, kpis))
    for name in data or {}:
        if name not in specs.graph.sources:
            report.add(unknown("K723", "source", name, specs.graph.sources))
    if by and not report.items:
        report.extend(_cannot_split(specs, kpis, by))
    if report.items or day is None:
        return tuple(report.items)
    kept = specs.config.incremental.on if incremental is None else incremental
    return Wish(day, asked_for, tuple(kpis), tuple(by), dict(data or {}), more, held, kept)


def no_scratch(limits: Limits) -> Diagnostic | None:
    """What keeps temporary files from being written, if anything does."""
    try:
        temporary.folder(within=limits.spill).cleanup()
    except OSError as error:
        shown = f"below `{files.shown_as(limits.spill)}`" if limits.spill else "anywhere"
        return Diagnostic(
            "K705",
            f"temporary files cannot be written {shown}: {(error.strerror or str(error)).lower()}",
            help="`--spill`, or `spill` under [limits] in the config, names a folder that can be written to",
        )
    return None


def unknown_kpis(specs: Specs, names: Iterable[str]) -> list[Diagnostic]:
    """What is to be said of names that no KPI has, not even a broken one."""
    objectives = specs.objectives
    known = [name for name in _titles(specs) if name not in objectives]
    return [unknown("K720", "KPI", name, known) for name in names if name not in known]


def _day(specs: Specs, as_of: object, report: Report) -> date | None:
    """A moment counts as its date. What is no date at all comes from Python only, and is told like a text."""
    calendar = specs.graph.calendar
    try:
        match as_of:
            case None:
                return specs.config.as_of or datetime.now(ZoneInfo(calendar.zone)).date()
            case str():
                return parse_day(as_of, calendar)
            case datetime() if as_of == as_of:  # the `NaT` of pandas is a datetime that equals nothing
                return as_of.date()
            case datetime():
                raise ValueError("it is `NaT`, which is no moment")
            case date():
                return as_of
            case _:
                raise ValueError(f"it is {_kind(as_of)}, neither a date nor a text")
    except ValueError as error:
        report.add(Diagnostic("K721", f"the as-of date cannot be read: {error}"))
        return None


def _period(specs: Specs, text: object, report: Report) -> Window | None:
    try:
        if not isinstance(text, str):
            raise ValueError(f"it is {_kind(text)}, not a text such as 2026-03")
        return parse_period(text, specs.graph.calendar)
    except ValueError as error:
        report.add(Diagnostic("K721", f"the period cannot be read: {error}"))
        return None


def _kind(value: object) -> str:
    return f"of the type `{type(value).__name__}`"


def unknown(code: str, kind: str, name: str, known: Iterable[str]) -> Diagnostic:
    """That nothing has a name, with one that is alike."""
    names = list(known)
    alike = near(name, names)
    if alike:
        hint = f"a {kind} with a similar name: `{alike[0]}`"
    else:
        hint = (
            f"{len(names)} are known; `kpi list` names the KPIs"
            if kind.startswith("KPI")
            else f"known: {', '.join(names)}"
        )
    return Diagnostic(code, f"there is no {kind} named `{name}`", help=hint)


def evaluate(specs: Specs, wish: Wish, watch: Watch | None = None) -> Outcome:
    """Read the data, compute and judge. One KPI that fails spoils only itself.

    `watch` shows how far it is, and ends it when the time of the wish is over.
    """
    from kpidsl.evaluate.watch import Watch

    watch = watch or Watch()
    with watch.within(wish.limits.timeout):
        return _evaluate(specs, wish, watch)


def _evaluate(specs: Specs, wish: Wish, watch: Watch) -> Outcome:
    from kpidsl import judge
    from kpidsl.evaluate.answer import evaluate as answer
    from kpidsl.evaluate.checks import profiles as profiles_of

    graph, as_of = specs.graph, wish.as_of
    kpis, lost, unsplit = _chosen(specs, wish)
    beside = wish.beside.kpis if wish.beside else ()
    graph = needed(graph, [*kpis, *beside], wish.data)
    keeper = _keeper(specs.config, graph, kpis) if wish.incremental else None
    with reading(specs, graph, wish, watch, keeper) as session:
        profiles = profiles_of(graph, list(graph.sources), session, as_of)
        schedules = _schedules(kpis, specs, wish, profiles)
        asks = [ask for kpi in kpis for ask in _asks(kpi, schedules[kpi.name], wish, profiles)]
        answers = answer(graph, asks, session, as_of, profiles)
        if crowded := _crowded(kpis, schedules, answers):
            kpis = [evolve(k, dimensions=(), slices=()) if k.name in crowded else k for k in kpis]
            schedules = _schedules(kpis, specs, wish, profiles)
            asks = [ask for kpi in kpis for ask in _asks(kpi, schedules[kpi.name], wish, profiles)]
            answers = answer(graph, asks, session, as_of, profiles)
        if keeper is not None:
            watch.progress.begin("keeping what was read")
            keeper.save()
    found = _judged(kpis, schedules, answers, as_of, watch)
    late = _late(watch, found)
    titles = _titles(specs)
    found |= {name: judge.failed(name, titles.get(name), d.message) for name, d in lost.items()}
    order = {name: place for place, name in enumerate(titles)}
    return Outcome(
        config=specs.config,
        graph=evolve(specs.graph, kpis={**graph.kpis, **{kpi.name: kpi for kpi in kpis}}),
        as_of=as_of,
        judged=tuple(sorted(found.values(), key=lambda judged: order[judged.kpi])),
        objectives=() if wish.kpis else tuple(_rolled_up(graph, found, titles)),
        profiles=profiles,
        diagnostics=(
            *_about(specs, wish),
            *unsplit,
            *crowded.values(),
            *_unforeseen(kpis),
            *failures(profiles, answers, watch),
            *late,
            *(keeper.store.problems if keeper is not None else ()),
        ),
        asked_for=wish.asked_for,
        reading=tuple(keeper.told()) if keeper is not None else (),
        answers=answers,
        schedules=schedules,
        queries=tuple(session.log),
    )


@contextmanager
def reading(
    specs: Specs, graph: Graph, wish: Wish, watch: Watch, keeper: Keeper | None = None
) -> Iterator[Session]:
    """A session on the sources of a graph, which `watch` can end."""
    from kpidsl.evaluate.session import Session

    sources = list(graph.sources.values())
    watch.progress.begin("opening the sources")
    secrets = {secret for one in specs.config.connections.values() for secret in one.secrets()}
    with (
        Session(
            specs.config.root,
            specs.graph.calendar,
            sources,
            _urls(specs.config, sources),
            wish.data,
            limits=wish.limits,
            secrets=secrets,
            watch=watch,
            keeper=keeper,
        ) as session,
        watch.over(session),
    ):
        yield session


def _keeper(config: Config, graph: Graph, kpis: Iterable[Kpi]) -> Keeper:
    """What was kept of files, and for which sources of text that is no use: the rows of these are read whole,
    once."""
    from kpidsl.evaluate.keeper import Keeper, reasons
    from kpidsl.evaluate.store import Store

    store = Store(config.root / config.incremental.store, config.incremental.store)
    store.open()
    return Keeper(store, reasons(graph, [node for kpi in kpis for node in nodes_of(kpi)]))


def _judged(
    kpis: Sequence[Kpi], schedules: Mapping[str, Schedule], answers: Evaluated, as_of: date, watch: Watch
) -> dict[str, Judged]:
    """The verdicts; what was answered before the time was over is judged, if that does not take long."""
    from kpidsl import judge

    found = {}
    watch.progress.begin("judging", [1] * len(kpis), "KPIs")
    for kpi in kpis:
        if watch.overdue:
            found[kpi.name] = judge.failed(kpi.name, kpi.title, watch.late().message, kpi.hash)
            continue
        with watch.progress.part(kpi.name, 1):
            found[kpi.name] = judge.judge(kpi, schedules[kpi.name], answers, as_of, answers.graph.calendar)
    return found


def _schedules(
    kpis: Iterable[Kpi], specs: Specs, wish: Wish, profiles: Mapping[str, Profile]
) -> dict[str, Schedule]:
    """What has to be asked for each KPI, and in which windows it is judged."""
    from kpidsl import judge

    graph = specs.graph
    return {
        kpi.name: judge.asks(kpi, wish.as_of, profiles, graph.calendar, wish.asked_for, sources=graph.sources)
        for kpi in kpis
    }


def _crowded(
    kpis: Iterable[Kpi], schedules: Mapping[str, Schedule], answers: Evaluated
) -> dict[str, Diagnostic]:
    """The KPIs that fall into too many slices, each with what is to be said of that."""
    found = {}
    for kpi in kpis:
        value = schedules[kpi.name].value
        count = len(answers.slices(value)) - 1 if value is not None and kpi.dimensions else 0
        windows = len(value.windows) if value is not None else 0
        most = min(MOST_SLICES, MOST_VALUES // max(windows, 1))
        if count > most:
            over = f" over {windows:,} windows" if most < MOST_SLICES else ""
            found[kpi.name] = Diagnostic(
                "K606",
                f"`{kpi.name}` falls into {count:,} slices, and up to {most:,}{over} are judged:"
                " it is shown as a total only",
                kpi.span,
                help='a computed column can put rare values together: `when ... then ... otherwise "other"`',
                kpi=kpi.name,
            )
    return found


def _chosen(specs: Specs, wish: Wish) -> tuple[list[Kpi], dict[str, Diagnostic], list[Diagnostic]]:
    """The KPIs to evaluate, split as is wished; those that have an error; and which ones could not be
    split."""
    asked = set(wish.kpis)
    lost = {name: why for name, why in specs.broken.items() if not asked or name in asked}
    kpis = [kpi for kpi in specs.graph.kpis.values() if not asked or kpi.name in asked]
    if not wish.by:
        return kpis, lost, []
    split_by, whole, why = [], [], None
    for kpi in kpis:
        found = split(kpi, wish.by, specs.graph)
        if isinstance(found, Diagnostic):
            whole.append(kpi.name)
            why = why or found.message
            found = evolve(kpi, dimensions=(), slices=())
        split_by.append(found)
    return split_by, lost, [_unsplit(wish.by, whole, why)] if why else []


def _unsplit(by: Sequence[str], names: Sequence[str], why: str) -> Diagnostic:
    shown = ", ".join(f"`{name}`" for name in names[:6]) + (
        f" and {len(names) - 6} more" if len(names) > 6 else ""
    )
    what = f"{len(names)} KPIs are" if len(names) > 1 else "1 KPI is"
    said = f"{what} shown as a total only, for lack of `{'`, `'.join(by)}`: {shown}"
    return Diagnostic("K722", said, severity=Severity.WARNING, notes=(why,))


def _cannot_split(specs: Specs, kpis: Sequence[str], by: Sequence[str]) -> list[Diagnostic]:
    """Errors where a KPI that was named cannot be split, or none of all can."""
    chosen = [kpi for kpi in specs.graph.kpis.values() if not kpis or kpi.name in kpis]
    lost = [found for kpi in chosen if isinstance(found := split(kpi, by, specs.graph), Diagnostic)]
    if kpis or not lost:
        return lost
    return lost[:1] if len(lost) == len(chosen) else []


def _urls(config: Config, sources: Iterable[SourceSpec]) -> dict[str, str | Diagnostic]:
    """The connections with their secrets filled in, or what they lack; only of those that may be meant."""
    named = {spec.origin.connection for spec in sources if isinstance(spec.origin, Table)}
    return {
        name: connection.url() if name in named or None in named else ""
        for name, connection in config.connections.items()
    }


def _asks(kpi: Kpi, schedule: Schedule, wish: Wish, profiles: Mapping[str, Profile]) -> Iterable[Ask]:
    yield from schedule.asks
    yield from wish.more(kpi, schedule)
    if wish.beside is not None:
        yield from wish.beside.asks(kpi, profiles)


def _rolled_up(
    graph: Graph, judged: Mapping[str, Judged], titles: Mapping[str, str | None]
) -> Iterable[ObjectiveVerdict]:
    from kpidsl import judge

    yield from judge.roll_ups(graph.objectives, judged).values()
    for name, why in graph.broken.items():
        if name not in judged and name in titles:
            yield judge.failed_objective(name, titles[name], why.message)


# -- what is told besides the verdicts -------------------------------------------------------------


def _about(specs: Specs, wish: Wish) -> Iterable[Diagnostic]:
    """What compiling found; for a choice of KPIs, without what lies in the definitions of others."""
    if not wish.kpis:
        return specs.diagnostics
    aside = [
        entry.span
        for entry in specs.entries
        if entry.read and not (entry.kind == "kpi" and entry.name in wish.kpis)
    ]
    return (d for d in specs.diagnostics if not any(_inside(d.span, span) for span in aside))


def _inside(span: Span | None, outer: Span) -> bool:
    return span is not None and span.source is outer.source and outer.start <= span.start < outer.end


def _unforeseen(kpis: Iterable[Kpi]) -> tuple[Diagnostic, ...]:
    """That forecasts are asked for, and what makes them is not there."""
    from kpidsl.judge.forecast import LIBRARY, available

    asked = [kpi for kpi in kpis if kpi.promise.forecast is not None]
    if not asked or available():
        return ()
    return (
        Diagnostic(
            "K740",
            f"a forecast takes {LIBRARY}, which is not installed: {asked[0].name} has no projection",
            asked[0].span,
            Severity.WARNING,
            help="`pip install 'kpidsl[forecast]'` installs it",
            kpi=asked[0].name,
        ),
    )


def _late(watch: Watch, judged: Mapping[str, Judged]) -> tuple[Diagnostic, ...]:
    """That the time was over before all was done, if it was, and what was done."""
    if watch.told is None:
        return ()
    done = sum(j.headline.word != "failed" for j in judged.values())
    return (evolve(watch.told, notes=(*watch.told.notes, f"{done} of {len(judged)} KPIs are judged")),)


def failures(profiles: Mapping[str, Profile], answers: Evaluated, watch: Watch) -> Iterable[Diagnostic]:
    """Why sources cannot be used, or not queried. What they promise and do not keep stays with their
    profile."""
    every = [p for profile in profiles.values() for p in (*profile.broken, *profile.problems)]
    asked = [p for p in answers.lost if p.code in _OF_QUERIES and p is not watch.told]
    told = [p for p in every if p.severity is Severity.ERROR and p is not watch.told]
    alike = {(p.code, p.message): p for p in asked}  # each scan tells the same of the same memory
    found = {id(p): p for p in (*told, *alike.values())}
    yield from found.values()


_OF_QUERIES = frozenset({"K601", "K602", "K607", "K608"})


def _titles(specs: Specs) -> dict[str, str | None]:
    """Every KPI and objective with its title, in the order of the files, also those that could not be
    read."""
    found: dict[str, str | None] = {}
    for entry in specs.entries:
        if entry.kind in ("kpi", "objective"):
            found.setdefault(entry.name, entry.title)
    return found
