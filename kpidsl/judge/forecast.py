"""A forecast of a series by the Theta method, with its interval.

V. Assimakopoulos, K. Nikolopoulos: The theta model: a decomposition approach to forecasting, International
Journal of Forecasting 16 (2000), the best of the M3 competition. R. J. Hyndman and B. Billah: Unmasking the
Theta method, IJF 19 (2003), show that it is exponential smoothing with a drift of half the slope of a
straight line; from that form comes the interval, of a sum of periods to come too.

Only this module imports statsmodels, when the first forecast is made.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from kpidsl.digits import Floats
from kpidsl.judge.interval import students

LIBRARY = "statsmodels"


@frozen
class Forecast:
    """What is expected, and between what it lies."""

    value: float
    low: float
    high: float


def available() -> bool:
    """Whether the library is there; it is not imported."""
    return find_spec(LIBRARY) is not None


def forecast(series: Floats, weights: Floats, season: int, level: float, *, yearly: bool = False) -> Forecast:
    """The weighted sum of the values that follow a series of at least 4, and its two-sided interval.

    A pattern that repeats after `season` values is taken out where the autocorrelation shows one (the test of
    the M3 competition, at 90%) and the series has two of them. With `yearly` the last season is the pattern:
    what is forecast is the part that values are of those a season before.
    """
    if yearly and (series[:-season] > 0).all():
        weights = weights * series[-season:][: len(weights)]
        series, season = series[season:] / series[:-season], 1
    if not weights.any():
        return Forecast(0.0, 0.0, 0.0)
    size, steps = len(series), len(weights)
    pattern, multiplied = _pattern(series, season)
    behind, places = np.resize(pattern, size), np.arange(size, size + steps) % len(pattern)
    path, alpha, squares = _theta(series / behind if multiplied else series - behind, steps)
    weights, added = (weights * pattern[places], 0.0) if multiplied else (weights, weights @ pattern[places])
    value = float(weights @ path + added)
    freedom = np.array([max(size - 1 - len(pattern), 1)], np.float64)
    variance = squares / float(freedom[0])
    wide = float(students(level, freedom)[0]) * (variance * _spread(weights, alpha, places, size)) ** 0.5
    return Forecast(value, value - wide, value + wide)


def _spread(weights: Floats, alpha: float, places: NDArray[np.int64], size: int) -> float:
    """The variance of a weighted sum of values to come, that of one step being 1.

    What goes wrong in one step moves all that follow by `alpha`. And of a pattern every entry is a mean of as
    many values as the series has repetitions.
    """
    after = np.cumsum(weights[::-1])[::-1] - weights
    steps = float(np.sum((weights + alpha * after) ** 2))
    entries = np.bincount(places, weights)
    return steps + float(entries @ entries) * len(entries) / size if len(entries) > 1 else steps


def _pattern(series: Floats, season: int) -> tuple[Floats, bool]:
    """What repeats, one entry for each place in it, and whether it multiplies; nothing is `[0]`."""
    none = np.zeros(1), False
    if season < 2 or len(series) < 2 * season + 1 or not _repeats(series, season):
        return none
    from statsmodels.tsa.seasonal import seasonal_decompose

    multiplied = bool((series > 0).all())
    model = "multiplicative" if multiplied else "additive"
    found = seasonal_decompose(series, model=model, period=season).seasonal[:season]
    return np.asarray(found, np.float64), multiplied


def _repeats(series: Floats, season: int) -> bool:
    centred = series - series.mean()
    power = float(centred @ centred)
    if power == 0:
        return False
    lags = [float(centred[k:] @ centred[:-k]) / power for k in range(1, season + 1)]
    limit = 1.645 * ((1 + 2 * sum(r * r for r in lags[:-1])) / len(series)) ** 0.5
    return bool(abs(lags[-1]) > limit)


def _theta(series: Floats, steps: int) -> tuple[Floats, float, float]:
    """The forecasts, the weight of the newest value, and the sum of the squares of what one step was wrong
    by."""
    if np.ptp(series) <= 1e-12 * np.abs(series).max():
        return np.full(steps, series[-1]), 1.0, 0.0
    from statsmodels.tsa.forecasting.theta import ThetaModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a fit that stops early: it is the best that was found
        fitted = ThetaModel(series, deseasonalize=False).fit()
        path = np.asarray(fitted.forecast(steps), np.float64)
    alpha = float(fitted.params["alpha"])
    return path, alpha, _errors(series, alpha, float(fitted.params["b0"]) / 2)


def _errors(series: Floats, alpha: float, drift: float) -> float:
    """The sum of the squares of what smoothing with a drift is wrong by, one step ahead."""
    level, squares = float(series[0]), 0.0
    for x in series[1:].tolist():
        wrong = x - level - drift
        squares += wrong * wrong
        level += drift + alpha * wrong
    return squares
