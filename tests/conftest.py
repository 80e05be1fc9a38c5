"""Settings of the whole test suite."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure, and CI judges every commit by the same examples.
settings.register_profile("kpidsl", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("kpidsl")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests leave the cache of whoever runs them alone, and see nothing of it."""
    before = os.environ.get("KPIDSL_CACHE")
    os.environ["KPIDSL_CACHE"] = str(Path(tmp_path_factory.mktemp("cache")) / "kpidsl")
    yield
    if before is None:
        del os.environ["KPIDSL_CACHE"]
    else:
        os.environ["KPIDSL_CACHE"] = before
