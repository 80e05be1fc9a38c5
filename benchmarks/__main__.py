"""Run every benchmark, the quick ones first."""

from __future__ import annotations

import importlib

for name in ("commands", "parse", "scan"):
    print(f"== {name}", flush=True)
    importlib.import_module(f"benchmarks.{name}").main()
