"""What git and the service that runs a job know of the change under review: which lines are new."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from kpidsl.plumbing import printed

_HUNK = re.compile(rb"@@ -\S+ \+(\d+)(?:,(\d+))? @@")


def base(environment: Mapping[str, str] = os.environ) -> str | None:
    """The commit or branch that a pull or merge request is compared with, where a service says so."""
    if branch := environment.get("GITHUB_BASE_REF"):
        return f"origin/{branch}"
    return environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA") or None


def changed(repository: Path | None, against: str | None = None) -> Callable[[str, int], bool] | None:
    """Whether a line of a file, named from the top, was changed since the branch under review left its base.
    None where nothing is under review, or a clone is too shallow to tell."""
    against = against or base()
    if repository is None or against is None or against.startswith("-"):
        return None
    form = ("--merge-base", "--unified=0", "--no-color", "--no-ext-diff", "--no-prefix")
    told = printed(repository, "diff", *form, against, "--", "*.kpi", "*.toml")
    if told is None:
        return None
    lines = _lines(told)
    return lambda file, line: any(line in stretch for stretch in lines.get(file, ()))


def _lines(told: bytes) -> dict[str, list[range]]:
    """The lines of each file that a diff without context adds. What it adds may look like its own headers, so
    the lines of a hunk are counted."""
    found: dict[str, list[range]] = {}
    name, left = "", 0
    for line in told.split(b"\n"):
        if left and line.startswith(b"+"):
            left -= 1
        elif line.startswith(b"+++ ") and not left:
            name = os.fsdecode(line[4:]).rstrip("\t")
        elif hunk := _HUNK.match(line):
            start, left = int(hunk[1]), int(hunk[2] or 1)
            found.setdefault(name, []).append(range(start, start + left))
    return found
