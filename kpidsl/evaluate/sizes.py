"""Amounts of memory as DuckDB writes them, for engines that count bytes."""

from __future__ import annotations

import os
import re

_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%|([kmgt]?)(i?)b)\s*", re.IGNORECASE)


def bytes_of(amount: str) -> int:
    """`2GB`, `500 MiB` or `60%` of the machine's memory in bytes. ValueError for anything else."""
    found = _AMOUNT.fullmatch(amount)
    if found is None:
        raise ValueError(f"{amount!r} is no amount of memory")
    number, unit, power, binary = float(found[1]), found[2], found[3] or "", found[4]
    if unit == "%":
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * number / 100)
    return int(number * (1024 if binary else 1000) ** _POWERS[power.lower()])
