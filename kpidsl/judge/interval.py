"""Intervals of values, and what they say of a promise.

Two-sided, at the level that the KPI asks for; z is the quantile of the normal distribution, t of Student's,
at (1 + level) / 2.

| formula | interval |
|---|---|
| share of n | (p + z^2/2n +- z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n): Wilson, JASA 22 (1927) |
| count k | k + z^2/2 +- z sqrt(k + z^2/4): the score interval of a Poisson count, the same idea |
| average, nps, ratio of one source | value +- t sqrt(variance), with n - 1 degrees of freedom |
| sum, ratio of several sources | value +- z sqrt(variance) |

Where the variance comes from is told in `kpidsl.compile.certainty`. Of weighted rows n is the effective
sample size of Kish (1965).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from attrs import frozen

from kpidsl.digits import Floats, twelve
from kpidsl.graph import Estimate
from kpidsl.judge import bounds
from kpidsl.judge.bounds import Band, rounded
from kpidsl.judge.evidence import LARGE, Evidence, Table
from kpidsl.judge.words import amount_text
from kpidsl.model.periods import Window
from kpidsl.results import Places, SliceKey

_ENOUGH = 200
"""From so many degrees of freedom on a quantile of Student's t is a series around the normal one."""


@frozen(eq=False)
class Certainty:
    """The interval of values and how many things they are made of; None where it is not asked for, NaN where
    there is none."""

    low: Floats | None = None
    high: Floats | None = None
    sample: Floats | None = None


def certainty(evidence: Evidence, places: Places, window: Window) -> Certainty:
    """Of slices that are named by their places among those of the value. What is not large is worked out for
    all slices and windows at once."""
    if evidence.value.grid.values.size > LARGE:
        value = evidence.value.column(evidence.slices, places, window)
        return _of(evidence, value, lambda table: table.column(evidence.slices, places, window))
    if "certainty" not in evidence.memo:
        value = evidence.value.whole(evidence.slices)
        evidence.memo["certainty"] = _of(evidence, value, lambda table: table.whole(evidence.slices))
    whole, column = evidence.memo["certainty"], evidence.value.columns[window]
    return Certainty(
        *(None if x is None else x[places, column] for x in (whole.low, whole.high, whole.sample))
    )


def certainty_of(evidence: Evidence, key: SliceKey, window: Window) -> tuple[float | None, ...]:
    """Low, high and sample of one slice."""
    promise, place = evidence.kpi.promise, evidence.slices.place(key)
    if place is None or (promise.confident is None and promise.sample is None):
        return None, None, None
    found = certainty(evidence, np.array([place]), window)
    return tuple(
        None if numbers is None or math.isnan(numbers[0]) else float(numbers[0])
        for numbers in (found.low, found.high, found.sample)
    )


def _of(evidence: Evidence, value: Floats, numbers: Callable[[Table], Floats]) -> Certainty:
    promise = evidence.kpi.promise
    sample = None
    if promise.sample is not None:
        counts = [numbers(evidence.sure[node]) for node in promise.sample.nodes]
        sample = np.nan_to_num(np.min(counts, axis=0))
    if promise.confident is None or promise.estimate is None:
        return Certainty(sample=sample)
    estimate = promise.estimate
    size, variance = (
        None if node is None else numbers(evidence.sure[node]) for node in (estimate.size, estimate.variance)
    )
    return Certainty(*interval(estimate, promise.confident, value, size, variance), sample)


# -- intervals -----------------------------------------------------------------------------------------------


def interval(
    estimate: Estimate, level: float, value: Floats, size: Floats | None, variance: Floats | None
) -> tuple[Floats, Floats]:
    """The ends of the intervals of values; NaN where there is none."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    with np.errstate(all="ignore"):
        match estimate.method:
            case "wilson":
                assert size is not None
                low, high = _wilson((value - estimate.offset) / estimate.scale, size, z)
            case "poisson":
                low, high = _poisson((value - estimate.offset) / estimate.scale, z)
            case method:
                assert variance is not None
                far: Floats | float = z
                if method == "student":
                    assert size is not None
                    far = students(level, size - 1)
                wide = far * np.sqrt(np.maximum(variance, 0.0))
                low, high = value - wide, value + wide
                return twelve(low), twelve(high)
    low, high = estimate.scale * low + estimate.offset, estimate.scale * high + estimate.offset
    return twelve(np.minimum(low, high)), twelve(np.maximum(low, high))


def _wilson(p: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    n = np.where(n > 0, n, np.nan)
    p = np.clip(p, 0.0, 1.0)  # 12 digits may say a little more than all
    middle, wide = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - wide) / (1 + z * z / n), (middle + wide) / (1 + z * z / n)
    return np.where(p == 0, 0.0, low) + 0 * n, np.where(p == 1, 1.0, high) + 0 * n


def _poisson(k: Floats, z: float) -> tuple[Floats, Floats]:
    middle, wide = k + z * z / 2, z * np.sqrt(k + z * z / 4)
    return np.where(k == 0, 0.0, middle - wide), middle + wide


def students(level: float, freedom: Floats) -> Floats:
    """Two-sided quantiles of Student's t; degrees of freedom are rounded down, NaN below 1."""
    whole = np.floor(np.where(freedom >= 1, freedom, np.nan))
    out = np.full(whole.shape, np.nan)
    many = whole >= _ENOUGH
    out[many] = _around_normal(NormalDist().inv_cdf((1 + level) / 2), whole[many])
    for few in np.unique(whole[whole < _ENOUGH]).tolist():
        out[whole == few] = _student(level, int(few))
    return out


def _around_normal(z: float, v: Floats) -> Floats:
    """Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5."""
    return np.asarray(
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * v**4)
    )


@lru_cache(maxsize=4_000)
def _student(level: float, freedom: int) -> float:
    """By bisection of the probability between -t and t."""
    low, high = 0.0, 2.0
    while _between(high, freedom) < level:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _between(middle, freedom) < level else (low, middle)
    return high


def _between(t: float, freedom: int) -> float:
    """The probability between -t and t; Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    angle = math.atan2(t, math.sqrt(freedom))
    square = math.cos(angle) ** 2
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0 if freedom == 1 else term
    for k in range(3 if odd else 2, freedom - 1, 2):
        term *= square * (k - 1) / k
        total += term
    found = math.sin(angle) * total
    return 2 / math.pi * (angle + found) if odd else found


def too_few(evidence: Evidence, sample: float | None) -> str:
    """What is said of a sample that is smaller than the KPI asks for; nothing of one that is not."""
    asked = evidence.kpi.promise.sample
    if asked is None or sample is None or sample >= asked.least:
        return ""
    least = amount_text(asked.least, asked.unit)
    return f"a sample of {amount_text(sample, asked.unit)}, at least {least} asked"


# -- what they say -------------------------------------------------------------------------------------------


def sure_light(
    low: float | None, high: float | None, reference: Band, slack: Band
) -> bounds.Judgement | None:
    """The light of every value in an interval; None if they have not the same, or lie on both sides."""
    if low is None or high is None or side(low, reference) != side(high, reference):
        return None
    one, other = (bounds.light(end, reference, slack) for end in (low, high))
    return one if one == other else None


def side(value: float, reference: Band) -> int:
    """Where a value is: -1 below what is asked for, 0 within, 1 above."""
    if reference.low is not None and value < rounded(reference.low):
        return -1
    return int(reference.high is not None and value > rounded(reference.high))
