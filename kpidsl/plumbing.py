"""How git is asked: quietly, in English, in a folder whatever its hooks say, and not for ever."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SECONDS = 120
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""What git tells the hooks that it runs, relative to where these begin."""
_QUIET = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def top(folder: Path) -> Path | None:
    """The top of the repository that a folder lies in."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)


def asked(folder: Path, *arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """What git says; `OSError` or `subprocess.SubprocessError` where it cannot be run, or not in time."""
    return subprocess.run(
        ["git", "-c", "log.showSignature=false", "-c", "core.quotePath=false", *arguments],
        cwd=folder, input=given, capture_output=True, check=False, timeout=SECONDS,
        env={name: value for name, value in os.environ.items() if name not in _OF_HOOKS} | _QUIET,
    )  # fmt: skip


def printed(folder: Path, *arguments: str) -> bytes | None:
    """What git prints; None where it fails or there is none, for those who can do without."""
    try:
        answer = asked(folder, *arguments)
    except (OSError, subprocess.SubprocessError):
        return None
    return None if answer.returncode else answer.stdout
