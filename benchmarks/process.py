"""Time whole processes: wall seconds and peak memory, the two sides of a ratio in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from attrs import field, frozen

ROOT = Path(__file__).parents[1]


@frozen
class Cost:
    """What one command took; of several runs of it, the median time and the most memory."""

    seconds: float
    megabytes: float
    code: int
    said: str = field(default="", repr=False)
    """What it wrote to standard error."""
    expired: bool = False
    """It was ended at its time limit."""


def once(
    command: Sequence[str],
    folder: Path = ROOT,
    output: Path | None = None,
    limit: float = 3600,
    more: Mapping[str, str] | None = None,
) -> Cost:
    """Run a command to its end, or to the limit in seconds; peak memory is that of the one process.

    Output goes to a file or is thrown away; `more` is added to the environment.
    """
    # An installed package has its bytecode; a checkout gets it from the warm-up.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    launcher = [sys.executable, "-S", str(Path(__file__).with_name("launch.py"))]
    with tempfile.TemporaryDirectory() as place, open(output or os.devnull, "wb") as out:
        told, errors = Path(place) / "cost.json", Path(place) / "errors"
        with errors.open("wb") as err:
            subprocess.run(
                [*launcher, str(told), str(limit), *command],
                check=True,
                cwd=folder,
                env=environment | dict(more or {}),
                stdout=out,
                stderr=err,
            )
        seconds, peak, code, expired = json.loads(told.read_text("utf-8"))
        said = errors.read_text("utf-8", "replace")
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Cost(seconds, peak / scale, code, said, expired)


def compared(*commands: Sequence[str], runs: int = 5, folder: Path = ROOT) -> list[Cost]:
    """Medians for each command, run in turn after one warm-up each, so that a slow moment hits all alike."""
    taken: list[list[Cost]] = [[] for _ in commands]
    for turn in range(runs + 1):
        for costs, command in zip(taken, commands, strict=True):
            cost = once(command, folder)
            if turn:
                costs.append(cost)
    return [summed(costs) for costs in taken]


def summed(costs: Sequence[Cost]) -> Cost:
    """Several runs of one command as one."""
    last = costs[-1]
    return Cost(
        median(c.seconds for c in costs), max(c.megabytes for c in costs), last.code, last.said, last.expired
    )


def kpi(*args: str) -> list[str]:
    """The command line that runs kpi from this checkout."""
    return [sys.executable, "-m", "kpidsl", *args]
