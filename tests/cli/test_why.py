"""`kpi why` as a process, and from Python: its numbers against plain Python, its messages, its ends."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kpidsl
from tests.cli.test_commands import problems
from tests.project import ROOT, SPECS, kpi, write

ROWS = """\
day,platform,spend
2026-01-10,google,60
2026-01-20,meta,40
2026-02-10,google,90
2026-02-20,meta,50
2026-02-21,bing,30
"""
LEADS = """\
day,platform
2026-01-11,google
2026-01-12,google
2026-01-21,meta
2026-01-22,mail
2026-02-11,google
2026-02-21,meta
2026-02-22,meta
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path)
    (tmp_path / "ads.csv").write_text(ROWS)
    (tmp_path / "leads.csv").write_text(LEADS)
    (tmp_path / "kpi.toml").write_text('as_of = "2026-03-01"\n')
    return tmp_path


def found(folder: Path, *arguments: str) -> dict:
    run = kpi(folder, "why", *arguments, "--format", "json")
    assert (run.code, run.err) == (0, "")
    return json.loads(run.out)


def test_factors_by_logarithmic_means(folder: Path) -> None:
    why = found(folder, "cost_per_lead", "--between", "2026-01", "2026-02")
    before, after = 100 / 4, 170 / 3
    mean = (after - before) / math.log(after / before)
    effects = {part["name"]: part["effect"] for part in why["factors"] if part["depth"] == 0}
    assert effects == pytest.approx(
        {"ad_spend": mean * math.log(1.7), "leads": -mean * math.log(3 / 4)}, rel=1e-9
    )
    assert (why["before"]["value"], why["change"]) == (25.0, pytest.approx(after - before))


def test_rate_and_mix_with_new_and_vanished_slices(folder: Path) -> None:
    why = found(folder, "cost_per_lead", "--between", "2026-01", "2026-02")
    slices = {one["slice"]["channel"]: one for one in why["slices"]}
    middle = (25 + 170 / 3) / 2
    google, mail, bing = slices["google"], slices["mail"], slices["bing"]
    assert google["rate"] == pytest.approx((2 / 4 + 1 / 3) / 2 * (90 - 30))
    assert google["mix"] == pytest.approx((1 / 3 - 2 / 4) * ((30 + 90) / 2 - middle))
    # mail had a lead for nothing, and has none any more
    assert (mail["rate"], mail["after"]) == (0.0, None)
    assert mail["mix"] == pytest.approx((0 - 1 / 4) * (0 - middle))
    # bing has spend and no lead: it has no ratio
    assert (bing["rate"], bing["mix"], bing["effect"]) == (None, None, pytest.approx(10.0))
    assert sum(one["effect"] for one in slices.values()) == pytest.approx(why["change"], rel=1e-9)
    assert any("bing" in note for note in why["notes"])


def test_a_total_is_split_by_what_each_slice_moved(folder: Path) -> None:
    why = found(folder, "ad_spend", "--between", "2026-01", "2026-02", "--by", "channel")
    assert {one["slice"]["channel"]: one["effect"] for one in why["slices"]} == {
        "google": 30.0, "meta": 10.0, "bing": 30.0,
    }  # fmt: skip
    assert (why["change"], why["rest"], why["factors"]) == (70.0, 0.0, [])
    assert why["sentence"].endswith("by channel: bing +30, google +30, meta +10.")


def test_formats(folder: Path) -> None:
    arguments = ("why", "cost_per_lead", "--between", "2026-01", "2026-02")
    text = kpi(folder, *arguments)
    assert (text.code, text.err) == (0, "")
    assert "Cost per lead rose by 31.67 EUR per lead (+126.7%), from 25 EUR per lead in 2026-01" in text.out
    rows = list(csv.DictReader(io.StringIO(kpi(folder, *arguments, "--format", "csv").out)))
    assert [row["scope"] for row in rows[:3]] == ["total", "factor", "factor"]
    factors = [row for row in rows if row["scope"] == "factor" and row["depth"] == "0"]
    assert sum(float(row["effect"]) for row in factors) == pytest.approx(float(rows[0]["effect"]))
    assert "| **total** |" in kpi(folder, *arguments, "--format", "markdown").out
    schema = json.loads(kpi(folder, "schema", "why").out)
    assert list(problems(found(folder, *arguments[1:]), schema, schema, "$")) == []


class Reader(HTMLParser):
    """The cells of each row of each table, and whether all that is opened is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "img", "iframe")
        assert not [value for name, value in attrs if name != "style"]
        self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "tr" in self.open:
            self.tables[-1][-1][-1] += data
        else:
            self.texts.append(data)


def test_html_has_the_cells_of_the_markdown(folder: Path) -> None:
    arguments = ("why", "cost_per_lead", "--between", "2026-01", "2026-02", "--format")
    html, markdown = (kpi(folder, *arguments, name).out for name in ("html", "markdown"))
    read = Reader(html)
    rows = [line.strip("|").split("|") for line in markdown.splitlines() if line.startswith("|")]
    lines = [[cell.replace("*", "").replace("&emsp;", "").strip() for cell in row] for row in rows]
    lines = [[cell.replace("\\", "") for cell in row] for row in lines if not row[0].startswith("---")]
    assert [row[:-1] for table in read.tables for row in table] == lines  # the last one is the bar
    assert len(read.tables) == 2
    assert any("bing" in said for said in read.texts[1:])
    assert read.texts[0].startswith("Cost per lead rose by 31.67 EUR per lead (+126.7%), from 25 EUR")
    assert kpidsl.load(folder).why("cost_per_lead", ("2026-01", "2026-02"))._repr_html_() == html
    assert kpi(folder, *arguments, "html", "--top", "1").out.count("<tr>") == html.count("<tr>") - 2


def test_html_shows_markup_as_text(folder: Path) -> None:
    write(folder, SPECS.replace('"Cost per lead"', '"<script>& lead"'))
    html = kpi(folder, "why", "cost_per_lead", "--between", "2026-01", "2026-02", "--format", "html").out
    assert "<script>" not in html
    assert Reader(html).texts[0].startswith("<script>& lead rose")


def test_bars_are_as_long_as_the_effects(folder: Path) -> None:
    """Cost per lead is to be low: what made it higher is red."""
    why = found(folder, "cost_per_lead", "--between", "2026-01", "2026-02")
    html = kpi(folder, "why", "cost_per_lead", "--between", "2026-01", "2026-02", "--format", "html").out
    bars = re.findall(r"width:([\d.]+)em;background:(#\w+)", html)
    effects = [part["effect"] for part in why["factors"]]
    wanted = [(abs(e) / max(map(abs, effects)) * 5, "#cf222e" if e > 0 else "#1a7f37") for e in effects]
    assert [(pytest.approx(length, abs=0.006), color) for length, color in wanted] == [
        (float(length), color) for length, color in bars[: len(effects)]
    ]


def test_the_top_slices_and_the_others(folder: Path) -> None:
    text = kpi(folder, "why", "ad_spend", "--between", "2026-01", "2026-02", "--by", "channel", "--top", "1")
    assert "2 more" in text.out
    assert "+40" in text.out
    assert kpi(folder, "why", "ad_spend", "--between", "2026-01", "2026-02", "--top", "x").code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("cost_per_leed", "--between", "2026-01", "2026-02"), "similar name: `cost_per_lead`"),
        (("growth", "--between", "2026-01", "2026-02"), "`growth` is an objective"),
        (("leads", "--between", "2026-13", "2026-02"), "K721"),
        (("leads", "--between", "2026-02", "2026-02"), "they are the same period"),
        (("leads", "--between", "2026-01", "2026-02", "--by", "chanel"), "K722"),
        (("leads", "--between", "2025-01", "2026-02"), "crm has no rows in 2025-01"),
        (("leads", "--between", "2026-01", "2026-02", "--data", "adds=x.csv"), "K723"),
        (("leads", "--between", "2026-01", "2026-02", "--as-of", "yesterday"), "K721"),
    ],
)
def test_what_cannot_be_told(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    run = kpi(folder, "why", *arguments)
    assert (run.code, run.out) == (2, "")
    assert said in run.err
    assert "Traceback" not in run.err


def test_a_source_that_fails_is_told(folder: Path) -> None:
    (folder / "leads.csv").unlink()
    run = kpi(folder, "why", "cost_per_lead", "--between", "2026-01", "2026-02")
    assert (run.code, run.out) == (2, "")
    assert "error[K501" in run.err
    assert kpi(folder, "why", "ad_spend", "--between", "2026-01", "2026-02").code == 0


def test_a_kpi_with_an_error_says_which(folder: Path) -> None:
    write(folder, SPECS.replace("ad_spend / leads", "ad_spend + leads"))
    run = kpi(folder, "why", "cost_per_lead", "--between", "2026-01", "2026-02")
    assert (run.code, run.out) == (2, "")
    assert "K301" in run.err


def test_a_period_in_progress_is_told(folder: Path) -> None:
    notes = found(folder, "leads", "--between", "2026-01", "2026-02", "--as-of", "2026-02-21")["notes"]
    assert "2026-02 is not over on 2026-02-21: data reaches 2026-02-21" in notes
    notes = found(folder, "leads", "--between", "2026-Q1", "2026-01")["notes"]
    assert "2026-Q1 and 2026-01 share days" in notes


def test_what_does_not_add_up_is_told(folder: Path) -> None:
    (folder / "kpis.kpi").write_text(SPECS + "\nmeasure kinds = count distinct(crm.platform)\n")
    why = found(folder, "kinds", "--between", "2026-01", "2026-02", "--by", "platform")
    assert [one["effect"] for one in why["slices"]] == [None] * 3
    assert any("does not add up" in note for note in why["notes"])


def test_one_evaluation_reads_each_source_once(folder: Path) -> None:
    change = kpidsl.load(folder).why("cost_per_lead", ("2026-01", "2026-02"))
    scans = [query for query in change._change.queries if query.purpose == "scan"]
    assert sorted(query.source for query in scans) == ["ads", "crm"]


def test_from_python(folder: Path) -> None:
    project = kpidsl.load(folder)
    why = project.why("cost_per_lead", ("2026-01", "2026-02"), by="channel")
    assert (why.before, why.after) == (25.0, pytest.approx(170 / 3))
    assert why.sentence in " ".join(str(why).split())
    assert json.loads(why.to_json()) == why.to_dict()
    with pytest.raises(kpidsl.KpiError, match="K720"):
        project.why("nothing", ("2026-01", "2026-02"))


FORMULAS = {
    "ratio": "sum(t.a) / sum(t.b)",
    "difference": "(sum(t.a) - sum(t.b)) / sum(t.b)",
    "mean": "average(t.a)",
    "weighted": "weighted average(t.a by t.b)",
    "of_rows": "share(t where a >= 3)",
    "product": "sum(t.a) * sum(t.b) / count(t)",
    "total": "sum(t.a) - 2 * sum(t.b)",
    "mixed": "average(t.a) - share(t where b > 1)",
}
TABLE = """\
source t
  from "t.csv"
  row x
  time day
  column a number
  column b number
  column c text
"""
SCHEMA = pa.schema([("day", pa.date32()), ("a", pa.float64()), ("b", pa.float64()), ("c", pa.string())])
NUMBER = st.one_of(st.none(), st.integers(-5, 5).map(float), st.floats(0.01, 100))
ROW = st.tuples(st.sampled_from([date(2026, 1, 5), date(2026, 2, 5)]), NUMBER, NUMBER, st.sampled_from("xyz"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> kpidsl.Project:
    folder = tmp_path_factory.mktemp("why")
    kpis = "".join(f"kpi {name}\n  formula {formula}\n" for name, formula in FORMULAS.items())
    (folder / "t.kpi").write_text(TABLE + kpis)
    return kpidsl.load(folder)


@settings(max_examples=60)
@given(st.lists(ROW, max_size=12), st.sampled_from([*FORMULAS]))
def test_parts_and_slices_add_up_on_random_tables(project, rows, name) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    table = pa.table(dict(zip("day a b c".split(), columns, strict=True)), schema=SCHEMA)
    try:
        why = project.why(name, ("2026-01", "2026-02"), by="c", as_of="2026-03-01", data={"t": table})
    except kpidsl.KpiError as error:
        if "K640" not in str(error):  # no value in one of the periods
            raise
        return
    told = why.to_dict()
    moved = why.after - why.before
    slices = [one["effect"] for one in told["slices"]]
    parts = [one for one in told["factors"] if one["depth"] == 0]
    scale = max(abs(why.before), abs(why.after), *(abs(p["effect"]) for p in parts), *map(abs, slices))
    if parts:
        assert sum(part["effect"] for part in parts) == pytest.approx(moved, abs=1e-9 * scale)
    assert sum(slices) == pytest.approx(moved, abs=1e-9 * scale)
    assert told["rest"] == 0


def test_every_kpi_of_the_example_is_split_without_a_rest() -> None:
    project = kpidsl.load(ROOT / "examples" / "atelier")
    for name in ("cost_per_lead", "campaign_roi", "sales_growth", "recommendation", "lifetime_value"):
        told = project.why(name, ("2026-08", "2026-09")).to_dict()
        top = [part["effect"] for part in told["factors"] if part["depth"] == 0]
        assert sum(top) == pytest.approx(told["change"], rel=1e-9)
