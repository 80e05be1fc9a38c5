"""The command line: see README.md beside this file, or `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator

from benchmarks import commands, data, pictures, promises, report, results, table
from benchmarks.data import Missing
from benchmarks.peers import compare
from benchmarks.results import Figure
from benchmarks.tpch import run as tpch
from benchmarks.workloads import WORKLOADS

SUITES = ("table", "slices", "peers", "validate", "tpch", "promises", "commands")
GROWTH = {
    1_000_000: (20, 200),
    10_000_000: (20, 200, 1000, 5000),
    100_000_000: (20, 200, 1000),
}
"""How many KPIs are measured over how many rows, where nothing else is said."""
SMALL = ["--rows", "1000000", "--kpis", "20", "200", "--workloads", "dims", "full", "--slices", "8", "1000"]


def main(arguments: list[str]) -> int:
    """Run what is asked for. 1 if something was wrong, was ended at its limit or could not run."""
    if arguments[:1] == ["backtest"]:
        from benchmarks import backtest

        backtest.show(backtest.run())
        return 0
    if arguments[:1] == ["small"]:
        arguments = ["small", *SMALL, "--runs", "1", "--limit", "60", *arguments[1:]]
    wish = _parser().parse_args(arguments)
    if wish.command == "data":
        return 0 if _done(lambda: data.make(wish.rows or GROWTH)) else 1
    suites = {"report": wish.only, "redraw": (), "small": ("commands", "table", "slices")}
    chosen = suites.get(wish.command, (wish.command,))
    troubles = []
    for suite in chosen:
        print(f"== {suite}", flush=True)
        for figures in _measured(suite, wish):
            report.show(figures)
            troubles += [f for f in figures if f.note.startswith(("WRONG", "failed"))]
            if wish.command == "report":
                versions = compare.versions() if suite in ("peers", "validate") else {}
                results.keep(figures, versions)
    if wish.command in ("report", "redraw"):
        _done(pictures.draw)
        report.write()
    return 1 if troubles else 0


def _done(work: Callable[[], None]) -> bool:
    """Whether it could be done; else the reason is said."""
    try:
        work()
    except Missing as why:
        print(f"not done: {why}", file=sys.stderr)
        return False
    return True


def _measured(suite: str, wish: argparse.Namespace) -> Iterator[list[Figure]]:
    """The figures of a suite, as they come; what cannot be had is said, and the others go on."""
    try:
        yield from _suite(suite, wish)
    except Missing as why:
        print(f"   not run: {why}", flush=True)


def _suite(suite: str, wish: argparse.Namespace) -> Iterator[list[Figure]]:
    if suite == "table":
        for rows in wish.rows or GROWTH:
            kpis = wish.kpis or GROWTH.get(rows, (20, 200, 1000))
            yield from table.growth(wish.workloads, rows, kpis, wish.sides, wish.runs, wish.limit)
    elif suite == "slices":
        for rows in [min(wish.rows)] if wish.rows else [10_000_000]:
            yield from table.by_slices(rows, wish.slices, wish.runs, wish.limit)
    elif suite == "peers":
        for rows in wish.rows or [10_000_000]:
            yield from compare.compare(rows, wish.kpis or (20, 200), wish.runs, wish.limit)
    elif suite == "validate":
        for count in wish.kpis or (1000,):
            yield compare.validate(count, wish.runs, wish.limit)
    elif suite == "promises":
        for rows in wish.rows or [10_000_000]:
            yield promises.measure(rows, max(wish.kpis or (1000,)), wish.runs)
    elif suite == "tpch":
        yield from tpch.measure(wish.runs, wish.limit)
    else:
        yield commands.measure(wish.runs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, side by side.")
    known = ("data", *SUITES, "small", "report", "redraw", "backtest")
    parser.add_argument("command", choices=known)
    parser.add_argument("--rows", type=int, nargs="+", help="of the events")
    parser.add_argument("--kpis", type=int, nargs="+")
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=WORKLOADS)
    parser.add_argument("--sides", nargs="+", choices=table.SIDES, default=table.SIDES, help="of the table")
    parser.add_argument("--slices", type=int, nargs="+", choices=data.SLICES, default=data.SLICES)
    parser.add_argument("--runs", type=int, default=3, help="of each side; the median counts (3)")
    parser.add_argument("--limit", type=float, default=300, help="seconds of one run of one side (300)")
    parser.add_argument(
        "--only", nargs="+", choices=SUITES, default=SUITES, help="what `report` measures anew"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
