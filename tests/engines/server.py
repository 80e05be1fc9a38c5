"""A PostgreSQL server that is thrown away: on loopback, with a password, not safe against a loss of power."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from attrs import frozen

SECRET = "s3cr3t/with@signs:50%"
"""A password that a url cannot hold as it is."""


@frozen
class Server:
    """A running server and its superuser."""

    port: int
    user: str = "kpi_owner"
    password: str = SECRET

    def url(self, database: str = "postgres", user: str = "", password: str | None = None) -> str:
        word = quote(self.password if password is None else password, safe="")
        return f"postgresql://{user or self.user}:{word}@127.0.0.1:{self.port}/{database}"


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).parent if elsewhere and shutil.which("postgres") else None


def _as_user() -> tuple[list[str], int, int] | None:
    """What a command is put behind: the server refuses to run as root."""
    if os.geteuid():
        return [], os.geteuid(), os.getegid()
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names.get("nobody")
    if entry is None or not shutil.which("runuser"):
        return None
    return ["runuser", "-u", entry.pw_name, "--"], entry.pw_uid, entry.pw_gid


@contextmanager
def running() -> Iterator[Server]:
    """A server of its own; the test is skipped where there is none."""
    bin_, user = _binaries(), _as_user()
    if bin_ is None:
        pytest.skip("no PostgreSQL server is installed here")
    if user is None:
        pytest.skip("PostgreSQL does not run as root, and there is nobody else to run it")
    before, uid, gid = user
    folder = Path(tempfile.mkdtemp(prefix="kpidsl-pg-"))
    try:
        (folder / "password").write_text(SECRET)
        for path in (folder, folder / "password"):
            os.chown(path, uid, gid)
        server = Server(_free_port())
        _run(
            [*before, str(bin_ / "initdb"), "-D", str(folder / "data"), "-U", server.user, "-E", "UTF8",
             "-A", "scram-sha-256", f"--pwfile={folder / 'password'}", "--no-sync", "--locale=C.UTF-8"],
        )  # fmt: skip
        options = {"fsync": "off", "full_page_writes": "off", "listen_addresses": "127.0.0.1",
                   "port": server.port, "unix_socket_directories": folder}  # fmt: skip
        started = [f"-c{key}={value}" for key, value in options.items()]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*before, str(bin_ / "postgres"), "-D", str(folder / "data"), *started],
                stdout=log, stderr=log, cwd=folder, start_new_session=True,
            )  # fmt: skip
        try:
            _wait(server, process, folder / "log")
            yield server
        finally:
            _run([*before, str(bin_ / "pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "stop"])
            process.wait(timeout=20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    for _ in range(300):
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            psycopg.connect(server.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text(errors="replace"))
