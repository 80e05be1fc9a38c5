"""Real engines for tests. Each process that runs tests has its own server."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.engines.server import Server, running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as found:
        yield found


@pytest.fixture
def admin(server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        yield connection
