"""`kpi config`: what holds, and who says so."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_commands import problems
from tests.project import kpi, write

BASE = """\
fail_on = ["grey"]
exclude = ["drafts"]

[limits]
memory = "2GB"
threads = 2

[connections.shop]
url = "postgresql://reader:${SHOP}@db/shop"

[connections.old]
url = "postgresql://me:hunter2@db/old?password=hunter3&token=${T}"
"""
OWN = """\
extend = "../base.toml"
as_of = 2026-03-10

[limits]
threads = 8
"""


def project(folder: Path) -> Path:
    (folder / "shop").mkdir()
    write(folder / "shop")
    (folder / "base.toml").write_text(BASE)
    (folder / "shop" / "kpi.toml").write_text(OWN)
    return folder / "shop"


def test_each_value_with_the_line_that_says_it(tmp_path: Path) -> None:
    run = kpi(project(tmp_path), "config")
    assert run.code == 0
    first, root, _, *rows = run.out.splitlines()
    assert first == "kpi.toml, which extends ../base.toml"
    assert root == "the folder of the project: ."
    found = {
        cells[0]: cells[1:] for row in rows if (cells := [c.strip() for c in row.split("  ") if c.strip()])
    }
    assert found["as_of"] == ["2026-03-10", "kpi.toml:2"]
    assert found["fail_on"] == ['["grey"]', "../base.toml:1"]
    assert found["limits.threads"] == ["8", "kpi.toml:5"]
    assert found["limits.memory"] == ['"2GB"', "../base.toml:5"]
    assert found["limits.timeout"] == ["-", "default"]
    assert found["incremental.on"] == ["false", "default"]
    assert found["connections.shop.url"] == ['"postgresql://reader:${SHOP}@db/shop"', "../base.toml:9"]


def test_no_password_is_shown(tmp_path: Path) -> None:
    folder = project(tmp_path)
    for form in ("text", "json"):
        run = kpi(folder, "config", "--format", form, SHOP="opensesame")
        assert "hunter" not in run.out + run.err
        assert "opensesame" not in run.out + run.err
    assert '"postgresql://me:***@db/old?password=***&token=${T}"' in kpi(folder, "config").out


def test_json_keeps_to_its_schema(tmp_path: Path) -> None:
    folder = project(tmp_path)
    schema = json.loads(kpi(folder, "schema", "config").out)
    found = json.loads(kpi(folder, "config", "--format", "json").out)
    assert list(problems(found, schema, schema, "$")) == []
    values = {row["key"]: (row["value"], row["place"]) for row in found["settings"]}
    assert values["as_of"] == ("2026-03-10", "kpi.toml:2")
    assert values["exclude"] == (["drafts"], "../base.toml:2")
    assert values["incremental.store"] == (".kpidsl/cells.duckdb", None)


def test_without_a_config_there_are_the_defaults(tmp_path: Path) -> None:
    run = kpi(tmp_path, "config")
    assert run.code == 0
    assert run.out.startswith("no config\n")
    assert {line.split()[-1] for line in run.out.splitlines()[3:]} == {"default"}


def test_what_is_wrong_is_told_and_does_not_hold(tmp_path: Path) -> None:
    (tmp_path / "kpi.toml").write_text("as_of = 'soon'\nas_on = 1\n")
    run = kpi(tmp_path, "config")
    assert run.code == 2
    assert "K702" in run.err
    assert "K703" in run.err
    assert "as_of" in run.out
    assert "soon" not in run.out


def test_a_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n\n[tool.kpidsl]\nas_of = 2026-01-01\n')
    run = kpi(tmp_path, "config")
    assert run.out.startswith("pyproject.toml\n")
    assert ["as_of", "2026-01-01", "pyproject.toml:5"] in [line.split() for line in run.out.splitlines()]


def test_the_config_of_the_path_that_is_given(tmp_path: Path) -> None:
    project(tmp_path)
    assert kpi(tmp_path, "config", "shop").out.startswith("shop/kpi.toml, which extends base.toml\n")


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "kpi.toml").write_text('as_of = "2026-01-01"\n')
    run = kpi(tmp_path, "config", "specs")
    assert (run.code, "K710" in run.err) == (2, True)
    assert kpi(tmp_path, "config", "-", "kpi.toml").code == 0
