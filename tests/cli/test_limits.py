"""What an evaluation may take, with real processes, signals, tiny memories and a real terminal."""

from __future__ import annotations

import csv
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from tests.project import ROOT, kpi

pytestmark = pytest.mark.slow

SPEC = """source s
  from        "{file}"
  time        day
  column      v number
  column      w number
  column      page text

kpi total
  formula     sum(s.v)
  measured    every month

kpi middle
  formula     {formula}
  measured    every month
{more}"""
NEVER = "median(s.v) + " + " + ".join(f"percentile(s.v * {n} + s.w, {n})" for n in range(2, 60))
"""Sixty sorts of all rows."""
WIDE = "sha256(i::VARCHAR) || sha256('x' || i) || sha256('y' || i)"
NARROW = "'p' || (hash(i) % 4001)"


def project(
    folder: Path,
    rows: int,
    *,
    formula: str = NEVER,
    file: str = "s.parquet",
    more: str = "",
    page: str = NARROW,
) -> Path:
    columns = (
        "DATE '2026-01-01' + (i % 90)::INT AS day, hash(i) % 1000000007 / 7 AS v, i % 1009 AS w,"
        f" {page} AS page"
    )
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT {columns} FROM range({rows}) t(i)) TO '{folder / file}'")
    (folder / "kpi.toml").write_text('as_of = "2026-04-15"\n', "utf-8")
    (folder / "x.kpi").write_text(SPEC.format(file=file, formula=formula, more=more), "utf-8")
    return folder


def interrupted(folder: Path, after: float, *options: str) -> tuple[int, float, str, str]:
    """Code, seconds from the signal to the end, and what was said."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "kpidsl", "eval", "--spill", str(scratch), *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(after)
    if process.poll() is not None:  # it was quicker than thought
        process.communicate()
        assert after > 0.3, "it ended before it could be interrupted"
        return interrupted(folder, after * 0.7, *options)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    took = time.monotonic() - start
    assert list(scratch.iterdir()) == []
    return process.returncode, took, out, err


def waits_for(folder: Path) -> float:
    """Seconds in which the command is surely at its data: twice what it takes to do nothing."""
    start = time.monotonic()
    kpi(folder, "eval", "--timeout", "0.001s")
    return 2 * (time.monotonic() - start) + 0.3


def test_ctrl_c_in_the_middle_of_a_query(tmp_path: Path) -> None:
    project(tmp_path, 3_000_000)
    code, took, out, err = interrupted(tmp_path, waits_for(tmp_path))
    assert (code, out, err.strip()) == (130, "", "")
    assert took < 4


def test_ctrl_c_that_nothing_hears_leaves_no_temporary_files(tmp_path: Path) -> None:
    script = """if True:
        import signal, sys, time
        from pathlib import Path
        from kpidsl import temporary
        from kpidsl.cli.console import console

        folder = temporary.folder(within=Path(sys.argv[1]))
        with console(None).watch() as watch, watch.within(None):
            (Path(folder.name) / "spilled").write_text("rows")
            while True:
                try:
                    print("deaf", flush=True)
                    time.sleep(60)
                except KeyboardInterrupt:
                    pass
    """
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "deaf\n"
    assert list(tmp_path.glob("*/spilled"))
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_a_csv_is_read(tmp_path: Path) -> None:
    project(tmp_path, 8_000_000, file="s.csv", formula="max(s.w)")
    code, took, out, err = interrupted(tmp_path, waits_for(tmp_path) - 0.3)
    assert (code, out, err.strip()) == (130, "", "")
    assert took < 4


def test_ctrl_c_while_slices_are_judged_writes_nothing(tmp_path: Path) -> None:
    more = "  by          page\n"
    project(tmp_path, 100_000, formula="sum(s.w) / sum(s.v)", more=more)
    code, took, out, err = interrupted(
        tmp_path, waits_for(tmp_path) + 0.5, "--format", "json=out.json", "--format", "html"
    )
    assert (code, out, err.strip()) == (130, "", "")
    assert took < 4
    assert not list(tmp_path.glob("out.json?*"))


def test_the_time_runs_out_in_the_middle_of_a_query(tmp_path: Path) -> None:
    project(tmp_path, 3_000_000)
    slow = waits_for(tmp_path)  # what this machine needs to begin at all
    start = time.monotonic()
    run = kpi(tmp_path, "eval", "--timeout", "2s")
    assert time.monotonic() - start < 12 + slow
    assert run.code == 2
    assert "error[K607 timeout]: stopped after 2 s" in run.err
    assert re.search("it was (reading|aggregating) `s`", run.err)
    assert "KPIs are judged" in run.err
    assert run.err.count("K607") == 1
    assert "failed" in run.out
    assert "Traceback" not in run.err


def test_what_was_answered_in_time_is_judged(tmp_path: Path) -> None:
    project(tmp_path, 3_000_000)
    quick = 'source q\n  from "q.csv"\n  time day\n  column v number\n\n'
    (tmp_path / "a.kpi").write_text(
        quick + "kpi quick\n  formula sum(q.v)\n  target at least 1\n  measured every month\n", "utf-8"
    )
    (tmp_path / "q.csv").write_text("day,v\n2026-03-05,5\n2026-04-05,5\n", "utf-8")
    run = kpi(tmp_path, "eval", "--timeout", f"{waits_for(tmp_path):.1f}s", "--format", "csv")
    words = {
        row["kpi"]: row["word"] for row in csv.DictReader(run.out.splitlines()) if row["scope"] == "total"
    }
    assert words["quick"] == "met"
    assert words["middle"] == "failed"
    assert "`--timeout 10m`" in run.err


def test_no_time_at_all_fails_everything_and_hangs_nowhere(tmp_path: Path) -> None:
    project(tmp_path, 1000)
    (tmp_path / "kpi.toml").write_text('as_of = "2026-04-15"\n[limits]\ntimeout = "0.001s"\n', "utf-8")
    run = kpi(tmp_path, "eval")
    assert run.code == 2
    assert "0 of 2 KPIs are judged" in run.err
    assert kpi(tmp_path, "eval", "--timeout", "1h").code == 0
    assert kpi(tmp_path, "explain", "total", "--timeout", "0.001s").code == 2


def test_a_tiny_memory(tmp_path: Path) -> None:
    project(tmp_path, 3_000_000, formula="median(s.v)")
    run = kpi(tmp_path, "eval", "--memory", "20MB", "--threads", "1", "--spill-size", "1MB")
    assert run.code == 2
    assert "K799" not in run.err
    assert "K602" in run.err or "K608" in run.err


def test_a_tiny_spill(tmp_path: Path) -> None:
    project(tmp_path, 700_000, formula="count distinct(s.page)", file="s.csv", page=WIDE)
    small = ("eval", "--memory", "70MB", "--threads", "1", "--format", "csv", "--spill-size")
    run = kpi(tmp_path, *small, "2MB")
    assert run.code == 2
    assert "error[K608 disk-fault]: the query on `s` needs more room on the disk than there is" in run.err
    assert "MiB used" in " ".join(run.err.split()), "the engine's own words"
    assert "`spill_size`" in run.err
    assert kpi(tmp_path, *small, "2GB").code == 0


@pytest.mark.parametrize("place", ["missing", "a-file"])
def test_no_folder_for_what_does_not_fit(tmp_path: Path, place: str) -> None:
    project(tmp_path, 10)
    (tmp_path / "a-file").write_text("")
    run = kpi(tmp_path, "eval", "--spill", place)
    assert run.code == 2
    assert "K705" in run.err
    assert "`--spill`" in run.err


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    project(tmp_path, 10)
    (tmp_path / "kpi.toml").write_text('[limits]\nspill = "/proc"\n', "utf-8")
    run = kpi(tmp_path, "eval")
    assert run.code == 2
    assert "temporary files cannot be written below `/proc`" in run.err


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("--timeout", "30", '"30s", "5m"'),
        ("--timeout", "0s", "up to 7 days"),
        ("--timeout", "8000h", "up to 7 days"),
        ("--timeout", "", "a time with its unit"),
        ("--threads", "0", "from 1 to 1024"),
        ("--threads", "many", "from 1 to 1024"),
        ("--memory", "2", '"2GB" or "60%"'),
        ("--memory", "500%", '"2GB" or "60%"'),
        ("--spill-size", "90%", '"50GB"'),
        ("--spill", " ", "a folder"),
    ],
)
def test_a_wrong_limit_is_a_usage_error(tmp_path: Path, option: str, value: str, wanted: str) -> None:
    run = kpi(tmp_path, "eval", option, value)
    assert run.code == 2
    assert option in run.err
    assert wanted in " ".join(run.err.split())


def on_terminal(folder: Path, *options: str, term: str = "xterm", columns: int = 80) -> str:
    """What is written to a real terminal."""
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ |= {"PYTHONPATH": str(ROOT), "TERM": term, "COLUMNS": str(columns)}
        os.execv(sys.executable, [sys.executable, "-m", "kpidsl", "eval", "--no-color", *options])
    written = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        if not chunk:
            break
        written += chunk
    os.waitpid(pid, 0)
    os.close(master)
    return written.decode()


def test_a_terminal_sees_how_far_it_is_and_keeps_nothing_of_it(tmp_path: Path) -> None:
    project(tmp_path, 3_000_000)
    written = on_terminal(tmp_path, "--timeout", "5s")
    lines = re.findall(r"\r([^\r\n]+)\x1b\[K", written)
    assert any(re.match(r"aggregating s  [█·]{20}  +\d+%  [\d,]+ of [\d,]+ rows", each) for each in lines)
    assert all(len(each) < 80 for each in lines)
    shown, _, rest = written.rpartition("\r\x1b[K")
    assert shown
    assert "\x1b" not in rest
    assert "K607" in rest


def test_quiet_and_pipes_see_nothing_of_it(tmp_path: Path) -> None:
    project(tmp_path, 3_000_000)
    assert "aggregating s  " not in on_terminal(tmp_path, "--quiet", "--timeout", "3s")
    run = kpi(tmp_path, "eval", "--timeout", "3s")
    assert "\r" not in run.out + run.err
    assert "\x1b" not in run.out + run.err


def test_a_terminal_that_cannot_go_back_gets_no_control_signs(tmp_path: Path) -> None:
    project(tmp_path, 3_000_000)
    written = on_terminal(tmp_path, "--timeout", "3s", term="dumb")
    assert "\x1b" not in written
    assert "\r" not in written.replace("\r\n", "")
    assert re.match(r"(starting|opening the sources|reading s|aggregating s)\b.*\r\n", written)
