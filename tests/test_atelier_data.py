"""The example company's files are what its generator writes, and stay small."""

from __future__ import annotations

import subprocess
import sys

from tests.atelier_data import DATA


def test_the_committed_files_are_as_generated() -> None:
    command = [sys.executable, str(DATA.parent / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 3_000_000
