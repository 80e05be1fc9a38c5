"""Tests that are run together, each held against an evaluation of its own rows alone, read from files."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from random import Random

import pytest

import kpidsl
from kpidsl import graph, testing
from kpidsl import specs as reading
from kpidsl.evaluate.watch import Watch
from kpidsl.results import Verdict
from kpidsl.testing.check import verdict_of

SOURCES = """
source visits
  from        "visits.csv"
  row         view
  time        at
  channel     origin
  belongs to  pages by page = path
  column      visitor id of person
  column      session text
  column      seconds second
  column      score number
  column      weight number
  scale       score from 0 to 10

source pages
  from        "pages.csv"
  column      path text
  column      section text

source orders
  from        "orders.csv"
  row         order
  time        day
  channel     origin
  column      buyer id of person
  column      kind text
  column      amount EUR
  column      discount %
  check       amount >= 0

source stock
  from        "stock.csv"
  time        day
  channel     origin
  column      account text
  column      pieces piece

source sessions
  from        visits by session
  row         session
  time        started
  column      started = first(at)
  column      views = count(visits)
  column      visitor = first(visitor)
"""

FORMULAS = {
    "turnover": "sum(orders.amount)",
    "web": 'sum(orders.amount) where kind = "web" and discount < 10%',
    "views": "count(visits)",
    "people": "count distinct(visits.visitor)",
    "google_people": 'count distinct(visits.visitor) where origin = "google"',
    "long_people": "count distinct(visits.visitor) where seconds > 30 second",
    "short_people": "count distinct(visits.visitor) where seconds <= 30 second",
    "mean": "average(orders.amount)",
    "weighed": "weighted average(visits.score by visits.weight)",
    "least": "min(orders.amount)",
    "most": "max(orders.amount)",
    "middle": "median(orders.amount)",
    "tail": "percentile(visits.seconds, 90)",
    "spread": "standard deviation(orders.amount)",
    "first_level": "first(stock.pieces)",
    "last_level": "last(stock.pieces)",
    "level": "closing(stock.pieces by account)",
    "opened": "opening(stock.pieces by account)",
    "usual": "average over days(closing(stock.pieces by account))",
    "usual_last": "average over days(last(stock.pieces))",
    "web_part": 'share(orders where kind = "web")',
    "newcomers": "new(visits.visitor)",
    "again": "returning(visits.visitor)",
    "stayed": "retained(visits.visitor)",
    "left": "churned(visits.visitor)",
    "came_back": "retention(visits.visitor, 1)",
    "bought": "conversion(visits.visitor to orders.buyer within 10 days)",
    "buyers": "converted(visits.visitor to orders.buyer within 10 days)",
    "touched": "last touch(visits.visitor to orders.buyer within 20 days, orders.amount)",
    "first_touched": "first touch(visits.visitor to orders.buyer within 20 days)",
    "grown": "growth(turnover)",
    "so_far": "running total(turnover)",
    "smooth": "rolling average(turnover, 2)",
    "shop_views": 'count(visits) where section = "shop"',
    "depth": "average(sessions.views)",
    "sessions_people": "count distinct(sessions.visitor)",
    "promoters": "nps(visits.score)",
    "value": "turnover / views",
    "filled": "average(orders.amount) default 0",
}
SLICED = frozenset(("turnover", "views", "people", "newcomers", "again", "level", "buyers", "value", "usual"))
TARGETS = {"turnover": "at least 100 EUR", "views": "at least 4 views", "usual": "at least 3 pieces"}
TABLES = {
    "visits": ("at", "origin", "page", "visitor", "session", "seconds", "score", "weight"),
    "pages": ("path", "section"),
    "orders": ("day", "origin", "buyer", "kind", "amount", "discount"),
    "stock": ("day", "origin", "account", "pieces"),
}


def spec() -> str:
    """All KPIs, the totals of each month."""
    parts = [SOURCES]
    for name, formula in FORMULAS.items():
        part = f"kpi {name}\n  formula {formula}\n  measured every month\n"
        part += f"  target {TARGETS[name]}\n" if name in TARGETS else ""
        parts.append(part + ("  by channel\n" if name in SLICED else ""))
    return "\n".join(parts)


Rows = dict[str, list[tuple[str, ...]]]


def random_rows(random: Random) -> Rows:
    """A handful of rows of each source, or none; some on the edges of months."""

    def day() -> str:
        return f"2026-{random.choice('123'):0>2}-{random.choice(('01', '02', '11', '17', '28')):0>2}"

    def maybe(value: object) -> str:
        return "" if random.random() < 0.1 else str(value)

    origin = ("google", "meta", "")
    several = {name: random.choice((0, 1, 4, 9)) for name in ("visits", "orders", "stock")}
    visits = [
        (
            f"{day()} {random.randint(8, 19):02}:{random.choice(('00', '30'))}:00",
            random.choice(origin), maybe(random.choice("ab")), maybe(f"v{random.randint(1, 3)}"),
            f"s{random.randint(1, 4)}", maybe(random.randint(0, 60)), maybe(random.randint(0, 11)), "2",
        )
        for _ in range(several["visits"])
    ]  # fmt: skip
    orders = [
        (
            day(), random.choice(origin), maybe(f"v{random.randint(1, 3)}"), random.choice(("web", "shop")),
            maybe(random.choice((0, 10, 12.5, 80, 120))), str(random.choice((0, 5, 12))),
        )
        for _ in range(several["orders"])
    ]  # fmt: skip
    stock = [
        (day(), random.choice(origin), maybe(f"a{random.randint(1, 2)}"), str(random.randint(0, 9)))
        for _ in range(several["stock"])
    ]
    pages = [("a", "shop"), ("b", "blog")] if random.random() < 0.8 else []
    return {"visits": visits, "orders": orders, "stock": stock, "pages": pages}


def as_test(number: int, rows: Rows, as_of: str) -> str:
    """A test that gives the rows and asks for everything."""
    lines = [f'test "number {number}"']
    for name, table in rows.items():
        if not table:
            continue
        lines.append(f"  given {name}")
        lines += ["    | " + " | ".join(row) + " |" for row in (TABLES[name], *table)]
    lines.append(f"  as of {as_of}")
    for name in FORMULAS:
        lines.append(f"  expect {name} no data")
        lines += [f"  expect {name} for google no data"] if name in SLICED else []
    return "\n".join(lines) + "\n"


def alone(folder: Path, rows: Rows, as_of: str) -> kpidsl.Evaluation:
    """The same rows, read from files by an evaluation of its own."""
    folder.mkdir()
    (folder / "kpis.kpi").write_text(spec())
    for name, table in rows.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([TABLES[name], *table])
    return kpidsl.load(folder).evaluate(as_of=as_of)


def run(folder: Path, text: str) -> testing.Report:
    (folder / "kpis.kpi").write_text(text)
    specs = reading.load([str(folder)])
    assert not specs.errors, specs.errors
    return testing.run(specs, specs.graph.tests, Watch())


def found(ran: testing.Ran) -> dict[tuple[str, str | None], Verdict | None]:
    """The verdict on each KPI, and on its slice."""
    assert ran.heard is not None
    return {
        (expected.kpi or "", expected.slice): verdict_of(expected, ran.heard.judged[ran.questions[n]])
        for n, expected in enumerate(ran.test.expected)
    }


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 4))])
def test_each_is_judged_as_if_it_were_alone(tmp_path: Path, seed: int) -> None:
    """All aggregates, in total and by slice, of eight tests at once against eight evaluations of files."""
    random = Random(seed)
    every = [random_rows(random) for _ in range(8)]
    days = [random.choice(("2026-02-01", "2026-03-01", "2026-03-18", "2026-04-01")) for _ in every]
    tests = "\n".join(as_test(n, rows, day) for n, (rows, day) in enumerate(zip(every, days, strict=True)))
    report = run(tmp_path, spec() + "\n" + tests)
    for n, (rows, day, ran) in enumerate(zip(every, days, report.ran, strict=True)):
        wanted = alone(tmp_path / f"alone {n}", rows, day)
        for (kpi, part), verdict in found(ran).items():
            try:
                other = wanted.verdict(kpi, channel=part) if part else wanted.verdict(kpi)
            except KeyError:
                assert verdict is None, (n, kpi, part, verdict)
                continue
            assert verdict is not None, (n, kpi, part, other)
            about = (seed, n, kpi, part, verdict.why, other.why)
            assert same(verdict.value, other.value), about
            assert (verdict.word, verdict.rows) == (other.word, other.rows), about
            assert (verdict.window, verdict.watermark) == (other.window, other.watermark), about


def same(a: float | None, b: float | None) -> bool:
    return a is b if a is None or b is None else math.isclose(a, b, rel_tol=1e-11, abs_tol=1e-12)


@pytest.mark.slow
def test_as_many_queries_for_sixty_tests_as_for_two(tmp_path: Path) -> None:
    random = Random(7)
    rows = {**random_rows(random), "orders": [("2026-01-11", "google", "v1", "web", "10", "0")]}
    rows["visits"] = [("2026-01-02 08:00:00", "google", "a", "v1", "s1", "3", "9", "2")]
    rows["stock"] = [("2026-01-02", "google", "a1", "5")]
    counts = []
    for many in (2, 60):
        folder = tmp_path / str(many)
        folder.mkdir()
        tests = "\n".join(as_test(n, rows, f"2026-02-{n % 20 + 1:02}") for n in range(many))
        counts.append(len(run(folder, spec() + "\n" + tests).queries))
    assert counts[0] == counts[1]


def test_one_that_spoils_a_query_spoils_only_itself(tmp_path: Path) -> None:
    """A link whose far key is there twice: rows would be counted twice, in one test only."""
    good = 'test "good {}"\n  given visits\n    | at | page | visitor |\n    | 2026-01-05 | a | v1 |\n'
    good += "  given pages\n    | path | section |\n    | a | shop |\n"
    good += "  expect shop_views in 2026-01 = 1 view\n  expect views in 2026-01 = 1 view\n"
    bad = good.format("bad").replace("    | a | shop |\n", "    | a | shop |\n    | a | blog |\n")
    bad = bad.replace("good bad", "bad")
    report = run(tmp_path, spec() + "\n" + good.format(1) + bad + good.format(2) + good.format(3))
    assert [ran.passed for ran in report.ran] == [True, False, True, True]
    (problem,) = report.problems
    assert problem.code == "K651"
    assert problem.kpi == "shop_views"
    assert any("`path` does not say which row" in note for note in problem.notes)


def test_days_and_moments_go_apart(tmp_path: Path) -> None:
    """A time column has days in one test and moments in the other: an order on the day of the visit."""
    given = 'test "{}"\n  given visits\n    | at | visitor |\n    | {} | v1 |\n'
    given += "  given orders\n    | day | buyer | amount |\n    | {} | v1 | 10 |\n"
    given += "  as of 2026-02-20\n  expect bought in 2026-01 = {}\n"
    cases = [
        ("moments", "2026-01-05 10:00", "2026-01-05 09:00", "0%"),
        ("days", "2026-01-05", "2026-01-05", "100%"),
        ("visits only", "2026-01-05 10:00", "2026-01-05", "100%"),
        ("later", "2026-01-05 10:00", "2026-01-05 11:00", "100%"),
    ]
    report = run(tmp_path, spec() + "\n" + "".join(given.format(*case) for case in cases))
    assert [ran.passed for ran in report.ran] == [True] * 4, report.problems


def test_a_grouped_source_is_made_or_given(tmp_path: Path) -> None:
    made = 'test "made"\n  given visits\n    | at | session |\n    | 2026-01-05 | s1 |\n'
    made += "    | 2026-01-05 | s1 |\n"
    made += "    | 2026-01-06 | s2 |\n  expect depth in 2026-01 = 1.5 view\n"
    given = 'test "given"\n  given sessions\n    | session | started | views |\n    | s1 | 2026-01-05 | 8 |\n'
    given += "  expect depth in 2026-01 = 8 view\n"
    report = run(tmp_path, spec() + "\n" + made + given)
    assert [ran.passed for ran in report.ran] == [True, True], report.problems


def test_the_rows_after_the_day_do_not_exist(tmp_path: Path) -> None:
    text = (
        'test "t"\n  given orders\n    | day | amount |\n    | 2026-01-05 | 10 |\n    | 2026-01-06 | 90 |\n'
    )
    report = run(tmp_path, spec() + "\n" + text + "  as of 2026-01-05\n  expect turnover = 10 EUR\n")
    assert [ran.passed for ran in report.ran] == [True], report.problems


def test_tests_are_kept_like_the_rest_of_a_compiled_project(tmp_path: Path) -> None:
    """The second reading comes from the cache, and says the same."""
    text = 'test "t"\n  given orders\n    | day | amount |\n    | 2026-01-05 | 10 |\n'
    text += "  expect turnover = 11 EUR\n"
    first, second = (run(tmp_path, spec() + "\n" + text) for _ in range(2))
    one, other = (report.ran[0].test for report in (first, second))
    assert isinstance(one, graph.Test)
    assert (one.given, one.expected, one.as_of) == (other.given, other.expected, other.as_of)
    assert [p.message for p in first.problems] == [p.message for p in second.problems]
