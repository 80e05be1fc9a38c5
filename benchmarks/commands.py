"""Whole commands, cold: `kpi lint` on one file and on a thousand KPIs, `kpi eval` on the demo."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks import specs
from benchmarks.process import ROOT, compared, kpi, once


def main() -> None:
    """Print one line per figure, with what it is to be held against."""
    floor_command = [sys.executable, "-c", "import click, lark"]
    with tempfile.TemporaryDirectory() as folder:
        one = specs.write(Path(folder), 1)
        lint, floor = compared(kpi("lint", str(one)), floor_command)
        print(
            f"lint, one file       {lint.seconds:6.2f} s  {lint.seconds / floor.seconds:4.1f} x"
            " import click, lark (3)"
        )
        for count in (20, 1000):
            many = specs.write(Path(folder), count)
            cost = compared(kpi("lint", str(many)), runs=3)[0]
            size = many.stat().st_size // 1000
            print(
                f"lint, {count:4} KPIs      {cost.seconds:6.2f} s  {cost.megabytes:4.0f} MB"
                f"  for {size} kB (2.5 s, 300 MB)"
            )
    demo = compared(kpi("eval", "examples/atelier"), runs=5)[0]
    print(f"eval, the demo       {demo.seconds:6.2f} s  {demo.megabytes:4.0f} MB  (1.5 s)")
    assert once(floor_command, ROOT).code == 0


if __name__ == "__main__":
    main()
