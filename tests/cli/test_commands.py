"""The smaller commands: fmt, list, explain, graph, init, rule, schema."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kpidsl.codes import CATALOGUE
from kpidsl.lint.rules import builtin
from tests.project import SPECS, environment_of, kpi, write

MESSY = "kpi   x\n  formula 1\n"
NEAT = "kpi x\n  formula     1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path)


# -- fmt --------------------------------------------------------------------------------------------


def test_fmt_writes_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.kpi").write_text(MESSY)
    assert kpi(tmp_path, "fmt").code == 0
    assert (tmp_path / "a.kpi").read_text() == NEAT
    assert kpi(tmp_path, "fmt", "--check").code == 0


def test_fmt_check_and_diff_write_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.kpi").write_text(MESSY)
    check, diff = kpi(tmp_path, "fmt", "--check"), kpi(tmp_path, "fmt", "--diff")
    assert (check.code, check.out) == (1, "would format a.kpi\n")
    assert diff.code == 1
    assert "+kpi x\n+  formula     1\n" in diff.out
    assert (tmp_path / "a.kpi").read_text() == MESSY


def test_fmt_as_a_filter(tmp_path: Path) -> None:
    assert kpi(tmp_path, "fmt", "-", stdin=MESSY).out == NEAT
    run = kpi(tmp_path, "fmt", "-", stdin="kpi x\n  formula 1 +\n")
    assert (run.code, run.out) == (2, "kpi x\n  formula 1 +\n")
    assert "error[" in run.err


def test_bytes_of_standard_input_that_are_no_text_are_told_and_given_back(tmp_path: Path) -> None:
    latin = 'kpi x "K\xe4se"\n  formula   1\n'.encode("latin-1")
    for command in ("fmt", "lint", "list"):
        ran = subprocess.run(
            [sys.executable, "-m", "kpidsl", command, "-"],
            cwd=tmp_path,
            env=environment_of({}),
            input=latin,
            capture_output=True,
            check=False,
        )
        said = (ran.stdout + ran.stderr).decode("latin-1")
        assert (ran.returncode, "byte 9 is not UTF-8 text" in said) == (2, True)
        assert ran.stdout == latin or command != "fmt"


def test_fmt_leaves_a_file_with_errors_alone_and_formats_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.kpi").write_text("kpi   x\n  formula 1 +\n")
    (tmp_path / "b.kpi").write_text(MESSY)
    run = kpi(tmp_path, "fmt")
    assert run.code == 2
    assert "a.kpi:2" in run.err
    assert (tmp_path / "a.kpi").read_text() == "kpi   x\n  formula 1 +\n"
    assert (tmp_path / "b.kpi").read_text() == NEAT


def test_fmt_turns_windows_line_ends_into_plain_ones(tmp_path: Path) -> None:
    (tmp_path / "a.kpi").write_bytes(NEAT.replace("\n", "\r\n").encode())
    assert kpi(tmp_path, "fmt").code == 0
    assert (tmp_path / "a.kpi").read_bytes() == NEAT.encode()


# -- list, graph ------------------------------------------------------------------------------------


def test_list(folder: Path) -> None:
    text = kpi(folder, "list").out
    assert "cost_per_lead" in text
    assert "at most 25 EUR per lead" in text
    found = json.loads(kpi(folder, "list", "--format", "json").out)["kpis"]
    assert [(k["name"], k["owner"], k["deadline"]) for k in found] == [
        ("cost_per_lead", "Acquisition", "2026-03-31"),
        ("lead_count", None, "2026-03-31"),
    ]
    rows = list(csv.DictReader(io.StringIO(kpi(folder, "list", "--format", "csv").out)))
    assert rows[0]["target"] == "at most 25 EUR per lead"


def test_list_ends_in_2_when_a_kpi_is_missing_from_it(tmp_path: Path) -> None:
    run = kpi(write(tmp_path, SPECS.replace("ad_spend / leads", "ad_spend + leads")), "list")
    assert run.code == 2
    assert "K301" in run.err
    assert "lead_count" in run.out


@pytest.mark.parametrize(("form", "start"), [("mermaid", "flowchart"), ("dot", "digraph"), ("json", "{")])
def test_graph(folder: Path, form: str, start: str) -> None:
    run = kpi(folder, "graph", "--format", form)
    assert run.code == 0
    assert run.out.startswith(start)
    assert "ad_spend" in run.out
    assert "lead_count" not in kpi(folder, "graph", "--format", form, "--kpi", "cost_per_lead").out


def test_graph_of_an_unknown_kpi(folder: Path) -> None:
    run = kpi(folder, "graph", "--kpi", "cost_per_led")
    assert run.code == 2
    assert "`cost_per_lead`" in run.err


# -- explain ----------------------------------------------------------------------------------------


def test_explain_puts_the_numbers_in(folder: Path) -> None:
    run = kpi(folder, "explain", "cost_per_lead")
    assert run.code == 0
    lines = [line.strip() for line in run.out.splitlines()]
    assert "formula     ad_spend / leads" in lines
    assert "= 150 EUR / 5 leads" in lines
    assert "= 30 EUR per lead" in lines
    assert "2 rows of ads in 2026-02" in lines
    assert "SELECT" not in run.out


def test_explain_a_slice_a_period_and_the_query(folder: Path) -> None:
    run = kpi(folder, "explain", "cost_per_lead", "--slice", "channel=meta", "--for", "2026-01", "--sql")
    assert run.code == 0
    assert "= 40 EUR / 2 leads" in run.out
    assert "SELECT" in run.out
    split = kpi(folder, "explain", "lead_count", "--slice", "channel=google")
    assert "7 leads" in split.out


@pytest.mark.parametrize("value", ["no channel", ""])
def test_explain_the_slice_without_a_value(folder: Path, value: str) -> None:
    with (folder / "leads.csv").open("a") as file:
        file.write("2026-03-01,\n")
    run = kpi(folder, "explain", "lead_count", "--slice", f"channel={value}")
    assert (run.code, run.err) == (0, "")
    assert "Leads · no channel" in run.out
    wrong = kpi(folder, "explain", "lead_count", "--by", "channel", "--slice", "channel=no chanel")
    assert 'channel="no channel"' in wrong.err


def test_explain_as_json(folder: Path) -> None:
    found = json.loads(kpi(folder, "explain", "cost_per_lead", "--format", "json").out)
    assert found["with_numbers"] == "150 EUR / 5 leads"
    assert [(p["name"], p["value"], p["rows"]) for p in found["parts"]] == [
        ("ad_spend", 150, 2),
        ("leads", 5, 5),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cost_per_led"], "`cost_per_lead`"),
        (["cost_per_lead", "--slice", "channel=mta"], "channel=meta"),
        (["cost_per_lead", "--slice", "chanel=meta"], "`channel`"),
        (["cost_per_lead", "--slice", "meta"], "DIM=VALUE"),
        (["cost_per_lead", "--for", "2026-Q5"], "Q1 to Q4"),
    ],
)
def test_explain_what_is_not_there(folder: Path, arguments: list[str], said: str) -> None:
    run = kpi(folder, "explain", *arguments)
    assert run.code == 2
    assert said in run.err


def test_explain_an_objective(folder: Path) -> None:
    run = kpi(folder, "explain", "growth")
    assert run.code == 0
    assert "1 of 2 KPIs is met or on track, all are needed: Cost per lead is missed." in " ".join(
        run.out.split()
    )
    assert "● on track  Leads" in run.out
    found = json.loads(kpi(folder, "explain", "growth", "--format", "json").out)
    assert [o["word"] for o in found["objectives"]] == ["off track"]
    assert "is an objective" in kpi(folder, "explain", "growth", "--by", "channel").err


def test_explain_an_objective_that_cannot_be_judged(folder: Path) -> None:
    text = (folder / "kpis.kpi").read_text()
    (folder / "kpis.kpi").write_text(text.replace("  kpi         lead_count\n", "  kpi         lead_cout\n"))
    run = kpi(folder, "explain", "growth")
    assert run.code == 2
    assert "an objective that cannot be judged" in run.err


def test_explain_the_plan_of_a_kpi(folder: Path) -> None:
    run = kpi(folder, "explain", "cost_per_lead", "--plan", "--slice", "channel=meta")
    assert run.code == 0
    lines = run.out.splitlines()
    assert "formula     ad_spend / leads" in lines
    head = next(n for n, line in enumerate(lines) if line.startswith("source "))
    assert lines[head].split() == ["source", "query", "groups", "by", "cells", "files", "seconds"]
    assert lines[-1].split()[:3] == ["total", "4", "queries"]
    assert any(line.split()[:3] == ["case", "month,", "platform"] for line in lines)
    found = json.loads(kpi(folder, "explain", "cost_per_lead", "--plan", "--format", "json").out)
    assert [(s["source"], s["kind"], s["cells"]) for s in found["plan"]] == [
        ("ads", "read", None),
        ("ads", "profile", 5),
        ("ads", "case", 5),
        ("crm", "read", None),
        ("crm", "profile", 11),
        ("crm", "case", 5),
    ]
    assert found["plan"][2]["kpis"] == ["cost_per_lead"]
    assert found["plan"][2]["bytes"] == (folder / "ads.csv").stat().st_size
    assert "plan" not in json.loads(kpi(folder, "explain", "cost_per_lead", "--format", "json").out)


@pytest.mark.parametrize("paths", [[], ["."], ["kpis.kpi"]])
def test_explain_the_plan_of_all_kpis(folder: Path, paths: list[str]) -> None:
    run = kpi(folder, "explain", "--plan", *paths)
    assert run.code == 0
    assert "for cost_per_lead, lead_count" in run.out
    assert "formula" not in run.out
    assert "SELECT" not in run.out
    assert "SELECT" in kpi(folder, "explain", *paths, "--plan", "--sql").out
    found = json.loads(kpi(folder, "explain", "--plan", *paths, "--format", "json").out)
    assert set(found) == {"as_of", "plan", "schema_version"}
    assert found == json.loads(kpi(folder, "explain", "--plan", *paths, "--format", "json").out)


def test_explain_the_plan_of_standard_input(folder: Path) -> None:
    text = (folder / "kpis.kpi").read_text()
    (folder / "kpis.kpi").unlink()
    assert "for cost_per_lead" in kpi(folder, "explain", "--plan", "-", stdin=text).out


def test_explain_the_plan_of_what_could_not_be_read(folder: Path) -> None:
    (folder / "ads.csv").unlink()
    run = kpi(folder, "explain", "--plan")
    assert run.code == 2
    assert "ads.csv" in run.err
    assert "crm" in run.out
    assert "ads " not in run.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument 'KPI'"),
        (["--sql"], "Missing argument 'KPI'"),
        (["--plan", "--slice", "channel=meta"], "--slice is for a KPI"),
        (["growth", "--plan"], "is an objective"),
        (["cost_per_led", "--plan"], "`cost_per_lead`"),
        (["--plan", "none.kpi"], "`none.kpi` does not exist"),
    ],
)
def test_explain_a_plan_of_nothing(folder: Path, arguments: list[str], said: str) -> None:
    run = kpi(folder, "explain", *arguments)
    assert run.code == 2
    assert said in run.err


def test_explain_a_kpi_that_failed(folder: Path) -> None:
    (folder / "ads.csv").unlink()
    run = kpi(folder, "explain", "cost_per_lead")
    assert run.code == 2
    assert "○ failed" in run.out


# -- init -------------------------------------------------------------------------------------------


def test_init_drafts_what_eval_can_evaluate(folder: Path) -> None:
    (folder / "kpis.kpi").unlink()
    run = kpi(folder, "init")
    assert (run.code, run.out) == (0, "")
    assert "source ads\n" in (folder / "kpis.kpi").read_text()
    assert kpi(folder, "lint").code == 0
    assert kpi(folder, "eval").code == 0


def test_init_overwrites_only_when_told(folder: Path) -> None:
    run = kpi(folder, "init")
    assert run.code == 2
    assert "--force" in run.err
    assert (folder / "kpis.kpi").read_text() == SPECS
    assert kpi(folder, "init", "--force", "ads.csv").code == 0
    assert "source ads\n" in (folder / "kpis.kpi").read_text()


def test_init_of_nothing(tmp_path: Path) -> None:
    assert "no data files" in kpi(tmp_path, "init").err
    (tmp_path / "kpis.kpi").touch()
    both = kpi(tmp_path, "init", "nothing.csv").err
    assert both.index("nothing.csv") < both.index("K713")
    (tmp_path / "kpis.kpi").unlink()
    run = kpi(tmp_path, "init", "nothing.csv")
    assert run.code == 2
    assert "does not exist" in run.err
    assert not (tmp_path / "kpis.kpi").exists()


def test_init_to_standard_output(folder: Path) -> None:
    run = kpi(folder, "init", "-o", "-", "ads.csv")
    assert run.code == 0
    assert run.out.startswith("source ads\n")


# -- rule, schema -----------------------------------------------------------------------------------


def test_rule_by_code_and_by_name(tmp_path: Path) -> None:
    by_code, by_name = kpi(tmp_path, "rule", "k301"), kpi(tmp_path, "rule", "unit-mismatch")
    assert by_code.out == by_name.out
    assert "K301 unit-mismatch" in by_code.out
    every = {*CATALOGUE, *(rule.code for rule in builtin())}
    assert len(kpi(tmp_path, "rule").out.splitlines()) == len(every)
    assert {line.split()[0] for line in kpi(tmp_path, "rule", "smart").out.splitlines()} == {
        f"K{n}" for n in range(935, 940)
    }
    wrong = kpi(tmp_path, "rule", "unit-mismatches")
    assert wrong.code == 2
    assert "unit-mismatch" in wrong.err


@pytest.mark.parametrize("command", ["eval", "lint"])
def test_json_keeps_to_its_schema(folder: Path, command: str) -> None:
    schema = json.loads(kpi(folder, "schema", command).out)
    (folder / "ads.csv").write_text("day,platform,spend\n2026-02-01,google,x\n")
    found = json.loads(kpi(folder, command, "--format", "json").out)
    assert list(problems(found, schema, schema, "$")) == []
    assert list(problems({**found, "more": 1}, schema, schema, "$")) == ["$: more"]


def test_the_json_of_scenarios_keeps_to_its_schema(folder: Path) -> None:
    schema = json.loads(kpi(folder, "schema", "scenario").out)
    for arguments in (
        ("whatif", "--set", "ad_spend[google]=300", "--set", "leads=-1"),
        ("solve", "cost_per_lead=20", "--for", "ad_spend"),
        ("solve", "cost_per_lead=-20", "--for", "ad_spend"),
        ("solve", "lead_count=20", "--for", "ad_spend"),
        ("scenario",),
    ):
        found = json.loads(kpi(folder, *arguments, "--format", "json").out)
        assert list(problems(found, schema, schema, "$")) == []


def problems(value: Any, schema: Any, root: Any, path: str) -> Any:
    """What of JSON Schema the schemas use, checked."""
    if "$ref" in schema:
        yield from problems(value, root["$defs"][schema["$ref"].split("/")[-1]], root, path)
        return
    if "oneOf" in schema:
        if all(list(problems(value, each, root, path)) for each in schema["oneOf"]):
            yield f"{path}: none fits"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r}"
    kinds: dict[str, Any] = {
        "string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list,
        "null": type(None),
    }  # fmt: skip
    wanted = schema.get("type")
    names = [wanted] if isinstance(wanted, str) else wanted or []
    if names and not any(isinstance(value, kinds[name]) for name in names):
        yield f"{path}: {value!r} is no {names}"
    elif isinstance(value, dict):
        yield from (f"{path}: no {name}" for name in schema.get("required", []) if name not in value)
        more = schema.get("additionalProperties", {})
        for name, each in value.items():
            inner = schema.get("properties", {}).get(name, more)
            if inner is False:
                yield f"{path}: {name}"
            else:
                yield from problems(each, inner, root, f"{path}.{name}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from problems(each, schema["items"], root, f"{path}[{index}]")


def test_an_unknown_command_names_a_near_one(tmp_path: Path) -> None:
    run = kpi(tmp_path, "evla")
    assert run.code == 2
    assert "eval" in run.err
