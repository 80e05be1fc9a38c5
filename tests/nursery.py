"""Runs commands in processes that are forked from one that has imported everything.

Each is as much on its own as if it had been started, with a folder, an environment and streams of its own,
and does not spend a third of a second on imports first. What is imported when is tested by processes that are
started: `tests.project.process`.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, NoReturn

import kpidsl

ROOT = Path(__file__).parents[1]
_STREAMS = 3
_LONGEST = 1 << 22
_SECONDS = 120
_MORE = ("sqlglot.dialects.duckdb", "python_calamine", "encodings.utf_8_sig", "json.decoder", "zoneinfo")


class Nursery:
    """The process that others are forked from; it ends with this one."""

    def __init__(self) -> None:
        """Start it."""
        self._pid = os.getpid()
        self._socket, theirs = socket.socketpair()
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery", str(theirs.fileno())],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
        theirs.close()

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], streams: Sequence[Any]
    ) -> int:
        """Run a command to its end; its code, negative for the signal that ended it."""
        asked = json.dumps([list(arguments), str(folder), dict(environment)]).encode()
        self._socket.settimeout(_SECONDS)
        socket.send_fds(self._socket, [f"{len(asked):8}".encode()], [stream.fileno() for stream in streams])
        self._socket.sendall(asked)
        try:
            answer = self._socket.recv(32)
        except TimeoutError:
            self._process.kill()
            raise
        return int(answer)


def _serve(connection: socket.socket) -> None:
    every = (found.name for found in walk_packages(kpidsl.__path__, "kpidsl."))
    for name in (*_MORE, *(name for name in every if not name.endswith("__main__"))):
        with suppress(ImportError):  # what comes with an extra
            import_module(name)
    while True:
        size, handles, _, _ = socket.recv_fds(connection, 8, _STREAMS)
        if not size:
            return
        asked = b""
        while len(asked) < int(size):
            asked += connection.recv(_LONGEST)
        child = os.fork()
        if child == 0:
            connection.close()
            _run(*json.loads(asked), handles)
        for handle in handles:
            os.close(handle)
        _, status = os.waitpid(child, 0)
        connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _run(arguments: list[str], folder: str, environment: dict[str, str], handles: Sequence[int]) -> NoReturn:
    code = 1
    try:
        for number, handle in enumerate(handles):
            os.dup2(handle, number)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        time.tzset()
        encoding, _, errors = environment.get("PYTHONIOENCODING", "utf-8").partition(":")
        sys.stdin = io.TextIOWrapper(os.fdopen(0, "rb"), encoding, errors or "strict")
        sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb"), encoding, errors or "strict")
        sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb"), encoding, "backslashreplace", line_buffering=True)
        sys.argv = ["kpi", *arguments]
        signal.signal(signal.SIGINT, signal.default_int_handler)

        from kpidsl.cli import main

        main(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
