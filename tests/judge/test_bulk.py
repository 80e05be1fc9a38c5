"""Judged all at once, slices get the words and numbers that each gets when it is judged alone."""

from __future__ import annotations

import math
from datetime import date
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Context, Decimal, localcontext

import numpy as np
import pytest
from attrs import evolve, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from kpidsl import judge
from kpidsl.digits import noiseless, twelve
from kpidsl.graph import Aggregate, Cumulative, Estimate, Every, Kpi, Node, Sample, Trailing, aggregates
from kpidsl.judge.bounds import EXACT
from kpidsl.judge.bulk import rule
from kpidsl.judge.crowd import Slicewise, terms
from kpidsl.judge.evidence import gather
from kpidsl.judge.verdict import verdict
from kpidsl.model.rows import ColumnRef
from kpidsl.model.types import NUMBER
from kpidsl.results import LIGHT_OF, WORDS, Ask, Grid, Profile, SliceKey, Slices

from .world import (
    CALENDAR,
    EUR,
    LEAD,
    MARGIN,
    SALES,
    SOURCES,
    amount,
    bound,
    count,
    kpi,
    percent,
    period,
    total,
)

SLICES = Slices.of([(f"slice {n}",) for n in range(12)])
NUMBERS = (
    "target_low", "target_high", "reference_low", "reference_high", "tolerance", "baseline", "attainment",
    "gap", "projection", "low", "high", "sample",
)  # fmt: skip

figures = st.one_of(
    st.sampled_from(
        [
            math.nan,
            0.0,
            -5.0,
            100.0,
            95.0,
            105.0,
            99.9999999999,
            100.000000001,
            33.3333333333,
            50.0,
            31.0,
            1e-7,
        ]
    ),
    st.floats(-1e6, 1e6).map(lambda x: float(f"{x:.12g}")),
    st.floats(90, 110).map(lambda x: float(f"{x:.12g}")),
    st.integers(-3, 120).map(float),
)


@frozen(eq=False)
class Answers:
    """Numbers out of a hat, the same whenever the same is asked; every other source has fewer slices."""

    draw: st.DataObject
    profiles: dict[str, Profile]
    _known: dict[Ask, Grid] = field(factory=dict)

    def grid(self, ask: Ask) -> Grid:
        if ask not in self._known:
            narrow = any(a.source == "plan" for a in aggregates(ask.node))
            slices = Slices() if not ask.dimensions else Slices.of(SLICES[:7]) if narrow else SLICES
            shape = (len(slices), len(ask.windows))
            if aggregates(ask.node):
                drawn = self.draw.draw(
                    st.lists(figures, min_size=math.prod(shape), max_size=math.prod(shape))
                )
                values = np.array(drawn).reshape(shape)
            else:
                values = np.full(shape, ask.node.value)
            self._known[ask] = Grid(slices, ask.windows, values)
        return self._known[ask]

    def rows(self, ask: Ask) -> Grid:
        slices = SLICES if ask.dimensions else Slices()
        return Grid(slices, ask.windows, np.full((len(slices), len(ask.windows)), 3.0))

    def why(self, ask: Ask, key: SliceKey, window: object) -> str:
        return "it is so"

    def failure(self, node: Node) -> None:
        return None


def least(function: str) -> Aggregate:
    return Aggregate(function, "orders", ColumnRef("orders", "amount", NUMBER), EUR, "none")


NODES = st.one_of(
    st.sampled_from([100.0, 0.0, -20.0, 33.3, 1 / 3, 1000.0, 0.05]),
    st.just(total("plan")),
    st.just(count("plan")),
)


@st.composite
def bounds(draw):
    direction = draw(st.sampled_from(["at least", "at most", "between", "increase", "decrease"]))
    if direction == "between":
        return bound(direction, 95, 105)
    change = direction in ("increase", "decrease")
    return bound(direction, draw(NODES), relative=change and draw(st.booleans()))


DEADLINES = ["2026-03-31", "2026-06-30", "2026-07-10", "2026-07-20", "2026-08-31", "2026-12-31"]
BASELINES = [period("2025-11"), "previous period", "same period last year", count("plan")]


SIZE, SPREAD = count("ads"), least("standard deviation")
CERTAIN = [
    {},
    {},
    {"sample": Sample((SIZE,), LEAD, 50)},
    {"confident": 0.95, "estimate": Estimate("normal", None, SPREAD), "sample": Sample((SIZE,), LEAD)},
    {
        "confident": 0.5,
        "estimate": Estimate("student", SIZE, SPREAD),
        "sample": Sample((SIZE, SALES), LEAD, 20),
    },
    {"confident": 0.9, "estimate": Estimate("wilson", SIZE, None, 100.0, 5.0)},
    {"confident": 0.8, "estimate": Estimate("poisson", None, None, -1.0)},
]


@st.composite
def kpis(draw) -> Kpi:
    """Plain ones; with a line from a baseline; at the pace of last year; with milestones. All of them perhaps
    with an interval and a sample."""
    kind = draw(st.sampled_from(["plain", "line", "last year", "milestones"]))
    formula = draw(st.sampled_from([SALES, MARGIN, count(), least("min"), least("max"), least("average")]))
    measured = draw(st.sampled_from([Every("month"), Cumulative(), Trailing(28, "day")]))
    if kind in ("last year", "milestones"):
        formula = draw(st.sampled_from([SALES, SALES, SALES, formula]))
        measured = draw(st.sampled_from([Cumulative(), Cumulative(), measured]))
    by = draw(st.lists(st.sampled_from(DEADLINES), min_size=2, max_size=4, unique=True))
    milestones = tuple((date.fromisoformat(day), draw(bounds())) for day in by)
    baseline = draw(st.sampled_from([None, *BASELINES]))
    pace = draw(st.sampled_from([None, "business days", "business days", "none", "linear"]))
    return kpi(
        formula,
        None if kind == "milestones" else draw(st.one_of(st.none(), bounds(), bounds(), bounds(), bounds())),
        measured=measured,
        by=True,
        start=draw(st.sampled_from(["2026-01-01", "2026-06-15"])),
        deadline=None if kind == "milestones" else draw(st.sampled_from([None, *DEADLINES])),
        tolerance=draw(st.sampled_from([None, percent(5), percent(0), percent(7.3), amount(5)])),
        baseline=BASELINES[0] if kind == "line" else baseline,
        pace="like last year" if kind == "last year" else None if kind == "line" else pace,
        milestones=milestones if kind == "milestones" else (),
        slices=draw(st.sampled_from([(), (("slice 3", bound("at least", 95), None),)])),
        **draw(st.sampled_from(CERTAIN)),
    )


def same(one: float | None, other: float, size: float) -> bool:
    """Both nothing, or alike but for the last of twelve digits of what they were computed from."""
    if one is None or math.isnan(other):
        return one is None and math.isnan(other)
    return abs(one - other) <= 2e-11 * max(abs(one), size)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    kpis(),
    st.sampled_from(["2026-05-31", "2026-07-01", "2026-07-13", "2026-08-02", "2026-08-01"]),
    st.sampled_from([None, "2026-05-20", "2026-07-11"]),
    st.booleans(),
    st.data(),
)
def test_words_and_numbers_are_those_of_each_alone(one, as_of, watermark, stale, data):
    reached = date.fromisoformat(min(watermark or as_of, as_of))
    profiles = {
        name: Profile(name, 100, date(2024, 1, 1), reached, "It is old." if stale and name == "ads" else None)
        for name in SOURCES
    }
    schedule = judge.asks(one, date.fromisoformat(as_of), profiles, CALENDAR, sources=SOURCES)
    if not schedule.slots:
        return
    evidence = gather(one, schedule, Answers(data, profiles))
    places = np.arange(len(SLICES))
    tolerance = one.promise.tolerance
    for slot in schedule.slots:
        for limit in {slot.bound, None}:
            found = rule(evidence, limit, tolerance, places, slot)
            for n, key in enumerate(SLICES):
                with localcontext(EXACT):
                    alone = verdict(evidence, limit, tolerance, key, slot)
                assert WORDS[found.words[n]] == alone.word, (key, alone)
                assert LIGHT_OF[alone.word] == alone.light
                assert same(alone.value, found.value[n], 0)
                assert bool(found.final[n]) == alone.final
    crowd = Slicewise(lambda: evidence, lambda evidence: [])
    headline = schedule.slots[schedule.headline]
    numbers = {name: crowd.number(name) for name in NUMBERS}
    for n in range(len(crowd)):
        alone = crowd.verdict(n)
        assert alone == (crowd.history(n)[schedule.headline])
        assert WORDS[crowd.words[n]] == alone.word
        assert (bool(crowd.counts[n]), crowd.rows[n]) == (alone.counts, alone.rows)
        ends = [alone.value, alone.reference_low, alone.reference_high, alone.baseline]
        size = max(abs(end) for end in ends if end is not None) if any(end is not None for end in ends) else 0
        for name in NUMBERS:
            wide = size * (1 if name not in ("attainment", "projection") else 0)
            if name == "projection" and alone.baseline is not None:
                wide = size * 400  # a line drawn out from its first days
            if name == "attainment" and alone.reference_low is not None and one.promise.baseline is not None:
                continue  # a bound that is the difference of two great numbers has few digits of its own
            assert same(getattr(alone, name), numbers[name][n], wide), (name, alone, numbers[name][n])
    assert terms(one, headline)[0] in (None, headline.bound)


@settings(max_examples=60, deadline=None)
@given(kpis(), st.data())
def test_trends_are_the_histories_in_short(one, data):
    profiles = {name: Profile(name, 100, date(2024, 1, 1), date(2026, 7, 13)) for name in SOURCES}
    schedule = judge.asks(one, date(2026, 7, 13), profiles, CALENDAR, sources=SOURCES)
    if not schedule.slots:
        return
    answers = Answers(data, profiles)
    judged = judge.judge(one, schedule, answers, date(2026, 7, 13), CALENDAR)
    assert judged.crowd is not None
    which = np.array([-1, 5, 3])
    histories = [judged.history, judged.slice_history[5][1], judged.slice_history[3][1]]
    for points, history in zip(judged.crowd.trends(which, 12), histories, strict=True):
        closed = [v for v in history if not v.running]
        shown = (closed if len(closed) > 1 else list(history))[-12:]
        assert [(p.window, p.running, p.value, p.light) for p in points] == [
            (v.window, v.running, v.value, v.light) for v in shown
        ]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_twelve_digits_are_those_of_the_text(x):
    assert twelve(np.array([x]))[0] == float(f"{x:.12g}")


@given(st.integers(-(10**11), 10**11), st.integers(-(10**11), 10**11), st.integers(0, 11))
def test_a_difference_has_no_digits_of_its_own(a, b, digits):
    x, y = a / 10**digits, b / 10**digits
    found = noiseless(np.array([x - y]), np.array([max(abs(x), abs(y))]))[0]
    exact = Decimal(a - b).scaleb(-digits)
    ways = (Context(prec=12, rounding=way) for way in (ROUND_HALF_UP, ROUND_HALF_DOWN))
    assert found in {float(way.create_decimal(exact)) for way in ways}  # either one in the very middle


def test_values_on_their_bounds_are_kept():
    values = [100.0, 99.9999999999, 95.0, 94.9999999999, math.nan]
    one = kpi(MARGIN, bound("at least", 100), tolerance=percent(5), by=True, start="2026-06-01")
    profiles = {name: Profile(name, 9, date(2026, 1, 1), date(2026, 7, 31)) for name in SOURCES}
    schedule = judge.asks(one, date(2026, 8, 1), profiles, CALENDAR, sources=SOURCES)
    assert schedule.value is not None

    class Few(Answers):
        def grid(self, ask: Ask) -> Grid:
            if not ask.dimensions:
                return Grid(Slices(), ask.windows, np.full((1, len(ask.windows)), 100.0))
            slices = Slices.of([(str(n),) for n in range(len(values))])
            return Grid(slices, ask.windows, np.array([[v] * len(ask.windows) for v in (1.0, *values)]))

    judged = judge.judge(one, schedule, Few(None, profiles), date(2026, 8, 1), CALENDAR)
    assert [v.word for v in judged.slices] == ["met", "nearly met", "nearly met", "missed", "no data"]
    assert [WORDS[code] for code in judged.crowd.words] == [v.word for v in judged.slices]
    assert list(judged.empty) == [("4",)]
    assert evolve(judged, crowd=None).slices == tuple(judged.slices)
