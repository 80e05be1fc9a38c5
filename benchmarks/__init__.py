"""Timings, as ratios measured in one run. `python -m benchmarks` prints them all; nothing here is a test."""
