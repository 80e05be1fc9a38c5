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


def test_a_conversion_is_a_share_of_those_who_begin(tmp_path):
    (tmp_path / "paths.kpi").write_text(
        """
source looks
  from        "looks.csv"
  time        day
  column      who id of person
  column      page text

source buys
  from        "buys.csv"
  time        day
  column      who id of person

kpi bought
  formula     conversion(looks.who where page = "lamp" to buys.who within 7 days)
  target      at least 20%
  confident   90%
  sample      at least 12 persons
  measured    every month
""",
        "utf-8",
    )
    rng = np.random.default_rng(3)
    looks = pd.DataFrame(
        {
            "day": pd.to_datetime("2026-01-01") + pd.to_timedelta(rng.integers(0, 20, 90), "D"),
            "who": rng.integers(0, 40, 90).astype(str),
            "page": rng.choice(["lamp", "desk"], 90),
        }
    )
    buys = pd.DataFrame(
        {
            "day": pd.to_datetime("2026-01-01") + pd.to_timedelta(rng.integers(0, 30, 25), "D"),
            "who": rng.integers(0, 40, 25).astype(str),
        }
    )
    found = kpidsl.load(tmp_path).evaluate(
        as_of="2026-02-10", for_="2026-01", data={"looks": looks, "buys": buys}
    )
    begun = set(looks.who[looks.page == "lamp"])
    verdict = found.verdict("bought")
    assert verdict.sample == len(begun) >= 12
    assert (verdict.low, verdict.high) == pytest.approx(wilson(verdict.value * len(begun), len(begun)))


def test_what_is_off_its_scale_counts_nowhere(tmp_path):
    (tmp_path / "scales.kpi").write_text(
        """
source answers
  from        "answers.csv"
  row         answer
  time        day
  column      score number
  column      mood number
  column      good = score >= 9
  scale       score from 0 to 10
  scale       mood from -1.5 to 3

kpi how_many
  formula     count(answers.score)
kpi mean
  formula     average(answers.score)
kpi top
  formula     share(answers where score >= 9)
kpi good
  formula     count(answers) where good
kpi most
  formula     max(answers.mood)
kpi least_sample
  formula     nps(answers.score)
  target      at least 0 points
  sample      at least 4 answers
""",
        "utf-8",
    )
    answers = pd.DataFrame(
        {
            "day": pd.to_datetime(["2026-01-05"] * 7),
            "score": [0, 10, 10.5, -1, 9, None, 99],
            "mood": [-1.5, 3, 3.01, -2, 0, None, 1],
        }
    )
    found = kpidsl.load(tmp_path).evaluate(as_of="2026-02-01", data={"answers": answers})
    values = {v.kpi: v.value for v in found}
    assert values["how_many"] == 3
    assert values["mean"] == pytest.approx(19 / 3)
    assert values["top"] == pytest.approx(2 / 7)
    assert values["good"] == 2
    assert values["most"] == 3
    assert values["least_sample"] == pytest.approx(1 / 3)
    assert (found.verdict("least_sample").word, found.verdict("least_sample").sample) == ("too few", 3)
    off = [d.message for d in found.sources["answers"].problems if d.code == "K540"]
    assert [message.split(" of ")[0] for message in off] == ["3 rows", "2 rows"]
    assert "`scale mood from -1.5 to 3`" in off[1]


def test_what_is_assumed_is_taken_as_it_is(visits, ads, tmp_path):
    (tmp_path / "all.kpi").write_text(
        SOURCES
        + """
measure sessions = count(visits)

kpi per_session
  formula     sum(visits.amount) / sessions
  target      at least 20 EUR per session
  confident   90%
  sample      at least 500 sessions
""",
        "utf-8",
    )
    project, data = kpidsl.load(tmp_path), {"visits": visits, "ads": ads}
    assert project.evaluate(as_of="2026-02-01", data=data).verdict("per_session").word == "too few"
    trial = project.whatif({"sessions": 50}, as_of="2026-02-01", data=data)
    (pair,) = trial
    assert (pair.before.word, pair.after.word) == ("too few", "met")
    assert (pair.before.sample, pair.after.low, pair.after.sample) == (len(visits), None, None)
