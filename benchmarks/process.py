"""Time whole processes: wall seconds and peak memory, the two sides of a ratio in turn."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from attrs import frozen

ROOT = Path(__file__).parents[1]


@frozen
class Cost:
    """Medians over the runs of one command."""

    seconds: float
    megabytes: float
    code: int
    cpu: float = 0.0
    """Seconds of all cores together; of one run."""


def once(command: Sequence[str], folder: Path = ROOT) -> Cost:
    """Run a command to its end, output thrown away; peak memory is that of the one process."""
    # An installed package has its bytecode; a checkout gets it from the warm-up.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Cost(seconds, usage.ru_maxrss / scale, process.returncode, usage.ru_utime + usage.ru_stime)


def compared(*commands: Sequence[str], runs: int = 5, folder: Path = ROOT) -> list[Cost]:
    """Medians for each command, run in turn after one warm-up each, so that a slow moment hits all alike."""
    taken: list[list[Cost]] = [[] for _ in commands]
    for turn in range(runs + 1):
        for costs, command in zip(taken, commands, strict=True):
            cost = once(command, folder)
            if turn:
                costs.append(cost)
    return [
        Cost(median(c.seconds for c in costs), max(c.megabytes for c in costs), costs[-1].code)
        for costs in taken
    ]


def kpi(*args: str) -> list[str]:
    """The command line that runs kpi from this checkout."""
    return [sys.executable, "-m", "kpidsl", *args]
