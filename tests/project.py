"""A tiny project on disk, and the command run on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile

from attrs import frozen

from tests.nursery import ROOT, Nursery

UNWANTED = (
    *("NO_COLOR", "FORCE_COLOR", "COLUMNS"),
    *("GITHUB_BASE_REF", "GITHUB_STEP_SUMMARY", "CI_MERGE_REQUEST_DIFF_BASE_SHA"),
)
"""What the service that runs the tests may have set, and what commands listen to."""

SPECS = """\
source ads "Spend"
  from        "ads.csv"
  time        day
  channel     platform
  column      spend EUR
  fresh       within 3 days

source crm "Leads"
  from        "leads.csv"
  row         lead
  time        day
  channel     platform

measure ad_spend = sum(ads.spend)
measure leads = count(crm)

kpi cost_per_lead "Cost per lead"
  formula     ad_spend / leads
  unit        EUR per lead
  target      at most 25 EUR per lead
  tolerance   5%
  measured    every month
  from        2026-01
  deadline    2026-03
  by          channel
    meta      at most 20 EUR per lead
  owner       "Acquisition"

kpi lead_count "Leads"
  formula     leads
  unit        lead
  target      at least 12 lead
  measured    cumulatively
  from        2026-01-01
  deadline    2026-03-31

objective growth "Grow"
  kpi         cost_per_lead
  kpi         lead_count
  met         when all are met
"""

ADS = """\
day,platform,spend
2026-01-10,google,60
2026-01-20,meta,40
2026-02-10,google,90
2026-02-20,meta,60
2026-03-09,google,10
"""

LEADS = """\
day,platform
2026-01-05,google
2026-01-15,google
2026-01-25,google
2026-01-26,meta
2026-01-27,meta
2026-02-05,google
2026-02-15,google
2026-02-25,google
2026-02-26,meta
2026-02-27,meta
2026-03-10,google
"""


@frozen
class Run:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


def write(folder: Path, specs: str = SPECS) -> Path:
    """The project with its data in a folder."""
    (folder / "kpi.toml").write_text('as_of = "2026-03-10"\n\n[project]\nname = "Tiny"\n')
    (folder / "kpis.kpi").write_text(specs)
    (folder / "ads.csv").write_text(ADS)
    (folder / "leads.csv").write_text(LEADS)
    return folder


def kpi(folder: Path, *arguments: str, stdin: str = "", **environment: str) -> Run:
    """Run the command in a folder, in a process of its own, without a terminal."""
    if "PYTHONPATH" in environment:  # what is imported is then another matter
        return process(folder, *arguments, stdin=stdin, **environment)
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin.encode())
        for stream in (given, out, err):
            stream.seek(0)
        code = _nursery(os.getpid()).run(arguments, folder, environment_of(environment), (given, out, err))
        out.seek(0)
        err.seek(0)
        return Run(code, out.read().decode(), err.read().decode())


@lru_cache(maxsize=1)
def _nursery(pid: int) -> Nursery:
    return Nursery()


def process(folder: Path, *arguments: str, stdin: str = "", **environment: str) -> Run:
    """The same, in a process that is started anew and imports what it needs."""
    done = subprocess.run(
        [sys.executable, "-m", "kpidsl", *arguments],
        cwd=folder,
        env=environment_of(environment),
        input=stdin.encode(),
        capture_output=True,
        check=False,
        timeout=120,
    )
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())


def environment_of(more: Mapping[str, str]) -> dict[str, str]:
    """That of the tests, without what would change an output, and with more."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    kept = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    return {**kept, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", **more}
