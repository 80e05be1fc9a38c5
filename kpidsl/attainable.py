"""Promises that the data speaks against: growth and totals that it never had, baselines that are of no use.

What is compared is told with its numbers. Only complete periods count, and only where there are enough of
them; the target is taken with its tolerance. A promise that is over is the verdicts' business.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise

from attrs import evolve, frozen

from kpidsl.compile.given import bounds
from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.graph import (
    Bound,
    Constant,
    Cumulative,
    Every,
    Graph,
    Kpi,
    Node,
    Rolling,
    Shift,
    children,
)
from kpidsl.judge import Schedule
from kpidsl.judge.schedule import counted_sources, written_start
from kpidsl.model.periods import GRAINS, Calendar, Grain, Window, containing, periods, same_last_year
from kpidsl.model.units import POINTS, format_value
from kpidsl.project import Outcome
from kpidsl.results import Ask, Verdict

_BACK: dict[Grain, int] = {"day": 400, "week": 108, "month": 60, "quarter": 20, "half": 10, "year": 10}
"""How many periods are looked back over: about five years, and one of days and two of weeks."""
_ENOUGH = 4
"""Periods, or changes from one to the next, before anything is said of the best of them."""
_MONTH, _WEEK = 30.4375, 7.0
_NEAR = 1e-9
_DAY = timedelta(days=1)

Value = tuple[Window, float]


@frozen(eq=False)
class Lookback:
    """What has to be asked besides, as of a day: the formula over every period there was."""

    as_of: date
    calendar: Calendar

    def __call__(self, kpi: Kpi, schedule: Schedule | None = None) -> Iterator[Ask]:
        """For each grain that matters, and over the baseline."""
        if kpi.promise.bound is None and not kpi.promise.levels:
            return
        for grain in grains(kpi):
            yield self.history(kpi, grain)
        if (asked := self.baseline(kpi)) is not None:
            yield asked

    def history(self, kpi: Kpi, grain: Grain) -> Ask:
        """The formula over the last periods that are complete, oldest first."""
        last = containing(self.as_of, grain, self.calendar)
        earlier = (last.shift(-n) for n in range(_BACK[grain], 0, -1))
        windows = tuple(window for window in earlier if window is not None)
        return Ask(kpi.formula, windows, (), written_start(kpi.promise))

    def baseline(self, kpi: Kpi) -> Ask | None:
        """What is changed, over the days that are over."""
        bound, baseline, measured = kpi.promise.bound, kpi.promise.baseline, kpi.promise.measured
        if bound is None or bound.direction not in ("increase", "decrease") or baseline is None:
            return None
        start = written_start(kpi.promise)
        if isinstance(baseline, Window):
            return Ask(kpi.formula, (baseline,), (), start) if baseline.end < self.as_of else None
        grain: Grain = next(iter(grains(kpi)), "month") if isinstance(measured, Every) else "month"
        last = containing(self.as_of, grain, self.calendar).shift(-1)
        if last is None:
            return None
        match baseline:
            case "previous period" | "same period last year":
                before = last.shift(-1) if baseline == "previous period" else same_last_year(last)
                return Ask(kpi.formula, (before,), (), start) if before else None
            case _:
                return Ask(baseline, (last,), (), start)


def grains(kpi: Kpi) -> tuple[Grain, ...]:
    """The periods that a promise can be held against; retail and named ones are too few to tell."""
    match kpi.promise.measured:
        case Every(grain=measured):
            return tuple(grain for grain in GRAINS if grain == measured)
        case Cumulative() if kpi.formula.additivity == "additive":
            return ("month", "week")
        case _:
            return ()


def findings(outcome: Outcome) -> Iterator[Diagnostic]:
    """Warnings about an outcome that was evaluated with `Lookback`; of each KPI the first that holds."""
    graph = outcome.graph
    look = Lookback(outcome.as_of, graph.calendar)
    for judged in outcome.judged:
        kpi = graph.kpis.get(judged.kpi)
        answers = outcome.answers
        if kpi is None or kpi.about.draft or answers is None or answers.failure(kpi.formula) is not None:
            continue
        every = (check for one in _checks(kpi, judged.headline, outcome, look) for check in one.each)
        found = next(filter(None, (check() for check in every)), None)
        if found is not None:
            yield found


def _checks(kpi: Kpi, headline: Verdict, outcome: Outcome, look: Lookback) -> Iterator[_Checks]:
    """Of the promise; of targets of periods each one that is not over, as if it were the only one."""
    promise = kpi.promise
    if promise.bound is not None and not _over(kpi, outcome.as_of):
        yield _Checks(kpi, promise.bound, headline, outcome, look)
    for window, bound in promise.levels:
        alone = evolve(promise, bound=bound, levels=(), start=written_start(promise), deadline=window.end)
        one = evolve(kpi, promise=alone)
        asked, tolerance = bounds(bound, kpi), promise.tolerance
        if asked is None or _over(one, outcome.as_of):
            continue
        low, high = (end if math.isfinite(end) else None for end in (asked.low, asked.high))
        target = abs(low if low is not None else high or 0.0)
        slack = None if tolerance is None else tolerance.amount * (target if tolerance.relative else 1)
        said = evolve(headline, target_low=low, target_high=high, tolerance=slack)
        yield _Checks(one, bound, said, outcome, look)


def without_slices(graph: Graph) -> Graph:
    """The graph with every KPI as a total: slices are not looked at."""
    return evolve(graph, kpis={name: kpi.in_total for name, kpi in graph.kpis.items()})


def _over(kpi: Kpi, as_of: date) -> bool:
    return kpi.promise.deadline is not None and kpi.promise.deadline <= as_of


def _compares(node: Node) -> bool:
    """Whether a formula is itself a change from one period to another."""
    return isinstance(node, Shift | Rolling) or any(map(_compares, children(node)))


@frozen(eq=False)
class _Checks:
    kpi: Kpi
    bound: Bound
    headline: Verdict
    outcome: Outcome
    look: Lookback

    @property
    def each(self) -> tuple[Callable[[], Diagnostic | None], ...]:
        """All of them, in the order in which they are told."""
        return (self.baseline, self.changes, self.reach)

    # -- baselines --

    def baseline(self) -> Diagnostic | None:
        """A change of nothing."""
        ask, answers = self.look.baseline(self.kpi), self.outcome.answers
        if ask is None or answers is None or answers.failure(ask.node) is not None:
            return None
        (window,) = ask.windows
        value = answers.grid(ask).at((), window)
        if value is None:
            said = f"has no value: {answers.why(ask, (), window)}"
        elif self.bound.relative and value <= 0:
            said = (
                f"is {format_value(value, self.kpi.unit)} in {window.label}, and a part of that is no change"
            )
        else:
            return None
        return self._told(
            "K443",
            f"the baseline of `{self.kpi.name}` {said}",
            "a baseline with a value above 0, or a target in numbers: `at least ...`",
        )

    # -- changes that are asked of each period --

    def changes(self) -> Diagnostic | None:
        """An increase or decrease from an earlier period that no two periods have had; of a formula that is a
        growth itself, a value that it has never had."""
        if not isinstance(self.kpi.promise.measured, Every):
            return None
        moving = self.kpi.promise.baseline in ("previous period", "same period last year")
        if self.bound.direction in ("increase", "decrease") and moving:
            return self._change_asked()
        if not _compares(self.kpi.formula) or (goal := self._goal()) is None:
            return None
        up, wanted = goal
        return self._beyond_best("K441", self._values(), wanted, up, "")

    def _change_asked(self) -> Diagnostic | None:
        amount, back = self.bound.value, self.kpi.promise.baseline
        if not isinstance(amount, Constant):
            return None
        values = dict(self._values())
        seen = []
        for window, value in values.items():
            other = window.shift(-1) if back == "previous period" else same_last_year(window)
            before = values.get(other) if other is not None else None
            if before is not None and (before > 0 or not self.bound.relative):
                seen.append((window, value / before - 1 if self.bound.relative else value - before))
        up = self.bound.direction == "increase"
        wanted = amount.value if up else -amount.value
        best = _best(seen, up)
        if best is None or not _beyond(wanted, best[1], up):
            return None
        said = f"{self.bound.direction} by {self._change(abs(wanted))} from the {_BASELINES[str(back)]}"
        return self._told(
            "K441",
            f"`{self.kpi.name}` asks for an {said}" if up else f"`{self.kpi.name}` asks for a {said}",
            f"{self._seen(best, len(seen))}; a target like that, or a period to grow in, could be kept",
        )

    def _change(self, value: float) -> str:
        if self.bound.relative:
            return f"{100 * value:.3g}%"
        return format_value(value, POINTS if self.kpi.unit.style == "percent" else self.kpi.unit)

    def _seen(self, best: Value, count: int) -> str:
        word = "largest" if self.bound.direction == "increase" else "deepest"
        return f"the {word} of {count} was {self._change(abs(best[1]))}, in {best[0].label}"

    # -- what is to be reached --

    def reach(self) -> Diagnostic | None:
        """A growth until the deadline, a level or a total that there has never been."""
        goal = self._goal()
        if goal is None or _compares(self.kpi.formula):
            return None
        up, wanted = goal
        match self.kpi.promise.measured:
            case Every() if not grains(self.kpi):
                return None
            case Every() if self.kpi.promise.deadline is not None:
                return self._growth(grains(self.kpi)[0], wanted, up)
            case Every():
                return self._beyond_best("K442", self._values(), wanted, up, "each of its periods")
            case Cumulative() if up and self.kpi.formula.additivity == "additive":
                return self._run_rate(wanted)
            case _:
                return None

    def _growth(self, grain: Grain, wanted: float, up: bool) -> Diagnostic | None:
        """The same growth in each period that is left, against the best that a period has had."""
        values, deadline = self._values(), self.kpi.promise.deadline
        if not values or deadline is None:
            return None
        last, value = values[-1]
        left = periods(last.end + _DAY, deadline, grain, self.look.calendar)
        count = sum(window.end <= deadline for window in left)
        if not count or value <= 0 or wanted <= 0 or not _beyond(wanted, value, up):
            return None
        needed = (wanted / value) ** (1 / count) - 1
        seen = [
            (after[0], after[1] / before[1] - 1)
            for before, after in pairwise(values)
            if before[1] > 0 and before[0].end + _DAY == after[0].start
        ]
        best = _best(seen, up)
        if best is None or not _beyond(needed, best[1], up):
            return None
        moved = "growth" if up else "decrease"
        return self._told(
            "K441",
            f"`{self.kpi.name}` needs a {moved} of {abs(needed):.1%} a {grain} until {deadline},"
            f" from {format_value(value, self.kpi.unit)} in {last.label}",
            f"the best of {len(seen)} {grain}s had {abs(best[1]):.1%}, {best[0].label}; a later deadline or"
            " another target could be kept"
            if best[1] * (1 if up else -1) > 0
            else f"no {grain} of {len(seen)} had any; a later deadline or another target could be kept",
        )

    def _beyond_best(
        self, code: str, values: list[Value], wanted: float, up: bool, each: str
    ) -> Diagnostic | None:
        best = _best(values, up)
        if best is None or not _beyond(wanted, best[1], up):
            return None
        word = "at least" if up else "at most"
        said = f"{word} {format_value(wanted, self.kpi.unit)}"
        return self._told(
            code,
            f"`{self.kpi.name}` asks for {said}{f' in {each}' if each else ''}, which it has never been",
            f"the best of {len(values)} periods had {format_value(best[1], self.kpi.unit)}, {best[0].label}",
        )

    def _run_rate(self, wanted: float) -> Diagnostic | None:
        """What is left of a total, by month (in the last weeks, by week), against the best there has been."""
        value, deadline, now = self.headline.value, self.kpi.promise.deadline, self.outcome.as_of
        if deadline is None or value is None or value >= wanted:
            return None
        days = (deadline - (self.headline.watermark or now)).days
        grain: Grain = "month" if days >= _MONTH else "week"
        length = _MONTH if grain == "month" else _WEEK
        values = self._values(grain)
        best = _best(values, True)
        if days < _WEEK or best is None:
            return None
        rate = (wanted - value) / days * length
        if not _beyond(rate, best[1] * length / best[0].days, True):
            return None
        return self._told(
            "K442",
            f"`{self.kpi.name}` needs {format_value(rate, self.kpi.unit)} a {grain} until {deadline}",
            f"the best of {len(values)} {grain}s had {format_value(best[1], self.kpi.unit)}, {best[0].label};"
            " a later deadline or another target could be kept",
        )

    # -- numbers --

    def _goal(self) -> tuple[bool, float] | None:
        """Whether it is to be reached from below, and what would just be tolerated; None for a target that is
        itself made of data, which is another one in each period."""
        if not isinstance(self.bound.value, Constant):
            return None
        v, slack = self.headline, self.headline.tolerance or 0.0
        low, high = v.target_low, v.target_high
        if low is None and high is None and (asked := bounds(self.bound, self.kpi)) is not None:
            low = asked.low if math.isfinite(asked.low) else None
            high = asked.high if math.isfinite(asked.high) else None
        if low is not None and high is None:
            return True, low - slack
        return (False, high + slack) if high is not None and low is None else None

    def _values(self, grain: Grain | None = None) -> list[Value]:
        """The complete periods with a value. Of a total the one in which the data begins is not."""
        answers = self.outcome.answers
        every = grains(self.kpi)
        if answers is None or not every:
            return []
        ask = self.look.history(self.kpi, grain or every[0])
        profiles = self.outcome.profiles
        begins = [day for name in counted_sources(self.kpi.formula) if (day := profiles[name].first)]
        first = max(begins, default=date.max)
        whole = self.kpi.formula.additivity == "additive"
        found = zip(ask.windows, answers.grid(ask).values[0].tolist(), strict=True)
        return [
            (window, value)
            for window, value in found
            if not math.isnan(value) and (window.start >= first if whole else window.end >= first)
        ]

    def _told(self, code: str, message: str, note: str) -> Diagnostic:
        return Diagnostic(code, message, self.kpi.span, Severity.WARNING, help=note, kpi=self.kpi.name)


_BASELINES = {"previous period": "period before", "same period last year": "same period last year"}


def _best(values: Iterable[Value], up: bool) -> Value | None:
    """The greatest (or least) of enough values; of equal ones the latest."""
    found = list(values)
    if len(found) < _ENOUGH:
        return None
    return max(found, key=lambda one: (one[1] if up else -one[1], one[0].start))


def _beyond(wanted: float, seen: float, up: bool) -> bool:
    near = _NEAR * max(abs(wanted), abs(seen))
    return wanted > seen + near if up else wanted < seen - near
