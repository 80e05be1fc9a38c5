"""What a source promises of itself, from the spec to the word and the sentence of what depends on it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kpidsl
from kpidsl.diagnostics import Source
from kpidsl.evaluate.rhythm import Seen, counted, runs
from kpidsl.model.periods import Calendar, containing
from kpidsl.model.sources import Volume
from kpidsl.results import Judged
from kpidsl.syntax.format import proved

SPEC = """
source ads
  from        "ads.csv"
  time        day
  channel     platform
  key         day, platform{key}
  column      spend EUR
  fresh       within 5 days{fresh}
  complete    every day{complete}
  rows        between 1 and 2 every day{rows}
  check       spend >= 0{check}

source crm
  from        "crm.csv"
  time        day
  channel     platform
  row         lead

kpi spend
  formula     sum(ads.spend)
  target      at most 1_000 EUR
  measured    every month
  from        2026-01
  by          channel
    google    at most 100 EUR

kpi cost
  formula     sum(ads.spend) / count(crm)
  target      at most 1_000 EUR per lead
  measured    every month
  from        2026-01

kpi leads
  formula     count(crm)
  target      at least 1 lead
  measured    every month
  from        2026-01
  by          channel

kpi planned
  formula     count(crm)
  target      at least sum(ads.spend) / 1_000 EUR * 1 lead
  measured    every month
  from        2026-01
"""
CRM = "day,platform\n2026-01-30,google\n"
SOUND = [(f"2026-01-{day:02}", "google", 1.0) for day in range(1, 32)]
NAMES = ("fresh", "complete", "key", "rows", "check")


def _evaluated(folder: Path, ledger: list[tuple[str, str, float]], **otherwise: str) -> kpidsl.Evaluation:
    words = {name: f" else {otherwise[name]}" if name in otherwise else "" for name in NAMES}
    (folder / "kpis.kpi").write_text(SPEC.format(**words))
    lines = [f"{day},{platform},{spend}" for day, platform, spend in ledger]
    (folder / "ads.csv").write_text("\n".join(["day,platform,spend", *lines]) + "\n")
    (folder / "crm.csv").write_text(CRM)
    return kpidsl.load(folder).evaluate(as_of="2026-02-01")


def _judged(found: kpidsl.Evaluation, kpi: str) -> Judged:
    return next(one for one in found.judged if one.kpi == kpi)


BREACHES = {
    "fresh": (
        [row for row in SOUND if row[0] < "2026-01-26"],
        "ads ends on 2026-01-25, 7 days before 2026-02-01",
    ),
    "complete": ([row for row in SOUND if row[0] not in ("2026-01-03", "2026-01-09")], "ads lacks 2 days"),
    "key": ([*SOUND[:-1], SOUND[2]], "1 key of ads repeats"),
    "rows": (
        [*SOUND, ("2026-01-02", "meta", 1), ("2026-01-02", "tv", 1)],
        "ads has too few or too many rows in 1 day",
    ),
    "check": ([("2026-01-01", "meta", -1.0), *SOUND], "1 row of ads breaks check spend >= 0"),
}
WORSE = ("spend", "cost", "planned")
"""The KPIs that depend on the source."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("word", ["stale", "warn", None])
def test_a_broken_promise_makes_grey_or_warns_what_depends_on_it(
    tmp_path: Path, name: str, word: str | None
) -> None:
    rows, said = BREACHES[name]
    others = {each: "warn" for each in NAMES if each != name}
    found = _evaluated(tmp_path, rows, **others, **({name: word} if word else {}))
    promises = {one.text.partition(" ")[0]: one for one in found.sources["ads"].promises}
    assert promises[name].found == said
    grey = word == "stale" or (word is None and name == "fresh")
    assert promises[name].word == ("stale" if grey else "warned")
    for kpi in WORSE:
        verdict = _judged(found, kpi).headline
        assert (verdict.word == "stale") == grey
        assert said in verdict.why
    for verdict in _judged(found, "spend").slices:
        assert (verdict.word == "stale") == (grey and verdict.counts)
        assert said in verdict.why or verdict.value is None
    leads = _judged(found, "leads")
    for verdict in (leads.headline, *leads.slices):
        assert verdict.word in ("met", "no target")
        assert "ads" not in verdict.why


def test_what_is_kept_says_nothing(tmp_path: Path) -> None:
    found = _evaluated(tmp_path, SOUND, **dict.fromkeys(NAMES, "stale"))
    assert [one.word for one in found.sources["ads"].promises] == ["kept"] * 5
    assert found.sources["ads"].stale is None
    assert _judged(found, "spend").headline.word == "met"
    assert _judged(found, "spend").headline.why == "31 EUR in 2026-01, at most 1,000 EUR asked: 96.9% below."


def test_all_slices_are_grey_alike_in_arrays_and_in_words(tmp_path: Path) -> None:
    (tmp_path / "kpis.kpi").write_text(
        'source s\n  from "s.csv"\n  time day\n  key id else stale\n  column id text\n  column shop text\n'
        "  column x EUR\n\nkpi k\n  formula average(s.x)\n  target at least 1 EUR\n  by shop\n"
    )
    rows = "\n".join(f"2026-01-{1 + n % 28:02},{n % 30},shop {n % 40},{n}" for n in range(80))
    (tmp_path / "s.csv").write_text(f"day,id,shop,x\n{rows}\n")
    found = _judged(kpidsl.load(tmp_path).evaluate(as_of="2026-02-01"), "k")
    assert found.crowd is not None
    assert {one.word for one in found.slices} == {"stale"}
    assert all("30 keys of s repeat" in one.why for one in found.slices)


GRAINS = st.sampled_from(["day", "week", "month"])
START = date(2026, 1, 1)


@given(
    days=st.lists(st.integers(0, 60), min_size=1, max_size=80),
    behind=st.integers(0, 40),
    fresh=st.one_of(st.none(), st.integers(1, 30)),
    grain=GRAINS,
    low=st.integers(0, 5),
    width=st.integers(0, 5),
)
def test_holes_and_counts_are_those_of_a_plain_count(
    days: list[int], behind: int, fresh: int | None, grain: str, low: int, width: int
) -> None:
    calendar = Calendar()
    every = sorted(START + timedelta(days=n) for n in days)
    as_of = every[-1] + timedelta(days=behind)
    per_day = Counter(every)
    seen = Seen(
        calendar,
        np.array(sorted(per_day), "M8[D]"),
        np.array([per_day[d] for d in sorted(per_day)]),
        as_of,
        fresh,
    )
    owed_to = as_of - timedelta(days=1)
    if fresh is not None:
        owed_to = max(as_of - timedelta(days=fresh), every[-1] - timedelta(days=1))
    windows = []
    day = every[0]
    while day <= as_of:
        window = containing(day, grain, calendar)  # type: ignore[arg-type]
        windows += [window] if window not in windows else []
        day += timedelta(days=1)
    count = {w: sum(n for d, n in per_day.items() if w.start <= d <= w.end) for w in windows}
    assert seen.lacking(grain) == [w for w in windows if w.end <= owed_to and not count[w]]  # type: ignore[arg-type]
    few = [w for w in windows if every[0] <= w.start and w.end <= owed_to and count[w] < low]
    off = dict(seen.off(Volume(low, low + width, grain)))  # type: ignore[arg-type]
    assert off == {w: count[w] for w in windows if w in few or count[w] > low + width}


def test_neighbours_are_told_together() -> None:
    windows = [
        containing(START + timedelta(days=n), "day", Calendar()) for n in (0, 1, 2, 5, 8, 9, 12, 15, 18)
    ]
    assert runs(windows[:4]) == "2026-01-01 to 2026-01-03, 2026-01-06"
    assert runs(windows) == (
        "2026-01-01 to 2026-01-03, 2026-01-06, 2026-01-09 to 2026-01-10, 2026-01-13, 2026-01-16 and 1 more"
    )
    assert counted([(w, 0) for w in windows]).endswith("0 in 2026-01-09 and 4 more")


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ("rows between 5 and 2 every day", "K404"),
        ("rows at least 1.5 every day", "K211"),
        ("rows at least 1 every dey", "K211"),
        ("fresh within 0 days", "K211"),
        ("fresh within 40_000 days", "K211"),
        ("fresh within 99_999_999_999 days", "K211"),
        ("complete every month else ignore", "K1"),
        ("rows at least 1 lead every day", "K1"),
    ],
)
def test_mistakes(tmp_path: Path, clause: str, code: str) -> None:
    (tmp_path / "kpis.kpi").write_text(f'source s\n  from "s.csv"\n  time day\n  {clause}\n')
    errors = [one.code for one in kpidsl.load(tmp_path).check() if one.severity.word == "error"]
    assert errors
    assert errors[0].startswith(code)


@pytest.mark.parametrize("clause", ["fresh within 2 days", "complete every day", "rows at most 3 every day"])
def test_a_promise_by_days_needs_a_time(tmp_path: Path, clause: str) -> None:
    (tmp_path / "kpis.kpi").write_text(f'source s\n  from "s.csv"\n  {clause}\n')
    (error,) = kpidsl.load(tmp_path).check()
    assert (error.code, error.message) == (
        "K213",
        "s does not say which column is its time, and this promise goes by it",
    )


def test_else_is_formatted_and_any_word_stays_a_name() -> None:
    text = 'source s\n  from "s.csv"\n  column rows row\n  column `else` text\n  check rows>0 else   stale\n'
    formatted = proved(Source("a.kpi", text))
    assert formatted is not None
    assert "check       rows > 0 else stale\n" in formatted
