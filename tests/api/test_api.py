"""kpidsl from Python."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas
import polars
import pyarrow
import pytest

import kpidsl
from tests.project import ROOT, SPECS, kpi, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path)


def test_from_specs_to_verdicts(folder: Path) -> None:
    project = kpidsl.load(folder)
    assert project.check() == []
    assert list(project.kpis) == ["cost_per_lead", "lead_count"]
    found = project.evaluate()
    assert found.as_of == date(2026, 3, 10)
    assert [(v.kpi, v.slice, v.word) for v in found] == [
        ("cost_per_lead", (), "missed"),
        ("cost_per_lead", (("channel", "google"),), "missed"),
        ("cost_per_lead", (("channel", "meta"),), "missed"),
        ("lead_count", (), "on track"),
    ]
    assert len(found) == 4
    assert found.verdict("cost_per_lead").value == 30
    assert found.verdict("cost_per_lead", channel="meta").target_high == 20
    assert [o.word for o in found.objectives] == ["off track"]
    assert found.sources["ads"].rows == 5


def test_the_same_json_as_the_command(folder: Path) -> None:
    found = kpidsl.load(folder).evaluate()
    command = json.loads(kpi(folder, "eval", "--format", "json").out)
    mine = json.loads(found.to_json())
    assert mine == found.to_dict()
    for data in (mine, command):
        for each in data["kpis"]:
            each["place"]["file"] = ""
    assert mine == command


def test_a_choice_of_kpis_days_periods_and_dimensions(folder: Path) -> None:
    project = kpidsl.load(folder)
    assert [v.kpi for v in project.evaluate(kpis="lead_count")] == ["lead_count"]
    assert project.evaluate(for_="2026-01").verdict("cost_per_lead").value == 20
    assert project.evaluate(as_of="2026-03-01").verdict("cost_per_lead").value == 30
    assert project.evaluate(as_of=date(2026, 2, 10)).verdict("cost_per_lead").value == 20
    assert project.evaluate(as_of=datetime(2026, 2, 10, 23, 59)).as_of == date(2026, 2, 10)
    moment = project.evaluate(as_of=pandas.Timestamp("2026-02-10 12:00")).as_of
    assert (moment, type(moment)) == (date(2026, 2, 10), date)
    split = project.evaluate(kpis=["lead_count"], by="channel")
    assert [v.value for v in split if v.slice] == [7, 4]


def frames() -> list[Any]:
    rows = {"day": [date(2026, 2, 3)], "platform": ["google"], "spend": [10.0]}
    return [pandas.DataFrame(rows), polars.DataFrame(rows), pyarrow.table(rows)]


@pytest.mark.parametrize("frame", frames(), ids=["pandas", "polars", "arrow"])
def test_frames_take_the_place_of_files(folder: Path, frame: Any) -> None:
    found = kpidsl.load(folder).evaluate(data={"ads": frame})
    assert found.verdict("cost_per_lead").value == 2


def test_frames_come_out(folder: Path) -> None:
    found = kpidsl.load(folder).evaluate()
    arrow, frame, polar = found.to_arrow(), found.to_pandas(), found.to_polars()
    assert arrow.num_rows == len(frame) == polar.height
    assert arrow.column_names == list(frame.columns) == polar.columns
    first = polar.row(0, named=True)
    assert (first["kpi"], first["value"], first["start"], first["rows"]) == (
        "cost_per_lead", 30.0, date(2026, 2, 1), 7,
    )  # fmt: skip
    assert "<table>" in found._repr_html_()
    assert "Cost per lead" in str(found)


def test_a_missing_library_is_named_with_its_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = kpidsl.load(folder).evaluate(kpis="lead_count")

    def absent(name: str, *rest: Any, **more: Any) -> Any:
        if name == "polars":
            raise ImportError(name)
        return real(name, *rest, **more)

    real = builtins.__import__
    monkeypatch.setitem(sys.modules, "polars", None)
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(kpidsl.KpiError, match=r"pip install 'kpidsl\[polars\]'"):
        found.to_polars()


@pytest.mark.parametrize(
    ("wish", "code", "said"),
    [
        ({"as_of": "2026-13"}, "K721", "months 01 to 12"),
        ({"as_of": 20260301}, "K721", "type `int`"),
        ({"as_of": pandas.NaT}, "K721", "NaT"),
        ({"for_": 2026}, "K721", "type `int`"),
        ({"for_": "Q1 2026"}, "K721", "2026-Q1"),
        ({"kpis": "cost_per_led"}, "K720", "`cost_per_lead`"),
        ({"data": {"adds": "x.csv"}}, "K723", "`ads`"),
        ({"by": "chanel"}, "K722", "`channel`"),
    ],
)
def test_what_nothing_can_come_of_is_raised(folder: Path, wish: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(kpidsl.KpiError) as caught:
        kpidsl.load(folder).evaluate(**wish)
    assert [d.code for d in caught.value.diagnostics] == [code]
    assert said in str(caught.value)


def test_paths_that_cannot_be_read_are_raised(tmp_path: Path) -> None:
    with pytest.raises(kpidsl.KpiError, match="does not exist"):
        kpidsl.load(tmp_path / "nothing")
    with pytest.raises(kpidsl.KpiError, match=r"no \.kpi file"):
        kpidsl.load(tmp_path)


def test_a_broken_kpi_is_a_verdict_not_an_exception(tmp_path: Path) -> None:
    project = kpidsl.load(write(tmp_path, SPECS.replace("ad_spend / leads", "ad_spend / leeds")))
    assert any(d.severity.word == "error" for d in project.check())
    found = project.evaluate()
    assert found.verdict("cost_per_lead").word == "failed"
    assert found.verdict("lead_count").word == "on track"


def test_unknown_verdicts_are_key_errors(folder: Path) -> None:
    found = kpidsl.load(folder).evaluate()
    with pytest.raises(KeyError, match="similar: cost_per_lead"):
        found.verdict("cost_per_led")
    with pytest.raises(KeyError, match="meta"):
        found.verdict("cost_per_lead", channel="mta")


def test_public_names_exist_and_cost_nothing_until_used() -> None:
    assert all(hasattr(kpidsl, name) for name in kpidsl.__all__)
    with pytest.raises(AttributeError):
        _ = kpidsl.nothing  # type: ignore[attr-defined]
    heavy = "{'duckdb', 'numpy', 'lark', 'attr', 'click'}"
    code = f"import kpidsl, sys; print(sorted(set(sys.modules) & {heavy}))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
