"""Why there is no value, of figures that look beyond their own rows or divide by what people answered."""

from __future__ import annotations

from pathlib import Path

import pytest

import kpidsl

SPEC = """
source visits
  from        "visits.csv"
  time        day
  column      who id of person
  column      page text
  column      score number
  column      weight number
  column      amount EUR

kpi asked
  formula     {formula}
  measured    every month
"""
ROWS = """\
day,who,page,score,weight,amount
2026-01-05,a,/home,9,1,1e308
2026-02-10,a,/home,5,1.7e308,1.7e308
2026-02-12,a,/home,2,1.7e308,1.7e308
2026-03-31,,/cart,3,0,1
"""


@pytest.mark.parametrize(
    ("formula", "month", "why"),
    [
        ("retained(visits.who)", "2026-01", "visits has no rows in 2025-12; its data begins on 2026-01-05"),
        ("churned(visits.who)", "2026-01", "visits has no rows in 2025-12; its data begins on 2026-01-05"),
        ("retention(visits.who, 1)", "2026-03", "nobody was new in 2026-02"),
        (
            'conversion(visits.who where page = "/cart" to visits.who within 1 day)',
            "2026-03",
            "nobody takes the first step in 2026-03",
        ),
        ("csat(visits.score, 5 by visits.weight)", "2026-02", "add up to 0, or to too large a number"),
        ("csat(visits.score, 5 by visits.weight)", "2026-03", "add up to 0, or to too large a number"),
        ("closing(visits.amount by page and score)", "2026-02", "asked is too large a number"),
        ("opening(visits.amount by page)", "2026-01", "visits has no rows before 2026-01"),
    ],
)
def test_the_cause_is_the_one_that_there_is(tmp_path: Path, formula: str, month: str, why: str) -> None:
    (tmp_path / "kpis.kpi").write_text(SPEC.format(formula=formula))
    (tmp_path / "visits.csv").write_text(ROWS)
    (judged,) = kpidsl.load(tmp_path).evaluate(as_of="2026-04-01", for_=month).judged
    assert judged.headline is not None
    assert judged.headline.value is None
    assert why in judged.headline.why


def test_a_check_is_shown_as_it_is_written(tmp_path: Path) -> None:
    spec = SPEC.replace("column      amount EUR", "column      amount EUR\n  scale       score from 0 to 9")
    spec = spec.replace(
        "\nkpi asked", "  check       score > 5\n  check       who is not missing\n\nkpi asked"
    )
    (tmp_path / "kpis.kpi").write_text(spec.format(formula="count(visits)"))
    (tmp_path / "visits.csv").write_text(ROWS)
    found = kpidsl.load(tmp_path).evaluate(as_of="2026-04-01")
    assert [one.message for one in found.sources["visits"].problems if one.code == "K604"] == [
        "3 rows of `visits` break its check `score > 5`",
        "1 row of `visits` breaks its check `who is not missing`",
    ]
