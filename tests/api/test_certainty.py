"""Intervals and samples on random tables, against statsmodels, scipy and what the rows say by themselves."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson
from statsmodels.stats.weightstats import DescrStatsW

import kpidsl

SOURCES = """
source visits
  from        "visits.csv"
  row         session
  time        day
  channel     channel
  column      ordered flag
  column      pages page
  column      amount EUR
  column      weight number
  column      score number
  column      happy number
  scale       score from 0 to 10
  scale       happy from 1 to 5

source ads
  from        "ads.csv"
  row         booking
  time        day
  channel     channel
  column      spend EUR
"""
LEVEL = 0.9


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    rng, n = np.random.default_rng(7), 400
    ordered = rng.random(n) < 0.3
    return pd.DataFrame(
        {
            "day": pd.to_datetime("2026-01-01") + pd.to_timedelta(rng.integers(0, 31, n), "D"),
            "channel": rng.choice(["a", "b", "c"], n, p=[0.6, 0.35, 0.05]),
            "ordered": ordered,
            "pages": rng.integers(1, 9, n).astype(float),
            "amount": np.where(ordered, np.round(rng.lognormal(3, 1, n), 2), np.nan),
            "weight": rng.choice([0.5, 1.0, 2.5, np.nan], n, p=[0.3, 0.4, 0.25, 0.05]),
            "score": rng.choice([*range(12), np.nan], n),
            "happy": rng.choice([0, 1, 2, 3, 4, 5, np.nan], n),
        }
    )


@pytest.fixture(scope="module")
def ads() -> pd.DataFrame:
    rng, n = np.random.default_rng(8), 60
    return pd.DataFrame(
        {
            "day": pd.to_datetime("2026-01-01") + pd.to_timedelta(rng.integers(0, 31, n), "D"),
            "channel": rng.choice(["a", "b", "c"], n),
            "spend": np.round(rng.lognormal(2, 1, n), 2),
        }
    )


FORMULAS = {
    "conversion": "(count(visits) where ordered) / count(visits)",
    "shared": "share(visits where ordered)",
    "kept": "1 - share(visits where ordered)",
    "half": "share(visits where ordered) / 2",
    "average": "average(visits.amount)",
    "shifted": "3 * average(visits.amount) - 5 EUR",
    "count": "count(visits) where ordered",
    "twice": "2 * count(visits)",
    "sum": "sum(visits.amount)",
    "difference": "sum(visits.amount) - sum(ads.spend)",
    "nps": "nps(visits.score)",
    "csat": "csat(visits.happy)",
    "mean": "average(visits.score)",
    "weighted": "weighted average(visits.score by visits.weight)",
    "nps_weighted": "nps(visits.score by visits.weight)",
    "csat_weighted": "csat(visits.happy, 5 by visits.weight)",
    "per_session": "sum(visits.amount) / count(visits)",
    "per_page": "sum(visits.amount) / sum(visits.pages)",
    "filtered": "(sum(visits.amount) where pages > 3) / (count(visits) where ordered)",
    "cost": "sum(ads.spend) / (count(visits) where ordered)",
    "mixed": "average(visits.amount) * share(visits where pages > 4) / average(visits.pages)",
    "apart": "share(visits where ordered) - share(visits where pages > 4)",
    "both": "sum(visits.amount) / count(visits) - sum(ads.spend) / (sum(visits.pages) / 1 page * 1 session)",
}


@pytest.fixture(scope="module")
def found(visits, ads, tmp_path_factory) -> kpidsl.Evaluation:
    folder: Path = tmp_path_factory.mktemp("certainty")
    kpis = [f"kpi {n}\n  formula {f}\n  confident 90%\n  by channel\n" for n, f in FORMULAS.items()]
    (folder / "all.kpi").write_text(SOURCES + "\n".join(kpis), "utf-8")
    project = kpidsl.load(folder)
    assert {d.code for d in project.check()} == {"K453"}
    return project.evaluate(as_of="2026-02-01", data={"visits": visits, "ads": ads})


def wilson(yes: float, n: float) -> tuple[float, float]:
    return proportion_confint(yes, n, alpha=1 - LEVEL, method="wilson")


def by_t(value: float, variance: float, freedom: float) -> tuple[float, float]:
    wide = stats.t.ppf((1 + LEVEL) / 2, freedom) * math.sqrt(variance)
    return value - wide, value + wide


def by_z(value: float, variance: float) -> tuple[float, float]:
    wide = stats.norm.ppf((1 + LEVEL) / 2) * math.sqrt(variance)
    return value - wide, value + wide


def kish(x: np.ndarray, w: np.ndarray) -> tuple[float, float, float]:
    """Mean, effective sample size, and variance of the mean."""
    mean, n = np.average(x, weights=w), w.sum() ** 2 / (w**2).sum()
    return mean, n, np.average((x - mean) ** 2, weights=w) / (n - 1)


def delta(totals, *tables: np.ndarray) -> tuple[float, float]:
    """A function of the columns' sums of tables, and its variance where each row is drawn by itself; the
    gradient by finite differences."""
    sums = np.concatenate([table.sum(axis=0) for table in tables])
    step = 1e-6 * np.maximum(np.abs(sums), 1)
    slopes = [
        (totals(*(sums + step * unit)) - totals(*(sums - step * unit))) / (2 * step[n])
        for n, unit in enumerate(np.eye(len(sums)))
    ]
    variance, start = 0.0, 0
    for table in tables:
        part = np.array(slopes[start : start + table.shape[1]])
        variance += ((table @ part) ** 2).sum()
        start += table.shape[1]
    return totals(*sums), variance


def ratio(totals, table: np.ndarray) -> tuple[float, float]:
    n = int(table.any(axis=1).sum())
    value, variance = delta(totals, table)
    return by_t(value, variance * n / (n - 1), n - 1)


def expected(name: str, v: pd.DataFrame, ads: pd.DataFrame) -> tuple[float, float]:
    amount, ordered, pages = v.amount.fillna(0.0), v.ordered, v.pages
    paid, one = v.amount.dropna(), np.ones(len(v))
    score = v.score.where(v.score.between(0, 10))
    happy = v.happy.where(v.happy.between(1, 5))
    points = np.select([score >= 9, score <= 6], [1.0, -1.0], 0.0)
    weighed = v.weight.notna() & score.notna()
    match name:
        case "conversion" | "shared":
            return wilson(ordered.sum(), len(v))
        case "kept":
            return wilson((~ordered).sum(), len(v))
        case "half":
            low, high = wilson(ordered.sum(), len(v))
            return low / 2, high / 2
        case "csat":
            return wilson((happy >= 4).sum(), happy.notna().sum())
        case "csat_weighted":
            both = v.weight.notna() & happy.notna()
            share, n, _ = kish((happy[both] >= 5).astype(float), v.weight[both])
            return wilson(share * n, n)
        case "average":
            return DescrStatsW(paid).tconfint_mean(1 - LEVEL)
        case "shifted":
            low, high = DescrStatsW(paid).tconfint_mean(1 - LEVEL)
            return 3 * low - 5, 3 * high - 5
        case "mean":
            return DescrStatsW(score.dropna()).tconfint_mean(1 - LEVEL)
        case "nps":
            return DescrStatsW(points[score.notna()]).tconfint_mean(1 - LEVEL)
        case "weighted" | "nps_weighted":
            x = score if name == "weighted" else pd.Series(points, v.index)
            mean, n, variance = kish(x[weighed], v.weight[weighed])
            return by_t(mean, variance, math.floor(n - 1))
        case "count":
            return confint_poisson(ordered.sum(), 1, method="score", alpha=1 - LEVEL)
        case "twice":
            low, high = confint_poisson(len(v), 1, method="score", alpha=1 - LEVEL)
            return 2 * low, 2 * high
        case "sum":
            return by_z(amount.sum(), (amount**2).sum())
        case "difference":
            return by_z(amount.sum() - ads.spend.sum(), (amount**2).sum() + (ads.spend**2).sum())
        case "per_session":
            return ratio(lambda a, n: a / n, np.column_stack([amount, one]))
        case "per_page":
            return ratio(lambda a, b: a / b, np.column_stack([amount, pages]))
        case "filtered":
            return _filtered(v)
        case "cost":
            return by_z(
                *delta(lambda s, n: s / n, ads[["spend"]].to_numpy(), ordered.to_numpy(float)[:, None])
            )
        case "mixed":
            table = np.column_stack([amount, v.amount.notna(), pages > 4, pages, one]).astype(float)
            return ratio(lambda a, k, long, p, n: a / k * (long / n) / (p / n), table)
        case "apart":
            return ratio(
                lambda a, b, n: (a - b) / n, np.column_stack([ordered, pages > 4, one]).astype(float)
            )
        case "both":
            table = np.column_stack([amount, one, pages])
            return by_z(*delta(lambda a, n, p, s: a / n - s / p, table, ads[["spend"]].to_numpy()))
    raise AssertionError(name)


def _filtered(v: pd.DataFrame) -> tuple[float, float]:
    """Rows that meet either filter are in the sample."""
    table = np.column_stack([v.amount.fillna(0.0) * (v.pages > 3), v.ordered]).astype(float)
    n = int(((v.pages > 3) | v.ordered).sum())
    value, variance = delta(lambda a, k: a / k, table)
    return by_t(value, variance * n / (n - 1), n - 1)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("channel", [None, "a", "b", "c"])
def test_intervals_are_those_of_the_rows(name, channel, found, visits, ads):
    verdict = found.verdict(name, channel=channel) if channel else found.verdict(name)
    rows, costs = (t if channel is None else t[t.channel == channel] for t in (visits, ads))
    low, high = expected(name, rows, costs)
    assert verdict.low == pytest.approx(low, rel=1e-8, abs=1e-9)
    assert verdict.high == pytest.approx(high, rel=1e-8, abs=1e-9)
    assert verdict.low <= verdict.value <= verdict.high
