"""What other programs read of this repository: hooks of pre-commit, the GitHub action, the job for GitLab."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.project import ROOT, SPECS, kpi, write

yaml = pytest.importorskip("yaml")
UNTIDY = SPECS.replace("  formula     leads\n", "  formula   leads\n")
BROKEN = SPECS.replace("ad_spend / leads", "ad_spend + leads")


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def committed(folder: Path) -> Path:
    """The folder as a repository with one commit."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "x")
    return folder


# -- pre-commit -------------------------------------------------------------------------------------

HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


def test_the_hooks_are_those_of_the_page() -> None:
    assert set(HOOKS) == {"kpi-format", "kpi-lint", "kpi-ci"}
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert set(re.findall(r"id: (kpi-\w+)", page)) == set(HOOKS)


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_a_hook_runs_a_command_with_options_that_it_has(tmp_path: Path, name: str) -> None:
    program, *arguments = shlex.split(HOOKS[name]["entry"])
    assert program == "kpi"
    run = kpi(tmp_path, *arguments, "--help")
    assert (run.code, run.err) == (0, "")
    assert HOOKS[name]["language"] == "python"
    for file, meant in (("a/b.kpi", True), ("kpi.toml", name != "kpi-format"), ("a.kpi.md", False)):
        assert bool(re.search(HOOKS[name]["files"], file)) is meant


def package(folder: Path) -> Path:
    """This checkout as a repository of its own, as pre-commit would clone it."""
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if not name.startswith(("tests/", "benchmarks/")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return committed(folder)


@pytest.mark.slow
def test_pre_commit_runs_the_hooks(tmp_path: Path) -> None:
    pytest.importorskip("pre_commit")
    (tmp_path / "kpidsl").mkdir()
    (tmp_path / "project" / "vendor").mkdir(parents=True)
    tool = package(tmp_path / "kpidsl")
    folder = write(tmp_path / "project", UNTIDY)
    (folder / "kpi.toml").write_text('exclude = ["vendor"]\n')
    foreign = "kpi   x\n  formula y\n"
    (folder / "vendor" / "foreign.kpi").write_text(foreign)
    rev = git(tool, "rev-parse", "HEAD").strip()
    hooks = [{"id": name} for name in HOOKS]
    config = {"repos": [{"repo": tool.as_uri(), "rev": rev, "hooks": hooks}]}
    (folder / ".pre-commit-config.yaml").write_text(json.dumps(config))  # JSON is YAML
    committed(folder)

    def run() -> tuple[int, dict[str, str], str]:
        environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home"), "PRE_COMMIT_COLOR": "never"}
        for name in ("PYTHONPATH", "VIRTUAL_ENV"):
            environment.pop(name, None)
        command = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--verbose"]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        results = dict(re.findall(r"^(kpi \w+)\.*(Passed|Failed)", done.stdout, re.MULTILINE))
        return done.returncode, results, done.stdout + done.stderr

    code, results, said = run()
    assert code == 1, said
    assert results == {"kpi fmt": "Failed", "kpi lint": "Passed", "kpi ci": "Passed"}, said
    assert "files were modified by this hook" in said
    assert "left out: vendor/foreign.kpi" in said
    assert (folder / "kpis.kpi").read_text() == SPECS
    assert (folder / "vendor" / "foreign.kpi").read_text() == foreign
    code, results, said = run()
    assert (code, set(results.values())) == (0, {"Passed"}), said
    (folder / "kpis.kpi").write_text(BROKEN)
    code, results, said = run()
    assert code == 1
    assert results == {"kpi fmt": "Passed", "kpi lint": "Failed", "kpi ci": "Failed"}, said
    assert "K301" in said


# -- the GitHub action ------------------------------------------------------------------------------

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")


def test_every_input_is_used_and_every_one_that_is_used_is_there() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(ACTION["inputs"])
    assert all(step["shell"] == "bash" for step in STEPS.values())
    # what stands in a script is run: inputs reach it through the environment only
    assert not any("${{" in step["run"] for step in STEPS.values())


def step(name: str, folder: Path, inputs: dict[str, str], **environment: str) -> tuple[int, str]:
    """Run a step as a runner would: its inputs filled in, bash with these options; code and log."""
    given = {key: str(value.get("default", "")) for key, value in ACTION["inputs"].items()} | inputs
    known = {f"inputs.{key}": value for key, value in given.items()} | {
        "github.action_path": str(ROOT),
        "github.event.pull_request.number": "7",
        "github.token": "secret",
    }

    def filled(text: str) -> str:
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: known[found[1]], text)

    variables = {key: filled(filled(value)) for key, value in STEPS[name].get("env", {}).items()}
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    runner = {
        "RUNNER_TEMP": str(folder / "temp"),
        "GITHUB_OUTPUT": str(folder / "temp" / "output"),
        "GITHUB_PATH": str(folder / "temp" / "path"),
        "GITHUB_STEP_SUMMARY": str(folder / "temp" / "summary"),
        "GITHUB_REPOSITORY": "owner/repository",
        "PATH": path,
    }
    script = folder / "temp" / "script.sh"
    script.write_text(STEPS[name]["run"])
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=folder / filled(STEPS[name].get("working-directory", ".")),
        env={**os.environ, **runner, **variables, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def scratch(folder: Path, specs: str = BROKEN) -> Path:
    """A repository with a project in a folder of it, and what a runner has."""
    for name in ("shop", "temp", "bin"):
        (folder / name).mkdir()
    write(folder / "shop", specs)
    return folder


def program(folder: Path, name: str, script: str) -> None:
    (folder / "bin" / name).write_text(f"#!/bin/bash\n{script}\n")
    (folder / "bin" / name).chmod(0o755)


@needs_bash
def test_the_step_that_checks(tmp_path: Path) -> None:
    folder = scratch(tmp_path)
    git(folder, "init", "-q")
    program(folder, "kpi", f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m kpidsl "$@"')
    (folder / "shop" / "more").mkdir()
    (folder / "shop" / "more" / "a.kpi").write_text("measure more =  1\n")
    inputs = {"working-directory": "shop", "sarif": "kpi.sarif", "args": "--strict", "paths": "kpis.kpi more"}
    code, log = step("Check", folder, inputs)
    assert code == 1, log
    assert "::error file=shop/kpis.kpi,line=18," in log
    assert "::error file=shop/more/a.kpi,line=1," in log
    assert (folder / "temp" / "output").read_text() == "code=1\n"
    assert "### kpi ci: 2 errors" in (folder / "temp" / "summary").read_text(encoding="utf-8")
    assert json.loads((folder / "shop" / "kpi.sarif").read_text())["version"] == "2.1.0"
    assert (folder / "temp" / "kpidsl.md").read_text().startswith("<!-- kpidsl: ci in shop -->")
    code, log = step("Check", folder, inputs | {"args": "--no-such-option"})
    assert code == 2
    assert not (folder / "temp" / "kpidsl.md").exists()


GH = """\
echo "$*" >> "{log}"
case "$*" in
  *--paginate*) printf '%s' "{comments}";;
  *--method*) [ -z "{broken}" ] || exit 1;;
esac
"""


@needs_bash
@pytest.mark.parametrize(
    ("comments", "called"),
    [
        ("", "api --method POST repos/owner/repository/issues/7/comments --field body=@"),
        ("11\n12\n", "api --method PATCH repos/owner/repository/issues/comments/11 --field body=@"),
    ],
)
def test_one_comment_is_written_and_then_replaced(tmp_path: Path, comments: str, called: str) -> None:
    folder = scratch(tmp_path)
    (folder / "temp" / "kpidsl.md").write_text("<!-- kpidsl: ci -->\n### kpi ci\n")
    program(folder, "gh", GH.format(log=folder / "log", comments=comments, broken=""))
    code, log = step("Comment", folder, {"comment": "true"})
    assert (code, log) == (0, "")
    asked, wrote = (folder / "log").read_text().splitlines()
    assert asked.startswith("api --paginate repos/owner/repository/issues/7/comments --jq ")
    assert wrote.startswith(called)


@needs_bash
def test_a_comment_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    folder = scratch(tmp_path)
    (folder / "temp" / "kpidsl.md").write_text("<!-- kpidsl: ci -->\n")
    program(folder, "gh", GH.format(log=folder / "log", comments="", broken="yes"))
    code, log = step("Comment", folder, {"comment": "true"})
    assert code == 0
    assert log.startswith("::warning title=kpidsl::the comment could not be written")
    (folder / "temp" / "kpidsl.md").unlink()
    assert step("Comment", folder, {"comment": "true"}) == (0, "")


@needs_bash
@pytest.mark.skipif(not shutil.which("jq"), reason="needs jq")
def test_the_comment_is_found_by_its_mark() -> None:
    found = re.search(r"--jq '([^']+)'", STEPS["Comment"]["run"])
    assert found is not None
    comments: list[dict[str, Any]] = [
        {"id": 1, "body": "<!-- kpidsl: ci -->\nold", "user": {"type": "User"}},
        {"id": 2, "body": "hello", "user": {"type": "Bot"}},
        {"id": 3, "body": "<!-- kpidsl: ci -->\nold", "user": {"type": "Bot"}},
        {"id": 4, "body": "<!-- kpidsl: ci in shop -->\nother", "user": {"type": "Bot"}},
    ]
    done = subprocess.run(
        ["jq", found[1]], input=json.dumps(comments), capture_output=True, text=True, check=True,
        env={**os.environ, "KPI_MARK": "<!-- kpidsl: ci -->"},
    )  # fmt: skip
    assert done.stdout.split() == ["3"]


@needs_bash
@pytest.mark.slow
def test_the_steps_one_after_the_other(tmp_path: Path) -> None:
    folder = scratch(tmp_path)
    (folder / "kpidsl").mkdir()
    package(folder / "kpidsl")
    code, log = step("Install kpidsl", folder, {"python": sys.executable}, KPI_SOURCE=str(folder / "kpidsl"))
    assert code == 0, log
    path = (folder / "temp" / "path").read_text().strip()
    installed = os.pathsep.join([path, os.environ["PATH"]])
    code, log = step("Check", folder, {"working-directory": "shop"}, PATH=installed, PYTHONPATH="")
    assert code == 1
    assert "::error file=kpis.kpi,line=18," in log  # no repository here: as kpi names it
    code, log = step("Check", folder, {"working-directory": "shop", "args": "--skip lint"}, PATH=installed)
    assert code == 0, log


# -- GitLab -----------------------------------------------------------------------------------------


def test_the_job_for_gitlab_writes_the_reports_that_it_hands_in(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    text = re.search(r"```yaml\n(# \.gitlab-ci\.yml\n.*?)```", page, re.DOTALL)
    assert text is not None
    job = yaml.safe_load(text[1])["kpis"]
    command = next(line for line in job["script"] if line.startswith("kpi "))
    folder = write(tmp_path, BROKEN)
    run = kpi(folder, *shlex.split(command)[1:])
    assert run.code == 1
    for report in job["artifacts"]["reports"].values():
        assert (folder / report).read_text(encoding="utf-8").startswith(("[", "<?xml"))
    assert job["artifacts"]["when"] == "always"
