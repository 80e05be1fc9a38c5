"""The same KPIs by month and channel by other tools: whole processes, in turn, with the same numbers.

Each tool has a virtual environment of its own below benchmarks/data/venvs, made when it is first needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from attrs import evolve

from benchmarks.cases import Case
from benchmarks.data import DATA, Missing
from benchmarks.peers import metricflow, ours, sidemantic, soda
from benchmarks.peers.peer import Floats, Peer
from benchmarks.process import Cost, once, summed
from benchmarks.results import Figure

PEERS = (ours.PEER, sidemantic.PEER, metricflow.PEER, soda.PEER)
LEFT_OUT = {
    "Great Expectations": "not measured: an expectation is about one aggregate, so a ratio cannot be"
    " expressed, nor a split by month and channel",
}
SLOW = 60


def compare(rows: int, kpis: Iterable[int], runs: int, limit: float) -> Iterator[list[Figure]]:
    """The tools with so many KPIs of "full"; figures number by number."""
    for count in kpis:
        case = Case("full", rows, count)
        case.file.read_bytes()  # from the disk once, for all alike
        yield _measured("peers", case, PEERS, runs, limit)


def validate(count: int, runs: int, limit: float) -> list[Figure]:
    """The tools checking definitions, cold; no rows are read."""
    case = Case("full", 1_000_000, count)
    return _measured("validate", case, [p for p in PEERS if p.validate], runs, limit)


def versions() -> dict[str, str]:
    """The versions of the tools that are installed."""
    found = {}
    for peer in PEERS:
        programs = DATA / "venvs" / peer.name.lower() / "bin"
        if peer.packages and (programs / "ready").exists():
            listed = [str(programs / "python"), "-m", "pip", "list", "--format", "freeze"]
            told = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.splitlines()
            names = [package.split("=")[0].split(">")[0] for package in peer.packages]
            chosen = [line for line in told if line.split("==")[0] in (*names, "duckdb")]
            found[peer.name] = ", ".join(line.replace("==", " ") for line in chosen)
    return found


def _measured(suite: str, case: Case, peers: Sequence[Peer], runs: int, limit: float) -> list[Figure]:
    """All tools in turn. One that cannot be had has its reason in place of a figure."""
    lost: dict[str, str] = dict(LEFT_OUT) if suite == "peers" else {}
    ready: list[tuple[Peer, Path, Path]] = []
    for peer in peers:
        try:
            ready.append((peer, *_set_up(peer, case, limit)))
        except Missing as why:
            lost[peer.name] = str(why)
    costs = _in_turn(suite, case, ready, runs, limit)
    found: dict[str, Floats | None] = {}
    for peer, folder, _ in ready:
        if suite == "peers" and costs[peer.name][-1].code == 0:
            found[peer.name] = peer.values(case, folder)
    figures = [_judged(suite, case, peer, costs[peer.name], found) for peer, _, _ in ready]
    return [*figures, *(_figure(suite, case, name, note=why) for name, why in lost.items())]


def _in_turn(
    suite: str, case: Case, ready: Sequence[tuple[Peer, Path, Path]], runs: int, limit: float
) -> dict[str, list[Cost]]:
    costs: dict[str, list[Cost]] = {peer.name: [] for peer, _, _ in ready}
    for turn in range(runs):
        for peer, folder, programs in ready:
            taken = costs[peer.name]
            if not turn or (taken[-1].code == 0 and taken[-1].seconds < SLOW):
                if suite == "peers":
                    command = peer.query(case, folder, programs)
                else:
                    assert peer.validate
                    command = peer.validate(folder, programs)
                taken.append(once(command, folder, folder / "said.txt", limit, _environment(peer, programs)))
    return costs


def _set_up(peer: Peer, case: Case, limit: float) -> tuple[Path, Path]:
    """A fresh project folder and the folder of the tool's commands. Raises Missing."""
    programs = _installed(peer) if peer.packages else Path(sys.executable).parent
    folder = DATA / "peers" / f"{peer.name.lower()}-{case.rows}-{case.kpis}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    peer.write(case, folder)
    if peer.prepare:
        command = peer.prepare(folder, programs)
        cost = once(command, folder, folder / "prepared.txt", limit, _environment(peer, programs))
        if cost.code:
            raise Missing(f"`{Path(command[0]).name}` failed, see {folder / 'prepared.txt'}")
    return folder, programs


def _installed(peer: Peer) -> Path:
    """The commands of the tool's virtual environment. Raises Missing where pip cannot install it."""
    venv = DATA / "venvs" / peer.name.lower()
    programs = venv / "bin"
    if not (programs / "ready").exists():
        print(f"   installing {peer.packages[0]} (once)", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
        install = [str(programs / "python"), "-m", "pip", "install", "--quiet", *peer.packages]
        done = subprocess.run(install, capture_output=True, text=True)
        if done.returncode:
            last = [line for line in done.stderr.splitlines() if "rror" in line] or ["pip failed"]
            raise Missing(f"cannot be installed: {last[-1].strip()}")
        (programs / "ready").touch()
    return programs


def _environment(peer: Peer, programs: Path) -> dict[str, str]:
    return {"PATH": os.pathsep.join([str(programs), os.environ.get("PATH", "")]), **peer.environment}


def _judged(suite: str, case: Case, peer: Peer, costs: list[Cost], found: dict[str, Floats | None]) -> Figure:
    whole = summed(costs)
    if whole.expired:
        return _figure(suite, case, peer.name, note=f"ended after {costs[-1].seconds:.0f} s")
    if whole.code:
        last = (whole.said.strip() or f"exit code {whole.code}").splitlines()[-1]
        return _figure(suite, case, peer.name, note=f"failed: {last[:200]}")
    values, expected = found.get(peer.name), found.get(ours.PEER.name)
    if values is not None and expected is not None and not np.allclose(values, expected, 1e-9, 0, True):
        return _figure(suite, case, peer.name, note="WRONG: its values differ from those of kpidsl")
    figure = _figure(suite, case, peer.name, note=peer.remark)
    return evolve(figure, seconds=whole.seconds, megabytes=whole.megabytes, runs=len(costs))


def _figure(suite: str, case: Case, side: str, note: str = "") -> Figure:
    rows = case.rows if suite == "peers" else 0
    return Figure(suite, case.workload, rows, case.kpis, case.slices, side, note=note)
