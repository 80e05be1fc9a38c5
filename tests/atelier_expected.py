"""What `examples/atelier` must say on 2026-10-15, computed without kpidsl.

The KPIs are in `atelier_kpis`; here they are computed for every window and slice, and judged. A test compares
the answers with those of kpidsl; run as a script, this prints them.

    expected()["cost_per_lead"].headline.value               18.10...
    expected()["cost_per_lead"].slices["meta"][-2].word      "missed", in September

A slice of `None` holds the rows without a value there: orders by telephone, which have no channel.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import attrs
import duckdb

from tests.atelier_data import AS_OF, TABLES, database
from tests.atelier_kpis import KPIS, Kpi, Promise

Days = tuple[date, date]
Value = float | None

CLOSED = {"green": "met", "amber": "nearly met", "red": "missed"}
OPEN = {"green": "on track", "amber": "at risk", "red": "off track"}
STALE = {"stock"}  # it ends in August, and promises to be at most two days old
MONTHS = {"month": 1, "quarter": 3}
NAMED = {
    "black_friday": [
        (date(2024, 11, 25), date(2024, 12, 1)),
        (date(2025, 11, 24), date(2025, 11, 30)),
        (date(2026, 11, 23), date(2026, 11, 29)),
    ]
}
DAYS_OFF = {date(2026, 7, 14), date(2026, 11, 11), date(2026, 12, 24), date(2026, 12, 25)}
"""Holidays in the second half of 2026 on working days: those of France, and the day of the stocktaking."""


@attrs.frozen
class Answer:
    """One value and what is to be said of it; the fields are named as those of a verdict."""

    window: Days | None
    word: str
    value: Value = None
    target_low: Value = None
    target_high: Value = None
    reference_low: Value = None
    reference_high: Value = None
    tolerance: Value = None
    baseline: Value = None
    attainment: Value = None
    gap: Value = None
    projection: Value = None
    rows: int | None = None
    running: bool = False
    deadline: date | None = None
    days_left: int | None = None
    watermark: date | None = None


@attrs.frozen
class Expected:
    """The answers of a KPI, oldest first, and which one is the headline."""

    history: tuple[Answer, ...]
    slices: dict[str | None, tuple[Answer, ...]]
    place: int

    @property
    def headline(self) -> Answer:
        return self.history[self.place]


# The windows


def months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, day.day)


def after(first: date, measured: str, times: int = 1) -> date:
    """The first day of a period some periods later."""
    if measured == "week":
        return first + timedelta(days=7 * times)
    return months_later(first, MONTHS[measured] * times)


def windows_of(kpi: Kpi, watermark: date) -> list[Days]:
    """Every window of the promise that has begun; of a sliding one the newest and up to six before it.

    What is compared with earlier periods has to be a whole one itself.
    """
    one = timedelta(days=1)
    if isinstance(kpi.measured, int):
        length = timedelta(days=kpi.measured)
        ends = [watermark - n * length for n in range(7)]
        return [(end - length + one, end) for end in reversed(ends) if end >= kpi.start or end == watermark]
    if kpi.measured in NAMED:
        return [(a, b) for a, b in NAMED[kpi.measured] if kpi.start <= a <= AS_OF]
    if kpi.milestones:
        passed = [(kpi.start, day) for day, _ in kpi.milestones if day < AS_OF]
        return [*passed, (kpi.start, AS_OF)]
    if kpi.measured == "so far":
        return [(kpi.start, AS_OF)] if kpi.start <= AS_OF else []
    found, first = [], kpi.start
    compares = any(f"_{n}}}" in kpi.query for n in ("1", "y"))
    while first <= AS_OF and not (compares and after(first, kpi.measured) > AS_OF):
        found.append((first, after(first, kpi.measured) - one))
        first = after(first, kpi.measured)
    return found


def headline_of(kpi: Kpi, windows: list[Days]) -> int:
    """The last window that is over, or else the last."""
    over = [n for n, (_, end) in enumerate(windows) if end < AS_OF]
    return over[-1] if over and not isinstance(kpi.measured, int) else len(windows) - 1


# The numbers


def fill(query: str, kpi: Kpi, window: Days, where: str) -> str:
    first, last = window
    spans = {"": window, "_y": (months_later(first, -12), months_later(last + timedelta(days=1), -12))}
    spans["_y"] = (spans["_y"][0], spans["_y"][1] - timedelta(days=1))
    if kpi.measured in MONTHS:
        starts = [after(first, kpi.measured, -n) for n in range(3)]
        for n in (1, 2):
            spans[f"_{n}"] = (starts[n], starts[n - 1] - timedelta(days=1))
    earlier = after(first, kpi.measured, -1) if kpi.measured in MONTHS else first
    before = (earlier, first - timedelta(days=1))
    days = {end: f"day between date '{a}' and date '{b}'" for end, (a, b) in spans.items()}
    filled = {f"d{end}": text for end, text in days.items()}
    filled |= {f"w{end}": f"({text} and {where})" for end, text in days.items()}
    filled |= {"start": f"date '{first}'", "end": f"date '{last}'"}
    filled["before"] = f"day between date '{before[0]}' and date '{before[1]}'"
    return query.format(**filled, s=where)


def read_by(kpi: Kpi) -> list[str]:
    return [table for table in (*TABLES, "orders") if f" {table} " in kpi.query]


def slices_of(db: duckdb.DuckDBPyConnection, kpi: Kpi, windows: list[Days]) -> list[str | None]:
    """Every value of the slice's column in the windows, of each table that has the column; missing last."""
    found: set[str | None] = set()
    for table in read_by(kpi):
        columns = {row[0] for row in db.execute(f"describe {table}").fetchall()}
        if kpi.by in columns:
            span = f"day between date '{windows[0][0]}' and date '{windows[-1][1]}'"
            query = f"select distinct {kpi.by} from {table} where {span}"
            found.update(row[0] for row in db.execute(query).fetchall())
    return sorted(found, key=lambda value: (value is None, value or ""))


# The judgement


def kept(value: float) -> float:
    """12 significant digits, so that a bound that is reached is kept."""
    return float(f"{value:.12g}")


def light(value: float, low: Value, high: Value, tolerance: float) -> str:
    def within(slack: float) -> bool:
        above = low is None or kept(value) >= kept(low - slack)
        return above and (high is None or kept(value) <= kept(high + slack))

    return "green" if within(0) else "amber" if within(tolerance) else "red"


def worked(first: date, last: date) -> int:
    """Business days from first to last."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return sum(day.weekday() < 5 and day not in DAYS_OFF for day in days)


def compared(value: float, low: Value, high: Value) -> dict[str, Value]:
    """Attainment, where value and reference are positive, and gap."""
    if low is not None and high is not None and low <= value <= high:
        return {"attainment": 1.0 if value > 0 else None, "gap": 0.0}
    if low is not None and (high is None or value < low):
        return {"attainment": value / low if value > 0 and low > 0 else None, "gap": value - low}
    return {"attainment": high / value if value > 0 and high > 0 else None, "gap": value - high}


@attrs.frozen
class Judge:
    """What is the same for all slices of a KPI in a window."""

    db: duckdb.DuckDBPyConnection
    kpi: Kpi
    window: Days
    watermark: date

    @property
    def running(self) -> bool:
        return isinstance(self.kpi.measured, int) or self.window[1] >= AS_OF

    def numbers(self, where: str) -> tuple[Value, int]:
        """The value, and how many rows went into it."""
        query = f"select {self.kpi.query}, {self.kpi.rows}"
        return self.db.execute(fill(query, self.kpi, self.window, where)).fetchone()

    def single(self, query: str) -> Value:
        return self.db.execute(fill(query, self.kpi, self.window, "true")).fetchone()[0]

    def promise(self, item: str | None, is_slice: bool) -> Promise | None:
        kpi = self.kpi
        if is_slice and item in kpi.own:
            return kpi.own[item]
        if is_slice and (kpi.additive or kpi.level):
            return None  # a part does not owe what the whole promised
        if kpi.milestones:
            return next(promise for day, promise in kpi.milestones if day >= min(self.window[1], AS_OF))
        if kpi.promised:
            return kpi.promised(self.single(kpi.plan or kpi.baseline))
        return kpi.promise

    def gone(self) -> float:
        """The part of an additive promise that is due by now: by days, or as it was a year ago."""
        first, last = self.window
        if self.kpi.like_last_year:
            whole, until = (
                self.db.execute(
                    "select sum(amount) from orders where day between ? and ?",
                    [months_later(first, -12), end],
                ).fetchone()[0]
                for end in (months_later(self.kpi.deadline, -12), months_later(self.watermark, -12))
            )
            return until / whole
        if self.kpi.by_business_days:
            return worked(first, self.watermark) / worked(first, self.kpi.deadline)
        last = self.kpi.deadline if self.kpi.measured == "so far" else last
        return ((self.watermark - first).days + 1) / ((last - first).days + 1)

    def due(self, promise: Promise, baseline: Value) -> tuple[Value, Value, float]:
        """What is expected by now, low and high, and how much of the way to the deadline that is."""
        kpi, (first, last) = self.kpi, self.window
        if kpi.glides:
            way = ((last - kpi.start).days + 1) / ((kpi.deadline - kpi.start).days + 1)
            return baseline + (promise.low - baseline) * way, None, way
        if kpi.milestones and self.running:
            # A straight line from the milestone before to the next one; the projection is that of the whole.
            (begin, before), (end, following) = kpi.milestones
            way = (self.watermark - begin).days / (end - begin).days
            gone = ((self.watermark - first).days + 1) / ((end - first).days + 1)
            return before.low + (following.low - before.low) * way, None, gone
        if kpi.additive and self.running:
            return promise.low * self.gone(), None, self.gone()
        return promise.low, promise.high, 1.0

    def projection(self, value: float, baseline: Value, way: float) -> Value:
        kpi = self.kpi
        if kpi.measured == "so far" and not self.running:
            return None
        if kpi.glides:
            return baseline + (value - baseline) / way
        return value / way

    def answer(self, item: str | None = None, is_slice: bool = False) -> Answer:
        kpi = self.kpi
        where = "true" if not is_slice else f"{kpi.by} is null" if item is None else f"{kpi.by} = '{item}'"
        (value, rows), promise = self.numbers(where), self.promise(item, is_slice)
        deadline = kpi.deadline
        if kpi.milestones:
            deadline = next(day for day, _ in kpi.milestones if day >= min(self.window[1], AS_OF))
        found = Answer(
            window=self.window,
            word="no target",
            value=value,
            rows=rows,
            running=self.running,
            deadline=deadline,
            days_left=max((deadline - AS_OF).days, 0),
            watermark=self.watermark,
        )
        if promise is None:
            return found
        baseline = self.single(kpi.baseline) if kpi.baseline else None
        found = attrs.evolve(
            found, target_low=promise.low, target_high=promise.high, baseline=baseline, word="no data"
        )
        if STALE & set(read_by(kpi)):
            return attrs.evolve(found, word="stale")
        if value is None:
            return found
        if rows < kpi.sample:
            return attrs.evolve(found, word="too few")
        low, high, way = self.due(promise, baseline)
        words = OPEN if self.running else CLOSED
        if kpi.unfinished and self.running:
            if kpi.unfinished == "open" or light(value, low, high, 0) != "green":
                return found
            words = CLOSED  # it is reached, and no later row takes it back
        return attrs.evolve(
            found,
            word=words[light(value, low, high, promise.tolerance or 0)],
            reference_low=low,
            reference_high=high,
            tolerance=promise.tolerance,
            projection=self.projection(value, baseline, way),
            **compared(value, low, high),
        )


def watermark(db: duckdb.DuckDBPyConnection, table: str) -> date:
    return db.execute(f"select max(day) from {table}").fetchone()[0]


def answers(db: duckdb.DuckDBPyConnection, kpi: Kpi) -> Expected:
    reached = min(watermark(db, table) for table in read_by(kpi))
    windows = windows_of(kpi, reached)
    if not windows:
        left = (kpi.deadline - AS_OF).days
        idle = Answer(None, "not started", deadline=kpi.deadline, days_left=left, watermark=reached)
        return Expected((idle,), {}, 0)
    judges = [Judge(db, kpi, window, reached) for window in windows]
    slices = {
        item: tuple(judge.answer(item, is_slice=True) for judge in judges)
        for item in (slices_of(db, kpi, windows) if kpi.by else ())
    }
    return Expected(tuple(judge.answer() for judge in judges), slices, headline_of(kpi, windows))


def expected() -> dict[str, Expected]:
    db = database()
    return {name: answers(db, kpi) for name, kpi in KPIS.items()}


def lines() -> Iterator[str]:
    for name, found in expected().items():
        said = found.headline
        yield f"{name:26} {said.window and said.window[1]!s:10} {said.value!s:>22}  {said.word}"
        for item, history in found.slices.items():
            yield f"    {item!s:33} {history[found.place].value!s:>22}  {history[found.place].word}"


if __name__ == "__main__":
    print(*lines(), sep="\n")
