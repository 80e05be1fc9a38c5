"""Settings of the whole test suite."""

import os

from hypothesis import settings

# A busy machine is no failure, and CI judges every commit by the same examples.
settings.register_profile("kpidsl", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("kpidsl")
