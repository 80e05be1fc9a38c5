"""Judge KPIs on the rows of tests: all tests together, each as if its rows were the only ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from kpidsl import project
from kpidsl.config import UNLIMITED, Limits
from kpidsl.diagnostics import Diagnostic
from kpidsl.graph import Aggregate, Kpi, Test, aggregates
from kpidsl.model.periods import Window
from kpidsl.needed import needed
from kpidsl.project import Wish
from kpidsl.results import Ask, Judged, Profile
from kpidsl.specs import Specs
from kpidsl.testing import worlds
from kpidsl.testing.conditions import Condition, all_rows, conditions, sources

if TYPE_CHECKING:
    from kpidsl.evaluate.answer import Evaluated
    from kpidsl.evaluate.tables import Query
    from kpidsl.evaluate.watch import Watch
    from kpidsl.judge import Schedule

_OF_ROWS = frozenset({"K522", "K601"})
"""What the rows of one test can do to the queries of all."""


@frozen(eq=False)
class Question:
    """A KPI to be judged, in its headline or in a window."""

    kpi: Kpi
    window: Window | None = None
    explained: bool = False
    """Whether the rows that each condition keeps are counted."""


@frozen(eq=False)
class Job:
    """A test, and what is to be judged on its rows."""

    test: Test
    questions: tuple[Question, ...]


@frozen
class Kept:
    """How many rows of a source there are in a window, and how many of them a condition keeps."""

    condition: Condition
    rows: int
    kept: int


@frozen(eq=False)
class Heard:
    """What came out of a test."""

    judged: Mapping[Question, Judged]
    schedules: Mapping[Question, Schedule]
    profiles: Mapping[str, Profile]
    answers: Evaluated

    def rows(self, question: Question) -> dict[str, int]:
        """How many rows each source of a KPI has in the window of its headline."""
        return {name: self._count(question, all_rows(name)) for name in sources(question.kpi)}

    def kept(self, question: Question) -> list[Kept]:
        """What each condition of a KPI keeps of these rows."""
        rows = self.rows(question)
        every = conditions(question.kpi)
        return [Kept(one, rows[one.source], self._count(question, one.counting)) for one in every]

    def _count(self, question: Question, node: Aggregate) -> int:
        window = window_of(self.schedules[question])
        if window is None or self.answers.failure(node) is not None:
            return 0
        return int(self.answers.grid(Ask(node, (window,))).at((), window) or 0)

    @property
    def spoiled(self) -> bool:
        """Whether something could not be computed that the rows of another test may be to blame for."""
        return any(failure.code in _OF_ROWS for failure in self.failures)

    @property
    def failures(self) -> tuple[Diagnostic, ...]:
        """Why something could not be computed."""
        nodes = dict.fromkeys(ask.node for one in self.schedules.values() for ask in one.asks)
        found = (self.answers.failure(node) for node in nodes)
        return tuple({id(one): one for one in found if one is not None}.values())

    @property
    def told(self) -> tuple[Diagnostic, ...]:
        """What is to be said of the rows, and of what could not be computed."""
        problems = [p for one in self.profiles.values() for p in (*one.problems, *one.broken)]
        return (*problems, *self.failures)


def window_of(schedule: Schedule) -> Window | None:
    """The window of a headline, if there is one."""
    return schedule.slots[schedule.headline].window if schedule.slots else None


def hear(
    specs: Specs, jobs: Sequence[Job], watch: Watch, limits: Limits = UNLIMITED
) -> tuple[list[Heard], list[Query]]:
    """What comes out of each job, and the queries that it took: a few for all of them.

    Where a query fails for the rows of some test, those that needed it are tried in halves, until it spoils
    itself only.
    """
    found: dict[int, Heard] = {}
    hearing = _Hearing(specs, jobs, watch, limits.over(specs.config.limits))
    with watch.within(hearing.limits.timeout):
        for group in worlds.groups(((n, job.test) for n, job in enumerate(jobs)), specs.graph):
            found |= hearing.of(group, group.members)
    return [found[n] for n in range(len(jobs))], hearing.queries


@frozen(eq=False)
class _Hearing:
    specs: Specs
    jobs: Sequence[Job]
    watch: Watch
    limits: Limits
    queries: list[Query] = field(factory=list)

    def of(self, group: worlds.Group, members: Sequence[int]) -> dict[int, Heard]:
        """Some jobs of a group."""
        found = self._together(group, members)
        lost = [n for n in members if found[n].spoiled]
        if len(members) == 1 or not lost:
            return found
        middle = (len(lost) + 1) // 2
        for half in (lost[:middle], lost[middle:]):
            found |= self.of(group, half) if half else {}
        return found

    def _together(self, group: worlds.Group, members: Sequence[int]) -> dict[int, Heard]:
        from kpidsl.evaluate import apart

        graph = self.specs.graph
        jobs = {str(n): self.jobs[n] for n in members}
        tests = {name: job.test for name, job in jobs.items()}
        days = {name: test.as_of for name, test in tests.items() if test.as_of is not None}
        kpis = {id(q.kpi): q.kpi for job in jobs.values() for q in job.questions}
        looked_at = [
            table.source
            for test in tests.values()
            for table in test.given
            if any(one.finding for one in test.expected)
        ]
        united = worlds.united(needed(graph, kpis.values(), group.given, looked_at), group)
        wish = Wish(max(days.values()), data=worlds.tables(united, tests), limits=self.limits)
        with project.reading(self.specs, united, wish, self.watch) as session:
            known = apart.profiles(
                united,
                session,
                days,
                {name for name, test in tests.items() if _strict(test)},
                lambda world, source: worlds.repeated(united.sources[source], tests[world]),
            )
            schedules = {name: self._schedules(job, known[name]) for name, job in jobs.items()}
            asked = [apart.World(name, days[name], _asks(schedules[name]), known[name]) for name in jobs]
            answers = apart.evaluate(graph, united, asked, session)
            self.queries.extend(session.log)
        return {n: _heard(jobs[str(n)], schedules[str(n)], known[str(n)], answers[str(n)]) for n in members}

    def _schedules(self, job: Job, profiles: Mapping[str, Profile]) -> dict[Question, Schedule]:
        from kpidsl import judge

        graph, day = self.specs.graph, job.test.as_of
        assert day is not None, "broken tests are not run"
        return {
            q: judge.asks(q.kpi, day, profiles, graph.calendar, q.window, sources=graph.sources)
            for q in job.questions
        }


def _strict(test: Test) -> bool:
    """Whether sources are held to what they promise of the days of their rows: a handful of rows would break
    all of that, and most tests are about something else."""
    return any(one.word == "stale" or one.finding is not None for one in test.expected)


def _asks(schedules: Mapping[Question, Schedule]) -> tuple[Ask, ...]:
    """All that has to be asked, the rows that conditions keep among it."""
    found: dict[Ask, None] = {}
    for question, schedule in schedules.items():
        found |= dict.fromkeys(schedule.asks)
        window = window_of(schedule)
        if window is not None and question.explained:
            counted = [all_rows(name) for name in sources(question.kpi)]
            counted += [one.counting for one in conditions(question.kpi)]
            found |= {Ask(node, (window,)): None for node in counted}
    return tuple(found)


def _heard(
    job: Job, schedules: Mapping[Question, Schedule], profiles: Mapping[str, Profile], answers: Evaluated
) -> Heard:
    from kpidsl import judge

    day, calendar = answers.as_of, answers.graph.calendar
    judged = {
        q: _constant(q.kpi, judge.judge(q.kpi, schedules[q], answers, day, calendar), answers)
        for q in job.questions
    }
    return Heard(judged, schedules, profiles, answers)


def _constant(kpi: Kpi, judged: Judged, answers: Evaluated) -> Judged:
    """A formula of constants has a value also where no rows say which window it is of."""
    if judged.headline.value is not None or aggregates(kpi.formula):
        return judged
    window = Window(answers.as_of, answers.as_of)
    value = answers.total(kpi.formula, Ask(kpi.formula, (window,)), window)
    rounded = float(f"{value:.12g}") if value is not None else None
    return evolve(judged, headline=evolve(judged.headline, value=rounded))
