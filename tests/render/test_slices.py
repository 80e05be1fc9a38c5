"""Many slices: which are shown, what is said of the others, and outputs that are written as they are made."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

import kpidsl
from kpidsl import project
from kpidsl.project import Outcome
from kpidsl.render import choice as choices
from kpidsl.render import data, plain, schema, tables, verdicts
from kpidsl.render.cells import Screen
from kpidsl.render.choice import Choice, for_people, for_programs
from kpidsl.specs import load as load_specs
from tests.cli.test_commands import problems
from tests.project import kpi

SPEC = """\
source ads
  from      "ads.csv"
  time      day
  column    page text
  column    spend EUR
  column    leads lead

kpi cost "Cost"
  formula   sum(ads.spend) / sum(ads.leads)
  target    at most 10 EUR per lead
  tolerance 10%
  measured  every month
  by        page
    "/35"   at most 1 EUR per lead
    "/gone" at most 1 EUR per lead
"""


def rows() -> list[str]:
    """Page n costs n EUR per lead in January, and as much in February; page 40 has no leads."""
    found = ["day,page,spend,leads"]
    for month in (1, 2):
        for n in range(1, 41):
            found += [f"2026-{month:02}-05,/{n:02},{n if n < 40 else 5},{1 if n < 40 else 0}"] * (
                2 if n == 39 else 1
            )
    return [*found, '2026-02-07,"=x,""y""\ntwo",3,1', "2026-02-07,,4,1"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ads.csv").write_text("\n".join(rows()) + "\n", "utf-8")
    (tmp_path / "kpis.kpi").write_text(SPEC, "utf-8")
    (tmp_path / "kpi.toml").write_text('as_of = "2026-03-01"\n', "utf-8")
    return tmp_path


@pytest.fixture
def outcome(folder: Path) -> Outcome:
    specs = load_specs([str(folder)])
    wish = project.wish(specs)
    assert isinstance(wish, project.Wish)
    return project.evaluate(specs, wish)


def shown(outcome: Outcome, choice: Choice, **options: bool) -> tuple[list[str | None], dict[str, int]]:
    judged = outcome.judged[0]
    chosen = for_people(judged, choice, **options)
    return [judged.slices[n].slice[0][1] for n in chosen.which.tolist()], dict(chosen.rest)


def test_of_many_slices_those_that_matter_most_are_shown(outcome: Outcome) -> None:
    found, rest = shown(outcome, Choice())
    assert len(found) == choices.MOST
    assert found[:4] == ["/35", "/39", "/38", "/37"]  # 34 EUR over its own target, 29 over the KPI's
    assert sum(rest.values()) == 42 + 1 - 1 - choices.MOST  # without the page that has no value
    assert rest == {"missed": 8, "nearly met": 1, "met": 12, "no data": 1}


def test_all_of_a_few_are_shown_in_their_order(outcome: Outcome) -> None:
    found, rest = shown(outcome, Choice(every=True))
    assert (len(found), rest) == (42, {})
    assert found[:2] == ["/01", "/02"]
    assert found[-3:] == ['=x,"y"\ntwo', None, "/gone"]
    assert shown(outcome, Choice(only=frozenset({"amber"})))[0] == ["/11"]


@pytest.mark.parametrize(
    ("choice", "pages"),
    [
        (Choice(top=2), ["/35", "/39"]),
        (Choice(top=0), []),
        (Choice(top=3, only=frozenset({"green"})), ["/10", "/09", "/08"]),
        (Choice(only=frozenset({"grey"})), ["/gone"]),
        (Choice(least_rows=2), ["/39"]),
        (Choice(top=2, only=frozenset({"amber", "green"})), ["/11", "/10"]),
    ],
)
def test_what_is_wished_for(outcome: Outcome, choice: Choice, pages: list[str]) -> None:
    found, rest = shown(outcome, choice)
    assert found == pages
    assert len(found) + sum(rest.values()) == 42
    given = for_programs(outcome.judged[0], choice)
    assert len(given.which) + sum(given.rest.values()) == 43


def test_quiet_hides_what_is_green_and_counts_the_rest(outcome: Outcome) -> None:
    found, rest = shown(outcome, Choice(top=29), quiet=True)
    assert len(found) == 29
    assert set(rest) == {"no data"}


def test_every_output_says_how_many_more_there_are(outcome: Outcome) -> None:
    said = "and 40 more: 26 missed, 1 nearly met, 12 met, 1 no data"
    for text in (
        verdicts.render(outcome, Screen(), Choice(top=2)),
        tables.as_markdown(outcome, Choice(top=2)),
        tables.as_html(outcome, Choice(top=2)),
    ):
        assert said in text
    narrow = " ".join(verdicts.render(outcome, Screen(width=40), Choice(top=2)).split())
    assert said in narrow
    more = plain.evaluation(outcome, Choice(top=2))["kpis"][0]["more"]
    assert more == {"missed": 26, "nearly met": 1, "met": 12, "no data": 2}


def flat(outcome: Outcome, choice: Choice) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO("".join(tables.as_csv(outcome, choice)))))


def json_lines(outcome: Outcome) -> list[dict[str, Any]]:
    return [json.loads(line) for line in "".join(tables.as_jsonl(outcome)).split("\n") if line]


def test_in_bulk_rows_say_the_same_but_for_sentence_and_history(
    outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    detailed = [row for row in flat(outcome, Choice()) if row["scope"] != "history" or not row["slice"]]
    lines = [line for line in json_lines(outcome) if line["scope"] != "history" or not line["slice"]]
    records = [r for r in tables.records(outcome) if r["scope"] != "history" or not r["slice"]]
    whole = plain.evaluation(outcome)["kpis"][0]["slices"]
    monkeypatch.setattr(choices, "DETAILED", 10)
    special = ("page=/35", "page=/gone")
    for one, two in zip(flat(outcome, Choice()), detailed, strict=True):
        if one["scope"] == "slice" and one["slice"] not in special:
            assert one.pop("why") == ""
            assert two.pop("why") != ""
        assert one == two
    for one, two in zip(json_lines(outcome), lines, strict=True):
        assert {**one, "why": two["why"]} == two
    for one, two in zip(tables.records(outcome), records, strict=True):
        assert {**one, "why": two["why"]} == two
    for one, two in zip(plain.evaluation(outcome)["kpis"][0]["slices"], whole, strict=True):
        assert one["history"] is None
        assert {**one, "why": two["why"], "history": two["history"]} == two
    assert flat(outcome, Choice(full=True))[1]["why"] != ""


@pytest.mark.parametrize("detailed", [10, 1_000])
def test_json_in_parts_is_the_json_and_keeps_to_its_schema(
    outcome: Outcome, monkeypatch: pytest.MonkeyPatch, detailed: int
) -> None:
    monkeypatch.setattr(choices, "DETAILED", detailed)
    text = "".join(plain.as_json_parts(outcome))
    assert text == data.as_json(plain.evaluation(outcome))
    rules = schema.evaluation()
    assert list(problems(json.loads(text), rules, rules, "$")) == []


def test_the_command(folder: Path) -> None:
    run = kpi(folder, "eval", "--top", "1", "--only", "red", "--min-rows", "2")
    assert run.code == 0
    assert "/39" in run.out
    assert "/38" not in run.out
    assert "and 41 more" in run.out
    assert kpi(folder, "eval", "--top", "all").out.count("/") > 42
    assert len(kpi(folder, "eval", "--format", "jsonl", "--top", "3").out.splitlines()) == (1 + 3) * 3
    assert kpi(folder, "eval", "--top", "-1").code == 2
    assert "neither a number nor `all`" in kpi(folder, "eval", "--top", "few").err
    assert kpi(folder, "eval", "--top", "0", "--fail-on", "missed").code == 1
    kpi(folder, "eval", "--format", "csv=out.csv", "--format", "jsonl=out.jsonl")
    assert (folder / "out.csv").read_text("utf-8").count("\n") > (folder / "out.jsonl").read_text(
        "utf-8"
    ).count("\n")
    assert not list(folder.glob(".out*"))


def test_one_slice_is_found_among_many(folder: Path) -> None:
    found = kpidsl.load(folder).evaluate()
    assert found.verdict("cost", page="/07").value == 7
    assert found.verdict("cost", page=None).value == 4
    assert found.verdict("cost", page="/gone").word == "no data"
    with pytest.raises(KeyError, match="and 23 more"):
        found.verdict("cost", page="/99")
    assert len(found) == 1 + 43
    assert len(found.to_pandas()) > 44
    assert "7 EUR per lead" in kpi(folder, "explain", "cost", "--slice", "page=/07").out
    assert "4 EUR per lead" in kpi(folder, "explain", "cost", "--slice", "page=no page").out
