"""Completion: the scripts, and what they are answered."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kpidsl.lint.rules import builtin
from tests.project import ROOT, kpi, write

SHELLS = ("bash", "zsh", "fish", "powershell")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell_asks_kpi(tmp_path: Path, shell: str) -> None:
    run = kpi(tmp_path, "completion", shell)
    assert run.code == 0
    assert f"{shell}_complete" in run.out
    assert "_KPI_COMPLETE" in run.out


def test_an_unknown_shell(tmp_path: Path) -> None:
    run = kpi(tmp_path, "completion", "tcsh")
    assert run.code == 2
    assert "'powershell'" in run.err


def completed(folder: Path, line: str) -> list[str]:
    """What bash is given for the last word of a line."""
    words = line.split(" ")
    run = kpi(
        folder, _KPI_COMPLETE="bash_complete", COMP_WORDS="\n".join(words), COMP_CWORD=str(len(words) - 1)
    )
    assert run.err == ""
    return [item.removeprefix("plain,") for item in run.out.split()]


def test_commands_options_and_names(tmp_path: Path) -> None:
    folder = write(tmp_path)
    assert completed(folder, "kpi co") == ["compile", "config", "completion"]
    assert "--stdin-filename" in completed(folder, "kpi lint --s")
    assert completed(folder, "kpi eval --kpi ") == ["cost_per_lead", "lead_count"]
    assert completed(folder, "kpi why cost") == ["cost_per_lead"]
    assert completed(folder, "kpi rule unit-mis") == ["unit-mismatch"]
    assert completed(folder, "kpi rule k30") == [f"K30{n}" for n in range(1, 10)]
    assert completed(folder, "kpi rule K93") == [f"K93{n}" for n in (0, 1, *range(5, 10))]
    assert completed(folder, "kpi ci --format s") == ["sarif"]
    assert completed(folder, "kpi ci --skip f") == ["format"]
    assert completed(folder, "kpi completion z") == ["zsh"]


SMART = [rule.name for rule in builtin() if rule.name.startswith("smart-")]


def test_rules_by_code_name_and_family(tmp_path: Path) -> None:
    folder = write(tmp_path)
    with (folder / "kpi.toml").open("a") as config:
        config.write('[lint.rules.kpis-have-owners]\nrequire = ["owner"]\n')
    for line in ("kpi rule", "kpi lint --select", "kpi lint --ignore"):
        assert completed(folder, f"{line} smart") == ["smart", *SMART]
        assert completed(folder, f"{line} contradictory-f") == ["contradictory-filter"]
        assert completed(folder, f"{line} k81") == [f"K81{n}" for n in range(1, 9)]
        assert completed(folder, f"{line} kpis-") == ["kpis-have-owners"]
    assert completed(folder, "kpi lint --select smart,contradictory-f") == ["smart,contradictory-filter"]
    assert completed(folder, "kpi lint --select K71") == []  # an error, and no rule
    assert "K713" in completed(folder, "kpi rule K71")


def test_paths_are_left_to_the_shell(tmp_path: Path) -> None:
    assert completed(write(tmp_path), "kpi lint kp") == ["file,kp"]


def test_a_project_that_cannot_be_read_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "a.kpi").write_bytes(b"\xff")
    assert completed(tmp_path, "kpi eval --kpi ") == []


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_completes(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "bin").mkdir()
    program = folder / "bin" / "kpi"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m kpidsl "$@"\n')
    program.chmod(0o755)
    script = (
        'PATH="$PWD/bin:$PATH"; eval "$(kpi completion bash)"\n'
        "COMP_WORDS=(kpi eval --kpi lead); COMP_CWORD=3; _kpi_completion kpi\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["lead_count"]
