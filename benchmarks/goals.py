"""What was to be reached, held against the figures."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from benchmarks.results import Figure


@frozen
class Goal:
    """One line: what is measured, what is to be reached, and whether it is."""

    what: str
    reach: str
    measured: str | None
    kept: bool | None

    @property
    def word(self) -> str:
        """For the last column."""
        return {True: "reached", False: "**not reached**", None: ""}[self.kept]


class Figures:
    """Figures by what they are of."""

    def __init__(self, figures: list[Figure]) -> None:
        self.all = figures
        self.rows = sorted(
            {f.rows for f in figures if f.suite == "table" and f.workload != "slices"}, reverse=True
        )

    def table(self, workload: str, rows: int, kpis: int, side: str) -> Figure | None:
        """A side in the table, if it was measured for all of the KPIs."""
        return self.one("table", side, workload=workload, rows=rows, kpis=kpis)

    def one(self, suite: str, side: str, **where: object) -> Figure | None:
        """The figure, if it has seconds."""
        for f in self.all:
            wanted = {"suite": suite, "side": side, "of": 0, **where}
            if f.seconds is not None and all(getattr(f, name) == value for name, value in wanted.items()):
                return f
        return None


def goals(figures: list[Figure]) -> Iterator[Goal]:
    """All goals, over the most rows that were measured."""
    found = Figures(figures)
    yield _at_most(
        "1000 KPIs dims on 100 M rows, against reading and grouping them",
        2,
        found.table("dims", 100_000_000, 1000, "planner"),
        found.table("dims", 100_000_000, 1000, "group"),
    )
    for rows in (r for r in found.rows if found.table("dims", r, 1000, "planner")):
        yield from _growth(found, rows)
    for rows in (r for r in found.rows if r >= 10_000_000):
        yield from _against_case(found, rows)
    yield _memory(found)
    yield from _promised(found)
    yield from _peers(found)
    yield from _front(found)


def _growth(found: Figures, rows: int) -> Iterator[Goal]:
    for workload, most in (("dims", 1.2), ("full", 4.0)):
        many, few = (found.table(workload, rows, n, "planner") for n in (1000, 20))
        yield _at_most(f"1000 KPIs against 20, {workload}, {rows // 1_000_000} M rows", most, many, few)


def _against_case(found: Figures, rows: int) -> Iterator[Goal]:
    for workload, least in (("dims", 10), ("full", 3), ("distinct", 4)):
        ours, case = (found.table(workload, rows, 200, side) for side in ("planner", "case"))
        if case is None or ours is None:
            continue
        what = f"200 KPIs against `CASE`, {workload}, {rows // 1_000_000} M rows"
        yield _at_least(what, least, ours, case)
        more = (ours.megabytes or 0) / (case.megabytes or 1)
        yield Goal(f"{what}: memory", "no more", f"{more:.2f} x", more <= 1)


def _memory(found: Figures) -> Goal:
    peaks = [f.megabytes for f in found.all if f.suite == "table" and f.side == "planner" and f.megabytes]
    if not peaks:
        return Goal("peak memory, any of them", "under 2 GB", None, None)
    return Goal("peak memory, any of them", "under 2 GB", f"{max(peaks):,.0f} MB", max(peaks) < 2000)


def _promised(found: Figures) -> Iterator[Goal]:
    for rows in sorted({f.rows for f in found.all if f.suite == "promises"}):
        plain, everything = (
            found.one("promises", side, rows=rows, kpis=1000)
            for side in ("plain targets", "everything promised")
        )
        what = f"1000 KPIs with everything promised, {rows // 1_000_000} M rows, against plain targets"
        yield _at_most(what, 1.5, everything, plain)


def _peers(found: Figures) -> Iterator[Goal]:
    for kpis, least in ((20, 1), (200, 10)):
        ours, theirs = (found.one("peers", s, kpis=kpis, rows=10_000_000) for s in ("kpidsl", "sidemantic"))
        what = f"{kpis} KPIs on 10 M rows, whole process, against sidemantic"
        yield _at_least(what, least, ours, theirs)
        if ours and theirs and ours.megabytes and theirs.megabytes:
            less = ours.megabytes / theirs.megabytes
            yield Goal(f"{what}: memory", "less", f"{less:.2f} x", less < 1)
    ours, theirs = (found.one("validate", s, kpis=1000) for s in ("kpidsl", "sidemantic"))
    yield _at_most("1000 definitions checked, cold, against `sidemantic validate`", 2, ours, theirs)


def _front(found: Figures) -> Iterator[Goal]:
    one, imports = (found.one("commands", s) for s in ("kpi lint, one KPI", "python -c 'import click, lark'"))
    yield _at_most("`kpi lint` of a small file, against importing click and lark", 3, one, imports)
    for side, most in (
        ("kpi lint, 1000 KPIs", 2.0),
        ("kpi lint, 1000 KPIs, nothing changed", 0.3),
        ("kpi lint, 10000 KPIs", 15.0),
        ("kpi lint, 10000 KPIs, nothing changed", 2.0),
        ("kpi test, 500 tests of 500 KPIs", 5.0),
    ):
        figure = found.one("commands", side)
        seconds = figure.seconds if figure else None
        kept = None if seconds is None else seconds < most
        yield Goal(side, f"under {most:g} s", None if seconds is None else f"{seconds:.2f} s", kept)


def _at_most(what: str, most: float, one: Figure | None, other: Figure | None) -> Goal:
    ratio = _ratio(one, other)
    if ratio is None:
        return Goal(what, f"within {most:g} x", None, None)
    return Goal(what, f"within {most:g} x", f"{ratio:.2f} x", ratio <= most)


def _at_least(what: str, least: float, ours: Figure | None, theirs: Figure | None) -> Goal:
    ratio = _ratio(theirs, ours)
    reach = "faster" if least == 1 else f"{least:g} x faster"
    if ratio is None:
        return Goal(what, reach, None, None)
    return Goal(what, reach, f"{ratio:.2f} x faster", ratio >= least)


def _ratio(one: Figure | None, other: Figure | None) -> float | None:
    if one is None or other is None or not one.seconds or not other.seconds:
        return None
    return one.seconds / other.seconds
