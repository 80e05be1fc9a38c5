"""Forecasts: the Theta method of a library, and the interval of a sum against simulation and algebra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.tsa.forecasting.theta import ThetaModel

from kpidsl.judge import forecast as made
from kpidsl.judge.forecast import forecast

parts = st.lists(st.sampled_from([0.0, 0.25, 1.0, 3.0]), min_size=1, max_size=9)


@given(parts, st.floats(0, 1))
def test_the_spread_is_that_of_smoothing_with_a_drift(weights, alpha):
    # Every value is the level plus an error, and the level moves by alpha times the error: as a matrix.
    w = np.array(weights)
    moved = np.tril(np.full((len(w), len(w)), alpha), -1) + np.eye(len(w))
    spread = w @ moved @ moved.T @ w
    assert made._spread(w, alpha, np.zeros(len(w), np.int64), 30) == pytest.approx(spread, rel=1e-9)


def test_the_spread_is_what_simulation_gives():
    rng, alpha, weights = np.random.default_rng(1), 0.3, np.array([0.5, 1, 1, 1])
    errors = rng.normal(0, 1, (200_000, 4))
    level = np.cumsum(alpha * errors, axis=1) - alpha * errors
    simulated = ((level + errors) @ weights).var()
    assert made._spread(weights, alpha, np.zeros(4, np.int64), 30) == pytest.approx(simulated, rel=0.02)


def test_a_pattern_is_as_sure_as_the_mean_of_its_repetitions():
    # Four seasons of 3 values: each entry is a mean of 4, and the first two are forecast.
    weights, places = np.array([1.0, 1.0, 0.0]), np.arange(12, 15) % 3
    assert made._spread(weights, 0.0, places, 12) == pytest.approx(2 + 2 / 4)


@pytest.mark.parametrize("steps", [1, 5])
def test_without_a_pattern_it_is_the_method_of_the_library(steps):
    rng = np.random.default_rng(3)
    series = 50 + np.cumsum(rng.normal(0.5, 2, 40))
    fitted = ThetaModel(series, deseasonalize=False).fit()
    expected = fitted.forecast(steps).to_numpy().sum()
    found = forecast(series, np.ones(steps), 1, 0.9)
    assert found.value == pytest.approx(expected, rel=1e-9)
    # The interval of one step is that of the library, but for its estimate of the error and Student's t.
    wide = found.high - found.low
    library = fitted.prediction_intervals(1, alpha=0.1)
    normal = float(library["upper"].iloc[0] - library["lower"].iloc[0])
    if steps == 1:
        assert wide == pytest.approx(normal, rel=0.15)


def test_the_interval_is_students():
    rng = np.random.default_rng(5)
    series = rng.normal(10, 1, 8)
    one, other = (forecast(series, np.ones(3), 1, level) for level in (0.5, 0.9))
    ratio = stats.t.ppf(0.95, 6) / stats.t.ppf(0.75, 6)
    assert (other.high - other.value) / (one.high - one.value) == pytest.approx(ratio, rel=1e-9)
    assert other.value - other.low == pytest.approx(other.high - other.value)


def test_what_never_changes_is_sure():
    found = forecast(np.full(30, 7.0), np.array([1.0, 1.0, 0.5]), 7, 0.8)
    assert (found.value, found.low, found.high) == (17.5, 17.5, 17.5)
    assert forecast(np.zeros(30), np.ones(3), 7, 0.8).high == 0


def test_nothing_to_come_is_nothing():
    assert forecast(np.arange(9.0), np.zeros(3), 1, 0.8).value == 0


@pytest.mark.parametrize("base", [20.0, 0.0])
def test_a_weekly_pattern_is_found_and_goes_on(base):
    week = base + np.array([5.0, 9, 9, 9, 9, 3, 1])
    series = np.tile(week, 8) + np.random.default_rng(2).normal(0, 0.01, 56)
    if base == 0.0:
        series = series - 2  # below zero the pattern is added, and not multiplied
    for day in range(7):
        weights = np.zeros(7)
        weights[day] = 1
        expected = week[day] - (2 if base == 0 else 0)
        assert forecast(series, weights, 7, 0.8).value == pytest.approx(expected, abs=0.1)


def test_a_pattern_is_not_made_of_noise():
    rng = np.random.default_rng(11)
    found = [len(made._pattern(rng.normal(100, 5, 70), 7)[0]) > 1 for _ in range(200)]
    assert np.mean(found) < 0.15  # the test is one at 90%


def test_like_last_year_it_is_last_year_times_how_this_one_goes():
    shape = np.array([1.0, 1, 1, 1, 1, 2, 2, 1, 1, 1, 3, 6])
    series = np.concatenate([100 * shape, 110 * shape[:9]])
    found = forecast(series, np.array([1.0, 1.0, 1.0]), 12, 0.8, yearly=True)
    assert found.value == pytest.approx(110 * shape[9:].sum())
    assert found.high - found.low < 1e-6 * found.value


@pytest.mark.slow
@pytest.mark.parametrize(("size", "season", "steps"), [(12, 1, 1), (60, 1, 6), (180, 7, 30), (60, 12, 4)])
def test_intervals_hold_what_comes_about_as_often_as_they_say(size, season, steps):
    rng, held, times = np.random.default_rng(size), 0, 150
    for _ in range(times):
        alone = np.cumsum(rng.normal(0.2, 1, size + steps)) + rng.normal(100, 2, size + steps)
        pattern = 8 * np.sin(2 * np.pi * np.arange(size + steps) / season) if season > 1 else 0
        series = alone + pattern
        found = forecast(series[:size], np.ones(steps), season, 0.8)
        held += found.low <= series[size:].sum() <= found.high
    assert 0.65 <= held / times <= 0.92


def test_the_library_is_found_without_being_imported():
    assert made.available()
