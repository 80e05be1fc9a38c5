"""The table of verdicts: read without colour, at any width, the same every time."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from kpidsl import project
from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.project import Outcome
from kpidsl.render import data, plain, tables, verdicts
from kpidsl.render.cells import Screen, width
from kpidsl.results import SourcePromise
from kpidsl.specs import load as load_specs
from tests.project import write


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    folder = write(tmp_path_factory.mktemp("tiny"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield evaluated()


def evaluated() -> Outcome:
    specs = load_specs(["."])
    wish = project.wish(specs)
    assert isinstance(wish, project.Wish)
    return project.evaluate(specs, wish)


def test_the_whole_text(outcome: Outcome) -> None:
    assert verdicts.render(outcome, Screen()) == (Path(__file__).parent / "tiny.txt").read_text("utf-8")


def test_signs_tell_the_lights_apart_without_colour(outcome: Outcome) -> None:
    text = verdicts.render(outcome, Screen())
    assert "\x1b" not in text
    assert "■ missed" in text
    assert "● on track" in text


def test_colour_changes_no_cell(outcome: Outcome) -> None:
    painted = verdicts.render(outcome, Screen(color=True))
    bare_text = verdicts.render(outcome, Screen())
    bare = re.sub(r"\x1b\[[0-9;]*m", "", painted)
    assert [line.rstrip() for line in bare.splitlines()] == bare_text.splitlines()


def test_a_plain_screen_gets_ascii(outcome: Outcome) -> None:
    text = verdicts.render(outcome, Screen(unicode=False)).replace("·", "")
    assert text.isascii()
    assert "x missed" in text
    assert "at most 25" in text


@pytest.mark.parametrize("cells", [30, 40, 59, 60, 72, 80, 100, 160])
def test_every_width_fits(outcome: Outcome, cells: int) -> None:
    text = verdicts.render(outcome, Screen(width=cells))
    assert max(width(line) for line in text.splitlines()) <= cells
    assert "30 EUR/lead" in text
    assert "Cost per lead" in " ".join(text.split())


def test_quiet_leaves_out_what_is_green(outcome: Outcome) -> None:
    text = verdicts.render(outcome, Screen(), quiet=True)
    assert "on track" not in text.splitlines()[0:5]
    assert "● " not in text


def _promising(outcome: Outcome, *promises: SourcePromise) -> Outcome:
    profile = evolve(outcome.profiles["ads"], promises=promises)
    return evolve(outcome, profiles={**outcome.profiles, "ads": profile})


def test_what_breaks_its_promise_is_said_first(outcome: Outcome) -> None:
    stale = _promising(
        outcome,
        SourcePromise("fresh within 2 days", "stale", "ads ends on 2026-03-01, 9 days before 2026-03-10"),
        SourcePromise("check spend >= 0", "warn"),
    )
    lines = verdicts.render(stale, Screen()).splitlines()
    assert lines[2:7] == [
        "         source  promise",
        "■ stale  ads     fresh within 2 days",
        "                 ads ends on 2026-03-01, 9 days before 2026-03-10",
        "● kept   ads     check spend >= 0",
        "",
    ]
    assert lines.index("● kept   ads     check spend >= 0") < lines.index(
        next(x for x in lines if "KPI" in x)
    )
    narrow = verdicts.render(stale, Screen(width=40)).splitlines()
    assert "■ stale  ads: fresh within 2 days" in narrow
    assert max(map(len, narrow)) <= 40
    markdown = tables.as_markdown(stale)
    assert "| 🟢&nbsp;kept | ads | check spend &gt;= 0 |  |" in markdown.splitlines()
    assert tables.as_html(stale).startswith("<table><caption>Promises of the sources</caption>")
    assert plain.evaluation(stale)["sources"][0]["promises"][0]["word"] == "stale"


def test_promises_that_are_kept_are_told_on_request(outcome: Outcome) -> None:
    kept = _promising(outcome, SourcePromise("check spend >= 0", "warn"))
    assert "spend >= 0" not in verdicts.render(kept, Screen())
    assert "● kept  ads     check spend >= 0" in verdicts.render(kept, Screen(), verbose=True).splitlines()
    assert "Promises" not in tables.as_html(kept)


def test_what_is_green_has_a_sentence_only_when_asked_or_without_room_for_what_is_expected(
    outcome: Outcome,
) -> None:
    sentence = "at least 9.2 leads expected by now"

    def text(**options: bool) -> str:
        return " ".join(verdicts.render(outcome, Screen(), **options).split())

    assert "9.2" in text()
    assert sentence not in text()
    assert sentence in text(verbose=True)
    for cells in (59, 60):
        narrow = " ".join(verdicts.render(outcome, Screen(width=cells)).split())
        assert "by now" in narrow
        assert (" value target by now " in narrow) != (sentence in narrow)


SPEC = """\
source ads
  from      "ads.csv"
  time      day
  channel   channel
  column    spend EUR
  column    leads lead

kpi cost "Cost"
  formula   sum(ads.spend) / sum(ads.leads)
  target    at most 10 EUR per lead
  tolerance 10%
  measured  every month
  by        channel
"""


def split(folder: Path, rows: list[tuple[str, int, int]], spec: str = SPEC) -> Outcome:
    """Channel, spend and leads of a month."""
    lines = [f"2026-01-05,{channel},{spend},{leads}\n" for channel, spend, leads in rows]
    (folder / "ads.csv").write_text("day,channel,spend,leads\n" + "".join(lines), "utf-8")
    (folder / "kpis.kpi").write_text(spec, "utf-8")
    specs = load_specs([str(folder)])
    wish = project.wish(specs, as_of="2026-02-01")
    assert isinstance(wish, project.Wish)
    return project.evaluate(specs, wish)


def test_a_slice_that_never_has_a_value_is_told_to_programs_only(tmp_path: Path) -> None:
    found = split(tmp_path, [("google", 50, 5), ("meta", 10, 0)])
    for text in (verdicts.render(found, Screen()), tables.as_markdown(found), tables.as_html(found)):
        assert "google" in text
        assert "meta" not in text
    assert [s["slice"] for s in plain.evaluation(found)["kpis"][0]["slices"]] == [
        {"channel": "google"},
        {"channel": "meta"},
    ]


@pytest.mark.parametrize(
    ("promise", "lines"),
    [
        (
            SourcePromise("complete every day", "warn", "ads lacks 2 days", "2026-01-04 to 2026-01-05"),
            ["▲ warned  ads     complete every day", "ads lacks 2 days: 2026-01-04 to 2026-01-05"],
        ),
        (
            SourcePromise("key day, id", "stale", "2 keys of ads repeat", "a, 1 (3 times), c, 2 (2 times)"),
            ["■ stale  ads     key day, id", "2 keys of ads repeat: a, 1 (3 times), c, 2 (2 times)"],
        ),
        (
            SourcePromise("check spend >= 0", "warn", asked=False),
            ["○ not asked  ads     check spend >= 0"],
        ),
    ],
)
def test_a_broken_promise_is_told_with_an_example(
    outcome: Outcome, promise: SourcePromise, lines: list[str]
) -> None:
    shown = [line.strip() for line in verdicts.render(_promising(outcome, promise), Screen()).splitlines()]
    assert shown[3 : 3 + len(lines)] == lines


def test_what_is_no_promise_is_told_in_a_line(outcome: Outcome) -> None:
    problem = Diagnostic("K524", "2 rows have no `day`: counted in no period", severity=Severity.WARNING)
    profile = evolve(outcome.profiles["ads"], problems=(problem,))
    found = evolve(outcome, profiles={**outcome.profiles, "ads": profile})
    assert "▲ ads: 2 rows have no day: counted in no period" in verdicts.render(found, Screen()).splitlines()


def test_json_is_the_same_twice_and_keeps_its_promises(outcome: Outcome) -> None:
    text = data.as_json(plain.evaluation(outcome))
    assert text == data.as_json(plain.evaluation(evaluated()))
    assert text == "".join(plain.as_json_parts(outcome))
    found = json.loads(text)
    assert found["schema_version"] == 1
    assert found["as_of"] == "2026-03-10"
    assert [kpi["name"] for kpi in found["kpis"]] == ["cost_per_lead", "lead_count"]
    headline = found["kpis"][0]["headline"]
    assert headline["value"] == 30
    assert headline["window"] == {"label": "2026-02", "start": "2026-02-01", "end": "2026-02-28"}
    assert list(found) == sorted(found)


def test_figures_are_short_and_never_nan() -> None:
    assert data.figure(0.1 + 0.2) == 0.3
    assert data.figure(float("nan")) is None
    assert data.figure(float("-inf")) is None
    assert str(data.figure(-0.0)) == "0.0"


def test_csv_has_a_row_for_every_verdict(outcome: Outcome) -> None:
    rows = list(csv.DictReader(io.StringIO("".join(tables.as_csv(outcome)))))
    assert [(r["kpi"], r["scope"], r["slice"]) for r in rows[:3]] == [
        ("cost_per_lead", "total", ""),
        ("cost_per_lead", "slice", "channel=google"),
        ("cost_per_lead", "slice", "channel=meta"),
    ]
    months = [r["window"] for r in rows if r["kpi"] == "cost_per_lead" and r["slice"] == ""]
    assert sorted(months) == ["2026-01", "2026-02", "2026-03"]
    assert rows[0]["value"] == "30.0"


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x"])
def test_csv_holds_no_formula_of_a_stranger(text: str) -> None:
    assert tables.csv_cell(text) == f"'{text}"
    assert tables.csv_cell(-1.5) == "-1.5"


def test_markdown_and_html_show_markup_as_text(outcome: Outcome) -> None:
    judged = outcome.judged[0]
    bad = evolve(judged, headline=evolve(judged.headline, title="<script>|*x*@all"))
    found = evolve(outcome, judged=(bad,))
    markdown, html = tables.as_markdown(found), tables.as_html(found)
    assert "&lt;script&gt;\\|\\*x\\*@\u200ball" in markdown
    assert "<script>" not in markdown + html
    assert "&lt;script&gt;|*x*@all" in html
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows if "objective" not in row} >= {7}
