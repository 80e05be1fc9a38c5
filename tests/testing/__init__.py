"""Tests of `kpi test`."""
