"""`kpi compile`: every statement parses in its dialect, says the same as always, and nothing near it.

`KPIDSL_UPDATE=1 pytest tests/test_statements.py` writes the golden files anew.
"""

from __future__ import annotations

import json
import os
import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
import sqlglot

from kpidsl.cli.compile import DIALECTS
from kpidsl.diagnostics import Source
from kpidsl.evaluate.engine import Dialect
from kpidsl.evaluate.sql.spelling import SPELLINGS, say
from kpidsl.evaluate.sql.support import CANNOT, DIFFERS, SEPARATE, Unsupported, told
from kpidsl.render.cells import Screen
from kpidsl.render.statements import render
from kpidsl.specs import load as load_specs
from kpidsl.statements import statements
from tests.project import kpi

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "evaluate" / "golden" / "dialects"
NEAR = re.compile(r"approx|appx|hll|uniq\(|uniqcombined|quantile\(|quantiletdigest|ndv\(", re.IGNORECASE)
"""What engines call aggregations that only come near."""

SHOP = """
source orders
  from        table "sales.orders" in shop
  row         order
  time        placed
  column      placed moment
  column      customer id of customer
  column      country text
  column      amount EUR
  column      rebate %
  column      shipped day
  column      wait = days between(placed, shipped)

source stock
  from        "stock.csv"
  time        day
  column      level piece
  column      product text
  column      hall text

source buyers
  from        orders by customer
  time        since
  column      since = first(orders.placed)
  column      spent = sum(orders.amount)
  column      last_country = last(orders.country)

kpi sales
  formula     sum(orders.amount) where orders.country in ("FR", "l'Été \\"x\\"")
  measured    every month
  from        2026-01-01
  by          country

kpi slow_tenth
  formula     percentile(orders.wait, 90) where contains(lower(orders.country), "_f")
  measured    every month
  from        2026-01-01

kpi customers
  formula     count distinct(orders.customer) where weekday(orders.placed) >= 6
  measured    every month
  from        2026-01-01

kpi rebates
  formula     standard deviation(orders.rebate)
  measured    every week
  from        2026-01-05

kpi level
  formula     last(stock.level)
  measured    every month
  from        2026-01-01

source visits
  from        table "web.visits" in shop
  time        at
  column      at moment
  column      visitor id of customer
  column      medium text

kpi newcomers
  formula     new(orders.customer)
  measured    every month
  from        2026-01-01
  by          country

kpi kept
  formula     retention(orders.customer, 2) - churned(orders.customer) / count distinct(orders.customer)
  measured    every month
  from        2026-01-01

kpi conversion_rate
  formula     conversion(visits.visitor to orders.customer where amount > 100 EUR within 7 days)
  measured    every month
  from        2026-01-01
  by          medium

kpi touched_first
  formula     first touch(visits.visitor to orders.customer within 30 days, orders.amount)
  measured    every month
  from        2026-01-01
  by          medium

kpi in_hand
  formula     closing(stock.level by product and hall) where hall != "b"
  measured    every month
  from        2026-01-01
  by          hall

kpi usual_level
  formula     average over days(last(stock.level))
  measured    every month
  from        2026-01-01

kpi good_buyers
  formula     share(buyers where spent >= 100 EUR)
  measured    every month
  from        2026-01-01
"""


def compiled(specs, dialect, kpis=()):
    assert specs.errors == ()
    return statements(specs, specs.config.as_of or date(2026, 4, 1), dialect, kpis)


@pytest.fixture(scope="module")
def shop():
    return load_specs([], Source("shop.kpi", SHOP))


@pytest.fixture(scope="module", params=["functions", "atelier"])
def example(request):
    return load_specs([str(ROOT / "examples" / request.param)])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_statement_parses(example, dialect):
    found = compiled(example, dialect)
    assert found.found
    for statement in found.found:
        sqlglot.parse_one(statement.sql, dialect=dialect)
        assert not NEAR.search(statement.sql), statement.sql
        assert "FILTER" not in statement.sql or dialect == "duckdb"
    served = {name for statement in found.found for name in statement.kpis}
    others = {problem.kpi for problem in found.problems} | {name for name, _ in found.idle}
    assert served | others == set(example.graph.kpis)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_golden(shop, dialect):
    found = compiled(shop, dialect)
    for statement in found.found:
        sqlglot.parse_one(statement.sql, dialect=dialect)
    text = render(found, Screen())
    path = GOLDEN / f"{dialect}.sql"
    if os.environ.get("KPIDSL_UPDATE"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_no_golden_file_has_an_aggregation_that_only_comes_near():
    assert NEAR.search("APPROX_PERCENTILE(x)")
    assert not NEAR.search("uniqExact(x)")
    for path in GOLDEN.glob("*.sql"):
        assert not NEAR.search(path.read_text(encoding="utf-8")), path


# -- what a dialect cannot do --------------------------------------------------------------------------------


def test_what_cannot_be_said_is_refused(shop):
    found = compiled(shop, "redshift")
    problems = {problem.kpi: problem for problem in found.problems}
    assert problems.keys() == {"level", "usual_level", "conversion_rate", "touched_first"}
    assert {problem.code for problem in found.problems} == {"K610"}
    assert "redshift cannot do `first` and `last`" in problems["level"].message
    assert "redshift cannot do conversions and touches" in problems["touched_first"].message
    assert "level" not in {name for statement in found.found for name in statement.kpis}
    assert {"sales", "slow_tenth", "in_hand"} <= {
        name for statement in found.found for name in statement.kpis
    }


@pytest.mark.parametrize("dialect", [d for d in DIALECTS if all(where != d for _, where in CANNOT)])
def test_everything_else_is_not(shop, dialect):
    assert compiled(shop, dialect).problems == ()


def test_the_table_of_what_cannot_be_said_is_kept():
    for operation, dialect in CANNOT:
        assert dialect not in SPELLINGS[operation], "it is said after all"
        with pytest.raises(Unsupported):
            say(operation, dialect)
    assert {dialect for _, dialect in CANNOT} | set(DIFFERS) | SEPARATE <= set(DIALECTS)


def test_all_dialects_are_offered():
    assert get_args(Dialect) == DIALECTS
    known = {*DIALECTS, "else"}
    for ways in SPELLINGS.values():
        assert set(ways) <= known
        assert "else" in ways


def test_the_page_of_engines_has_the_table():
    page = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
    for line in told():
        assert line in page, line


# -- the command ---------------------------------------------------------------------------------------------


def test_the_command(tmp_path):
    (tmp_path / "shop.kpi").write_text(SHOP, encoding="utf-8")
    run = kpi(tmp_path, "compile", "--dialect", "postgres", "--as-of", "2026-04-01", "--kpi", "sales")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("-- postgres, as of 2026-04-01. No data was looked at")
    assert 'FROM "sales"."orders"' in run.out
    assert "PERCENTILE" not in run.out


def test_the_command_prints_the_rest(tmp_path):
    (tmp_path / "shop.kpi").write_text(SHOP, encoding="utf-8")
    run = kpi(tmp_path, "compile", "--dialect", "redshift", "--as-of", "2026-04-01", "--format", "json")
    assert run.code == 2
    assert "error[K610 dialect-cannot]: `level`" in run.err
    found = json.loads(run.out)
    assert [each["code"] for each in found["diagnostics"]] == ["K610"] * 4
    assert {"orders", "buyers", "visits", "stock"} == {each["source"] for each in found["statements"]}
    assert (found["dialect"], found["as_of"], found["first"]) == ("redshift", "2026-04-01", "2026-01-01")


def test_the_command_tells_what_is_not_asked_yet(tmp_path):
    (tmp_path / "shop.kpi").write_text(SHOP, encoding="utf-8")
    run = kpi(tmp_path, "compile", "--dialect", "trino", "--as-of", "2025-04-01", "--kpi", "sales")
    assert run.code == 0
    assert "-- sales: " in run.out
    assert "SELECT" not in run.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing option '--dialect'"),
        (("--dialect", "mysql"), "'mysql' is not one of 'duckdb', 'postgres'"),
        (("--dialect", "duckdb", "--kpi", "slaes"), "a KPI with a similar name: `sales`"),
        (("--dialect", "duckdb", "--as-of", "soon"), "K721"),
    ],
)
def test_wrong_options(tmp_path, arguments, said):
    (tmp_path / "shop.kpi").write_text(SHOP, encoding="utf-8")
    run = kpi(tmp_path, "compile", *arguments)
    assert run.code == 2
    assert said in run.err
